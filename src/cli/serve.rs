//! `langdu serve`: the service, until it is told to stop.

use std::panic;

use tokio::{net::TcpListener, runtime::Runtime, signal};
use tracing_subscriber::EnvFilter;

use super::{CliError, Serve};
use crate::{
    engine,
    http::{self, App},
    notice::Limits,
    render::{RenderOptions, Renderer},
    store::{Store, StoreOptions},
};

/// Loads the voices, then listens; the address is printed once requests are answered.
pub(super) fn run(args: Serve) -> Result<(), CliError> {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    say_only_where_it_panicked();

    let engines = args.files.engines()?;
    let (_, voice) = engine::find(&engines, args.voice.as_deref())?;
    let options = RenderOptions {
        limits: Limits { max_chars: args.max_chars },
        voice: Some(voice.name.clone()),
        ..RenderOptions::default()
    };
    let store = Store::folder(&args.data, StoreOptions::default())
        .map_err(|why| CliError::Said(format!("the data folder {}: {why}", args.data.display())))?;

    Runtime::new().map_err(CliError::io("starting threads"))?.block_on(async {
        let listening = || format!("listening on {}", args.listen);
        let listener = TcpListener::bind(args.listen).await.map_err(CliError::io(listening()))?;
        let address = listener.local_addr().map_err(CliError::io(listening()))?;
        let renderer = Renderer::start(engines, store, options);
        let app = App::new(renderer).allow_origins(args.allow_origins);
        println!("listening on http://{address}");
        println!("demo pages at http://{address}/demo/");
        http::serve(listener, app, told_to_stop()).await.map_err(CliError::io(listening()))
    })
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
