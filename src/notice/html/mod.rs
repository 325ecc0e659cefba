//! HTML to readable text.
//!
//! 1. The page is tokenized as the HTML standard says, and its elements listed in order.
//! 2. The notice is found on the page.
//! 3. Its text is written line by line, every character with its place in the submission.

mod amounts;
mod around;
mod entities;
mod flat;
mod main_text;
mod page;
mod tags;

use super::{lines::Line, source_map::SourceMap};
use crate::note::Note;

/// The text of the notice in `source`, its lines, and the way back.
pub(super) fn read(source: &str) -> (String, Vec<Line>, SourceMap, Vec<Note>) {
    let (page, notes) = page::read(source);
    let amounts = amounts::Amounts::new(&page);
    let found = main_text::find(&page, &amounts);
    let flat = flat::flatten(&page, source, &found, &amounts, !page.tagged);
    (flat.text, flat.lines, flat.map, notes)
}
