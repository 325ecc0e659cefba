//! Tones as they are spoken: 一, 不, and third tones in a row.
//!
//! 1. 一 keeps its first tone in ordinals, dates, digit strings and at the end of a word; before a
//!    fourth tone it is yi2, before any other yi4. 不 is bu2 before a fourth tone. Inside a repeated or
//!    compound verb both are neutral: 想一想, 看不看, 差不多.
//! 2. The second syllable of 消息, 清楚 and their like is neutral.
//! 3. Of two third tones the first becomes a second tone: inside a foot of two or three syllables
//!    first (C. Shih, "The prosodic domain of tone sandhi in Chinese", 1986), then between words that
//!    are said in one go. A pause and a phrase boundary stop it.

use std::{ops::Range, sync::LazyLock};

use super::{
    Boundary,
    grouping::{Words, is_digit_string},
    tables::{Citation, Set, entries},
    text::{Text, is_digit},
};
use crate::words::jieba;

/// The surface tone of every unit; 0 where there is no syllable.
pub(super) fn tones(text: &Text, words: &Words, citations: &[Option<Citation>]) -> Vec<u8> {
    let tone = |i: usize| citations.get(i).copied().flatten().map(|citation| citation.tone);
    let mut tones: Vec<u8> = (0..text.len())
        .map(|i| match (text.char(i), tone(i)) {
            (Some('一'), Some(1)) if is_between_verbs(text, words, i) => 5,
            (Some('一'), Some(1)) => one(text, words, i, tone(i + 1)),
            (Some('不'), Some(4)) if is_between_verbs(text, words, i) => 5,
            (Some('不'), Some(4)) if tone(i + 1) == Some(4) => 2,
            (_, tone) => tone.unwrap_or(0),
        })
        .collect();
    for word in words.ranges.iter().filter(|word| word.len() == 2) {
        if NEUTRAL.contains(text.slice(word.start, word.end))
            && let Some(tone) = tones.get_mut(word.start + 1)
        {
            *tone = 5;
        }
    }
    thirds(text, words, &mut tones);
    tones
}

/// Words of two syllables whose second is neutral.
static NEUTRAL: LazyLock<Set<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/neutral.txt")).collect());

/// Whether the 一 or 不 at unit `at` stands inside a verb: 看一看, 去不去, 来不及.
fn is_between_verbs(text: &Text, words: &Words, at: usize) -> bool {
    let (Some(before), Some(after)) = (text.before(at, 1), text.char(at + 1)) else { return false };
    if !written(text, at) || is_digit(before) {
        return false;
    }
    let word = words.at(at);
    let repeated = before == after && text.before(at, 2) != Some(after);
    let compound = text.char(at) == Some('不') && word.len() == 3 && word.start + 1 == at;
    repeated && before != '一' || compound && COMPOUNDS.contains(&after)
}

/// Last characters of a compound verb with 不 inside: 差不多, 来不及, 忍不住, 对不起.
const COMPOUNDS: [char; 15] =
    ['多', '及', '住', '起', '了', '着', '得', '到', '下', '上', '出', '开', '动', '定', '过'];

/// The tone of the 一 at unit `at` when `next` is the tone after it.
fn one(text: &Text, words: &Words, at: usize, next: Option<u8>) -> u8 {
    let word = words.at(at);
    let counts = |c: char| is_digit(c) || matches!(c, '十' | '第' | '初');
    let ends_word = word.len() > 1 && word.end == at + 1;
    // 第一百: the ordinal is 一百, not 一.
    let hundred = matches!(text.char(at + 1), Some('百' | '千' | '万' | '亿'));
    let figure_point = text.char(at + 1) == Some('点') && word.contains(&(at + 1)) && !written(text, at);
    let date = text.before(at, 1) == Some('月') && text.char(at + 1) == Some('日');
    // After 百 or 千 it still changes (三千一百), after a digit or 十 it does not (二十一个).
    let stays = text.before(at, 1).is_some_and(counts) && !(hundred && text.before(at, 1) == Some('第'))
        || text.char(at + 1).is_some_and(|c| is_digit(c) || c == '十')
        || ends_word
        || figure_point
        || date
        || keeps(text, at);
    match next {
        Some(4) if !stays => 2,
        Some(1..=3) if !stays => 4,
        Some(5) if !stays => 2,
        _ => 1,
    }
}

fn written(text: &Text, at: usize) -> bool {
    text.units.get(at).is_some_and(|unit| unit.written)
}

/// Whether unit `at` is the 一 of a listed word.
fn keeps(text: &Text, at: usize) -> bool {
    KEPT.iter()
        .any(|&(word, before)| at.checked_sub(before).is_some_and(|start| text.rest(start).starts_with(word)))
}

/// Words in which 一 keeps its tone, and how many characters stand before it.
static KEPT: LazyLock<Vec<(&'static str, usize)>> = LazyLock::new(|| {
    entries(include_str!("data/one.txt"))
        .filter_map(|word| Some((word, word.chars().position(|c| c == '一')?)))
        .collect()
});

/// Changes third tones in a row.
fn thirds(text: &Text, words: &Words, tones: &mut [u8]) {
    for range in &words.ranges {
        for foot in feet(text, range.clone()) {
            for i in foot.start..foot.end.saturating_sub(1) {
                lower(tones, i);
            }
        }
        // What still meets at the edges of the feet. Digits are said apart, foot by foot.
        if !is_digit_string(text, range.clone()) {
            for i in range.start..range.end.saturating_sub(1) {
                lower(tones, i);
            }
        }
    }
    // From the right: a verb clings to what it governs before it clings to its subject.
    for (pair, &boundary) in words.ranges.windows(2).zip(words.boundaries.iter().skip(1)).rev() {
        let [before, after] = pair else { continue };
        let short = before.len() == 1 || after.len() == 1 || (before.len() == 2 && after.len() == 2);
        let close = boundary == Boundary::None || (boundary == Boundary::Word && short);
        let digits = is_digit_string(text, before.clone()) || is_digit_string(text, after.clone());
        if close && !digits {
            lower(tones, after.start.saturating_sub(1));
        }
    }
}

/// The feet of a word: two syllables each, the last of an odd number has three. A short word that ends
/// in a word of two syllables (党小组) is parted before it.
fn feet(text: &Text, word: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let tail = word.len() == 3
        && jieba().has_word(text.slice(word.start + 1, word.end))
        && !jieba().has_word(text.slice(word.start, word.start + 2));
    let mut start = if tail { word.start + 1 } else { word.start };
    std::iter::from_fn(move || {
        let end = if word.end.checked_sub(start)? > 3 { start + 2 } else { word.end };
        let foot = start..end;
        start = end;
        (!foot.is_empty()).then_some(foot)
    })
}

/// A third tone before another becomes a second.
fn lower(tones: &mut [u8], at: usize) {
    if let Some([first @ 3, 3]) = tones.get_mut(at..at + 2) {
        *first = 2;
    }
}
