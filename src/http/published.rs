//! What content systems publish: the list, and its entries by the name that their publisher gave them.

use axum::{
    body::Body,
    extract::{Path, Query, State, rejection::PathRejection, rejection::QueryRejection},
    http::{Extensions, HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::{
    App,
    auth::authorised,
    body::{self, Manner, NoticeBody, Sent},
    clips::text_value,
    json, limits,
    problem::{Code, Problem, ProblemBody},
    range,
};
use crate::{
    keys::Right,
    published::{Entry, Expected, LabelError, Labels, Name, Page, PublishError},
    render::RenderError,
};

/// Entries of a page of the list where no number is asked for, and the most that can be.
const FEW: usize = 50;
const MOST: usize = 200;

/// A notice to be published: exactly one of `text`, `html` and `ssml`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedBody {
    /// Plain text; line feeds part paragraphs.
    text: Option<String>,
    /// An HTML page or fragment.
    html: Option<String>,
    /// SSML: text with how it is to be read.
    ssml: Option<String>,
    /// Name of a voice.
    voice: Option<String>,
    /// How fast; 1.0 is normal.
    speed: Option<f32>,
    /// Where listeners differ, `{"one": "yi"}`.
    #[schema(value_type = Option<Object>)]
    reading: Option<Map<String, Value>>,
    /// Title in the list; that of the notice when none is given.
    title: Option<String>,
    /// Day of publication, `2024-05-03`.
    date: Option<String>,
    /// By which the list can be asked for.
    category: Option<String>,
    /// Address of the page that shows the notice, `http` or `https`. It is kept and never fetched.
    page: Option<String>,
}

/// How a bare text is to be read, and what is told of it in the list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PublishedQuery {
    /// Name of a voice. For bare bodies only, as all the rest.
    voice: Option<String>,
    /// How fast; 1.0 is normal.
    speed: Option<f32>,
    /// Where listeners differ, `one=yi,brackets=skipped`.
    read: Option<String>,
    /// Title in the list.
    title: Option<String>,
    /// Day of publication, `2024-05-03`.
    date: Option<String>,
    /// By which the list can be asked for.
    category: Option<String>,
    /// Address of the page that shows the notice.
    page: Option<String>,
}

/// Which part of the list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ListQuery {
    /// So many entries at most; 50 where none is given, 200 at most.
    limit: Option<usize>,
    /// Goes on with the list: `next` of the page before.
    after: Option<String>,
    /// Of this category only.
    category: Option<String>,
}

/// A published notice.
#[derive(Serialize, ToSchema)]
pub(super) struct EntryAnswer<'e> {
    /// As its publisher calls it.
    name: &'e str,
    title: &'e str,
    /// Day of publication, as it was given.
    date: Option<&'e str>,
    category: Option<&'e str>,
    /// Where it is shown, as it was given.
    page: Option<&'e str>,
    /// Since when it is in the list, RFC 3339.
    published_at: String,
    /// When it was replaced last.
    changed_at: String,
    /// The notice, as it is read now.
    notice: String,
    /// Its manifest.
    url: String,
    /// Clips of the notice.
    clips: usize,
    /// How many of them are made; in the list it is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<usize>,
}

/// A part of the list.
#[derive(Serialize, ToSchema)]
pub(super) struct ListAnswer<'e> {
    /// The newest first.
    entries: Vec<EntryAnswer<'e>>,
    /// For `after`, if there is more.
    next: Option<String>,
    /// How many entries there are in all categories.
    total: usize,
}

/// The list of what is published, the newest first.
#[utoipa::path(
    get,
    path = "/v1/published",
    params(ListQuery),
    responses(
        (status = 200, description = "A part of the list", body = ListAnswer),
        (status = 304, description = "The client has it"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "published",
)]
pub(super) async fn list(
    State(app): State<App>,
    query: Result<Query<ListQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Query(query) = query.map_err(|why| Problem::new(Code::QueryInvalid, why.body_text()))?;
    let limit = query.limit.unwrap_or(FEW);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::new(Code::QueryInvalid, format!("limit is a number from 1 to {MOST}")));
    }
    let unclear = |_| Problem::new(Code::QueryInvalid, "after is what the page before has as next");
    let after = query.after.map(|after| after.parse()).transpose().map_err(unclear)?;
    let Page { entries, next, total } = app.published.page(after, limit, query.category.as_deref()).await?;
    let entries = entries.iter().map(|entry| answer(entry, None)).collect();
    let body = serde_json::to_vec(&ListAnswer { entries, next: next.map(|next| next.to_string()), total })
        .map_err(|_| Problem::new(Code::Internal, "the answer is no JSON"))?;
    let etag = format!("\"{}\"", blake3::hash(&body).to_hex().get(..32).unwrap_or_default());
    let told = [
        (header::ETAG, text_value(etag.clone())),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    if range::has_it(&headers, &etag) {
        return Ok((StatusCode::NOT_MODIFIED, told).into_response());
    }
    Ok((told, [(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// What is published under a name, and how many of its clips are made.
#[utoipa::path(
    get,
    path = "/v1/published/{name}",
    params(("name" = String, Path, description = "As its publisher calls it")),
    responses(
        (status = 200, description = "The entry; its ETag is for If-Match", body = EntryAnswer),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "published",
)]
pub(super) async fn entry(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    extensions: Extensions,
) -> Result<Response, Problem> {
    let entry = app.published.entry(&named(name)?).await?;
    if !app.renderer.is_planned(entry.notice) {
        limits::charge_for_clip(&app, &extensions)?;
    }
    let ready = match app.renderer.notice(entry.notice).await {
        Ok(notice) => app.renderer.parts(&notice).await.iter().flatten().count(),
        Err(_) => 0,
    };
    tagged(StatusCode::OK, &entry, ready)
}

/// Publishes a notice under a name, or replaces the one of that name. Needs a key that is good for `publish`.
///
/// It is answered when it outlives a power cut; publishing the same again changes nothing. The notice is made from
/// then on, and never makes room for others.
#[utoipa::path(
    put,
    path = "/v1/published/{name}",
    params(("name" = String, Path, description = "As its publisher calls it, 1 to 200 characters"), PublishedQuery),
    request_body(content((PublishedBody = "application/json"), (String = "text/plain"), (String = "text/html"), (String = "application/ssml+xml"))),
    responses(
        (status = 200, description = "It was replaced, or is as it was", body = EntryAnswer),
        (status = 201, description = "It is new", body = EntryAnswer),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "published",
)]
pub(super) async fn put(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    query: Result<Query<PublishedQuery>, QueryRejection>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = authorised(&app, &headers, Right::Publish)?;
    let name = named(name)?;
    let Query(query) = query.map_err(|why| Problem::new(Code::QueryInvalid, why.body_text()))?;
    let PublishedQuery { voice, speed, read, title, date, category, page } = query;
    let (manner, labels) = (Manner::new(voice, speed, read), Labels { title, date, category, page });
    let (sent, _room) = body::sent::<PublishedBody>(&headers, body, app.renderer.limits()).await?;
    let (submission, labels) = match sent {
        Sent::Json(sent) => {
            if labels != Labels::default() {
                let detail = "what is told of a JSON submission are fields of the JSON";
                return Err(Problem::new(Code::QueryInvalid, detail));
            }
            let PublishedBody { text, html, ssml, voice, speed, reading, title, date, category, page } = sent;
            let sent = NoticeBody { text, html, ssml, voice, speed, reading };
            (body::of_json(sent, &manner, &app.renderer)?, Labels { title, date, category, page })
        }
        Sent::Bare(format, text) => (body::of_bare(format, text, manner, &app.renderer)?, labels),
    };
    let labels = labels.checked()?;
    let published = app.published.put(&name, submission, labels, &expected(&headers)).await?;
    let ready = app.renderer.known_parts(&published.notice).await.iter().flatten().count();
    let (entry, new) = (&published.entry, published.new);
    tracing::info!(entry = %entry.id, notice = %entry.notice, clips = entry.clips, new, key = key.name, "published");
    tagged(if new { StatusCode::CREATED } else { StatusCode::OK }, entry, ready)
}

/// Withdraws what is published under a name: it leaves the list, and what is heard of it is removed. Needs a key that
/// is good for `publish`.
#[utoipa::path(
    delete,
    path = "/v1/published/{name}",
    params(("name" = String, Path, description = "As its publisher calls it")),
    responses(
        (status = 204, description = "It is gone"),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "published",
)]
pub(super) async fn withdraw(
    State(app): State<App>,
    name: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    let key = authorised(&app, &headers, Right::Publish)?;
    let name = named(name)?;
    app.published.withdraw(&name, &expected(&headers)).await?;
    tracing::info!(entry = %name.id(), key = key.name, "withdrawn");
    Ok(StatusCode::NO_CONTENT)
}

/// The name in an address. It is read, and never part of a path.
fn named(name: Result<Path<String>, PathRejection>) -> Result<Name, Problem> {
    let Path(name) = name.map_err(|_| Problem::new(Code::NameInvalid, "the name is no UTF-8"))?;
    Ok(Name::new(&name)?)
}

/// What `If-Match` and `If-None-Match` ask for.
fn expected(headers: &HeaderMap) -> Expected {
    if let Some(tags) = headers.get(header::IF_MATCH) {
        let tags: Vec<String> =
            range::expected_names(tags.to_str().unwrap_or_default()).map(str::to_owned).collect();
        return match tags.iter().any(|tag| tag == "*") {
            true => Expected::Something,
            false => Expected::One(tags),
        };
    }
    if range::names(headers, "*") { Expected::Nothing } else { Expected::Anything }
}

fn tagged(status: StatusCode, entry: &Entry, ready: usize) -> Result<Response, Problem> {
    let etag = text_value(format!("\"{}\"", entry.revision));
    Ok((status, [(header::ETAG, etag)], json(&answer(entry, Some(ready)))?).into_response())
}

fn answer(entry: &Entry, ready: Option<usize>) -> EntryAnswer<'_> {
    let Labels { date, category, page, .. } = &entry.labels;
    EntryAnswer {
        name: &entry.name,
        title: &entry.title,
        date: date.as_deref(),
        category: category.as_deref(),
        page: page.as_deref(),
        published_at: rfc3339(entry.published_at),
        changed_at: rfc3339(entry.changed_at),
        notice: entry.notice.to_string(),
        url: format!("/v1/notices/{}", entry.notice),
        clips: entry.clips,
        ready,
    }
}

/// Milliseconds since 1970 as RFC 3339 writes them, in UTC.
fn rfc3339(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Years begin in March, so that the day that may be missing is the last (Hinnant, chrono-compatible low-level
    // date algorithms).
    let day = days + 719_468;
    let (era, of_era) = (day / 146_097, day % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    let year = year + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{rest:03}Z")
}

impl From<LabelError> for Problem {
    fn from(error: LabelError) -> Self {
        let code = if error.what == "name" { Code::NameInvalid } else { Code::LabelInvalid };
        Self::new(code, error.to_string())
    }
}

impl From<PublishError> for Problem {
    fn from(error: PublishError) -> Self {
        let code = match error {
            PublishError::Render(why) => return why.into(),
            PublishError::Store(why) => return RenderError::Store(why).into(),
            PublishError::Starting => Code::StoreUnavailable,
            PublishError::Unknown => Code::PublishedUnknown,
            PublishError::Changed => Code::PublishedChanged,
            PublishError::NotPublished => Code::NotPublished,
        };
        Self::new(code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_everywhere() {
        for (milliseconds, written) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"),
            (1_709_164_800_001, "2024-02-29T00:00:00.001Z"),
            (1_735_689_599_000, "2024-12-31T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(rfc3339(milliseconds), written);
        }
    }
}
