//! `langdu voices`: what can speak, and whether its files are whole.

use super::{CliError, VoiceFiles};
use crate::engine::{Engine as _, Neural};

/// Loads every voice, which checks its files, and prints a line for each.
pub(super) fn run(args: VoiceFiles) -> Result<(), CliError> {
    let engine = Neural::load(&args.voices, args.threads)?;
    println!("{:<14} {:<8} {:<8} {:<8} {:<12} speed", "name", "title", "sex", "language", "licence");
    for voice in engine.voices() {
        println!(
            "{:<14} {:<8} {:<8} {:<8} {:<12} {}-{}",
            voice.name, voice.title, voice.sex, voice.language, voice.licence, voice.speed.0, voice.speed.1
        );
    }
    Ok(())
}
