//! From a reading to the symbols of the model: `ʨi↘n ɻɨ↘.` for 近日。
//!
//! Words are parted by a space, because the model was trained so; a tone is an arrow behind the vowel,
//! none for the neutral tone; marks become the ASCII ones; letters are English letter names, each a
//! word of its own. A sound without symbols is an error: it is never left out.

use std::{collections::HashMap, ops::Range};

use super::{
    super::{
        EngineError,
        ascii::{ends_with_mark, pause},
        table::{only, rows},
    },
    files::Tables,
    model::MOST_SYMBOLS,
};
use crate::reading::{Boundary, Reading, Syllable, Voiced};

/// Where the tone goes in the tables.
const TONE: char = '_';

/// A reading in symbols.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spelt {
    /// The symbols as the model counts them.
    pub numbers: Vec<i32>,
    /// Which of them say each sound.
    pub sounds: Vec<Range<usize>>,
}

/// What the model was trained on, and how Mandarin is written in it.
#[derive(Debug)]
pub(super) struct Symbols {
    numbers: HashMap<char, i32>,
    syllables: HashMap<String, String>,
    erhua: Vec<(String, String)>,
    letters: HashMap<char, String>,
}

impl Symbols {
    /// Reads the tables: two columns parted by a tab, `# ` begins a comment.
    ///
    /// # Errors
    /// Names the first line that makes no sense.
    pub(super) fn parse(tables: &Tables) -> Result<Self, String> {
        let numbers = rows(&tables.symbols, "symbols")?
            .map(|(symbol, number)| Some((only(symbol)?, number.parse().ok()?)))
            .collect::<Option<HashMap<char, i32>>>()
            .ok_or("the table of symbols has a row that is not one symbol and its number")?;
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let letters = rows(&tables.letters, "letters")?
            .map(|(letter, said)| Some((only(letter)?, said.to_owned())))
            .collect::<Option<_>>()
            .ok_or("the table of letters has a row that is not one letter and its symbols")?;
        let symbols = Self {
            numbers,
            syllables: rows(&tables.syllables, "syllables")?.map(owned).collect(),
            erhua: rows(&tables.erhua, "erhua")?.map(owned).collect(),
            letters,
        };
        symbols.check()?;
        Ok(symbols)
    }

    /// The symbols of `reading`, and which of them say each sound.
    pub(super) fn spelt(&self, reading: &Reading) -> Result<Spelt, EngineError> {
        let (spelt, sounds) = self.spell(reading)?;
        let symbols = spelt.chars().count();
        if symbols > MOST_SYMBOLS {
            return Err(EngineError::TooLong { symbols, most: MOST_SYMBOLS });
        }
        let number = |symbol| self.numbers.get(&symbol).copied();
        let numbers = spelt.chars().map(|symbol| number(symbol).ok_or_else(|| unknown(symbol)));
        Ok(Spelt { numbers: numbers.collect::<Result<_, _>>()?, sounds })
    }

    /// The symbols of `reading`, and for each sound from which to which they are its own: none for a mark that
    /// another one replaces.
    fn spell(&self, reading: &Reading) -> Result<(String, Vec<Range<usize>>), EngineError> {
        let mut out = String::with_capacity(reading.sounds.len() * 8);
        let mut sounds = Vec::with_capacity(reading.sounds.len());
        let mut after_letter = false;
        let mut written = 0;
        for sound in &reading.sounds {
            let letter = matches!(sound.voiced, Voiced::Letter(_));
            if let Voiced::Pause(mark) = sound.voiced {
                pause(&mut out, mark);
            } else {
                let new_word = sound.boundary != Boundary::None || letter || after_letter;
                if new_word && !out.is_empty() && !ends_with_mark(&out) {
                    // The silence before a word is not its own.
                    out.push(' ');
                    written += 1;
                }
                match sound.voiced {
                    Voiced::Syllable(syllable) => out.push_str(&self.syllable(syllable)?),
                    Voiced::Letter(c) => out.push_str(self.letters.get(&c).ok_or_else(|| unknown(c))?),
                    Voiced::Pause(_) => {}
                }
            }
            after_letter = letter;
            let end = out.chars().count();
            sounds.push(written.min(end)..end);
            written = end;
        }
        if out.is_empty() {
            return Err(EngineError::Nothing);
        }
        close(&mut out);
        Ok((out, sounds))
    }

    /// A syllable with its tone as spoken.
    fn syllable(&self, syllable: Syllable) -> Result<String, EngineError> {
        let unknown = || unknown(format!("{}{}", syllable.pinyin, syllable.surface));
        let tone = arrow(syllable.surface).ok_or_else(unknown)?;
        let plain = self.syllables.get(syllable.pinyin).cloned();
        let spelt = plain.or_else(|| self.with_r(syllable.pinyin)).ok_or_else(unknown)?;
        Ok(spelt.replace(TONE, tone))
    }

    /// A syllable with erhua: `dianr` is `dian` with another end.
    fn with_r(&self, pinyin: &str) -> Option<String> {
        let plain = self.syllables.get(pinyin.strip_suffix('r')?)?;
        let fits = self.erhua.iter().filter(|(end, _)| plain.ends_with(end.as_str()));
        let (end, other) = fits.max_by_key(|(end, _)| end.len())?;
        Some(format!("{}{other}", plain.strip_suffix(end.as_str())?))
    }

    /// Every symbol that a table can give must be one of the model.
    fn check(&self) -> Result<(), String> {
        let spelt = self.syllables.values().chain(self.erhua.iter().map(|(_, end)| end));
        let written = spelt.chain(self.letters.values()).flat_map(|text| text.chars());
        let made = "→↗↓↘,;:.?! ".chars();
        match written.filter(|&c| c != TONE).chain(made).find(|c| !self.numbers.contains_key(c)) {
            Some(symbol) => {
                Err(format!("the tables use the symbol {symbol:?}, which the model does not know"))
            }
            None => Ok(()),
        }
    }
}

/// The tone as a symbol; the neutral tone has none.
fn arrow(tone: u8) -> Option<&'static str> {
    Some(match tone {
        1 => "→",
        2 => "↗",
        3 => "↓",
        4 => "↘",
        5 => "",
        _ => return None,
    })
}

/// Ends a piece with a stop, also where the sentence goes on: a single syllable before a comma or before
/// nothing comes out garbled, and the melody of longer pieces hardly hears the mark (`docs/listening.md`).
fn close(out: &mut String) {
    if out.ends_with([',', ';', ':']) {
        out.pop();
    }
    if !ends_with_mark(out) {
        out.push('.');
    }
}

fn unknown(sound: impl std::fmt::Display) -> EngineError {
    EngineError::UnknownSound(sound.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        reading::{Mark, Sound, Source},
        span::Span,
    };

    /// The tables of the voice that is shipped.
    fn symbols() -> Symbols {
        Symbols::parse(&Tables {
            symbols: include_str!("../../../voices/kokoro/symbols.tsv").to_owned(),
            syllables: include_str!("../../../voices/kokoro/syllables.tsv").to_owned(),
            erhua: include_str!("../../../voices/kokoro/erhua.tsv").to_owned(),
            letters: include_str!("../../../voices/kokoro/letters.tsv").to_owned(),
        })
        .unwrap()
    }

    /// `jin4ri4 RCEP，`: a space begins a word, a digit is a tone; letters and marks stand for themselves.
    fn reading(text: &'static str) -> Reading {
        let (mut sounds, mut boundary, mut syllable) = (Vec::new(), Boundary::Word, 0);
        for (at, c) in text.char_indices() {
            let voiced = match c {
                ' ' => {
                    boundary = Boundary::Word;
                    syllable = at + 1;
                    continue;
                }
                'a'..='z' => continue,
                '1'..='5' => {
                    let tone = c as u8 - b'0';
                    Voiced::Syllable(Syllable { pinyin: &text[syllable..at], tone, surface: tone })
                }
                _ => Mark::of(c).map_or(Voiced::Letter(c), Voiced::Pause),
            };
            sounds.push(Sound {
                voiced,
                boundary,
                span: Span::default(),
                source: Source::Spoken,
                said: '好',
            });
            boundary = Boundary::None;
            syllable = at + c.len_utf8();
        }
        Reading { sounds }
    }

    #[test]
    fn cases() {
        let symbols = symbols();
        for line in
            include_str!("cases.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let (read, spelt) = line.split_once(" => ").unwrap();
            let (symbols, sounds) = symbols.spell(&reading(read)).unwrap();
            assert_eq!(symbols, spelt, "{read}");
            // One after the other, with a space at most between them, and all but the stop that is not written.
            let between = |pair: &[Range<usize>]| pair[1].start.checked_sub(pair[0].end);
            let parted = |pair: &[Range<usize>]| match between(pair) {
                Some(0) => true,
                Some(1) => spelt.chars().nth(pair[0].end) == Some(' '),
                _ => false,
            };
            assert!(sounds.windows(2).all(parted), "{sounds:?}");
            let last = sounds.last().unwrap().end;
            assert!((spelt.chars().count() - 1..=spelt.chars().count()).contains(&last), "{sounds:?}");
        }
    }

    #[test]
    fn every_syllable_of_the_table_can_be_said_in_every_tone_and_with_r() {
        let symbols = symbols();
        for pinyin in symbols.syllables.keys().map(|pinyin| &*pinyin.clone().leak()) {
            for surface in 1..=5 {
                let syllable = Syllable { pinyin, tone: surface, surface };
                let sounds = vec![Sound {
                    voiced: Voiced::Syllable(syllable),
                    boundary: Boundary::None,
                    span: Span::default(),
                    source: Source::Spoken,
                    said: '好',
                }];
                let spelt = symbols.spelt(&Reading { sounds }).unwrap();
                assert!(spelt.numbers.len() >= 2, "{pinyin}");
            }
            let bare = matches!(pinyin, "er" | "ê" | "m" | "n" | "ng" | "hm" | "hng" | "o");
            assert!(bare || symbols.with_r(&format!("{pinyin}r")).is_some(), "{pinyin}r");
        }
    }
}
