//! What the store promises.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::PathBuf,
    time::SystemTime,
};

use object_store::memory::InMemory;

use super::{shelf::Shelf, *};

fn name(n: u8) -> ClipName {
    ClipName::wav(format!("{n:02x}").repeat(32).parse().unwrap())
}

fn clip(n: u8) -> Bytes {
    vec![n; 1000].into()
}

fn notice(n: u8) -> (NoticeId, Bytes) {
    (NoticeId::new([n; 16]), format!("{{\"text\":\"{n}\"}}").into())
}

fn impatient() -> StoreOptions {
    StoreOptions { retry: Duration::ZERO, ..StoreOptions::default() }
}

/// A folder on a disk of memory where there is one: to sync a thousand times takes its time.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Where a file lies under a folder.
fn at(folder: &FsPath, place: Place) -> PathBuf {
    place.parts().iter().fold(folder.to_owned(), |path, part| path.join(part))
}

/// The clips below 32 of which `folder` has a file.
fn kept(folder: &FsPath) -> Vec<u8> {
    (0..32).filter(|n| at(folder, Place::Clip(name(*n))).exists()).collect()
}

/// Makes a file look as if it was last used so many hours ago.
fn age(folder: &FsPath, place: Place, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::options().write(true).open(at(folder, place)).unwrap().set_modified(then).unwrap();
}

/// Whether the use of a file was noted lately.
fn is_recent(folder: &FsPath, place: Place) -> bool {
    let used = fs::metadata(at(folder, place)).unwrap().modified().unwrap();
    used.elapsed().unwrap_or_default() < Duration::from_secs(3000)
}

/// Waits until the keeper of a folder has nothing to do.
async fn settled(store: &Store) -> (u64, u64) {
    let keeper = store.keeper().unwrap();
    keeper.settled().await;
    keeper.bytes()
}

/// A folder that the keeper has looked through: what is written while it does so may be counted twice.
async fn looked_through(folder: &std::path::Path, options: StoreOptions) -> Store {
    let store = Store::folder(folder, options).unwrap();
    settled(&store).await;
    store
}

/// Waits until it is said that writing works.
async fn works(store: &Store) {
    until("writing works", async || store.health().await == StoreHealth::Working).await;
}

async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let started = std::time::Instant::now();
    while !so().await {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
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
    let folder = tempfile::tempdir().unwrap();
    let file = at(folder.path(), Place::Clip(name(1)));
    let writer = Store::folder(folder.path(), impatient()).unwrap();
    writer.save_clip(name(1), &clip(1)).await;
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[500] ^= 1;
    for bad in [&whole[..900], &whole[..whole.len() - 1], &[], &flipped] {
        fs::write(&file, bad).unwrap();
        let store = Store::folder(folder.path(), impatient()).unwrap();
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
    let (bytes, clips) = store.hot.size();
    assert!(bytes <= 10_000 && clips > 0, "{clips} clips, {bytes} bytes");
    assert_eq!(store.health().await, StoreHealth::Working);
}

#[tokio::test]
async fn a_large_clip_is_held_however_often_small_ones_are_heard() {
    let store = Store::memory(StoreOptions { clip_bytes: 20_000, ..StoreOptions::default() });
    for n in 0..16 {
        store.hold_clip(name(n), clip(n));
    }
    for n in (0..16).cycle().take(1600) {
        store.hot(name(n));
        store.hot.size();
    }
    let large = Bytes::from(vec![7; 15_000]);
    store.hold_clip(name(20), large.clone());
    assert!(store.hot.size().0 <= 20_000);
    assert_eq!(store.hot(name(20)), Some(large));
}

#[tokio::test]
async fn what_could_not_be_written_is_written_later() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data");
    fs::write(&folder, b"a file where the folder should be").unwrap();
    let store = Store::folder(&folder, impatient()).unwrap();
    let (id, json) = notice(7);

    assert!(!store.save_notice(id, json.clone()).await, "it is not safe yet");
    for n in [1, 2] {
        store.hold_clip(name(n), clip(n));
        store.save_clip(name(n), &clip(n)).await;
    }
    assert_eq!(store.health().await, StoreHealth::Failing);
    assert_eq!(store.clip(name(1)).await, Some(clip(1)), "memory goes on");
    assert_eq!(store.notice(id).await, Ok(Some(json.clone())));
    assert_eq!(store.notice(notice(8).0).await, Err(StoreError::Unreadable));

    fs::remove_file(&folder).unwrap();
    works(&store).await;
    let again = Store::folder(&folder, impatient()).unwrap();
    assert_eq!(again.notice(id).await, Ok(Some(json)), "notices come first");
    until("the clips are written", async || kept(&folder) == [1, 2]).await;
    assert_eq!(again.clip(name(2)).await, Some(clip(2)));

    fs::remove_dir_all(&folder).unwrap();
    store.save_clip(name(3), &clip(3)).await;
    assert_eq!(store.health().await, StoreHealth::Working, "a folder that vanished is made again");
    assert_eq!(kept(&folder), [3]);
}

#[tokio::test]
async fn a_folder_that_comes_back_is_found_though_nobody_asks() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data");
    fs::write(&folder, b"a file where the folder should be").unwrap();
    let store = Store::folder(&folder, impatient()).unwrap();
    let (id, json) = notice(7);
    assert!(!store.save_notice(id, json).await);
    fs::remove_file(&folder).unwrap();
    until("it is written", async || at(&folder, Place::Notice(id)).exists()).await;
}

#[tokio::test]
async fn a_damaged_notice_is_no_notice() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    let (id, json) = notice(7);
    assert!(store.save_notice(id, json.clone()).await);
    let file = at(folder.path(), Place::Notice(id));
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[9] ^= 1;
    for bad in [&flipped[..], &whole[..json.len()], &whole[..whole.len() - 1], &[]] {
        fs::write(&file, bad).unwrap();
        assert_eq!(store.notice(id).await, Ok(None));
    }
    assert!(store.save_notice(id, json.clone()).await, "submitted again it is there again");
    assert_eq!(store.notice(id).await, Ok(Some(json)));
}

#[tokio::test]
async fn a_notice_of_an_earlier_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (id, json) = notice(7);
    let file = at(folder.path(), Place::PlainNotice(id));
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(&file, &json).unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    assert_eq!(store.notice(id).await, Ok(Some(json)));
    age(folder.path(), Place::PlainNotice(id), 100);
    store.use_notice(id);
    settled(&store).await;
    assert!(is_recent(folder.path(), Place::PlainNotice(id)), "its use is noted too");
    age(folder.path(), Place::PlainNotice(id), 100);
    assert!(store.keep_notice(id).await && is_recent(folder.path(), Place::PlainNotice(id)));
}

#[tokio::test]
async fn the_use_of_a_notice_is_noted_once_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    let place = Place::Notice(notice(7).0);
    assert!(store.save_notice(notice(7).0, notice(7).1).await);
    for (next, noted) in [(false, true), (false, false), (true, true)] {
        if next {
            store.keeper().unwrap().next_hour();
        }
        age(folder.path(), place, 100);
        store.use_notice(notice(7).0);
        settled(&store).await;
        assert_eq!(is_recent(folder.path(), place), noted);
    }
}

#[tokio::test]
async fn a_notice_that_is_kept_is_there_and_is_not_the_next_to_go() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = StoreOptions { notice_disk: 3 * 4096, ..impatient() };
    let store = looked_through(folder.path(), bounds).await;
    for n in 1..=3 {
        assert!(store.save_notice(notice(n).0, notice(n).1).await);
        age(folder.path(), Place::Notice(notice(n).0), 100 - u64::from(n));
    }
    assert!(store.keep_notice(notice(1).0).await);
    assert!(is_recent(folder.path(), Place::Notice(notice(1).0)), "without waiting for the keeper");
    assert!(store.save_notice(notice(4).0, notice(4).1).await);
    settled(&store).await;
    assert!(store.keep_notice(notice(1).0).await);
    assert!(!store.keep_notice(notice(2).0).await, "it went");
    assert!(!store.keep_notice(notice(5).0).await, "it never was");
    assert!(!Store::memory(impatient()).keep_notice(notice(1).0).await);
}

#[tokio::test]
async fn nothing_that_was_read_stays_beyond_the_bound() {
    let folder = quick_folder();
    let store = Store::folder(folder.path(), StoreOptions { clip_bytes: 0, ..impatient() }).unwrap();
    store.save_clip(name(1), &clip(1)).await;
    // As one that goes away when all is read but for the last step.
    let read = store.loads.optionally_get_with(name(1), store.load(name(1))).await;
    assert_eq!(read, Some(clip(1)));
    assert_eq!(store.loads.get(&name(1)).await, None);
}

#[tokio::test]
async fn many_who_ask_for_a_cold_clip_read_it_once() {
    let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let store = Store::objects(objects.clone(), Path::default(), impatient());
    store.save_clip(name(1), &clip(1)).await;
    let disk = store.disk.as_ref().unwrap();
    // Everybody has asked before the first read goes on: they share this one thread.
    let (answers, reads) =
        futures::join!(futures::future::join_all((0..1000).map(|_| store.clip(name(1)))), async {
            disk.reads_under_way()
        });
    assert_eq!(reads, 1);
    assert!(answers.into_iter().all(|answer| answer == Some(clip(1))));
}

#[tokio::test]
async fn a_disk_that_hangs_costs_patience_and_no_more() {
    use object_store::throttle::{ThrottleConfig, ThrottledStore};

    let hang = Duration::from_secs(3600);
    let config = ThrottleConfig { wait_get_per_call: hang, wait_put_per_call: hang, ..Default::default() };
    let objects = Arc::new(ThrottledStore::new(InMemory::new(), config));
    let patience = Duration::from_millis(20);
    let store = Store::objects(objects, Path::default(), StoreOptions { patience, ..impatient() });
    assert!(!store.save_notice(notice(7).0, notice(7).1).await);
    assert_eq!(store.notice(notice(7).0).await, Ok(Some(notice(7).1)), "it is held");
    assert_eq!(store.notice(notice(8).0).await, Err(StoreError::Unreadable));
    store.hold_clip(name(1), clip(1));
    let asked = futures::future::join_all((0..200).map(|n| store.clip(name(n))));
    let answers = asked.await;
    assert_eq!(answers.iter().flatten().collect::<Vec<_>>(), [&clip(1)], "what is hot is served");
    assert!(store.disk.as_ref().unwrap().reads_under_way() <= 64);
    assert_eq!(store.hot(name(1)), Some(clip(1)));
}

#[tokio::test]
async fn a_disk_that_hangs_blocks_nobody_once_that_is_known() {
    use object_store::throttle::{ThrottleConfig, ThrottledStore};

    let config = ThrottleConfig { wait_put_per_call: Duration::from_secs(3600), ..Default::default() };
    let objects = Arc::new(ThrottledStore::new(InMemory::new(), config));
    let patience = Duration::from_secs(1);
    let store = Store::objects(objects, Path::default(), StoreOptions { patience, ..impatient() });
    assert!(!store.save_notice(notice(7).0, notice(7).1).await);
    let started = std::time::Instant::now();
    for n in 0..20 {
        assert_eq!(store.health().await, StoreHealth::Failing);
        assert!(!store.save_notice(notice(n).0, notice(n).1).await);
        store.save_clip(name(n), &clip(n)).await;
        tokio::task::yield_now().await;
    }
    assert!(started.elapsed() < patience, "{:?}", started.elapsed());
    let hanging = store.disk.as_ref().unwrap().writes_under_way();
    assert_eq!(hanging, 2, "the first, and one who tries again");
}

#[tokio::test]
async fn what_a_crash_left_half_written_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    store.save_clip(name(1), &clip(1)).await;
    assert!(store.save_notice(notice(7).0, notice(7).1).await);
    drop(store);
    let data = folder.path();
    let staged = |place: Place, suffix: &str| {
        let mut path = at(data, place).into_os_string();
        path.push(suffix);
        PathBuf::from(path)
    };
    let left = [
        staged(Place::Clip(name(1)), "#1"),
        staged(Place::Clip(name(1)), "#12"),
        staged(Place::Notice(notice(7).0), "#1"),
        staged(Place::Probe, "#1"),
    ];
    let foreign = [
        data.join("clips/01/README"),
        data.join("clips/01/README#1"),
        data.join("clips").join(name(2).to_string()),
        data.join("clips/01").join(name(2).to_string()),
        data.join("notices").join(name(2).to_string()),
        data.join("notices/0.json"),
        data.join("notices#1"),
        staged(Place::Clip(name(1)), "#"),
        staged(Place::Clip(name(1)), "#x"),
        staged(Place::Clip(name(1)), ".bak"),
    ];
    for file in left.iter().chain(&foreign) {
        fs::write(file, b"half").unwrap();
        File::options().write(true).open(file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
    }
    let bounds = StoreOptions { clip_disk: 4096, notice_disk: 4096, ..impatient() };
    let store = Store::folder(data, bounds).unwrap();
    assert_eq!(settled(&store).await, (4096, 4096));
    assert!(left.iter().all(|file| !file.exists()));
    assert_eq!(store.clip(name(1)).await, Some(clip(1)));
    assert_eq!(store.notice(notice(7).0).await, Ok(Some(notice(7).1)));

    store.save_clip(name(3), &clip(3)).await;
    assert!(store.save_notice(notice(9).0, notice(9).1).await);
    settled(&store).await;
    assert!(kept(data).is_empty(), "the bound is very tight");
    assert!(foreign.iter().all(|file| file.exists()), "what the store did not write stays");
}

#[tokio::test]
async fn a_file_that_is_being_written_is_not_taken_for_a_left_one() {
    let folder = tempfile::tempdir().unwrap();
    let staged = folder.path().join("clips/01").join(format!("{}#1", name(1)));
    fs::create_dir_all(staged.parent().unwrap()).unwrap();
    fs::write(&staged, b"half").unwrap();
    let hour = Duration::from_secs(3600);
    Shelf::clips(folder.path(), 1, Arc::new(Pins::new())).recover(SystemTime::now() - hour).unwrap();
    assert!(staged.exists());
    Shelf::clips(folder.path(), 1, Arc::new(Pins::new())).recover(SystemTime::now() + hour).unwrap();
    assert!(!staged.exists());
}

#[tokio::test]
async fn what_was_not_used_for_the_longest_time_goes_though_the_service_was_restarted() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = StoreOptions { clip_disk: 10 * 4096, notice_disk: 10 * 4096, ..impatient() };
    let store = looked_through(folder.path(), bounds).await;
    for n in 0..10 {
        store.save_clip(name(n), &clip(n)).await;
        assert!(store.save_notice(notice(n).0, notice(n).1).await);
    }
    settled(&store).await;
    for n in 0..10 {
        age(folder.path(), Place::Clip(name(n)), 100 - u64::from(n));
        age(folder.path(), Place::Notice(notice(n).0), 100 - u64::from(n));
    }
    assert_eq!(store.clip(name(0)).await, Some(clip(0)));
    assert_eq!(store.notice(notice(2).0).await, Ok(Some(notice(2).1)));
    store.use_notice(notice(3).0);
    settled(&store).await;
    drop(store);

    let store = Store::folder(folder.path(), bounds).unwrap();
    assert_eq!(settled(&store).await, (10 * 4096, 10 * 4096), "it knows what is there");
    store.save_clip(name(10), &clip(10)).await;
    assert!(store.save_notice(notice(10).0, notice(10).1).await);
    assert_eq!(settled(&store).await, (9 * 4096, 9 * 4096));
    assert_eq!(kept(folder.path()), [0, 3, 4, 5, 6, 7, 8, 9, 10], "1 and 2 went");
    let notices = (0..11).filter(|n| at(folder.path(), Place::Notice(notice(*n).0)).exists());
    assert_eq!(notices.collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8, 9, 10], "0 and 1 went");
}

#[tokio::test]
async fn a_clip_that_is_heard_from_memory_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = StoreOptions { clip_disk: 3 * 4096, ..impatient() };
    let store = looked_through(folder.path(), bounds).await;
    for n in 0..3 {
        store.hold_clip(name(n), clip(n));
        store.save_clip(name(n), &clip(n)).await;
        age(folder.path(), Place::Clip(name(n)), 100 - u64::from(n));
    }
    store.hot(name(0)).unwrap();
    store.keeper().unwrap().next_hour();
    store.hot(name(1)).unwrap();
    settled(&store).await;
    store.save_clip(name(3), &clip(3)).await;
    settled(&store).await;
    assert_eq!(kept(folder.path()), [1, 3], "0 was heard in the hour in which it was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn while_clips_are_removed_nobody_hears_a_wrong_one() {
    let folder = quick_folder();
    let bounds = StoreOptions { clip_disk: 10 * 4096, clip_bytes: 0, ..impatient() };
    let store = Arc::new(Store::folder(folder.path(), bounds).unwrap());
    let readers: Vec<_> = (0..4)
        .map(|seed| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut random = fastrand::Rng::with_seed(seed);
                let mut heard = 0;
                for _ in 0..1000 {
                    let n = random.u8(0..30);
                    if let Some(found) = store.clip(name(n)).await {
                        assert_eq!(found, clip(n));
                        heard += 1;
                    }
                }
                heard
            })
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(9);
    for _ in 0..100 {
        let n = random.u8(0..30);
        store.save_clip(name(n), &clip(n)).await;
    }
    let heard = futures::future::join_all(readers).await.into_iter().map(|heard| heard.unwrap()).sum::<u32>();
    assert!(heard > 0);
    settled(&store).await;
    assert!(kept(folder.path()).len() <= 10);
}

#[tokio::test]
async fn a_file_that_cannot_be_removed_does_not_save_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    for n in 0..5 {
        store.save_clip(name(n), &clip(n)).await;
        age(folder.path(), Place::Clip(name(n)), 100 - u64::from(n));
    }
    // A shelf that is a link into nowhere, and a folder that has the name of a clip.
    let link = folder.path().join("clips/ff");
    #[cfg(unix)]
    std::os::unix::fs::symlink("ff", &link).unwrap();
    fs::create_dir(
        at(folder.path(), Place::Clip(name(0))).with_file_name(name(0).to_string().replace("00.", "01.")),
    )
    .unwrap();
    let shelf = Shelf::clips(folder.path(), 0, Arc::new(Pins::new()));
    let trouble = shelf.recover(SystemTime::now());
    assert_eq!(trouble.is_err(), cfg!(unix), "it is told");
    assert_eq!(shelf.bytes(), 5 * 4096);
    shelf.evict(|_, _| 2 * 4096).unwrap();
    assert_eq!(kept(folder.path()), [3, 4]);
    assert_eq!(shelf.evict(|_, _| 0).unwrap().files, 2);
}

/// A small disk of memory at `root`; false where it cannot be had.
fn mount(root: &FsPath, options: &str) -> bool {
    let mounted =
        std::process::Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(root).output();
    let mounted = mounted.is_ok_and(|output| output.status.success());
    if !mounted {
        println!("skipped: a small disk can be mounted by root only");
    }
    mounted
}

fn umount(root: &FsPath) {
    assert!(std::process::Command::new("umount").arg("-l").arg(root).status().unwrap().success());
}

#[tokio::test]
async fn a_full_disk_gives_up_old_clips_for_what_is_new_and_never_notices() {
    let root = tempfile::tempdir().unwrap();
    if !mount(root.path(), "size=8m") {
        return;
    }
    let long = |n: u8| Bytes::from(vec![n; 1 << 20]);
    let store = Store::folder(root.path(), impatient()).unwrap();
    assert!(store.save_notice(notice(1).0, notice(1).1).await);
    for n in 0..7 {
        store.save_clip(name(n), &long(n)).await;
        age(root.path(), Place::Clip(name(n)), 100 - u64::from(n));
    }
    store.save_clip(name(7), &long(7)).await;
    let (health, clips) = (store.health().await, kept(root.path()));
    let safe = store.save_notice(notice(2).0, notice(2).1).await;
    for n in 8..20 {
        store.hold_clip(name(n), long(n));
        store.save_clip(name(n), &long(n)).await;
    }
    let (full, held) = (store.health().await, store.save_notice(notice(3).0, notice(3).1).await);
    let first = at(root.path(), Place::Notice(notice(1).0)).exists();
    let remounted =
        std::process::Command::new("mount").args(["-o", "remount,size=64m"]).arg(root.path()).status();
    works(&store).await;
    let third = at(root.path(), Place::Notice(notice(3).0)).exists();
    until("the clips are written late", async || kept(root.path()).len() >= 14).await;
    drop(store);
    umount(root.path());
    assert_eq!((health, safe), (StoreHealth::Working, true));
    assert_eq!(clips, [4, 5, 6, 7], "four megabytes of the oldest went, once");
    assert_eq!((full, held), (StoreHealth::Failing, false), "not again within a minute");
    assert!(first, "notices stay");
    assert!(remounted.unwrap().success());
    assert!(third, "what was held is written before that is said");
}

#[tokio::test]
async fn a_disk_that_becomes_read_only_and_comes_back_has_everything() {
    let root = tempfile::tempdir().unwrap();
    if !mount(root.path(), "size=8m") {
        return;
    }
    let remount = |how: &str| {
        let options = format!("remount,{how}");
        std::process::Command::new("mount")
            .args(["-o", &options])
            .arg(root.path())
            .status()
            .unwrap()
            .success()
    };
    let store = Store::folder(root.path(), impatient()).unwrap();
    store.save_clip(name(1), &clip(1)).await;
    let read_only = remount("ro");
    store.hold_clip(name(2), clip(2));
    store.save_clip(name(2), &clip(2)).await;
    let held = store.save_notice(notice(1).0, notice(1).1).await;
    let (health, read) = (store.health().await, store.clip(name(1)).await);
    let writable = remount("rw");
    works(&store).await;
    until("the clip is written late", async || kept(root.path()) == [1, 2]).await;
    let saved = at(root.path(), Place::Notice(notice(1).0)).exists();
    drop(store);
    umount(root.path());
    assert!(read_only && writable);
    assert_eq!((held, health, read), (false, StoreHealth::Failing, Some(clip(1))));
    assert!(saved);
}

/// What may happen to a store.
#[derive(Clone, Copy, Debug)]
enum Event {
    Save(u8),
    Read(u8),
    Damage(u8),
    Lose(u8),
    HourPasses,
    Restart,
}

/// What a store of ten clips should hold: a few lines that can be seen to be right.
#[derive(Default)]
struct Model {
    /// When each clip was last used that has a file.
    disk: BTreeMap<u8, u64>,
    damaged: BTreeSet<u8>,
    /// The hour in which each clip in memory was last noted.
    hot: BTreeMap<u8, u32>,
    hour: u32,
    count: usize,
}

impl Model {
    /// What a read gives, and what it changes.
    fn read(&mut self, n: u8, now: u64) -> Option<Bytes> {
        if let Some(noted) = self.hot.get_mut(&n) {
            if std::mem::replace(noted, self.hour) != self.hour {
                self.disk.entry(n).and_modify(|used| *used = now);
            }
            return Some(clip(n));
        }
        if self.damaged.remove(&n) && self.disk.remove(&n).is_some() {
            self.count -= 1;
        }
        *self.disk.get_mut(&n)? = now;
        self.hot.insert(n, self.hour);
        Some(clip(n))
    }

    fn save(&mut self, n: u8, now: u64) {
        self.hot.insert(n, self.hour);
        self.disk.insert(n, now);
        self.damaged.remove(&n);
        // A clip that is written over is counted twice until the next pass.
        self.count += 1;
        if self.count > 10 {
            while self.disk.len() > 9 {
                let (_, oldest) = self.disk.iter().map(|(n, used)| (*used, *n)).min().unwrap();
                self.disk.remove(&oldest);
                self.damaged.remove(&oldest);
            }
            self.count = self.disk.len();
        }
    }
}

async fn run(events: &[Event]) {
    let folder = quick_folder();
    let data = folder.path();
    let bounds = StoreOptions { clip_disk: 10 * 4096, ..impatient() };
    let mut store = Store::folder(data, bounds).unwrap();
    // What is written while the files are counted may be counted twice.
    settled(&store).await;
    let mut model = Model::default();
    for (now, event) in (0..).zip(events) {
        match *event {
            Event::Save(n) => {
                store.hold_clip(name(n), clip(n));
                store.save_clip(name(n), &clip(n)).await;
                model.save(n, now);
            }
            Event::Read(n) => assert_eq!(store.clip(name(n)).await, model.read(n, now)),
            Event::Damage(n) if model.disk.contains_key(&n) => {
                let path = at(data, Place::Clip(name(n)));
                let mut bytes = fs::read(&path).unwrap();
                bytes[500] ^= 1;
                fs::write(&path, bytes).unwrap();
                if !model.damaged.insert(n) {
                    model.damaged.remove(&n);
                }
            }
            Event::Lose(n) if model.disk.remove(&n).is_some() => {
                model.damaged.remove(&n);
                fs::remove_file(at(data, Place::Clip(name(n)))).unwrap();
            }
            Event::Damage(_) | Event::Lose(_) => {}
            Event::HourPasses => {
                store.keeper().unwrap().next_hour();
                model.hour += 1;
            }
            Event::Restart => {
                drop(store);
                store = Store::folder(data, bounds).unwrap();
                model = Model { count: model.disk.len(), ..model };
                (model.hot, model.hour) = (BTreeMap::new(), 0);
            }
        }
        let (bytes, _) = settled(&store).await;
        assert_eq!(bytes, model.count as u64 * 4096);
        assert_eq!(kept(data), model.disk.keys().copied().collect::<Vec<_>>());
        let recent = |n: u8| is_recent(data, Place::Clip(name(n)));
        for (n, used) in &model.disk {
            let used_now = *used == now && !matches!(event, Event::Damage(_));
            assert!(!used_now || recent(*n), "the use of {n} was noted");
            age(data, Place::Clip(name(*n)), 1000 - used);
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_the_store_holds_what_it_should(seeds in proptest::collection::vec((0_u8..12, 0_u8..16), 1..60)) {
        let events: Vec<Event> = seeds
            .into_iter()
            .map(|(what, n)| match what {
                0..=4 => Event::Save(n),
                5..=7 => Event::Read(n),
                8 => Event::Damage(n),
                9 => Event::Lose(n),
                10 => Event::HourPasses,
                _ => Event::Restart,
            })
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(&events));
    }
}

/// `cargo test --release --lib store::tests::figures -- --ignored --nocapture`
#[test]
#[ignore = "it takes a minute; it tells how long a pass over many files takes, and what a write costs"]
fn figures() {
    let memory = || {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        status.lines().filter(|line| line.starts_with("VmHWM")).collect::<String>()
    };
    let folder = tempfile::tempdir().unwrap();
    let made = std::time::Instant::now();
    let mut random = fastrand::Rng::with_seed(1);
    for n in 0..200_000_u64 {
        let key = blake3::hash(&n.to_le_bytes()).to_hex().to_string();
        let file = at(folder.path(), Place::Clip(ClipName::wav(key.parse().unwrap())));
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, [0; 4096]).unwrap();
        let then = SystemTime::now() - Duration::from_secs(random.u64(0..10_000_000));
        File::options().write(true).open(&file).unwrap().set_modified(then).unwrap();
    }
    println!("200,000 files made in {:?}; {}", made.elapsed(), memory());
    let shelf = Shelf::clips(folder.path(), 200_000 * 4096, Arc::new(Pins::new()));
    let started = std::time::Instant::now();
    shelf.recover(SystemTime::now()).unwrap();
    println!("counted in {:?}: {} bytes; {}", started.elapsed(), shelf.bytes(), memory());
    let started = std::time::Instant::now();
    let evicted = shelf.evict(|total, _| total / 10 * 9).unwrap();
    println!("a tenth removed in {:?}: {evicted:?}; {}", started.elapsed(), memory());

    let runtime = tokio::runtime::Runtime::new().unwrap();
    for len in [30_000, 300_000] {
        let clip = Bytes::from(vec![7; len]);
        for (how, sync) in [("without sync", false), ("with sync", true)] {
            let objects = Arc::new(LocalFileSystem::new().with_fsync(sync));
            let prefix = Path::from_absolute_path(folder.path()).unwrap().join(how);
            let store = Store::objects(objects, prefix, StoreOptions::default());
            let mut took: Vec<Duration> = (0..=255)
                .map(|n| {
                    let started = std::time::Instant::now();
                    runtime.block_on(store.save_clip(name(n), &clip));
                    started.elapsed()
                })
                .collect();
            took.sort();
            println!("{len} bytes {how}: half within {:?}, 99 of 100 within {:?}", took[128], took[253]);
        }
    }
}

#[tokio::test]
async fn what_was_removed_is_no_longer_counted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    settled(&store).await;
    for n in 1..=3 {
        store.save_clip(name(n), &clip(n)).await;
    }
    let (id, json) = notice(7);
    store.save_notice(id, json).await;
    assert_eq!(settled(&store).await, (3 * 4096, 4096));
    store.withdraw_clip(name(1).key).await.unwrap();
    store.withdraw_notice(id).await.unwrap();
    assert_eq!(settled(&store).await, (2 * 4096, 0));
}

#[tokio::test]
async fn a_withdrawn_notice_comes_back_only_when_it_is_submitted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), impatient()).unwrap();
    let (id, json) = notice(7);
    assert!(store.save_notice(id, json.clone()).await && store.keep_notice(id).await);
    store.withdraw_notice(id).await.unwrap();
    // A write that was under way.
    store.disk.as_ref().unwrap().put(Place::Notice(id), seal::close(&json)).await.unwrap();
    assert_eq!(store.notice(id).await, Ok(None));
    assert!(!store.keep_notice(id).await);
    assert!(store.save_notice(id, json.clone()).await && store.keep_notice(id).await);
    assert_eq!(store.notice(id).await, Ok(Some(json)));
}
