//! A publisher's day: a content system pushes, replaces and withdraws notices while the service is killed again and
//! again, on a disk that has hardly any room, and readers listen.
//!
//!     LANGDU_KILLS=40 cargo test --test publisher -- --nocapture     40 kills instead of 6
//!     LANGDU_SEED=7                                                  another course of events
//!
//! 1. 200 notices are published, 20 replaced, 10 withdrawn; SIGKILL at random moments in between ([`Day`]);
//! 2. after every kill: what was acknowledged is so, and what was not is so wholly or not at all; it is done again;
//! 3. readers hear every notice as it is published last, right to the last byte, and nothing else ([`Truth`]);
//! 4. what is withdrawn leaves the disk, what is published stays whatever else is made, and all of it is made.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use langdu::keys::{self, Right};
use serde_json::{Value, json};
use support::{
    client::Client,
    service::{Service, until},
    truth::{Notice, Truth, submit},
};

const PUBLISHED: usize = 200;
const REPLACED: usize = 20;
const WITHDRAWN: usize = 10;

/// Bytes of disk for clips: less than those of the published notices take.
const DISK: &str = "4000000";

/// What a content system does.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Publish(usize),
    Replace(usize),
    Withdraw(usize),
}

/// What should be published: which edition of each.
type View = BTreeMap<usize, usize>;

/// A day, as far as it has come.
struct Day<'d> {
    folder: &'d Path,
    key: String,
    truth: Truth,
    service: Service,
    client: Client,
    view: View,
    /// Keys of the clips of what was published once and is not any more.
    past: BTreeSet<String>,
    random: fastrand::Rng,
}

#[test]
fn a_publishers_day_with_power_cuts() {
    let number = |name: &str| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (kills, seed) = (number("LANGDU_KILLS").unwrap_or(6), number("LANGDU_SEED").unwrap_or(20_260_503));
    println!("{kills} kills, LANGDU_SEED={seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut deeds: Vec<Deed> = (0..PUBLISHED).map(Deed::Publish).collect();
    let mut some: Vec<usize> = (0..PUBLISHED).collect();
    random.shuffle(&mut some);
    let later = some.drain(..REPLACED).map(Deed::Replace).collect::<Vec<_>>();
    let later = later.into_iter().chain(some.drain(..WITHDRAWN).map(Deed::Withdraw));
    for deed in later {
        let (Deed::Publish(n) | Deed::Replace(n) | Deed::Withdraw(n)) = deed;
        let first = deeds.iter().position(|deed| matches!(deed, Deed::Publish(m) if *m == n)).unwrap();
        deeds.insert(random.usize(first + 1..=deeds.len()), deed);
    }

    let folder = tempfile::tempdir().unwrap();
    let key = keys::add(&folder.path().join("keys.toml"), "cms", &[Right::Publish]).unwrap();
    let service = start(folder.path());
    let client = service.client();
    let (truth, view, past) = (Truth::of(Service::hum(None, &[])), View::new(), BTreeSet::new());
    let mut day = Day { folder: folder.path(), key, truth, service, client, view, past, random };

    let started = Instant::now();
    let share = deeds.len().div_ceil(kills as usize + 1);
    for (part, deeds) in deeds.chunks(share).enumerate() {
        let kill = (part as u64) < kills;
        day.live(deeds, kill);
        println!("{} published after {:?}", day.view.len(), started.elapsed());
    }
    assert_eq!(day.view.len(), PUBLISHED - WITHDRAWN);
    day.is_whole();
    println!(
        "{PUBLISHED} published, {REPLACED} replaced, {WITHDRAWN} withdrawn, {kills} kills: all as it should be, {:?}",
        started.elapsed()
    );
}

fn start(folder: &Path) -> Service {
    let (keys, data) = (folder.join("keys.toml"), folder.join("data"));
    let keys = keys.to_str().unwrap();
    let options = ["--keys", keys, "--access", "published", "--clip-disk", DISK, "--memory", "1000000"];
    Service::hum(Some(&data), &[&options[..], &["--delay-ms", "2"]].concat())
}

fn name(n: usize) -> String {
    // A content system may call its articles anything.
    format!("/公告/2024/{n}?id={n}")
}

fn address(n: usize) -> String {
    let name = name(n).replace('%', "%25").replace('/', "%2F").replace('?', "%3F");
    let name: String = name
        .bytes()
        .map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    format!("/v1/published/{name}")
}

/// A notice and its editions; all share a sentence.
fn text(n: usize, edition: usize) -> String {
    let pick = |from: &str, n: usize| from.chars().nth(n % 8).unwrap();
    let place: String =
        [pick("春夏秋冬东西南北", n), pick("山水田林风云雨雪", n / 8), pick("红黄蓝绿青白黑紫", n / 64)]
            .into_iter()
            .collect();
    let day = if edition == 0 { "今天" } else { "明天" };
    format!("关于{place}村停水的通知\n{place}村{day}停水，请提前储水。\n特此通知。\n")
}

impl Day<'_> {
    /// Does what is to be done; with a kill in the middle of it. Then looks at everything.
    fn live(&mut self, deeds: &[Deed], kill: bool) {
        let (tx, rx) = std::sync::mpsc::channel::<()>();
        let moment = Duration::from_millis(self.random.u64(20..900));
        let mut open = None;
        let mut rest = deeds.iter().copied();
        let id = self.service.id();
        let killer = kill.then(|| {
            thread::spawn(move || {
                // Ends early when everything was done.
                let _ = rx.recv_timeout(moment);
                kill_process(id);
            })
        });
        for deed in rest.by_ref() {
            if !self.act(deed, false) {
                open = Some(deed);
                break;
            }
        }
        drop(tx);
        if let Some(killer) = killer {
            killer.join().unwrap();
            self.service.kill();
            self.service = start(self.folder);
            self.client = self.service.client();
            println!("killed after {moment:?} while {open:?}");
            self.is_right(open);
            if let Some(open) = open {
                assert!(self.act(open, true), "it lives");
            }
        }
        for deed in rest {
            assert!(self.act(deed, false), "it lives");
        }
        self.is_right(None);
    }

    /// Does one thing; false when it was not acknowledged.
    fn act(&mut self, deed: Deed, again: bool) -> bool {
        let key = format!("Bearer {}", self.key);
        let headers = [("authorization", &*key), ("content-type", "application/json")];
        let (n, edition) = match deed {
            Deed::Publish(n) => (n, Some(0)),
            Deed::Replace(n) => (n, Some(1)),
            Deed::Withdraw(n) => (n, None),
        };
        let gone = self.view.get(&n).map(|edition| text(n, *edition));
        let keys: Vec<String> = match (&gone, deed) {
            (Some(text), Deed::Withdraw(_)) => self.truth.keys(text),
            _ => Vec::new(),
        };
        let answer = match edition {
            Some(edition) => {
                let body =
                    json!({"text": text(n, edition), "category": (n % 2).to_string(), "date": "2024-05-03"});
                self.client.ask("PUT", &address(n), &headers, body.to_string().as_bytes())
            }
            None => self.client.ask("DELETE", &address(n), &headers, b""),
        };
        let Ok(answer) = answer else { return false };
        match (deed, answer.status) {
            (Deed::Publish(_), 201) | (Deed::Replace(_), 200) | (Deed::Withdraw(_), 204) => {}
            (Deed::Publish(_), 200) | (Deed::Withdraw(_), 404) if again => {}
            (_, status) => panic!("{status} for {deed:?}: {}", String::from_utf8_lossy(&answer.body)),
        }
        match edition {
            Some(edition) => {
                self.view.insert(n, edition);
            }
            None => {
                self.view.remove(&n);
                self.past.extend(keys);
            }
        }
        true
    }

    /// Everything is as it should be, but for `open`, which was not acknowledged.
    fn is_right(&mut self, open: Option<Deed>) {
        let listed = self.listed();
        let mut wanted = self.view.clone();
        match open {
            Some(Deed::Publish(n)) if listed.contains_key(&n) => _ = wanted.insert(n, 0),
            Some(Deed::Replace(n)) if listed.get(&n) == Some(&1) => _ = wanted.insert(n, 1),
            Some(Deed::Withdraw(n)) if !listed.contains_key(&n) => {
                let text = text(n, wanted.remove(&n).unwrap());
                self.past.extend(self.truth.keys(&text));
            }
            _ => {}
        }
        assert_eq!(listed, wanted);
        self.view = wanted;
        let some: Vec<usize> = (0..6).map(|_| self.random.usize(0..PUBLISHED)).collect();
        for n in some {
            self.hears(n);
        }
        self.past_is_gone();
    }

    /// What is listed, page by page.
    fn listed(&mut self) -> View {
        let (mut view, mut query) = (View::new(), "?limit=77".to_owned());
        loop {
            let page = self.client.get(&format!("/v1/published{query}")).unwrap().is(200).json();
            for entry in page["entries"].as_array().unwrap() {
                let called = entry["name"].as_str().unwrap();
                let n: usize = called.rsplit('=').next().unwrap().parse().unwrap();
                assert_eq!(called, name(n));
                assert_eq!(entry["category"], (n % 2).to_string());
                let edition = self.edition(n, entry);
                assert_eq!(view.insert(n, edition), None, "{called} is listed twice");
            }
            let Some(next) = page["next"].as_str() else { return view };
            query = format!("?limit=77&after={next}");
        }
    }

    /// Which edition of a notice is published.
    fn edition(&mut self, n: usize, entry: &Value) -> usize {
        let manifest = self.client.get(entry["url"].as_str().unwrap()).unwrap().is(200).json();
        let sentences = manifest["sentences"].as_array().unwrap();
        let said: String = sentences.iter().map(|sentence| sentence["text"].as_str().unwrap()).collect();
        let is = |edition: &usize| text(n, *edition).replace('\n', "") == said;
        (0..2).find(is).unwrap_or_else(|| panic!("{n} is neither edition: {said}"))
    }

    /// A reader with a page that shows notice `n`, and one whose page is old.
    fn hears(&mut self, n: usize) {
        let now = self.view.get(&n).copied();
        for edition in 0..2 {
            let text = text(n, edition);
            if now == Some(edition) {
                let notice: Notice = submit(&mut self.client, &text).unwrap().unwrap();
                self.truth.hears(&mut self.client, &notice, "wav");
                self.truth.hears(&mut self.client, &notice, "alaw");
            } else {
                let answer = self.client.post("/v1/notices", "text/plain", &text).unwrap().is(403);
                assert_eq!(answer.json()["code"], "not_published");
            }
        }
        assert_eq!(self.client.get(&address(n)).unwrap().status, if now.is_some() { 200 } else { 404 });
    }

    /// What was withdrawn is gone from the disk, and nothing of it is heard.
    fn past_is_gone(&mut self) {
        let mut past = std::mem::take(&mut self.past);
        for (n, edition) in &self.view {
            for key in self.truth.keys(&text(*n, *edition)) {
                past.remove(&key);
            }
        }
        let folder = self.folder;
        until("what was withdrawn leaves the disk", || on_disk(folder).is_disjoint(&past));
        for key in &past {
            assert_eq!(self.client.get(&format!("/v1/clips/{key}.wav")).unwrap().status, 404);
        }
        self.past = past;
    }

    /// At the end of the day, with as much made for others as there is room for.
    fn is_whole(&mut self) {
        let key = format!("Bearer {}", self.key);
        let headers = [("authorization", &*key), ("content-type", "text/plain")];
        for n in 0..30 {
            let text = format!("内部事项第{n}号。\n第{n}组今晚开会。\n第{n}组明早开会。\n");
            self.client.ask("POST", "/v1/notices", &headers, text.as_bytes()).unwrap().is(201);
        }
        let all: Vec<usize> = self.view.keys().copied().collect();
        for n in &all {
            let path = address(*n);
            until(&format!("{path} is made"), || {
                let entry = self.client.get(&path).unwrap().is(200).json();
                entry["ready"] == entry["clips"]
            });
        }
        until("nothing is to be made", || self.service.health()["queued_notices"] == 0);
        let wanted: BTreeSet<String> =
            self.view.iter().flat_map(|(n, edition)| self.truth.keys(&text(*n, *edition))).collect();
        let missing = || wanted.difference(&on_disk(self.folder)).count();
        until("all that is published is on disk", || missing() == 0);
        assert_eq!(self.service.health()["status"], "degraded", "it takes more room than it may");
        for n in (0..PUBLISHED).step_by(4) {
            self.hears(n);
        }
        assert_eq!(missing(), 0);
        let others = on_disk(self.folder).difference(&wanted).count();
        println!("{} clips of published notices on disk, {others} others", wanted.len());
        let entries = fs::read_dir(self.folder.join("data/published")).unwrap().flatten();
        let whole = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".entry")).count();
        assert_eq!(whole, all.len());
    }
}

/// Keys of the clips on disk, in whatever format.
fn on_disk(folder: &Path) -> BTreeSet<String> {
    let shelves = fs::read_dir(folder.join("data/clips")).into_iter().flatten().flatten();
    let files = shelves.flat_map(|shelf| fs::read_dir(shelf.path()).into_iter().flatten().flatten());
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    names.filter(|name| !name.contains('#')).map(|name| name.split('.').next().unwrap().to_owned()).collect()
}

/// SIGKILL, from another thread than the one that talks to the process.
fn kill_process(id: u32) {
    let killed = std::process::Command::new("kill").args(["-9", &id.to_string()]).status().unwrap();
    assert!(killed.success());
}
