//! From spoken Chinese to sounds: syllables with tone, letters, pauses, and the boundaries between them.

use serde::{Deserialize, Serialize};

use crate::{note::Note, span::Span, spoken::Spoken};

/// How strongly a sound is parted from the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// Inside a word.
    #[default]
    None,
    /// A new word begins.
    Word,
    /// A new phrase begins: a reader could breathe here, but no mark is written.
    Phrase,
}

/// One mark of punctuation that is heard as a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// 、
    Enumeration,
    /// ，
    Comma,
    /// ；
    Semicolon,
    /// ：
    Colon,
    /// 。
    Stop,
    /// ？
    Question,
    /// ！
    Exclamation,
}

impl Mark {
    /// The mark that `c` is in a spoken form.
    pub fn of(c: char) -> Option<Self> {
        Some(match c {
            '、' => Self::Enumeration,
            '，' => Self::Comma,
            '；' => Self::Semicolon,
            '：' => Self::Colon,
            '。' => Self::Stop,
            '？' => Self::Question,
            '！' => Self::Exclamation,
            _ => return None,
        })
    }

    /// As it stands in a spoken form.
    pub fn as_char(self) -> char {
        match self {
            Self::Enumeration => '、',
            Self::Comma => '，',
            Self::Semicolon => '；',
            Self::Colon => '：',
            Self::Stop => '。',
            Self::Question => '？',
            Self::Exclamation => '！',
        }
    }
}

/// A Mandarin syllable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Syllable {
    /// Lower-case pinyin without tone, ü as `v`, erhua as a final `r` (`dianr`).
    pub pinyin: &'static str,
    /// Tone of the dictionary, 1 to 5 (5 is neutral).
    pub tone: u8,
    /// Tone as it is spoken, after the sandhi of 一, 不 and third tones.
    pub surface: u8,
}

/// What is heard at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Voiced {
    /// A Mandarin syllable.
    Syllable(Syllable),
    /// An English letter name, `A` to `Z`.
    Letter(char),
    /// A pause.
    Pause(Mark),
}

/// One sound with its place in the written text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Sound {
    /// What is heard.
    pub voiced: Voiced,
    /// What parts it from the sound before.
    pub boundary: Boundary,
    /// The written characters it is said for: one Han character where it is spoken as written, the
    /// whole expression elsewhere (all syllables of 二零二二 have the span of `2022`).
    pub span: Span,
}

/// A spoken text as sounds, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Reading {
    /// In order of time.
    pub sounds: Vec<Sound>,
}

/// Finds the sounds of `spoken`.
pub fn read(spoken: &Spoken) -> (Reading, Vec<Note>) {
    let _ = spoken;
    (Reading::default(), Vec::new())
}
