//! Who is served first, what is dropped, and what those who follow a notice are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{sync::Arc, time::Duration};

use axum::{body::Body, http::Request};
use futures::future::join_all;
use http_body_util::BodyExt;
use langdu::{
    http::{App, serve},
    render::RenderOptions,
    store::{Store, StoreOptions},
};
use serde_json::Value;
use stage::{Hummer, Mood, Stage, clip_urls, groups, text, under, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use tower::ServiceExt;

fn memory() -> Store {
    Store::memory(StoreOptions::default())
}

/// What the engine was asked to say: `jia1` for the first group of 甲村.
fn order(stage: &Stage) -> Vec<String> {
    const NUMBERS: [&str; 8] = ["yi", "er", "san", "si", "wu", "liu", "qi", "ba"];
    let label = |said: &String| {
        let words: Vec<&str> = said.split(' ').collect();
        let number = NUMBERS.iter().position(|number| words[3] == *number).unwrap() + 1;
        format!("{}{number}", words[0])
    };
    stage.engine.said().iter().map(label).collect()
}

async fn begun(stage: &Stage, calls: usize) {
    until("so many clips are begun", async || stage.engine.calls() == calls).await;
}

async fn queued(stage: &Stage, notices: usize) {
    until("so many notices are queued", async || stage.renderer.health().await.notices == notices).await;
}

async fn waiting(stage: &Stage, clips: usize) {
    until("so many clips are waited for", async || stage.renderer.health().await.waiting == clips).await;
}

/// Asks for a clip and does not wait.
fn ask(stage: &Arc<Stage>, url: &str) -> tokio::task::JoinHandle<stage::Answer> {
    let (stage, url) = (stage.clone(), url.to_owned());
    tokio::spawn(async move { stage.get(&url).await })
}

#[tokio::test]
async fn a_thousand_readers_of_a_new_notice_have_each_clip_made_once() {
    let stage = Arc::new(Stage::in_memory());
    let readers = (0..1000).map(|_| {
        let stage = stage.clone();
        tokio::spawn(async move {
            let manifest = stage.submit(&text(3)).await;
            let urls = clip_urls(&manifest);
            for url in &urls {
                stage.get(url).await.is(200);
            }
            urls.len()
        })
    });
    let heard: Vec<usize> = join_all(readers).await.into_iter().map(Result::unwrap).collect();
    assert!(heard.iter().all(|clips| *clips == stage.engine.calls()), "{}", stage.engine.calls());
}

#[tokio::test]
async fn who_waits_goes_before_open_notices_and_those_before_the_others() {
    let stage = Arc::new(Stage::in_memory());
    stage.engine.close();
    stage.submit(&groups('丙', 3)).await;
    begun(&stage, 1).await;
    let first = clip_urls(&stage.submit(&groups('甲', 4)).await);
    let second = clip_urls(&stage.submit(&groups('乙', 3)).await);
    let mut listeners = vec![ask(&stage, &second[0])];
    begun(&stage, 2).await;
    listeners.push(ask(&stage, &first[0]));
    waiting(&stage, 2).await;
    stage.engine.open();
    queued(&stage, 0).await;
    for listener in listeners {
        listener.await.unwrap().is(200);
    }
    let begun = ["bing1", "yi1"];
    let waited_for = ["jia1"];
    let open = ["jia2", "yi2", "jia3", "yi3", "jia4"];
    let others = ["bing2", "bing3"];
    assert_eq!(order(&stage), [&begun[..], &waited_for, &open, &others].concat());
}

#[tokio::test]
async fn an_engine_serves_as_many_at_once_as_it_says() {
    let engine = Hummer::new();
    engine.serves(2);
    engine.close();
    let options = RenderOptions { most_notices: 0, ..RenderOptions::default() };
    let stage = Arc::new(Stage::with_engines(&[engine], memory(), options));
    let urls = clip_urls(&stage.submit(&groups('甲', 3)).await);
    let listeners: Vec<_> = urls.iter().map(|url| ask(&stage, url)).collect();
    waiting(&stage, 3).await;
    begun(&stage, 2).await;
    stage.engine.permit(1);
    begun(&stage, 3).await;
    stage.engine.open();
    for listener in listeners {
        listener.await.unwrap().is(200);
    }
}

#[tokio::test]
async fn what_the_last_reader_left_is_dropped_and_comes_back() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&groups('甲', 4)).await;
    let work = under(&manifest, "/work");
    begun(&stage, 1).await;
    stage.submit(&groups('甲', 4)).await;
    queued(&stage, 1).await;
    for left in [1, 0, 0] {
        stage.delete(&work).await.is(204);
        assert_eq!(stage.renderer.health().await.notices, left, "it had two readers");
    }
    stage.engine.open();
    let urls = clip_urls(&manifest);
    stage.get(&urls[2]).await.is(200);
    stage.made(&manifest).await;
    assert_eq!(order(&stage), ["jia1", "jia3", "jia4", "jia2"], "the rest came back, from the listener on");

    stage.delete(&format!("/v1/notices/{}/work", "0".repeat(32))).await.is(204);
    stage.delete("/v1/notices/x/work").await.is_problem(400, "notice_id_malformed");
}

#[tokio::test]
async fn a_reader_who_stops_drops_nothing_of_another() {
    let stage = Arc::new(Stage::in_memory());
    stage.engine.close();
    let manifest = stage.submit(&groups('甲', 3)).await;
    let listener = ask(&stage, &clip_urls(&manifest)[1]);
    waiting(&stage, 1).await;
    stage.delete(&under(&manifest, "/work")).await.is(204);
    stage.engine.open();
    listener.await.unwrap().is(200);
}

/// The service behind a real socket.
async fn served(stage: &Stage) -> (std::net::SocketAddr, oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let app = App::new(stage.renderer.clone());
    let served =
        tokio::spawn(async move { serve(listener, app, async { drop(stopped.await) }).await.unwrap() });
    (address, stop, served)
}

async fn open(address: std::net::SocketAddr, path: &str) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    connection.write_all(request.as_bytes()).await.unwrap();
    connection
}

#[tokio::test]
async fn a_clip_whose_listeners_hung_up_is_not_made() {
    let stage = Arc::new(Stage::in_memory());
    stage.engine.close();
    let urls = clip_urls(&stage.submit(&groups('甲', 3)).await);
    let other = clip_urls(&stage.submit(&groups('乙', 1)).await).remove(0);
    let (address, _stop, _served) = served(&stage).await;
    begun(&stage, 1).await;
    // One clip is being made for somebody, another is queued behind it.
    let patient = ask(&stage, &urls[1]);
    begun(&stage, 2).await;
    let hung_up = open(address, &other).await;
    waiting(&stage, 2).await;
    drop(hung_up);
    waiting(&stage, 1).await;
    stage.engine.permit(2);
    patient.await.unwrap().is(200);
    begun(&stage, 3).await;
    assert_eq!(order(&stage)[2], "jia3", "what is heard next goes before what nobody waits for any more");
    stage.engine.open();
}

/// Name and data of each event of a whole answer.
fn events(body: &[u8]) -> Vec<(String, Value)> {
    let text = std::str::from_utf8(body).unwrap();
    let event = |event: &str| {
        let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        Some((field("event")?.to_owned(), serde_json::from_str(field("data")?).unwrap()))
    };
    text.split("\n\n").filter_map(event).collect()
}

fn names(events: &[(String, Value)]) -> String {
    let index = |data: &Value| data["index"].as_u64().map(|n| n.to_string()).unwrap_or_default();
    events.iter().map(|(name, data)| format!("{name}{}", index(data))).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn progress_is_told_as_it_comes() {
    let stage = Arc::new(Stage::in_memory());
    stage.engine.close();
    let manifest = stage.submit(&groups('甲', 4)).await;
    begun(&stage, 1).await;
    let mut followed = stage
        .router
        .clone()
        .oneshot(Request::get(under(&manifest, "/events")).body(Body::empty()).unwrap())
        .await
        .unwrap();
    assert_eq!(followed.headers()["content-type"], "text/event-stream");
    assert_eq!(followed.headers()["cache-control"], "no-store");
    let mut next = async || {
        let frame = followed.body_mut().frame().await?.unwrap().into_data().unwrap();
        Some(events(&frame).remove(0))
    };
    stage.engine.permit(1);
    let (name, ready) = next().await.unwrap();
    let clip = &manifest["sentences"][0]["clips"][0];
    assert_eq!((name.as_str(), &ready["key"], &ready["url"]), ("ready", &clip["key"], &clip["url"]));
    assert!(ready["duration_ms"].as_u64().unwrap() > 100);
    assert_eq!(ready.get("voice"), None);
    // A listener elsewhere: its clip is told when it is made, not when its turn comes.
    begun(&stage, 2).await;
    let elsewhere = ask(&stage, &clip_urls(&manifest)[3]);
    begun(&stage, 3).await;
    stage.engine.permit(2);
    let told = [next().await.unwrap(), next().await.unwrap()];
    let mut told = told.map(|event| names(&[event]));
    told.sort();
    assert_eq!(told, ["ready1", "ready3"]);
    elsewhere.await.unwrap().is(200);
    stage.engine.open();
    let rest = [next().await.unwrap(), next().await.unwrap()];
    assert_eq!(names(&rest), "ready2 done");
    assert_eq!(rest[1].1, serde_json::json!({"clips": 4, "failed": 0}));
    assert_eq!(next().await, None, "it ends");

    let again = stage.get(&under(&manifest, "/events")).await;
    assert_eq!(names(&events(&again.is(200).body)), "ready0 ready1 ready2 ready3 done");
    stage.get(&format!("/v1/notices/{}/events", "0".repeat(32))).await.is_problem(404, "notice_unknown");
}

#[tokio::test]
async fn a_clip_that_fails_is_told_and_the_rest_goes_on() {
    let stage = Stage::in_memory();
    stage.engine.is(Mood::Silent);
    let manifest = stage.submit(&groups('甲', 2)).await;
    let told = events(&stage.get(&under(&manifest, "/events")).await.is(200).body);
    assert_eq!(names(&told), "failed0 failed1 done");
    let key = &manifest["sentences"][0]["clips"][0]["key"];
    let failed = serde_json::json!({"index": 0, "key": key, "code": "synthesis_failed", "retriable": true});
    assert_eq!(told[0].1, failed);
    assert_eq!(told[2].1, serde_json::json!({"clips": 2, "failed": 2}));
    // Who comes later is not told of old failures: it is tried again.
    stage.engine.is(Mood::Well);
    let told = events(&stage.get(&under(&manifest, "/events")).await.is(200).body);
    assert_eq!(names(&told), "ready0 ready1 done");
}

#[tokio::test]
async fn a_notice_is_made_to_its_end_when_it_is_followed_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let before = Stage::in_folder(folder.path());
    before.engine.close();
    let manifest = before.submit(&groups('甲', 3)).await;
    assert_eq!(manifest["saved"], true);
    begun(&before, 1).await;
    before.engine.permit(1);
    begun(&before, 2).await;
    before.engine.permit(1);
    before.renderer.stop().await;

    let after = Stage::in_folder(folder.path());
    let told = events(&after.get(&under(&manifest, "/events")).await.is(200).body);
    assert_eq!(names(&told), "ready0 ready1 ready2 done");
    assert_eq!(after.engine.calls(), 1);
    assert_eq!(after.get(&under(&manifest, "")).await.json()["saved"], true);
}

#[tokio::test]
async fn who_follows_keeps_a_notice_open_until_the_connection_ends() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&groups('甲', 3)).await;
    let (address, _stop, _served) = served(&stage).await;
    let mut follower = open(address, &under(&manifest, "/events")).await;
    let mut head = [0; 15];
    follower.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    stage.delete(&under(&manifest, "/work")).await.is(204);
    assert_eq!(stage.renderer.health().await.notices, 1, "somebody follows it");
    drop(follower);
    queued(&stage, 0).await;
    stage.engine.open();
}

#[tokio::test]
async fn too_many_followers_are_sent_away() {
    let stage = Stage::with(memory(), RenderOptions { most_followers: 1, ..RenderOptions::default() });
    stage.engine.close();
    let address = under(&stage.submit(&groups('甲', 3)).await, "/events");
    let request = || Request::get(&address).body(Body::empty()).unwrap();
    let first = stage.router.clone().oneshot(request()).await.unwrap();
    assert_eq!(first.status(), 200);
    stage.get(&address).await.is_problem(503, "overloaded");
    drop(first);
    stage.engine.open();
    stage.get(&address).await.is(200);
}

#[tokio::test]
async fn a_follower_who_reads_slowly_misses_nothing() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&groups('甲', 8)).await;
    let request = Request::get(under(&manifest, "/events")).body(Body::empty()).unwrap();
    let followed = stage.router.clone().oneshot(request).await.unwrap();
    stage.engine.open();
    // More news than anybody may miss, before the first is read.
    for _ in 0..50 {
        stage.submit(&groups('甲', 8)).await;
        queued(&stage, 0).await;
    }
    let body = followed.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(names(&events(&body)), "ready0 ready1 ready2 ready3 ready4 ready5 ready6 ready7 done");
}

#[tokio::test]
async fn a_service_that_stops_ends_what_is_followed() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&groups('甲', 3)).await;
    let (address, stop, served) = served(&stage).await;
    let mut follower = open(address, &under(&manifest, "/events")).await;
    let mut head = [0; 15];
    follower.read_exact(&mut head).await.unwrap();
    stop.send(()).unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(5), follower.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "it does not wait to be cut off");
    assert!(!String::from_utf8_lossy(&rest).contains("event: done"), "and does not say that all is made");
    stage.engine.open();
    served.await.unwrap();
}

#[tokio::test]
async fn whether_a_notice_is_safe_is_told() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("data");
    std::fs::write(&folder, "a file where the folder should be").unwrap();
    let stage = Stage::in_folder(&folder);
    let manifest = stage.submit(&text(2)).await;
    assert_eq!(manifest["saved"], false);
    assert_eq!(stage.submit(&text(2)).await["saved"], false, "nor the second time");
    std::fs::remove_file(&folder).unwrap();
    until("the folder is written again", async || stage.get("/healthz").await.json()["status"] == "ok").await;
    assert_eq!(stage.get(&under(&manifest, "")).await.json()["saved"], true);
}
