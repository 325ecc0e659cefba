//! Several real processes on one bucket of a real S3 server: what one has made the others find, one of two clips
//! that were made at once is everybody's, and a bucket that is gone, hangs or refuses costs no sound and no notice.
#![cfg(feature = "s3")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bucket;
mod support;

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use bucket::{Gate, PATIENT, PREFIX, Server, process};
use support::{
    client::Client,
    service::{Service, until},
    truth::{Notice, Truth, submit},
};

/// Who waits for the bucket waits no longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// What a busy machine may add.
const SLACK: Duration = Duration::from_millis(1500);

/// A notice of so many sentences that no other notice has.
fn text(of: &str, sentences: usize) -> String {
    let sentence = |n: usize| format!("{of}小区第{}号楼停水{}小时。", n + 1, n % 7 + 1);
    (0..sentences).map(sentence).collect()
}

fn hear(client: &mut Client, notice: &Notice) -> Vec<Vec<u8>> {
    notice.urls.iter().map(|url| client.get(url).unwrap().is(200).body).collect()
}

/// Submits and hears all of a notice, and waits until the bucket has it.
fn shared(server: &Server, service: &Service, of: &str, sentences: usize) -> Notice {
    let mut client = service.client();
    let notice = submit(&mut client, &text(of, sentences)).unwrap().unwrap();
    hear(&mut client, &notice);
    until("the bucket has the clips", || server.has(&notice.urls));
    notice
}

/// What the health says of the bucket; none while it says nothing.
fn told(service: &Service) -> Option<String> {
    let health = service.health();
    let reasons = health["reasons"].as_array().unwrap();
    let details = reasons.iter().map(|reason| reason["detail"].as_str().unwrap());
    let told = details.filter(|detail| detail.contains("the bucket notices")).map(str::to_owned).next();
    assert_eq!(health["status"], if told.is_some() { "degraded" } else { "ok" }, "{health}");
    told
}

/// How much is marked as late in a data folder; what is only being written there (`….wav#1`) is not.
fn late(folder: &Path) -> usize {
    let entries = fs::read_dir(folder.join("late")).into_iter().flatten().flatten();
    entries.filter(|entry| !entry.file_name().to_string_lossy().contains('#')).count()
}

/// Where the folder of a process has a clip.
fn file(folder: &Path, server: &Server, url: &str) -> std::path::PathBuf {
    folder.join("clips").join(server.object(url).strip_prefix(server.folder("clips")).unwrap())
}

/// Whether the folder of a process has all of these clips and their marks. It gets each after the bucket has said that
/// it has it: what the bucket has and the folder does not may still be on the way, and late if the bucket goes now.
fn kept(folder: &Path, server: &Server, urls: &[String]) -> bool {
    let kept = |clip: std::path::PathBuf| clip.exists() && clip.with_extension("marks").exists();
    urls.iter().all(|url| kept(file(folder, server, url)))
}

#[test]
fn what_one_process_has_made_the_others_find() {
    let Some(server) = Server::start() else { return };
    let (near, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (server.process(near.path(), &PATIENT), server.process(far.path(), &PATIENT));
    let truth = Truth::of(Service::hum(None, &[]));

    let notice = shared(&server, &first, "和平", 12);
    assert!(notice.saved);
    let mut client = second.client();
    until("its clips are known as well", || {
        let manifest = client.get(&format!("/v1/notices/{}", notice.id)).unwrap().is(200).json();
        manifest["ready_count"] == manifest["clip_count"]
    });
    truth.knows(&mut client, &notice);
    truth.hears(&mut client, &notice, "wav");
    let again = client.post("/v1/notices", "text/plain; charset=utf-8", &notice.text).unwrap();
    again.is(200);
    assert_eq!(second.syntheses().0, 0, "nothing was made twice");
    assert_eq!(first.syntheses().0 as usize, notice.urls.len());

    // A format that only one was asked for is derived once, and found by the other.
    truth.hears(&mut first.client(), &notice, "8k.wav");
    let derived: Vec<String> = notice.urls.iter().map(|url| url.replacen(".wav", ".8k.wav", 1)).collect();
    until("the bucket has them", || derived.iter().all(|url| server.object(url).exists()));
    truth.hears(&mut second.client(), &notice, "8k.wav");

    // What came from the bucket is in the folder now: the bucket is not needed for it.
    until("the folder has them", || notice.urls.iter().all(|url| file(far.path(), &server, url).exists()));
    assert_eq!((told(&first), told(&second)), (None, None));
    assert_eq!((late(near.path()), late(far.path())), (0, 0));
}

#[test]
fn a_process_with_an_empty_folder_finds_everything_and_reads_the_bucket_once() {
    let Some(server) = Server::start() else { return };
    let gate = Gate::before(&server);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut service = process(&data, &gate.endpoint, &PATIENT);
    let notice = shared(&server, &service, "幸福", 10);
    service.kill();
    fs::remove_dir_all(&data).unwrap();

    let mut service = process(&data, &gate.endpoint, &PATIENT);
    let truth = Truth::of(Service::hum(None, &[]));
    let mut client = service.client();
    truth.knows(&mut client, &notice);
    truth.hears(&mut client, &notice, "wav");
    assert_eq!(service.syntheses().0, 0);
    until("the folder has them", || notice.urls.iter().all(|url| file(&data, &server, url).exists()));
    until("the folder has it", || data.join("notices").join(format!("{}.notice", notice.id)).exists());

    service.kill();
    let service = process(&data, &gate.endpoint, &PATIENT);
    let before = gate.reads();
    let mut client = service.client();
    truth.knows(&mut client, &notice);
    truth.hears(&mut client, &notice, "wav");
    assert_eq!(gate.reads(), before, "what the folder has is not asked of the bucket");
}

#[test]
fn of_clips_that_two_processes_make_at_once_one_is_everybodys() {
    let Some(server) = Server::start() else { return };
    let gate = Gate::before(&server);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let start = |at: usize| {
        let detune = ["--detune", ["0", "8"][at]];
        process(folders[at].path(), &gate.endpoint, &[detune, PATIENT].concat())
    };
    let mut services = [start(0), start(1)];
    let object = |url: &String| {
        let mut sealed = fs::read(server.object(url)).unwrap();
        sealed.truncate(sealed.len() - 32);
        sealed
    };
    let same = |services: &[Service; 2], notice: &Notice| {
        let [first, second] = services.each_ref().map(|service| hear(&mut service.client(), notice));
        let objects: Vec<_> = notice.urls.iter().map(object).collect();
        (first == objects && second == objects).then_some(objects)
    };
    let truth = Service::hum(None, &["--detune", "0"]);
    // Of two that start together one may still be ahead all the while, and win everything.
    let mut rounds = ["团结", "友谊", "平安", "富强", "幸福"].into_iter();
    let notice = loop {
        let text = text(rounds.next().expect("they never raced"), 100);
        let refused = gate.refused();
        let [notice, second] = thread::scope(|scope| {
            let race = |service: &Service| {
                let mut client = service.client();
                let notice = submit(&mut client, &text).unwrap().unwrap();
                hear(&mut client, &notice);
                notice
            };
            let both = services.each_ref().map(|service| scope.spawn(move || race(service)));
            both.map(|one| one.join().unwrap())
        });
        assert_eq!(notice.urls, second.urls);
        assert!(notice.urls.len() >= 100);
        until("the bucket has them", || server.has(&notice.urls));
        let mut found = None;
        until("both serve what the bucket has", || {
            found = same(&services, &notice);
            found.is_some()
        });
        // Whose they are: those of one process are as a process alone makes them.
        let mut client = truth.client();
        let alone = submit(&mut client, &text).unwrap().unwrap();
        let of_first = hear(&mut client, &alone);
        let firsts = of_first.iter().zip(found.unwrap()).filter(|(one, won)| *one == won).count();
        let (all, refused) = (notice.urls.len(), gate.refused() - refused);
        println!("of {all} clips {refused} were written second, {firsts} are of the first process");
        if refused > 3 && firsts > 0 && firsts < all {
            break notice;
        }
    };

    // And so it is on their disks.
    services.iter_mut().for_each(Service::kill);
    let services = [start(0), start(1)];
    assert!(same(&services, &notice).is_some());
    assert!(services.iter().all(|service| service.syntheses().0 == 0));
}

#[test]
fn a_bucket_that_is_gone_costs_no_sound_and_gets_everything_when_it_is_back() {
    let Some(mut server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    // Memory for a few clips only: the others are read from the folder.
    let mut service = server.process(folder.path(), &["--memory", "400000"]);
    let truth = Truth::of(Service::hum(None, &[]));
    let before = shared(&server, &service, "光明", 20);
    until("the folder has them", || kept(folder.path(), &server, &before.urls));
    until("nothing is late", || late(folder.path()) == 0);

    server.kill();
    let started = Instant::now();
    truth.hears(&mut service.client(), &before, "wav");
    println!("20 clips from memory and folder, bucket gone: {:?}", started.elapsed());
    let mut client = service.client();
    let meanwhile = submit(&mut client, &text("胜利", 6)).unwrap().unwrap();
    assert!(meanwhile.saved, "the folder keeps it");
    truth.hears(&mut client, &meanwhile, "wav");
    let words = told(&service).expect("the health tells");
    assert!(words.contains("cannot be reached"), "{words}");
    assert!(!words.contains("127.0.0.1"), "the world need not know where it is: {words}");
    let unknown = client.get(&format!("/v1/notices/{}", "0".repeat(32))).unwrap();
    assert_eq!(unknown.status, 503, "it may be in the bucket");
    // It shares a few words with the other notice, which are clips that the bucket has.
    // Each of the others is late with its marks, and the notice is.
    let owed = 2 * meanwhile.urls.iter().filter(|url| !server.object(url).exists()).count() + 1;
    assert!(owed > 5);
    until("what is late is marked", || late(folder.path()) >= owed);
    assert_eq!(late(folder.path()), owed);
    until("the folder has it", || kept(folder.path(), &server, &meanwhile.urls));

    // A process that is killed and started while the bucket is gone knows and owes the same.
    service.kill();
    let mut service = server.process(folder.path(), &[]);
    let mut client = service.client();
    for notice in [&before, &meanwhile] {
        truth.knows(&mut client, notice);
        truth.hears(&mut client, notice, "wav");
    }
    assert_eq!(service.syntheses().0, 0);
    assert_eq!(late(folder.path()), owed);
    assert!(!server.has(&meanwhile.urls));

    server.come_back();
    until("the bucket has what is late", || server.has(&meanwhile.urls) && late(folder.path()) == 0);
    assert!(server.folder("notices").join(format!("{}.notice", meanwhile.id)).exists());
    until("the health is well again", || told(&service).is_none());

    service.kill();
    let empty = tempfile::tempdir().unwrap();
    let other = server.process(empty.path(), &PATIENT);
    let mut client = other.client();
    truth.knows(&mut client, &meanwhile);
    truth.hears(&mut client, &meanwhile, "wav");
    assert_eq!(other.syntheses().0, 0);
}

#[test]
fn a_bucket_that_hangs_keeps_nobody_waiting_for_long() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let service = server.process(folder.path(), &["--delay-ms", "20"]);
    let known = shared(&server, &service, "东风", 8);
    let mut client = service.client();

    server.hang();
    let mut slowest = Duration::ZERO;
    for url in known.urls.iter().cycle().take(100) {
        let asked = Instant::now();
        client.get(url).unwrap().is(200);
        slowest = slowest.max(asked.elapsed());
    }
    println!("the slowest of 100 cached clips, bucket hanging: {slowest:?}");
    assert!(slowest < PATIENCE / 2, "{slowest:?}");

    // Nobody knows yet that it hangs: this one pays for finding out, once.
    let asked = Instant::now();
    let fresh = submit(&mut client, &text("西山", 4)).unwrap().unwrap();
    let submitted = asked.elapsed();
    client.get(&fresh.urls[0]).unwrap().is(200);
    let heard = asked.elapsed();
    println!("the first notice while it hangs: submitted after {submitted:?}, first clip after {heard:?}");
    assert!(heard < PATIENCE + Duration::from_millis(20) + SLACK, "{heard:?}");
    assert!(fresh.saved);
    let asked = Instant::now();
    let next = submit(&mut client, &text("南湖", 4)).unwrap().unwrap();
    client.get(&next.urls[0]).unwrap().is(200);
    println!("the next one: first clip after {:?}", asked.elapsed());
    assert!(asked.elapsed() < PATIENCE, "{:?}", asked.elapsed());
    for notice in [&fresh, &next] {
        hear(&mut client, notice);
        let manifest = client.get(&format!("/v1/notices/{}", notice.id)).unwrap().is(200).json();
        assert_eq!(manifest["ready_count"], manifest["clip_count"]);
    }
    assert!(told(&service).unwrap().contains("takes too long"));

    server.go_on();
    until("the bucket has what is late", || server.has(&fresh.urls) && server.has(&next.urls));
    until("nothing is late", || late(folder.path()) == 0);
    until("the health is well again", || told(&service).is_none());
}

#[test]
fn a_slow_bucket_slows_no_manifest_for_long() {
    let Some(server) = Server::start() else { return };
    let gate = Gate::before(&server);
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = process(folders[0].path(), &gate.endpoint, &[]);
    let notice = shared(&server, &first, "北国", 60);
    let second = process(folders[1].path(), &gate.endpoint, &[]);
    let mut client = second.client();
    gate.delay(Duration::from_millis(400));
    let asked = Instant::now();
    client.get(&format!("/v1/notices/{}", notice.id)).unwrap().is(200);
    println!("the manifest of {} clips, 400 ms an answer: {:?}", notice.urls.len(), asked.elapsed());
    assert!(asked.elapsed() < Duration::from_millis(850) + SLACK);
    assert_eq!(told(&second), None, "slow is not gone");
    let body = client.get(&notice.urls[3]).unwrap().is(200).body;
    assert_eq!(second.syntheses().0, 0, "it was waited for");
    assert_eq!(body, first.client().get(&notice.urls[3]).unwrap().body);
}

#[test]
fn a_wrong_key_or_address_is_told_and_the_service_reads_aloud_all_the_same() {
    let Some(server) = Server::start() else { return };
    let endpoint = server.endpoint();
    let secure = endpoint.replacen("http", "https", 1);
    for (options, words) in [
        (
            ["--s3-bucket", "notices", "--s3-endpoint", &endpoint, "--s3-key", "test:wrong"],
            "access is denied",
        ),
        (
            ["--s3-bucket", "notices", "--s3-endpoint", &endpoint, "--s3-key", "who:secret"],
            "access is denied",
        ),
        (
            ["--s3-bucket", "notices", "--s3-endpoint", &secure, "--s3-key", "test:secret"],
            "cannot be reached",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::hum(Some(folder.path()), &options);
        until("the health tells", || told(&service).is_some());
        let said = told(&service).unwrap();
        assert!(said.contains(words), "{options:?}: {said}");
        let mut client = service.client();
        let notice = submit(&mut client, "今天停水。").unwrap().unwrap();
        assert!(notice.saved);
        hear(&mut client, &notice);
        until("what is late is marked", || late(folder.path()) == 3);
    }
}

#[test]
fn a_damaged_object_is_made_again_and_never_heard() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let truth = Truth::of(Service::hum(None, &[]));
    let mut service = server.process(folder.path(), &PATIENT);
    let notice = shared(&server, &service, "长安", 4);
    service.kill();
    let object = server.object(&notice.urls[1]);
    let whole = fs::read(&object).unwrap();
    let mut flipped = whole.clone();
    flipped[1000] ^= 1;
    for bad in [&flipped[..], &whole[..whole.len() - 1], &[]] {
        fs::write(&object, bad).unwrap();
        let empty = tempfile::tempdir().unwrap();
        let other = server.process(empty.path(), &PATIENT);
        truth.hears(&mut other.client(), &notice, "wav");
        assert_eq!(other.syntheses().0, 1);
        until("it is whole again", || fs::read(&object).is_ok_and(|now| now == whole));
    }
}

#[test]
fn marks_in_the_bucket_that_cannot_be_used_are_replaced() {
    let Some(server) = Server::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut service = server.process(folder.path(), &PATIENT);
    let notice = shared(&server, &service, "延安", 2);
    let words = format!("/v1/notices/{}/words/1", notice.id);
    let due = service.client().get(&words).unwrap().is(200).json();
    let object = server.object(&notice.urls[1]).with_extension("marks");
    until("the bucket has the marks", || object.exists());
    service.kill();

    // Sealed well, but of another kind.
    let whole = fs::read(&object).unwrap();
    fs::copy(server.object(&notice.urls[1]), &object).unwrap();
    let empty = tempfile::tempdir().unwrap();
    let other = server.process(empty.path(), &PATIENT);
    assert_eq!(other.client().get(&words).unwrap().is(200).json(), due);
    until("they are whole again", || fs::read(&object).is_ok_and(|now| now == whole));
    assert_eq!(other.syntheses().0, 0);
}

/// `cargo test --test s3 figures -- --ignored --nocapture`
#[test]
#[ignore = "it tells how long a cold clip takes from the bucket, the folder and memory"]
fn figures() {
    let server = Server::start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut service = server.process(folder.path(), &[]);
    let notice = shared(&server, &service, "人民", 100);
    until("the folder has them", || notice.urls.iter().all(|url| file(folder.path(), &server, url).exists()));
    service.kill();
    let empty = tempfile::tempdir().unwrap();
    let bytes: u64 = notice.urls.iter().map(|url| fs::metadata(server.object(url)).unwrap().len()).sum();
    println!(
        "{} clips of {} bytes on average, under {PREFIX}",
        notice.urls.len(),
        bytes / notice.urls.len() as u64
    );
    let begun = Instant::now();
    let far = server.process(empty.path(), &[]);
    let ready = begun.elapsed();
    let mut client = far.client();
    client.get(&notice.urls[0]).unwrap().is(200);
    println!("started with an empty folder: ready after {ready:?}, first clip after {:?}", begun.elapsed());
    let begun = Instant::now();
    client.get(&format!("/v1/notices/{}", notice.id)).unwrap().is(200);
    println!("the manifest, clips not known yet: {:?}", begun.elapsed());
    let near = server.process(folder.path(), &[]);
    for (place, service) in [("the bucket", &far), ("the folder", &near), ("memory", &near)] {
        let mut client = service.client();
        let time = |url: &String| {
            let asked = Instant::now();
            client.get(url).unwrap().is(200);
            asked.elapsed()
        };
        let mut took: Vec<Duration> = notice.urls[1..].iter().map(time).collect();
        took.sort();
        println!(
            "from {place}: half within {:?}, 95 of 100 within {:?}",
            took[took.len() / 2],
            took[took.len() * 95 / 100]
        );
    }
}
