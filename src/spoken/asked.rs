//! Places where somebody decided what is said: the lexicon of the site, or the sender in SSML.
//!
//! Such a place is an expression of its own; no rule reaches into it. What is to be said "as a telephone
//! number" and is none is left to the rules, with a note.

use super::{Class, Hit, Options, first_hit, say_as, scan::Scan};
use crate::{
    lexicon::{Authority, Given, Override, Saying, fits},
    note::{Note, NoteCode},
};

/// So many characters on either side are looked at near such a place.
const CONTEXT: usize = 48;

/// What was asked for, of a token that somebody decided.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// Who decided.
    pub by: Authority,
    /// The expression, as it is written.
    #[serde(skip)]
    pub written: String,
    /// The sounds that were given, if not words.
    #[serde(skip)]
    pub sounds: Vec<Given>,
    /// Whether the sounds are shared out over the characters as they are written; else each character of
    /// what is said stands for one of them.
    #[serde(skip)]
    pub as_written: bool,
}

/// The places of a text, in order.
pub(super) struct Places<'s, 't, 'o> {
    scan: &'s Scan<'t>,
    options: &'s Options,
    /// From and to which character, and what is said there; the next one last.
    left: Vec<(usize, usize, &'o Override)>,
    notes: Vec<Note>,
}

impl<'s, 't, 'o> Places<'s, 't, 'o> {
    pub(super) fn new(scan: &'s Scan<'t>, options: &'s Options, overrides: &'o [Override]) -> Self {
        let place = |wanted: &'o Override| {
            let (from, to) = (scan.index(wanted.span.start), scan.index(wanted.span.end));
            (from < to && scan.span(from, to) == wanted.span).then_some((from, to, wanted))
        };
        let mut left: Vec<_> = overrides.iter().filter_map(place).collect();
        left.sort_by_key(|&(from, to, _)| (usize::MAX - from, to));
        Self { scan, options, left, notes: Vec::new() }
    }

    /// What is said at character `i`, or where the next place is at which somebody decided.
    pub(super) fn take(&mut self, i: usize) -> Result<Hit, usize> {
        while let Some(&(from, to, wanted)) = self.left.last() {
            if from > i {
                return Err(from);
            }
            self.left.pop();
            // One that begins inside another is passed over.
            if from == i {
                match self.hit(from, to, wanted) {
                    Some(hit) => return Ok(hit),
                    None => self.notes.push(Note { code: NoteCode::NotAsAsked, span: wanted.span }),
                }
            }
        }
        Err(self.scan.len())
    }

    fn hit(&self, from: usize, to: usize, wanted: &Override) -> Option<Hit> {
        let written = self.scan.source(from, to);
        let (mut sounds, mut as_written) = (&[][..], false);
        let hit = match &wanted.saying {
            Saying::Words(words) => Hit::new(to, Class::Lexicon, words.as_str()),
            Saying::Sounds(given) => {
                (sounds, as_written) = (given, fits(written, given));
                let said = match as_written {
                    true => written.to_owned(),
                    false => given.iter().map(|sound| sound.stand_in()).collect(),
                };
                Hit::new(to, Class::Lexicon, said)
            }
            Saying::As(kind) => {
                let (class, said) = say_as::said(*kind, written, self.options)?;
                Hit::new(to, class, said)
            }
        };
        let (written, sounds) = (written.to_owned(), sounds.to_vec());
        let asked = Asked { by: wanted.by, written, sounds, as_written };
        (!hit.said.is_empty()).then(|| Hit { asked: Some(Box::new(asked)), ..hit })
    }

    /// Adds what could not be said as it was asked.
    pub(super) fn notes(self, notes: &mut Vec<Note>) {
        if !self.notes.is_empty() {
            notes.extend(self.notes);
            notes.sort_by_key(|note| note.span);
        }
    }
}

/// The expression at `i` when somebody decided what is said at `stop`: as any other if it ends before that,
/// else as if the text ended there.
///
/// Where `stop` is near, only what stands around is looked at: many such places in one long word would
/// otherwise cost its length each.
pub(super) fn before(scan: &Scan<'_>, i: usize, stop: usize, options: &Options) -> Hit {
    let from = i.saturating_sub(CONTEXT);
    let within = |to: usize| {
        let hit = first_hit(&Scan::new(scan.source(from, to)), i - from, options);
        Hit { end: hit.end + from, ..hit }
    };
    let hit = if stop - i <= CONTEXT {
        within((stop + CONTEXT).min(scan.len()))
    } else {
        first_hit(scan, i, options)
    };
    if hit.end <= stop {
        return hit;
    }
    let hit = within(stop);
    Hit { end: hit.end.clamp(i + 1, stop), ..hit }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::{
        lexicon::{DateOrder, SayAs, pinyin},
        span::Span,
        spoken::{Spoken, speak, speak_as_asked},
    };

    fn spoken(text: &str, overrides: &[(&str, Saying)]) -> Spoken {
        let place = |(written, saying): &(&str, Saying)| {
            let at = text.find(written).unwrap();
            Override {
                span: Span::new(at, at + written.len()),
                saying: saying.clone(),
                by: Authority::Sender,
            }
        };
        let overrides: Vec<Override> = overrides.iter().map(place).collect();
        speak_as_asked(text, &Options::default(), &overrides).0
    }

    fn words(words: &str) -> Saying {
        Saying::Words(words.to_owned())
    }

    #[test]
    fn no_rule_reaches_into_what_was_decided() {
        let sounds = |text| Saying::Sounds(pinyin::parse(text).unwrap());
        for (text, overrides, said) in [
            ("需5km长", vec![("km", words("公里"))], "需五公里长"),
            ("2022年8月3日", vec![("月3", words("月初三"))], "二零二二年八月初三日"),
            ("电话0475-8266664", vec![("8266664", words("八二"))], "电话零四七五杠八二"),
            ("要2个多", vec![("个多", words("个多"))], "要两个多"),
            ("共3个,第3次", vec![("3个", words("三只")), ("3次", words("三回"))], "共三只，第三回"),
            ("做B超", vec![("B超", sounds("bi4 chao1"))], "做必超"),
            ("六安人", vec![("六安", sounds("lu4 an1"))], "六安人"),
            ("编号20", vec![("20", Saying::As(SayAs::Digits))], "编号二零"),
            ("定于3/5", vec![("3/5", Saying::As(SayAs::Date(DateOrder::DayMonthYear)))], "定于五月三日"),
            ("定于某3日", vec![("某3", Saying::As(SayAs::Time))], "定于某三日"),
        ] {
            assert_eq!(spoken(text, &overrides).text(), said, "{text}");
        }
    }

    #[test]
    fn who_decided_can_be_asked() {
        let spoken = spoken("在六安GDP12", &[("六安", words("陆安")), ("12", Saying::As(SayAs::Digits))]);
        let by: Vec<_> =
            spoken.tokens.iter().map(|token| token.asked.as_ref().map(|asked| asked.by)).collect();
        assert_eq!(by, [None, Some(Authority::Sender), None, Some(Authority::Sender)]);
        let overrides =
            [Override { span: Span::new(0, 3), saying: Saying::As(SayAs::Telephone), by: Authority::Sender }];
        let (spoken, notes) = speak_as_asked("无号", &Options::default(), &overrides);
        assert_eq!(spoken.text(), "无号");
        assert!(spoken.tokens.iter().all(|token| token.asked.is_none()));
        assert_eq!(notes, [Note { code: NoteCode::NotAsAsked, span: Span::new(0, 3) }]);
    }

    /// Any places of a text, on characters or not.
    fn overrides() -> impl Strategy<Value = Vec<Override>> {
        let saying = prop_oneof![
            Just(Saying::Words("词，语".to_owned())),
            Just(Saying::Words("三十".to_owned())),
            Just(Saying::Sounds(pinyin::parse("yi1 dianr3 B").unwrap())),
            Just(Saying::As(SayAs::Characters)),
            Just(Saying::As(SayAs::Cardinal)),
            Just(Saying::As(SayAs::Telephone)),
        ];
        let place = (0..120_usize, 0..12_usize, saying).prop_map(|(at, len, saying)| Override {
            span: Span::new(at, at + len),
            saying,
            by: Authority::Lexicon,
        });
        proptest::collection::vec(place, 0..8)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tokens_touch_and_cover_the_text(
            text in "([0-9]{1,5}|[年月日号时元万次，。（）“”、 .:/—-]|[水电停临河儿]{1,3}|[A-Zk]{1,3}|\\PC){0,24}",
            overrides in overrides(),
        ) {
            let (spoken, _) = speak_as_asked(&text, &Options::default(), &overrides);
            let mut end = 0;
            for token in &spoken.tokens {
                prop_assert_eq!(token.span.start, end);
                prop_assert!(!token.span.is_empty() && text.get(token.span.start..token.span.end).is_some());
                prop_assert_eq!(token.said.is_empty(), token.class == Class::Silent);
                end = token.span.end;
            }
            prop_assert_eq!(end, text.len());
            for token in &spoken.tokens {
                let Some(asked) = &token.asked else { continue };
                prop_assert_eq!(token.span.of(&text), &asked.written);
                prop_assert!(overrides.iter().any(|wanted| wanted.span == token.span));
            }
            prop_assert_eq!(speak_as_asked(&text, &Options::default(), &[]), speak(&text, &Options::default()));
        }
    }
}
