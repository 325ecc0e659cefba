//! The lexicon of a site: how its operator wants expressions to be said. It wins over every rule and table.
//!
//! 1. [`file`](parse) reads the operator's file, one entry a line, and says what is wrong where;
//! 2. [`pinyin`] reads pinyin as people write it;
//! 3. [`Lexicon::find`] finds the entries in a text: the longest wins, and an entry of figures or letters
//!    counts only where the figures or letters of the text are no longer than it;
//! 4. [`pls`] takes over lexicons of the W3C's Pronunciation Lexicon Specification 1.0.
//!
//! [`saying`](Saying) is what an entry, or SSML, says about an expression.

mod file;
pub(crate) mod pinyin;
pub mod pls;
mod saying;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use aho_corasick::AhoCorasick;

use crate::{fold::fold, span::Span};

pub use file::{EntryError, Wrong, put, remove};
pub use saying::{Authority, DateOrder, Given, Override, SayAs, Saying};
pub(crate) use saying::{fits, words};

/// The longest expression of an entry, in characters.
pub const MOST_WRITTEN: usize = 64;
/// The most entries of a lexicon.
pub const MOST_ENTRIES: usize = 50_000;

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it is written in texts.
    pub written: String,
    /// What is said for it: [`Saying::Words`] or [`Saying::Sounds`].
    pub saying: Saying,
    /// For people.
    pub remark: String,
}

impl Entry {
    /// Reads what an editor typed: `said` is words, or pinyin by its shape.
    ///
    /// # Errors
    /// What is wrong; the line is 1 and the columns are those of the entry written as a line of the file.
    pub fn new(written: &str, said: &str, remark: &str) -> Result<Self, EntryError> {
        file::entry(1, &file::line(written, said, remark))
    }

    /// Its line of the file, with the end of the line.
    pub fn line(&self) -> String {
        file::line(&self.written, &self.said(), &self.remark) + "\n"
    }

    /// What is said, as the file has it: `er4 lian2` or words.
    pub fn said(&self) -> String {
        match &self.saying {
            Saying::Words(words) => words.clone(),
            Saying::Sounds(sounds) => {
                let sound = |given: &Given| match given {
                    Given::Syllable { pinyin, tone } => format!("{pinyin}{tone}"),
                    Given::Letter(letter) => letter.to_string(),
                };
                sounds.iter().map(sound).collect::<Vec<_>>().join(" ")
            }
            Saying::As(_) => String::new(),
        }
    }
}

/// All entries, ready to be found.
#[derive(Clone, Default)]
pub struct Lexicon {
    entries: Vec<Entry>,
    /// As they are looked for → index of the entry.
    places: HashMap<String, usize>,
    finder: Option<AhoCorasick>,
    digest: [u8; 32],
}

impl Lexicon {
    /// Reads a lexicon file.
    ///
    /// # Errors
    /// Everything that is wrong in it, in order; the first twenty.
    pub fn parse(text: &str) -> Result<Self, Vec<EntryError>> {
        let entries = file::entries(text)?;
        let written: Vec<String> = entries.iter().map(|entry| key(&entry.written)).collect();
        let finder = AhoCorasick::new(&written)
            .map_err(|_| vec![EntryError { line: 1, column: 1, wrong: Wrong::TooMany }])?;
        let digest = digest(&entries);
        let places = written.into_iter().enumerate().map(|(at, written)| (written, at)).collect();
        Ok(Self { finder: (!entries.is_empty()).then_some(finder), entries, places, digest })
    }

    /// In the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry for what is `written`, by the eyes of [`Lexicon::find`].
    pub fn entry(&self, written: &str) -> Option<&Entry> {
        self.entries.get(*self.places.get(&key(written))?)
    }

    /// Names what is said for what: two lexicons of one digest say the same.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The entries that stand in `text`, in order, none over another: the first counts, of those the
    /// longest.
    pub fn find(&self, text: &str) -> Vec<Override> {
        let Some(finder) = &self.finder else { return Vec::new() };
        let mut folded = String::with_capacity(text.len());
        // Where each character begins, in the folded text and in the text.
        let mut places = Vec::with_capacity(text.len() / 2);
        for (at, c) in text.char_indices() {
            places.push((folded.len(), at));
            folded.push(fold(c));
        }
        places.push((folded.len(), text.len()));
        let place = |at: usize| {
            let found = places.binary_search_by_key(&at, |place| place.0).ok();
            found.and_then(|index| places.get(index)).map_or(0, |place| place.1)
        };

        // Every one that stands alone, the longest for each beginning.
        let mut longest = BTreeMap::new();
        for found in finder.find_overlapping_iter(&folded) {
            let (start, end) = (found.start(), found.end());
            if stands_alone(&folded, start, end) && longest.get(&start).is_none_or(|&(other, _)| other < end)
            {
                longest.insert(start, (end, found.pattern().as_usize()));
            }
        }
        let (mut out, mut last) = (Vec::new(), 0);
        for (start, (end, entry)) in longest {
            if let Some(entry) = self.entries.get(entry).filter(|_| start >= last) {
                last = end;
                let span = Span::new(place(start), place(end));
                out.push(Override { span, saying: entry.saying.clone(), by: Authority::Lexicon });
            }
        }
        out
    }
}

impl PartialEq for Lexicon {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Lexicon {}

impl std::hash::Hash for Lexicon {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.digest.hash(state);
    }
}

impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lexicon({} entries)", self.entries.len())
    }
}

/// `written` as it is looked for.
fn key(written: &str) -> String {
    written.chars().map(fold).collect()
}

/// Whether an entry found at `start..end` is all of the number or word that stands there: 110 is not in
/// 11012, 3.110 or G110, and GDP is not in GDPR.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let (before, inside, after) =
        (text.get(..start).unwrap_or(""), text.get(start..end).unwrap_or(""), text.get(end..).unwrap_or(""));
    let (mut left, mut right) = (before.chars().rev(), after.chars());
    let first = inside.chars().next().unwrap_or('\0');
    let last = inside.chars().next_back().unwrap_or('\0');
    !goes_on(first, left.next(), left.next()) && !goes_on(last, right.next(), right.next())
}

/// Whether the number or word at whose edge `edge` stands goes on over `next`.
fn goes_on(edge: char, next: Option<char>, then: Option<char>) -> bool {
    let (next, then) = (next.unwrap_or('\0'), then.unwrap_or('\0'));
    match edge {
        '0'..='9' => {
            next.is_ascii_alphanumeric()
                || matches!(next, '.' | ',' | '-' | '—' | '~' | ':' | '/') && then.is_ascii_digit()
        }
        'a'..='z' | 'A'..='Z' => next.is_ascii_alphabetic(),
        _ => false,
    }
}

/// BLAKE3 over what is said for what, each field with its length before it; the order does not count.
fn digest(entries: &[Entry]) -> [u8; 32] {
    let mut rows: Vec<_> = entries.iter().map(|entry| (key(&entry.written), entry.said())).collect();
    rows.sort_unstable();
    let mut hash = blake3::Hasher::new();
    for field in rows.iter().flat_map(|(written, said)| [written, said]) {
        hash.update(&(field.len() as u64).to_le_bytes());
        hash.update(field.as_bytes());
    }
    *hash.finalize().as_bytes()
}
