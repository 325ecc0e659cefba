//! The slots of a table in markup, as `colspan` and `rowspan` lay them out (HTML Living Standard, 4.9.12).

use super::page::Element;
use crate::{
    notice::table::{Row, Slot},
    span::Span,
};

/// The most columns and rows that one cell spans.
const SPAN: usize = 60;
/// The most columns that are laid out.
const COLUMNS: usize = 200;

/// One table as far as it has been read.
#[derive(Default)]
pub(super) struct Grid {
    pub(super) rows: Vec<Row>,
    /// For each column, how many rows below this one a cell from above still fills.
    filled: Vec<usize>,
    /// The next column of this row.
    column: usize,
    /// Whether the rows stand in `thead`.
    in_head: bool,
    open: Option<Slot>,
}

impl Grid {
    /// `thead`, `tbody`, `tfoot` or `tr`.
    pub(super) fn part(&mut self, tag: &str) {
        match tag {
            "thead" => self.in_head = true,
            "tbody" | "tfoot" => self.in_head = false,
            "tr" => {
                if !self.rows.is_empty() {
                    self.filled.iter_mut().for_each(|left| *left = left.saturating_sub(1));
                }
                self.column = 0;
                self.rows.push(Row { head: self.in_head, ..Row::default() });
            }
            _ => {}
        }
    }

    /// `thead` ends; the rows after it may have no `tbody`.
    pub(super) fn end_head(&mut self) {
        self.in_head = false;
    }

    /// A cell begins.
    pub(super) fn cell(&mut self, e: &Element) {
        let number = |key: &str| e.number(key).map_or(1, |n| usize::try_from(n).unwrap_or(1)).clamp(1, SPAN);
        let (columns, rows) = (number("colspan"), number("rowspan"));
        while self.filled.get(self.column).is_some_and(|left| *left > 0) {
            self.column += 1;
        }
        let column = self.column;
        self.column += columns;
        if self.column <= COLUMNS {
            self.filled.resize(self.filled.len().max(self.column), 0);
            self.filled.iter_mut().skip(column).take(columns).for_each(|left| *left = rows);
        }
        self.open = Some(Slot { span: Span::default(), column, columns, head: e.tag == "th" });
    }

    /// The cell that was begun holds `span`; none when it is empty.
    pub(super) fn close(&mut self, span: Option<Span>) {
        let (Some(slot), Some(row)) = (self.open.take(), self.rows.last_mut()) else { return };
        row.columns = row.columns.max(self.filled.len()).max(self.column);
        if let Some(span) = span {
            row.slots.push(Slot { span, ..slot });
        }
    }

    /// The rows, those of nothing but heads marked as heads.
    pub(super) fn finish(mut self) -> Vec<Row> {
        let columns = self.filled.len();
        for row in &mut self.rows {
            row.columns = row.columns.max(columns);
            row.head |= row.slots.len() > 1 && row.slots.iter().all(|s| s.head);
        }
        self.rows
    }
}
