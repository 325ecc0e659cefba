//! What is to be kept is written now, or later when that fails.
//!
//! Of clips that could not be written only the names are remembered: while they are in memory they are written
//! when writing works again, and those that left it are made again when somebody asks. Notices are held.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use moka::{future::Cache, policy::EvictionPolicy};
use object_store::PutPayload;
use tokio::sync::Semaphore;

use super::{
    ClipName, NoticeId, StoreOptions,
    disk::{Disk, DiskError},
    health::Health,
    hot::Hot,
    place::Place,
    seal,
};

/// Bytes that must fit before writing is said to work again: a long clip.
const PROBE: &[u8] = &[0; 1 << 20];

/// Files that are remembered to be written later: 16,384 clips, each with its marks.
const MOST_LATE: usize = 32_768;

/// Without being asked nobody tries again more often than this.
const LEISURE: Duration = Duration::from_secs(1);

pub(super) struct Writer {
    /// None in a store that lives in memory.
    disk: Option<Arc<Disk>>,
    hot: Arc<Hot>,
    /// Notices that are in no object: all of them in a store without objects, else those whose write failed.
    held: Cache<NoticeId, Bytes>,
    /// Files of clips whose write failed.
    late: Mutex<BTreeSet<ClipName>>,
    health: Health,
    /// One may learn at a time whether writing works.
    probes: Arc<Semaphore>,
    retry: Duration,
}

impl Writer {
    pub(super) fn new(disk: Option<Arc<Disk>>, hot: Arc<Hot>, options: &StoreOptions) -> Self {
        let weight = |_: &NoticeId, json: &Bytes| u32::try_from(json.len() + 128).unwrap_or(u32::MAX);
        // The newest is always let in: nobody has read it yet.
        let held = Cache::builder().eviction_policy(EvictionPolicy::lru());
        Self {
            disk,
            hot,
            held: held.max_capacity(options.notice_bytes).weigher(weight).build(),
            late: Mutex::default(),
            health: Health::new(options.retry, "the data folder", "memory"),
            probes: Arc::new(Semaphore::new(1)),
            retry: options.retry,
        }
    }

    /// Writes the file of a clip, or remembers to.
    pub(super) async fn clip(self: &Arc<Self>, name: ClipName, clip: &Bytes) {
        if self.disk.is_none() || self.put(Place::Clip(name), seal::close(clip)).await {
            return;
        }
        {
            let mut late = self.late();
            if late.len() < MOST_LATE {
                late.insert(name);
            }
        }
        if !self.health.is_failing() {
            // It works again since: nobody else would write this one.
            self.write_late_clips().await;
        }
    }

    /// Writes a notice, or holds it; whether it is written.
    pub(super) async fn notice(self: &Arc<Self>, id: NoticeId, json: Bytes) -> bool {
        if self.put(Place::Notice(id), seal::close(&json)).await {
            return true;
        }
        self.held.insert(id, json).await;
        if self.disk.is_some() && !self.health.is_failing() {
            // As above.
            return self.write_held_notices().await;
        }
        false
    }

    /// A notice that could not be written yet.
    pub(super) async fn held(&self, id: NoticeId) -> Option<Bytes> {
        self.held.get(&id).await
    }

    /// A clip that is not to be written any more.
    pub(super) fn forget_clip(&self, name: ClipName) {
        self.late().remove(&name);
    }

    /// A notice that is not to be written any more.
    pub(super) async fn forget_notice(&self, id: NoticeId) {
        self.held.invalidate(&id).await;
    }

    /// Bytes of the notices that could not be written yet.
    pub(super) fn held_bytes(&self) -> u64 {
        self.held.weighted_size()
    }

    /// Whether writing works as far as is known. Waits for nothing: what failed a while ago is probed meanwhile,
    /// by one for all who ask.
    pub(super) fn works(self: &Arc<Self>) -> bool {
        if self.health.is_due()
            && let Ok(turn) = self.probes.clone().try_acquire_owned()
        {
            let this = self.clone();
            tokio::spawn(async move {
                this.try_again().await;
                drop(turn);
            });
        }
        !self.health.is_failing()
    }

    /// Learns whether writing works.
    pub(super) async fn probe(self: &Arc<Self>) {
        let _turn = self.probes.acquire().await;
        self.try_again().await;
    }

    /// Writes as much as must fit, because on a disk that is all but full small writes work and large ones do
    /// not. When it works again, notices are written before that is said, clips after.
    async fn try_again(self: &Arc<Self>) {
        let Some(disk) = &self.disk else { return };
        let probed = disk.put(Place::Probe, PutPayload::from_static(PROBE)).await;
        disk.delete(Place::Probe).await;
        match probed {
            Ok(()) if !self.health.is_failing() => {}
            Ok(()) => {
                // Twice: one that came to be held before it was said would be written by nobody.
                if self.write_held_notices().await && self.health.worked() && self.write_held_notices().await
                {
                    self.write_late_clips().await;
                }
            }
            Err(why) => self.failed(&why),
        }
    }

    /// Writes one object; whether it is safe now.
    pub(super) async fn put(self: &Arc<Self>, place: Place, payload: PutPayload) -> bool {
        let Some(disk) = &self.disk else { return false };
        if !self.works() {
            return false;
        }
        disk.put(place, payload).await.inspect_err(|why| self.failed(why)).is_ok()
    }

    /// Writes all notices that are held; false when one could not be.
    async fn write_held_notices(self: &Arc<Self>) -> bool {
        let Some(disk) = &self.disk else { return false };
        for (id, json) in self.held.iter() {
            if let Err(why) = disk.put(Place::Notice(*id), seal::close(&json)).await {
                self.failed(&why);
                return false;
            }
            self.held.invalidate(&*id).await;
        }
        true
    }

    /// Writes the clips that are late, as far as they are in memory.
    async fn write_late_clips(self: &Arc<Self>) {
        let Some(disk) = &self.disk else { return };
        loop {
            let Some(name) = self.late().pop_first() else { return };
            let Some(clip) = self.hot.peek(name) else { continue };
            if let Err(why) = disk.put(Place::Clip(name), seal::close(&clip)).await {
                self.late().insert(name);
                return self.failed(&why);
            }
        }
    }

    /// Tells the health of a failure; the first one sees to it that somebody tries again.
    fn failed(self: &Arc<Self>, why: &DiskError) {
        if !self.health.failed(why) {
            return;
        }
        let (writer, leisure) = (Arc::downgrade(self), self.retry.max(LEISURE));
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(leisure).await;
                let Some(writer) = writer.upgrade() else { return };
                if writer.works() {
                    return;
                }
            }
        });
    }

    fn late(&self) -> MutexGuard<'_, BTreeSet<ClipName>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
