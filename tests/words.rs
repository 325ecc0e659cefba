//! When each word of a clip is heard, over HTTP: in the manifest and alone; told by the engine or estimated; kept,
//! lost, withdrawn, in another voice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};
use langdu::{
    audio::{Pcm, Said},
    engine::{Engine, EngineError, Voice},
    http::{Access, App, Limits, router},
    keys::{self, Keys, Right},
    reading::Reading,
    render::{RenderOptions, Renderer},
    store::{Store, StoreOptions},
};
use serde_json::Value;
use stage::{Hummer, Mood, Stage, groups, text, under, until};

/// An engine that hums and tells when.
struct Teller(Vec<Voice>, AtomicBool);

impl Teller {
    fn stage(tells: bool) -> Stage {
        let voices = Hummer::new().voices().to_vec();
        let engine = Arc::new(Self(voices, AtomicBool::new(tells)));
        let renderer =
            Renderer::start(vec![engine], Store::memory(StoreOptions::default()), RenderOptions::default());
        Stage { engine: Hummer::new(), router: router(App::new(renderer.clone())), renderer }
    }
}

impl Engine for Teller {
    fn version(&self) -> &str {
        "teller/1"
    }

    fn voices(&self) -> &[Voice] {
        &self.0
    }

    /// A quarter of a second of nothing, then a tenth of a second for each sound.
    fn synthesize(&self, _: &str, reading: &Reading, _: f32) -> Result<Said, EngineError> {
        let hum = (0..2400 * reading.sounds.len()).map(|at| 0.3 * (at as f32 * 0.1).sin());
        let samples = std::iter::repeat_n(0.0, 6000).chain(hum).collect();
        let time = |at: usize| 0.25 + 0.1 * at as f32..0.35 + 0.1 * at as f32;
        let times = (0..reading.sounds.len()).map(time).collect();
        let times = self.1.load(Ordering::SeqCst).then_some(times);
        Ok(Said { pcm: Pcm { rate: 24_000, samples }, times })
    }
}

/// The clips of a manifest.
fn clips(manifest: &Value) -> Vec<Value> {
    let sentences = manifest["sentences"].as_array().unwrap().iter();
    sentences.flat_map(|sentence| sentence["clips"].as_array().unwrap().clone()).collect()
}

/// The address of the words of a clip.
fn address(manifest: &Value, at: usize) -> String {
    under(manifest, &format!("/words/{at}"))
}

/// What `submitted` has at the spans of `words`.
fn written(submitted: &str, words: &Value) -> Vec<String> {
    let units: Vec<u16> = submitted.encode_utf16().collect();
    let of = |word: &Value| {
        let at = |n: usize| word["span"][n].as_u64().unwrap() as usize;
        String::from_utf16(&units[at(0)..at(1)]).unwrap()
    };
    words.as_array().unwrap().iter().map(of).collect()
}

/// Every word begins where the one before has ended or later, and ends before the pause of its clip.
fn are_in_order(clip: &Value) {
    let (mut now, words) = (0, clip["words"].as_array().unwrap());
    assert!(!words.is_empty());
    for word in words {
        let (start, length) = (word["start_ms"].as_u64().unwrap(), word["duration_ms"].as_u64().unwrap());
        assert!(start >= now && length > 20, "{clip}");
        now = start + length;
    }
    let speech = clip["duration_ms"].as_u64().unwrap() - clip["pause_ms"].as_u64().unwrap();
    assert!(now <= speech, "{clip}");
}

#[tokio::test]
async fn the_engine_knows_best_when_its_words_are_heard() {
    let stage = Teller::stage(true);
    let submitted = "🔊今天停水，GDP增长。";
    let made = stage.made(&stage.submit(submitted).await).await;
    // Every sound is a tenth of a second, the speech begins after the margin of 50 ms, and a mark is heard too.
    for (clip, starts) in clips(&made).iter().zip([&[50, 250][..], &[50, 150, 250, 350]]) {
        assert_eq!(clip["timing"], "model");
        are_in_order(clip);
        let words = clip["words"].as_array().unwrap();
        let found: Vec<u64> = words.iter().map(|word| word["start_ms"].as_u64().unwrap()).collect();
        let off = found.iter().zip(starts).map(|(start, due)| start.abs_diff(*due)).max().unwrap();
        assert!(found.len() == starts.len() && off <= 5, "{found:?}");
    }
    assert_eq!(written(submitted, &clips(&made)[0]["words"]), ["今天", "停水"]);
    assert_eq!(written(submitted, &clips(&made)[1]["words"]).last().unwrap(), "增长");
}

#[tokio::test]
async fn where_the_engine_does_not_know_they_are_found_in_the_clip() {
    let stage = Stage::in_memory();
    let submitted = text(6);
    let manifest = stage.submit(&submitted).await;
    assert!(clips(&manifest).iter().all(|clip| clip["words"].is_null() && clip["timing"].is_null()));
    let made = stage.made(&manifest).await;
    for (index, clip) in clips(&made).into_iter().enumerate() {
        assert_eq!(clip["timing"], "estimated");
        are_in_order(&clip);
        let span = &clip["span"];
        let units: Vec<u16> = submitted.encode_utf16().collect();
        let at = |n: usize| span[n].as_u64().unwrap() as usize;
        let said = String::from_utf16(&units[at(0)..at(1)]).unwrap();
        let spoken: String = said.chars().filter(|c| !"，。".contains(*c)).collect();
        assert_eq!(written(&submitted, &clip["words"]).concat(), spoken);
        // The same alone, in the same units.
        let alone = stage.get(&address(&manifest, index)).await.is(200).json();
        for key in ["key", "timing", "words"] {
            assert_eq!(alone[key], clip[key], "{key}");
        }
    }
    // Whoever submits it again has them at once, for they are in memory.
    let again = stage.submit(&submitted).await;
    assert_eq!(clips(&again), clips(&made));
    // 冬 and 东 sound the same: one clip, heard at two places.
    assert!(stage.engine.calls() < clips(&made).len());
}

#[tokio::test]
async fn whoever_asks_for_words_before_the_clip_is_made_waits() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit("今天停水。").await;
    let address = address(&manifest, 0);
    let (words, ()) = futures::join!(stage.get(&address), async {
        until("a synthesis", async || stage.engine.calls() > 0).await;
        stage.engine.open();
    });
    assert_eq!(words.is(200).json()["words"].as_array().unwrap().len(), 2);
    assert_eq!(stage.engine.calls(), 1);
}

#[tokio::test]
async fn what_is_no_clip_has_no_words() {
    let stage = Stage::in_memory();
    let manifest = stage.submit("今天停水。").await;
    let made = stage.made(&manifest).await;
    for none in ["1", "-1", "abc", "0x0", "99999999999999999999"] {
        stage.get(&under(&manifest, &format!("/words/{none}"))).await.is_problem(404, "not_found");
    }
    stage.get("/v1/notices/abc/words/0").await.is_problem(400, "notice_id_malformed");
    let nowhere = format!("/v1/notices/{}/words/0", "0".repeat(32));
    stage.get(&nowhere).await.is_problem(404, "notice_unknown");
    // What is kept beside a clip has no address of its own.
    let url = clips(&made)[0]["url"].as_str().unwrap().replace(".wav", ".marks");
    stage.get(&url).await.is_problem(406, "format_not_served");
    stage.engine.is(Mood::Fails);
    let failing = stage.submit("明天停水。").await;
    stage.get(&address(&failing, 0)).await.is_problem(500, "synthesis_failed");
}

#[tokio::test]
async fn another_voice_has_words_of_its_own() {
    let engines = [Hummer::new(), Hummer::named("spare")];
    let options = RenderOptions { fallback: vec!["spare".to_owned()], ..RenderOptions::default() };
    let stage = Stage::with_engines(&engines, Store::memory(StoreOptions::default()), options);
    stage.engine.is(Mood::Fails);
    let manifest = stage.submit("今天停水。").await;
    let planned = clips(&manifest)[0].clone();
    let made = stage.made(&manifest).await;
    let heard = clips(&made)[0].clone();
    assert_eq!(heard["voice"], "spare");
    are_in_order(&heard);
    let asked = stage.get(&address(&manifest, 0)).await.is(200).json();
    assert_ne!(asked["key"], planned["key"]);
    assert_eq!((&asked["key"], &asked["words"]), (&heard["key"], &heard["words"]));
}

/// Where the marks of a clip lie.
fn file(folder: &Path, clip: &Value) -> PathBuf {
    let key = clip["key"].as_str().unwrap();
    folder.join("clips").join(&key[..2]).join(format!("{key}.marks"))
}

#[tokio::test]
async fn words_outlive_a_restart_and_are_estimated_again_when_they_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (manifest, before) = {
        let stage = Stage::in_folder(folder.path());
        let manifest = stage.submit(&text(3)).await;
        let before = clips(&stage.made(&manifest).await);
        stage.renderer.stop().await;
        (manifest, before)
    };
    assert!(before.iter().all(|clip| file(folder.path(), clip).exists()));
    let stage = Stage::in_folder(folder.path());
    let made = stage.get(&under(&manifest, "")).await.is(200).json();
    assert_eq!(clips(&made), before);

    // One is lost, one damaged, and one is of another clip.
    stage.renderer.stop().await;
    fs::remove_file(file(folder.path(), &before[0])).unwrap();
    fs::write(file(folder.path(), &before[1]), b"{}").unwrap();
    fs::copy(file(folder.path(), &before[0].clone()).with_extension("wav"), file(folder.path(), &before[2]))
        .unwrap();
    let stage = Stage::in_folder(folder.path());
    let made = clips(&stage.get(&under(&manifest, "")).await.is(200).json());
    for (at, (made, before)) in made.iter().zip(&before).enumerate().take(3) {
        assert!(made["words"].is_null(), "{made}");
        assert_eq!(made["duration_ms"], before["duration_ms"]);
        let again = stage.get(&address(&manifest, at)).await.is(200).json();
        assert_eq!(again["words"], before["words"]);
    }
    assert_eq!(clips(&stage.get(&under(&manifest, "")).await.json()), before);
    assert_eq!(stage.engine.calls(), 0, "a clip was made again");
}

#[tokio::test]
async fn what_is_withdrawn_leaves_no_words_behind() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(folder.path(), StoreOptions::default()).unwrap();
    let renderer = Renderer::start(vec![Hummer::new()], store, RenderOptions::default());
    let file_of_keys = folder.path().join("keys.toml");
    let key = keys::add(&file_of_keys, "cms", &[Right::Publish]).unwrap();
    let keys = Arc::new(Keys::open(&file_of_keys).unwrap());
    let app = App::new(renderer.clone()).keys(keys).access(Access::Published);
    let stage = Stage { engine: Hummer::new(), router: router(app), renderer };
    let bearer = format!("Bearer {key}");
    let put = Request::put("/v1/published/a").header("authorization", &bearer);
    let put = put.header("content-type", "application/json").body(r#"{"text": "今天停水。"}"#.into());
    let entry = stage.ask(put.unwrap()).await.is(201).json();
    let id = entry["notice"].as_str().unwrap();
    let made = stage.made(&serde_json::json!({ "id": id })).await;
    let clip = clips(&made)[0].clone();
    until("the marks", async || file(folder.path(), &clip).exists()).await;
    stage.get(&address(&made, 0)).await.is(200);

    let delete = Request::delete("/v1/published/a").header("authorization", &bearer);
    stage.ask(delete.body(Body::empty()).unwrap()).await.is(204);
    assert!(!file(folder.path(), &clip).exists());
    stage.get(&address(&made, 0)).await.is_problem(404, "notice_unknown");
}

#[tokio::test]
async fn a_long_manifest_is_not_made_slow_by_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::in_folder(folder.path());
    let manifest = stage.submit(&groups('甲', 200)).await;
    let made = clips(&stage.made(&manifest).await);
    assert!(made.len() >= 200 && made.iter().all(|clip| !clip["words"].is_null()));
    let from_memory = timed_get(&stage, &manifest).await;
    stage.renderer.stop().await;

    // Nothing is in memory: the notice is planned again, and every file of a clip looked for.
    let stage = Stage::in_folder(folder.path());
    let (began, address) = (Instant::now(), under(&manifest, ""));
    let answer = stage.get(&address).await.is(200).json();
    let from_folder = began.elapsed();
    assert_eq!(clips(&answer), made);
    let again = timed_get(&stage, &manifest).await;
    println!(
        "{} clips: {from_memory:?} from memory, {from_folder:?} after a restart, then {again:?}",
        made.len()
    );
    for took in [from_memory, from_folder, again] {
        assert!(took.as_millis() < 1000, "{took:?}");
    }
}

/// How long a manifest takes.
async fn timed_get(stage: &Stage, manifest: &Value) -> Duration {
    let began = Instant::now();
    stage.get(&under(manifest, "")).await.is(200);
    began.elapsed()
}

#[tokio::test]
async fn words_that_only_have_to_be_found_in_a_clip_cost_no_clip() {
    let folder = tempfile::tempdir().unwrap();
    let (manifest, made) = {
        let stage = Stage::in_folder(folder.path());
        let manifest = stage.submit(&groups('乙', 12)).await;
        let made = clips(&stage.made(&manifest).await);
        stage.renderer.stop().await;
        (manifest, made)
    };
    made.iter().for_each(|clip| fs::remove_file(file(folder.path(), clip)).unwrap());
    // Ten clips at once may be asked for, or notices planned again: the requests themselves take all of that.
    let store = Store::folder(folder.path(), StoreOptions::default()).unwrap();
    let renderer = Renderer::start(vec![Hummer::new()], store, RenderOptions::default());
    let limits = Limits { client_rate: 1, client_burst: 1, ..Limits::NONE };
    let app = App::new(renderer.clone()).limits(limits);
    let stage = Stage { engine: Hummer::new(), router: router(app), renderer };
    let mut told = Vec::new();
    for at in 0..made.len() {
        told.push(stage.get(&address(&manifest, at)).await.status.as_u16());
    }
    assert_eq!(told[..10], [200; 10]);
    assert_eq!(told[11], 429, "nothing is counted");
}
