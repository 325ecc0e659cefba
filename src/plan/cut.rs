//! Where a sentence is parted into utterances.
//!
//! One synthesis takes a third to two thirds as long as what it says, so the first utterance of a notice is a
//! few syllables and each next one may be longer: while one is heard the next is made. Later
//! sentences stay whole unless they are longer than the model reads well.

use crate::reading::{Boundary, Mark, Reading, Sound, Voiced};

/// Syllables allowed in the first utterances of a notice, one after the other; with [`STRETCH`] 8, 12, 18, 27, 41.
const RAMP: [usize; 5] = [7, 10, 15, 22, 33];

/// Syllables allowed in any utterance. The neural model would take 120, but its memory grows with them
/// (a tenth of a gigabyte for 20), and so does the time for which an utterance that was begun keeps the
/// processor from another listener. What is longer than this has a comma to breathe at.
const MOST: usize = 45;

/// By one part in so many an utterance may be longer than allowed, to end where a reader would stop.
const STRETCH: usize = 4;

/// How long the next utterances may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    spoken: usize,
}

/// Part of a sentence.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Piece {
    /// Its sounds, with a mark at the end where one is written there.
    pub sounds: Vec<Sound>,
    /// Whether the sentence ends with it.
    pub ends_sentence: bool,
}

impl Budget {
    /// The budget when `utterances` of the notice are planned already.
    pub(super) fn after(utterances: usize) -> Self {
        Self { spoken: utterances }
    }

    fn syllables(self, pieces: usize) -> usize {
        RAMP.get(self.spoken + pieces).copied().unwrap_or(MOST)
    }
}

/// Parts `reading`; nothing when it has nothing to say.
pub(super) fn pieces(reading: &Reading, budget: Budget) -> Vec<Piece> {
    let mut out: Vec<Piece> = Vec::new();
    let mut rest = &reading.sounds[..];
    // Counted once: a text of a megabyte may be one sentence.
    let mut left = voiced(rest);
    while left > 0 {
        let (head, tail) = rest.split_at(best_cut(rest, left, budget.syllables(out.len())));
        left -= voiced(head);
        out.push(Piece { sounds: head.to_vec(), ends_sentence: false });
        rest = tail;
    }
    if let Some(last) = out.last_mut() {
        last.sounds.extend_from_slice(rest);
        last.ends_sentence = true;
    }
    out
}

/// Syllables and letters of `sounds`.
fn voiced(sounds: &[Sound]) -> usize {
    sounds.iter().filter(|sound| !matches!(sound.voiced, Voiced::Pause(_))).count()
}

/// How many sounds the next utterance takes, so that it has `most` of the `total` syllables, or hardly more.
///
/// Of the places where a reader could stop, the best is the strongest; among equals the latest.
/// A place that would leave a stub on either side counts only when there is no other. Where only a word ends,
/// a mark or a phrase soon after is better, and so is the end of the sentence.
fn best_cut(sounds: &[Sound], total: usize, most: usize) -> usize {
    if total <= most {
        return sounds.len();
    }
    let stretched = (most + most / STRETCH).min(MOST);
    let mut best = (0, sounds.len());
    let mut said = 0;
    for (at, sound) in sounds.iter().enumerate() {
        let here = if at > 0 && said > 0 { strength(sounds, at) } else { 0 };
        let stub = said < most / 3 || total - said < 3;
        let score = if stub { here.min(WORD) } else { here };
        if score > 0 && score >= best.0 && (said <= most || score > best.0.max(WORD)) {
            best = (score, at);
        }
        if !matches!(sound.voiced, Voiced::Pause(_)) {
            said += 1;
            if said > stretched || (said > most && best.0 > WORD) {
                break;
            }
        }
    }
    match best {
        (0 | WORD, _) if total <= stretched => sounds.len(),
        // Without any boundary (a run of letters, say) the budget itself is the cut.
        (0, _) => sounds.len().min(most),
        (_, at) => at,
    }
}

/// How good a place is where a word ends and no more.
const WORD: u8 = 1;

/// How good it is to stop before sound `at`: 0 not at all, 5 best.
fn strength(sounds: &[Sound], at: usize) -> u8 {
    if matches!(sounds[at].voiced, Voiced::Pause(_)) {
        return 0;
    }
    match (sounds[at - 1].voiced, sounds[at].boundary) {
        (Voiced::Pause(Mark::Enumeration), _) => 3,
        (Voiced::Pause(Mark::Comma), _) => 4,
        (Voiced::Pause(_), _) => 5,
        (_, Boundary::Phrase) => 2,
        (_, Boundary::Word) => WORD,
        (_, Boundary::None) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reading::{Source, Syllable},
        span::Span,
    };

    /// `x` a syllable, ` ` a word boundary, `|` a phrase boundary before the next, marks as written.
    fn reading(text: &str) -> Reading {
        let (mut sounds, mut boundary) = (Vec::new(), Boundary::None);
        for (at, c) in text.char_indices() {
            let voiced = match c {
                ' ' => {
                    boundary = Boundary::Word;
                    continue;
                }
                '|' => {
                    boundary = Boundary::Phrase;
                    continue;
                }
                ',' => Voiced::Pause(Mark::Comma),
                '.' => Voiced::Pause(Mark::Stop),
                _ => Voiced::Syllable(Syllable { pinyin: "ma", tone: 1, surface: 1 }),
            };
            sounds.push(Sound {
                voiced,
                boundary,
                span: Span::new(at, at + 1),
                source: Source::Spoken,
                said: '好',
            });
            boundary = Boundary::None;
        }
        Reading { sounds }
    }

    fn cuts(text: &str, spoken: usize) -> Vec<usize> {
        pieces(&reading(text), Budget::after(spoken)).iter().map(|piece| voiced(&piece.sounds)).collect()
    }

    #[test]
    fn the_first_utterances_grow() {
        let words = "xx ".repeat(60);
        let sizes = cuts(&words, 0);
        assert_eq!(sizes[..4], [6, 10, 14, 22]);
        assert_eq!(sizes.iter().sum::<usize>(), 120);
    }

    #[test]
    fn later_sentences_stay_whole() {
        assert_eq!(cuts(&"xx ".repeat(20), 9), [40]);
        assert_eq!(cuts(&format!("{0},{0}", "xx ".repeat(15)), 9), [30, 30]);
        assert_eq!(cuts("xxx,xxx.", 0), [6]);
    }

    #[test]
    fn the_strongest_place_wins() {
        assert_eq!(cuts("xx xxx,xx xx xx xx", 0), [5, 8]);
        assert_eq!(cuts("xx xx|xx xx xx xx", 0), [4, 8]);
        assert_eq!(cuts("xxxxxxxxxxxxxxxxxxxx", 0), [7, 10, 3], "no boundary at all");
    }

    #[test]
    fn where_only_a_word_ends_a_better_place_soon_after_wins() {
        assert_eq!(cuts("xx xx xx xx,xx xx.", 0), [8, 4], "a mark");
        assert_eq!(cuts("xx xx xx xx|xx xx.", 0), [8, 4], "a phrase");
        assert_eq!(cuts("xx xx xx xx.", 0), [8], "the end");
        assert_eq!(cuts("xx xx xx xxx,xx xx.", 0), [6, 7], "not so soon");
        assert_eq!(cuts("xx xx|xx xx,xx xx.", 0), [4, 8], "a phrase is good enough");
        assert_eq!(cuts(&format!("{},xx xx.", "xx ".repeat(23)), 9), [44, 6], "the most is the most");
    }

    #[test]
    fn nothing_to_say_is_no_utterance() {
        assert!(pieces(&reading(",."), Budget::after(0)).is_empty());
        let said = pieces(&reading("xx.,"), Budget::after(0));
        assert_eq!(said.len(), 1);
        assert!(said[0].ends_sentence);
        assert_eq!(said[0].sounds.len(), 4);
    }
}
