//! What content systems publish, as they and readers see it: the list, what is pinned, what is withdrawn, who may hear
//! what.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "published/edits.rs"]
mod edits;
#[path = "published/rotten.rs"]
mod rotten;
mod stage;
#[path = "published/variants.rs"]
mod variants;

use std::{fs, path::Path, sync::Arc, time::Duration};

use axum::{body::Body, http::Request};
use langdu::{
    http::{Access, App, router},
    keys::{self, Keys, Right},
    render::RenderOptions,
    site::SiteLexicon,
    store::{ListedId, Store, StoreOptions},
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
        let store = Store::folder(&folder.join("data"), store).unwrap();
        Self::on(store, folder, options, |app| app.access(access).poll(Duration::from_millis(50)))
    }

    /// On any store; the keys lie in `folder`.
    fn on(store: Store, folder: &Path, options: RenderOptions, app: impl FnOnce(App) -> App) -> Self {
        let file = folder.join("keys.toml");
        let key = |name: &str, may| {
            let _ = keys::revoke(&file, name);
            keys::add(&file, name, &[may]).unwrap()
        };
        let (publisher, editor, speaker) =
            (key("cms", Right::Publish), key("editor", Right::Lexicon), key("speaker", Right::Speech));
        let keys = Arc::new(Keys::open(&file).unwrap());
        let mut stage = Stage::with(store, options);
        let app = app(App::new(stage.renderer.clone()).keys(keys));
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
    for name in ["%00", "a%0Ab", "%7F", &"x".repeat(201), &"x".repeat(10_000)] {
        house.put(name, json!({"text": "停水。"})).await.is_problem(400, "name_invalid");
        house.entry(name).await.is_problem(400, "name_invalid");
    }
    house.put("%FF%FE", json!({"text": "停水。"})).await.is_problem(400, "utf8_invalid");
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
    // A proxy that compresses answers has changed its name.
    let weak = |etag: &str| format!("W/{etag}");
    let packed = |etag: &str| format!("{}-gzip\"", etag.trim_end_matches('"'));
    put(&[("if-match", &packed(&first))], "丙。").await.is_problem(412, "published_changed");
    let third = put(&[("if-match", &weak(&second))], "丙。").await.is(200).header("etag").to_owned();
    let second = put(&[("if-match", &packed(&third))], "乙。").await.is(200).header("etag").to_owned();
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

#[tokio::test]
async fn what_is_withdrawn_is_removed_in_every_form_and_what_others_say_stays() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    let ours = "关于甲村停水的通知\n甲村今天停水。\n特此通知。\n";
    let others = "关于乙村停水的通知\n乙村今天停水。\n特此通知。\n";
    house.put("1", json!({"text": ours})).await.is(201);
    house.put("2", json!({"text": others})).await.is(201);
    let (one, two) = (house.made("1").await, house.made("2").await);
    let (ours_at, theirs_at) = (clip_urls(&one), clip_urls(&two));
    let bare = |urls: &[String]| -> Vec<String> {
        urls.iter().map(|url| url.split('?').next().unwrap().to_owned()).collect()
    };
    let (keys, kept) = (bare(&ours_at), bare(&theirs_at));
    let shared = keys.iter().filter(|key| kept.contains(key)).count();
    assert!(shared > 0 && shared < keys.len(), "they share a sentence, and not all");

    // In other formats, at another speed, in other words of markup.
    for url in &ours_at {
        house.stage.get(&url.replace(".wav", ".8k.wav")).await.is(200);
    }
    let faster = house.submit(json!({"text": ours, "speed": 1.5})).await.is(201).json();
    let marked =
        house.submit(json!({"html": ours.lines().map(|line| format!("<p>{line}</p>")).collect::<String>()}));
    let marked = marked.await.is(201).json();
    let mut variants = clip_urls(&faster);
    variants.extend(clip_urls(&marked));
    for url in &variants {
        house.stage.get(url).await.is(200);
    }
    until("all is on disk", async || {
        let disk = clips_on_disk(folder.path());
        bare(&variants).iter().chain(&keys).all(|url| disk.iter().any(|file| url.ends_with(file)))
            && keys.iter().all(|url| disk.iter().any(|file| url.replace(".wav", ".8k.wav").ends_with(file)))
    })
    .await;

    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    let disk = clips_on_disk(folder.path());
    for url in ours_at.iter().chain(&variants) {
        let key = url.split('?').next().unwrap();
        let stays = kept.contains(&key.to_owned());
        let stem = key.strip_prefix("/v1/clips/").unwrap().split('.').next().unwrap();
        assert_eq!(disk.iter().any(|file| file.starts_with(stem)), stays, "{key} on disk");
        assert_eq!(house.stage.get(key).await.status.as_u16() == 200, stays, "{key} in memory");
        if !stays {
            house.stage.get(url).await.is_problem(404, "clip_unknown");
            house.stage.get(&url.replace(".wav", ".alaw")).await.is_problem(404, "clip_unknown");
        }
    }
    for manifest in [&one, &faster, &marked] {
        for path in ["", "/events", "/audio.wav"] {
            house.stage.get(&under(manifest, path)).await.is_problem(404, "notice_unknown");
        }
        let record = format!("data/notices/{}.notice", manifest["id"].as_str().unwrap());
        assert!(!folder.path().join(record).exists());
    }
    house.submit(json!({"text": ours, "speed": 1.5})).await.is_problem(403, "not_published");
    for url in &theirs_at {
        house.stage.get(url).await.is(200);
    }
    // Published again it is made again.
    house.put("3", json!({"text": ours})).await.is(201);
    let again = house.made("3").await;
    assert_eq!(again["id"], one["id"]);
    until("it is kept again", async || {
        let disk = clips_on_disk(folder.path());
        keys.iter().all(|url| disk.iter().any(|file| url.ends_with(file)))
    })
    .await;
}

#[tokio::test]
async fn a_clip_that_is_being_made_while_its_notice_is_withdrawn_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.stage.engine.close();
    let entry = house.put("1", json!({"text": "今天停水。"})).await.is(201).json();
    let manifest = house.stage.get(entry["url"].as_str().unwrap()).await.is(200).json();
    until("it is being made", async || house.stage.engine.calls() > 0).await;
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    house.stage.engine.open();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(clips_on_disk(folder.path()), [""; 0]);
    let key = clip_urls(&manifest)[0].split('?').next().unwrap().to_owned();
    house.stage.get(&key).await.is_problem(404, "clip_unknown");
}

#[tokio::test]
async fn two_names_of_one_text_are_withdrawn_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.put("1", json!({"text": NOTICE})).await.is(201);
    house.put("2", json!({"text": NOTICE})).await.is(201);
    let url = clip_urls(&house.made("1").await).remove(0);
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    house.submit(json!({"text": NOTICE})).await.is(200);
    house.stage.get(&url).await.is(200);
    house.ask("DELETE", "2", &[], Value::Null).await.is(204);
    house.submit(json!({"text": NOTICE})).await.is_problem(403, "not_published");
    house.stage.get(&url).await.is_problem(404, "clip_unknown");
}

#[tokio::test]
async fn readers_hear_what_is_published_in_any_voice_and_markup_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    let stage = &house.stage;
    let html = "<h1>关于停水的通知</h1><p>因管网检修，<b>5月3日</b>8时停水。</p>\n<p>咨询电话：12345。</p>";
    house.put("1", json!({"html": html})).await.is(201);
    for (body, status) in [
        (json!({"text": NOTICE}), 201),
        (json!({"text": NOTICE}), 200),
        (json!({"text": NOTICE, "speed": 1.3}), 201),
        (json!({"text": NOTICE, "voice": "slow", "reading": {"one": "yi"}}), 201),
        (json!({"text": NOTICE.replace("停水。", "\u{200b}停水。").replace('\n', "\r\n\n\u{3000}")}), 201),
        (json!({"html": html}), 200),
    ] {
        let manifest = house.submit(body).await.is(status).json();
        stage.get(&clip_urls(&manifest)[0]).await.is(200);
        stage.get(&under(&manifest, "")).await.is(200);
        stage.get(&under(&manifest, "/audio.wav")).await.is(200);
        stage.delete(&under(&manifest, "/work")).await.is(204);
    }
    for body in [
        json!({"text": NOTICE.replace("12345", "12346")}),
        json!({"text": format!("{NOTICE}特此通知。")}),
        json!({"text": NOTICE.lines().next()}),
        json!({"text": "今天停水。"}),
    ] {
        house.submit(body).await.is_problem(403, "not_published");
    }
    // Words that are written as published may not be said as others.
    let said = |what: &str| format!("<speak><p>六安<sub alias=\"{what}\">今天</sub>停水。</p></speak>");
    house.put("2", json!({"ssml": said("今日")})).await.is(201);
    house.submit(json!({"text": "六安今天停水。"})).await.is(201);
    house.submit(json!({"ssml": said("今日")})).await.is(200);
    house.submit(json!({"ssml": said("任何别的话")})).await.is_problem(403, "not_published");
    let spoken = async |key: &str| {
        let request =
            Request::post("/v1/spoken").header("content-type", "text/plain").header("authorization", key);
        stage.ask(request.body(Body::from("停水。")).unwrap()).await
    };
    stage.post("/v1/spoken", "text/plain", "停水。").await.is_problem(403, "not_published");
    spoken("Bearer langdu_0").await.is_problem(401, "key_wrong");
    spoken(&format!("Bearer {}", house.editor)).await.is_problem(403, "right_missing");
    spoken(&format!("Bearer {}", house.speaker)).await.is(200);
    spoken(&format!("Bearer {}", house.publisher)).await.is(200);

    // What a program with a key has made is not for readers, but what they share with it is.
    let request = Request::post("/v1/notices").header("content-type", "text/plain");
    let request = request.header("authorization", format!("Bearer {}", house.speaker));
    let secret = stage.ask(request.body(Body::from("内部事项。\n今晚开会。")).unwrap()).await.is(201).json();
    for path in ["", "/events", "/audio.wav"] {
        stage.get(&under(&secret, path)).await.is_problem(404, "notice_unknown");
    }
    let published = house.entry("1").await.json()["notice"].as_str().unwrap().to_owned();
    stage.engine.close();
    for url in clip_urls(&secret) {
        let url = url.replace(".wav", ".ulaw");
        stage.get(&url).await.is_problem(404, "clip_unknown");
        let (key, _) = url.split_once('?').unwrap();
        stage.get(key).await.is_problem(404, "clip_unknown");
        stage.get(&format!("{key}?notice={published}")).await.is_problem(404, "clip_unknown");
    }
    stage.engine.open();
}

#[tokio::test]
async fn only_pages_of_the_allowed_origins_submit_or_who_has_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Origins);
    let publisher = format!("Bearer {}", house.publisher);
    for address in ["/v1/notices", "/v1/spoken"] {
        for (headers, allowed) in [
            (&[][..], false),
            (&[("origin", "https://a.example")], true),
            (&[("origin", "https://a.example"), ("sec-fetch-site", "cross-site")], true),
            (&[("origin", "https://b.example")], false),
            (&[("origin", "null")], false),
            (&[("host", "langdu.example"), ("origin", "https://langdu.example")], true),
            (
                &[
                    ("host", "langdu.example"),
                    ("origin", "https://langdu.example"),
                    ("sec-fetch-site", "same-origin"),
                ],
                true,
            ),
            (
                &[
                    ("host", "langdu.example"),
                    ("origin", "https://langdu.example"),
                    ("sec-fetch-site", "same-site"),
                ],
                false,
            ),
            (&[("host", "langdu.example:81"), ("origin", "https://langdu.example")], false),
            (&[("host", "langdu.example")], false),
            (&[("authorization", &*publisher)], true),
            (&[("origin", "https://a.example"), ("authorization", "Bearer anything")], false),
        ] {
            let mut request = Request::post(address).header("content-type", "text/plain");
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let answer = house.stage.ask(request.body(Body::from("停水。")).unwrap()).await;
            if allowed {
                assert!(answer.status.is_success(), "{address} {headers:?}: {answer:?}");
            } else if headers.contains(&("authorization", "Bearer anything")) {
                answer.is_problem(401, "key_wrong");
            } else {
                answer.is_problem(403, "origin_refused");
            }
        }
    }
}

#[tokio::test]
async fn where_there_are_no_keys_what_is_sent_as_one_changes_nothing() {
    let mut stage = Stage::in_memory();
    let app = App::new(stage.renderer.clone()).access(Access::Origins);
    stage.router = router(app.allow_origins(["https://a.example".to_owned()]));
    for (origin, status) in [("https://a.example", 201), ("https://b.example", 403)] {
        let request = Request::post("/v1/notices").header("content-type", "text/plain");
        let request = request.header("authorization", "Bearer anything").header("origin", origin);
        stage.ask(request.body(Body::from("今天停水。")).unwrap()).await.is(status);
    }
}

#[tokio::test]
async fn a_word_that_was_mended_is_heard_from_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let lexicon = folder.path().join("site.lexicon");
    fs::write(&lexicon, "").unwrap();
    let site = Arc::new(SiteLexicon::open(&lexicon).unwrap());
    let options = RenderOptions { lexicon: site.clone(), ..RenderOptions::default() };
    let house = House::with(folder.path(), Access::Published, StoreOptions::default(), options);
    house.put("1", json!({"text": "六安今天停水。\n请大家储水。"})).await.is(201);
    house.put("2", json!({"text": "明天恢复供水。"})).await.is(201);
    let before = house.made("1").await;
    house.made("2").await;
    let calls = house.stage.engine.calls();

    fs::write(&lexicon, "六安\tliu4 an1\n").unwrap();
    site.reload().unwrap();
    until("it is planned anew", async || {
        let entry = house.entry("1").await.json();
        entry["notice"] != before["id"] && entry["ready"] == entry["clips"]
    })
    .await;
    let after = house.made("1").await;
    assert_eq!(after["clip_count"], before["clip_count"]);
    assert!(house.stage.engine.said().iter().any(|said| said.starts_with("liu an")));
    house.made("2").await;
    assert_eq!(house.stage.engine.calls(), calls + 1, "one clip alone sounds otherwise");
    // Who listens at this moment goes on.
    house.stage.get(&under(&before, "")).await.is(200);
    house.stage.get(&clip_urls(&before)[0]).await.is(200);
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
    for manifest in [&before, &after] {
        house.stage.get(&under(manifest, "")).await.is_problem(404, "notice_unknown");
        house.stage.get(&clip_urls(manifest)[0]).await.is_problem(404, "clip_unknown");
    }
}

#[tokio::test]
async fn two_services_on_one_store_have_one_list() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) =
        (House::new(folder.path(), Access::Published), House::new(folder.path(), Access::Published));
    // The keys of the first went when those of the second were given out, and it has them in memory.
    one.put("1", json!({"text": NOTICE})).await.is(201);
    until("the other has it", async || two.entry("1").await.status == 200).await;
    let manifest = two.made("1").await;
    two.submit(json!({"text": NOTICE, "speed": 1.2})).await.is(201);
    one.put("1", json!({"text": "明天恢复供水。"})).await.is(200);
    until("the other has the new one", async || two.entry("1").await.json()["title"] == "明天恢复供水。")
        .await;
    two.submit(json!({"text": NOTICE})).await.is_problem(403, "not_published");
    two.stage.get(&under(&manifest, "")).await.is_problem(404, "notice_unknown");
    two.put("2", json!({"text": NOTICE})).await.is(201);
    until("the first has it too", async || one.list("").await["total"] == 2).await;
    let url = clip_urls(&one.made("2").await).remove(0);
    one.stage.get(&url).await.is(200);
    two.ask("DELETE", "2", &[], Value::Null).await.is(204);
    until("nobody has it", async || one.entry("2").await.status == 404).await;
    until("nobody hears it", async || one.stage.get(&url).await.status == 404).await;
    one.submit(json!({"text": NOTICE})).await.is_problem(403, "not_published");
}

#[tokio::test]
async fn what_cannot_be_written_is_not_published_and_what_is_stays() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.put("1", json!({"text": NOTICE})).await.is(201);
    let manifest = house.made("1").await;
    let (data, away) = (folder.path().join("data"), folder.path().join("away"));
    fs::rename(&data, &away).unwrap();
    fs::write(&data, "a disk that is gone").unwrap();
    house.put("1", json!({"text": "今天停电。"})).await.is_problem(503, "store_unavailable");
    house.put("2", json!({"text": "今天停电。"})).await.is_problem(503, "store_unavailable");
    house.ask("DELETE", "1", &[], Value::Null).await.is_problem(503, "store_unavailable");
    assert_eq!(names(&house.list("").await), ["1"]);
    house.submit(json!({"text": NOTICE})).await.is(200);
    house.stage.get(&clip_urls(&manifest)[0]).await.is(200);
    house.submit(json!({"text": "今天停电。"})).await.is_problem(403, "not_published");
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(names(&house.list("").await), ["1"], "a disk that cannot be read withdraws nothing");
    fs::remove_file(&data).unwrap();
    fs::rename(&away, &data).unwrap();
    until("it is published", async || house.put("2", json!({"text": "今天停电。"})).await.status == 201)
        .await;
    house.ask("DELETE", "1", &[], Value::Null).await.is(204);
}

#[tokio::test]
async fn what_is_published_makes_no_room_for_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = StoreOptions { clip_disk: 1 << 20, clip_bytes: 1 << 20, ..StoreOptions::default() };
    let house = House::with(folder.path(), Access::Open, store, RenderOptions::default());
    house.put("1", json!({"text": NOTICE})).await.is(201);
    let manifest = house.made("1").await;
    let keys: Vec<String> = clip_urls(&manifest).iter().map(|url| url[10..74].to_owned()).collect();
    let on_disk = |keys: &[String]| {
        let disk = clips_on_disk(folder.path());
        keys.iter().all(|key| disk.iter().any(|file| file.starts_with(&**key)))
    };
    until("it is on disk", async || on_disk(&keys)).await;
    // They were used before all others.
    for shelf in fs::read_dir(folder.path().join("data/clips")).unwrap().flatten() {
        for file in fs::read_dir(shelf.path()).unwrap().flatten() {
            let then = std::time::SystemTime::now() - Duration::from_secs(9_000_000);
            fs::File::options().write(true).open(file.path()).unwrap().set_modified(then).unwrap();
        }
    }
    let storm = house.stage.submit(&text(40)).await;
    let (others, calls) = (clip_urls(&storm).len(), house.stage.engine.calls());
    until("the storm is over", async || house.stage.engine.calls() >= calls.max(others + keys.len())).await;
    let sounds = || clips_on_disk(folder.path()).iter().filter(|file| file.ends_with(".wav")).count();
    until("others went", async || sounds() < others / 2).await;
    assert!(on_disk(&keys), "what is published went");
    assert_eq!(house.stage.get("/healthz").await.json()["status"], "ok");

    // More than there is room for: it is told, and nothing of it goes.
    for n in 0..3 {
        house
            .put(&format!("long-{n}"), json!({"text": text(40).replace('村', &n.to_string())}))
            .await
            .is(201);
    }
    for n in 0..3 {
        house.made(&format!("long-{n}")).await;
    }
    until("it is told", async || house.stage.get("/healthz").await.json()["status"] == "degraded").await;
    assert!(on_disk(&keys));
    for n in 0..3 {
        house.ask("DELETE", &format!("long-{n}"), &[], Value::Null).await.is(204);
    }
    assert!(on_disk(&keys));
}

#[tokio::test]
async fn what_a_crash_has_left_half_done_is_finished_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::new(folder.path(), Access::Published);
    house.put("1", json!({"text": NOTICE})).await.is(201);
    house.put("2", json!({"text": "明天恢复供水。"})).await.is(201);
    let (one, two) = (house.made("1").await, house.made("2").await);
    let faster = house.submit(json!({"text": NOTICE, "speed": 1.5})).await.is(201).json();
    house.stage.made(&faster).await;
    let data = folder.path().join("data");
    let store = Store::folder(&data, StoreOptions::default()).unwrap();
    let record = async || -> Value {
        serde_json::from_slice(&store.listed(ListedId::of("1")).await.unwrap().unwrap()).unwrap()
    };
    until("what was heard is written down", async || {
        let heard = store.heard(ListedId::of("1")).await.unwrap().unwrap_or_default();
        String::from_utf8_lossy(&heard).contains(faster["id"].as_str().unwrap())
    })
    .await;
    house.stage.renderer.stop().await;
    // Of the one only the gravestone was written, of the other only the entry.
    let mut stone = record().await;
    stone["withdrawn"] = true.into();
    store.put_listed(ListedId::of("1"), stone.to_string().into()).await.unwrap();
    fs::remove_file(data.join(format!("notices/{}.notice", two["id"].as_str().unwrap()))).unwrap();
    let key = clip_urls(&two)[0][10..74].to_owned();
    fs::remove_file(data.join(format!("clips/{}/{key}.wav", &key[..2]))).unwrap();

    let house = House::new(folder.path(), Access::Published);
    assert_eq!(names(&house.list("").await), ["2"]);
    until("the grave is empty", async || fs::read_dir(data.join("published")).unwrap().count() == 1).await;
    let disk = clips_on_disk(folder.path());
    for url in clip_urls(&one).iter().chain(&clip_urls(&faster)) {
        assert!(!disk.iter().any(|file| file.starts_with(&url[10..74])), "{url} is on disk");
        house.stage.get(url).await.is_problem(404, "clip_unknown");
    }
    assert_eq!(house.made("2").await["id"], two["id"]);
    house.submit(json!({"text": NOTICE})).await.is_problem(403, "not_published");
}
