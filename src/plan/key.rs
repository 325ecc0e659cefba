//! Names of clips: BLAKE3 over everything that shapes the sound, each field with its length before it.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    audio,
    reading::{Boundary, Reading, Voiced},
};

/// The name of a clip: 32 bytes, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClipKey([u8; 32]);

/// Whose voice, down to the bytes of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Timbre {
    /// Name and version of the engine.
    pub engine: String,
    /// Name of the voice.
    pub voice: String,
    /// Digest of the files of the voice.
    pub digest: String,
    /// Whether it reads characters, and not sounds alone.
    #[serde(default)]
    pub by_text: bool,
}

/// Speed of speech in thousandths: 1000 is normal, larger is faster.
///
/// A whole number, so that 0.1 + 0.2 and 0.3 are one clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Speed(u16);

impl Speed {
    /// The slowest and the fastest speed that can be asked for.
    pub const RANGE: (f32, f32) = (0.5, 2.0);

    /// The nearest speed in steps of a hundredth; none outside [`Speed::RANGE`].
    pub fn new(factor: f32) -> Option<Self> {
        (Self::RANGE.0..=Self::RANGE.1).contains(&factor).then(|| Self((factor * 100.0).round() as u16 * 10))
    }

    /// As a factor: 1.0 is normal.
    pub fn factor(self) -> f32 {
        f32::from(self.0) / 1000.0
    }
}

impl Default for Speed {
    fn default() -> Self {
        Self(1000)
    }
}

/// Why a text names no clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a clip key is 64 lower-case hexadecimal digits")]
pub struct NoKey;

impl ClipKey {
    /// The bytes of the name.
    pub fn bytes(self) -> [u8; 32] {
        self.0
    }
}

impl FromStr for ClipKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        let mut bytes = [0; 32];
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != bytes.len() || !rest.is_empty() {
            return Err(NoKey);
        }
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            *byte = digit(*high)? << 4 | digit(*low)?;
        }
        Ok(Self(bytes))
    }
}

/// The value of a lower-case hexadecimal digit.
fn digit(written: u8) -> Result<u8, NoKey> {
    match written {
        b'0'..=b'9' => Ok(written - b'0'),
        b'a'..=b'f' => Ok(written - b'a' + 10),
        _ => Err(NoKey),
    }
}

impl fmt::Display for ClipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At once and not byte by byte: every answer that sends a clip writes its key.
        let mut digits = [0; 64];
        for (pair, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' - 10 + half };
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        f.write_str(str::from_utf8(&digits).unwrap_or_default())
    }
}

impl fmt::Debug for ClipKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClipKey({self})")
    }
}

/// The name of the clip that says `reading` and ends with `pause`.
pub(super) fn of(reading: &Reading, pause: Duration, timbre: &Timbre, speed: Speed) -> ClipKey {
    let mut hash = blake3::Hasher::new();
    let mut field = |bytes: &[u8]| {
        hash.update(&(bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    field(b"langdu clip");
    field(notation(reading).as_bytes());
    field(&pause.as_millis().to_le_bytes());
    field(timbre.engine.as_bytes());
    field(timbre.voice.as_bytes());
    field(timbre.digest.as_bytes());
    field(&speed.0.to_le_bytes());
    field(&audio::CHAIN_VERSION.to_le_bytes());
    if timbre.by_text {
        field(reading.text().as_bytes());
    }
    ClipKey(*hash.finalize().as_bytes())
}

/// The sounds without their places: `nei4 meng3 gu3|zi4 zhi4 qu1,`.
fn notation(reading: &Reading) -> String {
    let mut out = String::with_capacity(reading.sounds.len() * 6);
    for sound in &reading.sounds {
        out.push(match sound.boundary {
            Boundary::None => ' ',
            Boundary::Word => '|',
            Boundary::Phrase => '/',
        });
        match sound.voiced {
            Voiced::Syllable(s) => {
                out.push_str(s.pinyin);
                out.push(char::from(b'0' + s.tone.min(9)));
                out.push(char::from(b'0' + s.surface.min(9)));
            }
            Voiced::Letter(letter) => out.push(letter),
            Voiced::Pause(mark) => out.push(mark.as_char()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Settings;
    use crate::reading::{Mark, Sound, Source, Syllable};
    use crate::span::Span;

    fn sound(pinyin: &'static str, surface: u8, at: usize) -> Sound {
        let syllable = Syllable { pinyin, tone: 3, surface };
        Sound {
            voiced: Voiced::Syllable(syllable),
            boundary: Boundary::None,
            span: Span::new(at, at + 3),
            source: Source::Spoken,
            said: '好',
        }
    }

    #[test]
    fn only_what_is_heard_names_a_clip() {
        let settings = Settings::default();
        let pause = Duration::from_millis(300);
        let reading = Reading { sounds: vec![sound("ni", 2, 0), sound("hao", 3, 3)] };
        let elsewhere = Reading { sounds: vec![sound("ni", 2, 70), sound("hao", 3, 73)] };
        let key = of(&reading, pause, &settings.timbre, settings.speed);
        assert_eq!(
            key,
            of(&elsewhere, pause, &settings.timbre, settings.speed),
            "the place in the text is not heard"
        );

        let mut others = vec![of(&reading, Duration::from_millis(301), &settings.timbre, settings.speed)];
        for change in [
            |s: &mut Settings| s.timbre.voice.push('x'),
            |s: &mut Settings| s.timbre.engine.push('x'),
            |s: &mut Settings| s.timbre.digest.push('x'),
            |s: &mut Settings| s.speed = Speed::new(1.1).unwrap_or_default(),
        ] {
            let mut changed = settings.clone();
            change(&mut changed);
            others.push(of(&reading, pause, &changed.timbre, changed.speed));
        }
        let mut stopped = reading.clone();
        stopped.sounds.push(Sound {
            voiced: Voiced::Pause(Mark::Stop),
            boundary: Boundary::None,
            span: Span::new(6, 9),
            source: Source::Spoken,
            said: '好',
        });
        others.push(of(&stopped, pause, &settings.timbre, settings.speed));
        for (i, other) in others.iter().enumerate() {
            assert_ne!(key, *other, "change {i}");
        }

        let mut homophone = reading.clone();
        homophone.sounds[0].said = '泥';
        let by_sound = |reading| of(reading, pause, &settings.timbre, settings.speed);
        assert_eq!(by_sound(&reading), by_sound(&homophone), "no sound has changed");
        let timbre = Timbre { by_text: true, ..settings.timbre.clone() };
        let by_text = |reading| of(reading, pause, &timbre, settings.speed);
        assert_ne!(
            by_text(&reading),
            by_text(&homophone),
            "who reads the characters may read them otherwise"
        );
    }

    #[test]
    fn a_key_reads_back_what_it_writes_and_nothing_else() {
        let key = of(&Reading::default(), Duration::ZERO, &Timbre::default(), Speed::default());
        assert_eq!(key.to_string().parse(), Ok(key));
        for bad in ["", "abc", "../../etc/passwd", &key.to_string().to_uppercase(), &format!("{key}0")] {
            if bad.chars().any(|c| c.is_ascii_uppercase()) || bad.len() != 64 {
                assert_eq!(bad.parse::<ClipKey>(), Err(NoKey), "{bad}");
            }
        }
    }
}
