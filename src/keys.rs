//! The keys with which programs of the site do more than readers may: publish, edit the lexicon, have speech made.
//!
//! 1. A key is 32 random bytes; who it was made for keeps it, and the file keeps its BLAKE3 alone. What is random
//!    to that extent cannot be guessed from its hash, so no slow hash is needed, and none that an attacker could
//!    have computed for each wrong key.
//! 2. A key has a name, by which it is told in the log and revoked, and rights. Several may have the same rights:
//!    a new one is given out, then the old one is revoked.
//! 3. The file is read at the start and whenever the operator says so; one that has errors changes nothing.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};

use serde::{Deserialize, Serialize};

/// What a key may be good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Publish, replace and withdraw notices, and submit where readers may not.
    Publish,
    /// Edit the lexicon of the site.
    Lexicon,
    /// Have any text spoken where readers may not.
    Speech,
}

impl Right {
    /// All there are.
    pub const ALL: &[Self] = &[Self::Publish, Self::Lexicon, Self::Speech];

    /// As it is written in the file and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Lexicon => "lexicon",
            Self::Speech => "speech",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Right {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.iter().map(|right| right.name()).collect::<Vec<_>>().join(", ");
        let found = Self::ALL.iter().find(|right| right.name() == text);
        found.copied().ok_or_else(|| format!("there is no right {text:?}: {}", known()))
    }
}

/// A key as the file knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// How it is told from others.
    pub name: String,
    /// What it is good for.
    pub may: Vec<Right>,
    /// BLAKE3 of the key, 64 hexadecimal digits.
    hash: String,
}

/// Why keys could not be used or edited; those in use stay. The operator is to blame.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// There is no file.
    #[error("this service has no file of keys")]
    NoFile,
    /// The file could not be read or written.
    #[error("the file of keys: {0}")]
    Io(#[from] io::Error),
    /// It is no file of keys.
    #[error("the file of keys has errors: {0}")]
    Broken(String),
    /// There is one of this name already.
    #[error("there is a key named {0} already")]
    Known(String),
    /// There is none of this name.
    #[error("there is no key named {0}")]
    Unknown(String),
    /// A name that would be hard to tell or to type.
    #[error("a name has 1 to 64 letters, figures, `-`, `_` or `.`")]
    Name,
    /// The system gave no random bytes.
    #[error("the system gives no random bytes")]
    Random,
}

/// The keys of a service; none, unless it has a file.
#[derive(Debug, Default)]
pub struct Keys {
    file: Option<PathBuf>,
    current: RwLock<Arc<[Known]>>,
}

#[derive(Debug)]
struct Known {
    key: Key,
    hash: blake3::Hash,
}

/// The file, as TOML: `[[key]]`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default)]
    key: Vec<Key>,
}

impl Keys {
    /// The keys in `file`; none where there is no such file yet.
    ///
    /// # Errors
    /// When it cannot be read or has errors.
    pub fn open(file: &Path) -> Result<Self, KeysError> {
        let keys = Self { file: Some(file.to_owned()), ..Self::default() };
        keys.reload()?;
        Ok(keys)
    }

    /// Reads the file again; how many keys there are.
    ///
    /// # Errors
    /// When it cannot be read or has errors.
    pub fn reload(&self) -> Result<usize, KeysError> {
        let keys = list(self.file.as_deref().ok_or(KeysError::NoFile)?)?;
        let known = keys.into_iter().map(|key| Ok(Known { hash: hash_of(&key)?, key }));
        let known: Arc<[Known]> = known.collect::<Result<_, KeysError>>()?;
        let count = known.len();
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(count)
    }

    /// Whether there is any.
    pub fn any(&self) -> bool {
        !self.current.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// The key that was `given`. Takes the same time whether and where it is found.
    pub fn find(&self, given: &str) -> Option<Key> {
        let known = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        let hash = blake3::hash(given.as_bytes());
        let mut found = None;
        for known in known.iter() {
            // Hashes are compared in constant time.
            if known.hash == hash {
                found = Some(&known.key);
            }
        }
        found.cloned()
    }
}

/// The keys in `file`; none where there is no such file.
///
/// # Errors
/// When it cannot be read or has errors.
pub fn list(file: &Path) -> Result<Vec<Key>, KeysError> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(why) => return Err(why.into()),
    };
    let written: Written =
        toml::from_str(&text).map_err(|why| KeysError::Broken(why.message().to_owned()))?;
    Ok(written.key)
}

/// Makes a key, adds it to `file`, and returns it: this is the only time it is seen.
///
/// # Errors
/// When there is one of this name, or the file cannot be read or written.
pub fn add(file: &Path, name: &str, may: &[Right]) -> Result<String, KeysError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(KeysError::Name);
    }
    let mut keys = list(file)?;
    if keys.iter().any(|key| key.name == name) {
        return Err(KeysError::Known(name.to_owned()));
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| KeysError::Random)?;
    let secret = format!("langdu_{}", blake3::Hash::from_bytes(random).to_hex());
    let hash = blake3::hash(secret.as_bytes()).to_hex().to_string();
    keys.push(Key { name: name.to_owned(), may: may.to_vec(), hash });
    replace(file, keys)?;
    Ok(secret)
}

/// Removes the key of this name from `file`.
///
/// # Errors
/// When there is none, or the file cannot be read or written.
pub fn revoke(file: &Path, name: &str) -> Result<(), KeysError> {
    let mut keys = list(file)?;
    let before = keys.len();
    keys.retain(|key| key.name != name);
    if keys.len() == before {
        return Err(KeysError::Unknown(name.to_owned()));
    }
    replace(file, keys)
}

fn hash_of(key: &Key) -> Result<blake3::Hash, KeysError> {
    blake3::Hash::from_hex(&key.hash).map_err(|_| KeysError::Broken(format!("the hash of {}", key.name)))
}

/// Writes beside the file, then puts it in the place of the old one.
fn replace(file: &Path, key: Vec<Key>) -> Result<(), KeysError> {
    let text = toml::to_string(&Written { key }).map_err(|why| KeysError::Broken(why.to_string()))?;
    let beside = file.with_extension("part");
    let mut new = File::create(&beside)?;
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(&beside, file)?;
    Ok(())
}
