//! What the store promises.
#![allow(clippy::unwrap_used)]

use std::{
    fs::{self, File},
    path::PathBuf,
    time::SystemTime,
};

use object_store::{ObjectStoreExt, memory::InMemory};

use super::*;

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

/// Where a file lies under a folder.
fn at(folder: &FsPath, place: Place) -> PathBuf {
    place.parts().iter().fold(folder.to_owned(), |path, part| path.join(part))
}

/// The clips of which `folder` has a file.
fn kept(folder: &FsPath) -> Vec<u8> {
    (0..=255).filter(|n| at(folder, Place::Clip(name(*n))).exists()).collect()
}

/// Makes a file look as if it was last used so many hours ago.
fn age(folder: &FsPath, place: Place, hours: u64) {
    let then = SystemTime::now() - Duration::from_secs(hours * 3600);
    File::options().write(true).open(at(folder, place)).unwrap().set_modified(then).unwrap();
}

/// Waits until the keeper of a folder has nothing to do.
async fn settled(store: &Store) -> (u64, u64) {
    let keeper = store.keeper().unwrap();
    keeper.settled().await;
    keeper.bytes()
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
