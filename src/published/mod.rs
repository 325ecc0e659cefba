//! What content systems publish: notices by name, in a list, kept for good and made before anybody asks for them.
//!
//! 1. [`Name`], [`Labels`] and the submission make an [`Entry`] ([`entry`]); it is published when its record outlives a
//!    power cut, and not before;
//! 2. the [`registry`] knows in memory what is published, in which order, and which notices have the same words;
//! 3. what is withdrawn leaves a gravestone first, then its clips and notices are removed, then the stone: a crash in
//!    the middle is finished at the next start;
//! 4. a task of its own ([`tend`]) adopts what other processes publish, plans everything anew when the lexicon was
//!    edited, and has made what is not made;
//! 5. where readers may hear only what is published, [`Published::submit`] and [`Published::has`] tell what that is: a
//!    text with the same [`Words`], in any voice, at any speed, in any markup.

mod entry;
mod registry;
mod tend;

use std::{
    cmp::Reverse,
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use tokio::{
    sync::{Mutex, Notify, watch},
    task::JoinHandle,
    time::timeout,
};

pub use entry::{Entry, LabelError, Labels, Name, Words};
use entry::{Record, revision, title_of};
use registry::{Kept, Making, Position, Registry, position};

use crate::{
    render::{Notice, RenderError, Renderer, Submission, Submitted},
    store::{ListedId, NoticeId, StoreError},
};

/// How often is looked for what other processes have published.
pub const POLL: Duration = Duration::from_secs(30);

/// Notices that were published under a name before which are remembered, to be removed with what is.
const MOST_FORMER: usize = 256;

/// How long somebody may wait for the list to be read at the start.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why nothing was published, listed or heard.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PublishError {
    /// The submission is no notice, or cannot be planned at the moment.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// The record could not be read or written: as far as is known nothing has changed. It may be tried again.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The list was not read yet. It may be tried again.
    #[error("the list of what is published was not read yet")]
    Starting,
    /// Nothing is published under this name.
    #[error("nothing is published under this name")]
    Unknown,
    /// What is published is not what the publisher thinks it is. Look again, then try again.
    #[error("what is published under this name was changed by somebody else")]
    Changed,
    /// The text is none that is published, and readers may hear no other.
    #[error("this text is not published here")]
    NotPublished,
}

/// What must be published under a name for it to be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    #[default]
    Anything,
    /// Nothing.
    Nothing,
    /// Something, whatever it is.
    Something,
    /// One of these revisions.
    One(Vec<String>),
}

/// What became of a publication.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The entry.
    pub entry: Arc<Entry>,
    /// Whether nothing was published under its name before.
    pub new: bool,
    /// The notice.
    pub notice: Arc<Notice>,
}

/// Where the list is to be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor(Position);

/// A part of the list.
#[derive(Clone, Debug)]
pub struct Page {
    /// The newest first.
    pub entries: Vec<Arc<Entry>>,
    /// Where the rest begins, if there is more.
    pub next: Option<Cursor>,
    /// How many entries there are in all.
    pub total: usize,
}

/// What is published. Clones are the same list; it is tended until the last one is dropped.
#[derive(Clone)]
pub struct Published {
    list: Arc<List>,
    _tending: Arc<Tending>,
}

struct List {
    renderer: Renderer,
    registry: RwLock<Registry>,
    /// One change at a time.
    editing: Mutex<()>,
    /// Whether the list was read.
    read: watch::Sender<bool>,
    /// There is something for the task to do.
    wake: Notify,
    poll: Duration,
}

struct Tending(JoinHandle<()>);

impl Drop for Tending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Published {
    /// Reads the list behind the caller's back and tends it; looks every `poll` for what others have changed.
    ///
    /// Call it inside a tokio runtime.
    pub fn start(renderer: Renderer, poll: Duration) -> Self {
        let (registry, editing) = (RwLock::default(), Mutex::default());
        let (read, wake) = (watch::Sender::new(false), Notify::new());
        let list = Arc::new(List { renderer, registry, editing, read, wake, poll });
        let tending = Tending(tokio::spawn(tend::tend(list.clone())));
        Self { list, _tending: Arc::new(tending) }
    }

    /// Publishes a notice under `name`, or replaces it; has it made. When this has answered it outlives a power cut. What
    /// was begun is done when nobody waits for it any more.
    ///
    /// # Errors
    /// When it is no notice, or is not what was `expected`; then nothing has changed. When it cannot be written; a write
    /// that only took too long may be found done later, and until it has ended nothing else is written under `name`.
    pub async fn put(
        &self,
        name: &Name,
        submission: Submission,
        labels: Labels,
        expected: &Expected,
    ) -> Result<Publication, PublishError> {
        self.is_read().await?;
        let notice = self.list.renderer.plan(submission.clone()).await?;
        let (list, name, expected) = (self.list.clone(), name.clone(), expected.clone());
        whole(async move { list.publish(&name, submission, labels, &expected, notice).await }).await
    }

    /// Withdraws what is published under `name`: it is not listed any more, and removed from memory and disk. What was
    /// begun is done when nobody waits for it any more.
    ///
    /// # Errors
    /// When there is nothing, or not what was `expected`; then nothing has changed. When that cannot be written, as for
    /// [`Published::put`].
    pub async fn withdraw(&self, name: &Name, expected: &Expected) -> Result<(), PublishError> {
        self.is_read().await?;
        let (list, id, expected) = (self.list.clone(), name.id(), expected.clone());
        whole(async move { list.withdraw(id, &expected).await }).await
    }

    /// What is published under `name`.
    ///
    /// # Errors
    /// [`PublishError::Unknown`], or [`PublishError::Starting`].
    pub async fn entry(&self, name: &Name) -> Result<Arc<Entry>, PublishError> {
        self.is_read().await?;
        let registry = self.list.registry();
        registry.get(name.id()).map(|kept| kept.entry.clone()).ok_or(PublishError::Unknown)
    }

    /// At most `limit` entries, the newest first, from after `after` on; of one category if one is named.
    ///
    /// # Errors
    /// [`PublishError::Starting`].
    pub async fn page(
        &self,
        after: Option<Cursor>,
        limit: usize,
        category: Option<&str>,
    ) -> Result<Page, PublishError> {
        self.is_read().await?;
        let registry = self.list.registry();
        let all = registry.from(after.map(|cursor| cursor.0)).map(|kept| &kept.entry);
        let mut wanted =
            all.filter(|entry| category.is_none() || entry.labels.category.as_deref() == category);
        let entries: Vec<_> = wanted.by_ref().take(limit).cloned().collect();
        let next = wanted.next().and(entries.last()).map(|last| Cursor(position(last)));
        Ok(Page { entries, next, total: registry.len() })
    }

    /// Plans, saves and has made a notice of a reader who may hear only what is published.
    ///
    /// # Errors
    /// [`PublishError::NotPublished`], or as [`Renderer::submit`].
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, PublishError> {
        self.is_read().await?;
        let planned = self.list.renderer.plan(submission.clone()).await?;
        self.list.hears(&planned)?;
        let submitted = self.list.renderer.submit(submission).await?;
        if !self.list.hear(&submitted.notice) {
            // It was withdrawn at this very moment.
            self.list.registry_mut().strays.push(submitted.notice.id);
            self.list.wake.notify_one();
            return Err(PublishError::NotPublished);
        }
        Ok(submitted)
    }

    /// A notice that was submitted by somebody: if it has the words of one that is published, it is withdrawn with it.
    pub fn submitted(&self, notice: &Notice) {
        self.list.hear(notice);
    }

    /// Whether everybody may hear a notice: it says the words of one that is published.
    ///
    /// # Errors
    /// When that cannot be told: the notice is unknown, or cannot be read, or too many of the same words are listened to.
    pub async fn has(&self, id: NoticeId) -> Result<bool, PublishError> {
        self.is_read().await?;
        if self.list.registry_mut().listens(id) {
            return Ok(true);
        }
        let notice = self.list.renderer.notice(id).await?;
        match self.list.hears(&notice) {
            Err(PublishError::NotPublished) => Ok(false),
            heard => heard.map(|()| true),
        }
    }

    /// Whether the list was read; waits a while for it.
    async fn is_read(&self) -> Result<(), PublishError> {
        let mut read = self.list.read.subscribe();
        let read = timeout(PATIENCE, read.wait_for(|read| *read)).await;
        read.is_ok_and(|read| read.is_ok()).then_some(()).ok_or(PublishError::Starting)
    }
}

impl List {
    /// Writes an entry, and has it made.
    async fn publish(
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
        let (heard, former) = (self.registry().heard(words), self.former(old.as_ref(), words));
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
        self.write(id, &record).await?;
        self.adopt(entry.clone(), &notice, words, former, None);
        self.registry_mut().told(words);
        self.renderer.keep(&notice).await;
        self.wake.notify_one();
        Ok(Publication { entry, new: old.is_none(), notice })
    }

    /// Takes an entry out of the list; a gravestone comes first.
    async fn withdraw(&self, id: ListedId, expected: &Expected) -> Result<(), PublishError> {
        {
            let _one_at_a_time = self.editing.lock().await;
            self.settle(id).await?;
            let kept = self.registry().get(id).cloned().ok_or(PublishError::Unknown)?;
            expected.check(Some(&*kept.entry))?;
            let mut heard = self.registry().heard(kept.words);
            heard.extend(kept.former);
            self.write(id, &Record::gravestone(&kept.entry, kept.words, &heard)).await?;
            self.take(id);
        }
        self.bury(id).await;
        Ok(())
    }

    /// What was published under the name of `old` in other words than `words`, the newest of it.
    fn former(&self, old: Option<&Kept>, words: Words) -> Vec<NoticeId> {
        let Some(old) = old else { return Vec::new() };
        let mut former = old.former.clone();
        if old.words != words {
            former.extend(self.registry().heard(old.words));
        }
        former.drain(..former.len().saturating_sub(MOST_FORMER));
        former
    }

    /// Puts an entry in its place, with its clips pinned before those of the one it replaces are let go.
    fn adopt(
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
    fn take(&self, id: ListedId) {
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

    fn let_go(&self, kept: &Kept) {
        if let Some(pins) = &kept.pins {
            self.renderer.store().unpin(kept.entry.notice, pins);
        }
    }

    /// Removes what a withdrawn entry has left, then its record; later where that fails.
    async fn bury(&self, id: ListedId) {
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
    async fn remove_stone(&self, id: ListedId) -> bool {
        let store = self.renderer.store();
        let Ok(json) = store.listed(id).await else { return false };
        let record = json.and_then(|json| serde_json::from_slice::<Record>(&json).ok());
        !record.is_none_or(|record| record.withdrawn) || store.remove_listed(id).await.is_ok()
    }

    /// Removes notices that nobody publishes any more; those that are still there. Between any two of them others may
    /// publish.
    async fn remove_all(&self, notices: &[NoticeId]) -> Vec<NoticeId> {
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
    async fn remove(&self, id: NoticeId) -> bool {
        let removed = self.renderer.withdraw(id).await;
        removed
            .inspect_err(|why| tracing::warn!(notice = %id, %why, "a withdrawn notice is removed later"))
            .is_ok()
    }

    /// Lets a reader hear a notice, and remembers it.
    ///
    /// # Errors
    /// When readers may not, or too many of the same words are listened to.
    fn hears(&self, notice: &Notice) -> Result<(), PublishError> {
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
    fn hear(&self, notice: &Notice) -> bool {
        let words = Words::of(notice);
        let mut registry = self.registry_mut();
        let open = is_open(&registry, notice, words);
        registry.hear(notice.id, words, open, Some(Instant::now()))
    }

    /// Writes a record. One that is said not to be written may be in the end: then its name is doubtful.
    async fn write(&self, id: ListedId, record: &Record) -> Result<(), PublishError> {
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
    async fn settle(&self, id: ListedId) -> Result<(), PublishError> {
        let Some(doubt) = self.registry().doubtful.get(&id).cloned() else { return Ok(()) };
        if doubt.strong_count() > 0 {
            return Err(StoreError::Unwritable.into());
        }
        let json = self.renderer.store().listed(id).await?;
        match json.and_then(|json| serde_json::from_slice::<Record>(&json).ok()) {
            Some(record) => _ = tend::adopt(self, id, None, &record),
            None => self.take(id),
        }
        self.registry_mut().doubtful.remove(&id);
        Ok(())
    }

    fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry.write().unwrap_or_else(PoisonError::into_inner)
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

/// Does an edit to its end, whether or not somebody waits for that: a client that hangs up must not part the store from
/// what is known of it.
async fn whole<T: Send + 'static>(
    edit: impl Future<Output = Result<T, PublishError>> + Send + 'static,
) -> Result<T, PublishError> {
    tokio::spawn(edit).await.unwrap_or(Err(PublishError::Render(RenderError::Internal)))
}

/// Whether everybody may hear a notice with the words of an entry: it says them as they are written. SSML has words said
/// in another way, which may be any words at all, so that only the publisher's own will do.
fn is_open(registry: &Registry, notice: &Notice, words: Words) -> bool {
    notice.document.overrides.is_empty() || registry.is_own(notice.id, words)
}

impl Expected {
    fn check(&self, entry: Option<&Entry>) -> Result<(), PublishError> {
        let so = match (self, entry) {
            (Self::Anything, _) | (Self::Nothing, None) | (Self::Something, Some(_)) => true,
            (Self::One(revisions), Some(entry)) => revisions.contains(&entry.revision),
            _ => false,
        };
        so.then_some(()).ok_or(PublishError::Changed)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Reverse(at), id) = self.0;
        write!(f, "{at:x}-{id}")
    }
}

/// Why a text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no place in the list")]
pub struct NoCursor;

impl FromStr for Cursor {
    type Err = NoCursor;

    fn from_str(text: &str) -> Result<Self, NoCursor> {
        let (at, id) = text.split_once('-').ok_or(NoCursor)?;
        let at = u64::from_str_radix(at, 16).map_err(|_| NoCursor)?;
        Ok(Self((Reverse(at), id.parse().map_err(|_| NoCursor)?)))
    }
}

/// Milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
