//! Notes: what the pure rooms found odd about a text without failing on it.

use serde::Serialize;

use crate::span::Span;

/// One oddity and where it stands in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Note {
    /// What was found.
    pub code: NoteCode,
    /// Where, in bytes of the text that was looked at.
    pub span: Span,
}

/// The kinds of oddity. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NoteCode {
    /// A private-use, control or replacement character; not spoken.
    StrayCharacter,
    /// A typesetting code such as `〖HTK〗`; not spoken.
    Typesetting,
    /// A `?` that stands for a lost character; not spoken.
    LostCharacter,
    /// A document number whose brackets were lost; read as if they were there.
    LostBrackets,
    /// A bracket or quotation mark without its partner.
    Unbalanced,
    /// Damage that a human reader would certainly repair, repaired in the spoken form.
    Repaired,
    /// A character without a known reading; not spoken.
    Unreadable,
    /// A sentence with no natural break within the limit.
    LongSentence,
    /// An expression that could not be said as the sender asked; read by the rules.
    NotAsAsked,
    /// Markup whose meaning is not known here; its text is read.
    UnknownMarkup,
    /// Markup that does not nest; read as far as it could be understood.
    BrokenMarkup,
}
