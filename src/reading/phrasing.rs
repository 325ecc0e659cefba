//! Phrase boundaries: where a reader could breathe although no mark is written.
//!
//! A light grammar is enough: a phrase begins before a preposition or conjunction, and after 的 in
//! a long stretch, if there is something to say on both sides.

use std::sync::LazyLock;

use super::{
    Boundary, Mark,
    grouping::Words,
    tables::{Citation, Set, entries},
    text::Text,
};

/// Syllables that a phrase has at least, before and after a boundary.
const LEAST: (usize, usize) = (4, 3);

/// Syllables after which a 的 ends a phrase.
const LONG: usize = 8;

/// Raises word boundaries of `words` to phrase boundaries.
pub(super) fn mark(text: &Text, words: &mut Words, citations: &[Option<Citation>]) {
    let mut since = 0;
    for index in 0..words.ranges.len() {
        let Some(range) = words.ranges.get(index).cloned() else { continue };
        if is_pause(text, range.start) {
            since = 0;
            continue;
        }
        let left = (range.start..text.len()).take_while(|&i| !is_pause(text, i)).take(LEAST.1).count();
        let after_de = since >= LONG && text.before(range.start, 1) == Some('的');
        let word = |range: &std::ops::Range<usize>| OPENERS.contains(text.slice(range.start, range.end));
        let follows = index.checked_sub(1).and_then(|i| words.ranges.get(i)).is_some_and(word);
        let opens = word(&range) && !follows && !is_verb(text, range.start, citations);
        if let Some(boundary) = words.boundaries.get_mut(index)
            && *boundary == Boundary::Word
            && since >= LEAST.0
            && left >= LEAST.1
            && (after_de || opens)
        {
            *boundary = Boundary::Phrase;
            since = 0;
        }
        since += range.len();
    }
}

fn is_pause(text: &Text, at: usize) -> bool {
    text.char(at).is_some_and(|c| Mark::of(c).is_some())
}

/// 为 read wei2 is "to be" and no preposition.
fn is_verb(text: &Text, at: usize, citations: &[Option<Citation>]) -> bool {
    text.char(at) == Some('为') && citations.get(at).copied().flatten().is_some_and(|c| c.tone == 2)
}

static OPENERS: LazyLock<Set<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/openers.txt")).collect());
