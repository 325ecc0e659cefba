//! Words of the spoken form, and how they cling together.
//!
//! 1. Numbers said for figures are words of their own, parted after 万 and 亿; the segmenter would
//!    tear them apart.
//! 2. The Han characters between pauses, letters and numbers are cut by the segmenter.
//! 3. Measure words cling to their number, particles to the word before them.

use std::{ops::Range, sync::LazyLock};

use super::{
    Boundary, Mark,
    tables::{Set, entries},
    text::{Text, is_digit, is_figure},
};
use crate::words::jieba;

/// The words of a text: in order, without gaps. Pauses and letters are words too.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Units of each word.
    pub ranges: Vec<Range<usize>>,
    /// What parts each word from the one before: [`Boundary::None`] where it clings.
    pub boundaries: Vec<Boundary>,
    /// For every unit the index of its word.
    pub of_unit: Vec<usize>,
}

impl Words {
    /// Cuts `text`.
    pub fn new(text: &Text) -> Self {
        let mut words = Self::default();
        let mut at = 0;
        while at < text.len() {
            let end = match kind(text, at) {
                Kind::Single => at + 1,
                Kind::Number => number_end(text, at),
                Kind::Han => {
                    let end = (at..text.len()).find(|&i| kind(text, i) != Kind::Han).unwrap_or(text.len());
                    for token in jieba().cut(text.slice(at, end), false) {
                        words.push(at + token.start..at + token.end);
                    }
                    at = end;
                    continue;
                }
            };
            words.push(at..end);
            at = end;
        }
        words.boundaries = (0..words.ranges.len()).map(|i| boundary(text, &words.ranges, i)).collect();
        words
    }

    fn push(&mut self, word: Range<usize>) {
        self.of_unit.extend(word.clone().map(|_| self.ranges.len()));
        self.ranges.push(word);
    }

    /// The word that unit `at` stands in.
    pub fn at(&self, at: usize) -> Range<usize> {
        self.of_unit.get(at).and_then(|&word| self.ranges.get(word)).cloned().unwrap_or(at..at + 1)
    }

    /// Whether a word begins at unit `at`; the end of the text counts.
    pub fn begins(&self, at: usize) -> bool {
        at >= self.of_unit.len() || self.at(at).start == at
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Han,
    Number,
    Single,
}

fn kind(text: &Text, at: usize) -> Kind {
    match text.units.get(at) {
        Some(unit) if Mark::of(unit.c).is_some() || unit.c.is_ascii() => Kind::Single,
        Some(unit) if !unit.written && (is_figure(unit.c) || is_point(text, at)) => Kind::Number,
        _ => Kind::Han,
    }
}

/// Whether unit `at` is the 点 of a decimal.
fn is_point(text: &Text, at: usize) -> bool {
    let figure = |c: Option<char>| c.is_some_and(is_figure);
    text.char(at) == Some('点') && figure(text.before(at, 1)) && figure(text.char(at + 1))
}

/// The end of the number, or of its part up to 万 or 亿, that begins at unit `at`.
fn number_end(text: &Text, at: usize) -> usize {
    let span = |i: usize| text.units.get(i).map(|unit| unit.span);
    let mut end = at + 1;
    while end < text.len() && kind(text, end) == Kind::Number && span(end) == span(at) {
        let large = |i: usize| matches!(text.char(i), Some('万' | '亿'));
        if large(end - 1) && !large(end) {
            break;
        }
        end += 1;
    }
    end
}

/// Whether the units `range` are said digit by digit: no number has two digits side by side.
pub(super) fn is_digit_string(text: &Text, range: Range<usize>) -> bool {
    range.len() >= 2 && range.clone().all(|i| text.char(i).is_some_and(is_digit))
}

fn boundary(text: &Text, ranges: &[Range<usize>], index: usize) -> Boundary {
    let of = |i: usize| ranges.get(i).map_or("", |range| text.slice(range.start, range.end));
    let (Some(before), here) = (index.checked_sub(1).map(of), of(index)) else {
        return Boundary::Word;
    };
    let so_far = ranges.get(index).map_or("", |range| text.slice(0, range.start));
    let pause = before.chars().next().is_some_and(|c| Mark::of(c).is_some());
    let number = here.chars().next().is_some_and(is_figure);
    let clings = !pause
        && (CLINGING.contains(here)
            || (ends_number(before) && MEASURES.contains(here))
            || (number && ["第", "负", "初", "分之"].iter().any(|lead| so_far.ends_with(lead))));
    if clings { Boundary::None } else { Boundary::Word }
}

fn ends_number(word: &str) -> bool {
    word.chars().next_back().is_some_and(|c| is_figure(c) || matches!(c, '几' | '多' | '数' | '每'))
}

/// Words that never begin a breath.
static CLINGING: LazyLock<Set<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/particles.txt")).collect());

static MEASURES: LazyLock<Set<&'static str>> =
    LazyLock::new(|| entries(include_str!("data/measures.txt")).collect());
