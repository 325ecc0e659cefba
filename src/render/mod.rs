//! The only conductor: plan → store → engine → audio → store.
//!
//! 1. a [`Submission`] is planned once and saved ([`notice`]); its clips are made behind, in order ([`ahead`]);
//! 2. a clip that is asked for comes from the store, or goes before everything nobody waits for ([`lane`]);
//! 3. every engine has threads of its own ([`worker`]), because engines block, and sometimes hang;
//! 4. where a voice fails another may speak ([`fallback`]);
//! 5. whoever waits gets the clip or a typed error ([`RenderError`]); nothing is skipped in silence;
//! 6. who follows a notice is told of every clip ([`progress`]);
//! 7. a text may also be spoken once, and kept as no notice ([`speech`]);
//! 8. when each word of a clip is heard is kept beside it ([`marks`]);
//! 9. what was withdrawn is removed ([`withdraw`]);
//! 10. a voice that turns out broken is taken out, and the others speak in its place ([`refused`]).

mod ahead;
mod derive;
mod desk;
mod error;
mod fallback;
mod lane;
mod marks;
mod notice;
mod planning;
mod progress;
mod refused;
mod speech;
mod withdraw;
mod worker;

use std::{
    collections::HashMap,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use bytes::Bytes;
use tokio::{runtime::Handle, task::JoinHandle};

use crate::{
    audio::{Clip, Encoding},
    engine::{Engine, Refused, Voice},
    note::Note,
    notice::{Document, Limits},
    plan::{self, ClipKey, Options, Plan, Speed, Timbre},
    site::SiteLexicon,
    store::{ClipName, Form, NoticeId, Store, StoreHealth, StoreSize},
};
use ahead::Ahead;
use desk::{Desk, served};
pub use error::RenderError;
pub use fallback::Part;
use lane::{Lane, Most, Urgency};
pub use marks::{Word, Words, beats};
pub use notice::{Notice, Submission};
pub use progress::Progress;
pub use speech::Speech;
use worker::Worker;

/// What the conductor keeps and how much it takes on.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// Name of the voice that speaks where none is asked for; the first one when this is none.
    pub voice: Option<String>,
    /// Names of the voices that speak, one after the other, where that of a notice fails.
    pub fallback: Vec<String>,
    /// The voice folders that were refused: who asks for one of their voices hears another.
    pub refused: Vec<Refused>,
    /// What is accepted.
    pub limits: Limits,
    /// Where listeners differ: what holds for a notice that chooses nothing else.
    pub reading: Options,
    /// The lexicon of the site.
    pub lexicon: Arc<SiteLexicon>,
    /// Bytes of planned notices in memory; others are planned again when they are needed.
    pub planned_bytes: u64,
    /// Clips that may be waited for at a time, for each engine.
    pub most_waiting: usize,
    /// How long a clip may have to be waited for before its turn comes; who would wait longer is told at once.
    pub longest_wait: Duration,
    /// Notices whose clips may be queued at a time, for each engine. Further ones are made when they
    /// are listened to.
    pub most_notices: usize,
    /// Notices that may be followed at a time.
    pub most_followers: usize,
    /// How long an engine may take for one clip.
    pub synthesis: Duration,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            voice: None,
            fallback: Vec::new(),
            refused: Vec::new(),
            limits: Limits::default(),
            reading: Options::default(),
            lexicon: Arc::default(),
            planned_bytes: 64 << 20,
            most_waiting: 256,
            longest_wait: Duration::from_secs(30),
            most_notices: 4096,
            most_followers: 1000,
            synthesis: Duration::from_secs(120),
        }
    }
}

/// A file as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// All of it.
    pub file: Bytes,
    /// What it is: another name than was asked for when another voice had to speak.
    pub name: ClipName,
}

/// What became of a submission.
#[derive(Clone, Debug)]
pub struct Submitted {
    /// The notice.
    pub notice: Arc<Notice>,
    /// Whether it is new.
    pub new: bool,
    /// Whether it would outlive a power cut now.
    pub saved: bool,
}

/// How the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderHealth {
    /// Whether what is made is kept.
    pub store: StoreHealth,
    /// What is wrong with the bucket, if anything is.
    pub bucket: Option<String>,
    /// Names of the engines that failed on their last clips, one after the other, or whose files are gone.
    pub failing_engines: Vec<String>,
    /// Names of the engines that did not come back from several clips, and are given none until they do.
    pub stuck_engines: Vec<String>,
    /// Names of the engines that somebody would wait for too long: who asks for a clip now is sent away.
    pub full_engines: Vec<String>,
    /// Names of the voice folders that cannot be used.
    pub refused: Vec<String>,
    /// Number of engines that can be used.
    pub engines: usize,
    /// Number of voices.
    pub voices: usize,
    /// Whether it is known by now if the store can be written.
    pub probed: bool,
    /// Clips that are waited for.
    pub waiting: usize,
    /// Notices whose clips are made ahead.
    pub notices: usize,
}

/// How much one engine has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineLoad {
    /// Its name.
    pub engine: String,
    /// Clips that are waited for.
    pub waiting: usize,
    /// How long the one has waited for its clip to be begun who has waited longest.
    pub oldest: Duration,
    /// Notices whose clips are made ahead.
    pub notices: usize,
}

/// The conductor. Clones are the same conductor; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Renderer {
    desk: Arc<Desk>,
    studio: Studio,
    _running: Arc<Running>,
}

/// The desk and the engines: all that a clip needs to be made.
#[derive(Clone)]
struct Studio {
    desk: Arc<Desk>,
    workers: Arc<[Arc<Worker>]>,
}

/// The tasks that go on by themselves.
struct Running {
    studio: Studio,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.studio.workers.iter().for_each(|worker| worker.lane.stop());
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Renderer {
    /// Starts the threads of each engine: some for listeners, one for what is made ahead.
    ///
    /// Two voices of one name are one: that of the earlier engine.
    ///
    /// Call it inside a tokio runtime: the threads reach the store through it.
    pub fn start(engines: Vec<Arc<dyn Engine>>, store: Store, options: RenderOptions) -> Self {
        let desk = Arc::new(Desk::new(&engines, store, options));
        let worker = |engine| {
            let most = Most { clips: desk.options.most_waiting, wait: desk.options.longest_wait };
            let (lane, ahead) = (Lane::new(most), Ahead::new(desk.options.most_notices));
            Arc::new(Worker::new(engine, lane, ahead))
        };
        let workers: Arc<[Arc<Worker>]> = engines.into_iter().map(worker).collect();
        workers.iter().for_each(|worker| worker.start(&desk));
        let studio = Studio { desk: desk.clone(), workers };
        let runtime = Handle::current();
        let ahead = |worker: &Arc<Worker>| runtime.spawn(worker::make_ahead(studio.clone(), worker.clone()));
        let mut tasks: Vec<_> = studio.workers.iter().map(ahead).collect();
        tasks.push(runtime.spawn(worker::watch(studio.clone(), desk.options.synthesis)));
        let probed = desk.clone();
        runtime.spawn(async move {
            probed.store.probe().await;
            probed.probed.store(true, Ordering::Relaxed);
        });
        Self { desk, studio: studio.clone(), _running: Arc::new(Running { studio, tasks }) }
    }

    /// All voices that can be used; the first is the default.
    pub fn voices(&self) -> impl Iterator<Item = &Voice> {
        // A stand-in of the site comes first where its default is broken.
        let first = self.desk.reader(None).ok();
        let whole = self.desk.castings.iter().filter(|casting| self.desk.is_whole(casting));
        let others =
            whole.filter(move |casting| first.is_none_or(|first| first.voice.name != casting.voice.name));
        first.into_iter().chain(others).map(|casting| &casting.voice)
    }

    /// What is accepted.
    pub fn limits(&self) -> Limits {
        self.desk.options.limits
    }

    /// What is chosen for a notice that chooses nothing else.
    pub fn reading(&self) -> Options {
        self.desk.options.reading
    }

    /// The lexicon of the site.
    pub fn lexicon(&self) -> &Arc<SiteLexicon> {
        &self.desk.options.lexicon
    }

    /// Plans and saves a notice and has its clips made.
    ///
    /// # Errors
    /// When the submission is no notice, or asks for a voice or speed there is not.
    pub async fn submit(&self, mut submission: Submission) -> Result<Submitted, RenderError> {
        let started = Instant::now();
        // What the site has chosen is kept with the notice: it is not read otherwise when the site changes.
        submission.reading.get_or_insert(self.desk.options.reading);
        let casting = self.desk.casting(&submission)?;
        let lexicon = self.desk.options.lexicon.current().lexicon;
        let id = notice::id(&submission, &casting, &lexicon);
        // A store that cannot be read at the moment is no reason not to read aloud. One that has lost the notice
        // gets it again, even where it is still planned.
        let known = match self.desk.store.notice(id).await {
            Ok(kept) => kept.is_some(),
            Err(_) => self.desk.planned.contains_key(&id),
        };
        let notice = self.desk.planned(id, submission, lexicon).await?;
        notice.plan.utterances.iter().for_each(|utterance| self.desk.store.welcome_clip(utterance.key));
        // The disk may make room at this very moment: what is said to be saved must be there afterwards.
        let kept = known && self.desk.store.keep_notice(id).await;
        let saved = if kept { self.is_saved(&notice).await } else { self.desk.save(&notice).await };
        if let Some(first) = notice.plan.utterances.first() {
            self.desk.awaits(first.key, started).await;
        }
        if !self.studio.worker(&notice)?.ahead.submit(id, notice.plan.utterances.len()) {
            tracing::warn!(notice = %id, "too many notices are queued; this one is made when it is listened to");
        }
        Ok(Submitted { notice, new: !known, saved })
    }

    /// Whether a notice would outlive a power cut now; one that could not be saved is saved when it can be.
    pub async fn is_saved(&self, notice: &Notice) -> bool {
        !self.desk.unsaved.contains_key(&notice.id) || self.desk.save(notice).await
    }

    /// A reader of the notice has stopped: when it was the last one, its clips are no longer made ahead. What
    /// somebody else waits for is not touched, and the next clip that is asked for brings the rest back.
    pub fn close(&self, id: NoticeId) {
        self.studio.workers.iter().for_each(|worker| worker.ahead.close(id));
    }

    /// The notice that was submitted as `id`.
    ///
    /// # Errors
    /// [`RenderError::NoticeUnknown`], or when it cannot be read or its voice is gone.
    pub async fn notice(&self, id: NoticeId) -> Result<Arc<Notice>, RenderError> {
        self.desk.notice(id).await
    }

    /// The file of a clip if it is in memory: no waiting, no work.
    pub fn hot(&self, name: ClipName) -> Option<Bytes> {
        self.desk.store.hot(name)
    }

    /// The file of a clip if it is in memory or on disk: no work but reading it.
    pub async fn kept(&self, name: ClipName) -> Option<Bytes> {
        if name == ClipName::wav(name.key) {
            return self.desk.found(name.key).await.map(|clip| clip.wav);
        }
        let from = if self.desk.store.hot(name).is_some() { "memory" } else { "disk" };
        let file = self.desk.store.clip(name).await?;
        served(from);
        Some(file)
    }

    /// The file of a clip, in the format that `name` says; waits until it is made. `home` is the notice it belongs to.
    ///
    /// # Errors
    /// As [`Renderer::make`].
    pub async fn file(&self, name: ClipName, home: Option<NoticeId>) -> Result<Served, RenderError> {
        match self.kept(name).await {
            Some(file) => Ok(Served { file, name }),
            None => self.make(name, home).await,
        }
    }

    /// The file of a clip that is not [`kept`](Self::kept), in the format that `name` says; waits until it is made.
    /// `home` is the notice it belongs to.
    ///
    /// # Errors
    /// [`RenderError::ClipUnknown`] when it is not in that notice, or why it could not be made.
    pub async fn make(&self, name: ClipName, home: Option<NoticeId>) -> Result<Served, RenderError> {
        let Form::Sound(encoding) = name.form else { return Err(RenderError::ClipUnknown(name.key)) };
        let (key, clip) = match encoding {
            Encoding::Wav => self.speak(name.key, home).await?,
            _ => self.said(name.key, home).await?,
        };
        let file = derive::derived(&self.desk, clip, key, encoding).await?;
        Ok(Served { file, name: ClipName { key, ..name } })
    }

    /// What says the clip named `key`: that clip or, where its voice failed, the same in another voice. Waits
    /// until it is made. `home` is the notice it belongs to.
    ///
    /// # Errors
    /// As [`Renderer::make`].
    pub async fn clip(&self, key: ClipKey, home: Option<NoticeId>) -> Result<Clip, RenderError> {
        Ok(self.said(key, home).await?.1)
    }

    async fn said(&self, key: ClipKey, home: Option<NoticeId>) -> Result<(ClipKey, Clip), RenderError> {
        match self.desk.found(key).await {
            Some(clip) => Ok((key, clip)),
            None => self.speak(key, home).await,
        }
    }

    async fn speak(&self, key: ClipKey, home: Option<NoticeId>) -> Result<(ClipKey, Clip), RenderError> {
        let home = match home {
            Some(id) => id,
            None => self.desk.homes.get(&key).await.ok_or(RenderError::ClipUnknown(key))?,
        };
        let notice = match self.desk.notice(home).await {
            Err(RenderError::NoticeUnknown(_)) => return Err(RenderError::ClipUnknown(key)),
            other => other?,
        };
        let at = self.desk.position(&notice, key).ok_or(RenderError::ClipUnknown(key))?;
        self.studio.worker(&notice)?.ahead.hear(home, notice.plan.utterances.len(), at);
        let spoken = self.studio.speak(&notice, at, key, Urgency::Waiting).await?;
        served("made");
        Ok(spoken)
    }

    /// The clips of `notice` that are made, in the order of its utterances, as far as is known without looking.
    pub async fn known_parts(&self, notice: &Notice) -> Vec<Option<Part>> {
        self.desk.parts(notice, false).await
    }

    /// The clips of `notice` that are made, in the order of its utterances.
    pub async fn parts(&self, notice: &Notice) -> Vec<Option<Part>> {
        self.desk.parts(notice, true).await
    }

    /// Bytes of the clips of `notice` in its own voice, by key.
    pub async fn stored_lengths(&self, notice: &Notice) -> HashMap<ClipKey, u64> {
        let parts = self.desk.parts(notice, true).await.into_iter().flatten();
        parts.filter(|part| part.voice.is_none()).map(|part| (part.key, part.bytes)).collect()
    }

    /// The front end alone: the text taken apart and planned, in no voice.
    ///
    /// # Errors
    /// When it is no notice.
    pub async fn spoken(
        &self,
        submission: Submission,
    ) -> Result<(String, Document, Plan, Vec<Note>), RenderError> {
        let RenderOptions { reading, limits, .. } = self.desk.options;
        let lexicon = self.desk.options.lexicon.current().lexicon;
        let Submission { format, text, reading: chosen, .. } = submission;
        let settings = chosen.unwrap_or(reading).settings(Timbre::default(), Speed::default(), lexicon);
        let work = move || {
            let (document, mut notes) = crate::notice::read(&text, format, &limits)?;
            let (plan, found) = plan::plan(&document, &settings);
            notes
                .extend(found.into_iter().map(|note| Note { span: document.source_span(note.span), ..note }));
            notes.sort_by_key(|note| note.span);
            Ok((text, document, plan, notes))
        };
        self.desk.planners.run(work).await?
    }

    /// How everything is; while the store fails, asking makes it try again.
    pub async fn health(&self) -> RenderHealth {
        let workers = &self.studio.workers;
        let gone = |at| self.desk.absent.gone(at).is_some();
        let names = |which: &dyn Fn(usize, &Worker) -> bool| {
            let whole = workers.iter().enumerate().filter(|(at, _)| self.studio.is_whole(*at));
            let engines = whole.filter(|(at, worker)| which(*at, worker));
            engines.map(|(_, worker)| worker.engine.version().to_owned()).collect()
        };
        RenderHealth {
            store: self.desk.store.health().await,
            bucket: self.desk.store.trouble(),
            failing_engines: names(&|at, worker| {
                (worker.is_failing() || gone(at)) && !worker.lane.is_stuck()
            }),
            stuck_engines: names(&|_, worker| worker.lane.is_stuck()),
            full_engines: names(&|_, worker| worker.lane.is_full()),
            refused: self.desk.absent.folders(),
            engines: (0..workers.len()).filter(|at| self.studio.is_whole(*at)).count(),
            voices: self.voices().count(),
            probed: self.desk.probed.load(Ordering::Relaxed),
            waiting: workers.iter().map(|worker| worker.lane.waiting()).sum(),
            notices: workers.iter().map(|worker| worker.ahead.len()).sum(),
        }
    }

    /// Tells all who wait for a clip that there will be none, also where it is being made, and begins no other.
    pub fn give_up(&self) {
        self.studio.workers.iter().for_each(|worker| worker.lane.give_up());
    }

    /// What each engine has to do.
    pub fn loads(&self) -> Vec<EngineLoad> {
        let load = |worker: &Arc<Worker>| EngineLoad {
            engine: worker.engine.version().to_owned(),
            waiting: worker.lane.waiting(),
            oldest: worker.lane.oldest(),
            notices: worker.ahead.len(),
        };
        self.studio.workers.iter().map(load).collect()
    }

    /// How much is kept, as far as is known without looking.
    pub fn stored(&self) -> StoreSize {
        self.desk.store.size()
    }

    /// Stops after the clips that are being made and saved at the moment; who waits for another is told.
    pub async fn stop(&self) {
        self.send_followers_home();
        self.studio.workers.iter().for_each(|worker| worker.lane.stop());
        for worker in &*self.studio.workers {
            worker.lane.ended().await;
        }
        self.desk.saved().await;
    }
}

impl Studio {
    /// The engine that has the voice of a notice.
    fn worker(&self, notice: &Notice) -> Result<&Arc<Worker>, RenderError> {
        self.workers.get(notice.casting.engine).ok_or(RenderError::Internal)
    }
}
