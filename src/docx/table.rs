//! Tables: rows of cells, of which some take several columns, and some go on into the rows below.

/// A table that is being read.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug, Default)]
struct Row {
    /// Whether it is a heading.
    head: bool,
    cells: Vec<Cell>,
}

/// A cell.
#[derive(Debug)]
struct Cell {
    columns: u16,
    merge: Merge,
    html: String,
}

/// What a cell has to do with the one above it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Merge {
    /// Nothing.
    #[default]
    Alone,
    /// It is the first of several.
    First,
    /// It goes on.
    Further,
}

impl Table {
    pub(super) fn begin_row(&mut self) {
        self.rows.push(Row::default());
    }

    pub(super) fn begin_cell(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.cells.push(Cell { columns: 1, merge: Merge::Alone, html: String::new() });
        }
    }

    /// Takes what an element of the properties of a row or cell says; `on` is its value as a switch.
    pub(super) fn take(&mut self, name: &str, value: Option<&str>, on: bool) {
        let Some(row) = self.rows.last_mut() else { return };
        let cell = row.cells.last_mut();
        match (name, cell) {
            ("tblHeader", None) => row.head = on,
            ("gridSpan", Some(cell)) => {
                cell.columns = value.and_then(|columns| columns.parse().ok()).unwrap_or(1).max(1);
            }
            ("vMerge", Some(cell)) => {
                cell.merge = if value == Some("restart") { Merge::First } else { Merge::Further };
            }
            _ => {}
        }
    }

    /// Gives the last cell its content.
    pub(super) fn end_cell(&mut self, html: String) {
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.cells.last_mut()) {
            cell.html = html;
        }
    }

    /// The table: a row a line.
    pub(super) fn html(&self) -> String {
        let mut out = String::from("<table>\n");
        for (at, row) in self.rows.iter().enumerate() {
            let name = if row.head { "th" } else { "td" };
            out.push_str("<tr>");
            let mut column = 0;
            for cell in &row.cells {
                if cell.merge != Merge::Further {
                    let rows = if cell.merge == Merge::First { self.rows_from(at, column) } else { 1 };
                    let columns = usize::from(cell.columns);
                    out.push_str(&format!("<{name}"));
                    for (attribute, number) in [("colspan", columns), ("rowspan", rows)] {
                        if number > 1 {
                            out.push_str(&format!(" {attribute}=\"{number}\""));
                        }
                    }
                    out.push_str(&format!(">{}</{name}>", cell.html));
                }
                column += u32::from(cell.columns);
            }
            out.push_str("</tr>\n");
        }
        out + "</table>\n"
    }

    /// Over how many rows the cell of row `at` that begins with `column` goes.
    fn rows_from(&self, at: usize, column: u32) -> usize {
        let goes_on = |row: &&Row| {
            let mut begin = 0;
            let cell = row.cells.iter().find(|cell| {
                begin += u32::from(cell.columns);
                begin > column
            });
            cell.is_some_and(|cell| cell.merge == Merge::Further)
        };
        1 + self.rows.iter().skip(at + 1).take_while(goes_on).count()
    }
}
