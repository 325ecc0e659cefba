//! From a reading to the numbers of a Piper voice.
//!
//! The table says for each sound which phonemes it is, parted by spaces: `hao3`, `A`, `，`, and `word` and `phrase` for
//! what stands between words and phrases; `␣` is the phoneme that is a space. A syllable with the -r of 儿 that the table lacks is its syllable and `er5`;
//! a mark that it lacks is not heard. Piper puts `_` behind every phoneme, `^` before the first, `$` behind the last.

use std::collections::HashMap;

use super::{
    super::{EngineError, table::rows},
    files::Piper,
};
use crate::reading::{Boundary, Reading, Syllable, Voiced};

/// The sound of 儿 where the table has no -r for a syllable.
const R: &str = "er5";

/// Stands for a space, which parts phonemes in the table.
const SPACE: &str = "␣";

/// What the table calls the beginning of a word and of a phrase.
const WORD: &str = "word";
const PHRASE: &str = "phrase";

/// What the network was trained on, and how Mandarin is written in it.
#[derive(Debug)]
pub(super) struct Symbols {
    /// Of each sound, each phoneme followed by the one that pads.
    sounds: HashMap<String, Vec<i32>>,
    start: Vec<i32>,
    end: Vec<i32>,
}

impl Symbols {
    /// Reads the table with Piper's numbers.
    ///
    /// # Errors
    /// Names what makes no sense.
    pub(super) fn parse(table: &str, piper: &Piper) -> Result<Self, String> {
        let known = |phoneme: &str| {
            let numbers = piper.phoneme_id_map.get(phoneme);
            numbers.ok_or_else(|| format!("Piper's JSON has no number for the phoneme {phoneme:?}"))
        };
        let pad = known("_")?;
        let mut sounds = HashMap::new();
        for (sound, phonemes) in rows(table, "sounds")? {
            let mut numbers = Vec::new();
            for phoneme in phonemes.split(' ').filter(|phoneme| !phoneme.is_empty()) {
                let phoneme = if phoneme == SPACE { " " } else { phoneme };
                numbers.extend(known(phoneme)?.iter().chain(pad));
            }
            if sounds.insert(sound.to_owned(), numbers).is_some() {
                return Err(format!("the table of sounds has {sound} twice"));
            }
        }
        let start = known("^")?.iter().chain(pad).copied().collect();
        Ok(Self { sounds, start, end: known("$")?.clone() })
    }

    /// The numbers of `reading`.
    ///
    /// # Errors
    /// [`EngineError::UnknownSound`], or [`EngineError::Nothing`] where there is no sound.
    pub(super) fn numbers(&self, reading: &Reading) -> Result<Vec<i32>, EngineError> {
        let mut out = self.start.clone();
        let mut spoken = false;
        for sound in &reading.sounds {
            if let Voiced::Pause(mark) = sound.voiced {
                out.extend(self.silent(mark.as_char().encode_utf8(&mut [0; 4])));
                continue;
            }
            if spoken {
                out.extend(self.silent(match sound.boundary {
                    Boundary::None => "",
                    Boundary::Word => WORD,
                    Boundary::Phrase => PHRASE,
                }));
            }
            match sound.voiced {
                Voiced::Syllable(syllable) => self.syllable(syllable, &mut out)?,
                Voiced::Letter(c) => out.extend(self.sound(c.encode_utf8(&mut [0; 4]))?),
                Voiced::Pause(_) => {}
            }
            spoken = true;
        }
        out.extend(&self.end);
        match spoken {
            true => Ok(out),
            false => Err(EngineError::Nothing),
        }
    }

    fn syllable(&self, syllable: Syllable, out: &mut Vec<i32>) -> Result<(), EngineError> {
        let Syllable { pinyin, surface, .. } = syllable;
        let whole = self.sound(&format!("{pinyin}{surface}"));
        match whole {
            Err(_) if syllable.is_retroflex() => {
                out.extend(self.sound(&format!("{}{surface}", syllable.without_retroflex()))?);
                out.extend(self.sound(R)?);
            }
            whole => out.extend(whole?),
        }
        Ok(())
    }

    fn sound(&self, sound: &str) -> Result<&[i32], EngineError> {
        let numbers = self.sounds.get(sound).filter(|numbers| !numbers.is_empty());
        numbers.map(Vec::as_slice).ok_or_else(|| EngineError::UnknownSound(sound.to_owned()))
    }

    /// What a mark or a boundary is written as, if anything.
    fn silent(&self, name: &str) -> &[i32] {
        self.sounds.get(name).map(Vec::as_slice).unwrap_or_default()
    }
}
