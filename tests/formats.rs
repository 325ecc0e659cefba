//! The formats of a clip over HTTP: what is asked and what is answered stands in `formats.tsv`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{fs, path::Path};

use axum::{body::Body, http::Request};
use langdu::audio::Encoding;
use stage::{Answer, Stage, clip_urls, text, until};

/// A stage with a clip: its key and its notice.
async fn with_a_clip(stage: &Stage) -> (String, String) {
    let manifest = stage.submit("今天停水。").await;
    let key = manifest["sentences"][0]["clips"][0]["key"].as_str().unwrap().to_owned();
    (key, manifest["id"].as_str().unwrap().to_owned())
}

async fn ask(stage: &Stage, method: &str, address: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::builder().method(method).uri(address);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    stage.ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_request_of_the_table_gets_its_answer() {
    let stage = Stage::in_memory();
    let (key, notice) = with_a_clip(&stage).await;
    stage.get(&format!("/v1/clips/{key}.wav?notice={notice}")).await.is(200);
    let filled = |text: &str| text.replace("KEY", &key).replace("NOTICE", &notice);
    let mut rows = 0;
    for row in include_str!("formats.tsv").lines().filter(|row| !row.starts_with('#')) {
        let [method, end, sent, status, told] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not five columns: {row}");
        };
        let opus = [end, sent, told].iter().any(|column| column.contains("opus") || column.contains("ogg"));
        if opus && Encoding::from_extension("opus").is_none() {
            continue;
        }
        rows += 1;
        let address = format!("/v1/clips/{key}{}", filled(end.trim_start_matches('-')));
        let sent = filled(sent);
        let sent: Vec<(&str, &str)> =
            sent.split(" | ").filter_map(|header| header.split_once(": ")).collect();
        let answer = ask(&stage, method, &address, &sent).await;
        println!("{row}\n    {:?}", answer.headers);
        assert_eq!(answer.status.as_str(), status, "{row}");
        if method == "HEAD" || status == "304" {
            assert!(answer.body.is_empty(), "{row}");
        } else if let Some(len) = answer.headers.get("content-length") {
            assert_eq!(len.to_str().unwrap(), answer.body.len().to_string(), "{row}");
        }
        // How long the file is, whatever was asked for.
        let accept: Vec<(&str, &str)> = sent.iter().copied().filter(|(name, _)| *name == "accept").collect();
        let len =
            if told.contains("LEN") { ask(&stage, "GET", &address, &accept).await.body.len() } else { 0 };
        for header in filled(told).replace("LEN", &len.to_string()).split(" | ") {
            if let Some(absent) = header.strip_prefix('!') {
                assert!(!answer.headers.contains_key(absent), "{row}: there is {absent}");
                continue;
            }
            let (name, value) = header.split_once(": ").unwrap();
            let found = answer.headers.get_all(name).iter().any(|found| found == value);
            assert!(found, "{row}: no {header}");
        }
    }
    assert!(rows > 30);
}

#[tokio::test]
async fn what_is_sent_is_the_format_that_was_asked_for() {
    let stage = Stage::in_memory();
    let (key, notice) = with_a_clip(&stage).await;
    // The derived ones first: asking for one has the clip made.
    for encoding in Encoding::ALL.iter().rev() {
        let address = format!("/v1/clips/{key}.{}?notice={notice}", encoding.extension());
        let file = stage.get(&address).await;
        file.is(200);
        assert_eq!(file.header("content-type"), encoding.media_type());
        match encoding.header(0).len() {
            44 => {
                let wav = hound::WavReader::new(&file.body[..]).unwrap();
                assert_eq!(wav.spec().sample_rate, encoding.rate());
                assert!(wav.into_samples::<i16>().any(|sample| sample.unwrap().abs() > 1000));
            }
            _ if encoding.sample().is_none() => assert_eq!(&file.body[..4], b"OggS"),
            _ => assert!(file.body.iter().any(|&byte| byte & 0x7f < 0x30), "no loud sample"),
        }
    }
    assert_eq!(stage.engine.calls(), 1);
}

#[tokio::test]
async fn a_thousand_readers_of_one_format_have_it_made_once() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let (key, notice) = with_a_clip(&stage).await;
    let address = format!("/v1/clips/{key}.8k.wav?notice={notice}");
    let readers = futures::future::join_all((0..1000).map(|_| stage.get(&address)));
    let (answers, ()) = futures::join!(readers, async {
        until("a synthesis", async || stage.engine.calls() > 0).await;
        stage.engine.open();
    });
    // One derivation: all have the very same memory, not only the same bytes.
    let first = answers[0].is(200).body.as_ptr();
    assert!(answers.iter().all(|answer| answer.is(200).body.as_ptr() == first));
    assert_eq!(stage.engine.calls(), 1);
}

#[tokio::test]
async fn a_derived_file_is_kept_and_served_without_its_clip() {
    let folder = tempfile::tempdir().unwrap();
    let (key, notice) = {
        let stage = Stage::in_folder(folder.path());
        let (key, notice) = with_a_clip(&stage).await;
        stage.get(&format!("/v1/clips/{key}.alaw?notice={notice}")).await.is(200);
        until("the file", async || file(folder.path(), &key, "alaw").is_some()).await;
        stage.renderer.stop().await;
        (key, notice)
    };
    let path = file(folder.path(), &key, "alaw").unwrap();
    fs::remove_file(file(folder.path(), &key, "wav").unwrap()).unwrap();
    let stage = Stage::in_folder(folder.path());
    let kept = stage.get(&format!("/v1/clips/{key}.alaw")).await.is(200).body.clone();
    assert_eq!(stage.engine.calls(), 0, "the clip was not needed");

    // A damaged one is thrown away and derived again, from a clip that is made again.
    stage.renderer.stop().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes[100] ^= 1;
    fs::write(&path, bytes).unwrap();
    let stage = Stage::in_folder(folder.path());
    let again = stage.get(&format!("/v1/clips/{key}.alaw?notice={notice}")).await.is(200).body.clone();
    assert_eq!(again, kept);
    assert_eq!(stage.engine.calls(), 1);
}

/// Where a file of a clip lies.
fn file(folder: &Path, key: &str, extension: &str) -> Option<std::path::PathBuf> {
    let path = folder.join("clips").join(&key[..2]).join(format!("{key}.{extension}"));
    path.exists().then_some(path)
}

#[tokio::test]
async fn the_whole_notice_is_there_for_the_telephone_and_in_parts() {
    let stage = Stage::in_memory();
    let manifest = stage.submit(&text(4)).await;
    stage.made(&manifest).await;
    let id = manifest["id"].as_str().unwrap();
    for encoding in Encoding::ALL.iter().filter(|encoding| encoding.sample().is_some()) {
        let extension = encoding.extension();
        let head = encoding.header(0).len();
        let address = format!("/v1/notices/{id}/audio.{extension}");
        let whole = stage.get(&address).await;
        whole.is(200);
        assert_eq!(whole.header("content-type"), encoding.media_type());
        assert_eq!(whole.header("content-length"), whole.body.len().to_string());
        assert_eq!(whole.header("accept-ranges"), "bytes");
        assert_eq!(whole.body[..head], encoding.header((whole.body.len() - head) as u64));
        let mut joined = Vec::new();
        for url in clip_urls(&manifest) {
            let clip = stage.get(&url.replace(".wav", &format!(".{extension}"))).await;
            joined.extend_from_slice(&clip.body[head..]);
        }
        assert_eq!(whole.body[head..], joined, "{extension}");

        let (etag, len) = (whole.header("etag").to_owned(), whole.body.len());
        let probe = ask(&stage, "HEAD", &address, &[]).await;
        assert!(probe.is(200).body.is_empty());
        for name in ["content-type", "content-length", "etag", "accept-ranges", "cache-control"] {
            assert_eq!(probe.header(name), whole.header(name), "{name}");
        }
        stage.get_with(&address, &[("if-none-match", &etag)]).await.is(304);
        for part in [0..1, 0..44, 43..45, 10..len, len / 3..len / 2, len - 1..len, 0..len, len - 10..len] {
            let range = format!("bytes={}-{}", part.start, part.end - 1);
            let answer = stage.get_with(&address, &[("range", &range), ("if-range", &etag)]).await;
            answer.is(206);
            assert_eq!(answer.body, whole.body[part.clone()], "{extension} {range}");
            assert_eq!(answer.header("content-length"), part.len().to_string());
            assert_eq!(
                answer.header("content-range"),
                format!("bytes {}-{}/{len}", part.start, part.end - 1)
            );
        }
        let other = stage.get_with(&address, &[("range", "bytes=0-0"), ("if-range", "\"x\"")]).await;
        assert_eq!(other.is(200).body, whole.body);
        let outside = stage.get_with(&address, &[("range", &format!("bytes={len}-"))]).await;
        outside.is_problem(416, "range_not_satisfiable");
        assert_eq!(outside.header("content-range"), format!("bytes */{len}"));
    }
}

#[tokio::test]
async fn a_notice_that_is_not_made_yet_has_no_length_and_no_parts() {
    let stage = Stage::in_memory();
    stage.engine.close();
    stage.engine.permit(1);
    let manifest = stage.submit(&text(3)).await;
    let address = format!("/v1/notices/{}/audio.alaw", manifest["id"].as_str().unwrap());
    let headers = [("range", "bytes=0-9")];
    let probe = ask(&stage, "HEAD", &address, &headers).await;
    probe.is(200);
    assert_eq!(probe.header("accept-ranges"), "none");
    for absent in ["content-length", "etag"] {
        assert!(!probe.headers.contains_key(absent), "{absent}");
    }
    stage.engine.open();
    stage.made(&manifest).await;
    let whole = stage.get(&address).await;
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
}
