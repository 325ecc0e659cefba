//! The two threads of one engine: each takes the next clip of its seat, makes it, hands it over, saves it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use tokio::runtime::Handle;

use super::{
    Desk, RenderError,
    lane::{Job, Lane, Made, Next, Seat},
};
use crate::{
    audio,
    engine::{Engine, EngineError, sys},
    store::ClipName,
};

/// An engine and its queue.
pub(super) struct Worker {
    pub engine: Arc<dyn Engine>,
    pub lane: Lane,
    /// Clips that failed since the last one that did not.
    failures: AtomicU32,
}

/// So many failures in a row are no longer the fault of the text.
const FAILING: u32 = 3;

impl Worker {
    pub(super) fn new(engine: Arc<dyn Engine>, lane: Lane) -> Self {
        Self { engine, lane, failures: AtomicU32::new(0) }
    }

    /// Whether the engine seems broken.
    pub(super) fn is_failing(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILING
    }

    /// Works at `seat` until the lane is stopped.
    pub(super) fn run(&self, seat: Seat, desk: &Desk, runtime: &Handle) {
        sys::yield_to_listeners();
        loop {
            match self.lane.next(seat) {
                Next::Stop => return,
                Next::Open(id) => {
                    let notice = runtime.block_on(desk.notice(id));
                    if let Err(why) = &notice {
                        tracing::warn!(notice = %id, %why, "a queued notice cannot be made ahead");
                    }
                    self.lane.open(id, notice.ok());
                }
                Next::Make(job) => self.make(&job, desk, runtime),
            }
        }
    }

    fn make(&self, job: &Job, desk: &Desk, runtime: &Handle) {
        let key = job.key;
        if runtime.block_on(desk.length(key)).is_some() {
            if self.lane.finish_unwanted(key) {
                return;
            }
            if let Some(clip) = runtime.block_on(desk.stored(key)) {
                return self.lane.finish(key, &Ok(clip));
            }
        }
        let made = self.speak(job);
        match &made {
            Ok(clip) => {
                // Into memory first: who asks from now on finds it there; the disk may take its time.
                desk.store.hold_clip(ClipName::wav(key), clip.wav.clone());
                runtime.block_on(desk.lengths.insert(key, clip.wav.len() as u64));
                self.lane.finish(key, &made);
                runtime.block_on(desk.store.save_clip(ClipName::wav(key), &clip.wav));
            }
            Err(why) => {
                tracing::warn!(clip = %key, notice = %job.notice.id, %why, "a clip could not be made");
                self.lane.finish(key, &made);
            }
        }
    }

    fn speak(&self, job: &Job) -> Made {
        let utterance = job.notice.utterance(job.at).ok_or(RenderError::Internal)?;
        let (voice, speed) = (&job.notice.settings.timbre.voice, job.notice.settings.speed.factor());
        let started = Instant::now();
        let work = || {
            let pcm = self.engine.synthesize(voice, &utterance.reading, speed)?;
            Ok::<_, RenderError>(audio::finish(pcm, utterance.pause)?)
        };
        // An engine that panics fails on this clip; the next one may work.
        let made = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(EngineError::Failed("it panicked".to_owned()).into()));
        match &made {
            Ok(clip) => {
                self.failures.store(0, Ordering::Relaxed);
                let ms = started.elapsed().as_millis() as u64;
                tracing::debug!(clip = %job.key, sounds = utterance.reading.sounds.len(), bytes = clip.wav.len(), ms, "made");
            }
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        made
    }
}
