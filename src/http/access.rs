//! Who may have what read aloud: everybody anything, pages of some origins anything, or everybody what is published.
//!
//! 1. a key that is good for `publish` or `speech` opens everything; one that is wrong opens nothing;
//! 2. [`may_submit`] is asked before any text is spoken, [`may_submit_notice`] before a notice is;
//! 3. [`may_hear`] is asked before anything of a notice is told or made. A clip in memory needs no leave: who has its
//!    address has had its manifest, and what is withdrawn is removed from memory.

use std::str::FromStr;

use axum::http::{Extensions, HeaderMap, HeaderValue, header};

use super::{
    App,
    auth::authorised,
    limits,
    problem::{Code, Problem},
};
use crate::{
    keys::Right,
    plan::ClipKey,
    published::PublishError,
    render::{RenderError, Submission, Submitted},
    store::NoticeId,
};

/// What readers may hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Any text.
    #[default]
    Open,
    /// Any text, submitted by pages of the allowed origins and of the service itself.
    Origins,
    /// What is published.
    Published,
}

/// What a client may submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// Any text.
    Anything,
    /// A text that is published.
    Published,
}

impl Access {
    const ALL: [(&'static str, Self); 3] =
        [("open", Self::Open), ("origins", Self::Origins), ("published", Self::Published)];
}

impl FromStr for Access {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text).map(|(_, access)| *access);
        found.ok_or_else(|| "open, origins or published".to_owned())
    }
}

/// Lets pass who may have any text spoken.
pub(super) fn may_submit(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    match may_submit_notice(app, headers)? {
        Leave::Anything => Ok(()),
        Leave::Published => {
            Err(Problem::new(Code::NotPublished, "without a key only what is published can be heard here"))
        }
    }
}

/// What notices a client may submit.
pub(super) fn may_submit_notice(app: &App, headers: &HeaderMap) -> Result<Leave, Problem> {
    if app.access == Access::Open || has_key(app, headers)? {
        return Ok(Leave::Anything);
    }
    if app.access == Access::Published {
        return Ok(Leave::Published);
    }
    let origin = headers.get(header::ORIGIN);
    if origin.is_some_and(|origin| app.allows(origin) || is_own(origin, headers)) {
        return Ok(Leave::Anything);
    }
    Err(Problem::new(Code::OriginRefused, "only pages of the allowed origins may submit, or who has a key"))
}

/// Lets pass who may be told of a notice.
pub(super) async fn may_hear(app: &App, headers: &HeaderMap, id: NoticeId) -> Result<(), Problem> {
    if app.access != Access::Published || has_key(app, headers)? || app.published.has(id).await? {
        return Ok(());
    }
    Err(RenderError::NoticeUnknown(id).into())
}

/// Lets pass who may have a clip that is not in memory: it must be one of the notice that it is asked for with.
pub(super) async fn may_hear_clip(
    app: &App,
    headers: &HeaderMap,
    extensions: &Extensions,
    key: ClipKey,
    home: Option<NoticeId>,
) -> Result<(), Problem> {
    if app.access != Access::Published || has_key(app, headers)? {
        return Ok(());
    }
    let unknown = || RenderError::ClipUnknown(key);
    let id = home.ok_or_else(unknown)?;
    if !app.renderer.is_planned(id) {
        limits::charge_for_clip(app, extensions)?;
    }
    let published = match app.published.has(id).await {
        Err(PublishError::Render(RenderError::NoticeUnknown(_))) => false,
        published => published?,
    };
    if published && app.renderer.has(&*app.renderer.notice(id).await?, key) {
        return Ok(());
    }
    Err(unknown().into())
}

/// Submits a notice, if its sender may.
pub(super) async fn submit(app: &App, leave: Leave, submission: Submission) -> Result<Submitted, Problem> {
    if leave == Leave::Published {
        return Ok(app.published.submit(submission).await?);
    }
    let submitted = app.renderer.submit(submission).await?;
    app.published.submitted(&submitted.notice);
    Ok(submitted)
}

/// Whether a key was sent that is good for having texts spoken.
///
/// # Errors
/// When one was sent that is wrong, or good for other things only.
fn has_key(app: &App, headers: &HeaderMap) -> Result<bool, Problem> {
    // Where there are no keys what is sent as one is none: programs send anything where they must send something.
    if !headers.contains_key(header::AUTHORIZATION) || !app.keys.any() {
        return Ok(false);
    }
    match authorised(app, headers, Right::Publish) {
        Ok(_) => Ok(true),
        Err(_) => authorised(app, headers, Right::Speech).map(|_| true),
    }
}

/// Whether a page of the service itself sends this, as far as its browser tells. Behind a proxy only the name of the
/// host is known, not how it was reached.
fn is_own(origin: &HeaderValue, headers: &HeaderMap) -> bool {
    let same_site = headers.get("sec-fetch-site").is_none_or(|site| site.as_bytes() == b"same-origin");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let from = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    same_site && from.is_some() && from == host
}
