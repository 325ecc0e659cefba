//! A voice folder: `voice.toml` and the files it names. One format for every engine that is made of files.
//!
//! 1. The head is the same everywhere: engine, licence, language, rate, clean speeds, files, and the voices with name,
//!    title and sex. Only what stands under `[files]` and beside the name of a voice is the engine's own;
//! 2. a file is named by a path that stays in the folder, and by its SHA-256: a damaged model still speaks, only
//!    wrongly, so nothing is used that differs from its checksum;
//! 3. whatever is wrong is told in words that name the file and, in `voice.toml`, the line.

use std::{
    collections::HashSet,
    fmt, fs,
    path::{Component, Path, PathBuf},
};

use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{EngineError, Voice};
use crate::audio::ENGINE_RATES;

/// What describes a voice in its folder.
pub(super) const MANIFEST: &str = "voice.toml";

/// What `voice.toml` says: `F` are the files of this engine, `V` what it wants to know of each voice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound = "F: Deserialize<'de>, V: DeserializeOwned")]
pub(super) struct Manifest<F, V> {
    /// Name of the engine: `kokoro`.
    pub engine: String,
    /// SPDX expression.
    pub licence: String,
    /// BCP 47 tag.
    pub language: String,
    /// Samples a second.
    pub rate: u32,
    /// Slowest and fastest speed that sounds clean.
    pub speed: (f32, f32),
    /// What all voices share.
    pub files: F,
    /// The voices; the first is the default.
    #[serde(rename = "voice")]
    pub voices: Vec<Entry<V>>,
}

/// One voice.
#[derive(Debug, Deserialize)]
#[serde(try_from = "toml::Table", bound = "V: DeserializeOwned")]
pub(super) struct Entry<V> {
    pub name: String,
    pub title: String,
    pub sex: String,
    /// What only this engine knows.
    pub own: V,
}

impl<V: DeserializeOwned> TryFrom<toml::Table> for Entry<V> {
    type Error = String;

    fn try_from(mut table: toml::Table) -> Result<Self, String> {
        let mut text = |key: &str| match table.remove(key) {
            Some(toml::Value::String(text)) => Ok(text),
            Some(_) => Err(format!("the {key} of a voice is no text")),
            None => Err(format!("a voice has no {key}")),
        };
        let (name, title, sex) = (text("name")?, text("title")?, text("sex")?);
        let own = toml::Value::Table(table).try_into();
        let own = own.map_err(|why: toml::de::Error| format!("the voice {name}: {}", why.message()))?;
        Ok(Self { name, title, sex, own })
    }
}

/// One file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// In the voice folder.
    pub path: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// A voice folder whose `voice.toml` makes sense.
#[derive(Debug)]
pub(super) struct Folder<F, V> {
    place: PathBuf,
    pub manifest: Manifest<F, V>,
}

impl<F: DeserializeOwned, V: DeserializeOwned> Folder<F, V> {
    /// Reads the `voice.toml` in `place`; of the files it names nothing is read yet.
    ///
    /// # Errors
    /// [`EngineError::Files`] in words.
    pub(super) fn read(place: &Path) -> Result<Self, EngineError> {
        let manifest = place.join(MANIFEST);
        let complain = |why: &dyn fmt::Display| EngineError::Files(format!("{}: {why}", manifest.display()));
        let text =
            fs::read_to_string(&manifest).map_err(|why| complain(&format!("it cannot be read: {why}")))?;
        let manifest = toml::from_str(&text).map_err(|why| complain(&in_line(&text, &why)))?;
        let folder = Self { place: place.to_owned(), manifest };
        folder.check().map_err(|why| complain(&why))?;
        Ok(folder)
    }
}

impl<F, V> Folder<F, V> {
    /// The bytes of a file that is what its checksum says.
    ///
    /// # Errors
    /// [`EngineError::Files`], with the name of the file.
    pub(super) fn bytes(&self, file: &File) -> Result<Vec<u8>, EngineError> {
        let path = self.path(file)?;
        let bytes = fs::read(&path)
            .map_err(|why| EngineError::Files(format!("{} cannot be read: {why}", path.display())))?;
        let found = hex(&Sha256::digest(&bytes));
        if found != file.sha256 {
            return Err(EngineError::Files(format!(
                "{} is not the file that voice.toml means: its SHA-256 is {found} ({} bytes), expected {}",
                path.display(),
                bytes.len(),
                file.sha256
            )));
        }
        Ok(bytes)
    }

    /// A file that is text.
    ///
    /// # Errors
    /// As [`Self::bytes`].
    pub(super) fn text(&self, file: &File) -> Result<String, EngineError> {
        String::from_utf8(self.bytes(file)?).map_err(|_| {
            EngineError::Files(format!("{} is not UTF-8", self.place.join(&file.path).display()))
        })
    }

    /// Little-endian floats, at least `least` of them.
    ///
    /// # Errors
    /// As [`Self::bytes`], and where the length does not fit or one is not a number.
    pub(super) fn floats(&self, file: &File, least: usize) -> Result<Vec<f32>, EngineError> {
        let bytes = self.bytes(file)?;
        let complain =
            |why: String| EngineError::Files(format!("{} {why}", self.place.join(&file.path).display()));
        let least = least * size_of::<f32>();
        let (numbers, rest) = bytes.as_chunks();
        if bytes.len() < least || !rest.is_empty() {
            return Err(complain(format!("has {} bytes; a style table has at least {least}", bytes.len())));
        }
        let numbers: Vec<f32> = numbers.iter().map(|&number| f32::from_le_bytes(number)).collect();
        match numbers.iter().all(|number| number.is_finite()) {
            true => Ok(numbers),
            false => Err(complain("holds what is not a number".to_owned())),
        }
    }

    /// The voices as they are offered, at the speeds of [`SPEED`](super::SPEED); `shapes` gives the digests of
    /// everything that shapes the sound of one.
    pub(super) fn voices(&self, shapes: impl Fn(&Entry<V>) -> Vec<String>) -> Vec<Voice> {
        let manifest = &self.manifest;
        let voice = |entry: &Entry<V>| Voice {
            name: entry.name.clone(),
            title: entry.title.clone(),
            sex: entry.sex.clone(),
            language: manifest.language.clone(),
            licence: manifest.licence.clone(),
            digest: digest(&shapes(entry)),
            rate: manifest.rate,
            speed: super::SPEED,
        };
        manifest.voices.iter().map(voice).collect()
    }

    /// `why` the folder is not fit for use.
    pub(super) fn complain(&self, why: &str) -> EngineError {
        EngineError::Files(format!("{}: {why}", self.place.display()))
    }

    /// Where a file lies: never outside of the folder.
    ///
    /// # Errors
    /// [`EngineError::Files`].
    pub(super) fn path(&self, file: &File) -> Result<PathBuf, EngineError> {
        let path = Path::new(&file.path);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        match inside && !file.path.is_empty() {
            true => Ok(self.place.join(path)),
            false => Err(self.complain(&format!("the path {:?} leaves the voice folder", file.path))),
        }
    }

    /// What is the same for all engines.
    fn check(&self) -> Result<(), String> {
        let Manifest { rate, speed, ref voices, .. } = self.manifest;
        check(rate, speed, voices.iter().map(|voice| (voice.name.as_str(), voice.sex.as_str())))
    }
}

/// What holds for every `voice.toml`, of files or of a program; of each voice its name and its sex.
///
/// # Errors
/// In words.
pub(super) fn check<'v>(
    rate: u32,
    (slowest, fastest): (f32, f32),
    voices: impl Iterator<Item = (&'v str, &'v str)>,
) -> Result<(), String> {
    if !ENGINE_RATES.contains(&rate) {
        return Err(format!(
            "a rate of {rate} is not {} to {} samples a second",
            ENGINE_RATES.start(),
            ENGINE_RATES.end()
        ));
    }
    if !(slowest > 0.0 && slowest <= 1.0 && (1.0..=10.0).contains(&fastest)) {
        return Err(format!("a speed of {slowest} to {fastest} does not hold the normal one, 1.0"));
    }
    let mut known = HashSet::new();
    for (name, sex) in voices {
        let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if name.is_empty() || name.len() > 64 || !name.chars().all(fit) {
            return Err(format!("{name:?} is no name for a voice: letters, digits, - _ and . of ASCII"));
        }
        if !matches!(sex, "female" | "male") {
            return Err(format!("the sex of {name} is neither female nor male but {sex:?}"));
        }
        if !known.insert(name) {
            return Err(format!("it names {name} twice"));
        }
    }
    if known.is_empty() { Err("it names no voice".to_owned()) } else { Ok(()) }
}

/// `why` a TOML text cannot be read, with the line.
pub(super) fn in_line(text: &str, why: &toml::de::Error) -> String {
    let line =
        why.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count() + 1);
    match line {
        Some(line) => format!("line {line}: {}", why.message()),
        None => why.message().to_owned(),
    }
}

/// The bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One digest of several.
fn digest(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    parts.iter().for_each(|part| hash.update(part.as_bytes()));
    hex(&hash.finalize())
}
