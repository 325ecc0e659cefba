//! Convolution along time with few multiplications (Toom 1963, Cook 1966; for networks: Lavin and Gray 2015).
//!
//! A convolution of `r` taps makes 6 outputs from `n = r + 5` inputs. Read as polynomials, inputs and taps need not
//! be multiplied coefficient by coefficient, `6 r` products, but point by point at `n` points: 3 taps cost 1.33
//! products an output, 7 cost 2, 11 cost 2.67. Between channels these products are matrix products, which is where
//! the time of the network goes.
//!
//! 1. [`Transform`] holds what takes inputs to the points and products back. The points are 0, infinity and pairs
//!    of opposites: of a pair even and odd powers are summed once, and added for the one, subtracted for the other.
//! 2. [`Conv::new`] takes the taps of every pair of channels to the points, once.
//! 3. [`Conv::run`] goes through time in blocks that stay in the cache, as many at a time as there are threads:
//!    inputs are activated, taken to the points, multiplied, taken back.
//!
//! Arithmetic is in 32-bit floats. Rounding errors grow with the number of points; those of 16 points lie 85 dB
//! below the signal, those of 8-bit weights 25 dB.

use rayon::prelude::*;
use rten_gemm::{GemmExecutor, GemmInputA, GemmInputB, GemmOptions, PackedBMatrix};
use rten_simd::{
    Isa, SimdOp,
    ops::{BitOps, NumOps},
};
use rten_tensor::NdTensorView;

use super::{Activation, Gap, Moments, Sums};

/// Outputs that are made together.
const OUTPUTS: usize = 6;

/// Positive points of the pairs; a kernel of `r` taps uses the first `(r + 3) / 2`. Small fractions, and their
/// inverses, keep the powers of all points near one another.
const POINTS: [f64; 7] = [1.0, 2.0, 0.5, 1.5, 2.0 / 3.0, 4.0, 0.25];

/// Outputs of a block, about: what belongs to it stays in a cache of a megabyte or two.
const BLOCK: usize = 384;

/// How inputs come to the points of `P` pairs and products back.
struct Transform<const P: usize> {
    /// The points.
    points: [f32; P],
    /// Of each pair: what even inputs from the third, and odd ones from the second, are weighed with.
    pairs: [[f32; P]; P],
    /// Of the point 0: what even inputs from the first are weighed with. Infinity: odd ones from the second.
    ends: Vec<f32>,
    /// Of each pair: its powers, what products are weighed with.
    powers: [[f32; OUTPUTS]; P],
    /// Powers of all points (0, each pair, infinity) times what balances them: what taps are weighed with.
    taps: Vec<Vec<f64>>,
}

impl<const P: usize> Transform<P> {
    /// The transform of kernels with `2 P - 3` taps.
    fn new() -> Self {
        let chosen = &POINTS[..P];
        // The product of (x² - p²) over all pairs but one, by powers of x².
        let product = |but: Option<usize>| {
            let mut out = vec![1.0];
            for (_, p) in chosen.iter().enumerate().filter(|(at, _)| Some(*at) != but) {
                let shifted = std::iter::once(0.0).chain(out.iter().copied());
                let scaled = out.iter().map(|c| -p * p * c).chain(std::iter::once(0.0));
                out = shifted.zip(scaled).map(|(a, b)| a + b).collect();
            }
            out
        };
        let taps = 2 * P - 3;
        let norm = |values: &[f64]| values.iter().map(|v| v * v).sum::<f64>().sqrt();
        let ends = product(None);
        let end = norm(&ends);
        let mut transform = Self {
            points: [0.0; P],
            pairs: [[0.0; P]; P],
            ends: ends.iter().map(|c| (c / end) as f32).collect(),
            powers: [[0.0; OUTPUTS]; P],
            taps: Vec::new(),
        };
        // The factors of x - 0 to every other point: what Lagrange divides by.
        let at_zero = ends.first().copied().unwrap_or(1.0);
        transform.taps.push((0..taps).map(|i| if i == 0 { end / at_zero } else { 0.0 }).collect());
        for (at, &p) in chosen.iter().enumerate() {
            let coefficients = product(Some(at));
            let value: f64 = coefficients.iter().rev().fold(0.0, |sum, c| sum * p * p + c);
            let powers: Vec<f64> = (0..OUTPUTS as i32).map(|i| p.powi(i)).collect();
            let (input, output) = (norm(&coefficients), norm(&powers));
            transform.points[at] = p as f32;
            for (to, c) in transform.pairs[at].iter_mut().zip(&coefficients) {
                *to = (c / input) as f32;
            }
            for (to, c) in transform.powers[at].iter_mut().zip(&powers) {
                *to = (c / output) as f32;
            }
            for q in [p, -p] {
                // The product of q - 0, q + q, and q² - p² of the others.
                let divisor = q * 2.0 * q * value;
                transform.taps.push((0..taps as i32).map(|i| q.powi(i) * input * output / divisor).collect());
            }
        }
        transform.taps.push((0..taps).map(|i| if i + 1 == taps { end } else { 0.0 }).collect());
        transform
    }
}

/// A convolution of as many channels out as in, zeros beyond both ends, outputs as many as inputs.
pub struct Conv {
    taps: usize,
    dilation: usize,
    bias: Vec<f32>,
    /// For each point, what the input channels are multiplied with.
    points: Vec<PackedBMatrix<f32>>,
}

/// Room for one block; used again and again.
#[derive(Default)]
struct Room {
    activated: Vec<f32>,
    inputs: Vec<f32>,
    products: Vec<f32>,
}

impl Conv {
    /// From `weights` of `bias.len()` channels out, as many in, `taps` each; `taps` of 3, 7 or 11.
    pub fn new(weights: &[f32], taps: usize, dilation: usize, bias: &[f32]) -> Option<Self> {
        let channels = bias.len();
        let weighed = match taps {
            3 => Transform::<3>::new().taps,
            7 => Transform::<5>::new().taps,
            11 => Transform::<7>::new().taps,
            _ => return None,
        };
        // Wide vectors are read at a time: 16 floats at most.
        if weights.len() != channels * channels * taps
            || dilation == 0
            || channels == 0
            || !channels.is_multiple_of(16)
        {
            return None;
        }
        let gemm = GemmExecutor::<f32>::default();
        let point = |of_taps: &Vec<f64>| {
            let of_taps: Vec<f32> = of_taps.iter().map(|&c| c as f32).collect();
            let mut matrix = vec![0.0; channels * channels];
            for (at, kernel) in weights.chunks_exact(taps).enumerate() {
                let value = kernel.iter().zip(&of_taps).map(|(w, c)| w * c).sum();
                matrix[at % channels * channels + at / channels] = value;
            }
            gemm.prepack_b(NdTensorView::from_data([channels, channels], &matrix[..]))
        };
        let points = weighed.par_iter().map(point).collect();
        Some(Self { taps, dilation, bias: bias.to_vec(), points })
    }

    /// Convolves `input`, rows of channels, as `activation` changes them, and puts the result in `output` or, with
    /// `add`, on top of it. Gives the moments of what stands there then,
    /// with what is missing in the `gaps`.
    pub fn run(
        &self,
        input: &[f32],
        gaps: &[Gap],
        activation: &Activation,
        output: &mut [f32],
        add: bool,
    ) -> Moments {
        let sums = match self.taps {
            3 => self.blocks::<3>(input, activation, output, add),
            7 => self.blocks::<5>(input, activation, output, add),
            _ => self.blocks::<7>(input, activation, output, add),
        };
        Moments::of(&sums, output, gaps)
    }

    fn blocks<const P: usize>(
        &self,
        input: &[f32],
        act: &Activation,
        output: &mut [f32],
        add: bool,
    ) -> Vec<Sums> {
        let transform = Transform::<P>::new();
        let channels = self.bias.len();
        // Rows of a dilated convolution that are `dilation` apart belong together.
        let tiles = (BLOCK * 128 / channels / (OUTPUTS * self.dilation)).max(1) * self.dilation;
        let blocks = output.par_chunks_mut(tiles * OUTPUTS * channels).enumerate();
        let gemm = GemmExecutor::<f32>::default();
        blocks
            .map_init(Room::default, |room, (at, rows)| {
                let first = at * tiles * OUTPUTS;
                let tiles = (rows.len() / channels).div_ceil(OUTPUTS * self.dilation) * self.dilation;
                self.activate(input, act, first, tiles, &mut room.activated);
                let len = self.points.len() * tiles * channels;
                room.inputs.resize(len, 0.0);
                room.products.resize(len, 0.0);
                let place = Place { channels, tiles, dilation: self.dilation };
                ToPoints { transform: &transform, place, rows: &room.activated, inputs: &mut room.inputs }
                    .dispatch();
                self.multiply(&gemm, &room.inputs, &mut room.products, tiles * channels);
                let mut sums = Sums::new(channels);
                FromPoints {
                    transform: &transform,
                    place,
                    products: &room.products,
                    bias: &self.bias,
                    add,
                    rows,
                    sums: &mut sums,
                }
                .dispatch();
                sums
            })
            .collect()
    }

    /// The inputs of a block whose outputs begin at row `first`.
    fn activate(&self, input: &[f32], act: &Activation, first: usize, tiles: usize, out: &mut Vec<f32>) {
        let channels = self.bias.len();
        let before = self.taps / 2 * self.dilation;
        let rows = tiles * OUTPUTS + (self.taps - 1) * self.dilation;
        out.clear();
        out.resize(before.saturating_sub(first) * channels, 0.0);
        let begin = out.len();
        let from = first.saturating_sub(before) * channels;
        let to = ((first + rows).saturating_sub(before) * channels).min(input.len());
        out.extend_from_slice(input.get(from..to).unwrap_or_default());
        act.apply(&mut out[begin..]);
        out.resize(rows * channels, 0.0);
    }

    fn multiply(&self, gemm: &GemmExecutor<f32>, inputs: &[f32], products: &mut [f32], len: usize) {
        let channels = self.bias.len();
        let each = inputs.chunks_exact(len).zip(products.chunks_exact_mut(len));
        for ((from, to), weights) in each.zip(&self.points) {
            let rows = NdTensorView::from_data([len / channels, channels], from);
            let made = gemm.gemm(
                to,
                GemmInputA::Unpacked(rows.view()),
                GemmInputB::Packed(weights),
                GemmOptions::default(),
            );
            debug_assert!(made.is_ok(), "the shapes are those of `new`");
        }
    }
}

/// Where the rows of a block lie.
#[derive(Clone, Copy)]
struct Place {
    channels: usize,
    tiles: usize,
    dilation: usize,
}

impl Place {
    /// The first row of a tile; the next ones are [`Place::dilation`] apart.
    fn first(self, tile: usize) -> usize {
        tile / self.dilation * OUTPUTS * self.dilation + tile % self.dilation
    }
}

/// Takes rows to the points.
struct ToPoints<'a, const P: usize> {
    transform: &'a Transform<P>,
    place: Place,
    rows: &'a [f32],
    inputs: &'a mut [f32],
}

impl<const P: usize> SimdOp for ToPoints<'_, P> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { transform, place: Place { channels, tiles, dilation }, rows, inputs } = self;
        let ops = isa.f32();
        let lanes = ops.len();
        for tile in 0..tiles {
            let first = self.place.first(tile) * channels;
            for lane in (0..channels).step_by(lanes) {
                let row = |at: usize| ops.load(&rows[first + at * dilation * channels + lane..]);
                let even: [_; 8] = std::array::from_fn(|at| if at <= P { row(2 * at) } else { ops.zero() });
                let odd: [_; 8] =
                    std::array::from_fn(|at| if at <= P { row(2 * at + 1) } else { ops.zero() });
                let to = |point: usize| (point * tiles + tile) * channels + lane;
                let (mut zero, mut infinity) = (ops.zero(), ops.zero());
                for (at, &weight) in transform.ends.iter().enumerate().take(P + 1) {
                    let weight = ops.splat(weight);
                    zero = ops.mul_add(even[at], weight, zero);
                    infinity = ops.mul_add(odd[at], weight, infinity);
                }
                ops.store(zero, &mut inputs[to(0)..]);
                ops.store(infinity, &mut inputs[to(2 * P + 1)..]);
                for pair in 0..P {
                    let (mut evens, mut odds) = (ops.zero(), ops.zero());
                    for at in 0..P {
                        let weight = ops.splat(transform.pairs[pair][at]);
                        evens = ops.mul_add(even[at + 1], weight, evens);
                        odds = ops.mul_add(odd[at], weight, odds);
                    }
                    let odds = ops.mul(odds, ops.splat(transform.points[pair]));
                    ops.store(ops.add(evens, odds), &mut inputs[to(2 * pair + 1)..]);
                    ops.store(ops.sub(evens, odds), &mut inputs[to(2 * pair + 2)..]);
                }
            }
        }
    }
}

/// Takes products back to rows.
struct FromPoints<'a, const P: usize> {
    transform: &'a Transform<P>,
    place: Place,
    products: &'a [f32],
    bias: &'a [f32],
    add: bool,
    rows: &'a mut [f32],
    sums: &'a mut Sums,
}

impl<const P: usize> SimdOp for FromPoints<'_, P> {
    type Output = ();

    #[inline(always)]
    fn eval<I: Isa>(self, isa: I) {
        let Self { transform, place: Place { channels, tiles, dilation }, products, bias, add, rows, sums } =
            self;
        let ops = isa.f32();
        let lanes = ops.len();
        for tile in 0..tiles {
            let first = self.place.first(tile) * channels;
            for lane in (0..channels).step_by(lanes) {
                let product = |point: usize| ops.load(&products[(point * tiles + tile) * channels + lane..]);
                let mut out = [ops.load(&bias[lane..]); OUTPUTS];
                out[0] = ops.add(out[0], product(0));
                out[OUTPUTS - 1] = ops.add(out[OUTPUTS - 1], product(2 * P + 1));
                for pair in 0..P {
                    let (plus, minus) = (product(2 * pair + 1), product(2 * pair + 2));
                    let (even, odd) = (ops.add(plus, minus), ops.sub(plus, minus));
                    for (at, out) in out.iter_mut().enumerate() {
                        let power = ops.splat(transform.powers[pair][at]);
                        *out = ops.mul_add(if at % 2 == 0 { even } else { odd }, power, *out);
                    }
                }
                let (mut sum, mut squares) =
                    (ops.load(&sums.values[lane..]), ops.load(&sums.squares[lane..]));
                for (at, &made) in out.iter().enumerate() {
                    // The last block may end before its last tile.
                    let from = first + at * dilation * channels + lane;
                    let Some(row) = rows.get_mut(from..from + lanes) else { break };
                    let made = if add { ops.add(made, ops.load(row)) } else { made };
                    ops.store(made, row);
                    sum = ops.add(sum, made);
                    squares = ops.mul_add(made, made, squares);
                }
                ops.store(sum, &mut sums.values[lane..]);
                ops.store(squares, &mut sums.squares[lane..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::{super::tests::noise, *};

    /// The same, product by product.
    fn plainly(input: &[f32], weights: &[f32], taps: usize, dilation: usize, bias: &[f32]) -> Vec<f32> {
        let channels = bias.len();
        let rows = (input.len() / channels) as isize;
        let mut out = Vec::new();
        for row in 0..rows {
            for (to, bias) in bias.iter().enumerate() {
                let mut sum = f64::from(*bias);
                for tap in 0..taps {
                    let from = row + (tap as isize - taps as isize / 2) * dilation as isize;
                    if (0..rows).contains(&from) {
                        for channel in 0..channels {
                            let weight = weights[(to * channels + channel) * taps + tap];
                            sum += f64::from(weight * input[from as usize * channels + channel]);
                        }
                    }
                }
                out.push(sum as f32);
            }
        }
        out
    }

    #[test]
    fn it_convolves_whatever_the_length_the_taps_and_the_dilation() {
        let channels = 32;
        for (taps, dilation) in [(3, 1), (3, 5), (7, 1), (7, 3), (11, 1), (11, 5)] {
            let weights = noise(channels * channels * taps, taps as u32);
            let bias = noise(channels, 7);
            let conv = Conv::new(&weights, taps, dilation, &bias).unwrap();
            // One row, less than a tile, a whole number of tiles, more than a block.
            for rows in [1, 5, 60, 61, 1600] {
                let input = noise(rows * channels, rows as u32);
                let mut expected = input.clone();
                let activation = Activation::plain(channels);
                activation.apply(&mut expected);
                let expected = plainly(&expected, &weights, taps, dilation, &bias);
                let mut made = vec![f32::NAN; input.len()];
                conv.run(&input, &[], &activation, &mut made, false);
                let error = made.iter().zip(&expected).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
                let power = expected.iter().map(|b| f64::from(*b).powi(2)).sum::<f64>();
                let decibel = 10.0 * (error / power).log10();
                assert!(decibel < -70.0, "{taps} taps, {dilation} apart, {rows} rows: {decibel} dB");

                let mut added = vec![1.0; input.len()];
                conv.run(&input, &[], &activation, &mut added, true);
                assert!(added.iter().zip(&made).all(|(added, made)| (added - made - 1.0).abs() < 1e-4));
            }
        }
    }

    #[test]
    fn other_kernels_are_refused() {
        let bias = [0.0; 16];
        assert!(Conv::new(&vec![0.0; 16 * 16 * 5], 5, 1, &bias).is_none(), "five taps");
        assert!(Conv::new(&[0.0; 16 * 16 * 3 - 1], 3, 1, &bias).is_none(), "a weight is missing");
        assert!(Conv::new(&[0.0; 16 * 16 * 3], 3, 0, &bias).is_none(), "no dilation");
    }
}
