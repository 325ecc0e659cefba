//! Speech for programs that speak the interface of OpenAI. The official client is in `tools/clients/`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    fs,
    io::{Read, Write},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use axum::{body::Body, http::Request, response::Response};
use http_body_util::BodyExt;
use langdu::{
    audio::{Clip, Container, Recording},
    http::{Access, App, router},
    keys::{self, Keys, Right},
    render::RenderOptions,
    store::{Store, StoreOptions},
};
use serde_json::{Value, json};
use stage::{Answer, Mood, Stage, groups, until};
use tower::ServiceExt;

const TEXT: &str = "关于停水的通知\n因管网检修，5月3日8时至12时停水，请提前储水。\n咨询电话：12345。";

async fn speak(stage: &Stage, body: Value) -> Answer {
    stage.post("/v1/audio/speech", "application/json", body.to_string()).await
}

/// The same, as it begins.
async fn begin(stage: &Stage, body: Value) -> Response {
    let request = Request::post("/v1/audio/speech").header("content-type", "application/json");
    stage.router.clone().oneshot(request.body(Body::from(body.to_string())).unwrap()).await.unwrap()
}

/// The error of OpenAI's shape.
#[track_caller]
fn error(answer: &Answer, status: u16, code: &str, param: Option<&str>) {
    answer.is(status);
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    let error = &body["error"];
    assert_eq!((error["code"].as_str(), error["param"].as_str()), (Some(code), param), "{body}");
    let r#type = if status >= 500 { "server_error" } else { "invalid_request_error" };
    assert_eq!(error["type"], r#type);
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert_eq!(body.as_object().unwrap().len(), 1);
}

/// What a program makes of `input` on its standard input; the tests need the program.
fn through(program: &str, args: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().unwrap_or_else(|why| panic!("{program}: {why} (tools/setup-tests.sh)"));
    let (mut sink, input) = (child.stdin.take().unwrap(), input.to_vec());
    let fed = std::thread::spawn(move || sink.write_all(&input));
    let mut out = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut out).unwrap();
    fed.join().unwrap().unwrap();
    assert!(child.wait().unwrap().success(), "{program} does not take it");
    out
}

fn unflac(file: &[u8]) -> Vec<u8> {
    let args =
        ["--decode", "--silent", "--stdout", "--force-raw-format", "--endian=little", "--sign=signed", "-"];
    through("flac", &args, file)
}

#[tokio::test]
async fn every_format_has_all_the_samples() {
    let stage = Stage::in_memory();
    // The clips that a reader of the notice hears, one after the other.
    let notice = stage.submit(TEXT).await;
    stage.made(&notice).await;
    let whole = stage.get(&stage::under(&notice, "/audio.wav")).await.is(200).body.clone();
    // Twice: while it is made, and from what is kept.
    for text in [TEXT.to_owned(), groups('东', 3), groups('东', 3)] {
        let ask = |format: &str| json!({"model": "tts-1", "input": text, "voice": "hum", "response_format": format});
        let pcm = speak(&stage, ask("pcm")).await;
        assert_eq!(pcm.is(200).header("content-type"), "audio/pcm");
        assert!(text != TEXT || pcm.body == whole[44..], "it is not what a reader hears");
        let wav = speak(&stage, ask("wav")).await;
        assert_eq!(wav.is(200).header("content-type"), "audio/wav");
        assert_eq!(wav.body[44..], pcm.body);
        let reader = hound::WavReader::new(&wav.body[..]).unwrap();
        assert_eq!((reader.spec().sample_rate, reader.len() as usize), (24_000, pcm.body.len() / 2));
        let flac = speak(&stage, ask("flac")).await;
        assert_eq!(flac.is(200).header("content-type"), "audio/flac");
        assert_eq!(unflac(&flac.body), pcm.body);
        let opus = speak(&stage, ask("opus")).await;
        assert_eq!(opus.is(200).header("content-type"), "audio/ogg; codecs=opus");
        assert_eq!(opus.body.windows(8).filter(|at| at == b"OpusHead").count(), 1, "it is one stream");
        let heard = through("opusdec", &["--quiet", "--force-wav", "--rate", "24000", "-", "-"], &opus.body);
        let (heard, said) = ((heard.len() - 44) / 2, pcm.body.len() / 2);
        assert!(heard.abs_diff(said) <= 480, "{heard} of {said} samples");
    }
    // None asked for is WAV.
    let bare = speak(&stage, json!({"model": "langdu", "input": TEXT})).await;
    assert_eq!(bare.is(200).body, whole);
}

#[test]
fn another_decoder_finds_every_sample_of_flac_whatever_is_left_for_the_last_block() {
    let clip = |samples: usize| {
        let sample = |n: usize| ((n as f32 * 0.06).sin() * 9000.0) as i16;
        let mut wav = hound_header(samples);
        (0..samples).for_each(|n| wav.extend(sample(n).to_le_bytes()));
        Clip::from_wav(wav.into()).unwrap()
    };
    for lens in [&[4096][..], &[4097], &[1], &[15, 1], &[5000, 3000, 207], &[24_000, 12_345, 31]] {
        let clips: Vec<Clip> = lens.iter().map(|&len| clip(len)).collect();
        let samples: Vec<u8> = clips.iter().flat_map(|clip| clip.samples().unwrap()).collect();
        for known in [None, Some(samples.len() as u64)] {
            let mut recording = Recording::begin(Container::Flac, known, 0).unwrap();
            let mut file = recording.head().to_vec();
            clips.iter().for_each(|clip| file.extend(recording.push(clip).unwrap()));
            file.extend(recording.end().unwrap());
            assert_eq!(unflac(&file), samples, "{lens:?}");
        }
    }
}

fn hound_header(samples: usize) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 24_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut file, spec).unwrap();
    (0..samples).for_each(|_| writer.write_sample(0i16).unwrap());
    writer.finalize().unwrap();
    let mut file = file.into_inner();
    file.truncate(44);
    file
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_in_their_shape() {
    let stage = Stage::in_memory();
    let full = || json!({"model": "tts-1", "input": "今天停水。", "voice": "alloy"});
    let with = |field: &str, value: Value| {
        let mut body = full();
        body[field] = value;
        body
    };
    let cases = [
        (with("model", json!("gpt-99")), 404, "model_not_found", Some("model")),
        (with("model", Value::Null), 400, "missing_model", Some("model")),
        (with("input", Value::Null), 400, "missing_input", Some("input")),
        (with("input", json!("")), 400, "text_empty", Some("input")),
        (with("input", json!("……")), 400, "nothing_to_read", Some("input")),
        (with("input", json!(7)), 400, "json_invalid", None),
        (with("input", json!("水".repeat(100_001))), 413, "text_too_long", Some("input")),
        (with("voice", json!("nobody")), 400, "voice_unknown", Some("voice")),
        (with("voice", json!({"id": "nobody"})), 400, "voice_unknown", Some("voice")),
        (with("response_format", json!("mp3")), 400, "unsupported_value", Some("response_format")),
        (with("response_format", json!("aac")), 400, "unsupported_value", Some("response_format")),
        (with("stream_format", json!("sse")), 400, "unsupported_value", Some("stream_format")),
        (with("speed", json!(0.25)), 400, "speed_out_of_range", Some("speed")),
        (with("speed", json!(4.0)), 400, "speed_out_of_range", Some("speed")),
    ];
    for (body, status, code, param) in cases {
        error(&speak(&stage, body).await, status, code, param);
    }
    // `slow` speaks from 0.8 to 1.2.
    let slow = json!({"model": "tts-1", "input": "今天停水。", "voice": "slow", "speed": 1.5});
    error(&speak(&stage, slow).await, 400, "speed_out_of_range", Some("speed"));
    let formats =
        speak(&stage, with("response_format", json!("mp3"))).await.json()["error"]["message"].to_string();
    assert!(["wav", "pcm", "opus", "flac"].iter().all(|format| formats.contains(format)), "{formats}");
    let broken = stage.post("/v1/audio/speech", "application/json", "{").await;
    error(&broken, 400, "json_broken", None);
    assert_eq!(stage.engine.calls(), 0);

    // What they may send besides is left alone.
    for (field, value) in [
        ("instructions", json!("cheerful")),
        ("stream_format", json!("audio")),
        ("speed", json!(1.5)),
        ("speed", Value::Null),
        ("voice", json!({"id": "nova"})),
        ("voice", json!("slow")),
        ("a_field_of_next_year", json!([1, 2])),
    ] {
        speak(&stage, with(field, value)).await.is(200);
    }
    let models = stage.get("/v1/models").await.is(200).json();
    assert_eq!(models["object"], "list");
    for model in models["data"].as_array().unwrap() {
        speak(&stage, with("model", model["id"].clone())).await.is(200);
    }
}

#[tokio::test]
async fn the_stock_voices_are_ours() {
    let stage = Stage::in_memory();
    let body = |voice: &str| json!({"model": "tts-1", "input": "今天停水。", "voice": voice});
    let own = speak(&stage, body("hum")).await.is(200).body.clone();
    let stock = include_str!("../src/http/stock.tsv").lines().filter(|row| !row.starts_with('#'));
    let mut rows = 0;
    for (name, sex) in stock.map(|row| row.split_once('\t').unwrap()) {
        rows += 1;
        assert!(matches!(sex, "female" | "male"));
        assert_eq!(speak(&stage, body(name)).await.is(200).body, own, "{name}");
    }
    assert_eq!(rows, 13);
}

#[tokio::test]
async fn sound_is_sent_while_the_rest_is_made_and_who_hangs_up_drops_the_rest() {
    for format in ["wav", "pcm", "opus", "flac"] {
        let stage = Stage::in_memory();
        stage.engine.close();
        stage.engine.permit(1);
        let body =
            json!({"model": "tts-1", "input": groups('东', 6), "voice": "hum", "response_format": format});
        let mut sound = begin(&stage, body).await.into_body();
        // More than a header: the sound of the first clip, of seven sounds of 1,500 samples.
        let (mut bytes, least) = (0, if format == "opus" { 500 } else { 5_000 });
        while bytes < least {
            let frame = tokio::time::timeout(Duration::from_secs(20), sound.frame()).await;
            bytes += frame
                .unwrap_or_else(|_| panic!("{format}: {bytes} bytes"))
                .unwrap()
                .unwrap()
                .into_data()
                .unwrap()
                .len();
        }
        // The next one is asked for by who takes it, and is begun.
        let waits = tokio::time::timeout(Duration::from_millis(200), sound.frame()).await;
        assert!(waits.is_err(), "{format}");
        until("the second is begun", async || stage.engine.calls() == 2).await;
        drop(sound);
        stage.engine.open();
        // What comes after it is asked for by somebody else, and comes at once.
        let other = json!({"model": "tts-1", "input": "南村停水。", "voice": "hum"});
        speak(&stage, other).await.is(200);
        assert_eq!(stage.engine.calls(), 3, "{format}: {:?}", stage.engine.said());
    }
}

#[tokio::test]
async fn what_is_spoken_once_is_kept_as_no_notice() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::in_folder(folder.path());
    let bodies =
        |n: usize| json!({"model": "tts-1", "input": format!("第{n}次，今天停水。"), "voice": "hum"});
    for n in 1..20 {
        speak(&stage, bodies(n)).await.is(200);
    }
    assert!(files(&folder.path().join("notices")).is_empty());
    let calls = stage.engine.calls();
    speak(&stage, bodies(7)).await.is(200);
    assert_eq!(stage.engine.calls(), calls, "its clips are kept");
    let answer = stage.post("/v1/notices", "text/plain", "第7次，今天停水。").await;
    let notice = answer.is(201).json();
    assert_eq!(stage.get("/healthz").await.json()["queued_notices"].as_u64().map(|n| n <= 1), Some(true));
    stage.made(&notice).await;
    assert_eq!(stage.engine.calls(), calls, "a notice has them too");
    assert_eq!(files(&folder.path().join("notices")).len(), 1);
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path().display().to_string()),
        }
    }
    found
}

#[tokio::test]
async fn a_clip_that_fails_is_an_error_at_first_and_breaks_the_sound_later() {
    let stage = Stage::in_memory();
    stage.engine.is(Mood::Fails);
    let body = || json!({"model": "tts-1", "input": groups('西', 4), "voice": "hum"});
    error(&speak(&stage, body()).await, 500, "synthesis_failed", None);
    stage.engine.is(Mood::Well);
    stage.engine.close();
    stage.engine.permit(1);
    let mut sound = begin(&stage, body()).await.into_body();
    assert_eq!(sound.frame().await.unwrap().unwrap().into_data().unwrap().len(), 44);
    assert!(sound.frame().await.unwrap().unwrap().into_data().unwrap().len() > 5_000);
    stage.engine.is(Mood::Fails);
    stage.engine.open();
    let rest = sound.collect().await;
    assert!(rest.is_err(), "a part was taken for the whole");
}

#[tokio::test]
async fn what_would_not_fit_into_memory_is_refused() {
    let options = RenderOptions { planned_bytes: 20_000, ..RenderOptions::default() };
    let stage = Stage::with(Store::memory(StoreOptions::default()), options);
    stage.engine.close();
    stage.engine.permit(1);
    let body = |place| json!({"model": "tts-1", "input": groups(place, 40), "voice": "hum"});
    // However long it is, one may be spoken.
    let first = begin(&stage, body('东')).await;
    assert_eq!(first.status(), 200);
    let refused = speak(&stage, body('西')).await;
    error(&refused, 503, "overloaded", None);
    assert!(!refused.header("retry-after").is_empty());
    drop(first);
    stage.engine.open();
    speak(&stage, body('西')).await.is(200);
}

#[tokio::test]
async fn what_is_refused_before_the_route_is_told_in_its_shape() {
    let stage = Stage::in_memory();
    let cross = Request::post("/v1/audio/speech").header("sec-fetch-site", "cross-site");
    let refused = stage.ask(cross.body(Body::from("{}")).unwrap()).await;
    error(&refused, 403, "origin_refused", None);
    assert!(!refused.header("x-request-id").is_empty());
    let other = Request::put("/v1/models").body(Body::empty()).unwrap();
    error(&stage.ask(other).await, 405, "method_not_allowed", None);
}

#[tokio::test]
async fn where_not_everybody_may_have_texts_spoken_a_key_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.toml");
    let stage = Stage::in_memory();
    let body = json!({"model": "tts-1", "input": "今天停水。", "voice": "alloy"}).to_string();
    let speak = async |router: &axum::Router, key: Option<&str>| {
        let mut request = Request::post("/v1/audio/speech").header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        let request = request.body(Body::from(body.clone())).unwrap();
        let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    };
    // Where everybody may, whatever they send is as good as nothing: these clients always send a key.
    speak(&stage.router, Some("sk-anything")).await.is(200);

    let speech = keys::add(&file, "chat", &[Right::Speech]).unwrap();
    let publish = keys::add(&file, "cms", &[Right::Publish]).unwrap();
    let lexicon = keys::add(&file, "editor", &[Right::Lexicon]).unwrap();
    let keys = Arc::new(Keys::open(&file).unwrap());
    let open = router(App::new(stage.renderer.clone()).keys(keys.clone()));
    speak(&open, Some("sk-anything")).await.is(200);
    let router = router(App::new(stage.renderer.clone()).keys(keys).access(Access::Published));
    speak(&router, Some(&speech)).await.is(200);
    speak(&router, Some(&publish)).await.is(200);
    error(&speak(&router, Some("sk-anything")).await, 401, "invalid_api_key", None);
    error(&speak(&router, None).await, 403, "not_published", None);
    error(&speak(&router, Some(&lexicon)).await, 403, "right_missing", None);
    let models = Request::get("/v1/models").body(Body::empty()).unwrap();
    assert_eq!(router.oneshot(models).await.unwrap().status(), 403);
}
