//! The network of Kokoro-82M, run by `rten`.
//!
//! Inputs: `tokens`, symbols as numbers with a 0 at both ends; `style`, 256 floats that are the voice,
//! another row for every length of text; `speed`, a factor. Output: `audio`, samples at 24 kHz.

use std::{sync::Arc, thread};

use rten::{NodeId, RunOptions, ThreadPool};
use rten_tensor::{AsView, NdTensor, NdTensorView, Tensor};

use super::super::{EngineError, sys};

/// Symbols that one synthesis takes: as many as a style table has rows.
pub(super) const MOST_SYMBOLS: usize = 510;

/// Floats in a row of a style table.
pub(super) const STYLE: usize = 256;

/// The network with its threads.
pub(super) struct Model {
    network: rten::Model,
    threads: Arc<ThreadPool>,
    tokens: NodeId,
    style: NodeId,
    speed: NodeId,
    audio: NodeId,
}

impl Model {
    /// Reads an ONNX file; `threads` of 0 means one for each core.
    ///
    /// # Errors
    /// Says in words what does not fit.
    pub(super) fn load(onnx: Vec<u8>, threads: usize) -> Result<Self, String> {
        let network = rten::Model::load(onnx).map_err(|why| format!("the model cannot be used: {why}"))?;
        let node = |name| network.node_id(name).map_err(|_| format!("the model has no {name}"));
        let (tokens, style, speed, audio) = (node("tokens")?, node("style")?, node("speed")?, node("audio")?);
        let threads = match threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            some => some,
        };
        // The threads of a pool are as patient as the one that starts them.
        let start = move || {
            sys::yield_to_listeners();
            ThreadPool::with_num_threads(threads)
        };
        let threads = thread::spawn(start).join().map_err(|_| "its threads cannot be started".to_owned())?;
        let threads = Arc::new(threads);
        Ok(Self { network, threads, tokens, style, speed, audio })
    }

    /// Speaks `symbols` with the voice of the table `styles`.
    pub(super) fn run(&self, symbols: &[i32], styles: &[f32], speed: f32) -> Result<Vec<f32>, EngineError> {
        let too_long = || EngineError::TooLong { symbols: symbols.len(), most: MOST_SYMBOLS };
        let last = symbols.len().checked_sub(1).ok_or(EngineError::Nothing)?;
        let style = styles.chunks_exact(STYLE).nth(last).ok_or_else(too_long)?;

        let tokens: Vec<i32> = [0].iter().chain(symbols).chain(&[0]).copied().collect();
        let tokens = NdTensor::from_data([1, tokens.len()], tokens);
        let style = NdTensorView::from_data([1, STYLE], style);
        let speed = NdTensor::from_data([1], vec![speed]);
        let inputs = vec![
            (self.tokens, tokens.view().into()),
            (self.style, style.into()),
            (self.speed, speed.view().into()),
        ];
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let [audio] = self.network.run_n(inputs, [self.audio], Some(options)).map_err(failed)?;
        let audio: Tensor<f32> = audio.try_into().map_err(failed)?;
        let samples = audio.into_data();
        if samples.is_empty() {
            return Err(EngineError::Failed("it gave no samples".to_owned()));
        }
        if samples.iter().any(|sample| !sample.is_finite()) {
            return Err(EngineError::Failed("it gave samples that are not numbers".to_owned()));
        }
        Ok(samples)
    }
}

fn failed(why: impl std::fmt::Display) -> EngineError {
    EngineError::Failed(why.to_string())
}
