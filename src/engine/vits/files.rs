//! The files of a VITS voice folder: the network, Piper's JSON, one table.

use std::{collections::HashMap, path::Path};

use serde::Deserialize;

use super::super::{
    EngineError, Voice,
    folder::{Entry, File, Folder},
};

/// What stands under `[files]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Names {
    /// The network.
    model: File,
    /// What Piper says of it: `….onnx.json`.
    config: File,
    /// Sound and phonemes.
    sounds: File,
}

/// What one voice has of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    /// Number of the speaker, where the network has several.
    #[serde(default)]
    speaker: i32,
}

/// What is needed of Piper's JSON.
#[derive(Debug, Deserialize)]
pub(super) struct Piper {
    audio: PiperAudio,
    #[serde(default = "one")]
    num_speakers: i32,
    #[serde(default)]
    pub inference: Inference,
    /// Each phoneme and its numbers.
    pub phoneme_id_map: HashMap<String, Vec<i32>>,
}

#[derive(Debug, Deserialize)]
struct PiperAudio {
    sample_rate: u32,
}

/// How lively the voice speaks.
#[derive(Debug, Deserialize)]
#[serde(default)]
pub(super) struct Inference {
    pub noise_scale: f32,
    pub length_scale: f32,
    pub noise_w: f32,
}

impl Default for Inference {
    /// Piper's own.
    fn default() -> Self {
        Self { noise_scale: 0.667, length_scale: 1.0, noise_w: 0.8 }
    }
}

fn one() -> i32 {
    1
}

/// Everything in the folder but the network, checked.
#[derive(Debug)]
pub(super) struct Files {
    folder: Folder<Names, Own>,
    pub piper: Piper,
    /// The table, as text.
    pub sounds: String,
}

impl Files {
    /// Reads the folder `dir` but for its network.
    pub(super) fn read(dir: &Path) -> Result<Self, EngineError> {
        let folder = Folder::<Names, Own>::read(dir)?;
        let files = &folder.manifest.files;
        let piper: Piper = serde_json::from_str(&folder.text(&files.config)?)
            .map_err(|why| folder.complain(&format!("{}: {why}", files.config.path)))?;
        let sounds = folder.text(&files.sounds)?;
        let files = Self { folder, piper, sounds };
        files.check().map_err(|why| files.complain(&why))?;
        Ok(files)
    }

    /// Reads the network.
    pub(super) fn model(&self) -> Result<Vec<u8>, EngineError> {
        self.folder.bytes(&self.folder.manifest.files.model)
    }

    /// The voices that it offers.
    pub(super) fn voices(&self) -> Vec<Voice> {
        let Names { model, config, sounds } = &self.folder.manifest.files;
        self.folder.voices(|entry| {
            let files = [model, config, sounds].map(|file| file.sha256.clone());
            let shaped = format!("{:?} {:?}", self.folder.manifest.speed, entry.own);
            files.into_iter().chain([shaped]).collect()
        })
    }

    /// The speaker of each voice.
    pub(super) fn speakers(&self) -> impl Iterator<Item = i32> {
        self.folder.manifest.voices.iter().map(|entry| entry.own.speaker)
    }

    /// Slowest and fastest speed of the network itself.
    pub(super) fn clean_speed(&self) -> (f32, f32) {
        self.folder.manifest.speed
    }

    /// `why` the folder is not fit for use.
    pub(super) fn complain(&self, why: &str) -> EngineError {
        self.folder.complain(why)
    }

    fn check(&self) -> Result<(), String> {
        let (rate, told) = (self.folder.manifest.rate, self.piper.audio.sample_rate);
        if rate != told {
            return Err(format!("voice.toml says {rate} samples a second, Piper's JSON says {told}"));
        }
        let Inference { noise_scale, length_scale, noise_w } = self.piper.inference;
        let sane = [noise_scale, noise_w].iter().all(|noise| (0.0..=2.0).contains(noise));
        if !sane || !(0.2..=5.0).contains(&length_scale) {
            return Err("the inference scales of Piper's JSON make no sense".to_owned());
        }
        let speakers = 0..self.piper.num_speakers.max(1);
        let odd = |entry: &&Entry<Own>| !speakers.contains(&entry.own.speaker);
        match self.folder.manifest.voices.iter().find(odd) {
            Some(entry) => {
                Err(format!("{} is speaker {} of {}", entry.name, entry.own.speaker, speakers.end))
            }
            None => Ok(()),
        }
    }
}
