//! Whether the settings fit each other.
//!
//! What could not work is a problem. What works, but hardly as it was meant, is a doubt.

use super::{Found, Problem, Settings};
use crate::http::Access;

/// Adds to what was found whatever does not fit.
pub(super) fn look_at(settings: &Settings, found: &mut Found) {
    doors(settings, found);
    bucket(settings, found);
    let Settings { clip_memory, clip_disk, .. } = settings;
    if clip_memory > clip_disk {
        doubt(
            found,
            "clip_memory",
            "clips in memory may be larger than those on the disk",
            "make clip_disk larger",
        );
    }
    if let (Some(voice), true) =
        (&settings.voice, settings.fallback.iter().any(|name| Some(name) == settings.voice.as_ref()))
    {
        doubt(found, "fallback", &format!("{voice} is the voice that failed already"), "name another one");
    }
}

/// Who may come in.
fn doors(settings: &Settings, found: &mut Found) {
    let any = settings.allow_origins.iter().any(|origin| origin == "*");
    match settings.access {
        Access::Published if settings.keys.is_none() => {
            let what = "\"published\" without a file of keys: nobody could publish";
            problem(found, "access", what, "set keys, and make one with `langdu keys add`");
        }
        Access::Origins if any => {
            let what = "\"origins\", but allow_origins has \"*\": every page may use the service";
            doubt(found, "access", what, "name the origins");
        }
        Access::Origins if settings.allow_origins.is_empty() => {
            let what = "\"origins\", but there are none: only pages of the service itself may use it";
            doubt(found, "access", what, "name the sites in allow_origins");
        }
        Access::Open if !settings.listen.ip().is_loopback() && settings.trusted_proxies.is_empty() => {
            let what =
                format!("{} is reached from outside, and anybody may have texts read", settings.listen);
            let hint =
                "on an intranet this may be meant; else listen on 127.0.0.1 behind a proxy, or set access";
            doubt(found, "listen", &what, hint);
        }
        _ => {}
    }
}

/// The bucket.
fn bucket(settings: &Settings, found: &mut Found) {
    let (id, secret) = (settings.s3_access_key_id.is_some(), settings.s3_secret_access_key.is_some());
    if settings.s3_bucket.is_none() {
        let idle = [
            ("s3_endpoint", settings.s3_endpoint.is_some()),
            ("s3_access_key_id", id),
            ("s3_secret_access_key", secret),
        ];
        if let Some((key, _)) = idle.iter().find(|(_, set)| *set) {
            doubt(found, key, "it does nothing without a bucket", "set s3_bucket");
        }
        return;
    }
    if !cfg!(feature = "s3") {
        problem(found, "s3_bucket", "this langdu was built without buckets", "build it with the feature s3");
    }
    found.key_lacks = bucket_key(settings, found);
    let plain = settings.s3_endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"));
    if plain && !settings.s3_allow_http {
        let hint = "write https://, or s3_allow_http = true on a network that you trust";
        problem(found, "s3_endpoint", "everybody on the way could read and change what is kept there", hint);
    }
}

/// What lacks of the key with which the bucket is asked, and whether all of it does.
fn bucket_key(settings: &Settings, found: &Found) -> Option<(Problem, bool)> {
    let halves = ["s3_access_key_id", "s3_secret_access_key"];
    let (id, secret) = (settings.s3_access_key_id.is_some(), settings.s3_secret_access_key.is_some());
    let (there, missing) = match (id, secret) {
        (true, true) => return None,
        (false, false) => ("s3_bucket", halves.join(" and ")),
        (true, false) => (halves[0], halves[1].to_owned()),
        (false, true) => (halves[1], halves[0].to_owned()),
    };
    let what = format!("it is of no use without {missing}");
    let hint = format!("set {missing}, here or in the environment of the service");
    Some((Problem::new(found.place(there), there, what, &hint), !id && !secret))
}

fn problem(found: &mut Found, key: &str, what: &str, hint: &str) {
    let problem = Problem::new(found.place(key), key, what, hint);
    found.problems.add(problem);
}

fn doubt(found: &mut Found, key: &str, what: &str, hint: &str) {
    let doubt = Problem::new(found.place(key), key, what, hint);
    found.doubts.add(doubt);
}
