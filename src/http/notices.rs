//! Notices: submitted once, planned at once, made behind.

use std::time::Instant;

use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    App, access,
    body::{self, Manner, NoticeBody},
    clips::notice_id,
    json,
    manifest::Manifest,
    problem::{Code, Problem, ProblemBody},
};
use crate::render::Submitted;

/// Submits a notice and answers at once with its manifest; the clips are made behind.
///
/// The same submission is the same notice: 201 the first time, 200 from then on. A bare `text/plain`,
/// `text/html` or `application/ssml+xml` body takes voice, speed and choices from the query.
#[utoipa::path(
    post,
    path = "/v1/notices",
    params(Manner),
    request_body(content((NoticeBody = "application/json"), (String = "text/plain"), (String = "text/html"), (String = "application/ssml+xml"))),
    responses(
        (status = 201, description = "A new notice", body = Manifest, headers(("Location" = String))),
        (status = 200, description = "A notice that was submitted before", body = Manifest, headers(("Location" = String))),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn submit(
    State(app): State<App>,
    manner: Result<Query<Manner>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let Query(manner) = manner.map_err(|why| Problem::new(Code::QueryInvalid, why.body_text()))?;
    let leave = access::may_submit_notice(&app, &headers)?;
    let (submission, _room) = body::submission(&headers, manner, body, &app.renderer).await?;
    let started = Instant::now();
    let Submitted { notice, new, saved } = access::submit(&app, leave, submission).await?;
    let parts = app.renderer.known_parts(&notice).await;
    let words = app.renderer.words(&notice, &parts, false).await;
    let response = json(&Manifest::new(&notice, &parts, &words, saved))?;
    tracing::info!(
        notice = %notice.id,
        bytes = notice.submission.text.len(),
        sentences = notice.plan.sentences.len(),
        clips = notice.plan.utterances.len(),
        new,
        saved,
        ms = started.elapsed().as_millis() as u64,
        "submitted"
    );
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, [(header::LOCATION, format!("/v1/notices/{}", notice.id))], response).into_response())
}

/// The manifest of a notice, with the lengths of the clips that are made by now.
#[utoipa::path(
    get,
    path = "/v1/notices/{id}",
    params(("id" = String, Path, description = "Id of the notice")),
    responses(
        (status = 200, description = "The manifest", body = Manifest),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn manifest(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = notice_id(&id)?;
    access::may_hear(&app, &headers, id).await?;
    let notice = app.renderer.notice(id).await?;
    let parts = app.renderer.parts(&notice).await;
    let words = app.renderer.words(&notice, &parts, true).await;
    let saved = app.renderer.is_saved(&notice).await;
    json(&Manifest::new(&notice, &parts, &words, saved))
}

/// Tells that a reader of the notice has stopped: when it was the last one, clips that nobody waits for are no
/// longer made ahead.
///
/// Nothing is lost: the next clip that is asked for brings the rest back. Of an unknown notice it means nothing.
#[utoipa::path(
    delete,
    path = "/v1/notices/{id}/work",
    params(("id" = String, Path, description = "Id of the notice")),
    responses(
        (status = 204, description = "Heard"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "notices",
)]
pub(super) async fn close(State(app): State<App>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.renderer.close(notice_id(&id)?);
    Ok(StatusCode::NO_CONTENT)
}
