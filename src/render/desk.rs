//! What the conductor and the threads of the engines share: the store, the voices, and what is remembered.

use std::{
    hash::Hash,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use moka::{future::Cache, policy::EvictionPolicy, sync};
use tokio::sync::Semaphore;

use super::{
    Part, RenderError, RenderOptions,
    derive::Derive,
    fallback,
    notice::{Casting, Notice, Submission},
    planning::Planners,
    progress::Board,
    refused::Absent,
    speech,
};
use crate::{
    audio::Clip,
    engine::Engine,
    lexicon::Lexicon,
    plan::ClipKey,
    store::{ClipName, NoticeId, Store},
};

/// What the conductor and the threads of the engines share.
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) options: RenderOptions,
    pub(super) castings: Vec<Arc<Casting>>,
    /// The voices that speak where that of a notice fails.
    pub(super) fallback: Vec<Arc<Casting>>,
    /// The voice of each engine that speaks where neither that of a notice nor a fallback can.
    pub(super) stand_ins: Vec<Arc<Casting>>,
    /// The voices that cannot be used.
    pub(super) absent: Absent,
    pub(super) planned: Cache<NoticeId, Arc<Notice>>,
    /// Notices that could not be saved.
    pub(super) unsaved: Cache<NoticeId, ()>,
    /// Which notice a clip was last planned for.
    pub(super) homes: Cache<ClipKey, NoticeId>,
    /// Bytes of the clips that are known to exist.
    pub(super) lengths: Cache<ClipKey, u64>,
    /// Which clips are said by another one for now, because their voice failed.
    pub(super) spoken_by: Cache<ClipKey, ClipKey>,
    pub(super) board: Board,
    pub(super) followers: Arc<Semaphore>,
    /// First clips that somebody has submitted a notice for, and when.
    pub(super) awaited: sync::Cache<ClipKey, Instant>,
    /// Whether it is known by now if the store can be written.
    pub(super) probed: AtomicBool,
    /// Room for the plans of what is spoken once.
    pub(super) speeches: Arc<Semaphore>,
    /// Clips that are being saved.
    pub(super) saves: Arc<Semaphore>,
    pub(super) derive: Derive,
    pub(super) planners: Planners,
}

/// How many clips and notices are remembered by name; about a hundred bytes each.
const REMEMBERED: u64 = 200_000;

/// First clips that are awaited, and how long: what takes longer is told nowhere.
const MOST_AWAITED: u64 = 10_000;
const AWAITED: Duration = Duration::from_secs(600);

/// How many clips may wait for a slow disk before the engines wait for it.
const SAVES: u32 = 16;

impl Desk {
    pub(super) fn new(engines: &[Arc<dyn Engine>], store: Store, options: RenderOptions) -> Self {
        let castings = castings(engines, options.voice.as_deref());
        let named = |name: &String| castings.iter().find(|casting| casting.voice.name == *name).cloned();
        let fallback = options.fallback.iter().filter_map(named).collect();
        let first = |engine| castings.iter().find(|casting| casting.engine == engine).cloned();
        let stand_ins = (0..engines.len()).filter_map(first).collect();
        let absent = Absent::new(engines.len(), options.refused.clone());
        let weight = |_: &NoticeId, notice: &Arc<Notice>| notice.weight();
        // The newest is always let in: what was planned last is asked for next.
        let planned = Cache::builder().eviction_policy(EvictionPolicy::lru());
        let planned = planned.max_capacity(options.planned_bytes).weigher(weight).build();
        let followers = Arc::new(Semaphore::new(options.most_followers.min(Semaphore::MAX_PERMITS)));
        let speeches = Arc::new(Semaphore::new(speech::units(options.planned_bytes)));
        Self {
            store,
            options,
            castings,
            fallback,
            stand_ins,
            absent,
            planned,
            unsaved: remembered(),
            homes: remembered(),
            lengths: remembered(),
            spoken_by: fallback::memory(REMEMBERED),
            board: Board::new(),
            followers,
            awaited: sync::Cache::builder().max_capacity(MOST_AWAITED).time_to_live(AWAITED).build(),
            probed: AtomicBool::new(false),
            speeches,
            saves: Arc::new(Semaphore::new(SAVES as usize)),
            derive: Derive::new(),
            planners: Planners::start(),
        }
    }

    /// The notice, from memory or planned again from what was submitted.
    pub(super) async fn notice(&self, id: NoticeId) -> Result<Arc<Notice>, RenderError> {
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
    pub(super) async fn planned(
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

    pub(super) fn casting(&self, submission: &Submission) -> Result<Arc<Casting>, RenderError> {
        let casting = self.reader(submission.voice.as_deref())?;
        // Who reads in its place reads as fast as it can.
        if self.named(submission.voice.as_deref()).is_none_or(|named| !Arc::ptr_eq(named, casting)) {
            return Ok(casting.clone());
        }
        let (slowest, fastest) = casting.voice.speed;
        let asked = submission.speed.factor();
        if !(slowest..=fastest).contains(&asked) {
            return Err(RenderError::SpeedOutOfRange { asked, slowest, fastest });
        }
        Ok(casting.clone())
    }

    /// Saves what a notice was planned from; whether it is safe now.
    pub(super) async fn save(&self, notice: &Notice) -> bool {
        let Ok(json) = serde_json::to_vec(&notice.record()) else { return false };
        let saved = self.store.save_notice(notice.id, json.into()).await;
        if saved {
            self.unsaved.invalidate(&notice.id).await;
        } else {
            self.unsaved.insert(notice.id, ()).await;
        }
        saved
    }

    pub(super) async fn parts(&self, notice: &Notice, look: bool) -> Vec<Option<Part>> {
        // Looking into a folder is many short waits: sixteen at a time.
        let all = stream::iter(0..notice.plan.utterances.len());
        all.map(|at| self.part(notice, at, look)).buffered(16).collect().await
    }

    /// The clip, if the store has it.
    pub(super) async fn stored(&self, key: ClipKey) -> Option<Clip> {
        let clip = self.store.clip(ClipName::wav(key)).await.map(|wav| Clip { wav });
        match &clip {
            Some(clip) => self.lengths.insert(key, clip.wav.len() as u64).await,
            None => self.lengths.invalidate(&key).await,
        }
        clip
    }

    /// The clip, if the store has it, for somebody who asks for it.
    pub(super) async fn found(&self, key: ClipKey) -> Option<Clip> {
        let from = if self.store.hot(ClipName::wav(key)).is_some() { "memory" } else { "disk" };
        let clip = self.stored(key).await?;
        served(from);
        Some(clip)
    }

    /// Somebody has submitted a notice that begins with the clip `key`.
    pub(super) async fn awaits(&self, key: ClipKey, since: Instant) {
        if self.lengths.get(&key).await.is_some() {
            metrics::histogram!("langdu_first_clip_seconds").record(since.elapsed());
        } else {
            self.awaited.entry(key).or_insert(since);
        }
    }

    /// Bytes of the clip, if the store has it.
    pub(super) async fn length(&self, key: ClipKey) -> Option<u64> {
        let bytes = self.store.clip_len(ClipName::wav(key)).await;
        match bytes {
            Some(bytes) => self.lengths.insert(key, bytes).await,
            None => self.lengths.invalidate(&key).await,
        }
        bytes
    }

    /// Waits for the clips that are being saved, each as long as the store has patience.
    pub(super) async fn saved(&self) {
        // It is never closed.
        let _ = self.saves.acquire_many(SAVES).await;
    }
}

/// Somebody has got a clip `from` where it was.
pub(super) fn served(from: &'static str) {
    metrics::counter!("langdu_clips_total", "from" => from).increment(1);
}

/// The names that were last used.
fn remembered<K, V>() -> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(REMEMBERED).build()
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
