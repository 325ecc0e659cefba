//! From samples to clips, and from clips to longer recordings. Pure.
//!
//! 1. samples that are not numbers, at another rate or silent are refused;
//! 2. [`trim`] takes away the silence that an engine puts around its speech;
//! 3. [`level`] makes every clip equally loud;
//! 4. the pause is added as digital silence, and [`wav`] writes the file;
//! 5. [`encoding`] writes it in other formats, [`joined`] several clips as one recording.
//!
//! [`stretch`](mod@stretch) serves the engines: it makes speech slower or faster than they can.

mod encoding;
#[cfg(feature = "flac")]
mod flac;
mod g711;
mod joined;
mod level;
#[cfg(feature = "opus")]
mod opus;
mod resample;
mod stretch;
mod trim;
mod wav;

use std::time::Duration;

use bytes::Bytes;

pub use encoding::{Encoding, encode};
pub use joined::{Container, Recording};
pub use stretch::stretch;
pub use wav::{HEADER, join};

/// Changes whenever the same samples would give another clip, in whatever format; part of every clip key.
pub const CHAIN_VERSION: u32 = 1;

/// Samples a second of every clip.
pub const RATE: u32 = 24_000;

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

/// Why samples are no clip, or clips no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AudioError {
    /// The engine gave no audible sound.
    #[error("the engine gave silence")]
    Silence,
    /// A sample is not a number.
    #[error("the engine gave samples that are not numbers")]
    NotANumber,
    /// The engine speaks at a rate that is not [`RATE`], or a clip was asked for at one that is not served.
    #[error("there is no way between {0} samples a second and the {RATE} of a clip")]
    Rate(u32),
    /// A codec failed on a clip.
    #[error("the clip could not be encoded")]
    Codec,
    /// A clip that was kept somewhere is not one that this chain wrote.
    #[error("a stored clip is damaged")]
    Damaged,
    /// More than the four gigabytes, two days of speech, that a WAV file can count.
    #[error("the recording is too long for a WAV file")]
    TooLong,
}

/// Trims the edges, sets the level and ends with `pause` of silence.
///
/// # Errors
/// See [`AudioError`]; silence never becomes a clip.
pub fn finish(pcm: Pcm, pause: Duration) -> Result<Clip, AudioError> {
    if pcm.rate != RATE {
        return Err(AudioError::Rate(pcm.rate));
    }
    if pcm.samples.iter().any(|sample| !sample.is_finite()) {
        return Err(AudioError::NotANumber);
    }
    let speech = trim::speech(&pcm.samples).and_then(level::set).ok_or(AudioError::Silence)?;
    wav::clip(&speech, samples_in(pause))
}

/// How many samples `time` lasts, to the nearest.
fn samples_in(time: Duration) -> usize {
    (time.as_secs_f64() * f64::from(RATE)).round() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `seconds` of a sine of `hertz`, peak at `peak`.
    pub(super) fn sine(hertz: f32, peak: f32, seconds: f32) -> Vec<f32> {
        let step = std::f32::consts::TAU * hertz / RATE as f32;
        (0..(seconds * RATE as f32) as usize).map(|at| peak * (at as f32 * step).sin()).collect()
    }

    pub(super) fn quiet(seconds: f32) -> Vec<f32> {
        vec![0.0; (seconds * RATE as f32) as usize]
    }

    fn pcm(parts: &[Vec<f32>]) -> Pcm {
        Pcm { rate: RATE, samples: parts.concat() }
    }

    #[test]
    fn a_clip_is_the_speech_its_margins_and_exactly_its_pause() {
        let speech = pcm(&[quiet(0.4), sine(300.0, 0.3, 1.0), quiet(0.8)]);
        let bare = finish(speech.clone(), Duration::ZERO).unwrap();
        let paused = finish(speech, Duration::from_millis(520)).unwrap();
        let seconds = bare.duration().as_secs_f64();
        assert!((1.14..1.17).contains(&seconds), "{seconds}");
        assert_eq!(paused.duration(), bare.duration() + Duration::from_millis(520));
        let pause = &paused.wav[bare.wav.len()..];
        assert!(pause.iter().all(|&byte| byte == 0));
    }

    #[test]
    fn what_is_no_speech_is_refused() {
        assert_eq!(finish(pcm(&[]), Duration::ZERO), Err(AudioError::Silence));
        assert_eq!(finish(pcm(&[quiet(1.0)]), Duration::ZERO), Err(AudioError::Silence));
        assert_eq!(finish(pcm(&[sine(300.0, 0.0001, 1.0)]), Duration::ZERO), Err(AudioError::Silence));
        for odd in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let speech = pcm(&[sine(300.0, 0.3, 1.0), vec![odd]]);
            assert_eq!(finish(speech, Duration::ZERO), Err(AudioError::NotANumber));
        }
        let other = Pcm { rate: 22_050, samples: sine(300.0, 0.3, 1.0) };
        assert_eq!(finish(other, Duration::ZERO), Err(AudioError::Rate(22_050)));
    }
}
