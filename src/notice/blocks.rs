//! From lines to blocks, by what the lines look like and what stands beside them.
//!
//! 1. Lines that hold two things are split: a page date glued to the next notice, a button hint that
//!    runs into the first line. Lines that were broken inside a sentence are joined.
//! 2. Each line alone: furniture, document number, date, numbering, attachment.
//! 3. Each line among its neighbours: titles, salutations, signatures, tables, lists, the foot.
//! 4. Lines that were broken inside a title or cell are joined; documents of the page are counted.

use super::{
    Block, BlockKind, Cell, Skip, furniture,
    lines::{Line, trimmed},
    marker::{Marker, Style, marker},
    parts, responsibility, shape, table, titles, wraps,
};
use crate::span::Span;

/// A line on its way to being a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'t> {
    pub(super) span: Span,
    /// The line without a bullet before it.
    pub(super) text: &'t str,
    pub(super) kind: BlockKind,
    pub(super) level: u8,
    pub(super) skip: Option<Skip>,
    pub(super) marker: Option<Marker>,
    /// Whether markup said what it is.
    pub(super) marked_up: bool,
    /// Whether it goes on with the row before it: a broken title or table cell.
    pub(super) joins: bool,
}

impl Row<'_> {
    /// Unnumbered, without the end of a sentence: may be a title, a name, a cell.
    pub(super) fn is_bare(&self) -> bool {
        self.kind == BlockKind::Paragraph
            && self.marker.is_none()
            && !self.text.contains(['。', ';', '；', '!', '！', '?', '？'])
            && !self.text.ends_with([',', '，', ':', '：', '、'])
    }

    pub(super) fn set(&mut self, kind: BlockKind) {
        if !self.marked_up {
            self.kind = kind;
        }
    }

    pub(super) fn skip(&mut self, why: Skip) {
        self.kind = BlockKind::Furniture;
        self.skip = Some(why);
    }
}

/// The blocks of `text`, given its lines in order, and the cells of tables; `laid_out`: markup told those.
pub(super) fn blocks(text: &str, lines: &[Line], laid_out: bool) -> (Vec<Block>, Vec<Cell>) {
    let mut rows: Vec<Row> =
        wraps::join(text, split(text, lines)).iter().map(|line| alone(text, line)).collect();
    button_hint(text, &mut rows);
    foot(&mut rows);
    own_dates(&mut rows);
    tables(&mut rows);
    titles::find(&mut rows);
    signatures(&mut rows);
    attachments(&mut rows);
    headings(&mut rows);
    lists(&mut rows);
    let parts = parts::number(&mut rows);
    let cells = if laid_out { Vec::new() } else { cells(text, &rows) };
    (join(&rows, &parts), cells)
}

/// The cells of the tables among `rows`: those that tabs part, and those flattened to a cell a line.
fn cells(text: &str, rows: &[Row]) -> Vec<Cell> {
    let tabbed = |r: &Row| r.kind == BlockKind::TableRow && r.span.of(text).contains('\t');
    let lone = |r: &Row| r.kind == BlockKind::TableRow && !r.span.of(text).contains('\t');
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(rest) = rows.get(at..).filter(|r| !r.is_empty()) {
        let table: Vec<table::Row> =
            rest.iter().take_while(|r| tabbed(r)).map(|r| table::by_tabs(text, r.span)).collect();
        out.extend(table::cells(text, &table));
        let lines: Vec<Span> =
            rest.iter().skip(table.len()).take_while(|r| lone(r)).map(|r| r.span).collect();
        out.extend(table::flattened(text, &lines));
        at += (table.len() + lines.len()).max(1);
    }
    out
}

/// Lines that hold two things.
fn split(text: &str, lines: &[Line]) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        let mut rest = *line;
        let body = line.span.of(text);
        let head = hint_in_line(body).or_else(|| shape::page_date(body).filter(|&len| glued(body, len)));
        if let Some(len) = head.filter(|&len| len < body.len()) {
            let at = line.span.start + len;
            out.push(Line { span: Span::new(line.span.start, at), ..*line });
            match trimmed(text, Span::new(at, line.span.end)) {
                Some(span) => rest.span = span,
                None => continue,
            }
        }
        out.push(rest);
    }
    out
}

/// Whether what follows a page date has nothing to do with it: no 至, no punctuation, no figure.
fn glued(body: &str, len: usize) -> bool {
    let rest = body.get(len..).unwrap_or("");
    let known = |c: char| {
        shape::is_han(c) && !matches!(c, '至' | '到' | '前' | '后' | '起' | '止' | '和' | '以' | '之' | '日')
    };
    rest.starts_with(known) && rest.contains([':', '：'])
}

/// The end of a hint of the read-aloud button at the start of a longer line.
fn hint_in_line(body: &str) -> Option<usize> {
    if !body.starts_with(HINT) {
        return None;
    }
    let end = body.find(HINT_END).filter(|&at| at < 300)? + HINT_END.len();
    let rest = body.get(end..)?;
    Some(end + rest.chars().next().filter(|c| matches!(c, '。' | '.' | '!' | '！')).map_or(0, char::len_utf8))
}

const HINT: &str = "语音朗读";
const HINT_END: &str = "取消朗读";

/// One line without its neighbours.
fn alone<'t>(text: &'t str, line: &Line) -> Row<'t> {
    let whole = line.span.of(text);
    let bare = whole.trim_start_matches(['•', '●', '◆', '■', '▪']).trim_start();
    let bare = if bare.is_empty() { whole } else { bare };
    let mut row = Row {
        span: line.span,
        text: bare,
        kind: line.kind.unwrap_or(BlockKind::Paragraph),
        level: line.level,
        skip: line.skip,
        marker: marker(bare),
        marked_up: line.kind.is_some(),
        joins: false,
    };
    if row.skip.is_some() {
        row.kind = BlockKind::Furniture;
    } else if let Some(why) = furniture::furniture(bare) {
        row.skip(why);
    } else if shape::is_document_number(bare) {
        row.set(BlockKind::DocumentNumber);
    } else if shape::date(bare) == Some(bare.len()) {
        row.set(BlockKind::Date);
    } else if shape::attachment_label(bare).is_some() {
        row.set(BlockKind::Attachment);
    } else if bare.contains('\t') {
        row.set(BlockKind::TableRow);
    } else if responsibility::is_responsibility(bare) {
        row.set(BlockKind::Responsibility);
    }
    row
}

/// The hint of the button that reads aloud, however it was broken over lines.
fn button_hint(text: &str, rows: &mut [Row]) {
    let Some(first) = rows.iter().take(12).position(|r| r.text.starts_with(HINT) && r.skip.is_none()) else {
        return;
    };
    let Some(start) = rows.get(first).map(|r| r.span.start) else { return };
    let last = rows.iter().skip(first).take(8).position(|r| r.text.contains(HINT_END)).map(|n| first + n);
    let Some(last) = last else {
        // Without its end only a line that is nothing but the name of the button.
        if let Some(row) = rows.get_mut(first).filter(|r| r.text.chars().count() <= 6) {
            row.skip(Skip::ButtonHint);
        }
        return;
    };
    let end = rows.get(last).map_or(start, |r| r.span.end);
    if Span::new(start, end).of(text).chars().count() > 200 {
        return;
    }
    for (n, row) in rows.iter_mut().enumerate().take(last + 1).skip(first) {
        row.skip(Skip::ButtonHint);
        row.joins = n > first;
    }
}

/// Address and numbers of the page owner stand beside other lines of the foot.
fn foot(rows: &mut [Row]) {
    let Some(last) = rows.iter().rposition(|r| r.skip == Some(Skip::Footer)) else { return };
    let body = rows.iter().rposition(|r| r.skip.is_none() && !furniture::is_contact_line(r.text));
    let from = body.map_or(0, |b| b + 1);
    if from <= last {
        for row in rows.iter_mut().skip(from).filter(|r| r.skip.is_none()) {
            row.skip(Skip::Footer);
        }
    }
}

/// A date between two other short lines is a cell, and one below who signs is the date of the notice;
/// neither is the date of the page.
fn own_dates(rows: &mut [Row]) {
    let short = |r: &Row| r.text.chars().count() <= 10;
    let cell = |r: &Row| (r.skip == Some(Skip::PageDate) || r.skip.is_none() && r.is_bare()) && short(r);
    for n in 1..rows.len() {
        let Some(above) = rows.get(n - 1) else { break };
        let between = cell(above) && rows.get(n + 1).is_some_and(cell);
        let signed = above.skip.is_none() && above.is_bare() && titles::signs(above.text);
        let Some(row) = rows.get_mut(n).filter(|r| r.skip == Some(Skip::PageDate) && !r.marked_up) else {
            continue;
        };
        if between || signed {
            row.skip = None;
            row.kind = if between { BlockKind::Paragraph } else { BlockKind::Date };
        }
    }
}

/// A table that lost its markup: many short lines, one for each cell, cells broken in their turn.
fn tables(rows: &mut [Row]) {
    let short = |r: &Row| r.is_bare() && r.skip.is_none() && r.text.chars().count() <= 10;
    let mut at = 0;
    while at < rows.len() {
        // 附件1, then the name of the table.
        let labelled =
            at.checked_sub(1).and_then(|b| rows.get(b)).is_some_and(|r| r.kind == BlockKind::Attachment);
        if labelled && rows.get(at).is_some_and(|r| r.text.chars().count() >= 6 && titles::ends_title(r.text))
        {
            at += 1;
            continue;
        }
        let mut end = at;
        let mut shorts = 0;
        let mut last_short = at;
        while let Some(row) = rows.get(end) {
            if short(row) {
                shorts += 1;
                last_short = end + 1;
            } else if row.kind != BlockKind::Paragraph || row.marker.is_some() || end > last_short {
                break;
            }
            end += 1;
        }
        let end = last_short;
        if shorts >= 8 && shorts * 2 >= end - at {
            let mut before: Option<&str> = None;
            let mut joined = 0;
            for row in rows.iter_mut().take(end).skip(at) {
                row.set(BlockKind::TableRow);
                row.joins = joined < 2 && before.is_some_and(|b| breaks_cell(b, row.text));
                joined = if row.joins { joined + 1 } else { 0 };
                before = Some(row.text);
            }
        }
        at = end.max(at) + 1;
    }
}

/// 辅助器具 / 适配, 矫治手术 / 及训练: a second line of at most two characters, or one that begins with
/// and, goes on with a short first one.
fn breaks_cell(before: &str, text: &str) -> bool {
    let han = |t: &str| t.chars().all(shape::is_han);
    let (chars, short) = (text.chars().count(), before.chars().count() <= 6);
    short
        && han(text)
        && han(before)
        && (chars <= 2 || chars <= 6 && text.starts_with(['及', '和', '与', '或']))
}

/// A short line directly above a date signs.
fn signatures(rows: &mut [Row]) {
    for n in 1..rows.len() {
        let dated = rows.get(n).is_some_and(|r| r.kind == BlockKind::Date);
        let mut above = n;
        while dated && above > 0 && n - above < 4 {
            above -= 1;
            let Some(row) = rows.get_mut(above) else { break };
            if !row.is_bare()
                || row.skip.is_some()
                || row.text.chars().count() > 40
                || !titles::signs(row.text)
            {
                break;
            }
            row.set(BlockKind::Signature);
        }
    }
}

/// The items below 附件: go on with it.
fn attachments(rows: &mut [Row]) {
    let mut listing = false;
    for row in rows.iter_mut() {
        match row.kind {
            BlockKind::Attachment => {
                // 附件1 alone labels what follows; 附件:… begins a list.
                listing = row.text.contains([':', '：']);
            }
            BlockKind::Furniture => {}
            BlockKind::Paragraph if listing && is_attached(row) => row.set(BlockKind::Attachment),
            _ => listing = false,
        }
    }
}

fn is_attached(row: &Row) -> bool {
    if row.text.contains(['。', ';', '；']) || row.text.chars().count() > 60 {
        return false;
    }
    row.marker.is_some_and(|m| m.style == Style::Digit) || titles::ends_title(row.text)
}

/// Numbered lines: headings where a body follows, list items otherwise.
fn headings(rows: &mut [Row]) {
    // From the end, so that the next line that is read is known.
    let mut below: Option<Row> = None;
    for n in (0..rows.len()).rev() {
        // 1.登记。 2.审核。: numbered like the sentence right above, it is one more of them.
        let above = rows.iter().take(n).rev().take(4).find(|r| r.skip.is_none());
        let above = above.filter(|r| is_one_sentence(r.text)).and_then(|r| r.marker);
        let Some(row) = rows.get_mut(n) else { break };
        let next = below;
        below = if row.skip.is_none() { Some(*row) } else { below };
        let Some(m) = row.marker.filter(|_| row.kind == BlockKind::Paragraph) else { continue };
        let body = row.text.get(m.len..).unwrap_or("").trim();
        let chars = body.chars().count();
        let stopped = body.ends_with('。');
        let inner = body.trim_end_matches('。');
        let clean = !inner.contains(['。', ';', '；', ':', '：']) && inner.matches([',', '，']).count() <= 2;
        let follows = above.is_some_and(|above| above.style == m.style);
        let opens = next.is_some_and(|next| match next.marker {
            None => !matches!(next.kind, BlockKind::Date | BlockKind::Signature | BlockKind::Attachment),
            Some(below) => below.level > m.level,
        });
        let heads = match m.style {
            Style::Chapter => chars <= 40 && clean && !stopped,
            Style::Han | Style::HanInBrackets if stopped => {
                clean && opens && !follows && chars <= 25 && !states(body)
            }
            Style::Han | Style::HanInBrackets => clean && chars <= if opens { 45 } else { 20 },
            Style::Digit | Style::DigitInBrackets => {
                clean && opens && !(stopped && follows) && chars <= 25 && !body.ends_with([',', '，'])
            }
            Style::Article | Style::Firstly | Style::Dash => false,
        };
        if heads && !body.is_empty() {
            row.kind = BlockKind::Heading;
            row.level = m.level;
        } else if matches!(m.style, Style::Digit | Style::DigitInBrackets | Style::Firstly | Style::Dash)
            || body.ends_with([';', '；'])
        {
            row.kind = BlockKind::ListItem;
        }
    }
}

/// 本通知…, 请…, 标准为300元: a sentence that states something, whatever numbers it.
fn states(body: &str) -> bool {
    body.starts_with(['本', '请', '凡'])
        || body.contains(|c: char| c.is_ascii_digit()) && body.contains(['为', ',', '，'])
}

fn is_one_sentence(text: &str) -> bool {
    let inner = text.trim_end_matches(['。', ';', '；']);
    !inner.contains(['。', ';', '；']) && text.chars().take(61).count() <= 60
}

/// Three and more short lines without an end are items: names with posts, telephone numbers.
fn lists(rows: &mut [Row]) {
    let item = |r: &Row| r.is_bare() && r.skip.is_none() && r.text.chars().count() <= 40;
    let mut at = 0;
    while at < rows.len() {
        let run = rows.iter().skip(at).take_while(|r| item(r)).count();
        if run >= 3 {
            rows.iter_mut().skip(at).take(run).for_each(|r| r.set(BlockKind::ListItem));
        }
        at += run.max(1);
    }
}

fn join(rows: &[Row], parts: &[usize]) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::with_capacity(rows.len());
    for (n, row) in rows.iter().enumerate() {
        let part = parts.get(n).copied().unwrap_or(0);
        match out.last_mut().filter(|b| row.joins && b.kind == row.kind && b.part == part) {
            Some(block) => block.span = block.span.join(row.span),
            None => {
                let level = if row.kind == BlockKind::Heading { row.level.max(1) } else { 0 };
                out.push(Block { kind: row.kind, level, span: row.span, part, skip: row.skip });
            }
        }
    }
    out
}
