//! The spoken form laid out character by character, each with its place in the written text.

use super::{Mark, citation::Slot, tables::Citation};
use crate::{
    lexicon::Given,
    span::Span,
    spoken::{Asked, Class, Spoken, Token},
};

/// One character of the spoken form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// The character: Han, `A`-`Z` or a mark.
    pub c: char,
    /// What it is said for.
    pub span: Span,
    /// Whether it stands in the source as it is said; figures and signs do not.
    pub written: bool,
    /// What was given for it, by the lexicon of the site or the sender.
    pub given: Option<Slot>,
}

/// A spoken form with its units; unit `i` is `string[at(i)..at(i + 1)]`.
#[derive(Debug, Default)]
pub(super) struct Text {
    /// All units in one piece.
    pub string: String,
    /// In order of time.
    pub units: Vec<Unit>,
    offsets: Vec<usize>,
}

impl Text {
    /// Lays out `spoken`.
    pub fn new(spoken: &Spoken) -> Self {
        let mut text = Self::default();
        for token in &spoken.tokens {
            units(token, |unit| {
                text.offsets.push(text.string.len());
                text.string.push(unit.c);
                text.units.push(unit);
            });
        }
        text.offsets.push(text.string.len());
        text
    }

    /// How many units there are.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// The characters of units `from..to`; empty when there are no such units.
    pub fn slice(&self, from: usize, to: usize) -> &str {
        match (self.offsets.get(from), self.offsets.get(to)) {
            (Some(&a), Some(&b)) => self.string.get(a..b).unwrap_or(""),
            _ => "",
        }
    }

    /// Everything from unit `from` on.
    pub fn rest(&self, from: usize) -> &str {
        self.slice(from, self.len())
    }

    /// The character of unit `at`, if there is one.
    pub fn char(&self, at: usize) -> Option<char> {
        self.units.get(at).map(|unit| unit.c)
    }

    /// The character `back` units before `at`, if there is one.
    pub fn before(&self, at: usize, back: usize) -> Option<char> {
        at.checked_sub(back).and_then(|i| self.char(i))
    }
}

/// Gives the characters of `token` that are heard. A token that is said as it is written has a span for
/// each of its characters; the characters of any other share the span of the expression.
fn units(token: &Token, mut give: impl FnMut(Unit)) {
    let asked = token.asked.as_deref();
    let plain = token.class == Class::Plain && token.said.len() == token.span.len();
    let given_so = |asked: &Asked| asked.as_written && asked.written.len() == token.span.len();
    let as_written = plain || asked.is_some_and(given_so);
    let may_merge = asked.is_some_and(|asked| asked.as_written);
    let written = matches!(token.class, Class::Plain | Class::Lexicon);
    let mut sounds = asked.into_iter().flat_map(|asked| &asked.sounds);
    let (mut at, mut merges) = (token.span.start, false);
    for c in token.said.chars() {
        // A pause that was put before the expression is none of its characters.
        if Mark::of(c).is_some() {
            give(Unit { c, span: token.span, written, given: None });
            continue;
        }
        let end = at + c.len_utf8();
        let span = if as_written { Span::new(at, end) } else { token.span };
        let given = match (c, merges) {
            ('儿', true) => Some(Slot::Merged),
            _ => sounds.next().map(|&sound| {
                merges = may_merge && sound.is_retroflex();
                slot(sound)
            }),
        };
        merges &= given != Some(Slot::Merged);
        give(Unit { c, span, written, given });
        at = end;
    }
}

fn slot(given: Given) -> Slot {
    match given {
        Given::Syllable { pinyin, tone } => Slot::Read(Citation { pinyin, tone }),
        Given::Letter(letter) => Slot::Letter(letter),
    }
}

/// Whether `c` is a figure of a number as it is said.
pub(super) fn is_figure(c: char) -> bool {
    is_digit(c) || matches!(c, '十' | '百' | '千' | '万' | '亿' | '两')
}

/// Whether `c` is a digit as it is said.
pub(super) fn is_digit(c: char) -> bool {
    matches!(c, '零' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '幺')
}
