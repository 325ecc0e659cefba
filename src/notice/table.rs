//! Tables: which heads stand over a cell.
//!
//! 1. A table is laid out in rows of slots: from markup with its spans, from text by its tabs.
//! 2. The head rows are those that markup names, or a first row that reads like one.
//! 3. Every cell below gets the heads over its column, but for the columns that name the row.
//!
//! A wrong head is worse than none: a row that does not fit the columns gets none.

use std::sync::LazyLock;

use serde::Serialize;

use super::shape;
use crate::span::Span;

/// A cell of a table that has something in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// Where it stands in the document's text.
    pub span: Span,
    /// The heads over it, the outermost first; none for a cell that names its row, or where none is known.
    pub heads: Vec<Span>,
}

/// A cell before it knows its heads.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) span: Span,
    /// Its first column, from 0.
    pub(super) column: usize,
    /// How many columns it spans.
    pub(super) columns: usize,
    /// Whether markup calls it a head.
    pub(super) head: bool,
}

/// The slots of one row that are not empty.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) slots: Vec<Slot>,
    /// How many columns the row has, empty cells counted.
    pub(super) columns: usize,
    /// Whether markup puts it at the head of the table.
    pub(super) head: bool,
}

/// A table with more columns is none that anybody could follow by ear.
const COLUMNS: usize = 60;
/// The most rows of heads, one over the other.
const LEVELS: usize = 4;
/// The longest head, in characters.
const HEAD: usize = 20;
/// The most characters of a cell that is a figure.
const FIGURE: usize = 24;

/// The row that `span` holds when its cells are parted by tabs; empty cells at its ends lie outside `span`.
pub(super) fn by_tabs(text: &str, span: Span) -> Row {
    let mut row = Row::default();
    let mut at = span.start;
    let tabs = |chars: &mut dyn Iterator<Item = char>| {
        chars.take_while(|c| matches!(c, '\t' | ' ')).take(COLUMNS).filter(|c| *c == '\t').count()
    };
    let first = tabs(&mut text.get(..span.start).unwrap_or("").chars().rev());
    for (column, cell) in span.of(text).split('\t').enumerate().map(|(n, cell)| (n + first, cell)) {
        if let Some(span) = super::lines::trimmed(text, Span::new(at, at + cell.len())) {
            row.slots.push(Slot { span, column, columns: 1, head: false });
        }
        at += cell.len() + 1;
        row.columns = column + 1;
    }
    row.columns += tabs(&mut text.get(span.end..).unwrap_or("").chars());
    row
}

/// The cells of one table, in order.
pub(super) fn cells(text: &str, rows: &[Row]) -> Vec<Cell> {
    let sane = rows.iter().all(|r| r.columns <= COLUMNS);
    let (from, to) = if sane { head_rows(text, rows) } else { (0, 0) };
    let columns = rows.get(from).map_or(0, |r| r.columns);
    let naming = naming_columns(text, rows, from, to);
    let figures = figure_columns(text, rows, to, columns);
    let mut over: Vec<&Row> = rows.get(from..to).unwrap_or(&[]).iter().collect();
    let mut fresh = true;
    let mut out = Vec::new();
    for (n, row) in rows.iter().enumerate() {
        let is_head = (from..to).contains(&n) || n >= to && row.head && row.slots.len() > 1;
        if is_head && n >= to {
            // A table may have heads again further down.
            if !fresh || over.len() >= LEVELS {
                over.clear();
            }
            over.push(row);
        }
        fresh = is_head;
        let shift = if is_head || n < from { None } else { fit(text, row, columns, &figures) };
        for slot in &row.slots {
            let heads = match shift {
                Some(by) if row.slots.len() > 1 && !slot.head && slot.column + by >= naming => {
                    heads_of(text, &over, slot, slot.column + by)
                }
                _ => Vec::new(),
            };
            out.push(Cell { span: slot.span, heads });
        }
    }
    out
}

fn heads_of(text: &str, over: &[&Row], slot: &Slot, column: usize) -> Vec<Span> {
    let mut heads: Vec<Span> = Vec::new();
    for row in over {
        // A cell that spans several columns has only the head that covers them all.
        let above =
            row.slots.iter().find(|h| h.column <= column && column + slot.columns <= h.column + h.columns);
        if let Some(head) = above.filter(|h| h.span.of(text) != slot.span.of(text))
            && heads.last().is_none_or(|last| last.of(text) != head.span.of(text))
        {
            heads.push(head.span);
        }
    }
    heads
}

/// How far the cells of `row` stand left of their heads. Rows under a cell that spans several rows lack
/// their first cells; pages drop empty ones at the end. Figures tell which.
fn fit(text: &str, row: &Row, columns: usize, figures: &[bool]) -> Option<usize> {
    if row.columns >= columns {
        return (row.columns == columns).then_some(0);
    }
    let agrees = |by: usize| {
        row.slots.iter().filter(|s| figures.get(s.column + by) == Some(&is_figure(s.span.of(text)))).count()
    };
    let (left, right) = (agrees(0), agrees(columns - row.columns));
    match left.cmp(&right) {
        std::cmp::Ordering::Greater => Some(0),
        std::cmp::Ordering::Less => Some(columns - row.columns),
        std::cmp::Ordering::Equal => None,
    }
}

/// Which columns hold figures in most rows.
fn figure_columns(text: &str, rows: &[Row], from: usize, columns: usize) -> Vec<bool> {
    let mut counts = vec![(0usize, 0usize); columns];
    for row in rows.iter().skip(from).filter(|r| r.columns == columns) {
        for slot in &row.slots {
            if let Some((figures, all)) = counts.get_mut(slot.column) {
                *all += 1;
                *figures += usize::from(is_figure(slot.span.of(text)));
            }
        }
    }
    counts.iter().map(|&(figures, all)| figures * 2 > all).collect()
}

/// The range of the head rows; empty when none is known.
fn head_rows(text: &str, rows: &[Row]) -> (usize, usize) {
    let marked = rows.iter().position(|r| r.head && r.slots.len() > 1);
    if let Some(from) = marked.filter(|&n| n <= 2) {
        let to = from + rows.iter().skip(from).take_while(|r| r.head).count();
        return if to < rows.len() { (from, to) } else { (0, 0) };
    }
    // A row of one cell above the heads is the name of the table.
    let Some(from) = rows.iter().take(3).position(|r| r.slots.len() > 1) else { return (0, 0) };
    let (Some(first), Some(below)) = (rows.get(from), rows.get(from + 1..)) else { return (0, 0) };
    if !reads_like_heads(text, first, below) {
        return (0, 0);
    }
    // 2024年 over 户数 and 金额.
    let grouped = first.slots.iter().any(|s| s.columns > 1);
    let second = below.first().filter(|r| grouped && r.slots.iter().all(|s| may_head(text, s)));
    let to = from + 1 + usize::from(second.is_some());
    if to < rows.len() { (from, to) } else { (0, 0) }
}

fn may_head(text: &str, slot: &Slot) -> bool {
    let head = slot.span.of(text);
    let chars = head.chars().take(HEAD + 1).count();
    chars <= HEAD && (!is_figure(head) || is_year(head)) && !head.contains(['。', ';', '；', '，', ','])
}

/// Most cells are words that name columns, or every column but the first holds nothing but figures.
fn reads_like_heads(text: &str, row: &Row, below: &[Row]) -> bool {
    if below.is_empty() || !row.slots.iter().all(|s| may_head(text, s)) {
        return false;
    }
    let named = row.slots.iter().filter(|s| names_column(s.span.of(text))).count();
    if named * 3 >= row.slots.len() * 2 {
        return true;
    }
    let figures = |r: &Row| r.slots.iter().filter(|s| s.column > 0).all(|s| is_figure(s.span.of(text)));
    row.columns >= 3
        && below.len() >= 2
        && !row.slots.iter().any(|s| is_figure(s.span.of(text)))
        && below.iter().all(|r| r.columns == row.columns && figures(r))
}

/// How many columns name the row: the first, and after a running number the second.
fn naming_columns(text: &str, rows: &[Row], from: usize, to: usize) -> usize {
    let heads = rows.get(from..to).unwrap_or(&[]);
    let first = heads.iter().flat_map(|r| &r.slots).find(|s| s.column == 0);
    let serial = first.map(|s| bare(s.span.of(text))).is_some_and(|head| {
        matches!(head.as_str(), "序号" | "编号" | "序" | "号" | "项次" | "No" | "No." | "NO" | "NO.")
    });
    let firsts = || rows.iter().skip(to).filter_map(|r| r.slots.first()).filter(|s| s.column == 0);
    let counted = firsts().count() > 1
        && firsts().enumerate().all(|(n, s)| s.span.of(text).parse::<usize>().is_ok_and(|v| v == n + 1));
    1 + usize::from(serial || counted)
}

fn bare(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// 98, ≥95, 3.5—4, 0475-1234567, 3月1日, 2024年: begins with a digit, and is short.
pub(crate) fn is_figure(text: &str) -> bool {
    let marks = ['≥', '≤', '>', '<', '＞', '＜', '约', '¥', '￥', '-', '－', '+', '±', '第'];
    let rest = text.trim_start_matches(marks).trim_start();
    rest.starts_with(|c: char| c.is_ascii_digit() || ('０'..='９').contains(&c))
        && text.chars().take(FIGURE + 1).count() <= FIGURE
}

/// 2024年, 2024: stands over a column as often as in it.
fn is_year(text: &str) -> bool {
    let digits = text.trim().trim_end_matches(['年', '度']);
    digits.len() == 4
        && (digits.starts_with("19") || digits.starts_with("20"))
        && digits.parse::<u16>().is_ok()
}

/// Whether `text` ends as the heads of columns do: 单位名称, 金额(万元), 2024年.
fn names_column(text: &str) -> bool {
    let head = bare(text);
    let inner = head.strip_suffix([')', '）']).and_then(|h| h.rsplit_once(['(', '（'])).map(|(name, _)| name);
    let name = inner.unwrap_or(&head);
    is_year(name)
        || inner.is_some_and(|n| n.chars().any(shape::is_han))
        || NAMES.iter().any(|n| name.ends_with(n))
}

/// Whether all of `word` is a word that names columns.
pub(crate) fn is_head_word(word: &str) -> bool {
    NAMES.contains(&word)
}

/// Words that name columns.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let lines = include_str!("table_heads.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

/// A table that was flattened to one cell a line: only a figure under the one head with a unit can be told.
pub(super) fn flattened(text: &str, lines: &[Span]) -> Vec<Cell> {
    const HEADS: usize = 12;
    let is_number =
        |s: &Span| s.of(text).chars().all(|c| c.is_ascii_digit() || c == '.') && is_figure(s.of(text));
    let Some(first) = lines.iter().position(is_number) else { return Vec::new() };
    let with_unit = |s: &&Span| {
        let head = s.of(text);
        head.ends_with([')', '）']) && names_column(head) && head.chars().take(HEAD + 1).count() <= HEAD
    };
    let mut heads = lines.iter().take(first.min(HEADS)).filter(with_unit);
    let (Some(&head), None) = (heads.next(), heads.next()) else { return Vec::new() };
    let figures = lines.iter().skip(first).filter(|s| is_number(s));
    figures.map(|&span| Cell { span, heads: vec![head] }).collect()
}

#[cfg(test)]
mod tests {
    use crate::notice::{Document, Format, Limits, read};

    /// Each cell with its heads before it: `姓名:张三`.
    fn shown(document: &Document) -> Vec<String> {
        let text = &document.text;
        let cell = |c: &super::Cell| {
            let heads: Vec<&str> = c.heads.iter().map(|h| h.of(text)).collect();
            format!("{}{}{}", heads.join("/"), if heads.is_empty() { "" } else { ":" }, c.span.of(text))
        };
        document.cells.iter().map(cell).collect()
    }

    #[test]
    fn cells_know_their_heads() {
        let mut wrong = Vec::new();
        let cases = include_str!("table.cases.txt");
        for case in cases.split("=====\n").filter(|c| !c.trim().is_empty()) {
            let lines = || case.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
            let (want, text): (Vec<&str>, Vec<&str>) = lines().partition(|l| l.starts_with("=> "));
            let (text, want) = (text.join("\n"), want.join(" ").replace("=> ", ""));
            let format = if text.starts_with('<') { Format::Html } else { Format::Text };
            let (document, _) = read(&text.replace(" | ", "\t"), format, &Limits::default())
                .unwrap_or_else(|e| panic!("{e}"));
            if shown(&document).join(" ") != want {
                wrong.push(format!("want {want}\nhave {}", shown(&document).join(" ")));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
