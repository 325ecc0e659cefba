//! Ranges of a text: bytes inside the house, UTF-16 code units for browsers.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A range of bytes of a text. Both ends lie on character boundaries of that text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range `start..end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Length in bytes.
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the range holds nothing.
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The same range of a text that has `by` bytes before it.
    pub const fn shift(self, by: usize) -> Self {
        Self::new(self.start + by, self.end + by)
    }

    /// The smallest range that holds both.
    pub fn join(self, other: Self) -> Self {
        Self::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Whether `other` lies inside this range.
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The characters of `text` in this range; empty when the range is not one of that text.
    pub fn of(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or("")
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// Turns byte offsets of one text into UTF-16 offsets, as JavaScript counts them.
///
/// Keeps one checkpoint for every [`Utf16Index::STEP`] bytes, so that a look-up costs a bounded walk
/// and a megabyte of text a few kilobytes of index.
#[derive(Clone, Debug)]
pub struct Utf16Index<'t> {
    text: &'t str,
    checkpoints: Vec<(usize, usize)>,
}

impl<'t> Utf16Index<'t> {
    const STEP: usize = 512;

    /// Walks `text` once.
    pub fn new(text: &'t str) -> Self {
        let mut checkpoints = vec![(0, 0)];
        let mut units = 0;
        for (at, c) in text.char_indices() {
            if at >= checkpoints.len() * Self::STEP {
                checkpoints.push((at, units));
            }
            units += c.len_utf16();
        }
        Self { text, checkpoints }
    }

    /// UTF-16 code units before byte `at`; an offset past the end counts as the end.
    pub fn offset(&self, at: usize) -> usize {
        let at = at.min(self.text.len());
        let nearest = self.checkpoints.partition_point(|&(byte, _)| byte <= at) - 1;
        let (byte, units) = self.checkpoints[nearest];
        units + self.text.get(byte..at).map_or(0, |part| part.chars().map(char::len_utf16).sum())
    }

    /// The same range in UTF-16 code units.
    pub fn span(&self, span: Span) -> Span {
        Span::new(self.offset(span.start), self.offset(span.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf16_offsets_agree_with_a_plain_count() {
        let text = "朗读🔊 a—〔2022〕8号\n".repeat(200);
        let index = Utf16Index::new(&text);
        for (at, _) in text.char_indices() {
            assert_eq!(index.offset(at), text[..at].encode_utf16().count());
        }
        assert_eq!(index.offset(usize::MAX), text.encode_utf16().count());
    }
}
