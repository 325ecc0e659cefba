//! Equal loudness: -16 LUFS, with a true peak of at most -1 dBTP. The peak wins.
//!
//! Loudness is the integrated loudness of ITU-R BS.1770-4 / EBU R 128, as a meter reads it from the mono
//! file. One gain for the whole clip: nothing is limited or compressed, so a clip whose peaks don't
//! leave room for -16 LUFS ends up softer (by 1.5 dB at most with the voices at hand), not distorted.

use ebur128::{EbuR128, Mode};

use super::RATE;

/// LUFS.
const LOUDNESS: f64 = -16.0;

/// dBTP: room for what a lossy codec or a resampler adds.
const PEAK: f64 = -1.0;

/// Samples the measure needs: it looks through windows of 0.4 s, a quarter of that apart. A shorter
/// clip, one syllable perhaps, is measured as if it were said again and again.
const MEASURED: usize = RATE as usize;

/// Scales `speech` to the level of all clips; none for what is too soft to be speech.
pub(super) fn set(mut speech: Vec<f32>) -> Option<Vec<f32>> {
    let (loudness, peak) = measure(&speech)?;
    let gain = (LOUDNESS - loudness).min(PEAK - peak);
    let factor = 10f64.powf(gain / 20.0) as f32;
    speech.iter_mut().for_each(|sample| *sample *= factor);
    Some(speech)
}

/// Integrated loudness in LUFS and true peak in dBTP; none for what is too soft to measure.
fn measure(speech: &[f32]) -> Option<(f64, f64)> {
    if speech.is_empty() {
        return None;
    }
    let mut meter = EbuR128::new(1, RATE, Mode::I | Mode::TRUE_PEAK).ok()?;
    for _ in 0..MEASURED.div_ceil(speech.len()) {
        meter.add_frames_f32(speech).ok()?;
    }
    let loudness = meter.loudness_global().ok()?;
    let peak = 20.0 * meter.true_peak(0).ok()?.log10();
    (loudness.is_finite() && peak.is_finite()).then_some((loudness, peak))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{quiet, sine};
    use super::*;

    #[test]
    fn the_meter_is_calibrated() {
        // BS.1770-4, annex 1: a sine of 997 Hz at full scale on one front channel reads -3.01 LUFS.
        let (loudness, peak) = measure(&sine(997.0, 1.0, 5.0)).unwrap();
        assert!((loudness + 3.01).abs() < 0.05, "{loudness}");
        assert!(peak.abs() < 0.2, "{peak}");
        // A tenth of it is 20 dB less.
        let (loudness, peak) = measure(&sine(997.0, 0.1, 5.0)).unwrap();
        assert!((loudness + 23.01).abs() < 0.05, "{loudness}");
        assert!((peak + 20.0).abs() < 0.2, "{peak}");
    }

    #[test]
    fn soft_and_loud_come_out_alike() {
        for peak in [0.01, 0.1, 0.99] {
            let speech = set(sine(1000.0, peak, 2.0)).unwrap();
            let (loudness, _) = measure(&speech).unwrap();
            assert!((loudness - LOUDNESS).abs() < 0.05, "{loudness}");
        }
    }

    #[test]
    fn a_single_syllable_is_as_loud_as_a_sentence() {
        for seconds in [0.05, 0.2, 0.35, 0.9] {
            let speech = set(sine(1000.0, 0.05, seconds)).unwrap();
            let peak = speech.iter().fold(0f32, |most, sample| most.max(sample.abs()));
            // A sine of -16 LUFS has its peak 3 dB higher.
            let decibel = 20.0 * peak.log10();
            assert!((decibel + 13.0).abs() < 0.3, "{seconds} s: {decibel}");
        }
    }

    #[test]
    fn the_peak_wins_even_between_two_samples() {
        // Clicks make the peak high and the loudness low. A sine of a quarter of the rate, sampled at
        // 45 degrees, has its true peak 3 dB above its highest sample.
        let mut speech = quiet(2.0);
        for (at, sample) in speech.iter_mut().enumerate().filter(|(at, _)| at % 4800 < 48) {
            *sample = if at % 4 < 2 { 0.1 } else { -0.1 };
        }
        let (loudness, peak) = measure(&set(speech).unwrap()).unwrap();
        assert!(peak < PEAK + 0.05 && peak > PEAK - 0.2, "{peak}");
        assert!(loudness < LOUDNESS, "{loudness}");
    }

    #[test]
    fn silence_has_no_level() {
        assert_eq!(set(Vec::new()), None);
        assert_eq!(set(quiet(1.0)), None);
        assert_eq!(set(sine(1000.0, 0.0001, 1.0)), None);
    }
}
