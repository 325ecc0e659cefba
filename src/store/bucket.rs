//! A bucket that several processes share, asked with little patience.
//!
//! 1. [`BucketOptions`] say which bucket, and who asks;
//! 2. who waits for an answer waits a second at most, and after a failure nobody asks for a while: one task tries
//!    whether it works again;
//! 3. a clip is written only where there is none ([`Bucket::create`]), so that one of two that were made at the
//!    same time is everybody's;
//! 4. what is not there is not asked for again at once: a clip is looked for several times before it is made.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use moka::sync::Cache;
use object_store::PutPayload;
use tokio::{sync::Notify, time::timeout};

use super::{
    ClipName,
    disk::{Disk, DiskError},
    health::Health,
    place::Place,
    seal,
};

/// Which bucket, and who asks.
#[derive(Clone, Default)]
pub struct BucketOptions {
    /// Name of the bucket.
    pub bucket: String,
    /// Address of the server (`https://s3.example.gov.cn`); that of AWS in the region when not given.
    pub endpoint: Option<String>,
    /// Region; `us-east-1` when not given.
    pub region: Option<String>,
    /// Folder of the bucket that everything lies in; the top when empty.
    pub prefix: String,
    /// Name of the access key.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: String,
    /// Whether the server may be asked without encryption.
    pub allow_http: bool,
}

/// Without the key: this may come into a log.
impl fmt::Debug for BucketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BucketOptions")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("prefix", &self.prefix)
            .field("allow_http", &self.allow_http)
            .finish_non_exhaustive()
    }
}

/// Who only wants to know how long a clip is waits no longer than this, and after that nobody looks for as long
/// as [`UNSEEN`].
const GLANCE: Duration = Duration::from_millis(250);

/// So long it is remembered that an object was not there.
const UNSEEN: Duration = Duration::from_secs(1);

/// How many objects are remembered as not there.
const MOST_UNSEEN: u64 = 16_384;

/// What is written to learn whether writing works.
const PROBE: &[u8] = b"langdu\n";

pub(super) struct Bucket {
    name: String,
    disk: Arc<Disk>,
    health: Health,
    /// How long somebody waits who is waited for.
    patience: Duration,
    unseen: Cache<Place, ()>,
    /// Before this nobody takes a glance.
    glance_after: Mutex<Option<Instant>>,
    /// Whether the server refuses to write over what is there, when told so.
    creates: AtomicBool,
    /// Told when the bucket begins to fail.
    call: Arc<Notify>,
}

impl Bucket {
    pub(super) fn new(name: &str, disk: Disk, patience: Duration, call: Arc<Notify>) -> Self {
        let health = Health::new(Duration::ZERO, format!("the bucket {name}"), "memory and the data folder");
        let unseen = Cache::builder().max_capacity(MOST_UNSEEN).time_to_live(UNSEEN).build();
        Self {
            name: name.to_owned(),
            disk: Arc::new(disk),
            health,
            patience,
            unseen,
            glance_after: Mutex::new(None),
            creates: AtomicBool::new(true),
            call,
        }
    }

    pub(super) fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    pub(super) fn is_failing(&self) -> bool {
        self.health.is_failing()
    }

    /// What is wrong, in words for those who may know nothing of its address; none while it works.
    pub(super) fn trouble(&self) -> Option<String> {
        let why = match self.health.why()? {
            DiskError::Other(_) => "it cannot be reached, or answers with an error".to_owned(),
            why => why.to_string(),
        };
        Some(format!(
            "the bucket {} cannot be used ({why}): clips and notices live in memory and the data folder",
            self.name
        ))
    }

    /// All of an object.
    pub(super) async fn get(&self, place: Place) -> Result<Bytes, DiskError> {
        if self.unseen.contains_key(&place) {
            return Err(DiskError::Missing);
        }
        self.seen(place, self.waited_for(self.disk.get(place)).await)
    }

    /// Bytes of an object, if that is soon told.
    pub(super) async fn glance(&self, place: Place) -> Result<u64, DiskError> {
        if self.unseen.contains_key(&place) {
            return Err(DiskError::Missing);
        }
        let closed = |after: &mut Option<Instant>| after.is_some_and(|at| Instant::now() < at);
        if self.is_failing() || closed(&mut self.glance_after()) {
            return Err(DiskError::Slow);
        }
        let Ok(found) = timeout(GLANCE, self.disk.len(place)).await else {
            *self.glance_after() = Some(Instant::now() + UNSEEN);
            return Err(DiskError::Slow);
        };
        self.seen(place, self.tell(found))
    }

    /// Whether there is an object.
    pub(super) async fn has(&self, place: Place) -> bool {
        self.waited_for(self.disk.len(place)).await.is_ok()
    }

    /// Writes an object that somebody waits for.
    pub(super) async fn put(&self, place: Place, payload: PutPayload) -> Result<(), DiskError> {
        let put = async { self.disk.put(place, payload).await.map_err(wrote_badly) };
        self.waited_for(put).await
    }

    /// Writes the file of a clip, behind those who listen. None when it is there now; the file that was there
    /// before if it is another one.
    pub(super) async fn create(&self, name: ClipName, clip: &Bytes) -> Result<Option<Bytes>, DiskError> {
        let place = Place::Clip(name);
        // A second time where what was there was damaged, or gone before it could be read.
        for _ in 0..2 {
            if self.is_failing() {
                return Err(DiskError::Slow);
            }
            let made = self.tell(self.create_once(place, clip).await.map_err(wrote_badly));
            self.unseen.invalidate(&place);
            if made? {
                return Ok(None);
            }
            match self.tell(self.disk.get(place).await).map(seal::open) {
                Ok(Some(theirs)) => return Ok((theirs != clip).then_some(theirs)),
                Ok(None) => self.throw_away(name).await,
                Err(DiskError::Missing) => {}
                Err(why) => return Err(why),
            }
        }
        Err(DiskError::Damaged)
    }

    /// Removes a damaged clip, if it can be.
    pub(super) async fn throw_away(&self, name: ClipName) {
        tracing::warn!(clip = %name, "a damaged clip in the bucket was thrown away");
        if !self.is_failing() {
            self.disk.delete(Place::Clip(name)).await;
        }
    }

    /// Learns whether writing and reading works, whether the server says of what is not there that it is not, and
    /// whether it keeps what is there when it is told so.
    ///
    /// What it writes stays: other processes ask with the same object.
    pub(super) async fn probe(&self) {
        // Four questions; nobody waits for the answers.
        match timeout(4 * self.patience, self.ask()).await.unwrap_or(Err(DiskError::Slow)) {
            Ok(creates) => {
                if self.creates.swap(creates, Ordering::Relaxed) && !creates {
                    tracing::warn!(
                        bucket = self.name,
                        "the server writes over what is there: where two processes make a clip at the same time, each may send its own for a while"
                    );
                }
                self.health.worked();
            }
            Err(why) => {
                let _ = self.tell::<()>(Err(wrote_badly(why)));
            }
        }
    }

    /// Whether the server keeps what is there.
    async fn ask(&self) -> Result<bool, DiskError> {
        let payload = || PutPayload::from_static(PROBE);
        self.disk.put(Place::Probe, payload()).await?;
        let creates = match self.disk.create(Place::Probe, payload()).await {
            Err(DiskError::Unsupported) => false,
            overwritten => !overwritten?,
        };
        self.disk.get(Place::Probe).await?;
        // Some say of what is not there that it may not be read: then every new clip would look like trouble.
        match self.disk.get(Place::Absent).await {
            Ok(_) | Err(DiskError::Missing) => Ok(creates),
            Err(DiskError::Denied) => Err(DiskError::NoListing),
            Err(why) => Err(why),
        }
    }

    /// Writes an object where there is none; whether there was none, as far as the server can tell.
    async fn create_once(&self, place: Place, clip: &Bytes) -> Result<bool, DiskError> {
        if self.creates.load(Ordering::Relaxed) {
            return self.disk.create(place, seal::close(clip)).await;
        }
        match self.disk.len(place).await {
            Err(DiskError::Missing) => self.disk.put(place, seal::close(clip)).await.map(|()| true),
            found => found.map(|_| false),
        }
    }

    /// Waits for what somebody waits for, and does not even begin where it failed a moment ago.
    async fn waited_for<T>(&self, work: impl Future<Output = Result<T, DiskError>>) -> Result<T, DiskError> {
        if self.is_failing() {
            return Err(DiskError::Slow);
        }
        self.tell(timeout(self.patience, work).await.unwrap_or(Err(DiskError::Slow)))
    }

    /// Tells the health of a failure, and the first time who tries again.
    fn tell<T>(&self, done: Result<T, DiskError>) -> Result<T, DiskError> {
        if let Err(why) = &done
            && *why != DiskError::Missing
            && self.health.failed(why)
        {
            self.call.notify_one();
        }
        done
    }

    /// Remembers that a clip was not there.
    fn seen<T>(&self, place: Place, found: Result<T, DiskError>) -> Result<T, DiskError> {
        if matches!((place, &found), (Place::Clip(_), Err(DiskError::Missing))) {
            self.unseen.insert(place, ());
        }
        found
    }

    fn glance_after(&self) -> MutexGuard<'_, Option<Instant>> {
        self.glance_after.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where an object that is written is not found, the bucket is not.
fn wrote_badly(why: DiskError) -> DiskError {
    if why == DiskError::Missing { DiskError::NoBucket } else { why }
}
