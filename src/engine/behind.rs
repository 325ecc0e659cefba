//! What is large and read behind: once, by whoever comes first; the others wait for it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::OnceLock,
};

use super::EngineError;
use crate::{
    reading::{Boundary, Mark, Reading, Sound, Source, Syllable, Voiced},
    span::Span,
};

/// A network that is read at first use; why it cannot be used, where that failed.
pub(super) struct Behind<N>(OnceLock<Result<N, String>>);

impl<N> Default for Behind<N> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<N> Behind<N> {
    /// The network; it is read with `read` if nobody has tried. A runtime that panics on an odd file has refused it.
    ///
    /// # Errors
    /// [`EngineError::Files`], the same every time.
    pub(super) fn get(&self, read: impl FnOnce() -> Result<N, EngineError>) -> Result<&N, EngineError> {
        let network = self.0.get_or_init(|| {
            let read = catch_unwind(AssertUnwindSafe(read));
            let read = read.unwrap_or_else(|_| {
                Err(EngineError::Files("the model cannot be used: it made its runtime panic".to_owned()))
            });
            read.map_err(|why| why.to_string())
        });
        network.as_ref().map_err(|why| EngineError::Files(why.clone()))
    }

    /// Whether somebody has tried.
    pub(super) fn is_read(&self) -> bool {
        self.0.get().is_some()
    }
}

/// One word, said to nobody, so that the first real utterance finds everything in place, and a network that gives no
/// numbers is found out: 好。
pub(super) fn greeting() -> Reading {
    let word = Syllable { pinyin: "hao", tone: 3, surface: 3 };
    let sounds = [Voiced::Syllable(word), Voiced::Pause(Mark::Stop)].map(|voiced| Sound {
        voiced,
        boundary: Boundary::None,
        span: Span::default(),
        source: Source::Spoken,
        said: '好',
    });
    Reading { sounds: sounds.to_vec() }
}
