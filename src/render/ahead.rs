//! The notices whose clips one engine makes before anybody waits for them, and which clip comes next.
//!
//! 1. a notice that is listened to, or whose progress is followed, goes before those that are not; of several
//!    the one whose listener is nearest to what is not made yet: all are kept a few clips ahead;
//! 2. the others come one after the other, in the order in which they were submitted;
//! 3. a notice that nobody has open any more is dropped, and so is the last that nobody listens to where one that
//!    somebody does finds no place. The next clip that is asked for brings it back;
//! 4. one that cannot be had at the moment rests while the others go on.
//!
//! Only names and numbers are kept here, so that a thousand notices weigh nothing.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::Notify, time::timeout};

use crate::store::NoticeId;

/// So long after its last clip was asked for a notice counts as listened to.
const LATELY: Duration = Duration::from_secs(60);

/// So long a notice rests that could not be had.
const REST: Duration = Duration::from_secs(1);

/// The notices of one engine.
pub(super) struct Ahead {
    queue: Mutex<Queue>,
    added: Notify,
}

impl Ahead {
    /// For so many notices at most.
    pub(super) fn new(most: usize) -> Self {
        Self { queue: Mutex::new(Queue { notices: Vec::new(), most }), added: Notify::new() }
    }

    /// Somebody submitted a notice of so many clips; false when too many are queued.
    pub(super) fn submit(&self, id: NoticeId, clips: usize) -> bool {
        self.open(id, clips, None, |cursor| cursor.openers += 1)
    }

    /// Somebody waits for clip `at`: what comes after it is needed next.
    pub(super) fn hear(&self, id: NoticeId, clips: usize, at: usize) {
        let now = Instant::now();
        self.open(id, clips, Some(now), |cursor| {
            cursor.openers = cursor.openers.max(1);
            cursor.hear(at, now);
        });
    }

    /// Somebody follows the progress, from the first clip on; false when too many notices are open.
    pub(super) fn follow(&self, id: NoticeId, clips: usize) -> bool {
        self.open(id, clips, Some(Instant::now()), |cursor| {
            cursor.openers += 1;
            cursor.followers += 1;
            // What failed before is tried again, so that it can be told.
            cursor.taken = 0;
        })
    }

    /// Takes back [`Ahead::follow`].
    pub(super) fn unfollow(&self, id: NoticeId) {
        let mut queue = self.queue();
        if let Some(cursor) = queue.notices.iter_mut().find(|cursor| cursor.id == id) {
            cursor.followers = cursor.followers.saturating_sub(1);
        }
        queue.close(id);
    }

    /// One who had the notice open has it open no more.
    pub(super) fn close(&self, id: NoticeId) {
        self.queue().close(id);
    }

    /// The notice cannot be had any more.
    pub(super) fn forget(&self, id: NoticeId) {
        self.queue().notices.retain(|cursor| cursor.id != id);
    }

    /// Clip `at`, the one that came last, could not be begun: it is tried again in a while.
    pub(super) fn give_back(&self, id: NoticeId, at: usize) {
        self.queue().give_back(id, at, Instant::now());
    }

    /// The clip to be made now.
    pub(super) fn next(&self) -> Option<(NoticeId, usize)> {
        self.queue().next(Instant::now())
    }

    /// Waits until there is a notice that does not rest.
    pub(super) async fn any(&self) {
        loop {
            let added = self.added.notified();
            if self.queue().any(Instant::now()) {
                return;
            }
            // When the time is up one has rested enough.
            let _ = timeout(REST, added).await;
        }
    }

    /// Whether the notice is one of them.
    pub(super) fn has(&self, id: NoticeId) -> bool {
        self.queue().notices.iter().any(|cursor| cursor.id == id)
    }

    /// How many notices there are.
    pub(super) fn len(&self) -> usize {
        self.queue().notices.len()
    }

    /// `listens`: somebody does, from then on; another that nobody listens to makes room.
    fn open(
        &self,
        id: NoticeId,
        clips: usize,
        listens: Option<Instant>,
        change: impl FnOnce(&mut Cursor),
    ) -> bool {
        let opened = self.queue().open(id, clips, listens).map(change).is_some();
        self.added.notify_waiters();
        opened
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Queue {
    /// In the order in which they came.
    notices: Vec<Cursor>,
    most: usize,
}

/// How far a notice is made: from clip `from` on `taken` clips, going on at the first after the last one.
#[derive(Debug)]
struct Cursor {
    id: NoticeId,
    clips: usize,
    from: usize,
    taken: usize,
    /// How many of them come after the one that was asked for last.
    lead: usize,
    heard: Option<Instant>,
    /// How many have it open, as far as they tell.
    openers: usize,
    /// How many of those follow its progress.
    followers: usize,
    /// When it could not be had, until when it rests.
    rests: Option<Instant>,
}

impl Queue {
    fn open(&mut self, id: NoticeId, clips: usize, listens: Option<Instant>) -> Option<&mut Cursor> {
        let known = self.notices.iter().position(|cursor| cursor.id == id);
        if known.is_none() && self.has_place(listens) {
            let fresh = Cursor {
                id,
                clips,
                from: 0,
                taken: 0,
                lead: 0,
                heard: None,
                openers: 0,
                followers: 0,
                rests: None,
            };
            self.notices.push(fresh);
            return self.notices.last_mut();
        }
        self.notices.get_mut(known?)
    }

    /// Whether there is a place, when for one who listens the last that nobody listens to has gone.
    fn has_place(&mut self, listens: Option<Instant>) -> bool {
        if self.notices.len() >= self.most
            && let Some(now) = listens
            && let Some(at) = self.notices.iter().rposition(|cursor| !cursor.is_open(now))
        {
            self.notices.remove(at);
        }
        self.notices.len() < self.most
    }

    fn any(&self, now: Instant) -> bool {
        self.notices.iter().any(|cursor| !cursor.rests(now))
    }

    fn give_back(&mut self, id: NoticeId, at: usize, now: Instant) {
        let Some(cursor) = self.notices.iter_mut().find(|cursor| cursor.id == id) else { return };
        cursor.rests = Some(now + REST);
        // A listener who jumped meanwhile has given every clip its turn again.
        let last = (cursor.from + cursor.taken).saturating_sub(1).checked_rem(cursor.clips);
        if cursor.taken > 0 && last == Some(at) {
            cursor.taken -= 1;
            cursor.lead = cursor.lead.saturating_sub(1);
        }
    }

    fn close(&mut self, id: NoticeId) {
        let Some(at) = self.notices.iter().position(|cursor| cursor.id == id) else { return };
        if let Some(cursor) = self.notices.get_mut(at) {
            // Those who follow it tell themselves when they go.
            cursor.openers = cursor.openers.saturating_sub(1).max(cursor.followers);
            if cursor.openers == 0 {
                self.notices.remove(at);
            }
        }
    }

    fn next(&mut self, now: Instant) -> Option<(NoticeId, usize)> {
        self.notices.retain(|cursor| cursor.taken < cursor.clips);
        let ready = || self.notices.iter().enumerate().filter(|(_, cursor)| !cursor.rests(now));
        let open = ready().filter(|(_, cursor)| cursor.is_open(now));
        let (at, _) = open.min_by_key(|(_, cursor)| cursor.lead).or_else(|| ready().next())?;
        let cursor = self.notices.get_mut(at)?;
        Some((cursor.id, cursor.take()))
    }
}

impl Cursor {
    fn is_open(&self, now: Instant) -> bool {
        self.followers > 0 || self.heard.is_some_and(|heard| now.saturating_duration_since(heard) < LATELY)
    }

    fn rests(&self, now: Instant) -> bool {
        self.rests.is_some_and(|until| now < until)
    }

    fn hear(&mut self, at: usize, now: Instant) {
        self.heard = Some(now);
        let beyond = (at + self.clips).saturating_sub(self.from).checked_rem(self.clips).unwrap_or(0);
        if beyond < self.taken {
            self.lead = self.taken - beyond - 1;
        } else {
            // At the front, or elsewhere: what follows comes next, and this one again at the very end, in
            // case its listener goes away.
            (self.from, self.taken, self.lead) = (at + 1, 0, 0);
        }
    }

    fn take(&mut self) -> usize {
        let at = (self.from + self.taken).checked_rem(self.clips).unwrap_or(0);
        self.taken += 1;
        self.lead += 1;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> NoticeId {
        NoticeId::new([n; 16])
    }

    /// Plays events, `12 of a`: submit (`+`), hear (`?`), close (`-`), follow (`*`), unfollow (`/`); then the
    /// clips that come next.
    fn play(clips: usize, events: &str) -> String {
        let ahead = Ahead::new(3);
        for event in events.split_whitespace() {
            let mut chars = event.chars();
            let (what, who) = (chars.next(), chars.next().map_or(0, |c| c as u8));
            let at = chars.as_str().parse().unwrap_or(0);
            match what {
                Some('+') => _ = ahead.submit(id(who), clips),
                Some('?') => ahead.hear(id(who), clips, at),
                Some('-') => ahead.close(id(who)),
                Some('*') => _ = ahead.follow(id(who), clips),
                Some('/') => ahead.unfollow(id(who)),
                _ => _ = ahead.next(),
            }
        }
        let names = std::iter::from_fn(|| ahead.next()).take(8);
        let name = |(notice, at): (NoticeId, usize)| {
            let who = u8::from_str_radix(&notice.to_string()[..2], 16).unwrap_or(0);
            format!("{}{at}", who as char)
        };
        names.map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_comes_next() {
        for (clips, events, expected) in [
            (2, "", ""),
            (2, "+a +b", "a0 a1 b0 b1"),
            (2, "+a +b +a", "a0 a1 b0 b1"),
            (0, "+a", ""),
            (2, "+a +b +c +d", "a0 a1 b0 b1 c0 c1"),
            // Who listens goes before who does not, from where the listener is.
            (3, "+a +b ?b0", "b1 b2 b0 a0 a1 a2"),
            (3, "+a ?b1", "b2 b0 b1 a0 a1 a2"),
            (4, "?a0 ?a1 ?a2", "a3 a0 a1 a2"),
            (4, "?a2 ?a0 ?a1", "a2 a3 a0 a1"),
            // Two listeners are kept equally far ahead.
            (4, "?a0 ?b0", "a1 b1 a2 b2 a3 b3 a0 b0"),
            (4, "?a0 > > ?b0", "b1 b2 a3 b3 a0 b0"),
            (6, "?a0 > > > ?b0 ?a3", "a4 b1 a5 b2 a0 b3 b4 b5"),
            // A follower is as good as a listener, and begins at the beginning.
            (2, "+a +b *b", "b0 b1 a0 a1"),
            (2, "+a > *a", "a0 a1"),
            (2, "+a +b *b /b", "a0 a1 b0 b1"),
            // What nobody has open is dropped; with two, one may go.
            (2, "+a -a", ""),
            (2, "+a -a -a +b", "b0 b1"),
            (2, "+a +a -a", "a0 a1"),
            (2, "+a *a -a", "a0 a1"),
            (2, "*a /a", ""),
            // Only who follows takes back that it follows.
            (2, "+a *a -a -a -a", "a0 a1"),
            (2, "*a *a -a /a -a", "a0 a1"),
            (2, "+a *a -a -a /a", ""),
            // Who listens or follows finds a place; the last that nobody listens to has lost it.
            (2, "+a +b +c ?d0", "d1 d0 a0 a1 b0 b1"),
            (2, "+a +b +c *d +e", "d0 d1 a0 a1 b0 b1"),
            (2, "*a *b *c *d ?e0", "a0 b0 c0 a1 b1 c1"),
            (2, "+a -a ?a0", "a1 a0"),
            (2, "?a0 +a -a", "a1 a0"),
        ] {
            assert_eq!(play(clips, events), expected, "{events}");
        }
    }

    #[test]
    fn wherever_listeners_jump_every_clip_has_its_turn() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (ahead, clips) = (Ahead::new(4), random.usize(1..9));
            let mut taken = std::collections::BTreeSet::new();
            assert!((0..4).all(|n| ahead.submit(id(n), clips)));
            for _ in 0..random.usize(0..60) {
                match random.bool() {
                    true => ahead.hear(id(random.u8(0..4)), clips, random.usize(0..clips)),
                    false => taken.extend(ahead.next()),
                }
            }
            taken.extend(std::iter::from_fn(|| ahead.next()));
            assert_eq!(taken.len(), 4 * clips, "seed {seed}");
        }
    }

    #[test]
    fn what_could_not_be_had_rests_and_keeps_nobody_waiting() {
        let (ahead, now) = (Ahead::new(9), Instant::now());
        ahead.follow(id(1), 1);
        ahead.submit(id(2), 1);
        let mut queue = ahead.queue();
        assert_eq!(queue.next(now), Some((id(1), 0)));
        queue.give_back(id(1), 0, now);
        assert_eq!(queue.next(now), Some((id(2), 0)));
        assert_eq!(queue.next(now), None);
        assert!(!queue.any(now));
        assert!(queue.any(now + REST));
        assert_eq!(queue.next(now + REST), Some((id(1), 0)));
        assert_eq!(queue.next(now + REST), None, "it has had its turn");
    }

    #[test]
    fn what_is_given_back_after_a_jump_takes_no_turn_away() {
        let (ahead, now) = (Ahead::new(9), Instant::now());
        ahead.submit(id(1), 3);
        assert_eq!(ahead.next(), Some((id(1), 0)));
        ahead.hear(id(1), 3, 1);
        ahead.give_back(id(1), 0);
        let mut queue = ahead.queue();
        let turns = std::iter::from_fn(|| queue.next(now + 2 * REST));
        assert_eq!(turns.map(|(_, at)| at).collect::<Vec<_>>(), [2, 0, 1]);
    }

    #[test]
    fn who_has_not_listened_lately_waits_for_its_turn() {
        let ahead = Ahead::new(9);
        ahead.submit(id(1), 9);
        ahead.hear(id(2), 9, 0);
        assert_eq!(ahead.queue().next(Instant::now()), Some((id(2), 1)));
        assert_eq!(ahead.queue().next(Instant::now() + LATELY), Some((id(1), 0)));
    }
}
