//! What content systems publish: notices by name, in a list, kept for good and made before anybody asks for them.
//!
//! 1. [`Name`], [`Labels`] and the submission make an [`Entry`] ([`entry`]); it is published when its record outlives a
//!    power cut, and not before;
//! 2. the [`registry`] knows in memory what is published, in which order, and which notices have the same words;
//! 3. what is withdrawn leaves a gravestone first, then its clips and notices are removed, then the stone: a crash in
//!    the middle is finished at the next start ([`edit`]);
//! 4. a task of its own ([`tend`]) adopts what other processes publish, plans everything anew when the lexicon was
//!    edited, and has made what is not made;
//! 5. what is heard of an entry is written down beside it ([`heard`]), to be removed with it;
//! 6. where readers may hear only what is published, [`Published::submit`] and [`Published::has`] tell what that is: a
//!    text with the same [`Words`], in any voice, at any speed, in any markup.

mod edit;
mod entry;
mod heard;
mod registry;
mod tend;

use std::{
    cmp::Reverse,
    fmt,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use tokio::{
    sync::{Mutex, Notify, watch},
    task::JoinHandle,
    time::timeout,
};

use entry::Record;
pub use entry::{Entry, LabelError, Labels, Name, Words};
use registry::{Position, Registry, position};

use crate::{
    render::{Notice, RenderError, Renderer, Submission, Submitted},
    store::{NoticeId, StoreError},
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
    fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry.write().unwrap_or_else(PoisonError::into_inner)
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
