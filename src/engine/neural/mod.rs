//! The neural engine: a voice folder, run in process.
//!
//! 1. [`folder`] reads `voice.toml` and every file it names, each checked against its SHA-256;
//! 2. [`symbols`] writes a reading in the symbols that the model was trained on;
//! 3. [`model`] turns symbols into samples. To check, read and warm it takes more than a second, so it is done
//!    behind, while the service answers already; who asks for speech before it is done waits for it.
//!
//! One [`Neural`] serves any number of threads. They share its pool, so two utterances at a time are
//! done no sooner than one after the other, and each needs memory of its own (up to half a gigabyte
//! for a long sentence): whoever calls keeps the number of calls small.

mod folder;
mod model;
mod symbols;

use std::{path::Path, sync::OnceLock};

use sha2::{Digest, Sha256};

use super::{Engine, EngineError, Voice};
use crate::{
    audio::{self, Pcm},
    reading::{Boundary, Mark, Reading, Sound, Source, Syllable, Voiced},
    span::Span,
};
use folder::{Entry, Folder, hex};
use model::Model;
use symbols::Symbols;

/// Raised whenever the same reading would be given to the model in other symbols.
const SPELLING_VERSION: u32 = 1;

/// Slowest and fastest speed that can be asked for. What the network does not speak cleanly itself,
/// `speed` in `voice.toml`, is stretched or pressed afterwards.
const SPEED: (f32, f32) = (0.5, 2.0);

/// The engine with the voices of one folder.
pub struct Neural {
    version: String,
    voices: Vec<Voice>,
    folder: Folder,
    symbols: Symbols,
    threads: usize,
    /// Read at first use; why it cannot be used, where that failed.
    model: OnceLock<Result<Model, String>>,
}

impl Neural {
    /// Opens the voice folder `dir` to be run on `threads` threads (0: one for each core), all but its network,
    /// which [`Engine::ready`] reads.
    ///
    /// # Errors
    /// [`EngineError::Files`] where a file is missing, differs from its checksum or does not fit the
    /// others, in words that name it.
    pub fn open(dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let folder = Folder::read(dir)?;
        let symbols = Symbols::parse(&folder.tables).map_err(|why| folder.complain(&why))?;
        let manifest = &folder.manifest;
        let shaped = format!("{:?}", manifest.speed);
        let voice = |entry: &Entry| Voice {
            name: entry.name.clone(),
            title: entry.title.clone(),
            sex: entry.sex.clone(),
            language: manifest.language.clone(),
            licence: manifest.licence.clone(),
            digest: digest(
                manifest.files.digests().into_iter().chain([entry.style.sha256.as_str(), &shaped]),
            ),
            rate: manifest.rate,
            speed: SPEED,
        };
        let voices = manifest.voices.iter().map(voice).collect();
        let version = format!("{}/{SPELLING_VERSION}", manifest.engine);
        Ok(Self { version, voices, folder, symbols, threads, model: OnceLock::new() })
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
        // Whoever comes while it is read waits.
        let model = self.model.get_or_init(|| self.read_model().map_err(|why| why.to_string()));
        model.as_ref().map_err(|why| EngineError::Files(why.clone()))
    }

    /// Reads the network, and has it say one word to nobody, so that the first real utterance finds everything in
    /// place.
    fn read_model(&self) -> Result<Model, EngineError> {
        let model =
            Model::load(self.folder.model()?, self.threads).map_err(|why| self.folder.complain(&why))?;
        let word = Syllable { pinyin: "hao", tone: 3, surface: 3 };
        let sounds = [Voiced::Syllable(word), Voiced::Pause(Mark::Stop)].map(|voiced| Sound {
            voiced,
            boundary: Boundary::None,
            span: Span::default(),
            source: Source::Spoken,
        });
        let numbers = self.symbols.numbers(&Reading { sounds: sounds.to_vec() })?;
        let style = self.folder.styles.first().map(Vec::as_slice).unwrap_or_default();
        model.run(&numbers, style, 1.0).map_err(|why| self.folder.complain(&why.to_string()))?;
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
        self.model.get().is_some()
    }

    fn ready(&self) -> Result<(), EngineError> {
        self.model().map(drop)
    }

    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Pcm, EngineError> {
        let found = self.voices.iter().zip(&self.folder.styles).find(|(known, _)| known.name == voice);
        let (known, style) = found.ok_or_else(|| EngineError::UnknownVoice(voice.to_owned()))?;
        let (slowest, fastest) = known.speed;
        if !(slowest..=fastest).contains(&speed) {
            return Err(EngineError::Speed { asked: speed, slowest, fastest });
        }
        let numbers = self.symbols.numbers(reading)?;
        let (slowest, fastest) = self.folder.manifest.speed;
        let clean = speed.max(slowest).min(fastest);
        let samples = self.model()?.run(&numbers, style, clean)?;
        Ok(audio::stretch(Pcm { rate: known.rate, samples }, speed / clean))
    }
}

/// One digest of several.
fn digest<'d>(parts: impl Iterator<Item = &'d str>) -> String {
    let mut hash = Sha256::new();
    parts.for_each(|part| hash.update(part.as_bytes()));
    hex(&hash.finalize())
}
