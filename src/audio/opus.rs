//! Ogg Opus files: speech at 24 kbit/s in frames of 20 ms (RFC 6716), in an Ogg stream (RFC 7845).
//!
//! 1. the two header packets stand on pages of their own;
//! 2. every page holds a second of sound at most, so that a player can begin early and seek well;
//! 3. the encoder needs a little sound before it gives any: players skip so many samples (`pre-skip`);
//! 4. the position of the last page cuts what the last frame has too much: the duration is exact to the sample;
//! 5. a [`Stream`] is written while its samples come, and is the same file when no page was ended early.

use bytes::Bytes;
use ogg::{PacketWriteEndInfo, PacketWriter};
use ropus::{Application, Bitrate, Channels, Encoder, Signal};

use super::{AudioError, RATE};

/// Bits a second, on average.
const BITRATE: u32 = 24_000;

/// Samples of a frame: 20 ms.
const FRAME: usize = RATE as usize / 50;

/// Frames of a page: a second.
const PAGE: u64 = 50;

/// The most bytes of a frame (RFC 6716, section 3.4).
const PACKET: usize = 1275;

/// Ogg counts samples of 48 kHz, whatever was encoded: so many are one of ours.
const TICKS: u64 = 48_000 / RATE as u64;

/// The file of `samples` at 24 kHz.
///
/// # Errors
/// [`AudioError::Codec`] where the encoder fails, which it does not on any samples that are known.
pub(super) fn file(samples: &[i16]) -> Result<Bytes, AudioError> {
    let mut stream = Stream::begin(serial(samples), samples.len())?;
    stream.push(samples, false)?;
    stream.end()
}

/// A file that is written while its samples come.
pub(super) struct Stream {
    encoder: Encoder,
    out: PacketWriter<'static, Vec<u8>>,
    serial: u32,
    /// What players skip, in ticks.
    skip: u64,
    /// Samples that came, and frames that were written.
    samples: u64,
    frames: u64,
    /// The samples that came last and fill no frame, or may be all of the last one.
    rest: Vec<i16>,
}

impl Stream {
    /// Begins a file that has the number `serial`, of perhaps so many samples.
    pub(super) fn begin(serial: u32, samples: usize) -> Result<Self, AudioError> {
        let encoder = Encoder::builder(RATE, Channels::Mono, Application::Voip)
            .bitrate(Bitrate::Bits(BITRATE))
            .signal(Signal::Voice)
            .build()
            .map_err(|_| AudioError::Codec)?;
        let skip = u64::from(encoder.lookahead()) * TICKS;
        let out = PacketWriter::new(Vec::with_capacity(samples / 6 + 1024));
        let mut stream = Self { encoder, out, serial, skip, samples: 0, frames: 0, rest: Vec::new() };
        stream.write(head(skip as u16), PacketWriteEndInfo::EndPage, 0)?;
        stream.write(tags(), PacketWriteEndInfo::EndPage, 0)?;
        Ok(stream)
    }

    /// Goes on with `samples`; with `page` a page ends with them, so that they can be heard before others come.
    pub(super) fn push(&mut self, samples: &[i16], page: bool) -> Result<(), AudioError> {
        self.samples += samples.len() as u64;
        let mut waiting = std::mem::take(&mut self.rest);
        waiting.extend_from_slice(samples);
        let mut rest = &waiting[..];
        // One sample at least stays behind: which frame is the last is not known before the end.
        while let Some((frame, more)) = rest.split_first_chunk::<FRAME>().filter(|(_, more)| !more.is_empty())
        {
            rest = more;
            let next = self.frames + 1;
            let ends = next.is_multiple_of(PAGE) || (page && rest.len() <= FRAME);
            let how = if ends { PacketWriteEndInfo::EndPage } else { PacketWriteEndInfo::NormalPacket };
            self.frame(frame, how, next * FRAME as u64 * TICKS)?;
        }
        self.rest = rest.to_vec();
        Ok(())
    }

    /// What was written since this was last called.
    pub(super) fn written(&mut self) -> Bytes {
        std::mem::take(self.out.inner_mut()).into()
    }

    /// Ends the file; what was not yet taken of it.
    pub(super) fn end(mut self) -> Result<Bytes, AudioError> {
        let end = self.skip + self.samples * TICKS;
        let frames = end.div_ceil(FRAME as u64 * TICKS);
        let mut rest = std::mem::take(&mut self.rest).into_iter();
        while self.frames < frames {
            let mut frame = [0; FRAME];
            frame.iter_mut().zip(&mut rest).for_each(|(place, sample)| *place = sample);
            let (how, position) = match self.frames + 1 {
                last if last == frames => (PacketWriteEndInfo::EndStream, end),
                next if next.is_multiple_of(PAGE) => {
                    (PacketWriteEndInfo::EndPage, next * FRAME as u64 * TICKS)
                }
                next => (PacketWriteEndInfo::NormalPacket, next * FRAME as u64 * TICKS),
            };
            self.frame(&frame, how, position)?;
        }
        Ok(self.written())
    }

    fn frame(
        &mut self,
        frame: &[i16; FRAME],
        how: PacketWriteEndInfo,
        position: u64,
    ) -> Result<(), AudioError> {
        let mut packet = vec![0; PACKET];
        let len = self.encoder.encode(frame, &mut packet).map_err(|_| AudioError::Codec)?;
        packet.truncate(len);
        self.frames += 1;
        self.write(packet, how, position)
    }

    fn write(&mut self, packet: Vec<u8>, how: PacketWriteEndInfo, position: u64) -> Result<(), AudioError> {
        self.out.write_packet(packet, self.serial, how, position).map_err(|_| AudioError::Codec)
    }
}

/// The identification header: version 1, one channel, no gain.
fn head(skip: u16) -> Vec<u8> {
    let mut out = b"OpusHead\x01\x01".to_vec();
    out.extend(skip.to_le_bytes());
    out.extend(RATE.to_le_bytes()); // the rate before encoding; players may ignore it
    out.extend(0u16.to_le_bytes()); // gain
    out.push(0); // mono or stereo, no table of channels
    out
}

/// The comment header: who wrote it, and no comments.
fn tags() -> Vec<u8> {
    let vendor = b"langdu";
    let mut out = b"OpusTags".to_vec();
    out.extend((vendor.len() as u32).to_le_bytes());
    out.extend(vendor);
    out.extend(0u32.to_le_bytes());
    out
}

/// The number of the stream, from its sound: equal clips are equal files, and different ones can be chained.
fn serial(samples: &[i16]) -> u32 {
    let mut hash = blake3::Hasher::new();
    samples.iter().for_each(|sample| {
        hash.update(&sample.to_le_bytes());
    });
    let [a, b, c, d, ..] = *hash.finalize().as_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use ogg::PacketReader;
    use ropus::{DecodeMode, Decoder};

    use super::*;

    /// Something like speech: a voice of 200 Hz with harmonics, in syllables.
    fn speech(samples: usize) -> Vec<i16> {
        let sample = |at: usize| {
            let time = at as f64 / f64::from(RATE);
            let voice: f64 = (1..15).map(|n| (f64::from(n) * 1257.0 * time).sin() / f64::from(n)).sum();
            let syllable = (time * 12.0).sin().max(0.0);
            (8000.0 * voice * syllable) as i16
        };
        (0..samples).map(sample).collect()
    }

    /// What a player makes of a file (RFC 7845, section 4): the header packets, the samples between the skip and
    /// the position of the last page, and the pages by their positions.
    fn play(file: &Bytes) -> (Vec<Vec<u8>>, Vec<i16>, u32) {
        let mut reader = PacketReader::new(std::io::Cursor::new(file.clone()));
        let mut decoder = Decoder::new(RATE, Channels::Mono).unwrap();
        let (mut heads, mut out, mut end, mut serial) = (Vec::new(), Vec::new(), 0, 0);
        while let Some(packet) = reader.read_packet().unwrap() {
            serial = packet.stream_serial();
            if heads.len() < 2 {
                assert!(packet.last_in_page() && packet.absgp_page() == 0);
                heads.push(packet.data);
                continue;
            }
            let mut sound = vec![0; FRAME];
            assert_eq!(decoder.decode(&packet.data, &mut sound, DecodeMode::Normal), Ok(FRAME));
            out.extend(sound);
            if packet.last_in_page() {
                end = packet.absgp_page();
                let decoded = out.len() as u64 * TICKS;
                assert!(end == decoded || packet.last_in_stream() && end <= decoded);
            }
        }
        let skip = u64::from(u16::from_le_bytes([heads[0][10], heads[0][11]]));
        out.truncate((end / TICKS) as usize);
        (heads, out.split_off((skip / TICKS) as usize), serial)
    }

    #[test]
    fn a_player_hears_exactly_as_many_samples_as_there_were() {
        for len in [0, 1, 323, 324, 325, 480, 24_000, 24_000 * 3 - 156, 100_003] {
            let file = file(&speech(len)).unwrap();
            let (heads, heard, _) = play(&file);
            assert_eq!(heard.len(), len);
            assert_eq!(&heads[0][..10], b"OpusHead\x01\x01");
            assert_eq!(heads[0].len(), 19);
            assert_eq!(&heads[1][..8], b"OpusTags");
        }
    }

    #[test]
    fn what_is_heard_is_what_was_said_at_the_same_time() {
        // A tone that rises from 500 to 3,500 Hz is like itself at one shift only; deep sounds the encoder delays
        // by more or less, with the hum that it filters out.
        let rising = |at: u32| {
            let time = f64::from(at) / f64::from(RATE);
            (8000.0 * (std::f64::consts::TAU * (500.0 + 750.0 * time) * time).sin()) as i16
        };
        let said: Vec<i16> = (0..2 * RATE).map(rising).collect();
        let file = file(&said).unwrap();
        let (_, heard, _) = play(&file);
        let likeness = |said: &[i16], heard: &[i16]| {
            let sum = |a: &[i16], b: &[i16]| -> f64 {
                a.iter().zip(b).skip(1000).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
            };
            sum(said, heard) / (sum(said, said) * sum(heard, heard)).sqrt()
        };
        // The filters inside the codec leave it early by a fraction of a sample of 16 kHz.
        let early = |n: usize| likeness(&said[n..], &heard);
        let late = |n: usize| likeness(&said, &heard[n..]);
        assert!(early(1) > 0.98, "{}", early(1));
        assert!((3..40).all(|n| early(n) < early(1)) && (1..40).all(|n| late(n) < early(1)));
        assert!((3_000..12_000).contains(&file.len()), "{} bytes for two seconds", file.len());
    }

    #[test]
    fn equal_clips_are_equal_files_and_others_are_other_streams() {
        let (one, other) = (file(&speech(5000)).unwrap(), file(&speech(5001)).unwrap());
        assert_eq!(one, file(&speech(5000)).unwrap());
        assert_ne!(play(&one).2, play(&other).2);
    }

    #[test]
    fn a_file_that_was_written_piece_by_piece_is_heard_as_the_whole() {
        let said = speech(100_003);
        let whole = file(&said).unwrap();
        for pieces in [vec![100_003], vec![0, 479, 1, 480, 24_000, 75_043], vec![480; 208], vec![7; 14_286]] {
            let mut stream = Stream::begin(serial(&said), 0).unwrap();
            let (mut at, mut paged) = (0, stream.written().to_vec());
            let mut plain = Stream::begin(serial(&said), 0).unwrap();
            for piece in pieces {
                let piece = &said[at..(at + piece).min(said.len())];
                stream.push(piece, true).unwrap();
                plain.push(piece, false).unwrap();
                at += piece.len();
                paged.extend(stream.written());
                // All but the last frame can be heard by now.
                if at > 2 * FRAME && piece.len() > FRAME {
                    assert!(play(&paged.clone().into()).1.len() + 2 * FRAME >= at, "{at}");
                }
            }
            // The 163 samples that no piece of 480 holds.
            stream.push(&said[at..], true).unwrap();
            plain.push(&said[at..], false).unwrap();
            paged.extend(stream.end().unwrap());
            assert_eq!(plain.end().unwrap(), whole);
            assert_eq!(play(&paged.into()).1, play(&whole).1);
        }
    }

    #[test]
    fn a_pause_is_silent() {
        let (_, heard, _) = play(&file(&[speech(24_000), vec![0; 24_000]].concat()).unwrap());
        assert!(heard[30_000..].iter().all(|sample| sample.abs() < 8), "{:?}", heard[30_000..].iter().max());
    }
}
