//! XML as far as pronunciation lexicons (PLS), SSML and `.docx` need it: elements, attributes, text, each with its
//! place. Nothing is ever fetched or expanded: a document type, which could ask for that, is refused.

use std::borrow::Cow;

use quick_xml::{
    Error, XmlVersion,
    events::{self, BytesStart},
    reader::Reader,
};

use crate::span::Span;

/// Elements inside one another.
const MOST_DEEP: usize = 64;
/// Attributes of one element.
const MOST_ATTRIBUTES: usize = 64;

/// Why a text is not the XML that was expected. The sender is to blame.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {why}")]
pub struct XmlError {
    /// Line, from 1.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// What is wrong there.
    pub why: String,
}

impl XmlError {
    /// Something wrong at byte `at` of `source`.
    pub(crate) fn at(source: &str, at: usize, why: impl Into<String>) -> Self {
        let before = source.get(..at).unwrap_or(source);
        let line = before.rsplit('\n').next().unwrap_or("");
        let lines = before.bytes().filter(|&b| b == b'\n').count();
        Self { line: lines + 1, column: line.chars().count() + 1, why: why.into() }
    }
}

/// What stands next in a document.
#[derive(Debug)]
pub(crate) enum Event<'t> {
    /// An element begins.
    Open(Element<'t>),
    /// The element that was opened last ends.
    Close,
    /// Text: byte for byte what stands at its place, or what a reference there stands for.
    Text { text: Cow<'t, str>, span: Span },
}

/// The beginning of an element.
#[derive(Debug)]
pub(crate) struct Element<'t> {
    /// Its name without prefix.
    pub name: String,
    /// Its tag.
    pub span: Span,
    attributes: Vec<(String, Cow<'t, str>)>,
}

impl Element<'_> {
    /// The value of an attribute, by its name without prefix.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim())
    }
}

/// Reads a document with one root.
pub(crate) struct Events<'t> {
    source: &'t str,
    /// Where the reader began.
    base: usize,
    reader: Reader<&'t [u8]>,
    deep: usize,
    /// Whether an empty element still has to be closed.
    closes: bool,
    rooted: bool,
}

impl<'t> Events<'t> {
    /// Begins at the beginning.
    pub(crate) fn new(source: &'t str) -> Self {
        // A byte order mark is no text, but it counts.
        let text = source.strip_prefix('\u{feff}').unwrap_or(source);
        let (base, reader) = (source.len() - text.len(), Reader::from_str(text));
        Self { source, base, reader, deep: 0, closes: false, rooted: false }
    }

    /// What comes next; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'t>>, XmlError> {
        if std::mem::take(&mut self.closes) {
            self.deep -= 1;
            return Ok(Some(Event::Close));
        }
        loop {
            let start = self.position();
            let event = self.reader.read_event();
            let event =
                event.map_err(|why| self.wrong(self.place(self.reader.error_position()), shown(&why)))?;
            let span = Span::new(start, self.position());
            return Ok(Some(match event {
                events::Event::Start(tag) => Event::Open(self.open(&tag, span)?),
                events::Event::Empty(tag) => {
                    self.closes = true;
                    Event::Open(self.open(&tag, span)?)
                }
                events::Event::End(_) => {
                    self.deep = self.deep.saturating_sub(1);
                    Event::Close
                }
                events::Event::Text(text) => {
                    let text = text.into_inner();
                    if self.deep == 0 && !text.trim().is_empty() {
                        return Err(self.wrong(start, "there is text outside of the root element"));
                    }
                    Event::Text { text, span }
                }
                events::Event::CData(text) => {
                    // `<![CDATA[` and `]]>` stand around what is said.
                    let inside = Span::new(start + 9, span.end.saturating_sub(3).max(start + 9));
                    Event::Text { text: text.into_inner(), span: inside }
                }
                events::Event::GeneralRef(name) => {
                    let char = name.resolve_char_ref().map_err(|why| self.wrong(start, shown(&why)))?;
                    let text = match (char, quick_xml::escape::resolve_predefined_entity(&name.into_inner()))
                    {
                        (Some(c), _) => c.to_string(),
                        (None, Some(known)) => known.to_owned(),
                        (None, None) => {
                            return Err(self.wrong(start, "only the five entities of XML itself are known"));
                        }
                    };
                    Event::Text { text: text.into(), span }
                }
                events::Event::DocType(_) => {
                    return Err(self.wrong(start, "a document type (<!DOCTYPE) is not accepted"));
                }
                events::Event::Comment(_) | events::Event::PI(_) | events::Event::Decl(_) => continue,
                events::Event::Eof if self.deep > 0 => {
                    return Err(self.wrong(start, "the document ends inside an element"));
                }
                events::Event::Eof if !self.rooted => {
                    return Err(self.wrong(start, "there is no element"));
                }
                events::Event::Eof => return Ok(None),
            }));
        }
    }

    fn open(&mut self, tag: &BytesStart<'t>, span: Span) -> Result<Element<'t>, XmlError> {
        if self.deep == 0 && std::mem::replace(&mut self.rooted, true) {
            return Err(self.wrong(span.start, "there is a second root element"));
        }
        self.deep += 1;
        if self.deep > MOST_DEEP {
            let why = format!("elements stand inside one another more than {MOST_DEEP} times");
            return Err(self.wrong(span.start, why));
        }
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|why| self.wrong(span.start, why.to_string()))?;
            if attributes.len() == MOST_ATTRIBUTES {
                return Err(
                    self.wrong(span.start, format!("an element has more than {MOST_ATTRIBUTES} attributes"))
                );
            }
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            let value = value.map_err(|why| self.wrong(span.start, shown(&why)))?;
            let value = Cow::Owned(value.into_owned());
            attributes.push((attribute.key.local_name().into_inner().to_owned(), value));
        }
        Ok(Element { name: tag.local_name().into_inner().to_owned(), span, attributes })
    }

    fn position(&self) -> usize {
        self.place(self.reader.buffer_position())
    }

    fn place(&self, at: u64) -> usize {
        usize::try_from(at).map_or(self.source.len(), |at| at + self.base)
    }

    fn wrong(&self, at: usize, why: impl Into<String>) -> XmlError {
        XmlError::at(self.source, at, why)
    }
}

/// What the parser says, which may quote names of the document: not more than a line of it.
fn shown(why: &Error) -> String {
    why.to_string().chars().take(120).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(source: &str) -> Result<String, XmlError> {
        let (mut events, mut out) = (Events::new(source), String::new());
        while let Some(event) = events.next()? {
            match event {
                Event::Open(element) => out.push_str(&format!("({}", element.name)),
                Event::Close => out.push(')'),
                Event::Text { text, span } => {
                    assert!(span.of(source) == text || span.of(source).starts_with('&'), "{text}");
                    out.push_str(&text);
                }
            }
        }
        Ok(out)
    }

    #[test]
    fn elements_text_and_references_have_their_place() {
        let source =
            "\u{feff}<?xml version='1.0'?><a x='1'>水&amp;<b:c/>&#x7535;<![CDATA[<气>]]><!-- - --></a>\n";
        assert_eq!(read(source).unwrap(), "(a水&(c)电<气>)\n");
    }

    #[test]
    fn what_is_no_plain_xml_is_refused_with_its_place() {
        let deep = "<a>".repeat(100_000);
        let many = format!("<a {}/>", (0..100_000).map(|n| format!("x{n}='' ")).collect::<String>());
        for (source, line, column) in [
            ("", 1, 1),
            ("水", 1, 1),
            ("<a>", 1, 4),
            ("<a>\n<b></a>", 2, 4),
            ("<a></a><b/>", 1, 8),
            ("<a x=1/>", 1, 1),
            ("<a x='1' x='2'/>", 1, 1),
            ("<a>&lol;</a>", 1, 4),
            ("<a>水 & 电</a>", 1, 6),
            ("<a>&#xD800;</a>", 1, 4),
            ("<a x='&lol;'/>", 1, 1),
            ("<!DOCTYPE a [<!ENTITY l \"x\"><!ENTITY m \"&l;&l;\">]><a>&m;</a>", 1, 1),
            ("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", 1, 1),
            ("<a><![CDATA[", 1, 4),
            ("<a><!-- ", 1, 4),
            (&deep, 1, 193),
            (&many, 1, 1),
        ] {
            let error = read(source).unwrap_err();
            println!("{source:.40} -> {error}");
            assert_eq!((error.line, error.column), (line, column), "{source:.60} {error}");
        }
    }
}
