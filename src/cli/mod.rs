//! The command line: the same rooms without a browser in front.
//!
//! `serve` is the service; `synth` makes one WAV of one notice; `speak` reads one aloud here; `spoken`, `pronounce` and `segment`
//! are filters (one text a line in, one line out, U+2028 for a line break inside a text); `voices`
//! lists and checks what can speak, and installs more; `lexicon` checks a lexicon file or makes one; `config` checks, writes and shows
//! the configuration; `keys` hands out the keys of programs. What may be chosen, and where, is in
//! [`settings`].

mod check;
mod config;
mod filter;
mod keys;
mod lexicon;
mod lock;
mod log;
mod serve;
mod settings;
mod speak;
mod synth;
mod voices;

use std::{collections::BTreeMap, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::{
    engine::{self, Engine, EngineError, Opened, Voice},
    keys::{KeysError, Right},
    lexicon::Lexicon,
    plan::Speed,
};
use settings::{Manner, Problems, ServeFlags, Settings, SpeechFlags};
use voices::VoicesArgs;

/// 朗读: reads Chinese public notices aloud, offline.
#[derive(Debug, Parser)]
#[command(name = "langdu", version, about, max_term_width = 100)]
struct Cli {
    /// The configuration; else langdu.toml here, else /etc/langdu/langdu.toml, where there is one
    #[arg(long, global = true, value_name = "FILE", env = settings::CONFIG_VARIABLE)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the player, the demo pages and the API
    Serve(Box<ServeFlags>),
    /// Speak a notice into a WAV file
    Synth(Synth),
    /// Read a notice aloud on this machine
    Speak(Box<speak::Speak>),
    /// Filter: a text a line in, its spoken form out
    Spoken(Filter),
    /// Filter: a text a line in, the reading of each character out (JSON)
    Pronounce(Filter),
    /// Filter: a text a line in, its sentences out (JSON)
    Segment(Filter),
    /// List the voices, check their files, play a sample, install one
    Voices(VoicesArgs),
    /// Check a lexicon file, or make one
    #[command(subcommand)]
    Lexicon(LexiconCommand),
    /// Check the configuration, write a new one, or show what holds
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Hand out the keys with which programs publish, edit the lexicon, have speech made
    Keys(KeysArgs),
}

#[derive(Debug, Subcommand)]
enum LexiconCommand {
    /// Tell what is wrong in a lexicon file, and what is doubtful
    Check {
        /// The lexicon
        file: PathBuf,
    },
    /// Print a lexicon of the W3C's Pronunciation Lexicon Specification as a lexicon file
    ImportPls {
        /// The PLS document
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Tell everything that is wrong with the configuration and what it names, and what is doubtful
    Check {
        /// The configuration; the one that `serve` would read when not given
        file: Option<PathBuf>,
    },
    /// Write a configuration with every key, its default and what it is for; never over another one
    Init {
        /// Where it goes; `-` for standard output
        #[arg(default_value = "langdu.toml")]
        file: PathBuf,
    },
    /// Print what holds, and where it was written; secrets are left out
    Show,
}

#[derive(Debug, Args)]
struct KeysArgs {
    /// File of the keys; the one of the configuration when not given
    #[arg(long, global = true, value_name = "FILE")]
    file: Option<String>,
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make a key and print it: this is the only time it is seen
    Add {
        /// How it is told from others
        #[arg(long)]
        name: String,
        /// What it is good for: publish, lexicon, speech
        #[arg(long, value_name = "RIGHTS", required = true, value_delimiter = ',')]
        may: Vec<Right>,
    },
    /// List the keys: name and rights
    List,
    /// Take a key back
    Revoke {
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
struct Synth {
    /// The notice, text, HTML or SSML by its ending (.html, .htm, .ssml); `-` for standard input
    file: PathBuf,
    /// Where the sound goes
    #[arg(short, long, value_name = "WAV")]
    output: PathBuf,
    /// Speed of speech, 1.0 is normal
    #[arg(long, value_name = "FACTOR", default_value = "1.0", value_parser = speed)]
    speed: Speed,
    /// Take the input as HTML whatever its name
    #[arg(long)]
    html: bool,
    /// Take the input as SSML whatever its name
    #[arg(long, conflicts_with = "html")]
    ssml: bool,
    #[command(flatten)]
    speech: SpeechFlags,
}

#[derive(Clone, Debug, Args)]
struct Filter {
    /// One JSON object a line, with spans in UTF-16 code units
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    manner: Manner,
}

impl Settings {
    /// Every engine of the folder of voices; what is large is to be read yet.
    fn opened_engines(&self) -> Result<Opened, EngineError> {
        engine::open_folder(&self.voices, self.threads)
    }

    /// The engine of the folder of voices that has the voice that is chosen, ready, and the name of the voice.
    fn engine(&self) -> Result<(Arc<dyn Engine>, Voice), CliError> {
        let Opened { engines, refused, .. } = self.opened_engines()?;
        let (engine, voice) = engine::find(&engines, self.voice.as_deref()).map_err(|unknown| {
            let asked = self.voice.as_deref().unwrap_or_default();
            let refused = refused.into_iter().find(|refused| refused.may_have(asked));
            refused.map_or(unknown, |refused| EngineError::Files(refused.why))
        })?;
        engine.ready()?;
        Ok((Arc::clone(engine), voice.clone()))
    }

    /// The lexicon; an empty one when there is none.
    fn lexicon(&self) -> Result<Arc<Lexicon>, CliError> {
        let Some(file) = &self.lexicon else { return Ok(Arc::default()) };
        Ok(Arc::new(lexicon::load(file)?))
    }
}

/// Why a command ended early; printed once, by [`main`].
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// A file or stream could not be read or written.
    #[error("{what}: {source}")]
    Io {
        /// What was being done, with the path.
        what: String,
        source: std::io::Error,
    },
    /// The input is no notice.
    #[error(transparent)]
    Notice(#[from] crate::notice::NoticeError),
    /// An engine could not be started or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine gave no sound.
    #[error(transparent)]
    Audio(#[from] crate::audio::AudioError),
    /// The file of keys could not be read or changed.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The operator's choices cannot be followed.
    #[error("the configuration has errors\n{0}")]
    Settings(#[from] Problems),
    /// What was to be heard is not.
    #[error(transparent)]
    Unheard(#[from] speak::Unheard),
    /// Anything said in words.
    #[error("{0}")]
    Said(String),
}

impl CliError {
    /// Wraps an I/O error with what was being done.
    fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what: what.into(), source }
    }
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let matches = described(Cli::command()).get_matches();
    let Cli { config, command } = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(why) => why.exit(),
    };
    let config = config.as_deref();
    let done = match command {
        Command::Serve(flags) => serve::run(config, &flags),
        Command::Synth(args) => synth::run(config, args),
        Command::Speak(args) => speak::run(config, *args),
        Command::Spoken(args) => filter::spoken(config, args),
        Command::Pronounce(args) => filter::pronounce(config, args),
        Command::Segment(args) => filter::segment(config, args),
        Command::Voices(args) => voices::run(config, args),
        Command::Lexicon(LexiconCommand::Check { file }) => lexicon::check(&file),
        Command::Lexicon(LexiconCommand::ImportPls { file }) => lexicon::import_pls(&file),
        Command::Config(ConfigCommand::Check { file }) => check::run(file.as_deref().or(config)),
        Command::Config(ConfigCommand::Init { file }) => config::init(&file),
        Command::Config(ConfigCommand::Show) => config::show(config),
        Command::Keys(args) => keys::run(config, args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that went away (`langdu spoken | head`) is no failure.
        Err(CliError::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("langdu: {error}");
            match error {
                CliError::Unheard(why) => ExitCode::from(why.code()),
                _ => ExitCode::FAILURE,
            }
        }
    }
}

fn speed(text: &str) -> Result<Speed, String> {
    let (slowest, fastest) = Speed::RANGE;
    text.parse().ok().and_then(Speed::new).ok_or(format!("a number from {slowest} to {fastest}"))
}

/// Tells at every flag of a key what holds without it.
fn described(command: clap::Command) -> clap::Command {
    let defaults = settings::defaults();
    command.mut_subcommands(|command| {
        let command = command.mut_args(|arg| told(arg, &defaults));
        command.mut_subcommands(|command| command.mut_args(|arg| told(arg, &defaults)))
    })
}

fn told(arg: clap::Arg, defaults: &BTreeMap<String, String>) -> clap::Arg {
    match (defaults.get(arg.get_id().as_str()), arg.get_help()) {
        (Some(default), Some(help)) => {
            let help = format!("{help} [default: {default}]");
            arg.help(help)
        }
        _ => arg,
    }
}
