//! Many readers at once, readers that go away, and an engine that fails: over real connections, against a real
//! process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod support;

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{Arc, Barrier, Mutex},
    thread,
    time::{Duration, Instant},
};

use support::{
    client::{Answer, Client, request},
    service::{Service, until},
    truth::{Notice, Truth, in_format, invent, submit, whole},
};

/// All at once; `read` gets the number of its reader. Stacks are small: there are many.
fn at_once<T: Send + 'static>(readers: usize, read: impl Fn(usize) -> T + Send + Sync + 'static) -> Vec<T> {
    let (read, ready) = (Arc::new(read), Arc::new(Barrier::new(readers)));
    let start = |number| {
        let (read, ready) = (read.clone(), ready.clone());
        let reader = move || {
            ready.wait();
            read(number)
        };
        thread::Builder::new().stack_size(256 << 10).spawn(reader).unwrap()
    };
    let threads: Vec<_> = (0..readers).map(start).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Asks until the service is not too busy, as a player does.
fn patiently(mut ask: impl FnMut() -> Answer) -> Answer {
    let started = Instant::now();
    loop {
        let answer = ask();
        if answer.status != 503 {
            return answer;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "busy for a minute: {}", answer.json());
        assert!(!answer.header("retry-after").is_empty(), "{}", answer.json());
        thread::sleep(Duration::from_millis(100));
    }
}

fn submit_patiently(client: &mut Client, text: &str) -> Notice {
    let started = Instant::now();
    loop {
        if let Some(notice) = submit(client, text).unwrap() {
            return notice;
        }
        assert!(started.elapsed() < Duration::from_secs(60), "busy for a minute");
        thread::sleep(Duration::from_millis(100));
    }
}

/// As many descriptors as the system allows; each reader has one here and one there.
fn raise_the_limit_of_descriptors() -> u64 {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        // Where it may not be raised it stays as it was.
        setrlimit(Resource::Nofile, limit).ok();
        getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
    }
    #[cfg(not(unix))]
    u64::MAX
}

#[test]
fn sixteen_identical_requests_are_one_synthesis() {
    let service = Service::hum(None, &["--delay-ms", "300"]);
    let mut client = service.client();
    let notice = submit(&mut client, "今天停水。").unwrap().unwrap();
    assert_eq!(notice.urls.len(), 1);
    let (address, url) = (service.address, notice.urls[0].clone());
    let heard = at_once(16, move |_| Client::new(address).get(&url).unwrap().is(200).body);
    assert_eq!(service.syntheses(), (1, 1));
    assert!(heard.iter().all(|body| *body == heard[0]));
}

#[test]
fn a_thousand_readers_of_a_new_notice_hear_the_same_and_each_clip_is_made_once() {
    let readers = if raise_the_limit_of_descriptors() > 2500 { 1000 } else { 200 };
    let folder = tempfile::tempdir().unwrap();
    let service = Service::hum(Some(folder.path()), &["--delay-ms", "20"]);
    let address = service.address;
    let text = "关于停电的通知\n东山村今天停电。\n西湖街明天停水。\n请大家提前准备。\n咨询电话：12345。\n";
    let heard = at_once(readers, move |number| {
        let mut client = Client::new(address);
        let notice = submit_patiently(&mut client, text);
        let clips = notice.urls.iter().map(|url| {
            let answer = patiently(|| client.get(url).unwrap()).is(200);
            assert_eq!(whole(&answer), Ok(()), "reader {number}, {url}");
            blake3::hash(&answer.body)
        });
        let clips: Vec<_> = clips.collect();
        (notice.urls, clips)
    });
    assert!(heard.iter().all(|one| *one == heard[0]), "all hear the same");
    let clips: HashSet<_> = heard[0].0.iter().collect();
    let (made, most) = service.syntheses();
    assert_eq!((made, most), (clips.len() as u64, 1), "each clip is made once");
    println!("{readers} readers, {} clips, {made} syntheses", clips.len());
}

#[test]
fn readers_that_go_away_leave_nothing_behind() {
    raise_the_limit_of_descriptors();
    let service = Service::hum(None, &["--delay-ms", "100"]);
    let mut client = service.client();
    let long = |seed| {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..4).map(|_| invent(&mut random)).collect::<String>()
    };
    let made = submit(&mut client, "今天停水。").unwrap().unwrap();
    client.get(&made.urls[0]).unwrap().is(200);
    drop(client);
    until("the service is quiet", || is_quiet(&service));
    let before = service.descriptors();

    let mut random = fastrand::Rng::with_seed(1);
    for round in 0..4 {
        let new = submit(&mut service.client(), &long(round)).unwrap().unwrap();
        let (address, made) = (service.address, made.clone());
        let seed = random.u64(..);
        at_once(60, move |number| leave(address, &new, &made, number, seed));
    }
    until("all descriptors are closed", || {
        // The connection that asks for the health is one.
        service.descriptors() <= before && is_quiet(&service)
    });
    println!("descriptors: {before:?} before, {:?} after", service.descriptors());
    service.client().get(&made.urls[0]).unwrap().is(200);
}

/// Goes away at some moment: while it asks, while it waits, while it listens.
fn leave(address: SocketAddr, new: &Notice, made: &Notice, number: usize, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed ^ number as u64);
    let get = |path: &str| request("GET", path, &[], b"");
    let url = random.choice(&new.urls).unwrap();
    let whole = format!("/v1/notices/{}/audio.wav", new.id);
    let (request, sent, read) = match number % 6 {
        0 => (get(url), usize::MAX, 0),
        1 => (get(&made.urls[0]), usize::MAX, 2000),
        2 => (get(url), 20, 0),
        3 => (request("POST", "/v1/notices", &[("content-type", "text/plain")], &[b'x'; 5000]), 2000, 0),
        4 => (get(&whole), usize::MAX, 0),
        _ => (get(&format!("/v1/notices/{}/events", new.id)), usize::MAX, 12),
    };
    Client::leave(address, &request, sent, read).unwrap();
}

fn is_quiet(service: &Service) -> bool {
    let health = service.health();
    health["waiting_clips"] == 0 && health["queued_notices"] == 0
}

#[test]
fn an_engine_that_fails_is_never_taken_for_sound() {
    let truth = Truth::of(Service::hum(None, &[]));
    let faults = "panic:8,nan:8,silence:8,fail:8";
    let service = Service::hum(None, &["--faults", faults]);
    let mut client = service.client();
    let mut random = fastrand::Rng::with_seed(5);
    let (mut right, mut failed) = (0, 0);
    for _ in 0..12 {
        let notice = submit(&mut client, &invent(&mut random)).unwrap().unwrap();
        truth.learn(&notice.text);
        let mut wrong = 0;
        for url in &notice.urls {
            for format in &truth.formats {
                let url = in_format(url, format);
                let answer = client.get(&url).unwrap();
                if answer.status == 200 {
                    assert!(
                        answer.body == truth.get(&url, &[]).is(200).body,
                        "{url} is not what was to be heard"
                    );
                    right += 1;
                } else {
                    let problem = answer.is(500).json();
                    assert_eq!(
                        (&problem["code"], &problem["retriable"]),
                        (&"synthesis_failed".into(), &true.into())
                    );
                    wrong += 1;
                }
            }
        }
        let path = format!("/v1/notices/{}/audio.wav", notice.id);
        match client.get(&path) {
            Ok(answer) if answer.status == 200 => {
                assert_eq!(wrong, 0, "a notice with a clip that failed was sent as if it were whole");
                assert_eq!(answer.body, truth.get(&path, &[]).is(200).body);
            }
            Ok(answer) => assert!(wrong > 0, "{}", answer.json()),
            // It broke on the way, so that no part is taken for the whole.
            Err(_) => assert!(wrong > 0),
        }
        failed += wrong;
    }
    println!("{right} files were right, {failed} failed and said so");
    assert!(right > 20 && failed > 5);
    until("the queue moves on", || is_quiet(&service));
}

#[test]
fn a_hung_engine_holds_up_only_what_it_hangs_on() {
    let service = Service::hum(None, &["--faults", "hang:5", "--limit-ms", "300"]);
    let address = service.address;
    let heard = Arc::new(Mutex::new((0, 0)));
    let told = heard.clone();
    at_once(4, move |number| {
        let mut random = fastrand::Rng::with_seed(number as u64);
        let mut client = Client::new(address);
        for _ in 0..5 {
            let notice = submit_patiently(&mut client, &invent(&mut random));
            for url in &notice.urls {
                let answer = client.get(url).unwrap();
                let mut told = told.lock().unwrap();
                match answer.status {
                    200 => told.0 += 1,
                    _ => {
                        assert!(matches!(answer.status, 500 | 503 | 504), "{}", answer.json());
                        told.1 += 1;
                    }
                }
            }
        }
    });
    let (right, hung) = *heard.lock().unwrap();
    println!("{right} clips were heard, {hung} took too long and said so");
    assert!(right > 0 && hung > 0);
}
