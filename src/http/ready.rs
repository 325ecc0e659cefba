//! Whether a balancer should send readers here: `GET /readyz`.
//!
//! `/healthz` says whether the service works at all, and is asked by who would restart it; this says whether it can
//! take readers now. It is not yet ready while it is not known if the data folder can be written, and no more once
//! it was told to stop, or while whoever asks for a clip is sent away.

use std::sync::atomic::Ordering;

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{App, service::Reason};

/// Whether it can take readers now.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    ready: bool,
    /// Why not.
    reasons: Vec<Reason>,
}

/// Whether it can take readers now: 200 if so, 503 if not. For balancers.
#[utoipa::path(
    get,
    path = "/readyz",
    responses(
        (status = 200, description = "It can take readers now", body = Ready),
        (status = 503, description = "It cannot, or no more", body = Ready),
    ),
    tag = "service",
)]
pub(super) async fn ready(State(app): State<App>) -> Response {
    let reasons = app.readiness().await;
    let ready = reasons.is_empty();
    let code = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, [(header::CACHE_CONTROL, "no-store")], Json(Ready { ready, reasons })).into_response()
}

impl App {
    /// Why it can take no readers now; nothing when it can.
    pub(super) async fn readiness(&self) -> Vec<Reason> {
        let found = self.renderer.health().await;
        let mut reasons = Vec::new();
        let mut because = |so: bool, part, detail: &str| {
            if so {
                reasons.push(Reason { part, detail: detail.to_owned() });
            }
        };
        because(self.stopping.load(Ordering::Relaxed), "service", "it was told to stop");
        because(!found.probed, "store", "it is not known yet if the data folder can be written");
        because(found.voices == 0, "voices", "there is no voice");
        let (stuck, full) = (found.stuck_engines.len(), found.full_engines.len());
        let all = found.engines.max(1);
        because(stuck == all, "voices", "no voice comes back from its last clips");
        because(stuck < all && full == all, "queue", "too many clips are waited for");
        reasons
    }
}
