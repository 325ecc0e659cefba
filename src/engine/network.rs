//! A small network, run by `rten`: inputs and outputs by name, all outputs floats.

use std::{sync::Arc, thread};

use rten::{NodeId, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::{AsView, Tensor};

use super::{EngineError, sys};

/// A network.
pub(super) struct Network<const OUTPUTS: usize> {
    network: rten::Model,
    threads: Arc<ThreadPool>,
    outputs: [NodeId; OUTPUTS],
}

/// `threads` threads that yield to whoever answers somebody; 0 means one for each core.
///
/// # Errors
/// In words, where they cannot be started.
pub(super) fn pool(threads: usize) -> Result<Arc<ThreadPool>, String> {
    let threads = match threads {
        0 => thread::available_parallelism().map_or(1, usize::from),
        some => some,
    };
    // The threads of a pool are as patient as the one that starts them.
    let start = move || {
        sys::yield_to_listeners();
        ThreadPool::with_num_threads(threads)
    };
    thread::spawn(start).join().map(Arc::new).map_err(|_| "its threads cannot be started".to_owned())
}

impl<const OUTPUTS: usize> Network<OUTPUTS> {
    /// Reads an ONNX file with these outputs.
    ///
    /// # Errors
    /// Says in words what does not fit.
    pub(super) fn load(
        onnx: Vec<u8>,
        outputs: [&str; OUTPUTS],
        threads: &Arc<ThreadPool>,
    ) -> Result<Self, String> {
        let network = rten::Model::load(onnx).map_err(|why| format!("the model cannot be used: {why}"))?;
        let mut nodes = Vec::with_capacity(OUTPUTS);
        for name in outputs {
            nodes.push(network.node_id(name).map_err(|_| format!("the model has no {name}"))?);
        }
        let outputs = nodes.try_into().map_err(|_| "the model lacks outputs".to_owned())?;
        Ok(Self { network, threads: Arc::clone(threads), outputs })
    }

    /// Whether it has something named so.
    pub(super) fn has(&self, name: &str) -> bool {
        self.network.find_node(name).is_some()
    }

    /// What it makes of `inputs`; every number of it is one.
    ///
    /// # Errors
    /// [`EngineError::Failed`] in words.
    pub(super) fn run(
        &self,
        inputs: Vec<(&str, ValueOrView<'_>)>,
    ) -> Result<[Tensor<f32>; OUTPUTS], EngineError> {
        let mut named = Vec::with_capacity(inputs.len());
        for (name, value) in inputs {
            let node = self.network.node_id(name).map_err(|_| failed(format!("the model has no {name}")))?;
            named.push((node, value));
        }
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.threads)));
        let values = self.network.run_n(named, self.outputs, Some(options)).map_err(failed)?;
        let mut tensors = Vec::with_capacity(OUTPUTS);
        for value in values {
            let tensor: Tensor<f32> = value.try_into().map_err(failed)?;
            if tensor.iter().any(|number| !number.is_finite()) {
                return Err(failed("it gave what is not a number"));
            }
            tensors.push(tensor);
        }
        tensors.try_into().map_err(|_| failed("it gave too little"))
    }
}

/// The engine failed, as `why` says.
pub(super) fn failed(why: impl std::fmt::Display) -> EngineError {
    EngineError::Failed(why.to_string())
}
