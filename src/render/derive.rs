//! Files of a clip in other formats than the canonical one: derived when they are asked for, then kept like it.
//!
//! 1. a file that is kept is served without a look at the clip ([`super::Renderer::kept`]);
//! 2. whoever asks for the same file at the same time waits for one derivation;
//! 3. deriving is work for a processor: it runs beside the async workers, on as many threads as there are cores;
//! 4. the file goes to memory and to who waits; the disk gets it behind them.

use std::{sync::Arc, thread::available_parallelism, time::Instant};

use bytes::Bytes;
use moka::future::Cache;
use tokio::sync::Semaphore;

use super::{Desk, RenderError};
use crate::{
    audio::{self, Clip, Encoding},
    plan::ClipKey,
    store::ClipName,
};

/// Files that may wait for a slow disk; one more is not written and derived again some day.
const UNSAVED: usize = 64;

/// What is being derived.
pub(super) struct Derive {
    /// Keeps nothing: who asks while a file is derived waits for it here, and finds it in the store afterwards.
    flights: Cache<ClipName, Bytes>,
    seats: Arc<Semaphore>,
    unsaved: Arc<Semaphore>,
}

impl Derive {
    pub(super) fn new() -> Self {
        Self {
            flights: Cache::new(0),
            seats: Arc::new(Semaphore::new(available_parallelism().map_or(1, usize::from))),
            unsaved: Arc::new(Semaphore::new(UNSAVED)),
        }
    }
}

/// The file of `clip`, which is named `key`, in another format.
///
/// # Errors
/// [`RenderError::Synthesis`] when the clip is damaged; [`RenderError::Internal`] when a codec panics.
pub(super) async fn derived(
    desk: &Arc<Desk>,
    clip: Clip,
    key: ClipKey,
    encoding: Encoding,
) -> Result<Bytes, RenderError> {
    if encoding == Encoding::Wav {
        return Ok(clip.wav);
    }
    let name = ClipName::sound(key, encoding);
    let derive = async {
        // Another flight may have ended since the store was asked.
        if let Some(file) = desk.store.hot(name) {
            return Ok(file);
        }
        let seat = desk.derive.seats.clone().acquire_owned().await.map_err(|_| RenderError::Stopping)?;
        let desk = desk.clone();
        // The seat goes along: a listener who goes away does not make room while the work goes on.
        let work = move || {
            let _seat = seat;
            make(&desk, &clip, key, encoding)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(RenderError::Internal))
    };
    desk.derive.flights.try_get_with(name, derive).await.map_err(|error: Arc<RenderError>| (*error).clone())
}

fn make(desk: &Arc<Desk>, clip: &Clip, key: ClipKey, encoding: Encoding) -> Result<Bytes, RenderError> {
    let (started, name) = (Instant::now(), ClipName::sound(key, encoding));
    let file = audio::encode(clip, encoding)?;
    metrics::histogram!("langdu_stage_seconds", "stage" => "derive").record(started.elapsed());
    desk.store.hold_clip(name, file.clone());
    let ms = started.elapsed().as_millis() as u64;
    tracing::debug!(clip = %name, bytes = file.len(), ms, "derived");
    if let Ok(unsaved) = desk.derive.unsaved.clone().try_acquire_owned() {
        let (desk, file) = (desk.clone(), file.clone());
        tokio::spawn(async move {
            desk.store.save_clip(name, &file).await;
            drop(unsaved);
        });
    }
    Ok(file)
}
