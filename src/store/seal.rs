//! The checksum behind a stored clip: the WAV file, then the 32 bytes of its BLAKE3.
//!
//! Programs that play WAV files go by the sizes in the header and do not see it.

use bytes::Bytes;

/// Bytes that a seal adds.
pub(super) const LEN: usize = blake3::OUT_LEN;

/// `wav` with its seal.
pub(super) fn close(wav: &Bytes) -> Bytes {
    [wav.as_ref(), blake3::hash(wav).as_bytes()].concat().into()
}

/// What was sealed; none when a single bit of it differs.
pub(super) fn open(mut sealed: Bytes) -> Option<Bytes> {
    let seal = sealed.split_off(sealed.len().checked_sub(LEN)?);
    (blake3::hash(&sealed).as_bytes()[..] == seal[..]).then_some(sealed)
}
