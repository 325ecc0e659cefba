//! What is seen around a polyphone, and what each sight counts for: the neighbours, the words it
//! stands in and beside, what the dictionaries say.
//!
//! A clue is no string but a hash of the character, the kind of clue and what was seen; the weights
//! stand under it in a sorted table. Of a million clues that are not in the table a hundred are taken
//! for one that is, and then mostly for one of some small weight.

use super::{
    super::text::{Text, is_figure},
    Context, Phrase,
    file::File,
};

/// A sign for whatever is not a Han character: a pause, or nothing at all.
const NOTHING: char = '。';
/// The longest word of the pronouncing dictionaries.
const LONGEST: usize = 4;

/// The learned weights: key → choice and weight. A key may stand several times in a row.
pub(super) struct Weights {
    keys: &'static [[u8; 4]],
    choices: &'static [u8],
    weights: &'static [u8],
    /// Where the keys begin whose upper half is the index.
    starts: Vec<u32>,
}

/// The weights are kept in parts of this.
const FINE: f32 = 1.0 / 16.0;

impl Weights {
    pub fn read(file: &mut File) -> Option<Self> {
        let count = file.count()?;
        let (keys, _) = file.bytes(count.checked_mul(4)?)?.as_chunks();
        let (choices, weights) = (file.bytes(count)?, file.bytes(count)?);
        let mut starts = vec![0; (1 << 16) + 1];
        for key in keys {
            if let Some(next) = starts.get_mut(upper(u32::from_le_bytes(*key)) + 1) {
                *next += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Some(Self { keys, choices, weights, starts })
    }

    /// The choices that `key` speaks for, each with its weight.
    fn of(&self, key: u32) -> impl Iterator<Item = (usize, f32)> {
        let start = |at: usize| self.starts.get(at).map_or(0, |&start| start as usize);
        let (from, to) = (start(upper(key)), start(upper(key) + 1));
        let keys = self.keys.get(from..to).unwrap_or_default().iter();
        let first = from + keys.clone().take_while(|&&other| u32::from_le_bytes(other) < key).count();
        (first..to)
            .take_while(move |&at| self.keys.get(at).is_some_and(|&other| u32::from_le_bytes(other) == key))
            .filter_map(|at| {
                let weight = self.weights.get(at)?.cast_signed();
                Some((usize::from(*self.choices.get(at)?), FINE * f32::from(weight)))
            })
    }
}

fn upper(key: u32) -> usize {
    (key >> 16) as usize
}

/// A hash that grows character by character; the trainer computes the same.
#[derive(Clone, Copy)]
struct Key(u64);

impl Key {
    fn new(c: char, kind: char) -> Self {
        Self(0).with(c).with(kind)
    }

    fn with(self, c: char) -> Self {
        self.with_number(u64::from(u32::from(c)))
    }

    fn with_all(self, chars: impl IntoIterator<Item = char>) -> Self {
        chars.into_iter().fold(self, Self::with)
    }

    fn with_number(self, number: u64) -> Self {
        let mixed = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self(mixed ^ (mixed >> 29))
    }

    fn finish(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// Calls `add` with the choice and the weight of everything seen around unit `at`, which is `c`.
pub(super) fn see(
    context: &Context<'_>,
    c: char,
    at: usize,
    phrase: Phrase,
    weights: &Weights,
    mut add: impl FnMut(usize, f32),
) {
    let mut give = |key: Key| weights.of(key.finish()).for_each(|(choice, weight)| add(choice, weight));
    let text = context.text;

    // The reading the character has by itself.
    give(Key::new(c, '*'));

    // The neighbours. Each letter is one kind of clue.
    let key = |kind: char| Key::new(c, kind);
    let near = |by: isize| at.checked_add_signed(by).and_then(|i| text.char(i)).map_or(NOTHING, shape);
    let (l3, l2, l1) = (near(-3), near(-2), near(-1));
    let (r1, r2, r3) = (near(1), near(2), near(3));
    give(key('a').with(l1));
    give(key('b').with(r1));
    give(key('c').with_all([l2, l1]));
    give(key('d').with_all([r1, r2]));
    give(key('e').with_all([l1, r1]));
    give(key('f').with(l2));
    give(key('g').with(r2));
    give(key('h').with_all([l3, l2, l1]));
    give(key('i').with_all([r1, r2, r3]));

    // The words.
    let index = context.word_at.get(at).copied().unwrap_or(0);
    let word = |by: isize| {
        let range = index.checked_add_signed(by).and_then(|i| context.words.get(i));
        range.map_or("。", |range| text.slice(range.start, range.end)).chars()
    };
    let here = context.words.get(index).cloned().unwrap_or(at..at + 1);
    let place = at.saturating_sub(here.start) as u64;
    give(key('w').with_number(place).with_all(word(0)));
    give(key('l').with_all(word(-1)));
    give(key('r').with_all(word(1)));
    if here.len() == 1 {
        give(key('m').with_all(word(-1)));
        give(key('n').with_all(word(1)));
    }

    // The dictionaries.
    if let Some((citation, length)) = phrase {
        let said = |kind| key(kind).with_all(citation.pinyin.chars()).with_number(u64::from(citation.tone));
        give(said('p'));
        give(said('q').with_number(length.min(4) as u64));
    }
    if let Some(key) = longest_word(context, c, at, weights) {
        give(key);
    }
}

/// The longest word of the pronouncing dictionaries that unit `at` stands in; of equally long ones the
/// one that begins and ends with words, then the first.
fn longest_word(context: &Context<'_>, c: char, at: usize, weights: &Weights) -> Option<Key> {
    let text: &Text = context.text;
    let begins = |i: usize| {
        let word = context.word_at.get(i).and_then(|&index| context.words.get(index));
        word.is_none_or(|word| word.start == i)
    };
    for length in (2..=LONGEST).rev() {
        let mut best: Option<(usize, Key)> = None;
        for start in (at + 1).saturating_sub(length)..=at {
            let end = start + length;
            if end > text.len() {
                break;
            }
            let place = (at - start) as u64;
            let key = Key::new(c, 'W').with_number(place).with_all((start..end).filter_map(|i| text.char(i)));
            if weights.of(key.finish()).next().is_some() {
                let fit = usize::from(begins(start)) + usize::from(begins(end));
                if best.is_none_or(|(other, _)| fit > other) {
                    best = Some((fit, key));
                }
            }
        }
        if let Some((_, key)) = best {
            return Some(key);
        }
    }
    None
}

/// What a neighbour counts as: all figures are alike, and so are all letters and all pauses.
fn shape(c: char) -> char {
    match c {
        c if is_figure(c) || c == '几' => '#',
        'A'..='Z' => 'A',
        '，' | '。' | '？' | '！' | '；' | '：' | '、' => '，',
        c => c,
    }
}
