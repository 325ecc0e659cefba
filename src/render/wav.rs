//! What the conductor needs to know of a clip's WAV file: where its samples are and how long they last.
//!
//! Clips are 16 bit mono, 24 000 samples a second.

use std::{ops::Range, time::Duration};

/// Bytes of a second of sound.
const BYTES_A_SECOND: u64 = 48_000;

/// Bytes before the samples of a file that has nothing but its format and its samples.
pub const HEADER: u64 = 44;

/// The header of a file with `data` bytes of samples. None is for a stream whose length is not known
/// yet: both sizes are then the largest there is, which players take for "until the end".
pub fn header(data: Option<u32>) -> [u8; HEADER as usize] {
    let riff = data.map_or(u32::MAX, |data| data.saturating_add(36));
    let mut out = *b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\0\0\0\0\0\0\0\0\x02\0\x10\0data\0\0\0\0";
    let mut put = |at: usize, value: u32| {
        for (byte, value) in out.iter_mut().skip(at).zip(value.to_le_bytes()) {
            *byte = value;
        }
    };
    put(4, riff);
    put(24, (BYTES_A_SECOND / 2) as u32);
    put(28, BYTES_A_SECOND as u32);
    put(40, data.unwrap_or(u32::MAX));
    out
}

/// Where the samples of `wav` are; nothing when it is no WAV file.
pub fn samples(wav: &[u8]) -> Range<usize> {
    let mut at = 12;
    while let Some(head) = wav.get(at..at + 8) {
        let len = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        let start = at + 8;
        if head.starts_with(b"data") {
            return start..start.saturating_add(len).min(wav.len());
        }
        at = start.saturating_add(len).saturating_add(len % 2);
    }
    0..0
}

/// How long a clip of `bytes` bytes, header included, is heard.
pub fn duration(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_sub(HEADER) * 1000 / BYTES_A_SECOND)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_header_is_what_readers_expect() {
        let mut file = header(Some(4)).to_vec();
        file.extend([1, 0, 2, 0]);
        let reader = hound::WavReader::new(&file[..]).unwrap();
        let expected = hound::WavSpec {
            channels: 1,
            sample_rate: 24_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        assert_eq!(reader.spec(), expected);
        assert_eq!(reader.into_samples::<i16>().map(Result::unwrap).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(samples(&file), 44..48);
        assert_eq!(duration(HEADER + 48_000), Duration::from_secs(1));
    }

    #[test]
    fn samples_are_found_behind_other_chunks() {
        let mut file = header(Some(4)).to_vec();
        file.splice(36..36, *b"LIST\x03\0\0\0abc\0");
        file.extend([1, 0, 2, 0]);
        assert_eq!(samples(&file), 56..60);
        for bad in [&b""[..], b"RIFF", b"RIFF\0\0\0\0WAVEdata\xff\xff\xff\xff"] {
            assert!(samples(bad).is_empty(), "{bad:?}");
        }
    }
}
