//! Phrase boundaries: where a reader could breathe although no mark is written.
//!
//! A light grammar is enough. A breath is taken where enough was said and enough is left to say:
//!
//! 1. before a preposition, a modal or a common verb of administration, which begins the predicate
//!    after a subject (各有关部门 / 要加强管理);
//! 2. before a coordinating word only in a long stretch: 安全和稳定 is said in one go;
//! 3. after a phrase of place or time that a preposition opened (在规定时间内 / 提交材料);
//! 4. after 的 in a very long stretch, if what follows is more than the noun it belongs to.
//!
//! Never inside a number, between a number and its measure word, or before a particle: words that
//! cling have no boundary to raise. Boundaries are few on purpose: a listener loses the thread where a
//! reader stops too often, and an utterance is parted here only when it is long.

use std::{ops::Range, sync::LazyLock};

use super::{
    Boundary, Mark,
    grouping::Words,
    tables::{Citation, Set, entries},
    text::Text,
};

/// Syllables that a phrase has at least, before and after a boundary.
const LEAST: (usize, usize) = (4, 4);

/// The same where a coordinating word begins it.
const COORDINATED: (usize, usize) = (8, 5);

/// Syllables after which a 的 ends a phrase.
const LONG: usize = 10;

/// Raises word boundaries of `words` to phrase boundaries.
pub(super) fn mark(text: &Text, words: &mut Words, citations: &[Option<Citation>]) {
    let (mut since, mut in_place) = (0, false);
    for index in 0..words.ranges.len() {
        let Some(range) = words.ranges.get(index).cloned() else { continue };
        if is_pause(text, range.start) {
            (since, in_place) = (0, false);
            continue;
        }
        let here = text.slice(range.start, range.end);
        let before = index.checked_sub(1).and_then(|i| words.ranges.get(i));
        let before = before.map_or("", |range| text.slice(range.start, range.end));
        let opens = opens(here) && !opens(before) && !is_verb(text, range.start, citations);
        let least = match () {
            () if in_place && PLACES.contains(before) => Some(LEAST),
            () if opens && COORDINATORS.contains(here) => Some(COORDINATED),
            () if opens => Some(LEAST),
            () if before == "的" => Some((LONG, LEAST.1)),
            () => None,
        };
        if let Some(boundary) = words.boundaries.get_mut(index)
            && *boundary == Boundary::Word
            && least.is_some_and(|(said, left)| since >= said && left_to_say(text, &range, left))
        {
            *boundary = Boundary::Phrase;
            (since, in_place) = (0, false);
        }
        in_place |= PREPOSITIONS.contains(here);
        since += range.len();
    }
}

/// Whether at least `least` syllables follow from `range` on before the next pause.
fn left_to_say(text: &Text, range: &Range<usize>, least: usize) -> bool {
    range.start + least <= text.len() && (range.start..range.start + least).all(|i| !is_pause(text, i))
}

fn is_pause(text: &Text, at: usize) -> bool {
    text.char(at).is_some_and(|c| Mark::of(c).is_some())
}

/// 为 read wei2 is "to be" and no preposition.
fn is_verb(text: &Text, at: usize, citations: &[Option<Citation>]) -> bool {
    text.char(at) == Some('为') && citations.get(at).copied().flatten().is_some_and(|c| c.tone == 2)
}

fn opens(word: &str) -> bool {
    OPENERS.contains(word) || COORDINATORS.contains(word)
}

/// Words before which a phrase begins.
static OPENERS: LazyLock<Set<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/openers.txt")).collect());

/// Words that join two equals.
static COORDINATORS: LazyLock<Set<&'static str>> = LazyLock::new(|| {
    ["和", "与", "及", "或", "以及", "并", "而", "且", "或者", "同", "以", "也", "都", "均", "会", "可", "需"]
        .into_iter()
        .collect()
});

/// Prepositions whose phrase ends in a word of place or time.
static PREPOSITIONS: LazyLock<Set<&'static str>> =
    LazyLock::new(|| ["在", "自", "从", "于", "当", "除", "到", "截至"].into_iter().collect());

/// Words that end such a phrase.
static PLACES: LazyLock<Set<&'static str>> = LazyLock::new(|| {
    [
        "内",
        "中",
        "上",
        "下",
        "里",
        "前",
        "后",
        "时",
        "起",
        "外",
        "期间",
        "以内",
        "以前",
        "以后",
        "之前",
        "之后",
        "之内",
        "之日起",
    ]
    .into_iter()
    .collect()
});
