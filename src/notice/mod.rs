//! From what was submitted (text or HTML) to a [`Document`]: blocks of known kind, each with its span.
//!
//! 1. HTML is reduced to its readable text, with a map back to the submission; text is taken as it is.
//! 2. The text is cut into lines.
//! 3. Lines become blocks: by their own shape, then by their neighbours.
//!
//! Whatever is doubtful is read: a listener can bear a page footer, but not miss a sentence.

mod blocks;
mod html;
mod lines;
pub(crate) mod marker;
mod parts;
pub(crate) mod shape;
mod source_map;
pub(crate) mod titles;

use serde::Serialize;

use crate::{note::Note, span::Span};

/// What a submission is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Plain text.
    #[default]
    Text,
    /// An HTML page or fragment.
    Html,
}

/// How much is accepted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Characters of the submission.
    pub max_chars: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_chars: 100_000 }
    }
}

/// Why a submission is no notice. The sender is to blame; trying again does not help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// Nothing to read: empty, or white space only.
    #[error("the text is empty")]
    Empty,
    /// More than [`Limits::max_chars`].
    #[error("the text has {chars} characters, more than the limit of {limit}")]
    TooLong {
        /// Characters found.
        chars: usize,
        /// Characters allowed.
        limit: usize,
    },
}

/// What a block or sentence is. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    /// The title of a document.
    Title,
    /// 国函〔2022〕8号 on its own line.
    DocumentNumber,
    /// 各旗县区人民政府:
    Salutation,
    /// A heading; its level is beside it.
    Heading,
    /// Running text.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// One row of a table.
    TableRow,
    /// Who signs.
    Signature,
    /// A date on its own, usually under the signature.
    Date,
    /// 附件: …
    Attachment,
    /// Page furniture: hint, breadcrumb, column label, footer. Kept, not read.
    Furniture,
}

/// Why something is not read aloud. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Skip {
    /// The hint of the read-aloud button itself.
    ButtonHint,
    /// Breadcrumbs, menus, links to other pages.
    Navigation,
    /// Name of the column the page stands in.
    ColumnLabel,
    /// Date of publication put on by the page.
    PageDate,
    /// (此件公开发布), (本文有删减).
    ReleaseNote,
    /// Address, record numbers, counters at the foot of a page.
    Footer,
    /// Source, author, editor, time of publication, reading count.
    Byline,
    /// Name of an attached file.
    FileName,
    /// Marked as not to be read by the page (`data-langdu-skip`, `aria-hidden`).
    Marked,
}

/// A run of the document that belongs together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Level of a heading from 1; 0 elsewhere.
    pub level: u8,
    /// Where it stands in [`Document::text`].
    pub span: Span,
    /// Which document of a page that holds several, from 0.
    pub part: usize,
    /// Why it is not read, if it is not.
    pub skip: Option<Skip>,
}

/// A notice taken apart.
///
/// `blocks` are in order, do not overlap, and hold every character of `text` but white space.
#[derive(Clone, Debug)]
pub struct Document {
    /// The readable text: what was submitted, or for HTML the text found in it.
    pub text: String,
    /// The blocks of `text`.
    pub blocks: Vec<Block>,
    /// For HTML, the way back to the submission.
    map: Option<source_map::SourceMap>,
}

impl Document {
    /// Where a span of [`Document::text`] stands in what was submitted, in bytes: the span itself for text;
    /// for HTML the range from its first to its last character, a character reference counting whole.
    pub fn source_span(&self, span: Span) -> Span {
        self.map.as_ref().map_or(span, |map| map.source(span))
    }
}

/// Takes a submission apart.
///
/// # Errors
/// Only on limits: see [`NoticeError`]. Odd text gives notes.
pub fn read(source: &str, format: Format, limits: &Limits) -> Result<(Document, Vec<Note>), NoticeError> {
    let chars = source.chars().count();
    if chars > limits.max_chars {
        return Err(NoticeError::TooLong { chars, limit: limits.max_chars });
    }
    if source.trim().is_empty() {
        return Err(NoticeError::Empty);
    }
    let (text, lines, map, notes) = match format {
        Format::Text => (source.to_owned(), lines::of_text(source), None, Vec::new()),
        Format::Html => {
            let (text, lines, map, notes) = html::read(source);
            (text, lines, Some(map), notes)
        }
    };
    if lines.is_empty() {
        return Err(NoticeError::Empty);
    }
    let blocks = blocks::blocks(&text, &lines);
    Ok((Document { text, blocks, map }, notes))
}
