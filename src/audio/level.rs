//! Equal loudness: -16 LUFS, with a true peak of at most -1 dBTP.
//!
//! Loudness is the integrated loudness of ITU-R BS.1770-4 / EBU R 128, as a meter reads it from the mono
//! file. What lies between the margins is measured, not the margins: they are 150 ms of every clip, nothing beside a
//! sentence and half of a clip that is one syllable.
//!
//! 1. One gain for the whole clip brings it to -16 LUFS: no compressor, so nothing pumps inside a clip, and each
//!    clip is measured by itself, so nothing pumps between clips, however short the first ones are.
//! 2. Where that gain raises peaks over the ceiling, these few are lowered ([`limit`](super::limit)). That costs
//!    loudness, which the gain makes up for in another round: some tenths of a decibel where a voice has high peaks,
//!    many decibel where it shouts a syllable, which is brought down to the others.
//! 3. A clip that would need more than [`MOST_LIMITED`] of that is no voice; its peaks win, and it stays softer.

use ebur128::{EbuR128, Mode};

use super::{AFTER, BEFORE, RATE, limit, samples_in};

/// LUFS.
const LOUDNESS: f64 = -16.0;

/// dBTP. The clip has at most -1, which leaves room for what a lossy codec or a resampler adds; the tenth below that is
/// for the dither, and for a meter that finds the true peak in another way.
const CEILING: f64 = -1.1;

/// How far, in decibel, peaks are lowered. Those of most voices at hand stand up to 1.5 dB too high; two of them
/// (zm_yunxi, zm_yunyang) shout the first syllable of some utterances, some 13 dB too loud.
const MOST_LIMITED: f64 = 18.0;

/// A clip this near to [`LOUDNESS`], in LU, is as loud as the others; how often that is tried.
const NEAR: f64 = 0.05;
const ROUNDS: usize = 8;

/// Samples the measure needs: it looks through windows of 0.4 s, a quarter of that apart. A shorter
/// clip, one syllable perhaps, is measured as if it were said again and again.
const MEASURED: usize = RATE as usize;

/// Scales `speech`, which has the margins of every clip, to the level of all clips; none for what is too soft to be
/// speech.
pub(super) fn set(speech: Vec<f32>) -> Option<Vec<f32>> {
    let wanted = LOUDNESS - loudness(&speech)?;
    if decibel(limit::most_of_peak(&speech)) + wanted <= CEILING {
        return Some(scaled(&speech, wanted));
    }
    let peak = decibel(limit::true_peak(&speech));
    let most = CEILING + MOST_LIMITED - peak;
    let mut gain = wanted.min(most);
    let mut out = scaled(&speech, gain);
    if peak + gain <= CEILING {
        return Some(out);
    }
    for _ in 0..ROUNDS {
        limit::limit(&mut out, factor(CEILING) as f32);
        let short = LOUDNESS - loudness(&out)?;
        let better = (gain + short).min(most);
        if short < NEAR || better == gain {
            break;
        }
        gain = better;
        out = scaled(&speech, gain);
    }
    limit::limit(&mut out, factor(CEILING) as f32);
    // The limiter is right to a fiftieth of a decibel, and the peak wins.
    let over = decibel(limit::true_peak(&out)) - CEILING;
    Some(if over > 0.0 { scaled(&out, -over) } else { out })
}

fn scaled(speech: &[f32], decibel: f64) -> Vec<f32> {
    let factor = factor(decibel) as f32;
    speech.iter().map(|sample| sample * factor).collect()
}

fn factor(decibel: f64) -> f64 {
    10f64.powf(decibel / 20.0)
}

fn decibel(factor: f32) -> f64 {
    20.0 * f64::from(factor).log10()
}

/// Integrated loudness in LUFS of what lies between the margins; none for what is too soft to measure.
fn loudness(speech: &[f32]) -> Option<f64> {
    let speech = speech.get(samples_in(BEFORE)..speech.len().checked_sub(samples_in(AFTER))?)?;
    if speech.is_empty() {
        return None;
    }
    let mut meter = EbuR128::new(1, RATE, Mode::I).ok()?;
    for _ in 0..MEASURED.div_ceil(speech.len()) {
        meter.add_frames_f32(speech).ok()?;
    }
    meter.loudness_global().ok().filter(|loudness| loudness.is_finite())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{
        Pcm, finish,
        tests::{quiet, sine},
    };
    use super::*;

    /// dBTP that no clip may pass.
    const PEAK: f64 = -1.0;

    /// Integrated loudness and true peak, as a meter has them that is not ours.
    fn measure(speech: &[f32]) -> Option<(f64, f64)> {
        let mut meter = EbuR128::new(1, RATE, Mode::TRUE_PEAK).ok()?;
        meter.add_frames_f32(speech).ok()?;
        meter.add_frames_f32(&[0.0; 24]).ok()?;
        Some((loudness(speech)?, 20.0 * meter.true_peak(0).ok()?.log10()))
    }

    /// With the margins of every clip.
    fn framed(speech: Vec<f32>) -> Vec<f32> {
        [quiet(BEFORE.as_secs_f32()), speech, quiet(AFTER.as_secs_f32())].concat()
    }

    #[test]
    fn the_meter_is_calibrated() {
        // BS.1770-4, annex 1: a sine of 997 Hz at full scale on one front channel reads -3.01 LUFS.
        let (loudness, peak) = measure(&framed(sine(997.0, 1.0, 5.0))).unwrap();
        assert!((loudness + 3.01).abs() < 0.05, "{loudness}");
        assert!(peak.abs() < 0.2, "{peak}");
        // A tenth of it is 20 dB less.
        let (loudness, peak) = measure(&framed(sine(997.0, 0.1, 5.0))).unwrap();
        assert!((loudness + 23.01).abs() < 0.05, "{loudness}");
        assert!((peak + 20.0).abs() < 0.2, "{peak}");
    }

    #[test]
    fn soft_and_loud_come_out_alike() {
        for peak in [0.01, 0.1, 0.99] {
            let speech = set(framed(sine(1000.0, peak, 2.0))).unwrap();
            let (loudness, _) = measure(&speech).unwrap();
            assert!((loudness - LOUDNESS).abs() < 0.05, "{loudness}");
        }
    }

    #[test]
    fn a_single_syllable_is_as_loud_as_a_sentence() {
        for seconds in [0.05, 0.2, 0.35, 0.9] {
            let speech = set(framed(sine(1000.0, 0.05, seconds))).unwrap();
            let peak = speech.iter().fold(0f32, |most, sample| most.max(sample.abs()));
            // A sine of -16 LUFS has its peak 3 dB higher.
            let decibel = 20.0 * peak.log10();
            assert!((decibel + 13.0).abs() < 0.3, "{seconds} s: {decibel}");
        }
    }

    /// Root mean square, in decibel, of what sounds in the clip of a tone of so many seconds.
    fn sounding(seconds: f32) -> f64 {
        let said = [quiet(0.5), sine(1000.0, 0.05, seconds), quiet(0.5)].concat();
        let clip = finish(Pcm { rate: RATE, samples: said }, Duration::from_millis(520)).unwrap().clip;
        let bytes = clip.samples().unwrap();
        let samples = bytes.as_chunks().0.iter().map(|bytes| f64::from(i16::from_le_bytes(*bytes)) / 32768.0);
        let samples: Vec<f64> = samples.collect();
        let tone = &samples[samples_in(BEFORE) + 240..][..(seconds * RATE as f32) as usize - 480];
        10.0 * (tone.iter().map(|sample| sample * sample).sum::<f64>() / tone.len() as f64).log10()
    }

    #[test]
    fn a_syllable_with_its_margins_has_the_level_of_a_sentence() {
        let sentence = sounding(4.0);
        assert!((sentence + 16.0).abs() < 0.2, "{sentence}");
        for seconds in [0.1, 0.2, 0.3, 0.5] {
            let syllable = sounding(seconds);
            assert!((syllable - sentence).abs() < 0.2, "{seconds} s: {syllable}, a sentence {sentence}");
        }
    }

    /// Syllables as a voice has them: pulses of a throat in a body that rings, one of twenty so much stronger.
    fn voice(accent: f32) -> Vec<f32> {
        let pulse = |at: usize| {
            let time = (at % 200) as f32 / 24_000.0;
            let strength = if at / 200 % 20 == 7 { 0.2 * accent } else { 0.2 };
            strength * (-time * 300.0).exp() * (time * 700.0 * std::f32::consts::TAU).sin()
        };
        (0..72_000).map(|at| if at / 4800 % 4 < 3 { pulse(at) } else { 0.0 }).collect()
    }

    #[test]
    fn a_voice_with_high_peaks_is_as_loud_as_the_others_and_stays_below_the_ceiling() {
        let mut limited = 0;
        for accent in [1.0, 2.0, 2.5, 3.0] {
            let (before, high) = measure(&framed(voice(accent))).unwrap();
            let (loudness, peak) = measure(&set(framed(voice(accent))).unwrap()).unwrap();
            assert!((loudness - LOUDNESS).abs() < 0.1, "{accent}: {loudness}, peak {peak}");
            assert!(peak <= PEAK, "{accent}: {peak}");
            let dithered = finish(Pcm { rate: RATE, samples: voice(accent) }, Duration::ZERO).unwrap().clip;
            let bytes = dithered.samples().unwrap();
            let samples = bytes.as_chunks().0.iter().map(|b| f32::from(i16::from_le_bytes(*b)) / 32768.0);
            let (_, peak) = measure(&samples.collect::<Vec<_>>()).unwrap();
            assert!(peak <= PEAK, "{accent}, dithered: {peak}");
            limited += usize::from(high - before > PEAK - LOUDNESS);
        }
        assert!(limited > 1, "no peak of these was too high");
    }

    #[test]
    fn a_shouted_syllable_makes_the_rest_no_softer() {
        let rest = |speech: &[f32]| measure(&framed(speech[24_000..].to_vec())).unwrap().0;
        for shout in [2.0, 4.0, 6.0] {
            let mut speech = framed(voice(1.0));
            speech.iter_mut().take(samples_in(BEFORE) + 2400).for_each(|sample| *sample *= shout);
            let out = set(speech.clone()).unwrap();
            let (loudness, peak) = measure(&out).unwrap();
            assert!((loudness - LOUDNESS).abs() < 0.1, "{shout}: {loudness}");
            assert!(peak <= PEAK, "{shout}: {peak}");
            // Far from the shout everything is raised alike.
            let (before, after) = (rest(&speech), rest(&out));
            assert!((after - LOUDNESS).abs() < 1.5, "{shout}: {before}, {after}");
        }
    }

    #[test]
    fn the_peak_wins_even_between_two_samples() {
        // Clicks make the peak high and the loudness low. A sine of a quarter of the rate, sampled at
        // 45 degrees, has its true peak 3 dB above its highest sample.
        let mut speech = quiet(2.0);
        for (at, sample) in speech.iter_mut().enumerate().filter(|(at, _)| at % 4800 < 12) {
            *sample = if at % 4 < 2 { 0.1 } else { -0.1 };
        }
        let (loudness, peak) = measure(&set(framed(speech)).unwrap()).unwrap();
        assert!(peak <= PEAK && peak > PEAK - 0.3, "{peak}");
        assert!(loudness < LOUDNESS - 1.0, "{loudness}");
    }

    #[test]
    fn silence_has_no_level() {
        assert_eq!(set(Vec::new()), None);
        assert_eq!(set(quiet(0.1)), None);
        assert_eq!(set(framed(Vec::new())), None);
        assert_eq!(set(quiet(1.0)), None);
        assert_eq!(set(framed(sine(1000.0, 0.0001, 1.0))), None);
    }
}
