//! The flags: each is a key with `-` for `_`. They are read like everything else, so they are text here.

use clap::Args;
use serde::Serialize;

/// What shapes the reading of a text.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub(in crate::cli) struct Manner {
    /// Lexicon of the site: what is written <tab> how it is said, one entry a line
    #[arg(long, value_name = "FILE")]
    lexicon: Option<String>,
    /// Where listeners differ: one=yi,range_word=dao,document_year=year,brackets=skipped,
    /// responsibility=skipped
    #[arg(long, value_name = "CHOICES")]
    read: Option<String>,
}

/// What speaks.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub(in crate::cli) struct VoiceFiles {
    /// Folder that holds the voices
    #[arg(long, value_name = "DIR")]
    voices: Option<String>,
    /// Threads of one synthesis; 0 is all cores
    #[arg(long, value_name = "N")]
    threads: Option<String>,
}

/// What speaks, and how.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub(in crate::cli) struct SpeechFlags {
    /// Voice that reads where none is asked for; the first one when not given
    #[arg(long, value_name = "NAME")]
    voice: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    manner: Manner,
    #[command(flatten)]
    #[serde(flatten)]
    files: VoiceFiles,
}

/// The service.
#[derive(Clone, Debug, Default, Args, Serialize)]
pub(in crate::cli) struct ServeFlags {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Folder for clips and notices
    #[arg(long, value_name = "DIR")]
    data: Option<String>,
    /// Bytes of disk that clips may take; those that were not heard for the longest time go first
    #[arg(long, value_name = "SIZE")]
    clip_disk: Option<String>,
    /// Bytes of disk that notices may take; those that were not read for the longest time go first
    #[arg(long, value_name = "SIZE")]
    notice_disk: Option<String>,
    /// Bytes of memory for the clips that are asked for most
    #[arg(long, value_name = "SIZE")]
    clip_memory: Option<String>,
    /// Voices that speak, one after the other, where the voice of a notice fails
    #[arg(long, value_name = "NAMES")]
    fallback: Vec<String>,
    /// Seconds one clip may take to be made
    #[arg(long, value_name = "N")]
    clip_seconds: Option<String>,
    /// Notices that may be followed at a time (/v1/notices/{id}/events)
    #[arg(long, value_name = "N")]
    max_followers: Option<String>,
    /// Characters a notice may have
    #[arg(long, value_name = "N")]
    max_chars: Option<String>,
    /// Connections at a time; further ones wait
    #[arg(long, value_name = "N")]
    max_connections: Option<String>,
    /// Origin whose pages may call the service (https://www.example.gov.cn); may be given several times
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    allow_origins: Vec<String>,
    /// Who may have texts read: open, origins or published
    #[arg(long, value_name = "WHO")]
    access: Option<String>,
    /// File of the keys with which programs publish, edit the lexicon, have speech made (`langdu keys`)
    #[arg(long, value_name = "FILE")]
    keys: Option<String>,
    /// Networks of the proxies in front, whose X-Forwarded-For counts
    #[arg(long, value_name = "NETWORKS")]
    trusted_proxies: Option<String>,
    /// Networks that may read /metrics
    #[arg(long, value_name = "NETWORKS")]
    metrics_from: Option<String>,
    /// Requests that make work, per minute and client
    #[arg(long, value_name = "N")]
    client_rate: Option<String>,
    /// Requests that make work, at once from one client
    #[arg(long, value_name = "N")]
    client_burst: Option<String>,
    /// Requests that make work, per minute, of all clients together
    #[arg(long, value_name = "N")]
    total_rate: Option<String>,
    /// What the log looks like: text or json
    #[arg(long, value_name = "FORM")]
    log: Option<String>,
    /// How much is logged: error, warn, info or debug; RUST_LOG wins
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// Bucket that several machines share, in place of the folder
    #[arg(long, value_name = "NAME")]
    s3_bucket: Option<String>,
    /// Where the bucket is asked for
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, value_name = "NAME")]
    s3_region: Option<String>,
    /// What stands before every name in the bucket
    #[arg(long, value_name = "PATH")]
    s3_prefix: Option<String>,
    /// Name of the key to the bucket; the secret itself stands in the file or the environment
    #[arg(long, value_name = "ID")]
    s3_access_key_id: Option<String>,
    /// Whether the bucket may be asked over plain http:// (true, false)
    #[arg(long, value_name = "YES", num_args = 0..=1, default_missing_value = "true")]
    s3_allow_http: Option<String>,
    #[command(flatten)]
    #[serde(flatten)]
    speech: SpeechFlags,
}
