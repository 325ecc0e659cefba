//! From blocks to sentences that fit one breath: at most about 60 characters where a natural boundary allows.
//!
//! 1. Titles, headings, salutations, dates and signatures are sentences as they stand.
//! 2. Paragraphs are taken apart: what was run into them, then the ends of sentences.
//! 3. What is longer than a breath is cut at commas.
//! 4. What holds no letter and no figure joins its neighbour.

mod breath;
mod cues;
mod run_on;
mod scan;
mod table;
mod walk;

use serde::{Deserialize, Serialize};

use crate::{
    note::{Note, NoteCode},
    notice::{Block, BlockKind, Document, Skip},
    span::Span,
};

/// The longest sentence, in characters, that is not cut when a natural boundary can be found.
pub const BREATH: usize = 60;

/// One readable sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// Where it stands in [`Document::text`], without white space at its ends.
    pub span: Span,
    /// What it is; a heading that runs into its paragraph is a heading here.
    pub kind: BlockKind,
    /// Level of a heading from 1; 0 elsewhere.
    pub level: u8,
    /// Index of its block in [`Document::blocks`].
    pub block: usize,
    /// Why it is not read, if it is not.
    pub skip: Option<Skip>,
}

/// Whether lists of offices that answer for a task are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Responsibility {
    /// Read, each as a sentence of its own.
    #[default]
    Read,
    /// Left out, and listed as left out.
    Skipped,
}

/// Where listeners differ in what they want to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// (责任单位:县水利局、财政局) at the end of a paragraph.
    pub responsibility: Responsibility,
}

/// Cuts every block of `document`, in order. Joined, the sentences give the text again but for white space.
pub fn sentences(document: &Document) -> (Vec<Sentence>, Vec<Note>) {
    sentences_with(document, &Options::default())
}

/// The same, leaving out what a listener chose to leave out: it is kept with its reason in `skip`.
pub fn sentences_with(document: &Document, options: &Options) -> (Vec<Sentence>, Vec<Note>) {
    let mut out = Vec::new();
    let mut notes = Vec::new();
    for (n, block) in document.blocks.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|b| document.blocks.get(b));
        let opens = before.is_none_or(|b| {
            b.skip.is_some()
                || matches!(b.kind, BlockKind::Title | BlockKind::DocumentNumber | BlockKind::Furniture)
        });
        let first = out.len();
        of_block(document, n, block, opens, &mut out);
        join_marks(document, first, &mut out);
        if options.responsibility == Responsibility::Skipped {
            let offices = |s: &&mut Sentence| s.kind == BlockKind::Responsibility && s.skip.is_none();
            for sentence in out.iter_mut().skip(first).filter(offices) {
                sentence.skip = Some(Skip::Responsibility);
            }
        }
        for sentence in out.iter().skip(first).filter(|s| s.skip.is_none() && s.span.len() > BREATH) {
            let chars = sentence.span.of(&document.text).chars().filter(|c| !c.is_whitespace()).count();
            if chars > BREATH {
                notes.push(Note { code: NoteCode::LongSentence, span: sentence.span });
            }
        }
    }
    (out, notes)
}

fn of_block(document: &Document, n: usize, block: &Block, opens: bool, out: &mut Vec<Sentence>) {
    let text = block.span.of(&document.text);
    let mut push = |span: Span, kind, level, skip| {
        let raw = span.of(text);
        let lead = raw.len() - raw.trim_start().len();
        let span = Span::new(span.start + lead, span.start + lead + raw.trim().len());
        if !span.is_empty() {
            out.push(Sentence { span: span.shift(block.span.start), kind, level, block: n, skip });
        }
    };
    if block.skip.is_some() {
        return push(Span::new(0, text.len()), block.kind, block.level, block.skip);
    }
    let scan = scan::Scan::new(text);
    let pieces = match block.kind {
        BlockKind::TableRow if text.contains('\t') => cells(&scan, block.kind),
        BlockKind::Paragraph | BlockKind::ListItem | BlockKind::Attachment | BlockKind::TableRow => {
            walk::pieces(&scan, block.kind, opens)
        }
        kind => vec![walk::Piece { from: 0, to: scan.len(), kind, level: block.level, skip: None }],
    };
    for piece in pieces {
        let mut from = piece.from;
        let cuts = if piece.skip.is_some() { Vec::new() } else { breath::cuts(&scan, piece.from, piece.to) };
        for to in cuts.into_iter().chain([piece.to]) {
            push(scan.span(from, to), piece.kind, piece.level, piece.skip);
            from = to;
        }
    }
}

/// A row is one sentence; one that is longer than a breath is cut between its cells.
fn cells(scan: &scan::Scan, kind: BlockKind) -> Vec<walk::Piece> {
    let whole = walk::Piece { from: 0, to: scan.len(), kind, level: 0, skip: None };
    if scan.len() <= BREATH {
        return vec![whole];
    }
    let mut out = Vec::new();
    let mut from = 0;
    let mut cell = 0;
    for (at, &c) in scan.chars(0, scan.len()).iter().chain([&'\t']).enumerate() {
        if c == '\t' {
            // As many cells as one breath holds.
            if cell > from && at - from > BREATH {
                out.push(walk::Piece { from, to: cell, ..whole });
                from = cell;
            }
            cell = at;
        }
    }
    out.push(walk::Piece { from, ..whole });
    out
}

/// Joins sentences of this block that hold no letter and no figure to the one before, or after, them.
fn join_marks(document: &Document, first: usize, out: &mut Vec<Sentence>) {
    let speaks = |s: &Sentence| says_something(s.span.of(&document.text));
    if out.iter().skip(first).all(&speaks) {
        return;
    }
    let mut kept: Vec<Sentence> = Vec::with_capacity(out.len() - first);
    let mut waiting: Option<Sentence> = None;
    for mut sentence in out.drain(first..) {
        let place = if speaks(&sentence) {
            if let Some(marks) = waiting.take() {
                sentence.span = marks.span.join(sentence.span);
            }
            kept.push(sentence);
            continue;
        } else {
            kept.last_mut().or(waiting.as_mut())
        };
        match place {
            Some(before) => before.span = before.span.join(sentence.span),
            None => waiting = Some(sentence),
        }
    }
    kept.extend(waiting);
    out.append(&mut kept);
}

/// Whether `text` holds a letter or figure outside the codes of a typesetting system (〖HTK〗).
fn says_something(text: &str) -> bool {
    let mut code = false;
    text.chars().any(|c| {
        code = c == '〖' || code && c != '〗';
        !code && c.is_alphanumeric()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::notice::{Format, Limits, read};

    fn shown(sentence: &Sentence, text: &str) -> String {
        let kind = match sentence.kind {
            _ if sentence.skip.is_some() => "<->".to_owned(),
            BlockKind::Heading => format!("<h{}>", sentence.level),
            BlockKind::Title => "<t>".to_owned(),
            BlockKind::Salutation => "<s>".to_owned(),
            BlockKind::Date => "<d>".to_owned(),
            BlockKind::Attachment => "<a>".to_owned(),
            BlockKind::TableRow => "<r>".to_owned(),
            BlockKind::Responsibility => "<o>".to_owned(),
            _ => String::new(),
        };
        kind + sentence.span.of(text)
    }

    #[test]
    fn paragraphs_fall_into_sentences() {
        let mut wrong = Vec::new();
        for line in include_str!("cases.txt").lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
            let (text, want) = line.split_once(" => ").unwrap();
            let (document, _) = read(text, Format::Text, &Limits::default()).unwrap();
            let found: Vec<String> =
                sentences(&document).0.iter().map(|s| shown(s, &document.text)).collect();
            if found.join(" | ") != want {
                wrong.push(format!("want {want}\nhave {}", found.join(" | ")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn marks_alone_are_no_sentence() {
        let (document, _) = read("今天停水。 …… 。明天恢复。——", Format::Text, &Limits::default()).unwrap();
        let (found, _) = sentences(&document);
        assert!(
            found.iter().all(|s| s.span.of(&document.text).chars().any(char::is_alphanumeric)),
            "{found:?}"
        );
    }

    #[test]
    fn a_sentence_without_a_break_is_noted() {
        let (document, _) = read(&"长".repeat(80), Format::Text, &Limits::default()).unwrap();
        let (found, notes) = sentences(&document);
        assert_eq!((found.len(), notes.len()), (1, 1));
        assert_eq!(notes[0].code, NoteCode::LongSentence);
    }

    #[test]
    fn offices_are_left_out_by_choice() {
        let text = "完善管网。(县水利局牵头,县财政局配合)\n加强巡查。";
        let (document, _) = read(text, Format::Text, &Limits::default()).unwrap();
        let options = Options { responsibility: Responsibility::Skipped };
        let skips: Vec<_> = sentences_with(&document, &options).0.iter().map(|s| s.skip).collect();
        assert_eq!(skips, [None, Some(Skip::Responsibility), None]);
        assert!(sentences(&document).0.iter().all(|s| s.skip.is_none()));
    }

    #[test]
    fn a_flattened_table_falls_into_rows() {
        let text = "主要指标如下:供水普及率(%)98约束性东山镇新建水井数量(眼)12预期性西山镇改造管网长度(公里)3.5预期性\
                    南山镇新增用水户(户)120约束性北山镇应急水源(处)2预期性全县供水水质达标率(%)100约束性其他事项另行通知。";
        let (document, _) = read(text, Format::Text, &Limits::default()).unwrap();
        let rows = sentences(&document).0.iter().filter(|s| s.kind == BlockKind::TableRow).count();
        assert_eq!(rows, 6);
    }
}
