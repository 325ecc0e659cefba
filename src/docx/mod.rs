//! Documents of word processors (`.docx`, ISO/IEC 29500) as HTML, which is read as any other.
//!
//! 1. [`styles`]: which paragraph styles are headings or numbered;
//! 2. [`numbering`]: the numbers that a word processor draws before paragraphs. They are written out, for they are
//!    read: 一、（二）3.;
//! 3. [`body`]: paragraphs, tables, text boxes, in the order of the file; [`table`]: cells that go over several rows.
//!
//! What was deleted with tracked changes and what is hidden is not there. What cannot be turned into text (pictures)
//! or is not part of the running text (footnotes) is counted, so that somebody can be told.

mod body;
mod numbering;
mod styles;
mod table;

use serde::Serialize;

use crate::xml::XmlError;

/// The files of a document that matter, each as it stands in the archive.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts<'a> {
    /// `word/document.xml`.
    pub document: &'a str,
    /// `word/styles.xml`.
    pub styles: &'a str,
    /// `word/numbering.xml`.
    pub numbering: &'a str,
}

/// A document as HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// Headings, paragraphs, tables: a line each.
    pub html: String,
    /// What is not in it.
    pub left_out: LeftOut,
}

/// How much of a document is not in its HTML.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Pictures, which may show text.
    pub pictures: usize,
    /// Footnotes and endnotes.
    pub notes: usize,
    /// Characters of symbol fonts: what they show is known to the font alone.
    pub symbols: usize,
}

/// Turns a document into HTML.
///
/// # Errors
/// When one of the files is no XML: whoever made the document is to blame.
pub fn html(parts: Parts<'_>) -> Result<Converted, XmlError> {
    let styles = styles::read(parts.styles)?;
    let numbering = numbering::read(parts.numbering)?;
    body::read(parts.document, &styles, &numbering)
}

/// Whether a switch (`<w:vanish/>`, `<w:vanish w:val="0"/>`) is on.
fn is_on(value: Option<&str>) -> bool {
    !matches!(value, Some("0" | "false" | "off" | "none"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Cases are `written => html` with a line of XML each; `styles` and `numbering` are those of the file's head.
    #[test]
    fn cases() {
        let mut checked = 0;
        for line in include_str!("cases.txt").lines().filter(|line| !line.starts_with('#')) {
            let Some((body, wanted)) = line.split_once(" => ") else { continue };
            let document = format!("<w:document xmlns:w='w'><w:body>{body}</w:body></w:document>");
            let parts = Parts {
                document: &document,
                styles: include_str!("cases.styles.xml"),
                numbering: include_str!("cases.numbering.xml"),
            };
            assert_eq!(html(parts).unwrap().html.trim_end().replace('\n', "|"), wanted, "{body}");
            checked += 1;
        }
        assert!(checked > 20, "{checked}");
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let body = "<w:p><w:r><w:drawing><pic><a:blip/></pic></w:drawing></w:r><w:r><w:t>水</w:t>\
                    <w:footnoteReference w:id='1'/><w:sym w:char='F0FC'/></w:r></w:p>";
        let document = format!("<w:document xmlns:w='w'><w:body>{body}</w:body></w:document>");
        let converted = html(Parts { document: &document, ..Parts::default() }).unwrap();
        assert_eq!(converted.html, "<p>水</p>\n");
        assert_eq!(converted.left_out, LeftOut { pictures: 1, notes: 1, symbols: 1 });
    }

    #[test]
    fn a_label_is_never_long() {
        let long = "水".repeat(100_000);
        let numbering = &*format!(
            "<w:numbering xmlns:w='w'><w:abstractNum w:abstractNumId='0'><w:lvl w:ilvl='0'>\
             <w:lvlText w:val='{long}'/></w:lvl></w:abstractNum>\
             <w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num></w:numbering>"
        );
        let item =
            "<w:p><w:pPr><w:numPr><w:numId w:val='1'/></w:numPr></w:pPr><w:r><w:t>电</w:t></w:r></w:p>";
        let document =
            &*format!("<w:document xmlns:w='w'><w:body>{}</w:body></w:document>", item.repeat(100));
        let converted = html(Parts { document, styles: "", numbering }).unwrap();
        assert!(converted.html.len() < 100 * 200, "{}", converted.html.len());
    }

    #[test]
    fn what_is_no_document_is_refused() {
        for document in ["", "水", "<w:document>", "<a></a>"] {
            assert!(html(Parts { document, ..Parts::default() }).is_err(), "{document}");
        }
    }
}
