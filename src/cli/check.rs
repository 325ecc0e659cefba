//! `langdu config check`: everything that would keep the service from starting, and what is doubtful.
//!
//! 1. The settings by themselves (`settings`);
//! 2. the files and folders that they name: voices, lexicon, keys, data;
//! 3. the address.

use std::{fs, io, net::TcpListener, path::Path};

use super::{
    CliError, lexicon,
    settings::{self, Found, Problem, Settings},
};
use crate::{
    engine::{self, Opened},
    keys,
};

/// Prints every problem and doubt on standard error.
///
/// # Errors
/// When there are problems.
pub(super) fn run(config: Option<&Path>) -> Result<(), CliError> {
    let mut found = settings::find(config, &()).with_bucket_key(false);
    if let Some(settings) = found.settings.clone() {
        voices(&settings, &mut found);
        site(&settings, &mut found);
        data(&settings, &mut found);
        address(&settings, &mut found);
        others(&settings, &mut found);
    }
    for doubt in found.doubts.iter() {
        eprintln!("warning: {doubt}");
    }
    if !found.problems.is_empty() {
        return Err(found.problems.into());
    }
    match &found.file {
        Some(file) => println!("{}: in order", file.display()),
        None => println!("there is no configuration file; the defaults are in order"),
    }
    Ok(())
}

/// Loads every voice: a damaged one would still speak, only wrongly.
fn voices(settings: &Settings, found: &mut Found) {
    let Opened { engines, refused, .. } = match engine::load_folder(&settings.voices, settings.threads) {
        Ok(opened) => opened,
        Err(why) => return problem(found, "voices", why.to_string(), "set voices to their folder"),
    };
    for refused in &refused {
        doubt(found, "voices", &refused.why, "the service leaves this one out, and goes on with the others");
    }
    let known: Vec<_> =
        engines.iter().flat_map(|engine| engine.voices()).map(|voice| voice.name.as_str()).collect();
    let hint = format!("there are {}", known.join(", "));
    let asked = settings.voice.iter().map(|name| ("voice", name));
    for (key, name) in asked.chain(settings.fallback.iter().map(|name| ("fallback", name))) {
        match engine::find(&engines, Some(name)) {
            Err(_) if refused.iter().any(|refused| refused.may_have(name)) => {
                let what = format!("the voice {name} cannot be used, so another one speaks");
                doubt(found, key, what, &hint);
            }
            Err(why) => problem(found, key, why.to_string(), &hint),
            Ok(_) => {}
        }
    }
}

/// The lexicon and the keys.
fn site(settings: &Settings, found: &mut Found) {
    if let Some(file) = &settings.lexicon {
        match file.exists() {
            false => doubt(found, "lexicon", format!("{} is not there yet", file.display()), ""),
            true => {
                if let Err(why) = lexicon::load(file) {
                    problem(found, "lexicon", why.to_string(), "`langdu lexicon check FILE` tells more");
                }
            }
        }
    }
    if let Some(file) = &settings.keys {
        match keys::Keys::open(file) {
            Err(why) => problem(found, "keys", format!("{}: {why}", file.display()), ""),
            Ok(keys) if !keys.any() => {
                let what = format!("{} has no key yet", file.display());
                doubt(found, "keys", what, "`langdu keys add --name NAME --may publish` makes one");
            }
            Ok(_) => {}
        }
    }
}

/// Whether the data folder can be written, or made.
fn data(settings: &Settings, found: &mut Found) {
    let folder = std::path::absolute(&settings.data).unwrap_or_else(|_| settings.data.clone());
    // Nothing is made that the service has not asked for: the nearest folder that is there is tried.
    let Some(there) = folder.ancestors().find(|folder| folder.exists()) else { return };
    let trial = there.join(format!(".langdu-check-{}", std::process::id()));
    let tried = match there.is_dir() {
        true => fs::File::create_new(&trial).and_then(|_| fs::remove_file(&trial)),
        false => Err(io::ErrorKind::NotADirectory.into()),
    };
    if let Err(why) = tried {
        let hint = "the service would read on, but keep nothing; is this user the one it runs as?";
        doubt(found, "data", format!("{} cannot be written: {why}", there.display()), hint);
    }
}

/// Whether the address is one of this machine, and free.
fn address(settings: &Settings, found: &mut Found) {
    match TcpListener::bind(settings.listen) {
        Ok(_) => {}
        Err(why) if why.kind() == io::ErrorKind::AddrInUse => {
            let what = format!("somebody listens at {} already", settings.listen);
            doubt(found, "listen", what, "that is as it should be where it is langdu itself");
        }
        Err(why) => {
            let hint = "an address of this machine, and a port that this user may open (1024 and above)";
            problem(found, "listen", format!("{} cannot be listened at: {why}", settings.listen), hint);
        }
    }
}

/// Whether others on this machine can read what is secret.
fn others(settings: &Settings, found: &mut Found) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open =
            |file: &Path| fs::metadata(file).is_ok_and(|found| found.permissions().mode() & 0o004 != 0);
        if settings.keys.as_deref().is_some_and(open) {
            doubt(found, "keys", "everybody on this machine can read the file", "chmod o= FILE");
        }
        let key = "s3_secret_access_key";
        if settings.s3_secret_access_key.is_some()
            && let settings::Place::File(file, _) = found.place(key)
            && open(&file)
        {
            doubt(found, key, "everybody on this machine can read the file", "chmod o= FILE");
        }
    }
    #[cfg(not(unix))]
    let _ = (settings, found);
}

fn problem(found: &mut Found, key: &str, what: impl Into<String>, hint: &str) {
    let problem = Problem::new(found.place(key), key, what, hint);
    found.problems.add(problem);
}

fn doubt(found: &mut Found, key: &str, what: impl Into<String>, hint: &str) {
    let doubt = Problem::new(found.place(key), key, what, hint);
    found.doubts.add(doubt);
}
