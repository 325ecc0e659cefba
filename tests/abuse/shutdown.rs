//! The end, while somebody waits and something hangs.
#![cfg(unix)]

use std::{
    io::Write,
    thread,
    time::{Duration, Instant},
};

use super::{
    Witness,
    support::{
        client::Client,
        raw::{connect, read},
        service::{Service, until},
        truth::{submit, whole},
    },
};

/// As long as a service may take to end, with some slack for a machine that is busy.
const LIMIT: Duration = Duration::from_millis(11_500);

/// Asks for a clip on a thread of its own and comes back when somebody waits for it.
fn waiting(service: &Service) -> thread::JoinHandle<(u16, Vec<u8>, String)> {
    let notice = submit(&mut service.client(), "因管网检修，今天停水。").unwrap().unwrap();
    let (address, url) = (service.address, notice.urls[0].clone());
    let waits = thread::spawn(move || {
        let answer = Client::new(address).get(&url).unwrap();
        assert!(answer.status != 200 || whole(&answer) == Ok(()));
        (answer.status, answer.body, answer.headers.iter().map(|(name, _)| name.as_str()).collect())
    });
    until("it is waited for", || waits.is_finished() || service.health()["waiting_clips"] == 1);
    waits
}

#[test]
fn what_somebody_waits_for_is_finished() {
    let mut service = Service::hum(None, &["--delay-ms", "2500"]);
    let waits = waiting(&service);
    service.terminate();
    let (status, ..) = waits.join().unwrap();
    assert_eq!(status, 200);
    let took = service.ends(LIMIT).expect("it ends");
    println!("a clip under way was finished; the service ended {took:?} later");
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn a_real_clip_that_somebody_waits_for_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::real_in(folder.path(), &[]);
    // The voice has been read by then.
    Witness::of(&service);
    let waits = waiting(&service);
    let told = Instant::now();
    service.terminate();
    let (status, ..) = waits.join().unwrap();
    println!("a real clip under way at the end: {status} after {:?}", told.elapsed());
    // A machine that is busy with other things may need longer than anybody is given.
    assert!(status == 200 || (status == 503 && told.elapsed() > Duration::from_secs(5)), "{status}");
    service.ends(LIMIT - told.elapsed()).expect("it ends");
}

#[test]
fn an_engine_that_hangs_and_clients_that_dawdle_do_not_keep_it() {
    let mut service = Service::hum(None, &["--faults", "hang:100", "--limit-ms", "3600000"]);
    let waits = waiting(&service);
    let mut slow = connect(service.address);
    slow.write_all(
        b"POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nx",
    )
    .unwrap();
    let mut half = connect(service.address);
    half.write_all(b"GET /healthz HTTP/1.1\r\nHo").unwrap();
    thread::sleep(Duration::from_millis(300));
    let told = Instant::now();
    service.terminate();
    let (status, body, headers) = waits.join().unwrap();
    assert_eq!(status, 503, "who waited in vain is told");
    assert!(headers.contains("retry-after"));
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&body).unwrap()["code"], "stopping");
    assert!(told.elapsed() > Duration::from_secs(5), "it was given time: {:?}", told.elapsed());
    let ended = service.ends(LIMIT - told.elapsed());
    println!("with a hanging engine the service ended after {:?}", told.elapsed());
    assert!(ended.is_some(), "it ends");
    assert!(read(&mut slow).closed && read(&mut half).closed);
}
