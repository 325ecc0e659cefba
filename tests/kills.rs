//! A service that is killed at any moment loses nothing that it accepted, and never serves a wrong clip.
//!
//!     LANGDU_KILLS=200 cargo test --test kills -- --nocapture     200 kills instead of 8
//!     LANGDU_SEED=7                                               another course of events
//!     LANGDU_KILLS_REAL=1                                         `langdu serve` with its voice
//!
//! 1. several readers submit notices and ask for clips, ranges and manifests, at random ([`Reader`]);
//! 2. SIGKILL at a random moment, every other one in the middle of a write;
//! 3. a new process on the same folder: all that was promised is there, and equal to what a service gives that
//!    was never killed ([`Truth`]).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::{
    collections::HashMap,
    env, io,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use support::{
    client::Client,
    service::{Service, until},
    truth::{Notice, Truth, in_format, invent, left_behind, submit, whole},
};

const READERS: u64 = 4;

/// Parts of clips that are asked for.
const RANGES: [&str; 4] = ["bytes=0-99", "bytes=1000-1999", "bytes=5000-", "bytes=-500"];

/// Address and range.
type Asked = (String, &'static str);
/// Status, and BLAKE3 of the body.
type Heard = (u16, blake3::Hash);

/// What happened until the kill.
#[derive(Default)]
struct Course {
    killed: AtomicBool,
    accepted: Mutex<Vec<Notice>>,
    heard: Mutex<HashMap<Asked, Heard>>,
    wrong: Mutex<Vec<String>>,
}

#[test]
fn a_killed_service_loses_nothing_and_serves_no_wrong_clip() {
    let number = |name: &str| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let (kills, seed) = (number("LANGDU_KILLS").unwrap_or(8), number("LANGDU_SEED").unwrap_or(20_260_503));
    let real = env::var_os("LANGDU_KILLS_REAL").is_some();
    println!("{kills} kills, LANGDU_SEED={seed}, {}", if real { "with its voice" } else { "humming" });

    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let start =
        || if real { Service::real(folder) } else { Service::hum(Some(folder), &["--delay-ms", "1"]) };
    let truth = Truth::of(if real { Service::real(other.path()) } else { Service::hum(None, &[]) });
    let mut random = fastrand::Rng::with_seed(seed);
    let mut known: Vec<Notice> = Vec::new();
    let (mut files, mut made) = (0, 0);

    let mut service = start();
    for kill in 1..=kills {
        let course = Course { accepted: Mutex::new(known.clone()), ..Course::default() };
        let moment = Duration::from_millis(random.u64(0..if real { 8000 } else { 1000 }));
        thread::scope(|scope| {
            for _ in 0..READERS {
                let (course, truth) = (&course, &truth);
                let reader = Reader { client: service.client(), random: random.fork(), course, truth };
                scope.spawn(move || reader.read());
            }
            // Every fourth kill counts from the start of the process; the others from the first sound.
            if kill % 4 != 0 {
                until("a clip is heard", || !course.heard.lock().unwrap().is_empty());
            }
            thread::sleep(moment);
            // Every other kill comes while a file is being written, if that can be seen in time.
            let late = Instant::now() + Duration::from_millis(300);
            while kill % 2 == 0 && Instant::now() < late && left_behind(folder).is_empty() {}
            assert!(service.lives(), "the service ended by itself");
            course.killed.store(true, Ordering::SeqCst);
            service.kill();
        });
        // Service managers wait twice as long before they start a service again.
        thread::sleep(Duration::from_millis(50));
        service = start();

        let Course { accepted, heard, wrong, .. } = course;
        assert_eq!(wrong.into_inner().unwrap(), Vec::<String>::new(), "kill {kill}, seed {seed}");
        let new = accepted.into_inner().unwrap().split_off(known.len());
        let heard = heard.into_inner().unwrap();
        new.iter().for_each(|notice| truth.learn(&notice.text));
        for ((url, range), right) in &heard {
            let answer = truth.get(url, &range_header(range));
            assert_eq!(
                (answer.status, blake3::hash(&answer.body)),
                *right,
                "{url} {range} before kill {kill}"
            );
        }
        let lost = new.iter().filter(|notice| !notice.saved).count();
        let new = new.into_iter().filter(|notice| notice.saved);
        let first = known.len();
        known.extend(new);
        let earlier: Vec<usize> = (0..first.min(8)).map(|_| random.usize(0..first)).collect();
        let mut client = service.client();
        for at in (first..known.len()).chain(earlier) {
            truth.knows(&mut client, &known[at]);
            truth.hears(&mut client, &known[at], truth.formats[0]);
            truth.hears(&mut client, &known[at], random.choice(truth.formats.iter()).unwrap());
        }
        println!(
            "kill {kill} after {moment:?}: {} notices and {} clips or parts heard, {lost} notices promised to nobody",
            known.len() - first,
            heard.len(),
        );
        files += heard.len();
        made += known.len() - first;
        nothing_is_left_behind(folder);
    }

    let mut client = service.client();
    for notice in &known {
        truth.knows(&mut client, notice);
        truth.hears(&mut client, notice, truth.formats[0]);
        truth.hears(&mut client, notice, random.choice(truth.formats.iter()).unwrap());
    }
    println!("{made} notices in {:?} outlived {kills} kills, {files} answers were right", truth.formats);
}

/// Whoever reads, submits and asks at random until the connection breaks.
struct Reader<'c> {
    client: Client,
    random: fastrand::Rng,
    course: &'c Course,
    truth: &'c Truth,
}

impl Reader<'_> {
    fn read(mut self) {
        while let Ok(()) = self.step() {}
        if !self.course.killed.load(Ordering::SeqCst) {
            self.wrong("a connection broke while the service lived".to_owned());
        }
    }

    fn step(&mut self) -> io::Result<()> {
        // A reader's pace: not all requests at once.
        thread::sleep(Duration::from_millis(self.random.u64(0..12)));
        let known = self.random.choice(self.course.accepted.lock().unwrap().iter()).cloned();
        match (self.random.u8(0..100), known) {
            (0..8, _) | (_, None) => {
                let text = invent(&mut self.random);
                self.submit(&text)
            }
            (8..14, Some(notice)) => self.submit(&notice.text),
            (14..25, Some(notice)) => {
                let answer = self.client.get(&format!("/v1/notices/{}", notice.id))?;
                self.expect(answer.status == 200 || !notice.saved, || {
                    format!("{} for the notice {}", answer.status, notice.id)
                });
                Ok(())
            }
            (25..50, Some(notice)) => {
                let range = self.random.choice(RANGES).unwrap_or_default();
                self.hear(&notice, range)
            }
            (_, Some(notice)) => self.hear(&notice, ""),
        }
    }

    fn submit(&mut self, text: &str) -> io::Result<()> {
        if let Some(notice) = submit(&mut self.client, text)? {
            let mut accepted = self.course.accepted.lock().unwrap();
            match accepted.iter_mut().find(|known| known.id == notice.id) {
                Some(known) => known.saved |= notice.saved,
                None => accepted.push(notice),
            }
        }
        Ok(())
    }

    fn hear(&mut self, notice: &Notice, range: &'static str) -> io::Result<()> {
        let Some(url) = self.random.choice(&notice.urls) else { return Ok(()) };
        let url = in_format(url, self.random.choice(&self.truth.formats).copied().unwrap_or("wav"));
        let answer = self.client.ask("GET", &url, &range_header(range), b"")?;
        match (answer.status, whole(&answer)) {
            (200 | 206, Ok(())) => {
                let now = (answer.status, blake3::hash(&answer.body));
                let before = *self.course.heard.lock().unwrap().entry((url.clone(), range)).or_insert(now);
                self.expect(before == now, || format!("{url} {range} was heard in two ways"));
            }
            (416, Ok(())) if !range.is_empty() => {}
            (503, Ok(())) => {}
            (status, what) => self.wrong(format!("{status} {what:?} for {url} {range}")),
        }
        Ok(())
    }

    fn expect(&self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            self.wrong(what());
        }
    }

    fn wrong(&self, what: String) {
        self.course.wrong.lock().unwrap().push(what);
    }
}

fn range_header(range: &str) -> Vec<(&str, &str)> {
    if range.is_empty() { Vec::new() } else { vec![("range", range)] }
}

/// What writes left behind that were cut off is cleared away before long.
fn nothing_is_left_behind(folder: &Path) {
    let gone = || left_behind(folder).is_empty();
    until(&format!("files of writes that were cut off are gone: {:?}", left_behind(folder)), gone);
}
