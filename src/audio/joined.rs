//! One recording of several clips, written piece by piece while they are made: one file, not several behind each
//! other, so that no decoder has to know where a clip ends.

use bytes::Bytes;

#[cfg(feature = "flac")]
use super::flac;
#[cfg(feature = "opus")]
use super::opus;
#[cfg(any(feature = "flac", test))]
use super::wav;
use super::{AudioError, Clip, Encoding};

/// How a recording is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// WAV, 24 kHz, 16 bit, mono.
    Wav,
    /// The same samples, little end first, and nothing else.
    Pcm,
    /// One stream of Ogg Opus at 24 kbit/s.
    #[cfg(feature = "opus")]
    Opus,
    /// FLAC, 24 kHz, 16 bit, mono.
    #[cfg(feature = "flac")]
    Flac,
}

impl Container {
    /// All of them, the one that is taken where none is asked for first.
    pub const ALL: &[Self] = &[
        Self::Wav,
        Self::Pcm,
        #[cfg(feature = "opus")]
        Self::Opus,
        #[cfg(feature = "flac")]
        Self::Flac,
    ];

    /// How it is asked for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Pcm => "pcm",
            #[cfg(feature = "opus")]
            Self::Opus => "opus",
            #[cfg(feature = "flac")]
            Self::Flac => "flac",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => Encoding::Wav.media_type(),
            Self::Pcm => "audio/pcm",
            #[cfg(feature = "opus")]
            Self::Opus => Encoding::Opus.media_type(),
            #[cfg(feature = "flac")]
            Self::Flac => "audio/flac",
        }
    }

    /// Bytes of a file with so many bytes of samples, where every sample takes as many.
    pub const fn len(self, samples: u64) -> Option<u64> {
        match self {
            Self::Wav => Some(samples + super::HEADER as u64),
            Self::Pcm => Some(samples),
            #[cfg(any(feature = "opus", feature = "flac"))]
            _ => None,
        }
    }
}

/// A recording that is being written.
pub struct Recording {
    writer: Writer,
    /// What stands before the first sample, until it is taken.
    head: Bytes,
}

enum Writer {
    /// The samples as they are.
    Bare,
    #[cfg(feature = "opus")]
    Opus(Box<opus::Stream>),
    #[cfg(feature = "flac")]
    Flac(Box<flac::Stream>),
}

impl Recording {
    /// Begins one of so many bytes of samples, if that is known; `serial` tells streams of Opus apart.
    ///
    /// # Errors
    /// [`AudioError::Codec`] where an encoder does not begin.
    pub fn begin(container: Container, samples: Option<u64>, serial: u32) -> Result<Self, AudioError> {
        let _ = serial;
        let bare = |head| Self { writer: Writer::Bare, head };
        Ok(match container {
            Container::Wav => bare(Encoding::Wav.header(samples.unwrap_or(u64::MAX))),
            Container::Pcm => bare(Bytes::new()),
            #[cfg(feature = "opus")]
            Container::Opus => {
                let mut stream = Box::new(opus::Stream::begin(serial, 0)?);
                let head = stream.written();
                Self { writer: Writer::Opus(stream), head }
            }
            #[cfg(feature = "flac")]
            Container::Flac => {
                let samples = samples.map(|bytes| bytes / u64::from(wav::SAMPLE));
                let mut stream = Box::new(flac::Stream::begin(samples)?);
                let head = stream.written();
                Self { writer: Writer::Flac(stream), head }
            }
        })
    }

    /// What stands before the first sample; nothing the second time.
    pub fn head(&mut self) -> Bytes {
        std::mem::take(&mut self.head)
    }

    /// Whether [`Recording::push`] and [`Recording::end`] are work for a processor.
    pub const fn is_work(&self) -> bool {
        !matches!(self.writer, Writer::Bare)
    }

    /// Goes on with a clip; what can be sent now, which may be nothing.
    ///
    /// # Errors
    /// [`AudioError::Damaged`] where the clip is, [`AudioError::Codec`] where an encoder fails.
    pub fn push(&mut self, clip: &Clip) -> Result<Bytes, AudioError> {
        let bytes = clip.samples()?;
        #[cfg(any(feature = "opus", feature = "flac"))]
        let samples =
            || -> Vec<i16> { bytes.as_chunks().0.iter().map(|sample| i16::from_le_bytes(*sample)).collect() };
        match &mut self.writer {
            Writer::Bare => Ok(bytes),
            #[cfg(feature = "opus")]
            Writer::Opus(stream) => {
                stream.push(&samples(), true)?;
                Ok(stream.written())
            }
            #[cfg(feature = "flac")]
            Writer::Flac(stream) => {
                stream.push(&samples())?;
                Ok(stream.written())
            }
        }
    }

    /// Ends it; what is still to be sent.
    ///
    /// # Errors
    /// [`AudioError::Codec`] where an encoder fails.
    pub fn end(self) -> Result<Bytes, AudioError> {
        match self.writer {
            Writer::Bare => Ok(Bytes::new()),
            #[cfg(feature = "opus")]
            Writer::Opus(stream) => stream.end(),
            #[cfg(feature = "flac")]
            Writer::Flac(stream) => stream.end(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{RATE, tests::sine},
        *,
    };

    /// A clip of so many samples of a tone.
    fn clip(samples: usize) -> Clip {
        let tone = sine(440.0, 0.3, (samples + 1) as f32 / RATE as f32);
        let tone: Vec<i16> = tone.iter().take(samples).map(|sample| (sample * 32_767.0) as i16).collect();
        assert_eq!(tone.len(), samples);
        Clip { wav: wav::file(&tone, RATE).unwrap() }
    }

    #[test]
    fn bare_recordings_have_every_sample_and_tell_their_length_where_it_is_known() {
        let clips = [clip(5000), clip(1), clip(2307)];
        let samples: Vec<u8> = clips.iter().flat_map(|clip| clip.samples().unwrap()).collect();
        let file = |container: Container, known| {
            let mut recording = Recording::begin(container, known, 7).unwrap();
            let mut out = recording.head().to_vec();
            assert!(recording.head().is_empty(), "a head is sent once");
            clips.iter().for_each(|clip| out.extend(recording.push(clip).unwrap()));
            out.extend(recording.end().unwrap());
            out
        };
        let known = Some(samples.len() as u64);
        assert_eq!(file(Container::Pcm, known), samples);
        assert_eq!(file(Container::Wav, known), super::super::join(&clips).unwrap().wav);
        assert_eq!(file(Container::Wav, None)[44..], samples);
        assert_eq!(file(Container::Wav, None)[..44], Encoding::Wav.header(u64::MAX));
        for container in [Container::Pcm, Container::Wav] {
            let len = file(container, known).len() as u64;
            assert_eq!(container.len(samples.len() as u64), Some(len));
        }
    }

    #[test]
    fn a_damaged_clip_is_told() {
        for &container in Container::ALL {
            let mut recording = Recording::begin(container, None, 7).unwrap();
            let damaged = Clip { wav: clip(100).wav.slice(..100) };
            assert_eq!(recording.push(&damaged), Err(AudioError::Damaged));
        }
    }
}
