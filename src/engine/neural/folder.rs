//! The voice folder: `voice.toml` and the files it names.
//!
//! A damaged model still speaks, only wrongly, so nothing is used that differs from its checksum.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{super::EngineError, model};

/// What `voice.toml` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
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
    pub files: Files,
    /// The voices; the first is the default.
    #[serde(rename = "voice")]
    pub voices: Vec<Entry>,
}

/// The files that all voices share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Files {
    /// The network.
    pub model: File,
    /// Symbol and number.
    pub symbols: File,
    /// Pinyin and symbols.
    pub syllables: File,
    /// End of a syllable without and with -r.
    pub erhua: File,
    /// Letter and symbols.
    pub letters: File,
}

/// One voice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    pub name: String,
    pub title: String,
    pub sex: String,
    pub style: File,
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

/// The tables of [`Symbols`](super::symbols::Symbols), as text.
#[derive(Debug)]
pub(super) struct Tables {
    pub symbols: String,
    pub syllables: String,
    pub erhua: String,
    pub letters: String,
}

/// Everything in the folder but the network, checked.
#[derive(Debug)]
pub(super) struct Folder {
    /// Where it is.
    place: PathBuf,
    pub manifest: Manifest,
    pub tables: Tables,
    /// One for each voice.
    pub styles: Vec<Vec<f32>>,
}

impl Files {
    /// The checksums of all of them.
    pub(super) fn digests(&self) -> [&str; 5] {
        [&self.model, &self.symbols, &self.syllables, &self.erhua, &self.letters]
            .map(|file| file.sha256.as_str())
    }
}

impl Folder {
    /// Reads the folder `dir` but for its network, which is large.
    pub(super) fn read(dir: &Path) -> Result<Self, EngineError> {
        let manifest = dir.join("voice.toml");
        let text = fs::read_to_string(&manifest).map_err(|why| unreadable(&manifest, &why))?;
        let manifest: Manifest = toml::from_str(&text)
            .map_err(|why| EngineError::Files(format!("{}: {}", manifest.display(), why.message())))?;
        let files = &manifest.files;
        let tables = Tables {
            symbols: table(dir, &files.symbols)?,
            syllables: table(dir, &files.syllables)?,
            erhua: table(dir, &files.erhua)?,
            letters: table(dir, &files.letters)?,
        };
        let styles =
            manifest.voices.iter().map(|voice| style(dir, &voice.style)).collect::<Result<_, _>>()?;
        let folder = Self { place: dir.to_owned(), manifest, tables, styles };
        if folder.manifest.voices.is_empty() {
            return Err(folder.complain("voice.toml names no voice"));
        }
        Ok(folder)
    }

    /// Reads the network.
    pub(super) fn model(&self) -> Result<Vec<u8>, EngineError> {
        checked(&self.place, &self.manifest.files.model)
    }

    /// `why` the folder is not fit for use.
    pub(super) fn complain(&self, why: &str) -> EngineError {
        EngineError::Files(format!("{}: {why}", self.place.display()))
    }
}

/// The bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a file that is what its checksum says.
fn checked(dir: &Path, file: &File) -> Result<Vec<u8>, EngineError> {
    let path = dir.join(&file.path);
    let bytes = fs::read(&path).map_err(|why| unreadable(&path, &why))?;
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

fn table(dir: &Path, file: &File) -> Result<String, EngineError> {
    String::from_utf8(checked(dir, file)?)
        .map_err(|_| EngineError::Files(format!("{} is not UTF-8", dir.join(&file.path).display())))
}

/// A style table: little-endian floats, a row for every number of symbols.
fn style(dir: &Path, file: &File) -> Result<Vec<f32>, EngineError> {
    let bytes = checked(dir, file)?;
    let expected = model::MOST_SYMBOLS * model::STYLE * size_of::<f32>();
    let (numbers, rest) = bytes.as_chunks();
    if bytes.len() < expected || !rest.is_empty() {
        return Err(EngineError::Files(format!(
            "{} has {} bytes; a style table has at least {expected}",
            dir.join(&file.path).display(),
            bytes.len()
        )));
    }
    Ok(numbers.iter().map(|&number| f32::from_le_bytes(number)).collect())
}

fn unreadable(path: &Path, why: &io::Error) -> EngineError {
    EngineError::Files(format!("{} cannot be read: {why}", path.display()))
}
