//! What somebody wants to be said for an expression, whatever the rules would say.

use super::pinyin;
use crate::{fold, span::Span};

/// One sound that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Given {
    /// A syllable with the tone of the dictionary; what its neighbours change comes later.
    Syllable {
        /// Lower-case pinyin without tone, ü as `v`, erhua as a final `r`.
        pinyin: &'static str,
        /// 1 to 5 (5 is neutral).
        tone: u8,
    },
    /// An English letter name, `A` to `Z`.
    Letter(char),
}

impl Given {
    /// Whether a following 儿 is part of it.
    pub fn is_retroflex(self) -> bool {
        matches!(self, Self::Syllable { pinyin, .. } if pinyin.ends_with('r') && pinyin != "er")
    }

    /// A character that is read so, or at least alike: what a spoken form shows where nothing else can.
    pub fn stand_in(self) -> char {
        match self {
            Self::Syllable { pinyin, tone } => pinyin::stand_in(pinyin, tone),
            Self::Letter(letter) => letter,
        }
    }
}

/// As what an expression is to be said: the `interpret-as` of SSML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SayAs {
    /// Letters, figures and signs one by one.
    Characters,
    /// Figures one by one.
    Digits,
    /// A telephone number.
    Telephone,
    /// How much or how many.
    Cardinal,
    /// 第…
    Ordinal,
    /// A day; the order of its parts where their size does not tell.
    Date(DateOrder),
    /// A time of day.
    Time,
    /// An amount of money.
    Currency,
}

/// In which order a date is written in figures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// 2024-05-03, 2024-05, 05-03.
    #[default]
    YearMonthDay,
    /// 05/03/2024.
    MonthDayYear,
    /// 03/05/2024.
    DayMonthYear,
}

/// What is said.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Saying {
    /// These words: Han characters, `A`-`Z` and the marks `，。？！；：、`.
    Words(String),
    /// These sounds.
    Sounds(Vec<Given>),
    /// What is written, taken as something certain.
    As(SayAs),
}

/// Who wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// The lexicon of the site.
    Lexicon,
    /// Who submitted the notice, in SSML.
    Sender,
}

/// A place of a text and what is said there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Override {
    /// The expression.
    pub span: Span,
    /// What is said for it.
    pub saying: Saying,
    /// Who wants it.
    pub by: Authority,
}

/// The words that `text` says: folded, without white space. The error is the first character that cannot
/// be said (none when nothing can) and its place in characters.
pub(crate) fn words(text: &str) -> Result<String, (usize, Option<char>)> {
    let mut out = String::with_capacity(text.len());
    for (at, written) in text.chars().enumerate() {
        out.push(match fold::fold(written) {
            c if c.is_whitespace() => continue,
            c if fold::is_han(c) || c == '〇' => c,
            c if c.is_ascii_alphabetic() => c.to_ascii_uppercase(),
            ',' | '，' => '，',
            ';' | '；' => '；',
            ':' | '：' => '：',
            '?' | '？' => '？',
            '!' | '！' => '！',
            c @ ('。' | '、') => c,
            _ => return Err((at, Some(written))),
        });
    }
    match out.chars().any(|c| fold::is_han(c) || c == '〇' || c.is_ascii_uppercase()) {
        true => Ok(out),
        false => Err((0, None)),
    }
}

/// Whether `sounds` can be shared out over the characters of `written`: one each, a 儿 merged into the
/// syllable before it having none.
pub(crate) fn fits(written: &str, sounds: &[Given]) -> bool {
    let mut chars = written.chars().peekable();
    for sound in sounds {
        if !chars.next().is_some_and(fold::is_han) || matches!(sound, Given::Letter(_)) {
            return false;
        }
        if sound.is_retroflex() && chars.peek() == Some(&'儿') {
            chars.next();
        }
    }
    chars.next().is_none()
}
