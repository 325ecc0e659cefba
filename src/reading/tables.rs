//! The tables of readings: characters, phrases, and this project's own words.
//!
//! `data/README.md` says where each comes from. A line that does not parse is passed over here and
//! fails a test below, so that a slip in a table never silences the service.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
    sync::LazyLock,
};

/// The dictionary form of a syllable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Citation {
    /// Lower-case pinyin, ü as `v`.
    pub pinyin: &'static str,
    /// 1 to 5.
    pub tone: u8,
}

impl Citation {
    /// `chong2` as it stands in the tables.
    pub fn parse(text: &'static str) -> Option<Self> {
        let (pinyin, tone) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let tone = tone.parse().ok().filter(|tone| (1..=5).contains(tone))?;
        let valid = !pinyin.is_empty() && pinyin.bytes().all(|b| b.is_ascii_lowercase());
        valid.then_some(Self { pinyin, tone })
    }

    /// Whether a following 儿 is part of this syllable.
    pub fn is_retroflex(self) -> bool {
        self.pinyin.ends_with('r') && self.pinyin != "er"
    }
}

/// A map whose keys are this project's own: nobody can choose them to collide.
pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Quick>>;

/// A set whose members are this project's own.
pub(super) type Set<K> = HashSet<K, BuildHasherDefault<Quick>>;

/// A hash of a few multiplications, after the one of the Rust compiler.
#[derive(Default)]
pub(super) struct Quick(u64);

impl Hasher for Quick {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            self.write_u64(chunk.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = self.0.wrapping_add(value).wrapping_mul(0xf135_7aea_2e62_a9c5);
    }

    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

/// Phrases and how they are read, found by their beginning.
#[derive(Debug, Default)]
pub(super) struct Phrases {
    readings: Map<&'static str, &'static str>,
    /// First two characters → lengths in characters, as bits.
    lengths: Map<(char, char), u32>,
}

impl Phrases {
    /// Tables later in the list win.
    fn new(tables: &[&'static str]) -> Self {
        let mut phrases = Self::default();
        for (phrase, readings) in tables.iter().flat_map(|table| rows(table)) {
            let mut chars = phrase.chars();
            if let (Some(first), Some(second), rest @ 0..30) = (chars.next(), chars.next(), chars.count()) {
                phrases.readings.insert(phrase, readings);
                *phrases.lengths.entry((first, second)).or_default() |= 1 << (rest + 2);
            }
        }
        phrases
    }

    /// The phrases of a text that begins with `two` characters, longest first: length in characters,
    /// and readings. `beginning` gives as many characters of the text as it is asked for.
    pub fn at<'t>(
        &self,
        two: (char, char),
        beginning: impl Fn(usize) -> &'t str,
    ) -> impl Iterator<Item = (usize, &'static str)> {
        let mut lengths = self.lengths.get(&two).copied().unwrap_or(0);
        std::iter::from_fn(move || {
            while let Some(length) = lengths.checked_ilog2() {
                lengths ^= 1 << length;
                let length = length as usize;
                if let Some(readings) = self.readings.get(beginning(length)) {
                    return Some((length, *readings));
                }
            }
            None
        })
    }
}

/// All of them, loaded at first use.
pub(super) struct Tables {
    characters: Map<char, Citation>,
    /// Phrases of the general dictionary.
    pub phrases: Phrases,
    /// Words this project knows better: places, words of administration, retroflex words.
    pub own: Phrases,
}

impl Tables {
    /// The tables.
    pub fn get() -> &'static Self {
        static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
            characters: rows(CHARACTERS)
                .filter_map(|(reading, chars)| Some((Citation::parse(reading)?, chars)))
                .flat_map(|(citation, chars)| chars.chars().map(move |c| (c, citation)))
                .collect(),
            phrases: Phrases::new(&[PHRASES]),
            own: Phrases::new(&OWN),
        });
        &TABLES
    }

    /// How `c` is read when nothing else is known about it.
    pub fn character(&self, c: char) -> Option<Citation> {
        self.characters.get(&c).copied()
    }
}

const CHARACTERS: &str = include_str!("data/characters.tsv");
const PHRASES: &str = include_str!("data/phrases.tsv");
const OWN: [&str; 4] = [
    include_str!("data/places.tsv"),
    include_str!("data/administration.tsv"),
    include_str!("data/words.tsv"),
    include_str!("data/retroflex.tsv"),
];

/// The first two columns of a table without its comments.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let (first, rest) = line.split_once('\t')?;
        Some((first, rest.split('\t').next().unwrap_or(rest)))
    })
}

/// The entries of a list without its comments.
pub(super) fn entries(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_every_table_is_understood() {
        let lines = |table: &str| table.lines().filter(|l| !l.is_empty() && !l.starts_with('#')).count();
        for table in OWN.iter().chain([&CHARACTERS, &PHRASES]) {
            assert_eq!(rows(table).count(), lines(table));
        }
        for (reading, _) in rows(CHARACTERS) {
            assert!(Citation::parse(reading).is_some(), "{reading}");
        }
        for (phrase, readings) in OWN.iter().chain([&PHRASES]).flat_map(|table| rows(table)) {
            let read: Vec<_> = readings.split(' ').map(Citation::parse).collect();
            assert!(read.iter().all(Option::is_some), "{phrase} {readings}");
            let merged = read.iter().flatten().filter(|citation| citation.is_retroflex()).count();
            assert_eq!(phrase.chars().count(), read.len() + merged, "{phrase} {readings}");
        }
    }

    #[test]
    fn our_own_words_are_written_once() {
        let mut seen = std::collections::HashSet::new();
        for (phrase, _) in OWN.iter().flat_map(|table| rows(table)) {
            assert!(seen.insert(phrase), "{phrase} stands twice");
        }
    }

    #[test]
    fn the_longest_phrase_comes_first() {
        let phrases = Phrases::new(&["重要\tzhong4 yao4\n重构\tchong2 gou4\n重构者\tchong2 gou4 zhe3\n"]);
        let found = |text: &'static str| -> Vec<usize> {
            let beginning = |length| text.char_indices().nth(length).map_or(text, |(end, _)| &text[..end]);
            phrases.at(('重', '构'), beginning).map(|(length, _)| length).collect()
        };
        assert_eq!(found("重构者们"), [3, 2]);
        assert!(found("重点").is_empty());
        assert_eq!(phrases.at(('要', '重'), |_| "要重").count(), 0);
    }
}
