//! One service for each data folder: two that keep the same folder in order would count it wrongly and remove each
//! other's files.

use std::{
    fs::{self, File, TryLockError},
    path::Path,
};

use super::CliError;

/// Name of the file that is locked; it stays, empty, when the service ends.
const NAME: &str = "lock";

/// Holds `folder` for as long as what is returned; the system lets go of it however the process ends. None where
/// the folder cannot be written: then nothing is kept there either.
///
/// # Errors
/// When another process holds it.
pub(super) fn hold(folder: &Path) -> Result<Option<File>, CliError> {
    let opened = fs::create_dir_all(folder)
        .and_then(|()| File::options().create(true).append(true).open(folder.join(NAME)));
    let file = match opened {
        Ok(file) => file,
        Err(why) => {
            tracing::warn!(%why, "the data folder cannot be locked");
            return Ok(None);
        }
    };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => {
            let folder = folder.display();
            Err(CliError::Said(format!("another langdu serves from the data folder {folder}")))
        }
        Err(TryLockError::Error(why)) => {
            // Some network file systems have no locks.
            tracing::warn!(%why, "the data folder cannot be locked");
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_folder_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let held = hold(&data).unwrap();
        assert!(held.is_some());
        assert!(hold(&data).is_err());
        drop(held);
        assert!(hold(&data).unwrap().is_some());
        assert!(hold(Path::new("/proc/nobody-writes-here")).unwrap().is_none());
    }
}
