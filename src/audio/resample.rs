//! From the rate of an engine to 24 kHz, and from 24 kHz to a lower rate.
//!
//! A linear-phase low-pass filter (a windowed sinc over 32 ms, by fast convolution), then other samples: sample n
//! of the result belongs to the same moment as sample n × old rate / new rate. What lies above half the lower
//! rate is 90 dB down; up to nine tenths of that nothing is lost.

use rubato::{Fft, FixedSync, Resampler, WindowFunction, audioadapter_buffers::direct::InterleavedSlice};

use super::{AudioError, ENGINE_RATES, Pcm, RATE};

/// What an engine gave, at the rate of clips.
///
/// # Errors
/// [`AudioError::Rate`] for a rate below 8 or above 48 kHz.
pub(super) fn from(pcm: Pcm) -> Result<Vec<f32>, AudioError> {
    let Pcm { rate, samples } = pcm;
    if !ENGINE_RATES.contains(&rate) {
        return Err(AudioError::Rate(rate));
    }
    if rate == RATE || samples.is_empty() {
        return Ok(samples);
    }
    let samples: Vec<f64> = samples.into_iter().map(f64::from).collect();
    let samples = between(&samples, rate, RATE).ok_or(AudioError::Rate(rate))?;
    Ok(samples.into_iter().map(|sample| sample as f32).collect())
}

/// `samples` at `rate` samples a second.
///
/// # Errors
/// [`AudioError::Rate`] for a rate that the filter does not serve; those of the formats it does.
pub(super) fn to(samples: &[i16], rate: u32) -> Result<Vec<i16>, AudioError> {
    if rate == RATE || samples.is_empty() {
        return Ok(samples.to_vec());
    }
    let samples: Vec<f64> = samples.iter().copied().map(f64::from).collect();
    let samples = between(&samples, RATE, rate).ok_or(AudioError::Rate(rate))?;
    // The cast saturates: a peak that the filter has raised over full scale stays there.
    Ok(samples.into_iter().map(|sample| sample.round() as i16).collect())
}

/// `samples` at another rate; none for rates that there is no filter between.
///
/// In double precision, so that rounding comes out alike whatever the instructions of the processor.
fn between(samples: &[f64], old: u32, new: u32) -> Option<Vec<f64>> {
    let len = (samples.len() as u64 * u64::from(new)).div_ceil(u64::from(old)) as usize;
    let input = InterleavedSlice::new(samples, 1, samples.len()).ok()?;
    let window = WindowFunction::BlackmanHarris2;
    let (old, new) = (old as usize, new as usize);
    // Samples of the filter: even at both rates, so that its delay is a whole number of them.
    let unit = 2 * old / divisor(old, new);
    let filter = (old * 32 / 1000).div_ceil(unit) * unit;
    let mut filter = Fft::<f64>::new_custom(old, new, filter, 1, 1, window, FixedSync::Both).ok()?;
    let mut output = filter.process_all(&input, samples.len(), None).ok()?.take_data();
    output.resize(len, 0.0);
    Some(output)
}

/// The greatest that both can be divided by.
fn divisor(a: usize, b: usize) -> usize {
    if b == 0 { a.max(1) } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: [u32; 2] = [16_000, 8_000];

    /// A second of a tone with its peak at one half.
    fn tone(hertz: f32) -> Vec<i16> {
        let step = std::f64::consts::TAU * f64::from(hertz) / f64::from(RATE);
        (0..RATE).map(|at| (16384.0 * (f64::from(at) * step).sin()).round() as i16).collect()
    }

    /// What comes of a tone, without the edges, in decibel of what went in.
    fn heard(hertz: f32, rate: u32) -> f64 {
        let out = to(&tone(hertz), rate).unwrap();
        let middle = &out[out.len() / 10..out.len() * 9 / 10];
        let power = middle.iter().map(|&s| f64::from(s) * f64::from(s)).sum::<f64>() / middle.len() as f64;
        10.0 * (power.max(1e-3) / (16384.0f64.powi(2) / 2.0)).log10()
    }

    #[test]
    fn speech_keeps_its_level_and_what_cannot_be_kept_is_gone() {
        for rate in RATES {
            let half = rate as f32 / 2.0;
            for part in [0.02, 0.1, 0.25, 0.5, 0.75, 0.9] {
                let level = heard(half * part, rate);
                assert!(level.abs() < 0.05, "{rate}: {level} dB at {} Hz", half * part);
            }
            for hertz in [half, half + 50.0, half * 1.1, half * 1.4, 11_000.0, 11_950.0] {
                let level = heard(hertz, rate);
                assert!(level < -90.0, "{rate}: {level} dB at {hertz} Hz");
            }
        }
    }

    #[test]
    fn every_sample_belongs_to_its_moment() {
        for rate in RATES {
            for hertz in [100.0, 1000.0, 3400.0] {
                let out = to(&tone(hertz), rate).unwrap();
                let step = std::f64::consts::TAU * f64::from(hertz) / f64::from(rate);
                for (at, &sample) in
                    out.iter().enumerate().skip(rate as usize / 10).take(rate as usize * 8 / 10)
                {
                    let due = 16384.0 * (at as f64 * step).sin();
                    assert!(
                        (f64::from(sample) - due).abs() < 2.0,
                        "{rate} {hertz} {at}: {sample}, not {due}"
                    );
                }
            }
            let mut click = vec![0; 24_000];
            click[12_000] = 20_000;
            let out = to(&click, rate).unwrap();
            let loudest = (0..out.len()).max_by_key(|&at| out[at]).unwrap();
            assert_eq!(loudest, rate as usize / 2);
        }
    }

    #[test]
    fn the_length_is_exact_however_short_the_sound() {
        for rate in RATES {
            for len in (0..50).chain(760..780).chain([1535, 1536, 1537, 23_999, 24_000, 24_001, 100_003]) {
                let due = (len * rate as usize).div_ceil(24_000);
                assert_eq!(to(&vec![500; len], rate).unwrap().len(), due, "{len} samples at {rate}");
            }
        }
    }

    #[test]
    fn silence_stays_silent_and_a_steady_level_steady() {
        for rate in RATES {
            assert!(to(&[0; 24_000], rate).unwrap().iter().all(|&sample| sample == 0));
            let steady = to(&[1000; 24_000], rate).unwrap();
            let middle = &steady[rate as usize / 10..rate as usize * 9 / 10];
            assert!(middle.iter().all(|&sample| sample == 1000));
            // A pause is silent but for the half of the filter that hangs over.
            let paused = to(&[tone(1000.0), vec![0; 24_000]].concat(), rate).unwrap();
            assert!(paused[rate as usize * 1017 / 1000..].iter().all(|&sample| sample == 0));
        }
    }

    #[test]
    fn what_the_filter_raises_over_full_scale_stays_there() {
        // The worst there is: a square wave without headroom overshoots by a tenth.
        let square: Vec<i16> =
            (0..24_000).map(|at| if at / 40 % 2 == 0 { 32_767 } else { -32_768 }).collect();
        for rate in RATES {
            let out = to(&square, rate).unwrap();
            let turns = out.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
            assert_eq!(turns, 24_000 / 40 - 1, "a sample that ran over would turn its sign");
        }
    }

    #[test]
    fn a_rate_that_no_format_has_is_refused_and_not_guessed() {
        assert_eq!(to(&[1, 2, 3], 0), Err(AudioError::Rate(0)));
    }

    #[test]
    fn the_rates_of_engines_come_out_at_ours() {
        for rate in [8_000, 11_025, 12_345, 16_000, 22_050, 23_999, 32_000, 44_100, 48_000] {
            let step = std::f64::consts::TAU * 1000.0 / f64::from(rate);
            let samples = (0..rate).map(|at| (0.5 * (f64::from(at) * step).sin()) as f32).collect();
            let out = from(Pcm { rate, samples }).unwrap();
            assert_eq!(out.len(), 24_000, "{rate}");
            for (at, &sample) in out.iter().enumerate().skip(2400).take(19_200) {
                let due = 0.5 * (at as f64 * std::f64::consts::TAU / 24.0).sin();
                assert!((f64::from(sample) - due).abs() < 2e-3, "{rate} {at}: {sample}, not {due}");
            }
        }
        for rate in [0, 100, 7_999, 48_001, u32::MAX] {
            assert_eq!(from(Pcm { rate, samples: vec![0.1; 10] }), Err(AudioError::Rate(rate)));
        }
        assert_eq!(from(Pcm { rate: 8_000, samples: Vec::new() }), Ok(Vec::new()));
    }

    #[test]
    fn what_a_fast_engine_has_above_our_rate_does_not_fold_back() {
        let step = std::f64::consts::TAU * 15_000.0 / 48_000.0;
        let samples = (0..48_000).map(|at| (0.5 * (f64::from(at) * step).sin()) as f32).collect();
        let out = from(Pcm { rate: 48_000, samples }).unwrap();
        assert!(out[1000..23_000].iter().all(|sample| sample.abs() < 2e-5));
    }
}
