//! Paragraphs, tables and text boxes, in the order of the file.

use super::{
    Converted, LeftOut, is_on,
    numbering::{Counters, Numbering},
    styles::{Look, Styles},
    table::Table,
};
use crate::xml::{Element, Event, Events, XmlError};

/// Elements whose content is not seen: what was deleted, what only the program needs, the second form of what
/// stands there already, and how something is pronounced.
const UNSEEN: &[&str] = &[
    "del",
    "moveFrom",
    "Fallback",
    "instrText",
    "delText",
    "pPrChange",
    "rPrChange",
    "sectPr",
    "tblPr",
    "rt",
];

/// Reads `word/document.xml`.
pub(super) fn read(source: &str, styles: &Styles, numbering: &Numbering) -> Result<Converted, XmlError> {
    let mut walk = Walk::new(styles, numbering);
    let (mut events, mut open, mut unseen) = (Events::new(source), Vec::new(), 0_usize);
    let mut has_body = false;
    while let Some(event) = events.next()? {
        match event {
            Event::Open(element) => {
                has_body |= element.name == "body";
                if unseen > 0 || UNSEEN.contains(&&*element.name) {
                    unseen += 1;
                } else {
                    walk.open(&element);
                }
                open.push(element.name);
            }
            Event::Close => {
                let name = open.pop().unwrap_or_default();
                if unseen > 0 {
                    unseen -= 1;
                } else {
                    walk.close(&name);
                }
            }
            Event::Text { text, .. } => {
                if unseen == 0 && open.last().is_some_and(|name| name == "t") {
                    walk.text(&text);
                }
            }
        }
    }
    if !has_body {
        return Err(XmlError::at(source, 0, "this is no document: there is no body in it"));
    }
    Ok(walk.done())
}

/// What of the document is open, and what has been written of it.
#[derive(Debug)]
struct Walk<'d> {
    styles: &'d Styles,
    numbering: &'d Numbering,
    counters: Counters,
    left_out: LeftOut,
    /// The HTML of the document, and of each cell and text box that is open.
    written: Vec<String>,
    /// Open paragraphs: that of a text box stands in one of the text.
    paragraphs: Vec<Paragraph>,
    /// Open tables: one may stand in a cell of another.
    tables: Vec<Table>,
    run: Run,
}

/// A paragraph that is being read.
#[derive(Debug, Default)]
struct Paragraph {
    /// What it says of itself.
    look: Look,
    /// Its style.
    style: String,
    html: String,
    /// What its text boxes hold.
    boxes: String,
}

/// Characters of one look.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    open: bool,
    hidden: bool,
}

impl<'d> Walk<'d> {
    fn new(styles: &'d Styles, numbering: &'d Numbering) -> Self {
        Self {
            styles,
            numbering,
            counters: Counters::default(),
            left_out: LeftOut::default(),
            written: vec![String::new()],
            paragraphs: Vec::new(),
            tables: Vec::new(),
            run: Run::default(),
        }
    }

    fn open(&mut self, element: &Element<'_>) {
        let value = element.attribute("val");
        match &*element.name {
            "p" => {
                self.paragraphs.push(Paragraph::default());
                self.run = Run::default();
            }
            "r" => self.run = Run { open: true, hidden: false },
            "vanish" if self.run.open => self.run.hidden = is_on(value),
            "tab" if self.run.open => self.text(" "),
            "noBreakHyphen" => self.text("-"),
            // The end of a page or column is none of a line.
            "br" | "cr" if element.attribute("type").is_none_or(|kind| kind == "textWrapping") => {
                self.write("<br>");
            }
            "blip" | "imagedata" => self.left_out.pictures += 1,
            "footnoteReference" | "endnoteReference" => self.left_out.notes += 1,
            "sym" => self.left_out.symbols += 1,
            "txbxContent" => self.written.push(String::new()),
            "tbl" => self.tables.push(Table::default()),
            "tr" => {
                if let Some(table) = self.tables.last_mut() {
                    table.begin_row();
                }
            }
            "tc" => {
                self.written.push(String::new());
                if let Some(table) = self.tables.last_mut() {
                    table.begin_cell();
                }
            }
            name @ ("tblHeader" | "gridSpan" | "vMerge") => {
                if let Some(table) = self.tables.last_mut() {
                    table.take(name, value, is_on(value));
                }
            }
            "pStyle" => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.style = value.unwrap_or("").to_owned();
                }
            }
            name => {
                if let Some(paragraph) = self.paragraphs.last_mut() {
                    paragraph.look.take(name, value);
                }
            }
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "p" => self.end_paragraph(),
            "r" => self.run = Run::default(),
            "tc" => {
                let lines = self.written.pop().unwrap_or_default();
                // One paragraph is the cell; several are lines of it.
                let lines = lines.trim_end().replace("</p>\n<p>", "<br>");
                let only = lines.strip_prefix("<p>").and_then(|line| line.strip_suffix("</p>"));
                let html = only.unwrap_or(&lines).to_owned();
                if let Some(table) = self.tables.last_mut() {
                    table.end_cell(html);
                }
            }
            "tbl" => {
                if let Some(table) = self.tables.pop() {
                    self.put(&table.html());
                }
            }
            "txbxContent" => {
                let inside = self.written.pop().unwrap_or_default();
                match self.paragraphs.last_mut() {
                    Some(around) => around.boxes.push_str(&inside),
                    None => self.put(&inside),
                }
            }
            _ => {}
        }
    }

    fn end_paragraph(&mut self) {
        let Some(Paragraph { look, style, html, boxes }) = self.paragraphs.pop() else { return };
        let look = look.or(self.styles.look(&style));
        let text = html.trim();
        // Also a paragraph without text has its number: the rows of a table are counted so.
        let label = match look.numbering {
            Some(id) if id > 0 => self.counters.next(self.numbering, id, look.level.unwrap_or(0)),
            _ => String::new(),
        };
        let label = if text.is_empty() { label.trim_end() } else { &label };
        if !text.is_empty() || (!label.is_empty() && !self.tables.is_empty()) {
            let name = match look.heading {
                Some(level) if level > 0 => format!("h{}", level.min(6)),
                _ => "p".to_owned(),
            };
            self.put(&format!("<{name}>{}{text}</{name}>\n", escaped(label)));
        }
        self.put(&boxes);
    }

    /// Text of the open paragraph.
    fn text(&mut self, text: &str) {
        if !self.run.hidden {
            self.write(&escaped(text));
        }
    }

    /// HTML of the open paragraph.
    fn write(&mut self, html: &str) {
        if let Some(paragraph) = self.paragraphs.last_mut() {
            paragraph.html.push_str(html);
        }
    }

    /// HTML around paragraphs.
    fn put(&mut self, html: &str) {
        if let Some(written) = self.written.last_mut() {
            written.push_str(html);
        }
    }

    fn done(mut self) -> Converted {
        Converted { html: self.written.drain(..).collect(), left_out: self.left_out }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
