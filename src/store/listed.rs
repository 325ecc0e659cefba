//! What is published under a name: one sealed object an entry, in a folder of its own, listed by looking; beside it
//! another one, of what was heard of it.
//!
//! 1. the name is the publisher's, and any text; the file is named by its hash, so that no name is ever part of a path;
//! 2. an entry is said to be written when it outlives a power cut, and never held for later;
//! 3. what was heard is written by whoever let it be heard, and the entry only by who publishes and withdraws: of two
//!    processes none writes over an edit of the other unasked;
//! 4. nothing here is removed to make room;
//! 5. [`Store::withdraw_clip`] and [`Store::withdraw_notice`] remove for good what is not to be heard any more.

use std::{
    collections::{BTreeMap, HashSet},
    fmt, fs, io,
    path::Path as FsPath,
    str::FromStr,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};

use super::{ClipName, Form, NoticeId, Store, StoreError, disk::DiskError, place::Place, seal};
use crate::plan::ClipKey;

/// Where the entries lie.
pub(super) const FOLDER: &str = "published";

/// Removals under way at a time.
const AT_ONCE: usize = 16;

/// The name of an entry in the store: the BLAKE3 of the name that its publisher gave it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListedId([u8; 32]);

/// An entry that was found by looking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: ListedId,
    /// Differs from that of any other edition of it.
    pub edition: String,
    /// Whether something is written of what was heard of it ([`Store::heard`]).
    pub heard: bool,
}

/// The entries of a store that lives in memory.
pub(super) type InMemory = Mutex<BTreeMap<ListedId, Bytes>>;

impl ListedId {
    /// Of the entry that is published under `name`.
    pub fn of(name: &str) -> Self {
        Self(*blake3::hash(name.as_bytes()).as_bytes())
    }

    pub(super) fn file(self) -> String {
        format!("{self}.entry")
    }

    pub(super) fn heard_file(self) -> String {
        format!("{self}.heard")
    }

    /// Which entry a file of that name is; none when it is none.
    fn named(file: &str) -> Option<Self> {
        file.strip_suffix(".entry")?.parse().ok()
    }

    /// Of which entry a file of that name says what was heard; none when it is no such file.
    fn heard_named(file: &str) -> Option<Self> {
        file.strip_suffix(".heard")?.parse().ok()
    }
}

impl fmt::Display for ListedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for ListedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ListedId({self})")
    }
}

/// Why a text names no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoListedId;

impl FromStr for ListedId {
    type Err = NoListedId;

    fn from_str(text: &str) -> Result<Self, NoListedId> {
        // Capital letters would be another file of the same name.
        let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let hash = blake3::Hash::from_hex(text).map_err(|_| NoListedId)?;
        if lower { Ok(Self(*hash.as_bytes())) } else { Err(NoListedId) }
    }
}

impl Store {
    /// All entries there are.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`].
    pub async fn list(&self) -> Result<Vec<Listed>, StoreError> {
        let Some(disk) = self.truth() else {
            let listed = self.listed.lock().unwrap_or_else(PoisonError::into_inner);
            let edition = |json: &Bytes| blake3::hash(json).to_hex().to_string();
            let entry = |(id, json): (&ListedId, _)| Listed { id: *id, edition: edition(json), heard: false };
            return Ok(listed.iter().map(entry).collect());
        };
        let found = disk.list(FOLDER).await.map_err(|_| StoreError::Unreadable)?;
        let heard: HashSet<ListedId> =
            found.iter().filter_map(|(file, _)| ListedId::heard_named(file)).collect();
        let listed = found.into_iter().filter_map(|(file, edition)| {
            let id = ListedId::named(&file)?;
            Some(Listed { id, edition, heard: heard.contains(&id) })
        });
        Ok(listed.collect())
    }

    /// The entry `id`; none when there is none or it is damaged.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it may be there but could not be read.
    pub async fn listed(&self, id: ListedId) -> Result<Option<Bytes>, StoreError> {
        if self.disk.is_none() {
            return Ok(self.listed.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned());
        }
        self.read_sealed(Place::Listed(id)).await
    }

    /// Writes an entry, whole and so that it outlives a power cut.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; what was there before is as it was.
    pub async fn put_listed(&self, id: ListedId, record: Bytes) -> Result<(), StoreError> {
        if self.disk.is_none() {
            self.listed.lock().unwrap_or_else(PoisonError::into_inner).insert(id, record);
            return Ok(());
        }
        self.write_sealed(Place::Listed(id), &record).await
    }

    /// What was heard of the entry `id`, as it was written; none when nothing was, or it is damaged. A store in memory
    /// writes none: it ends with what was heard.
    ///
    /// # Errors
    /// [`StoreError::Unreadable`] when it may be there but could not be read.
    pub async fn heard(&self, id: ListedId) -> Result<Option<Bytes>, StoreError> {
        self.read_sealed(Place::Heard(id)).await
    }

    /// Writes what was heard of the entry `id`.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`]; what was there before is as it was.
    pub async fn put_heard(&self, id: ListedId, heard: &Bytes) -> Result<(), StoreError> {
        if self.disk.is_none() {
            return Ok(());
        }
        self.write_sealed(Place::Heard(id), heard).await
    }

    /// Removes an entry, if it is there, after what was heard of it.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`].
    pub async fn remove_listed(&self, id: ListedId) -> Result<(), StoreError> {
        let Some(disk) = self.truth() else {
            self.listed.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
            return Ok(());
        };
        for place in [Place::Heard(id), Place::Listed(id)] {
            disk.remove(place).await.map_err(|_| StoreError::Unwritable)?;
        }
        Ok(())
    }

    /// Keeps a notice and its clips, named by [`super::prefix`], whatever must make room.
    pub fn pin(&self, notice: NoticeId, clips: &[u64]) {
        self.pins.pin(notice, clips.iter().copied());
    }

    /// Takes back [`Store::pin`].
    pub fn unpin(&self, notice: NoticeId, clips: &[u64]) {
        self.pins.unpin(notice, clips.iter().copied());
        if let Some(keeper) = self.keeper() {
            keeper.look();
        }
    }

    /// All that is published is pinned: from now on the rest may make room.
    pub fn pins_are_known(&self) {
        self.pins.known();
        if let Some(keeper) = self.keeper() {
            keeper.look();
        }
    }

    /// Whether what is published takes more disk than clips or notices may.
    pub fn is_pinned_full(&self) -> bool {
        self.keeper().is_some_and(|keeper| keeper.is_pinned_full())
    }

    /// Somebody submits a notice with this clip: had it been withdrawn, it may be kept again.
    pub fn welcome_clip(&self, key: ClipKey) {
        self.pins.welcome(key);
    }

    /// Whether a clip was withdrawn, and no notice with it was submitted since.
    pub fn is_withdrawn(&self, key: ClipKey) -> bool {
        self.pins.is_gone(Place::Clip(ClipName::wav(key)))
    }

    /// Removes the files of a clip, in all formats, from memory and disk, unless it is pinned; one that is being made
    /// is not kept either.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when one may still be there.
    pub async fn withdraw_clip(&self, key: ClipKey) -> Result<(), StoreError> {
        if self.pins.holds_clip(key) {
            return Ok(());
        }
        self.pins.withdraw(key);
        let remove = |form| self.remove_clip(ClipName { key, form });
        stream::iter(Form::all()).map(remove).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Removes a notice, unless it is pinned; one that is being written is not kept either, until it is saved again.
    ///
    /// # Errors
    /// [`StoreError::Unwritable`] when it may still be there.
    pub async fn withdraw_notice(&self, id: NoticeId) -> Result<(), StoreError> {
        if self.pins.holds(Place::Notice(id)) {
            return Ok(());
        }
        self.pins.withdraw_notice(id);
        self.writer.forget_notice(id).await;
        self.noted.invalidate(&id);
        let mut outcome = Ok(());
        for place in Place::of_notice(id) {
            outcome = outcome.and(self.remove(place).await);
        }
        outcome
    }

    /// What all processes see of a place; none when it is not there, or damaged.
    async fn read_sealed(&self, place: Place) -> Result<Option<Bytes>, StoreError> {
        let Some(disk) = self.truth() else { return Ok(None) };
        match disk.get(place).await {
            Ok(sealed) => Ok(seal::open(sealed)),
            Err(DiskError::Missing) => Ok(None),
            Err(_) => Err(StoreError::Unreadable),
        }
    }

    /// Writes what all processes see.
    async fn write_sealed(&self, place: Place, json: &Bytes) -> Result<(), StoreError> {
        let sealed = seal::close(json);
        let written = match &self.shared {
            Some(shared) => shared.bucket().put(place, sealed).await.is_ok(),
            None => self.writer.put(place, sealed).await,
        };
        written.then_some(()).ok_or(StoreError::Unwritable)
    }

    /// A clip that was withdrawn while it was written is removed again.
    pub(super) async fn remove_if_gone(&self, name: ClipName) {
        if self.pins.is_gone(Place::Clip(name)) {
            // One that stays on disk is found by nobody, and goes as one that nobody uses.
            let _ = self.remove_clip(name).await;
        }
    }

    async fn remove_clip(&self, name: ClipName) -> Result<(), StoreError> {
        self.hot.remove(name);
        self.writer.forget_clip(name);
        self.remove(Place::Clip(name)).await
    }

    /// Removes an object from the folder and the bucket. What is late is no longer brought: there is nothing to bring.
    async fn remove(&self, place: Place) -> Result<(), StoreError> {
        let bucket = self.shared.as_ref().map(|shared| shared.bucket().disk());
        let mut outcome = Ok(());
        // One that fails does not keep it in the other.
        for disk in self.disk.iter().chain(bucket) {
            outcome = outcome.and(disk.remove(place).await);
        }
        outcome.map_err(|_| StoreError::Unwritable)
    }
}

/// Whether a data folder has any entry, or may have.
pub(super) fn is_any(data: &FsPath) -> bool {
    match fs::read_dir(data.join(FOLDER)) {
        Ok(mut entries) => entries.next().is_some(),
        Err(why) => why.kind() != io::ErrorKind::NotFound,
    }
}

/// Removes what a crash has left half written before `opened`: `….entry#1`, `….heard#1`.
///
/// # Errors
/// The first trouble.
pub(super) fn clear(data: &FsPath, opened: SystemTime) -> io::Result<()> {
    let entries = match fs::read_dir(data.join(FOLDER)) {
        Ok(entries) => entries,
        Err(_) => return Ok(()),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let staged = name.to_str().and_then(|name| name.split_once('#')).filter(|(name, number)| {
            let ours = ListedId::named(name).or_else(|| ListedId::heard_named(name));
            ours.is_some() && number.bytes().all(|b| b.is_ascii_digit())
        });
        let old = || entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|at| at < opened);
        if staged.is_some() && old() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::store::StoreOptions;

    #[tokio::test]
    async fn entries_are_kept_by_the_hash_of_their_name() {
        let folder = tempfile::tempdir().unwrap();
        for store in [
            Store::memory(StoreOptions::default()),
            Store::folder(folder.path(), StoreOptions::default()).unwrap(),
        ] {
            assert_eq!(store.list().await, Ok(Vec::new()));
            let names = ["../../etc/passwd", "", "a\0b", "公告 / 2024", &"x".repeat(10_000), "😀"];
            for name in names {
                let record = Bytes::from(name.to_owned());
                store.put_listed(ListedId::of(name), record.clone()).await.unwrap();
                assert_eq!(store.listed(ListedId::of(name)).await, Ok(Some(record)));
            }
            assert_eq!(store.list().await.unwrap().len(), names.len());
            store.remove_listed(ListedId::of(names[0])).await.unwrap();
            store.remove_listed(ListedId::of(names[0])).await.unwrap();
            assert_eq!(store.listed(ListedId::of(names[0])).await, Ok(None));
            let before = store.list().await.unwrap();
            assert_eq!(before.len(), names.len() - 1);
            store.put_listed(ListedId::of(names[1]), Bytes::from_static(b"another")).await.unwrap();
            assert_ne!(store.list().await.unwrap(), before, "another edition");
            // What was heard is no entry, and no other edition of one.
            let (id, before) = (ListedId::of(names[2]), store.list().await.unwrap());
            assert_eq!(store.heard(id).await, Ok(None));
            store.put_heard(id, &Bytes::from_static(b"heard")).await.unwrap();
            let after = store.list().await.unwrap();
            let editions = |listed: &[Listed]| -> Vec<_> {
                listed.iter().map(|found| (found.id, found.edition.clone())).collect()
            };
            assert_eq!(editions(&after), editions(&before));
            let heard: Vec<_> = after.iter().filter(|found| found.heard).map(|found| found.id).collect();
            let kept = store.heard(id).await.unwrap();
            assert!(kept.is_none() && heard.is_empty() || kept.unwrap() == "heard" && heard == [id]);
        }
        let files = || -> Vec<String> {
            let found = fs::read_dir(folder.path().join(FOLDER)).unwrap().flatten();
            found.map(|file| file.file_name().to_str().unwrap().to_owned()).collect()
        };
        assert_eq!(files().iter().filter(|file| ListedId::named(file).is_some()).count(), 5);
        let heard: Vec<_> = files().iter().filter_map(|file| ListedId::heard_named(file)).collect();
        assert_eq!((heard.len(), files().len()), (1, 6));
        let store = Store::folder(folder.path(), StoreOptions::default()).unwrap();
        store.remove_listed(heard[0]).await.unwrap();
        assert_eq!(files().len(), 4, "what was heard goes with its entry");
    }

    #[tokio::test]
    async fn what_a_crash_left_behind_goes_and_what_is_damaged_is_not_taken_for_an_entry() {
        let folder = tempfile::tempdir().unwrap();
        let (id, at) = (ListedId::of("甲"), folder.path().join(FOLDER));
        fs::create_dir(&at).unwrap();
        fs::write(at.join(format!("{}#7", id.file())), "half").unwrap();
        fs::write(at.join(format!("{}#7", id.heard_file())), "half").unwrap();
        fs::write(at.join("README#7"), "not ours").unwrap();
        fs::write(at.join(id.file()), "no seal, and long enough to have had one").unwrap();
        clear(folder.path(), SystemTime::now() + std::time::Duration::from_secs(9)).unwrap();
        assert_eq!(fs::read_dir(&at).unwrap().count(), 2);
        let store = Store::folder(folder.path(), StoreOptions::default()).unwrap();
        assert_eq!(store.listed(id).await, Ok(None));
        assert_eq!(store.list().await.unwrap().len(), 1);
    }
}
