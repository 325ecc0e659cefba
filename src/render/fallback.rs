//! Who says an utterance: the voice of its notice or, where that one fails, the next of the voices that the
//! site has named.
//!
//! A clip in another voice is another clip, under a key of its own: what a key names never changes. For a while
//! it is remembered that the one is said by the other, so that nobody waits for a broken voice sentence after
//! sentence; then the voice of the notice is tried again.

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
    plan::{ClipKey, Speed},
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
        let others = self.fallback.iter().filter(|casting| casting.voice.name != own.voice.name);
        takes.extend(others.map(|casting| {
            let (slowest, fastest) = casting.voice.speed;
            // Not `clamp`, which panics where the files of a voice have the two the wrong way round.
            let speed = Speed::new(speed.factor().max(slowest).min(fastest)).unwrap_or_default();
            Take { casting: casting.clone(), speed, key: utterance.key_in(&casting.timbre, speed) }
        }));
        takes
    }

    /// Which utterance of `notice` the clip `key` says, in whatever voice.
    pub(super) fn position(&self, notice: &Notice, key: ClipKey) -> Option<usize> {
        notice.position(key).or_else(|| {
            let others = !self.fallback.is_empty();
            let says = |at: &usize| self.takes(notice, *at).iter().any(|take| take.key == key);
            (0..notice.plan.utterances.len()).filter(|_| others).find(says)
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
        let take = self.takes(notice, at).into_iter().find(|take| take.key == other)?;
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
        let first = self.desk.spoken_by.get(&wanted).await.unwrap_or(wanted);
        let begin = takes.iter().position(|take| take.key == first).unwrap_or(0);
        takes.rotate_left(begin);

        let mut failed = None;
        for take in takes {
            let (key, voice) = (take.key, take.casting.voice.name.clone());
            match self.take(notice, at, take, urgency).await {
                Ok(clip) => {
                    let voice = (key != own).then_some(voice);
                    if voice.is_some() {
                        self.desk.homes.insert(key, notice.id).await;
                    }
                    if failed.is_some() {
                        self.desk.spoken_by.insert(own, key).await;
                    }
                    let bytes = clip.wav.len() as u64;
                    self.desk.tell(Told { key: own, made: Ok(Part { key, bytes, voice }) });
                    return Ok((key, clip));
                }
                Err(why) if why.is_of_the_voice() => failed = failed.or(Some(why)),
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
