//! Silences that the sender asked for (`<break>` in SSML), and where they fall.

use std::time::Duration;

use crate::{
    reading::{Reading, Sound, Voiced},
    span::Span,
};

/// A silence at a place of [`crate::notice::Document::text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Silence {
    pub at: usize,
    pub length: Duration,
}

/// The silences that fall into a sentence or behind it: from its first character to the first of the next.
pub(super) fn of_sentence(breaks: &[(usize, Duration)], sentence: Span, next: Option<Span>) -> Vec<Silence> {
    let from = breaks.partition_point(|(at, _)| *at <= sentence.start);
    let to = next.map_or(breaks.len(), |next| breaks.partition_point(|(at, _)| *at <= next.start));
    let found = breaks.get(from..to).unwrap_or_default();
    found.iter().map(|&(at, length)| Silence { at, length }).collect()
}

/// Parts `reading` where silences fall; each part with the silence after it. A mark belongs to what stands
/// before it, and an expression that is said as one is not parted.
pub(super) fn parts(reading: Reading, silences: &[Silence]) -> Vec<(Reading, Option<Duration>)> {
    if silences.is_empty() {
        return vec![(reading, None)];
    }
    let (mut out, mut rest) = (Vec::with_capacity(silences.len() + 1), &reading.sounds[..]);
    for silence in silences {
        let before =
            |sound: &&Sound| sound.span.start < silence.at || matches!(sound.voiced, Voiced::Pause(_));
        let (part, after) = rest.split_at(rest.iter().take_while(before).count());
        out.push((Reading { sounds: part.to_vec() }, Some(silence.length)));
        rest = after;
    }
    out.push((Reading { sounds: rest.to_vec() }, None));
    out
}
