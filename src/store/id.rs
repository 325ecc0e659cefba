//! Names of notices and of the files of clips.

use std::{fmt, str::FromStr};

use crate::{audio::Encoding, plan::ClipKey};

/// The name of a submitted notice: 16 bytes, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId([u8; 16]);

/// Why a text names no notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a notice id is 32 lower-case hexadecimal digits")]
pub struct NoId;

impl NoticeId {
    /// The name with these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The first eight bytes.
    pub(super) fn prefix(self) -> u64 {
        self.0.first_chunk().map_or(0, |first| u64::from_le_bytes(*first))
    }
}

impl FromStr for NoticeId {
    type Err = NoId;

    fn from_str(text: &str) -> Result<Self, NoId> {
        if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(NoId);
        }
        u128::from_str_radix(text, 16).map(|number| Self(number.to_be_bytes())).map_err(|_| NoId)
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoticeId({self})")
    }
}

/// A file of a clip: which clip, and what of it. Written `{key}.{extension}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClipName {
    /// Which clip.
    pub key: ClipKey,
    /// What of it.
    pub form: Form,
}

/// What of a clip a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Its sound, in some format.
    Sound(Encoding),
    /// When each of its sounds is heard ([`crate::audio::Marks`]).
    Marks,
}

/// What the name of a file with marks ends in.
const MARKS: &str = "marks";

impl Form {
    /// All files that a clip may have.
    pub fn all() -> impl Iterator<Item = Self> {
        Encoding::ALL.iter().map(|encoding| Self::Sound(*encoding)).chain([Self::Marks])
    }

    /// What a file name ends in, after the dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Sound(encoding) => encoding.extension(),
            Self::Marks => MARKS,
        }
    }

    /// The media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Sound(encoding) => encoding.media_type(),
            Self::Marks => "application/json",
        }
    }
}

/// Why a text names no file of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clip is named by 64 lower-case hexadecimal digits, a dot and the extension of its format")]
pub struct NoClipName;

impl ClipName {
    /// The canonical file of a clip.
    pub const fn wav(key: ClipKey) -> Self {
        Self::sound(key, Encoding::Wav)
    }

    /// A clip in some format.
    pub const fn sound(key: ClipKey, encoding: Encoding) -> Self {
        Self { key, form: Form::Sound(encoding) }
    }

    /// When each sound of a clip is heard.
    pub const fn marks(key: ClipKey) -> Self {
        Self { key, form: Form::Marks }
    }

    /// What a file of the store is by its name; unlike an address it may be one with marks.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        match name.split_once('.')? {
            (key, MARKS) => key.parse().ok().map(Self::marks),
            _ => name.parse().ok(),
        }
    }
}

impl FromStr for ClipName {
    type Err = NoClipName;

    fn from_str(text: &str) -> Result<Self, NoClipName> {
        let (key, extension) = text.split_once('.').ok_or(NoClipName)?;
        let key = key.parse().map_err(|_| NoClipName)?;
        Ok(Self::sound(key, Encoding::from_extension(extension).ok_or(NoClipName)?))
    }
}

impl fmt::Display for ClipName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.key, self.form.extension())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_file_name_reads_back_what_it_writes_and_nothing_else() {
        let key = "0f".repeat(32);
        for form in Form::all() {
            let name = ClipName { key: key.parse().unwrap(), form };
            assert_eq!(ClipName::of_file(&name.to_string()), Some(name));
            // Marks are kept under their name, and have no address.
            let address = Some(name).filter(|name| name.form != Form::Marks).ok_or(NoClipName);
            assert_eq!(name.to_string().parse(), address);
        }
        for bad in ["", "wav", ".wav", &key, &format!("{key}."), &format!("{key}.exe"), "../x.wav"] {
            assert_eq!(bad.parse::<ClipName>(), Err(NoClipName), "{bad}");
            assert_eq!(ClipName::of_file(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_id_reads_back_what_it_writes_and_nothing_else() {
        let id = NoticeId::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(id.to_string(), "000102030405060708090a0b0c0d0eff");
        assert_eq!(id.to_string().parse(), Ok(id));
        for bad in
            ["", "00", "+00102030405060708090a0b0c0d0eff", "000102030405060708090A0B0C0D0EFF", "../passwd"]
        {
            assert_eq!(bad.parse::<NoticeId>(), Err(NoId), "{bad}");
        }
    }
}
