//! The neural engine: a voice folder, run in process.
//!
//! 1. [`files`] says which files of its folder it needs;
//! 2. [`symbols`] writes a reading in the symbols that the model was trained on;
//! 3. [`model`] turns symbols into samples. To check, read and warm it takes more than a second, so it is done
//!    behind, while the service answers already; who asks for speech before it is done waits for it.
//!
//! One [`Neural`] serves any number of threads. They share its pool, so two utterances at a time are
//! done no sooner than one after the other, and each needs memory of its own (a quarter of a
//! gigabyte for a long sentence): whoever calls keeps the number of calls small.

mod blocks;
mod files;
mod model;
mod symbols;

use std::path::Path;

use super::{
    Engine, EngineError, Voice,
    behind::{Behind, greeting},
};
use crate::{
    audio::{self, Pcm, Said},
    reading::Reading,
};
use files::Kokoro;
use model::{Model, Speech};
use symbols::Symbols;

/// Raised whenever the same files would say the same reading otherwise: in other symbols, or by other arithmetic.
const VERSION: u32 = 2;

/// The engine with the voices of one folder.
pub struct Neural {
    version: String,
    voices: Vec<Voice>,
    kokoro: Kokoro,
    symbols: Symbols,
    threads: usize,
    model: Behind<Model>,
}

impl Neural {
    /// Opens the voice folder `dir` to be run on `threads` threads (0: one for each core), all but its network,
    /// which [`Engine::ready`] reads.
    ///
    /// # Errors
    /// [`EngineError::Files`] where a file is missing, differs from its checksum or does not fit the
    /// others, in words that name it.
    pub fn open(dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let kokoro = Kokoro::read(dir)?;
        let symbols = Symbols::parse(&kokoro.tables).map_err(|why| kokoro.folder.complain(&why))?;
        let voices = kokoro.voices();
        let version = format!("{}/{VERSION}", kokoro.folder.manifest.engine);
        Ok(Self { version, voices, kokoro, symbols, threads, model: Behind::default() })
    }

    /// Opens the voice folder and reads its network.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Engine::ready`].
    pub fn load(dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let engine = Self::open(dir, threads)?;
        engine.ready()?;
        Ok(engine)
    }

    fn model(&self) -> Result<&Model, EngineError> {
        self.model.get(|| self.read_model())
    }

    fn read_model(&self) -> Result<Model, EngineError> {
        let complain = |why: &str| self.kokoro.folder.complain(why);
        let files = self.kokoro.network()?;
        let model = Model::load(&files, self.threads).map_err(|why| complain(&why))?;
        drop(files);
        let numbers = self.symbols.spelt(&greeting())?.numbers;
        let style = self.kokoro.styles.first().map(Vec::as_slice).unwrap_or_default();
        model.run(&numbers, style, 1.0).map_err(|why| complain(&why.to_string()))?;
        Ok(model)
    }
}

impl Engine for Neural {
    fn version(&self) -> &str {
        &self.version
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
        let found = self.voices.iter().zip(&self.kokoro.styles).find(|(known, _)| known.name == voice);
        let (known, style) = found.ok_or_else(|| EngineError::UnknownVoice(voice.to_owned()))?;
        let clean = known.clean(speed, self.kokoro.folder.manifest.speed)?;
        let spelt = self.symbols.spelt(reading)?;
        let Speech { samples, symbols } = self.model()?.run(&spelt.numbers, style, clean)?;
        // A mark that another one replaced lasts no time, where that begins.
        let mut end = 0.0;
        let times = spelt.sounds.into_iter().map(|own| {
            let own = symbols.get(own).unwrap_or_default();
            let start = own.first().map_or(end, |symbol| symbol.start);
            end = own.last().map_or(end, |symbol| symbol.end);
            start..end
        });
        let said = Said { times: Some(times.collect()), pcm: Pcm { rate: known.rate, samples } };
        Ok(audio::stretch(said, speed / clean))
    }
}
