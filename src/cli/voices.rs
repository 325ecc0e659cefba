//! `langdu voices`: what can speak, and whether its files are whole.

use std::path::Path;

use super::{CliError, Settings, VoiceFiles};

/// Loads every voice, which checks its files, and prints a line for each.
pub(super) fn run(config: Option<&Path>, flags: &VoiceFiles) -> Result<(), CliError> {
    let engines = Settings::load(config, flags)?.engines()?;
    println!("{:<14}{:<8}{:<10}{:<14}speed", "name", "sex", "language", "licence");
    for engine in engines {
        for voice in engine.voices() {
            let (slowest, fastest) = voice.speed;
            println!(
                "{:<14}{:<8}{:<10}{:<14}{slowest} to {fastest}  {}",
                voice.name, voice.sex, voice.language, voice.licence, voice.title
            );
        }
    }
    Ok(())
}
