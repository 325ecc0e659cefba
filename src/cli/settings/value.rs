//! How a value is read: from text, or from a list of texts, wherever it was written.
//!
//! What cannot be read is told in two lines: what is wrong, and what to write instead.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    str::FromStr,
};

use ipnet::IpNet;
use serde::{Deserialize, Deserializer, de::Error};
use tracing::level_filters::LevelFilter;

use crate::{http::Access, plan::Options};

/// What a line of the log looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Log {
    /// For people.
    Text,
    /// For programs: one JSON object a line.
    Json,
}

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) struct LogLevel(pub LevelFilter);

/// What nobody else is to see; its `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::cli) struct Secret(String);

impl Secret {
    /// The secret itself, for who must know it.
    pub(in crate::cli) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// What can be chosen by name.
pub(super) trait Choice: Copy + 'static {
    const ALL: &[(&str, Self)];
}

impl Choice for Access {
    const ALL: &[(&str, Self)] =
        &[("open", Self::Open), ("origins", Self::Origins), ("published", Self::Published)];
}

impl Choice for Log {
    const ALL: &[(&str, Self)] = &[("text", Self::Text), ("json", Self::Json)];
}

impl Choice for LogLevel {
    const ALL: &[(&str, Self)] = &[
        ("off", Self(LevelFilter::OFF)),
        ("error", Self(LevelFilter::ERROR)),
        ("warn", Self(LevelFilter::WARN)),
        ("info", Self(LevelFilter::INFO)),
        ("debug", Self(LevelFilter::DEBUG)),
        ("trace", Self(LevelFilter::TRACE)),
    ];
}

/// What is wrong, and what to write instead.
struct Wrong(String, String);

fn wrong<T>(what: impl Into<String>, hint: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong(what.into(), hint.into()))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    Many(Vec<String>),
}

fn one<'de, D: Deserializer<'de>, T>(d: D, read: impl Fn(&str) -> Result<T, Wrong>) -> Result<T, D::Error> {
    let read = match Written::deserialize(d)? {
        Written::One(text) => read(text.trim()),
        Written::Many(_) => wrong("a list, where one value is meant", "write it without [ ]"),
    };
    read.map_err(|Wrong(what, hint)| D::Error::custom(format!("{what}\n{hint}")))
}

/// A list, or its items with commas between them; the first item that cannot be read is told.
fn many<'de, D: Deserializer<'de>, T>(
    d: D,
    read: impl Fn(&str) -> Result<T, Wrong>,
) -> Result<Vec<T>, D::Error> {
    let texts = match Written::deserialize(d)? {
        Written::One(text) => vec![text],
        Written::Many(texts) => texts,
    };
    let items = texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty());
    let read: Result<_, _> = items.map(read).collect();
    read.map_err(|Wrong(what, hint)| D::Error::custom(format!("{what}\n{hint}")))
}

fn parsed<T: FromStr>(text: &str, kind: &str, hint: &str) -> Result<T, Wrong> {
    text.parse().or_else(|_| wrong(format!("{text:?} is not {kind}"), hint))
}

/// An address and a port.
pub(super) fn address<'de, D: Deserializer<'de>>(d: D) -> Result<SocketAddr, D::Error> {
    const HINT: &str = "write 127.0.0.1:8080, or [::1]:8080; 0.0.0.0:8080 is every address of this machine";
    one(d, |text| match text.parse::<u16>() {
        Ok(port) => {
            wrong(format!("{text:?} is a port without an address"), format!("write 127.0.0.1:{port}"))
        }
        Err(_) => parsed(text, "an address and a port", HINT),
    })
}

/// Networks; an address is one of itself alone.
pub(super) fn networks<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<IpNet>, D::Error> {
    many(d, |text| match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => parsed(text, "a network", "write 10.0.0.0/8, 192.168.1.5 or ::1/128"),
    })
}

/// Origins, as browsers send them.
pub(super) fn origins<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    many(d, |text| {
        const HINT: &str =
            "write https://www.example.gov.cn, with its port where it has one; * is any origin";
        let origin = text.trim_end_matches('/');
        let host = origin.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"));
        let plain = |host: &str| !host.is_empty() && host.bytes().all(|b| b.is_ascii_graphic() && b != b'/');
        match host {
            _ if text == "*" => Ok(text.to_owned()),
            Some((_, host)) if !host.is_ascii() => {
                wrong(format!("{text:?} is not as browsers write it"), "write the name of the site as xn--…")
            }
            Some((_, host)) if plain(host) => Ok(origin.to_ascii_lowercase()),
            Some((_, host)) if host.contains('/') => {
                wrong(format!("{text:?} is an address with a path, not an origin"), HINT)
            }
            _ => wrong(format!("{text:?} is not an origin"), HINT),
        }
    })
}

/// One of a few.
pub(super) fn choice<'de, D: Deserializer<'de>, T: Choice>(d: D) -> Result<T, D::Error> {
    one(d, |text| {
        let names: Vec<String> = T::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
        let found = T::ALL.iter().find(|(name, _)| *name == text);
        let hint = || match super::nearest::nearest(text, &names) {
            Some(name) => format!("{name}? There are {}", names.join(", ")),
            None => format!("there are {}", names.join(", ")),
        };
        found.map_or_else(|| wrong(format!("{text:?} is no choice"), hint()), |(_, choice)| Ok(*choice))
    })
}

/// How many, from 1.
pub(super) fn count<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    one(d, |text| match digits(text)? {
        0 => wrong("0 is too few", "write 1 or more"),
        number => Ok(number),
    })
}

/// How many, from 0.
pub(super) fn number<'de, D: Deserializer<'de>>(d: D) -> Result<usize, D::Error> {
    one(d, digits)
}

/// Seconds, from 1.
pub(super) fn seconds<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    one(d, |text| match text.parse() {
        Ok(0) => wrong("0 is too few", "write 1 or more"),
        Ok(seconds) => Ok(seconds),
        Err(_) => wrong(format!("{text:?} is not a number of seconds"), "write it in figures, as 120"),
    })
}

/// How many; 0 is any number.
pub(super) fn rate<'de, D: Deserializer<'de>>(d: D) -> Result<u32, D::Error> {
    one(d, |text| {
        let too_many =
            || wrong(format!("{text} is too many"), "4294967295 is the largest number; 0 is any number");
        u32::try_from(digits(text)?).map_or_else(|_| too_many(), Ok)
    })
}

fn digits(text: &str) -> Result<usize, Wrong> {
    parsed(text, "a whole number", "write it in figures, as 1000")
}

/// A number of bytes: `4096`, `512M`, `8G`; K, M, G and T are powers of 1024.
pub(super) fn size<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
    one(d, |text| {
        bytes(text).map_or_else(|| wrong(format!("{text:?} is not a size"), "write 512M or 8G"), Ok)
    })
}

fn bytes(text: &str) -> Option<u64> {
    let unit = match text.chars().last()? {
        'k' | 'K' => 10,
        'm' | 'M' => 20,
        'g' | 'G' => 30,
        't' | 'T' => 40,
        _ => 0,
    };
    let digits = if unit == 0 { text } else { text.get(..text.len() - 1)? };
    let number: u64 = digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())??;
    number.checked_mul(1 << unit).filter(|bytes| *bytes > 0)
}

/// The choices of the listeners.
pub(super) fn reading<'de, D: Deserializer<'de>>(d: D) -> Result<Options, D::Error> {
    let text = match Written::deserialize(d)? {
        Written::One(text) => text,
        Written::Many(texts) => texts.join(","),
    };
    text.parse()
        .map_err(|why| D::Error::custom(format!("{why}\nwrite one=yi,brackets=skipped (docs/reading.md)")))
}

/// Names, or none.
pub(super) fn names<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    many(d, |text| Ok(text.to_owned()))
}

/// Any text.
pub(super) fn text_or_none<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    one(d, |text| Ok((!text.is_empty()).then(|| text.to_owned())))
}

/// Where something is asked over HTTP.
pub(super) fn web_address_or_none<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    one(d, |text| match text.split_once("://") {
        _ if text.is_empty() => Ok(None),
        _ if text.contains('@') => {
            // Not quoted: there may be a password before it.
            wrong("there is a name or password in the address".to_owned(), "write the address alone")
        }
        Some(("http" | "https", host)) if !host.is_empty() => Ok(Some(text.trim_end_matches('/').to_owned())),
        _ => wrong(format!("{text:?} is not a web address"), "write https://s3.example.gov.cn"),
    })
}

/// A secret.
pub(super) fn secret_or_none<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Secret>, D::Error> {
    one(d, |text| Ok((!text.is_empty()).then(|| Secret(text.to_owned()))))
}

/// A file or folder.
pub(super) fn path<'de, D: Deserializer<'de>>(d: D) -> Result<PathBuf, D::Error> {
    one(d, |text| match text {
        "" => wrong("there must be a path", "write where it is"),
        path => Ok(path.into()),
    })
}

/// A file, or none.
pub(super) fn path_or_none<'de, D: Deserializer<'de>>(d: D) -> Result<Option<PathBuf>, D::Error> {
    one(d, |text| Ok((!text.is_empty()).then(|| text.into())))
}

/// Yes or no.
pub(super) fn yes_or_no<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    one(d, |text| parsed(text, "yes or no", "write true or false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_they_are_written() {
        let good = [
            ("1", 1),
            ("4096", 4096),
            ("3k", 3 << 10),
            ("512M", 512 << 20),
            ("8G", 8 << 30),
            ("2T", 2 << 40),
        ];
        for (text, read) in good {
            assert_eq!(bytes(text), Some(read), "{text}");
        }
        for bad in ["", "G", "0", "0G", "-1", "+1", "1.5G", "8 G", "8GB", "99999999999T", "八"] {
            assert_eq!(bytes(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_secret_is_not_told() {
        assert_eq!(format!("{:?}", Some(Secret("geheim".to_owned()))), "Some(…)");
    }
}
