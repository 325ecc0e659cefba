//! What an operator watches: `GET /metrics`, as Prometheus reads it.
//!
//! 1. Where things happen they are counted and timed, by the facade of the crate `metrics`; [`TABLE`] has all names.
//!    No label holds anything that a client chooses.
//! 2. What is counted for every clip from memory, and for every write, is counted in [`Tally`] by one addition, and
//!    handed over when somebody looks.
//! 3. What is so at a moment (queues, bytes, connections) is asked for when somebody looks.
//! 4. Who may look is who has one of the addresses that the operator names, on a connection of their own: what
//!    somebody has passed on tells nothing about who asks.

use std::{
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use metrics::{Unit, counter, gauge, histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use super::{
    App,
    client::Peer,
    problem::{Code, Problem, ProblemBody},
    sys::process,
};

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

use Kind::{Counter, Gauge, Histogram};

/// Every name there is, what it is, and what it says.
const TABLE: &[(&str, Kind, &str)] = &[
    ("langdu_build_info", Gauge, "Version of the service; always 1"),
    ("langdu_ready", Gauge, "Whether it can take readers now, as /readyz says"),
    (
        "langdu_first_clip_seconds",
        Histogram,
        "From the submission of a notice until its first clip can be heard",
    ),
    ("langdu_stage_seconds", Histogram, "How long a stage of the work took"),
    ("langdu_real_time_factor", Histogram, "Seconds an engine took for a second of sound"),
    ("langdu_clips_total", Counter, "Clips that were asked for, by where they came from"),
    ("langdu_clip_failures_total", Counter, "Clips that an engine could not make, by code of the problem"),
    ("langdu_waiting_clips", Gauge, "Clips that somebody waits for"),
    (
        "langdu_oldest_wait_seconds",
        Gauge,
        "How long the clip is waited for that is not begun and was asked for first",
    ),
    ("langdu_queued_notices", Gauge, "Notices whose clips are made before anybody waits for them"),
    ("langdu_store_bytes", Gauge, "Bytes that are kept"),
    ("langdu_http_answers_total", Counter, "Answers, by route and status"),
    ("langdu_http_seconds", Histogram, "From a request to the head of its answer, but for clips from memory"),
    ("langdu_problems_total", Counter, "Problems that were answered, by code"),
    ("langdu_http_sent_bytes_total", Counter, "Bytes that were sent, heads included"),
    ("langdu_http_connections", Gauge, "Connections that are open"),
    ("langdu_http_connections_total", Counter, "Connections that were opened"),
    ("process_resident_memory_bytes", Gauge, "Memory that the process has in use"),
    ("process_open_fds", Gauge, "Descriptors that the process has open"),
];

/// Upper ends of the classes of times, seconds.
const SECONDS: &[f64] =
    &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0];

/// Upper ends of the classes of real-time factors: with 1 a listener hears a pause sooner or later.
const FACTORS: &[f64] = &[0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 5.0];

/// The route of the clips, for those that no router has seen.
const CLIPS: &str = "/v1/clips/{clip}";

/// What has been counted since somebody looked.
pub(super) struct Tally {
    /// Clips from memory, by [`STATUSES`].
    clips: [AtomicU64; STATUSES.len()],
    sent: AtomicU64,
    opened: AtomicU64,
    open: AtomicU64,
}

/// The statuses that a clip from memory is answered with.
const STATUSES: [StatusCode; 3] = [StatusCode::OK, StatusCode::PARTIAL_CONTENT, StatusCode::NOT_MODIFIED];

/// Of the whole process.
pub(super) static TALLY: Tally = Tally {
    clips: [const { AtomicU64::new(0) }; STATUSES.len()],
    sent: AtomicU64::new(0),
    opened: AtomicU64::new(0),
    open: AtomicU64::new(0),
};

impl Tally {
    /// A clip from memory is answered.
    pub(super) fn clip(&self, status: StatusCode) {
        if let Some(at) = STATUSES.iter().position(|known| *known == status) {
            self.clips[at].fetch_add(1, Relaxed);
        }
    }

    /// So many bytes were sent.
    pub(super) fn sent(&self, bytes: u64) {
        self.sent.fetch_add(bytes, Relaxed);
    }

    /// A connection was opened; it counts as open until what is returned is dropped.
    pub(super) fn connection(&'static self) -> Connection {
        self.opened.fetch_add(1, Relaxed);
        self.open.fetch_add(1, Relaxed);
        Connection(self)
    }

    /// Hands over what has been counted.
    fn hand_over(&self) {
        for (status, count) in STATUSES.iter().zip(&self.clips) {
            let count = count.swap(0, Relaxed);
            if count > 0 {
                answers(CLIPS, *status).increment(count);
                counter!("langdu_clips_total", "from" => "memory").increment(count);
            }
        }
        counter!("langdu_http_sent_bytes_total").increment(self.sent.swap(0, Relaxed));
        counter!("langdu_http_connections_total").increment(self.opened.swap(0, Relaxed));
        gauge!("langdu_http_connections").set(self.open.load(Relaxed) as f64);
    }
}

/// A connection that is open.
pub(super) struct Connection(&'static Tally);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Relaxed);
    }
}

/// Where everything is counted; none where the program that holds this library counts elsewhere.
static RECORDER: LazyLock<Option<PrometheusHandle>> = LazyLock::new(|| {
    let builder = PrometheusBuilder::new().set_buckets(SECONDS).ok()?;
    let factor = metrics_exporter_prometheus::Matcher::Full("langdu_real_time_factor".to_owned());
    let handle = builder.set_buckets_for_metric(factor, FACTORS).ok()?.install_recorder();
    let handle = handle.inspect_err(|why| tracing::error!(%why, "nothing is counted")).ok()?;
    for (name, kind, says) in TABLE {
        let unit = || if name.contains("_seconds") { Unit::Seconds } else { Unit::Count };
        match kind {
            Counter => metrics::describe_counter!(*name, unit(), *says),
            Gauge => metrics::describe_gauge!(*name, unit(), *says),
            Histogram => metrics::describe_histogram!(*name, unit(), *says),
        }
    }
    gauge!("langdu_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    Some(handle)
});

/// Begins to count.
pub(super) fn begin() {
    LazyLock::force(&RECORDER);
}

/// Keeps what was timed from growing while nobody looks, for as long as it is polled.
pub(super) async fn keep_small() {
    let mut tick = tokio::time::interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        if let Some(recorder) = &*RECORDER {
            recorder.run_upkeep();
        }
    }
}

/// An answer of the router.
pub(super) fn answered(route: &str, status: StatusCode, took: Duration) {
    answers(route, status).increment(1);
    histogram!("langdu_http_seconds", "route" => route.to_owned()).record(took);
}

fn answers(route: &str, status: StatusCode) -> metrics::Counter {
    counter!("langdu_http_answers_total", "route" => route.to_owned(), "status" => status.as_str().to_owned())
}

/// What an operator watches, in the text format of Prometheus. Only for the addresses that the operator has named
/// (`--metrics-from`), and for nobody whose request was passed on.
#[utoipa::path(
    get,
    path = "/metrics",
    responses(
        (status = 200, description = "All numbers", content_type = "text/plain", body = String),
        (status = "4XX", description = "A problem of the request", body = ProblemBody<'_>, content_type = "application/problem+json"),
        (status = "5XX", description = "A problem of the service", body = ProblemBody<'_>, content_type = "application/problem+json"),
    ),
    tag = "service",
)]
pub(super) async fn metrics(
    State(app): State<App>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let near = peer.is_some_and(|Extension(Peer(ip))| app.metrics_from.iter().any(|net| net.contains(&ip)));
    if !near || PASSED_ON.iter().any(|name| headers.contains_key(*name)) {
        let why = "the metrics are for the addresses that the operator has named, without a proxy between";
        return Err(Problem::new(Code::MetricsRefused, why));
    }
    let Some(recorder) = &*RECORDER else {
        return Err(Problem::new(Code::Internal, "nothing is counted"));
    };
    let ready = app.readiness().await.is_empty();
    gauge!("langdu_ready").set(if ready { 1.0 } else { 0.0 });
    // It asks the system, and writes some tens of kilobytes.
    let text = tokio::task::spawn_blocking(move || {
        look(&app);
        recorder.render()
    });
    let text = text.await.map_err(|_| Problem::new(Code::Internal, "the metrics could not be written"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

/// What a request carries that somebody has passed on.
const PASSED_ON: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// Looks at what is so at the moment.
fn look(app: &App) {
    TALLY.hand_over();
    for load in app.renderer.loads() {
        let engine = load.engine;
        gauge!("langdu_waiting_clips", "engine" => engine.clone()).set(load.waiting as f64);
        gauge!("langdu_oldest_wait_seconds", "engine" => engine.clone()).set(load.oldest);
        gauge!("langdu_queued_notices", "engine" => engine).set(load.notices as f64);
    }
    let stored = app.renderer.stored();
    let bytes = |what: &'static str, place: &'static str, bytes: u64| {
        gauge!("langdu_store_bytes", "what" => what, "place" => place).set(bytes as f64);
    };
    bytes("clips", "memory", stored.clips_in_memory);
    bytes("notices", "memory", stored.notices_in_memory);
    if let Some((clips, notices)) = stored.on_disk {
        bytes("clips", "disk", clips);
        bytes("notices", "disk", notices);
    }
    if let Some(resident) = process::resident() {
        gauge!("process_resident_memory_bytes").set(resident as f64);
    }
    if let Some(descriptors) = process::descriptors() {
        gauge!("process_open_fds").set(descriptors as f64);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_manual_has_every_name_with_what_it_is() {
        let manual = include_str!("../../docs/operations.md");
        let section = manual.split("\n## Metrics\n").nth(1).unwrap().split("\n## ").next().unwrap();
        let rows =
            section.lines().filter(|row| row.starts_with("| `langdu_") || row.starts_with("| `process_"));
        let cells =
            |row: &str| -> Vec<String> { row.split('|').map(|cell| cell.trim().to_owned()).collect() };
        let written: BTreeSet<(String, String)> =
            rows.map(|row| (cells(row)[1].trim_matches('`').to_owned(), cells(row)[2].clone())).collect();
        let kind = |kind: &Kind| format!("{kind:?}").to_lowercase();
        let meant = TABLE.iter().map(|(name, what, _)| ((*name).to_owned(), kind(what))).collect();
        assert_eq!(written, meant);
    }

    #[test]
    fn names_are_as_prometheus_wants_them() {
        for (name, kind, says) in TABLE {
            assert_eq!(name.ends_with("_total"), *kind == Counter, "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert!(!says.is_empty() && !says.ends_with('.'), "{name}");
        }
    }
}
