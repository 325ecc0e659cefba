//! `langdu voices`: what can speak, whether its files are whole, and whether it does speak.

use std::path::Path;

use super::{CliError, Settings, VoiceFiles};

/// Loads every voice, which checks its files, has each engine say a word, and prints a line for each.
pub(super) fn run(config: Option<&Path>, flags: &VoiceFiles) -> Result<(), CliError> {
    println!("{:<14}{:<8}{:<10}{:<14}speed", "name", "sex", "language", "licence");
    for engine in Settings::load(config, flags)?.engines()? {
        engine.warm_up()?;
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
