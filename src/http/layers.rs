//! What every answer passes through: the log, who may submit, headers that protect, and the net for panics.

use std::{
    any::Any,
    convert::Infallible,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    App, metrics,
    problem::{Code, Problem},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing but what the service itself serves: no inline script or style, no frame around it.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
);

/// An answer depends on who asks.
const VARY: HeaderValue =
    HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers");

/// What pages of other origins may read of the head of an answer.
const EXPOSED: HeaderValue = HeaderValue::from_static("location,etag,content-range,retry-after,x-request-id");

/// Puts all layers around `router`.
pub(super) fn around(router: Router, app: &App) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), refuse_strangers))
        .layer(middleware::from_fn_with_state(app.clone(), finish_and_log))
}

/// Finishes every answer and tells the log who asked for what and how long it took: never a text, an
/// address beyond its route, or a query.
async fn finish_and_log(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let origin = request.headers().get(header::ORIGIN).cloned();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = match method {
        Method::OPTIONS => preflight(),
        _ => next.run(request).await,
    };
    if response.status() == StatusCode::NOT_MODIFIED {
        // The router tells the length of an empty body, 0, where the header would be that of the file.
        *response.body_mut() = Body::from_stream(stream::empty::<Result<Bytes, Infallible>>());
    }
    let id = finish(&app, origin.as_ref(), response.headers_mut());
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let took = started.elapsed();
    metrics::answered(route, response.status(), took);
    let ms = took.as_millis() as u64;
    tracing::info!(request = id, %method, route, status = response.status().as_u16(), ms, "answered");
    response
}

/// Gives an answer the headers that every answer has, and a number of its own, which is returned: headers that
/// keep a browser from doing more with it than was meant, and those that let pages of the allowed origins read it.
pub(super) fn finish(app: &App, origin: Option<&HeaderValue>, headers: &mut HeaderMap) -> u64 {
    static ANSWERS: AtomicU64 = AtomicU64::new(1);
    let id = ANSWERS.fetch_add(1, Ordering::Relaxed);
    if let Some(origin) = origin.filter(|origin| app.allows(origin)) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    }
    headers.append(header::VARY, VARY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(REQUEST_ID, HeaderValue::from(id));
    id
}

/// The answer to a browser that asks what a page of another origin may do.
fn preflight() -> Response {
    [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,POST,PUT,DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type,range,if-range,if-none-match,if-match,authorization",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ]
    .into_response()
}

/// A page of an origin that is not allowed cannot read an answer, but without this it could still make
/// its readers' browsers submit. Browsers say where a request comes from; other programs need not.
async fn refuse_strangers(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let foreign = matches!(site, Some(b"cross-site" | b"same-site"));
    let allowed = headers.get(header::ORIGIN).is_some_and(|origin| app.allows(origin));
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && foreign && !allowed {
        return Problem::new(Code::OriginRefused, "the operator has not allowed this origin").into_response();
    }
    next.run(request).await
}

/// The answer when a handler panicked. What the panic says may quote a text: it is not told.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(Code::Internal, "the service made a mistake and goes on").into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;
    use crate::{
        render::{RenderOptions, Renderer},
        store::{Store, StoreOptions},
    };

    #[tokio::test]
    async fn a_panic_is_an_answer_that_quotes_nothing() {
        let store = Store::memory(StoreOptions::default());
        let app = App::new(Renderer::start(Vec::new(), store, RenderOptions::default()));
        let router = Router::new().route("/", get(async || -> String { panic!("the text of a notice") }));
        let request = Request::get("/").body(Body::empty()).unwrap();
        let response = around(router, &app).oneshot(request).await.unwrap();
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers()[header::CONTENT_SECURITY_POLICY], CONTENT_SECURITY_POLICY);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
        assert!(!problem.to_string().contains("notice"));
    }
}
