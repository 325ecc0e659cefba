//! Which reading a polyphone has in its context.
//!
//! 1. The longest word of the pronouncing dictionaries that the character stands in votes.
//! 2. What is seen around it adds weights that were learned for this very character ([`clues`]).
//! 3. Where that leaves a doubt, a small network reads the sentence and says how well each reading fits
//!    ([`network`]). It is the slow part, and it is spared where nothing it can say would matter.
//! 4. The reading with the highest sum wins; only characters that the model knows are decided here.
//!
//! All of it is in `data/polyphones.bin`, which `tools/reading/train.py` writes; [`file`] says how. A
//! change of the clues here is a change there.

mod clues;
mod file;
mod network;

use std::{ops::Range, sync::LazyLock};

use self::{
    clues::Weights,
    file::File,
    network::{Network, State},
};
use super::{
    tables::{Citation, Map},
    text::Text,
};

/// What is known about a text when its characters are decided.
#[derive(Clone, Copy)]
pub(super) struct Context<'a> {
    /// The spoken form.
    pub text: &'a Text,
    /// Its words, in order, without gaps.
    pub words: &'a [Range<usize>],
    /// For every unit the index of its word.
    pub word_at: &'a [usize],
}

/// What the phrase dictionary says for a character, and the length of the phrase.
pub(super) type Phrase = Option<(Citation, usize)>;

/// Everything learned.
struct Model {
    characters: Map<char, Vec<Choice>>,
    network: Network,
    weights: Weights,
    trust: Trust,
}

/// One reading a character may have.
struct Choice {
    citation: Citation,
    /// Its row in the network's last layer; a reading the network never saw has none.
    class: Option<usize>,
}

/// How much the voices count that are the same for all characters.
struct Trust {
    /// A point of the network's score, down to `KNEE` below its favourite.
    near: f32,
    /// A point below that: how unlikely the unlikely is matters less.
    far: f32,
    /// A phrase of the phrase dictionary.
    phrase: f32,
    /// The same if it has three characters or more.
    long_phrase: f32,
}

impl Trust {
    /// The most that the network can move two readings against each other.
    fn reach(&self) -> f32 {
        self.near * -KNEE + self.far * (KNEE - FLOOR)
    }
}

const KNEE: f32 = -3.0;
/// Where the network's score ends: this far below its favourite.
const FLOOR: f32 = -12.0;

static MODEL: LazyLock<Option<Model>> =
    LazyLock::new(|| Model::read(File::new(include_bytes!("../data/polyphones.bin"))));

impl Model {
    /// None if the file is not what the trainer writes, which a test below rules out.
    fn read(mut file: File) -> Option<Self> {
        file.magic(b"polyphones 2\n")?;
        let [near, far, phrase, long_phrase] = [file.f32()?, file.f32()?, file.f32()?, file.f32()?];
        let syllables: Vec<_> =
            (0..file.u32()?).map(|_| Citation::parse(file.word()?)).collect::<Option<_>>()?;
        let characters = (0..file.u32()?)
            .map(|_| {
                let c = char::from_u32(file.u32()?)?;
                let choices = (0..file.u32()?).map(|_| {
                    let citation = *syllables.get(usize::from(file.u16()?))?;
                    let class = usize::from(file.u16()?).checked_sub(1);
                    Some(Choice { citation, class })
                });
                Some((c, choices.collect::<Option<_>>()?))
            })
            .collect::<Option<_>>()?;
        let network = Network::read(&mut file)?;
        let weights = Weights::read(&mut file)?;
        file.is_at_end().then_some(Self {
            characters,
            network,
            weights,
            trust: Trust { near, far, phrase, long_phrase },
        })
    }
}

/// Decides the polyphones of one text. The network reads a sentence when its first one is asked for.
pub(super) struct Decider<'a> {
    context: Context<'a>,
    /// The sentence that was read last, and what the network remembers at each of its units.
    sentence: Range<usize>,
    states: Vec<State>,
    scores: Vec<f32>,
}

impl<'a> Decider<'a> {
    /// For the text of `context`.
    pub fn new(context: Context<'a>) -> Self {
        Self { context, sentence: 0..0, states: Vec::new(), scores: Vec::new() }
    }

    /// The reading of unit `at`, if the model knows its character.
    pub fn decide(&mut self, at: usize, phrase: Phrase) -> Option<Citation> {
        let model = MODEL.as_ref()?;
        let c = self.context.text.char(at)?;
        let choices = model.characters.get(&c)?;
        self.scores.clear();
        self.scores.resize(choices.len(), 0.0);
        if let Some((citation, length)) = phrase
            && let Some(at) = choices.iter().position(|choice| choice.citation == citation)
            && let Some(score) = self.scores.get_mut(at)
        {
            *score += model.trust.phrase + if length > 2 { model.trust.long_phrase } else { 0.0 };
        }
        clues::see(&self.context, c, at, phrase, &model.weights, |choice, weight| {
            if let Some(score) = self.scores.get_mut(choice) {
                *score += weight;
            }
        });
        if choices.iter().any(|choice| choice.class.is_some()) && lead(&self.scores) <= model.trust.reach() {
            self.listen(model, choices, at)?;
        }
        // Among equals the first, as in the training.
        let best = self.scores.iter().enumerate().rev().max_by(|(_, a), (_, b)| a.total_cmp(b))?.0;
        Some(choices.get(best)?.citation)
    }

    /// Adds to the scores what the network thinks of `choices` at unit `at`.
    fn listen(&mut self, model: &Model, choices: &[Choice], at: usize) -> Option<()> {
        if !self.sentence.contains(&at) {
            self.sentence = sentence(self.context.text, at);
            let chars = self.sentence.clone().filter_map(|i| self.context.text.char(i));
            self.states = model.network.read_sentence(chars);
        }
        let inner = model.network.inner(self.states.get(at - self.sentence.start)?);
        let heard = |choice: &Choice| match choice.class {
            Some(class) => model.network.score(&inner, class),
            None => f32::NEG_INFINITY,
        };
        let most = choices.iter().map(heard).fold(f32::NEG_INFINITY, f32::max);
        for (score, choice) in self.scores.iter_mut().zip(choices) {
            let below = (heard(choice) - most).max(FLOOR);
            *score += model.trust.near * below.max(KNEE) + model.trust.far * (below - KNEE).min(0.0);
        }
        Some(())
    }
}

/// By how much the best score is ahead of the next.
fn lead(scores: &[f32]) -> f32 {
    let (mut best, mut next) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
    for &score in scores {
        (best, next) = if score > best { (score, best) } else { (best, next.max(score)) };
    }
    best - next
}

/// The units of the sentence around unit `at`, its stop included.
fn sentence(text: &Text, at: usize) -> Range<usize> {
    let stops = |i: &usize| matches!(text.char(*i), Some('。' | '？' | '！'));
    let start = (0..at).rev().find(stops).map_or(0, |stop| stop + 1);
    let end = (at..text.len()).find(stops).map_or(text.len(), |stop| stop + 1);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_understood_to_its_end() {
        let model = MODEL.as_ref().expect("a model");
        assert!(model.characters.len() > 700);
        for (c, choices) in &model.characters {
            assert!((2..=16).contains(&choices.len()), "{c}");
            let known = choices.iter().filter_map(|choice| choice.class);
            assert!(known.into_iter().all(|class| class < model.network.classes()), "{c}");
        }
    }

    #[test]
    fn what_is_no_model_is_none() {
        assert!(Model::read(File::new(b"")).is_none());
        assert!(Model::read(File::new(b"polyphones 2\n\0\0")).is_none());
    }
}
