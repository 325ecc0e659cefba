//! The only conductor: plan → store → engine → audio → store.
//!
//! 1. a [`Submission`] is planned once and saved ([`notice`]); its clips are made behind, in order;
//! 2. a clip that is asked for comes from the store, or goes before everything nobody waits for ([`lane`]);
//! 3. every engine has threads of its own ([`worker`]), because engines block;
//! 4. whoever waits gets the clip or a typed error ([`RenderError`]); nothing is skipped in silence.

mod derive;
mod error;
mod lane;
mod notice;
mod planning;
mod worker;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use moka::future::Cache;

use crate::{
    audio::Clip,
    engine::{Engine, Voice},
    lexicon::Lexicon,
    note::Note,
    notice::{Document, Limits},
    plan::{self, ClipKey, Options, Plan, Speed, Timbre},
    site::SiteLexicon,
    store::{ClipName, NoticeId, Store, StoreHealth},
};
use derive::Derive;
pub use error::RenderError;
use lane::{Job, Lane, Seat};
use notice::Casting;
pub use notice::{Notice, Submission};
use planning::Planners;
use worker::Worker;

/// What the conductor keeps and how much it takes on.
#[derive(Clone, Debug)]
pub struct RenderOptions {
    /// Name of the voice that speaks where none is asked for; the first one when this is none.
    pub voice: Option<String>,
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
    /// Notices whose clips may be queued at a time, for each engine. Further ones are made when they
    /// are listened to.
    pub most_notices: usize,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self {
            voice: None,
            limits: Limits::default(),
            reading: Options::default(),
            lexicon: Arc::default(),
            planned_bytes: 128 << 20,
            most_waiting: 256,
            most_notices: 4096,
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

/// How the service is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderHealth {
    /// Whether what is made is kept.
    pub store: StoreHealth,
    /// Names of the engines that failed on their last clips, one after the other.
    pub failing_engines: Vec<String>,
    /// Number of voices.
    pub voices: usize,
    /// Clips that are waited for.
    pub waiting: usize,
    /// Notices whose clips are made ahead.
    pub notices: usize,
}

/// The conductor. Clones are the same conductor; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Renderer {
    desk: Arc<Desk>,
    stage: Arc<Stage>,
}

/// What the conductor and the threads of the engines share.
pub(crate) struct Desk {
    store: Store,
    options: RenderOptions,
    castings: Vec<Arc<Casting>>,
    planned: Cache<NoticeId, Arc<Notice>>,
    /// Which notice a clip was last planned for.
    homes: Cache<ClipKey, NoticeId>,
    /// Bytes of the clips that are known to exist.
    lengths: Cache<ClipKey, u64>,
    derive: Derive,
    planners: Planners,
}

/// The engines at work.
struct Stage {
    workers: Vec<Arc<Worker>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.workers.iter().for_each(|worker| worker.lane.stop());
    }
}

/// How many clips and notices are remembered by name; about a hundred bytes each.
const REMEMBERED: u64 = 200_000;

impl Renderer {
    /// Starts two threads for each engine: one for listeners, one for what is made ahead.
    ///
    /// Two voices of one name are one: that of the earlier engine.
    ///
    /// Call it inside a tokio runtime: the threads reach the store through it.
    pub fn start(engines: Vec<Arc<dyn Engine>>, store: Store, options: RenderOptions) -> Self {
        let castings = castings(&engines, options.voice.as_deref());
        let weight = |_: &NoticeId, notice: &Arc<Notice>| notice.weight();
        let planned = Cache::builder().max_capacity(options.planned_bytes).weigher(weight).build();
        let desk = Arc::new(Desk {
            store,
            options,
            castings,
            planned,
            homes: Cache::new(REMEMBERED),
            lengths: Cache::new(REMEMBERED),
            derive: Derive::new(),
            planners: Planners::start(),
        });
        let runtime = tokio::runtime::Handle::current();
        let (mut workers, mut threads) = (Vec::new(), Vec::new());
        for engine in engines {
            let lane = Lane::new(desk.options.most_waiting, desk.options.most_notices);
            let worker = Arc::new(Worker::new(engine, lane));
            for seat in [Seat::Listeners, Seat::Ahead] {
                let (at_work, desk, runtime) = (worker.clone(), desk.clone(), runtime.clone());
                let thread = std::thread::Builder::new()
                    .name("langdu-engine".to_owned())
                    .spawn(move || at_work.run(seat, &desk, &runtime));
                match thread {
                    Ok(thread) => threads.push(thread),
                    Err(why) => {
                        tracing::error!(%why, "no thread for an engine");
                        worker.lane.stop();
                    }
                }
            }
            workers.push(worker);
        }
        let probed = desk.clone();
        runtime.spawn(async move { probed.store.probe().await });
        Self { desk, stage: Arc::new(Stage { workers, threads: Mutex::new(threads) }) }
    }

    /// All voices; the first is the default.
    pub fn voices(&self) -> impl Iterator<Item = &Voice> {
        self.desk.castings.iter().map(|casting| &casting.voice)
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

    /// Plans and saves a notice and has its clips made; the flag says whether it is new.
    ///
    /// # Errors
    /// When the submission is no notice, or asks for a voice or speed there is not.
    pub async fn submit(&self, mut submission: Submission) -> Result<(Arc<Notice>, bool), RenderError> {
        // What the site has chosen is kept with the notice: it is not read otherwise when the site changes.
        submission.reading.get_or_insert(self.desk.options.reading);
        let casting = self.desk.casting(&submission)?;
        let lexicon = self.desk.options.lexicon.current().lexicon;
        let id = notice::id(&submission, &casting, &lexicon);
        // A store that cannot be read at the moment is no reason not to read aloud.
        let known =
            self.desk.planned.contains_key(&id) || matches!(self.desk.store.notice(id).await, Ok(Some(_)));
        let notice = self.desk.planned(id, submission, lexicon).await?;
        if known {
            self.desk.store.use_notice(id);
        } else if let Ok(json) = serde_json::to_vec(&notice.record()) {
            self.desk.store.save_notice(id, json.into()).await;
        }
        if !self.lane(&notice)?.submit(id) {
            tracing::warn!(notice = %id, "too many notices are queued; this one is made when it is listened to");
        }
        Ok((notice, !known))
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

    /// The file of a clip, in the format that `name` says; waits until it is made. `home` is the notice it
    /// belongs to.
    ///
    /// # Errors
    /// [`RenderError::ClipUnknown`] when it is neither stored nor in that notice, or why it could not be made.
    pub async fn file(&self, name: ClipName, home: Option<NoticeId>) -> Result<Served, RenderError> {
        if let Some(file) = self.desk.store.hot(name) {
            return Ok(Served { file, name });
        }
        if let Some(file) = Derive::kept(&self.desk, name).await {
            return Ok(Served { file, name });
        }
        let clip = self.clip(name.key, home).await?;
        let file = derive::derived(&self.desk, clip, name).await?;
        Ok(Served { file, name })
    }

    /// The clip named `key`; waits until it is made. `home` is the notice it belongs to.
    ///
    /// # Errors
    /// As [`Renderer::file`].
    pub async fn clip(&self, key: ClipKey, home: Option<NoticeId>) -> Result<Clip, RenderError> {
        if let Some(clip) = self.desk.stored(key).await {
            return Ok(clip);
        }
        let home = match home {
            Some(id) => id,
            None => self.desk.homes.get(&key).await.ok_or(RenderError::ClipUnknown(key))?,
        };
        let notice = match self.desk.notice(home).await {
            Err(RenderError::NoticeUnknown(_)) => return Err(RenderError::ClipUnknown(key)),
            other => other?,
        };
        let at = notice.position(key).ok_or(RenderError::ClipUnknown(key))?;
        let made = self.lane(&notice)?.ask(Job { notice: notice.clone(), at, key })?;
        made.await.unwrap_or(Err(RenderError::Stopping))
    }

    /// Bytes of the clips of `notice`, by key, as far as they are known without looking.
    pub async fn known_lengths(&self, notice: &Notice) -> HashMap<ClipKey, u64> {
        self.lengths(notice, false).await
    }

    /// Bytes of the clips of `notice`, by key; those of an earlier run are looked for in the store.
    pub async fn stored_lengths(&self, notice: &Notice) -> HashMap<ClipKey, u64> {
        self.lengths(notice, true).await
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
        let failing = self.stage.workers.iter().filter(|worker| worker.is_failing());
        let depths: Vec<_> = self.stage.workers.iter().map(|worker| worker.lane.depth()).collect();
        RenderHealth {
            store: self.desk.store.health().await,
            failing_engines: failing.map(|worker| worker.engine.version().to_owned()).collect(),
            voices: self.desk.castings.len(),
            waiting: depths.iter().map(|depth| depth.0).sum(),
            notices: depths.iter().map(|depth| depth.1).sum(),
        }
    }

    /// Stops after the clips that are being made at the moment; who waits for another is told.
    pub async fn stop(&self) {
        self.stage.workers.iter().for_each(|worker| worker.lane.stop());
        let threads = std::mem::take(&mut *self.stage.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let ended =
            tokio::task::spawn_blocking(move || threads.into_iter().all(|thread| thread.join().is_ok()));
        if !ended.await.unwrap_or(false) {
            tracing::error!("the thread of an engine ended badly");
        }
    }

    async fn lengths(&self, notice: &Notice, look: bool) -> HashMap<ClipKey, u64> {
        let keys: Vec<ClipKey> = notice.plan.utterances.iter().map(|utterance| utterance.key).collect();
        let lengths = stream::iter(keys).map(|key| async move {
            match self.desk.lengths.get(&key).await {
                None if look => Some((key, self.desk.length(key).await?)),
                known => Some((key, known?)),
            }
        });
        // Looking into a folder is many short waits: sixteen at a time.
        lengths.buffered(16).filter_map(std::future::ready).collect().await
    }

    fn lane(&self, notice: &Notice) -> Result<&Lane, RenderError> {
        Ok(&self.stage.workers.get(notice.casting.engine).ok_or(RenderError::Internal)?.lane)
    }
}

impl Desk {
    /// The notice, from memory or planned again from what was submitted.
    async fn notice(&self, id: NoticeId) -> Result<Arc<Notice>, RenderError> {
        if let Some(notice) = self.planned.get(&id).await {
            self.store.use_notice(id);
            return Ok(notice);
        }
        let json = self.store.notice(id).await?.ok_or(RenderError::NoticeUnknown(id))?;
        let submission: Submission =
            serde_json::from_slice(&json).map_err(|_| RenderError::NoticeUnknown(id))?;
        let lexicon = match submission.lexicon.as_deref().map(Lexicon::parse) {
            Some(Ok(lexicon)) => Arc::new(lexicon),
            _ => self.options.lexicon.current().lexicon,
        };
        self.planned(id, submission, lexicon).await
    }

    /// Plans a submission, once for all who ask at the same time.
    ///
    /// `id` is kept even where this version would name the notice otherwise: addresses stay good.
    async fn planned(
        &self,
        id: NoticeId,
        mut submission: Submission,
        lexicon: Arc<Lexicon>,
    ) -> Result<Arc<Notice>, RenderError> {
        let plan = async {
            let casting = self.casting(&submission)?;
            submission.reading.get_or_insert(self.options.reading);
            let limits = self.options.limits;
            let work = move || Notice::plan(id, submission, casting, lexicon, &limits);
            let notice = self.planners.run(work).await??;
            for utterance in &notice.plan.utterances {
                self.homes.insert(utterance.key, id).await;
            }
            Ok(Arc::new(notice))
        };
        self.planned.try_get_with(id, plan).await.map_err(|error: Arc<RenderError>| (*error).clone())
    }

    fn casting(&self, submission: &Submission) -> Result<Arc<Casting>, RenderError> {
        let named = |casting: &&Arc<Casting>| {
            submission.voice.as_ref().is_none_or(|name| *name == casting.voice.name)
        };
        let unknown = || RenderError::VoiceUnknown(submission.voice.clone().unwrap_or_default());
        let casting = self.castings.iter().find(named).ok_or_else(unknown)?;
        let (slowest, fastest) = casting.voice.speed;
        let asked = submission.speed.factor();
        if !(slowest..=fastest).contains(&asked) {
            return Err(RenderError::SpeedOutOfRange { asked, slowest, fastest });
        }
        Ok(casting.clone())
    }

    /// The clip, if the store has it.
    async fn stored(&self, key: ClipKey) -> Option<Clip> {
        let clip = self.store.clip(ClipName::wav(key)).await.map(|wav| Clip { wav });
        match &clip {
            Some(clip) => self.lengths.insert(key, clip.wav.len() as u64).await,
            None => self.lengths.invalidate(&key).await,
        }
        clip
    }

    /// Bytes of the clip, if the store has it.
    async fn length(&self, key: ClipKey) -> Option<u64> {
        let bytes = self.store.clip_len(ClipName::wav(key)).await?;
        self.lengths.insert(key, bytes).await;
        Some(bytes)
    }
}

/// All voices of all engines, each name once.
fn castings(engines: &[Arc<dyn Engine>], first: Option<&str>) -> Vec<Arc<Casting>> {
    let mut out: Vec<Arc<Casting>> = Vec::new();
    for (at, engine) in engines.iter().enumerate() {
        for voice in engine.voices() {
            if out.iter().all(|casting| casting.voice.name != voice.name) {
                let timbre = voice.timbre(&**engine);
                out.push(Arc::new(Casting { engine: at, voice: voice.clone(), timbre }));
            }
        }
    }
    // Stable: the others stay in their order.
    out.sort_by_key(|casting| first != Some(casting.voice.name.as_str()));
    out
}
