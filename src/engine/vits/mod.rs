//! VITS as Piper exports it: one ONNX file with Piper's own JSON beside it, run in process.
//!
//! 1. [`files`] says which files of its folder it needs, and reads Piper's JSON;
//! 2. [`symbols`] writes a reading in the phonemes of the voice, by a table, and those as Piper's numbers;
//! 3. the network turns them into samples, at the rate that it was trained at.
//!
//! Which phonemes a voice wants is its own affair (IPA of espeak-ng, pinyin): the table of the folder says it.

mod files;
mod symbols;

use std::path::Path;

use rten_tensor::{AsView, Layout, NdTensor};

use super::{
    Engine, EngineError, Voice,
    behind::{Behind, greeting},
    network::{self, Network, failed},
};
use crate::{
    audio::{self, Pcm, Said},
    reading::Reading,
};
use files::Files;
use symbols::Symbols;

/// Raised whenever the same reading would be given to the network in other numbers.
const VERSION: &str = "vits/1";

/// Symbols of one call: some more than the longest utterance needs.
const MOST_SYMBOLS: usize = 1000;

/// The engine with the voices of one folder.
pub struct Vits {
    voices: Vec<Voice>,
    files: Files,
    symbols: Symbols,
    threads: usize,
    network: Behind<Network<1>>,
}

impl Vits {
    /// Opens the voice folder `dir` to be run on `threads` threads (0: one for each core), all but its network,
    /// which [`Engine::ready`] reads.
    ///
    /// # Errors
    /// [`EngineError::Files`] in words that name the file.
    pub fn open(dir: &Path, threads: usize) -> Result<Self, EngineError> {
        let files = Files::read(dir)?;
        let symbols = Symbols::parse(&files.sounds, &files.piper).map_err(|why| files.complain(&why))?;
        Ok(Self { voices: files.voices(), files, symbols, threads, network: Behind::default() })
    }

    fn network(&self) -> Result<&Network<1>, EngineError> {
        self.network.get(|| {
            let complain = |why: &str| self.files.complain(why);
            let threads = network::pool(self.threads).map_err(|why| complain(&why))?;
            let network = Network::load(self.files.model()?, ["output"], &threads);
            let network = network.map_err(|why| complain(&why))?;
            let numbers = self.symbols.numbers(&greeting())?;
            let speaker = self.files.speakers().next().unwrap_or_default();
            self.run(&network, &numbers, speaker, 1.0).map_err(|why| complain(&why.to_string()))?;
            Ok(network)
        })
    }

    fn run(
        &self,
        network: &Network<1>,
        numbers: &[i32],
        speaker: i32,
        speed: f32,
    ) -> Result<Vec<f32>, EngineError> {
        let piper = &self.files.piper.inference;
        let input = NdTensor::from_data([1, numbers.len()], numbers.to_vec());
        let length = NdTensor::from_data([1], vec![numbers.len() as i32]);
        let scales = vec![piper.noise_scale, piper.length_scale / speed, piper.noise_w];
        let scales = NdTensor::from_data([3], scales);
        let speaker = NdTensor::from_data([1], vec![speaker]);
        let mut inputs = vec![
            ("input", input.view().into()),
            ("input_lengths", length.view().into()),
            ("scales", scales.view().into()),
        ];
        if network.has("sid") {
            inputs.push(("sid", speaker.view().into()));
        }
        let [samples] = network.run(inputs)?;
        match samples.is_empty() {
            true => Err(failed("it gave no samples")),
            false => Ok(samples.into_data()),
        }
    }
}

impl Engine for Vits {
    fn version(&self) -> &str {
        VERSION
    }

    fn voices(&self) -> &[Voice] {
        &self.voices
    }

    fn is_ready(&self) -> bool {
        self.network.is_read()
    }

    fn ready(&self) -> Result<(), EngineError> {
        self.network().map(drop)
    }

    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError> {
        let known = self.voices.iter().zip(self.files.speakers()).find(|(known, _)| known.name == voice);
        let (known, speaker) = known.ok_or_else(|| EngineError::UnknownVoice(voice.to_owned()))?;
        let clean = known.clean(speed, self.files.clean_speed())?;
        let numbers = self.symbols.numbers(reading)?;
        if numbers.len() > MOST_SYMBOLS {
            return Err(EngineError::TooLong { symbols: numbers.len(), most: MOST_SYMBOLS });
        }
        let samples = self.run(self.network()?, &numbers, speaker, clean)?;
        Ok(audio::stretch(Pcm { rate: known.rate, samples }, speed / clean))
    }
}
