//! A whole notice as one file, sent while it is made.
//!
//! 1. The first clip is waited for, so that a voice that fails is told as a problem.
//! 2. When all clips are made the answer has its exact length, and any part of it can be asked for. Otherwise the
//!    sizes in the header of a WAV file are the largest there is (what programs write into a pipe), and the file
//!    ends where the answer ends.
//! 3. A clip that fails on the way, or is not what was announced, breaks the connection: a client must not take a
//!    part for the whole.

use std::{ops::Range, sync::Arc};

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};

use super::{
    App, access,
    clips::{notice_id, text_value},
    problem::{Code, Problem, ProblemBody},
    range::Chosen,
};
use crate::{
    audio::{self, Encoding},
    plan::ClipKey,
    render::{Notice, RenderError, Renderer},
    store::{ClipName, NoticeId},
};

/// The whole notice as one file, streamed in order as its clips are made: `audio.wav` (24 kHz, 16 bit, mono),
/// `audio.16k.wav`, `audio.8k.wav`, `audio.alaw`, `audio.ulaw`.
#[utoipa::path(
    method(get, head),
    path = "/v1/notices/{id}/{file}",
    params(
        ("id" = String, Path, description = "Id of the notice"),
        ("file" = String, Path, description = "`audio.` and the extension of a format"),
    ),
    responses(
        (status = 200, description = "The file; with Content-Length when all clips are made", content((Vec<u8> = "audio/wav"), (Vec<u8> = "audio/PCMA"), (Vec<u8> = "audio/PCMU"))),
        (status = 206, description = "The range of it that was asked for, when all clips are made", content((Vec<u8> = "audio/wav"), (Vec<u8> = "audio/PCMA"), (Vec<u8> = "audio/PCMU"))),
        (status = 304, description = "The client has it"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn recording(
    State(app): State<App>,
    Path((id, file)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let encoding = encoding(&file)?;
    let notice = begun(&app, &headers, &id).await?;
    let lengths = lengths(&app.renderer, &notice, encoding).await;
    let (mut response, ranges) = match lengths {
        Some(lengths) => (complete(&app.renderer, &notice, encoding, lengths, &method, &headers)?, "bytes"),
        None => (growing(&app.renderer, &notice, encoding), "none"),
    };
    let told = response.headers_mut();
    told.insert(header::CONTENT_TYPE, HeaderValue::from_static(encoding.media_type()));
    told.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    told.insert(header::ACCEPT_RANGES, HeaderValue::from_static(ranges));
    Ok(response)
}

/// The notice of which all is to be sent, when its first clip is made.
pub(super) async fn begun(app: &App, headers: &HeaderMap, id: &str) -> Result<Arc<Notice>, Problem> {
    let id = notice_id(id)?;
    access::may_hear(app, headers, id).await?;
    let notice = app.renderer.notice(id).await?;
    let Some(first) = notice.plan.utterances.first() else {
        return Err(Problem::new(Code::NothingToRead, "no sentence of the notice is read aloud"));
    };
    app.renderer.clip(first.key, Some(id)).await?;
    Ok(notice)
}

/// The format of `audio.{extension}`, where its files can be joined.
fn encoding(file: &str) -> Result<Encoding, Problem> {
    let not_here = || Problem::new(Code::NotFound, "see /openapi.json for what there is");
    let extension = file.strip_prefix("audio.").ok_or_else(not_here)?;
    let found = Encoding::from_extension(extension).filter(|encoding| encoding.sample().is_some());
    found.ok_or_else(|| {
        let joined = Encoding::ALL.iter().filter(|encoding| encoding.sample().is_some());
        let files: Vec<String> = joined.map(|encoding| format!("audio.{}", encoding.extension())).collect();
        Problem::new(Code::FormatNotServed, format!("a whole notice is {}", files.join(", ")))
    })
}

/// A clip and how many bytes its samples take.
pub(super) type Length = (ClipKey, u64);

/// The clips in order; none while one is missing, or when a file cannot count so many bytes.
pub(super) async fn lengths(renderer: &Renderer, notice: &Notice, encoding: Encoding) -> Option<Vec<Length>> {
    let stored = renderer.stored_lengths(notice).await;
    let (canonical, sample) = (Encoding::Wav.sample()?, encoding.sample()?);
    let length = |key: ClipKey| {
        let samples = stored.get(&key)?.saturating_sub(audio::HEADER as u64) / canonical;
        Some((key, encoding.samples(samples) * sample))
    };
    let lengths: Vec<Length> = notice.plan.utterances.iter().map(|u| length(u.key)).collect::<Option<_>>()?;
    (total(&lengths) < u64::from(u32::MAX) - 100).then_some(lengths)
}

pub(super) fn total(lengths: &[Length]) -> u64 {
    lengths.iter().map(|(_, length)| length).sum()
}

/// The answer when every clip is there.
fn complete(
    renderer: &Renderer,
    notice: &Notice,
    encoding: Encoding,
    lengths: Vec<Length>,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let data = total(&lengths);
    let head = encoding.header(data);
    let len = head.len() as u64 + data;
    let etag = etag(encoding, &lengths);
    let chosen = Chosen::of("file", method, headers, &etag, len)?;
    let (status, bytes) = (chosen.status, &chosen.bytes);
    let mut response = if *method == Method::HEAD || bytes.is_empty() {
        status.into_response()
    } else {
        let in_head = |at: u64| at.min(len - data) as usize;
        let head = head.slice(in_head(bytes.start)..in_head(bytes.end));
        let samples = samples(renderer, notice.id, encoding, pieces(lengths, len - data, bytes));
        (status, body(head, samples)).into_response()
    };
    let told = response.headers_mut();
    told.insert(header::ETAG, text_value(etag));
    chosen.tell(told);
    Ok(response)
}

/// The answer while clips are missing.
fn growing(renderer: &Renderer, notice: &Notice, encoding: Encoding) -> Response {
    let pieces = notice.plan.utterances.iter().map(|u| Piece { key: u.key, part: None }).collect();
    let samples = samples(renderer, notice.id, encoding, pieces);
    body(encoding.header(u64::MAX), samples).into_response()
}

/// The entity tag: what the clips are, and in which format.
fn etag(encoding: Encoding, lengths: &[Length]) -> String {
    let mut hash = blake3::Hasher::new();
    lengths.iter().for_each(|(key, _)| {
        hash.update(&key.bytes());
    });
    format!("\"{}.{}\"", hash.finalize().to_hex(), encoding.extension())
}

/// A clip whose samples are sent.
struct Piece {
    key: ClipKey,
    /// How many bytes they must be and which of them are wanted; none is all, however many they are.
    part: Option<(u64, Range<usize>)>,
}

/// The clips that have some of the `wanted` bytes of a file whose samples begin at `at`.
fn pieces(lengths: Vec<Length>, mut at: u64, wanted: &Range<u64>) -> Vec<Piece> {
    let piece = |(key, length)| {
        let begin = at;
        at += length;
        let from = wanted.start.clamp(begin, at) - begin;
        let to = wanted.end.clamp(begin, at) - begin;
        (from < to).then_some(Piece { key, part: Some((length, from as usize..to as usize)) })
    };
    lengths.into_iter().filter_map(piece).collect()
}

/// The samples of `pieces`, one clip after the other.
fn samples(
    renderer: &Renderer,
    id: NoticeId,
    encoding: Encoding,
    pieces: Vec<Piece>,
) -> impl Stream<Item = Result<Bytes, RenderError>> + Send + use<> {
    let renderer = renderer.clone();
    stream::iter(pieces).then(move |piece| {
        let renderer = renderer.clone();
        async move {
            let sent = sent(&renderer, id, encoding, &piece).await;
            if let Err(why) = &sent {
                tracing::warn!(notice = %id, clip = %piece.key, %why, "a notice broke off");
            }
            sent
        }
    })
}

async fn sent(
    renderer: &Renderer,
    id: NoticeId,
    encoding: Encoding,
    piece: &Piece,
) -> Result<Bytes, RenderError> {
    let name = ClipName::sound(piece.key, encoding);
    let served = renderer.file(name, Some(id)).await?;
    let samples = served.file.slice(encoding.header(0).len().min(served.file.len())..);
    match &piece.part {
        None => Ok(samples),
        Some((length, part)) if served.name == name && samples.len() as u64 == *length => {
            Ok(samples.slice(part.clone()))
        }
        Some(_) => Err(RenderError::Synthesis("the clip is not the one that was announced".to_owned())),
    }
}

fn body(head: Bytes, samples: impl Stream<Item = Result<Bytes, RenderError>> + Send + 'static) -> Body {
    Body::from_stream(stream::once(async { Ok(head) }).chain(samples))
}
