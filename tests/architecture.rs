//! The plan of the house, checked: who may import whom, and which rooms are pure.
//!
//! The invariants stand in `docs/architecture.md`; this test reads the sources.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// A room and the rooms it may import from.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("fold", &[]),
    ("span", &[]),
    ("words", &[]),
    ("note", &["span"]),
    ("xml", &["span"]),
    ("lexicon", &["fold", "span", "xml"]),
    ("docx", &["xml"]),
    ("notice", &["fold", "lexicon", "note", "span", "xml"]),
    ("segment", &["note", "notice", "span", "words"]),
    ("spoken", &["fold", "lexicon", "note", "span"]),
    ("reading", &["lexicon", "note", "span", "spoken", "words"]),
    ("plan", &["audio", "lexicon", "note", "notice", "reading", "segment", "span", "spoken"]),
    ("audio", &[]),
    ("engine", &["audio", "plan", "reading", "span"]),
    ("store", &["audio", "notice", "plan", "spoken"]),
    ("keys", &[]),
    ("site", &["lexicon"]),
    (
        "render",
        &[
            "audio", "engine", "lexicon", "note", "notice", "plan", "reading", "segment", "site", "span",
            "spoken", "store",
        ],
    ),
    ("published", &["notice", "plan", "render", "store"]),
];

/// Rooms without I/O, clock, environment, randomness and logging.
const PURE: &[&str] = &[
    "fold", "span", "words", "note", "xml", "lexicon", "docx", "notice", "segment", "spoken", "reading",
    "plan", "audio",
];

/// What a pure room never names.
const WORLD: &[&str] = &[
    "std::fs",
    "std::io",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "Instant",
    "SystemTime",
    "tokio",
    "tracing",
    "metrics::",
    "axum",
    "object_store",
    "println!",
    "eprintln!",
    "print!",
    "rand::",
];

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let mut seen = 0;
    for (room, allowed) in MAY_IMPORT {
        for (path, source) in sources(room) {
            for imported in imports(&source) {
                seen += 1;
                assert!(
                    imported == *room || allowed.contains(&imported.as_str()),
                    "{} imports {imported}, which the room `{room}` may not",
                    path.display()
                );
            }
        }
    }
    assert!(seen > 20, "only {seen} imports were found: is the reader of this test still right?");
}

#[test]
fn pure_rooms_do_not_touch_the_world() {
    for room in PURE {
        for (path, source) in sources(room) {
            for word in WORLD {
                assert!(!source.contains(word), "{} names `{word}`", path.display());
            }
        }
    }
}

#[test]
fn every_room_is_in_the_plan() {
    let known: BTreeSet<_> = MAY_IMPORT.iter().map(|(room, _)| *room).chain(["http", "cli"]).collect();
    let lib = fs::read_to_string(root().join("lib.rs")).unwrap();
    for line in lib.lines() {
        let Some(rest) = line.strip_prefix("pub mod ").or_else(|| line.strip_prefix("mod ")) else {
            continue;
        };
        let room = rest.trim_end_matches(';');
        assert!(known.contains(room), "the room `{room}` is not in the table of this test");
    }
}

#[test]
fn system_specific_code_stays_in_its_corner() {
    for (path, source) in all_sources(&root()) {
        if !path.components().any(|part| part.as_os_str() == "sys") {
            assert!(!source.contains("cfg(target_os"), "{} asks for the operating system", path.display());
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The sources of a room without their tests: a file of its name, or every file of a folder of its name.
fn sources(room: &str) -> Vec<(PathBuf, String)> {
    let file = root().join(format!("{room}.rs"));
    let files = if file.exists() {
        vec![(file.clone(), fs::read_to_string(&file).unwrap())]
    } else {
        all_sources(&root().join(room))
    };
    assert!(!files.is_empty(), "no source of the room `{room}`");
    files.into_iter().map(|(path, source)| (path, without_tests(&source))).collect()
}

fn all_sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(all_sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") && !is_test(&path) {
            out.push((path.clone(), fs::read_to_string(&path).unwrap()));
        }
    }
    out
}

/// Whether the file is a test module of its room: `tests.rs`, or `cases.rs`, which runs the case files.
fn is_test(path: &Path) -> bool {
    path.file_stem().is_some_and(|stem| stem == "tests" || stem == "cases")
}

/// Everything before the test module, and no comments: a doc comment may speak of the world.
fn without_tests(source: &str) -> String {
    let code = source.split("\n#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms named in `crate::…` paths, in braces too (`use crate::{note::Note, span::Span}`).
fn imports(source: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    for (at, _) in source.match_indices("crate::") {
        let rest = &source[at + "crate::".len()..];
        if let Some(inside) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            let mut fresh = true;
            for c in inside.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        out.insert(std::mem::take(&mut word));
                        fresh = true;
                        continue;
                    }
                    _ => {}
                }
                if depth == 0 && fresh && (c.is_alphanumeric() || c == '_') {
                    word.push(c);
                } else if !c.is_whitespace() {
                    fresh = false;
                }
            }
            out.insert(word);
        } else {
            out.insert(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    out.remove("");
    out
}
