//! Notices with the words of a published one: who may hear them, which are kept, and that all go with it.

use std::{fs, time::Duration};

use axum::{body::Body, http::Request};
use langdu::{
    http::{Access, Limits},
    render::RenderOptions,
    store::{ListedId, Store, StoreOptions},
};
use serde_json::{Value, json};

use super::{
    House, NOTICE,
    stage::{Answer, clip_urls, under, until},
};

/// Variants of one text that are kept besides the published one.
const MOST: usize = 256;

async fn submit_with(house: &House, key: &str, body: Value) -> Answer {
    let request = Request::post("/v1/notices").header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {key}"));
    house.stage.ask(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn what_a_program_has_said_in_the_place_of_published_words_is_not_for_readers() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    let said = |what: &str| {
        let ssml = format!("<speak><p>六安<sub alias=\"{what}\">今天</sub>停水。</p></speak>");
        json!({"ssml": ssml})
    };
    house.put("1", json!({"text": "六安今天停水。"})).await.is(201);
    let other = submit_with(&house, &house.speaker, said("任何别的话")).await.is(201).json();
    let heard_by_nobody = async |house: &House| {
        house.submit(said("任何别的话")).await.is_problem(403, "not_published");
        for path in ["", "/events", "/audio.wav"] {
            house.stage.get(&under(&other, path)).await.is_problem(404, "notice_unknown");
        }
        house.stage.get(&clip_urls(&other)[0].replace(".wav", ".ulaw")).await.is_problem(404, "clip_unknown");
    };
    heard_by_nobody(&house).await;
    // Not where the site has let everybody submit before, nor after a restart.
    until("it is written down", async || {
        let files = fs::read_dir(folder.path().join("data/published")).unwrap().flatten();
        let id = other["id"].as_str().unwrap().as_bytes();
        files.into_iter().any(|file| fs::read(file.path()).unwrap().windows(id.len()).any(|part| part == id))
    })
    .await;
    drop(house);
    let house = House::new(folder.path(), Access::Published);
    assert_eq!(house.list("").await["total"], 1);
    heard_by_nobody(&house).await;
    house.put("2", said("今日")).await.is(201);
    house.submit(said("今日")).await.is(200);
    let record = folder.path().join(format!("data/notices/{}.notice", other["id"].as_str().unwrap()));
    assert!(record.exists());
    for name in ["1", "2"] {
        house.ask("DELETE", name, &[], Value::Null).await.is(204);
    }
    // At once, or where the disk takes its time as soon as it can.
    until("it goes with what is withdrawn", async || !record.exists()).await;
}

#[tokio::test]
async fn who_floods_a_text_with_variants_takes_none_from_those_who_listen() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.stage.engine.close();
    house.put("1", json!({"text": NOTICE})).await.is(201);
    let variant = |n: usize| json!({"text": NOTICE.replace('\n', &"\n".repeat(n + 2))});
    let page = house.submit(variant(0)).await.is(201).json();
    for n in 1..MOST {
        house.submit(variant(n)).await.is(201);
    }
    house.submit(variant(MOST)).await.is_problem(503, "overloaded");
    house.submit(variant(0)).await.is(200);
    house.submit(json!({"text": NOTICE})).await.is(200);
    house.stage.get(&under(&page, "")).await.is(200);
    // A program with a key is not refused, and what it submits is withdrawn with the rest.
    let kept = submit_with(&house, &house.speaker, variant(MOST)).await.is(201).json();
    house.stage.get(&under(&page, "")).await.is(200);
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    for manifest in [&page, &kept] {
        let record = format!("data/notices/{}.notice", manifest["id"].as_str().unwrap());
        assert!(!folder.path().join(record).exists());
    }
    house.stage.engine.open();
}

#[tokio::test]
async fn what_was_replaced_by_other_words_goes_with_what_is_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    let record = |entry: &Value| {
        folder.path().join(format!("data/notices/{}.notice", entry["notice"].as_str().unwrap()))
    };
    let first = house.put("1", json!({"text": "甲村今天停水。"})).await.is(201).json();
    let second = house.put("1", json!({"text": "甲村明天停水。"})).await.is(200).json();
    house.put("1", json!({"text": "甲村不停水。"})).await.is(200);
    assert!(record(&first).exists() && record(&second).exists());
    house.stage.renderer.stop().await;
    let house = House::new(folder.path(), Access::Published);
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    assert!(!record(&first).exists() && !record(&second).exists());
    assert!(super::clips_on_disk(folder.path()).is_empty());
}

#[tokio::test]
async fn what_has_a_notice_planned_again_and_again_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::folder(&folder.path().join("data"), StoreOptions::default()).unwrap();
    let options = RenderOptions { planned_bytes: 0, ..RenderOptions::default() };
    let limits = Limits { client_rate: 1, client_burst: 1, ..Limits::NONE };
    let house = House::on(store, folder.path(), options, |app| {
        app.access(Access::Published).limits(limits).poll(Duration::from_secs(3600))
    });
    let notice = house.put("1", json!({"text": NOTICE})).await.is(201).json()["notice"].clone();
    let clip = format!("/v1/clips/{}.wav?notice={}", "0".repeat(64), notice.as_str().unwrap());
    // Ten times as many as submissions.
    let mut told = Vec::new();
    for n in 0..12 {
        let url = if n % 2 == 0 { "/v1/published/1" } else { &clip };
        told.push(house.stage.get(url).await.status.as_u16());
    }
    assert_eq!(told, [200, 404, 200, 404, 200, 404, 200, 404, 200, 404, 429, 429]);
}

#[tokio::test]
async fn what_another_service_let_be_heard_goes_with_what_is_withdrawn_when_it_is_down() {
    let folder = tempfile::tempdir().unwrap();
    // The keys of the first went when those of the second were given out, and it has them in memory.
    let (one, two) =
        (House::new(folder.path(), Access::Published), House::new(folder.path(), Access::Published));
    let text = |name: &str| format!("甲村{name}日停水。");
    let mut variants = Vec::new();
    for name in ["1", "2"] {
        one.put(name, json!({"text": text(name)})).await.is(201);
        until("the other has it", async || two.entry(name).await.status == 200).await;
        let variant = two.submit(json!({"text": text(name), "speed": 1.2})).await.is(201).json();
        two.stage.made(&variant).await;
        until("it is written down", async || {
            let file = folder.path().join(format!("data/published/{}.heard", ListedId::of(name)));
            let id = variant["id"].as_str().unwrap();
            fs::read(file).is_ok_and(|heard| String::from_utf8_lossy(&heard).contains(id))
        })
        .await;
        variants.push(variant);
    }
    two.stage.renderer.stop().await;
    drop(two);
    one.put("2", json!({"text": "甲村不停水。"})).await.is(200);
    for name in ["1", "2"] {
        one.ask("DELETE", name, &[], Value::Null).await.is(204);
    }
    for variant in &variants {
        let record = format!("data/notices/{}.notice", variant["id"].as_str().unwrap());
        assert!(!folder.path().join(record).exists());
    }
    until("nothing is left", async || super::clips_on_disk(folder.path()).is_empty()).await;
    assert_eq!(fs::read_dir(folder.path().join("data/published")).unwrap().count(), 0);
}
