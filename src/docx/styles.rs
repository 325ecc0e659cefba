//! Paragraph styles: which of them are headings, and which are numbered.

use std::collections::HashMap;

use crate::xml::{Event, Events, XmlError};

/// What a style, or a paragraph by itself, says of a paragraph.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Of a heading, from 1; 0 for running text, none where nothing is said.
    pub heading: Option<usize>,
    /// Which numbering; 0 for none of them.
    pub numbering: Option<u32>,
    /// Which level of it, from 0.
    pub level: Option<usize>,
}

impl Look {
    /// Where `self` says nothing, what `other` says.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            heading: self.heading.or(other.heading),
            numbering: self.numbering.or(other.numbering),
            level: self.level.or(other.level),
        }
    }

    /// Takes what an element of the paragraph's properties says.
    pub(super) fn take(&mut self, name: &str, value: Option<&str>) {
        match name {
            // Levels 0 to 8 are headings, 9 is running text.
            "outlineLvl" => {
                self.heading =
                    value.and_then(|v| v.parse().ok()).map(|at: usize| if at < 9 { at + 1 } else { 0 });
            }
            "numId" => self.numbering = value.and_then(|v| v.parse().ok()),
            "ilvl" => self.level = value.and_then(|v| v.parse().ok()),
            _ => {}
        }
    }
}

/// The paragraph styles by their ids.
#[derive(Debug, Default)]
pub(super) struct Styles(HashMap<String, Style>);

#[derive(Debug, Default)]
struct Style {
    look: Look,
    based_on: Option<String>,
}

/// A style that is based on others is followed so far: they may be based on each other in a ring.
const MOST_BASES: usize = 16;

impl Styles {
    /// What the style `id` and those it is based on say.
    pub(super) fn look(&self, id: &str) -> Look {
        let (mut look, mut id) = (Look::default(), id);
        for _ in 0..MOST_BASES {
            let Some(style) = self.0.get(id) else { break };
            look = look.or(style.look);
            let Some(base) = &style.based_on else { break };
            id = base;
        }
        look
    }
}

/// Reads `word/styles.xml`; nothing where there is none.
pub(super) fn read(source: &str) -> Result<Styles, XmlError> {
    let mut styles = Styles::default();
    if source.is_empty() {
        return Ok(styles);
    }
    let (mut events, mut open) = (Events::new(source), None);
    while let Some(event) = events.next()? {
        let Event::Open(element) = event else { continue };
        let value = element.attribute("val");
        match (&*element.name, &open) {
            ("style", _) => open = element.attribute("styleId").map(str::to_owned),
            (name, Some(id)) => {
                let style = styles.0.entry(id.clone()).or_default();
                match name {
                    "name" => style.look.heading = style.look.heading.or(value.and_then(heading)),
                    "basedOn" => style.based_on = value.map(str::to_owned),
                    name => style.look.take(name, value),
                }
            }
            _ => {}
        }
    }
    Ok(styles)
}

/// The level of a heading, by the name of its style: those names are the same in all languages of the program.
fn heading(name: &str) -> Option<usize> {
    let name = name.to_ascii_lowercase();
    if name == "title" {
        return Some(1);
    }
    name.strip_prefix("heading ")?.parse().ok().filter(|level| (1..=9).contains(level))
}
