//! What can go wrong behind the service, and what is still heard then.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};
use futures::{StreamExt, future::join_all};
use http_body_util::BodyExt;
use langdu::{
    http::{App, router, serve},
    render::{RenderOptions, Renderer},
    store::{Store, StoreOptions},
};
use object_store::{
    ObjectStore,
    memory::InMemory,
    throttle::{ThrottleConfig, ThrottledStore},
};
use serde_json::Value;
use stage::{Mood, Stage, clip_urls, text, under, until};
use tokio::sync::oneshot;
use tower::ServiceExt;

/// The files of all clips under a data folder.
fn clip_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let shelves = std::fs::read_dir(folder.join("clips")).into_iter().flatten();
    let files = shelves.flat_map(|shelf| std::fs::read_dir(shelf.unwrap().path()).unwrap());
    files.map(|file| file.unwrap().path()).collect()
}

fn file_of(folder: &Path, url: &str) -> std::path::PathBuf {
    let name = url.trim_start_matches("/v1/clips/").split('?').next().unwrap();
    folder.join("clips").join(&name[..2]).join(name)
}

#[tokio::test]
async fn sixteen_listeners_cause_one_synthesis() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit("今天停水。").await;
    let urls = clip_urls(&manifest);
    assert_eq!(urls.len(), 1);
    let listeners = join_all((0..16).map(|_| stage.get(&urls[0])));
    let (answers, ()) = futures::join!(listeners, async {
        until("sixteen wait", async || stage.renderer.health().await.waiting == 1).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        stage.engine.open();
    });
    for answer in &answers {
        assert_eq!(answer.is(200).body, answers[0].body);
    }
    assert_eq!(stage.engine.calls(), 1);
    stage.get(&urls[0]).await.is(200);
    assert_eq!(stage.engine.calls(), 1, "the clip is kept");
}

#[tokio::test]
async fn many_listeners_at_once_cause_one_synthesis_for_each_clip() {
    let stage = Arc::new(Stage::in_memory());
    let urls = clip_urls(&stage.submit(&text(20)).await);
    let asks = urls.iter().rev().cycle().take(urls.len() * 4).cloned().map(|url| {
        let stage = stage.clone();
        tokio::spawn(async move { stage.get(&url).await.is(200).body.len() })
    });
    assert!(join_all(asks).await.into_iter().all(|len| len.unwrap() > 44));
    assert_eq!(stage.engine.calls(), urls.len());
}

#[tokio::test]
async fn who_waits_goes_first_and_then_the_rest_of_that_notice() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let first = stage.submit(&text(30)).await;
    until("the first clip is begun", async || stage.engine.calls() == 1).await;
    let second: String = text(60).split_inclusive('\n').skip(40).collect();
    let second = stage.submit(&second).await;
    let urls = clip_urls(&second);
    let (answer, ()) = futures::join!(stage.get(&urls[5]), async {
        until("a listener waits", async || stage.renderer.health().await.waiting == 1).await;
        stage.engine.permit(2);
    });
    // The clip that was begun, the clip that is waited for, then the rest of that notice.
    answer.is(200);
    stage.engine.permit(urls.len() - 1);
    stage.made(&second).await;
    stage.engine.open();
    stage.made(&first).await;
}

#[tokio::test]
async fn a_notice_nobody_hears_to_the_end_makes_no_clip_twice() {
    let stage = Stage::in_memory();
    let manifest = stage.submit(&text(10)).await;
    stage.made(&manifest).await;
    stage.submit(&text(10)).await;
    for url in clip_urls(&manifest) {
        stage.get(&url).await.is(200);
    }
    assert_eq!(stage.engine.calls(), clip_urls(&manifest).len());
}

#[tokio::test]
async fn a_listener_who_left_is_forgotten() {
    let stage = Stage::in_memory();
    stage.engine.close();
    stage.submit(&text(30)).await;
    until("the first clip is begun", async || stage.engine.calls() == 1).await;
    let other = stage.submit("另一则通知。").await;
    let url = clip_urls(&other).remove(0);
    let left = tokio::time::timeout(Duration::from_millis(50), stage.get(&url)).await;
    assert!(left.is_err());
    stage.engine.open();
    // It is not asked for any more, but it still is part of a notice.
    stage.get(&url).await.is(200);
}

#[tokio::test]
async fn what_was_made_outlives_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let before = Stage::in_folder(folder.path());
    let manifest = before.submit(&text(5)).await;
    let urls = clip_urls(&manifest);
    let first = before.get(&urls[0]).await;
    before.made(&manifest).await;
    before.renderer.stop().await;

    let after = Stage::in_folder(folder.path());
    assert_eq!(after.get(&urls[0]).await.body, first.body);
    let address = format!("/v1/notices/{}", manifest["id"].as_str().unwrap());
    let found = after.get(&address).await.is(200).json();
    assert_eq!(found["ready_count"], manifest["clip_count"]);
    assert!(found["sentences"][0]["clips"][0]["duration_ms"].is_u64());
    for url in &urls {
        after.get(url).await.is(200);
    }
    assert_eq!(after.post("/v1/notices", "text/plain", text(5)).await.status, 200, "the notice is known");
    assert_eq!(after.engine.calls(), 0);
}

#[tokio::test]
async fn a_clip_that_was_lost_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let before = Stage::in_folder(folder.path());
    let manifest = before.submit(&text(3)).await;
    let urls = clip_urls(&manifest);
    let whole = before.get(&urls[1]).await.body;
    before.made(&manifest).await;
    before.renderer.stop().await;
    assert_eq!(clip_files(folder.path()).len(), 2 * urls.len(), "each with its marks");

    let file = file_of(folder.path(), &urls[1]);
    let bytes = std::fs::read(&file).unwrap();
    let mut flipped = bytes.clone();
    flipped[whole.len() / 2] ^= 1;
    let damages =
        [None, Some(&bytes[..bytes.len() / 2]), Some(&bytes[..bytes.len() - 1]), Some(&[]), Some(&flipped)];
    for damage in damages {
        match damage {
            None => std::fs::remove_file(&file).unwrap(),
            Some(bytes) => std::fs::write(&file, bytes).unwrap(),
        }
        let after = Stage::in_folder(folder.path());
        assert_eq!(after.get(&urls[1]).await.is(200).body, whole);
        assert_eq!(after.engine.calls(), 1);
        after.renderer.stop().await;
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "it is whole again");
    }
    let unknown = Stage::in_folder(folder.path());
    std::fs::remove_file(&file).unwrap();
    unknown.get(urls[1].split('?').next().unwrap()).await.is_problem(404, "clip_unknown");
}

#[tokio::test]
async fn memory_may_be_short() {
    let folder = tempfile::tempdir().unwrap();
    let store =
        Store::folder(folder.path(), StoreOptions { clip_bytes: 0, ..StoreOptions::default() }).unwrap();
    let stage = Stage::with(store, RenderOptions { planned_bytes: 0, ..RenderOptions::default() });
    let manifest = stage.submit(&text(5)).await;
    for url in clip_urls(&manifest) {
        stage.get(&url).await.is(200);
    }
    stage.made(&manifest).await;
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_sound() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data");
    std::fs::write(&folder, "a file where the folder should be").unwrap();
    let stage = Stage::in_folder(&folder);
    let manifest = stage.submit(&text(3)).await;
    for url in clip_urls(&manifest) {
        stage.get(&url).await.is(200);
    }
    let health = stage.get("/healthz").await.is(200).json();
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["reasons"][0]["part"], "store");
    assert!(!health.to_string().contains(folder.to_str().unwrap()), "the world need not know the folder");
    let address = format!("/v1/notices/{}", manifest["id"].as_str().unwrap());
    stage.get(&address).await.is(200);
    let unknown = format!("/v1/notices/{}", "0".repeat(32));
    stage.get(&unknown).await.is_problem(503, "store_unavailable");

    std::fs::remove_file(&folder).unwrap();
    until("it is well again", async || stage.get("/healthz").await.json()["status"] == "ok").await;
    stage.renderer.stop().await;
    let after = Stage::in_folder(&folder);
    after.get(&address).await.is(200);
}

#[tokio::test]
async fn a_full_disk_costs_no_sound() {
    let root = tempfile::tempdir().unwrap();
    let mount = |program: &str, arguments: &[&str]| {
        Command::new(program)
            .args(arguments)
            .arg(root.path())
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !mount("mount", &["-t", "tmpfs", "-o", "size=128k", "none"]) {
        println!("skipped: a small disk can be mounted by root only");
        return;
    }
    let stage = Stage::in_folder(root.path());
    let manifest = stage.submit(&text(10)).await;
    for url in clip_urls(&manifest) {
        stage.get(&url).await.is(200);
    }
    stage.made(&manifest).await;
    let full = stage.get("/healthz").await.json();
    std::fs::remove_dir_all(root.path().join("clips")).ok();
    mount("mount", &["-o", "remount,size=8m"]);
    until("it is well again", async || stage.get("/healthz").await.json()["status"] == "ok").await;
    stage.renderer.stop().await;
    assert!(mount("umount", &[]));
    assert_eq!(full["status"], "degraded");
}

#[tokio::test]
async fn an_engine_that_fails_is_told_and_tried_again() {
    for (mood, code) in [
        (Mood::Fails, "synthesis_failed"),
        (Mood::Panics, "synthesis_failed"),
        (Mood::NotANumber, "synthesis_failed"),
        (Mood::Silent, "synthesis_failed"),
        (Mood::FilesGone, "voice_broken"),
    ] {
        let stage = Stage::in_memory();
        stage.engine.is(mood);
        let manifest = stage.submit(&text(4)).await;
        let urls = clip_urls(&manifest);
        for url in &urls {
            let answer = stage.get(url).await;
            answer.is_problem(500, code);
            assert_eq!(answer.json()["retriable"], code == "synthesis_failed");
        }
        let address = format!("/v1/notices/{}/audio.wav", manifest["id"].as_str().unwrap());
        stage.get(&address).await.is_problem(500, code);
        until("the health tells", async || stage.get("/healthz").await.json()["status"] == "degraded").await;

        stage.engine.is(Mood::Well);
        for url in &urls {
            stage.get(url).await.is(200);
        }
        // What was tried ahead in the meantime may still be failing.
        until("the health tells", async || stage.get("/healthz").await.json()["status"] == "ok").await;
    }
}

#[tokio::test]
async fn a_whole_notice_never_ends_early_in_silence() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&text(6)).await;
    let address = format!("/v1/notices/{}/audio.wav", manifest["id"].as_str().unwrap());
    let request = Request::get(&address).body(Body::empty()).unwrap();
    let asked = tokio::spawn(stage.router.clone().oneshot(request));
    until("the first clip is begun", async || stage.engine.calls() == 1).await;
    stage.engine.open();
    let response = asked.await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    let made = stage.made(&manifest).await;
    assert!(made["clip_count"].as_u64() > Some(1));

    // The same, but everything after the first clip fails.
    let stage = Stage::with(
        Store::memory(StoreOptions { clip_bytes: 0, ..StoreOptions::default() }),
        RenderOptions { most_notices: 0, ..RenderOptions::default() },
    );
    stage.submit(&text(6)).await;
    let request = Request::get(&address).body(Body::empty()).unwrap();
    let response = stage.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    stage.engine.is(Mood::Fails);
    assert!(response.into_body().collect().await.is_err(), "the connection breaks");
}

#[tokio::test]
async fn too_many_waiting_are_sent_away() {
    let store = Store::memory(StoreOptions::default());
    let stage = Arc::new(Stage::with(store, RenderOptions { most_waiting: 2, ..RenderOptions::default() }));
    stage.engine.close();
    let urls = clip_urls(&stage.submit(&text(20)).await);
    until("the first clip is begun", async || stage.engine.calls() == 1).await;
    let ask = |url: &String| {
        let (stage, url) = (stage.clone(), url.clone());
        tokio::spawn(async move { stage.get(&url).await })
    };
    // One is being made for its listener, two are queued.
    let mut patient = vec![ask(&urls[5])];
    until("it is begun", async || stage.engine.calls() == 2).await;
    patient.extend(urls[6..8].iter().map(ask));
    until("three wait", async || stage.renderer.health().await.waiting == 3).await;
    let refused = stage.get(&urls[9]).await;
    refused.is_problem(503, "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    stage.engine.open();
    for answer in join_all(patient).await {
        answer.unwrap().is(200);
    }
    stage.get(&urls[9]).await.is(200);
}

#[tokio::test]
async fn who_waits_when_the_renderer_stops_is_told() {
    let stage = Arc::new(Stage::in_memory());
    stage.engine.close();
    let urls = clip_urls(&stage.submit(&text(20)).await);
    until("the first clip is begun", async || stage.engine.calls() == 1).await;
    let ask = |url: &String| {
        let (stage, url) = (stage.clone(), url.clone());
        tokio::spawn(async move { stage.get(&url).await })
    };
    let begun = ask(&urls[5]);
    until("its clip is begun", async || stage.engine.calls() == 2).await;
    let waits = ask(&urls[6]);
    until("another waits", async || stage.renderer.health().await.waiting == 2).await;
    let renderer = stage.renderer.clone();
    let stopped = tokio::spawn(async move { renderer.stop().await });
    waits.await.unwrap().is_problem(503, "stopping");
    stage.engine.open();
    begun.await.unwrap().is(200);
    stopped.await.unwrap();
    assert_eq!(stage.engine.calls(), 2, "nothing is begun after the stop");
    stage.get(&urls[9]).await.is_problem(503, "stopping");
}

#[tokio::test]
async fn without_a_voice_the_service_says_so() {
    let renderer =
        Renderer::start(Vec::new(), Store::memory(StoreOptions::default()), RenderOptions::default());
    let stage = Stage { router: router(App::new(renderer.clone())), renderer, ..Stage::in_memory() };
    let health: Value = stage.get("/healthz").await.is(503).json();
    assert_eq!(health["status"], "failing");
    stage.post("/v1/notices", "text/plain", "停水。").await.is_problem(422, "voice_unknown");
}

#[tokio::test]
async fn a_stopped_service_finishes_what_it_began() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let stage = Stage::in_memory();
    stage.engine.close();
    let url = clip_urls(&stage.submit("今天停水。").await).remove(0);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let app = App::new(stage.renderer.clone());
    let served = tokio::spawn(serve(listener, app, async { drop(stopped.await) }));

    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!("GET {url} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    until("the listener waits", async || stage.renderer.health().await.waiting == 1).await;
    stop.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    stage.engine.open();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer[..200.min(answer.len())])
    );
    served.await.unwrap().unwrap();
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_clip_that_went_from_the_disk_is_not_taken_for_made() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { clip_bytes: 0, retry: Duration::ZERO, ..StoreOptions::default() };
    let stage = Stage::with(Store::folder(folder.path(), options).unwrap(), RenderOptions::default());
    let manifest = stage.submit(&text(3)).await;
    stage.made(&manifest).await;
    let (clips, calls) = (clip_urls(&manifest).len(), stage.engine.calls());
    std::fs::remove_dir_all(folder.path().join("clips")).unwrap();
    let address = under(&manifest, "");
    assert_eq!(stage.get(&address).await.json()["ready_count"], 0);
    let told = stage.get(&under(&manifest, "/events")).await;
    let told = String::from_utf8(told.is(200).body.to_vec()).unwrap();
    assert_eq!(
        (told.matches("event: ready").count(), stage.engine.calls()),
        (clips, calls + clips),
        "{told}"
    );
    stage.made(&manifest).await;
}

#[tokio::test]
async fn a_slow_disk_keeps_no_engine_from_its_next_clip_and_loses_none_that_was_begun() {
    let put = Duration::from_secs(1);
    let kept = Arc::new(InMemory::new());
    let slow = ThrottleConfig { wait_put_per_call: put, ..ThrottleConfig::default() };
    let objects = Arc::new(ThrottledStore::new(kept.clone(), slow));
    let store = Store::objects(objects, "data".into(), StoreOptions::default());
    let stage = Stage::with(store, RenderOptions { most_notices: 0, ..RenderOptions::default() });
    let urls = clip_urls(&stage.submit(&text(3)).await);
    let started = Instant::now();
    for url in &urls {
        stage.get(url).await.is(200);
    }
    assert!(started.elapsed() < put * 2, "the third would have waited for two writes");
    stage.renderer.stop().await;
    let files = kept.list(Some(&"data/clips".into())).count().await;
    assert_eq!(files, 2 * urls.len(), "each with its marks");
}
