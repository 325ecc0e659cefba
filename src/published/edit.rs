//! Edits of the list: what the store has and what the registry knows change together.
//!
//! 1. an edit holds the lock of all edits from its look at what is there to what is known afterwards;
//! 2. a write that took too long may yet be done: until it has ended ([`Writing`]) nothing else is written under that
//!    name, and then the record is read again;
//! 3. what is withdrawn is removed after the lock was let go, one notice at a time.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use bytes::Bytes;

use super::{
    Entry, Expected, Labels, List, MOST_FORMER, Name, Publication, PublishError, Record, Words,
    entry::{revision, title_of},
    is_open,
    registry::{Kept, Making},
    tend,
};
use crate::{
    render::{Notice, RenderError, Renderer, Submission},
    store::{ListedId, NoticeId, StoreError},
};

impl List {
    /// Writes an entry, and has it made.
    pub(super) async fn publish(
        &self,
        name: &Name,
        submission: Submission,
        labels: Labels,
        expected: &Expected,
        notice: Arc<Notice>,
    ) -> Result<Publication, PublishError> {
        let (id, words) = (name.id(), Words::of(&notice));
        let _one_at_a_time = self.editing.lock().await;
        self.settle(id).await?;
        let old = self.registry().get(id).cloned();
        expected.check(old.as_ref().map(|old| &*old.entry))?;
        let same = old.as_ref().filter(|old| old.entry.revision == revision(&submission, &labels));
        if let Some(same) = same.filter(|same| same.entry.notice == notice.id && same.words == words) {
            return Ok(Publication { entry: same.entry.clone(), new: false, notice });
        }
        let now = now();
        let noted = match &old {
            Some(old) if old.words != words => self.noted(id, old.words).await.unwrap_or_default(),
            _ => Vec::new(),
        };
        let (heard, former) = (self.registry().heard(words), self.former(old.as_ref(), words, &noted));
        let written = |ids: &[NoticeId]| ids.iter().map(NoticeId::to_string).collect();
        let record = Record {
            name: name.as_str().to_owned(),
            title: labels.title.clone().unwrap_or_else(|| title_of(&notice)),
            submission,
            labels,
            published_at: old.as_ref().map_or(now, |old| old.entry.published_at),
            changed_at: same.map_or(now, |same| same.entry.changed_at),
            notice: notice.id.to_string(),
            clips: notice.plan.utterances.len(),
            words: words.to_string(),
            heard: written(&heard),
            former: written(&former),
            withdrawn: false,
        };
        let entry = Arc::new(record.entry().ok_or(RenderError::Internal)?);
        // Before the entry: after a power cut in between, what is listed is there.
        self.renderer.keep(&notice).await;
        self.write(id, &record).await?;
        self.adopt(entry.clone(), &notice, words, former, None);
        self.registry_mut().told(words);
        self.wake.notify_one();
        Ok(Publication { entry, new: old.is_none(), notice })
    }

    /// Takes an entry out of the list; a gravestone comes first.
    pub(super) async fn withdraw(&self, id: ListedId, expected: &Expected) -> Result<(), PublishError> {
        {
            let _one_at_a_time = self.editing.lock().await;
            self.settle(id).await?;
            let kept = self.registry().get(id).cloned().ok_or(PublishError::Unknown)?;
            expected.check(Some(&*kept.entry))?;
            // What cannot be read does not hold up who withdraws.
            let noted = self.noted(id, kept.words).await.unwrap_or_default();
            let mut heard = self.registry().heard(kept.words);
            heard.extend(kept.former.iter().chain(&noted));
            self.write(id, &Record::gravestone(&kept.entry, kept.words, &heard)).await?;
            self.take(id);
            self.registry_mut().fill_grave(id, kept.words, &noted);
        }
        self.bury(id).await;
        Ok(())
    }

    /// What was published under the name of `old` in other words than `words`, the newest of it; `noted` is what was
    /// written down as heard of that.
    fn former(&self, old: Option<&Kept>, words: Words, noted: &[NoticeId]) -> Vec<NoticeId> {
        let Some(old) = old else { return Vec::new() };
        let mut former = old.former.clone();
        if old.words != words {
            let heard = self.registry().heard(old.words);
            former.extend(noted.iter().filter(|id| !heard.contains(id)).chain(&heard));
        }
        former.drain(..former.len().saturating_sub(MOST_FORMER));
        former
    }

    /// Puts an entry in its place, with its clips pinned before those of the one it replaces are let go.
    pub(super) fn adopt(
        &self,
        entry: Arc<Entry>,
        notice: &Notice,
        words: Words,
        former: Vec<NoticeId>,
        edition: Option<String>,
    ) {
        let (store, pins) = (self.renderer.store(), Renderer::pins(notice).into_boxed_slice());
        store.pin(notice.id, &pins);
        let lexicon = Some(notice.settings.lexicon.digest());
        let kept =
            Kept { entry, words, pins: Some(pins), lexicon, making: Making::default(), former, edition };
        let old = self.registry_mut().put(kept);
        if let Some(old) = old {
            self.let_go(&old);
            if old.entry.notice != notice.id {
                self.renderer.close(old.entry.notice);
                if old.words == words {
                    // Who listens to it at the moment goes on, and it is withdrawn with the others.
                    self.registry_mut().hear(old.entry.notice, words, true, Some(Instant::now()));
                }
            }
        }
    }

    /// Takes an entry out of the list; what is left of it is to be removed.
    pub(super) fn take(&self, id: ListedId) {
        let mut registry = self.registry_mut();
        let Some((kept, mut orphans)) = registry.take(id) else { return };
        if !registry.is_published(kept.words) && !orphans.contains(&kept.entry.notice) {
            orphans.push(kept.entry.notice);
        }
        orphans.extend(&kept.former);
        registry.graves.insert(id, orphans);
        drop(registry);
        self.let_go(&kept);
    }

    pub(super) fn let_go(&self, kept: &Kept) {
        if let Some(pins) = &kept.pins {
            self.renderer.store().unpin(kept.entry.notice, pins);
        }
    }

    /// Removes what a withdrawn entry has left, then its record; later where that fails.
    pub(super) async fn bury(&self, id: ListedId) {
        let Some(notices) = self.registry().graves.get(&id).cloned() else { return };
        let left = self.remove_all(&notices).await;
        let _one_at_a_time = self.editing.lock().await;
        {
            let mut registry = self.registry_mut();
            // None where something is published under its name again.
            let Some(grave) = registry.graves.get_mut(&id) else { return };
            grave.retain(|notice| left.contains(notice) || !notices.contains(notice));
            if !grave.is_empty() {
                return;
            }
        }
        if self.remove_stone(id).await {
            self.registry_mut().graves.remove(&id);
        }
    }

    /// Removes the record of an entry that was withdrawn, unless something is published under its name again.
    pub(super) async fn remove_stone(&self, id: ListedId) -> bool {
        let Ok(record) = self.record(id).await else { return false };
        let store = self.renderer.store();
        !record.is_none_or(|record| record.withdrawn) || store.remove_listed(id).await.is_ok()
    }

    /// Removes notices that nobody publishes any more; those that are still there. Between any two of them others may
    /// publish.
    pub(super) async fn remove_all(&self, notices: &[NoticeId]) -> Vec<NoticeId> {
        let mut left = Vec::new();
        for &notice in notices {
            let _one_at_a_time = self.editing.lock().await;
            let published = self.registry().is_heard(notice);
            if !published && !self.remove(notice).await {
                left.push(notice);
            }
        }
        left
    }

    /// Removes a notice with its clips; whether it is gone.
    pub(super) async fn remove(&self, id: NoticeId) -> bool {
        let removed = self.renderer.withdraw(id).await;
        removed
            .inspect_err(|why| tracing::warn!(notice = %id, %why, "a withdrawn notice is removed later"))
            .is_ok()
    }

    /// Lets a reader hear a notice, and remembers it.
    ///
    /// # Errors
    /// When readers may not, or too many of the same words are listened to.
    pub(super) fn hears(&self, notice: &Notice) -> Result<(), PublishError> {
        let words = Words::of(notice);
        let mut registry = self.registry_mut();
        if !registry.is_published(words) || !is_open(&registry, notice, words) {
            return Err(PublishError::NotPublished);
        }
        if !registry.has_room(notice.id, words) {
            return Err(RenderError::Overloaded.into());
        }
        registry.hear(notice.id, words, true, Some(Instant::now()));
        Ok(())
    }

    /// Remembers a notice if it has the words of an entry, so that it is removed with it; whether it has.
    pub(super) fn hear(&self, notice: &Notice) -> bool {
        let words = Words::of(notice);
        let mut registry = self.registry_mut();
        let open = is_open(&registry, notice, words);
        registry.hear(notice.id, words, open, Some(Instant::now()))
    }

    /// Writes a record. One that is said not to be written may be in the end: then its name is doubtful.
    pub(super) async fn write(&self, id: ListedId, record: &Record) -> Result<(), PublishError> {
        let json = serde_json::to_vec(record).map_err(|_| RenderError::Internal)?;
        let writing = Arc::new(());
        let doubt = Arc::downgrade(&writing);
        // Whoever still writes these bytes when nobody waits any more has them.
        let json = Bytes::from_owner(Writing { json, _writing: writing });
        let written = self.renderer.store().put_listed(id, json).await;
        if written.is_err() {
            let mut registry = self.registry_mut();
            registry.doubtful.insert(id, doubt);
            if let Some(kept) = registry.get_mut(id) {
                kept.edition = None;
            }
        }
        Ok(written?)
    }

    /// Sees to it that what is known of a name is what the store has.
    ///
    /// # Errors
    /// When a write that took too long has not ended, or the record cannot be read.
    pub(super) async fn settle(&self, id: ListedId) -> Result<(), PublishError> {
        let Some(doubt) = self.registry().doubtful.get(&id).cloned() else { return Ok(()) };
        if doubt.strong_count() > 0 {
            return Err(StoreError::Unwritable.into());
        }
        match self.record_with_heard(id).await? {
            Some(record) => _ = tend::adopt(self, id, None, &record),
            None => self.take(id),
        }
        self.registry_mut().doubtful.remove(&id);
        Ok(())
    }
}

/// The bytes of a record for as long as somebody may write them.
struct Writing {
    json: Vec<u8>,
    _writing: Arc<()>,
}

impl AsRef<[u8]> for Writing {
    fn as_ref(&self) -> &[u8] {
        &self.json
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
