//! The bucket behind the folder: what one process has made, the others find.
//!
//! 1. Reads: memory, the folder, the bucket; what came from the bucket is put before it.
//! 2. Writes: the bucket, then the folder, so that the folder holds nothing that the bucket does not have;
//!    of a clip that was in the bucket already, the bytes of the bucket count.
//! 3. While the bucket fails the folder takes everything, each with an empty file beside it that says it is
//!    late ([`Place::late`]): these are the list of what the bucket has to get, also after a restart.
//! 4. One task, the courier, tries whether the bucket works again and brings what is late.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures::{StreamExt, stream};
use object_store::PutPayload;
use tokio::{
    sync::{Notify, Semaphore},
    task::AbortHandle,
    time::{sleep, timeout},
};

use super::{
    ClipName, NoticeId, StoreError,
    bucket::Bucket,
    disk::{Disk, DiskError},
    hot::Hot,
    place::{LATE, Place},
    seal,
    writer::Writer,
};

/// What may be on its way from the bucket into the folder; more is read from the bucket again.
const MOST_FILLS: usize = 16;

/// What is brought to the bucket at the same time.
const MOST_BROUGHT: usize = 4;

/// What is remembered as late where the folder cannot say so either: 16,384 clips, each with its marks.
const MOST_LATE: usize = 32_768;

/// The courier tries again after so long.
const LEISURE: Duration = Duration::from_secs(1);

/// Without being called it looks again after so long: a mark that took longer to write than anyone waits for may have
/// come since.
const REST: Duration = Duration::from_secs(10);

pub(super) struct Shared {
    bucket: Bucket,
    folder: Option<Arc<Disk>>,
    writer: Arc<Writer>,
    hot: Arc<Hot>,
    fills: Arc<Semaphore>,
    /// What is late, and is not marked in the folder.
    unmarked: Mutex<BTreeSet<Place>>,
    /// Told when there is something for the courier to do.
    call: Arc<Notify>,
    courier: OnceLock<AbortHandle>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(courier) = self.courier.get() {
            courier.abort();
        }
    }
}

impl Shared {
    /// The bucket that `objects` are, for the store that has the rest.
    pub(super) fn new(
        (name, objects, patience): (&str, Disk, Duration),
        folder: Option<Arc<Disk>>,
        writer: Arc<Writer>,
        hot: Arc<Hot>,
    ) -> Arc<Self> {
        let call = Arc::new(Notify::new());
        Arc::new(Self {
            bucket: Bucket::new(name, objects, patience, call.clone()),
            folder,
            writer,
            hot,
            fills: Arc::new(Semaphore::new(MOST_FILLS)),
            unmarked: Mutex::default(),
            call,
            courier: OnceLock::new(),
        })
    }

    pub(super) fn bucket(&self) -> &Bucket {
        &self.bucket
    }

    /// Learns whether the bucket works, and has brought what an earlier process could not.
    pub(super) async fn probe(self: &Arc<Self>) {
        self.bucket.probe().await;
        self.courier.get_or_init(|| {
            let (shared, call) = (Arc::downgrade(self), self.call.clone());
            let work = async move {
                loop {
                    let Some(shared) = shared.upgrade() else { return };
                    let done = shared.bring().await;
                    drop(shared);
                    if done {
                        // Called or not: it looks.
                        let _ = timeout(REST, call.notified()).await;
                    } else {
                        sleep(LEISURE).await;
                    }
                }
            };
            tokio::spawn(work).abort_handle()
        });
    }

    /// The file of a clip; none when there is none, or it is damaged, or that cannot be told now.
    pub(super) async fn clip(&self, name: ClipName) -> Option<Bytes> {
        let sealed = self.bucket.get(Place::Clip(name)).await.ok()?;
        let Some(clip) = seal::open(sealed) else {
            self.bucket.throw_away(name).await;
            return None;
        };
        self.hot.insert(name, clip.clone());
        if let Ok(turn) = self.fills.clone().try_acquire_owned() {
            let (writer, clip) = (self.writer.clone(), clip.clone());
            tokio::spawn(async move {
                writer.clip(name, &clip).await;
                drop(turn);
            });
        }
        Some(clip)
    }

    /// Writes the file of a clip, or remembers to.
    pub(super) async fn save_clip(&self, name: ClipName, clip: &Bytes) {
        match self.bucket.create(name, clip).await {
            Ok(None) => self.writer.clip(name, clip).await,
            Ok(Some(theirs)) => self.adopt(name, theirs).await,
            Err(_) => {
                self.mark(Place::Clip(name)).await;
                self.writer.clip(name, clip).await;
                self.call.notify_one();
            }
        }
    }

    /// Writes the file of a clip over the one that is there. While the bucket fails only the folder gets it: who reads
    /// the old one then writes it again.
    pub(super) async fn replace_clip(&self, name: ClipName, clip: &Bytes) {
        // What failed is told already.
        let _ = self.bucket.put(Place::Clip(name), seal::close(clip)).await;
        self.writer.clip(name, clip).await;
    }

    /// The notice `id`; none when there is none or it is damaged.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it may be there but could not be read.
    pub(super) async fn notice(&self, id: NoticeId) -> Result<Option<Bytes>, StoreError> {
        let sealed = match self.bucket.get(Place::Notice(id)).await {
            Ok(sealed) => sealed,
            Err(DiskError::Missing) => return Ok(None),
            Err(_) => return Err(StoreError::Unreadable),
        };
        let Some(json) = seal::open(sealed) else {
            tracing::error!(notice = %id, "a damaged notice in the bucket is as good as lost");
            return Ok(None);
        };
        if let Ok(turn) = self.fills.clone().try_acquire_owned() {
            let (writer, payload) = (self.writer.clone(), seal::close(&json));
            tokio::spawn(async move {
                writer.put(Place::Notice(id), payload).await;
                drop(turn);
            });
        }
        Ok(Some(json))
    }

    /// Saves a notice; whether it outlives a power cut of this machine now. The bucket gets it later if it must.
    pub(super) async fn save_notice(&self, id: NoticeId, json: Bytes) -> bool {
        let shared = self.bucket.put(Place::Notice(id), seal::close(&json)).await.is_ok();
        if !shared {
            self.mark(Place::Notice(id)).await;
        }
        let kept = self.writer.notice(id, json).await;
        if !shared {
            self.call.notify_one();
        }
        shared || kept
    }

    /// Says beside the folder, or remembers, that something is late.
    async fn mark(&self, place: Place) {
        if let Some(late) = place.late()
            && self.writer.put(late, PutPayload::default()).await
        {
            return;
        }
        let mut unmarked = self.unmarked();
        if unmarked.len() < MOST_LATE {
            unmarked.insert(place);
        }
    }

    /// The bytes of the bucket take the place of those of this process.
    async fn adopt(&self, name: ClipName, theirs: Bytes) {
        tracing::debug!(clip = %name, "another process was the first to make a clip");
        if self.hot.peek(name).is_some() {
            self.hot.insert(name, theirs.clone());
        }
        self.writer.clip(name, &theirs).await;
    }

    /// Brings what is late, if the bucket works; whether nothing is left to do.
    async fn bring(&self) -> bool {
        if self.bucket.is_failing() {
            self.bucket.probe().await;
        }
        if self.bucket.is_failing() {
            return false;
        }
        let mut late = std::mem::take(&mut *self.unmarked());
        let unmarked = late.clone();
        let marked = match &self.folder {
            Some(folder) => folder.list(LATE).await,
            None => Ok(Vec::new()),
        };
        let mut done = marked.is_ok();
        late.extend(marked.unwrap_or_default().iter().filter_map(|(name, _)| Place::named(name)));
        if !late.is_empty() {
            tracing::info!(objects = late.len(), "the bucket gets what is late");
        }
        let brought = stream::iter(late).map(async |place| (place, self.bring_one(place).await));
        let mut brought = std::pin::pin!(brought.buffer_unordered(MOST_BROUGHT));
        while let Some((place, arrived)) = brought.next().await {
            if !arrived && unmarked.contains(&place) {
                self.unmarked().insert(place);
            }
            done &= arrived;
        }
        done
    }

    /// Brings a clip or notice to the bucket; whether it is there, or nobody has it any more.
    async fn bring_one(&self, place: Place) -> bool {
        if self.bucket.is_failing() {
            return false;
        }
        let held = match place {
            Place::Clip(name) => self.hot.peek(name),
            Place::Notice(id) => self.writer.held(id).await,
            _ => return true,
        };
        let found = match (held, &self.folder) {
            (Some(held), _) => Some(held),
            (None, None) => None,
            (None, Some(folder)) => match folder.get(place).await {
                Ok(sealed) => seal::open(sealed),
                Err(DiskError::Missing) => None,
                Err(_) => return false,
            },
        };
        let arrived = match (place, found) {
            (_, None) => true,
            (Place::Clip(name), Some(clip)) => match self.bucket.create(name, &clip).await {
                Ok(None) => true,
                Ok(Some(theirs)) => {
                    self.adopt(name, theirs).await;
                    true
                }
                Err(DiskError::Damaged) => {
                    // Again and again would be no better: the folder has it, and others make it again.
                    tracing::warn!(clip = %name, "a damaged clip stays in the bucket: may it be deleted?");
                    true
                }
                Err(_) => false,
            },
            (place, Some(json)) => self.bucket.put(place, seal::close(&json)).await.is_ok(),
        };
        if let (true, Some(folder), Some(late)) = (arrived, &self.folder, place.late()) {
            folder.delete(late).await;
        }
        arrived
    }

    fn unmarked(&self) -> MutexGuard<'_, BTreeSet<Place>> {
        self.unmarked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
