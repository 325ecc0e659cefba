//! Voices that fail or hang, and the voices that speak in their place.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{sync::Arc, time::Duration};

use langdu::{
    render::RenderOptions,
    store::{Store, StoreOptions},
};
use stage::{Hummer, Mood, Stage, clip_urls, groups, text, under, until};

/// Who hangs is soon given up; who only is slow is not, however busy the machine.
fn options(mood: Mood) -> RenderOptions {
    let synthesis = Duration::from_millis(if mood == Mood::Hangs { 300 } else { 60_000 });
    RenderOptions { synthesis, ..RenderOptions::default() }
}

fn memory() -> Store {
    Store::memory(StoreOptions::default())
}

/// Two engines, the second with the voice that speaks where the first fails.
fn with_fallback(store: Store, mood: Mood) -> (Stage, Arc<Hummer>) {
    let engines = [Hummer::new(), Hummer::named("spare")];
    let options = RenderOptions { fallback: vec!["spare".to_owned()], ..options(mood) };
    engines[0].is(mood);
    (Stage::with_engines(&engines, store, options), engines[1].clone())
}

/// Every way to fail, and what is told of it.
const FAILURES: [(Mood, &str); 8] = [
    (Mood::Fails, "synthesis_failed"),
    (Mood::Panics, "synthesis_failed"),
    (Mood::NotANumber, "synthesis_failed"),
    (Mood::Silent, "synthesis_failed"),
    (Mood::TooLong, "synthesis_failed"),
    (Mood::TooShort, "synthesis_failed"),
    (Mood::FilesGone, "voice_broken"),
    (Mood::Hangs, "synthesis_timeout"),
];

#[tokio::test]
async fn what_fails_is_told_and_never_heard() {
    for (mood, code) in FAILURES {
        let stage = Stage::with(memory(), RenderOptions { most_notices: 0, ..options(mood) });
        stage.engine.is(mood);
        let urls = clip_urls(&stage.submit(&groups('甲', 3)).await);
        for url in &urls {
            stage.get(url).await.is_problem(500, code);
        }
        let health = stage.get("/healthz").await.is(200).json();
        assert_eq!(
            (&health["status"], &health["reasons"][0]["part"]),
            (&"degraded".into(), &"voices".into())
        );
        stage.engine.is(Mood::Well);
        for url in &urls {
            stage.get(url).await.is(200);
        }
        until("all is well", async || stage.get("/healthz").await.json()["status"] == "ok").await;
    }
}

#[tokio::test]
async fn where_a_voice_fails_the_next_one_speaks_and_the_manifest_says_so() {
    for (mood, _) in FAILURES {
        let (stage, spare) = with_fallback(memory(), mood);
        let manifest = stage.submit(&groups('甲', 2)).await;
        let made = stage.made(&manifest).await;
        let planned = clip_urls(&manifest);
        assert_eq!(spare.calls(), 2, "{mood:?}");
        for (at, url) in planned.iter().enumerate() {
            let clip = &made["sentences"][at]["clips"][0];
            assert_eq!(clip["voice"], "spare", "{mood:?}");
            let other = clip["url"].as_str().unwrap();
            assert_ne!(other, url, "another sound has another name");
            let heard = stage.get(url).await;
            assert_eq!(heard.is(200).body, stage.get(other).await.is(200).body, "{mood:?}");
        }
        let whole = stage.get(&under(&manifest, "/audio.wav")).await;
        assert!(whole.is(200).body.len() > 44, "{mood:?}");
        assert_eq!(spare.calls(), 2, "each once");
        stage.engine.is(Mood::Well);
    }
}

#[tokio::test]
async fn nobody_waits_for_a_broken_voice_twice() {
    let (stage, spare) = with_fallback(memory(), Mood::Fails);
    let urls = clip_urls(&stage.submit("今天停水。").await);
    stage.get(&urls[0]).await.is(200);
    let tried = stage.engine.calls();
    for _ in 0..3 {
        stage.get(&urls[0]).await.is(200);
    }
    assert_eq!((stage.engine.calls(), spare.calls()), (tried, 1));
}

#[tokio::test]
async fn when_every_voice_fails_the_first_failure_is_told() {
    let (stage, spare) = with_fallback(memory(), Mood::FilesGone);
    spare.is(Mood::Silent);
    let manifest = stage.submit("今天停水。").await;
    stage.get(&clip_urls(&manifest)[0]).await.is_problem(500, "voice_broken");
    let told = stage.get(&under(&manifest, "/events")).await;
    let told = String::from_utf8(told.is(200).body.to_vec()).unwrap();
    assert!(told.contains("voice_broken") && told.contains("\"failed\":1"), "{told}");
}

#[tokio::test]
async fn a_clip_in_another_voice_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = || {
        let options = StoreOptions { retry: Duration::ZERO, ..StoreOptions::default() };
        Store::folder(folder.path(), options).unwrap()
    };
    let (before, _) = with_fallback(store(), Mood::Fails);
    let manifest = before.submit("今天停水。").await;
    let made = before.made(&manifest).await;
    let (own, other) = (clip_urls(&manifest).remove(0), clip_urls(&made).remove(0));
    let sound = before.get(&other).await.is(200).body.clone();
    before.renderer.stop().await;

    let (after, spare) = with_fallback(store(), Mood::Well);
    assert_eq!(after.get(&other).await.is(200).body, sound);
    assert_eq!(spare.calls(), 0);
    after.renderer.stop().await;
    std::fs::remove_dir_all(folder.path().join("clips")).unwrap();

    let (lost, spare) = with_fallback(store(), Mood::Well);
    assert_eq!(lost.get(&other).await.is(200).body, sound, "made again under its name");
    assert_eq!(spare.calls(), 1);
    assert_ne!(lost.get(&own).await.is(200).body, sound, "its own voice is tried again");
    assert_eq!(lost.engine.calls(), 1);
}

#[tokio::test]
async fn an_engine_that_hangs_stops_neither_the_queue_nor_the_service() {
    let stage = Stage::with(memory(), RenderOptions { most_notices: 0, ..options(Mood::Hangs) });
    stage.engine.is(Mood::Hangs);
    let manifest = stage.submit(&groups('甲', 6)).await;
    let urls = clip_urls(&manifest);
    for url in &urls[..4] {
        stage.get(url).await.is_problem(500, "synthesis_timeout");
    }
    // Four threads are lost: no fifth is risked.
    assert_eq!(stage.engine.calls(), 4);
    for url in &urls[4..] {
        stage.get(url).await.is_problem(503, "voice_stuck");
    }
    assert_eq!(stage.engine.calls(), 4);
    let health = stage.get("/healthz").await.is(200).json();
    assert!(health["reasons"][0]["detail"].as_str().unwrap().contains("does not come back"), "{health}");

    stage.engine.is(Mood::Well);
    let address = under(&manifest, "");
    until("what came late is kept", async || stage.get(&address).await.json()["ready_count"] == 4).await;
    until("all is well", async || stage.get("/healthz").await.json()["status"] == "ok").await;
    for url in &urls[..4] {
        stage.get(url).await.is(200);
    }
    assert_eq!(stage.engine.calls(), 4);
    for url in &urls[4..] {
        stage.get(url).await.is(200);
    }
    stage.engine.is(Mood::Hangs);
    stage.renderer.stop().await;
    stage.engine.is(Mood::Well);
}

#[tokio::test]
async fn what_hangs_ahead_keeps_no_listener_waiting() {
    let stage = Stage::in_memory();
    stage.engine.is(Mood::Hangs);
    let ahead = stage.submit(&text(1)).await;
    until("a clip is begun ahead", async || stage.engine.calls() == 1).await;
    let urls = clip_urls(&stage.submit(&groups('甲', 2)).await);
    // The thread in the seat of the listeners takes this one, and is well.
    let (answer, ()) = futures::join!(stage.get(&urls[0]), async {
        until("the listener is served", async || stage.engine.calls() == 2).await;
        stage.engine.is(Mood::Well);
    });
    answer.is(200);
    stage.made(&ahead).await;
}
