//! Voices that turn out broken, or whose program vanishes, while the service runs: the others speak, named by the site
//! or not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::sync::Arc;

use langdu::{
    engine::Refused,
    render::RenderOptions,
    store::{Store, StoreOptions},
};
use stage::{Hummer, Mood, Stage, clip_urls, groups, until};

fn stage(options: RenderOptions) -> (Stage, Vec<Arc<Hummer>>) {
    let engines = [Hummer::new(), Hummer::named("spare"), Hummer::named("third")];
    let store = Store::memory(StoreOptions::default());
    (Stage::with_engines(&engines, store, options), engines.to_vec())
}

fn refused(folder: &str, voices: &[&str]) -> Refused {
    let voices = Some(voices.iter().map(|&voice| voice.to_owned()).collect());
    Refused { folder: folder.to_owned(), voices, why: "its network is broken".to_owned() }
}

fn fallback(names: &[&str]) -> RenderOptions {
    let fallback = names.iter().map(|&name| name.to_owned()).collect();
    RenderOptions { fallback, most_notices: 0, ..RenderOptions::default() }
}

#[tokio::test]
async fn what_was_planned_before_is_said_by_another_at_once() {
    for (options, speaks) in [(fallback(&[]), 1), (fallback(&["third"]), 2)] {
        let (stage, engines) = stage(options);
        let manifest = stage.submit(&groups('甲', 3)).await;
        assert_eq!(manifest["voice"], "hum");
        stage.renderer.refuse(0, refused("hummer", &["hum", "slow"]));
        for url in clip_urls(&manifest) {
            stage.get(&url).await.is(200);
        }
        let made = stage.made(&manifest).await;
        for sentence in made["sentences"].as_array().unwrap() {
            assert_eq!(sentence["clips"][0]["voice"], ["hum", "spare", "third"][speaks]);
        }
        let calls: Vec<_> = engines.iter().map(|engine| engine.calls()).collect();
        assert_eq!(
            (calls[0], calls[speaks], calls[3 - speaks]),
            (0, 3, 0),
            "nobody waits for the broken one"
        );
        // The clip that spoke has an address of its own, and is found by it.
        for url in clip_urls(&made) {
            stage.get(&url).await.is(200);
        }
    }
}

#[tokio::test]
async fn who_asks_for_it_hears_another_and_is_told_which() {
    let (stage, _) = stage(fallback(&["third"]));
    stage.renderer.refuse(0, refused("hummer", &["hum", "slow"]));
    let manifest = stage.submit("今天停水。").await;
    assert_eq!(manifest["voice"], "third");
    let asked =
        stage.post("/v1/notices", "application/json", r#"{"text":"今天停水。","voice":"slow"}"#).await;
    assert_eq!(asked.json()["voice"], "third");
    let unknown =
        stage.post("/v1/notices", "application/json", r#"{"text":"今天停水。","voice":"nobody"}"#).await;
    assert_eq!(unknown.json()["code"], "voice_unknown");
    let voices = stage.get("/v1/voices").await.json();
    let names: Vec<_> =
        voices["voices"].as_array().unwrap().iter().map(|voice| voice["name"].clone()).collect();
    assert_eq!(
        (names, &voices["voices"][0]["default"]),
        (vec!["third".into(), "spare".into()], &true.into())
    );
    let health = stage.get("/healthz").await.is(200).json();
    assert_eq!((&health["status"], &health["reasons"][0]["part"]), (&"degraded".into(), &"voices".into()));
    assert!(health["reasons"][0]["detail"].as_str().unwrap().contains("hummer"));
}

#[tokio::test]
async fn a_program_that_vanishes_is_replaced_at_once_and_not_started_for_every_clip() {
    let (stage, engines) = stage(fallback(&[]));
    let manifest = stage.submit(&groups('甲', 6)).await;
    engines[0].is(Mood::FilesGone);
    let urls = clip_urls(&manifest);
    for url in &urls {
        stage.get(url).await.is(200);
    }
    let calls = |engine: usize| engines[engine].calls();
    assert_eq!((calls(0), calls(1), calls(2)), (1, 6, 0), "the broken one is tried once");
    let made = stage.made(&manifest).await;
    let spoken = clip_urls(&made);
    for (at, sentence) in made["sentences"].as_array().unwrap().iter().enumerate() {
        let clip = &sentence["clips"][0];
        assert_eq!(clip["voice"], "spare", "{clip}");
        assert!(clip["duration_ms"].as_u64().unwrap() > 0, "{clip}");
        assert_ne!(spoken[at], urls[at]);
        stage.get(&spoken[at]).await.is(200);
    }
    assert_eq!(stage.submit("今天停水。").await["voice"], "hum", "it may be back at any time");
    let health = stage.get("/healthz").await.is(200).json();
    assert_eq!((&health["status"], &health["reasons"][0]["part"]), (&"degraded".into(), &"voices".into()));
    let told = stage.get("/healthz").await.body;
    assert!(String::from_utf8_lossy(&told).contains("hummer/2"), "{told:?}");
}

#[tokio::test]
async fn what_a_stand_in_has_said_is_made_again_under_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        let store = Store::folder(folder.path(), StoreOptions::default()).unwrap();
        let engines = [Hummer::new(), Hummer::named("spare"), Hummer::named("third")];
        (Stage::with_engines(&engines, store, fallback(&[])), engines)
    };
    let (before, engines) = start();
    let manifest = before.submit("今天停水。").await;
    engines[0].is(Mood::FilesGone);
    before.get(&clip_urls(&manifest)[0]).await.is(200);
    let spoken = clip_urls(&before.made(&manifest).await).remove(0);
    let sound = before.get(&spoken).await.is(200).body.clone();
    before.renderer.stop().await;
    std::fs::remove_dir_all(folder.path().join("clips")).unwrap();

    let (after, engines) = start();
    assert_eq!(after.get(&spoken).await.is(200).body, sound);
    let calls: Vec<_> = engines.iter().map(|engine| engine.calls()).collect();
    assert_eq!(calls, [0, 1, 0]);
}

#[tokio::test]
async fn who_had_to_speak_is_silent_when_the_notice_is_withdrawn() {
    let (stage, engines) = stage(fallback(&[]));
    let manifest = stage.submit("今天停水。").await;
    engines[0].is(Mood::FilesGone);
    stage.get(&clip_urls(&manifest)[0]).await.is(200);
    let spoken = clip_urls(&stage.made(&manifest).await).remove(0);
    engines[0].is(Mood::Well);
    stage.renderer.withdraw(manifest["id"].as_str().unwrap().parse().unwrap()).await.unwrap();
    let plain = spoken.split('?').next().unwrap();
    stage.get(&spoken).await.is(404);
    stage.get(plain).await.is(404);
    // Submitted again it is kept again.
    engines[0].is(Mood::FilesGone);
    let again = stage.submit("今天停水。").await;
    stage.get(&clip_urls(&again)[0]).await.is(200);
    let made = engines[1].calls();
    stage.get(&spoken).await.is(200);
    assert_eq!(engines[1].calls(), made);
}

#[tokio::test]
async fn who_reads_in_the_place_of_another_reads_as_fast_as_it_can() {
    let (stage, _) = stage(fallback(&[]));
    let submit = async |voice: &str| {
        let body = format!(r#"{{"text":"今天停水。","voice":"{voice}","speed":2.0}}"#);
        stage.post("/v1/notices", "application/json", body).await
    };
    submit("spare").await.is_problem(422, "speed_out_of_range");
    assert_eq!(submit("hum").await.json()["speed"], 2.0);
    stage.renderer.refuse(0, refused("hummer", &["hum", "slow"]));
    let stood_in = submit("hum").await.json();
    assert_eq!(stood_in["voice"], "spare");
    assert!((stood_in["speed"].as_f64().unwrap() - 1.2).abs() < 1e-6, "{stood_in}");
    stage.get(&clip_urls(&stood_in)[0]).await.is(200);
    let nobody = r#"{"text":"今天停水。","speed":2.0}"#;
    let default = stage.post("/v1/notices", "application/json", nobody).await.json();
    assert!((default["speed"].as_f64().unwrap() - 1.2).abs() < 1e-6, "{default}");
    submit("spare").await.is_problem(422, "speed_out_of_range");
}

#[tokio::test]
async fn a_folder_that_nobody_can_read_may_have_had_any_voice() {
    let unreadable = Refused { folder: "torn".to_owned(), voices: None, why: "no TOML".to_owned() };
    let (stage, _) = stage(RenderOptions { refused: vec![unreadable], ..fallback(&["spare"]) });
    assert_eq!(stage.submit("今天停水。").await["voice"], "hum", "the default is whole");
    let asked =
        stage.post("/v1/notices", "application/json", r#"{"text":"今天停水。","voice":"lost"}"#).await;
    assert_eq!(asked.json()["voice"], "spare");
}

#[tokio::test]
async fn with_no_voice_left_it_says_so() {
    let (stage, engines) = stage(fallback(&["spare"]));
    let manifest = stage.submit("今天停水。").await;
    for (at, folder) in ["hummer", "spare", "third"].into_iter().enumerate() {
        engines[at].is(Mood::FilesGone);
        stage.renderer.refuse(at, refused(folder, &[folder]));
    }
    let broken = stage.get(&clip_urls(&manifest)[0]).await;
    broken.is_problem(500, "voice_broken");
    assert_eq!(broken.json()["detail"], "the voice cannot be used; the log of the service says why");
    stage
        .post("/v1/notices", "text/plain; charset=utf-8", "今天停电。")
        .await
        .is_problem(500, "voice_broken");
    stage.get("/healthz").await.is(503);
    until("it takes nobody", async || stage.get("/readyz").await.status == 503).await;
}
