//! What strangers may try against a real process, over sockets of their own. After each attempt the same process
//! serves a clip as it should.
//!
//! 1. requests that no honest client sends ([`strangers`]): nothing crashes, nothing is taken for what it is not,
//!    nothing lies afterwards where it should not;
//! 2. too much of what is allowed ([`limits`]);
//! 3. keys that are wrong ([`guesses`]);
//! 4. the end, while somebody waits and something hangs ([`shutdown`]).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod guesses;
mod limits;
mod shutdown;
mod strangers;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use support::{
    client::Answer,
    service::Service,
    truth::{Notice, submit, whole},
};

/// A notice with its first clip, as it was when all was well.
struct Witness {
    notice: Notice,
    clip: Vec<u8>,
}

impl Witness {
    fn of(service: &Service) -> Self {
        let mut client = service.client();
        let notice = submit(&mut client, "今天停水。").unwrap().unwrap();
        let clip = client.get(&notice.urls[0]).unwrap().is(200);
        assert_eq!(whole(&clip), Ok(()));
        Self { notice, clip: clip.body }
    }

    /// The process lives, and serves what it served.
    #[track_caller]
    fn is_served(&self, service: &mut Service, after: &str) {
        assert!(service.lives(), "it has ended after: {after}");
        let mut client = service.client();
        let clip = client.get(&self.notice.urls[0]).unwrap();
        assert_eq!((clip.status, clip.body == self.clip), (200, true), "after: {after}");
        assert_eq!(client.get("/healthz").unwrap().status, 200, "after: {after}");
    }
}

/// Submits a text with headers of its own.
fn post(service: &Service, text: &str, headers: &[(&str, &str)]) -> Answer {
    let headers = [&[("content-type", "text/plain")], headers].concat();
    service.client().ask("POST", "/v1/notices", &headers, text.as_bytes()).unwrap()
}

/// A key that is good for the lexicon, in `keys.toml` of `folder`.
fn key(folder: &Path) -> String {
    let right = langdu::keys::Right::Lexicon;
    langdu::keys::add(&folder.join("keys.toml"), "editor", &[right]).unwrap()
}
