//! A table row as it is read: every cell after the head of its column, units beside their figures.
//!
//! 1. The row is composed as a careful reader would write it out: 张三，职务，科长，金额(万元)12.5.
//! 2. That text gets its spoken form as any other; a unit in brackets moves to the figure there.
//! 3. The tokens are put back on the cells: what was added for the ear has an empty span at the start of
//!    its cell, so that tokens still cover the sentence.

use crate::{
    note::Note,
    notice::{BlockKind, Cell, Document},
    segment::Sentence,
    span::Span,
    spoken::{self, Class, Spoken},
};

/// The longest unit, in characters.
const UNIT: usize = 8;

/// A row written out.
pub(super) struct Composed {
    text: String,
    pieces: Vec<Piece>,
    /// Length of the sentence.
    len: usize,
}

/// Part of a row written out.
struct Piece {
    /// One past its last byte.
    end: usize,
    /// Where it ends in the sentence.
    source: usize,
    /// Whether it stands in the sentence; otherwise it was added there.
    written: bool,
}

/// Writes out `sentence` if it is a row in which something is to be added or moved.
pub(super) fn compose(document: &Document, sentence: &Sentence) -> Option<Composed> {
    if sentence.kind != BlockKind::TableRow {
        return None;
    }
    let cells = document.cells_in(sentence.span);
    let text = |span: Span| span.of(&document.text);
    // 2024 in a row of heads is a year.
    let figure =
        |cell: &Cell| is_figure(text(cell.span)) && !(cell.heads.is_empty() && is_year(text(cell.span)));
    let mut row = Writer {
        document,
        at: sentence.span.start,
        from: sentence.span.start,
        out: Composed::new(sentence.span.len()),
    };
    // The unit that the name of the row, or a cell of its own, gives to the figures after it.
    let mut unit: Option<String> = None;
    // Whether a cell of its own gave it: 台 counts what the next cell says, and no price after that.
    let mut from_column = false;
    for (n, cell) in cells.iter().enumerate() {
        let figures_follow = cells.get(n + 1..).is_some_and(|rest| rest.iter().any(figure));
        let head: String = cell.heads.iter().map(|&head| text(head).trim()).collect();
        let next_takes = |unit: &str| {
            let next = cells.get(n + 1).filter(|next| figure(next));
            next.is_some_and(|next| {
                takes(&next.heads.iter().map(|&h| text(h).trim()).collect::<String>(), unit)
            })
        };
        if is_unit_head(&head) && is_unit(text(cell.span)) && next_takes(text(cell.span)) {
            from_column = true;
            unit = Some(text(cell.span).to_owned());
            continue;
        }
        if cell.heads.is_empty()
            && figures_follow
            && let Some((name, inner)) = bracketed(text(cell.span)).filter(|(_, inner)| is_unit(inner))
        {
            row.gap(cell.span.start);
            row.write(cell.span.start + name.len());
            unit = Some(inner.to_owned());
            from_column = false;
            continue;
        }
        let figure = figure(cell);
        let left_out = Span::new(row.at, cell.span.start);
        if unit.is_some() && figure && !text(left_out).trim().is_empty() {
            // What was left out belongs to the figure that takes it.
            row.at = cell.span.start;
            if !head.is_empty() {
                row.add("，");
            }
        } else {
            row.gap(cell.span.start);
        }
        let taken = unit.as_deref().filter(|unit| !from_column || takes(&head, unit));
        let after = row.head(cell, &head, text(cell.span), figure, taken);
        if let Some(after) = after {
            row.write(cell.span.start + amount(text(cell.span)).unwrap_or(cell.span.len()));
            row.add(after);
        }
        row.write(cell.span.end);
        if from_column && figure && !is_year_head(&head) && unit.as_deref().is_some_and(|u| !u.contains('元'))
        {
            unit = None;
        }
    }
    row.write(sentence.span.end);
    let changed = row.out.pieces.iter().any(|piece| !piece.written);
    changed.then_some(row.out)
}

struct Writer<'d> {
    document: &'d Document,
    /// How far the document has been written out.
    at: usize,
    /// Where the sentence begins.
    from: usize,
    out: Composed,
}

impl Writer<'_> {
    /// What stands before a cell, up to `to`; the tab between cells is a pause.
    fn gap(&mut self, to: usize) {
        if Span::new(self.at, to).of(&self.document.text).trim().is_empty() && self.at < to {
            self.at = to;
            self.add("，");
        } else {
            self.write(to);
        }
    }

    /// The document up to `to`.
    fn write(&mut self, to: usize) {
        let words = Span::new(self.at, to.max(self.at)).of(&self.document.text);
        self.at = to.max(self.at);
        self.out.push(words, self.at - self.from, true);
    }

    /// Words that are said here and written elsewhere.
    fn add(&mut self, words: &str) {
        self.out.push(words, self.at - self.from, false);
    }

    /// The head of a cell, with the unit of a figure right before it; a unit of several, and that of a range
    /// or of 5万, is said after the figure, and given back.
    fn head<'a>(
        &mut self,
        cell: &Cell,
        head: &'a str,
        text: &str,
        figure: bool,
        unit: Option<&'a str>,
    ) -> Option<&'a str> {
        let whole = head;
        let (name, unit) = match bracketed(head).filter(|(_, inner)| is_unit(inner)) {
            Some((name, inner)) => (name, Some(inner)),
            None => (head, unit),
        };
        let large = |c: char| matches!(c, '万' | '亿');
        let counted =
            amount(text).is_some() && !unit.is_some_and(|u| u.starts_with(large) && text.contains(large));
        // 不超过300: the unit stays in the head, unless the cell has it.
        let stays = !figure
            && !counted
            && text.contains(|c: char| c.is_ascii_digit())
            && unit.is_some_and(|unit| !text.contains(unit));
        let unit = unit.filter(|_| figure || counted);
        let before = unit.filter(|unit| figure && leads(unit) && !is_range(text) && !is_frost(text, unit));
        if !cell.heads.is_empty() {
            self.add(if stays { whole } else { name });
            self.add(if before.is_none() { "，" } else { "" });
        }
        if let Some(unit) = before {
            self.add(&format!("({unit})"));
        }
        unit.filter(|_| before.is_none())
    }
}

impl Composed {
    fn new(len: usize) -> Self {
        Self { text: String::new(), pieces: Vec::new(), len }
    }

    fn push(&mut self, words: &str, source: usize, written: bool) {
        if !words.is_empty() {
            self.text.push_str(words);
            self.pieces.push(Piece { end: self.text.len(), source, written });
        }
    }

    /// The row written out.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Puts tokens and notes of [`Composed::text`] back on the sentence.
    pub(super) fn restore(&self, spoken: &mut Spoken, notes: &mut [Note]) {
        let mut at = 0;
        for token in &mut spoken.tokens {
            let end = self.source(token.span.end).max(at);
            token.span = Span::new(at, end);
            at = end;
        }
        if let Some(last) = spoken.tokens.last_mut() {
            last.span.end = self.len;
        }
        for note in notes {
            let start = self.source(note.span.start);
            note.span = Span::new(start, self.source(note.span.end).max(start));
        }
    }

    /// Where a place of the text stands in the sentence.
    fn source(&self, at: usize) -> usize {
        let piece = self.pieces.partition_point(|piece| piece.end < at);
        self.pieces.get(piece).map_or(self.len, |piece| {
            if piece.written { piece.source - (piece.end - at).min(piece.source) } else { piece.source }
        })
    }
}

/// 金额(万元): name and what the bracket at its end holds.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (name, inner) = text.trim_end().strip_suffix([')', '）'])?.rsplit_once(['(', '（'])?;
    (!name.trim().is_empty() && !inner.is_empty() && inner.chars().take(UNIT + 1).count() <= UNIT)
        .then_some((name, inner))
}

fn is_unit_head(head: &str) -> bool {
    let head: String = head.chars().filter(|c| !c.is_whitespace()).collect();
    matches!(head.as_str(), "单位" | "计量单位" | "计价单位" | "收费单位")
}

/// Whether a figure takes `unit` along: one expression is heard.
fn is_unit(unit: &str) -> bool {
    !unit.trim().is_empty() && unit.chars().take(UNIT + 1).count() <= UNIT && (leads(unit) || follows(unit))
}

/// (万元)1: whether the unit may stand in brackets before its figure, so that one expression is heard.
fn leads(unit: &str) -> bool {
    let (spoken, _) = spoken::speak(&format!("值({unit})1"), &spoken::Options::default());
    let mut heard = spoken.tokens.iter().skip(1).filter(|token| !token.said.is_empty());
    matches!((heard.next(), heard.next()), (Some(token), None) if token.class != Class::Plain)
}

/// 元/立方米: a unit for each of another stands after its figure.
fn follows(unit: &str) -> bool {
    unit.split_once('/').is_some_and(|(unit, each)| !each.is_empty() && leads(unit))
}

/// 98, ≥95, 3.5—4: begins with a digit after marks, and holds no further word than a unit.
fn is_figure(text: &str) -> bool {
    let marks = ['≥', '≤', '>', '<', '＞', '＜', '约', '-', '－', '+', '±'];
    let rest = text.trim().trim_start_matches(marks);
    let tail = rest.trim_start_matches(|c: char| {
        c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '—' | '–' | '~' | '～' | '至' | ' ')
    });
    rest.starts_with(|c: char| c.is_ascii_digit())
        && matches!(tail, "" | "以上" | "以下" | "左右" | "以内" | "多" | "余")
}

/// 5万, 1,200（含税）: where the number ends in a cell that says more than a figure.
fn amount(text: &str) -> Option<usize> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','));
    let number = text.strip_suffix(rest).filter(|n| n.starts_with(|c: char| c.is_ascii_digit()))?;
    let after = rest.trim_start_matches(['万', '亿']);
    let large = !rest.is_empty() && after.len() < rest.len();
    (after.is_empty() && large || after.starts_with(['(', '（']))
        .then_some(number.len() + rest.len() - after.len())
}

/// 18-50, 100~120.
fn is_range(text: &str) -> bool {
    let inner = text.trim().trim_start_matches(|c: char| !c.is_ascii_digit());
    inner.contains(['-', '—', '–', '~', '～', '至'])
}

/// -12 in ℃.
fn is_frost(text: &str, unit: &str) -> bool {
    unit == "℃" && text.trim().starts_with(['-', '－'])
}

/// Whether a figure under `head` is counted in a `unit` that a column of its own gives: 数量 in 台, 价格 in 元.
fn takes(head: &str, unit: &str) -> bool {
    let name = bracketed(head).map_or(head, |(name, _)| name);
    if name.contains(['%', '％', '率', '幅', '比']) {
        return false;
    }
    if is_year_head(name) {
        return true;
    }
    if unit.contains('元') {
        return ["价", "费", "金额", "标准", "收入", "投资"].iter().any(|word| name.contains(word));
    }
    !name.contains(['价', '费', '额'])
        && ["数", "量", "面积", "长度", "规模"].iter().any(|word| name.ends_with(word))
}

fn is_year_head(head: &str) -> bool {
    is_year(head.trim_end_matches(['年', '度']))
}

fn is_year(text: &str) -> bool {
    text.len() == 4
        && (text.starts_with("19") || text.starts_with("20"))
        && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::{
        notice::{Format, Limits, read},
        plan::{Settings, plan},
    };

    #[test]
    fn rows_are_read_with_their_heads() {
        let mut wrong = Vec::new();
        let cases = include_str!("row.cases.txt");
        for case in cases.split("=====\n").filter(|c| !c.trim().is_empty()) {
            let lines = || case.lines().filter(|l| !l.starts_with('#') && !l.is_empty());
            let (want, written): (Vec<&str>, Vec<&str>) = lines().partition(|l| l.starts_with("=> "));
            let text = written.join("\n").replace(" | ", "\t").replace("||", "\t\t");
            let format = if text.starts_with('<') { Format::Html } else { Format::Text };
            let (document, _) = read(&text, format, &Limits::default()).unwrap();
            let (plan, _) = plan(&document, &Settings::default());
            let said: Vec<String> =
                plan.sentences.iter().map(|p| format!("=> {}", p.spoken.text())).collect();
            if said != want {
                wrong.push(format!("want {}\nhave {}", want.join("\n"), said.join("\n")));
            }
            for planned in &plan.sentences {
                let mut at = planned.sentence.span.start;
                for token in &planned.spoken.tokens {
                    assert_eq!(token.span.start, at);
                    assert!(document.text.is_char_boundary(token.span.end));
                    at = token.span.end;
                }
                assert_eq!(at, planned.sentence.span.end);
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
