//! What the neighbours of a polyphone settle beyond doubt, whatever was learned.
//!
//! `data/contexts.tsv` holds one pattern a line; a linguist adds one there.

use std::sync::LazyLock;

use super::{
    Mark,
    tables::{Citation, Map},
    text::{Text, is_figure},
};

/// The reading of unit `at`, if its neighbours settle it.
pub(super) fn settled(text: &Text, at: usize) -> Option<Citation> {
    let patterns = PATTERNS.get(&text.char(at)?)?;
    patterns.iter().find(|pattern| pattern.fits(text, at)).map(|pattern| pattern.reading)
}

struct Pattern {
    before: Vec<char>,
    after: Vec<char>,
    reading: Citation,
}

impl Pattern {
    /// Reads `#[处]` and `chu4`: the character and its pattern.
    fn parse(context: &str, reading: &'static str) -> Option<(char, Self)> {
        let (before, rest) = context.split_once('[')?;
        let (character, after) = rest.split_once(']')?;
        let reading = Citation::parse(reading)?;
        let pattern =
            Self { before: before.chars().rev().collect(), after: after.chars().collect(), reading };
        Some((character.chars().next()?, pattern))
    }

    fn fits(&self, text: &Text, at: usize) -> bool {
        let before = (1..).zip(&self.before).all(|(by, &wanted)| is_like(text.before(at, by), wanted));
        before && (1..).zip(&self.after).all(|(by, &wanted)| is_like(text.char(at + by), wanted))
    }
}

fn is_like(c: Option<char>, wanted: char) -> bool {
    match wanted {
        '#' => c.is_some_and(is_figure),
        '。' => c.is_none_or(|c| Mark::of(c).is_some()),
        wanted => c == Some(wanted),
    }
}

static PATTERNS: LazyLock<Map<char, Vec<Pattern>>> = LazyLock::new(|| {
    let mut patterns: Map<char, Vec<Pattern>> = Map::default();
    for (c, pattern) in lines().filter_map(|(context, reading)| Pattern::parse(context, reading)) {
        patterns.entry(c).or_default().push(pattern);
    }
    patterns
});

/// The lines of the table; `#` at the beginning is a figure here when a pattern follows.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("data/contexts.tsv").lines().filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_understood() {
        assert!(lines().count() > 10);
        for (context, reading) in lines() {
            assert!(Pattern::parse(context, reading).is_some(), "{context}");
        }
    }
}
