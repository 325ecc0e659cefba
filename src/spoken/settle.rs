//! Puts tokens together: no two pauses meet, none opens the text, no yielding one ends it.

use super::{Class, Hit, Silence, Spoken, Token, scan::Scan};
use crate::note::Note;

/// The spoken form as far as it has been built.
pub(super) struct Settled<'s, 't> {
    scan: &'s Scan<'t>,
    tokens: Vec<Token>,
    notes: Vec<Note>,
    last: Last,
}

/// What was heard last.
enum Last {
    /// Nothing yet.
    Nothing,
    Sound,
    /// A pause that is a token of its own, and whether it yields.
    Pause {
        token: usize,
        soft: bool,
    },
    /// A pause at the end of a token that says more (一、).
    Fixed,
}

impl<'s, 't> Settled<'s, 't> {
    pub(super) fn new(scan: &'s Scan<'t>) -> Self {
        Self { scan, tokens: Vec::new(), notes: Vec::new(), last: Last::Nothing }
    }

    /// Han characters as they are written.
    pub(super) fn plain(&mut self, from: usize, to: usize) {
        let said = self.scan.source(from, to).to_owned();
        self.part_numbers(&said);
        self.push(Token {
            class: Class::Plain,
            span: self.scan.span(from, to),
            said,
            why: None,
            asked: None,
        });
        self.last = Last::Sound;
    }

    /// What a rule found.
    pub(super) fn hit(&mut self, from: usize, hit: Hit) {
        let span = self.scan.span(from, hit.end);
        if let Some(code) = hit.note {
            self.notes.push(Note { code, span });
        }
        let mut token = Token { class: hit.class, span, said: hit.said, why: hit.why, asked: hit.asked };
        if token.class == Class::Pause {
            self.pause(&mut token, hit.soft);
        } else if !token.said.is_empty() {
            if matches!(self.last, Last::Sound) && (hit.soft || self.runs_together(&token)) {
                token.said.insert(0, '，');
            }
            self.last = match token.said.chars().next_back() {
                Some(c) if rank(c) > 0 => Last::Fixed,
                _ => Last::Sound,
            };
        }
        self.push(token);
    }

    /// `“2026—2028”三年行动`: the closing mark becomes a pause where two numbers would be one.
    fn part_numbers(&mut self, said: &str) {
        let mut last = self.tokens.iter_mut().rev();
        let (Some(mark), Some(number)) = (last.next(), last.next()) else { return };
        let figures = matches!(number.class, Class::Year | Class::Range | Class::Number | Class::Event);
        if mark.why == Some(Silence::Quotation)
            && figures
            && number.said.ends_with(is_numeral)
            && said.starts_with(is_numeral)
        {
            *mark =
                Token {
                    class: Class::Pause, said: "，".to_owned(), why: None, asked: None, span: mark.span
                };
        }
    }

    /// Two numbers with nothing heard between them (`“十四五”2025年`) would be one to the ear.
    fn runs_together(&self, token: &Token) -> bool {
        let parted = self.tokens.last().is_some_and(|last| last.class == Class::Silent);
        let sound = self.tokens.iter().rev().take(8).find(|last| !last.said.is_empty());
        parted
            && token.said.starts_with(is_numeral)
            && sound.is_some_and(|last| last.said.ends_with(is_numeral))
    }

    /// Decides between a new pause and the one before it: a yielding one loses, then the weaker.
    fn pause(&mut self, token: &mut Token, soft: bool) {
        let new = token.said.chars().next().map_or(0, rank);
        match self.last {
            Last::Nothing => hush(token),
            Last::Sound => self.last = Last::Pause { token: self.tokens.len(), soft },
            Last::Fixed => hush(token),
            Last::Pause { token: old, soft: old_soft } => {
                let Some(before) = self.tokens.get_mut(old) else { return };
                let old_rank = before.said.chars().next().map_or(0, rank);
                if (!soft, new) > (!old_soft, old_rank) {
                    hush(before);
                    self.last = Last::Pause { token: self.tokens.len(), soft };
                } else {
                    hush(token);
                }
            }
        }
    }

    fn push(&mut self, token: Token) {
        self.tokens.push(token);
    }

    pub(super) fn finish(mut self) -> (Spoken, Vec<Note>) {
        if let Last::Pause { token, soft: true } = self.last
            && let Some(token) = self.tokens.get_mut(token)
        {
            hush(token);
        }
        (Spoken { tokens: self.tokens }, self.notes)
    }
}

fn is_numeral(c: char) -> bool {
    "零一二两三四五六七八九十百千万亿幺".contains(c)
}

/// Makes a pause unheard.
fn hush(token: &mut Token) {
    token.class = Class::Silent;
    token.said.clear();
    token.why = Some(Silence::Merged);
}

/// How strong a pause is; 0 for what is none.
fn rank(c: char) -> u8 {
    match c {
        '、' => 1,
        '，' => 2,
        '：' => 3,
        '；' => 4,
        '。' => 5,
        '！' => 6,
        '？' => 7,
        _ => 0,
    }
}
