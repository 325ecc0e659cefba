//! Sending a large clip without copying it.
//!
//! What is written to a connection from a buffer the system copies, and for a clip of 300 kB that copy costs more
//! than all the rest. On Linux `sendfile(2)` hands over the pages of a file instead, as nginx does. A [`Sheet`] is a
//! clip that also lies in a file in memory, whose pages nobody changes; [`Sheet::send`] finds out by its place
//! in memory whether what is to be written is part of it. Elsewhere there are no sheets.

pub(super) mod process;

use std::{
    io::{self, IoSlice},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use bytes::Bytes;
use moka::{policy::EvictionPolicy, sync::Cache};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
};

use crate::store::ClipName;

/// A smaller answer is sent sooner in one call that copies it than in two that don't.
const WORTH_IT: usize = 64 << 10;

/// Bytes of sheets; those of the clips that are asked for most stay.
const ROOM: u64 = 32 << 20;

/// Sheets there may be, those on their way included; each takes a descriptor.
pub(super) const MOST: usize = 256;

/// When there is no room, one request of so many makes a sheet in the place of another: to make one costs more than
/// to copy.
const SELDOM: u32 = 16;

/// The sheets of the clips that are asked for most.
#[derive(Clone)]
pub(super) struct Sheets {
    sheets: Cache<ClipName, Arc<Sheet>>,
    places: Arc<Semaphore>,
    missed: Arc<AtomicU32>,
    told: Arc<AtomicBool>,
}

impl Sheets {
    pub(super) fn new() -> Self {
        let weight = |_: &ClipName, sheet: &Arc<Sheet>| u32::try_from(sheet.bytes.len()).unwrap_or(u32::MAX);
        let sheets =
            Cache::builder().max_capacity(ROOM).weigher(weight).eviction_policy(EvictionPolicy::lru());
        Self {
            sheets: sheets.build(),
            places: Arc::new(Semaphore::new(MOST)),
            missed: Arc::default(),
            told: Arc::default(),
        }
    }

    /// The sheet of `file`, of which `length` bytes are to be sent; none when that is not worth it.
    pub(super) fn of(&self, name: ClipName, file: &Bytes, length: u64) -> Option<Arc<Sheet>> {
        if length < WORTH_IT as u64 {
            return None;
        }
        // The same clip may have come into memory anew since.
        let known = self.sheets.get(&name).filter(|sheet| sheet.bytes.as_ptr() == file.as_ptr());
        known.or_else(|| {
            let has_room = self.sheets.weighted_size() + file.len() as u64 <= ROOM;
            if !has_room && !self.missed.fetch_add(1, Ordering::Relaxed).is_multiple_of(SELDOM) {
                return None;
            }
            let place = self.places.clone().try_acquire_owned().ok()?;
            let sheet = Sheet::new(file, place).inspect_err(|why| self.tell(why)).ok()?;
            let sheet = Arc::new(sheet);
            self.sheets.insert(name, sheet.clone());
            Some(sheet)
        })
    }

    /// Says once that there can be no sheets: everything works without, only slower.
    fn tell(&self, why: &io::Error) {
        if why.kind() != io::ErrorKind::Unsupported && !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(%why, "large clips cannot be sent without a copy: every one costs more");
        }
    }
}

/// A clip in memory that the system can send by itself.
pub(super) struct Sheet {
    /// Held, so that no other buffer can come to lie where it lies.
    bytes: Bytes,
    #[cfg(target_os = "linux")]
    file: std::fs::File,
    _place: OwnedSemaphorePermit,
}

impl Sheet {
    /// Whether one of `slices` is part of it.
    pub(super) fn holds(&self, slices: &[IoSlice<'_>]) -> bool {
        slices.iter().any(|slice| self.place_of(slice).is_some())
    }

    /// Where in the file `slice` lies.
    fn place_of(&self, slice: &[u8]) -> Option<u64> {
        let place = (slice.as_ptr() as usize).checked_sub(self.bytes.as_ptr() as usize)?;
        (!slice.is_empty() && place + slice.len() <= self.bytes.len()).then_some(place as u64)
    }
}

#[cfg(target_os = "linux")]
impl Sheet {
    fn new(bytes: &Bytes, place: OwnedSemaphorePermit) -> io::Result<Self> {
        use std::io::Write;

        use rustix::fs::{MemfdFlags, memfd_create};

        let mut file = std::fs::File::from(memfd_create("langdu-clip", MemfdFlags::CLOEXEC)?);
        file.write_all(bytes)?;
        Ok(Self { bytes: bytes.clone(), file, _place: place })
    }

    /// Sends the first of `slices`, one of which it holds, without waiting; how many bytes were taken.
    pub(super) fn send(&self, stream: &TcpStream, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        use rustix::{
            fs::sendfile,
            net::{SendFlags, send},
        };

        let Some(first) = slices.iter().find(|slice| !slice.is_empty()) else { return Ok(0) };
        match self.place_of(first) {
            Some(mut place) => Ok(sendfile(stream, &self.file, Some(&mut place), first.len())?),
            // The head: it leaves together with what follows.
            None => Ok(send(stream, first, SendFlags::MORE | SendFlags::NOSIGNAL)?),
        }
    }
}

#[cfg(not(target_os = "linux"))]
impl Sheet {
    fn new(_: &Bytes, _: OwnedSemaphorePermit) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Never called: there are no sheets here.
    pub(super) fn send(&self, _: &TcpStream, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_sheet_knows_its_own_bytes_by_their_place() {
        let clip = Bytes::from(vec![7; WORTH_IT]);
        let place = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        let Ok(sheet) = Sheet::new(&clip, place) else { return };
        let twin = clip.to_vec();
        assert_eq!(sheet.place_of(&clip), Some(0));
        assert_eq!(sheet.place_of(&clip[100..200]), Some(100));
        assert_eq!(sheet.place_of(&clip[WORTH_IT - 1..]), Some(WORTH_IT as u64 - 1));
        assert_eq!(sheet.place_of(&clip[..0]), None);
        assert_eq!(sheet.place_of(&twin), None, "equal bytes elsewhere");
        assert!(sheet.holds(&[IoSlice::new(b"head"), IoSlice::new(&clip[5..])]));
        assert!(!sheet.holds(&[IoSlice::new(b"head")]));
    }

    #[test]
    fn a_clip_that_came_anew_has_another_sheet_and_a_small_one_none() {
        let name = ClipName::wav("0f".repeat(32).parse().unwrap());
        let (sheets, first, second) =
            (Sheets::new(), Bytes::from(vec![7; WORTH_IT]), Bytes::from(vec![7; WORTH_IT]));
        let Some(sheet) = sheets.of(name, &first, WORTH_IT as u64) else { return };
        assert!(Arc::ptr_eq(&sheet, &sheets.of(name, &first, WORTH_IT as u64).unwrap()));
        assert!(!Arc::ptr_eq(&sheet, &sheets.of(name, &second, WORTH_IT as u64).unwrap()));
        assert!(sheets.of(name, &first, WORTH_IT as u64 - 1).is_none());
    }

    #[test]
    fn sheets_are_bounded_and_the_rest_is_copied() {
        let (sheets, clip) = (Sheets::new(), Bytes::from(vec![7; 1 << 20]));
        let name = |n: u8| ClipName::wav(format!("{n:02x}").repeat(32).parse().unwrap());
        let mut made = 0;
        for turn in 0..4 {
            for n in 0..100 {
                made += usize::from(sheets.of(name(n), &clip, clip.len() as u64).is_some());
                sheets.sheets.run_pending_tasks();
                assert!(sheets.sheets.weighted_size() <= ROOM, "turn {turn}");
            }
        }
        assert!(made < 200, "{made} of 400 had a sheet, the others would have paid for one");
        assert!(MOST - sheets.places.available_permits() <= 32);
    }

    #[test]
    fn the_unit_lets_the_service_make_sheets() {
        let unit = include_str!("../../../packaging/langdu.service");
        let filters: Vec<&str> =
            unit.lines().filter_map(|line| line.strip_prefix("SystemCallFilter=")).collect();
        let denied = filters.iter().rposition(|filter| filter.starts_with('~')).unwrap();
        // Each line changes what those before it have left; `@ipc` has this one.
        assert!(
            filters[denied + 1..].iter().any(|filter| filter.split(' ').any(|call| call == "memfd_create"))
        );
    }
}
