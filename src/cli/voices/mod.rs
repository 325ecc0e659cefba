//! `langdu voices`: what can speak, whether its files are whole, how it sounds, and where more comes from.
//!
//! 1. Plain, it lists every voice, with its network read and tried; every folder that cannot be used, with why, goes to
//!    standard error;
//! 2. [`sample`] speaks a sentence with a date, a sum and a number;
//! 3. [`install`] makes the folders of voices that are not shipped.
//!
//! [`Cast`] says who reads in a service whose chosen voices may be damaged.

mod baker;
mod install;
mod sample;

use std::{collections::HashSet, path::Path, sync::Arc};

use clap::{Args, Subcommand};

use super::{CliError, Settings, settings::VoiceFiles};
use crate::engine::{self, Engine, EngineError, Opened, Refused};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct VoicesArgs {
    /// Fail where a voice folder cannot be used
    #[arg(long)]
    check: bool,
    #[command(flatten)]
    files: VoiceFiles,
    #[command(subcommand)]
    command: Option<VoicesCommand>,
}

#[derive(Debug, Subcommand)]
enum VoicesCommand {
    /// List the voices, and fail where a voice folder cannot be used
    Check(VoiceFiles),
    /// Speak a sentence with a date, a sum and a number into a WAV file
    Sample(sample::SampleArgs),
    /// Make the folder of a voice that is not shipped
    #[command(subcommand)]
    Install(install::Install),
}

/// Does what was asked.
pub(super) fn run(config: Option<&Path>, args: VoicesArgs) -> Result<(), CliError> {
    match args.command {
        None => list(config, &args.files, args.check),
        Some(VoicesCommand::Check(files)) => list(config, &files, true),
        Some(VoicesCommand::Sample(args)) => sample::run(config, &args),
        Some(VoicesCommand::Install(what)) => install::run(config, what),
    }
}

/// Loads every voice, which checks its files, and prints a line for each.
fn list(config: Option<&Path>, files: &VoiceFiles, check: bool) -> Result<(), CliError> {
    let chosen = Settings::load(config, files)?;
    let Opened { engines, folders, refused } = engine::survey(&chosen.voices, chosen.threads)?;
    println!(
        "{:<16}{:<14}{:<8}{:<10}{:<20}{:<8}{:<14}folder",
        "name", "engine", "sex", "language", "licence", "rate", "speed"
    );
    let mut known = HashSet::new();
    for (engine, folder) in engines.iter().zip(&folders) {
        let kind = engine.version().split('/').next().unwrap_or_default();
        for voice in engine.voices() {
            let (slowest, fastest) = voice.speed;
            let speed = format!("{slowest} to {fastest}");
            println!(
                "{:<16}{kind:<14}{:<8}{:<10}{:<20}{:<8}{speed:<14}{folder}  {}",
                voice.name, voice.sex, voice.language, voice.licence, voice.rate, voice.title
            );
            if !known.insert(&voice.name) {
                eprintln!("warning: {} is in two folders; that of {folder} is not heard", voice.name);
            }
        }
    }
    for Refused { folder, voices, why } in &refused {
        let voices = voices.as_ref().map(|voices| voices.join(", ")).unwrap_or_default();
        eprintln!("{folder}: refused ({voices})\n  {}", why.replace('\n', "\n  "));
    }
    match refused.len() {
        0 => Ok(()),
        _ if engines.is_empty() => Err(CliError::Said("no voice can be used".to_owned())),
        refused if check => Err(CliError::Said(format!("voice folders that cannot be used: {refused}"))),
        _ => Ok(()),
    }
}

/// Who reads in a service.
pub(super) struct Cast {
    /// The voice that reads where none is asked for.
    pub reader: String,
    /// Those that speak where it fails.
    pub fallback: Vec<String>,
}

impl Cast {
    /// Those that were chosen, as far as they can be used. In the place of a reader that was refused comes the first of
    /// the fallback, else the first voice there is: each is said in the log.
    ///
    /// # Errors
    /// [`EngineError::UnknownVoice`] for a name that is of no voice at all.
    pub(super) fn of(
        chosen: &Settings,
        engines: &[Arc<dyn Engine>],
        refused: &[Refused],
    ) -> Result<Self, EngineError> {
        let found = |name: Option<&str>| match (engine::find(engines, name), name) {
            (Ok((_, voice)), _) => Ok(Some(voice.name.clone())),
            (Err(_), Some(name)) if refused.iter().any(|refused| refused.may_have(name)) => {
                tracing::error!(voice = name, "a voice that was chosen cannot be used");
                Ok(None)
            }
            (Err(why), _) => Err(why),
        };
        let mut known = HashSet::new();
        for voice in engines.iter().flat_map(|engine| engine.voices()) {
            if !known.insert(&voice.name) {
                tracing::warn!(
                    voice = voice.name,
                    "two voice folders have a voice of this name; one is not heard"
                );
            }
        }
        let reader = found(chosen.voice.as_deref())?;
        let mut fallback = Vec::with_capacity(chosen.fallback.len());
        for name in &chosen.fallback {
            fallback.extend(found(Some(name))?);
        }
        let reader = match (reader, fallback.first()) {
            (Some(reader), _) => reader,
            (None, Some(first)) => first.clone(),
            (None, None) => engine::find(engines, None)?.1.name.clone(),
        };
        if chosen.voice.as_ref().is_some_and(|voice| *voice != reader) {
            tracing::warn!(voice = reader, "this voice reads in its place");
        }
        Ok(Self { reader, fallback })
    }
}
