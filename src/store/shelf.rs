//! The files of one kind in the data folder: how many bytes they are, and which go first when they are too many.
//!
//! When a file was last used is its modification time, so that the order survives a restart and needs no
//! index. A pass over the folder remembers only the oldest files it has seen. What the store did not write is
//! neither counted nor touched.

use std::{
    cmp::Ordering as Order,
    collections::BinaryHeap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use super::{
    pins::Pins,
    place::{LATE, Place},
};

/// So many of the oldest files are remembered during one pass: about two megabytes.
const REMEMBERED: usize = 16_384;

/// Disks give out room in blocks.
const BLOCK: u64 = 4096;

/// The clips, or the notices, of a data folder.
pub(super) struct Shelf {
    folder: PathBuf,
    /// What says which of the files a bucket has to get yet.
    late: PathBuf,
    /// Whether the files lie in folders named by their first two digits.
    parted: bool,
    /// Bytes of disk that the files may take.
    pub(super) bound: u64,
    /// Bytes of disk that they take, as far as is known; each pass counts anew.
    bytes: AtomicU64,
    /// What must stay, and the bytes of it that the last pass has found.
    pins: Arc<Pins>,
    pinned: AtomicU64,
}

/// A file that a pass came by.
#[derive(PartialEq, Eq)]
struct Found {
    used: SystemTime,
    bytes: u64,
    name: Box<str>,
}

/// What a pass has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Evicted {
    pub files: u64,
    pub bytes: u64,
}

impl Shelf {
    pub(super) fn clips(data: &Path, bound: u64, pins: Arc<Pins>) -> Self {
        Self::new(data, "clips", true, bound, pins)
    }

    pub(super) fn notices(data: &Path, bound: u64, pins: Arc<Pins>) -> Self {
        Self::new(data, "notices", false, bound, pins)
    }

    fn new(data: &Path, folder: &str, parted: bool, bound: u64, pins: Arc<Pins>) -> Self {
        let (folder, late) = (data.join(folder), data.join(LATE));
        Self { folder, late, parted, bound, bytes: AtomicU64::new(0), pins, pinned: AtomicU64::new(0) }
    }

    /// Whether what must stay takes more than there may be, as far as is known.
    pub(super) fn is_pinned_full(&self) -> bool {
        self.pinned.load(Ordering::Relaxed) > self.bound
    }

    /// Bytes of disk that the files take.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// A file of `len` bytes was written.
    pub(super) fn add(&self, len: u64) {
        self.bytes.fetch_add(on_disk(len), Ordering::Relaxed);
    }

    /// A file of `len` bytes was removed. One that a pass has not counted is not missed: the next pass counts anew.
    pub(super) fn subtract(&self, len: u64) {
        let less = |bytes: u64| Some(bytes.saturating_sub(on_disk(len)));
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Whether there are more bytes than there may be.
    pub(super) fn overflows(&self) -> bool {
        self.bytes() > self.bound
    }

    /// Counts the files and removes what a crash has left half written before `opened`.
    ///
    /// # Errors
    /// The first trouble; what could be seen is counted all the same.
    pub(super) fn recover(&self, opened: SystemTime) -> io::Result<()> {
        let mut total = 0;
        let seen = self.each(|path, name| {
            let Some(meta) = file_meta(path)? else { return Ok(()) };
            match name.split_once('#') {
                None => total += on_disk(meta.len()),
                Some(_) if used(&meta) < opened => remove(path)?,
                Some(_) => {}
            }
            Ok(())
        });
        self.bytes.fetch_add(total, Ordering::Relaxed);
        seen
    }

    /// Removes what was not used for the longest time until no more is left than `most` of all the bytes, and of those
    /// among them that must stay.
    ///
    /// # Errors
    /// The first trouble, when more is left; one file that cannot be removed does not save the others.
    pub(super) fn evict(&self, most: impl Fn(u64, u64) -> u64) -> io::Result<Evicted> {
        let mut evicted = Evicted::default();
        let mut goal = None;
        loop {
            self.bytes.store(0, Ordering::Relaxed);
            let (oldest, total, mut outcome) = self.oldest();
            let goal = *goal.get_or_insert_with(|| most(total, self.pinned.load(Ordering::Relaxed)));
            let (mut left, whole) = (total, oldest.len() < REMEMBERED);
            for file in oldest {
                if left <= goal {
                    break;
                }
                match self.remove_unused(&file) {
                    Ok(true) => {
                        left -= file.bytes;
                        evicted.files += 1;
                        evicted.bytes += file.bytes;
                    }
                    Ok(false) => {}
                    Err(why) => outcome = outcome.and(Err(why)),
                }
            }
            // What was written meanwhile may be counted twice, until the next pass.
            self.bytes.fetch_add(left, Ordering::Relaxed);
            if left <= goal {
                return Ok(evicted);
            }
            if whole || left == total {
                return outcome.map(|()| evicted);
            }
        }
    }

    /// Removes a file, unless it was used or pinned since; whether it is gone.
    fn remove_unused(&self, file: &Found) -> io::Result<bool> {
        if self.must_stay(&file.name) {
            return Ok(false);
        }
        let path = match file.name.get(..2).filter(|_| self.parted) {
            Some(shelf) => self.folder.join(shelf).join(&*file.name),
            None => self.folder.join(&*file.name),
        };
        if file_meta(&path)?.is_some_and(|meta| used(&meta) != file.used) {
            return Ok(false);
        }
        remove(&path).map(|()| true)
    }

    /// The files that were not used for the longest time, oldest first; the bytes of all files; whether all could
    /// be seen.
    fn oldest(&self) -> (Vec<Found>, u64, io::Result<()>) {
        let mut oldest = BinaryHeap::<Found>::with_capacity(REMEMBERED + 1);
        let (mut total, mut pinned) = (0, 0);
        let seen = self.each(|path, name| {
            let Some(meta) = file_meta(path)?.filter(|_| !name.contains('#')) else { return Ok(()) };
            let bytes = on_disk(meta.len());
            total += bytes;
            if self.must_stay(name) {
                pinned += bytes;
                return Ok(());
            }
            let used = used(&meta);
            if oldest.len() < REMEMBERED || oldest.peek().is_some_and(|newest| used < newest.used) {
                oldest.push(Found { used, bytes, name: name.into() });
                if oldest.len() > REMEMBERED {
                    oldest.pop();
                }
            }
            Ok(())
        });
        self.pinned.store(pinned, Ordering::Relaxed);
        (oldest.into_sorted_vec(), total, seen)
    }

    /// Whether the file of that name is pinned, or a notice that nobody else has yet. Clips can be made again.
    fn must_stay(&self, name: &str) -> bool {
        Place::named(name).is_some_and(|place| self.pins.holds(place))
            || (!self.parted && self.late.join(name).exists())
    }

    /// Calls `see` with the path and name of every file that the store wrote here, half written ones included.
    /// The first trouble is told after all that can be seen was seen.
    fn each(&self, mut see: impl FnMut(&Path, &str) -> io::Result<()>) -> io::Result<()> {
        let mut see = |path: &Path, name: &str| if self.wrote(name) { see(path, name) } else { Ok(()) };
        if !self.parted {
            return each_in(&self.folder, see);
        }
        each_in(&self.folder, |folder, shelf| {
            if shelf.len() != 2 || !shelf.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
                return Ok(());
            }
            each_in(folder, |path, name| if name.starts_with(shelf) { see(path, name) } else { Ok(()) })
        })
    }

    /// Whether the store writes files of that name here; `name#1` is one before it is whole.
    fn wrote(&self, name: &str) -> bool {
        let (name, staged) = name.split_once('#').unwrap_or((name, "0"));
        let here = match Place::named(name) {
            Some(Place::Clip(_)) => self.parted,
            Some(Place::Notice(_) | Place::PlainNotice(_) | Place::Probe) => !self.parted,
            _ => false,
        };
        here && !staged.is_empty() && staged.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Notes that a file is used now, unless that was noted less than `every` ago.
pub(super) fn note_use(path: &Path, every: Duration) -> io::Result<()> {
    let now = SystemTime::now();
    let Some(meta) = file_meta(path)? else { return Ok(()) };
    // A time to come is a clock that was wrong.
    if now.duration_since(used(&meta)).is_ok_and(|ago| ago < every) {
        return Ok(());
    }
    File::options().write(true).open(path)?.set_modified(now)
}

/// Notes that a file is used now; whether it is there. A pass that found it old looks at its time again before it
/// removes it.
pub(super) fn keep(path: &Path) -> io::Result<bool> {
    match File::options().write(true).open(path) {
        Ok(file) => file.set_modified(SystemTime::now())?,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(why) => return Err(why),
    }
    // It may have been removed while it was open.
    Ok(file_meta(path)?.is_some())
}

impl Ord for Found {
    fn cmp(&self, other: &Self) -> Order {
        self.used.cmp(&other.used).then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for Found {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

fn on_disk(len: u64) -> u64 {
    len.next_multiple_of(BLOCK)
}

fn used(meta: &fs::Metadata) -> SystemTime {
    meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Of a file, not a folder or a link; none when it is gone.
fn file_meta(path: &Path) -> io::Result<Option<fs::Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(meta) => Ok(Some(meta).filter(fs::Metadata::is_file)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(why),
    }
}

/// Removes a file; it may be gone already.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path).or_else(|why| if why.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(why) })
}

/// Calls `see` with all that lies in a folder, one by one; a folder that is not there is empty. What fails does
/// not keep the others from being seen; the first trouble is told at the end.
fn each_in(folder: &Path, mut see: impl FnMut(&Path, &str) -> io::Result<()>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(());
        }
        Err(why) => return Err(why),
    };
    let mut outcome = Ok(());
    for entry in entries {
        let entry = match entry {
            Ok(entry) => entry,
            // The folder itself cannot be read on.
            Err(why) => return outcome.and(Err(why)),
        };
        if let Some(name) = entry.file_name().to_str() {
            outcome = outcome.and(see(&entry.path(), name));
        }
    }
    outcome
}
