//! The command line: the same rooms without a browser in front.
//!
//! `serve` is the service; `synth` makes one WAV of one notice; `spoken`, `pronounce` and `segment`
//! are filters (one text a line in, one line out, U+2028 for a line break inside a text); `voices`
//! lists what can speak; `lexicon` checks a lexicon file or makes one.

mod bucket;
mod filter;
mod lexicon;
mod serve;
mod synth;
mod voices;

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand};

use crate::{
    engine::{self, Engine, EngineError},
    lexicon::Lexicon,
    plan::{Options, Speed},
};

/// 朗读: reads Chinese public notices aloud, offline.
#[derive(Debug, Parser)]
#[command(name = "langdu", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the player, the demo pages and the API
    Serve(Box<Serve>),
    /// Speak a notice into a WAV file
    Synth(Synth),
    /// Filter: a text a line in, its spoken form out
    Spoken(Filter),
    /// Filter: a text a line in, the reading of each character out (JSON)
    Pronounce(Filter),
    /// Filter: a text a line in, its sentences out (JSON)
    Segment(Filter),
    /// List the voices and check their files
    Voices(VoiceFiles),
    /// Check a lexicon file, or make one
    #[command(subcommand)]
    Lexicon(LexiconCommand),
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

/// How a text is read.
#[derive(Clone, Debug, Args)]
struct Manner {
    /// Lexicon of the site: what is written <tab> how it is said, one entry a line
    #[arg(long, value_name = "FILE", env = "LANGDU_LEXICON")]
    lexicon: Option<PathBuf>,
    /// Where listeners differ: one=yi,range_word=dao,document_year=year,brackets=skipped,
    /// responsibility=skipped
    #[arg(long, value_name = "CHOICES", default_value = "", env = "LANGDU_READ")]
    read: Options,
}

impl Manner {
    /// The lexicon; an empty one when none is given.
    fn lexicon(&self) -> Result<Arc<Lexicon>, CliError> {
        let Some(file) = &self.lexicon else { return Ok(Arc::default()) };
        Ok(Arc::new(lexicon::load(file)?))
    }
}

#[derive(Debug, Args)]
struct VoiceFiles {
    /// Folder that holds the voices
    #[arg(long, value_name = "DIR", default_value = "voices", env = "LANGDU_VOICES")]
    voices: PathBuf,
    /// Threads of one synthesis; all cores when not given
    #[arg(long, value_name = "N", env = "LANGDU_THREADS")]
    threads: Option<usize>,
}

#[derive(Debug, Args)]
struct Serve {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080", env = "LANGDU_LISTEN")]
    listen: SocketAddr,
    /// Folder for clips and notices; it may be deleted at any time, everything is made again
    #[arg(long, value_name = "DIR", default_value = "var", env = "LANGDU_DATA")]
    data: PathBuf,
    /// Bytes of disk that clips may take (512M, 8G); those that were not heard for the longest time go first
    #[arg(long, value_name = "SIZE", default_value = "8G", value_parser = size, env = "LANGDU_CLIP_DISK")]
    clip_disk: u64,
    /// Bytes of disk that notices may take; those that were not read for the longest time go first
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size, env = "LANGDU_NOTICE_DISK")]
    notice_disk: u64,
    /// Bytes of memory for the clips that are asked for most
    #[arg(long, value_name = "SIZE", default_value = "128M", value_parser = size, env = "LANGDU_CLIP_MEMORY")]
    clip_memory: u64,
    /// Voice that reads where none is asked for
    #[arg(long, value_name = "NAME", env = "LANGDU_VOICE")]
    voice: Option<String>,
    /// Voices that speak, one after the other, where the voice of a notice fails
    #[arg(long, value_name = "NAME", env = "LANGDU_FALLBACK", value_delimiter = ',')]
    fallback: Vec<String>,
    /// Seconds one clip may take to be made
    #[arg(long, value_name = "N", default_value_t = 120, env = "LANGDU_CLIP_SECONDS",
          value_parser = clap::value_parser!(u64).range(1..))]
    clip_seconds: u64,
    /// Notices that may be followed at a time (/v1/notices/{id}/events)
    #[arg(long, value_name = "N", default_value_t = 1000, env = "LANGDU_MAX_FOLLOWERS")]
    max_followers: usize,
    /// Characters a notice may have
    #[arg(long, value_name = "N", default_value_t = 100_000, env = "LANGDU_MAX_CHARS")]
    max_chars: usize,
    /// Connections at a time; further ones wait
    #[arg(long, value_name = "N", default_value_t = crate::http::MOST_CONNECTIONS, env = "LANGDU_MAX_CONNECTIONS")]
    max_connections: usize,
    /// Origin whose pages may call the service (https://www.example.gov.cn); may be given several times
    #[arg(long = "allow-origin", value_name = "ORIGIN", env = "LANGDU_ALLOW_ORIGINS", value_delimiter = ',')]
    allow_origins: Vec<String>,
    /// File of the keys with which programs publish, edit the lexicon, have speech made (`langdu keys`)
    #[arg(long, value_name = "FILE", env = "LANGDU_KEYS")]
    keys: Option<PathBuf>,
    #[command(flatten)]
    bucket: bucket::BucketArgs,
    #[command(flatten)]
    manner: Manner,
    #[command(flatten)]
    files: VoiceFiles,
}

#[derive(Debug, Args)]
struct Synth {
    /// The notice, text, HTML or SSML by its ending (.html, .htm, .ssml); `-` for standard input
    file: PathBuf,
    /// Where the sound goes
    #[arg(short, long, value_name = "WAV")]
    output: PathBuf,
    /// Voice
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
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
    manner: Manner,
    #[command(flatten)]
    files: VoiceFiles,
}

#[derive(Clone, Debug, Args)]
struct Filter {
    /// One JSON object a line, with spans in UTF-16 code units
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    manner: Manner,
}

impl VoiceFiles {
    /// Every engine of the folder, with all its files checked.
    fn engines(&self) -> Result<Vec<Arc<dyn Engine>>, EngineError> {
        engine::load_folder(&self.voices, self.threads.unwrap_or(0))
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
    let done = match Cli::parse().command {
        Command::Serve(args) => serve::run(*args),
        Command::Synth(args) => synth::run(args),
        Command::Spoken(args) => filter::spoken(args),
        Command::Pronounce(args) => filter::pronounce(args),
        Command::Segment(args) => filter::segment(args),
        Command::Voices(args) => voices::run(args),
        Command::Lexicon(LexiconCommand::Check { file }) => lexicon::check(&file),
        Command::Lexicon(LexiconCommand::ImportPls { file }) => lexicon::import_pls(&file),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        // A reader that went away (`langdu spoken | head`) is no failure.
        Err(CliError::Io { source, .. }) if source.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("langdu: {error}");
            ExitCode::FAILURE
        }
    }
}

fn speed(text: &str) -> Result<Speed, String> {
    let (slowest, fastest) = Speed::RANGE;
    text.parse().ok().and_then(Speed::new).ok_or(format!("a number from {slowest} to {fastest}"))
}

/// A number of bytes: `4096`, `512M`, `8G`; K, M, G and T are powers of 1024.
fn size(text: &str) -> Result<u64, String> {
    let unit = text.chars().last().map_or(0, |last| match last {
        'k' | 'K' => 10,
        'm' | 'M' => 20,
        'g' | 'G' => 30,
        't' | 'T' => 40,
        _ => 0,
    });
    let digits = if unit == 0 { text } else { text.get(..text.len() - 1).unwrap_or_default() };
    let number = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<u64>().ok()).flatten();
    let bytes = number.and_then(|number| number.checked_mul(1 << unit)).filter(|bytes| *bytes > 0);
    bytes.ok_or("a number of bytes, as 512M or 8G".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        let good = [
            ("1", 1),
            ("4096", 4096),
            ("3k", 3 << 10),
            ("512M", 512 << 20),
            ("8G", 8 << 30),
            ("2T", 2 << 40),
        ];
        for (text, bytes) in good {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in ["", "G", "0", "0G", "-1", "+1", "1.5G", "8 G", "8GB", "99999999999T", "八"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
