//! Which clips and notices never make room for others, because they are published, and which must not come back,
//! because they were withdrawn.
//!
//! 1. What is published is counted: a clip that two published notices share is pinned until both are gone. Of each
//!    name only eight bytes are kept; two names that share these are both pinned.
//! 2. Until it is known what is published nothing is removed from a folder that has published notices.
//! 3. A clip that was withdrawn while it was being made or read is neither held nor kept, until somebody submits a
//!    notice that has it; nor is a notice, until somebody submits it. A write that was under way meanwhile takes back
//!    what it wrote.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use moka::sync::Cache;

use super::{NoticeId, place::Place};
use crate::plan::ClipKey;

/// So long a withdrawn clip or notice is kept from coming back: longer than any clip takes to be made and written.
const GONE: Duration = Duration::from_secs(600);

/// Withdrawn clips, and notices, that are remembered so; about a hundred bytes each.
const MOST_GONE: u64 = 100_000;

/// What is pinned and what was withdrawn.
pub(super) struct Pins {
    counts: Mutex<Counts>,
    known: AtomicBool,
    gone: Cache<u64, ()>,
    gone_notices: Cache<NoticeId, ()>,
}

#[derive(Default)]
struct Counts {
    clips: HashMap<u64, u32>,
    notices: HashMap<u64, u32>,
}

impl Pins {
    pub(super) fn new() -> Self {
        Self {
            counts: Mutex::default(),
            known: AtomicBool::new(false),
            gone: Cache::builder().max_capacity(MOST_GONE).time_to_live(GONE).build(),
            gone_notices: Cache::builder().max_capacity(MOST_GONE).time_to_live(GONE).build(),
        }
    }

    /// Pins a notice with its clips, each as often as it is named.
    pub(super) fn pin(&self, notice: NoticeId, clips: impl IntoIterator<Item = u64>) {
        let mut counts = self.counts();
        *counts.notices.entry(notice.prefix()).or_default() += 1;
        self.gone_notices.invalidate(&notice);
        for clip in clips {
            *counts.clips.entry(clip).or_default() += 1;
            self.gone.invalidate(&clip);
        }
    }

    /// Takes back [`Pins::pin`].
    pub(super) fn unpin(&self, notice: NoticeId, clips: impl IntoIterator<Item = u64>) {
        let mut counts = self.counts();
        release(&mut counts.notices, notice.prefix());
        clips.into_iter().for_each(|clip| release(&mut counts.clips, clip));
    }

    /// Whether a file of the store must stay.
    pub(super) fn holds(&self, place: Place) -> bool {
        match place {
            Place::Clip(name) => self.holds_clip(name.key),
            Place::Notice(id) | Place::PlainNotice(id) => self.counts().notices.contains_key(&id.prefix()),
            Place::Listed(_)
            | Place::Heard(_)
            | Place::Probe
            | Place::Absent
            | Place::LateClip(_)
            | Place::LateNotice(_) => false,
        }
    }

    pub(super) fn holds_clip(&self, key: ClipKey) -> bool {
        self.counts().clips.contains_key(&prefix(key))
    }

    /// From now on it is known what is published.
    pub(super) fn known(&self) {
        self.known.store(true, Ordering::Release);
    }

    pub(super) fn are_known(&self) -> bool {
        self.known.load(Ordering::Acquire)
    }

    /// A clip was withdrawn.
    pub(super) fn withdraw(&self, key: ClipKey) {
        self.gone.insert(prefix(key), ());
    }

    /// Somebody submits a notice that has this clip: it may be kept again.
    pub(super) fn welcome(&self, key: ClipKey) {
        if self.gone.contains_key(&prefix(key)) {
            self.gone.invalidate(&prefix(key));
        }
    }

    /// A notice was withdrawn.
    pub(super) fn withdraw_notice(&self, id: NoticeId) {
        self.gone_notices.insert(id, ());
    }

    /// Somebody submits a notice: it may be kept again.
    pub(super) fn welcome_notice(&self, id: NoticeId) {
        self.gone_notices.invalidate(&id);
    }

    /// Whether a clip or notice was withdrawn, and must not come back.
    pub(super) fn is_gone(&self, place: Place) -> bool {
        match place {
            Place::Clip(name) => self.gone.contains_key(&prefix(name.key)),
            Place::Notice(id) | Place::PlainNotice(id) => self.gone_notices.contains_key(&id),
            _ => false,
        }
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first eight bytes of a clip key, by which clips are pinned.
pub fn prefix(key: ClipKey) -> u64 {
    let bytes = key.bytes();
    bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
}

fn release(counts: &mut HashMap<u64, u32>, name: u64) {
    if let Some(count) = counts.get_mut(&name) {
        *count -= 1;
        if *count == 0 {
            counts.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::store::ClipName;

    #[test]
    fn what_two_share_stays_until_both_are_gone() {
        let key = |n: u8| format!("{n:02x}").repeat(32).parse::<ClipKey>().unwrap();
        let notice = |n: u8| NoticeId::new([n; 16]);
        let (pins, place) = (Pins::new(), |n| Place::Clip(ClipName::wav(key(n))));
        pins.pin(notice(1), [prefix(key(1)), prefix(key(2)), prefix(key(2))]);
        pins.pin(notice(2), [prefix(key(2)), prefix(key(3))]);
        assert!(
            pins.holds(place(1)) && pins.holds(place(2)) && pins.holds(place(3)) && !pins.holds(place(4))
        );
        assert!(pins.holds(Place::Notice(notice(1))) && !pins.holds(Place::Notice(notice(3))));
        pins.unpin(notice(1), [prefix(key(1)), prefix(key(2)), prefix(key(2))]);
        assert!(!pins.holds(place(1)) && pins.holds(place(2)) && !pins.holds(Place::Notice(notice(1))));
        pins.unpin(notice(2), [prefix(key(2)), prefix(key(3))]);
        assert!(!pins.holds(place(2)) && !pins.holds(place(3)));
        // Once too often is no harm.
        pins.unpin(notice(2), [prefix(key(2))]);
        pins.withdraw(key(1));
        assert!(pins.is_gone(place(1)) && !pins.is_gone(place(2)));
        pins.welcome(key(1));
        assert!(!pins.is_gone(place(1)));
        pins.withdraw_notice(notice(1));
        assert!(pins.is_gone(Place::Notice(notice(1))) && !pins.is_gone(Place::Notice(notice(2))));
        pins.welcome_notice(notice(1));
        assert!(!pins.is_gone(Place::Notice(notice(1))));
    }
}
