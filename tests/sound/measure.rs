//! What a meter reads from the clips of a notice: loudness, peaks, joins and pauses.
//!
//! Shared by `tests/sound.rs` and `examples/sound.rs`.
//!
//! 1. Loudness is that of BS.1770 between the margins, without the pause; of less than a second as if it were said
//!    again and again. The peak is that of everything.
//! 2. A join is where speech goes over into its pause, and where a pause goes over into the next clip.
//! 3. A pause begins behind the last frame of 5 ms that is within 42 dB of the loudest of its clip, and ends before
//!    the first such frame of the next one. The margins of both clips are no part of it.

use std::{error::Error, time::Duration};

use ebur128::{EbuR128, Mode};
use langdu::audio::{AFTER, BEFORE, Clip, RATE};

/// Samples of a frame.
const FRAME: usize = RATE as usize / 200;

/// What was measured.
#[derive(Debug)]
pub struct Sound {
    /// Seconds of all clips with their pauses.
    pub seconds: f64,
    /// LUFS of each clip.
    pub loudness: Vec<f64>,
    /// dBTP of each clip.
    pub peaks: Vec<f64>,
    /// The largest step between two samples at a join.
    pub join: f64,
    /// What one of a thousand steps within the clips is larger than.
    pub step: f64,
    /// What was to be heard between two clips, and what was, in milliseconds.
    pub pauses: Vec<(f64, f64)>,
    /// Whether there was anything but digital silence in a pause.
    pub noise_in_pauses: bool,
}

/// Measures `clips`, each of which ends with its pause.
pub fn measure(clips: &[(Clip, Duration)]) -> Result<Sound, Box<dyn Error>> {
    let mut sound = Sound {
        seconds: 0.0,
        loudness: Vec::new(),
        peaks: Vec::new(),
        join: 0.0,
        step: 0.0,
        pauses: Vec::new(),
        noise_in_pauses: false,
    };
    let (mut steps, mut before) = (Vec::new(), None);
    for (clip, pause) in clips {
        let bytes = clip.samples()?;
        let samples: Vec<i16> = bytes.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
        let (speech, silence) = samples.split_at(samples.len() - samples_in(*pause));
        sound.seconds += samples.len() as f64 / f64::from(RATE);
        let (loudness, peak) = meter(speech)?;
        sound.loudness.push(loudness);
        sound.peaks.push(peak);
        sound.noise_in_pauses |= silence.iter().any(|&sample| sample != 0);

        steps.extend(speech.windows(2).map(|pair| step(pair[0], pair[1])));
        let edges = [0, *speech.first().unwrap_or(&0), *speech.last().unwrap_or(&0), 0];
        sound.join =
            [(0, 1), (2, 3)].iter().map(|&(a, b)| step(edges[a], edges[b])).fold(sound.join, f64::max);

        let (first, last) = edges_of_speech(speech);
        if let Some((paused, quiet)) = before {
            let margins = samples_in(BEFORE) + samples_in(AFTER);
            sound.pauses.push((paused, milliseconds(quiet + first) - milliseconds(margins)));
        }
        before = Some((pause.as_secs_f64() * 1000.0, samples.len() - last));
    }
    steps.sort_by(f64::total_cmp);
    sound.step = steps.get(steps.len() * 999 / 1000).copied().unwrap_or(0.0);
    Ok(sound)
}

impl Sound {
    /// Difference between the loudest and the softest clip, LU.
    pub fn spread(&self) -> f64 {
        self.loudness.iter().copied().fold(f64::MIN, f64::max)
            - self.loudness.iter().copied().fold(f64::MAX, f64::min)
    }

    /// The highest true peak, dBTP.
    pub fn peak(&self) -> f64 {
        self.peaks.iter().copied().fold(f64::MIN, f64::max)
    }

    /// How far the pause is off that is off the most, as a part of what it was to be. Nothing is known better than to a
    /// frame.
    pub fn worst_pause(&self) -> f64 {
        let frame = milliseconds(FRAME);
        let off = |&(due, heard): &(f64, f64)| ((heard - due).abs() - frame).max(0.0) / due;
        self.pauses.iter().map(off).fold(0.0, f64::max)
    }
}

/// Integrated loudness in LUFS and true peak in dBTP of speech with its margins.
fn meter(speech: &[i16]) -> Result<(f64, f64), Box<dyn Error>> {
    let mut peak = EbuR128::new(1, RATE, Mode::TRUE_PEAK)?;
    peak.add_frames_i16(speech)?;
    let between = samples_in(BEFORE)..speech.len().saturating_sub(samples_in(AFTER));
    let between = speech.get(between).filter(|between| !between.is_empty()).ok_or("nothing but margins")?;
    let mut loudness = EbuR128::new(1, RATE, Mode::I)?;
    for _ in 0..(RATE as usize).div_ceil(between.len()) {
        loudness.add_frames_i16(between)?;
    }
    Ok((loudness.loudness_global()?, 20.0 * peak.true_peak(0)?.log10()))
}

/// The sample at which the first loud frame begins, and that at which the last one ends.
fn edges_of_speech(speech: &[i16]) -> (usize, usize) {
    let energy =
        |frame: &[i16]| frame.iter().map(|&s| f64::from(s).powi(2)).sum::<f64>() / frame.len() as f64;
    let energies: Vec<f64> = speech.chunks(FRAME).map(energy).collect();
    let loudest = energies.iter().copied().fold(0.0, f64::max);
    let loud = |energy: &f64| *energy >= loudest * 10f64.powf(-4.2);
    let first = energies.iter().position(loud).unwrap_or(0);
    let last = energies.iter().rposition(loud).map_or(0, |last| last + 1);
    (first * FRAME, (last * FRAME).min(speech.len()))
}

fn step(a: i16, b: i16) -> f64 {
    f64::from(i32::from(b) - i32::from(a)).abs() / 32_768.0
}

fn samples_in(time: Duration) -> usize {
    (time.as_secs_f64() * f64::from(RATE)).round() as usize
}

fn milliseconds(samples: usize) -> f64 {
    samples as f64 * 1000.0 / f64::from(RATE)
}
