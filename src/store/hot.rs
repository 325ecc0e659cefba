//! The clips in memory. One that is often heard from here is noted on disk too, or it would be removed there as
//! one that nobody uses.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use moka::{policy::EvictionPolicy, sync::Cache};

use super::{ClipName, keeper::Keeper, pins::Pins, place::Place};

pub(super) struct Hot {
    clips: Cache<ClipName, Arc<Held>>,
    keeper: Option<Keeper>,
    pins: Arc<Pins>,
}

struct Held {
    file: Bytes,
    /// The hour in which its use was last noted.
    noted: AtomicU32,
}

/// What an entry costs beside the file.
const OVERHEAD: usize = 192;

impl Hot {
    /// Holds up to so many bytes.
    pub(super) fn new(bytes: u64, keeper: Option<Keeper>, pins: Arc<Pins>) -> Self {
        let weight =
            |_: &ClipName, held: &Arc<Held>| u32::try_from(held.file.len() + OVERHEAD).unwrap_or(u32::MAX);
        // The newest is always let in: it is about to be heard, however many small ones are heard more often.
        let clips = Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(bytes);
        Self { clips: clips.weigher(weight).build(), keeper, pins }
    }

    /// The file, for a listener.
    pub(super) fn get(&self, name: ClipName) -> Option<Bytes> {
        let held = self.clips.get(&name)?;
        if let Some(keeper) = &self.keeper {
            let hour = keeper.hour();
            if held.noted.load(Ordering::Relaxed) != hour && keeper.used(Place::Clip(name)) {
                held.noted.store(hour, Ordering::Relaxed);
            }
        }
        Some(held.file.clone())
    }

    /// The file, to be written.
    pub(super) fn peek(&self, name: ClipName) -> Option<Bytes> {
        Some(self.clips.get(&name)?.file.clone())
    }

    /// Holds a file, unless it was withdrawn.
    pub(super) fn insert(&self, name: ClipName, file: Bytes) {
        let hour = self.keeper.as_ref().map_or(0, Keeper::hour);
        self.clips.insert(name, Arc::new(Held { file, noted: AtomicU32::new(hour) }));
        // Looked at afterwards: one that is withdrawn at this moment is removed by one of the two.
        if self.pins.is_gone(Place::Clip(name)) {
            self.remove(name);
        }
    }

    pub(super) fn remove(&self, name: ClipName) {
        self.clips.invalidate(&name);
    }

    /// Bytes that it holds, or held a moment ago.
    pub(super) fn bytes(&self) -> u64 {
        self.clips.weighted_size()
    }

    /// Bytes and number of what it holds.
    #[cfg(test)]
    pub(super) fn size(&self) -> (u64, u64) {
        self.clips.run_pending_tasks();
        (self.clips.weighted_size(), self.clips.entry_count())
    }
}
