//! A WAV file from a program that nobody vouches for: mono, 16 bit, and all of it there.
//!
//! Programs that write into a pipe do not know how long their sound will be, and promise gigabytes in the header;
//! that is allowed, and the file ends where it ends (readers of WAV files call such a file damaged, so there is one
//! here). Whatever else the header says must be so: where more or less sound came than was promised, something was
//! lost, and half a sentence would be heard.

/// Why bytes are no speech of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum WavError {
    /// Nothing came.
    #[error("it gave nothing")]
    Nothing,
    /// The first bytes are not those of a WAV file.
    #[error("what it gave is no WAV file")]
    NotWav,
    /// The file is cut off, or its chunks do not fit into one another.
    #[error("its WAV file is damaged: the lengths in it are not those of what is there")]
    Damaged,
    /// It is no plain 16-bit mono file.
    #[error(
        "its WAV file has {channels} channels of {bits} bits in format {format}, not one of 16 bits in format 1"
    )]
    Format {
        /// 1 is whole numbers.
        format: u16,
        /// 1 is mono.
        channels: u16,
        /// Of one sample.
        bits: u16,
    },
    /// It speaks at another rate than `voice.toml` says.
    #[error("it speaks at {found} samples a second, voice.toml says {expected}")]
    Rate {
        /// In the header.
        found: u32,
        /// In `voice.toml`.
        expected: u32,
    },
}

/// A length in the header from which on it means "until the end"; espeak-ng promises 2,147,479,552 bytes.
const UNTIL_THE_END: usize = 0x7fff_0000;

/// Whole numbers, in the format field.
const PCM: u16 = 1;

/// Whole numbers too, as newer programs write it.
const EXTENSIBLE: u16 = 0xfffe;

/// The samples of a WAV file of `rate` samples a second, full scale at ±1.
///
/// # Errors
/// See [`WavError`].
pub(super) fn samples(file: &[u8], rate: u32) -> Result<Vec<f32>, WavError> {
    if file.is_empty() {
        return Err(WavError::Nothing);
    }
    let (Some(b"RIFF"), Some(b"WAVE")) = (file.get(..4), file.get(8..12)) else {
        return Err(WavError::NotWav);
    };
    let mut rest = file.get(12..).ok_or(WavError::NotWav)?;
    let (mut known, mut sound) = (false, None);
    while !rest.is_empty() {
        let (name, length) = head(rest).ok_or(WavError::Damaged)?;
        let body = rest.get(8..).ok_or(WavError::Damaged)?;
        let open = name == *b"data" && length >= UNTIL_THE_END;
        let length = if open { body.len() } else { length };
        let chunk = body.get(..length).ok_or(WavError::Damaged)?;
        match &name {
            b"fmt " => {
                check(chunk, rate)?;
                known = true;
            }
            b"data" if known && sound.is_none() => sound = Some(chunk),
            b"data" => return Err(WavError::Damaged),
            _ => {}
        }
        // Chunks begin at even places; the byte between may be missing at the end.
        rest = body.get(length + length % 2..).unwrap_or_default();
    }
    let sound = sound.ok_or(WavError::Damaged)?;
    let (pairs, half) = sound.as_chunks::<2>();
    match (pairs, half) {
        ([], _) => Err(WavError::Nothing),
        (pairs, []) => Ok(pairs.iter().map(|&pair| f32::from(i16::from_le_bytes(pair)) / 32768.0).collect()),
        _ => Err(WavError::Damaged),
    }
}

/// Name and length of the chunk that `bytes` begin with.
fn head(bytes: &[u8]) -> Option<([u8; 4], usize)> {
    let name = bytes.first_chunk::<4>()?;
    let length = bytes.get(4..)?.first_chunk::<4>()?;
    let printable = name.iter().all(|byte| (0x20..0x7f).contains(byte));
    printable.then_some((*name, u32::from_le_bytes(*length) as usize))
}

fn check(chunk: &[u8], expected: u32) -> Result<(), WavError> {
    let short = |at: usize| Some(u16::from_le_bytes(*chunk.get(at..)?.first_chunk()?));
    let long = |at: usize| Some(u32::from_le_bytes(*chunk.get(at..)?.first_chunk()?));
    let fields = || Some((short(0)?, short(2)?, long(4)?, short(12)?, short(14)?));
    let (format, channels, found, frame, bits) = fields().ok_or(WavError::Damaged)?;
    let format = if format == EXTENSIBLE { short(24).ok_or(WavError::Damaged)? } else { format };
    if (format, channels, bits, frame) != (PCM, 1, 16, 2) {
        return Err(WavError::Format { format, channels, bits });
    }
    if found != expected {
        return Err(WavError::Rate { found, expected });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn chunk(name: &[u8], length: u32, body: &[u8]) -> Vec<u8> {
        [name, &length.to_le_bytes(), body].concat()
    }

    fn fmt(format: u16, channels: u16, rate: u32, bits: u16) -> Vec<u8> {
        let frame = channels * bits / 8;
        let fields = [format.to_le_bytes(), channels.to_le_bytes()].concat();
        let bytes_a_second = (rate * u32::from(frame)).to_le_bytes();
        let body =
            [&fields[..], &rate.to_le_bytes(), &bytes_a_second, &frame.to_le_bytes(), &bits.to_le_bytes()];
        chunk(b"fmt ", 16, &body.concat())
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        let body = chunks.concat();
        chunk(b"RIFF", body.len() as u32 + 4, &[b"WAVE", &body[..]].concat())
    }

    const SOUND: [u8; 4] = [0, 0x40, 0, 0x80];

    #[test]
    fn what_is_whole_is_read() {
        let plain = fmt(1, 1, 22_050, 16);
        let expected = Ok(vec![0.5, -1.0]);
        assert_eq!(samples(&file(&[plain.clone(), chunk(b"data", 4, &SOUND)]), 22_050), expected);
        for endless in [0x7fff_f000, 0x7fff_ffff, u32::MAX] {
            assert_eq!(samples(&file(&[plain.clone(), chunk(b"data", endless, &SOUND)]), 22_050), expected);
        }
        let others =
            [chunk(b"JUNK", 3, &[1, 2, 3, 0]), plain, chunk(b"data", 4, &SOUND), chunk(b"LIST", 2, b"ab")];
        assert_eq!(samples(&file(&others), 22_050), expected);
    }

    #[test]
    fn what_is_not_is_refused_in_words() {
        use WavError::{Damaged, Format, NotWav, Nothing, Rate};
        let plain = fmt(1, 1, 22_050, 16);
        let with =
            |length: u32, body: &[u8]| samples(&file(&[plain.clone(), chunk(b"data", length, body)]), 22_050);
        assert_eq!(samples(b"", 22_050), Err(Nothing));
        assert_eq!(samples(b"Segmentation fault (core dumped)\n", 22_050), Err(NotWav));
        assert_eq!(with(0, b""), Err(Nothing));
        assert_eq!(with(6, &SOUND), Err(Damaged), "less came than was promised");
        assert_eq!(with(2, &SOUND), Err(Damaged), "more came than was promised");
        assert_eq!(with(u32::MAX, &SOUND[..3]), Err(Damaged), "half a sample");
        assert_eq!(samples(&file(&[chunk(b"data", 4, &SOUND)]), 22_050), Err(Damaged), "no format");
        assert_eq!(samples(&file(&[chunk(b"fmt ", 2, &[1, 0])]), 22_050), Err(Damaged));
        let twice = [plain.clone(), chunk(b"data", 4, &SOUND), chunk(b"data", 4, &SOUND)];
        assert_eq!(samples(&file(&twice), 22_050), Err(Damaged));
        for (format, channels, bits) in [(1, 2, 16), (1, 1, 8), (1, 1, 24), (3, 1, 32), (7, 1, 8), (1, 0, 16)]
        {
            let file = file(&[fmt(format, channels, 22_050, bits), chunk(b"data", 4, &SOUND)]);
            assert_eq!(samples(&file, 22_050), Err(Format { format, channels, bits }));
        }
        let slow = file(&[fmt(1, 1, 8000, 16), chunk(b"data", 4, &SOUND)]);
        assert_eq!(samples(&slow, 22_050), Err(Rate { found: 8000, expected: 22_050 }));
    }

    #[test]
    fn no_bytes_at_all_make_it_stumble() {
        let good = file(&[fmt(1, 1, 22_050, 16), chunk(b"data", 4, &SOUND)]);
        for end in 0..good.len() {
            assert!(samples(&good[..end], 22_050).is_err(), "cut at {end}");
        }
        let mut dice = fastrand::Rng::with_seed(7);
        for _ in 0..20_000 {
            let mut odd = good.clone();
            for _ in 0..=dice.usize(..4) {
                let at = dice.usize(..odd.len());
                odd[at] = dice.u8(..);
            }
            // A value or an error, and never more samples than there are bytes for.
            assert!(
                samples(&odd, 22_050).is_ok_and(|found| found.len() <= odd.len() / 2)
                    || samples(&odd, 22_050).is_err()
            );
        }
    }
}
