//! The residual blocks of a voice, as its table finds them among the weights, and how they refine a sound.

use langdu_residual::{Block, Conv, Gap, Half, Moments, Style};
use rayon::prelude::*;

/// Halves of a block: two a step.
const HALVES: usize = 6;

/// Blocks of a stage: one for the source, three for the sum of source and main sound.
const BLOCKS: usize = 4;

/// Where blocks are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// At 800 rows a second.
    Low,
    /// At 4,800 rows a second.
    High,
}

/// The blocks of both stages.
pub(super) struct Blocks {
    low: Vec<Block>,
    high: Vec<Block>,
}

impl Stage {
    /// How many channels a row has.
    pub(super) fn channels(self) -> usize {
        match self {
            Self::Low => 256,
            Self::High => 128,
        }
    }
}

impl Blocks {
    /// Reads the blocks that `table` finds in `weights`: a row for each convolution, with where its numbers begin,
    /// their scale and zero, where its biases begin, and where the α of its activation.
    ///
    /// # Errors
    /// Says in words what does not fit.
    pub(super) fn read(table: &str, weights: &[u8]) -> Result<Self, String> {
        let rows: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
        let rows: Vec<(usize, Half)> =
            rows.par_iter().map(|row| half(row, weights)).collect::<Result<_, _>>()?;
        let fits = |(at, (channels, _)): (usize, &(usize, Half))| {
            let stage = if at < BLOCKS * HALVES { Stage::Low } else { Stage::High };
            *channels == stage.channels()
        };
        if rows.len() != 2 * BLOCKS * HALVES || !rows.iter().enumerate().all(fits) {
            return Err("the table of residual blocks is not that of this network".to_owned());
        }
        let mut halves = rows.into_iter().map(|(_, half)| half);
        let mut stage =
            || (0..BLOCKS).map(|_| Block { halves: halves.by_ref().take(HALVES).collect() }).collect();
        Ok(Self { low: stage(), high: stage() })
    }

    /// The mean of what three blocks make of `main` and of what one makes of `source`, all rows of channels;
    /// `styles` are gain and offset of every half of every block of both stages. None where their sizes don't fit.
    pub(super) fn refine(
        &self,
        stage: Stage,
        mut main: Vec<f32>,
        source: Vec<f32>,
        gaps: &[Gap],
        styles: &[f32],
    ) -> Option<Vec<f32>> {
        let channels = stage.channels();
        let of_stage = |stage: Stage| BLOCKS * HALVES * 2 * stage.channels();
        let styles = match stage {
            Stage::Low => styles.get(..of_stage(stage))?,
            Stage::High => styles.get(of_stage(Stage::Low)..)?,
        };
        let styles: Vec<Style> = styles
            .chunks_exact(2 * channels)
            .map(|style| Style { gain: &style[..channels], offset: &style[channels..] })
            .collect();
        let mut styles = styles.chunks_exact(HALVES);
        let (of_source, of_main) = match stage {
            Stage::Low => &self.low,
            Stage::High => &self.high,
        }
        .split_first()?;
        if main.len() != source.len() || main.is_empty() || !main.len().is_multiple_of(channels) {
            return None;
        }
        let source = of_source.run(source, gaps, None, styles.next()?);
        add(&mut main, &source);
        drop(source);
        let moments = Moments::of_rows(&main, channels, gaps);
        let mut sum = vec![0.0; main.len()];
        for block in of_main {
            add(&mut sum, &block.run(main.clone(), gaps, Some(&moments), styles.next()?));
        }
        let part = 1.0 / of_main.len() as f32;
        sum.iter_mut().for_each(|value| *value *= part);
        Some(sum)
    }
}

fn add(to: &mut [f32], other: &[f32]) {
    to.iter_mut().zip(other).for_each(|(to, value)| *to += value);
}

/// A row of the table with what it refers to; how many channels it has, first.
fn half(row: &str, weights: &[u8]) -> Result<(usize, Half), String> {
    let read = || {
        let mut cells = row.split('\t').skip(1);
        let mut number = || cells.next()?.parse::<usize>().ok();
        let (channels, taps, dilation, at) = (number()?, number()?, number()?, number()?);
        let scale: f32 = cells.next()?.parse().ok()?;
        let mut number = || cells.next()?.parse::<usize>().ok();
        let (zero, bias, alpha) = (number()?, number()?, number()?);
        let numbers = weights.get(at..)?.get(..channels.checked_mul(channels)?.checked_mul(taps)?)?;
        let kernel: Vec<f32> =
            numbers.iter().map(|&number| (f32::from(number) - zero as f32) * scale).collect();
        let floats = |at: usize| -> Option<Vec<f32>> {
            let (numbers, _) = weights.get(at..)?.get(..channels * 4)?.as_chunks();
            Some(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
        };
        let (bias, alpha) = (floats(bias)?, floats(alpha)?);
        Some((channels, Half { alpha, conv: Conv::new(&kernel, taps, dilation, &bias)? }))
    };
    read().ok_or_else(|| "a row of the table of residual blocks does not fit the weights".to_owned())
}
