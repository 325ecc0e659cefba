#![allow(clippy::unwrap_used)]

use std::net::Ipv6Addr;

use super::*;

fn meter(client_rate: u32, client_burst: u32, total_rate: u32) -> Meter {
    Meter::new(Limits { client_rate, client_burst, total_rate, trusted_proxies: Vec::new() })
}

fn client(n: u32) -> Account {
    Account::Client(Ipv4Addr::from(n).into())
}

/// How many of `n` requests pass.
fn pass(meter: &Meter, account: Account, work: Work, n: usize) -> usize {
    (0..n).filter(|_| meter.charge(account, work).is_ok()).count()
}

fn refused(problem: Result<(), Problem>) -> (StatusCode, u64) {
    let answer = problem.unwrap_err().into_response();
    let wait = answer.headers()[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    (answer.status(), wait)
}

#[test]
fn a_client_has_its_own_and_clips_are_ten_times_cheaper() {
    let meter = meter(1, 3, 0);
    assert_eq!(pass(&meter, client(1), Work::Submission, 10), 3);
    assert_eq!(pass(&meter, client(1), Work::Clip, 100), 30);
    assert_eq!(pass(&meter, client(2), Work::Submission, 10), 3);
    let (status, wait) = refused(meter.charge(client(1), Work::Submission));
    assert_eq!(status, 429);
    assert!((50..=60).contains(&wait), "{wait}");
    let (_, wait) = refused(meter.charge(client(1), Work::Clip));
    assert!((4..=6).contains(&wait), "{wait}");
}

#[test]
fn who_waits_as_long_as_is_said_may_ask_again() {
    let meter = meter(1200, 1, 0);
    assert_eq!(pass(&meter, client(1), Work::Submission, 2), 1);
    let (_, wait) = refused(meter.charge(client(1), Work::Submission));
    assert_eq!(wait, 1, "never less than one second");
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(pass(&meter, client(1), Work::Submission, 1), 1);
}

#[test]
fn everybody_together_has_a_limit_that_keys_count_in() {
    let meter = meter(60, 60, 60);
    assert_eq!((0..100).filter(|n| meter.charge(client(*n), Work::Submission).is_ok()).count(), 15);
    let (status, wait) = refused(meter.charge(client(1000), Work::Submission));
    assert_eq!((status.as_u16(), wait), (503, 1));
    assert_eq!(refused(meter.charge(Account::Known, Work::Submission)).0, 503);
    assert_eq!(pass(&meter, Account::Known, Work::Clip, 10), 10);
}

#[test]
fn who_has_a_key_is_no_client() {
    let meter = meter(1, 1, 6000);
    assert_eq!(pass(&meter, client(1), Work::Submission, 10), 1);
    assert_eq!(pass(&meter, Account::Known, Work::Submission, 100), 100);
}

#[test]
fn nothing_is_counted_where_nothing_is_limited() {
    let meter = Meter::new(Limits::NONE);
    assert_eq!(pass(&meter, client(1), Work::Submission, 10_000), 10_000);
    assert!((0..1000).all(|_| meter.guessed(client(1)).is_ok()));
    assert!(meter.submissions.client.is_none() && meter.submissions.total.is_none());
}

#[test]
fn wrong_keys_have_a_bucket_of_their_own() {
    let meter = meter(1000, 1000, 0);
    assert_eq!((0..50).filter(|_| meter.guessed(client(1)).is_ok()).count(), 10);
    assert!(meter.guessed(client(2)).is_ok());
    assert!(meter.charge(client(1), Work::Submission).is_ok());
}

#[test]
fn clients_are_forgotten_when_their_bucket_is_full() {
    let clients = PerClient::new(60_000, 1).unwrap();
    for n in 0..10 * ROUND {
        clients.take(Ipv4Addr::from(n).into()).unwrap();
    }
    std::thread::sleep(Duration::from_millis(20));
    for n in 0..ROUND {
        clients.take(Ipv4Addr::from(1 << 30 | n).into()).unwrap();
    }
    assert!(clients.limiter.len() <= ROUND as usize, "{}", clients.limiter.len());
}

#[test]
fn so_many_clients_and_no_more_are_counted_one_by_one() {
    let clients = PerClient::new(1, 5).unwrap();
    let address = |n: usize| Ipv6Addr::from((0x2001_0db8_u128 << 96) | ((n as u128) << 64)).into();
    for n in 0..MOST_CLIENTS {
        assert!(clients.take(address(n)).is_ok());
    }
    let late = (MOST_CLIENTS..MOST_CLIENTS + 1000).filter(|n| clients.take(address(*n)).is_ok()).count();
    assert_eq!(late, 5, "they share one bucket");
    assert_eq!(clients.limiter.len(), MOST_CLIENTS);
    // Who was there before has what it had.
    assert_eq!((0..10).filter(|_| clients.take(address(7)).is_ok()).count(), 4);
}

#[test]
fn what_costs_what() {
    for (method, route, work) in [
        (Method::POST, Some("/v1/notices"), Some(Work::Submission)),
        (Method::POST, Some("/v1/spoken"), Some(Work::Submission)),
        (Method::PUT, Some("/v1/lexicon/entries/{written}"), Some(Work::Submission)),
        (Method::DELETE, Some("/v1/lexicon/entries/{written}"), Some(Work::Submission)),
        (Method::POST, None, Some(Work::Submission)),
        (Method::GET, Some("/v1/notices/{id}"), Some(Work::Clip)),
        (Method::GET, Some("/v1/notices/{id}/events"), Some(Work::Clip)),
        (Method::HEAD, Some("/v1/notices/{id}/{file}"), Some(Work::Clip)),
        (Method::DELETE, Some("/v1/notices/{id}/work"), Some(Work::Clip)),
        (Method::GET, Some("/v1/clips/{clip}"), None),
        (Method::HEAD, Some("/v1/clips/{clip}"), None),
        (Method::GET, Some("/healthz"), None),
        (Method::GET, Some("/player.js"), None),
        (Method::GET, None, None),
    ] {
        assert_eq!(work_of(&method, route), work, "{method} {route:?}");
    }
}
