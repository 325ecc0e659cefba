//! Voices that cannot be used: their folder was refused at start, or their network when it was read.
//!
//! 1. A notice that asks for one is read by another: the first of the fallback that can speak, else the default. Its
//!    manifest names the voice that reads;
//! 2. a notice that was planned before the network turned out broken keeps its plan; its clips are made by the others
//!    at once, and nobody waits for the broken one first;
//! 3. none of them is offered, and a broken default is no default;
//! 4. an engine whose files are found to be gone while it speaks may have them again at any time: for a while the others
//!    are asked first.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Desk, RenderError, Renderer, Studio, notice::Casting};
use crate::engine::Refused;

/// So long an engine whose files were gone is asked last.
const FOR_NOW: Duration = Duration::from_secs(60);

/// What cannot be used.
pub(super) struct Absent {
    refused: Mutex<Vec<Refused>>,
    /// By index of the engine.
    engines: Mutex<Vec<bool>>,
    /// By index of the engine: when its files were last found to be gone, if it has not spoken since.
    gone: Mutex<Vec<Option<Instant>>>,
}

impl Absent {
    /// So many engines, all whole; `refused` was never an engine.
    pub(super) fn new(engines: usize, refused: Vec<Refused>) -> Self {
        Self {
            refused: Mutex::new(refused),
            engines: Mutex::new(vec![false; engines]),
            gone: Mutex::new(vec![None; engines]),
        }
    }

    /// The files of the engine number `engine` are gone, or it speaks (again).
    pub(super) fn found(&self, engine: usize, gone: bool) {
        let mut all = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get_mut(engine) {
            *known = gone.then(Instant::now);
        }
    }

    /// When the files of the engine number `engine` were found to be gone, if it has not spoken since.
    pub(super) fn gone(&self, engine: usize) -> Option<Instant> {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.get(engine).copied().flatten()
    }

    fn is_broken(&self, engine: usize) -> bool {
        let engines = self.engines.lock().unwrap_or_else(PoisonError::into_inner);
        engines.get(engine).copied().unwrap_or_default()
    }

    /// Whether `name` is, or may be, a voice that cannot be used.
    fn may_have(&self, name: &str) -> bool {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().any(|refused| refused.may_have(name))
    }

    /// The names of the folders.
    pub(super) fn folders(&self) -> Vec<String> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.iter().map(|refused| refused.folder.clone()).collect()
    }
}

impl Renderer {
    /// The network of engine number `engine` cannot be used: from now on the others speak in its place.
    pub fn refuse(&self, engine: usize, refused: Refused) {
        let absent = &self.desk.absent;
        absent.refused.lock().unwrap_or_else(PoisonError::into_inner).push(refused);
        if let Some(broken) = absent.engines.lock().unwrap_or_else(PoisonError::into_inner).get_mut(engine) {
            *broken = true;
        }
    }
}

impl Desk {
    /// Whether the voice can be used, as far as is known.
    pub(super) fn is_whole(&self, casting: &Casting) -> bool {
        !self.absent.is_broken(casting.engine)
    }

    /// Whether the voice is whole and its files were not found to be gone a moment ago.
    pub(super) fn is_at_hand(&self, casting: &Casting) -> bool {
        let gone = self.absent.gone(casting.engine);
        self.is_whole(casting) && gone.is_none_or(|since| since.elapsed() > FOR_NOW)
    }

    /// The voice `name`, or the default one, whether it can be used or not.
    pub(super) fn named(&self, name: Option<&str>) -> Option<&Arc<Casting>> {
        self.castings.iter().find(|casting| name.is_none_or(|name| casting.voice.name == name))
    }

    /// Who reads where `name` is asked for, or nobody is.
    ///
    /// # Errors
    /// [`RenderError::VoiceUnknown`]; [`RenderError::VoiceBroken`] where no voice is left.
    pub(super) fn reader(&self, name: Option<&str>) -> Result<&Arc<Casting>, RenderError> {
        match (self.named(name), name) {
            (Some(casting), _) if self.is_whole(casting) => Ok(casting),
            (None, Some(name)) if !self.absent.may_have(name) => {
                Err(RenderError::VoiceUnknown(name.to_owned()))
            }
            (None, None) => Err(RenderError::VoiceUnknown(String::new())),
            _ => self.stand_in().ok_or_else(|| RenderError::VoiceBroken("no voice is left".to_owned())),
        }
    }

    /// Who reads in the place of a voice that cannot be used.
    pub(super) fn stand_in(&self) -> Option<&Arc<Casting>> {
        let all = || self.fallback.iter().chain(&self.castings);
        let at_hand = all().find(|casting| self.is_at_hand(casting));
        at_hand.or_else(|| all().find(|casting| self.is_whole(casting)))
    }
}

impl Studio {
    /// Whether the engine number `engine` can be used, as far as is known.
    pub(super) fn is_whole(&self, engine: usize) -> bool {
        !self.desk.absent.is_broken(engine)
    }
}
