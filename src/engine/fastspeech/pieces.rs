//! What is too long for one call, parted.
//!
//! The network reads about 32 syllables well; with more it begins to mumble, and at twice as many nobody understands
//! it. So a long row is halved at the strongest boundary near its middle, and its halves again.

use super::symbols::Spelt;

/// Symbols of one call, silences and marks included.
pub(super) const MOST_SYMBOLS: usize = 100;

/// Frames of one call: eight seconds.
pub(super) const MOST_FRAMES: usize = 640;

/// `syllables`, in pieces that one call can say.
pub(super) fn within(syllables: &[Spelt]) -> Vec<&[Spelt]> {
    match halves(syllables) {
        Some((head, tail)) if symbols(syllables) > MOST_SYMBOLS => {
            let mut pieces = within(head);
            pieces.append(&mut within(tail));
            pieces
        }
        _ => vec![syllables],
    }
}

/// Two parts of about the same length, parted where it is heard least; none of a single syllable.
pub(super) fn halves(syllables: &[Spelt]) -> Option<(&[Spelt], &[Spelt])> {
    let middle = syllables.len() / 2;
    // Between a quarter and three quarters: a strong boundary at the very edge would leave everything to do.
    let (from, to) = (syllables.len() / 4, syllables.len() - syllables.len() / 4);
    let candidates = syllables.iter().enumerate().filter(|(at, _)| *at > 0 && (from..=to).contains(at));
    let (at, _) =
        candidates.max_by_key(|(at, spelt)| (spelt.parted, std::cmp::Reverse(at.abs_diff(middle))))?;
    syllables.split_at_checked(at)
}

/// Symbols of a call that says `syllables`: with a mark between every two, silence at both ends, and the end.
fn symbols(syllables: &[Spelt]) -> usize {
    syllables.iter().map(|spelt| spelt.numbers.len() + 1).sum::<usize>() + 2
}

#[cfg(test)]
mod tests {
    use super::{super::symbols::Parted, *};

    /// `.` inside a word, `w` a word, `p` a phrase, `m` behind a mark; three symbols each with the mark.
    fn syllables(pattern: &str) -> Vec<Spelt> {
        let parted = |c| match c {
            'w' => Parted::WORD,
            'p' => Parted::PHRASE,
            'm' => Parted::MARK,
            _ => Parted::INSIDE,
        };
        let spelt = |(sound, c)| Spelt { numbers: vec![7, 28], sound, parted: parted(c) };
        pattern.chars().enumerate().map(spelt).collect()
    }

    fn lengths(pattern: &str) -> Vec<usize> {
        within(&syllables(pattern)).into_iter().map(<[Spelt]>::len).collect()
    }

    #[test]
    fn what_fits_stays_whole() {
        assert_eq!(lengths("w"), [1]);
        // 32 × 3 + 2 are 98 symbols, 33 × 3 + 2 are 101.
        assert_eq!(lengths(&".".repeat(32)), [32]);
        assert_eq!(lengths(&".".repeat(33)), [16, 17]);
    }

    #[test]
    fn it_is_parted_at_the_strongest_boundary_near_the_middle() {
        let pattern = |at: usize, c: char| -> String {
            (0..44)
                .map(|n| {
                    if n == at {
                        c
                    } else if n % 2 == 0 {
                        'w'
                    } else {
                        '.'
                    }
                })
                .collect()
        };
        assert_eq!(lengths(&pattern(15, 'm')), [15, 29]);
        assert_eq!(lengths(&pattern(29, 'p')), [29, 15]);
        assert_eq!(lengths(&pattern(2, 'm')), [22, 22], "one at the edge is no help");
        assert_eq!(lengths(&"w.".repeat(22)), [22, 22]);
    }

    #[test]
    fn nothing_is_lost_and_every_piece_fits() {
        for len in [1, 2, 3, 32, 33, 64, 65, 100, 301] {
            let all = syllables(&".w.p..m".chars().cycle().take(len).collect::<String>());
            let parts = within(&all);
            assert!(parts.iter().all(|part| symbols(part) <= MOST_SYMBOLS && !part.is_empty()));
            assert_eq!(parts.concat(), all);
        }
    }

    #[test]
    fn a_single_syllable_has_no_halves() {
        assert!(halves(&syllables("w")).is_none() && halves(&[]).is_none());
        assert_eq!(halves(&syllables("ww")).map(|(head, tail)| (head.len(), tail.len())), Some((1, 1)));
    }
}
