//! The elements and texts of a page in order, without a tree that could be too deep to walk.

use std::collections::HashMap;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::tags;
use crate::{
    note::{Note, NoteCode},
    notice::{Skip, furniture},
    span::Span,
};

/// How far up an end tag looks for its start: beyond it, markup is broken past repair, and text is all
/// that is wanted.
const REACH: usize = 256;
/// How many inline elements may have been left open inside an item.
const INLINE: usize = 16;

/// One element or run of text. The nodes below an element are those after it up to `end`.
#[derive(Debug)]
pub(super) enum Node {
    /// An element.
    Element(Element),
    /// A run of characters between tags.
    Text {
        /// Where it stands in the submission.
        span: Span,
        /// The characters, entities decoded.
        value: String,
    },
}

/// An element and what its attributes say.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) tag: String,
    /// One past the last node inside.
    pub(super) end: usize,
    /// Not part of the text: `hidden`, `display:none`, `aria-hidden`, script, head.
    pub(super) silent: bool,
    /// Kept but not read, because its tag or an attribute of ours says so.
    pub(super) skip: Option<Skip>,
    /// The same by a role or class only: to be believed of short text.
    pub(super) skip_by_name: Option<Skip>,
    /// `id` and `class`, in lower case.
    pub(super) names: Vec<String>,
    /// Whether it leads to another page: not to a file, a telephone or a mailbox.
    pub(super) link: bool,
    /// `role`.
    pub(super) role: String,
    /// Whether its style takes the numbers from a list.
    pub(super) unmarked: bool,
    /// Where its start tag stands in the submission.
    pub(super) span: Span,
    /// The attributes in [`ATTRIBUTES`] that it has, in order of that list.
    attributes: Vec<(&'static str, String)>,
}

/// Attributes that say something to a listener.
const ATTRIBUTES: [&str; 9] =
    ["alt", "checked", "colspan", "data-langdu-region", "reversed", "rowspan", "start", "type", "value"];

impl Element {
    /// The value of one of [`ATTRIBUTES`].
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
    }

    /// The same as a whole number.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.attribute(name).and_then(|value| value.trim().parse().ok())
    }
}

/// A page taken in.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) nodes: Vec<Node>,
    /// Whether it is a whole page rather than a fragment.
    pub(super) whole: bool,
    /// Whether there was any tag.
    pub(super) tagged: bool,
}

/// Reads the page once.
pub(super) fn read(source: &str) -> (Page, Vec<Note>) {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut build = Build { source_len: source.len(), ..Build::default() };
    for token in Tokenizer::new_with_emitter(source, emitter) {
        let Ok(token) = token;
        match token {
            Token::StartTag(tag) => build.start(&tag),
            Token::EndTag(tag) => {
                build.end(
                    &String::from_utf8_lossy(&tag.name),
                    Span::new(tag.span.start.min(source.len()), tag.span.end.min(source.len())),
                );
            }
            Token::String(text) => {
                let span = Span::new(text.span.start, text.span.end);
                build.text(span, String::from_utf8_lossy(&text.value).into_owned());
            }
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    build.finish()
}

#[derive(Default)]
struct Build {
    page: Page,
    /// Open elements: their node and tag.
    open: Vec<(usize, String)>,
    /// How many of each tag are open, so that a stray end tag costs nothing.
    counts: HashMap<String, usize>,
    notes: Vec<Note>,
    source_len: usize,
}

impl Build {
    fn start(&mut self, tag: &StartTag<usize>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        self.page.tagged = true;
        self.page.whole |= matches!(name.as_str(), "html" | "body" | "head");
        while self.open.last().is_some_and(|(_, open)| tags::closes(&name, open)) {
            self.pop();
        }
        // An item also closes the item before it when inline elements were left open inside.
        if matches!(name.as_str(), "li" | "td" | "th" | "tr" | "dt" | "dd") {
            self.close_sibling(&name);
        }
        let mut element = element(&name, tag);
        let end = tag.span.end.min(self.source_len);
        element.span = Span::new(tag.span.start.min(end), end);
        // The foot of an article is where it is signed; the foot of the page is not inside one.
        if name == "footer"
            && ["article", "section"].iter().any(|t| self.counts.get(*t).is_some_and(|n| *n > 0))
        {
            element.skip = None;
        }
        self.page.nodes.push(Node::Element(element));
        let at = self.page.nodes.len() - 1;
        if tags::is_void(&name) || (tag.self_closing && matches!(name.as_str(), "svg" | "math")) {
            self.set_end(at);
        } else {
            *self.counts.entry(name.clone()).or_default() += 1;
            self.open.push((at, name));
        }
    }

    /// Pops unclosed inline elements down to the item that `name` closes.
    fn close_sibling(&mut self, name: &str) {
        let depth = self.open.iter().rev().take(INLINE).position(|(_, open)| tags::closes(name, open));
        let fence = self
            .open
            .iter()
            .rev()
            .take(INLINE)
            .position(|(_, open)| tags::is_block(open) && !tags::closes(name, open));
        if let Some(depth) = depth
            && fence.is_none_or(|f| f > depth)
        {
            for _ in 0..=depth {
                self.pop();
            }
        }
    }

    fn end(&mut self, name: &str, span: Span) {
        if name == "br" {
            let element =
                Element { tag: "br".to_owned(), end: self.page.nodes.len() + 1, ..Element::default() };
            return self.page.nodes.push(Node::Element(element));
        }
        let open = self.counts.get(name).copied().unwrap_or(0) > 0;
        let fence = |open: &str| tags::is_scope(open) && !tags::is_scope(name);
        let depth =
            self.open.iter().rev().take(REACH).position(|(_, o)| o == name || fence(o)).filter(|_| open);
        let found = depth.filter(|d| self.open.iter().rev().nth(*d).is_some_and(|(_, o)| o == name));
        match found {
            Some(depth) => (0..=depth).for_each(|_| self.pop()),
            None => self.notes.push(Note { code: NoteCode::BrokenMarkup, span }),
        }
    }

    fn pop(&mut self) {
        if let Some((at, name)) = self.open.pop() {
            if let Some(count) = self.counts.get_mut(&name) {
                *count = count.saturating_sub(1);
            }
            self.set_end(at);
        }
    }

    fn set_end(&mut self, at: usize) {
        let end = self.page.nodes.len();
        if let Some(Node::Element(element)) = self.page.nodes.get_mut(at) {
            element.end = end;
        }
    }

    fn text(&mut self, span: Span, value: String) {
        self.page.nodes.push(Node::Text { span, value });
    }

    fn finish(mut self) -> (Page, Vec<Note>) {
        while !self.open.is_empty() {
            self.pop();
        }
        self.notes.truncate(100);
        (self.page, self.notes)
    }
}

fn element(name: &str, tag: &StartTag<usize>) -> Element {
    let value =
        |key: &str| tag.attributes.get(key.as_bytes()).map(|v| String::from_utf8_lossy(v).to_lowercase());
    let style: String = value("style").unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    let hidden = value("hidden").is_some_and(|v| v != "until-found")
        || style.contains("display:none")
        || style.contains("visibility:hidden")
        || value("aria-hidden").is_some_and(|v| v == "true");
    let names: Vec<String> = ["id", "class"]
        .iter()
        .filter_map(|k| value(k))
        .flat_map(|v| v.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let role = value("role").unwrap_or_default();
    let marked = value("data-langdu-skip").is_some();
    let skip = match name {
        _ if marked => Some(Skip::Marked),
        "nav" | "menu" | "aside" => Some(Skip::Navigation),
        "footer" => Some(Skip::Footer),
        _ => None,
    };
    let skip_by_name = by_name(&names, &role);
    Element {
        tag: name.to_owned(),
        end: 0,
        silent: hidden || tags::is_silent(name),
        skip,
        skip_by_name,
        link: name == "a" && value("href").is_none_or(|href| leads_on(&href)),
        names,
        role,
        unmarked: style.contains("list-style:none") || style.contains("list-style-type:none"),
        span: Span::default(),
        attributes: ATTRIBUTES
            .iter()
            .filter_map(|&key| {
                let value = tag.attributes.get(key.as_bytes())?;
                Some((key, String::from_utf8_lossy(value).into_owned()))
            })
            .collect(),
    }
}

fn leads_on(href: &str) -> bool {
    let path = href.split(['?', '#']).next().unwrap_or("");
    !href.starts_with("tel:") && !href.starts_with("mailto:") && !furniture::is_file_name(path)
}

fn by_name(names: &[String], role: &str) -> Option<Skip> {
    const MENUS: [&str; 17] = [
        "breadcrumb",
        "breadcrumbs",
        "crumbs",
        "crumb",
        "nav",
        "navbar",
        "menu",
        "menubar",
        "sidebar",
        "pager",
        "pagination",
        "position",
        "location",
        "dqwz",
        "share",
        "bdsharebuttonbox",
        "toolbar",
    ];
    let named = |words: &[&str]| names.iter().any(|name| words.contains(&name.as_str()));
    if matches!(role, "navigation" | "complementary" | "menu" | "menubar" | "search" | "toolbar")
        || named(&MENUS)
    {
        Some(Skip::Navigation)
    } else if role == "contentinfo" || named(&["footer", "copyright", "foot"]) {
        Some(Skip::Footer)
    } else {
        None
    }
}
