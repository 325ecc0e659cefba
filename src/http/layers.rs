//! What every answer passes through: the log, who may submit, headers that protect, and the net for panics.

use std::{
    any::Any,
    sync::atomic::{AtomicU64, Ordering},
    time::Instant,
};

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_http::{
    catch_panic::CatchPanicLayer,
    cors::{AllowOrigin, CorsLayer},
};

use super::{
    App,
    problem::{Code, Problem},
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing but what the service itself serves: no inline script or style, no frame around it.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
);

/// Puts all layers around `router`.
pub(super) fn around(router: Router, app: &App) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), refuse_strangers))
        .layer(cors(app))
        .layer(middleware::from_fn(protect))
        .layer(middleware::from_fn(log))
}

/// Tells the log who asked for what and how long it took: never a text, an address beyond its route, or a query.
async fn log(request: Request, next: Next) -> Response {
    static REQUESTS: AtomicU64 = AtomicU64::new(1);
    let id = REQUESTS.fetch_add(1, Ordering::Relaxed);
    let started = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, HeaderValue::from(id));
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let ms = started.elapsed().as_millis() as u64;
    tracing::info!(request = id, %method, route, status = response.status().as_u16(), ms, "answered");
    response
}

/// Headers that keep a browser from doing more with an answer than was meant.
async fn protect(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
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

/// Lets pages of the allowed origins read the answers.
fn cors(app: &App) -> CorsLayer {
    let app = app.clone();
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(move |origin, _| app.allows(origin)))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::CONTENT_TYPE,
            header::RANGE,
            header::IF_RANGE,
            header::IF_NONE_MATCH,
            header::IF_MATCH,
            header::AUTHORIZATION,
        ])
        .expose_headers([
            header::LOCATION,
            header::ETAG,
            header::CONTENT_RANGE,
            header::RETRY_AFTER,
            REQUEST_ID,
        ])
        .max_age(std::time::Duration::from_secs(3600))
}

/// The answer when a handler panicked. What the panic says may quote a text: it is not told.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::new(Code::Internal, "the service made a mistake and goes on").into_response()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use axum::{body::Body, routing::get};
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
