//! Lines that were broken in the middle of a sentence, joined again: pasted mail and documents break at a
//! fixed width, pages with `br` wherever it looked well.
//!
//! 1. Some breaks cannot stand where they are: after a comma, inside brackets or a date, within a
//!    telephone number.
//! 2. In text broken at a fixed width, a line that is full and does not end a sentence goes on.

use super::{
    BlockKind, furniture,
    lines::{self, Line},
    marker::marker,
    shape,
};

/// The least and greatest width of broken text, in half-width columns: 18 to 55 Han characters.
const WIDTH: std::ops::RangeInclusive<usize> = 36..=110;
/// A full line lacks no more columns than these.
const SLACK: usize = 3;
/// As many full lines make text broken at a fixed width.
const FULL: usize = 2;
/// The most lines that are joined to one.
const MOST: usize = 60;

/// Joins what was broken.
pub(super) fn join(text: &str, lines: Vec<Line>) -> Vec<Line> {
    let full = fixed_width(text, &lines);
    let mut out: Vec<Line> = Vec::with_capacity(lines.len());
    let mut joined = 0;
    let mut last: Option<(Line, bool)> = None;
    for line in lines {
        let furniture = furniture::furniture(line.span.of(text)).is_some();
        let goes_on = last.is_some_and(|(last, before)| {
            !before && !furniture && joined < MOST && goes_on(text, &last, &line, full)
        });
        match out.last_mut().filter(|_| goes_on) {
            Some(before) => {
                before.span = before.span.join(line.span);
                joined += 1;
            }
            None => {
                out.push(line);
                joined = 0;
            }
        }
        last = Some((line, furniture));
    }
    out
}

/// Whether `line` goes on with the line `above` it.
fn goes_on(text: &str, above: &Line, line: &Line, full: Option<usize>) -> bool {
    let plain = |l: &Line| l.skip.is_none() && matches!(l.kind, None | Some(BlockKind::Paragraph));
    let (before, after) = (above.span.of(text), line.span.of(text));
    if !plain(above) || !plain(line) || before.contains('\t') || after.contains('\t') {
        return false;
    }
    // A blank line parts, and so does a line that is something of its own.
    let between = text.get(above.span.end..line.span.start).unwrap_or("");
    if between.matches(lines::is_line_break).count() > between.matches("\r\n").count() + 1
        || shape::attachment_label(after).is_some()
    {
        return false;
    }
    if in_number(before, after) {
        return true;
    }
    if marker(after).is_some() || shape::date(after).is_some() {
        return false;
    }
    let Some(first) = after.chars().next() else { return false };
    let Some(end) = before.chars().next_back() else { return false };
    let torn = matches!(end, '、' | ',' | '，') && before.chars().count() > 6
        || "，,。、；;：）)》”〕%".contains(first)
        || ["（以下简称", "(以下简称"].iter().any(|w| after.starts_with(w))
        || [('《', '》'), ('（', '）'), ('(', ')'), ('“', '”')]
            .iter()
            .any(|&p| in_brackets(before, after, p));
    torn || full.is_some_and(|width| {
        let indented = between.chars().rev().take_while(|c| c.is_whitespace() && !lines::is_line_break(*c));
        columns(text, above) + SLACK >= width
            && !matches!(end, '。' | '；' | ';' | '：' | ':' | '！' | '!' | '？' | '?')
            && indented.count() < 2
    })
}

/// 《供水管网|改造方案》: what the line above opens, this one closes.
fn in_brackets(before: &str, after: &str, (open, close): (char, char)) -> bool {
    let opened = before.rfind(open) > before.rfind(close);
    let closed = after.find(close).is_some_and(|at| after.find([open, '。']).is_none_or(|other| at < other));
    opened && closed
}

/// 2024年6月|12日, 0475-|1234567: a break inside a date or telephone number.
fn in_number(before: &str, after: &str) -> bool {
    let digits = after.bytes().take(9).take_while(u8::is_ascii_digit).count();
    let unit = after.get(digits..).and_then(|rest| rest.chars().next());
    let mut back = before.chars().rev();
    let (end, then) = (back.next(), back.next());
    let counted = then.is_some_and(|c| c.is_ascii_digit());
    let date = match end {
        Some('年') => unit == Some('月'),
        Some('月') => unit == Some('日'),
        _ => false,
    };
    let dashed = matches!(end, Some('-' | '—' | '－')) && (7..=8).contains(&digits);
    let cut = end.is_some_and(|c| c.is_ascii_digit())
        && digits == 0
        && after.starts_with(['年', '月', '日', '时', '元'])
        && before.chars().count() > 8;
    digits > 0 && counted && (date || dashed) || cut
}

/// The width at which the text was broken, if it was: several lines are full without ending a sentence.
fn fixed_width(text: &str, lines: &[Line]) -> Option<usize> {
    let widths = || lines.iter().filter(|l| l.kind.is_none()).map(|l| (columns(text, l), l));
    let width = widths().map(|(w, _)| w).max().filter(|w| WIDTH.contains(w))?;
    let full = widths().filter(|(w, _)| w + SLACK >= width);
    let open = full.filter(|(_, l)| l.span.of(text).ends_with(|c: char| c.is_alphanumeric() || c == '，'));
    (open.count() >= FULL).then_some(width)
}

/// Columns of a line with its indentation: a Han character takes two.
fn columns(text: &str, line: &Line) -> usize {
    let indent: usize = text
        .get(..line.span.start)
        .unwrap_or("")
        .chars()
        .rev()
        .take(60)
        .take_while(|c| c.is_whitespace() && !lines::is_line_break(*c))
        .map(wide)
        .sum();
    let limit = *WIDTH.end() + 1;
    indent + line.span.of(text).chars().take(limit).map(wide).sum::<usize>()
}

fn wide(c: char) -> usize {
    if c.is_ascii() || c == '\u{a0}' { 1 } else { 2 }
}
