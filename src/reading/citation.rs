//! The dictionary form of every syllable, found by who knows best.
//!
//! 0. What the lexicon of the site or the sender gives stands.
//! 1. This project's own words win: places, words of administration, retroflex words.
//! 2. Then surnames where a person is named.
//! 3. Then what the neighbours settle beyond doubt.
//! 4. Then the learned model, which has seen what the phrase dictionary says.
//! 5. Then the phrase dictionary, then the character alone.
//!
//! A phrase counts only where it begins and ends with words (供给 is no phrase in 提供给), or inside a
//! word where words are left over (本行 is none in 本行政区域). An own word of three characters or more
//! counts anywhere.

pub(super) use super::tables::Citation;
use super::{
    Mark, Source, contexts,
    grouping::Words,
    names,
    polyphone::{Context, Decider},
    tables::{Phrases, Tables},
    text::Text,
};
use crate::words::jieba;

/// What stands at one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A syllable.
    Read(Citation),
    /// A 儿 that is part of the syllable before.
    Merged,
    /// A letter name.
    Letter(char),
    /// A pause.
    Pause(Mark),
    /// Nobody knows.
    Unreadable,
}

impl Slot {
    /// Its syllable, if it has one.
    pub fn citation(self) -> Option<Citation> {
        match self {
            Self::Read(citation) => Some(citation),
            _ => None,
        }
    }
}

/// The longest own word that must begin and end with words of the segmenter.
const AMBIGUOUS: usize = 2;

/// What stands at every unit of `text`, and who says so.
pub(super) fn find(text: &Text, words: &Words) -> Vec<(Slot, Source)> {
    let tables = Tables::get();
    let words_of_ours = phrases(text, words, &tables.own, AMBIGUOUS);
    let mut own: Vec<_> =
        words_of_ours.into_iter().map(|found| found.map(|(slot, _)| (slot, Source::Word))).collect();
    for (at, citation) in names::readings(text, words) {
        if let Some(slot) = own.get_mut(at) {
            *slot = Some((Slot::Read(citation), Source::Name));
        }
    }
    let general = phrases(text, words, &tables.phrases, usize::MAX);
    let mut model = Decider::new(Context { text, words: &words.ranges, word_at: &words.of_unit });
    text.units
        .iter()
        .enumerate()
        .map(|(at, unit)| {
            if let Some(given) = unit.given {
                return (given, Source::Lexicon);
            }
            let follows_given =
                at.checked_sub(1).and_then(|i| text.units.get(i)).is_some_and(|u| u.given.is_some());
            if let Some(found) = own.get(at).copied().flatten()
                && !(found.0 == Slot::Merged && follows_given)
            {
                return found;
            }
            let phrase = general.get(at).copied().flatten();
            let dictionary = phrase.and_then(|(slot, length)| Some((slot.citation()?, length)));
            let by = |source| move |citation| (Slot::Read(citation), source);
            contexts::settled(text, at)
                .map(by(Source::Context))
                .or_else(|| model.decide(at, dictionary).map(by(Source::Model)))
                .or_else(|| dictionary.map(|(citation, _)| citation).map(by(Source::Dictionary)))
                .or_else(|| tables.character(unit.c).map(by(Source::Character)))
                .unwrap_or((unread(unit.c), Source::Spoken))
        })
        .collect()
}

/// What stands at a character without a reading.
fn unread(c: char) -> Slot {
    match Mark::of(c) {
        Some(mark) => Slot::Pause(mark),
        None if c.is_ascii_uppercase() => Slot::Letter(c),
        None => Slot::Unreadable,
    }
}

/// Whether the segmenter knows the word; nothing left over counts too.
fn is_word(text: &str) -> bool {
    text.is_empty() || jieba().has_word(text)
}

/// The longest phrases of `text` from left to right: for every unit what stands there, and the
/// length of its phrase. Phrases longer than `ambiguous` may begin and end anywhere.
fn phrases(text: &Text, words: &Words, phrases: &Phrases, ambiguous: usize) -> Vec<Option<(Slot, usize)>> {
    let mut out = vec![None; text.len()];
    let mut at = 0;
    while at < text.len() {
        let word = words.at(at);
        let whole = |length: usize| {
            let end = at + length;
            length > ambiguous
                || (words.begins(at) && words.begins(end))
                || (end <= word.end
                    && is_word(text.slice(word.start, at))
                    && is_word(text.slice(end, word.end)))
        };
        let two = (text.char(at).unwrap_or(' '), text.char(at + 1).unwrap_or(' '));
        let beginning = |length| text.slice(at, at + length);
        let Some((length, readings)) = phrases.at(two, beginning).find(|&(length, _)| whole(length)) else {
            at += 1;
            continue;
        };
        let mut readings = readings.split(' ').filter_map(Citation::parse);
        let mut merges = false;
        for slot in out.iter_mut().skip(at).take(length) {
            // The 儿 after a retroflex syllable has no reading of its own.
            let found = if merges { Some(Slot::Merged) } else { readings.next().map(Slot::Read) };
            merges = matches!(found, Some(Slot::Read(citation)) if citation.is_retroflex());
            *slot = found.map(|found| (found, length));
        }
        at += length;
    }
    out
}
