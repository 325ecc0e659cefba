//! How the samples of a clip are written down: the formats that a clip is served in.
//!
//! Every format is derived from the canonical [`Encoding::Wav`], and the same clip always gives the same bytes:
//! 1. [`resample`] brings the samples to the rate of the format;
//! 2. [`wav`], [`g711`] or [`opus`] writes the file.
//!
//! No dither is added where samples become 16-bit numbers again: that of the clip is still in them, what rounding adds
//! lies 98 dB below full scale, and dither would put noise into the pauses.

use bytes::Bytes;

#[cfg(feature = "opus")]
use super::opus;
use super::{AudioError, Clip, RATE, g711, resample, wav};

/// A format of clips.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// WAV, 24 kHz, 16 bit: as it is made.
    Wav,
    /// WAV, 16 kHz, 16 bit: wideband telephony.
    Wav16,
    /// WAV, 8 kHz, 16 bit: what telephone exchanges play.
    Wav8,
    /// Bare G.711 A-law, 8 kHz: the telephone networks of China and Europe.
    Alaw,
    /// Bare G.711 μ-law, 8 kHz: those of America and Japan.
    Ulaw,
    /// Ogg Opus at 24 kbit/s: a sixteenth of the canonical file.
    #[cfg(feature = "opus")]
    Opus,
}

impl Encoding {
    /// All of them, the one that is preferred first.
    pub const ALL: &[Self] = &[
        Self::Wav,
        Self::Wav16,
        Self::Wav8,
        Self::Alaw,
        Self::Ulaw,
        #[cfg(feature = "opus")]
        Self::Opus,
    ];

    /// What a file name ends in, after the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Wav16 => "16k.wav",
            Self::Wav8 => "8k.wav",
            Self::Alaw => "alaw",
            Self::Ulaw => "ulaw",
            #[cfg(feature = "opus")]
            Self::Opus => "opus",
        }
    }

    /// The media type: that of G.711 is from RFC 4856, that of Ogg Opus from RFC 7845.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav | Self::Wav16 | Self::Wav8 => "audio/wav",
            Self::Alaw => "audio/PCMA",
            Self::Ulaw => "audio/PCMU",
            #[cfg(feature = "opus")]
            Self::Opus => "audio/ogg; codecs=opus",
        }
    }

    /// Samples a second.
    pub const fn rate(self) -> u32 {
        match self {
            Self::Wav => RATE,
            Self::Wav16 => 16_000,
            Self::Wav8 | Self::Alaw | Self::Ulaw => 8_000,
            #[cfg(feature = "opus")]
            Self::Opus => 48_000,
        }
    }

    /// The format whose file names end in `extension`.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|encoding| encoding.extension() == extension)
    }

    /// Bytes of a sample where every sample takes as many, and stands for itself: files of such a format are
    /// joined by writing their samples one after the other.
    pub const fn sample(self) -> Option<u64> {
        match self {
            Self::Wav | Self::Wav16 | Self::Wav8 => Some(wav::SAMPLE as u64),
            Self::Alaw | Self::Ulaw => Some(1),
            #[cfg(feature = "opus")]
            Self::Opus => None,
        }
    }

    /// What stands before `len` bytes of samples; [`u64::MAX`] is a length that is not known.
    pub fn header(self, len: u64) -> Bytes {
        match self {
            Self::Wav | Self::Wav16 | Self::Wav8 => Bytes::copy_from_slice(&wav::header(len, self.rate())),
            _ => Bytes::new(),
        }
    }

    /// How many samples there are where the canonical clip has `samples`: as many as begin while it lasts.
    pub const fn samples(self, samples: u64) -> u64 {
        (samples * self.rate() as u64).div_ceil(RATE as u64)
    }
}

/// The file of `clip` in `encoding`: as long as the clip, to the sample ([`Encoding::samples`]).
///
/// # Errors
/// [`AudioError::Damaged`] where the clip is.
pub fn encode(clip: &Clip, encoding: Encoding) -> Result<Bytes, AudioError> {
    let samples = clip.samples()?;
    let samples: Vec<i16> = samples.as_chunks().0.iter().map(|bytes| i16::from_le_bytes(*bytes)).collect();
    let rate = encoding.rate();
    match encoding {
        Encoding::Wav => Ok(clip.wav.clone()),
        Encoding::Wav16 | Encoding::Wav8 => wav::file(&resample::to(&samples, rate)?, rate),
        Encoding::Alaw => Ok(g711::alaw(&resample::to(&samples, rate)?)),
        Encoding::Ulaw => Ok(g711::ulaw(&resample::to(&samples, rate)?)),
        #[cfg(feature = "opus")]
        Encoding::Opus => opus::file(&samples),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        super::{Pcm, finish, tests::sine},
        *,
    };

    fn clip(seconds: f32) -> Clip {
        let speech = [sine(300.0, 0.3, seconds), sine(3000.0, 0.02, 0.1)].concat();
        finish(Pcm { rate: RATE, samples: speech }, Duration::from_millis(300)).unwrap().clip
    }

    #[test]
    fn every_format_lasts_as_long_as_the_clip_and_says_so() {
        for seconds in [0.1, 0.5, 1.2345] {
            let clip = clip(seconds);
            let samples = clip.samples().unwrap().len() as u64 / 2;
            for &encoding in Encoding::ALL {
                let file = encode(&clip, encoding).unwrap();
                assert_eq!(file, encode(&clip, encoding).unwrap(), "{encoding:?}");
                let Some(sample) = encoding.sample() else { continue };
                let bytes = encoding.samples(samples) * sample;
                let header = encoding.header(bytes);
                assert_eq!(file[..header.len()], header);
                assert_eq!(file.len() as u64, header.len() as u64 + bytes, "{encoding:?}");
                if !header.is_empty() {
                    let wav = hound::WavReader::new(&file[..]).unwrap();
                    assert_eq!(wav.spec().sample_rate, encoding.rate());
                    assert_eq!(u64::from(wav.duration()), encoding.samples(samples));
                }
            }
        }
        assert_eq!(encode(&clip(0.5), Encoding::Wav).unwrap(), clip(0.5).wav);
    }

    #[test]
    fn the_pause_of_a_clip_is_silent_in_every_format_of_the_telephone() {
        let clip = clip(0.5);
        for (encoding, silence) in [(Encoding::Wav8, 0), (Encoding::Alaw, 0xd5), (Encoding::Ulaw, 0xff)] {
            let file = encode(&clip, encoding).unwrap();
            let pause = encoding.sample().unwrap() as usize * 8 * 280;
            assert!(file[file.len() - pause..].iter().all(|&byte| byte == silence), "{encoding:?}");
        }
    }

    #[test]
    fn a_damaged_clip_is_told_in_every_format() {
        let whole = clip(0.2).wav;
        for wav in
            [Bytes::new(), whole.slice(..20), whole.slice(..1000), whole.slice(1..), whole.slice(..1001)]
        {
            for &encoding in Encoding::ALL {
                assert_eq!(encode(&Clip { wav: wav.clone() }, encoding), Err(AudioError::Damaged));
            }
        }
    }

    #[test]
    fn the_worst_of_sounds_is_written_too() {
        // Noise at full scale, of a generator of Knuth's.
        let mut state = 1u32;
        let noise: Vec<i16> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if state >> 31 == 0 { i16::MAX } else { i16::MIN }
        })
        .take(12_345)
        .collect();
        let clip = Clip { wav: wav::file(&noise, RATE).unwrap() };
        for &encoding in Encoding::ALL {
            assert!(!encode(&clip, encoding).unwrap().is_empty(), "{encoding:?}");
        }
    }

    #[test]
    fn a_clip_without_a_sample_has_files() {
        let empty = super::super::join(&[]).unwrap();
        for &encoding in Encoding::ALL {
            assert!(encode(&empty, encoding).is_ok(), "{encoding:?}");
        }
    }
}
