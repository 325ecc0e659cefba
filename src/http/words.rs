//! When each word of a clip is heard: for highlighting, and for seeking.
//!
//! 1. the manifest has the words of every clip whose marks are at hand;
//! 2. who has fetched a clip asks for its words here, by its number in the notice, and need not have the manifest
//!    again. Its key would not do: a clip may be heard twice in a notice, and then says other characters each time.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, access,
    clips::notice_id,
    json, limits,
    manifest::{SpanMap, Units},
    problem::{Code, Problem, ProblemBody},
};
use crate::{audio::MarksBy, render::Words};

/// The words of a clip.
#[derive(Serialize, ToSchema)]
pub(super) struct ClipWords {
    /// Which clip that is: another one than was planned where another voice had to speak.
    key: String,
    /// Who says when the words are heard: `model` (who spoke them) or `estimated` (from loudness and syllables).
    #[schema(value_type = String)]
    timing: MarksBy,
    words: Vec<WordItem>,
}

/// A word of a clip; letters are words of their own.
#[derive(Serialize, ToSchema)]
pub(super) struct WordItem {
    /// From the beginning of the clip, milliseconds.
    start_ms: u32,
    /// How long it is heard, milliseconds.
    duration_ms: u32,
    /// The characters it says. The words of one written expression may have the same.
    span: Units,
}

/// The words of a clip with what they say of the notice that `map` is of.
pub(super) fn items(words: &Words, map: &SpanMap<'_>) -> Vec<WordItem> {
    let item = |word: &crate::render::Word| WordItem {
        start_ms: word.heard.0,
        duration_ms: word.heard.1.saturating_sub(word.heard.0),
        span: map.units(word.span),
    };
    words.words.iter().map(item).collect()
}

/// When each word of a clip of the notice is heard. Waits while the clip is being made.
#[utoipa::path(
    get,
    path = "/v1/notices/{id}/words/{index}",
    params(
        ("id" = String, Path, description = "Id of the notice"),
        ("index" = usize, Path, description = "Which clip of the notice, from 0, in the order in which they are heard"),
    ),
    responses(
        (status = 200, description = "The words", body = ClipWords),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "clips",
)]
pub(super) async fn words(
    State(app): State<App>,
    Path((id, index)): Path<(String, String)>,
    request: Request,
) -> Result<Response, Problem> {
    let id = notice_id(&id)?;
    access::may_hear(&app, request.headers(), id).await?;
    let notice = app.renderer.notice(id).await?;
    let clips = notice.plan.utterances.len();
    let at = index.parse().ok().filter(|at| *at < clips);
    let at = at.ok_or_else(|| {
        Problem::new(Code::NotFound, format!("the clips of the notice are 0 to below {clips}"))
    })?;
    let (key, words) = match app.renderer.kept_words(&notice, at).await {
        Some((key, Some(words))) => (key, words),
        // The clip is there: only its marks have to be found in it.
        Some((_, None)) => app.renderer.words_of(&notice, at).await?,
        None => {
            limits::charge_for_clip(&app, request.extensions())?;
            app.renderer.words_of(&notice, at).await?
        }
    };
    let map = SpanMap::new(&notice.document, &notice.submission.text);
    json(&ClipWords { key: key.to_string(), timing: words.by, words: items(&words, &map) })
}
