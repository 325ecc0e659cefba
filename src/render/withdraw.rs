//! What the list of published notices asks of the conductor: to plan without keeping, to keep for good, to take back.
//!
//! A notice that was withdrawn must not be heard from here any more: its clips go from memory and disk in all
//! formats and voices, with what is remembered of them, unless another published notice has them.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};

use super::{Notice, RenderError, Renderer, Submission, notice};
use crate::{
    plan::ClipKey,
    store::{NoticeId, Store, prefix},
};

/// Clips that are removed at a time.
const AT_ONCE: usize = 8;

impl Renderer {
    /// Where clips, notices and what is published are kept.
    pub fn store(&self) -> &Store {
        &self.desk.store
    }

    /// Plans a notice with the lexicon as it is now. Nothing is made or saved.
    ///
    /// # Errors
    /// As [`Renderer::submit`].
    pub async fn plan(&self, mut submission: Submission) -> Result<Arc<Notice>, RenderError> {
        submission.reading.get_or_insert(self.desk.options.reading);
        let casting = self.desk.casting(&submission)?;
        let lexicon = self.desk.options.lexicon.current().lexicon;
        let id = notice::id(&submission, &casting, &lexicon);
        self.desk.planned(id, submission, lexicon).await
    }

    /// Saves a planned notice, if it is not there; whether it is safe now.
    pub async fn keep(&self, notice: &Notice) -> bool {
        self.desk.store.keep_notice(notice.id).await || self.desk.save(notice).await
    }

    /// Has the clips of a notice made ahead; false when too many notices are queued.
    pub fn order(&self, notice: &Notice) -> bool {
        let worker = self.studio.worker(notice);
        worker.is_ok_and(|worker| worker.ahead.submit(notice.id, notice.plan.utterances.len()))
    }

    /// Whether a notice has this clip, in whatever voice.
    pub fn has(&self, notice: &Notice, key: ClipKey) -> bool {
        self.desk.position(notice, key).is_some()
    }

    /// The clips of a notice in its own voice, as they are pinned.
    pub fn pins(notice: &Notice) -> Vec<u64> {
        let mut pins: Vec<u64> = notice.plan.utterances.iter().map(|u| prefix(u.key)).collect();
        pins.sort_unstable();
        pins.dedup();
        pins
    }

    /// Whether all clips of a notice are made.
    pub async fn is_made(&self, notice: &Notice) -> bool {
        self.parts(notice).await.iter().all(Option::is_some)
    }

    /// Whether a notice is queued to be made ahead.
    pub fn is_queued(&self, id: NoticeId) -> bool {
        self.studio.workers.iter().any(|worker| worker.ahead.has(id))
    }

    /// Whether a notice is planned, so that it costs nothing to look at it.
    pub fn is_planned(&self, id: NoticeId) -> bool {
        self.desk.planned.contains_key(&id)
    }

    /// How many notices are queued to be made ahead.
    pub fn queued(&self) -> usize {
        self.studio.workers.iter().map(|worker| worker.ahead.len()).sum()
    }

    /// Removes a notice with its clips, but for what is pinned. An unknown one is removed already.
    ///
    /// # Errors
    /// When something of it may still be there: it is to be tried again.
    pub async fn withdraw(&self, id: NoticeId) -> Result<(), RenderError> {
        self.studio.workers.iter().for_each(|worker| worker.ahead.forget(id));
        match self.desk.notice(id).await {
            Ok(notice) => self.withdraw_clips(&notice).await?,
            Err(why @ (RenderError::Store(_) | RenderError::Overloaded)) => return Err(why),
            // Without its voice it cannot be planned: its clips are found by nobody.
            Err(_) => {}
        }
        self.desk.store.withdraw_notice(id).await?;
        self.desk.planned.invalidate(&id).await;
        self.desk.unsaved.invalidate(&id).await;
        Ok(())
    }

    async fn withdraw_clips(&self, notice: &Notice) -> Result<(), RenderError> {
        // In every voice there is: who had to speak in its place is not known for ever.
        let keys = (0..notice.plan.utterances.len()).flat_map(|at| self.desk.names(notice, at));
        let keys: Vec<_> = keys.collect();
        let removed = stream::iter(keys).map(async |key| {
            self.desk.store.withdraw_clip(key).await?;
            self.desk.lengths.invalidate(&key).await;
            self.desk.spoken_by.invalidate(&key).await;
            if self.desk.homes.get(&key).await == Some(notice.id) {
                self.desk.homes.invalidate(&key).await;
            }
            Ok::<_, RenderError>(())
        });
        removed.buffer_unordered(AT_ONCE).try_collect().await
    }
}
