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
    let _held = one_at_a_time(file);
    let mut keys = list(file)?;
    if keys.iter().any(|key| key.name == name) {
        return Err(KeysError::Known(name.to_owned()));
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| KeysError::Random)?;
    let secret = format!("langdu_{}", blake3::Hash::from_bytes(random).to_hex());
    let hash = blake3::hash(secret.as_bytes()).to_hex().to_string();
    let mut may = may.to_vec();
    may.sort_unstable();
    may.dedup();
    keys.push(Key { name: name.to_owned(), may, hash });
    replace(file, keys)?;
    Ok(secret)
}

/// Removes the key of this name from `file`.
///
/// # Errors
/// When there is none, or the file cannot be read or written.
pub fn revoke(file: &Path, name: &str) -> Result<(), KeysError> {
    let _held = one_at_a_time(file);
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

/// Writes beside the file, makes sure that it is on the disk, and puts it in the place of the old one.
///
/// Nobody but its owner can read a new file. One that was there keeps its owner, its group and their rights: the
/// service, which is another user than who hands out keys, must be able to read it.
fn replace(file: &Path, key: Vec<Key>) -> Result<(), KeysError> {
    let text = toml::to_string(&Written { key }).map_err(|why| KeysError::Broken(why.to_string()))?;
    // Where the file is a link the link stays.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let beside = PathBuf::from(name);
    // One that was left behind may be readable by others.
    if let Err(why) = fs::remove_file(&beside)
        && why.kind() != io::ErrorKind::NotFound
    {
        return Err(why.into());
    }
    let mut new = create_private(&beside)?;
    let written = like_the_old_one(&new, &file)
        .and_then(|()| new.write_all(text.as_bytes()))
        .and_then(|()| new.sync_all())
        .and_then(|()| fs::rename(&beside, &file));
    if let Err(why) = written {
        // What is left behind is told by the error already.
        let _ = fs::remove_file(&beside);
        return Err(why.into());
    }
    // The name too, where the system can: a key that was revoked is not to come back with the power.
    if let Ok(folder) = folder(&file) {
        let _ = folder.sync_all();
    }
    Ok(())
}

/// Keeps others from changing `file` at the same time, where the system can, until the value is dropped.
fn one_at_a_time(file: &Path) -> Option<File> {
    let folder = folder(file).ok()?;
    folder.lock().ok()?;
    Some(folder)
}

fn folder(file: &Path) -> io::Result<File> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or_else(|| Path::new(".")))
}

fn create_private(file: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file)
}

fn like_the_old_one(new: &File, old: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let old = match fs::metadata(old) {
            Ok(old) => old,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(why) => return Err(why),
        };
        let made = new.metadata()?;
        if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
            fchown(new, Some(old.uid()), Some(old.gid()))?;
        }
        new.set_permissions(fs::Permissions::from_mode(old.mode() & 0o660))?;
    }
    #[cfg(not(unix))]
    let _ = (new, old);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn keys_are_made_found_and_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        let first = add(&file, "cms", &[Right::Publish, Right::Publish]).unwrap();
        let second = add(&file, "editor", &[Right::Lexicon]).unwrap();
        let keys = Keys::open(&file).unwrap();
        assert_eq!(keys.find(&first).unwrap().may, [Right::Publish]);
        assert_eq!(keys.find(&second).unwrap().name, "editor");
        assert!(keys.find("").is_none() && keys.find(&first[..first.len() - 1]).is_none());
        assert!(matches!(add(&file, "cms", &[]), Err(KeysError::Known(_))));
        assert!(matches!(add(&file, "a b", &[]), Err(KeysError::Name)));

        revoke(&file, "cms").unwrap();
        assert!(keys.find(&first).is_some(), "what is in use changes when it is told to");
        assert_eq!(keys.reload().unwrap(), 1);
        assert!(keys.find(&first).is_none() && keys.find(&second).is_some());
        assert!(matches!(revoke(&file, "cms"), Err(KeysError::Unknown(_))));

        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains(&second), "the file does not hold the key");
        fs::write(&file, text.replace("hash = \"", "hash = \"g")).unwrap();
        assert!(matches!(keys.reload(), Err(KeysError::Broken(_))));
        assert!(keys.find(&second).is_some(), "what was in use stays");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_the_file() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("keys.toml"), folder.path().join("link.toml"));
        let mode = || fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        // As a crash in the middle may leave it.
        fs::write(folder.path().join("keys.toml.part"), "left behind").unwrap();
        add(&file, "one", &[Right::Speech]).unwrap();
        assert_eq!(mode(), 0o600);
        // The group that the operator let in stays, everybody else does not.
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        symlink(&file, &link).unwrap();
        add(&link, "two", &[Right::Speech]).unwrap();
        assert_eq!(mode(), 0o640);
        assert!(link.is_symlink());
        assert_eq!(list(&file).unwrap().len(), 2);
    }

    #[test]
    fn many_at_a_time_lose_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.toml");
        std::thread::scope(|scope| {
            for number in 0..16 {
                let file = &file;
                scope.spawn(move || add(file, &format!("key-{number}"), &[Right::Speech]).unwrap());
            }
        });
        assert_eq!(list(&file).unwrap().len(), 16);
    }
}
