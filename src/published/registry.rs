//! What is published, in memory: entries by name and in order, and which notices have the words of one.
//!
//! Here nothing is read or written; [`super`] and [`super::tend`] see to it that this is what the store has.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    ops::Bound,
    sync::Arc,
};

use super::entry::{Entry, Words};
use crate::store::{ListedId, NoticeId};

/// Notices of the same words that are remembered: other voices, other speeds, other markup. One more has the oldest
/// removed.
pub(super) const MOST_HEARD: usize = 256;

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
    /// Whether its clips are made or queued.
    pub ordered: bool,
    /// Which edition of its object this is; none when that is not known.
    pub edition: Option<String>,
}

/// The words of one or several entries.
#[derive(Debug, Default)]
struct Text {
    entries: BTreeSet<ListedId>,
    heard: VecDeque<NoticeId>,
    /// Whether one was heard that no record has.
    news: bool,
}

/// What is published.
#[derive(Debug, Default)]
pub(super) struct Registry {
    entries: HashMap<ListedId, Kept>,
    order: BTreeSet<Position>,
    texts: HashMap<Words, Text>,
    notices: HashMap<NoticeId, Words>,
    /// Entries that were withdrawn, with the notices of theirs that are not removed yet.
    pub graves: BTreeMap<ListedId, Vec<NoticeId>>,
    /// Such notices of entries under whose names something is published again.
    pub strays: Vec<NoticeId>,
    /// Editions of records that cannot be read.
    pub odd: BTreeMap<ListedId, String>,
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

    /// Whether the notice is known to have the words of an entry.
    pub(super) fn is_heard(&self, id: NoticeId) -> bool {
        self.notices.contains_key(&id)
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
        self.hear(notice, words);
        old
    }

    /// Takes an entry out; with it the notices that nobody publishes any more.
    pub(super) fn take(&mut self, id: ListedId) -> Option<(Kept, Vec<NoticeId>)> {
        let kept = self.entries.remove(&id)?;
        self.order.remove(&position(&kept.entry));
        let orphans = self.leave(id, kept.words);
        Some((kept, orphans))
    }

    /// A notice has these words. What is to be removed for it, if too many have; false when nothing of these words is
    /// published.
    pub(super) fn hear(&mut self, notice: NoticeId, words: Words) -> (bool, Option<NoticeId>) {
        let Some(text) = self.texts.get_mut(&words) else { return (false, None) };
        if self.notices.insert(notice, words) == Some(words) {
            return (true, None);
        }
        text.heard.push_back(notice);
        text.news = true;
        let most = MOST_HEARD + text.entries.len();
        if text.heard.len() <= most {
            return (true, None);
        }
        let current = |id: &NoticeId| {
            text.entries
                .iter()
                .any(|entry| self.entries.get(entry).is_some_and(|kept| kept.entry.notice == *id))
        };
        let oldest = text.heard.iter().position(|id| !current(id)).and_then(|at| text.heard.remove(at));
        if let Some(oldest) = oldest {
            self.notices.remove(&oldest);
        }
        (true, oldest)
    }

    /// The notices that have the words of an entry.
    pub(super) fn heard(&self, words: Words) -> Vec<NoticeId> {
        self.texts.get(&words).map(|text| text.heard.iter().copied().collect()).unwrap_or_default()
    }

    /// Entries of whose words some were heard that their record does not name; they are told once.
    pub(super) fn news(&mut self) -> Vec<ListedId> {
        let first = |text: &mut Text| {
            let news = std::mem::take(&mut text.news);
            text.entries.first().copied().filter(|_| news)
        };
        self.texts.values_mut().filter_map(first).collect()
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
        let orphans: Vec<NoticeId> =
            self.texts.remove(&words).map(|text| text.heard.into()).unwrap_or_default();
        orphans.iter().for_each(|id| {
            self.notices.remove(id);
        });
        orphans
    }
}

/// Where an entry stands in the list.
pub(super) fn position(entry: &Entry) -> Position {
    (Reverse(entry.published_at), entry.id)
}
