//! From a reading to what the network was trained on: `sil j in4 #0 r iii4 #3 t ing2 #0 sh uei3 sil eos`.
//!
//! Exactly one mark stands between two syllables: `#0` inside a word, `#1` between words, `#2` between phrases, `#3`
//! where punctuation is heard. A letter is the syllables that Chinese speakers say for it, and a word of its own. The -r
//! of 儿 is `er5` behind its syllable, with no mark between.

use std::collections::HashMap;

use super::{
    super::{
        EngineError,
        table::{only, rows},
    },
    files::Tables,
};
use crate::reading::{Boundary, Reading, Syllable, Voiced};

/// Where the tone goes in the tables.
const TONE: char = '_';

/// How strongly two syllables are parted, weakest first: the names of the marks.
const MARKS: [&str; 4] = ["#0", "#1", "#2", "#3"];

/// The -r of 儿.
const R: &str = "er5";

/// What parts a syllable from the one before: an index into [`MARKS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parted(u8);

impl Parted {
    pub(super) const INSIDE: Self = Self(0);
    pub(super) const WORD: Self = Self(1);
    pub(super) const PHRASE: Self = Self(2);
    pub(super) const MARK: Self = Self(3);
}

/// A syllable as the network is given it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Spelt {
    /// Initial, final, and the -r.
    pub numbers: Vec<i32>,
    /// Which sound of the reading it belongs to; a letter may be several.
    pub sound: usize,
    /// What stands before it.
    pub parted: Parted,
}

/// What one call is given.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// With silence at both ends.
    pub numbers: Vec<i32>,
    /// The sound of each number: also that of a mark within a sentence, in which its syllable rings out. None of silences
    /// and of `#3`.
    pub sounds: Vec<Option<usize>>,
    /// What parts it from the row before.
    pub parted: Parted,
}

/// What the network was trained on, and how Mandarin is written in it.
#[derive(Debug)]
pub(super) struct Symbols {
    numbers: HashMap<String, i32>,
    syllables: HashMap<String, String>,
    letters: HashMap<char, Vec<(String, u8)>>,
    silence: i32,
    end: i32,
    marks: [i32; 4],
}

impl Symbols {
    /// Reads the tables.
    ///
    /// # Errors
    /// Names the first thing that makes no sense.
    pub(super) fn parse(tables: &Tables) -> Result<Self, String> {
        let numbers = rows(&tables.symbols, "symbols")?
            .map(|(symbol, number)| Some((symbol.to_owned(), number.parse().ok()?)))
            .collect::<Option<HashMap<String, i32>>>()
            .ok_or("the table of symbols has a row that is not a symbol and its number")?;
        let owned = |(key, value): (&str, &str)| (key.to_owned(), value.to_owned());
        let letters = rows(&tables.letters, "letters")?
            .map(|(letter, said)| Some((only(letter)?, said.split(' ').map(toned).collect::<Option<_>>()?)))
            .collect::<Option<_>>()
            .ok_or("the table of letters has a row that is not one letter and its syllables with tone")?;
        let known = |name: &str| {
            numbers.get(name).copied().ok_or_else(|| format!("the table of symbols has no {name}"))
        };
        let marks = [known(MARKS[0])?, known(MARKS[1])?, known(MARKS[2])?, known(MARKS[3])?];
        let (silence, end) = (known("sil")?, known("eos")?);
        let syllables = rows(&tables.syllables, "syllables")?.map(owned).collect();
        let symbols = Self { syllables, letters, silence, end, marks, numbers };
        symbols.check()?;
        Ok(symbols)
    }

    /// The syllables of `reading`.
    ///
    /// # Errors
    /// [`EngineError::UnknownSound`], or [`EngineError::Nothing`] where there is none.
    pub(super) fn spell(&self, reading: &Reading) -> Result<Vec<Spelt>, EngineError> {
        let mut out: Vec<Spelt> = Vec::with_capacity(reading.sounds.len());
        let (mut marked, mut after_letter) = (false, false);
        for (at, sound) in reading.sounds.iter().enumerate() {
            let letter = matches!(sound.voiced, Voiced::Letter(_));
            let parted = match sound.boundary {
                _ if marked => Parted::MARK,
                Boundary::Phrase => Parted::PHRASE,
                Boundary::None if !letter && !after_letter => Parted::INSIDE,
                Boundary::None | Boundary::Word => Parted::WORD,
            };
            match sound.voiced {
                Voiced::Pause(_) => {
                    marked = true;
                    continue;
                }
                Voiced::Syllable(Syllable { pinyin, surface, .. }) => {
                    let numbers = self.syllable(pinyin, surface)?;
                    out.push(Spelt { numbers, sound: at, parted });
                }
                Voiced::Letter(c) => {
                    let said = self.letters.get(&c).ok_or_else(|| unknown(c))?;
                    for (nth, (pinyin, tone)) in said.iter().enumerate() {
                        let parted = if nth == 0 { parted } else { Parted::INSIDE };
                        out.push(Spelt { numbers: self.syllable(pinyin, *tone)?, sound: at, parted });
                    }
                }
            }
            (marked, after_letter) = (false, letter);
        }
        match out.is_empty() {
            true => Err(EngineError::Nothing),
            false => Ok(out),
        }
    }

    /// What a call is given to say these syllables.
    pub(super) fn row(&self, syllables: &[Spelt]) -> Row {
        let parted = syllables.first().map_or(Parted::INSIDE, |first| first.parted);
        let mut row = Row { numbers: vec![self.silence], sounds: vec![None], parted };
        for (at, syllable) in syllables.iter().enumerate() {
            if at > 0 {
                row.numbers.extend(self.marks.get(usize::from(syllable.parted.0)));
                let before = syllables.get(at - 1).filter(|_| syllable.parted != Parted::MARK);
                row.sounds.push(before.map(|before| before.sound));
            }
            row.numbers.extend(&syllable.numbers);
            row.sounds.extend(syllable.numbers.iter().map(|_| Some(syllable.sound)));
        }
        row.numbers.extend([self.silence, self.end]);
        row.sounds.extend([None, None]);
        row
    }

    /// Initial, final with `tone`, and the -r where there is one.
    fn syllable(&self, pinyin: &str, tone: u8) -> Result<Vec<i32>, EngineError> {
        let unknown = || unknown(format!("{pinyin}{tone}"));
        if !(1..=5).contains(&tone) {
            return Err(unknown());
        }
        let (plain, r) = match (self.syllables.get(pinyin), pinyin.strip_suffix('r')) {
            (Some(plain), _) => (plain, None),
            (None, Some(bare)) => (self.syllables.get(bare).ok_or_else(unknown)?, Some(R)),
            (None, None) => return Err(unknown()),
        };
        let spelt = plain.replace(TONE, &tone.to_string());
        let number = |symbol: &str| self.numbers.get(symbol).copied().ok_or_else(unknown);
        spelt.split(' ').chain(r).map(number).collect()
    }

    /// Whatever a table can give must be a symbol of the network.
    fn check(&self) -> Result<(), String> {
        let doubtful = |why: EngineError| format!("the tables do not fit each other: {why}");
        for pinyin in self.syllables.keys() {
            for tone in 1..=5 {
                self.syllable(pinyin, tone).map_err(doubtful)?;
            }
        }
        for (pinyin, tone) in self.letters.values().flatten() {
            self.syllable(pinyin, *tone).map_err(doubtful)?;
        }
        match self.numbers.contains_key(R) {
            true => Ok(()),
            false => Err(format!("the table of symbols has no {R}")),
        }
    }
}

/// `bi4` as pinyin and tone.
fn toned(text: &str) -> Option<(String, u8)> {
    let (pinyin, tone) = text.split_at_checked(text.len().checked_sub(1)?)?;
    Some((pinyin.to_owned(), tone.parse().ok()?))
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

    /// The tables of the voice that can be installed.
    fn symbols() -> Symbols {
        Symbols::parse(&Tables {
            symbols: include_str!("../../../tools/voice/baker/symbols.tsv").to_owned(),
            syllables: include_str!("../../../tools/voice/baker/syllables.tsv").to_owned(),
            letters: include_str!("../../../tools/voice/baker/letters.tsv").to_owned(),
        })
        .unwrap()
    }

    /// `jin4ri4 /A，`: a space begins a word, a slash a phrase, a digit is a tone.
    fn spell(text: &'static str) -> String {
        let (mut sounds, mut boundary, mut syllable) = (Vec::new(), Boundary::Word, 0);
        for (at, c) in text.char_indices() {
            let voiced = match c {
                ' ' | '/' => {
                    boundary = if c == ' ' { Boundary::Word } else { Boundary::Phrase };
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
        let symbols = symbols();
        let row = symbols.row(&symbols.spell(&Reading { sounds }).unwrap());
        let named = |number: &i32| {
            symbols.numbers.iter().find(|(_, known)| *known == number).map(|(name, _)| name.as_str()).unwrap()
        };
        assert_eq!(row.numbers.len(), row.sounds.len());
        row.numbers.iter().map(named).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_reading_is_spelt_with_one_mark_between_two_syllables() {
        for (read, spelt) in [
            ("jin4ri4", "sil j in4 #0 r iii4 sil eos"),
            ("jin4ri4，ting2 shui3。", "sil j in4 #0 r iii4 #3 t ing2 #1 sh uei3 sil eos"),
            ("ting2/shui3", "sil t ing2 #2 sh uei3 sil eos"),
            ("，、shui3", "sil sh uei3 sil eos"),
            ("yi1dianr3", "sil ^ i1 #0 d ian3 er5 sil eos"),
            ("er4", "sil ^ er4 sil eos"),
            ("lv4yue4wu4weng1", "sil l v4 #0 ^ ve4 #0 ^ u4 #0 ^ ueng1 sil eos"),
            ("AF hao3", "sil ^ ei1 #1 ^ ai2 #0 f u5 #1 h ao3 sil eos"),
        ] {
            assert_eq!(spell(read), spelt);
        }
    }

    #[test]
    fn every_syllable_of_mandarin_can_be_said_in_every_tone_and_with_r() {
        let symbols = symbols();
        let rows =
            include_str!("../../lexicon/data/syllables.tsv").lines().filter(|line| !line.starts_with("# "));
        let mut seen = 0;
        for pinyin in rows.filter_map(|line| line.split('\t').next()) {
            for tone in 1..=5 {
                let plain = symbols.syllable(pinyin, tone).unwrap();
                assert_eq!(plain.len(), 2, "{pinyin}");
                let with_r = format!("{pinyin}r");
                if pinyin != "e" {
                    assert_eq!(symbols.syllable(&with_r, tone).unwrap()[..2], plain, "{pinyin}");
                }
                seen += 1;
            }
        }
        assert!(seen > 2000, "{seen}");
        for letter in 'A'..='Z' {
            assert!(symbols.letters.contains_key(&letter), "{letter}");
        }
    }
}
