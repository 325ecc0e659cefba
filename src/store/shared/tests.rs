//! What the store promises with a bucket that does what a real server cannot be told to do.
#![allow(clippy::unwrap_used)]

use std::{
    fmt, fs,
    path::Path as FsPath,
    sync::atomic::{AtomicU8, AtomicUsize, Ordering},
    time::Instant,
};

use futures::{future::BoxFuture, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutResult, Result, memory::InMemory, path::Path,
};

use super::*;
use crate::store::{BucketOptions, Store, StoreHealth, StoreOptions};

/// What a bucket does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Mood {
    Works,
    Fails,
    Hangs,
    /// Writes over what is there, whatever it is told.
    Overwrites,
    /// Does not know how to write only where there is nothing.
    KnowsNoCreate,
    /// Is not there.
    Missing,
    /// Writes, but only when nobody waits any more.
    Dawdles,
    /// Removes nothing.
    Keeps,
    /// Says of what is not there that it may not be read.
    Hides,
}

/// A bucket in memory, with a mood.
#[derive(Debug)]
struct Moody {
    objects: InMemory,
    mood: AtomicU8,
    /// Requests for what there may be of clips and notices.
    reads: AtomicUsize,
}

impl Moody {
    fn new(mood: Mood) -> Arc<Self> {
        let (mood, reads) = (AtomicU8::new(mood as u8), AtomicUsize::new(0));
        Arc::new(Self { objects: InMemory::new(), mood, reads })
    }

    fn is(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::Relaxed);
    }

    fn mood(&self) -> Mood {
        let moods = [
            Mood::Works,
            Mood::Fails,
            Mood::Hangs,
            Mood::Overwrites,
            Mood::KnowsNoCreate,
            Mood::Missing,
            Mood::Dawdles,
            Mood::Keeps,
            Mood::Hides,
        ];
        moods[usize::from(self.mood.load(Ordering::Relaxed))]
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::Relaxed)
    }

    async fn answers(&self) -> Result<()> {
        match self.mood() {
            Mood::Fails => Err(Error::Generic { store: "moody", source: "it was told to".into() }),
            Mood::Hangs => std::future::pending().await,
            Mood::Dawdles => {
                tokio::time::sleep(6 * PATIENCE).await;
                Ok(())
            }
            Mood::Missing => Err(Error::NotFound { path: "b".to_owned(), source: "it is not there".into() }),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Moody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("moody")
    }
}

// Written as the macro of the trait would write it, which is no dependency of ours.
impl ObjectStore for Moody {
    fn put_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        payload: PutPayload,
        mut opts: PutOptions,
    ) -> BoxFuture<'f, Result<PutResult>>
    where
        's: 'f,
        'p: 'f,
    {
        Box::pin(async move {
            self.answers().await?;
            match (self.mood(), &opts.mode) {
                (Mood::KnowsNoCreate, PutMode::Create) => {
                    let (operation, implementer) = ("create".to_owned(), "moody".to_owned());
                    return Err(Error::NotImplemented { operation, implementer });
                }
                (Mood::Overwrites, _) => opts.mode = PutMode::Overwrite,
                _ => {}
            }
            self.objects.put_opts(location, payload, opts).await
        })
    }

    fn put_multipart_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        opts: PutMultipartOptions,
    ) -> BoxFuture<'f, Result<Box<dyn MultipartUpload>>>
    where
        's: 'f,
        'p: 'f,
    {
        self.objects.put_multipart_opts(location, opts)
    }

    fn get_opts<'s, 'p, 'f>(
        &'s self,
        location: &'p Path,
        options: GetOptions,
    ) -> BoxFuture<'f, Result<GetResult>>
    where
        's: 'f,
        'p: 'f,
    {
        Box::pin(async move {
            if location.filename() != Some("probe") {
                self.reads.fetch_add(1, Ordering::Relaxed);
            }
            self.answers().await?;
            match (self.objects.get_opts(location, options).await, self.mood()) {
                (Err(Error::NotFound { path, source }), Mood::Hides) => {
                    Err(Error::PermissionDenied { path, source })
                }
                (found, _) => found,
            }
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        if self.mood() == Mood::Keeps {
            let refuse = |path: Result<Path>| {
                Err(Error::PermissionDenied { path: path?.to_string(), source: "it was told to".into() })
            };
            return locations.map(refuse).boxed();
        }
        self.objects.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.objects.list(prefix)
    }

    fn list_with_delimiter<'s, 'p, 'f>(
        &'s self,
        prefix: Option<&'p Path>,
    ) -> BoxFuture<'f, Result<ListResult>>
    where
        's: 'f,
        'p: 'f,
    {
        self.objects.list_with_delimiter(prefix)
    }

    fn copy_opts<'s, 'a, 'b, 'f>(
        &'s self,
        from: &'a Path,
        to: &'b Path,
        options: CopyOptions,
    ) -> BoxFuture<'f, Result<()>>
    where
        's: 'f,
        'a: 'f,
        'b: 'f,
    {
        self.objects.copy_opts(from, to, options)
    }
}

const PATIENCE: Duration = Duration::from_millis(100);

fn name(n: u8) -> ClipName {
    ClipName::wav(format!("{n:02x}").repeat(32).parse().unwrap())
}

fn clip(n: u8) -> Bytes {
    vec![n; 1000].into()
}

fn notice(n: u8) -> (NoticeId, Bytes) {
    (NoticeId::new([n; 16]), format!("{{\"text\":\"{n}\"}}").into())
}

async fn store(bucket: &Arc<Moody>, folder: &FsPath) -> Store {
    bounded(bucket, folder, StoreOptions::default()).await
}

/// As above, with the bounds of `options`.
async fn bounded(bucket: &Arc<Moody>, folder: &FsPath, options: StoreOptions) -> Store {
    let options =
        StoreOptions { retry: Duration::ZERO, patience: 4 * PATIENCE, bucket_patience: PATIENCE, ..options };
    let store = Store::folder(folder, options).unwrap().before("b", bucket.clone(), "some/where", options);
    store.probe().await;
    store
}

/// The object under the name of a clip, without its seal.
async fn object(bucket: &Moody, name: ClipName) -> Option<Bytes> {
    let path =
        Place::Clip(name).parts().into_iter().fold(Path::from("some/where"), |path, part| path.join(part));
    let found = bucket.objects.get_opts(&path, GetOptions::default()).await.ok()?;
    seal::open(found.bytes().await.unwrap())
}

fn late(folder: &FsPath) -> usize {
    fs::read_dir(folder.join("late")).map_or(0, Iterator::count)
}

async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !so().await {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn the_first_clip_is_everybodys_in_memory_and_in_the_folder() {
    for mood in [Mood::Works, Mood::Overwrites, Mood::KnowsNoCreate] {
        let bucket = Moody::new(mood);
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let first = store(&bucket, folders[0].path()).await;
        let second = store(&bucket, folders[1].path()).await;
        assert_eq!(second.trouble(), None, "{mood:?} is no trouble");
        for (store, bytes) in [(&first, clip(1)), (&second, clip(2))] {
            store.hold_clip(name(1), bytes.clone());
            store.save_clip(name(1), &bytes).await;
        }
        assert_eq!(second.hot(name(1)), Some(clip(1)), "{mood:?}");
        assert_eq!(object(&bucket, name(1)).await, Some(clip(1)), "{mood:?}");
        drop(second);
        bucket.is(Mood::Fails);
        let second = store(&bucket, folders[1].path()).await;
        assert_eq!(second.clip(name(1)).await, Some(clip(1)), "{mood:?}: the folder has it");
        assert_eq!(late(folders[1].path()), 0);
    }
}

#[tokio::test]
async fn what_is_replaced_is_replaced_for_everybody() {
    let bucket = Moody::new(Mood::Works);
    let (near, far, empty) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (store(&bucket, near.path()).await, store(&bucket, far.path()).await);
    first.save_clip(name(1), &clip(1)).await;
    second.save_clip(name(1), &clip(2)).await;
    assert_eq!(second.clip(name(1)).await, Some(clip(1)), "saving replaces nothing");

    second.hold_clip(name(1), clip(2));
    second.replace_clip(name(1), &clip(2)).await;
    assert_eq!(object(&bucket, name(1)).await, Some(clip(2)));
    assert_eq!(store(&bucket, empty.path()).await.clip(name(1)).await, Some(clip(2)));

    // While the bucket fails the folder has it, and nothing stays to be done.
    bucket.is(Mood::Fails);
    second.hold_clip(name(1), clip(3));
    second.replace_clip(name(1), &clip(3)).await;
    drop(second);
    assert_eq!(store(&bucket, far.path()).await.clip(name(1)).await, Some(clip(3)));
    assert_eq!(late(far.path()), 0);
    bucket.is(Mood::Works);
    assert_eq!(object(&bucket, name(1)).await, Some(clip(2)));
}

#[tokio::test]
async fn what_is_late_is_brought_also_by_the_next_process() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let first = store(&bucket, folder.path()).await;
    bucket.is(Mood::Fails);
    let (id, json) = notice(7);
    assert!(first.save_notice(id, json.clone()).await, "the folder keeps it");
    for n in 1..=3 {
        first.hold_clip(name(n), clip(n));
        first.save_clip(name(n), &clip(n)).await;
    }
    assert!(first.trouble().unwrap().starts_with("the bucket b cannot be used"));
    assert_eq!(first.health().await, StoreHealth::Working, "the folder works");
    assert_eq!(late(folder.path()), 4);
    drop(first);

    // One left the folder meanwhile: it can be made again.
    fs::remove_file(folder.path().join(Place::Clip(name(3)).parts().join("/"))).unwrap();
    let second = store(&bucket, folder.path()).await;
    assert_eq!(second.notice(id).await, Ok(Some(json.clone())));
    assert_eq!(second.notice(notice(8).0).await, Err(StoreError::Unreadable), "the bucket may have it");
    bucket.is(Mood::Works);
    until("nothing is late", async || late(folder.path()) == 0).await;
    assert_eq!(object(&bucket, name(1)).await, Some(clip(1)));
    assert_eq!(object(&bucket, name(2)).await, Some(clip(2)));
    assert_eq!(object(&bucket, name(3)).await, None);
    assert_eq!(second.trouble(), None);
    let elsewhere = tempfile::tempdir().unwrap();
    let other = store(&bucket, elsewhere.path()).await;
    assert_eq!(other.notice(id).await, Ok(Some(json)));
    assert!(other.keep_notice(id).await);
    assert!(!other.keep_notice(notice(9).0).await);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told_in_words() {
    let bucket = Moody::new(Mood::Missing);
    let folder = tempfile::tempdir().unwrap();
    let store = store(&bucket, folder.path()).await;
    assert!(store.trouble().unwrap().contains("(there is no such bucket)"));
    let (id, json) = notice(7);
    assert!(store.save_notice(id, json).await);
    bucket.is(Mood::Works);
    until("it is made", async || store.trouble().is_none() && late(folder.path()) == 0).await;
}

#[tokio::test]
async fn where_neither_folder_nor_bucket_can_be_written_memory_holds_it_for_both() {
    let bucket = Moody::new(Mood::Fails);
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data");
    fs::write(&folder, b"a file where the folder should be").unwrap();
    let first = store(&bucket, &folder).await;
    let (id, json) = notice(7);
    assert!(!first.save_notice(id, json.clone()).await, "it is safe nowhere");
    first.hold_clip(name(1), clip(1));
    first.save_clip(name(1), &clip(1)).await;
    assert_eq!(first.notice(id).await, Ok(Some(json.clone())));

    bucket.is(Mood::Works);
    until("the bucket has the clip", async || object(&bucket, name(1)).await.is_some()).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let other = store(&bucket, elsewhere.path()).await;
    until("the bucket has the notice", async || other.notice(id).await == Ok(Some(json.clone()))).await;
    assert!(first.save_notice(id, json).await, "now it is safe");
    assert_eq!(first.health().await, StoreHealth::Failing, "the folder still fails");
}

#[tokio::test]
async fn a_bucket_that_hangs_is_waited_for_once() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let store = store(&bucket, folder.path()).await;
    store.hold_clip(name(1), clip(1));
    store.save_clip(name(1), &clip(1)).await;
    bucket.is(Mood::Hangs);
    let started = Instant::now();
    assert_eq!(store.clip(name(1)).await, Some(clip(1)));
    assert!(started.elapsed() < PATIENCE / 2);
    assert_eq!(store.clip(name(2)).await, None, "it is made, as if it were not there");
    assert!(started.elapsed() >= PATIENCE);
    let started = Instant::now();
    for n in 3..50 {
        assert_eq!(store.clip(name(n)).await, None);
        assert_eq!(store.clip_len(name(n)).await, None);
        let (id, json) = notice(n);
        assert!(store.save_notice(id, json).await);
    }
    let reads = bucket.reads();
    println!("50 of each while it hangs: {:?}, {reads} reads", started.elapsed());
    assert!(reads <= 3, "{reads}");
    bucket.is(Mood::Works);
    until("nothing is late", async || late(folder.path()) == 0).await;
}

#[tokio::test]
async fn what_is_not_there_is_asked_for_once_and_a_second_later_again() {
    let bucket = Moody::new(Mood::Works);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = store(&bucket, folders[0].path()).await;
    let second = store(&bucket, folders[1].path()).await;
    for _ in 0..3 {
        assert_eq!(second.clip_len(name(1)).await, None);
        assert_eq!(second.clip(name(1)).await, None);
    }
    assert_eq!(bucket.reads(), 1);
    first.save_clip(name(1), &clip(1)).await;
    until("it is found", async || second.clip(name(1)).await == Some(clip(1))).await;
    assert_eq!(second.clip_len(name(1)).await, Some(1000));
}

#[tokio::test]
async fn the_truth_is_the_bucket_where_there_is_one() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let shared = store(&bucket, folder.path()).await;
    shared.truth().unwrap().put(Place::Notice(notice(1).0), PutPayload::from_static(b"x")).await.unwrap();
    let alone = Store::folder(folder.path(), StoreOptions::default()).unwrap();
    let found = alone.truth().unwrap().get(Place::Notice(notice(1).0)).await;
    assert_eq!(found, Err(DiskError::Missing));
    assert!(Store::memory(StoreOptions::default()).truth().is_none());
}

#[tokio::test]
async fn a_write_that_lands_after_a_withdrawal_takes_back_what_it_wrote() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(store(&bucket, folder.path()).await);
    let (id, json) = notice(7);
    let at = |place: Place| folder.path().join(place.parts().join("/"));
    bucket.is(Mood::Dawdles);
    let saving = store.clone();
    let saved = tokio::spawn(async move {
        tokio::join!(saving.save_notice(id, json), async {
            saving.hold_clip(name(1), clip(1));
            saving.save_clip(name(1), &clip(1)).await;
        })
    });
    let disk = store.shared.as_ref().unwrap().bucket().disk();
    until("both are under way", async || disk.writes_under_way() >= 2).await;
    bucket.is(Mood::Works);
    store.withdraw_notice(id).await.unwrap();
    store.withdraw_clip(name(1).key).await.unwrap();
    saved.await.unwrap();
    until("nothing is late", async || late(folder.path()) == 0 && disk.writes_under_way() == 0).await;
    assert_eq!(object(&bucket, name(1)).await, None, "the bucket has the clip again");
    assert_eq!(disk.get(Place::Notice(id)).await, Err(DiskError::Missing), "the bucket has the notice again");
    assert!(!at(Place::Clip(name(1))).exists() && !at(Place::Notice(id)).exists(), "the folder has them");
    assert_eq!((store.clip(name(1)).await, store.notice(id).await), (None, Ok(None)));
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_is_no_notice_that_never_was() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let store = store(&bucket, folder.path()).await;
    let (id, json) = notice(7);
    assert_eq!(store.notice(id).await, Ok(None));
    fs::remove_dir_all(folder.path().join("notices")).ok();
    fs::write(folder.path().join("notices"), b"a file where the folder should be").unwrap();
    assert_eq!(store.notice(id).await, Err(StoreError::Unreadable));
    store.save_notice(id, json.clone()).await;
    assert_eq!(store.notice(id).await, Ok(Some(json)));
}

#[tokio::test]
async fn what_cannot_be_removed_from_the_folder_is_removed_from_the_bucket() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let store = store(&bucket, folder.path()).await;
    store.save_clip(name(1), &clip(1)).await;
    assert_eq!(object(&bucket, name(1)).await, Some(clip(1)));
    fs::remove_dir_all(folder.path().join("clips")).unwrap();
    fs::write(folder.path().join("clips"), b"a file where the folder should be").unwrap();
    assert_eq!(store.withdraw_clip(name(1).key).await, Err(StoreError::Unwritable));
    assert_eq!(object(&bucket, name(1)).await, None);
}

#[tokio::test]
async fn what_is_published_in_the_bucket_stays_in_the_folder_until_it_is_known() {
    let (bucket, folder) = (Moody::new(Mood::Works), tempfile::tempdir().unwrap());
    let kept = |n| folder.path().join(Place::Clip(name(n)).parts().join("/")).exists();
    let options = StoreOptions { clip_disk: 4 * 4096, ..StoreOptions::default() };
    let store = bounded(&bucket, folder.path(), options).await;
    for n in 1..=8 {
        store.save_clip(name(n), &clip(n)).await;
    }
    let keeper = store.keeper().unwrap();
    keeper.settled().await;
    assert!((1..=8).all(kept), "nobody knows yet what may go");
    store.pin(notice(7).0, &[crate::store::prefix(name(1).key)]);
    store.pins_are_known();
    keeper.settled().await;
    assert!(kept(1) && (2..=8).filter(|n| kept(*n)).count() <= 3);
    drop(store);

    // A bucket that is away for long does not fill the disk.
    let store = bounded(&bucket, folder.path(), options).await;
    for n in 11..=30 {
        store.save_clip(name(n), &clip(n)).await;
        store.keeper().unwrap().settled().await;
        assert!(store.size().on_disk.unwrap().0 <= 9 * 4096);
    }
}

#[tokio::test]
async fn a_notice_that_the_bucket_does_not_have_yet_does_not_make_room() {
    let (bucket, folder) = (Moody::new(Mood::Works), tempfile::tempdir().unwrap());
    let options = StoreOptions { notice_disk: 2 * 4096, ..StoreOptions::default() };
    let store = bounded(&bucket, folder.path(), options).await;
    store.pins_are_known();
    bucket.is(Mood::Fails);
    for n in 1..=6 {
        let (id, json) = notice(n);
        assert!(store.save_notice(id, json).await);
    }
    store.keeper().unwrap().settled().await;
    assert!((1..=6).all(|n| folder.path().join(Place::Notice(notice(n).0).parts().join("/")).exists()));
    bucket.is(Mood::Works);
    until("nothing is late", async || late(folder.path()) == 0).await;
    for n in 1..=6 {
        assert_eq!(store.notice(notice(n).0).await, Ok(Some(notice(n).1)));
    }
}

#[tokio::test]
async fn a_damaged_clip_that_cannot_be_replaced_is_given_up() {
    let bucket = Moody::new(Mood::Works);
    let folder = tempfile::tempdir().unwrap();
    let store = store(&bucket, folder.path()).await;
    let disk = store.shared.as_ref().unwrap().bucket().disk();
    disk.put(Place::Clip(name(1)), PutPayload::from_static(b"damaged, and long enough for a seal"))
        .await
        .unwrap();
    bucket.is(Mood::Keeps);
    store.save_clip(name(1), &clip(1)).await;
    until("nothing is late", async || late(folder.path()) == 0).await;
    let reads = bucket.reads();
    tokio::time::sleep(LEISURE + PATIENCE).await;
    assert_eq!(bucket.reads(), reads, "it is tried again and again");
    assert_eq!(store.clip(name(1)).await, Some(clip(1)), "the folder has it");
}

#[tokio::test]
async fn a_bucket_that_hides_what_is_not_there_is_told_and_left_alone() {
    let bucket = Moody::new(Mood::Hides);
    let folder = tempfile::tempdir().unwrap();
    let store = store(&bucket, folder.path()).await;
    for n in 1..20 {
        assert!(store.trouble().unwrap().contains("ListBucket"));
        assert_eq!(store.clip(name(n)).await, None);
    }
    tokio::time::sleep(LEISURE + PATIENCE).await;
    assert!(store.trouble().is_some());
    assert_eq!(bucket.reads(), 0);
    bucket.is(Mood::Works);
    until("it is allowed", async || store.trouble().is_none()).await;
}

#[cfg(feature = "s3")]
#[test]
fn what_cannot_be_a_bucket_is_refused_in_words_and_the_key_is_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let good = BucketOptions {
        bucket: "notices".to_owned(),
        endpoint: Some("https://s3.example.gov.cn".to_owned()),
        access_key_id: "AKEXAMPLE".to_owned(),
        secret_access_key: "very secret".to_owned(),
        ..Default::default()
    };
    let told = format!("{good:?}");
    assert!(told.contains("notices") && !told.contains("AKEX") && !told.contains("secret "), "{told}");
    let made = |options: &BucketOptions| {
        Store::shared(folder.path(), options, StoreOptions::default())
            .map(|_| ())
            .map_err(|why| why.to_string())
    };
    assert_eq!(made(&good), Ok(()));
    let plain = Some("http://s3.example.gov.cn".to_owned());
    let without = BucketOptions { endpoint: None, region: Some("eu-central-1".to_owned()), ..good.clone() };
    assert_eq!(made(&without), Ok(()));
    for (bad, words) in [
        (BucketOptions { secret_access_key: String::new(), ..good.clone() }, "access key"),
        (BucketOptions { endpoint: plain.clone(), ..good.clone() }, "unencrypted"),
        (BucketOptions { endpoint: Some("s3.example".to_owned()), ..good.clone() }, "neither"),
    ] {
        assert!(made(&bad).unwrap_err().contains(words), "{words}");
    }
    assert_eq!(made(&BucketOptions { endpoint: plain, allow_http: true, ..good }), Ok(()));
}
