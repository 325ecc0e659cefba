//! A paragraph taken apart: sentences, and the things that were run into it (salutation,
//! date, release note, title of the annex, headings, list of attachments).

use super::{
    cues, run_on,
    scan::{Scan, is_closer, is_round, is_stop},
    stops, table, title,
};
use crate::notice::{
    BlockKind, Skip,
    marker::{Marker, Style, marker, number},
    responsibility::{is_responsibility, opens_with_label},
    shape, titles,
};

/// How far markers, dates and notes are looked for, in characters.
pub(super) const AHEAD: usize = 40;
/// The longest signature with its date, in characters.
const SIGNED: usize = 60;

/// A run of characters of the block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) kind: BlockKind,
    pub(super) level: u8,
    pub(super) skip: Option<Skip>,
}

/// Takes the block apart. `opens` says that it stands where a salutation may.
pub(super) fn pieces(scan: &Scan, kind: BlockKind, opens: bool) -> Vec<Piece> {
    let mut walk = Walk { scan, kind, out: Vec::new(), named: Vec::new(), named_to: 0, numbers: [0; 4] };
    let mut at = scan.skip_space(0);
    if opens {
        if let Some(end) = title::at_start(scan, at, |next| walk.salutation(next).is_some()) {
            at = walk.push(at, end, BlockKind::Title);
        }
        if let Some(end) = walk.document_number(at) {
            at = walk.push(at, end, BlockKind::DocumentNumber);
        }
        if let Some(end) = walk.salutation(at) {
            at = walk.push(at, end, BlockKind::Salutation);
        }
    }
    while at < scan.len() {
        at = walk.step(at);
    }
    walk.out
}

pub(super) struct Walk<'s, 't> {
    pub(super) scan: &'s Scan<'t>,
    kind: BlockKind,
    out: Vec<Piece>,
    /// What 《》 named so far: (from, to) of the last few.
    named: Vec<(usize, usize)>,
    named_to: usize,
    /// The last number of each style of numbering: 一、 (一) 1. (1)
    pub(super) numbers: [u32; 4],
}

/// Where a style keeps its last number.
pub(super) fn slot(style: Style) -> Option<usize> {
    match style {
        Style::Han => Some(0),
        Style::HanInBrackets => Some(1),
        Style::Digit => Some(2),
        Style::DigitInBrackets => Some(3),
        Style::Chapter | Style::Article | Style::Firstly | Style::Dash => None,
    }
}

impl Walk<'_, '_> {
    /// Adds one piece and says where the next begins.
    pub(super) fn push(&mut self, from: usize, to: usize, kind: BlockKind) -> usize {
        self.out.push(Piece { from, to, kind, level: 0, skip: None });
        self.scan.skip_space(to)
    }

    /// One piece from `at`, where a sentence begins.
    fn step(&mut self, at: usize) -> usize {
        let scan = self.scan;
        let ahead = scan.ahead(at, AHEAD);
        if let Some(bytes) = shape::release_note(ahead) {
            let to = at + scan.count(at, bytes);
            self.out.push(Piece {
                from: at,
                to,
                kind: BlockKind::Furniture,
                level: 0,
                skip: Some(Skip::ReleaseNote),
            });
            return self.title_after(scan.skip_space(to));
        }
        if let Some(to) = self.lone_date(at) {
            let next = self.push(at, to, BlockKind::Date);
            return self.title_after(next);
        }
        if let Some(bytes) = shape::attachment_label(ahead).filter(|_| at > 0 && !ahead.starts_with("附件。"))
        {
            return self.attachments(at, at + scan.count(at, bytes));
        }
        let numbered = marker(ahead);
        if let Some(m) = numbered
            && let Some(last) = slot(m.style).and_then(|slot| self.numbers.get_mut(slot))
        {
            *last = number(ahead, m).unwrap_or(0);
        }
        if let Some(m) = numbered.filter(|m| !self.goes_on_list(*m))
            && let Some(to) = run_on::heading(scan, at, m)
        {
            self.out.push(Piece { from: at, to, kind: BlockKind::Heading, level: m.level, skip: None });
            return scan.skip_space(to);
        }
        if cues::closing_phrase(scan, at) && self.signed_date(at + 4).is_some() {
            return self.push(at, at + 4, self.kind);
        }
        if let Some((date, end)) = self.signed_date(at) {
            let next = self.push(at, date, BlockKind::Signature);
            let next = self.push(next, end, BlockKind::Date);
            return self.title_after(next);
        }
        let end = self.sentence_end(at);
        match table::rows(scan, at, end) {
            Some(cuts) => {
                let mut from = at;
                for cut in cuts {
                    self.push(from, cut, BlockKind::TableRow);
                    from = scan.skip_space(cut);
                }
                from
            }
            None => {
                let opens = is_round(scan.char(at)) || opens_with_label(ahead);
                if self.is_link(at, end) {
                    self.out.push(Piece {
                        from: at,
                        to: end,
                        kind: BlockKind::Furniture,
                        level: 0,
                        skip: Some(Skip::FileName),
                    });
                    return scan.skip_space(end);
                }
                let offices = opens && end - at <= stops::OFFICES && is_responsibility(scan.slice(at, end));
                self.push(at, end, if offices { BlockKind::Responsibility } else { self.kind })
            }
        }
    }

    /// 《青山县供水方案》附件 and nothing else: the link to the file.
    fn is_link(&self, from: usize, to: usize) -> bool {
        let scan = self.scan;
        scan.char(from) == '《'
            && scan.mate(from).is_some_and(|mate| scan.slice(mate + 1, to).trim() == "附件")
    }

    /// 1.年满80周岁;2.本县户籍;3.…: after an item that ends with a semicolon comes another.
    fn goes_on_list(&self, m: Marker) -> bool {
        self.out.last().is_some_and(|last| {
            let text = self.scan.slice(last.from, last.to);
            text.ends_with([';', '；']) && marker(text).is_some_and(|above| above.style == m.style)
        })
    }

    /// The end of 各旗县区人民政府,…: at the start of a document that is one line.
    fn salutation(&self, from: usize) -> Option<usize> {
        let window = self.scan.chars(from, from + 160);
        let colon = window.iter().position(|&c| matches!(c, ':' | '：'))?;
        let to = from + colon + 1;
        if self.scan.skip_space(to) >= self.scan.len() {
            return None;
        }
        titles::addresses(self.scan.slice(from, to)).then_some(to)
    }

    /// The end of a date that stands alone: nothing, a release note or the title of the annex follows.
    fn lone_date(&mut self, at: usize) -> Option<usize> {
        let scan = self.scan;
        let to = at + scan.count(at, shape::date(scan.ahead(at, 20))?);
        let next = scan.skip_space(to);
        let alone = next >= scan.len()
            || shape::release_note(scan.ahead(next, AHEAD)).is_some()
            || self.named_title(next).is_some();
        (alone && (at > 0 || next < scan.len())).then_some(to)
    }

    /// Where the date begins and ends when who signs and when stand at `at`, and nothing of this document
    /// follows: 青山县水利局2024年3月1日.
    pub(super) fn signed_date(&self, at: usize) -> Option<(usize, usize)> {
        let scan = self.scan;
        if at == 0 {
            return None;
        }
        for d in at..(at + SIGNED).min(scan.len()) {
            let c = scan.char(d);
            if matches!(c, ',' | '，' | '、' | '。' | ':' | '：' | ';' | '；' | '《') {
                return None;
            }
            if d < at + 3 || !(c.is_ascii_digit() || c == '二') {
                continue;
            }
            if let Some(len) = shape::date(scan.ahead(d, 20)) {
                let end = d + scan.count(d, len);
                let next = scan.skip_space(end);
                let closes = next >= scan.len() || shape::release_note(scan.ahead(next, AHEAD)).is_some();
                return (closes && titles::signs(scan.slice(at, d).trim())).then_some((d, end));
            }
        }
        None
    }

    /// The end of 青政发〔2024〕12号 after the title of a document that is one line.
    fn document_number(&self, at: usize) -> Option<usize> {
        let end = at + self.scan.chars(at, at + AHEAD).iter().position(|&c| c == '号')? + 1;
        let follows = self.scan.skip_space(end) < self.scan.len() && !joins_on(self.scan.char(end));
        (follows && shape::is_document_number(self.scan.slice(at, end))).then_some(end)
    }

    /// A title may follow a date or release note: 2024年3月1日青山县供水方案为…
    fn title_after(&mut self, at: usize) -> usize {
        if shape::release_note(self.scan.ahead(at, AHEAD)).is_some() {
            return at;
        }
        match self.named_title(at).or_else(|| title::run_in(self.scan, at)) {
            Some(to) => self.push(at, to, BlockKind::Title),
            None => at,
        }
    }

    /// The end of a title at `at` that 《》 named before.
    fn named_title(&mut self, at: usize) -> Option<usize> {
        while self.named_to < at {
            if self.scan.char(self.named_to) == '《'
                && let Some(mate) =
                    self.scan.mate(self.named_to).filter(|&m| m < at && m - self.named_to <= 100)
            {
                if self.named.len() >= 8 {
                    self.named.remove(0);
                }
                self.named.push((self.named_to + 1, mate));
            }
            self.named_to += 1;
        }
        let scan = self.scan;
        let mut best = None;
        for &(from, to) in &self.named {
            let name = scan.chars(from, to);
            if name.len() >= 6 && scan.chars(at, at + name.len()) == name {
                best = best.max(Some(at + name.len()));
            }
        }
        let end = best?;
        // (试行) and the years belong to it.
        let note = scan.mate(end).filter(|&m| is_round(scan.char(end)) && m - end <= 12);
        let end = note.map_or(end, |m| m + 1);
        (scan.skip_space(end) < scan.len() && !joins_on(scan.char(end))).then_some(end)
    }
}

/// Whether a character goes on with what stands before it.
pub(super) fn joins_on(c: char) -> bool {
    is_stop(c)
        || is_closer(c)
        || matches!(c, ',' | '，' | '、' | ':' | '：' | '的' | '等' | '和' | '及' | '与' | '或')
}
