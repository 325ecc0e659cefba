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
    audio::Pcm,
    engine::{Engine, EngineError, Voice},
    http::{self, App},
    keys::Keys,
    reading::Reading,
    render::{RenderOptions, Renderer},
    store::{Store, StoreOptions},
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
    /// File of the keys
    #[arg(long)]
    keys: Option<PathBuf>,
    /// What readers may hear: open, origins, published
    #[arg(long, default_value = "open")]
    access: http::Access,
    /// How long one synthesis may take
    #[arg(long, value_name = "MS", default_value_t = 60_000)]
    limit_ms: u64,
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

    fn synthesize(&self, _: &str, reading: &Reading, speed: f32) -> Result<Pcm, EngineError> {
        let number = hum::number(reading);
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner).entry(number).or_default() += 1;
        thread::sleep(self.delay);
        let mut samples = hum::hum(reading, speed);
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
        Ok(Pcm { rate: 24_000, samples })
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
        faults: args.faults,
        asked: Mutex::default(),
    });
    let options =
        StoreOptions { clip_bytes: args.memory, clip_disk: args.clip_disk, ..StoreOptions::default() };
    let store = match args.data {
        Some(folder) => Store::folder(&folder, options)?,
        None => Store::memory(options),
    };
    let options = RenderOptions {
        planned_bytes: args.planned,
        synthesis: Duration::from_millis(args.limit_ms),
        ..RenderOptions::default()
    };
    let renderer = Renderer::start(vec![engine.clone()], store, options);

    let listener = TcpListener::bind(args.listen).await?;
    let tally = TcpListener::bind((args.listen.ip(), 0)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    println!("tally at http://{}", tally.local_addr()?);
    let told = Router::new().route("/", get(async move || Json(engine.tally())));
    tokio::spawn(axum::serve(tally, told).into_future());
    let keys = args.keys.map_or_else(|| Ok(Keys::default()), |file| Keys::open(&file))?;
    let app = App::new(renderer).keys(Arc::new(keys)).access(args.access);
    http::serve(listener, app, async {
        // Without a handler there is nothing to wait for: the process is ended from outside.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
    .await?;
    Ok(())
}
