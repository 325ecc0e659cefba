//! `langdu lexicon`: a lexicon file, checked or made.

use std::{fs, path::Path};

use super::CliError;
use crate::{
    lexicon::{Entry, Lexicon, pls},
    note::NoteCode,
    reading,
    spoken::{self, Options},
};

/// The lexicon in `file`.
pub(super) fn load(file: &Path) -> Result<Lexicon, CliError> {
    Lexicon::parse(&text(file)?).map_err(|errors| {
        let lines: Vec<String> = errors.iter().map(|error| format!("{}: {error}", file.display())).collect();
        CliError::Said(lines.join("\n"))
    })
}

/// Tells what is wrong, and what is doubtful.
pub(super) fn check(file: &Path) -> Result<(), CliError> {
    let lexicon = load(file)?;
    let doubts = lexicon.entries().iter().filter_map(|entry| Some((entry, doubt(&lexicon, entry)?)));
    for (entry, doubt) in doubts {
        println!("{}: {doubt}", entry.written);
    }
    let digest = blake3::Hash::from_bytes(lexicon.digest());
    println!("{} entries, digest {}", lexicon.entries().len(), digest.to_hex());
    Ok(())
}

/// Prints the entries of a PLS document; tells what was left out.
pub(super) fn import_pls(file: &Path) -> Result<(), CliError> {
    let imported =
        pls::import(&text(file)?).map_err(|why| CliError::Said(format!("{}: {why}", file.display())))?;
    imported.entries.iter().for_each(|entry| print!("{}", entry.line()));
    for left in &imported.left {
        eprintln!("{}: {left}", file.display());
    }
    eprintln!("{} entries taken over, {} left out", imported.entries.len(), imported.left.len());
    Ok(())
}

/// What an operator should think about once more.
fn doubt(lexicon: &Lexicon, entry: &Entry) -> Option<&'static str> {
    let found = lexicon.find(&entry.written);
    let (spoken, _) = spoken::speak_as_asked(&entry.written, &Options::default(), &found);
    let (_, notes) = reading::read(&spoken);
    if notes.iter().any(|note| note.code == NoteCode::Unreadable) {
        return Some("a character of what is said has no known reading; give pinyin");
    }
    if entry.written.chars().all(|c| c.is_ascii_digit()) {
        return Some(
            "counts wherever this number stands alone, also in 315元; write more of what is around it",
        );
    }
    (entry.written.chars().count() == 1)
        .then_some("counts wherever this character stands; write the words that it stands in")
}

fn text(file: &Path) -> Result<String, CliError> {
    let bytes = fs::read(file).map_err(CliError::io(file.display().to_string()))?;
    String::from_utf8(bytes).map_err(|_| CliError::Said(format!("{} is not UTF-8", file.display())))
}
