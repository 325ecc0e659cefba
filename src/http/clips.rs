//! One clip: immutable, so that a browser asks for it once.

use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    App,
    problem::{Code, Problem, ProblemBody},
    range::{self, Part},
};
use crate::store::{ClipName, NoticeId};

/// A clip never changes: what changes its sound changes its key.
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Where a clip belongs to.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Home {
    /// Id of the notice that the clip is part of; with it a clip that was thrown away is made again.
    notice: Option<String>,
}

/// One clip as a WAV file (24 kHz, 16 bit, mono) that ends with its pause.
///
/// Waits while the clip is being made. HEAD answers with the same headers.
#[utoipa::path(
    method(get, head),
    path = "/v1/clips/{clip}",
    params(("clip" = String, Path, description = "Key of the clip and `.wav`"), Home),
    responses(
        (status = 200, description = "The clip", content_type = "audio/wav", body = Vec<u8>),
        (status = 206, description = "The range of it that was asked for", content_type = "audio/wav", body = Vec<u8>),
        (status = 304, description = "The client has it"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "clips",
)]
pub(super) async fn clip(
    State(app): State<App>,
    Path(name): Path<String>,
    home: Result<Query<Home>, QueryRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let name: ClipName = name
        .parse()
        .map_err(|why: crate::store::id::NoClipName| Problem::new(Code::ClipKeyMalformed, why.to_string()))?;
    let Query(home) = home.map_err(|why| Problem::new(Code::QueryInvalid, why.body_text()))?;
    let home = home.notice.as_deref().map(notice_id).transpose()?;
    let etag = etag(&name);
    if range::names(&headers, &etag) {
        // The name tells the sound: there is no need to look, let alone to make it again.
        return Ok(answer(StatusCode::NOT_MODIFIED, Body::empty(), &name, etag));
    }
    let served = app.renderer.file(name, home).await?;
    respond(&served.name, served.file, &method, &headers)
}

/// The answer that sends `file`, which is `name`, or the part of it that is asked for.
pub(super) fn respond(
    name: &ClipName,
    file: Bytes,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let etag = etag(name);
    if range::has_it(headers, &etag) {
        return Ok(answer(StatusCode::NOT_MODIFIED, Body::empty(), name, etag));
    }
    let len = file.len() as u64;
    let part = if method == Method::GET { range::asked(headers, &etag, len) } else { Part::Whole };
    let (status, bytes) = match part {
        Part::Whole => (StatusCode::OK, 0..len),
        Part::Bytes(bytes) => (StatusCode::PARTIAL_CONTENT, bytes),
        Part::Outside => {
            let problem = Problem::new(Code::RangeNotSatisfiable, format!("the clip has {len} bytes"));
            return Err(problem.with(header::CONTENT_RANGE, text_value(format!("bytes */{len}"))));
        }
    };
    let body = match *method {
        Method::HEAD => Body::empty(),
        _ => Body::from(file.slice(bytes.start as usize..bytes.end as usize)),
    };
    let mut response = answer(status, body, name, etag);
    let sent = response.headers_mut();
    sent.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.end - bytes.start));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {}-{}/{len}", bytes.start, bytes.end - 1);
        sent.insert(header::CONTENT_RANGE, text_value(range));
    }
    Ok(response)
}

/// An answer with what is always said of the file `name`.
fn answer(status: StatusCode, body: Body, name: &ClipName, etag: String) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(16); // with those of the layers
    headers.insert(header::ETAG, text_value(etag));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(name.encoding.media_type()));
    headers.insert(header::CACHE_CONTROL, FOREVER);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    response
}

/// The entity tag of a file: its name, for a file never changes under its name.
fn etag(name: &ClipName) -> String {
    format!("\"{name}\"")
}

/// Reads the id of a notice.
pub(super) fn notice_id(text: &str) -> Result<NoticeId, Problem> {
    text.parse().map_err(|why: crate::store::id::NoId| Problem::new(Code::NoticeIdMalformed, why.to_string()))
}

/// A header value of plain ASCII, which every text made here is.
pub(super) fn text_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
