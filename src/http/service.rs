//! About the service itself: its voices, its health, its description.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::{
    App, archive, auth, body, clips, events, lexicon, manifest, metrics, notices, problem, published, ready,
    speech, spoken, text, whole, words,
};
use crate::store::StoreHealth;

/// A voice.
#[derive(Serialize, ToSchema)]
pub(super) struct VoiceItem<'a> {
    /// How it is asked for.
    name: &'a str,
    /// What a person sees.
    title: &'a str,
    /// `female` or `male`.
    sex: &'a str,
    /// BCP 47 tag.
    language: &'a str,
    /// SPDX expression.
    licence: &'a str,
    /// Slowest and fastest speed; 1.0 is normal.
    #[schema(value_type = Vec<f32>)]
    speed: (f32, f32),
    /// Whether it is taken when none is asked for.
    default: bool,
}

/// All voices; the first is the default.
#[derive(Serialize, ToSchema)]
pub(super) struct Voices<'a> {
    voices: Vec<VoiceItem<'a>>,
}

/// How the service is.
#[derive(Serialize, ToSchema)]
pub(super) struct Health {
    /// `ok`, `degraded` (it reads aloud, but something needs care) or `failing` (it cannot read aloud).
    status: &'static str,
    /// What needs care.
    reasons: Vec<Reason>,
    /// Version of the service.
    version: &'static str,
    /// Clips that are waited for.
    waiting_clips: usize,
    /// Notices whose clips are made ahead.
    queued_notices: usize,
}

/// Something that needs care.
#[derive(Serialize, ToSchema)]
pub(super) struct Reason {
    /// `store` or `voices`; of what is not ready also `service` or `queue`.
    pub part: &'static str,
    /// In words.
    pub detail: String,
}

/// The voices there are.
#[utoipa::path(get, path = "/v1/voices", tag = "service", responses((status = 200, description = "The voices", body = Voices)))]
pub(super) async fn voices(State(app): State<App>) -> Response {
    let items = app.renderer.voices().enumerate().map(|(at, voice)| VoiceItem {
        name: &voice.name,
        title: &voice.title,
        sex: &voice.sex,
        language: &voice.language,
        licence: &voice.licence,
        speed: voice.speed,
        default: at == 0,
    });
    Json(Voices { voices: items.collect() }).into_response()
}

/// How the service is: 200 while it reads aloud, 503 when it cannot.
#[utoipa::path(
    get,
    path = "/healthz",
    responses(
        (status = 200, description = "It reads aloud: ok or degraded", body = Health),
        (status = 503, description = "It cannot read aloud: failing", body = Health),
    ),
    tag = "service",
)]
pub(super) async fn health(State(app): State<App>) -> Response {
    let found = app.renderer.health().await;
    let mut reasons = Vec::new();
    if found.store == StoreHealth::Failing {
        let detail = "the data folder cannot be written: clips and notices live in memory";
        reasons.push(Reason { part: "store", detail: detail.to_owned() });
    }
    if let Some(detail) = found.bucket {
        reasons.push(Reason { part: "store", detail });
    }
    if app.renderer.store().is_pinned_full() {
        let detail = "published notices take more disk than clips or notices may (clip_disk, notice_disk)";
        reasons.push(Reason { part: "store", detail: detail.to_owned() });
    }
    for folder in found.refused {
        let detail = format!("the voice folder {folder} cannot be used: `langdu voices` and the log say why");
        reasons.push(Reason { part: "voices", detail });
    }
    for engine in found.failing_engines {
        reasons.push(Reason { part: "voices", detail: format!("{engine} failed on its last clips") });
    }
    for engine in found.stuck_engines {
        let detail = format!("{engine} does not come back from its last clips, and is given no others");
        reasons.push(Reason { part: "voices", detail });
    }
    if found.voices == 0 {
        reasons.push(Reason { part: "voices", detail: "there is no voice".to_owned() });
    }
    let (code, status) = match (found.voices, reasons.is_empty()) {
        (0, _) => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
        (_, true) => (StatusCode::OK, "ok"),
        (_, false) => (StatusCode::OK, "degraded"),
    };
    let health = Health {
        status,
        reasons,
        version: env!("CARGO_PKG_VERSION"),
        waiting_clips: found.waiting,
        queued_notices: found.notices,
    };
    (code, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// This description.
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, description = "OpenAPI description", content_type = "application/json")),
    tag = "service",
)]
pub(super) async fn openapi() -> Response {
    Json(Description::openapi()).into_response()
}

#[derive(OpenApi)]
#[openapi(
    info(title = "langdu 朗读", description = "Reads Chinese public notices aloud."),
    paths(
        notices::submit,
        notices::manifest,
        notices::close,
        events::events,
        whole::recording,
        archive::archive,
        clips::clip,
        words::words,
        published::list,
        published::entry,
        published::put,
        published::withdraw,
        spoken::spoken,
        lexicon::lexicon,
        lexicon::put,
        lexicon::remove,
        lexicon::reload,
        speech::speech,
        speech::models,
        text::text,
        auth::key,
        voices,
        health,
        ready::ready,
        metrics::metrics,
        openapi,
    ),
    components(schemas(problem::ProblemBody<'_>, problem::Code, body::NoticeBody, published::PublishedBody, manifest::Manifest<'_>, events::Ready, events::Failed, events::Done))
)]
struct Description;
