//! Clips and notices at rest.
//!
//! 1. [`id`] names a notice, and the file of a clip;
//! 2. [`seal`] puts a checksum behind every clip, so that a damaged file is never heard;
//! 3. [`health`] decides when a folder that failed is tried again, and tells the log once;
//! 4. [`Store`] joins them: objects (a folder, a bucket) behind a bounded set of clips in memory.
//!
//! Where the objects cannot be written the service goes on from memory: clips can be made again, and
//! notices are held until the objects take them.

mod health;
pub mod id;
mod seal;

use std::{path::Path as FsPath, sync::Arc, time::Duration};

use bytes::Bytes;
use moka::{future, sync};
use object_store::{ObjectStore, ObjectStoreExt, local::LocalFileSystem, path::Path};

use health::Health;
pub use id::{ClipName, NoticeId};

/// How much stays in memory, and how patient the store is.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Bytes of clips in memory.
    pub clip_bytes: u64,
    /// Bytes of notices that are held in memory while they can be saved nowhere.
    pub notice_bytes: u64,
    /// After a failed write nothing is written for this long.
    pub retry: Duration,
    /// How long one read or write may take.
    pub patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            clip_bytes: 256 << 20,
            notice_bytes: 64 << 20,
            retry: Duration::from_secs(1),
            patience: Duration::from_secs(5),
        }
    }
}

/// Why the store gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The name of the folder cannot be used. The operator is to blame.
    #[error("{0} cannot be the data folder")]
    Folder(String),
    /// The objects could not be read. It may be tried again.
    #[error("the data folder cannot be read")]
    Unreadable,
}

/// Bytes that must fit before writing is said to work again: a long clip.
const PROBE: usize = 1 << 20;

/// Whether what is kept will still be there after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// It will, or the store was told to live in memory.
    Working,
    /// Writing fails at the moment; everything goes on from memory.
    Failing,
}

/// Clips and notices by name.
pub struct Store {
    objects: Option<Arc<dyn ObjectStore>>,
    prefix: Path,
    clips: sync::Cache<ClipName, Bytes>,
    /// Notices that are in no object: all of them in a store without objects, else those whose write failed.
    held: future::Cache<NoticeId, Bytes>,
    health: Health,
    patience: Duration,
}

impl Store {
    /// Keeps everything under `folder`, which need not exist yet and may come and go.
    ///
    /// # Errors
    /// [`StoreError::Folder`] when `folder` is no usable name.
    pub fn folder(folder: &FsPath, options: StoreOptions) -> Result<Self, StoreError> {
        let unusable = || StoreError::Folder(folder.display().to_string());
        let absolute = std::path::absolute(folder).map_err(|_| unusable())?;
        let prefix = Path::from_absolute_path(absolute).map_err(|_| unusable())?;
        Ok(Self::new(Some(Arc::new(LocalFileSystem::new())), prefix, options))
    }

    /// Keeps everything under `prefix` of `objects`.
    pub fn objects(objects: Arc<dyn ObjectStore>, prefix: Path, options: StoreOptions) -> Self {
        Self::new(Some(objects), prefix, options)
    }

    /// Keeps what fits into memory, until the program ends.
    pub fn memory(options: StoreOptions) -> Self {
        Self::new(None, Path::default(), options)
    }

    fn new(objects: Option<Arc<dyn ObjectStore>>, prefix: Path, options: StoreOptions) -> Self {
        let clip_weight = |_: &ClipName, clip: &Bytes| u32::try_from(clip.len() + 128).unwrap_or(u32::MAX);
        let notice_weight = |_: &NoticeId, json: &Bytes| u32::try_from(json.len() + 128).unwrap_or(u32::MAX);
        Self {
            objects,
            prefix,
            clips: sync::Cache::builder().max_capacity(options.clip_bytes).weigher(clip_weight).build(),
            held: future::Cache::builder().max_capacity(options.notice_bytes).weigher(notice_weight).build(),
            health: Health::new(options.retry),
            patience: options.patience,
        }
    }

    /// The file of a clip if it is in memory. Waits for nothing.
    pub fn hot(&self, name: ClipName) -> Option<Bytes> {
        self.clips.get(&name)
    }

    /// The file of a clip, from memory or from its object; none when there is none or the object is damaged.
    pub async fn clip(&self, name: ClipName) -> Option<Bytes> {
        if let Some(clip) = self.hot(name) {
            return Some(clip);
        }
        let path = self.clip_path(name);
        let sealed = self.get(&path).await.ok()??;
        let Some(clip) = seal::open(sealed) else {
            tracing::warn!(clip = %name, "a damaged clip was thrown away");
            self.delete(&path).await;
            return None;
        };
        self.clips.insert(name, clip.clone());
        Some(clip)
    }

    /// Bytes of the file of a clip, without reading it; none when there is no such file.
    pub async fn clip_len(&self, name: ClipName) -> Option<u64> {
        if let Some(clip) = self.hot(name) {
            return Some(clip.len() as u64);
        }
        let path = self.clip_path(name);
        let objects = self.objects.as_ref()?;
        let meta = tokio::time::timeout(self.patience, objects.head(&path)).await.ok()?.ok()?;
        meta.size.checked_sub(seal::LEN as u64)
    }

    /// Puts the file of a clip into memory, where [`Store::clip`] finds it from now on.
    pub fn hold_clip(&self, name: ClipName, clip: Bytes) {
        self.clips.insert(name, clip);
    }

    /// Writes the file of a clip to its object. A failed write is told by [`Store::health`]; the clip can be
    /// made again.
    pub async fn save_clip(&self, name: ClipName, clip: &Bytes) {
        self.put(&self.clip_path(name), seal::close(clip)).await;
    }

    /// The notice that was saved under `id`.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it may be there but could not be read.
    pub async fn notice(&self, id: NoticeId) -> Result<Option<Bytes>, StoreError> {
        match self.held.get(&id).await {
            Some(json) => Ok(Some(json)),
            None => self.get(&self.notice_path(id)).await,
        }
    }

    /// Saves a notice; whether it is safe now. While that fails it is held in memory and written as soon as
    /// writing works again.
    pub async fn save_notice(&self, id: NoticeId, json: Bytes) -> bool {
        let saved = self.put(&self.notice_path(id), json.clone()).await;
        if !saved {
            self.held.insert(id, json).await;
        }
        saved
    }

    /// Whether writing works. While it does not, asking is what tries again.
    pub async fn health(&self) -> StoreHealth {
        if self.writable().await { StoreHealth::Working } else { StoreHealth::Failing }
    }

    /// Learns whether writing works before the first clip needs it; writes what was held when it does.
    pub async fn probe(&self) {
        let path = self.prefix.clone().join("probe");
        let probed = self.write(&path, Bytes::from_static(&[0; PROBE])).await;
        self.delete(&path).await;
        match probed {
            Ok(()) if self.health.worked() => self.save_held().await,
            Ok(()) => {}
            Err(why) => self.health.failed(&why),
        }
    }

    fn clip_path(&self, name: ClipName) -> Path {
        let name = name.to_string();
        let shelf = name.get(..2).unwrap_or_default().to_owned();
        self.prefix.clone().join("clips").join(shelf).join(name)
    }

    fn notice_path(&self, id: NoticeId) -> Path {
        self.prefix.clone().join("notices").join(format!("{id}.json"))
    }

    async fn get(&self, path: &Path) -> Result<Option<Bytes>, StoreError> {
        let Some(objects) = &self.objects else { return Ok(None) };
        let read = async { objects.get(path).await?.bytes().await };
        match tokio::time::timeout(self.patience, read).await {
            Ok(Ok(bytes)) => Ok(Some(bytes)),
            Ok(Err(object_store::Error::NotFound { .. })) => Ok(None),
            Ok(Err(_)) | Err(_) => Err(StoreError::Unreadable),
        }
    }

    /// Writes one object; whether it is safe now.
    async fn put(&self, path: &Path, bytes: Bytes) -> bool {
        if self.objects.is_none() || !self.writable().await {
            return false;
        }
        let written = self.write(path, bytes).await;
        if let Err(why) = &written {
            self.health.failed(why);
        }
        written.is_ok()
    }

    /// Whether writing works as far as is known; what failed a while ago is probed first, because on a
    /// disk that is all but full small writes work and large ones do not.
    async fn writable(&self) -> bool {
        if self.health.is_due() {
            self.probe().await;
        }
        !self.health.is_failing()
    }

    async fn save_held(&self) {
        for (id, json) in self.held.iter() {
            match self.write(&self.notice_path(*id), json).await {
                Ok(()) => self.held.invalidate(&*id).await,
                Err(why) => return self.health.failed(&why),
            }
        }
    }

    /// `object_store` stages beside the target and renames, so that no reader ever sees half a file.
    async fn write(&self, path: &Path, bytes: Bytes) -> Result<(), String> {
        let Some(objects) = &self.objects else { return Ok(()) };
        match tokio::time::timeout(self.patience, objects.put(path, bytes.into())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(why)) => Err(why.to_string()),
            Err(_) => Err("it takes too long".to_owned()),
        }
    }

    async fn delete(&self, path: &Path) {
        if let Some(objects) = &self.objects {
            // A damaged clip that cannot be deleted is found damaged again: nothing is lost.
            let _ = tokio::time::timeout(self.patience, objects.delete(path)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use object_store::memory::InMemory;

    use super::*;

    fn name(n: u8) -> ClipName {
        ClipName::wav(format!("{n:02x}").repeat(32).parse().unwrap())
    }

    fn clip(n: u8) -> Bytes {
        vec![n; 1000].into()
    }

    fn impatient() -> StoreOptions {
        StoreOptions { retry: Duration::ZERO, ..StoreOptions::default() }
    }

    #[tokio::test]
    async fn what_was_saved_is_found_by_the_next_store() {
        let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let first = Store::objects(objects.clone(), Path::default(), impatient());
        first.save_clip(name(1), &clip(1)).await;
        first.save_notice(NoticeId::new([7; 16]), Bytes::from_static(b"{}")).await;
        let second = Store::objects(objects, Path::default(), impatient());
        assert_eq!(second.clip_len(name(1)).await, Some(1000));
        assert_eq!(second.clip(name(1)).await, Some(clip(1)));
        assert_eq!(second.clip(name(2)).await, None);
        assert_eq!(second.notice(NoticeId::new([7; 16])).await, Ok(Some(Bytes::from_static(b"{}"))));
        assert_eq!(second.notice(NoticeId::new([8; 16])).await, Ok(None));
    }

    #[tokio::test]
    async fn a_damaged_clip_is_no_clip() {
        let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let store = Store::objects(objects.clone(), Path::default(), impatient());
        store.save_clip(name(1), &clip(1)).await;
        let path = store.clip_path(name(1));
        let whole = store.get(&path).await.unwrap().unwrap();
        let mut flipped = whole.to_vec();
        flipped[500] ^= 1;
        for bad in [whole.slice(..900), whole.slice(..whole.len() - 1), Bytes::new(), flipped.into()] {
            objects.put(&path, bad.into()).await.unwrap();
            assert_eq!(store.clip(name(1)).await, None);
            assert_eq!(store.clip_len(name(1)).await, None, "it is gone");
        }
    }

    #[tokio::test]
    async fn memory_is_bounded() {
        let store = Store::memory(StoreOptions { clip_bytes: 10_000, ..StoreOptions::default() });
        for n in 0..100 {
            store.hold_clip(name(n), clip(n));
        }
        store.clips.run_pending_tasks();
        assert!(store.clips.weighted_size() <= 10_000);
        assert!(store.clips.entry_count() > 0);
        assert_eq!(store.health().await, StoreHealth::Working);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_left_alone_until_it_can() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("data");
        std::fs::write(&folder, b"a file where the folder should be").unwrap();
        let store = Store::folder(&folder, impatient()).unwrap();
        let id = NoticeId::new([7; 16]);

        store.save_notice(id, Bytes::from_static(b"{}")).await;
        store.hold_clip(name(1), clip(1));
        store.save_clip(name(1), &clip(1)).await;
        assert_eq!(store.health().await, StoreHealth::Failing);
        assert_eq!(store.clip(name(1)).await, Some(clip(1)), "memory goes on");
        assert_eq!(store.notice(id).await, Ok(Some(Bytes::from_static(b"{}"))));
        assert_eq!(store.notice(NoticeId::new([8; 16])).await, Err(StoreError::Unreadable));

        std::fs::remove_file(&folder).unwrap();
        assert_eq!(store.health().await, StoreHealth::Working);
        let again = Store::folder(&folder, impatient()).unwrap();
        assert_eq!(again.notice(id).await, Ok(Some(Bytes::from_static(b"{}"))), "it was written late");

        std::fs::remove_dir_all(&folder).unwrap();
        store.save_clip(name(1), &clip(1)).await;
        assert_eq!(store.health().await, StoreHealth::Working, "a folder that vanished is made again");
        assert!(folder.join("clips/01").is_dir());
    }
}
