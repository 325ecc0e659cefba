//! What several tests need: the notices that lie beside the project; real processes of the service.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod client;
pub mod raw;
pub mod service;
pub mod truth;
pub mod whole;

use std::{env, fs, path::PathBuf};

/// The folder of notices and gold files, or none where it is absent.
///
/// The notices are other people's texts and no part of the project. A test that needs them says so and
/// is skipped without them, but fails when `LANGDU_DEMAND_SHARED` is set.
pub fn shared(what: &str) -> Option<PathBuf> {
    let root = env::var_os("LANGDU_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = root.join(what);
    if path.exists() {
        return Some(path);
    }
    assert!(env::var_os("LANGDU_DEMAND_SHARED").is_none(), "{} is demanded but absent", path.display());
    eprintln!("skipped: {} is absent", path.display());
    None
}

/// The five notice files, name and text, in order; none where they are absent.
pub fn notices() -> Option<Vec<(String, String)>> {
    let mut files: Vec<_> = fs::read_dir(shared("notices")?)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .map(|path| {
            (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    assert_eq!(files.len(), 5);
    Some(files)
}
