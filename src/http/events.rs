//! How a notice gets on, as server-sent events (HTML Living Standard, section 9.2).

use std::time::Duration;

use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::StreamExt;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, access,
    clips::notice_id,
    manifest::{clip_url, milliseconds},
    problem::{Code, Problem, ProblemBody},
};
use crate::{render::Progress, store::NoticeId};

/// A comment goes out so often, so that nobody on the way takes the connection for a dead one.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One event as it is sent.
#[derive(ToSchema)]
#[allow(dead_code, reason = "for the description alone")]
pub(super) struct Told {
    /// `ready`, `failed` or `done`.
    event: String,
    /// A Ready, Failed or Done as JSON.
    data: String,
}

/// Event `ready`: a clip is made.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    /// Which clip of the notice, from 0, in the order in which they are heard.
    index: usize,
    key: String,
    /// Where it is, relative to the service.
    url: String,
    /// How long it is, pause included, milliseconds.
    duration_ms: u64,
    /// The voice that speaks it, where it is not that of the notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<String>,
}

/// Event `failed`: a clip could not be made.
#[derive(Serialize, ToSchema)]
pub(super) struct Failed {
    /// Which clip of the notice, from 0, in the order in which they are heard.
    index: usize,
    key: String,
    /// What kind of problem.
    code: Code,
    /// Whether asking for the clip may work later.
    retriable: bool,
}

/// Event `done`: every clip was told, and the answer ends.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    /// All clips of the notice.
    clips: usize,
    /// Those that could not be made.
    failed: usize,
}

/// How a notice gets on: `ready` or `failed` for each clip, those made already first, then `done`.
///
/// While somebody follows it the clips of the notice are made. A connection that begins again begins with
/// everything that is made by then; `Last-Event-ID` is not needed.
#[utoipa::path(
    get,
    path = "/v1/notices/{id}/events",
    params(("id" = String, Path, description = "Id of the notice")),
    responses(
        (status = 200, description = "Server-sent events: `ready` (Ready), `failed` (Failed), `done` (Done)", content_type = "text/event-stream", body = Told),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn events(
    State(app): State<App>,
    Path(id): Path<String>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let id = notice_id(&id)?;
    access::may_hear(&app, &asked, id).await?;
    let events = app.renderer.follow(id).await?.map(move |progress| event(progress, id));
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that gathers an answer before it passes it on would make the whole thing pointless.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

fn event(progress: Progress, id: NoticeId) -> Result<Event, axum::Error> {
    match progress {
        Progress::Ready(index, part) => Event::default().event("ready").json_data(Ready {
            index,
            key: part.key.to_string(),
            url: clip_url(part.key, id),
            duration_ms: milliseconds(part.bytes),
            voice: part.voice,
        }),
        Progress::Failed(index, key, why) => {
            let (code, retriable) = Problem::from(why).kind();
            let failed = Failed { index, key: key.to_string(), code, retriable };
            Event::default().event("failed").json_data(failed)
        }
        Progress::Done { clips, failed } => Event::default().event("done").json_data(Done { clips, failed }),
    }
}
