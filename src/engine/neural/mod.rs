//! The neural engine: a voice folder, run in process.
//!
//! 1. [`folder`] reads `voice.toml` and every file it names, each checked against its SHA-256;
//! 2. [`symbols`] writes a reading in the symbols that the model was trained on;
//! 3. [`model`] turns symbols into samples.
//!
//! One [`Neural`] serves any number of threads. They share its pool, so two utterances at a time are
//! done no sooner than one after the other, and each needs memory of its own (up to half a gigabyte
//! for a long sentence): whoever calls keeps the number of calls small.

mod folder;
mod model;
mod symbols;

use std::path::Path;

use sha2::{Digest, Sha256};

use super::{Engine, EngineError, Voice};
use crate::{
    audio::{self, Pcm},
    reading::{Boundary, Mark, Reading, Sound, Source, Syllable, Voiced},
    span::Span,
};
use folder::{Folder, hex};
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
    /// Slowest and fastest speed of the network.
    clean: (f32, f32),
    /// One for each voice, in the same order.
    styles: Vec<Vec<f32>>,
    symbols: Symbols,
    model: Model,
}

impl Neural {
    /// Loads the voice folder `dir` to be run on `threads` threads (0: one for each core).
    ///
    /// # Errors
    /// [`EngineError::Files`] where a file is missing, differs from its checksum or does not fit the
    /// others, in words that name it.
    pub fn load(dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let folder = Folder::read(dir)?;
        let symbols = Symbols::parse(&folder.tables).map_err(|why| folder.complain(&why))?;
        let model = Model::load(folder.model, threads)
            .map_err(|why| EngineError::Files(format!("{}: {why}", dir.display())))?;
        let clean = folder.manifest.speed;
        let shaped = format!("{clean:?}");
        let (mut voices, mut styles) = (Vec::new(), Vec::new());
        for (entry, style) in folder.manifest.voices.iter().zip(folder.styles) {
            let shared = folder.manifest.files.digests();
            styles.push(style);
            voices.push(Voice {
                name: entry.name.clone(),
                title: entry.title.clone(),
                sex: entry.sex.clone(),
                language: folder.manifest.language.clone(),
                licence: folder.manifest.licence.clone(),
                digest: digest(shared.into_iter().chain([entry.style.sha256.as_str(), &shaped])),
                rate: folder.manifest.rate,
                speed: SPEED,
            });
        }
        let version = format!("{}/{SPELLING_VERSION}", folder.manifest.engine);
        Ok(Self { version, voices, clean, styles, symbols, model })
    }
}

impl Engine for Neural {
    fn version(&self) -> &str {
        &self.version
    }

    fn voices(&self) -> &[Voice] {
        &self.voices
    }

    fn warm_up(&self) -> Result<(), EngineError> {
        let word = Syllable { pinyin: "hao", tone: 3, surface: 3 };
        let sounds = [Voiced::Syllable(word), Voiced::Pause(Mark::Stop)]
            .map(|voiced| Sound {
                voiced,
                boundary: Boundary::None,
                span: Span::default(),
                source: Source::Spoken,
            })
            .to_vec();
        let Some(voice) = self.voices.first() else { return Ok(()) };
        self.synthesize(&voice.name, &Reading { sounds }, 1.0).map(drop)
    }

    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Pcm, EngineError> {
        let found = self.voices.iter().zip(&self.styles).find(|(known, _)| known.name == voice);
        let (known, style) = found.ok_or_else(|| EngineError::UnknownVoice(voice.to_owned()))?;
        let (slowest, fastest) = known.speed;
        if !(slowest..=fastest).contains(&speed) {
            return Err(EngineError::Speed { asked: speed, slowest, fastest });
        }
        let numbers = self.symbols.numbers(reading)?;
        let clean = speed.max(self.clean.0).min(self.clean.1);
        let samples = self.model.run(&numbers, style, clean)?;
        Ok(audio::stretch(Pcm { rate: known.rate, samples }, speed / clean))
    }
}

/// One digest of several.
fn digest<'d>(parts: impl Iterator<Item = &'d str>) -> String {
    let mut hash = Sha256::new();
    parts.for_each(|part| hash.update(part.as_bytes()));
    hex(&hash.finalize())
}
