//! From samples to clips, and from clips to longer recordings. Pure.
//!
//! 1. samples that are not numbers or silent are refused; [`resample`] brings others to the rate of clips;
//! 2. [`trim`] takes away the silence that an engine puts around its speech, but for margins that are always the same;
//! 3. [`level`] makes every clip equally loud, and [`limit`] keeps its peaks below full scale;
//! 4. the pause is added as digital silence, and [`wav`] writes the file, in 16 bit with [`dither`];
//! 5. [`encoding`] writes it in other formats, [`joined`] several clips as one recording.
//!
//! [`marks`] says when each sound of a clip is heard, from what the engine told or from the clip alone ([`align`]).
//! [`stretch`](mod@stretch) serves the engines: it makes speech slower or faster than they can.

mod align;
mod dither;
mod encoding;
#[cfg(feature = "flac")]
mod flac;
mod g711;
mod joined;
mod level;
mod limit;
mod marks;
#[cfg(feature = "opus")]
mod opus;
mod resample;
mod stretch;
mod trim;
mod wav;

use std::{
    ops::{Range, RangeInclusive},
    time::Duration,
};

use bytes::Bytes;

pub use encoding::{Encoding, encode};
pub use joined::{Container, Recording};
pub use marks::{Beat, Marks, MarksBy};
pub use stretch::stretch;
pub use trim::{AFTER, BEFORE};
pub use wav::{HEADER, join};

/// Changes whenever the same samples would give another clip, in whatever format; part of every clip key.
pub const CHAIN_VERSION: u32 = 4;

/// Samples a second of every clip.
pub const RATE: u32 = 24_000;

/// Samples a second that engines may speak at.
pub const ENGINE_RATES: RangeInclusive<u32> = 8_000..=48_000;

/// Mono samples as an engine gives them, full scale at ±1.
#[derive(Clone, Debug, PartialEq)]
pub struct Pcm {
    /// Samples a second.
    pub rate: u32,
    /// One channel.
    pub samples: Vec<f32>,
}

/// What an engine said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// The samples.
    pub pcm: Pcm,
    /// When each sound of the reading is heard, in seconds from the first sample: one for every sound, marks
    /// too. None where the engine does not know.
    pub times: Option<Vec<Range<f32>>>,
}

impl From<Pcm> for Said {
    fn from(pcm: Pcm) -> Self {
        Self { pcm, times: None }
    }
}

/// What the chain made of what an engine said.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// The clip.
    pub clip: Clip,
    /// [`Said::times`], in seconds from the first sample of the clip.
    pub times: Option<Vec<Range<f32>>>,
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
    /// The engine speaks at a rate that no voice has, or a clip was asked for at one that is not served.
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

/// Brings what was said to the rate and level of clips, trims its edges and ends it with `pause` of silence.
///
/// # Errors
/// See [`AudioError`]; silence never becomes a clip.
pub fn finish(said: impl Into<Said>, pause: Duration) -> Result<Finished, AudioError> {
    let Said { pcm, times } = said.into();
    if pcm.samples.iter().any(|sample| !sample.is_finite()) {
        return Err(AudioError::NotANumber);
    }
    let samples = resample::from(pcm)?;
    let trimmed = trim::speech(&samples).ok_or(AudioError::Silence)?;
    let speech = level::set(trimmed.samples).ok_or(AudioError::Silence)?;
    let end = speech.len() as f32 / RATE as f32;
    let moved = |at: f32| (at + trimmed.later).clamp(0.0, end);
    let times = times.map(|times| times.iter().map(|time| moved(time.start)..moved(time.end)).collect());
    Ok(Finished { clip: wav::clip(&speech, samples_in(pause))?, times })
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
        let bare = finish(speech.clone(), Duration::ZERO).unwrap().clip;
        let paused = finish(speech, Duration::from_millis(520)).unwrap().clip;
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
        for rate in [0, 7999, 48_001] {
            let other = Pcm { rate, samples: sine(300.0, 0.3, 1.0) };
            assert_eq!(finish(other, Duration::ZERO), Err(AudioError::Rate(rate)));
        }
    }

    #[test]
    fn what_an_engine_says_at_another_rate_sounds_and_lasts_the_same() {
        let pause = Duration::from_millis(300);
        for rate in [8000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000] {
            let step = std::f32::consts::TAU * 440.0 / rate as f32;
            let sound = (0..rate).map(|at| 0.3 * (at as f32 * step).sin());
            let quiet = vec![0.0; rate as usize / 2];
            let samples: Vec<f32> = quiet.iter().copied().chain(sound).chain(quiet.iter().copied()).collect();
            let said = Said { pcm: Pcm { rate, samples }, times: Some(vec![0.5..1.5]) };
            let Finished { clip, times } = finish(said, pause).unwrap();
            let seconds = clip.duration().as_secs_f64();
            assert!((seconds - 1.45).abs() < 0.012, "{rate}: {seconds}");
            let time = times.unwrap()[0].clone();
            assert!((time.start - 0.05).abs() < 0.006 && (time.end - 1.05).abs() < 0.006, "{rate}: {time:?}");
            let bytes = clip.samples().unwrap();
            let samples: Vec<i16> = bytes.as_chunks().0.iter().map(|b| i16::from_le_bytes(*b)).collect();
            let middle = &samples[6000..24_000];
            let rises = middle.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
            assert!((329..=331).contains(&rises), "{rate}: {rises} in three quarters of a second");
        }
    }

    #[test]
    fn times_move_with_the_speech_and_never_leave_it() {
        let samples = [quiet(0.4), sine(300.0, 0.3, 1.0), quiet(0.8)].concat();
        let times = Some(vec![0.0..0.6, 0.6..1.4, 1.4..2.2]);
        let said = Said { pcm: Pcm { rate: RATE, samples }, times };
        let times = finish(said, Duration::from_millis(500)).unwrap().times.unwrap();
        let due = [0.0..0.25, 0.25..1.05, 1.05..1.15];
        for (time, due) in times.iter().zip(due) {
            assert!((time.start - due.start).abs() < 0.006, "{time:?} {due:?}");
            assert!((time.end - due.end).abs() < 0.006, "{time:?} {due:?}");
        }
    }
}
