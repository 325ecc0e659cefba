//! Lines: what both kinds of submission become before they are told apart into blocks.

use super::{BlockKind, Skip};
use crate::span::Span;

/// One line of the document's text, without white space at its ends, and what the markup said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Where it stands in the document's text.
    pub(crate) span: Span,
    /// What it is, if markup said so (`h2`, `li`, `tr`).
    pub(crate) kind: Option<BlockKind>,
    /// Level of a heading.
    pub(crate) level: u8,
    /// Why it is not read, if markup said so.
    pub(crate) skip: Option<Skip>,
}

/// Whether `c` ends a line of plain text.
pub(crate) fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The lines of plain text that hold more than white space.
pub(crate) fn of_text(text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for piece in text.split_inclusive(is_line_break) {
        if let Some(span) = trimmed(text, Span::new(start, start + piece.len())) {
            lines.push(Line { span, kind: None, level: 0, skip: None });
        }
        start += piece.len();
    }
    lines
}

/// `span` without white space at its ends; `None` when nothing is left.
pub(crate) fn trimmed(text: &str, span: Span) -> Option<Span> {
    let raw = span.of(text);
    let lead = raw.len() - raw.trim_start().len();
    let len = raw.trim().len();
    (len > 0).then(|| Span::new(span.start + lead, span.start + lead + len))
}
