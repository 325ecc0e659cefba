//! The lexicon of the site: the operator's file, what of it is in use, and its edits.
//!
//! 1. The file is read at the start and whenever the operator says so; one that has errors changes nothing.
//! 2. An edit reads the file as it is now, changes one line of it, checks the whole, and replaces the file in
//!    one step; whoever looks sees the old file or the new one.
//! 3. Notices are planned with the edition that is in use at that moment.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use tokio::sync::watch;

use crate::lexicon::{self, Entry, EntryError, Lexicon};

/// The largest lexicon file, in bytes.
const MOST_BYTES: u64 = 8 << 20;

/// A lexicon as it was at some time.
#[derive(Clone, Debug, Default)]
pub struct Edition {
    /// What is found in texts.
    pub lexicon: Arc<Lexicon>,
    /// Names the file, with its remarks and comments: two editions of one tag are the same.
    pub tag: String,
}

/// Why a lexicon could not be used or edited; the one in use stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// There is no file. The operator is to blame.
    #[error("this site has no lexicon file")]
    NoFile,
    /// The file could not be read or written. The operator is to blame; it may be tried again.
    #[error("the lexicon file: {0}")]
    Io(#[from] io::Error),
    /// The file has errors. The operator is to blame.
    #[error("{}", shown(.0))]
    Broken(Vec<EntryError>),
    /// Somebody else has edited it. Look again, then try again.
    #[error("the lexicon was changed by somebody else")]
    Changed,
    /// There is no entry to be removed.
    #[error("there is no entry for this expression")]
    Unknown,
    /// The lexicon would have errors. Who edits is to blame.
    #[error("{}", .0.wrong)]
    Entry(EntryError),
}

/// The lexicon of a site; none, unless it has a file.
#[derive(Debug, Default)]
pub struct SiteLexicon {
    file: Option<PathBuf>,
    current: RwLock<Edition>,
    /// One edit at a time.
    editing: Mutex<()>,
    /// How often another edition came into use.
    edits: watch::Sender<u64>,
}

impl SiteLexicon {
    /// The lexicon in `file`; an empty one where there is no such file yet.
    ///
    /// # Errors
    /// When it cannot be read or has errors.
    pub fn open(file: &Path) -> Result<Self, SiteError> {
        let site = Self { file: Some(file.to_owned()), ..Self::default() };
        site.reload()?;
        Ok(site)
    }

    /// Whether there is a file to be edited, or a place for one.
    pub fn has_file(&self) -> bool {
        self.file.is_some()
    }

    /// What is in use.
    pub fn current(&self) -> Edition {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes whenever another edition comes into use.
    pub fn edits(&self) -> watch::Receiver<u64> {
        self.edits.subscribe()
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// When it cannot be read or has errors.
    pub fn reload(&self) -> Result<Edition, SiteError> {
        let _one_at_a_time = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, text) = self.read()?;
        let lexicon = Lexicon::parse(&text).map_err(SiteError::Broken)?;
        Ok(self.adopt(&text, lexicon))
    }

    /// Adds an entry, or replaces the one for the same expression, if the file is still `expected`; the flag
    /// says whether it is new. Blocks.
    ///
    /// # Errors
    /// When the file was changed, has errors, or cannot be written.
    pub fn put(&self, entry: &Entry, expected: Option<&str>) -> Result<(Edition, bool), SiteError> {
        let _one_at_a_time = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, text) = self.read()?;
        let before = self.check(&text, expected)?;
        let new = before.entry(&entry.written).is_none();
        let edited = lexicon::put(&text, entry);
        // Nothing is written that could not be read: here the entry alone can be at fault.
        let lexicon = Lexicon::parse(&edited).map_err(|errors| match errors.into_iter().next() {
            Some(error) => SiteError::Entry(error),
            None => SiteError::Unknown,
        })?;
        replace(file, &edited)?;
        Ok((self.adopt(&edited, lexicon), new))
    }

    /// Removes the entry for what is `written`, if the file is still `expected`. Blocks.
    ///
    /// # Errors
    /// When there is none, or the file was changed, has errors, or cannot be written.
    pub fn remove(&self, written: &str, expected: Option<&str>) -> Result<Edition, SiteError> {
        let _one_at_a_time = self.editing.lock().unwrap_or_else(PoisonError::into_inner);
        let (file, text) = self.read()?;
        self.check(&text, expected)?;
        let edited = lexicon::remove(&text, written).ok_or(SiteError::Unknown)?;
        let lexicon = Lexicon::parse(&edited).map_err(SiteError::Broken)?;
        replace(file, &edited)?;
        Ok(self.adopt(&edited, lexicon))
    }

    /// The file and its text; the operator may have changed it since it was read last.
    fn read(&self) -> Result<(&Path, String), SiteError> {
        let file = self.file.as_deref().ok_or(SiteError::NoFile)?;
        let mut text = String::new();
        match File::open(file) {
            Ok(open) => {
                let read = open.take(MOST_BYTES + 1).read_to_string(&mut text)?;
                if read as u64 > MOST_BYTES {
                    return Err(io::Error::other(format!("it has more than {MOST_BYTES} bytes")).into());
                }
            }
            Err(why) if why.kind() == io::ErrorKind::NotFound => {}
            Err(why) => return Err(why.into()),
        }
        Ok((file, text))
    }

    fn check(&self, text: &str, expected: Option<&str>) -> Result<Lexicon, SiteError> {
        if expected.is_some_and(|expected| expected != tag(text)) {
            return Err(SiteError::Changed);
        }
        Lexicon::parse(text).map_err(SiteError::Broken)
    }

    fn adopt(&self, text: &str, lexicon: Lexicon) -> Edition {
        let edition = Edition { lexicon: Arc::new(lexicon), tag: tag(text) };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = edition.clone();
        self.edits.send_modify(|edits| *edits += 1);
        edition
    }
}

fn tag(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().chars().take(32).collect()
}

/// Writes beside the file, makes sure that it is on the disk, and puts it in the place of the old one.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    // Where the file is a link the link stays.
    let file = fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let beside = PathBuf::from(name);
    let mut new = File::create(&beside)?;
    if let Ok(old) = fs::metadata(&file) {
        new.set_permissions(old.permissions())?;
    }
    new.write_all(text.as_bytes())?;
    new.sync_all()?;
    fs::rename(&beside, &file)?;
    // The name too, where the system can: without it an edit may be lost with the power, but never half.
    if let Some(Ok(folder)) = file.parent().map(File::open) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn shown(errors: &[EntryError]) -> String {
    let lines: Vec<String> = errors.iter().map(EntryError::to_string).collect();
    format!("the lexicon file has errors: {}", lines.join("; "))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn edits_reach_the_file_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("site.lexicon");
        let site = SiteLexicon::open(&file).unwrap();
        let empty = site.current().tag;
        let entry = Entry::new("临河", "lin2 he2", "").unwrap();
        let (first, new) = site.put(&entry, Some(&empty)).unwrap();
        assert!(new);
        assert!(matches!(site.put(&entry, Some(&empty)), Err(SiteError::Changed)));
        assert!(!site.put(&entry, None).unwrap().1);

        // The operator edits by hand: nothing of that is lost.
        fs::write(&file, "# 说明\n临河\tlin2 he2\nGDP\t总值\n").unwrap();
        assert!(matches!(site.put(&entry, Some(&first.tag)), Err(SiteError::Changed)));
        site.put(&Entry::new("RCEP", "协定", "").unwrap(), None).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "# 说明\n临河\tlin2 he2\nGDP\t总值\nRCEP\t协定\n");
        assert_eq!(site.current().lexicon.entries().len(), 3);
        assert!(matches!(site.remove("WTO", None), Err(SiteError::Unknown)));
        site.remove("ＧＤＰ", None).unwrap();

        fs::write(&file, "临河 lin2 he2\n").unwrap();
        assert!(matches!(site.reload(), Err(SiteError::Broken(_))));
        assert!(matches!(site.put(&entry, None), Err(SiteError::Broken(_))));
        assert_eq!(site.current().lexicon.entries().len(), 2, "what was in use stays");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
        assert!(matches!(SiteLexicon::default().reload(), Err(SiteError::NoFile)));
    }
}
