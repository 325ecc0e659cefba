//! The network of Kokoro-82M: run by `rten`, but for the residual blocks of its vocoder.
//!
//! Inputs: symbols as numbers with a 0 at both ends; a style, 256 floats that are the voice, another row for every
//! length of text; a speed, a factor. Output: samples at 24 kHz, and how long each symbol lasts.
//!
//! 1. The graph says how long each symbol lasts and how loud each frame of 25 ms is, and makes a first, coarse sound.
//! 2. Silent frames are left out ([`kept`]): a second of them, which would cost as much as a second of speech.
//! 3. [`Blocks`] and graph take turns to refine the others, at 800 and at 4,800 rows a second; the graph makes samples
//!    of that.

use std::{ops::Range, sync::Arc};

use langdu_residual::Gap;
use rten::{NodeId, RunOptions, ThreadPool, Value, ValueOrView};
use rten_tensor::{AsView, Layout, NdTensor, NdTensorView, Tensor};

use super::{
    super::{
        EngineError,
        network::{failed, pool},
    },
    blocks::{Blocks, Stage},
    files,
};

/// Symbols that one synthesis takes: as many as a style table has rows.
pub(super) const MOST_SYMBOLS: usize = 510;

/// Floats in a row of a style table.
pub(super) const STYLE: usize = 256;

/// Seconds of a frame.
const FRAME: f32 = 0.025;

/// Frames by which a sound is heard before its own: at commas the voice is softest so much before the mark begins.
const AHEAD: f32 = 1.5;

/// Silent frames that stay beside speech, and at both ends of all: what the convolutions reach for.
const MARGIN: usize = 3;

/// Rows of a frame in the low stage, and in the high stage.
const LOW: usize = 20;
const HIGH: usize = 120;

/// Frames whose energy lies in the lowest part of all are silent: a tenth of the way from the softest to the loudest.
const SILENT: f32 = 0.1;

/// The network with its threads.
pub(super) struct Model {
    network: rten::Model,
    blocks: Blocks,
    threads: Arc<ThreadPool>,
    nodes: Nodes,
}

/// Where values go into the graph, and come out.
struct Nodes {
    tokens: NodeId,
    style: NodeId,
    speed: NodeId,
    coarse: [NodeId; 6],
    low: NodeId,
    main_high: NodeId,
    high: NodeId,
    audio: NodeId,
}

/// What the network said.
pub(super) struct Speech {
    pub samples: Vec<f32>,
    /// When each symbol is heard, in seconds from the first sample.
    pub symbols: Vec<Range<f32>>,
}

impl Model {
    /// Reads the network; `threads` of 0 means one for each core.
    ///
    /// # Errors
    /// Says in words what does not fit.
    pub(super) fn load(files: &files::Network, threads: usize) -> Result<Self, String> {
        let threads = pool(threads)?;
        let network =
            rten::Model::load_file(&files.graph).map_err(|why| format!("the model cannot be used: {why}"))?;
        let blocks = threads.run(|| Blocks::read(&files.blocks, &files.weights))?;
        let nodes = Nodes::find(&network)?;
        Ok(Self { network, blocks, threads, nodes })
    }

    /// Speaks `symbols` with the voice of the table `styles`.
    pub(super) fn run(&self, symbols: &[i32], styles: &[f32], speed: f32) -> Result<Speech, EngineError> {
        let too_long = || EngineError::TooLong { symbols: symbols.len(), most: MOST_SYMBOLS };
        let last = symbols.len().checked_sub(1).ok_or(EngineError::Nothing)?;
        let style = styles.chunks_exact(STYLE).nth(last).ok_or_else(too_long)?;
        let style = NdTensorView::from_data([1, STYLE], style);

        let [durations, energy, main, source, source_high, styles] = self.coarse(symbols, style, speed)?;
        let (kept, styles) = (kept(&energy.to_vec()), styles.into_data());
        let (main, source) = (rows(main, &kept, LOW, 0)?, rows(source, &kept, LOW, 0)?);
        // One row more than frames have: the first stands before all of them.
        let source_high = rows(source_high, &kept, HIGH, 1)?;
        let low = self.refine(Stage::Low, main, source, &gaps(&kept, LOW, 0), &styles)?;
        let [main] = self.ask(vec![(self.nodes.low, low.into())], [self.nodes.main_high])?;
        let all = 0..kept.iter().map(Range::len).sum();
        let main = rows(main, std::slice::from_ref(&all), HIGH, 1)?;
        let high = self.refine(Stage::High, main, source_high, &gaps(&kept, HIGH, 1), &styles)?;
        let [audio] = self.ask(vec![(self.nodes.high, high.into())], [self.nodes.audio])?;
        let samples = audio.into_data();
        if samples.is_empty() {
            return Err(EngineError::Failed("it gave no samples".to_owned()));
        }
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(EngineError::Failed("it gave samples that are not numbers".to_owned()));
        }
        Ok(Speech { samples, symbols: times(&durations.to_vec(), &kept) })
    }

    /// How many frames each symbol lasts, and the coarse sound in its parts.
    fn coarse(
        &self,
        symbols: &[i32],
        style: NdTensorView<f32, 2>,
        speed: f32,
    ) -> Result<[Tensor<f32>; 6], EngineError> {
        let tokens: Vec<i32> = [0].iter().chain(symbols).chain(&[0]).copied().collect();
        let tokens = NdTensor::from_data([1, tokens.len()], tokens);
        let speed = NdTensor::from_data([1], vec![speed]);
        let inputs = vec![
            (self.nodes.tokens, tokens.view().into()),
            (self.nodes.style, style.into()),
            (self.nodes.speed, speed.view().into()),
        ];
        self.ask(inputs, self.nodes.coarse)
    }

    fn refine(
        &self,
        stage: Stage,
        main: Vec<f32>,
        source: Vec<f32>,
        gaps: &[Gap],
        styles: &[f32],
    ) -> Result<Tensor<f32>, EngineError> {
        let out = self.threads.run(|| self.blocks.refine(stage, main, source, gaps, styles));
        let out = out.ok_or_else(|| failed("the parts of a stage don't fit"))?;
        let channels = stage.channels();
        let rows = NdTensorView::from_data([1, out.len() / channels, channels], &out[..]);
        Ok(rows.permuted([0, 2, 1]).to_tensor().into_dyn())
    }

    fn ask<const N: usize>(
        &self,
        inputs: Vec<(NodeId, ValueOrView)>,
        outputs: [NodeId; N],
    ) -> Result<[Tensor<f32>; N], EngineError> {
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let values: [Value; N] = self.network.run_n(inputs, outputs, Some(options)).map_err(failed)?;
        let tensors: Vec<Tensor<f32>> =
            values.into_iter().map(|value| value.try_into().map_err(failed)).collect::<Result<_, _>>()?;
        tensors.try_into().map_err(|_| failed("it gave other outputs"))
    }
}

impl Nodes {
    fn find(network: &rten::Model) -> Result<Self, String> {
        let node = |name: &str| network.node_id(name).map_err(|_| format!("the model has no {name}"));
        Ok(Self {
            tokens: node("tokens")?,
            style: node("style")?,
            speed: node("speed")?,
            coarse: [
                node("durations")?,
                node("energy")?,
                node("main_low")?,
                node("source_low")?,
                node("source_high")?,
                node("styles")?,
            ],
            low: node("low")?,
            main_high: node("main_high")?,
            high: node("high")?,
            audio: node("audio")?,
        })
    }
}

/// When each symbol is heard, without the zeros at both ends, in seconds of the frames that were kept.
fn times(frames: &[f32], kept: &[Range<usize>]) -> Vec<Range<f32>> {
    // A moment of what was left out is the moment at which it is missing.
    let moment = |frame: f32| {
        let before =
            |part: &Range<usize>| ((frame - AHEAD).min(part.end as f32) - part.start as f32).max(0.0);
        kept.iter().map(before).sum::<f32>() * FRAME
    };
    let mut end = 0.0;
    let each = frames.iter().map(|frames| {
        let start = end;
        end += frames;
        moment(start)..moment(end)
    });
    each.skip(1).take(frames.len().saturating_sub(2)).collect()
}

/// The frames that are worth computing, by two values of `energy` for each: speech and some silence around it, and
/// both ends.
fn kept(energy: &[f32]) -> Vec<Range<usize>> {
    let frames = energy.len() / 2;
    let softest = energy.iter().copied().fold(f32::INFINITY, f32::min);
    let loudest = energy.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let is_heard = |energy: &f32| *energy > softest + SILENT * (loudest - softest);
    let first = energy.iter().position(is_heard).unwrap_or(0) / 2;
    let last = energy.iter().rposition(is_heard).map_or(frames, |last| last / 2 + 1);
    let (start, end) = (first.saturating_sub(MARGIN), (last + MARGIN).min(frames));
    let (head, tail) = (MARGIN.min(start), frames - MARGIN.min(frames - end));
    let mut out: Vec<Range<usize>> = Vec::new();
    for part in [0..head, start..end, tail..frames] {
        match out.last_mut() {
            Some(before) if before.end == part.start => before.end = part.end,
            _ if part.is_empty() => {}
            _ => out.push(part),
        }
    }
    out
}

/// Where frames are missing, in rows: so many a frame after the `first`.
fn gaps(kept: &[Range<usize>], frame: usize, first: usize) -> Vec<Gap> {
    let mut row = first;
    let pairs = kept.windows(2).map(|pair| {
        row += pair[0].len() * frame;
        Gap { row, frame, frames: pair[1].start - pair[0].end }
    });
    pairs.collect()
}

/// The rows of the frames `kept` of a tensor of one batch, channels and rows: so many a frame after the `first`.
fn rows(
    tensor: Tensor<f32>,
    kept: &[Range<usize>],
    frame: usize,
    first: usize,
) -> Result<Vec<f32>, EngineError> {
    let end = kept.last().map_or(0, |last| last.end * frame) + first;
    if tensor.ndim() != 3 || tensor.size(0) != 1 || tensor.size(2) < end {
        return Err(failed("a part of the network has another shape"));
    }
    let part = |rows: Range<usize>| tensor.slice((0, .., rows)).transposed().to_vec();
    let mut out = part(0..first);
    for frames in kept {
        out.extend(part(frames.start * frame + first..frames.end * frame + first));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::single_range_in_vec_init)]

    use super::*;

    /// Two values a frame: silence, speech, silence.
    fn energy(before: usize, speech: usize, after: usize) -> Vec<f32> {
        [vec![-9.0; 2 * before], vec![8.0; 2 * speech], vec![-9.5; 2 * after]].concat()
    }

    #[test]
    fn silence_is_left_out_but_for_margins_and_ends() {
        assert_eq!(kept(&energy(16, 50, 30)), [0..3, 13..69, 93..96]);
        assert_eq!(kept(&energy(7, 50, 7)), [0..3, 4..60, 61..64]);
        // Nothing to leave out.
        for (before, after) in [(0, 0), (3, 3), (4, 5), (6, 6)] {
            assert_eq!(kept(&energy(before, 20, after)), [0..before + 20 + after], "{before} {after}");
        }
        assert_eq!(kept(&energy(0, 20, 30)), [0..23, 47..50]);
    }

    #[test]
    fn odd_energies_leave_nothing_out() {
        assert!(kept(&[]).is_empty());
        assert_eq!(kept(&[1.0, 2.0]), [0..1]);
        assert_eq!(kept(&[5.0; 40]), [0..20], "always the same");
        assert_eq!(kept(&[f32::NAN; 40]), [0..20]);
    }

    #[test]
    fn gaps_stand_where_frames_are_missing() {
        let kept = [0..3, 13..69, 93..96];
        let expected = [Gap { row: 60, frame: 20, frames: 10 }, Gap { row: 59 * 20, frame: 20, frames: 24 }];
        assert_eq!(gaps(&kept, 20, 0), expected);
        assert_eq!(gaps(&kept, 120, 1)[0], Gap { row: 361, frame: 120, frames: 10 });
        assert!(gaps(&[0..9], 20, 0).is_empty());
    }

    #[test]
    fn rows_are_those_of_the_frames_that_are_kept() {
        // One batch, two channels, seven rows: three frames of two rows after the first.
        let tensor = || Tensor::from_data(&[1, 2, 7], (0..14).map(|n| n as f32).collect::<Vec<_>>());
        assert_eq!(rows(tensor(), &[0..1, 2..3], 2, 1).unwrap(), [0., 7., 1., 8., 2., 9., 5., 12., 6., 13.]);
        assert_eq!(rows(tensor(), &[1..2], 2, 0).unwrap(), [2., 9., 3., 10.]);
        assert!(rows(tensor(), &[0..4], 2, 0).is_err(), "more than there are");
        assert!(rows(Tensor::from_data(&[1, 2, 0], vec![0.0; 0]), &[], 2, 1).is_err(), "not even the first");
    }

    #[test]
    fn symbols_are_heard_when_their_frames_are_and_never_in_what_is_missing() {
        // A zero of 10 frames, three symbols, a zero of 10; frames 3 to 7 and 20 to 24 are left out.
        let frames = [10.0, 4.0, 2.0, 6.0, 10.0];
        let heard = times(&frames, &[0..3, 7..20, 24..32]);
        let near = |a: f32, b: f32| (a - b * FRAME).abs() < 1e-5;
        assert_eq!(heard.len(), 3);
        assert!(
            near(heard[0].start, 10.0 - AHEAD - 4.0) && near(heard[0].end, 14.0 - AHEAD - 4.0),
            "{heard:?}"
        );
        assert!(heard.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert!(near(heard[2].end, 16.0), "in the gap: {heard:?}");
    }
}
