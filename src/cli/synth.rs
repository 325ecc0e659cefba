//! `langdu synth`: one notice, one WAV file.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
};

use indicatif::{ProgressBar, ProgressStyle};

use super::{CliError, Settings, Synth};
use crate::{
    audio::{self, Clip},
    engine::{self, Engine, Voice},
    notice::{self, Document, Format, Limits},
    plan,
};

/// Reads, plans, speaks and writes. The file appears when it is complete, never half.
pub(super) fn run(config: Option<&Path>, args: Synth) -> Result<(), CliError> {
    let chosen = Settings::load(config, &args.speech)?;
    let text = source(&args.file)?;
    let format = format(&args.file, args.html, args.ssml);
    let (document, _) = notice::read(&text, format, &Limits { max_chars: usize::MAX })?;

    let (engine, voice) = chosen.engine()?;
    let settings = chosen.read.settings(voice.timbre(&*engine), args.speed, chosen.lexicon()?);
    let whole = speak(&*engine, &voice, &document, &settings)?;
    write(&args.output, &whole.wav)?;
    eprintln!("{}: {:.1} s of speech", args.output.display(), whole.duration().as_secs_f32());
    Ok(())
}

/// All of a document as one recording, in this voice.
pub(super) fn speak(
    engine: &dyn Engine,
    voice: &Voice,
    document: &Document,
    settings: &plan::Settings,
) -> Result<Clip, CliError> {
    let (plan, _) = plan::plan(document, settings);
    if plan.utterances.is_empty() {
        return Err(CliError::Said("there is nothing to read aloud in this text".to_owned()));
    }

    let progress = ProgressBar::new(plan.utterances.len() as u64).with_style(style());
    let mut clips = Vec::with_capacity(plan.utterances.len());
    for utterance in &plan.utterances {
        let said = engine::speak(engine, &voice.name, &utterance.reading, settings.speed.factor())?;
        clips.push(audio::finish(said, utterance.pause)?.clip);
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(audio::join(&clips)?)
}

/// The text in `file`; `-` is standard input.
pub(super) fn source(file: &Path) -> Result<String, CliError> {
    let what = || file.display().to_string();
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        std::io::stdin().read_to_end(&mut bytes).map_err(CliError::io("standard input"))?;
    } else {
        bytes = fs::read(file).map_err(CliError::io(what()))?;
    }
    String::from_utf8(bytes).map_err(|_| CliError::Said(format!("{} is not UTF-8", what())))
}

/// What was said, else what the name of the file says.
pub(super) fn format(file: &Path, html: bool, ssml: bool) -> Format {
    let ending = file.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        _ if html => Format::Html,
        _ if ssml => Format::Ssml,
        Some("html" | "htm") => Format::Html,
        Some("ssml") => Format::Ssml,
        _ => Format::Text,
    }
}

/// Writes beside the file and renames: whoever looks sees the old file or the new one.
pub(super) fn write(output: &Path, wav: &[u8]) -> Result<(), CliError> {
    let mut name = output.as_os_str().to_owned();
    name.push(".part");
    let beside = PathBuf::from(name);
    fs::write(&beside, wav).map_err(CliError::io(beside.display().to_string()))?;
    fs::rename(&beside, output).map_err(CliError::io(output.display().to_string()))
}

fn style() -> ProgressStyle {
    // A template that does not parse would be a slip of ours, and no reason not to speak.
    ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed}, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}
