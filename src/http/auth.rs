//! Who may do more than readers: programs that send a key of the site as `Authorization: Bearer`.

use axum::http::{HeaderMap, HeaderValue, header};

use super::{
    App,
    problem::{Code, Problem},
};
use crate::keys::{Key, Right};

/// Lets pass who has a key that is good for `right`; whose it is.
pub(super) fn authorised(app: &App, headers: &HeaderMap, right: Right) -> Result<Key, Problem> {
    if !app.keys.any() {
        return Err(Problem::new(Code::KeysOff, "the operator has given no key (langdu keys add)"));
    }
    let Some(key) = bearer(headers).and_then(|given| app.keys.find(given)) else {
        let problem = Problem::new(Code::KeyWrong, "send a key as Authorization: Bearer");
        return Err(problem.with(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
    };
    if !key.may.contains(&right) {
        return Err(Problem::new(Code::RightMissing, format!("this key is not good for: {right}")));
    }
    Ok(key)
}

/// What is sent as a key.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, given) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| given.trim())
}
