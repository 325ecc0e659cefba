//! The service over HTTP.
//!
//! [`router`] is its table of contents, `docs/api.md` its manual, and `/openapi.json` its description
//! for programs; a test holds the last against the first.

mod body;
mod clips;
mod events;
mod explain;
mod layers;
mod lexicon;
mod manifest;
mod notices;
mod problem;
mod range;
mod service;
mod spoken;
mod web;
mod whole;

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
    serve::ListenerExt,
};
use serde::Serialize;
use tokio::{net::TcpListener, sync::oneshot};

use crate::render::Renderer;
use problem::{Code, Problem};

/// Everything the handlers share.
#[derive(Clone)]
pub struct App {
    renderer: Renderer,
    allow_origins: Arc<[String]>,
    /// BLAKE3 of the key with which the lexicon may be edited; comparing two takes the same time whatever
    /// they are.
    edit_key: Option<blake3::Hash>,
}

impl App {
    /// A service in front of `renderer`, for pages of its own origin, whose lexicon nobody may edit.
    pub fn new(renderer: Renderer) -> Self {
        Self { renderer, allow_origins: Arc::default(), edit_key: None }
    }

    /// Lets who knows `key` edit the lexicon of the site.
    pub fn edit_key(self, key: &str) -> Self {
        Self { edit_key: Some(blake3::hash(key.as_bytes())), ..self }
    }

    /// Lets pages of these origins (`https://www.example.gov.cn`) use it too; `*` is all.
    pub fn allow_origins(mut self, origins: impl IntoIterator<Item = String>) -> Self {
        self.allow_origins =
            origins.into_iter().map(|origin| origin.trim_end_matches('/').to_owned()).collect();
        self
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.allow_origins.iter().any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
    }
}

/// Everything the service answers.
pub fn router(app: App) -> Router {
    let routes = Router::new()
        .route("/v1/notices", post(notices::submit))
        .route("/v1/notices/{id}", get(notices::manifest))
        .route("/v1/notices/{id}/events", get(events::events))
        .route("/v1/notices/{id}/work", delete(notices::close))
        .route("/v1/notices/{id}/audio.wav", get(whole::recording))
        .route("/v1/clips/{clip}", get(clips::clip))
        .route("/v1/spoken", post(spoken::spoken))
        .route("/v1/lexicon", get(lexicon::lexicon))
        .route("/v1/lexicon/entries/{written}", put(lexicon::put).delete(lexicon::remove))
        .route("/v1/lexicon/reload", post(lexicon::reload))
        .route("/v1/voices", get(service::voices))
        .route("/healthz", get(service::health))
        .route("/openapi.json", get(service::openapi))
        .merge(web::routes())
        .fallback(async || Problem::new(Code::NotFound, "see /openapi.json for what there is"))
        .method_not_allowed_fallback(async || {
            Problem::new(Code::MethodNotAllowed, "see the Allow header for the methods of this address")
        })
        .with_state(app.clone());
    layers::around(routes, &app)
}

/// How long requests may go on after the service was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Answers on `listener` until `shutdown`; then lets running requests end, for ten seconds at most, and
/// stops the renderer.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    app: App,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let renderer = app.renderer.clone();
    let (told, stopping) = oneshot::channel();
    let followed = renderer.clone();
    let shutdown = async move {
        shutdown.await;
        followed.send_followers_home();
    };
    let signal = async {
        shutdown.await;
        // Nobody listens when the server ended by itself.
        let _ = told.send(());
    };
    // The header and the first bytes of a clip go out at once instead of waiting for each other.
    let listener = listener.tap_io(|connection| {
        if let Err(why) = connection.set_nodelay(true) {
            tracing::debug!(%why, "a connection cannot be told to send at once");
        }
    });
    let server = axum::serve(listener, router(app)).with_graceful_shutdown(signal);
    let too_late = async {
        match stopping.await {
            Ok(()) => tokio::time::sleep(GRACE).await,
            Err(_) => std::future::pending().await,
        }
    };
    let result = tokio::select! {
        result = server => result,
        () = too_late => {
            tracing::warn!("requests that went on too long were ended");
            Ok(())
        }
    };
    renderer.stop().await;
    result
}

/// `value` as JSON that is asked for anew each time.
fn json(value: &impl Serialize) -> Result<Response, Problem> {
    let body =
        serde_json::to_vec(value).map_err(|_| Problem::new(Code::Internal, "the answer is no JSON"))?;
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")];
    Ok((headers, body).into_response())
}
