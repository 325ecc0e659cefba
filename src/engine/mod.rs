//! Engines: from a [`Reading`](crate::reading::Reading) to samples.

pub mod neural;
pub(crate) mod sys;

use std::{fs, path::Path, sync::Arc};

use crate::{
    audio::Pcm,
    plan::Timbre,
    reading::{Reading, Voiced},
};
use neural::Neural;

/// One voice of an engine.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Voice {
    /// How it is asked for: `zf_xiaoxiao`.
    pub name: String,
    /// What a person sees: 晓晓.
    pub title: String,
    /// `female` or `male`.
    pub sex: String,
    /// BCP 47 tag: `zh-CN`.
    pub language: String,
    /// SPDX expression.
    pub licence: String,
    /// Hexadecimal digest of everything of the voice that shapes its sound; part of every clip key.
    pub digest: String,
    /// Samples a second.
    pub rate: u32,
    /// Slowest and fastest speed it speaks cleanly.
    pub speed: (f32, f32),
}

impl Voice {
    /// The voice as clip keys see it.
    pub fn timbre(&self, engine: &dyn Engine) -> Timbre {
        Timbre { engine: engine.version().to_owned(), voice: self.name.clone(), digest: self.digest.clone() }
    }
}

/// Opens every voice folder in `folder`, in the order of their names, each on `threads` threads (0: one for each
/// core). Each is to be made [`ready`](Engine::ready).
///
/// # Errors
/// [`EngineError::Files`] where there is no voice at all, or one of them is missing a file or differs
/// from its checksums: a voice that is damaged is refused at start, not when somebody waits for it.
pub fn open_folder(folder: &Path, threads: usize) -> Result<Vec<Arc<dyn Engine>>, EngineError> {
    let entries = fs::read_dir(folder)
        .map_err(|why| EngineError::Files(format!("the folder of voices {}: {why}", folder.display())))?;
    let mut voices: Vec<_> =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.join(MANIFEST).is_file()).collect();
    voices.sort();
    if voices.is_empty() {
        let folder = folder.display();
        return Err(EngineError::Files(format!("the folder of voices {folder} has no voice in it")));
    }
    voices.iter().map(|path| Ok(Arc::new(Neural::open(path, threads)?) as Arc<dyn Engine>)).collect()
}

/// Opens every voice folder in `folder`, and makes each ready.
///
/// # Errors
/// As [`open_folder`] and [`Engine::ready`].
pub fn load_folder(folder: &Path, threads: usize) -> Result<Vec<Arc<dyn Engine>>, EngineError> {
    let engines = open_folder(folder, threads)?;
    engines.iter().try_for_each(|engine| engine.ready())?;
    Ok(engines)
}

/// The voice named `name` and its engine; the first voice of the first engine when none is named.
///
/// # Errors
/// [`EngineError::UnknownVoice`].
pub fn find<'e>(
    engines: &'e [Arc<dyn Engine>],
    name: Option<&str>,
) -> Result<(&'e dyn Engine, &'e Voice), EngineError> {
    engines
        .iter()
        .flat_map(|engine| engine.voices().iter().map(move |voice| (&**engine, voice)))
        .find(|(_, voice)| name.is_none_or(|name| voice.name == name))
        .ok_or_else(|| EngineError::UnknownVoice(name.unwrap_or_default().to_owned()))
}

/// What describes a voice in its folder.
const MANIFEST: &str = "voice.toml";

/// Why an engine gave no samples.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No voice of that name. The caller is to blame.
    #[error("there is no voice named {0}")]
    UnknownVoice(String),
    /// The voice does not speak so slowly or so fast. The caller is to blame.
    #[error("the voice speaks at {slowest} to {fastest} times its normal speed, not at {asked}")]
    Speed {
        /// What was asked for.
        asked: f32,
        /// See [`Voice::speed`].
        slowest: f32,
        /// See [`Voice::speed`].
        fastest: f32,
    },
    /// The reading has no sound. The caller is to blame.
    #[error("there is nothing to say")]
    Nothing,
    /// The reading is too long for one synthesis. The caller is to blame.
    #[error("the utterance needs {symbols} symbols, the voice takes at most {most}")]
    TooLong {
        /// How many it needs.
        symbols: usize,
        /// How many there may be.
        most: usize,
    },
    /// The voice cannot say one of the sounds. Its tables are to blame, and trying again is no use.
    #[error("the voice has no symbols for the sound {0}")]
    UnknownSound(String),
    /// The files of a voice are missing or damaged. The operator is to blame.
    #[error("{0}")]
    Files(String),
    /// The engine failed on this utterance. It may be tried again.
    #[error("the engine failed: {0}")]
    Failed(String),
    /// What the engine gave is no speech of these sounds. It may be tried again.
    #[error("the engine gave {seconds:.2} s of sound for {sounds} sounds")]
    Implausible {
        /// How long it is.
        seconds: f32,
        /// How many sounds the reading has.
        sounds: usize,
    },
}

impl EngineError {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownVoice(_) => "unknown_voice",
            Self::Speed { .. } => "speed_out_of_range",
            Self::Nothing => "nothing_to_say",
            Self::TooLong { .. } => "utterance_too_long",
            Self::UnknownSound(_) => "unknown_sound",
            Self::Files(_) => "voice_files",
            Self::Failed(_) => "engine_failed",
            Self::Implausible { .. } => "implausible_length",
        }
    }

    /// Whether the same call may succeed later.
    pub fn may_be_retried(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Implausible { .. })
    }
}

/// Has `engine` speak, and refuses what cannot be speech of these sounds: a model that has lost its way
/// hums for minutes, or clicks.
///
/// # Errors
/// As [`Engine::synthesize`], and [`EngineError::Implausible`].
pub fn speak(engine: &dyn Engine, voice: &str, reading: &Reading, speed: f32) -> Result<Pcm, EngineError> {
    let pcm = engine.synthesize(voice, reading, speed)?;
    let sounds = reading.sounds.len();
    let syllables = reading.sounds.iter().filter(|sound| !matches!(sound.voiced, Voiced::Pause(_))).count();
    let seconds = pcm.samples.len() as f32 / pcm.rate.max(1) as f32;
    // A slow syllable takes half a second, a quick one a tenth: both limits are far outside.
    let (least, most) = (0.02 * syllables as f32, 10.0 + 2.0 * sounds as f32);
    if !(least..=most).contains(&seconds) {
        return Err(EngineError::Implausible { seconds, sounds });
    }
    Ok(pcm)
}

/// Something that speaks. Calls block; never call one on an async worker thread.
pub trait Engine: Send + Sync {
    /// Name and version, part of every clip key: `kokoro/1`.
    fn version(&self) -> &str;

    /// What it can speak with; the first is its default.
    fn voices(&self) -> &[Voice];

    /// How many clips it makes at a time for those who wait, beside the one that it makes ahead.
    fn at_once(&self) -> usize {
        1
    }

    /// Whether nothing large is left to be read before the first clip.
    fn is_ready(&self) -> bool {
        true
    }

    /// Reads whatever is large, so that the first clip need not wait for it.
    ///
    /// # Errors
    /// [`EngineError::Files`] where the files are damaged: then it will never speak.
    fn ready(&self) -> Result<(), EngineError> {
        Ok(())
    }

    /// Speaks `reading` at `speed` (1.0 is normal, larger is faster).
    ///
    /// # Errors
    /// See [`EngineError`].
    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Pcm, EngineError>;
}
