//! Publishing where something goes wrong on the way: a client that hangs up, a disk that is slow, an order that is lost.

use std::{sync::Arc, time::Duration};

use futures::{future::join, poll};
use langdu::{
    http::{Access, App},
    notice::Format,
    plan::Speed,
    render::{RenderOptions, Submission},
    store::{ListedId, Store, StoreOptions},
};
use object_store::{
    memory::InMemory,
    throttle::{ThrottleConfig, ThrottledStore},
};
use serde_json::{Value, json};

use super::{
    House, names,
    stage::{Answer, until},
};

/// Looks for what others have published at the start, and never again.
fn alone(store: Store, folder: &std::path::Path) -> House {
    let never = Duration::from_secs(3600);
    House::on(store, folder, RenderOptions::default(), |app| app.access(Access::Published).poll(never))
}

/// Asks, and hangs up when the first has been waited for.
async fn hang_up(asked: impl Future<Output = Answer>) {
    let mut asked = Box::pin(asked);
    assert!(poll!(asked.as_mut()).is_pending(), "it is answered at once");
}

#[tokio::test]
async fn what_a_client_has_begun_is_done_when_it_hangs_up() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let house = alone(Store::folder(&data, StoreOptions::default()).unwrap(), folder.path());
    // What is planned is not waited for: it hangs up while the record is written.
    house.put("0", json!({"text": "今天停水。"})).await.is(201);
    hang_up(house.put("1", json!({"text": "今天停水。"}))).await;
    until("it is published", async || house.entry("1").await.status == 200).await;
    hang_up(house.ask("DELETE", "0", &[], Value::Null)).await;
    until("it is withdrawn", async || house.entry("0").await.status == 404).await;
    until("nothing is left of it", async || std::fs::read_dir(data.join("published")).unwrap().count() == 1)
        .await;
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
}

#[tokio::test]
async fn a_write_that_comes_late_undoes_nothing_that_was_answered() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Arc::new(ThrottledStore::new(InMemory::new(), ThrottleConfig::default()));
    let late = Duration::from_millis(900);
    let delay = |wait_put_per_call: Duration| {
        slow.config_mut(|config| config.wait_put_per_call = wait_put_per_call);
    };
    let options = StoreOptions {
        patience: Duration::from_millis(200),
        retry: Duration::ZERO,
        ..StoreOptions::default()
    };
    let house = alone(Store::objects(slow.clone(), "data".into(), options), folder.path());
    house.put("1", json!({"text": "甲。"})).await.is(201);
    // These are there already, so that it is the record that comes late.
    for text in ["乙。", "丁。"] {
        let (format, speed) = (Format::Text, Speed::default());
        let text = text.to_owned();
        let submission = Submission { format, text, voice: None, speed, reading: None, lexicon: None };
        assert!(house.stage.renderer.submit(submission).await.unwrap().saved);
    }
    delay(late);
    house.put("1", json!({"text": "乙。"})).await.is_problem(503, "store_unavailable");
    delay(Duration::ZERO);
    let third = async || house.put("1", json!({"text": "丙。"})).await.status == 200;
    until("it is replaced", third).await;
    delay(late);
    house.put("2", json!({"text": "丁。"})).await.is_problem(503, "store_unavailable");
    delay(Duration::ZERO);
    tokio::time::sleep(late).await;
    // It was written after all, and is withdrawn under its name, as soon as the disk is quick again.
    let withdrawn = async || house.ask("DELETE", "2", &[], Value::Null).await.status == 204;
    until("it is withdrawn", withdrawn).await;
    drop(house);
    let options = StoreOptions::default();
    let house = alone(Store::objects(slow, "data".into(), options), folder.path());
    assert_eq!(names(&house.list("").await), ["1"]);
    assert_eq!(house.entry("1").await.json()["title"], "丙。");
}

#[tokio::test]
async fn what_one_service_writes_down_takes_back_nothing_that_another_has_done() {
    let folder = tempfile::tempdir().unwrap();
    let objects = Arc::new(InMemory::new());
    let slow = Arc::new(ThrottledStore::new(objects.clone(), ThrottleConfig::default()));
    let often = Duration::from_millis(50);
    let store = |objects| Store::objects(objects, "data".into(), StoreOptions::default());
    let house = |objects| {
        let app = |app: App| app.access(Access::Published).poll(often);
        House::on(store(objects), folder.path(), RenderOptions::default(), app)
    };
    // The keys of the first went when those of the second were given out, and it has them in memory.
    let (one, two) = (house(objects.clone()), house(slow.clone()));
    let delay = |wait_put_per_call: Duration| {
        slow.config_mut(|config| config.wait_put_per_call = wait_put_per_call);
    };
    let late = Duration::from_millis(800);
    let kept = store(objects.clone());
    for (name, text) in [("1", "今天停水。"), ("2", "明天停电。")] {
        one.put(name, json!({"text": text})).await.is(201);
        until("the other has it", async || two.entry(name).await.status == 200).await;
        two.made(name).await;
        // The second lets a variant be heard, and while it writes that down the first has an edit.
        delay(late);
        let edit = async {
            tokio::time::sleep(late / 4).await;
            match name {
                "1" => one.put("1", json!({"text": "今天不停水。"})).await.is(200).status,
                _ => one.ask("DELETE", "2", &[], Value::Null).await.is(204).status,
            }
        };
        let (variant, _) = join(two.submit(json!({"text": text, "speed": 1.2})), edit).await;
        tokio::time::sleep(late * 2).await;
        delay(Duration::ZERO);
        assert!(variant.status == 201 || variant.status == 403, "{}", variant.status);
    }
    until("the other knows", async || two.entry("2").await.status == 404).await;
    for house in [&one, &two] {
        assert_eq!(names(&house.list("").await), ["1"]);
        assert_eq!(house.entry("1").await.json()["title"], "今天不停水。");
    }
    until("nothing is left of what was withdrawn", async || {
        let published = kept.list().await.unwrap();
        published.len() == 1 && kept.heard(ListedId::of("2")).await == Ok(None)
    })
    .await;
    drop((one, two));
    let house = house(objects);
    assert_eq!(house.entry("1").await.json()["title"], "今天不停水。");
}

#[tokio::test]
async fn what_somebody_else_drops_is_made_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.stage.engine.close();
    let entry = house.put("1", json!({"text": super::NOTICE})).await.is(201).json();
    until("it is being made", async || house.stage.engine.calls() > 0).await;
    let work = format!("{}/work", entry["url"].as_str().unwrap());
    house.stage.delete(&work).await.is(204);
    house.stage.engine.open();
    house.made("1").await;
}
