//! FastSpeech2 with a multi-band MelGAN: a small, fast voice, run in process.
//!
//! 1. [`files`] says which files of its folder it needs;
//! 2. [`symbols`] writes a reading as initials, finals with tone, and the marks between syllables;
//! 3. [`pieces`] parts what is too long for one call, where a reader would breathe;
//! 4. [`model`] finds how long each symbol lasts, then the spectrum, then the samples;
//! 5. [`join`] puts the pieces together with the pauses that the network itself makes, and knows when each sound is
//!    heard, because the network says how long it is.

mod files;
mod join;
mod model;
mod pieces;
mod symbols;

use std::path::Path;

use super::{
    Engine, EngineError, Voice,
    behind::{Behind, greeting},
};
use crate::{
    audio::{self, Said},
    reading::Reading,
};
use files::Files;
use join::Joined;
use model::{Melody, Model};
use symbols::Symbols;

/// Raised whenever the same reading would give the network other symbols, or be joined otherwise.
const VERSION: &str = "fastspeech2/1";

/// The engine with the voices of one folder.
pub struct FastSpeech {
    voices: Vec<Voice>,
    files: Files,
    symbols: Symbols,
    threads: usize,
    model: Behind<Model>,
}

impl FastSpeech {
    /// Opens the voice folder `dir` to be run on `threads` threads (0: one for each core), all but its networks,
    /// which [`Engine::ready`] reads.
    ///
    /// # Errors
    /// [`EngineError::Files`] in words that name the file.
    pub fn open(dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let files = Files::read(dir)?;
        let symbols = Symbols::parse(&files.tables).map_err(|why| files.complain(&why))?;
        Ok(Self { voices: files.voices(), files, symbols, threads, model: Behind::default() })
    }

    fn model(&self) -> Result<&Model, EngineError> {
        self.model.get(|| {
            let model = self.files.model(self.threads)?;
            let said = self.say(&model, &greeting(), Melody::default(), 1.0);
            said.map_err(|why| self.files.complain(&why.to_string()))?;
            Ok(model)
        })
    }

    /// All pieces of `reading`, joined.
    fn say(&self, model: &Model, reading: &Reading, melody: Melody, speed: f32) -> Result<Said, EngineError> {
        let syllables = self.symbols.spell(reading)?;
        let mut joined = Joined::new(reading.sounds.len(), speed);
        // A piece that turns out too long in time is parted once more.
        let mut left = pieces::within(&syllables);
        left.reverse();
        while let Some(piece) = left.pop() {
            let row = self.symbols.row(piece);
            match model.speak(&row, melody, speed)? {
                Some(take) => joined.push(&row, &take),
                None => {
                    let (head, tail) = pieces::halves(piece).ok_or(EngineError::TooLong {
                        symbols: row.numbers.len(),
                        most: pieces::MOST_SYMBOLS,
                    })?;
                    left.extend([tail, head]);
                }
            }
        }
        Ok(joined.finish(reading, self.files.rate()))
    }
}

impl Engine for FastSpeech {
    fn version(&self) -> &str {
        VERSION
    }

    fn voices(&self) -> &[Voice] {
        &self.voices
    }

    fn is_ready(&self) -> bool {
        self.model.is_read()
    }

    fn ready(&self) -> Result<(), EngineError> {
        self.model().map(drop)
    }

    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError> {
        let known = self.voices.iter().zip(self.files.melodies()).find(|(known, _)| known.name == voice);
        let (known, melody) = known.ok_or_else(|| EngineError::UnknownVoice(voice.to_owned()))?;
        let clean = known.clean(speed, self.files.clean_speed())?;
        Ok(audio::stretch(self.say(self.model()?, reading, melody, clean)?, speed / clean))
    }
}
