//! One clip: immutable, so that a browser asks for it once.

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
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
    let etag = format!("\"{name}\"");
    let mut response = if range::has_it(&headers, &etag) {
        // The key names the sound: there is no need to look, let alone to make it again.
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let wav = app.renderer.file(name, home).await?.file;
        let len = wav.len() as u64;
        let part = if method == Method::GET { range::asked(&headers, &etag, len) } else { Part::Whole };
        match part {
            Part::Whole => wav.into_response(),
            Part::Bytes(bytes) => {
                let range = format!("bytes {}-{}/{len}", bytes.start, bytes.end - 1);
                let body = wav.slice(bytes.start as usize..bytes.end as usize);
                (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, range)], body).into_response()
            }
            Part::Outside => {
                let problem = Problem::new(Code::RangeNotSatisfiable, format!("the clip has {len} bytes"));
                return Err(problem.with(header::CONTENT_RANGE, text_value(format!("bytes */{len}"))));
            }
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, text_value(etag));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(name.encoding.media_type()));
    headers.insert(header::CACHE_CONTROL, FOREVER);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    Ok(response)
}

/// Reads the id of a notice.
pub(super) fn notice_id(text: &str) -> Result<NoticeId, Problem> {
    text.parse().map_err(|why: crate::store::id::NoId| Problem::new(Code::NoticeIdMalformed, why.to_string()))
}

/// A header value of plain ASCII, which every text made here is.
pub(super) fn text_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}
