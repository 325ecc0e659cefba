//! How long the silence after an utterance is: by its last mark, by what it belongs to, by speed.
//!
//! The lengths stand in `pauses.tsv`, in milliseconds. A clip also has margins of its own ([`crate::audio::BEFORE`],
//! [`crate::audio::AFTER`]), the same for all: what is heard between two utterances is the silence of the table and
//! these. A row that does not parse is passed over here and fails a test below.

use std::{sync::LazyLock, time::Duration};

use super::{cut::Piece, key::Speed};
use crate::{
    notice::BlockKind,
    reading::{Mark, Voiced},
};

/// The silence after `piece`.
///
/// The longer of what its last mark asks for and, at the end of a sentence, what the kind of the
/// sentence asks for; divided by the speed, because a faster reader also breathes faster.
pub(super) fn after(piece: &Piece, kind: BlockKind, last_of_block: bool, speed: Speed) -> Duration {
    let mark = match piece.sounds.last().map(|sound| sound.voiced) {
        Some(Voiced::Pause(mark)) => of_table(Place::Mark, name_of_mark(mark)),
        _ => of_table(Place::Mark, "none"),
    };
    let of_kind = |place: Place, asked: bool| if asked { of_table(place, name_of_kind(kind)) } else { 0 };
    let sentence = of_kind(Place::Sentence, piece.ends_sentence);
    let block = of_kind(Place::Block, piece.ends_sentence && last_of_block);
    Duration::from_millis((mark.max(sentence).max(block) as f32 / speed.factor()).round() as u64)
}

/// Where a row of the table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// After a mark.
    Mark,
    /// At the end of a sentence.
    Sentence,
    /// At the end of a block.
    Block,
}

/// Where, what, milliseconds.
type Row = (Place, &'static str, u64);

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| rows().filter_map(row).collect());

fn rows() -> impl Iterator<Item = &'static str> {
    include_str!("pauses.tsv").lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn row(line: &'static str) -> Option<Row> {
    let mut columns = line.split('\t');
    let place = match columns.next()? {
        "mark" => Place::Mark,
        "sentence" => Place::Sentence,
        "block" => Place::Block,
        _ => return None,
    };
    let row = (place, columns.next()?, columns.next()?.parse().ok()?);
    columns.next().is_none().then_some(row)
}

/// Milliseconds; 0 where the table has no row.
fn of_table(place: Place, what: &str) -> u64 {
    let row = TABLE.iter().find(|(at, name, _)| *at == place && *name == what);
    row.map_or(0, |(_, _, milliseconds)| *milliseconds)
}

fn name_of_mark(mark: Mark) -> &'static str {
    match mark {
        Mark::Enumeration => "enumeration",
        Mark::Comma => "comma",
        Mark::Colon => "colon",
        Mark::Semicolon => "semicolon",
        Mark::Stop => "stop",
        Mark::Question => "question",
        Mark::Exclamation => "exclamation",
    }
}

/// As it is written in JSON answers.
fn name_of_kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Title => "title",
        BlockKind::DocumentNumber => "document_number",
        BlockKind::Salutation => "salutation",
        BlockKind::Heading => "heading",
        BlockKind::Paragraph => "paragraph",
        BlockKind::ListItem => "list_item",
        BlockKind::TableRow => "table_row",
        BlockKind::Signature => "signature",
        BlockKind::Date => "date",
        BlockKind::Attachment => "attachment",
        BlockKind::Responsibility => "responsibility",
        BlockKind::Furniture => "furniture",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::HashSet;

    use super::*;
    use crate::{
        reading::{Boundary, Sound, Source, Syllable},
        span::Span,
    };

    const MARKS: [Mark; 7] = [
        Mark::Enumeration,
        Mark::Comma,
        Mark::Colon,
        Mark::Semicolon,
        Mark::Stop,
        Mark::Question,
        Mark::Exclamation,
    ];

    const KINDS: [BlockKind; 12] = [
        BlockKind::Title,
        BlockKind::DocumentNumber,
        BlockKind::Salutation,
        BlockKind::Heading,
        BlockKind::Paragraph,
        BlockKind::ListItem,
        BlockKind::TableRow,
        BlockKind::Signature,
        BlockKind::Date,
        BlockKind::Attachment,
        BlockKind::Responsibility,
        BlockKind::Furniture,
    ];

    /// A piece that ends with `mark`.
    fn piece(mark: Option<Mark>, ends_sentence: bool) -> Piece {
        let syllable = Voiced::Syllable(Syllable { pinyin: "ma", tone: 1, surface: 1 });
        let voiced = [Some(syllable), mark.map(Voiced::Pause)].into_iter().flatten();
        let sound = |voiced| Sound {
            voiced,
            boundary: Boundary::None,
            span: Span::default(),
            source: Source::Spoken,
            said: '好',
        };
        Piece { sounds: voiced.map(sound).collect(), ends_sentence }
    }

    fn ms(mark: Option<Mark>, ends_sentence: bool, kind: BlockKind, last: bool, speed: f32) -> u128 {
        after(&piece(mark, ends_sentence), kind, last, Speed::new(speed).unwrap()).as_millis()
    }

    #[test]
    fn every_row_of_the_table_is_read_and_used() {
        let lines: Vec<_> = rows().collect();
        assert_eq!(TABLE.len(), lines.len(), "a row does not parse");
        assert!(
            TABLE.iter().map(|(place, what, _)| format!("{place:?} {what}")).collect::<HashSet<_>>().len()
                == lines.len()
        );
        let marks: Vec<_> = MARKS.map(name_of_mark).into_iter().chain(["none"]).collect();
        let kinds = KINDS.map(name_of_kind);
        for (place, what, milliseconds) in &*TABLE {
            let known = if *place == Place::Mark { marks.contains(what) } else { kinds.contains(what) };
            assert!(known, "{place:?} {what} is never asked for");
            assert!((40..=1000).contains(milliseconds), "{what}: {milliseconds} ms");
        }
        assert!(marks.iter().all(|mark| of_table(Place::Mark, mark) > 0), "a mark has no row");
        for kind in KINDS {
            assert_eq!(serde_json::to_value(kind).unwrap(), name_of_kind(kind));
        }
    }

    #[test]
    fn the_longest_of_what_fits_counts() {
        use BlockKind::{Heading, Paragraph, TableRow, Title};
        assert_eq!(ms(None, false, Paragraph, false, 1.0), 40);
        assert_eq!(ms(Some(Mark::Comma), false, Paragraph, true, 1.0), 260);
        assert_eq!(ms(Some(Mark::Stop), true, Paragraph, false, 1.0), 520);
        assert_eq!(ms(Some(Mark::Stop), true, Paragraph, true, 1.0), 750);
        assert_eq!(ms(None, true, Title, false, 1.0), 900);
        assert_eq!(ms(None, false, Title, true, 1.0), 40);
        assert_eq!(ms(Some(Mark::Exclamation), true, TableRow, true, 1.0), 560);
        assert_eq!(ms(None, true, Heading, true, 1.0), 650);
    }

    #[test]
    fn a_faster_reader_breathes_faster() {
        assert_eq!(ms(Some(Mark::Stop), true, BlockKind::Paragraph, true, 1.5), 500);
        assert_eq!(ms(Some(Mark::Comma), false, BlockKind::Paragraph, true, 0.7), 371);
    }
}
