//! A whole notice as one WAV file, sent while it is made.
//!
//! 1. The first clip is waited for, so that a voice that fails is told as a problem.
//! 2. When all clips are made the answer has its exact length. Otherwise the sizes in the header are
//!    the largest there is (what programs write into a pipe), and the file ends where the answer ends.
//! 3. A clip that fails on the way breaks the connection: a client must not take a part for the whole.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use futures::{StreamExt, stream};

use super::{
    App,
    clips::notice_id,
    problem::{Code, Problem, ProblemBody},
};
use crate::{
    audio,
    plan::ClipKey,
    render::{Notice, RenderError},
};

/// The whole notice as one WAV file (24 kHz, 16 bit, mono), streamed in order as its clips are made.
#[utoipa::path(
    get,
    path = "/v1/notices/{id}/audio.wav",
    params(("id" = String, Path, description = "Id of the notice")),
    responses(
        (status = 200, description = "The file; with Content-Length when all clips are made", content_type = "audio/wav", body = Vec<u8>),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn recording(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = notice_id(&id)?;
    let notice = app.renderer.notice(id).await?;
    let keys: Vec<ClipKey> = notice.plan.utterances.iter().map(|utterance| utterance.key).collect();
    let Some((&first, _)) = keys.split_first() else {
        return Err(Problem::new(Code::NothingToRead, "no sentence of the notice is read aloud"));
    };
    app.renderer.clip(first, Some(id)).await?;
    let data = length(&app, &notice).await;

    let header = Ok(audio::Encoding::Wav.header(data.unwrap_or(u64::MAX)));
    let renderer = app.renderer.clone();
    let clips = stream::iter(keys).then(move |key| {
        let renderer = renderer.clone();
        async move {
            let clip = renderer.clip(key, Some(id)).await;
            if let Err(why) = &clip {
                tracing::warn!(notice = %id, clip = %key, %why, "a notice broke off");
            }
            clip?.samples().map_err(RenderError::from)
        }
    });
    let body = Body::from_stream(stream::once(async { header }).chain(clips));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("audio/wav"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Some(data) = data {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(data + audio::HEADER as u64));
    }
    Ok(response)
}

/// Bytes of all samples; none while a clip is missing, or when a file cannot count so many.
async fn length(app: &App, notice: &Notice) -> Option<u64> {
    let lengths = app.renderer.stored_lengths(notice).await;
    let samples = |key| Some(lengths.get(key)?.saturating_sub(audio::HEADER as u64));
    let total =
        notice.plan.utterances.iter().map(|utterance| samples(&utterance.key)).sum::<Option<u64>>()?;
    (total < u64::from(u32::MAX) - 100).then_some(total)
}
