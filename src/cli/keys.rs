//! `langdu keys`: the keys of programs are handed out, listed, taken back.
//!
//! A new key is all that goes to standard output, so that it can be piped to where it is needed.

use std::path::{Path, PathBuf};

use super::{CliError, KeysArgs, KeysCommand, settings};
use crate::keys;

/// Changes or lists the file; a service that runs sees it at its next SIGHUP.
pub(super) fn run(config: Option<&Path>, args: KeysArgs) -> Result<(), CliError> {
    let file = file(config, args.file)?;
    let shown = file.display();
    match args.command {
        KeysCommand::Add { name, may } => {
            let key = keys::add(&file, &name, &may)?;
            println!("{key}");
            eprintln!("{shown}: {name} was added. Keep the key now: it is shown this once.");
            eprintln!("A service that runs takes it at SIGHUP (systemctl reload langdu).");
        }
        KeysCommand::List => {
            let keys = keys::list(&file)?;
            keys.iter().for_each(|key| {
                let may: Vec<&str> = key.may.iter().map(|right| right.name()).collect();
                println!("{:<24} {}", key.name, may.join(","));
            });
            if keys.is_empty() {
                eprintln!("{shown} has no key");
            }
        }
        KeysCommand::Revoke { name } => {
            keys::revoke(&file, &name)?;
            eprintln!("{shown}: {name} was revoked.");
            eprintln!("A service that runs lets it in until SIGHUP (systemctl reload langdu).");
        }
    }
    Ok(())
}

/// The file that was named, else the one of the configuration.
fn file(config: Option<&Path>, named: Option<String>) -> Result<PathBuf, CliError> {
    if let Some(file) = named {
        return Ok(file.into());
    }
    let none = "which file? Name it with --file, or set `keys` in the configuration";
    // What is wrong with the rest is the service's matter, and may be right there.
    let found = settings::find(config, &());
    match found.keys() {
        Some(file) => Ok(file),
        None if found.problems.is_empty() => Err(CliError::Said(none.to_owned())),
        None => Err(found.problems.into()),
    }
}
