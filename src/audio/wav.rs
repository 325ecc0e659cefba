//! WAV files: 16 bit, mono, the plain 44-byte header and nothing after the samples.
//!
//! One fixed layout lets clips be joined by copying bytes, lets a duration be told from a length, and
//! lets a whole notice be streamed: [`header`] of the total first, then the samples of clip after clip.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};

use super::{AudioError, Clip, RATE, dither};

/// Bytes before the first sample.
pub const HEADER: usize = 44;

/// Bytes of a sample.
pub(super) const SAMPLE: u32 = 2;

impl Clip {
    /// A clip from its file.
    ///
    /// # Errors
    /// [`AudioError::Damaged`] where the file is not one that [`finish`](super::finish) or [`join`]
    /// wrote.
    pub fn from_wav(wav: Bytes) -> Result<Self, AudioError> {
        let clip = Self { wav };
        clip.samples().map(|_| clip.clone())
    }

    /// The samples: 16 bit, little end first.
    ///
    /// # Errors
    /// [`AudioError::Damaged`] where the file is cut short or has another layout.
    pub fn samples(&self) -> Result<Bytes, AudioError> {
        let len = self.wav.len().checked_sub(HEADER).ok_or(AudioError::Damaged)?;
        if self.wav.get(..HEADER) != Some(&header(len as u64, RATE)[..])
            || !len.is_multiple_of(SAMPLE as usize)
        {
            return Err(AudioError::Damaged);
        }
        Ok(self.wav.slice(HEADER..))
    }

    /// How long it lasts, pause included.
    pub fn duration(&self) -> Duration {
        let samples = self.wav.len().saturating_sub(HEADER) as u64 / u64::from(SAMPLE);
        // Whole nanoseconds of a whole number of samples: sums of durations stay exact to the sample.
        Duration::from_nanos(samples * 1_000_000_000 / u64::from(RATE))
    }
}

/// One recording of `clips`, one after the other.
///
/// # Errors
/// [`AudioError::Damaged`] where one of them is, [`AudioError::TooLong`] where they don't fit a file.
pub fn join<'c>(clips: impl IntoIterator<Item = &'c Clip>) -> Result<Clip, AudioError> {
    let parts: Vec<Bytes> = clips.into_iter().map(Clip::samples).collect::<Result<_, _>>()?;
    let len: usize = parts.iter().map(Bytes::len).sum();
    if len > longest() as usize {
        return Err(AudioError::TooLong);
    }
    let mut wav = BytesMut::with_capacity(HEADER + len);
    wav.put_slice(&header(len as u64, RATE));
    parts.iter().for_each(|part| wav.put_slice(part));
    Ok(Clip { wav: wav.freeze() })
}

/// The header of a file with `len` bytes of samples, `rate` of them a second.
///
/// Where the length is not known yet, pass [`u64::MAX`]: the header then announces the longest file
/// there can be, and players play until the stream ends.
pub(super) fn header(len: u64, rate: u32) -> [u8; HEADER] {
    let len = u32::try_from(len).unwrap_or(u32::MAX).min(longest());
    let mut out = [0; HEADER];
    let mut rest = &mut out[..];
    rest.put_slice(b"RIFF");
    rest.put_u32_le(len + HEADER as u32 - 8);
    rest.put_slice(b"WAVEfmt ");
    rest.put_u32_le(16); // bytes of this part
    rest.put_u16_le(1); // integer samples
    rest.put_u16_le(1); // one channel
    rest.put_u32_le(rate);
    rest.put_u32_le(rate * SAMPLE); // bytes a second
    rest.put_u16_le(SAMPLE as u16); // bytes of one moment
    rest.put_u16_le(8 * SAMPLE as u16); // bits of a sample
    rest.put_slice(b"data");
    rest.put_u32_le(len);
    out
}

/// `speech`, full scale at ±1, and then `pause` samples of silence.
pub(super) fn clip(speech: &[f32], pause: usize) -> Result<Clip, AudioError> {
    let len = (speech.len() + pause) * SAMPLE as usize;
    if len > longest() as usize {
        return Err(AudioError::TooLong);
    }
    let mut wav = BytesMut::with_capacity(HEADER + len);
    wav.put_slice(&header(len as u64, RATE));
    for (at, &sample) in speech.iter().enumerate() {
        wav.put_i16_le(dither::to_16_bit(sample, at));
    }
    wav.put_bytes(0, pause * SAMPLE as usize);
    Ok(Clip { wav: wav.freeze() })
}

/// The file of `samples`, `rate` of them a second.
pub(super) fn file(samples: &[i16], rate: u32) -> Result<Bytes, AudioError> {
    let len = samples.len() * SAMPLE as usize;
    if len > longest() as usize {
        return Err(AudioError::TooLong);
    }
    let mut wav = BytesMut::with_capacity(HEADER + len);
    wav.put_slice(&header(len as u64, rate));
    samples.iter().for_each(|&sample| wav.put_i16_le(sample));
    Ok(wav.freeze())
}

/// The most bytes of samples a file can count: whole samples, and its own header counts too.
const fn longest() -> u32 {
    (u32::MAX - HEADER as u32) / SAMPLE * SAMPLE
}

#[cfg(test)]
mod tests {
    use super::super::tests::sine;
    use super::*;

    fn read(clip: &Clip) -> (hound::WavSpec, Vec<i16>) {
        let mut reader = hound::WavReader::new(&clip.wav[..]).unwrap();
        (reader.spec(), reader.samples().map(Result::unwrap).collect())
    }

    #[test]
    fn another_reader_finds_the_same_samples() {
        let speech = sine(440.0, 0.5, 0.25);
        let clip = clip(&speech, 240).unwrap();
        let (spec, samples) = read(&clip);
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, RATE, 16));
        assert_eq!(samples.len(), speech.len() + 240);
        for (read, spoken) in samples.iter().zip(&speech) {
            assert!((f32::from(*read) / 32768.0 - spoken).abs() <= 1.5 / 32768.0);
        }
        assert!(samples[speech.len()..].iter().all(|&sample| sample == 0));
        assert_eq!(clip.duration(), Duration::from_millis(260));
    }

    #[test]
    fn another_writer_writes_the_same_bytes() {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut theirs = std::io::Cursor::new(Vec::new());
        let mut writer = hound::WavWriter::new(&mut theirs, spec).unwrap();
        [0i16, 16384, -32768].into_iter().for_each(|sample| writer.write_sample(sample).unwrap());
        writer.finalize().unwrap();
        assert_eq!(file(&[0, 16384, -32768], RATE).unwrap(), theirs.into_inner());
    }

    #[test]
    fn a_recording_is_its_clips_in_order() {
        let clips: Vec<Clip> =
            [0.1, 0.2, 0.3].iter().map(|&s| clip(&sine(440.0, s, s), 100).unwrap()).collect();
        let joined = join(&clips).unwrap();
        assert_eq!(read(&joined).1, clips.iter().flat_map(|clip| read(clip).1).collect::<Vec<_>>());
        let sum: Duration = clips.iter().map(Clip::duration).sum();
        assert!(joined.duration().abs_diff(sum) < Duration::from_nanos(10));
        assert_eq!(join(&[]).unwrap().duration(), Duration::ZERO);
        assert!(read(&join(&[]).unwrap()).1.is_empty());
    }

    #[test]
    fn a_damaged_clip_is_not_joined() {
        let whole = clip(&sine(440.0, 0.5, 0.1), 0).unwrap();
        assert_eq!(Clip::from_wav(whole.wav.clone()), Ok(whole.clone()));
        for wav in [Bytes::new(), whole.wav.slice(..20), whole.wav.slice(..1000), whole.wav.slice(1..)] {
            assert_eq!(Clip::from_wav(wav.clone()), Err(AudioError::Damaged));
            assert_eq!(join([&whole, &Clip { wav }]), Err(AudioError::Damaged));
        }
    }

    #[test]
    fn an_endless_stream_has_a_header_that_players_take() {
        let head = header(u64::MAX, RATE);
        let reader = hound::WavReader::new(&head[..]).unwrap();
        assert!(reader.duration() > RATE * 3600);
        assert_eq!(header(u64::from(u32::MAX), RATE), head);
    }
}
