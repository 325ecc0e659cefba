//! Tones as they are spoken: 一, 不, and third tones in a row.
//!
//! 1. 一 keeps its first tone in ordinals, dates, digit strings and at the end of a word; before a
//!    fourth tone it is yi2, before any other yi4. 不 is bu2 before a fourth tone.
//! 2. Of two third tones the first becomes a second tone: inside a word first, then between words
//!    that are said in one go. A pause, a phrase boundary and a digit string stop it.

use std::sync::LazyLock;

use super::{
    Boundary,
    grouping::{Words, is_digit_string},
    tables::{Citation, entries},
    text::{Text, is_digit},
};

/// The surface tone of every unit; 0 where there is no syllable.
pub(super) fn tones(text: &Text, words: &Words, citations: &[Option<Citation>]) -> Vec<u8> {
    let tone = |i: usize| citations.get(i).copied().flatten().map(|citation| citation.tone);
    let mut tones: Vec<u8> = (0..text.len())
        .map(|i| match (text.char(i), tone(i)) {
            (Some('一'), Some(1)) => one(text, words, i, tone(i + 1)),
            (Some('不'), Some(4)) if tone(i + 1) == Some(4) => 2,
            (_, tone) => tone.unwrap_or(0),
        })
        .collect();
    thirds(text, words, &mut tones);
    tones
}

/// The tone of the 一 at unit `at` when `next` is the tone after it.
fn one(text: &Text, words: &Words, at: usize, next: Option<u8>) -> u8 {
    let word = words.at(at);
    let counts = |c: char| is_digit(c) || matches!(c, '十' | '第' | '初');
    let ends_word = word.len() > 1 && word.end == at + 1;
    let figure_point = text.char(at + 1) == Some('点') && word.contains(&(at + 1)) && !written(text, at);
    let date = text.before(at, 1) == Some('月') && text.char(at + 1) == Some('日');
    // After 百 or 千 it still changes (三千一百), after a digit or 十 it does not (二十一个).
    let stays = text.before(at, 1).is_some_and(counts)
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
        if is_digit_string(text, range.clone()) {
            continue;
        }
        // A long word is said in feet of two.
        let mut start = range.start;
        while start < range.end {
            let end = if range.end - start > 3 { start + 2 } else { range.end };
            for i in start..end.saturating_sub(1) {
                lower(tones, i);
            }
            start = end;
        }
        for i in range.start..range.end.saturating_sub(1) {
            lower(tones, i);
        }
    }
    for (pair, &boundary) in words.ranges.windows(2).zip(words.boundaries.iter().skip(1)) {
        let [before, after] = pair else { continue };
        let short = before.len() == 1 || after.len() == 1 || (before.len() == 2 && after.len() == 2);
        let close = boundary == Boundary::None || (boundary == Boundary::Word && short);
        let digits = is_digit_string(text, before.clone()) || is_digit_string(text, after.clone());
        if close && !digits {
            lower(tones, after.start.saturating_sub(1));
        }
    }
}

/// A third tone before another becomes a second.
fn lower(tones: &mut [u8], at: usize) {
    if let Some([first @ 3, 3]) = tones.get_mut(at..at + 2) {
        *first = 2;
    }
}
