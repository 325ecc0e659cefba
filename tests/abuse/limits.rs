//! Too much of what is allowed.

use super::{
    Witness, post,
    support::{client::Answer, service::Service},
};

/// Posts different texts, with the headers that `headers` gives for each; how many were taken in.
fn taken(service: &Service, count: usize, headers: impl Fn(usize) -> Vec<(&'static str, String)>) -> usize {
    let answers = (0..count).map(|n| {
        let headers = headers(n);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        post(service, "停水。", &headers)
    });
    answers.filter(|answer| !is_refused(answer)).count()
}

fn is_refused(answer: &Answer) -> bool {
    if answer.status == 429 {
        assert_eq!(answer.json()["code"], "too_many_requests");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        return true;
    }
    assert!(matches!(answer.status, 200 | 201), "{}", answer.status);
    false
}

fn forwarded_for(what: impl Fn(usize) -> String) -> impl Fn(usize) -> Vec<(&'static str, String)> {
    move |n| vec![("x-forwarded-for", what(n))]
}

#[test]
fn whoever_a_client_says_it_is_its_limit_is_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut service = Service::real_in(folder.path(), &["--client-rate", "1", "--client-burst", "6"]);
    let witness = Witness::of(&service);
    assert_eq!(taken(&service, 20, forwarded_for(|n| format!("198.51.100.{n}"))), 5, "one was the witness");
    for name in ["forwarded", "x-real-ip", "client-ip", "cf-connecting-ip", "true-client-ip", "via"] {
        assert_eq!(taken(&service, 3, |n| vec![(name, format!("198.51.100.{n}"))]), 0, "{name}");
    }
    // Others are heard: what is kept, in the memory or on disk only, whatever it is asked for with.
    for _ in 0..200 {
        witness.is_served(&mut service, "too many submissions");
    }
    let opus = witness.notice.urls[0].replacen(".wav", ".8k.wav", 1);
    (0..100).for_each(|_| drop(service.client().get(&opus).unwrap().is(200)));
    (0..100).for_each(|_| drop(service.client().get("/player.js").unwrap().is(200)));

    // Started again nothing is in the memory.
    drop(service);
    let mut service = Service::real_in(folder.path(), &["--client-rate", "1", "--client-burst", "1"]);
    assert_eq!(taken(&service, 3, forwarded_for(|n| format!("198.51.100.{n}"))), 1);
    // Ten clips may be made, or not found; those that are kept cost nothing.
    let unknown = |n: usize| format!("/v1/clips/{n:064x}.wav");
    let refused = (0..30).filter(|n| service.client().get(&unknown(*n)).unwrap().status == 429).count();
    assert_eq!(refused, 20);
    witness.is_served(&mut service, "too many clips");
}

#[test]
fn a_trusted_proxy_says_who_asks() {
    let folder = tempfile::tempdir().unwrap();
    let options = ["--client-rate", "1", "--client-burst", "2", "--trusted-proxies", "127.0.0.0/8,::1"];
    let service = Service::real_in(folder.path(), &options);
    assert_eq!(taken(&service, 10, forwarded_for(|n| format!("198.51.100.{n}"))), 10);
    // What a client sent itself stands further left.
    assert_eq!(taken(&service, 10, forwarded_for(|n| format!("203.0.113.{n}, 192.0.2.1"))), 2);
    assert_eq!(taken(&service, 10, forwarded_for(|n| format!("203.0.113.{n}, 192.0.2.2, 127.0.0.9"))), 2);
    // An IPv6 client has as many addresses as it likes, all in one network.
    assert_eq!(taken(&service, 10, forwarded_for(|n| format!("2001:db8:7:7::{n:x}"))), 2);
    assert_eq!(taken(&service, 10, forwarded_for(|n| format!("nobody-{n}"))), 2, "they count for the proxy");
}

#[test]
fn everybody_together_is_limited_and_what_is_kept_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    // One at once, and one more every fifteen seconds.
    let options = ["--client-rate", "0", "--total-rate", "4"];
    let mut service = Service::real_in(folder.path(), &options);
    let witness = Witness::of(&service);
    let answers: Vec<Answer> = (0..40).map(|_| post(&service, "停水。", &[])).collect();
    let refused: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(refused.len() >= 20, "{}", refused.len());
    for answer in refused {
        assert_eq!(answer.json()["code"], "overloaded");
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=15).contains(&wait), "{wait}");
    }
    witness.is_served(&mut service, "too many of all");
}
