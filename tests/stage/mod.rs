//! What the tests of the service share: an engine that can be told how to behave, and short ways to ask.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod hum;

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use langdu::{
    audio::{Pcm, Said},
    engine::{Engine, EngineError, Voice},
    http::{App, router},
    reading::Reading,
    render::{RenderOptions, Renderer},
    store::{Store, StoreOptions},
};
use serde_json::Value;
use tower::ServiceExt;

/// How the engine behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    Well,
    Fails,
    Panics,
    NotANumber,
    Silent,
    FilesGone,
    /// Says nothing, and comes back when the mood changes.
    Hangs,
    TooLong,
    TooShort,
}

/// An engine that hums.
pub struct Hummer {
    voices: Vec<Voice>,
    version: String,
    mood: Mutex<Mood>,
    cheered: Condvar,
    /// How many more clips it makes before it waits.
    permits: Mutex<usize>,
    permitted: Condvar,
    calls: AtomicUsize,
    at_once: AtomicUsize,
    said: Mutex<Vec<String>>,
}

impl Hummer {
    pub fn new() -> Arc<Self> {
        Self::with(hum::VERSION, [("hum", "哼哼", (0.5, 2.0)), ("slow", "慢慢", (0.8, 1.2))])
    }

    /// Another engine, with a voice of the same name.
    pub fn named(name: &str) -> Arc<Self> {
        Self::with(&format!("{name}/1"), [(name, "另一个", (0.8, 1.2))])
    }

    fn with<const N: usize>(version: &str, voices: [(&str, &str, (f32, f32)); N]) -> Arc<Self> {
        Arc::new(Self {
            voices: voices.map(|(name, title, speed)| hum::voice(name, title, speed)).to_vec(),
            version: version.to_owned(),
            mood: Mutex::new(Mood::Well),
            cheered: Condvar::new(),
            permits: Mutex::new(usize::MAX),
            permitted: Condvar::new(),
            calls: AtomicUsize::new(0),
            at_once: AtomicUsize::new(1),
            said: Mutex::default(),
        })
    }

    pub fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.cheered.notify_all();
    }

    /// What it was asked to say, in order: `jin tian ting shui`.
    pub fn said(&self) -> Vec<String> {
        self.said.lock().unwrap().clone()
    }

    /// From now on every synthesis waits for [`Hummer::permit`] or [`Hummer::open`].
    pub fn close(&self) {
        *self.permits.lock().unwrap() = 0;
    }

    /// Lets so many syntheses pass.
    pub fn permit(&self, clips: usize) {
        *self.permits.lock().unwrap() += clips;
        self.permitted.notify_all();
    }

    pub fn open(&self) {
        *self.permits.lock().unwrap() = usize::MAX;
        self.permitted.notify_all();
    }

    /// Before it is put on a stage: how many listeners it serves at once.
    pub fn serves(&self, at_once: usize) {
        self.at_once.store(at_once, Ordering::SeqCst);
    }

    /// How many syntheses were begun.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl Engine for Hummer {
    fn version(&self) -> &str {
        &self.version
    }

    fn voices(&self) -> &[Voice] {
        &self.voices
    }

    fn at_once(&self) -> usize {
        self.at_once.load(Ordering::SeqCst)
    }

    fn synthesize(&self, _: &str, reading: &Reading, speed: f32) -> Result<Said, EngineError> {
        let syllables = reading.sounds.iter().filter_map(|sound| sound.voiced.syllable());
        let said: Vec<&str> = syllables.map(|syllable| syllable.pinyin).collect();
        self.said.lock().unwrap().push(said.join(" "));
        self.calls.fetch_add(1, Ordering::SeqCst);
        let permits = self.permits.lock().unwrap();
        let mut permits = self.permitted.wait_while(permits, |permits| *permits == 0).unwrap();
        *permits -= 1;
        drop(permits);
        // Each engine in a tone of its own.
        let tone = |n: usize| 0.9 + 0.1 * (n as f32 * 0.001 * self.version.len() as f32).sin();
        let hum = |gain: f32| -> Vec<f32> {
            let samples = hum::hum(reading, speed).into_iter().enumerate();
            samples.map(|(n, sample)| gain * tone(n) * sample).collect()
        };
        let mood = self.mood.lock().unwrap();
        let mood = *self.cheered.wait_while(mood, |mood| *mood == Mood::Hangs).unwrap();
        let samples = match mood {
            Mood::Well => hum(1.0),
            Mood::Fails => return Err(EngineError::Failed("it was told to".to_owned())),
            Mood::FilesGone => return Err(EngineError::Files("its files are gone".to_owned())),
            Mood::Panics => panic!("it was told to"),
            Mood::NotANumber => hum(f32::NAN),
            Mood::Silent => hum(0.0),
            Mood::TooLong => {
                (0..24_000 * (11 + 2 * reading.sounds.len())).map(|n| (n as f32 * 0.06).sin()).collect()
            }
            Mood::TooShort => hum(0.3).into_iter().take(200).collect(),
            Mood::Hangs => unreachable!("it waits until it is in another mood"),
        };
        Ok(Pcm { rate: 24_000, samples }.into())
    }
}

/// A service with its engine.
pub struct Stage {
    pub engine: Arc<Hummer>,
    pub renderer: Renderer,
    pub router: Router,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {:?}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) {
        self.is(status);
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        for field in ["title", "title_zh", "detail"] {
            assert!(!problem[field].as_str().unwrap().is_empty(), "{field}: {problem}");
        }
        assert!(problem["retriable"].is_boolean());
    }
}

impl Stage {
    pub fn with(store: Store, options: RenderOptions) -> Self {
        Self::with_engines(&[Hummer::new()], store, options)
    }

    /// The first of the engines is the one of the stage.
    pub fn with_engines(engines: &[Arc<Hummer>], store: Store, options: RenderOptions) -> Self {
        let all = engines.iter().map(|engine| engine.clone() as Arc<dyn Engine>).collect();
        let renderer = Renderer::start(all, store, options);
        let router = router(App::new(renderer.clone()));
        Self { engine: engines[0].clone(), renderer, router }
    }

    pub fn in_memory() -> Self {
        Self::with(Store::memory(StoreOptions::default()), RenderOptions::default())
    }

    pub fn in_folder(folder: &Path) -> Self {
        let options = StoreOptions { retry: Duration::ZERO, ..StoreOptions::default() };
        Self::with(Store::folder(folder, options).unwrap(), RenderOptions::default())
    }

    pub async fn ask(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub async fn get(&self, address: &str) -> Answer {
        self.ask(Request::get(address).body(Body::empty()).unwrap()).await
    }

    pub async fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::empty()).unwrap()).await
    }

    pub async fn delete(&self, address: &str) -> Answer {
        self.ask(Request::delete(address).body(Body::empty()).unwrap()).await
    }

    pub async fn post(&self, address: &str, media_type: &str, body: impl Into<Body>) -> Answer {
        self.ask(Request::post(address).header("content-type", media_type).body(body.into()).unwrap()).await
    }

    /// Submits a text; its manifest.
    pub async fn submit(&self, text: &str) -> Value {
        let answer = self.post("/v1/notices", "text/plain", text.to_owned()).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer.json()
    }

    /// Waits until every clip of a notice is made.
    pub async fn made(&self, manifest: &Value) -> Value {
        let address = format!("/v1/notices/{}", manifest["id"].as_str().unwrap());
        let started = Instant::now();
        loop {
            let manifest = self.get(&address).await.json();
            if manifest["ready_count"] == manifest["clip_count"] {
                return manifest;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "never made: {manifest}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Addresses of all clips of a manifest, in order, each once.
pub fn clip_urls(manifest: &Value) -> Vec<String> {
    let mut seen = HashSet::new();
    let sentences = manifest["sentences"].as_array().unwrap().iter();
    let clips = sentences.flat_map(|sentence| sentence["clips"].as_array().unwrap());
    let urls = clips.map(|clip| clip["url"].as_str().unwrap().to_owned());
    urls.filter(|url| seen.insert(url.clone())).collect()
}

/// The address of a notice, or of what is under it.
pub fn under(manifest: &Value, path: &str) -> String {
    format!("/v1/notices/{}{path}", manifest["id"].as_str().unwrap())
}

/// Short sentences of one place, one clip each; the engine says `{place} di yi zu ting shui` and so on.
pub fn groups(place: char, sentences: usize) -> String {
    (1..=sentences).map(|n| format!("{place}村第{n}组停水。\n")).collect()
}

/// A text of so many different sentences.
pub fn text(sentences: usize) -> String {
    let pick = |from: &str, n: usize| from.chars().nth(n % 8).unwrap();
    let sentence = |n: usize| {
        let (a, b, c) =
            (pick("春夏秋冬东西南北", n), pick("山水田林风云雨雪", n / 8), pick("红黄蓝绿青白黑紫", n / 64));
        format!("{a}{b}村的{c}色水塔今天停水检修，请大家提前储水。\n")
    };
    (0..sentences).map(sentence).collect()
}

/// Waits until something is so.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !so().await {
        assert!(started.elapsed() < Duration::from_secs(20), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
