//! One engine at work.
//!
//! 1. threads in their seats take the next clip, make it, hand it over and have it saved with its marks;
//! 2. a task feeds them with what is made ahead ([`make_ahead`]);
//! 3. another sees to it that nobody waits for a clip longer than allowed ([`watch`]).

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::runtime::Handle;

use super::{
    Desk, RenderError, Studio,
    ahead::Ahead,
    lane::{Hand, Job, Lane, Seat, Urgency},
    marks,
    progress::Told,
};
use crate::{
    audio::{self, Clip, Finished, Marks},
    engine::{self, Engine, EngineError, sys},
    plan::{ClipKey, Utterance},
    store::{ClipName, NoticeId},
};

/// An engine with its queues.
pub(super) struct Worker {
    pub engine: Arc<dyn Engine>,
    pub lane: Lane,
    pub ahead: Ahead,
    /// Clips that failed since the last one that did not.
    failures: AtomicU32,
}

/// So many failures in a row are no longer the fault of the text.
const FAILING: u32 = 3;

impl Worker {
    pub(super) fn new(engine: Arc<dyn Engine>, lane: Lane, ahead: Ahead) -> Self {
        Self { engine, lane, ahead, failures: AtomicU32::new(0) }
    }

    /// Whether the engine seems broken.
    pub(super) fn is_failing(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= FAILING
    }

    /// Starts the threads.
    pub(super) fn start(self: &Arc<Self>, desk: &Arc<Desk>) {
        (0..self.engine.at_once().max(1)).for_each(|_| self.seat(Seat::Listeners, desk));
        self.seat(Seat::Ahead, desk);
    }

    /// Has a fresh thread take a seat.
    fn seat(self: &Arc<Self>, seat: Seat, desk: &Arc<Desk>) {
        let hand = self.lane.sit(seat);
        let (at_work, desk, runtime) = (self.clone(), desk.clone(), Handle::current());
        let work = move || at_work.run(hand, &desk, &runtime);
        let thread = std::thread::Builder::new().name("langdu-engine".to_owned()).spawn(work);
        if let Err(why) = thread {
            tracing::error!(%why, "no thread for an engine");
            self.lane.stop();
            self.lane.next(hand);
        }
    }

    /// Works until the lane is stopped, or `hand` has lost its seat.
    fn run(&self, hand: Hand, desk: &Arc<Desk>, runtime: &Handle) {
        sys::yield_to_listeners();
        while let Some(job) = self.lane.next(hand) {
            self.make(hand, &job, desk, runtime);
        }
    }

    fn make(&self, hand: Hand, job: &Job, desk: &Arc<Desk>, runtime: &Handle) {
        let name = ClipName::wav(job.take.key);
        // It may have been made between the look into the store and the question for it.
        let stored = runtime.block_on(desk.stored(name.key));
        let known = stored.is_some();
        let (made, marks) = match stored {
            Some(clip) => (Ok(clip), None),
            None => match self.speak(job) {
                Ok((clip, marks)) => (Ok(clip), marks),
                Err(why) => (Err(why), None),
            },
        };
        if let Ok(clip) = &made {
            if let Some(marks) = &marks {
                // Before the clip: who has heard that it is made may ask for its words.
                desk.store.hold_clip(ClipName::marks(name.key), marks.clone());
            }
            // Into memory first: who asks from now on finds it there; the disk may take its time.
            desk.store.hold_clip(name, clip.wav.clone());
            runtime.block_on(desk.lengths.insert(name.key, clip.wav.len() as u64));
        }
        if let Err(why) = &made {
            // Before anybody is told: who was may look at the numbers.
            metrics::counter!("langdu_clip_failures_total", "code" => why.code()).increment(1);
            tracing::warn!(clip = %name.key, notice = %job.notice.id, %why, "a clip could not be made");
        }
        match &made {
            Ok(_) if !known => desk.absent.found(job.take.casting.engine, false),
            Err(RenderError::VoiceBroken(_)) => desk.absent.found(job.take.casting.engine, true),
            _ => {}
        }
        let in_time = self.lane.finish(hand, name.key, &made);
        match &made {
            Ok(clip) if !known => save(desk, runtime, name.key, clip, marks),
            _ => {}
        }
        if !in_time {
            tracing::warn!(engine = self.engine.version(), "an engine came back late from a clip");
            self.lane.come_back(hand);
        }
    }

    /// The clip, and the file of its marks; none where these failed, which costs nobody the clip.
    fn speak(&self, job: &Job) -> Result<(Clip, Option<Bytes>), RenderError> {
        let utterance = job.notice.utterance(job.at).ok_or(RenderError::Internal)?;
        let (voice, speed) = (&job.take.casting.voice.name, job.take.speed.factor());
        let started = Instant::now();
        let work = || {
            let said = engine::speak(&*self.engine, voice, &utterance.reading, speed)?;
            Ok::<_, RenderError>(audio::finish(said, utterance.pause)?)
        };
        // An engine that panics fails on this clip; the next one may work.
        let made = catch_unwind(AssertUnwindSafe(work))
            .unwrap_or_else(|_| Err(EngineError::Failed("it panicked".to_owned()).into()));
        match &made {
            Ok(Finished { clip, .. }) => {
                self.failures.store(0, Ordering::Relaxed);
                let took = started.elapsed();
                metrics::histogram!("langdu_stage_seconds", "stage" => "synthesis").record(took);
                let factor = took.as_secs_f64() / clip.duration().as_secs_f64().max(f64::MIN_POSITIVE);
                metrics::histogram!("langdu_real_time_factor", "engine" => self.engine.version().to_owned())
                    .record(factor);
                let ms = took.as_millis() as u64;
                tracing::debug!(clip = %job.take.key, sounds = utterance.reading.sounds.len(), bytes = clip.wav.len(), ms, "made");
            }
            Err(_) => {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
        }
        let finished = made?;
        let marks = marks_of(job.take.key, &finished, utterance);
        Ok((finished.clip, marks))
    }
}

/// The file of the marks of a clip; none where they failed.
fn marks_of(key: ClipKey, finished: &Finished, utterance: &Utterance) -> Option<Bytes> {
    let work = || Marks::of(finished, utterance.pause, &marks::beats(&utterance.reading));
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(marks)) => Some(marks.file()),
        Ok(Err(why)) => {
            tracing::error!(clip = %key, %why, "it cannot be told when the words of a clip are heard");
            None
        }
        Err(_) => {
            tracing::error!(clip = %key, "finding when the words of a clip are heard panicked");
            None
        }
    }
}

/// Saves a clip with its marks behind the thread that made it: a slow disk does not keep an engine from its next clip.
/// Where too many wait for the disk, the thread waits as well.
fn save(desk: &Arc<Desk>, runtime: &Handle, key: ClipKey, clip: &Clip, marks: Option<Bytes>) {
    let (at, wav) = (desk.clone(), clip.wav.clone());
    let save = async move {
        at.store.save_clip(ClipName::wav(key), &wav).await;
        if let Some(marks) = marks {
            at.store.save_clip(ClipName::marks(key), &marks).await;
        }
    };
    match desk.saves.clone().try_acquire_owned() {
        Ok(permit) => {
            runtime.spawn(async move {
                save.await;
                drop(permit);
            });
        }
        Err(_) => runtime.block_on(save),
    }
}

/// Has the clips of notices made before anybody waits for them, one at a time, until the lane is stopped.
pub(super) async fn make_ahead(studio: Studio, worker: Arc<Worker>) {
    loop {
        worker.ahead.any().await;
        // Chosen when it can be begun, not before: who is heard next may change meanwhile.
        worker.lane.room().await;
        if let Some((id, at)) = worker.ahead.next() {
            match studio.make_ahead(id, at).await {
                Err(RenderError::Stopping) => return,
                Err(why) if is_for_good(&why) => {
                    worker.ahead.forget(id);
                    tracing::warn!(notice = %id, %why, "a queued notice cannot be made ahead");
                }
                Err(why) => {
                    worker.ahead.give_back(id, at);
                    tracing::debug!(notice = %id, %why, "a queued notice is made ahead later");
                }
                Ok(()) => {}
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Whether a notice that could not be had so cannot be had the next time either.
fn is_for_good(why: &RenderError) -> bool {
    use RenderError::{Internal, Notice, NoticeUnknown, SpeedOutOfRange, VoiceUnknown};
    matches!(why, NoticeUnknown(_) | VoiceUnknown(_) | SpeedOutOfRange { .. } | Notice(_) | Internal)
}

/// Leaves threads behind that do not come back from their clips within `limit`, for as long as it is polled.
pub(super) async fn watch(studio: Studio, limit: Duration) {
    let mut tick = tokio::time::interval((limit / 8).clamp(Duration::from_millis(5), Duration::from_secs(1)));
    loop {
        tick.tick().await;
        for worker in &*studio.workers {
            let (left, fresh) = worker.lane.overdue(Instant::now(), limit);
            if left > 0 {
                worker.failures.fetch_add(left as u32, Ordering::Relaxed);
                let code = RenderError::TimedOut(limit).code();
                metrics::counter!("langdu_clip_failures_total", "code" => code).increment(left as u64);
                let (engine, stuck) = (worker.engine.version(), worker.lane.is_stuck());
                tracing::error!(engine, left, stuck, "an engine does not come back from a clip");
            }
            fresh.into_iter().for_each(|seat| worker.seat(seat, &studio.desk));
        }
    }
}

impl Studio {
    /// Has utterance `at` of a notice made if it is not, and tells those who follow it what became of it.
    ///
    /// # Errors
    /// When the notice cannot be had, or everything stops; a clip that failed was told.
    async fn make_ahead(&self, id: NoticeId, at: usize) -> Result<(), RenderError> {
        let notice = self.desk.notice(id).await?;
        let Some(utterance) = notice.utterance(at) else { return Ok(()) };
        if let Some(part) = self.desk.part(&notice, at, true).await {
            self.desk.tell(Told { key: utterance.key, made: Ok(part) });
            return Ok(());
        }
        match self.speak(&notice, at, utterance.key, Urgency::Ahead).await {
            Err(RenderError::Stopping) => Err(RenderError::Stopping),
            _ => Ok(()),
        }
    }
}
