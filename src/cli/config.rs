//! `langdu config init` and `show`: a configuration is made, and told.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use super::{
    CliError,
    settings::{self, TEMPLATE},
};

/// Writes a configuration with every key and its default; never over a file that is there.
pub(super) fn init(file: &Path) -> Result<(), CliError> {
    if file.as_os_str() == "-" {
        return io::stdout().write_all(TEMPLATE.as_bytes()).map_err(CliError::io("standard output"));
    }
    let what = || file.display().to_string();
    match File::create_new(file) {
        Ok(mut new) => new.write_all(TEMPLATE.as_bytes()).map_err(CliError::io(what()))?,
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
            return Err(CliError::Said(format!("{} is there already; it stays as it is", what())));
        }
        Err(why) => return Err(CliError::io(what())(why)),
    }
    eprintln!("{}: written; edit it, then `langdu config check {}`", what(), what());
    Ok(())
}

/// Prints what holds as TOML, each key with the place where it was written.
pub(super) fn show(config: Option<&Path>) -> Result<(), CliError> {
    let found = settings::find(config, &());
    if !found.problems.is_empty() {
        return Err(found.problems.into());
    }
    let mut out = io::stdout().lock();
    for (key, value, place) in found.shown() {
        let line = format!("{key} = {value}");

        writeln!(out, "{line:<44} # {place}").map_err(CliError::io("standard output"))?;
    }
    Ok(())
}
