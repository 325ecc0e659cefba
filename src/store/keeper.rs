//! The one who keeps the data folder in order, on a thread of its own: no request waits for it.
//!
//! 1. at the start it counts the files and removes what a crash has left half written;
//! 2. it notes which files are used, at most once an hour for each;
//! 3. when there are more bytes than there may be, it removes what was not used for the longest time;
//! 4. when the disk is full it removes some clips, which can be made again, so that notices can be written;
//! 5. what is published it leaves alone ([`super::pins`]), and removes nothing before it is known what that is; what is
//!    published in a bucket it does not see, and waits only while it has room for as much again.
//!
//! Buckets have rules of their own for this, and no keeper.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::oneshot;

use super::{
    StoreOptions, listed,
    pins::Pins,
    place::Place,
    shelf::{self, Evicted, Shelf},
};

/// A file that is used is noted so often.
const HOUR: Duration = Duration::from_secs(60 * 60);

/// So long nothing is removed after a removal failed, and no room is made again on a full disk.
const PAUSE: Duration = Duration::from_secs(60);

/// File systems take their time from a clock that ticks; a file written now may look so much older.
const TICK: Duration = Duration::from_millis(20);

/// What may wait to be done. More is not noted now; it is when it is used again.
const MOST_TASKS: usize = 1024;

/// At least so much room is made on a full disk.
const ROOM: u64 = 4 << 20;

/// How to reach the keeper. It ends when the last of these is dropped.
#[derive(Clone)]
pub(super) struct Keeper {
    books: Arc<Books>,
    tasks: SyncSender<Task>,
}

/// What the keeper and those who ask it share.
struct Books {
    data: PathBuf,
    clips: Shelf,
    notices: Shelf,
    pins: Arc<Pins>,
    /// Whether a bucket is behind the folder: then it is told there what is published.
    shared: AtomicBool,
    /// Hours since the start.
    hour: AtomicU32,
}

enum Task {
    Used(Place),
    Overflow,
    Room(oneshot::Sender<bool>),
    #[cfg(test)]
    Settle(oneshot::Sender<()>),
}

impl Keeper {
    pub(super) fn start(data: &Path, options: &StoreOptions, pins: Arc<Pins>) -> io::Result<Self> {
        let books = Arc::new(Books {
            data: data.to_owned(),
            clips: Shelf::clips(data, options.clip_disk, pins.clone()),
            notices: Shelf::notices(data, options.notice_disk, pins.clone()),
            pins,
            shared: AtomicBool::new(false),
            hour: AtomicU32::new(0),
        });
        let (tasks, inbox) = sync_channel(MOST_TASKS);
        let (kept, opened) = (books.clone(), SystemTime::now());
        thread::Builder::new().name("langdu-keeper".to_owned()).spawn(move || kept.keep(&inbox, opened))?;
        Ok(Self { books, tasks })
    }

    /// There is a bucket behind the folder.
    pub(super) fn is_shared(&self) {
        self.books.shared.store(true, Ordering::Relaxed);
    }

    /// Changes once an hour: who noted a use in this hour need not do it again.
    pub(super) fn hour(&self) -> u32 {
        self.books.hour.load(Ordering::Relaxed)
    }

    /// A file is used; false when that could not be noted now. Waits for nothing.
    pub(super) fn used(&self, place: Place) -> bool {
        self.tasks.try_send(Task::Used(place)).is_ok()
    }

    /// A file is used, and that is noted now; whether it is there. Takes as long as the disk does.
    pub(super) fn keep(&self, place: Place) -> io::Result<bool> {
        shelf::keep(&self.books.path(place))
    }

    /// A file of `len` bytes was written.
    pub(super) fn written(&self, place: Place, len: u64) {
        let Some(shelf) = self.books.shelf(place) else { return };
        shelf.add(len);
        if shelf.overflows() {
            // Whatever else wakes the keeper does as well.
            let _ = self.tasks.try_send(Task::Overflow);
        }
    }

    /// A file of `len` bytes was removed.
    pub(super) fn removed(&self, place: Place, len: u64) {
        if let Some(shelf) = self.books.shelf(place) {
            shelf.subtract(len);
        }
    }

    /// What is published changed: there may be something to be removed now.
    pub(super) fn look(&self) {
        // Whatever else wakes the keeper does as well.
        let _ = self.tasks.try_send(Task::Overflow);
    }

    /// Whether what is published takes more disk than there may be.
    pub(super) fn is_pinned_full(&self) -> bool {
        self.books.clips.is_pinned_full() || self.books.notices.is_pinned_full()
    }

    /// The disk is full: has some clips removed; whether there is more room now.
    pub(super) async fn make_room(&self) -> bool {
        let (made, answer) = oneshot::channel();
        self.tasks.try_send(Task::Room(made)).is_ok() && answer.await.unwrap_or(false)
    }

    /// Waits until all that was asked for is done.
    #[cfg(test)]
    pub(super) async fn settled(&self) {
        let (done, answer) = oneshot::channel();
        let mut task = Task::Settle(done);
        while let Err(std::sync::mpsc::TrySendError::Full(back)) = self.tasks.try_send(task) {
            task = back;
            tokio::task::yield_now().await;
        }
        answer.await.unwrap();
    }

    /// Begins the next hour.
    #[cfg(test)]
    pub(super) fn next_hour(&self) {
        self.books.hour.fetch_add(1, Ordering::Relaxed);
    }

    /// Bytes of disk that the clips and the notices take.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.books.clips.bytes(), self.books.notices.bytes())
    }
}

impl Books {
    fn keep(&self, inbox: &Receiver<Task>, opened: SystemTime) {
        let opened = opened.checked_sub(TICK).unwrap_or(SystemTime::UNIX_EPOCH);
        for shelf in [&self.clips, &self.notices] {
            if let Err(why) = shelf.recover(opened) {
                tracing::warn!(%why, "the data folder could not be looked through");
            }
        }
        if let Err(why) = listed::clear(&self.data, opened) {
            tracing::warn!(%why, "the list of what is published could not be looked through");
        }
        let started = Instant::now();
        let mut clean_after = [started; 2];
        let mut room_after = started;
        loop {
            self.clean(&mut clean_after);
            let hours = started.elapsed().as_secs() / HOUR.as_secs();
            self.hour.fetch_max(u32::try_from(hours).unwrap_or(u32::MAX), Ordering::Relaxed);
            match inbox.recv_timeout(HOUR) {
                Ok(Task::Used(place)) => {
                    // A use that is not noted makes a file go too early; it is made again.
                    let _ = shelf::note_use(&self.path(place), HOUR);
                }
                Ok(Task::Room(made)) => {
                    let _ = made.send(self.make_room(&mut room_after));
                }
                #[cfg(test)]
                Ok(Task::Settle(done)) => drop(done.send(())),
                Ok(Task::Overflow) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn path(&self, place: Place) -> PathBuf {
        place.parts().iter().fold(self.data.clone(), |path, part| path.join(part))
    }

    /// Where a file is counted.
    fn shelf(&self, place: Place) -> Option<&Shelf> {
        match place {
            Place::Clip(_) => Some(&self.clips),
            Place::Notice(_) | Place::PlainNotice(_) => Some(&self.notices),
            // They are removed at once, or soon, and all but empty; what is published has no bound.
            Place::Probe
            | Place::Absent
            | Place::LateClip(_)
            | Place::LateNotice(_)
            | Place::Listed(_)
            | Place::Heard(_) => None,
        }
    }

    /// Whether it is not known yet what of a shelf must stay. A bucket may be away for long: its list is not waited
    /// for when the folder has twice what it may.
    fn must_wait(&self, shelf: &Shelf) -> bool {
        let unseen = || self.shared.load(Ordering::Relaxed) && shelf.bytes() <= shelf.bound.saturating_mul(2);
        !self.pins.are_known() && (unseen() || listed::is_any(&self.data))
    }

    /// Brings both shelves under their bounds.
    fn clean(&self, after: &mut [Instant; 2]) {
        for ((what, shelf), after) in
            [("clips", &self.clips), ("notices", &self.notices)].into_iter().zip(after)
        {
            if !shelf.overflows() || Instant::now() < *after || self.must_wait(shelf) {
                continue;
            }
            // A tenth at a time, so that not every write has to look for the oldest file.
            match shelf.evict(|_, pinned| goal(shelf.bound, pinned)) {
                Ok(Evicted { files, bytes }) => {
                    tracing::info!(what, files, bytes, "the least used were removed");
                    if shelf.is_pinned_full() {
                        // What is left must stay: there is no use in looking again at once.
                        *after = Instant::now() + PAUSE;
                    }
                }
                Err(why) => {
                    tracing::warn!(what, %why, "the least used could not be removed");
                    *after = Instant::now() + PAUSE;
                }
            }
        }
    }

    /// Removes a tenth of the clips; whether that made any room.
    fn make_room(&self, after: &mut Instant) -> bool {
        if Instant::now() < *after || self.must_wait(&self.clips) {
            return false;
        }
        *after = Instant::now() + PAUSE;
        match self.clips.evict(|total, _| total.saturating_sub(ROOM.max(total / 10))) {
            Ok(Evicted { files, bytes }) => {
                tracing::warn!(files, bytes, "the disk is full: clips were removed");
                files > 0
            }
            Err(why) => {
                tracing::warn!(%why, "the disk is full, and clips could not be removed");
                false
            }
        }
    }
}

/// To how many bytes a shelf is brought that may have `bound`, of which `pinned` must stay: to nine tenths, and to
/// more where that would leave less than half of the room that what is pinned leaves.
fn goal(bound: u64, pinned: u64) -> u64 {
    (bound / 10 * 9).max(pinned.saturating_add(bound.saturating_sub(pinned) / 2))
}

#[cfg(test)]
mod tests {
    use super::goal;

    #[test]
    fn what_is_pinned_does_not_cost_all_the_rest_its_room() {
        assert_eq!(goal(1000, 0), 900);
        assert_eq!(goal(1000, 800), 900);
        assert_eq!(goal(1000, 950), 975);
        assert_eq!(goal(1000, 1200), 1200);
    }
}
