//! The service as a client sees it: every route, every header it relies on, every problem it can get.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Instant,
};

use axum::{body::Body, http::Request};
use langdu::{
    http::{App, router},
    keys::{self, Keys, Right},
    render::RenderOptions,
    site::SiteLexicon,
    store::{Store, StoreOptions},
};
use serde_json::{Value, json};
use stage::{Stage, clip_urls, text, until};
use tower::ServiceExt;

const KEY: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn every_wrong_submission_is_told_what_is_wrong() {
    let stage = Stage::in_memory();
    let long = "水".repeat(100_001);
    let huge = "水".repeat(140_000);
    for (media_type, query, body, status, code) in [
        ("text/plain", "", "", 422, "text_empty"),
        ("text/plain", "", " \n\u{3000}\n", 422, "text_empty"),
        ("text/plain", "", &*long, 413, "text_too_long"),
        ("text/plain", "", &*huge, 413, "body_too_large"),
        ("text/plain", "?voice=nobody", "停水。", 422, "voice_unknown"),
        ("text/plain", "?speed=9", "停水。", 422, "speed_out_of_range"),
        ("text/plain", "?voice=slow&speed=1.5", "停水。", 422, "speed_out_of_range"),
        ("text/plain", "?pace=1", "停水。", 400, "query_invalid"),
        ("text/plain", "?speed=fast", "停水。", 400, "query_invalid"),
        ("text/plain; charset=gb18030", "", "停水。", 415, "media_type_unsupported"),
        ("application/pdf", "", "停水。", 415, "media_type_unsupported"),
        ("", "", "停水。", 415, "media_type_unsupported"),
        ("application/json", "", "停水。", 400, "json_broken"),
        ("application/json", "", r#"{"text":"停水。""#, 400, "json_broken"),
        ("application/json", "", r#"{"text":"\ud800"}"#, 400, "json_broken"),
        ("application/json", "", "{}", 422, "json_invalid"),
        ("application/json", "", "[]", 422, "json_invalid"),
        ("application/json", "", r#"{"text":"停水。","html":"停水。"}"#, 422, "json_invalid"),
        ("application/json", "", r#"{"text":"停水。","pace":1}"#, 422, "json_invalid"),
        ("application/json", "", r#"{"text":7}"#, 422, "json_invalid"),
        ("application/json", "", r#"{"text":""}"#, 422, "text_empty"),
        ("application/json", "", r#"{"text":"停水。","speed":0.1}"#, 422, "speed_out_of_range"),
        ("application/json", "", r#"{"text":"停水。","voice":"nobody"}"#, 422, "voice_unknown"),
        ("application/json", "", r#"{"text":"停水。","ssml":"停水。"}"#, 422, "json_invalid"),
        ("application/json", "", r#"{"ssml":"停水。"}"#, 400, "ssml_broken"),
        ("application/json", "", r#"{"text":"停水。","reading":"one"}"#, 422, "json_invalid"),
        ("application/json", "", r#"{"text":"停水。","reading":{"two":"er"}}"#, 422, "reading_invalid"),
        ("application/json", "", r#"{"text":"停水。","reading":{"one":1}}"#, 422, "reading_invalid"),
        ("text/plain", "?read=one%3Der", "停水。", 422, "reading_invalid"),
        ("text/plain", "?read=one", "停水。", 422, "reading_invalid"),
        ("application/ssml+xml", "", "<speak>停水</p></speak>", 400, "ssml_broken"),
        (
            "application/ssml+xml",
            "",
            "<!DOCTYPE speak SYSTEM 'file:///etc/passwd'><speak/>",
            400,
            "ssml_broken",
        ),
        ("application/ssml+xml", "", "<speak> </speak>", 422, "text_empty"),
        ("application/json", "?speed=1", r#"{"text":"停水。"}"#, 400, "query_invalid"),
    ] {
        let answer = stage.post(&format!("/v1/notices{query}"), media_type, body.to_owned()).await;
        println!("{media_type} {query} {:.40} -> {}", body, answer.status);
        answer.is_problem(status, code);
    }
    for media_type in ["text/plain", "application/json"] {
        let answer = stage.post("/v1/notices", media_type, vec![b'"', 0xe5, 0x81, b'"']).await;
        answer.is_problem(400, "utf8_invalid");
    }
    assert_eq!(stage.engine.calls(), 0);
}

#[tokio::test]
async fn what_is_not_there_is_told_in_words() {
    let stage = Stage::in_memory();
    let id = stage.submit("停水。").await["id"].as_str().unwrap().to_owned();
    let other = "0".repeat(32);
    for (address, status, code) in [
        ("/nothing".to_owned(), 404, "not_found"),
        ("/v1/notices/7".to_owned(), 400, "notice_id_malformed"),
        (format!("/v1/notices/{other}"), 404, "notice_unknown"),
        (format!("/v1/notices/{other}/audio.wav"), 404, "notice_unknown"),
        ("/v1/clips/7.wav".to_owned(), 400, "clip_key_malformed"),
        (format!("/v1/clips/{KEY}0.wav"), 400, "clip_key_malformed"),
        (format!("/v1/clips/{KEY}"), 404, "clip_unknown"),
        (format!("/v1/clips/{KEY}."), 406, "format_not_served"),
        (format!("/v1/clips/{KEY}.mp3"), 406, "format_not_served"),
        (format!("/v1/clips/{KEY}.8k.wav"), 404, "clip_unknown"),
        (format!("/v1/notices/{id}/audio.mp3"), 406, "format_not_served"),
        (format!("/v1/notices/{id}/audio.opus"), 406, "format_not_served"),
        (format!("/v1/notices/{id}/audio"), 404, "not_found"),
        (format!("/v1/clips/{}.wav", KEY.to_uppercase()), 400, "clip_key_malformed"),
        ("/v1/clips/..%2F..%2Fetc%2Fpasswd.wav".to_owned(), 400, "clip_key_malformed"),
        (format!("/v1/clips/{KEY}.wav"), 404, "clip_unknown"),
        (format!("/v1/clips/{KEY}.wav?notice={id}"), 404, "clip_unknown"),
        (format!("/v1/clips/{KEY}.wav?notice={other}"), 404, "clip_unknown"),
        (format!("/v1/clips/{KEY}.wav?notice=7"), 400, "notice_id_malformed"),
        (format!("/v1/clips/{KEY}.wav?page=7"), 400, "query_invalid"),
    ] {
        println!("{address}");
        stage.get(&address).await.is_problem(status, code);
    }
    let silent = stage.submit("……").await;
    let answer = stage.get(&format!("/v1/notices/{}/audio.wav", silent["id"].as_str().unwrap())).await;
    answer.is_problem(422, "nothing_to_read");
}

#[tokio::test]
async fn the_manifest_says_where_everything_stands() {
    let stage = Stage::in_memory();
    let written = "关于停水的通知\n🔊 各位居民：今天停水🚰，请大家提前储水。明天恢复供水。\n";
    let answer = stage.post("/v1/notices", "application/json", json!({ "text": written }).to_string()).await;
    answer.is(201);
    let manifest = answer.json();
    assert_eq!(answer.header("location"), format!("/v1/notices/{}", manifest["id"].as_str().unwrap()));
    assert_eq!(manifest["voice"], "hum");
    assert_eq!(manifest["speed"], 1.0);
    assert_eq!(manifest["format"], "wav");
    assert_eq!(manifest["chars"], written.chars().count());

    let units: Vec<u16> = written.encode_utf16().collect();
    let at = |span: &Value| {
        let (start, end) = (span[0].as_u64().unwrap() as usize, span[1].as_u64().unwrap() as usize);
        String::from_utf16(&units[start..end]).unwrap()
    };
    let sentences = manifest["sentences"].as_array().unwrap();
    let mut clips = 0;
    for (index, sentence) in sentences.iter().enumerate() {
        assert_eq!(sentence["index"], index);
        assert_eq!(at(&sentence["span"]), sentence["text"].as_str().unwrap());
        assert!(sentence["block"].as_u64().unwrap() < manifest["blocks"].as_array().unwrap().len() as u64);
        for clip in sentence["clips"].as_array().unwrap() {
            clips += 1;
            assert!(clip["span"][0].as_u64() >= sentence["span"][0].as_u64());
            assert!(clip["span"][1].as_u64() <= sentence["span"][1].as_u64());
            assert!(clip["pause_ms"].is_u64());
            let (key, id) = (clip["key"].as_str().unwrap(), manifest["id"].as_str().unwrap());
            assert_eq!(clip["url"], format!("/v1/clips/{key}.wav?notice={id}"));
        }
    }
    assert_eq!(manifest["clip_count"], clips);
    let said: String = sentences.iter().map(|sentence| sentence["spoken"].as_str().unwrap()).collect();
    assert!(said.contains("明天恢复供水"), "{said}");

    let made = stage.made(&manifest).await;
    let lengths = made["sentences"].as_array().unwrap().iter().flat_map(|s| s["clips"].as_array().unwrap());
    for clip in lengths {
        let answer = stage.get(clip["url"].as_str().unwrap()).await;
        let samples = hound::WavReader::new(&answer.body[..]).unwrap().duration();
        assert_eq!(clip["duration_ms"].as_u64().unwrap(), u64::from(samples) / 24);
    }
}

#[tokio::test]
async fn spans_of_html_are_those_of_the_page() {
    let stage = Stage::in_memory();
    let page = "<!doctype html><title>🚰</title><p>今天<b>停水</b>。</p><p>明天恢复供水。</p>";
    let manifest = stage.post("/v1/notices", "text/html; charset=UTF-8", page).await.is(201).json();
    let units: Vec<u16> = page.encode_utf16().collect();
    let spans = manifest["sentences"].as_array().unwrap().iter().map(|sentence| &sentence["span"]);
    for span in spans {
        let (start, end) = (span[0].as_u64().unwrap() as usize, span[1].as_u64().unwrap() as usize);
        assert!(start < end && end <= units.len());
    }
    assert_eq!(manifest["chars"], page.chars().count());
}

#[tokio::test]
async fn the_same_submission_is_the_same_notice() {
    let stage = Stage::in_memory();
    let post = async |media_type: &str, query: &str, body: &str| {
        let answer = stage.post(&format!("/v1/notices{query}"), media_type, body.to_owned()).await;
        (answer.status.as_u16(), answer.json()["id"].as_str().unwrap().to_owned())
    };
    let (status, id) = post("text/plain", "", "停水。").await;
    assert_eq!(status, 201);
    assert_eq!(id.len(), 32);
    for (media_type, query, body) in [
        ("text/plain", "", "停水。"),
        ("text/plain;charset=utf-8", "?voice=hum", "停水。"),
        ("TEXT/PLAIN", "?speed=1", "停水。"),
        ("application/json", "", r#"{"text":"停水。"}"#),
        ("application/json; charset=utf-8", "", r#"{"speed":1.0,"voice":"hum","text":"停水。"}"#),
    ] {
        assert_eq!(post(media_type, query, body).await, (200, id.clone()), "{media_type} {query} {body}");
    }
    let mut ids = BTreeSet::from([id]);
    for (media_type, query, body) in [
        ("text/html", "", "停水。"),
        ("text/plain", "", "停水。\n"),
        ("text/plain", "?voice=slow", "停水。"),
        ("text/plain", "?speed=1.1", "停水。"),
    ] {
        let (status, id) = post(media_type, query, body).await;
        assert_eq!(status, 201);
        assert!(ids.insert(id), "{media_type} {query} {body}");
    }
}

#[tokio::test]
async fn a_clip_can_be_kept_for_ever() {
    let stage = Stage::in_memory();
    let url = clip_urls(&stage.submit("今天停水。").await).remove(0);
    let key = &url["/v1/clips/".len()..url.find('?').unwrap()].trim_end_matches(".wav");
    let clip = stage.get(&url).await;
    clip.is(200);
    assert_eq!(clip.header("content-type"), "audio/wav");
    assert_eq!(clip.header("content-length"), clip.body.len().to_string());
    assert_eq!(clip.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(clip.header("accept-ranges"), "bytes");
    let etag = format!("\"{key}.wav\"");
    assert_eq!(clip.header("etag"), etag);
    hound::WavReader::new(&clip.body[..]).unwrap();

    let head = stage.ask(Request::head(&url).body(Body::empty()).unwrap()).await;
    head.is(200);
    assert!(head.body.is_empty());
    for name in ["content-type", "content-length", "cache-control", "accept-ranges", "etag"] {
        assert_eq!(head.header(name), clip.header(name), "{name}");
    }

    let fresh = stage.get_with(&url, &[("if-none-match", &etag)]).await;
    fresh.is(304);
    assert!(fresh.body.is_empty());
    assert_eq!(fresh.header("etag"), etag);
    assert_eq!(fresh.header("cache-control"), clip.header("cache-control"));
    stage.get_with(&url, &[("if-none-match", "\"other\"")]).await.is(200);
    stage.get(url.split('?').next().unwrap()).await.is(200);
}

#[tokio::test]
async fn a_part_of_a_clip_is_that_part() {
    let stage = Stage::in_memory();
    let url = clip_urls(&stage.submit("今天停水。").await).remove(0);
    let whole = stage.get(&url).await;
    let (etag, len) = (whole.header("etag").to_owned(), whole.body.len());
    for (range, part) in [
        ("bytes=0-0".to_owned(), 0..1),
        ("bytes=0-".to_owned(), 0..len),
        ("bytes=44-143".to_owned(), 44..144),
        ("bytes=-100".to_owned(), len - 100..len),
        (format!("bytes={}-", len - 1), len - 1..len),
        (format!("bytes=10-{}", 2 * len), 10..len),
    ] {
        let answer = stage.get_with(&url, &[("range", &range), ("if-range", &etag)]).await;
        answer.is(206);
        assert_eq!(answer.body, whole.body[part.clone()], "{range}");
        assert_eq!(answer.header("content-length"), part.len().to_string());
        assert_eq!(answer.header("content-range"), format!("bytes {}-{}/{len}", part.start, part.end - 1));
        assert_eq!(answer.header("etag"), etag);
    }
    for range in ["bytes=5-1", "bytes=0-1,3-4", "lines=1-2", "bytes=x"] {
        stage.get_with(&url, &[("range", range)]).await.is(200);
    }
    stage.get_with(&url, &[("range", "bytes=0-0"), ("if-range", "\"other\"")]).await.is(200);
    let outside = stage.get_with(&url, &[("range", &format!("bytes={len}-"))]).await;
    outside.is_problem(416, "range_not_satisfiable");
    assert_eq!(outside.header("content-range"), format!("bytes */{len}"));
}

#[tokio::test]
async fn the_whole_notice_is_its_clips_one_after_the_other() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&text(5)).await;
    let address = format!("/v1/notices/{}/audio.wav", manifest["id"].as_str().unwrap());
    let (streamed, ()) = futures::join!(stage.get(&address), async {
        stage.until_asked().await;
        stage.engine.open();
    });
    streamed.is(200);
    assert_eq!(streamed.header("content-type"), "audio/wav");

    stage.made(&manifest).await;
    let complete = stage.get(&address).await;
    assert_eq!(complete.header("content-length"), complete.body.len().to_string());
    assert_eq!(streamed.body[44..], complete.body[44..]);

    let mut joined = Vec::new();
    let sentences = manifest["sentences"].as_array().unwrap();
    for clip in sentences.iter().flat_map(|sentence| sentence["clips"].as_array().unwrap()) {
        let clip = stage.get(clip["url"].as_str().unwrap()).await;
        joined
            .extend(hound::WavReader::new(&clip.body[..]).unwrap().into_samples::<i16>().map(Result::unwrap));
    }
    let whole = hound::WavReader::new(&complete.body[..]).unwrap().into_samples::<i16>().map(Result::unwrap);
    assert!(whole.eq(joined));
}

impl Stage {
    async fn until_asked(&self) {
        stage::until("a synthesis", async || self.engine.calls() > 0).await;
    }
}

#[tokio::test]
async fn the_front_end_answers_alone() {
    let stage = Stage::in_memory();
    let written = "今天停水，🚰明天恢复。";
    let answer = stage.post("/v1/spoken", "application/json", json!({ "text": written }).to_string()).await;
    answer.is(200);
    let sentence = &answer.json()["sentences"][0];
    assert_eq!(sentence["text"], written);
    let units: Vec<u16> = written.encode_utf16().collect();
    let mut covered = 0;
    let mut said = String::new();
    for token in sentence["tokens"].as_array().unwrap() {
        let (start, end) =
            (token["span"][0].as_u64().unwrap() as usize, token["span"][1].as_u64().unwrap() as usize);
        assert_eq!(start, covered, "tokens touch");
        assert_eq!(String::from_utf16(&units[start..end]).unwrap(), token["text"].as_str().unwrap());
        said.push_str(token["said"].as_str().unwrap());
        covered = end;
    }
    assert_eq!(covered, units.len());
    assert_eq!(sentence["spoken"], said);
    assert!(!sentence["sounds"].as_array().unwrap().is_empty());
    assert!(!sentence["pinyin"].as_str().unwrap().is_empty());
    stage.post("/v1/spoken", "text/plain", "").await.is_problem(422, "text_empty");
    assert_eq!(stage.engine.calls(), 0);
}

#[tokio::test]
async fn the_description_agrees_with_the_routes() {
    let stage = Stage::in_memory();
    let description = stage.get("/openapi.json").await.is(200).json();
    let mut documented: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, operations) in description["paths"].as_object().unwrap() {
        documented
            .insert(path.clone(), operations.as_object().unwrap().keys().map(|m| m.to_uppercase()).collect());
    }
    let expected = [
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
        "/v1/audio/speech",
        "/v1/clips/{clip}",
        "/v1/key",
        "/v1/lexicon",
        "/v1/lexicon/entries/{written}",
        "/v1/lexicon/reload",
        "/v1/models",
        "/v1/notices",
        "/v1/notices/{id}",
        "/v1/notices/{id}/clips.zip",
        "/v1/notices/{id}/events",
        "/v1/notices/{id}/words/{index}",
        "/v1/notices/{id}/work",
        "/v1/notices/{id}/{file}",
        "/v1/published",
        "/v1/published/{name}",
        "/v1/spoken",
        "/v1/text",
        "/v1/voices",
    ];
    assert!(documented.keys().eq(expected), "{:?}", documented.keys());
    let source = include_str!("../src/http/mod.rs");
    let routes: BTreeSet<&str> =
        source.split(".route(\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(routes.iter().eq(expected.iter()), "{routes:?}");

    for (path, methods) in documented {
        let request = Request::patch(path.replace(['{', '}'], "")).body(Body::empty()).unwrap();
        let answer = stage.ask(request).await;
        if ["/v1/audio/speech", "/v1/models"].contains(&path.as_str()) {
            assert_eq!(answer.is(405).json()["error"]["code"], "method_not_allowed");
        } else {
            answer.is_problem(405, "method_not_allowed");
        }
        let mut allowed: BTreeSet<String> =
            answer.header("allow").split(',').map(|m| m.trim().to_owned()).collect();
        // HEAD comes with every GET; only where it is of use is it described.
        if !methods.contains("HEAD") {
            allowed.remove("HEAD");
        }
        assert_eq!(allowed, methods, "{path}");
    }
    let schemas = description["components"]["schemas"].as_object().unwrap();
    for name in ["Manifest", "NoticeBody", "Problem", "Code", "SentenceItem", "ClipItem"] {
        assert!(schemas.contains_key(name), "{name} of {:?}", schemas.keys());
    }
}

#[tokio::test]
async fn the_service_tells_about_itself() {
    let stage = Stage::in_memory();
    let voices = stage.get("/v1/voices").await.is(200).json();
    assert_eq!(voices["voices"][0]["name"], "hum");
    assert_eq!(voices["voices"][0]["default"], true);
    assert_eq!(voices["voices"][1]["default"], false);
    let health = stage.get("/healthz").await.is(200).json();
    assert_eq!(health["status"], "ok");
    assert_eq!(health["reasons"], json!([]));
}

#[tokio::test]
async fn every_answer_is_protected_and_pages_are_revalidated() {
    let stage = Stage::in_memory();
    for address in
        ["/", "/demo", "/demo/", "/player.js", "/player.css", "/healthz", "/nothing", "/v1/clips/7.wav"]
    {
        let answer = stage.get(address).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self'") && !policy.contains("unsafe"),
            "{address}: {policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(!answer.header("x-request-id").is_empty());
        assert_eq!((answer.header("server"), answer.header("strict-transport-security")), ("", ""));
        let embedded = ["/player.js", "/player.css"].contains(&address);
        let readers = if embedded { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), readers, "{address}");
        let of_pages = [
            ("cross-origin-opener-policy", "same-origin"),
            ("x-frame-options", "DENY"),
            ("x-permitted-cross-domain-policies", "none"),
        ];
        for (name, value) in of_pages {
            assert_eq!(answer.header(name), if address == "/demo/" { value } else { "" }, "{address}");
        }
        assert_eq!(answer.header("permissions-policy").contains("microphone=()"), address == "/demo/");
    }
    for address in ["/v1/clips/%ff.wav", "/v1/notices/%c0%af/events", "/%E6%b0"] {
        stage.get(address).await.is_problem(400, "utf8_invalid");
    }
    let clip = clip_urls(&stage.submit("今天停水。").await).remove(0);
    assert_eq!(stage.get(&clip).await.is(200).header("cross-origin-resource-policy"), "cross-origin");
    for method in ["TRACE", "PATCH", "PROPFIND"] {
        let request = Request::builder().method(method).uri("/demo/").body(Body::empty()).unwrap();
        stage.ask(request).await.is_problem(405, "method_not_allowed");
    }
    for address in ["/", "/demo"] {
        assert_eq!(stage.get(address).await.is(307).header("location"), "/demo/");
    }
    let kiosk = stage.get("/kiosk?category=%E4%BE%9B%E6%B0%B4").await;
    assert_eq!(kiosk.is(307).header("location"), "/kiosk/?category=%E4%BE%9B%E6%B0%B4");
    for (address, media_type) in [
        ("/demo/", "text/html; charset=utf-8"),
        ("/player.js", "text/javascript; charset=utf-8"),
        ("/player.css", "text/css; charset=utf-8"),
    ] {
        let file = stage.get(address).await;
        assert_eq!(file.is(200).header("content-type"), media_type);
        assert_eq!(file.header("cache-control"), "no-cache");
        stage.get_with(address, &[("if-none-match", file.header("etag"))]).await.is(304);
    }
}

#[tokio::test]
async fn only_pages_of_allowed_origins_are_let_in() {
    let stage = Stage::in_memory();
    let app = App::new(stage.renderer.clone()).allow_origins(["https://portal.example/".to_owned()]);
    let open = Stage { router: router(app), ..Stage::in_memory() };
    let submit = |origin: &str, site: &str| {
        let request = Request::post("/v1/notices").header("content-type", "text/plain");
        request.header("origin", origin).header("sec-fetch-site", site).body(Body::from("停水。")).unwrap()
    };
    let stranger = open.ask(submit("https://elsewhere.example", "cross-site")).await;
    stranger.is_problem(403, "origin_refused");
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    let friend = open.ask(submit("https://portal.example", "cross-site")).await;
    assert_eq!(friend.is(201).header("access-control-allow-origin"), "https://portal.example");
    stage.ask(submit("https://portal.example", "same-site")).await.is_problem(403, "origin_refused");
    stage.ask(submit("https://own.example", "same-origin")).await.is(200);

    let preflight = Request::options("/v1/notices")
        .header("origin", "https://portal.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let preflight = open.ask(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(preflight.header("access-control-allow-origin"), "https://portal.example");
    assert!(preflight.header("access-control-allow-headers").contains("content-type"));
    let stranger = Request::options("/v1/notices")
        .header("origin", "https://elsewhere.example")
        .header("access-control-request-method", "POST");
    let stranger = open.ask(stranger.body(Body::empty()).unwrap()).await;
    stranger.is(204);
    let told = stranger.headers.keys().filter(|name| name.as_str().starts_with("access-control-allow"));
    assert_eq!(told.count(), 0, "{:?}", stranger.headers);
    let closed = stage.get_with("/v1/voices", &[("origin", "https://portal.example")]).await;
    assert_eq!(closed.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn a_body_without_end_is_cut_off() {
    let stage = Stage::in_memory();
    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(vec![b'x'; 65_536]));
    stage
        .post("/v1/notices", "text/plain", Body::from_stream(endless))
        .await
        .is_problem(413, "body_too_large");
    let broken = futures::stream::iter([Ok(vec![b'x'; 10]), Err(std::io::Error::other("gone"))]);
    stage
        .post("/v1/notices", "text/plain", Body::from_stream(broken))
        .await
        .is_problem(400, "body_incomplete");
}

#[tokio::test]
async fn a_long_notice_is_answered_at_once() {
    let stage = Stage::in_memory();
    let submit = async |written: String| {
        let started = Instant::now();
        let request = Request::post("/v1/notices").header("content-type", "text/plain");
        let response =
            stage.router.clone().oneshot(request.body(Body::from(written)).unwrap()).await.unwrap();
        assert_eq!(response.status(), 201);
        started.elapsed()
    };
    stage.engine.close();
    submit(text(3)).await;
    let written: String = text(700).chars().take(14_363).collect();
    let took = submit(written).await;
    println!("a notice of 14363 characters was answered in {took:?}");
    let most = if cfg!(debug_assertions) { 1000 } else { 50 };
    assert!(took.as_millis() <= most, "{took:?}");
    stage.engine.open();
}

#[tokio::test]
async fn choices_are_made_by_the_site_or_for_one_notice() {
    let site = RenderOptions { reading: "one=yi".parse().unwrap(), ..RenderOptions::default() };
    let stage = Stage::with(Store::memory(StoreOptions::default()), site);
    let spoken = async |body: Value| {
        let answer = stage.post("/v1/spoken", "application/json", body.to_string()).await.is(200).json();
        answer["sentences"][0]["spoken"].as_str().unwrap().to_owned()
    };
    assert_eq!(spoken(json!({"text": "拨打110。"})).await, "拨打一一零。");
    assert_eq!(spoken(json!({"text": "拨打110。", "reading": {"one": "yao"}})).await, "拨打幺幺零。");
    let answer = stage.post("/v1/spoken?read=one%3Dyao", "text/plain", "拨打110。").await.is(200).json();
    assert_eq!(answer["sentences"][0]["spoken"], "拨打幺幺零。");

    let id = async |body: Value| {
        let answer = stage.post("/v1/notices", "application/json", body.to_string()).await;
        answer.json()["id"].as_str().unwrap().to_owned()
    };
    let chosen = id(json!({"text": "拨打110。", "reading": {"one": "yi"}})).await;
    assert_eq!(id(json!({"text": "拨打110。"})).await, chosen, "chosen by whom makes no difference");
    assert_ne!(id(json!({"text": "拨打110。", "reading": {"one": "yao"}})).await, chosen);
}

#[tokio::test]
async fn ssml_says_how_it_is_to_be_read() {
    let stage = Stage::in_memory();
    let ssml = "<speak>\n<p>🔊请到<phoneme alphabet=\"pinyin\" ph=\"lu4 an1\">六安</phoneme>办理。</p>\n\
                <p><prosody rate=\"slow\">编号</prosody><say-as interpret-as=\"digits\">20</say-as><break time=\"2s\"/>。</p></speak>";
    let bare = stage.post("/v1/spoken", "application/ssml+xml", ssml).await.is(200).json();
    let body = json!({ "ssml": ssml }).to_string();
    assert_eq!(stage.post("/v1/spoken", "application/json", body.clone()).await.is(200).json(), bare);
    let units: Vec<u16> = ssml.encode_utf16().collect();
    let sentences = bare["sentences"].as_array().unwrap();
    let tokens = sentences.iter().flat_map(|sentence| sentence["tokens"].as_array().unwrap());
    let asked: Vec<(String, &str, &str)> = tokens
        .filter(|token| token["source"] == "sender")
        .map(|token| {
            let at = |n: usize| token["span"][n].as_u64().unwrap() as usize;
            let written = String::from_utf16(&units[at(0)..at(1)]).unwrap();
            assert_eq!(token["explain"], "按提交者指定的读法读");
            (written, token["class"].as_str().unwrap(), token["said"].as_str().unwrap())
        })
        .collect();
    assert_eq!(asked, [("六安".to_owned(), "lexicon", "六安"), ("20".to_owned(), "code", "二零")]);
    assert!(sentences[0]["pinyin"].as_str().unwrap().contains("lu4an1"), "{}", sentences[0]["pinyin"]);
    assert_eq!(bare["notes"][0]["code"], "unknown_markup");

    let manifest = stage.post("/v1/notices", "application/json", body).await.is(201).json();
    let clips = manifest["sentences"][1]["clips"].as_array().unwrap();
    assert_eq!(clips.last().unwrap()["pause_ms"], 2000);
    let broken = stage.post("/v1/spoken", "application/ssml+xml", "<speak>\n停水<p></speak>").await;
    broken.is_problem(400, "ssml_broken");
    assert!(broken.json()["detail"].as_str().unwrap().contains("line 2, column 6"));
}

#[tokio::test]
async fn every_reading_has_its_reason() {
    let stage = Stage::in_memory();
    let answer = stage.post("/v1/spoken", "text/plain", "2024年停水，重（略）").await.is(200).json();
    let tokens = answer["sentences"][0]["tokens"].as_array().unwrap();
    let reasons: Vec<String> = tokens
        .iter()
        .map(|t| {
            format!(
                "{} {} {}",
                t["text"].as_str().unwrap(),
                t["source"].as_str().unwrap(),
                t["explain"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(reasons[0], "2024年 rule 按年份逐字读");
    assert!(reasons.contains(&"停水 rule ".to_owned()), "{reasons:?}");
    assert!(reasons.contains(&"， rule 标点，读作停顿".to_owned()), "{reasons:?}");
    let sounds = answer["sentences"][0]["sounds"].as_array().unwrap();
    assert!(sounds.iter().all(|sound| sound["source"].is_string()));
}

/// A key for the lexicon in `folder`, and another that is not good for it.
fn editor_and_publisher(folder: &Path) -> [String; 2] {
    [("editor", Right::Lexicon), ("publisher", Right::Publish)]
        .map(|(name, right)| keys::add(&folder.join("keys.toml"), name, &[right]).unwrap())
}

/// A service with the lexicon and the keys in `folder`.
fn site(folder: &Path) -> Stage {
    let keys = Arc::new(Keys::open(&folder.join("keys.toml")).unwrap());
    let lexicon = Arc::new(SiteLexicon::open(&folder.join("site.lexicon")).unwrap());
    let store = Store::folder(&folder.join("data"), StoreOptions::default()).unwrap();
    let stage = Stage::with(store, RenderOptions { lexicon, ..RenderOptions::default() });
    let app = App::new(stage.renderer.clone()).keys(keys);
    Stage { router: router(app), ..stage }
}

/// Edits an entry of the lexicon.
async fn edit(
    stage: &Stage,
    method: &str,
    written: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> stage::Answer {
    let address = format!("/v1/lexicon/entries/{written}");
    let mut request =
        Request::builder().method(method).uri(address).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stage.ask(request.body(Body::from(body.to_owned())).unwrap()).await
}

const LIU_AN: &str = "%E5%85%AD%E5%AE%89";

#[tokio::test]
async fn an_edit_of_the_lexicon_is_heard_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let [editor, _] = editor_and_publisher(folder.path());
    let stage = site(folder.path());
    let pinyin = async || {
        let answer = stage.post("/v1/spoken", "text/plain", "到六安，交ＲＭＢ/t。").await.is(200).json();
        answer["sentences"][0]["pinyin"].as_str().unwrap().to_owned()
    };
    let before = pinyin().await;
    let key = format!("Bearer {editor}");
    let key: &[(&str, &str)] = &[("authorization", &key)];
    let body = json!({"said": "liù ān", "remark": "地名"}).to_string();
    let added = edit(&stage, "PUT", LIU_AN, key, &body).await;
    added.is(201);
    assert_eq!(
        added.json(),
        json!({"written": "六安", "said": "liu4 an1", "kind": "pinyin", "remark": "地名"})
    );
    edit(&stage, "PUT", LIU_AN, key, &body).await.is(200);
    edit(&stage, "PUT", "RMB%2Ft", key, r#"{"said":"人民币每吨"}"#).await.is(201);
    let after = pinyin().await;
    assert!(
        !before.contains("liu4an1") && after.contains("liu4an1") && after.contains("ren2min2"),
        "{before} {after}"
    );

    let file = folder.path().join("site.lexicon");
    assert_eq!(fs::read_to_string(&file).unwrap(), "六安\tliu4 an1\t地名\nRMB/t\t人民币每吨\n");
    let lexicon = stage.get("/v1/lexicon").await;
    assert_eq!(lexicon.is(200).json()["entries"][1]["written"], "RMB/t");
    assert_eq!(lexicon.json()["editable"], true);
    let etag = lexicon.header("etag");
    stage.get_with("/v1/lexicon", &[("if-none-match", etag)]).await.is(304);

    edit(&stage, "DELETE", "RMB%2Ft", key, "").await.is(204);
    edit(&stage, "DELETE", "RMB%2Ft", key, "").await.is_problem(404, "entry_unknown");
    let late = [key[0], ("if-match", etag)];
    edit(&stage, "PUT", LIU_AN, &late, &body).await.is_problem(412, "lexicon_changed");
    let fresh = stage.get("/v1/lexicon").await;
    edit(&stage, "DELETE", LIU_AN, &[key[0], ("if-match", fresh.header("etag"))], "").await.is(204);
    assert_eq!(pinyin().await, before);
}

#[tokio::test]
async fn only_who_has_the_key_edits_and_only_what_can_be_said() {
    let folder = tempfile::tempdir().unwrap();
    let [editor, publisher] = editor_and_publisher(folder.path());
    let stage = site(folder.path());
    let body = json!({"said": "lu4 an1"}).to_string();
    for headers in [
        &[][..],
        &[("authorization", "Bearer wrong")],
        &[("authorization", &editor)],
        &[("authorization", "Basic YTpi")],
    ] {
        let refused = edit(&stage, "PUT", LIU_AN, headers, &body).await;
        refused.is_problem(401, "key_wrong");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        edit(&stage, "DELETE", LIU_AN, headers, "").await.is_problem(401, "key_wrong");
    }
    let key = format!("Bearer {editor}");
    let key: &[(&str, &str)] = &[("authorization", &key)];
    for (body, status, code) in [
        (r#"{"said":"lu4"}"#, 422, "entry_invalid"),
        (r#"{"said":"lu4 ang8"}"#, 422, "entry_invalid"),
        (r#"{"said":""}"#, 422, "entry_invalid"),
        (r#"{"said":"第3个"}"#, 422, "entry_invalid"),
        (r#"{"said":7}"#, 422, "json_invalid"),
        (r#"{"says":"x"}"#, 422, "json_invalid"),
        ("", 400, "json_broken"),
        (&format!(r#"{{"said":"{}"}}"#, "水".repeat(5_000)), 413, "body_too_large"),
    ] {
        edit(&stage, "PUT", LIU_AN, key, body).await.is_problem(status, code);
    }
    edit(&stage, "PUT", &"a".repeat(65), key, r#"{"said":"甲"}"#).await.is_problem(422, "entry_invalid");
    let publisher = format!("Bearer {publisher}");
    let refused = edit(&stage, "PUT", LIU_AN, &[("authorization", &publisher)], &body).await;
    refused.is_problem(403, "right_missing");
    let strange = [key[0], ("sec-fetch-site", "cross-site")];
    edit(&stage, "PUT", LIU_AN, &strange, &body).await.is_problem(403, "origin_refused");
    assert!(!folder.path().join("site.lexicon").exists(), "nothing was written");

    fs::write(folder.path().join("site.lexicon"), "六安 lu4 an1\n").unwrap();
    let broken = edit(&stage, "PUT", LIU_AN, key, &body).await;
    broken.is_problem(409, "lexicon_broken");
    assert!(broken.json()["detail"].as_str().unwrap().contains("line 1, column 1"));
    let reload = async || {
        let request = Request::post("/v1/lexicon/reload").header("authorization", key[0].1);
        stage.ask(request.body(Body::empty()).unwrap()).await
    };
    reload().await.is_problem(409, "lexicon_broken");
    fs::write(folder.path().join("site.lexicon"), "六安\tlu4 an1\n").unwrap();
    reload().await.is(204);
    assert_eq!(stage.get("/v1/lexicon").await.json()["entries"].as_array().unwrap().len(), 1);

    let closed = Stage::in_memory();
    edit(&closed, "PUT", LIU_AN, key, &body).await.is_problem(403, "keys_off");
    assert_eq!(closed.get("/v1/lexicon").await.json()["editable"], false);
}

#[tokio::test]
async fn a_notice_stays_as_it_was_when_the_lexicon_changes() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.lexicon"), "六安\tlu4 an1\n水\tshui4\n").unwrap();
    let stage = site(folder.path());
    let text = "六安人民政府。今天开会。";
    let old = stage.submit(text).await;
    stage.made(&old).await;

    fs::write(folder.path().join("site.lexicon"), "六安\tliu4 an1\n").unwrap();
    let later = site(folder.path());
    let new = later.submit(text).await;
    assert_ne!(old["id"], new["id"], "the same text with another lexicon is another notice");
    let (old_urls, new_urls) = (clip_urls(&old), clip_urls(&new));
    let key = |url: &String| url.split('?').next().unwrap().to_owned();
    assert_ne!(key(&old_urls[0]), key(&new_urls[0]));
    assert_eq!(
        key(old_urls.last().unwrap()),
        key(new_urls.last().unwrap()),
        "unchanged sounds, the same clip"
    );

    // The old address still has the old reading, even when its clips are gone.
    later.made(&new).await;
    // The last of them may be being written at this moment.
    until("the clips are gone", async || fs::remove_dir_all(folder.path().join("data/clips")).is_ok()).await;
    let restarted = site(folder.path());
    for url in &old_urls {
        restarted.get(url).await.is(200);
    }
    let address = format!("/v1/notices/{}", old["id"].as_str().unwrap());
    let manifest = restarted.get(&address).await.is(200).json();
    assert_eq!(clip_urls(&manifest), old_urls);
}
