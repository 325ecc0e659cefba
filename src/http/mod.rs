//! The service over HTTP.
//!
//! [`router`] is its table of contents, `docs/api.md` its manual, and `/openapi.json` its description
//! for programs; a test holds the last against the first.

mod accept;
mod access;
mod archive;
mod auth;
mod body;
mod client;
mod clips;
mod events;
mod explain;
mod hot;
mod layers;
mod lexicon;
mod limits;
mod manifest;
mod metrics;
mod notices;
mod problem;
mod published;
mod range;
mod ready;
mod server;
mod service;
mod speech;
mod spoken;
mod sys;
mod text;
mod web;
mod whole;
mod words;

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use ipnet::{IpNet, Ipv4Net};
use serde::Serialize;
use tokio::net::TcpListener;

use crate::{keys::Keys, published::Published, render::Renderer};
pub use access::Access;
pub use client::Peer;
pub use limits::Limits;
use limits::Meter;
use problem::{Code, Problem};
use sys::Sheets;

/// Everything the handlers share.
#[derive(Clone)]
pub struct App {
    renderer: Renderer,
    allow_origins: Arc<[String]>,
    keys: Arc<Keys>,
    meter: Arc<Meter>,
    published: Published,
    access: Access,
    most_connections: usize,
    patience: Duration,
    sheets: Sheets,
    metrics_from: Arc<[IpNet]>,
    /// Whether it was told to stop.
    stopping: Arc<AtomicBool>,
}

/// Connections at a time; each takes a descriptor and some ten kilobytes.
pub const MOST_CONNECTIONS: usize = 10_000;

impl App {
    /// A service in front of `renderer`, for pages of its own origin, with no keys and no limits.
    pub fn new(renderer: Renderer) -> Self {
        metrics::begin();
        Self {
            published: Published::start(renderer.clone(), crate::published::POLL),
            access: Access::default(),
            renderer,
            allow_origins: Arc::default(),
            keys: Arc::default(),
            meter: Arc::new(Meter::new(Limits::NONE)),
            most_connections: MOST_CONNECTIONS,
            patience: Duration::from_secs(30),
            sheets: Sheets::new(),
            metrics_from: near(),
            stopping: Arc::default(),
        }
    }

    /// Lets who has one of `keys` do what it is good for.
    pub fn keys(self, keys: Arc<Keys>) -> Self {
        Self { keys, ..self }
    }

    /// Has no client, and not all of them together, ask for more than `limits`.
    pub fn limits(self, limits: Limits) -> Self {
        Self { meter: Arc::new(Meter::new(limits)), ..self }
    }

    /// Says what readers may hear.
    pub fn access(self, access: Access) -> Self {
        Self { access, ..self }
    }

    /// Looks so often for what other processes have published.
    pub fn poll(self, poll: Duration) -> Self {
        Self { published: Published::start(self.renderer.clone(), poll), ..self }
    }

    /// Serves so many connections at a time; further ones wait to be accepted.
    pub fn most_connections(self, most_connections: usize) -> Self {
        Self { most_connections, ..self }
    }

    /// Closes a connection whose client takes longer than this for the head of its next request, or takes nothing
    /// of an answer for so long.
    pub fn patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Lets pages of these origins (`https://www.example.gov.cn`) use it too; `*` is all.
    pub fn allow_origins(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.allow_origins =
            origins.into_iter().map(|origin| origin.trim_end_matches('/').to_owned()).collect();
        self
    }

    /// Lets clients of these addresses, and no others, read the metrics.
    pub fn metrics_from(self, metrics_from: impl IntoIterator<Item = IpNet>) -> Self {
        Self { metrics_from: metrics_from.into_iter().collect(), ..self }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.allow_origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
    }
}

/// The addresses of the machine itself: who may read the metrics unless others are named.
fn near() -> Arc<[IpNet]> {
    let v4 = Ipv4Net::new(Ipv4Addr::LOCALHOST, 8).map(|net| IpNet::V4(net.trunc())).ok();
    v4.into_iter().chain([IpAddr::V6(Ipv6Addr::LOCALHOST).into()]).collect()
}

/// Everything the service answers.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/v1/notices", post(notices::submit))
        .route("/v1/notices/{id}", get(notices::manifest))
        .route("/v1/notices/{id}/events", get(events::events))
        .route("/v1/notices/{id}/work", delete(notices::close))
        .route("/v1/notices/{id}/words/{index}", get(words::words))
        .route("/v1/notices/{id}/clips.zip", get(archive::archive))
        .route("/v1/notices/{id}/{file}", get(whole::recording))
        .route("/v1/clips/{clip}", get(clips::clip))
        .route("/v1/published", get(published::list))
        .route("/v1/published/{name}", put(published::put).get(published::entry).delete(published::withdraw))
        .route("/v1/spoken", post(spoken::spoken))
        .route("/v1/lexicon", get(lexicon::lexicon))
        .route("/v1/lexicon/entries/{written}", put(lexicon::put).delete(lexicon::remove))
        .route("/v1/lexicon/reload", post(lexicon::reload))
        .route("/v1/text", post(text::text))
        .route("/v1/key", get(auth::key))
        .route("/v1/voices", get(service::voices))
        .route("/v1/audio/speech", post(speech::speech))
        .route("/v1/models", get(speech::models))
        .route("/healthz", get(service::health))
        .route("/readyz", get(ready::ready))
        .route("/metrics", get(metrics::metrics))
        .route("/openapi.json", get(service::openapi))
        .merge(web::routes())
        .fallback(async || Problem::new(Code::NotFound, "see /openapi.json for what there is"))
        .method_not_allowed_fallback(async || {
            Problem::new(Code::MethodNotAllowed, "see the Allow header for the methods of this address")
        })
        .with_state(app.clone());
    layers::around(routes, &app)
}

/// Answers on `listener` until `shutdown`; then lets running requests end and stops the renderer. That takes ten
/// seconds at most, whatever hangs.
///
/// # Errors
/// When the threads that serve connections cannot be started.
pub async fn serve(listener: TcpListener, app: App, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    let renderer = app.renderer.clone();
    let stopping = app.stopping.clone();
    let told = async {
        shutdown.await;
        stopping.store(true, Ordering::Relaxed);
        renderer.send_followers_home();
    };
    tokio::select! {
        result = server::run(listener, app.clone(), router(app), told) => result?,
        () = metrics::keep_small() => {}
    }
    if tokio::time::timeout(server::LAST, renderer.stop()).await.is_err() {
        tracing::warn!("a voice or a disk that does not come back is left behind");
    }
    Ok(())
}

/// `value` as JSON that is asked for anew each time.
fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let body =
        serde_json::to_vec(value).map_err(|_| Problem::new(Code::Internal, "the answer is no JSON"))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, body).into_response())
}
