//! The residual blocks of the vocoder, which are four fifths of the arithmetic of the whole network.
//!
//! A block is three times the same: `x += conv(act(conv(act(x))))`, where `act` brings every channel to the mean and
//! deviation that the style asks for (adaptive instance norm) and adds a periodic bend, `sin²(αx)/α` (Snake). Rows
//! are moments in time, columns channels.
//!
//! Why this is a crate of its own: arithmetic is optimised here even where everything else is built quickly, and
//! nothing in it knows of voices.
//!
//! 1. [`Moments`] of a whole channel are summed up where its values are written, so that
//! 2. an [`Activation`] can be applied where they are read: no pass over the memory is made for either.

mod toom;

use rayon::prelude::*;
use rten_simd::{
    Isa, SimdOp,
    ops::{BitOps, FloatOps, NumOps},
};

pub use toom::Conv;

/// What keeps the deviation of a silent channel from zero, as in training.
const EPSILON: f64 = 1e-5;

/// Rows that are summed up at a time.
const ROWS: usize = 512;

/// Mean and deviation that the style asks of each channel.
pub struct Style<'a> {
    /// The deviation.
    pub gain: &'a [f32],
    /// The mean.
    pub offset: &'a [f32],
}

/// A place where silence was left out. It still counts, as what stands on both sides of it: so that what is left
/// sounds as it did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// The row after it.
    pub row: usize,
    /// Rows of a frame, before and after it.
    pub frame: usize,
    /// How many frames are missing.
    pub frames: usize,
}

/// Sums of some rows, by channel.
pub struct Sums {
    /// Of the values.
    pub values: Vec<f32>,
    /// Of their squares.
    pub squares: Vec<f32>,
}

/// Mean and variance of each channel.
#[derive(Clone)]
pub struct Moments {
    mean: Vec<f64>,
    variance: Vec<f64>,
}

/// What is done to each channel before it is convolved.
pub struct Activation {
    scale: Vec<f32>,
    shift: Vec<f32>,
    alpha: Vec<f32>,
    inverse: Vec<f32>,
}

/// One of the two halves of a step of a block.
pub struct Half {
    /// α of each channel.
    pub alpha: Vec<f32>,
    /// The convolution.
    pub conv: Conv,
}

/// A block: its halves in order, two a step.
pub struct Block {
    /// Six of them.
    pub halves: Vec<Half>,
}

impl Block {
    /// What becomes of `x`, rows of channels; their `moments` where they are known; a style for each half.
    pub fn run(
        &self,
        mut x: Vec<f32>,
        gaps: &[Gap],
        moments: Option<&Moments>,
        styles: &[Style],
    ) -> Vec<f32> {
        let channels = self.halves.first().map_or(1, |half| half.alpha.len());
        let mut moments = moments.cloned().unwrap_or_else(|| Moments::of_rows(&x, channels, gaps));
        let mut between = vec![0.0; x.len()];
        for (halves, styles) in self.halves.chunks_exact(2).zip(styles.chunks_exact(2)) {
            let ([first, second], [style, other]) = (halves, styles) else { break };
            let activation = Activation::new(&moments, style, &first.alpha);
            let inner = first.conv.run(&x, gaps, &activation, &mut between, false);
            let activation = Activation::new(&inner, other, &second.alpha);
            moments = second.conv.run(&between, gaps, &activation, &mut x, true);
        }
        x
    }
}

impl Sums {
    /// Of no rows.
    pub fn new(channels: usize) -> Self {
        Self { values: vec![0.0; channels], squares: vec![0.0; channels] }
    }
}

impl Moments {
    /// Of `rows`, each of so many `channels`.
    pub fn of_rows(rows: &[f32], channels: usize, gaps: &[Gap]) -> Self {
        let sum = |rows: &[f32]| {
            let mut sums = Sums::new(channels);
            for row in rows.chunks_exact(channels) {
                let each = sums.values.iter_mut().zip(&mut sums.squares);
                for ((sum, squares), value) in each.zip(row) {
                    *sum += value;
                    *squares += value * value;
                }
            }
            sums
        };
        let sums: Vec<Sums> = rows.par_chunks(ROWS * channels).map(sum).collect();
        Self::of(&sums, rows, gaps)
    }

    /// Of `rows` with these sums, in the order of time: the same whatever the number of threads.
    pub fn of(sums: &[Sums], rows: &[f32], gaps: &[Gap]) -> Self {
        let channels = sums.first().map_or(0, |sums| sums.values.len());
        let missing: usize = gaps.iter().map(|gap| gap.frame * gap.frames).sum();
        let count = (rows.len() / channels.max(1) + missing).max(1) as f64;
        let moments = |channel: usize| {
            let (mut sum, mut squares) = (0.0, 0.0);
            for block in sums {
                sum += f64::from(block.values[channel]);
                squares += f64::from(block.squares[channel]);
            }
            for gap in gaps {
                let weight = gap.frames as f64 / 2.0;
                let beside = gap.row.saturating_sub(gap.frame) * channels..(gap.row + gap.frame) * channels;
                let beside = rows.get(beside).unwrap_or_default();
                for value in beside.iter().skip(channel).step_by(channels).map(|&value| f64::from(value)) {
                    sum += weight * value;
                    squares += weight * value * value;
                }
            }
            let mean = sum / count;
            (mean, (squares / count - mean * mean).max(0.0))
        };
        let (mean, variance) = (0..channels).map(moments).unzip();
        Self { mean, variance }
    }
}

impl Activation {
    fn new(moments: &Moments, style: &Style, alpha: &[f32]) -> Self {
        let scale = |(gain, variance): (&f32, &f64)| f64::from(*gain) / (variance + EPSILON).sqrt();
        let scale: Vec<f64> = style.gain.iter().zip(&moments.variance).map(scale).collect();
        let shift =
            |((offset, scale), mean): ((&f32, &f64), &f64)| (f64::from(*offset) - scale * mean) as f32;
        Self {
            shift: style.offset.iter().zip(&scale).zip(&moments.mean).map(shift).collect(),
            scale: scale.iter().map(|&scale| scale as f32).collect(),
            alpha: alpha.to_vec(),
            inverse: alpha.iter().map(|alpha| 1.0 / alpha).collect(),
        }
    }

    /// Changes `rows`.
    pub fn apply(&self, rows: &mut [f32]) {
        Apply { activation: self, rows }.dispatch();
    }
}

struct Apply<'a> {
    activation: &'a Activation,
    rows: &'a mut [f32],
}

/// sin(πx)/x by powers of x², to 1e-7 for x up to a half: the first terms of its series.
const SINE: [f32; 6] =
    [std::f32::consts::PI, -5.167_712_8, 2.550_164, -0.599_264_5, 0.082_145_89, -0.007_370_43];

impl SimdOp for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { activation: Activation { scale, shift, alpha, inverse }, rows } = self;
        let ops = isa.f32();
        let (lanes, channels) = (ops.len(), scale.len());
        let turns = ops.splat(std::f32::consts::FRAC_1_PI);
        let sine = SINE.map(|c| ops.splat(c));
        for row in rows.chunks_exact_mut(channels) {
            for lane in (0..channels).step_by(lanes) {
                let at = lane..lane + lanes;
                let x = ops.load(&row[at.clone()]);
                let x = ops.mul_add(x, ops.load(&scale[at.clone()]), ops.load(&shift[at.clone()]));
                // In half turns, of which whole ones don't matter to a square.
                let angle = ops.mul(ops.mul(x, ops.load(&alpha[at.clone()])), turns);
                let angle = ops.sub(angle, ops.round_ties_even(angle));
                let square = ops.mul(angle, angle);
                let mut value = sine[5];
                for c in sine.iter().rev().skip(1) {
                    value = ops.mul_add(value, square, *c);
                }
                let value = ops.mul(value, angle);
                let bend = ops.mul(ops.mul(value, value), ops.load(&inverse[at.clone()]));
                ops.store(ops.add(x, bend), &mut row[at]);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Numbers between -1 and 1 that look like chance.
    pub(crate) fn noise(count: usize, seed: u32) -> Vec<f32> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let next = |_| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as f32 / u32::MAX as f32 * 2.0 - 1.0
        };
        (0..count).map(next).collect()
    }

    impl Activation {
        /// One that scales nothing.
        pub(crate) fn plain(channels: usize) -> Self {
            let one = || vec![1.0; channels];
            Self { scale: one(), shift: vec![0.0; channels], alpha: one(), inverse: one() }
        }
    }

    #[test]
    fn the_bend_is_a_squared_sine() {
        let mut rows: Vec<f32> = (-320..320).map(|n| n as f32 * 0.37).collect();
        let expected: Vec<f64> =
            rows.iter().map(|&x| f64::from(x) + (f64::from(x) * 2.0).sin().powi(2) / 2.0).collect();
        let activation = Activation { alpha: vec![2.0; 16], inverse: vec![0.5; 16], ..Activation::plain(16) };
        activation.apply(&mut rows);
        for (made, expected) in rows.iter().zip(expected) {
            assert!((f64::from(*made) - expected).abs() < 5e-5, "{made} {expected}");
        }
    }

    #[test]
    fn moments_count_what_is_missing_as_what_stands_beside_it() {
        // Two channels; a row of silence, speech, silence; then the silence thrice as long.
        let speech = noise(80, 3);
        let silence = [0.25, -0.5];
        let rows = |times: usize| [silence.repeat(times), speech.clone(), silence.repeat(4)].concat();
        let all = Moments::of_rows(&rows(12), 2, &[]);
        let gap = Gap { row: 2, frame: 2, frames: 4 };
        let cut = Moments::of_rows(&rows(4), 2, &[gap]);
        for (a, b) in all.mean.iter().chain(&all.variance).zip(cut.mean.iter().chain(&cut.variance)) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        let other = Moments::of_rows(&rows(4), 2, &[]);
        assert!((all.mean[0] - other.mean[0]).abs() > 0.01);
    }

    #[test]
    fn a_norm_brings_every_channel_where_the_style_wants_it() {
        let rows: Vec<f32> =
            noise(3200, 5).iter().enumerate().map(|(at, n)| n * (at % 16) as f32 + 3.0).collect();
        let moments = Moments::of_rows(&rows, 16, &[]);
        let style = Style { gain: &[2.0; 16], offset: &[-1.0; 16] };
        let activation = Activation::new(&moments, &style, &[1.0; 16]);
        let normed: Vec<f32> = rows
            .iter()
            .enumerate()
            .map(|(at, x)| x * activation.scale[at % 16] + activation.shift[at % 16])
            .collect();
        let after = Moments::of_rows(&normed, 16, &[]);
        for channel in 1..16 {
            assert!((after.mean[channel] + 1.0).abs() < 1e-3, "{}", after.mean[channel]);
            assert!((after.variance[channel].sqrt() - 2.0).abs() < 1e-3, "{}", after.variance[channel]);
        }
    }
}
