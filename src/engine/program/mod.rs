//! Engines that are separate programs: espeak-ng, and any command that takes text and gives a WAV.
//!
//! 1. [`recipe`] reads `voice.toml` and finds the program, [`espeak`] the voice in espeak-ng;
//! 2. [`spell`] writes a reading as a program is to read it;
//! 3. [`process`] runs the program once, under limits, and leaves nothing of it behind;
//! 4. [`wav`] reads what it gave and believes none of it.
//!
//! A crash, a hang and a licence stay in a process of their own. What a program does not manage it may try once more, in
//! a fresh process; what it does not manage twice is the failure of the clip, and the fallback of the renderer has its
//! turn. The pool is as large as the renderer's: one process for each of its threads, and as many that wait for
//! their text already, because to start one takes longer than to speak a sentence.

mod espeak;
mod process;
mod recipe;
mod spell;
mod wav;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Engine, EngineError, Voice};
use crate::{
    audio::{Pcm, Said},
    reading::Reading,
};
pub use spell::pinyin;

use process::{Call, Cost, Fault, Process};
use recipe::{Input, Recipe};

/// What `voice.toml` may look like for the voices that come with systems: name of the voice folder and text.
pub const EXAMPLES: [(&str, &str); 3] = [
    ("espeak-ng", include_str!("voices/espeak-ng.toml")),
    ("macos", include_str!("voices/macos.toml")),
    ("windows", include_str!("voices/windows.toml")),
];

/// So often a program may try to say a clip.
const TRIES: usize = 2;

/// Opens the voice folder `folder`, whose `voice.toml` is `manifest`.
///
/// # Errors
/// [`EngineError::Files`] where the manifest makes no sense or the program is not there.
pub fn open(folder: &Path, manifest: &str) -> Result<Arc<dyn Engine>, EngineError> {
    Ok(Arc::new(Program { recipe: Recipe::read(folder, manifest)?, waiting: Mutex::default() }))
}

/// The voices of one program.
struct Program {
    recipe: Recipe,
    /// Processes that wait for their text.
    waiting: Mutex<Vec<Process>>,
}

impl Engine for Program {
    fn version(&self) -> &str {
        &self.recipe.name
    }

    fn voices(&self) -> &[Voice] {
        &self.recipe.voices
    }

    fn reads_text(&self) -> bool {
        self.recipe.input == Input::Text
    }

    fn at_once(&self) -> usize {
        self.recipe.limits.at_once
    }

    fn ready(&self) -> Result<(), EngineError> {
        self.prepare(&self.recipe.call(0, 1.0));
        Ok(())
    }

    fn synthesize(&self, voice: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError> {
        let mut voices = self.recipe.voices.iter().enumerate();
        let found = voices.find(|(_, known)| known.name == voice);
        let (at, known) = found.ok_or_else(|| EngineError::UnknownVoice(voice.to_owned()))?;
        let (slowest, fastest) = known.speed;
        if !(slowest..=fastest).contains(&speed) {
            return Err(EngineError::Speed { asked: speed, slowest, fastest });
        }
        let text = match self.recipe.input {
            Input::Pinyin => spell::pinyin(reading),
            Input::Text => spell::text(reading),
        };
        let text = text.ok_or(EngineError::Nothing)?;
        let call = self.recipe.call(at, speed);
        let mut samples = self.speak(&call, &text)?;
        samples.iter_mut().for_each(|sample| *sample *= self.recipe.gain);
        self.prepare(&call);
        Ok(Pcm { rate: self.recipe.rate, samples }.into())
    }
}

impl Program {
    /// What the program makes of `text`, which it may try twice.
    fn speak(&self, call: &Call, text: &str) -> Result<Vec<f32>, EngineError> {
        let cost = Cost { time: self.recipe.limits.time, bytes: self.recipe.most_bytes() };
        // One that has waited may have been ended by somebody meanwhile: the next is always a fresh one.
        let mut process = self.taken(call).map_or_else(|| Process::start(call), Ok);
        for _ in 1..TRIES {
            match process.and_then(|process| self.sound(process, text, cost)) {
                Err(why) if why.may_be_retried() => {
                    tracing::warn!(engine = self.recipe.name, %why, "a program failed; it may try once more");
                }
                done => return done.map_err(EngineError::from),
            }
            process = Process::start(call);
        }
        Ok(process.and_then(|process| self.sound(process, text, cost))?)
    }

    fn sound(&self, process: Process, text: &str, cost: Cost) -> Result<Vec<f32>, Fault> {
        Ok(wav::samples(&process.finish(text, cost)?, self.recipe.rate)?)
    }

    /// A process that waits for its text and was started so.
    fn taken(&self, call: &Call) -> Option<Process> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let at = waiting.iter().position(|process| process.call() == call)?;
        Some(waiting.swap_remove(at))
    }

    /// Starts the process of the next clip, which is likely to be spoken as the last one was.
    fn prepare(&self, call: &Call) {
        // Where it cannot be started, who needs it is told.
        let process = self.recipe.ready.then(|| Process::start(call).ok()).flatten();
        let Some(process) = process else { return };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(process);
        let spare = (waiting.len() > self.recipe.limits.at_once + 1).then(|| waiting.remove(0));
        drop(waiting);
        // It is ended when nobody waits for the lock.
        drop(spare);
    }
}

impl From<Fault> for EngineError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Absent { .. } => Self::Files(fault.to_string()),
            _ => Self::Failed(fault.to_string()),
        }
    }
}
