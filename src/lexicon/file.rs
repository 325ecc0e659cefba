//! The operator's file: UTF-8, one entry a line, `written <tab> said <tab> remark`, `#` before a comment.
//!
//! `said` is pinyin when it looks like pinyin (small letters, no Chinese character), else words.

use std::collections::HashMap;

use super::{
    Entry, MOST_ENTRIES, MOST_WRITTEN, Saying, fits, key, pinyin,
    pinyin::{NoPinyin, Why},
    words,
};
use crate::fold::{fold, is_han};

/// Something wrong in a lexicon, and where. The operator, or the editor, is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {wrong}")]
pub struct EntryError {
    /// Line of the file, from 1.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What can be wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// No tab parts what is written from what is said.
    #[error("a tab must part what is written from what is said")]
    NoTab,
    /// More columns than three.
    #[error("an entry has three columns at most: written, said, remark")]
    Columns,
    /// Nothing is written.
    #[error("nothing stands before the tab")]
    NotWritten,
    /// It would be a comment.
    #[error("an expression cannot begin with #, which begins a comment")]
    Comment,
    /// Nothing is said.
    #[error("nothing is said: give pinyin (er4 lian2) or words")]
    NotSaid,
    /// It is too long to be an expression.
    #[error("an entry is for {MOST_WRITTEN} characters at most")]
    TooLong,
    /// It was there before.
    #[error("this expression has an entry already, in line {0}")]
    Twice(usize),
    /// It cannot be said.
    #[error("{0:?} cannot be said: write numbers and signs as words (十二, 加)")]
    Unspeakable(char),
    /// A syllable without tone.
    #[error("{0} has no tone: write {0}1 to {0}4, or {0}5 for the neutral tone")]
    Toneless(String),
    /// No syllable of Mandarin.
    #[error("{written} is no syllable; the nearest is {nearest}")]
    NoSyllable {
        /// As it is written.
        written: String,
        /// What it is most like.
        nearest: &'static str,
    },
    /// Every Chinese character has one syllable.
    #[error("{expected} syllables are expected, one a character, and {found} are given")]
    Count {
        /// Characters.
        expected: usize,
        /// Syllables.
        found: usize,
    },
    /// More than a lexicon can hold.
    #[error("a lexicon has {MOST_ENTRIES} entries at most")]
    TooMany,
}

/// So many errors are told.
const MOST_ERRORS: usize = 20;

/// Every entry of a file.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, Vec<EntryError>> {
    let (mut entries, mut errors, mut lines) = (Vec::new(), Vec::new(), HashMap::new());
    for (number, line) in numbered(text).filter(|(_, line)| is_entry(line)) {
        let read = entry(number, line).and_then(|entry| {
            let wrong = |wrong| EntryError { line: number, column: 1, wrong };
            if entries.len() == MOST_ENTRIES {
                return Err(wrong(Wrong::TooMany));
            }
            match lines.insert(key(&entry.written), number) {
                Some(before) => Err(wrong(Wrong::Twice(before))),
                None => Ok(entry),
            }
        });
        match read {
            Ok(entry) => entries.push(entry),
            Err(error) => errors.push(error),
        }
        if errors.len() == MOST_ERRORS {
            break;
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

/// The entry of one line.
pub(super) fn entry(number: usize, line: &str) -> Result<Entry, EntryError> {
    let error = |column: usize, wrong| Err(EntryError { line: number, column, wrong });
    let line = line.trim_end_matches('\r');
    let mut columns = line.split('\t');
    let written = columns.next().unwrap_or("");
    let Some(said) = columns.next() else { return error(1, Wrong::NoTab) };
    let remark = columns.next().unwrap_or("").trim();
    // Where what is said begins, white space left out.
    let column = written.chars().count() + 2 + (said.chars().count() - said.trim_start().chars().count());
    let (written, said) = (written.trim(), said.trim());
    if columns.any(|rest| !rest.trim().is_empty()) {
        return error(line.chars().count(), Wrong::Columns);
    }
    if written.is_empty() {
        return error(1, Wrong::NotWritten);
    }
    if written.starts_with('#') {
        return error(1, Wrong::Comment);
    }
    if written.chars().count() > MOST_WRITTEN {
        return error(1, Wrong::TooLong);
    }
    if said.is_empty() {
        return error(column, Wrong::NotSaid);
    }
    let saying = match saying(written, said) {
        Ok(saying) => saying,
        Err((at, wrong)) => return error(column + at, wrong),
    };
    Ok(Entry { written: written.to_owned(), saying, remark: remark.to_owned() })
}

/// An entry as a line: what would break the line becomes a space.
pub(super) fn line(written: &str, said: &str, remark: &str) -> String {
    let [written, said, remark] = [written, said, remark]
        .map(|column| column.trim().replace(|c: char| c == '\t' || c.is_control(), " "));
    if remark.is_empty() { format!("{written}\t{said}") } else { format!("{written}\t{said}\t{remark}") }
}

/// The file with `entry` in it: in the place of the one it replaces, or as its last line.
pub fn put(text: &str, entry: &Entry) -> String {
    let wanted = key(&entry.written);
    let line = line(&entry.written, &entry.said(), &entry.remark);
    let mut found = false;
    let mut out = String::with_capacity(text.len() + line.len() + 2);
    for old in text.lines() {
        let replaced = is_entry(old) && written(old).is_some_and(|old| key(old) == wanted);
        found |= replaced;
        out.push_str(if replaced { &line } else { old });
        out.push('\n');
    }
    if !found {
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// The file without the entry for what is `written`; none when there is no such entry.
pub fn remove(text: &str, written: &str) -> Option<String> {
    let wanted = key(written.trim());
    let gone = |line: &&str| is_entry(line) && self::written(line).is_some_and(|old| key(old) == wanted);
    text.lines()
        .any(|line| gone(&line))
        .then(|| text.lines().filter(|line| !gone(line)).flat_map(|line| [line, "\n"]).collect())
}

fn written(line: &str) -> Option<&str> {
    Some(line.trim_start_matches('\u{feff}').split_once('\t')?.0.trim())
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.trim_start_matches('\u{feff}').lines().enumerate().map(|(at, line)| (at + 1, line))
}

fn is_entry(line: &str) -> bool {
    !line.trim().is_empty() && !line.trim_start_matches('\u{feff}').starts_with('#')
}

/// What is said; an error has its place in `said`.
pub(super) fn saying(written: &str, said: &str) -> Result<Saying, (usize, Wrong)> {
    let words_only = said.chars().any(|c| is_han(fold(c)));
    let capitals = said.chars().all(|c| !c.is_alphabetic() || fold(c).is_ascii_uppercase());
    if words_only || capitals {
        return words(said).map(Saying::Words).map_err(|(at, c)| match c {
            Some(c) => (at, Wrong::Unspeakable(c)),
            None => (at, Wrong::NotSaid),
        });
    }
    let sounds = pinyin::parse(said).map_err(|NoPinyin { at, why }| match why {
        Why::Empty => (at, Wrong::NotSaid),
        Why::Toneless(syllable) => (at, Wrong::Toneless(syllable)),
        Why::Unknown(written, nearest) => (at, Wrong::NoSyllable { written, nearest }),
    })?;
    let expected = written.chars().count();
    if written.chars().all(is_han) && !fits(written, &sounds) {
        return Err((0, Wrong::Count { expected, found: sounds.len() }));
    }
    Ok(Saying::Sounds(sounds))
}
