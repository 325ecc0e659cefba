//! Who may do more than readers: programs and editors that send a key of the site as `Authorization: Bearer`.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    App, json,
    problem::{Code, Problem, ProblemBody},
};
use crate::keys::{Key, Right};

/// What a key is good for.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyAnswer {
    /// How the operator calls it.
    name: String,
    /// `publish`, `lexicon`, `speech`.
    #[schema(value_type = Vec<String>)]
    may: Vec<Right>,
}

/// Tells who sends a key what it is good for, so that a page can offer that and nothing else.
#[utoipa::path(
    get,
    path = "/v1/key",
    responses(
        (status = 200, description = "What the key is good for", body = KeyAnswer),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "service",
)]
pub(super) async fn key(State(app): State<App>, headers: HeaderMap) -> Result<Response, Problem> {
    let Key { name, may, .. } = known(&app, &headers)?;
    json(&KeyAnswer { name, may })
}

/// Lets pass who has a key that is good for `right`; whose it is.
pub(super) fn authorised(app: &App, headers: &HeaderMap, right: Right) -> Result<Key, Problem> {
    let key = known(app, headers)?;
    if !key.may.contains(&right) {
        return Err(Problem::new(Code::RightMissing, format!("this key is not good for: {right}")));
    }
    Ok(key)
}

/// The key that was sent.
pub(super) fn known(app: &App, headers: &HeaderMap) -> Result<Key, Problem> {
    if !app.keys.any() {
        return Err(Problem::new(Code::KeysOff, "the operator has given no key (langdu keys add)"));
    }
    bearer(headers).and_then(|given| app.keys.find(given)).ok_or_else(|| {
        let problem = Problem::new(Code::KeyWrong, "send a key as Authorization: Bearer");
        problem.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    })
}

/// What is sent as a key.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, given) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| given.trim())
}
