//! Which document of a page a row belongs to: pages and gazettes hold several notices after another.

use super::{BlockKind, Skip, blocks::Row, titles};

/// The document number, from 0, of every row.
///
/// A new document begins after a page date that closes one, at a title and document number, and at the
/// label of a gazette, provided that the document before it has a body.
pub(super) fn number(rows: &mut [Row]) -> Vec<usize> {
    let mut parts = Vec::with_capacity(rows.len());
    let mut part = 0;
    let mut body = false;
    let mut closed = false;
    for (n, row) in rows.iter().enumerate() {
        let begins = match row.kind {
            BlockKind::Furniture => false,
            _ if closed => true,
            BlockKind::Title | BlockKind::DocumentNumber => opens_document(rows, n),
            BlockKind::Heading => row.marker.is_none() && titles::is_label(row.text),
            _ => false,
        };
        if begins && body {
            part += 1;
            body = false;
        }
        if row.kind != BlockKind::Furniture {
            closed = false;
        }
        closed |= row.skip == Some(Skip::PageDate) && body;
        body |= matches!(
            row.kind,
            BlockKind::Paragraph | BlockKind::ListItem | BlockKind::TableRow | BlockKind::Salutation
        );
        parts.push(part);
    }
    parts
}

/// Whether the titles and numbers from `at` open a document rather than its annex: a document number is
/// among them, or a salutation follows.
fn opens_document(rows: &[Row], at: usize) -> bool {
    let heads = |k: BlockKind| matches!(k, BlockKind::Title | BlockKind::DocumentNumber);
    let run = rows.iter().skip(at).take(8).take_while(|r| heads(r.kind)).count();
    let numbered = rows.iter().skip(at).take(run).any(|r| r.kind == BlockKind::DocumentNumber);
    let addressed = rows.get(at + run).is_some_and(|r| r.kind == BlockKind::Salutation);
    numbered || addressed
}
