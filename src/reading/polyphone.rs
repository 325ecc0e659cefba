//! Which reading a polyphone has in its context: one linear classifier a character.
//!
//! The weights are learned by `tools/reading/train.py`, which computes the same features: the
//! neighbouring characters, the words around, and what the phrase dictionary says. Only characters
//! with a classifier are decided here.

use std::{collections::HashMap, ops::Range, sync::LazyLock};

use super::{
    tables::{Citation, rows},
    text::{Text, is_figure},
};

const WEIGHTS: &str = include_str!("data/polyphones.tsv");

/// A sign for whatever is not a Han character: a pause, or nothing at all.
const NOTHING: char = '。';

/// The classifiers.
pub(super) struct Model {
    characters: HashMap<char, Classifier>,
}

struct Classifier {
    readings: Vec<Citation>,
    /// Feature → index of its row in `weights`.
    features: HashMap<&'static str, usize>,
    /// Rows as long as `readings`, in tenths.
    weights: Vec<i16>,
}

/// How much more a phrase of the dictionary counts than the training found, in tenths: the training
/// has chatter and encyclopedias, notices are closer to the dictionary.
const TRUST: i32 = 30;

/// What is known when a character is decided.
pub(super) struct Context<'a> {
    /// The spoken form.
    pub text: &'a Text,
    /// Its words, in order, without gaps.
    pub words: &'a [Range<usize>],
    /// For every unit the index of its word.
    pub word_at: &'a [usize],
}

impl Model {
    /// The learned model.
    pub fn get() -> &'static Self {
        static MODEL: LazyLock<Model> = LazyLock::new(|| Model::parse(WEIGHTS));
        &MODEL
    }

    fn parse(table: &'static str) -> Self {
        let mut characters = HashMap::new();
        let mut current: Option<(char, Classifier)> = None;
        for (name, values) in rows(table) {
            if let Some(c) = name.strip_prefix('@').and_then(|rest| rest.chars().next()) {
                let readings = values.split(' ').filter_map(Citation::parse).collect();
                let next = Classifier { readings, features: HashMap::new(), weights: Vec::new() };
                characters.extend(current.replace((c, next)));
            } else if let Some((_, classifier)) = &mut current {
                classifier.features.insert(name, classifier.weights.len());
                classifier.weights.extend(values.split(' ').map(|value| value.parse().unwrap_or(0_i16)));
            }
        }
        characters.extend(current);
        Self { characters }
    }

    /// The reading of unit `at`, if its character has a classifier. `dictionary` is what the phrase
    /// dictionary says for it, and the length of the phrase.
    pub fn decide(
        &self,
        context: &Context<'_>,
        at: usize,
        dictionary: Option<(Citation, usize)>,
    ) -> Option<Citation> {
        let classifier = self.characters.get(&context.text.char(at)?)?;
        let mut scores = vec![0_i32; classifier.readings.len()];
        features(context, at, dictionary, |name| {
            if let Some(row) = classifier.features.get(name).and_then(|&row| classifier.weights.get(row..)) {
                for (score, &weight) in scores.iter_mut().zip(row) {
                    *score += i32::from(weight);
                }
            }
        });
        // A phrase that is written down knows more than a few sentences that look alike.
        if let Some((citation, _)) = dictionary
            && let Some(at) = classifier.readings.iter().position(|&reading| reading == citation)
            && let Some(score) = scores.get_mut(at)
        {
            *score += TRUST;
        }
        // Among equals the first, as in the training.
        let best = scores.iter().enumerate().rev().max_by_key(|&(_, score)| score)?.0;
        classifier.readings.get(best).copied()
    }
}

/// Names what is seen around unit `at`. Each letter is one kind of feature.
fn features(
    context: &Context<'_>,
    at: usize,
    dictionary: Option<(Citation, usize)>,
    mut see: impl FnMut(&str),
) {
    let text = context.text;
    let near = |by: isize| at.checked_add_signed(by).and_then(|i| text.char(i)).map_or(NOTHING, shape);
    let (l3, l2, l1) = (near(-3), near(-2), near(-1));
    let (r1, r2, r3) = (near(1), near(2), near(3));
    let mut name = String::with_capacity(24);
    let mut give = |kind: char, parts: &[char], word: &str| {
        name.clear();
        name.push(kind);
        name.extend(parts);
        name.push_str(word);
        see(&name);
    };
    give('*', &[], "");
    give('a', &[l1], "");
    give('b', &[r1], "");
    give('c', &[l2, l1], "");
    give('d', &[r1, r2], "");
    give('e', &[l1, r1], "");
    give('f', &[l2], "");
    give('g', &[r2], "");
    give('h', &[l3, l2, l1], "");
    give('i', &[r1, r2, r3], "");

    let index = context.word_at.get(at).copied().unwrap_or(0);
    let word = |by: isize| {
        let range = index.checked_add_signed(by).and_then(|i| context.words.get(i));
        range.map_or("。", |range| text.slice(range.start, range.end))
    };
    let here = context.words.get(index).cloned().unwrap_or(at..at + 1);
    let place = char::from_digit((at - here.start).min(35) as u32, 36).unwrap_or('0');
    give('w', &[place], word(0));
    give('l', &[], word(-1));
    give('r', &[], word(1));
    if here.len() == 1 {
        give('m', &[], word(-1));
        give('n', &[], word(1));
    }
    if let Some((citation, length)) = dictionary {
        let tone = char::from(b'0' + citation.tone);
        give('p', &[], &format!("{}{tone}", citation.pinyin));
        give('q', &[], &format!("{}{tone}{}", citation.pinyin, length.min(4)));
    }
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
