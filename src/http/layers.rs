//! What every request passes on its way to the router, and every answer on its way back.
//!
//! 1. [`finish_and_log`]: headers that protect, a number, a line in the log; preflights end here;
//! 2. [`refuse_strangers`]: pages of origins that are not allowed change nothing; an address is text, for one host;
//! 3. [`limits::hold`]: nobody asks for too much;
//! 4. the net for panics.

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
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream;
use tower_http::catch_panic::CatchPanicLayer;

use super::{
    App,
    client::Peer,
    limits, metrics,
    problem::{Code, Problem},
    speech,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Nothing but what the service itself serves: no inline script or style, no frame around it.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
);

/// Which pages may load an answer as a part of theirs.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What pages of other origins are made to load: the player, clips, pictures.
const EMBEDDED: [&[u8]; 4] = [b"audio/", b"text/javascript", b"text/css", b"image/"];

/// Headers of pages: no other window reaches into them, no frame is around them where `frame-ancestors` is not known
/// yet, and they have nothing to do with devices.
const OF_PAGES: [(&str, &str); 4] = [
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "accelerometer=(), autoplay=(self), bluetooth=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), \
         hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()",
    ),
    ("x-frame-options", "DENY"),
    ("x-permitted-cross-domain-policies", "none"),
];

/// An answer depends on who asks.
const VARY: HeaderValue =
    HeaderValue::from_static("origin, access-control-request-method, access-control-request-headers");

/// What pages of other origins may read of the head of an answer.
const EXPOSED: HeaderValue = HeaderValue::from_static("location,etag,content-range,retry-after,x-request-id");

/// Puts all layers around `router`.
pub(super) fn around(router: Router, app: &App) -> Router {
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), limits::hold))
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
        Method::OPTIONS => preflight(origin.as_ref().is_some_and(|origin| app.allows(origin))),
        _ => next.run(request).await,
    };
    if response.status() == StatusCode::NOT_MODIFIED {
        // The router tells the length of an empty body, 0, where the header would be that of the file.
        *response.body_mut() = Body::from_stream(stream::empty::<Result<Bytes, Infallible>>());
    }
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let mut response = speech::in_their_shape(route, response);
    let id = finish(&app, origin.as_ref(), response.headers_mut());
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
    let kind = headers.get(header::CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let (page, embedded) =
        (kind.starts_with(b"text/html"), EMBEDDED.iter().any(|start| kind.starts_with(start)));
    let readers = if embedded { "cross-origin" } else { "same-origin" };
    headers.insert(RESOURCE_POLICY, HeaderValue::from_static(readers));
    if page {
        headers.extend(
            OF_PAGES.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))),
        );
    }
    headers.insert(REQUEST_ID, HeaderValue::from(id));
    id
}

/// The answer to a browser that asks what a page of another origin may do: nothing, where it is not `allowed`.
fn preflight(allowed: bool) -> Response {
    if !allowed {
        return StatusCode::NO_CONTENT.into_response();
    }
    let told = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET,HEAD,POST,PUT,DELETE"),
        (
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            "content-type,range,if-range,if-none-match,if-match,authorization",
        ),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ];
    (StatusCode::NO_CONTENT, told).into_response()
}

/// A page of an origin that is not allowed cannot read an answer, but without this it could still make
/// its readers' browsers submit. Browsers say where a request comes from; other programs need not.
///
/// A request over a connection that names no host, or several, is one that a proxy on the way may have taken for
/// another (RFC 9112, section 3.2).
async fn refuse_strangers(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let hosts = headers.get_all(header::HOST).iter().count();
    let came_over_wire = request.extensions().get::<Peer>().is_some();
    if came_over_wire && (hosts > 1 || (hosts == 0 && request.version() == Version::HTTP_11)) {
        return Problem::new(Code::HostInvalid, "send one Host header").into_response();
    }
    if !is_text(request.uri().path()) {
        return Problem::new(Code::Utf8Invalid, "the address is no UTF-8").into_response();
    }
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let foreign = matches!(site, Some(b"cross-site" | b"same-site"));
    let allowed = headers.get(header::ORIGIN).is_some_and(|origin| app.allows(origin));
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && foreign && !allowed {
        return Problem::new(Code::OriginRefused, "the operator has not allowed this origin").into_response();
    }
    next.run(request).await
}

/// Whether a path is UTF-8 when what is written as `%e6` is decoded.
fn is_text(path: &str) -> bool {
    if !path.contains('%') {
        return true;
    }
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut decoded, mut rest) = (Vec::with_capacity(path.len()), path.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, left) = match (byte, digit(after.first()), digit(after.get(1))) {
            (b'%', Some(high), Some(low)) => ((high * 16 + low) as u8, after.get(2..).unwrap_or_default()),
            _ => (byte, after),
        };
        rest = left;
        decoded.push(byte);
    }
    std::str::from_utf8(&decoded).is_ok()
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

    #[tokio::test]
    async fn a_panic_in_one_request_costs_neither_the_connection_nor_the_process() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let store = Store::memory(StoreOptions::default());
        let app = App::new(Renderer::start(Vec::new(), store, RenderOptions::default()));
        let routes = Router::new()
            .route("/", get(async || -> String { panic!("the text of a notice") }))
            .route("/well", get(async || "well"));
        // The second one panics where no layer catches it.
        let router = around(routes, &app).route("/deep", get(async || -> String { panic!("as well") }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut wire = tokio::net::TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let served = tokio::spawn(super::super::server::run(listener, app, router, std::future::pending()));
        for turn in 0..20 {
            let path = ["/", "/deep", "/well"][turn % 3];
            let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
            wire.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            while !(answer.ends_with(b"well") || answer.ends_with(b"}")) {
                assert!(wire.read_buf(&mut answer).await.unwrap() > 0, "the connection broke");
            }
            let answer = String::from_utf8(answer).unwrap();
            let status = if path == "/well" { "HTTP/1.1 200" } else { "HTTP/1.1 500" };
            assert!(answer.starts_with(status) && !answer.contains("notice"), "{answer}");
        }
        assert!(!served.is_finished());
    }
}
