//! What content systems publish, as they and readers see it: the list, what is pinned, what is withdrawn, who may hear
//! what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{fs, path::Path, sync::Arc, time::Duration};

use axum::{body::Body, http::Request};
use langdu::{
    http::{Access, App, router},
    keys::{self, Keys, Right},
    render::RenderOptions,
    site::SiteLexicon,
    store::{Store, StoreOptions},
};
use serde_json::{Value, json};
use stage::{Answer, Stage, clip_urls, text, under, until};

const NOTICE: &str = "关于停水的通知\n因管网检修，5月3日8时停水。\n咨询电话：12345。\n";

/// A service with keys, and the keys by what they are good for.
struct House {
    stage: Stage,
    publisher: String,
    editor: String,
    speaker: String,
}

impl House {
    fn new(folder: &Path, access: Access) -> Self {
        let options = StoreOptions { retry: Duration::ZERO, ..StoreOptions::default() };
        Self::with(folder, access, options, RenderOptions::default())
    }

    fn with(folder: &Path, access: Access, store: StoreOptions, options: RenderOptions) -> Self {
        let file = folder.join("keys.toml");
        let key = |name: &str, may| {
            let _ = keys::revoke(&file, name);
            keys::add(&file, name, &[may]).unwrap()
        };
        let (publisher, editor, speaker) =
            (key("cms", Right::Publish), key("editor", Right::Lexicon), key("speaker", Right::Speech));
        let keys = Arc::new(Keys::open(&file).unwrap());
        let mut stage = Stage::with(Store::folder(&folder.join("data"), store).unwrap(), options);
        let app = App::new(stage.renderer.clone()).keys(keys).access(access).poll(Duration::from_millis(50));
        stage.router = router(app.allow_origins(["https://a.example".to_owned()]));
        Self { stage, publisher, editor, speaker }
    }

    async fn ask(&self, method: &str, name: &str, headers: &[(&str, &str)], body: Value) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("/v1/published/{name}"));
        request = request.header("content-type", "application/json");
        if !headers.iter().any(|(name, _)| *name == "authorization") {
            request = request.header("authorization", format!("Bearer {}", self.publisher));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.stage.ask(request.body(Body::from(body.to_string())).unwrap()).await
    }

    async fn put(&self, name: &str, body: Value) -> Answer {
        self.ask("PUT", name, &[], body).await
    }

    async fn entry(&self, name: &str) -> Answer {
        self.stage.get(&format!("/v1/published/{name}")).await
    }

    async fn list(&self, query: &str) -> Value {
        self.stage.get(&format!("/v1/published{query}")).await.is(200).json()
    }

    /// Waits until all clips of an entry are made; the manifest.
    async fn made(&self, name: &str) -> Value {
        until(&format!("{name} is made"), async || {
            let entry = self.entry(name).await.is(200).json();
            entry["ready"] == entry["clips"]
        })
        .await;
        let url = self.entry(name).await.json()["url"].as_str().unwrap().to_owned();
        let key = format!("Bearer {}", self.publisher);
        self.stage.get_with(&url, &[("authorization", &key)]).await.is(200).json()
    }

    async fn submit(&self, body: Value) -> Answer {
        self.stage.post("/v1/notices", "application/json", body.to_string()).await
    }
}

fn names(list: &Value) -> Vec<&str> {
    list["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect()
}

/// Files of clips on disk.
fn clips_on_disk(folder: &Path) -> Vec<String> {
    let shelves = fs::read_dir(folder.join("data/clips")).into_iter().flatten().flatten();
    let files = shelves.flat_map(|shelf| fs::read_dir(shelf.path()).unwrap().flatten());
    files.map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

#[tokio::test]
async fn a_notice_is_published_replaced_and_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Open);
    let body =
        json!({"text": NOTICE, "date": "2024-05-02", "category": "供水", "page": "https://a.example/1.html"});
    let answer = house.put("1", body.clone()).await;
    let entry = answer.is(201).json();
    assert_eq!(entry["title"], "关于停水的通知");
    assert_eq!(entry["date"], "2024-05-02");
    assert_eq!(entry["page"], "https://a.example/1.html");
    assert_eq!(house.put("1", body.clone()).await.is(200).json()["published_at"], entry["published_at"]);
    let manifest = house.made("1").await;
    assert_eq!(manifest["clip_count"], entry["clips"]);
    assert_eq!(manifest["saved"], true);
    let calls = house.stage.engine.calls();
    assert!(calls > 0, "it is made without being asked for");

    let other = json!({"html": "<h1>关于停电的通知</h1><p>今晚停电。</p>", "title": "停电"});
    let replaced = house.put("1", other).await;
    assert_eq!(replaced.is(200).json()["title"], "停电");
    assert_ne!(replaced.header("etag"), answer.header("etag"));
    assert_eq!(replaced.json()["published_at"], entry["published_at"], "it stays where it is in the list");
    assert_eq!(replaced.json()["date"], Value::Null);
    assert_eq!(house.list("").await["total"], 1);

    house.made("1").await;
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    house.ask("DELETE", "1", &[], Value::Null).await.is_problem(404, "published_unknown");
    house.entry("1").await.is_problem(404, "published_unknown");
    assert_eq!(house.list("").await, json!({"entries": [], "next": null, "total": 0}));
    assert_eq!(fs::read_dir(folder.path().join("data/published")).unwrap().count(), 0);
    let bare =
        Request::put("/v1/published/2?title=T&category=C&speed=1.2").header("content-type", "text/plain");
    let bare =
        bare.header("authorization", format!("Bearer {}", house.publisher)).body(Body::from("今天停水。"));
    let answer = house.stage.ask(bare.unwrap()).await;
    assert_eq!((&answer.is(201).json()["title"], &answer.json()["category"]), (&json!("T"), &json!("C")));
}

#[tokio::test]
async fn only_who_may_publish_publishes_and_what_is_wrong_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Open);
    for (key, status, code) in [
        ("", 401, "key_wrong"),
        ("Bearer", 401, "key_wrong"),
        ("Bearer langdu_0", 401, "key_wrong"),
        (&format!("Basic {}", house.publisher), 401, "key_wrong"),
        (&format!("Bearer {}", house.editor), 403, "right_missing"),
        (&format!("Bearer {}", house.speaker), 403, "right_missing"),
    ] {
        let headers = [("authorization", key)];
        house.ask("PUT", "1", &headers, json!({"text": "停水。"})).await.is_problem(status, code);
        house.ask("DELETE", "1", &headers, Value::Null).await.is_problem(status, code);
    }
    for (body, status, code) in [
        (json!({}), 422, "json_invalid"),
        (json!({"text": ""}), 422, "text_empty"),
        (json!({"text": "停水。", "html": "停水。"}), 422, "json_invalid"),
        (json!({"text": "停水。", "titel": "停水"}), 422, "json_invalid"),
        (json!({"text": "停水。", "voice": "nobody"}), 422, "voice_unknown"),
        (json!({"text": "停水。", "speed": 9}), 422, "speed_out_of_range"),
        (json!({"text": "停水。", "reading": {"two": "er"}}), 422, "reading_invalid"),
        (json!({"text": "停水。", "date": "2024-13-01"}), 422, "label_invalid"),
        (json!({"text": "停水。", "page": "javascript:alert(1)"}), 422, "label_invalid"),
        (json!({"text": "停水。", "title": "a\nb"}), 422, "label_invalid"),
    ] {
        house.put("1", body).await.is_problem(status, code);
    }
    house.entry("1").await.is_problem(404, "published_unknown");
    for query in ["?limit=0", "?limit=201", "?limit=x", "?after=7", "?page=2"] {
        house.stage.get(&format!("/v1/published{query}")).await.is_problem(400, "query_invalid");
    }
    assert_eq!(house.stage.engine.calls(), 0);
}

#[tokio::test]
async fn a_name_is_no_path() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Open);
    let long = "%E6%B0%B4".repeat(200);
    for (name, meant) in [
        ("..%2F..%2F..%2Fetc%2Fpasswd", "../../../etc/passwd"),
        ("%2e%2e", ".."),
        ("..", ".."),
        ("a%2Fb%2f", "a/b/"),
        ("%F0%9F%98%80", "😀"),
        ("a%20b%3Fc%23d", "a b?c#d"),
        ("%2500", "%00"),
        (&long, &"水".repeat(200)),
    ] {
        // A browser would make nothing of the dots; what is asked for here is the same name again.
        let entry =
            house.put(name, json!({"text": "停水。"})).await.is(if name == ".." { 200 } else { 201 }).json();
        assert_eq!(entry["name"], meant);
        assert_eq!(house.entry(name).await.is(200).json()["name"], meant);
    }
    for name in ["%00", "a%0Ab", "%7F", "%FF%FE", &"x".repeat(201), &"x".repeat(10_000)] {
        house.put(name, json!({"text": "停水。"})).await.is_problem(400, "name_invalid");
        house.entry(name).await.is_problem(400, "name_invalid");
    }
    let mut there: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    there.sort();
    assert_eq!(there, ["data", "keys.toml"]);
    let files = fs::read_dir(folder.path().join("data/published")).unwrap();
    let files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files.len(), 7, "two of the names are one");
    assert!(files.iter().all(|name| name.len() == 70 && name.ends_with(".entry")), "{files:?}");
    assert_eq!(house.list("?limit=200").await["total"], 7);
}

#[tokio::test]
async fn the_list_is_turned_over_page_by_page_and_costs_little_to_poll() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Open);
    for n in 0..7 {
        let category = if n % 2 == 0 { "even" } else { "odd" };
        house
            .put(&n.to_string(), json!({"text": format!("第{n}号通知。"), "category": category}))
            .await
            .is(201);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=3".to_owned());
    loop {
        let page = house.list(&query).await;
        seen.extend(names(&page).iter().map(|name| (*name).to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=3&after={next}");
    }
    assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"]);
    let page = house.list("?category=odd&limit=2").await;
    assert_eq!(names(&page), ["5", "3"]);
    let next = page["next"].as_str().unwrap();
    assert_eq!(names(&house.list(&format!("?category=odd&limit=2&after={next}")).await), ["1"]);
    assert_eq!(names(&house.list("?category=none").await), [""; 0]);

    let etag = house.stage.get("/v1/published").await.header("etag").to_owned();
    let asked = async || house.stage.get_with("/v1/published", &[("if-none-match", &etag)]).await;
    asked().await.is(304);
    house.put("3", json!({"text": "另一个通知。"})).await.is(200);
    assert_eq!(names(&asked().await.is(200).json()), ["6", "5", "4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn nobody_overwrites_what_he_has_not_seen() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Open);
    let put = async |headers: &[(&str, &str)], text: &str| {
        house.ask("PUT", "1", headers, json!({"text": text})).await
    };
    put(&[("if-match", "*")], "甲。").await.is_problem(412, "published_changed");
    let first = put(&[("if-none-match", "*")], "甲。").await.is(201).header("etag").to_owned();
    put(&[("if-none-match", "*")], "乙。").await.is_problem(412, "published_changed");
    let second = put(&[("if-match", &first)], "乙。").await.is(200).header("etag").to_owned();
    put(&[("if-match", &first)], "丙。").await.is_problem(412, "published_changed");
    assert_eq!(house.entry("1").await.header("etag"), second);
    house.ask("DELETE", "1", &[("if-match", &first)], Value::Null).await.is_problem(412, "published_changed");
    house.ask("DELETE", "1", &[("if-match", &second)], Value::Null).await.is(204);
}

#[tokio::test]
async fn what_is_published_outlives_a_restart_and_goes_on_being_made() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.stage.engine.close();
    for n in 0..5 {
        house.put(&n.to_string(), json!({"text": format!("第{n}号通知。\n{NOTICE}")})).await.is(201);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    house.ask("DELETE", "3", &[], Value::Null).await.is(204);
    let before = house.list("").await;
    house.stage.engine.open();
    drop(house);
    let house = House::new(folder.path(), Access::Published);
    assert_eq!(house.list("").await, before);
    assert_eq!(names(&before), ["4", "2", "1", "0"]);
    for name in ["4", "2", "1", "0"] {
        let manifest = house.made(name).await;
        // A reader may hear it.
        house.stage.get(&clip_urls(&manifest)[0]).await.is(200);
    }
}
