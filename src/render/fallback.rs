//! Who says an utterance: the voice of its notice or, where that one fails, the next of the voices that the
//! site has named.
//!
//! A clip in another voice is another clip, under a key of its own: what a key names never changes. For a while
//! it is remembered that the one is said by the other, so that nobody waits for a broken voice sentence after
//! sentence; then the voice of the notice is tried again. Where all of an engine is gone, a moment ago, none of its
//! clips is tried first.
//!
//! Whoever has said a clip once is found again under the key of that clip ([`Desk::ways`]), also after a restart.

use std::{sync::Arc, time::Duration};

use moka::future::Cache;

use super::{
    Desk, Notice, RenderError, Studio,
    lane::{Job, Urgency},
    notice::Casting,
    progress::Told,
};
use crate::{
    audio::Clip,
    plan::{ClipKey, Speed, Utterance},
};

/// So long a voice that failed on a clip is not asked for that clip again.
const FOR_NOW: Duration = Duration::from_secs(600);

/// One way to say an utterance.
#[derive(Clone, Debug)]
pub(super) struct Take {
    /// In whose voice.
    pub casting: Arc<Casting>,
    /// How fast: as the notice is read, as far as this voice can.
    pub speed: Speed,
    /// The name of the clip.
    pub key: ClipKey,
}

/// A clip of a notice that is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name: not that of the plan when another voice had to speak.
    pub key: ClipKey,
    /// Bytes of its WAV file.
    pub bytes: u64,
    /// The voice, where it is not that of the notice.
    pub voice: Option<String>,
}

/// `utterance` in another voice, as fast as the notice is read, as far as this voice can.
fn take(notice: &Notice, utterance: &Utterance, casting: &Arc<Casting>) -> Take {
    let speed = casting.nearest(notice.settings.speed);
    Take { casting: casting.clone(), speed, key: utterance.key_in(&casting.timbre, speed) }
}

/// Which clips are said by another one, for now.
pub(super) fn memory(most: u64) -> Cache<ClipKey, ClipKey> {
    Cache::builder().max_capacity(most).time_to_live(FOR_NOW).build()
}

impl Desk {
    /// The ways to say utterance `at`, that of the notice first.
    pub(super) fn takes(&self, notice: &Notice, at: usize) -> Vec<Take> {
        let Some(utterance) = notice.utterance(at) else { return Vec::new() };
        let (own, speed) = (&notice.casting, notice.settings.speed);
        let mut takes = vec![Take { casting: own.clone(), speed, key: utterance.key }];
        // Where the voice is broken somebody speaks, named by the site or not.
        let chosen = |name: &str| self.fallback.iter().any(|casting| casting.voice.name == name);
        let stand_in =
            self.stand_in().filter(|casting| !self.is_at_hand(own) && !chosen(&casting.voice.name));
        let others = self.fallback.iter().chain(stand_in);
        let others = others.filter(|casting| casting.voice.name != own.voice.name);
        takes.extend(others.map(|casting| take(notice, utterance, casting)));
        takes
    }

    /// A way to say it on an engine that is none of the ways above: for a voice that turns out broken at this moment.
    fn last_resort(&self, notice: &Notice, at: usize, takes: &[Take]) -> Option<Take> {
        let tried = |casting: &Casting| takes.iter().any(|take| take.casting.engine == casting.engine);
        let others = || self.castings.iter().filter(|casting| self.is_whole(casting) && !tried(casting));
        let other = others().find(|casting| self.is_at_hand(casting)).or_else(|| others().next());
        Some(take(notice, notice.utterance(at)?, other?))
    }

    /// All ways in which utterance `at` is ever said, whatever is broken now: its own, the fallback, and the voice of
    /// each engine that stands in for the others.
    fn ways(&self, notice: &Notice, at: usize) -> Vec<Take> {
        let mut ways = self.takes(notice, at);
        let Some(utterance) = notice.utterance(at) else { return ways };
        let known: Vec<_> = ways.iter().map(|way| way.casting.voice.name.clone()).collect();
        let others = self.stand_ins.iter().filter(|casting| !known.contains(&casting.voice.name));
        ways.extend(others.map(|casting| take(notice, utterance, casting)));
        ways
    }

    /// The names of utterance `at` in every voice there is.
    pub(super) fn names(&self, notice: &Notice, at: usize) -> Vec<ClipKey> {
        let Some(utterance) = notice.utterance(at) else { return Vec::new() };
        let own = &notice.casting.voice.name;
        let others = self.castings.iter().filter(|casting| casting.voice.name != *own);
        let others = others.map(|casting| take(notice, utterance, casting).key);
        [utterance.key].into_iter().chain(others).collect()
    }

    /// Which utterance of `notice` the clip `key` says, in whatever voice.
    pub(super) fn position(&self, notice: &Notice, key: ClipKey) -> Option<usize> {
        notice.position(key).or_else(|| {
            let says = |at: &usize| self.ways(notice, *at).iter().any(|take| take.key == key);
            (0..notice.plan.utterances.len()).find(says)
        })
    }

    /// The clip that says utterance `at` for now, if it is known to be made or, with `look`, found in the store.
    pub(super) async fn part(&self, notice: &Notice, at: usize, look: bool) -> Option<Part> {
        let key = notice.utterance(at)?.key;
        if let Some(bytes) = self.known_length(key, look).await {
            return Some(Part { key, bytes, voice: None });
        }
        let other = self.spoken_by.get(&key).await?;
        let bytes = self.known_length(other, look).await?;
        let take = self.ways(notice, at).into_iter().find(|take| take.key == other)?;
        Some(Part { key: other, bytes, voice: Some(take.casting.voice.name.clone()) })
    }

    async fn known_length(&self, key: ClipKey, look: bool) -> Option<u64> {
        // A clip that is remembered may have gone from the store since.
        if look { self.length(key).await } else { self.lengths.get(&key).await }
    }
}

impl Studio {
    /// The clip of utterance `at` that was asked for as `wanted`, in the first voice that can say it; which one it
    /// is, and what became of it is told to all who follow the notice.
    ///
    /// # Errors
    /// What the first voice failed with when none can, or why there is no clip at the moment.
    pub(super) async fn speak(
        &self,
        notice: &Arc<Notice>,
        at: usize,
        wanted: ClipKey,
        urgency: Urgency,
    ) -> Result<(ClipKey, Clip), RenderError> {
        let mut takes = self.desk.takes(notice, at);
        let own = takes.first().map(|take| take.key).ok_or(RenderError::ClipUnknown(wanted))?;
        let passed = takes.first().is_some_and(|take| !self.desk.is_at_hand(&take.casting));
        let first = self.desk.spoken_by.get(&wanted).await.unwrap_or(wanted);
        if takes.iter().all(|take| take.key != first) {
            takes.extend(self.desk.ways(notice, at).into_iter().find(|take| take.key == first));
        }
        let begin = takes.iter().position(|take| take.key == first).unwrap_or(0);
        takes.rotate_left(begin);

        let (mut failed, mut broken) = (None, false);
        // Nobody waits for a voice that is known to be broken, while there is another.
        if takes.iter().any(|take| self.desk.is_whole(&take.casting)) {
            takes.retain(|take| self.desk.is_whole(&take.casting));
        }
        // Stable: but for that they stay in their order.
        takes.sort_by_key(|take| !self.desk.is_at_hand(&take.casting));
        let mut resort = self.desk.last_resort(notice, at, &takes);
        let mut takes = takes.into_iter();
        while let Some(take) = takes.next().or_else(|| resort.take().filter(|_| broken)) {
            let (key, voice) = (take.key, take.casting.voice.name.clone());
            // Withdrawn with a notice that was submitted again since: it may be kept again.
            if key != own && !self.desk.store.is_withdrawn(own) {
                self.desk.store.welcome_clip(key);
            }
            match self.take(notice, at, take, urgency).await {
                Ok(clip) => {
                    let voice = (key != own).then_some(voice);
                    if voice.is_some() {
                        self.desk.homes.insert(key, notice.id).await;
                    }
                    if failed.is_some() || (passed && key != own) {
                        self.desk.spoken_by.insert(own, key).await;
                    }
                    let bytes = clip.wav.len() as u64;
                    self.desk.tell(Told { key: own, made: Ok(Part { key, bytes, voice }) });
                    return Ok((key, clip));
                }
                Err(why) if why.is_of_the_voice() => {
                    broken |= matches!(why, RenderError::VoiceBroken(_));
                    // What is told is what was wrong with the voice of the notice, whenever it was asked.
                    failed = failed.filter(|_| key != own).or(Some(why));
                }
                Err(why) => return Err(why),
            }
        }
        let why = failed.unwrap_or(RenderError::Internal);
        self.desk.tell(Told { key: own, made: Err(why.clone()) });
        Err(why)
    }

    async fn take(
        &self,
        notice: &Arc<Notice>,
        at: usize,
        take: Take,
        urgency: Urgency,
    ) -> Result<Clip, RenderError> {
        if let Some(clip) = self.desk.stored(take.key).await {
            return Ok(clip);
        }
        let worker = self.workers.get(take.casting.engine).ok_or(RenderError::Internal)?;
        let made = worker.lane.ask(Job { notice: notice.clone(), at, take }, urgency)?;
        made.await.unwrap_or(Err(RenderError::Stopping))
    }
}
