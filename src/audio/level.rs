//! Equal loudness: -16 LUFS, with a true peak of at most -1 dBTP. The peak wins.
//!
//! Loudness is the integrated loudness of ITU-R BS.1770-4 / EBU R 128; -16 LUFS is what the Audio
//! Engineering Society recommends for speech on the net (TD1008). One gain for the whole clip: nothing
//! is limited or compressed, so a clip with high peaks ends up softer than -16 LUFS, not distorted.

use ebur128::{EbuR128, Mode};

use super::RATE;

/// LUFS.
const LOUDNESS: f64 = -16.0;

/// dBTP: room for what a lossy codec or a resampler adds.
const PEAK: f64 = -1.0;

/// Samples the measure needs: it looks through windows of 0.4 s, a quarter of that apart. A shorter
/// clip, one syllable perhaps, is measured as if it were said again and again.
const MEASURED: usize = RATE as usize;

/// Scales `speech` to the level of all clips. What cannot be measured stays as it is.
pub(super) fn set(speech: &mut [f32]) {
    let Some((loudness, peak)) = measure(speech) else { return };
    let gain = (LOUDNESS - loudness).min(PEAK - peak);
    let factor = 10f64.powf(gain / 20.0) as f32;
    speech.iter_mut().for_each(|sample| *sample *= factor);
}

/// Integrated loudness in LUFS and true peak in dBTP; none for what is too soft to measure.
fn measure(speech: &[f32]) -> Option<(f64, f64)> {
    if speech.is_empty() {
        return None;
    }
    let mut meter = EbuR128::new(1, RATE, Mode::I | Mode::TRUE_PEAK).ok()?;
    // One loudspeaker on either side: mono is heard from both, so it counts as stereo does.
    meter.set_channel(0, ebur128::Channel::DualMono).ok()?;
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
        // EBU Tech 3341, case 1: a sine of 1 kHz at -23 dBFS on two channels reads -23 LUFS.
        let (loudness, peak) = measure(&sine(1000.0, 10f32.powf(-23.0 / 20.0), 5.0)).unwrap();
        assert!((loudness + 23.0).abs() < 0.1, "{loudness}");
        assert!((peak + 23.0).abs() < 0.2, "{peak}");
    }

    #[test]
    fn soft_and_loud_come_out_alike() {
        for peak in [0.01, 0.1, 0.99] {
            let mut speech = sine(1000.0, peak, 2.0);
            set(&mut speech);
            let (loudness, _) = measure(&speech).unwrap();
            assert!((loudness - LOUDNESS).abs() < 0.05, "{loudness}");
        }
    }

    #[test]
    fn a_single_syllable_is_as_loud_as_a_sentence() {
        for seconds in [0.05, 0.2, 0.35, 0.9] {
            let mut speech = sine(1000.0, 0.05, seconds);
            set(&mut speech);
            let peak = speech.iter().fold(0f32, |most, sample| most.max(sample.abs()));
            let decibel = 20.0 * peak.log10();
            assert!((decibel + 16.0).abs() < 0.3, "{seconds} s: {decibel}");
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
        set(&mut speech);
        let (loudness, peak) = measure(&speech).unwrap();
        assert!(peak < PEAK + 0.05 && peak > PEAK - 0.2, "{peak}");
        assert!(loudness < LOUDNESS, "{loudness}");
    }
}
