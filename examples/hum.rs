//! The service with a voice that hums instead of speaking: for tests of load and faults, without a neural voice.
//!
//!     cargo run --release --example hum -- --listen 127.0.0.1:0 --data DIR --delay-ms 20
//!
//! Store, renderer and HTTP are those of `langdu serve`. The hum of a text is the same in every process, and
//! differs from that of any other text. Which utterances fail, and how, depends on their sounds alone.
//! A second address tells as JSON what the engine was asked for.
#![allow(clippy::panic, missing_docs)]

#[path = "../tests/stage/hum.rs"]
mod hum;

use std::{
    collections::HashMap,
    error::Error,
    net::SocketAddr,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use axum::{Json, Router, routing::get};
use clap::Parser;
use langdu::{
    audio::{Pcm, Said},
    engine::{Engine, EngineError, Voice},
    http::{self, App, Limits},
    keys::Keys,
    reading::Reading,
    render::{RenderOptions, Renderer},
    site::SiteLexicon,
    store::{BucketOptions, Store, StoreOptions},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Parser)]
struct Args {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Folder for clips and notices; everything lives in memory when not given
    #[arg(long)]
    data: Option<PathBuf>,
    /// How long every synthesis takes
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay_ms: u64,
    /// What goes wrong with how many of a hundred utterances: hang:5,panic:5,nan,silence,fail,short,long
    /// (5 where no figure is given)
    #[arg(long, value_name = "KIND[:PERCENT],…", value_delimiter = ',')]
    faults: Vec<Share>,
    /// Bytes of clips in memory
    #[arg(long, value_name = "BYTES", default_value_t = StoreOptions::default().clip_bytes)]
    memory: u64,
    /// Bytes of disk that clips may take
    #[arg(long, value_name = "BYTES", default_value_t = StoreOptions::default().clip_disk)]
    clip_disk: u64,
    /// Bytes of planned notices in memory
    #[arg(long, value_name = "BYTES", default_value_t = RenderOptions::default().planned_bytes)]
    planned: u64,
    /// What readers may hear: open, origins, published
    #[arg(long, default_value = "open")]
    access: http::Access,
    /// How long one synthesis may take
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    limit_ms: u64,
    /// Submissions a minute of one client, and how many at once; 0 is any number
    #[arg(long, value_name = "N", default_value_t = 0)]
    client_rate: u32,
    #[arg(long, value_name = "N", default_value_t = Limits::default().client_burst)]
    client_burst: u32,
    /// Submissions a minute of all clients; 0 is any number
    #[arg(long, value_name = "N", default_value_t = 0)]
    total_rate: u32,
    /// Networks of proxies that are believed
    #[arg(long, value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Vec<ipnet::IpNet>,
    /// File of keys
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// Lexicon of the site
    #[arg(long, value_name = "FILE")]
    lexicon: Option<PathBuf>,
    /// Sounds a little otherwise than processes with another figure, as neural voices do on other machines
    #[arg(long, value_name = "N", default_value_t = 0)]
    detune: u8,
    /// Bucket behind the folder
    #[arg(long, value_name = "NAME", requires = "data")]
    s3_bucket: Option<String>,
    /// Address of its server
    #[arg(long, value_name = "URL")]
    s3_endpoint: Option<String>,
    /// Region of the bucket
    #[arg(long, value_name = "NAME")]
    s3_region: Option<String>,
    /// Folder of the bucket
    #[arg(long, value_name = "PATH", default_value = "")]
    s3_prefix: String,
    /// Access key of the bucket; here and not in the environment, because it opens nothing but a test
    #[arg(long, value_name = "ID:SECRET", default_value = "test:secret")]
    s3_key: String,
    /// How long somebody waits for the bucket
    #[arg(long, value_name = "MS", default_value_t = 1000)]
    s3_patience_ms: u64,
}

impl Args {
    fn store(&self) -> Result<Store, Box<dyn Error>> {
        let options = StoreOptions {
            clip_bytes: self.memory,
            clip_disk: self.clip_disk,
            bucket_patience: Duration::from_millis(self.s3_patience_ms),
            ..StoreOptions::default()
        };
        let Some(folder) = &self.data else { return Ok(Store::memory(options)) };
        let Some(bucket) = self.s3_bucket.clone() else { return Ok(Store::folder(folder, options)?) };
        let (id, secret) = self.s3_key.split_once(':').unwrap_or_default();
        let bucket = BucketOptions {
            bucket,
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            prefix: self.s3_prefix.clone(),
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            allow_http: true,
        };
        Ok(Store::shared(folder, &bucket, options)?)
    }
}

/// How an utterance goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// No answer for an hour.
    Hang,
    Panic,
    /// A sample that is not a number.
    NotANumber,
    Silence,
    /// A typed error.
    Fail,
    /// A few milliseconds, whatever was to be said.
    Short,
    /// Minutes, whatever was to be said.
    Long,
}

/// A fault and how many of a hundred utterances have it.
#[derive(Clone, Copy, Debug)]
struct Share {
    fault: Fault,
    percent: u64,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (fault, percent) = text.split_once(':').unwrap_or((text, "5"));
        let fault = match fault {
            "hang" => Fault::Hang,
            "panic" => Fault::Panic,
            "nan" => Fault::NotANumber,
            "silence" => Fault::Silence,
            "fail" => Fault::Fail,
            "short" => Fault::Short,
            "long" => Fault::Long,
            _ => return Err(format!("{fault} is no fault")),
        };
        Ok(Self { fault, percent: percent.parse().map_err(|_| format!("{percent} is no percentage"))? })
    }
}

/// The engine.
struct Hummer {
    voices: Vec<Voice>,
    delay: Duration,
    detune: u8,
    faults: Vec<Share>,
    /// How often each reading was asked for.
    asked: Mutex<HashMap<u64, u64>>,
}

impl Hummer {
    fn fault(&self, number: u64) -> Option<Fault> {
        let mut upto = 0;
        self.faults.iter().find_map(|share| {
            upto += share.percent;
            (number % 100 < upto).then_some(share.fault)
        })
    }

    /// Syntheses, different readings, and syntheses of the reading that was asked for most often.
    fn tally(&self) -> Value {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (sum, most) = (asked.values().sum::<u64>(), asked.values().max());
        json!({"syntheses": sum, "readings": asked.len(), "most": most.unwrap_or(&0)})
    }
}

impl Engine for Hummer {
    fn version(&self) -> &str {
        hum::VERSION
    }

    fn voices(&self) -> &[Voice] {
        &self.voices
    }

    fn synthesize(&self, _: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError> {
        let number = hum::number(reading);
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default() += 1;
        thread::sleep(self.delay);
        let mut samples = hum::hum(reading, speed);
        if let Some(sample) = samples.get_mut(200) {
            *sample += f32::from(self.detune) / 256.0;
        }
        match self.fault(number) {
            None => {}
            Some(Fault::Hang) => thread::sleep(Duration::from_secs(3600)),
            Some(Fault::Panic) => panic!("it was told to"),
            Some(Fault::NotANumber) => samples.extend([f32::NAN]),
            Some(Fault::Silence) => samples.fill(0.0),
            Some(Fault::Fail) => return Err(EngineError::Failed("it was told to".to_owned())),
            Some(Fault::Short) => samples.truncate(24),
            Some(Fault::Long) => samples = samples.repeat(24_000 * 300 / samples.len().max(1) + 1),
        }
        Ok(Pcm { rate: 24_000, samples }.into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args = Args::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let engine = Arc::new(Hummer {
        voices: vec![hum::voice("hum", "哼哼", (0.5, 2.0)), hum::voice("slow", "慢慢", (0.8, 1.2))],
        delay: Duration::from_millis(args.delay_ms),
        detune: args.detune,
        faults: args.faults.clone(),
        asked: Mutex::default(),
    });
    let store = args.store()?;
    let options = RenderOptions {
        planned_bytes: args.planned,
        synthesis: Duration::from_millis(args.limit_ms),
        lexicon: args.lexicon.map(|file| SiteLexicon::open(&file)).transpose()?.unwrap_or_default().into(),
        ..RenderOptions::default()
    };
    let renderer = Renderer::start(vec![engine.clone()], store, options);

    let listener = TcpListener::bind(args.listen).await?;
    let tally = TcpListener::bind((args.listen.ip(), 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    println!("tally at http://{}", tally.local_addr()?);
    let told = Router::new().route("/", get(async move || Json(engine.tally())));
    tokio::spawn(axum::serve(tally, told).into_future());
    let limits = Limits {
        client_rate: args.client_rate,
        client_burst: args.client_burst,
        total_rate: args.total_rate,
        trusted_proxies: args.trusted_proxy,
    };
    let keys = args.keys.map(|file| Keys::open(&file)).transpose()?.unwrap_or_default();
    let app = App::new(renderer).limits(limits).keys(Arc::new(keys)).access(args.access);
    http::serve(listener, app, told_to_stop()).await?;
    // An engine that hangs is not waited for.
    std::process::exit(0);
}

/// Ends as `langdu serve` does.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler there is nothing to wait for: the process is ended from outside.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
