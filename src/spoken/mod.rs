//! From written to spoken Chinese: every character of a text belongs to exactly one [`Token`], in order.

use serde::Serialize;

use crate::{note::Note, span::Span};

/// What a token is. The names are stable: they appear in JSON answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Class {
    /// Han characters, spoken as written: `said` equals the source characters.
    Plain,
    /// A pause: `said` is one of `，。？！；：、`.
    Pause,
    /// Not heard: quotation marks, brackets, white space, damage. `said` is empty.
    Silent,
}

/// One expression of the source and what is said for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// What it is.
    pub class: Class,
    /// Where it stands in the text that was given.
    pub span: Span,
    /// Han characters, `A`-`Z` and `，。？！；：、` only; empty when nothing is heard.
    pub said: String,
}

/// A text as it is spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Spoken {
    /// In order; their spans touch and cover the text.
    pub tokens: Vec<Token>,
}

impl Spoken {
    /// The spoken form in one piece.
    pub fn text(&self) -> String {
        self.tokens.iter().map(|t| t.said.as_str()).collect()
    }
}

/// Where listeners differ; one site, one choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {}

/// Turns `text` into its spoken form.
pub fn speak(text: &str, options: &Options) -> (Spoken, Vec<Note>) {
    let _ = options;
    let mut tokens = Vec::new();
    for (at, c) in text.char_indices() {
        let span = Span::new(at, at + c.len_utf8());
        let (class, said) = match c {
            ',' | '，' => (Class::Pause, "，".to_owned()),
            '。' => (Class::Pause, "。".to_owned()),
            '\u{4e00}'..='\u{9fff}' => (Class::Plain, c.to_string()),
            _ => (Class::Silent, String::new()),
        };
        tokens.push(Token { class, span, said });
    }
    (Spoken { tokens }, Vec::new())
}
