//! What a client sends: JSON `{text | html | ssml, voice?, speed?, reading?}`, or the bare text with the rest in
//! the query.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};
use utoipa::{IntoParams, ToSchema};

use super::problem::{Code, Problem};
use crate::{
    notice::{Format, Limits},
    plan::{ChoiceError, Speed},
    render::{RenderError, Renderer, Submission},
};

/// A notice to be read aloud: exactly one of `text`, `html` and `ssml`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoticeBody {
    /// Plain text; line feeds part paragraphs.
    pub text: Option<String>,
    /// An HTML page or fragment.
    pub html: Option<String>,
    /// SSML: text with how it is to be read.
    pub ssml: Option<String>,
    /// Name of a voice.
    pub voice: Option<String>,
    /// How fast; 1.0 is normal.
    pub speed: Option<f32>,
    /// Where listeners differ, `{"one": "yi"}`: what the site has chosen holds for the rest.
    #[schema(value_type = Option<Object>)]
    pub reading: Option<Map<String, Value>>,
}

/// How a bare text is to be read.
#[derive(Default, PartialEq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Manner {
    /// Name of a voice. For bare bodies only.
    voice: Option<String>,
    /// How fast; 1.0 is normal. For bare bodies only.
    speed: Option<f32>,
    /// Where listeners differ, `one=yi,brackets=skipped`. For bare bodies only.
    read: Option<String>,
}

/// A body may take so long to arrive.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes of a JSON body that has so many characters of text: the longest way to write one is a pair of surrogates,
/// `\ud83d\ude00`.
pub(super) fn longest_json(max_chars: usize) -> usize {
    max_chars.saturating_mul(12).saturating_add(SLACK)
}

/// Room for everything in a JSON body but the text.
const SLACK: usize = 16_384;

/// Bytes of bodies that are received, or are received and not yet planned: more are refused, so that memory is
/// bounded however many submit at a time.
static ROOM: Semaphore = Semaphore::const_new(64 << 20);

/// A body with its share of [`ROOM`], which it gives back when it is dropped.
pub(super) struct Received {
    pub bytes: Bytes,
    pub room: SemaphorePermit<'static>,
}

/// What was sent, before it is a submission.
pub(super) enum Sent<T> {
    /// JSON of known fields.
    Json(T),
    /// The bare text.
    Bare(Format, String),
}

impl Manner {
    /// What is chosen for a bare text.
    pub(super) fn new(voice: Option<String>, speed: Option<f32>, read: Option<String>) -> Self {
        Self { voice, speed, read }
    }
}

/// Reads a submission to `renderer`. What comes with it is held until the submission was used.
pub(super) async fn submission(
    headers: &HeaderMap,
    manner: Manner,
    body: Body,
    renderer: &Renderer,
) -> Result<(Submission, SemaphorePermit<'static>), Problem> {
    let (sent, room) = sent::<NoticeBody>(headers, body, renderer.limits()).await?;
    let submission = match sent {
        Sent::Json(sent) => of_json(sent, &manner, renderer)?,
        Sent::Bare(format, text) => of_bare(format, text, manner, renderer)?,
    };
    Ok((submission, room))
}

/// Reads what was sent. What comes with it is held until it was used.
pub(super) async fn sent<T: for<'de> Deserialize<'de>>(
    headers: &HeaderMap,
    body: Body,
    limits: Limits,
) -> Result<(Sent<T>, SemaphorePermit<'static>), Problem> {
    let most = |bytes: usize| limits.max_chars.saturating_mul(bytes).saturating_add(SLACK);
    match media_type(headers)? {
        Media::Json => {
            let Received { bytes, room } = receive(headers, body, longest_json(limits.max_chars)).await?;
            Ok((Sent::Json(json(&bytes)?), room))
        }
        Media::Bare(format) => {
            let Received { bytes, room } = receive(headers, body, most(4)).await?;
            let text = String::from_utf8(bytes.into()).map_err(|why| {
                let at = why.utf8_error().valid_up_to();
                Problem::new(Code::Utf8Invalid, format!("the bytes from {at} on are no UTF-8"))
            })?;
            Ok((Sent::Bare(format, text), room))
        }
    }
}

/// A submission as JSON; `manner` is that of the query, which must be empty.
pub(super) fn of_json(sent: NoticeBody, manner: &Manner, renderer: &Renderer) -> Result<Submission, Problem> {
    if *manner != Manner::default() {
        let detail = "voice, speed and reading of a JSON submission are fields of the JSON";
        return Err(Problem::new(Code::QueryInvalid, detail));
    }
    let NoticeBody { text, html, ssml, voice, speed, reading } = sent;
    let (format, text) = match (text, html, ssml) {
        (Some(text), None, None) => (Format::Text, text),
        (None, Some(html), None) => (Format::Html, html),
        (None, None, Some(ssml)) => (Format::Ssml, ssml),
        _ => return Err(Problem::new(Code::JsonInvalid, "give exactly one of text, html and ssml")),
    };
    let site = renderer.reading();
    let reading = reading.map(|choices| site.with(&choices)).transpose().map_err(unclear)?;
    Ok(Submission { format, text, voice, speed: speed_of(speed)?, reading, lexicon: None })
}

/// A submission as a bare text.
pub(super) fn of_bare(
    format: Format,
    text: String,
    manner: Manner,
    renderer: &Renderer,
) -> Result<Submission, Problem> {
    let Manner { voice, speed, read } = manner;
    let (site, speed) = (renderer.reading(), speed_of(speed)?);
    let reading = read.map(|choices| site.with_written(&choices)).transpose().map_err(unclear)?;
    Ok(Submission { format, text, voice, speed, reading, lexicon: None })
}

fn unclear(why: ChoiceError) -> Problem {
    Problem::new(Code::ReadingInvalid, why.to_string())
}

enum Media {
    Json,
    Bare(Format),
}

fn media_type(headers: &HeaderMap) -> Result<Media, Problem> {
    let unsupported = |detail: String| Err(Problem::new(Code::MediaTypeUnsupported, detail));
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("").to_ascii_lowercase();
    let media = match essence.as_str() {
        "application/json" => Media::Json,
        "text/plain" => Media::Bare(Format::Text),
        "text/html" => Media::Bare(Format::Html),
        "application/ssml+xml" => Media::Bare(Format::Ssml),
        _ => {
            return unsupported(
                "send application/json, text/plain, text/html or application/ssml+xml".to_owned(),
            );
        }
    };
    for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
        let value = value.trim_matches('"');
        if name.eq_ignore_ascii_case("charset") && !matches!(&*value.to_ascii_lowercase(), "utf-8" | "utf8") {
            return unsupported(format!("the charset {value} is not supported: send utf-8"));
        }
    }
    Ok(media)
}

/// A small body, `limit` bytes at most.
pub(super) async fn small(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    Ok(receive(headers, body, limit).await?.bytes)
}

/// The bytes of a body, `limit` at most.
pub(super) async fn receive(headers: &HeaderMap, body: Body, limit: usize) -> Result<Received, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge, format!("the body may have {limit} bytes"));
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|len| len.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|len| len > limit) {
        return Err(too_large());
    }
    let arrive = async {
        let full = |_| Problem::new(Code::Overloaded, "too much is being submitted at the moment");
        let mut room = ROOM.try_acquire_many(0).map_err(full)?;
        let (mut received, mut chunks) = (BytesMut::new(), body.into_data_stream());
        while let Some(chunk) = chunks.next().await {
            let broken = |_| Problem::new(Code::BodyIncomplete, "the connection broke before the body ended");
            let chunk = chunk.map_err(broken)?;
            if received.len() + chunk.len() > limit {
                return Err(too_large());
            }
            room.merge(ROOM.try_acquire_many(u32::try_from(chunk.len()).unwrap_or(u32::MAX)).map_err(full)?);
            received.extend_from_slice(&chunk);
        }
        Ok(Received { bytes: received.freeze(), room })
    };
    tokio::time::timeout(PATIENCE, arrive).await.unwrap_or_else(|_| {
        let detail = format!("the body did not arrive within {} seconds", PATIENCE.as_secs());
        Err(Problem::new(Code::RequestTimeout, detail))
    })
}

/// Reads JSON of known fields.
pub(super) fn json<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, Problem> {
    if let Err(why) = std::str::from_utf8(bytes) {
        let detail = format!("the bytes from {} on are no UTF-8", why.valid_up_to());
        return Err(Problem::new(Code::Utf8Invalid, detail));
    }
    serde_json::from_slice(bytes).map_err(|why| {
        let code = if why.is_data() { Code::JsonInvalid } else { Code::JsonBroken };
        // The parser may quote a whole text that stands where a number should.
        Problem::new(code, why.to_string().chars().take(300).collect::<String>())
    })
}

pub(super) fn speed_of(factor: Option<f32>) -> Result<Speed, Problem> {
    let Some(asked) = factor else { return Ok(Speed::default()) };
    let (slowest, fastest) = Speed::RANGE;
    Speed::new(asked).ok_or_else(|| RenderError::SpeedOutOfRange { asked, slowest, fastest }.into())
}
