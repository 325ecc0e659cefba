//! What an editor's page needs besides notices: what a key is good for, documents as HTML, clips as an archive.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    io::{Cursor, Read, Write},
    path::Path,
    sync::Arc,
};

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use langdu::{
    http::{App, router},
    keys::{self, Keys, Right},
};
use serde_json::{Value, json};
use stage::{Answer, Mood, Stage, text, under};
use tower::ServiceExt;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// A service with one key.
fn with_key(folder: &Path, may: &[Right]) -> (Stage, String) {
    let file = folder.join("keys.toml");
    let key = keys::add(&file, "editor", may).unwrap();
    let mut stage = Stage::in_memory();
    stage.router = router(App::new(stage.renderer.clone()).keys(Arc::new(Keys::open(&file).unwrap())));
    (stage, key)
}

#[tokio::test]
async fn a_key_is_told_what_it_is_good_for() {
    let folder = tempfile::tempdir().unwrap();
    let (stage, key) = with_key(folder.path(), &[Right::Publish, Right::Lexicon]);
    let answer = stage.get_with("/v1/key", &[("authorization", &format!("Bearer {key}"))]).await;
    assert_eq!(answer.is(200).json(), json!({"name": "editor", "may": ["publish", "lexicon"]}));
    stage.get("/v1/key").await.is_problem(401, "key_wrong");
    stage.get_with("/v1/key", &[("authorization", "Bearer 0")]).await.is_problem(401, "key_wrong");
    Stage::in_memory().get("/v1/key").await.is_problem(403, "keys_off");
}

/// An archive of these files.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

async fn upload(stage: &Stage, key: &str, media_type: &str, bytes: Vec<u8>) -> Answer {
    let request = Request::post("/v1/text").header("content-type", media_type);
    let request = request.header("authorization", format!("Bearer {key}"));
    stage.ask(request.body(Body::from(bytes)).unwrap()).await
}

const BODY: &str = "<w:document xmlns:w='w'><w:body>\
    <w:p><w:pPr><w:pStyle w:val='t'/></w:pPr><w:r><w:t>停水通知</w:t></w:r></w:p>\
    <w:p><w:pPr><w:numPr><w:ilvl w:val='0'/><w:numId w:val='1'/></w:numPr></w:pPr>\
    <w:r><w:t>5月3日8时停水。</w:t><w:footnoteReference w:id='1'/></w:r></w:p></w:body></w:document>";
const STYLES: &str =
    "<w:styles xmlns:w='w'><w:style w:styleId='t'><w:name w:val='Title'/></w:style></w:styles>";
const NUMBERING: &str = "<w:numbering xmlns:w='w'><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'>\
    <w:numFmt w:val='chineseCounting'/><w:lvlText w:val='%1、'/></w:lvl></w:abstractNum>\
    <w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>";

#[tokio::test]
async fn a_document_is_turned_into_html_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let (stage, key) = with_key(folder.path(), &[Right::Lexicon]);
    let docx = archive(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("word/document.xml", BODY.as_bytes()),
        ("word/styles.xml", STYLES.as_bytes()),
        ("word/numbering.xml", NUMBERING.as_bytes()),
    ]);
    let answer = upload(&stage, &key, DOCX, docx).await.is(200).json();
    assert_eq!(answer["html"], "<h1>停水通知</h1>\n<p>一、5月3日8时停水。</p>\n");
    assert_eq!(answer["left_out"], json!({"pictures": 0, "notes": 1, "symbols": 0}));

    let manifest = stage.post("/v1/notices", "text/html", answer["html"].as_str().unwrap().to_owned()).await;
    let spoken =
        manifest.is(201).json()["sentences"].as_array().unwrap().iter().map(spoken).collect::<String>();
    assert!(spoken.starts_with("停水通知") && spoken.contains("五月三日八时停水"), "{spoken}");
}

fn spoken(sentence: &Value) -> String {
    sentence["spoken"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_no_document_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let (stage, key) = with_key(folder.path(), &[Right::Publish]);
    let bomb = vec![b' '; 17 << 20];
    let whole = archive(&[("word/document.xml", BODY.as_bytes())]);
    for (what, bytes) in [
        ("nothing", Vec::new()),
        ("no archive", b"%PDF-1.7".to_vec()),
        ("cut off", whole.split_at(whole.len() / 2).0.to_vec()),
        ("another archive", archive(&[("mimetype", b"application/epub")])),
        ("no XML", archive(&[("word/document.xml", b"<w:document>")])),
        ("no UTF-8", archive(&[("word/document.xml", b"<a>\xff</a>")])),
        (
            "a document type",
            archive(&[("word/document.xml", b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>")]),
        ),
        ("far too long", archive(&[("word/document.xml", &bomb)])),
        (
            "styles far too long",
            archive(&[("word/document.xml", BODY.as_bytes()), ("word/styles.xml", &bomb)]),
        ),
    ] {
        println!("{what}");
        upload(&stage, &key, DOCX, bytes).await.is_problem(422, "document_broken");
    }
    upload(&stage, &key, "application/pdf", whole.clone()).await.is_problem(415, "media_type_unsupported");
    upload(&stage, &key, "application/msword", whole.clone()).await.is_problem(415, "media_type_unsupported");
    upload(&stage, "0", DOCX, whole.clone()).await.is_problem(401, "key_wrong");
    stage.post("/v1/text", DOCX, whole).await.is_problem(401, "key_wrong");
    let long = vec![0; (32 << 20) + 1];
    upload(&stage, &key, DOCX, long).await.is_problem(413, "body_too_large");
}

#[tokio::test]
async fn the_archive_has_every_clip_in_order_and_the_manifest() {
    let stage = Stage::in_memory();
    // The last sentence is heard twice.
    let manifest = stage.submit(&format!("{}请注意。\n请注意。", text(4))).await;
    let answer = stage.get(&under(&manifest, "/clips.zip")).await;
    assert_eq!(answer.is(200).header("content-type"), "application/zip");
    let file = format!("{}.zip", manifest["id"].as_str().unwrap());
    assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"{file}\""));

    let mut zip = ZipArchive::new(Cursor::new(answer.body.clone())).unwrap();
    let mut read = |name: &str| {
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    };
    let inside: Value = serde_json::from_slice(&read("manifest.json")).unwrap();
    assert_eq!(inside["ready_count"], inside["clip_count"]);
    let sentences = inside["sentences"].as_array().unwrap().iter();
    let clips: Vec<&Value> = sentences.flat_map(|sentence| sentence["clips"].as_array().unwrap()).collect();
    assert!(clips.len() > 4);
    for (at, clip) in clips.iter().enumerate() {
        let wav = read(&format!("{:03}.wav", at + 1));
        assert_eq!(wav, stage.get(clip["url"].as_str().unwrap()).await.is(200).body, "{at}");
    }
    assert_eq!(zip.len(), clips.len() + 1);
}

#[tokio::test]
async fn an_archive_without_all_clips_is_none() {
    let stage = Stage::in_memory();
    stage.get("/v1/notices/0/clips.zip").await.is_problem(400, "notice_id_malformed");
    stage.get(&format!("/v1/notices/{}/clips.zip", "0".repeat(32))).await.is_problem(404, "notice_unknown");
    stage.engine.is(Mood::Fails);
    let manifest = stage.submit(&text(3)).await;
    stage.get(&under(&manifest, "/clips.zip")).await.is_problem(500, "synthesis_failed");

    let stage = Stage::in_memory();
    stage.engine.close();
    let manifest = stage.submit(&text(5)).await;
    let first = manifest["sentences"][0]["clips"][0]["url"].as_str().unwrap().to_owned();
    stage.engine.permit(1);
    stage.get(&first).await.is(200);
    stage.engine.is(Mood::Fails);
    stage.engine.open();
    let request = Request::get(under(&manifest, "/clips.zip")).body(Body::empty()).unwrap();
    let response = stage.router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert!(response.into_body().collect().await.is_err(), "it must not look whole");
}
