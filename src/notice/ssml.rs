//! SSML 1.1, as far as it says how something is to be read: text with its paragraphs, what is to be said in
//! some places, and silences. Nothing of it ever reaches an engine.
//!
//! `p` and `s` part the text; `sub`, `say-as` and `phoneme` (in pinyin) become overrides; `break` becomes a
//! silence. Any other element is read through, with a note; only text that is about the document
//! (`metadata`, `desc`) is left out.

use std::time::Duration;

use super::{
    lines::{self, Line},
    source_map::SourceMap,
};
use crate::{
    fold::{fold, is_han},
    lexicon::{Authority, DateOrder, Given, Override, SayAs, Saying, pinyin, words},
    note::{Note, NoteCode},
    span::Span,
    xml::{Element, Event, Events, XmlError},
};

/// The longest silence.
const MOST_SILENT: Duration = Duration::from_secs(10);

/// What an SSML document says.
#[derive(Default)]
pub(super) struct Ssml {
    pub text: String,
    pub lines: Vec<Line>,
    pub map: SourceMap,
    /// In order, none over another.
    pub overrides: Vec<Override>,
    /// Places of the text and the silence there, in order.
    pub breaks: Vec<(usize, Duration)>,
    pub notes: Vec<Note>,
}

/// Reads `source`. Spans of the notes are in `source`.
pub(super) fn read(source: &str) -> Result<Ssml, XmlError> {
    let mut events = Events::new(source);
    let mut writer = Writer::default();
    while let Some(event) = events.next()? {
        match event {
            Event::Open(element) if writer.open.is_empty() && element.name != "speak" => {
                return Err(XmlError::at(source, element.span.start, "the root element must be <speak>"));
            }
            Event::Open(element) => writer.enter(&element),
            Event::Close => writer.leave(),
            Event::Text { text, span } => writer.text(&text, span),
        }
    }
    Ok(writer.finish())
}

/// An open element.
#[derive(Default)]
struct Open {
    /// It stands on lines of its own.
    block: bool,
    /// Its text is not read.
    silent: bool,
    /// What is said for its text, and where that begins.
    said: Option<(Saying, usize)>,
    tag: Span,
}

#[derive(Default)]
struct Writer {
    out: Ssml,
    open: Vec<Open>,
    /// Where the current line begins.
    line: usize,
    /// White space that is written if letters or figures stand on both sides of it.
    space: Option<Span>,
}

impl Writer {
    fn enter(&mut self, element: &Element<'_>) {
        let mut open = Open { tag: element.span, ..Open::default() };
        match element.name.as_str() {
            "speak" | "p" | "s" => {
                open.block = true;
                self.end_line();
            }
            "sub" => self.substitute(element, &mut open),
            "say-as" => self.say(element, &mut open, say_as(element), NoteCode::UnknownMarkup),
            "phoneme" => match element.attribute("alphabet").map(str::to_ascii_lowercase).as_deref() {
                Some("pinyin" | "x-pinyin") => {
                    let sounds = element.attribute("ph").and_then(|sounds| pinyin::parse(sounds).ok());
                    self.say(element, &mut open, sounds.map(Saying::Sounds), NoteCode::NotAsAsked);
                }
                _ => self.note(NoteCode::UnknownMarkup, element.span),
            },
            "break" => self.silence(element),
            "metadata" | "desc" => open.silent = true,
            // They say nothing about how to read.
            "mark" | "meta" | "lexicon" | "w" | "token" => {}
            _ => self.note(NoteCode::UnknownMarkup, element.span),
        }
        self.open.push(open);
    }

    fn leave(&mut self) {
        let Some(open) = self.open.pop() else { return };
        if let Some((saying, start)) = open.said {
            self.override_with(saying, start, open.tag);
        }
        if open.block {
            self.end_line();
        }
    }

    /// Words that can be said replace what is heard, others what is read.
    fn substitute(&mut self, element: &Element<'_>, open: &mut Open) {
        let alias = element.attribute("alias").unwrap_or("");
        match words(alias) {
            Ok(words) => self.say(element, open, Some(Saying::Words(words)), NoteCode::NotAsAsked),
            Err(_) if alias.chars().all(char::is_whitespace) => self.note(NoteCode::NotAsAsked, element.span),
            Err(_) => {
                self.replaced(alias, element.span);
                open.silent = true;
            }
        }
    }

    fn say(&mut self, element: &Element<'_>, open: &mut Open, saying: Option<Saying>, otherwise: NoteCode) {
        // Inside another such element the outer one decides.
        if self.open.iter().any(|open| open.said.is_some() || open.silent) {
            return;
        }
        match saying {
            Some(saying) => open.said = Some((saying, self.out.text.len())),
            None => self.note(otherwise, element.span),
        }
    }

    fn override_with(&mut self, saying: Saying, start: usize, tag: Span) {
        let inside = self.out.text.get(start..).unwrap_or("");
        let start = start + (inside.len() - inside.trim_start().len());
        let mut span = Span::new(start, self.out.text.len());
        if span.is_empty() {
            // Nothing is written, but something is said.
            let said: String = match &saying {
                Saying::Words(words) => words.clone(),
                Saying::Sounds(sounds) => sounds.iter().copied().map(Given::stand_in).collect(),
                Saying::As(_) => return,
            };
            self.replaced(&said, tag);
            span.end = self.out.text.len();
        }
        self.out.overrides.push(Override { span, saying, by: Authority::Sender });
    }

    fn silence(&mut self, element: &Element<'_>) {
        let strength = match element.attribute("strength") {
            Some("none") => 0,
            Some("x-weak") => 100,
            Some("weak") => 200,
            None | Some("medium") => 400,
            Some("strong") => 700,
            Some("x-strong") => 1000,
            Some(_) => {
                self.note(NoteCode::NotAsAsked, element.span);
                400
            }
        };
        let mut length = Duration::from_millis(strength);
        if let Some(time) = element.attribute("time") {
            match duration(time) {
                Some(time) => length = time,
                None => self.note(NoteCode::NotAsAsked, element.span),
            }
        }
        let at = self.out.text.len();
        self.space = self.space.or(Some(element.span));
        match self.out.breaks.last_mut().filter(|(last, _)| *last == at) {
            Some((_, before)) => *before = before.saturating_add(length),
            None => self.out.breaks.push((at, length)),
        }
        if let Some((_, length)) = self.out.breaks.last_mut().filter(|(_, length)| *length > MOST_SILENT) {
            *length = MOST_SILENT;
            self.note(NoteCode::NotAsAsked, element.span);
        }
    }

    fn text(&mut self, text: &str, span: Span) {
        if self.open.iter().any(|open| open.silent) {
            return;
        }
        let same = text.len() == span.len();
        for (at, c) in text.char_indices() {
            let place = if same { Span::new(at, at + c.len_utf8()).shift(span.start) } else { span };
            self.char(c, place);
        }
    }

    /// Text that stands in no other place than in a tag.
    fn replaced(&mut self, text: &str, tag: Span) {
        text.chars().for_each(|c| self.char(c, tag));
    }

    fn char(&mut self, c: char, source: Span) {
        if c.is_whitespace() {
            self.space = self.space.or(Some(source));
            return;
        }
        if let Some(space) = self.space.take() {
            let parts = |c: char| !is_han(c) && fold(c).is_alphanumeric();
            let line = self.out.text.get(self.line..).unwrap_or("");
            if parts(c) && line.chars().next_back().is_some_and(parts) {
                self.out.map.push(self.out.text.len(), 1, space);
                self.out.text.push(' ');
            }
        }
        self.out.map.push(self.out.text.len(), c.len_utf8(), source);
        self.out.text.push(c);
    }

    fn end_line(&mut self) {
        self.space = None;
        let end = self.out.text.len();
        if let Some(span) = lines::trimmed(&self.out.text, Span::new(self.line, end)) {
            self.out.lines.push(Line { span, kind: None, level: 0, skip: None });
            self.out.text.push('\n');
        }
        self.line = self.out.text.len();
    }

    fn note(&mut self, code: NoteCode, span: Span) {
        self.out.notes.push(Note { code, span });
    }

    fn finish(mut self) -> Ssml {
        self.end_line();
        self.out
    }
}

/// What `interpret-as` and `format` mean; none for what is not known here.
fn say_as(element: &Element<'_>) -> Option<Saying> {
    let format = element.attribute("format").unwrap_or("").to_ascii_lowercase();
    Some(Saying::As(match element.attribute("interpret-as")?.to_ascii_lowercase().as_str() {
        "characters" | "spell-out" | "verbatim" => SayAs::Characters,
        "digits" | "digit" => SayAs::Digits,
        "telephone" | "phone" => SayAs::Telephone,
        "ordinal" => SayAs::Ordinal,
        "cardinal" | "number" => match format.as_str() {
            "ordinal" => SayAs::Ordinal,
            "telephone" => SayAs::Telephone,
            "digits" => SayAs::Digits,
            _ => SayAs::Cardinal,
        },
        "date" => SayAs::Date(match format.as_str() {
            "mdy" | "my" | "m" => DateOrder::MonthDayYear,
            "dmy" | "dm" | "d" => DateOrder::DayMonthYear,
            _ => DateOrder::YearMonthDay,
        }),
        "time" => SayAs::Time,
        "currency" => SayAs::Currency,
        _ => return None,
    }))
}

/// A time of CSS: `500ms`, `1.5s`. What is longer than [`MOST_SILENT`] is that and a little more.
fn duration(text: &str) -> Option<Duration> {
    let text = text.trim().trim_start_matches('+');
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let plain = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let seconds = number.trim().parse::<f64>().ok().filter(|_| plain)? * unit;
    Duration::try_from_secs_f64(seconds.min(MOST_SILENT.as_secs_f64() + 1.0)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(ssml: &Ssml) -> String {
        let mut out = String::new();
        for (at, c) in ssml.text.char_indices().chain([(ssml.text.len(), '\0')]) {
            let ends = ssml.overrides.iter().filter(|o| o.span.end == at);
            ends.for_each(|o| out.push_str(&format!("={:?}]", o.saying)));
            let here = ssml.breaks.iter().filter(|(place, _)| *place == at);
            here.for_each(|(_, length)| out.push_str(&format!("<{}>", length.as_millis())));
            out.extend(ssml.overrides.iter().filter(|o| o.span.start == at).map(|_| '['));
            match c {
                '\n' => out.push('/'),
                '\0' => {}
                c => out.push(c),
            }
        }
        out
    }

    #[test]
    fn cases_are_read_as_listed() {
        for line in include_str!("ssml.cases.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (source, want) = line.split_once(" => ").unwrap();
            let source = format!("<speak>{}</speak>", source.replace("\\n", "\n"));
            let ssml = read(&source).unwrap();
            let notes: String = ssml.notes.iter().map(|note| format!(" {:?}", note.code)).collect();
            assert_eq!(shown(&ssml) + &notes, want, "{source}");
        }
    }

    #[test]
    fn every_character_knows_where_it_stood() {
        let source = "<?xml version=\"1.0\"?>\n<speak version='1.1'><p>停水&amp;停电<sub alias='8号'>八</sub></p></speak>";
        let ssml = read(source).unwrap();
        assert_eq!(ssml.text, "停水&停电8号\n");
        let place = |what: &str| {
            let at = ssml.text.find(what).unwrap();
            ssml.map.source(Span::new(at, at + what.len())).of(source)
        };
        assert_eq!(place("水&停"), "水&amp;停");
        assert_eq!(place("8号"), "<sub alias='8号'>");
    }

    #[test]
    fn what_is_no_ssml_is_refused_with_its_place() {
        for (source, place) in [
            ("停水", (1, 1)),
            ("<html>停水</html>", (1, 1)),
            ("<speak>\n停水<p></speak>", (2, 6)),
            ("<!DOCTYPE speak [<!ENTITY a 'b'>]><speak>&a;</speak>", (1, 1)),
            ("<speak>&nbsp;</speak>", (1, 8)),
        ] {
            let error = read(source).map(|ssml| ssml.text).unwrap_err();
            assert_eq!((error.line, error.column), place, "{source}: {error}");
        }
    }
}
