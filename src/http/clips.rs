//! One clip: immutable, so that a browser asks for it once.

use axum::{
    body::Body,
    extract::{Path, Query, Request, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request},
    response::Response,
};
use bytes::Bytes;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    App, accept, access, limits,
    problem::{Code, Problem, ProblemBody},
    range::{self, Chosen},
};
use crate::{
    audio::Encoding,
    render::Served,
    store::{ClipName, NoticeId},
};

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

/// One clip, which ends with its pause, in the format of the extension: `.wav` (24 kHz, 16 bit, mono), `.16k.wav`,
/// `.8k.wav`, `.alaw`, `.ulaw`, `.opus`. Without an extension `Accept` chooses.
///
/// Waits while the clip is being made. HEAD answers with the same headers.
#[utoipa::path(
    method(get, head),
    path = "/v1/clips/{clip}",
    params(("clip" = String, Path, description = "Key of the clip and the extension of a format"), Home),
    responses(
        (status = 200, description = "The clip", content((Vec<u8> = "audio/wav"), (Vec<u8> = "audio/vnd.wave"), (Vec<u8> = "audio/PCMA"), (Vec<u8> = "audio/PCMU"), (Vec<u8> = "audio/ogg"))),
        (status = 206, description = "The range of it that was asked for", content((Vec<u8> = "audio/wav"), (Vec<u8> = "audio/vnd.wave"), (Vec<u8> = "audio/PCMA"), (Vec<u8> = "audio/PCMU"), (Vec<u8> = "audio/ogg"))),
        (status = 304, description = "The client has it"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "clips",
)]
pub(super) async fn clip(
    State(app): State<App>,
    Path(asked): Path<String>,
    home: Result<Query<Home>, QueryRejection>,
    request: Request,
) -> Result<Response, Problem> {
    let (request::Parts { method, headers, extensions, .. }, _) = request.into_parts();
    let Address { name, kind } = Address::read(&asked, &headers)?;
    let Query(home) = home.map_err(|why| Problem::new(Code::QueryInvalid, why.body_text()))?;
    let id = home.notice.as_deref().map(notice_id).transpose()?;
    let etag = etag(&name);
    let (sent, mut response) = if range::names(&headers, &etag) {
        // The name tells the sound: there is no need to look, let alone to make it again.
        (name, answer(StatusCode::NOT_MODIFIED, Body::empty(), &name, etag))
    } else {
        if app.renderer.hot(name).is_none() {
            access::may_hear_clip(&app, &headers, &extensions, name.key, id).await?;
        }
        let served = match app.renderer.kept(name).await {
            Some(file) => Served { file, name },
            None => {
                limits::charge_for_clip(&app, &extensions)?;
                app.renderer.make(name, id).await?
            }
        };
        (served.name, respond(&served.name, served.file, &method, &headers)?)
    };
    let told = response.headers_mut();
    if sent != name || kind == Kind::Open {
        // What this address gives may be another file the next time.
        let home = home.notice.map_or_else(String::new, |id| format!("?notice={id}"));
        told.insert(header::CONTENT_LOCATION, text_value(format!("/v1/clips/{sent}{home}")));
        told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    match kind {
        Kind::Open => told.insert(header::VARY, HeaderValue::from_static("Accept")),
        Kind::Asterisk => told.insert(header::CONTENT_TYPE, UNKNOWN_TO_ASTERISK),
        Kind::Named => None,
    };
    Ok(response)
}

/// What the last part of an address asks for.
struct Address {
    name: ClipName,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `{key}.{extension}`.
    Named,
    /// `{key}.wav16`, which is what Asterisk calls WAV at 16 kHz.
    Asterisk,
    /// `{key}`: `Accept` chooses.
    Open,
}

/// A type of WAV (RFC 2361) that Asterisk has no format for: it takes `audio/wav` for 8 kHz, and goes by the
/// extension only when the type tells it nothing.
const UNKNOWN_TO_ASTERISK: HeaderValue = HeaderValue::from_static("audio/vnd.wave");

impl Address {
    fn read(asked: &str, headers: &HeaderMap) -> Result<Self, Problem> {
        let (key, extension) = asked.split_once('.').map_or((asked, None), |(key, end)| (key, Some(end)));
        let key = key
            .parse()
            .map_err(|why: crate::plan::NoKey| Problem::new(Code::ClipKeyMalformed, why.to_string()))?;
        let (encoding, kind) = match extension {
            None => (accept::best(headers), Kind::Open),
            Some("wav16") => (Some(Encoding::Wav16), Kind::Asterisk),
            Some(extension) => (Encoding::from_extension(extension), Kind::Named),
        };
        let encoding = encoding.ok_or_else(|| {
            let formats: Vec<String> =
                Encoding::ALL.iter().map(|e| format!(".{} ({})", e.extension(), e.media_type())).collect();
            let problem =
                Problem::new(Code::FormatNotServed, format!("the formats are {}", formats.join(", ")));
            problem.with(header::VARY, HeaderValue::from_static("Accept"))
        })?;
        Ok(Self { name: ClipName::sound(key, encoding), kind })
    }
}

/// The answer that sends `file`, which is `name`, or the part of it that is asked for.
pub(super) fn respond(
    name: &ClipName,
    file: Bytes,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let etag = etag(name);
    let chosen = Chosen::of("clip", method, headers, &etag, file.len() as u64)?;
    let body = if *method == Method::HEAD || chosen.bytes.is_empty() {
        Body::empty()
    } else {
        Body::from(file.slice(chosen.bytes.start as usize..chosen.bytes.end as usize))
    };
    let mut response = answer(chosen.status, body, name, etag);
    chosen.tell(response.headers_mut());
    Ok(response)
}

/// An answer with what is always said of the file `name`.
fn answer(status: StatusCode, body: Body, name: &ClipName, etag: String) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.reserve(16); // with those of the layers
    headers.insert(header::ETAG, text_value(etag));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(name.form.media_type()));
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
