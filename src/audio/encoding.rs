//! How the samples of a clip are written down: the formats that a clip is served in.

use bytes::Bytes;

use super::{AudioError, Clip};

/// A format of clips. Every one is derived from the canonical [`Encoding::Wav`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encoding {
    /// WAV, 24 kHz, 16 bit: as it is made.
    Wav,
}

impl Encoding {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Wav];

    /// What a file name ends in, after the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Wav => "audio/wav",
        }
    }

    /// The format whose file names end in `extension`.
    pub fn from_extension(extension: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|encoding| encoding.extension() == extension)
    }
}

/// The file of `clip` in `encoding`.
///
/// # Errors
/// [`AudioError::Damaged`] where the clip is.
pub fn encode(clip: &Clip, encoding: Encoding) -> Result<Bytes, AudioError> {
    match encoding {
        Encoding::Wav => Ok(clip.wav.clone()),
    }
}
