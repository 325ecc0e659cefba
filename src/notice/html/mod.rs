//! HTML to readable text.
//!
//! 1. The page is tokenized as the HTML standard says, and its elements listed in order.
//! 2. The notice is found on the page.
//! 3. Its text is written line by line, every character with its place in the submission.

mod amounts;
mod around;
mod entities;
mod flat;
mod grid;
mod items;
mod main_text;
mod page;
mod tags;
#[cfg(test)]
mod tests;

use super::{lines::Line, source_map::SourceMap, table::Cell};
use crate::note::Note;

/// What was found in a page.
pub(super) struct Read {
    /// The text of the notice.
    pub(super) text: String,
    /// Its lines.
    pub(super) lines: Vec<Line>,
    /// The cells of its tables.
    pub(super) cells: Vec<Cell>,
    /// The way back to the submission.
    pub(super) map: SourceMap,
    /// What was odd.
    pub(super) notes: Vec<Note>,
}

/// Reads the notice in `source`.
pub(super) fn read(source: &str) -> Read {
    let (page, notes) = page::read(source);
    let amounts = amounts::Amounts::new(&page);
    let found = main_text::find(&page, &amounts);
    let flat = flat::flatten(&page, source, &found, &amounts, !page.tagged);
    Read { text: flat.text, lines: flat.lines, cells: flat.cells, map: flat.map, notes }
}
