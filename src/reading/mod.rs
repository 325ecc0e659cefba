//! From spoken Chinese to sounds: syllables with tone, letters, pauses, and the boundaries between them.
//!
//! 1. [`text`] lays the spoken form out character by character, each with its span;
//! 2. [`grouping`] finds the words, with numbers in sensible groups;
//! 3. [`citation`] finds the dictionary form of every syllable: this project's own words and places
//!    first, then surnames, then what the neighbours settle, then the learned [`polyphone`] model, then
//!    the phrase dictionary, then the character alone ([`tables`], [`names`], [`contexts`]);
//! 4. [`phrasing`] finds where a reader could breathe;
//! 5. [`sandhi`] changes the tones of 一, 不 and third tones in a row.
//!
//! [`align`] looks at the result character by character.

mod align;
mod citation;
mod contexts;
mod grouping;
mod names;
mod phrasing;
mod polyphone;
mod sandhi;
mod tables;
mod text;

use serde::{Deserialize, Serialize};

use crate::{
    note::{Note, NoteCode},
    span::Span,
    spoken::Spoken,
};

pub use align::by_character;

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

impl Syllable {
    /// Whether it ends in a merged 儿: `dianr`, but not `er`.
    pub fn is_retroflex(self) -> bool {
        self.pinyin.ends_with('r') && self.pinyin != "er"
    }

    /// Its pinyin without a merged 儿.
    pub fn without_retroflex(self) -> &'static str {
        if self.is_retroflex() { self.pinyin.trim_end_matches('r') } else { self.pinyin }
    }
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

impl Voiced {
    /// The syllable, if it is one.
    pub fn syllable(self) -> Option<Syllable> {
        match self {
            Self::Syllable(syllable) => Some(syllable),
            _ => None,
        }
    }
}

/// Who decided how a sound is read: the answer to "why is this read so".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// The site's lexicon, or the one who submitted the notice.
    Lexicon,
    /// This project's own words: places, words of administration, retroflex words.
    Word,
    /// A surname where a person is named.
    Name,
    /// The neighbours settle it beyond doubt.
    Context,
    /// The learned model of polyphones.
    Model,
    /// The general dictionary of phrases.
    Dictionary,
    /// The character has this reading wherever nothing else is known.
    Character,
    /// It stands so in the spoken form: a letter, a pause.
    #[default]
    Spoken,
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
    /// Who decided that it is this sound.
    pub source: Source,
    /// The character of the spoken form that it is; with a merged 儿 the one before it.
    #[serde(skip)]
    pub said: char,
}

/// A spoken text as sounds, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Reading {
    /// In order of time.
    pub sounds: Vec<Sound>,
}

impl Reading {
    /// The spoken form, for whoever reads characters and not sounds.
    pub fn text(&self) -> String {
        let mut out = String::with_capacity(self.sounds.len() * 3);
        for sound in &self.sounds {
            out.push(sound.said);
            if sound.voiced.syllable().is_some_and(Syllable::is_retroflex) {
                out.push('儿');
            }
        }
        out
    }
}

/// Finds the sounds of `spoken`. A character without a known reading is noted and has no sound.
pub fn read(spoken: &Spoken) -> (Reading, Vec<Note>) {
    let text = text::Text::new(spoken);
    let mut words = grouping::Words::new(&text);
    let slots = citation::find(&text, &words);
    let citations: Vec<_> = slots.iter().map(|(slot, _)| slot.citation()).collect();
    phrasing::mark(&text, &mut words, &citations);
    let tones = sandhi::tones(&text, &words, &citations);

    let (mut sounds, mut notes) = (Vec::with_capacity(text.len()), Vec::new());
    let mut boundary = Boundary::None;
    for (at, (unit, &(slot, source))) in text.units.iter().zip(&slots).enumerate() {
        if let Some(&index) = words.of_unit.get(at)
            && words.at(at).start == at
        {
            boundary = boundary.max(words.boundaries.get(index).copied().unwrap_or_default());
        }
        let voiced = match slot {
            citation::Slot::Read(citation::Citation { pinyin, tone }) => {
                let surface = tones.get(at).copied().filter(|&tone| tone > 0).unwrap_or(tone);
                Voiced::Syllable(Syllable { pinyin, tone, surface })
            }
            citation::Slot::Letter(letter) => Voiced::Letter(letter),
            citation::Slot::Pause(mark) => Voiced::Pause(mark),
            citation::Slot::Merged => {
                if let Some(Sound { span, .. }) = sounds.last_mut() {
                    *span = span.join(unit.span);
                }
                continue;
            }
            citation::Slot::Unreadable => {
                notes.push(Note { code: NoteCode::Unreadable, span: unit.span });
                continue;
            }
        };
        sounds.push(Sound { voiced, boundary, span: unit.span, source, said: unit.c });
        boundary = Boundary::None;
    }
    (Reading { sounds }, notes)
}

#[cfg(test)]
mod tests;
