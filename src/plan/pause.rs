//! How long the silence after an utterance is: by its last mark, by what it belongs to, by speed.

use std::time::Duration;

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
        Some(Voiced::Pause(mark)) => of_mark(mark),
        _ => BETWEEN_WORDS,
    };
    let end = if piece.ends_sentence { of_kind(kind, last_of_block) } else { 0 };
    Duration::from_millis((mark.max(end) as f32 / speed.factor()).round() as u64)
}

/// Milliseconds where a sentence is parted without a mark: hardly more than a stop of the tongue.
const BETWEEN_WORDS: u64 = 40;

/// Milliseconds a mark asks for.
fn of_mark(mark: Mark) -> u64 {
    match mark {
        Mark::Enumeration => 160,
        Mark::Comma => 260,
        Mark::Colon => 380,
        Mark::Semicolon => 420,
        Mark::Stop => 520,
        Mark::Question | Mark::Exclamation => 560,
    }
}

/// Milliseconds the end of a sentence of this kind asks for.
fn of_kind(kind: BlockKind, last_of_block: bool) -> u64 {
    match kind {
        BlockKind::Title => 900,
        BlockKind::Heading => 650,
        BlockKind::Salutation | BlockKind::Signature | BlockKind::Date | BlockKind::DocumentNumber => 600,
        BlockKind::TableRow | BlockKind::ListItem | BlockKind::Attachment if last_of_block => 520,
        BlockKind::Paragraph if last_of_block => 750,
        // A sentence cut for breath only: its last mark speaks for itself.
        _ => 0,
    }
}
