//! The files of a FastSpeech2 voice folder: three networks, three tables.

use std::path::Path;

use serde::Deserialize;

use super::{
    super::{
        EngineError, Voice,
        folder::{File, Folder},
        network,
    },
    model::{Melody, Model},
};

/// What stands under `[files]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    /// Symbols → their meaning in context and their lengths.
    encoder: File,
    /// Meaning, frame by frame → spectrum.
    decoder: File,
    /// Spectrum → samples.
    vocoder: File,
    /// Symbol and number.
    symbols: File,
    /// Pinyin, and initial and final.
    syllables: File,
    /// Letter and syllables.
    letters: File,
}

/// What one voice has of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    /// How much higher than trained; 1.0 is as trained.
    #[serde(default = "as_trained")]
    pitch: f32,
    /// How much stronger than trained.
    #[serde(default = "as_trained")]
    energy: f32,
}

fn as_trained() -> f32 {
    1.0
}

/// The tables, as text.
#[derive(Debug)]
pub(super) struct Tables {
    pub symbols: String,
    pub syllables: String,
    pub letters: String,
}

/// Everything in the folder but the networks, checked.
#[derive(Debug)]
pub(super) struct Files {
    folder: Folder<Names, Own>,
    pub tables: Tables,
}

impl Files {
    /// Reads the folder `dir` but for its networks.
    pub(super) fn read(dir: &Path) -> Result<Self, EngineError> {
        let folder = Folder::<Names, Own>::read(dir)?;
        let files = &folder.manifest.files;
        let tables = Tables {
            symbols: folder.text(&files.symbols)?,
            syllables: folder.text(&files.syllables)?,
            letters: folder.text(&files.letters)?,
        };
        for entry in &folder.manifest.voices {
            let sane = |factor: f32| (0.5..=2.0).contains(&factor);
            if !(sane(entry.own.pitch) && sane(entry.own.energy)) {
                return Err(folder.complain("pitch and energy of a voice are factors from 0.5 to 2.0"));
            }
        }
        Ok(Self { folder, tables })
    }

    /// Reads the networks.
    pub(super) fn model(&self, threads: usize) -> Result<Model, EngineError> {
        let Names { encoder, decoder, vocoder, .. } = &self.folder.manifest.files;
        let networks = [encoder, decoder, vocoder];
        let mut bytes = Vec::with_capacity(networks.len());
        for file in networks {
            bytes.push(self.folder.bytes(file)?);
        }
        let [encoder, decoder, vocoder] =
            <[Vec<u8>; 3]>::try_from(bytes).map_err(|_| self.complain("it lacks networks"))?;
        let threads = network::pool(threads).map_err(|why| self.complain(&why))?;
        Model::load(encoder, decoder, vocoder, &threads).map_err(|why| self.complain(&why))
    }

    /// The voices that it offers.
    pub(super) fn voices(&self) -> Vec<Voice> {
        let Names { encoder, decoder, vocoder, symbols, syllables, letters } = &self.folder.manifest.files;
        self.folder.voices(|entry| {
            let files = [encoder, decoder, vocoder, symbols, syllables, letters];
            let shaped = format!("{:?} {:?}", self.folder.manifest.speed, entry.own);
            files.iter().map(|file| file.sha256.clone()).chain([shaped]).collect()
        })
    }

    /// The melody of each voice.
    pub(super) fn melodies(&self) -> impl Iterator<Item = Melody> {
        let melody = |own: &Own| Melody { pitch: own.pitch, energy: own.energy };
        self.folder.manifest.voices.iter().map(move |entry| melody(&entry.own))
    }

    /// Slowest and fastest speed of the network itself.
    pub(super) fn clean_speed(&self) -> (f32, f32) {
        self.folder.manifest.speed
    }

    /// Samples a second.
    pub(super) fn rate(&self) -> u32 {
        self.folder.manifest.rate
    }

    /// `why` the folder is not fit for use.
    pub(super) fn complain(&self, why: &str) -> EngineError {
        self.folder.complain(why)
    }
}
