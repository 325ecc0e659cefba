//! Reading and writing with patience: a disk that hangs costs a listener some seconds and the program a few threads.
//!
//! `object_store` stages beside the target, syncs, renames and syncs the folders up to one that was there before:
//! no reader sees half a file, and what was said to be written is there after the power failed.
//!
//! A write goes on when nobody waits for it any more, and may land after what it writes was withdrawn: then it takes it
//! back by itself.

use std::{
    error::Error,
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload, path::Path};
use tokio::sync::Semaphore;

use super::{keeper::Keeper, pins::Pins, place::Place};

/// Reads and writes that may be under way; one that hangs is counted until it ends.
const MOST_READS: usize = 64;
const MOST_WRITES: usize = 16;

/// So long after trouble it is read once more.
const PAUSE: Duration = Duration::from_millis(50);

/// How `object_store` words an answer of a server that does not know what it was asked for.
const NOT_IMPLEMENTED: &str = "status code: 501";

/// Objects by place.
pub(super) struct Disk {
    objects: Arc<dyn ObjectStore>,
    prefix: Path,
    patience: Duration,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    keeper: Option<Keeper>,
    pins: Arc<Pins>,
}

/// Why nothing was read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DiskError {
    /// There is no such object.
    #[error("there is no such object")]
    Missing,
    /// There is no room.
    #[error("the disk is full")]
    Full,
    /// Who asks may not.
    #[error("access is denied")]
    Denied,
    /// There is no bucket of that name.
    #[error("there is no such bucket")]
    NoBucket,
    /// What is not there cannot be told from what may not be read.
    #[error("access is denied to what is not there: the key lacks ListBucket")]
    NoListing,
    /// What is there is damaged, and cannot be replaced.
    #[error("what is damaged cannot be replaced")]
    Damaged,
    /// There is no such way of writing here.
    #[error("it is not implemented")]
    Unsupported,
    /// It takes longer than anyone has patience for.
    #[error("it takes too long")]
    Slow,
    /// In the words of the system.
    #[error("{0}")]
    Other(String),
}

impl Disk {
    pub(super) fn new(
        objects: Arc<dyn ObjectStore>,
        prefix: Path,
        patience: Duration,
        keeper: Option<Keeper>,
        pins: Arc<Pins>,
    ) -> Self {
        let (reads, writes) = (Semaphore::new(MOST_READS).into(), Semaphore::new(MOST_WRITES).into());
        Self { objects, prefix, patience, reads, writes, keeper, pins }
    }

    /// All of an object.
    pub(super) async fn get(&self, place: Place) -> Result<Bytes, DiskError> {
        let started = Instant::now();
        let read = again(|| {
            let (objects, path) = (self.objects.clone(), self.path(place));
            self.patiently(&self.reads, async move { objects.get(&path).await?.bytes().await })
        })
        .await;
        metrics::histogram!("langdu_stage_seconds", "stage" => "read").record(started.elapsed());
        read
    }

    /// Bytes of an object.
    pub(super) async fn len(&self, place: Place) -> Result<u64, DiskError> {
        let (objects, path) = (self.objects.clone(), self.path(place));
        self.patiently(&self.reads, async move { Ok(objects.head(&path).await?.size) }).await
    }

    /// Writes an object; on a full disk once more after room was made.
    pub(super) async fn put(&self, place: Place, payload: PutPayload) -> Result<(), DiskError> {
        let started = Instant::now();
        let written = match (self.put_once(place, payload.clone()).await, &self.keeper) {
            (Err(DiskError::Full), Some(keeper)) => {
                match tokio::time::timeout(self.patience, keeper.make_room()).await {
                    Ok(true) => self.put_once(place, payload).await,
                    _ => Err(DiskError::Full),
                }
            }
            (done, _) => done,
        };
        metrics::histogram!("langdu_stage_seconds", "stage" => "write").record(started.elapsed());
        written
    }

    /// Writes an object if there is none; whether there was none.
    pub(super) async fn create(&self, place: Place, payload: PutPayload) -> Result<bool, DiskError> {
        let (objects, path, pins) = (self.objects.clone(), self.path(place), self.pins.clone());
        let write = async move {
            match objects.put_opts(&path, payload, PutMode::Create.into()).await {
                Ok(_) => {
                    if pins.is_gone(place) {
                        take_back(&objects, &path).await;
                    }
                    Ok(true)
                }
                Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                Err(why) => Err(why),
            }
        };
        self.patiently(&self.writes, write).await
    }

    /// Removes an object, if it can be.
    pub(super) async fn delete(&self, place: Place) {
        // A damaged clip that cannot be deleted is found damaged again: nothing is lost.
        let _ = self.remove(place).await;
    }

    /// Removes an object, if it is there.
    pub(super) async fn remove(&self, place: Place) -> Result<(), DiskError> {
        let (objects, path, keeper) = (self.objects.clone(), self.path(place), self.keeper.clone());
        let work = async move {
            let Some(keeper) = keeper else { return objects.delete(&path).await };
            let len = objects.head(&path).await?.size;
            objects.delete(&path).await?;
            keeper.removed(place, len);
            Ok(())
        };
        match self.patiently(&self.writes, work).await {
            Err(DiskError::Missing) => Ok(()),
            done => done,
        }
    }

    /// All objects of a folder: the last part of their names, and what tells one edition from another.
    pub(super) async fn list(&self, folder: &str) -> Result<Vec<(String, String)>, DiskError> {
        let (objects, path) = (self.objects.clone(), self.prefix.clone().join(folder));
        let work = async move {
            let found: Vec<ObjectMeta> = objects.list(Some(&path)).try_collect().await?;
            let named = found.into_iter().filter_map(|meta| {
                let edition = (meta.last_modified.timestamp_micros(), meta.size, meta.e_tag);
                Some((meta.location.filename()?.to_owned(), format!("{edition:?}")))
            });
            Ok(named.collect())
        };
        match self.patiently(&self.reads, work).await {
            Err(DiskError::Missing) => Ok(Vec::new()),
            found => found,
        }
    }

    /// Somebody uses an object.
    pub(super) fn used(&self, place: Place) {
        if let Some(keeper) = &self.keeper {
            keeper.used(place);
        }
    }

    /// Somebody counts on an object, so that is noted before it is answered; whether it is there.
    pub(super) async fn keep(&self, place: Place) -> Result<bool, DiskError> {
        let Some(keeper) = self.keeper.clone() else {
            return match self.len(place).await {
                Err(DiskError::Missing) => Ok(false),
                found => found.map(|_| true),
            };
        };
        let trouble = |source| object_store::Error::Generic { store: "folder", source };
        let work = async move {
            let kept = tokio::task::spawn_blocking(move || keeper.keep(place)).await;
            kept.map_err(|why| trouble(why.into()))?.map_err(|why| trouble(why.into()))
        };
        self.patiently(&self.writes, work).await
    }

    pub(super) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    #[cfg(test)]
    pub(super) fn writes_under_way(&self) -> usize {
        MOST_WRITES - self.writes.available_permits()
    }

    #[cfg(test)]
    pub(super) fn reads_under_way(&self) -> usize {
        MOST_READS - self.reads.available_permits()
    }

    async fn put_once(&self, place: Place, payload: PutPayload) -> Result<(), DiskError> {
        let (objects, path, keeper) = (self.objects.clone(), self.path(place), self.keeper.clone());
        let (len, pins) = (payload.content_length() as u64, self.pins.clone());
        let write = async move {
            objects.put(&path, payload).await?;
            if pins.is_gone(place) {
                take_back(&objects, &path).await;
                return Ok(());
            }
            // Counted here, because it is on the disk even if nobody waited for it.
            if let Some(keeper) = keeper {
                keeper.written(place, len);
            }
            Ok(())
        };
        self.patiently(&self.writes, write).await
    }

    /// Waits for `work` as long as patience lasts. It goes on by itself, and keeps its turn, when nobody waits.
    async fn patiently<T: Send + 'static>(
        &self,
        turns: &Arc<Semaphore>,
        work: impl Future<Output = object_store::Result<T>> + Send + 'static,
    ) -> Result<T, DiskError> {
        let done = async {
            let turn = turns.clone().acquire_owned().await.map_err(|_| DiskError::Slow)?;
            let work = async move {
                let done = work.await;
                drop(turn);
                done
            };
            tokio::spawn(work)
                .await
                .map_err(|why| DiskError::Other(why.to_string()))?
                .map_err(DiskError::from)
        };
        tokio::time::timeout(self.patience, done).await.unwrap_or(Err(DiskError::Slow))
    }

    fn path(&self, place: Place) -> Path {
        place.parts().into_iter().fold(self.prefix.clone(), |path, part| path.join(part))
    }
}

/// Removes what was withdrawn while it was written. Where that fails it is found by nobody for a while, and then as
/// what could not be withdrawn.
async fn take_back(objects: &Arc<dyn ObjectStore>, path: &Path) {
    let _ = objects.delete(path).await;
}

/// Reads once more after trouble that may have passed: too many open files, say. Who has lost patience does not
/// wait again.
async fn again<T, F>(read: impl Fn() -> F) -> Result<T, DiskError>
where
    F: Future<Output = Result<T, DiskError>>,
{
    match read().await {
        Err(DiskError::Other(_)) => {
            tokio::time::sleep(PAUSE).await;
            read().await
        }
        read => read,
    }
}

impl From<object_store::Error> for DiskError {
    fn from(error: object_store::Error) -> Self {
        use object_store::Error as E;
        match error {
            E::NotFound { .. } => return Self::Missing,
            // What a server says of it quotes what was signed.
            E::PermissionDenied { .. } | E::Unauthenticated { .. } => return Self::Denied,
            E::NotImplemented { .. } => return Self::Unsupported,
            _ => {}
        }
        let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(why) = cause {
            let kind = why.downcast_ref::<io::Error>().map(io::Error::kind);
            if let Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) = kind {
                return Self::Full;
            }
            cause = why.source();
        }
        let words = error.to_string();
        if words.contains(NOT_IMPLEMENTED) { Self::Unsupported } else { Self::Other(words) }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn trouble_that_passes_is_no_trouble_and_patience_is_lost_once() {
        let trouble = || DiskError::Other("too many open files".to_owned());
        for (first, reads, answer) in [
            (trouble(), 2, Ok(())),
            (DiskError::Missing, 1, Err(DiskError::Missing)),
            (DiskError::Slow, 1, Err(DiskError::Slow)),
        ] {
            let count = Cell::new(0);
            let read = || {
                count.set(count.get() + 1);
                std::future::ready(if count.get() == 1 { Err(first.clone()) } else { Ok(()) })
            };
            assert_eq!((again(read).await, count.get()), (answer, reads));
        }
    }
}
