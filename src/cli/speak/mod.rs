//! `langdu speak`: a notice read aloud here and now, on a kiosk.
//!
//! 1. the text is planned as for the service: our own spoken forms, our own readings;
//! 2. it is spoken by our voices through the sound card ([`card`], feature `soundcard`), or sentence by sentence by the
//!    speech service of the system ([`system`], feature `speechd`);
//! 3. both run on threads that may hang: whoever waits here waits so long and no longer ([`Event`]), and Ctrl-C is
//!    heard at any time.
//!
//! A program that was built without a feature says in words how it is had.

#[cfg(feature = "soundcard")]
mod card;
#[cfg(feature = "speechd")]
mod system;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;

use super::{
    CliError, Settings,
    settings::SpeechFlags,
    synth::{format, source},
};
use crate::{
    lexicon::Lexicon,
    notice::{self, Limits},
    plan::{self, Plan, Speed, Timbre},
};

#[derive(Debug, Args)]
pub(super) struct Speak {
    /// The notice, text, HTML or SSML by its ending (.html, .htm, .ssml); `-` for standard input
    #[arg(required_unless_present = "system_voices")]
    file: Option<PathBuf>,
    /// Speed of speech, 1.0 is normal
    #[arg(long, value_name = "FACTOR", default_value = "1.0", value_parser = super::speed)]
    speed: Speed,
    /// Take the input as HTML whatever its name
    #[arg(long)]
    html: bool,
    /// Take the input as SSML whatever its name
    #[arg(long, conflicts_with = "html")]
    ssml: bool,
    /// Speak by the speech service of the system, in the voice of exactly this name
    #[arg(long, value_name = "NAME", conflicts_with = "voice")]
    system_voice: Option<String>,
    /// Give the voice of the system numbered pinyin of our reading, where it reads that and not Hanzi
    #[arg(long, requires = "system_voice")]
    pinyin: bool,
    /// List the voices of the system: name and language
    #[arg(long, conflicts_with_all = ["file", "system_voice"])]
    system_voices: bool,
    /// Seconds that a sound may be late before the command gives up
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = clap::value_parser!(u64).range(1..=600))]
    patience: u64,
    #[command(flatten)]
    speech: SpeechFlags,
}

/// How the command ends where nobody is to blame for the text: what a kiosk may act upon.
#[cfg_attr(
    not(any(feature = "speechd", feature = "soundcard")),
    expect(dead_code, reason = "without either nothing is ever heard")
)]
#[derive(Debug, thiserror::Error)]
pub(super) enum Unheard {
    /// Somebody pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// What was to sound took the words and is silent.
    #[error("{0}")]
    Silent(String),
}

impl Unheard {
    /// The exit code of the program.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Interrupted => 130,
            Self::Silent(_) => 4,
        }
    }
}

/// Speaks.
pub(super) fn run(config: Option<&Path>, args: Speak) -> Result<(), CliError> {
    let patience = Duration::from_secs(args.patience);
    if args.system_voices {
        return list(patience);
    }
    let chosen = Settings::load(config, &args.speech)?;
    let lexicon = chosen.lexicon()?;
    match &args.system_voice {
        Some(name) => {
            let plan = planned(&args, &chosen, Timbre::default(), lexicon)?;
            by_system(name, &sentences(&plan, args.pinyin), args.speed, patience)
        }
        None => by_card(&args, &chosen, lexicon, patience),
    }
}

/// What is to be said; something is.
fn planned(
    args: &Speak,
    chosen: &Settings,
    timbre: Timbre,
    lexicon: std::sync::Arc<Lexicon>,
) -> Result<Plan, CliError> {
    let file = args.file.as_deref().unwrap_or(Path::new("-"));
    let format = format(file, args.html, args.ssml);
    let (document, _) = notice::read(&source(file)?, format, &Limits { max_chars: usize::MAX })?;
    let settings = chosen.read.settings(timbre, args.speed, lexicon);
    let (plan, _) = plan::plan(&document, &settings);
    if plan.utterances.is_empty() {
        return Err(CliError::Said("there is nothing to read aloud in this text".to_owned()));
    }
    Ok(plan)
}

/// A sentence as the system is given it.
#[derive(Clone, Debug, PartialEq)]
struct Sentence {
    text: String,
    /// How many syllables, letters and marks it has.
    sounds: usize,
}

/// Every sentence that is read: its spoken form, or its reading as numbered pinyin.
fn sentences(plan: &Plan, pinyin: bool) -> Vec<Sentence> {
    let read = plan.sentences.iter().filter_map(|sentence| {
        let utterances = plan.utterances.get(sentence.utterances.clone())?;
        let sounds = utterances.iter().map(|utterance| utterance.reading.sounds.len()).sum();
        let lines =
            utterances.iter().filter_map(|utterance| crate::engine::program::pinyin(&utterance.reading));
        let text = if pinyin { lines.collect::<String>().replace('\n', " ") } else { sentence.spoken.text() };
        (sounds > 0).then_some(Sentence { text, sounds })
    });
    read.collect()
}

#[cfg(feature = "speechd")]
fn list(patience: Duration) -> Result<(), CliError> {
    for (name, language) in system::voices(patience)? {
        println!("{name}\t{language}");
    }
    Ok(())
}

#[cfg(feature = "speechd")]
use system::speak as by_system;

#[cfg(not(feature = "speechd"))]
fn list(_: Duration) -> Result<(), CliError> {
    without("the speech service of the system", "speechd", "libspeechd-dev and libclang-dev")
}

#[cfg(not(feature = "speechd"))]
fn by_system(_: &str, _: &[Sentence], _: Speed, patience: Duration) -> Result<(), CliError> {
    list(patience)
}

#[cfg(feature = "soundcard")]
use card::speak as by_card;

#[cfg(not(feature = "soundcard"))]
fn by_card(
    args: &Speak,
    chosen: &Settings,
    lexicon: std::sync::Arc<Lexicon>,
    _: Duration,
) -> Result<(), CliError> {
    // What is wrong with the text is told here too.
    planned(args, chosen, Timbre::default(), lexicon)?;
    without("a sound card", "soundcard", "libasound2-dev on Linux")
}

#[cfg(not(all(feature = "speechd", feature = "soundcard")))]
fn without(what: &str, feature: &str, needs: &str) -> Result<(), CliError> {
    Err(CliError::Said(format!(
        "this program was built without {what}; build it with `cargo build --release --features {feature}` (it needs {needs})"
    )))
}

/// Sends what `event` makes when somebody presses Ctrl-C.
#[cfg(any(feature = "speechd", feature = "soundcard"))]
fn on_interrupt<E: Send + 'static>(
    events: std::sync::mpsc::Sender<E>,
    event: impl Fn() -> E + Send + 'static,
) {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let heard = runtime.map(|runtime| runtime.block_on(tokio::signal::ctrl_c()));
        if let Ok(Ok(())) = heard {
            // Nobody waits any more: the command ends anyway.
            let _ = events.send(event());
        }
    });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::notice::Format;

    #[test]
    fn the_system_is_given_whole_sentences_as_they_are_spoken() {
        let text =
            "关于2024年停水的通知\n今天上午9:30，重庆路、人民路、解放路一带全部停水检修，请大家提前储水。";
        let (document, _) = notice::read(text, Format::Text, &Limits { max_chars: 1000 }).unwrap();
        let (plan, _) = plan::plan(&document, &plan::Settings::default());
        let said: Vec<_> = sentences(&plan, false).into_iter().map(|sentence| sentence.text).collect();
        assert_eq!(
            said,
            [
                "关于二零二四年停水的通知",
                "今天上午九点三十分，重庆路、人民路、解放路一带全部停水检修，请大家提前储水。"
            ]
        );
        assert!(plan.utterances.len() > 2, "clips are shorter");
        let read = sentences(&plan, true);
        assert!(
            read[1].text.starts_with("jin1tian1shang4wu3 jiu2dian3san1shi2fen1, chong2qing4lu4"),
            "{:?}",
            read[1]
        );
        assert!(read[1].text.is_ascii());
        assert!(read[1].sounds > 30);
    }
}
