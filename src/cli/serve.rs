//! `langdu serve`: the service, until it is told to stop.

use std::{error::Error, panic, path::Path, pin::Pin, sync::Arc, time::Duration};

use tokio::{net::TcpListener, runtime::Runtime, signal, task::spawn_blocking};

use super::{
    CliError, lock, log,
    settings::{self, ServeFlags, Settings},
    voices::Cast,
};
use crate::{
    engine::{Engine, EngineError, Opened, Refused},
    http::{self, App, Limits as Rates},
    keys::{Keys, KeysError},
    notice::{self, Format, Limits},
    plan,
    render::{RenderOptions, Renderer},
    site::{SiteError, SiteLexicon},
    store::{BucketOptions, Store, StoreOptions},
};

/// Opens the voices, then listens; the address is printed once requests are answered. The networks are read behind:
/// who asks for a clip at once waits for them. A voice that is damaged is left out; without any the service ends.
pub(super) fn run(config: Option<&Path>, flags: &ServeFlags) -> Result<(), CliError> {
    let found = settings::find(config, flags).with_bucket_key(true);
    let chosen = found.settings.ok_or(found.problems)?;
    log::start(chosen.log, chosen.log_level);
    say_only_where_it_panicked();
    for doubt in found.doubts.iter() {
        tracing::warn!("{doubt}");
    }

    let Opened { engines, folders, refused } = chosen.opened_engines()?;
    for refused in &refused {
        tracing::error!(folder = refused.folder, why = refused.why, "a voice folder cannot be used");
    }
    let voices = Cast::of(&chosen, &engines, &refused)?;
    let said = |file: &Path, why: &dyn Error| CliError::Said(format!("{}: {why}", file.display()));
    let lexicon = match &chosen.lexicon {
        Some(file) => SiteLexicon::open(file).map_err(|why| said(file, &why))?,
        None => SiteLexicon::default(),
    };
    let lexicon = Arc::new(lexicon);
    let keys = match &chosen.keys {
        Some(file) => Keys::open(file).map_err(|why| said(file, &why))?,
        None => Keys::default(),
    };
    let keys = Arc::new(keys);
    let options = RenderOptions {
        limits: Limits { max_chars: chosen.max_chars },
        voice: Some(voices.reader),
        fallback: voices.fallback,
        refused,
        synthesis: Duration::from_secs(chosen.clip_seconds),
        most_followers: chosen.max_followers,
        reading: chosen.read,
        lexicon: lexicon.clone(),
        ..RenderOptions::default()
    };
    let bounds = StoreOptions {
        clip_bytes: chosen.clip_memory,
        clip_disk: chosen.clip_disk,
        notice_disk: chosen.notice_disk,
        ..StoreOptions::default()
    };
    let _held = lock::hold(&chosen.data)?;
    let store = match bucket(&chosen) {
        None => Store::folder(&chosen.data, bounds)
            .map_err(|why| CliError::Said(format!("the data folder {}: {why}", chosen.data.display())))?,
        Some(bucket) => Store::shared(&chosen.data, &bucket, bounds)
            .map_err(|why| CliError::Said(format!("the bucket {}: {why}", bucket.bucket)))?,
    };

    let rates = Rates {
        client_rate: chosen.client_rate,
        client_burst: chosen.client_burst,
        total_rate: chosen.total_rate,
        trusted_proxies: chosen.trusted_proxies,
    };
    let runtime = Runtime::new().map_err(CliError::io("starting threads"))?;
    let served = runtime.block_on(async {
        let listening = || format!("listening on {}", chosen.listen);
        let listener = TcpListener::bind(chosen.listen).await.map_err(CliError::io(listening()))?;
        let address = listener.local_addr().map_err(CliError::io(listening()))?;
        let renderer = Renderer::start(engines.clone(), store, options);
        let mut read = read_behind(engines, folders, renderer.clone());
        let app = App::new(renderer)
            .allow_origins(chosen.allow_origins)
            .most_connections(chosen.max_connections)
            .limits(rates)
            .keys(keys.clone())
            .access(chosen.access)
            .metrics_from(chosen.metrics_from);
        tokio::spawn(reload_when_told(lexicon, keys));
        println!("listening on http://{address}");
        println!("demo pages at http://{address}/demo/");
        let mut damaged = None;
        let told = async {
            tokio::select! {
                () = told_to_stop() => {}
                why = &mut read => damaged = Some(why),
            }
        };
        http::serve(listener, app, told).await.map_err(CliError::io(listening()))?;
        damaged.map_or(Ok(()), |why| Err(why.into()))
    });
    // What still reads or writes does not come back: it is not waited for.
    runtime.shutdown_background();
    served
}

/// Makes the engines ready, one after the other, and has the tables of the language read. One that is damaged is taken
/// out; answers only where none is left.
fn read_behind(
    engines: Vec<Arc<dyn Engine>>,
    folders: Vec<String>,
    renderer: Renderer,
) -> Pin<Box<impl Future<Output = EngineError>>> {
    let engines = spawn_blocking(move || {
        let mut last = None;
        for (at, (engine, folder)) in engines.iter().zip(folders).enumerate() {
            if let Err(why) = engine.ready() {
                let refused = Refused::ready(folder, &**engine, &why);
                tracing::error!(folder = refused.folder, %why, "a voice folder cannot be used");
                renderer.refuse(at, refused);
                last = Some(why);
            }
        }
        last.filter(|_| renderer.voices().next().is_none()).map_or(Ok(()), Err)
    });
    // The first notice is not to wait for the dictionaries: they are read at first use.
    spawn_blocking(|| {
        let notice = notice::read("银行行长重新调整了当地的数据。", Format::Text, &Limits::default());
        notice.map(|(document, _)| plan::plan(&document, &plan::Settings::default())).map(drop)
    });
    Box::pin(async {
        match engines.await {
            Ok(Err(why)) => why,
            Err(_) => EngineError::Failed("reading a voice panicked".to_owned()),
            Ok(Ok(())) => {
                tracing::info!("the voices are ready");
                std::future::pending().await
            }
        }
    })
}

/// The bucket that is shared with other processes, if one is.
fn bucket(chosen: &Settings) -> Option<BucketOptions> {
    Some(BucketOptions {
        bucket: chosen.s3_bucket.clone()?,
        endpoint: chosen.s3_endpoint.clone(),
        region: chosen.s3_region.clone(),
        prefix: chosen.s3_prefix.clone().unwrap_or_default(),
        access_key_id: chosen.s3_access_key_id.clone().unwrap_or_default(),
        secret_access_key: chosen
            .s3_secret_access_key
            .as_ref()
            .map_or_else(String::new, |secret| secret.reveal().to_owned()),
        allow_http: chosen.s3_allow_http,
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
