//! Whether a balancer should send readers: before, while, and after the service can take them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;
mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use langdu::{
    render::{RenderOptions, Renderer},
    store::{Store, StoreOptions},
};
use serde_json::Value;
use stage::{Mood, Stage, clip_urls, groups, until};
use support::{client::request, service::Service};

/// What is not ready, by its part.
async fn reasons(stage: &Stage, status: u16) -> Vec<String> {
    let ready = stage.get("/readyz").await.is(status).json();
    assert_eq!(ready["ready"], status == 200);
    let reasons = ready["reasons"].as_array().unwrap().iter();
    reasons.map(|reason| reason["part"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn readers_are_sent_where_they_would_be_heard() {
    let options =
        RenderOptions { most_waiting: 1, synthesis: Duration::from_millis(80), ..RenderOptions::default() };
    let stage = Arc::new(Stage::with(Store::memory(StoreOptions::default()), options));
    until("it is ready", async || stage.get("/readyz").await.status == 200).await;
    assert!(reasons(&stage, 200).await.is_empty());

    // One is made by each thread, one waits, and there is no place for another.
    stage.engine.is(Mood::Hangs);
    let urls = clip_urls(&stage.submit(&groups('东', 3)).await);
    let waiting: Vec<_> = urls
        .into_iter()
        .map(|url| {
            let stage = stage.clone();
            tokio::spawn(async move { stage.get(&url).await.status.as_u16() })
        })
        .collect();
    until("it is full", async || stage.get("/readyz").await.status == 503).await;
    // Which it is goes by the moment: threads that do not come back are replaced, and then are no more.
    until("no voice comes back", async || {
        let ready = stage.get("/readyz").await;
        ready.status == 503 && ready.json()["reasons"][0]["part"] == "voices"
    })
    .await;
    assert_eq!(stage.get("/healthz").await.json()["status"], "degraded");
    stage.engine.is(Mood::Well);
    until("it is ready again", async || stage.get("/readyz").await.status == 200).await;
    for answered in waiting {
        assert!(matches!(answered.await.unwrap(), 200 | 500 | 503));
    }
}

#[tokio::test]
async fn with_too_many_who_wait_it_takes_no_more() {
    let options = RenderOptions { most_waiting: 1, ..RenderOptions::default() };
    let stage = Arc::new(Stage::with(Store::memory(StoreOptions::default()), options));
    until("it is ready", async || stage.get("/readyz").await.status == 200).await;
    stage.engine.close();
    let urls = clip_urls(&stage.submit(&groups('东', 4)).await);
    // Those who come before the first clip is begun are sent away: so they come again.
    let mut waiting = Vec::new();
    until("it is full", async || {
        let (stage, url) = (stage.clone(), urls[waiting.len() % urls.len()].clone());
        let asked = stage.clone();
        waiting.push(tokio::spawn(async move { asked.get(&url).await.status.as_u16() }));
        stage.get("/readyz").await.status == 503
    })
    .await;
    assert_eq!(reasons(&stage, 503).await, ["queue"]);
    assert_eq!(stage.get("/healthz").await.is(200).json()["status"], "ok", "it reads aloud all the same");
    stage.engine.open();
    until("it is ready again", async || stage.get("/readyz").await.status == 200).await;
    for answered in waiting {
        assert!(matches!(answered.await.unwrap(), 200 | 503));
    }
}

#[tokio::test]
async fn without_a_voice_it_takes_nobody() {
    let renderer =
        Renderer::start(Vec::new(), Store::memory(StoreOptions::default()), RenderOptions::default());
    let router = langdu::http::router(langdu::http::App::new(renderer.clone()));
    let stage = Stage { engine: stage::Hummer::new(), renderer, router };
    until("the store is probed", async || !reasons(&stage, 503).await.contains(&"store".to_owned())).await;
    assert!(reasons(&stage, 503).await.contains(&"voices".to_owned()));
}

#[test]
fn told_to_stop_it_says_so_at_once_while_an_answer_is_under_way() {
    // Six clips of 300 ms.
    let mut service = Service::hum(None, &["--delay-ms", "300"]);
    let address = service.address;
    support::service::until("it is ready", || service.client().get("/readyz").unwrap().status == 200);
    let text = groups('北', 6);
    let id = service.client().post("/v1/notices", "text/plain; charset=utf-8", &text).unwrap().json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    // One who listens to all of it, and one who was there before and asks for nothing at the moment.
    let mut idle = TcpStream::connect(address).unwrap();
    let listener = thread::spawn(move || {
        let mut wire = TcpStream::connect(address).unwrap();
        wire.write_all(&request("GET", &format!("/v1/notices/{id}/audio.wav"), &[], b"")).unwrap();
        let mut heard = Vec::new();
        wire.read_to_end(&mut heard).unwrap();
        heard
    });
    thread::sleep(Duration::from_millis(700));
    let told = Instant::now();
    service.terminate();
    support::service::until("it says that it stops", || {
        service.client().get("/readyz").is_ok_and(|answer| answer.status == 503)
    });
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
    let ready = service.client().get("/readyz").unwrap();
    assert_eq!(ready.json()["reasons"][0]["part"], "service");
    assert_eq!(ready.header("connection"), "close");
    // It reads aloud all the same, and takes nothing new.
    assert_eq!(service.client().get("/healthz").unwrap().status, 200);
    let refused = service.client().post("/v1/notices", "text/plain", "今天停水。").unwrap();
    let problem: Value = refused.json();
    assert_eq!((refused.status, problem["code"].as_str()), (503, Some("stopping")));
    assert!(!refused.header("x-request-id").is_empty() && !refused.header("retry-after").is_empty());
    // Who asks for nothing is sent away, and keeps nobody waiting.
    assert_eq!(idle.read(&mut [0; 9]).unwrap(), 0);

    let heard = String::from_utf8_lossy(&listener.join().unwrap()).into_owned();
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
    assert!(heard.ends_with("\r\n0\r\n\r\n"), "the answer that was under way was broken off");
    assert!(service.ended());
    assert!(told.elapsed() < Duration::from_secs(9), "{:?}", told.elapsed());
    assert!(TcpStream::connect(address).is_err());
}
