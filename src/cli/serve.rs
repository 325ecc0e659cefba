//! `langdu serve`: the service, until it is told to stop.

use std::{panic, sync::Arc, time::Duration};

use tokio::{net::TcpListener, runtime::Runtime, signal};
use tracing_subscriber::EnvFilter;

use super::{CliError, Serve};
use crate::{
    engine,
    http::{self, App},
    keys::{Keys, KeysError},
    notice::Limits,
    render::{RenderOptions, Renderer},
    site::{SiteError, SiteLexicon},
    store::{Store, StoreOptions},
};

/// What is logged where the environment does not say. The client of a bucket tells of each attempt that fails.
const LOG: &str = "info,object_store=warn";

/// Loads the voices, then listens; the address is printed once requests are answered.
pub(super) fn run(args: Serve) -> Result<(), CliError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    say_only_where_it_panicked();

    let engines = args.files.engines()?;
    let (_, voice) = engine::find(&engines, args.voice.as_deref())?;
    for name in &args.fallback {
        engine::find(&engines, Some(name))?;
    }
    let lexicon = match &args.manner.lexicon {
        Some(file) => {
            SiteLexicon::open(file).map_err(|why| CliError::Said(format!("{}: {why}", file.display())))?
        }
        None => SiteLexicon::default(),
    };
    let lexicon = Arc::new(lexicon);
    let keys = match &args.keys {
        Some(file) => Keys::open(file).map_err(|why| CliError::Said(format!("{}: {why}", file.display())))?,
        None => Keys::default(),
    };
    let keys = Arc::new(keys);
    let options = RenderOptions {
        limits: Limits { max_chars: args.max_chars },
        voice: Some(voice.name.clone()),
        fallback: args.fallback.clone(),
        synthesis: Duration::from_secs(args.clip_seconds),
        most_followers: args.max_followers,
        reading: args.manner.read,
        lexicon: lexicon.clone(),
        ..RenderOptions::default()
    };
    let bounds = StoreOptions {
        clip_bytes: args.clip_memory,
        clip_disk: args.clip_disk,
        notice_disk: args.notice_disk,
        ..StoreOptions::default()
    };
    let store = match args.bucket.options()? {
        None => Store::folder(&args.data, bounds)
            .map_err(|why| CliError::Said(format!("the data folder {}: {why}", args.data.display())))?,
        Some(bucket) => Store::shared(&args.data, &bucket, bounds)
            .map_err(|why| CliError::Said(format!("the bucket {}: {why}", bucket.bucket)))?,
    };

    Runtime::new().map_err(CliError::io("starting threads"))?.block_on(async {
        let listening = || format!("listening on {}", args.listen);
        let listener = TcpListener::bind(args.listen).await.map_err(CliError::io(listening()))?;
        let address = listener.local_addr().map_err(CliError::io(listening()))?;
        let renderer = Renderer::start(engines, store, options);
        let app = App::new(renderer)
            .allow_origins(args.allow_origins)
            .most_connections(args.max_connections)
            .keys(keys.clone());
        tokio::spawn(reload_when_told(lexicon, keys));
        println!("listening on http://{address}");
        println!("demo pages at http://{address}/demo/");
        http::serve(listener, app, told_to_stop()).await.map_err(CliError::io(listening()))
    })
}

/// Reads the lexicon and the keys again at SIGHUP, where there is such a thing.
async fn reload_when_told(lexicon: Arc<SiteLexicon>, keys: Arc<Keys>) {
    #[cfg(unix)]
    if let Ok(mut told) = signal::unix::signal(signal::unix::SignalKind::hangup()) {
        while told.recv().await.is_some() {
            match lexicon.reload() {
                Ok(edition) => {
                    tracing::info!(entries = edition.lexicon.entries().len(), "the lexicon was read again");
                }
                Err(SiteError::NoFile) => {}
                Err(why) => tracing::error!(%why, "the lexicon stays as it was"),
            }
            match keys.reload() {
                Ok(keys) => tracing::info!(keys, "the keys were read again"),
                Err(KeysError::NoFile) => {}
                Err(why) => tracing::error!(%why, "the keys stay as they were"),
            }
        }
    }
    #[cfg(not(unix))]
    drop((lexicon, keys));
}

/// A panic message may quote the text of a notice, which no log may hold: the place must do.
fn say_only_where_it_panicked() {
    panic::set_hook(Box::new(|panicked| match panicked.location() {
        Some(place) => tracing::error!(file = place.file(), line = place.line(), "a bug: something panicked"),
        None => tracing::error!("a bug: something panicked"),
    }));
}

/// Ends at Ctrl-C or, where there is one, at the signal with which a service manager stops a service.
async fn told_to_stop() {
    #[cfg(unix)]
    {
        if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
            tokio::select! {
                _ = signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without a handler there is nothing to wait for: the process is ended from outside.
    if signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
