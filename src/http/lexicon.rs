//! The lexicon of the site: what is in it, and, for who has the key, its edits. An edit is heard at once.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    App,
    auth::authorised,
    body,
    clips::text_value,
    json,
    problem::{Code, Problem, ProblemBody},
    range,
};
use crate::{
    keys::Right,
    lexicon::{Entry, Saying},
    site::{Edition, SiteError, SiteLexicon},
};

/// Bytes of an entry as JSON.
const MOST_BYTES: usize = 8192;

/// The lexicon of the site.
#[derive(Serialize, ToSchema)]
pub(super) struct LexiconAnswer {
    /// Names what is said for what.
    digest: String,
    /// Whether somebody may edit it here.
    editable: bool,
    /// In the order of the file.
    entries: Vec<EntryItem>,
}

/// One entry.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryItem {
    /// As it is written in texts.
    written: String,
    /// What is said: `er4 lian2` or words.
    said: String,
    /// `pinyin` or `words`.
    kind: &'static str,
    /// For people.
    remark: String,
}

/// What an editor wants to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EntryBody {
    /// Pinyin (`er4 lian2`, `èr lián`) or words.
    said: String,
    /// For people.
    #[serde(default)]
    remark: String,
}

/// What is in the lexicon.
#[utoipa::path(
    get,
    path = "/v1/lexicon",
    responses(
        (status = 200, description = "The lexicon; its ETag is for If-Match", body = LexiconAnswer),
        (status = 304, description = "The client has it"),
    ),
    tag = "lexicon",
)]
pub(super) async fn lexicon(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let edition = app.renderer.lexicon().current();
    if range::has_it(&headers, &etag(&edition)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, text_value(etag(&edition)))]).into_response());
    }
    let answer = LexiconAnswer {
        digest: digest(&edition),
        editable: app.keys.any() && app.renderer.lexicon().has_file(),
        entries: edition.lexicon.entries().iter().map(item).collect(),
    };
    Ok(tagged(json(&answer)?, &edition))
}

/// Adds an entry, or replaces the one for the same expression. Needs the key of the editors.
#[utoipa::path(
    put,
    path = "/v1/lexicon/entries/{written}",
    params(("written" = String, Path, description = "The expression, as it is written in texts")),
    request_body = EntryBody,
    responses(
        (status = 200, description = "It was replaced", body = EntryItem),
        (status = 201, description = "It is new", body = EntryItem),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "lexicon",
)]
pub(super) async fn put(
    State(app): State<App>,
    Path(written): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    authorised(&app, &headers, Right::Lexicon)?;
    let bytes = body::small(&headers, body, MOST_BYTES).await?;
    let EntryBody { said, remark } = body::json(&bytes)?;
    let entry = Entry::new(&written, &said, &remark).map_err(SiteError::Entry)?;
    let answer = item(&entry);
    let (edition, new) = at_work(&app, &headers, move |site, expected| site.put(&entry, expected)).await?;
    tracing::info!(entries = edition.lexicon.entries().len(), new, "an entry of the lexicon was edited");
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, tagged(json(&answer)?, &edition)).into_response())
}

/// Removes an entry. Needs the key of the editors.
#[utoipa::path(
    delete,
    path = "/v1/lexicon/entries/{written}",
    params(("written" = String, Path, description = "The expression, as it is written in texts")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "lexicon",
)]
pub(super) async fn remove(
    State(app): State<App>,
    Path(written): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    authorised(&app, &headers, Right::Lexicon)?;
    let edition = at_work(&app, &headers, move |site, expected| site.remove(&written, expected)).await?;
    tracing::info!(entries = edition.lexicon.entries().len(), "an entry of the lexicon was removed");
    Ok(tagged(StatusCode::NO_CONTENT.into_response(), &edition))
}

/// Reads the file again. Needs the key of the editors.
#[utoipa::path(
    post,
    path = "/v1/lexicon/reload",
    responses(
        (status = 204, description = "It is in use"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "lexicon",
)]
pub(super) async fn reload(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    authorised(&app, &headers, Right::Lexicon)?;
    let edition = at_work(&app, &HeaderMap::new(), |site, _| site.reload()).await?;
    Ok(tagged(StatusCode::NO_CONTENT.into_response(), &edition))
}

/// Works on the file, away from the threads that answer; the file must be what `If-Match` says.
async fn at_work<T: Send + 'static>(
    app: &App,
    headers: &HeaderMap,
    work: impl FnOnce(&SiteLexicon, Option<&str>) -> Result<T, SiteError> + Send + 'static,
) -> Result<T, Problem> {
    let expected = headers.get(header::IF_MATCH).map(|tag| {
        range::expected_names(tag.to_str().unwrap_or_default()).next().unwrap_or_default().to_owned()
    });
    let site = app.renderer.lexicon().clone();
    let work = move || work(&site, expected.as_deref().filter(|&expected| expected != "*"));
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => Ok(done?),
        Err(_) => Err(Problem::new(Code::Internal, "the lexicon could not be edited")),
    }
}

fn item(entry: &Entry) -> EntryItem {
    let kind = if matches!(entry.saying, Saying::Sounds(_)) { "pinyin" } else { "words" };
    EntryItem { written: entry.written.clone(), said: entry.said(), kind, remark: entry.remark.clone() }
}

/// What is said for what, as 64 hexadecimal digits.
pub(super) fn digest(edition: &Edition) -> String {
    blake3::Hash::from_bytes(edition.lexicon.digest()).to_hex().to_string()
}

fn etag(edition: &Edition) -> String {
    format!("\"{}\"", edition.tag)
}

fn tagged(mut response: Response, edition: &Edition) -> Response {
    response.headers_mut().insert(header::ETAG, text_value(etag(edition)));
    response
}

impl From<SiteError> for Problem {
    fn from(error: SiteError) -> Self {
        let code = match &error {
            SiteError::NoFile => Code::EditingOff,
            SiteError::Io(why) => {
                tracing::error!(%why, "the lexicon file cannot be used");
                Code::LexiconUnavailable
            }
            SiteError::Broken(_) => Code::LexiconBroken,
            SiteError::Changed => Code::LexiconChanged,
            SiteError::Unknown => Code::EntryUnknown,
            SiteError::Entry(_) => Code::EntryInvalid,
        };
        // Where the file lies is nobody's business but the operator's.
        let detail = match error {
            SiteError::Io(_) => "the lexicon file cannot be read or written".to_owned(),
            other => other.to_string(),
        };
        Self::new(code, detail)
    }
}
