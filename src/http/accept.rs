//! Which format a client wants where the address names none: RFC 9110, section 12.5.1.

use axum::http::{HeaderMap, header};

use crate::audio::Encoding;

/// The format that `Accept` likes best; none where nothing it takes is served.
///
/// Among formats it likes equally those it names go before those a wildcard covers, and then the first of
/// [`Encoding::ALL`]. Without the header everything is welcome.
pub(super) fn best(headers: &HeaderMap) -> Option<Encoding> {
    let lists: Vec<&str> =
        headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    let ranges: Vec<Wanted> =
        lists.iter().flat_map(|list| parts(list, ',')).filter_map(Wanted::read).collect();
    if ranges.is_empty() {
        return Encoding::ALL.first().copied();
    }
    let liking = |encoding: Encoding| {
        // The most specific range that covers a format decides.
        let covered = ranges.iter().filter_map(|range| Some((range.covers(encoding)?, range.quality)));
        let (nearness, quality) = covered.max()?;
        (quality > 0).then_some((quality, nearness))
    };
    let liked = Encoding::ALL.iter().filter_map(|&encoding| Some((liking(encoding)?, encoding)));
    liked.rev().max_by_key(|(liking, _)| *liking).map(|(_, encoding)| encoding)
}

/// A range of media types: `audio/wav;rate=8000;q=0.5`.
struct Wanted<'h> {
    kind: &'h str,
    subtype: &'h str,
    /// Samples a second.
    rate: Option<&'h str>,
    codecs: Option<&'h str>,
    /// In thousandths.
    quality: u16,
}

/// How closely a range describes a format.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    Anything,
    AnyAudio,
    Type,
    Detail,
}

impl<'h> Wanted<'h> {
    /// Reads one range; none where it is malformed. Parameters that describe no format here are ignored.
    fn read(range: &'h str) -> Option<Self> {
        let mut parts = parts(range, ';');
        let (kind, subtype) = parts.next()?.trim().split_once('/')?;
        let mut wanted = Self { kind, subtype, rate: None, codecs: None, quality: 1000 };
        for (name, value) in parts.filter_map(|parameter| parameter.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match name.trim() {
                name if name.eq_ignore_ascii_case("q") => wanted.quality = quality(value)?,
                name if name.eq_ignore_ascii_case("rate") => wanted.rate = Some(value),
                name if name.eq_ignore_ascii_case("codecs") => wanted.codecs = Some(value),
                _ => {}
            }
        }
        Some(wanted)
    }

    /// How closely it describes `encoding`; none where it describes something else.
    fn covers(&self, encoding: Encoding) -> Option<Nearness> {
        if self.subtype == "*" {
            return match self.kind {
                "*" => Some(Nearness::Anything),
                kind => kind.eq_ignore_ascii_case("audio").then_some(Nearness::AnyAudio),
            };
        }
        let Names { subtypes, codec } = names(encoding);
        let named = self.kind.eq_ignore_ascii_case("audio")
            && subtypes.iter().any(|subtype| subtype.eq_ignore_ascii_case(self.subtype));
        let rate = self.rate.is_none_or(|rate| rate.parse() == Ok(encoding.rate()));
        let codecs = self.codecs.is_none_or(|codecs| codecs.eq_ignore_ascii_case(codec));
        let detailed = self.rate.is_some() || self.codecs.is_some();
        (named && rate && codecs).then_some(if detailed { Nearness::Detail } else { Nearness::Type })
    }
}

/// What clients call a format.
struct Names {
    /// After `audio/`.
    subtypes: &'static [&'static str],
    /// In the parameter `codecs`; for WAV as RFC 2361 numbers them.
    codec: &'static str,
}

fn names(encoding: Encoding) -> Names {
    match encoding {
        Encoding::Wav | Encoding::Wav16 | Encoding::Wav8 => {
            Names { subtypes: &["wav", "x-wav", "wave", "vnd.wave"], codec: "1" }
        }
        Encoding::Alaw => Names { subtypes: &["PCMA", "x-alaw-basic"], codec: "PCMA" },
        Encoding::Ulaw => Names { subtypes: &["PCMU", "basic"], codec: "PCMU" },
        #[cfg(feature = "opus")]
        Encoding::Opus => Names { subtypes: &["ogg", "opus"], codec: "opus" },
    }
}

/// `text` divided at `mark`, but not inside quotation marks.
fn parts(text: &str, mark: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == mark && !quoted
    })
}

/// Thousandths from `0`, `1`, `0.5`: at most three digits after the point; none for anything else.
fn quality(text: &str) -> Option<u16> {
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let plain = rest.len() <= 3 && rest.bytes().all(|b| b.is_ascii_digit()) && matches!(whole, "0" | "1");
    let thousandths: u16 = plain.then(|| format!("{whole}{rest:0<3}").parse().ok())??;
    (thousandths <= 1000).then_some(thousandths)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn chosen(accept: &[&str]) -> &'static str {
        let headers =
            accept.iter().map(|value| (header::ACCEPT, value.parse().unwrap())).collect::<HeaderMap>();
        best(&headers).map_or("none", Encoding::extension)
    }

    #[test]
    fn what_is_liked_best_is_chosen() {
        for (accept, extension) in [
            ("", "wav"),
            ("*/*", "wav"),
            ("audio/*", "wav"),
            ("audio/wav", "wav"),
            ("AUDIO/X-WAV", "wav"),
            ("audio/wav;rate=24000", "wav"),
            ("audio/wav;rate=16000", "16k.wav"),
            ("audio/wav; rate=\"8000\"", "8k.wav"),
            ("audio/wav;rate=44100", "none"),
            ("audio/wav;codecs=1", "wav"),
            ("audio/PCMA", "alaw"),
            ("audio/pcma;rate=8000", "alaw"),
            ("audio/PCMA;rate=16000", "none"),
            ("audio/PCMU", "ulaw"),
            ("audio/basic", "ulaw"),
            ("audio/PCMU;q=0.5, audio/PCMA;q=0.6", "alaw"),
            ("audio/PCMA;q=0.500, audio/PCMU;q=0.51", "ulaw"),
            ("audio/PCMA, */*", "alaw"),
            ("audio/mpeg, audio/*;q=0.5", "wav"),
            ("audio/mpeg, */*;q=0.1", "wav"),
            ("audio/wav;q=0, */*", "alaw"),
            ("audio/wav;q=0, audio/wav;rate=8000, */*;q=0.5", "8k.wav"),
            ("audio/*;q=0", "none"),
            ("audio/wav;q=0", "none"),
            ("*/*;q=0", "none"),
            ("audio/mpeg", "none"),
            ("text/html", "none"),
            ("image/*", "none"),
            ("text/html, */*;q=0.8", "wav"),
            ("nonsense", "wav"),
            ("audio/PCMA;q=7", "wav"),
            ("audio/ogg;codecs=\"vorbis, speex\"", "none"),
        ] {
            assert_eq!(chosen(&[accept]), extension, "{accept}");
        }
        assert_eq!(chosen(&[]), "wav");
        assert_eq!(chosen(&["audio/PCMU;q=0.5", "audio/PCMA"]), "alaw", "several headers are one list");
    }

    #[cfg(feature = "opus")]
    #[test]
    fn opus_has_three_names() {
        for accept in
            ["audio/ogg", "audio/opus", "audio/ogg; codecs=opus", "audio/ogg;codecs=\"OPUS\", */*;q=0.9"]
        {
            assert_eq!(chosen(&[accept]), "opus", "{accept}");
        }
        assert_eq!(chosen(&["audio/ogg;codecs=vorbis"]), "none");
        // Firefox and Chromium, for an audio element.
        assert_eq!(
            chosen(&["audio/webm,audio/ogg,audio/wav,audio/*;q=0.9,application/ogg;q=0.7,*/*;q=0.5"]),
            "wav"
        );
        assert_eq!(chosen(&["*/*"]), "wav");
    }

    #[test]
    fn qualities_are_three_digits_at_most() {
        for (text, thousandths) in [
            ("0", Some(0)),
            ("1", Some(1000)),
            ("1.", Some(1000)),
            ("0.5", Some(500)),
            ("0.123", Some(123)),
            ("1.000", Some(1000)),
            ("1.001", None),
            ("0.1234", None),
            ("2", None),
            ("-1", None),
            (".5", None),
            ("", None),
        ] {
            assert_eq!(quality(text), thousandths, "{text}");
        }
    }
}
