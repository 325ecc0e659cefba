//! From samples to clips: trim, level, pause, WAV. Pure.

use std::time::Duration;

use bytes::Bytes;

/// Changes whenever the same samples would give another clip; part of every clip key.
pub const CHAIN_VERSION: u32 = 1;

/// Mono samples as an engine gives them, full scale at ±1.
#[derive(Clone, Debug, PartialEq)]
pub struct Pcm {
    /// Samples a second.
    pub rate: u32,
    /// One channel.
    pub samples: Vec<f32>,
}

/// A finished clip: a WAV file (24 kHz, 16 bit, mono) that ends with its pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// The whole file.
    pub wav: Bytes,
}

/// Why samples are no clip.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum AudioError {
    /// The engine gave no audible sound.
    #[error("the engine gave silence")]
    Silence,
    /// A sample is not a number.
    #[error("the engine gave samples that are not numbers")]
    NotANumber,
}

/// Trims the edges, sets the level and ends with `pause` of silence.
///
/// # Errors
/// See [`AudioError`]; silence never becomes a clip.
pub fn finish(pcm: Pcm, pause: Duration) -> Result<Clip, AudioError> {
    let _ = (pcm, pause);
    Err(AudioError::Silence)
}
