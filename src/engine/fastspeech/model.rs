//! The three networks: symbols → lengths and meanings → spectrum → samples.
//!
//! `encoder`: `ids` [1,N], `f0_ratio` [1], `energy_ratio` [1] → `hidden` [1,N,256], `durations` [1,N] in frames; the
//! row of each symbol is repeated for as many frames as it lasts; `decoder`: `frames` [1,T,256] → `mel` [1,T,80];
//! `vocoder`: `mel` → `audio` [1, samples], a fixed number of samples a frame.

use std::sync::Arc;

use rten::ThreadPool;
use rten_tensor::{AsView, NdTensor};

use super::{
    super::{
        EngineError,
        network::{Network, failed},
    },
    pieces::MOST_FRAMES,
    symbols::Row,
};

/// Floats that stand for one frame.
const HIDDEN: usize = 256;

/// The vocoder looks around itself: with fewer frames it fails.
const LEAST_FRAMES: usize = 10;

/// A symbol that lasts longer, in frames, is no speech: five seconds.
const LONGEST: f32 = 400.0;

/// How high and how strong, beside how it was trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Melody {
    pub pitch: f32,
    pub energy: f32,
}

impl Default for Melody {
    fn default() -> Self {
        Self { pitch: 1.0, energy: 1.0 }
    }
}

/// What was said in one call.
#[derive(Debug)]
pub(super) struct Take {
    /// Frames of each symbol.
    pub frames: Vec<usize>,
    /// As many for each frame.
    pub samples: Vec<f32>,
}

/// The networks.
pub(super) struct Model {
    encoder: Network<2>,
    decoder: Network<1>,
    vocoder: Network<1>,
}

impl Model {
    /// Reads the ONNX files.
    ///
    /// # Errors
    /// Says in words what does not fit.
    pub(super) fn load(
        encoder: Vec<u8>,
        decoder: Vec<u8>,
        vocoder: Vec<u8>,
        threads: &Arc<ThreadPool>,
    ) -> Result<Self, String> {
        Ok(Self {
            encoder: Network::load(encoder, ["hidden", "durations"], threads)?,
            decoder: Network::load(decoder, ["mel"], threads)?,
            vocoder: Network::load(vocoder, ["audio"], threads)?,
        })
    }

    /// Says `row`; none where that takes more frames than the network says well in one call.
    pub(super) fn speak(&self, row: &Row, melody: Melody, speed: f32) -> Result<Option<Take>, EngineError> {
        let ids = NdTensor::from_data([1, row.numbers.len()], row.numbers.clone());
        let ratio = |factor: f32| NdTensor::from_data([1], vec![factor]);
        let (pitch, energy) = (ratio(melody.pitch), ratio(melody.energy));
        let [hidden, durations] = self.encoder.run(vec![
            ("ids", ids.view().into()),
            ("f0_ratio", pitch.view().into()),
            ("energy_ratio", energy.view().into()),
        ])?;
        let (hidden, durations) = (hidden.into_data(), durations.into_data());
        if durations.len() != row.numbers.len() || hidden.len() != HIDDEN * durations.len() {
            return Err(failed("it gave another number of symbols than it was given"));
        }
        if durations.iter().any(|frames| !(0.0..=LONGEST).contains(frames)) {
            return Err(failed("it gave a symbol a length that is none"));
        }
        let mut frames: Vec<usize> =
            durations.iter().map(|frames| (frames / speed).round_ties_even() as usize).collect();
        let all: usize = frames.iter().sum();
        if let Some(last) = frames.last_mut() {
            *last += LEAST_FRAMES.saturating_sub(all);
        }
        let all = all.max(LEAST_FRAMES);
        if all > MOST_FRAMES {
            return Ok(None);
        }
        let rows = hidden.chunks_exact(HIDDEN).zip(&frames);
        let spread: Vec<f32> = rows.flat_map(|(row, &frames)| row.repeat(frames)).collect();
        let spread = NdTensor::from_data([1, all, HIDDEN], spread);
        let [mel] = self.decoder.run(vec![("frames", spread.view().into())])?;
        let [samples] = self.vocoder.run(vec![("mel", mel.view().into())])?;
        let samples = samples.into_data();
        if samples.is_empty() || !samples.len().is_multiple_of(all) {
            return Err(failed("it gave another number of frames than it was given"));
        }
        Ok(Some(Take { frames, samples }))
    }
}
