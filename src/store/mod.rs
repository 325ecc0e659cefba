//! Clips and notices at rest.
//!
//! 1. [`id`] names a notice, and the file of a clip; [`place`] says where each lies;
//! 2. [`seal`] puts a checksum behind every file, so that a damaged one is never heard;
//! 3. [`hot`] holds clips in memory, up to a bound, and answers without waiting;
//! 4. [`disk`] reads and writes objects (a folder, a bucket) with patience;
//! 5. [`writer`] writes what is to be kept, later where that fails; [`health`] decides when that is tried again,
//!    and tells the log once;
//! 6. [`keeper`] counts the files of a folder and removes those that were not used for the longest time
//!    ([`shelf`]);
//! 7. [`bucket`] is what several processes share ([`s3`] asks it), [`shared`] joins it to the folder;
//! 8. [`listed`] keeps what is published under its name, and [`pins`] sees to it that nothing of it is removed, and
//!    that nothing of what was withdrawn comes back;
//! 9. [`Store`] joins them.
//!
//! Where the objects cannot be written the service goes on from memory: clips can be made again, and
//! notices are held until the objects take them.

mod bucket;
mod disk;
mod health;
mod hot;
pub mod id;
mod keeper;
mod listed;
mod pins;
mod place;
#[cfg(feature = "s3")]
mod s3;
mod seal;
mod shared;
mod shelf;
mod writer;

#[cfg(test)]
mod tests;

use std::{path::Path as FsPath, sync::Arc, time::Duration};

use bytes::Bytes;
use moka::{future, policy::EvictionPolicy, sync};
use object_store::{ObjectStore, local::LocalFileSystem, path::Path};

pub use bucket::BucketOptions;
use disk::{Disk, DiskError};
use hot::Hot;
pub use id::{ClipName, Form, NoticeId};
use keeper::Keeper;
pub use listed::{Listed, ListedId};
use pins::Pins;
pub use pins::prefix;
use place::Place;
use shared::Shared;
use writer::Writer;

/// How much is kept where, and how patient the store is.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// Bytes of clips in memory.
    pub clip_bytes: u64,
    /// Bytes of notices that are held in memory while they can be saved nowhere.
    pub notice_bytes: u64,
    /// Bytes of disk that the clips in a folder may take; above, those go that were not used for the longest
    /// time.
    pub clip_disk: u64,
    /// Bytes of disk that the notices in a folder may take.
    pub notice_disk: u64,
    /// After a failed write nothing is written for this long.
    pub retry: Duration,
    /// How long one read or write may take.
    pub patience: Duration,
    /// How long one may take of the bucket, where somebody waits for it.
    pub bucket_patience: Duration,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            clip_bytes: 128 << 20,
            notice_bytes: 64 << 20,
            clip_disk: 8 << 30,
            notice_disk: 1 << 30,
            retry: Duration::from_secs(1),
            patience: Duration::from_secs(5),
            bucket_patience: Duration::from_secs(1),
        }
    }
}

/// Why the store gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The name of the folder cannot be used. The operator is to blame.
    #[error("{0} cannot be the data folder")]
    Folder(String),
    /// The bucket cannot be asked like this. The operator is to blame.
    #[error("{0}")]
    Bucket(String),
    /// The objects could not be read. It may be tried again.
    #[error("the data cannot be read")]
    Unreadable,
    /// The objects could not be written or removed. It may be tried again.
    #[error("the data folder cannot be written")]
    Unwritable,
}

/// Whether what is kept will still be there after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreHealth {
    /// It will, or the store was told to live in memory.
    Working,
    /// Writing fails at the moment; everything goes on from memory.
    Failing,
}

/// How much is kept, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreSize {
    /// Clips in memory.
    pub clips_in_memory: u64,
    /// Notices in memory, which could not be saved yet.
    pub notices_in_memory: u64,
    /// Clips and notices in the data folder; not known of a bucket.
    pub on_disk: Option<(u64, u64)>,
}

/// Clips and notices by name.
pub struct Store {
    hot: Arc<Hot>,
    /// Clips that are being read: many who ask for one read it once.
    loads: future::Cache<ClipName, Bytes>,
    /// The hour in which the use of a notice was last noted.
    noted: sync::Cache<NoticeId, u32>,
    disk: Option<Arc<Disk>>,
    writer: Arc<Writer>,
    shared: Option<Arc<Shared>>,
    pins: Arc<Pins>,
    /// What is published, in a store that lives in memory.
    listed: listed::InMemory,
}

/// Notices whose use is remembered as noted.
const MOST_NOTED: u64 = 16_384;

impl Store {
    /// Keeps everything under `folder`, which need not exist yet and may come and go.
    ///
    /// # Errors
    /// [`StoreError::Folder`] when `folder` is no usable name.
    pub fn folder(folder: &FsPath, options: StoreOptions) -> Result<Self, StoreError> {
        let unusable = || StoreError::Folder(folder.display().to_string());
        let absolute = std::path::absolute(folder).map_err(|_| unusable())?;
        let prefix = Path::from_absolute_path(&absolute).map_err(|_| unusable())?;
        let pins = Arc::new(Pins::new());
        let keeper = Keeper::start(&absolute, &options, pins.clone());
        let keeper = keeper.inspect_err(|why| tracing::error!(%why, "nobody keeps the data folder in order"));
        let objects = Arc::new(LocalFileSystem::new().with_fsync(true));
        Ok(Self::new(Some((objects, prefix)), keeper.ok(), options, pins))
    }

    /// Keeps everything in a bucket that other processes share, with `folder` before it: what is asked for again
    /// is read there, and while the bucket fails everything is written there.
    ///
    /// # Errors
    /// [`StoreError::Bucket`] when the bucket cannot be asked so, or this program was built without; that it does
    /// not answer is no error, but told by [`Store::trouble`]. [`StoreError::Folder`] as for [`Store::folder`].
    #[cfg_attr(not(feature = "s3"), allow(unused_variables))]
    pub fn shared(
        folder: &FsPath,
        bucket: &BucketOptions,
        options: StoreOptions,
    ) -> Result<Self, StoreError> {
        #[cfg(feature = "s3")]
        {
            let objects = s3::objects(bucket, options.patience)?;
            Ok(Self::folder(folder, options)?.before(&bucket.bucket, objects, &bucket.prefix, options))
        }
        #[cfg(not(feature = "s3"))]
        Err(StoreError::Bucket("this program was built without S3".to_owned()))
    }

    /// The store with a bucket behind it.
    #[cfg_attr(not(feature = "s3"), allow(dead_code))]
    fn before(self, name: &str, objects: Arc<dyn ObjectStore>, prefix: &str, options: StoreOptions) -> Self {
        if let Some(keeper) = self.keeper() {
            keeper.is_shared();
        }
        let objects = Disk::new(objects, Path::from(prefix), options.patience, None, self.pins.clone());
        let bucket = (name, objects, options.bucket_patience);
        let shared = Shared::new(bucket, self.disk.clone(), self.writer.clone(), self.hot.clone());
        Self { shared: Some(shared), ..self }
    }

    /// Keeps everything under `prefix` of `objects`, which has its own rules for what goes when it is full.
    pub fn objects(objects: Arc<dyn ObjectStore>, prefix: Path, options: StoreOptions) -> Self {
        Self::new(Some((objects, prefix)), None, options, Arc::new(Pins::new()))
    }

    /// Keeps what fits into memory, until the program ends.
    pub fn memory(options: StoreOptions) -> Self {
        Self::new(None, None, options, Arc::new(Pins::new()))
    }

    fn new(
        objects: Option<(Arc<dyn ObjectStore>, Path)>,
        keeper: Option<Keeper>,
        options: StoreOptions,
        pins: Arc<Pins>,
    ) -> Self {
        let hot = Arc::new(Hot::new(options.clip_bytes, keeper.clone(), pins.clone()));
        let disk = objects.map(|(objects, prefix)| {
            Arc::new(Disk::new(objects, prefix, options.patience, keeper, pins.clone()))
        });
        let writer = Arc::new(Writer::new(disk.clone(), hot.clone(), &options));
        let noted = sync::Cache::builder().eviction_policy(EvictionPolicy::lru()).max_capacity(MOST_NOTED);
        // Of what was read nothing stays there: only those who wait for it get it.
        let (loads, noted) = (future::Cache::new(0), noted.build());
        Self { hot, loads, noted, disk, writer, shared: None, pins, listed: listed::InMemory::default() }
    }

    /// The file of a clip if it is in memory. Waits for nothing.
    pub fn hot(&self, name: ClipName) -> Option<Bytes> {
        self.hot.get(name)
    }

    /// The file of a clip, from memory or from its object; none when there is none or the object is damaged.
    pub async fn clip(&self, name: ClipName) -> Option<Bytes> {
        if let Some(clip) = self.hot(name) {
            return Some(clip);
        }
        self.loads.optionally_get_with(name, self.load(name)).await
    }

    /// As [`Store::clip`], but not from a bucket: for who must not wait.
    pub async fn near_clip(&self, name: ClipName) -> Option<Bytes> {
        match self.hot(name) {
            Some(clip) => Some(clip),
            None => self.load_from_folder(name).await,
        }
    }

    /// Bytes of the file of a clip, without reading it; none when there is no such file.
    pub async fn clip_len(&self, name: ClipName) -> Option<u64> {
        if let Some(clip) = self.hot.peek(name) {
            return Some(clip.len() as u64);
        }
        let place = Place::Clip(name);
        if self.pins.is_gone(place) {
            return None;
        }
        let len = match self.disk.as_ref()?.len(place).await {
            Ok(len) => len,
            Err(_) => self.shared.as_ref()?.bucket().glance(place).await.ok()?,
        };
        len.checked_sub(seal::LEN as u64)
    }

    /// Puts the file of a clip into memory, where [`Store::clip`] finds it from now on; not one that was withdrawn.
    pub fn hold_clip(&self, name: ClipName, clip: Bytes) {
        self.hot.insert(name, clip);
    }

    /// Writes the file of a clip to its object. A failed write is told by [`Store::health`]; the clip is written
    /// later if it is in memory then, and can be made again if not.
    ///
    /// Where another process was the first to put this clip into the bucket, that one is found from now on.
    pub async fn save_clip(&self, name: ClipName, clip: &Bytes) {
        if self.pins.is_gone(Place::Clip(name)) {
            return;
        }
        match &self.shared {
            Some(shared) => shared.save_clip(name, clip).await,
            None => self.writer.clip(name, clip).await,
        }
        self.remove_if_gone(name).await;
    }

    /// As [`Store::save_clip`], but in place of what is there, in a bucket too: for what was read and cannot be used.
    pub async fn replace_clip(&self, name: ClipName, clip: &Bytes) {
        if self.pins.is_gone(Place::Clip(name)) {
            return;
        }
        match &self.shared {
            Some(shared) => shared.replace_clip(name, clip).await,
            None => self.writer.clip(name, clip).await,
        }
        self.remove_if_gone(name).await;
    }

    /// The notice that was saved under `id`; none when there is none or it is damaged.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it may be there but could not be read.
    pub async fn notice(&self, id: NoticeId) -> Result<Option<Bytes>, StoreError> {
        if let Some(json) = self.writer.held(id).await {
            return Ok(Some(json));
        }
        let near = self.notice_of_folder(id).await;
        match (&self.shared, near) {
            (None, near) | (_, near @ Ok(Some(_))) => near,
            // What the bucket does not have may still be in a folder that could not be read.
            (Some(shared), near) => match shared.notice(id).await {
                Ok(None) => near,
                found => found,
            },
        }
    }

    /// Saves a notice; whether it is safe now. While that fails it is held in memory and written as soon as
    /// writing works again.
    pub async fn save_notice(&self, id: NoticeId, json: Bytes) -> bool {
        self.pins.welcome_notice(id);
        let saved = match &self.shared {
            Some(shared) => shared.save_notice(id, json).await,
            None => self.writer.notice(id, json).await,
        };
        // It may have been withdrawn meanwhile; what was written takes back by itself.
        if self.pins.is_gone(Place::Notice(id)) {
            self.writer.forget_notice(id).await;
        }
        saved
    }

    /// Somebody uses a notice without reading it here: it does not go as one that nobody uses. Waits for nothing.
    pub fn use_notice(&self, id: NoticeId) {
        let Some(keeper) = self.keeper() else { return };
        let hour = keeper.hour();
        if self.noted.get(&id) != Some(hour) && Place::of_notice(id).into_iter().all(|at| keeper.used(at)) {
            self.noted.insert(id, hour);
        }
    }

    /// Somebody counts on a notice that was saved before: it does not go as one that nobody uses, as
    /// [`Store::use_notice`], but that is sure when this has answered. False when it is not there (any more), or
    /// that cannot be told: then it is to be saved again.
    pub async fn keep_notice(&self, id: NoticeId) -> bool {
        let Some(disk) = &self.disk else { return false };
        // Withdrawn: what is still there may be on its way out.
        if self.pins.is_gone(Place::Notice(id)) {
            return false;
        }
        for place in Place::of_notice(id) {
            if disk.keep(place).await == Ok(true) {
                return true;
            }
        }
        match &self.shared {
            Some(shared) => shared.bucket().has(Place::Notice(id)).await,
            None => false,
        }
    }

    /// What is wrong with the bucket, in words for anyone; none while it works, or where there is none.
    pub fn trouble(&self) -> Option<String> {
        self.shared.as_ref()?.bucket().trouble()
    }

    /// Where everything is that all processes must agree on: the bucket, or the folder where there is none.
    ///
    /// What is kept there is asked with the patience of a disk, for whoever reads it rarely and ahead.
    fn truth(&self) -> Option<&Arc<Disk>> {
        match &self.shared {
            Some(shared) => Some(shared.bucket().disk()),
            None => self.disk.as_ref(),
        }
    }

    /// Whether writing works as far as is known. While it does not, asking is what has it tried again; the answer
    /// does not wait for that.
    pub async fn health(&self) -> StoreHealth {
        if self.writer.works() { StoreHealth::Working } else { StoreHealth::Failing }
    }

    /// How much is kept, as far as is known without looking.
    pub fn size(&self) -> StoreSize {
        StoreSize {
            clips_in_memory: self.hot.bytes(),
            notices_in_memory: self.writer.held_bytes(),
            on_disk: self.keeper().map(Keeper::bytes),
        }
    }

    /// Learns whether writing works before the first clip needs it; writes what was held when it does.
    pub async fn probe(&self) {
        match &self.shared {
            Some(shared) => drop(tokio::join!(self.writer.probe(), shared.probe())),
            None => self.writer.probe().await,
        }
    }

    /// Reads a clip into memory, from the folder or else from the bucket.
    async fn load(&self, name: ClipName) -> Option<Bytes> {
        match (self.load_from_folder(name).await, &self.shared) {
            (None, Some(shared)) => {
                let clip = shared.clip(name).await;
                // It may have been withdrawn while it came.
                self.remove_if_gone(name).await;
                clip.filter(|_| !self.pins.is_gone(Place::Clip(name)))
            }
            (clip, _) => clip,
        }
    }

    /// The notice that the folder has under `id`.
    async fn notice_of_folder(&self, id: NoticeId) -> Result<Option<Bytes>, StoreError> {
        let Some(disk) = &self.disk else { return Ok(None) };
        let mut place = Place::Notice(id);
        let mut found = disk.get(place).await;
        if found == Err(DiskError::Missing) {
            place = Place::PlainNotice(id);
            found = disk.get(place).await;
        }
        let json = match found {
            Ok(json) if place == Place::PlainNotice(id) => Some(json),
            Ok(sealed) => seal::open(sealed),
            Err(DiskError::Missing) => return Ok(None),
            Err(_) => return Err(StoreError::Unreadable),
        };
        match json {
            Some(_) => disk.used(place),
            None => tracing::error!(notice = %id, "a damaged notice is as good as lost"),
        }
        Ok(json)
    }

    /// Reads a clip into memory, if its object is whole.
    async fn load_from_folder(&self, name: ClipName) -> Option<Bytes> {
        let place = Place::Clip(name);
        let disk = self.disk.as_ref()?;
        let sealed = match disk.get(place).await {
            Ok(sealed) => sealed,
            Err(DiskError::Missing) => return None,
            Err(why) => {
                tracing::warn!(clip = %name, %why, "a clip could not be read; it is made again");
                return None;
            }
        };
        let Some(clip) = seal::open(sealed) else {
            tracing::warn!(clip = %name, "a damaged clip was thrown away");
            disk.delete(place).await;
            return None;
        };
        // One that could not be removed, or is being removed.
        if self.pins.is_gone(place) {
            return None;
        }
        disk.used(place);
        self.hold_clip(name, clip.clone());
        Some(clip)
    }

    fn keeper(&self) -> Option<&Keeper> {
        self.disk.as_ref()?.keeper()
    }
}
