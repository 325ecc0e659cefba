//! Engines: from a [`Reading`](crate::reading::Reading) to samples.
//!
//! 1. [`shelf`] opens the folder of voices; what is damaged is refused and the rest speaks;
//! 2. [`folder`] is a voice folder as all engines that are made of files have it, [`table`] its tables, [`behind`] what
//!    of it is large and read later; [`ascii`] writes marks for networks and programs;
//! 3. [`neural`] is Kokoro, [`fastspeech`] FastSpeech2 with its vocoder, [`vits`] Piper's voices, [`program`] what
//!    other programs speak; [`network`] runs the networks of the small ones.

mod ascii;
mod behind;
pub mod fastspeech;
mod folder;
mod network;
pub mod neural;
pub mod program;
mod shelf;
pub(crate) mod sys;
mod table;
pub mod vits;

use std::sync::Arc;

use crate::{
    audio::Said,
    plan::Timbre,
    reading::{Reading, Voiced},
};
pub use shelf::{Opened, Refused, load_folder, open_folder, open_voice, survey};

/// Slowest and fastest speed that can be asked for. What a network does not speak cleanly itself, `speed` in
/// `voice.toml`, is stretched or pressed afterwards.
const SPEED: (f32, f32) = (0.5, 2.0);

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
        Timbre {
            engine: engine.version().to_owned(),
            voice: self.name.clone(),
            digest: self.digest.clone(),
            by_text: engine.reads_text(),
        }
    }

    /// The speed that a network is asked for which speaks cleanly from `slowest` to `fastest`, where `speed` is asked of
    /// the voice; the rest is stretched.
    fn clean(&self, speed: f32, (slowest, fastest): (f32, f32)) -> Result<f32, EngineError> {
        match (self.speed.0..=self.speed.1).contains(&speed) {
            true => Ok(speed.max(slowest).min(fastest)),
            false => Err(EngineError::Speed { asked: speed, slowest: self.speed.0, fastest: self.speed.1 }),
        }
    }
}

/// The voice named `name` and its engine; the first voice of the first engine when none is named.
///
/// # Errors
/// [`EngineError::UnknownVoice`].
pub fn find<'e>(
    engines: &'e [Arc<dyn Engine>],
    name: Option<&str>,
) -> Result<(&'e Arc<dyn Engine>, &'e Voice), EngineError> {
    engines
        .iter()
        .flat_map(|engine| engine.voices().iter().map(move |voice| (engine, voice)))
        .find(|(_, voice)| name.is_none_or(|name| voice.name == name))
        .ok_or_else(|| EngineError::UnknownVoice(name.unwrap_or_default().to_owned()))
}

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
pub fn speak(engine: &dyn Engine, voice: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError> {
    let said = engine.synthesize(voice, reading, speed)?;
    let sounds = reading.sounds.len();
    let syllables = reading.sounds.iter().filter(|sound| !matches!(sound.voiced, Voiced::Pause(_))).count();
    let seconds = said.pcm.samples.len() as f32 / said.pcm.rate.max(1) as f32;
    // A slow syllable takes half a second, a quick one a tenth: both limits are far outside.
    let (least, most) = (0.02 * syllables as f32, 10.0 + 2.0 * sounds as f32);
    if !(least..=most).contains(&seconds) {
        return Err(EngineError::Implausible { seconds, sounds });
    }
    Ok(said)
}

/// Something that speaks. Calls block; never call one on an async worker thread.
pub trait Engine: Send + Sync {
    /// Name and version, part of every clip key: `kokoro/1`.
    fn version(&self) -> &str;

    /// What it can speak with; the first is its default.
    fn voices(&self) -> &[Voice];

    /// Whether it speaks the spoken form ([`Reading::text`]) by its own lights, and not our sounds.
    fn reads_text(&self) -> bool {
        false
    }

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
    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError>;
}
