//! The short way of a clip that is in memory: from the request to the answer without waiting, without the
//! router, and without a line in the log.
//!
//! Most requests ask for such a clip, and the router with its layers costs several times what the answer
//! does. What this answers the router would answer with the same bytes; a test holds the one against the
//! other. Whatever is unusual is left to the router.

use std::sync::Arc;

use axum::{
    body::HttpBody,
    http::{Method, Request, header},
    response::Response,
};

use super::{App, clips, layers, metrics::TALLY, sys::Sheet};
use crate::store::{ClipName, NoticeId};

/// The answer to `request`, if it asks for a clip that is in memory; a large one with its sheet.
pub(super) fn answer<B>(app: &App, request: &Request<B>) -> Option<(Response, Option<Arc<Sheet>>)> {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return None;
    }
    let name: ClipName = request.uri().path().strip_prefix("/v1/clips/")?.parse().ok()?;
    if let Some(query) = request.uri().query() {
        let _home: NoticeId = query.strip_prefix("notice=")?.parse().ok()?;
    }
    let file = app.renderer.hot(name)?;
    let (method, headers) = (request.method(), request.headers());
    let mut response = clips::respond(&name, file.clone(), method, headers).ok()?;
    layers::finish(app, headers.get(header::ORIGIN), response.headers_mut());
    TALLY.clip(response.status());
    let sheet = app.sheets.of(name, &file, response.body().size_hint().exact().unwrap_or(0));
    Some((response, sheet))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use axum::body::Body;
    use bytes::Bytes;
    use tower::ServiceExt;

    use super::*;
    use crate::{
        http::router,
        render::{RenderOptions, Renderer},
        store::{Store, StoreOptions},
    };

    const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// A service that has one clip, of a thousand bytes.
    fn app() -> App {
        let store = Store::memory(StoreOptions::default());
        store.hold_clip(ClipName::wav(KEY.parse().unwrap()), Bytes::from(vec![7; 1000]));
        let renderer = Renderer::start(Vec::new(), store, RenderOptions::default());
        App::new(renderer).allow_origins(["https://a.example".to_owned()])
    }

    fn request(method: &str, address: &str, headers: &[(&str, &str)]) -> Request<Body> {
        let mut request = Request::builder().method(method).uri(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    /// Everything of an answer but its number: its headers in the order in which they are sent.
    async fn all_of(response: Response) -> (u16, Vec<(String, String)>, Bytes) {
        let (mut parts, body) = response.into_parts();
        assert!(parts.headers.insert("x-request-id", 7.into()).is_some());
        let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
        (parts.status.as_u16(), headers.collect(), axum::body::to_bytes(body, 10_000).await.unwrap())
    }

    #[tokio::test]
    async fn the_short_way_answers_as_the_router_does() {
        let app = app();
        let etag = format!("\"{KEY}.wav\"");
        let home = "?notice=00000000000000000000000000000000";
        let mut statuses = Vec::new();
        for headers in [
            &[][..],
            &[("range", "bytes=0-9")],
            &[("range", "bytes=-1")],
            &[("range", "bytes=990-")],
            &[("range", "bytes=0-1,5-6")],
            &[("range", "lines=0-1")],
            &[("range", "bytes=0-9"), ("if-range", &etag)],
            &[("range", "bytes=0-9"), ("if-range", "\"another\"")],
            &[("range", "bytes=0-9"), ("if-none-match", &etag)],
            &[("if-none-match", &etag)],
            &[("if-none-match", "W/\"another\"")],
            &[("if-none-match", "*")],
            &[("if-modified-since", "Sat, 29 Oct 1994 19:43:31 GMT")],
            &[("origin", "https://a.example")],
            &[("origin", "https://b.example")],
            &[("origin", "https://a.example"), ("range", "bytes=5-5")],
            &[("sec-fetch-site", "cross-site")],
            &[("accept", "audio/ogg"), ("accept-encoding", "gzip, br")],
            &[("content-length", "3")],
        ] {
            for method in ["GET", "HEAD"] {
                for home in ["", home] {
                    let address = format!("/v1/clips/{KEY}.wav{home}");
                    let (short, _) = answer(&app, &request(method, &address, headers)).unwrap();
                    let long = router(app.clone()).oneshot(request(method, &address, headers)).await.unwrap();
                    statuses.push(short.status().as_u16());
                    assert_eq!(all_of(short).await, all_of(long).await, "{method} {address} {headers:?}");
                }
            }
        }
        for status in [200, 206, 304] {
            assert!(statuses.contains(&status), "the table has no {status}");
        }
    }

    #[tokio::test]
    async fn what_is_unusual_is_left_to_the_router() {
        let app = app();
        let other = KEY.replace('0', "f");
        for (method, address) in [
            ("POST", format!("/v1/clips/{KEY}.wav")),
            ("OPTIONS", format!("/v1/clips/{KEY}.wav")),
            ("GET", format!("/v1/clips/{KEY}")),
            ("GET", format!("/v1/clips/{KEY}.exe")),
            ("GET", format!("/v1/clips/{KEY}.wav/")),
            ("GET", format!("/v1/clips/{}.wav", KEY.to_uppercase())),
            ("GET", format!("/v1/clips/{other}.wav")),
            ("GET", format!("/v1/clips/%30{}.wav", &KEY[1..])),
            ("GET", format!("/v1/clips/{KEY}.wav?notice=7")),
            ("GET", format!("/v1/clips/{KEY}.wav?page=7")),
            ("GET", format!("/v1/clips/{KEY}.wav?")),
            ("GET", "/healthz".to_owned()),
        ] {
            assert!(answer(&app, &request(method, &address, &[])).is_none(), "{method} {address}");
        }
        let outside = request("GET", &format!("/v1/clips/{KEY}.wav"), &[("range", "bytes=1000-")]);
        assert!(answer(&app, &outside).is_none());
    }
}
