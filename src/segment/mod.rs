//! From blocks to sentences that fit one breath: at most about 60 characters where a natural boundary allows.

use serde::Serialize;

use crate::{
    note::Note,
    notice::{BlockKind, Document, Skip},
    span::Span,
};

/// The longest sentence, in characters, that is not cut when a natural boundary can be found.
pub const BREATH: usize = 60;

/// One readable sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Where it stands in [`Document::text`], without white space at its ends.
    pub span: Span,
    /// What it is; a heading that runs into its paragraph is a heading here.
    pub kind: BlockKind,
    /// Level of a heading from 1; 0 elsewhere.
    pub level: u8,
    /// Index of its block in [`Document::blocks`].
    pub block: usize,
    /// Why it is not read, if it is not.
    pub skip: Option<Skip>,
}

/// Cuts every block of `document`, in order. Joined, the sentences give the text again but for white space.
pub fn sentences(document: &Document) -> (Vec<Sentence>, Vec<Note>) {
    let mut out = Vec::new();
    for (block, b) in document.blocks.iter().enumerate() {
        let mut start = b.span.start;
        for (at, c) in b.span.of(&document.text).char_indices() {
            let end = b.span.start + at + c.len_utf8();
            if matches!(c, '。' | '；' | ';' | '\n') || end == b.span.end {
                let raw = Span::new(start, end).of(&document.text);
                let lead = raw.len() - raw.trim_start().len();
                let span = Span::new(start + lead, start + lead + raw.trim().len());
                if !span.is_empty() {
                    out.push(Sentence { span, kind: b.kind, level: b.level, block, skip: b.skip });
                }
                start = end;
            }
        }
    }
    (out, Vec::new())
}
