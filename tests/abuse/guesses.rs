//! Keys that are wrong.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use langdu::keys::Keys;

use super::{
    Witness, key,
    support::{client::Client, service::Service},
};

/// Puts an entry with `given` as the key.
fn put(client: &mut Client, given: &str) -> u16 {
    let value = format!("Bearer {given}");
    let headers = [("authorization", &*value), ("content-type", "application/json")];
    let answer = client.ask("PUT", "/v1/lexicon/entries/RMB", &headers, br#"{"said":""}"#).unwrap();
    assert!(answer.status != 429 || answer.header("retry-after").parse::<u64>().is_ok());
    answer.status
}

/// Keys that are nearly right: what may have been seen of it, or of the file.
fn nearly(folder: &Path, key: &str) -> Vec<String> {
    let file = fs::read_to_string(folder.join("keys.toml")).unwrap();
    assert!(!file.contains(&key[10..]), "the key itself is in the file");
    let hash = file.lines().find_map(|line| line.strip_prefix("hash = ")).unwrap().trim_matches('"');
    let last = if key.ends_with('0') { "1" } else { "0" };
    vec![
        hash.to_owned(),
        format!("langdu_{hash}"),
        key[..key.len() - 1].to_owned(),
        format!("{}{last}", &key[..key.len() - 1]),
        format!("{key}0"),
        key.to_uppercase(),
        key["langdu_".len()..].to_owned(),
        format!("{key},{key}"),
        "editor".to_owned(),
        String::new(),
    ]
}

#[test]
fn wrong_keys_are_refused_and_soon_not_even_looked_at_for_their_error() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(folder.path());
    let mut service = Service::real_in(
        folder.path(),
        &[
            "--keys",
            "keys.toml",
            "--lexicon",
            "site.lexicon",
            "--client-rate",
            "600",
            "--client-burst",
            "600",
        ],
    );
    let witness = Witness::of(&service);
    let mut client = service.client();
    let wrong = nearly(folder.path(), &key);
    for wrong in &wrong {
        assert_eq!(put(&mut client, wrong), 401, "{wrong}");
    }
    for wrong in &wrong {
        assert_eq!(put(&mut client, wrong), 429, "{wrong}");
    }
    for path in ["/v1/lexicon/reload", &format!("/v1/lexicon/reload?key={key}")] {
        let headers = [("x-api-key", &*key), ("cookie", &*format!("key={key}"))];
        assert_eq!(client.ask("POST", path, &headers, b"").unwrap().status, 401, "a key elsewhere is none");
    }
    // Who has the right key is let in from the same address all the same, and is no longer counted.
    assert_eq!(put(&mut client, &key), 422, "it gets as far as the entry, which cannot be said");
    for _ in 0..700 {
        assert_eq!(put(&mut client, &key), 422);
    }
    assert!(!folder.path().join("site.lexicon").exists());
    witness.is_served(&mut service, "wrong keys");
}

/// Times of the kinds of keys are told apart when hardly any of one lies among those of another.
fn overlap(kinds: &mut [Vec<Duration>]) {
    let of = |times: &[Duration], percent: usize| times[times.len() * percent / 100];
    kinds.iter_mut().for_each(|times| times.sort());
    println!("{:?}", kinds.iter().map(|times| [5, 50, 95].map(|at| of(times, at))).collect::<Vec<_>>());
    for one in &*kinds {
        for other in &*kinds {
            let median = of(one, 50);
            assert!(of(other, 5) <= median && median <= of(other, 95), "{median:?} tells something");
        }
    }
}

/// What shares nothing with the key, all but its last character, its hash; and the key itself.
fn kinds(folder: &Path, key: &str) -> [String; 4] {
    let nearly = nearly(folder, key);
    let nothing = format!("langdu_{}", "e".repeat(64));
    [nothing, nearly[3].clone(), nearly[1].clone(), key.to_owned()]
}

#[test]
fn the_time_that_a_wrong_key_takes_tells_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let key = key(folder.path());
    let kinds = kinds(folder.path(), &key);

    let keys = Keys::open(&folder.path().join("keys.toml")).unwrap();
    let mut times = [const { Vec::new() }; 4];
    for turn in 0..80_000 {
        let started = Instant::now();
        let found = keys.find(&kinds[turn % 4]);
        times[turn % 4].push(started.elapsed());
        assert_eq!(found.is_some(), turn % 4 == 3);
    }
    // Of a key that is found its name is copied out: that takes longer, and need not be hidden.
    overlap(&mut times[..3]);

    let service = Service::real_in(
        folder.path(),
        &["--keys", "keys.toml", "--lexicon", "site.lexicon", "--client-rate", "0", "--total-rate", "0"],
    );
    let mut client = service.client();
    let mut times = [const { Vec::new() }; 3];
    for turn in 0..3000 {
        let started = Instant::now();
        assert_eq!(put(&mut client, &kinds[turn % 3]), 401);
        times[turn % 3].push(started.elapsed());
    }
    overlap(&mut times);
}
