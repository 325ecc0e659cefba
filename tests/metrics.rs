//! What an operator watches: the numbers, who may see them, and the dashboard that shows them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use axum::{Extension, body::Body, http::Request};
use langdu::http::{App, Peer, router, serve};
use stage::{Mood, Stage, clip_urls, groups, under, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;

/// What one connection of its own is answered.
async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let len = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len}\r\n{headers}\r\n{body}"
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: SocketAddr, path: &str) -> String {
    ask(address, "GET", path, "", "").await
}

/// The samples of an answer: name and labels, value.
fn samples(answer: &str) -> BTreeMap<String, f64> {
    let rows = answer
        .split("\r\n\r\n")
        .nth(1)
        .unwrap()
        .lines()
        .filter(|row| !row.is_empty() && !row.starts_with('#'));
    let parted = rows.filter_map(|row| row.rsplit_once(' '));
    parted.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect()
}

/// Names and labels of the manual, as it has them.
fn table() -> BTreeMap<String, BTreeSet<String>> {
    let manual = include_str!("../docs/operations.md").lines();
    let rows = manual.filter(|row| row.starts_with("| `langdu_") || row.starts_with("| `process_"));
    let cells = rows.map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
    let names = |cell: &str| {
        cell.split(", ").map(|name| name.trim_matches('`').to_owned()).filter(|n| !n.is_empty()).collect()
    };
    cells.map(|cells| (cells[1].trim_matches('`').to_owned(), names(cells[3]))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_notice_was_read_every_number_of_the_manual_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::in_folder(folder.path());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(serve(listener, App::new(stage.renderer.clone()), std::future::pending()));

    let secret = "秘密的停水通知";
    let manifest = stage.submit(&format!("{secret}\n{}", groups('东', 3))).await;
    stage.made(&manifest).await;
    let urls = clip_urls(&manifest);
    for url in urls.iter().chain(&urls) {
        assert!(get(address, url).await.starts_with("HTTP/1.1 200"));
    }
    assert!(get(address, &urls[0].replacen(".wav", ".8k.wav", 1)).await.starts_with("HTTP/1.1 200"));
    assert!(get(address, "/nowhere/秘密").await.starts_with("HTTP/1.1"));
    assert!(get(address, "/v1/clips/7.wav").await.starts_with("HTTP/1.1 400"));
    // From the disk: another process on the same folder has nothing in memory.
    until("the clips are saved", async || {
        let other = Stage::in_folder(folder.path());
        other.get(&urls[0]).await.status == 200 && other.engine.calls() == 0
    })
    .await;
    // One is waited for before it is begun: what is made ahead is still at the one before it.
    stage.engine.close();
    let before = stage.engine.calls();
    let waited = stage.submit(&groups('南', 2)).await;
    until("the first is begun", async || stage.engine.calls() > before).await;
    let second = &clip_urls(&waited)[1];
    let asked = async {
        until("the second is begun", async || stage.engine.calls() > before + 1).await;
        stage.engine.open();
    };
    tokio::join!(stage.get(second), asked).0.is(200);
    // And one fails.
    stage.engine.is(Mood::Fails);
    let failing = stage.submit(&groups('西', 1)).await;
    stage.get(&clip_urls(&failing)[0]).await.is(500);
    stage.engine.is(Mood::Well);
    let spoken = stage.get(&under(&waited, "/audio.wav")).await.is(200).body.len();
    assert!(spoken > 44);

    let answer = get(address, "/metrics").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(!answer.contains("秘密") && !answer.contains("%E7"), "a label tells what was asked for");
    let found = samples(&answer);
    let (mut seen, table) = (BTreeMap::<String, BTreeSet<String>>::new(), table());
    for sample in found.keys() {
        let (name, labels) = sample.split_once('{').unwrap_or((sample, ""));
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let name = of_histogram.filter(|name| table.contains_key(*name)).unwrap_or(name);
        let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split_once('='));
        let labels = labels.map(|(name, _)| name.to_owned()).filter(|name| name != "le");
        seen.entry(name.to_owned()).or_default().extend(labels);
    }
    assert_eq!(seen, table);
    for name in table.keys() {
        assert!(answer.contains(&format!("# HELP {name} ")), "{name} says nothing");
        assert!(answer.contains(&format!("# TYPE {name} ")), "{name} is nothing");
    }

    let at_least = |sample: &str, least: f64| {
        let value = found.get(sample).unwrap_or_else(|| panic!("there is no {sample}: {answer}"));
        assert!(*value >= least, "{sample} is {value}");
    };
    for stage in ["plan", "wait", "synthesis", "derive", "read", "write"] {
        at_least(&format!("langdu_stage_seconds_count{{stage=\"{stage}\"}}"), 1.0);
    }
    at_least("langdu_first_clip_seconds_count", 2.0);
    at_least("langdu_real_time_factor_count{engine=\"hummer/2\"}", 5.0);
    at_least("langdu_clips_total{from=\"memory\"}", urls.len() as f64);
    at_least("langdu_clips_total{from=\"disk\"}", 1.0);
    at_least("langdu_clips_total{from=\"made\"}", 1.0);
    at_least("langdu_clip_failures_total{code=\"synthesis_failed\"}", 1.0);
    at_least("langdu_problems_total{code=\"clip_key_malformed\"}", 1.0);
    at_least("langdu_http_answers_total{route=\"/v1/clips/{clip}\",status=\"200\"}", 2.0 * urls.len() as f64);
    at_least("langdu_http_answers_total{route=\"/v1/clips/{clip}\",status=\"400\"}", 1.0);
    at_least("langdu_http_seconds_count{route=\"/v1/notices\"}", 3.0);
    at_least("langdu_http_sent_bytes_total", 2.0 * 10_000.0 * urls.len() as f64);
    at_least("langdu_http_connections_total", 2.0 * urls.len() as f64);
    at_least("langdu_http_connections", 1.0);
    at_least("langdu_store_bytes{what=\"clips\",place=\"disk\"}", 10_000.0);
    at_least("langdu_ready", 1.0);
    at_least("process_resident_memory_bytes", 1e6);
    at_least("process_open_fds", 5.0);

    // Nothing of it is for those whose request was passed on.
    for header in
        ["x-forwarded-for: 127.0.0.1", "forwarded: for=127.0.0.1", "via: 1.1 proxy", "x-real-ip: ::1"]
    {
        let refused = ask(address, "GET", "/metrics", &format!("{header}\r\n"), "").await;
        assert!(refused.starts_with("HTTP/1.1 403") && refused.contains("metrics_refused"), "{refused}");
    }
    served.abort();
}

#[tokio::test]
async fn the_numbers_are_for_those_whom_the_operator_has_named() {
    let stage = Stage::in_memory();
    let app = || App::new(stage.renderer.clone());
    let status = async |app: App, peer: Option<&str>| {
        let mut router = router(app);
        if let Some(peer) = peer {
            router = router.layer(Extension(Peer::new(peer.parse().unwrap())));
        }
        let request = Request::get("/metrics").header("host", "localhost").body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status().as_u16()
    };
    for (peer, expected) in [
        (Some("127.0.0.1"), 200),
        (Some("127.9.9.9"), 200),
        (Some("::1"), 200),
        (Some("::ffff:127.0.0.1"), 200),
        (Some("10.1.2.3"), 403),
        (Some("::2"), 403),
        (None, 403),
    ] {
        assert_eq!(status(app(), peer).await, expected, "{peer:?}");
    }
    let named = || app().metrics_from(["10.1.0.0/16".parse().unwrap(), "fd00::/8".parse().unwrap()]);
    for (peer, expected) in [("10.1.2.3", 200), ("fd12::7", 200), ("10.2.0.1", 403), ("127.0.0.1", 403)] {
        assert_eq!(status(named(), Some(peer)).await, expected, "{peer}");
    }
    assert_eq!(status(app().metrics_from([]), Some("127.0.0.1")).await, 403);
}

#[tokio::test]
async fn who_waits_is_counted_while_they_wait() {
    let stage = Arc::new(Stage::in_memory());
    stage.engine.close();
    // Both threads of the engine are at one, and the third waits for its turn.
    let urls: Vec<String> = {
        let manifest = stage.submit(&groups('北', 3)).await;
        clip_urls(&manifest)
    };
    let waiting: Vec<_> = urls
        .into_iter()
        .map(|url| {
            let stage = stage.clone();
            tokio::spawn(async move { stage.get(&url).await.status })
        })
        .collect();
    until("all are waited for", async || stage.renderer.loads()[0].waiting == 3).await;
    until("one waits for long", async || stage.renderer.loads()[0].oldest >= Duration::from_millis(50)).await;
    stage.engine.open();
    for answered in waiting {
        assert_eq!(answered.await.unwrap(), 200);
    }
    let load = stage.renderer.loads().remove(0);
    assert_eq!((load.waiting, load.oldest, load.engine.as_str()), (0, Duration::ZERO, "hummer/2"));
}

#[test]
fn the_dashboard_shows_every_number_and_no_other() {
    let dashboard: serde_json::Value =
        serde_json::from_str(include_str!("../packaging/grafana.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let (mut shown, table) = (BTreeSet::new(), table());
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        assert!(!panel["title"].as_str().unwrap().is_empty());
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{panel}");
        for query in targets.iter().map(|target| target["expr"].as_str().unwrap()) {
            let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let names = words.filter(|word| word.starts_with("langdu_") || word.starts_with("process_"));
            let mut any = false;
            for name in names {
                let of_histogram =
                    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
                let name = of_histogram.unwrap_or(name);
                assert!(table.contains_key(name), "there is no {name}: {query}");
                shown.insert(name.to_owned());
                any = true;
            }
            assert!(any, "{query} asks for nothing of ours");
            assert_eq!(query.matches('(').count(), query.matches(')').count(), "{query}");
        }
    }
    assert!(
        shown.iter().eq(table.keys()),
        "{:?}",
        table.keys().filter(|name| !shown.contains(*name)).collect::<Vec<_>>()
    );
}
