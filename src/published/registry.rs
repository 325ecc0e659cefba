//! What is published, in memory: entries by name and in order, and which notices have the words of one.
//!
//! Here nothing is read or written; [`super`] and [`super::tend`] see to it that this is what the store has.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Bound,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use super::entry::{Entry, Words};
use crate::store::{ListedId, NoticeId};

/// Notices of the same words that are remembered: other voices, other speeds, other markup. One more has the one
/// removed that nobody has heard for the longest time.
pub(super) const MOST_HEARD: usize = 256;

/// So long somebody may still listen to a notice that was asked for: none is removed for another before.
const LATELY: Duration = Duration::from_secs(600);

/// Where an entry stands in the list: the newest first.
pub(super) type Position = (Reverse<u64>, ListedId);

/// An entry with what is known of it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub entry: Arc<Entry>,
    pub words: Words,
    /// Its clips, when they are pinned.
    pub pins: Option<Box<[u64]>>,
    /// The lexicon that it was planned with last; none when it was not planned since the start.
    pub lexicon: Option<[u8; 32]>,
    /// How far its clips are made.
    pub making: Making,
    /// What was published under its name before, in other words: it is removed with it.
    pub former: Vec<NoticeId>,
    /// Which edition of its object this is; none when that is not known.
    pub edition: Option<String>,
}

/// What is known of the clips of an entry.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Making {
    /// Whether all are made.
    pub made: bool,
    /// How often they were ordered, and until when that is not looked after.
    pub orders: u32,
    pub until: Option<Instant>,
}

/// A notice that has the words of an entry, and is removed with it.
#[derive(Debug)]
struct Variant {
    words: Words,
    /// Whether everybody may hear it. SSML has words said as any others: that of a program with a key is its own.
    open: bool,
    /// When it was asked for last; none when that was before the start.
    heard: Option<Instant>,
}

/// The words of one or several entries.
#[derive(Debug, Default)]
struct Text {
    entries: BTreeSet<ListedId>,
    heard: Vec<NoticeId>,
    /// Whether one was heard that is not written down.
    news: bool,
}

/// What is published.
#[derive(Debug, Default)]
pub(super) struct Registry {
    entries: HashMap<ListedId, Kept>,
    order: BTreeSet<Position>,
    texts: HashMap<Words, Text>,
    notices: HashMap<NoticeId, Variant>,
    /// Entries that were withdrawn, with the notices of theirs that are not removed yet.
    pub graves: BTreeMap<ListedId, Vec<NoticeId>>,
    /// Other notices that are to be removed: of entries under whose names something is published again, and those that
    /// made room.
    pub strays: Vec<NoticeId>,
    /// Editions of records that are none.
    pub odd: BTreeMap<ListedId, String>,
    /// Entries whose records could not be read when it was tried last.
    pub unread: BTreeSet<ListedId>,
    /// Entries whose records may have been written although it was said they were not; as long as what is pointed to
    /// lives, they still may be.
    pub doubtful: HashMap<ListedId, Weak<()>>,
}

impl Registry {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn get(&self, id: ListedId) -> Option<&Kept> {
        self.entries.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: ListedId) -> Option<&mut Kept> {
        self.entries.get_mut(&id)
    }

    /// All entries, the newest first, from after `after` on.
    pub(super) fn from(&self, after: Option<Position>) -> impl Iterator<Item = &Kept> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.order.range((from, Bound::Unbounded)).filter_map(|(_, id)| self.entries.get(id))
    }

    pub(super) fn is_published(&self, words: Words) -> bool {
        self.texts.contains_key(&words)
    }

    /// Whether the notice is known to have the words of an entry, so that it is not to be removed.
    pub(super) fn is_heard(&self, id: NoticeId) -> bool {
        self.notices.contains_key(&id)
    }

    /// Whether a notice is known as one that everybody may hear; somebody does.
    pub(super) fn listens(&mut self, id: NoticeId) -> bool {
        let open = self.notices.get_mut(&id).filter(|notice| notice.open);
        open.map(|notice| notice.heard = Some(Instant::now())).is_some()
    }

    /// Whether an entry of these words is this notice.
    pub(super) fn is_own(&self, notice: NoticeId, words: Words) -> bool {
        self.texts.get(&words).is_some_and(|text| is_current(&self.entries, text, notice))
    }

    /// Whether one more notice of these words can be remembered, or this one is.
    pub(super) fn has_room(&self, notice: NoticeId, words: Words) -> bool {
        let full = |text: &Text| text.heard.len() >= MOST_HEARD + text.entries.len();
        self.notices.contains_key(&notice)
            || self.texts.get(&words).is_none_or(|text| !full(text) || self.idle(text).is_some())
    }

    /// Publishes an entry, in the place of the one of its name, which is returned.
    pub(super) fn put(&mut self, kept: Kept) -> Option<Kept> {
        let id = kept.entry.id;
        self.strays.extend(self.graves.remove(&id).unwrap_or_default());
        let (words, notice) = (kept.words, kept.entry.notice);
        // The new one first: words that both have stay known.
        self.texts.entry(words).or_default().entries.insert(id);
        let old = self.entries.insert(id, kept);
        if let Some(old) = &old {
            self.order.remove(&position(&old.entry));
            if old.words != words {
                self.leave(id, old.words);
            }
        }
        if let Some(kept) = self.entries.get(&id) {
            self.order.insert(position(&kept.entry));
        }
        self.hear(notice, words, true, Some(Instant::now()));
        old
    }

    /// Takes an entry out; with it the notices that nobody publishes any more.
    pub(super) fn take(&mut self, id: ListedId) -> Option<(Kept, Vec<NoticeId>)> {
        let kept = self.entries.remove(&id)?;
        self.order.remove(&position(&kept.entry));
        let orphans = self.leave(id, kept.words);
        Some((kept, orphans))
    }

    /// A notice has these words, and was asked for; false when nothing of these words is published. `open`: everybody
    /// may hear it.
    ///
    /// Of too many one is removed that nobody listens to, if there is one.
    pub(super) fn hear(&mut self, notice: NoticeId, words: Words, open: bool, at: Option<Instant>) -> bool {
        let Some(text) = self.texts.get_mut(&words) else { return false };
        if let Some(known) = self.notices.get_mut(&notice).filter(|known| known.words == words) {
            known.open |= open;
            known.heard = known.heard.max(at);
            return true;
        }
        self.notices.insert(notice, Variant { words, open, heard: at });
        text.heard.push(notice);
        text.news = true;
        while let Some(idle) = self.superfluous(words).filter(|idle| *idle != notice) {
            self.notices.remove(&idle);
            self.strays.push(idle);
            if let Some(text) = self.texts.get_mut(&words) {
                text.heard.retain(|id| *id != idle);
            }
        }
        true
    }

    /// What is to be removed where there are too many notices of these words.
    fn superfluous(&self, words: Words) -> Option<NoticeId> {
        let text = self.texts.get(&words)?;
        let most = MOST_HEARD + text.entries.len();
        (text.heard.len() > most).then(|| self.idle(text)).flatten()
    }

    /// The notice that nobody has heard for the longest time, none of the entries' own; none when somebody may still
    /// listen to each.
    fn idle(&self, text: &Text) -> Option<NoticeId> {
        let others = text.heard.iter().filter(|id| !is_current(&self.entries, text, **id));
        let heard = |id: &NoticeId| self.notices.get(id).and_then(|notice| notice.heard);
        let idle = *others.min_by_key(|id| heard(id))?;
        heard(&idle).is_none_or(|at| at.elapsed() >= LATELY).then_some(idle)
    }

    /// The notices that have the words of an entry.
    pub(super) fn heard(&self, words: Words) -> Vec<NoticeId> {
        self.texts.get(&words).map(|text| text.heard.clone()).unwrap_or_default()
    }

    /// Entries of whose words some were heard that are not written down; they are told once.
    pub(super) fn news(&mut self) -> Vec<ListedId> {
        let first = |text: &mut Text| {
            let news = std::mem::take(&mut text.news);
            text.entries.first().copied().filter(|_| news)
        };
        self.texts.values_mut().filter_map(first).collect()
    }

    /// More notices of these words are to be removed with an entry that was withdrawn, unless another one has them.
    pub(super) fn fill_grave(&mut self, id: ListedId, words: Words, notices: &[NoticeId]) {
        if !self.is_published(words) {
            let grave = self.graves.entry(id).or_default();
            grave.extend(notices);
            grave.sort_unstable();
            grave.dedup();
        }
    }

    /// Nothing more is to be told of these words.
    pub(super) fn told(&mut self, words: Words) {
        if let Some(text) = self.texts.get_mut(&words) {
            text.news = false;
        }
    }

    /// An entry has these words no more; the notices that nobody publishes now.
    fn leave(&mut self, id: ListedId, words: Words) -> Vec<NoticeId> {
        let Some(text) = self.texts.get_mut(&words) else { return Vec::new() };
        text.entries.remove(&id);
        if !text.entries.is_empty() {
            return Vec::new();
        }
        let orphans = self.texts.remove(&words).map(|text| text.heard).unwrap_or_default();
        orphans.iter().for_each(|id| {
            self.notices.remove(id);
        });
        orphans
    }
}

/// Whether an entry of a text is this notice.
fn is_current(entries: &HashMap<ListedId, Kept>, text: &Text, notice: NoticeId) -> bool {
    let mut own = text.entries.iter().filter_map(|entry| entries.get(entry));
    own.any(|kept| kept.entry.notice == notice)
}

/// Where an entry stands in the list.
pub(super) fn position(entry: &Entry) -> Position {
    (Reverse(entry.published_at), entry.id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::published::Labels;

    fn notice(n: usize) -> NoticeId {
        format!("{n:032x}").parse().unwrap()
    }

    #[test]
    fn who_was_not_heard_for_the_longest_time_makes_room() {
        let (mut registry, words) = (Registry::default(), Words::parse(&"1".repeat(32)).unwrap());
        let entry = Entry {
            name: "1".to_owned(),
            id: ListedId::of("1"),
            title: String::new(),
            labels: Labels::default(),
            published_at: 0,
            changed_at: 0,
            revision: String::new(),
            notice: notice(0),
            clips: 1,
        };
        let (entry, making, former) = (Arc::new(entry), Making::default(), Vec::new());
        registry.put(Kept { entry, words, pins: None, lexicon: None, making, former, edition: None });
        for n in 1..=MOST_HEARD {
            registry.hear(notice(n), words, false, None);
        }
        let now = Some(Instant::now());
        assert!(registry.has_room(notice(1000), words));
        registry.hear(notice(1), words, true, now);
        registry.hear(notice(1000), words, true, now);
        assert_eq!(registry.strays, [notice(2)], "others were not heard later, but remembered later");
        // All others are listened to.
        for n in 3..=MOST_HEARD {
            registry.hear(notice(n), words, true, now);
        }
        assert!(!registry.has_room(notice(1001), words) && registry.has_room(notice(1000), words));
        registry.hear(notice(1001), words, false, now);
        assert_eq!(
            registry.strays,
            [notice(2)],
            "what must be remembered takes nothing from those who listen"
        );
        assert!(registry.is_heard(notice(0)) && registry.is_heard(notice(1001)));
        // Only what everybody may hear is heard unasked.
        assert!(registry.listens(notice(1000)) && !registry.listens(notice(1001)));
    }
}
