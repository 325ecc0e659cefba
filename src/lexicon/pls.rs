//! Lexicons of the W3C's Pronunciation Lexicon Specification 1.0 (PLS), taken over into the site's own file.
//!
//! `<lexeme>` has spellings (`<grapheme>`) and what is said: words (`<alias>`) or pinyin (`<phoneme>` in the
//! alphabet `x-pinyin` or `pinyin`). Other alphabets, IPA among them, do not say
//! which Mandarin syllable is meant; such lexemes are left out and told.

use std::collections::HashSet;

use super::{Entry, EntryError, key};
use crate::xml::{Element, Event, Events, XmlError};

/// What was taken over.
#[derive(Debug, Default)]
pub struct Imported {
    /// In the order of the document.
    pub entries: Vec<Entry>,
    /// What was left out.
    pub left: Vec<LeftOut>,
}

/// A lexeme, or one spelling of it, that was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {written}: {why}")]
pub struct LeftOut {
    /// Line of the document, from 1.
    pub line: usize,
    /// Its spelling; empty when it has none.
    pub written: String,
    /// Why.
    pub why: WhyLeft,
}

/// Why a lexeme was left out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WhyLeft {
    /// Its sounds are not in pinyin.
    #[error("phonemes in the alphabet {0} are not supported, pinyin is")]
    Alphabet(String),
    /// It has no spelling, or nothing is said for it.
    #[error("it has no grapheme, or neither alias nor phoneme")]
    Incomplete,
    /// An earlier lexeme has the same spelling.
    #[error("an earlier lexeme has the same spelling")]
    Twice,
    /// It is no entry.
    #[error("{}", .0.wrong)]
    Entry(EntryError),
}

/// Reads a PLS document.
///
/// # Errors
/// When it is no XML, or has a document type.
pub fn import(source: &str) -> Result<Imported, XmlError> {
    let mut events = Events::new(source);
    let (mut out, mut seen) = (Imported::default(), HashSet::new());
    let mut alphabet = "ipa".to_owned();
    let mut open: Vec<String> = Vec::new();
    let mut lexeme = Lexeme::default();
    let mut text = String::new();
    while let Some(event) = events.next()? {
        match event {
            Event::Open(element) => {
                match element.name.as_str() {
                    "lexicon" if open.is_empty() => {
                        alphabet = element.attribute("alphabet").unwrap_or("ipa").to_owned();
                    }
                    "lexeme" => {
                        let place = XmlError::at(source, element.span.start, "");
                        lexeme = Lexeme { line: place.line, ..Lexeme::default() };
                    }
                    "alias" | "phoneme" => lexeme.begin(&element, &alphabet),
                    _ => {}
                }
                text.clear();
                open.push(element.name);
            }
            Event::Text { text: piece, .. } => text.push_str(&piece),
            Event::Close => {
                match open.pop().as_deref() {
                    Some("grapheme") => lexeme.written.push(text.trim().to_owned()),
                    Some("alias" | "phoneme") => lexeme.end(text.trim()),
                    Some("lexeme") => std::mem::take(&mut lexeme).into_entries(&mut out, &mut seen),
                    _ => {}
                }
                text.clear();
            }
        }
    }
    Ok(out)
}

/// A lexeme as far as it has been read.
#[derive(Default)]
struct Lexeme {
    line: usize,
    written: Vec<String>,
    /// What is said, or the alphabet in which it cannot be.
    said: Option<Result<String, String>>,
    /// The alias or phoneme that is being read.
    current: Option<Current>,
}

struct Current {
    prefer: bool,
    /// Of a phoneme, if it is not pinyin.
    alphabet: Option<String>,
}

impl Lexeme {
    fn begin(&mut self, element: &Element<'_>, alphabet: &str) {
        let alphabet = element.attribute("alphabet").unwrap_or(alphabet).to_ascii_lowercase();
        let pinyin = element.name == "alias" || matches!(&*alphabet, "pinyin" | "x-pinyin");
        self.current = Some(Current {
            prefer: element.attribute("prefer") == Some("true"),
            alphabet: (!pinyin).then_some(alphabet),
        });
    }

    /// The first that can be said counts, unless a later one is preferred.
    fn end(&mut self, text: &str) {
        let Some(Current { prefer, alphabet }) = self.current.take() else { return };
        let better = match (&self.said, &alphabet) {
            (None, _) => true,
            (Some(Ok(_)), None) => prefer,
            (Some(Err(_)), None) => true,
            (Some(_), Some(_)) => false,
        };
        if better {
            self.said = Some(match alphabet {
                Some(alphabet) => Err(alphabet),
                None => Ok(text.to_owned()),
            });
        }
    }

    fn into_entries(self, out: &mut Imported, seen: &mut HashSet<String>) {
        let line = self.line;
        let mut left = |written: &str, why| out.left.push(LeftOut { line, written: written.to_owned(), why });
        let first = self.written.first().map_or("", String::as_str);
        let said = match self.said {
            Some(Ok(said)) if !self.written.is_empty() => said,
            Some(Err(alphabet)) => return left(first, WhyLeft::Alphabet(alphabet)),
            _ => return left(first, WhyLeft::Incomplete),
        };
        for written in &self.written {
            match Entry::new(written, &said, "") {
                Ok(_) if !seen.insert(key(written)) => left(written, WhyLeft::Twice),
                Ok(entry) => out.entries.push(entry),
                Err(error) => left(written, WhyLeft::Entry(error)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lexemes_become_entries_and_the_rest_is_told() {
        let imported = import(include_str!("cases/sample.pls")).unwrap();
        let entries: Vec<String> =
            imported.entries.iter().map(|entry| format!("{}={}", entry.written, entry.said())).collect();
        assert_eq!(
            entries,
            [
                "临河=lin2 he2",
                "六安=lu4 an1",
                "W3C=万维网联盟",
                "万维网=wan4 wei2 wang3",
                "R&D=研发",
                "蔚县=yu4 xian4"
            ]
        );
        let left: Vec<String> = imported.left.iter().map(LeftOut::to_string).collect();
        assert_eq!(
            left,
            [
                "line 28: 水: phonemes in the alphabet ipa are not supported, pinyin is",
                "line 32: : it has no grapheme, or neither alias nor phoneme",
                "line 35: 停水: 2 syllables are expected, one a character, and 1 are given",
                "line 43: 蔚县: an earlier lexeme has the same spelling",
            ]
        );
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb =
            "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><lexicon>&b;</lexicon>";
        for source in [bomb, "<lexicon><lexeme>", "", "<lexicon>&b;</lexicon>", &"<lexeme>".repeat(9_999)] {
            assert!(import(source).is_err(), "{source:.40}");
        }
        let sample = include_str!("cases/sample.pls");
        for (at, _) in sample.char_indices() {
            let _ = import(&sample[..at]);
        }
    }
}
