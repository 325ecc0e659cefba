//! The few peaks of a voice that leave no room for its loudness are lowered, and nothing else.
//!
//! 1. Peaks are true peaks: the sound between the samples counts, four times as dense as they are (BS.1770-4,
//!    annex 2).
//! 2. Around each that is too high the gain is held down for 10 ms on both sides, and then smoothed over 10 ms on both
//!    sides. So it falls for the 20 ms before the peak, is at its lowest at the peak itself, and is back 20 ms after it:
//!    too slowly to be heard as distortion, and soon enough for the next syllable.
//!
//! The whole clip is at hand, so the limiter knows a peak before it comes.

use super::RATE;

/// Samples on each side of a peak over which the gain is held down, and then again those over which it is smoothed:
/// 10 ms each, so that it is changed for twice as long on each side.
const AROUND: usize = RATE as usize / 100;

/// Samples on each side that shape the sound between two.
const REACH: usize = 6;

/// Points between two samples that are looked at.
const BETWEEN: [f32; 3] = [0.25, 0.5, 0.75];

/// Lowers what is above `ceiling`, 1.0 being full scale.
pub(super) fn limit(samples: &mut [f32], ceiling: f32) {
    let Some(wanted) = wanted(samples, ceiling) else { return };
    let mut gain = wanted.clone();
    for (at, &low) in wanted.iter().enumerate().filter(|(_, gain)| **gain < 1.0) {
        let around = at.saturating_sub(AROUND)..(at + AROUND + 1).min(gain.len());
        gain.iter_mut().skip(around.start).take(around.len()).for_each(|gain| *gain = gain.min(low));
    }
    // Twice over half as much: each sample of the result is a mean of held ones, none of which is too high for it.
    let gain = mean_around(&mean_around(&gain, AROUND / 2), AROUND / 2);
    samples.iter_mut().zip(gain).for_each(|(sample, gain)| *sample *= gain);
}

/// Where the sound between samples is at its highest, it is this much higher than they are: the sum of the
/// [`taps`], all of one sign.
const MOST: f32 = 1.9;

/// What the true peak is not above, whatever the sound; soon told.
pub(super) fn most_of_peak(samples: &[f32]) -> f32 {
    MOST * highest(samples)
}

fn highest(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most: f32, sample| most.max(sample.abs()))
}

/// The highest of the samples and the sound between them.
pub(super) fn true_peak(samples: &[f32]) -> f32 {
    let highest = highest(samples);
    let (near, taps) = (near(samples, highest), BETWEEN.map(taps));
    let places = near.iter().enumerate().filter(|(_, near)| **near);
    places.fold(highest, |most, (at, _)| most.max(peak_from(samples, at, &taps)))
}

/// Where the sound can be as high as `peak`: between samples that are all below half of it it is lower.
fn near(samples: &[f32], peak: f32) -> Vec<bool> {
    let mut near = vec![false; samples.len()];
    for (at, _) in samples.iter().enumerate().filter(|(_, sample)| sample.abs() > peak / 2.0) {
        near.iter_mut().skip(at.saturating_sub(REACH)).take(2 * REACH + 1).for_each(|near| *near = true);
    }
    near
}

/// By how much each sample must be lowered at least; none where none must.
fn wanted(samples: &[f32], ceiling: f32) -> Option<Vec<f32>> {
    let near = near(samples, ceiling);
    let taps = BETWEEN.map(taps);
    let mut gain = vec![1.0f32; samples.len()];
    let mut any = false;
    for at in (0..samples.len()).filter(|&at| near.get(at) == Some(&true)) {
        let peak = peak_from(samples, at, &taps);
        if peak > ceiling {
            any = true;
            gain.iter_mut().skip(at).take(2).for_each(|gain| *gain = gain.min(ceiling / peak));
        }
    }
    any.then_some(gain)
}

/// The highest of sample `at` and the sound between it and the next.
fn peak_from(samples: &[f32], at: usize, taps: &[[f32; 2 * REACH]; 3]) -> f32 {
    let sample = |at: Option<usize>| at.and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
    let own = sample(Some(at)).abs();
    let around: [f32; 2 * REACH] = std::array::from_fn(|tap| sample((at + tap + 1).checked_sub(REACH)));
    let between = taps.iter().map(|taps| taps.iter().zip(&around).map(|(tap, s)| tap * s).sum::<f32>().abs());
    between.fold(own, f32::max)
}

/// The share of each sample around in the sound that lies `part` of the way to the next one.
fn taps(part: f32) -> [f32; 2 * REACH] {
    std::array::from_fn(|tap| {
        let turn = std::f32::consts::PI * (tap as f32 + 1.0 - REACH as f32 - part);
        // Never 0: the point lies between two samples.
        (0.5 + 0.5 * (turn / REACH as f32).cos()) * turn.sin() / turn
    })
}

/// The mean of each with `reach` on both sides, as far as there are so many.
fn mean_around(values: &[f32], reach: usize) -> Vec<f32> {
    let mut sums = Vec::with_capacity(values.len() + 1);
    sums.push(0.0f64);
    for value in values {
        sums.push(sums.last().copied().unwrap_or(0.0) + f64::from(*value));
    }
    let sum = |to: usize| sums.get(to.min(values.len())).copied().unwrap_or(0.0);
    let mean = |at: usize| {
        let (from, to) = (at.saturating_sub(reach), (at + reach + 1).min(values.len()));
        ((sum(to) - sum(from)) / (to - from) as f64) as f32
    };
    (0..values.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{quiet, sine};
    use super::*;

    /// The true peak, as a meter finds it.
    fn true_peak(samples: &[f32]) -> f64 {
        let mut meter = ebur128::EbuR128::new(1, RATE, ebur128::Mode::TRUE_PEAK).unwrap();
        meter.add_frames_f32(samples).unwrap();
        meter.add_frames_f32(&[0.0; 100]).unwrap();
        meter.true_peak(0).unwrap()
    }

    /// Noise of a generator of Knuth's, as loud as can be.
    fn noise(samples: usize) -> Vec<f32> {
        let mut state = 1u32;
        let step = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / 2_147_483_648.0 - 1.0
        };
        (0..samples).map(step).collect()
    }

    #[test]
    fn the_true_peak_is_that_of_a_meter() {
        let quarter: Vec<f32> = (0..9600).map(|at| if at % 4 < 2 { 0.7 } else { -0.7 }).collect();
        for sound in
            [noise(24_000), quarter, sine(300.0, 0.3, 0.5), sine(7900.0, 0.3, 0.5), vec![0.5], quiet(0.1)]
        {
            let (own, due) = (f64::from(super::true_peak(&sound)), true_peak(&sound));
            assert!((own - due).abs() < 1e-4 * due.max(1.0), "{own}, not {due}");
        }
        assert_eq!(super::true_peak(&[]), 0.0);
        for part in BETWEEN {
            let sum: f32 = taps(part).iter().map(|tap| tap.abs()).sum();
            assert!(sum < MOST && MOST < 2.0, "{sum}");
        }
    }

    #[test]
    fn no_peak_is_left_above_the_ceiling() {
        // A tone of a quarter of the rate, caught at 45 degrees: 3 dB between the samples.
        let quarter: Vec<f32> = (0..9600).map(|at| if at % 4 < 2 { 0.7 } else { -0.7 }).collect();
        for sound in
            [noise(24_000), quarter, sine(300.0, 1.3, 0.5), [quiet(0.1), vec![1.5], quiet(0.1)].concat()]
        {
            for ceiling in [0.9, 0.5] {
                let mut sound = sound.clone();
                limit(&mut sound, ceiling);
                let peak = true_peak(&sound);
                assert!(peak < f64::from(ceiling) * 1.003, "{peak} over {ceiling}");
            }
        }
    }

    #[test]
    fn what_is_not_too_high_is_not_touched() {
        let sound = sine(300.0, 0.8, 0.5);
        let mut same = sound.clone();
        limit(&mut same, 0.89);
        assert_eq!(same, sound);
        limit(&mut [], 0.89);
    }

    #[test]
    fn a_peak_is_lowered_alone_and_without_a_step() {
        let mut sound = sine(200.0, 0.5, 1.0);
        let peak = 12_030; // a crest
        (0..60).for_each(|at| sound[peak - 30 + at] *= 2.0 - (at as f32 - 30.0).abs() / 30.0);
        let before = sound.clone();
        limit(&mut sound, 0.8);
        assert!(true_peak(&sound) <= 0.8024);
        let far = 2 * AROUND + 60;
        assert_eq!(sound[..peak - far], before[..peak - far]);
        assert_eq!(sound[peak + far..], before[peak + far..]);
        let gain: Vec<f32> =
            sound.iter().zip(&before).filter(|(_, b)| b.abs() > 0.05).map(|(s, b)| s / b).collect();
        assert!(gain.iter().all(|&gain| (0.7..=1.0).contains(&gain)));
    }
}
