//! Which part of a clip is asked for: RFC 9110, sections 13 (conditions) and 14 (ranges).

use std::ops::Range;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::{
    clips::text_value,
    problem::{Code, Problem},
};

/// The part of a representation to send.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// All of it.
    Whole,
    /// These bytes of it.
    Bytes(Range<u64>),
    /// What was asked for lies outside.
    Outside,
}

/// What is answered to a GET or HEAD of one representation: 200, 206 or 304, and which of its bytes are sent.
pub(super) struct Chosen {
    pub status: StatusCode,
    pub bytes: Range<u64>,
    len: u64,
}

impl Chosen {
    /// What `headers` ask of a representation of `len` bytes named `etag`; `what` it is, in words.
    ///
    /// # Errors
    /// [`Code::RangeNotSatisfiable`].
    pub(super) fn of(
        what: &str,
        method: &Method,
        headers: &HeaderMap,
        etag: &str,
        len: u64,
    ) -> Result<Self, Problem> {
        if has_it(headers, etag) {
            return Ok(Self { status: StatusCode::NOT_MODIFIED, bytes: 0..0, len });
        }
        let part = if method == Method::GET { asked(headers, etag, len) } else { Part::Whole };
        match part {
            Part::Whole => Ok(Self { status: StatusCode::OK, bytes: 0..len, len }),
            Part::Bytes(bytes) => Ok(Self { status: StatusCode::PARTIAL_CONTENT, bytes, len }),
            Part::Outside => {
                let problem = Problem::new(Code::RangeNotSatisfiable, format!("the {what} has {len} bytes"));
                Err(problem.with(header::CONTENT_RANGE, text_value(format!("bytes */{len}"))))
            }
        }
    }

    /// Says in the headers of the answer how much is sent, and where it lies.
    pub(super) fn tell(&self, headers: &mut HeaderMap) {
        let Self { status, bytes, len } = self;
        if *status != StatusCode::NOT_MODIFIED {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes.end - bytes.start));
        }
        if *status == StatusCode::PARTIAL_CONTENT {
            let range = format!("bytes {}-{}/{len}", bytes.start, bytes.end - 1);
            headers.insert(header::CONTENT_RANGE, text_value(range));
        }
    }
}

/// Whether the client has the representation named `etag`, which exists: `If-None-Match` with the weak
/// comparison of section 13.1.2, where `*` is any.
pub(super) fn has_it(headers: &HeaderMap, etag: &str) -> bool {
    names(headers, etag) || names(headers, "*")
}

/// Whether `If-None-Match` has this very name.
pub(super) fn names(headers: &HeaderMap, etag: &str) -> bool {
    let mut lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.any(|list| list.split(',').any(|name| name.trim().trim_start_matches("W/") == etag))
}

/// The names in `If-Match`, without what a proxy that compresses answers makes of them: `W/"…"` or `"…-gzip"`. They name
/// what was edited, not its bytes.
pub(super) fn expected_names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(|name| {
        let name = name.trim().trim_start_matches("W/").trim_matches('"');
        ["-gzip", "-br"].iter().find_map(|coding| name.strip_suffix(coding)).unwrap_or(name)
    })
}

/// The part of a representation of `len` bytes named `etag` that a GET asks for.
///
/// Several ranges at once, other units and malformed ranges get the whole, as section 14.2 allows.
fn asked(headers: &HeaderMap, etag: &str, len: u64) -> Part {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let same = text(header::IF_RANGE).is_none_or(|name| name.trim() == etag);
    let range = text(header::RANGE).filter(|_| same);
    range.and_then(|range| one_range(range, len)).unwrap_or(Part::Whole)
}

fn one_range(range: &str, len: u64) -> Option<Part> {
    let (unit, range) = range.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (first, last) = range.trim().split_once('-')?;
    let bytes = match (first, last) {
        ("", suffix) => len.saturating_sub(number(suffix)?)..len,
        (first, "") => number(first)?..len,
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(len)
        }
    };
    Some(if bytes.start < bytes.end { Part::Bytes(bytes) } else { Part::Outside })
}

/// A number of digits only; one too large for 64 bits is past every end anyway.
fn number(digits: &str) -> Option<u64> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn ranges_of_a_hundred_bytes() {
        for (range, expected) in [
            ("bytes=0-0", Part::Bytes(0..1)),
            ("bytes=0-99", Part::Bytes(0..100)),
            ("bytes=10-19", Part::Bytes(10..20)),
            ("bytes=90-", Part::Bytes(90..100)),
            ("bytes=90-1000", Part::Bytes(90..100)),
            ("bytes=0-99999999999999999999999", Part::Bytes(0..100)),
            ("bytes=-1", Part::Bytes(99..100)),
            ("bytes=-1000", Part::Bytes(0..100)),
            ("Bytes=5-5", Part::Bytes(5..6)),
            ("bytes=100-", Part::Outside),
            ("bytes=100-200", Part::Outside),
            ("bytes=99999999999999999999999-", Part::Outside),
            ("bytes=-0", Part::Outside),
            ("bytes=20-10", Part::Whole),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=a-b", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=0-1", Part::Whole),
            ("0-1", Part::Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, range.parse().unwrap())]);
            assert_eq!(asked(&headers, "\"x\"", 100), expected, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_representation_is_the_whole() {
        for (if_range, expected) in [
            ("\"x\"", Part::Bytes(0..1)),
            ("\"y\"", Part::Whole),
            ("W/\"x\"", Part::Whole),
            ("today", Part::Whole),
        ] {
            let headers = HeaderMap::from_iter([
                (header::RANGE, "bytes=0-0".parse().unwrap()),
                (header::IF_RANGE, if_range.parse().unwrap()),
            ]);
            assert_eq!(asked(&headers, "\"x\"", 100), expected, "{if_range}");
        }
    }

    #[test]
    fn names_the_client_has() {
        for (list, expected) in [
            ("\"x\"", true),
            ("\"a\", \"x\"", true),
            ("W/\"x\"", true),
            ("*", true),
            ("\"a\"", false),
            ("x", false),
        ] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, list.parse().unwrap())]);
            assert_eq!(has_it(&headers, "\"x\""), expected, "{list}");
            assert_eq!(names(&headers, "\"x\""), expected && list != "*", "{list}");
        }
    }
}
