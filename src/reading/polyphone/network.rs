//! The network that reads a sentence: one layer that goes forward and one that goes backward (a
//! BiLSTM), an inner layer, and a score for every reading.
//!
//! It is the network of g2pM (Park and Lee, 2020; Apache-2.0), its weights in bytes. A sentence costs
//! some eight thousand small products a character, so the weights are laid out column by column, where a
//! compiler can do several at a time on any machine; what a character adds before anything is remembered
//! is worked out once.

use std::sync::OnceLock;

use super::{
    super::tables::Map,
    file::{File, Matrix},
};

/// What each direction remembers.
const WIDTH: usize = 32;
/// Gates: what to take in, to forget, to remember, to tell; `WIDTH` of each.
const GATES: usize = 4 * WIDTH;

/// What the network remembers at one character: from the left and from the right.
pub(super) type State = [[f32; WIDTH]; 2];
/// The inner layer.
pub(super) type Inner = Vec<f32>;

pub(super) struct Network {
    vocabulary: Map<char, usize>,
    embeddings: Matrix,
    /// Forward and backward.
    directions: [Direction; 2],
    /// For every row of the embeddings what it adds to the gates, worked out at first use.
    added: Vec<OnceLock<Box<[Gates; 2]>>>,
    inner: (Matrix, Vec<f32>),
    outer: (Matrix, Vec<f32>),
}

type Gates = [f32; GATES];

struct Direction {
    input: Matrix,
    bias: Vec<f32>,
    /// What each part of what is remembered adds to the gates.
    recurrent: Box<[Gates; WIDTH]>,
}

impl Direction {
    fn read(file: &mut File) -> Option<Self> {
        let (input, recurrent, bias) = (file.matrix()?, file.matrix()?, file.bias()?);
        let fits = [input.scales.len(), recurrent.scales.len(), bias.len()] == [GATES; 3];
        if !fits || recurrent.columns != WIDTH {
            return None;
        }
        let mut columns = Box::new([[0.0; GATES]; WIDTH]);
        for at in 0..GATES {
            let (scale, row) = recurrent.row(at)?;
            for (column, &number) in columns.iter_mut().zip(row) {
                column[at] = scale * f32::from(number);
            }
        }
        Some(Self { input, bias, recurrent: columns })
    }

    /// What an embedding adds to the gates.
    fn gates(&self, embedding: &[f32]) -> Gates {
        let mut gates = [0.0; GATES];
        for (at, (gate, bias)) in gates.iter_mut().zip(&self.bias).enumerate() {
            *gate = self.input.times(at, embedding) + bias;
        }
        gates
    }

    /// Takes one character in.
    ///
    /// Plain loops: a build for tests is not optimised and would spend a microsecond on every call of an
    /// iterator.
    fn step(&self, added: &Gates, told: &mut [f32; WIDTH], kept: &mut [f32; WIDTH]) {
        let mut gates = *added;
        let mut from = 0;
        while from < WIDTH {
            let (column, told) = (&self.recurrent[from], told[from]);
            let mut at = 0;
            while at < GATES {
                gates[at] += column[at] * told;
                at += 1;
            }
            from += 1;
        }
        // Gates are squashed to 0..1, what is offered to -1..1: σ(x) = (1 + tanh(x / 2)) / 2.
        let (squashed, _) = gates.as_chunks::<WIDTH>();
        let [take, forget, offer, tell] = squashed else { return };
        for i in 0..WIDTH {
            kept[i] = sigmoid(forget[i]) * kept[i] + sigmoid(take[i]) * tanh(offer[i]);
            told[i] = sigmoid(tell[i]) * tanh(kept[i]);
        }
    }
}

/// Right to four digits, without a call.
fn tanh(x: f32) -> f32 {
    let x = x.clamp(-4.97, 4.97);
    let s = x * x;
    x * (135_135.0 + s * (17_325.0 + s * (378.0 + s)))
        / (135_135.0 + s * (62_370.0 + s * (3_150.0 + s * 28.0)))
}

fn sigmoid(x: f32) -> f32 {
    0.5 + 0.5 * tanh(0.5 * x)
}

impl Network {
    pub fn read(file: &mut File) -> Option<Self> {
        let vocabulary: Map<_, _> =
            (0..file.count()?).map(|at| Some((char::from_u32(file.u32()?)?, at))).collect::<Option<_>>()?;
        let embeddings = file.matrix()?;
        let directions = [Direction::read(file)?, Direction::read(file)?];
        let added = embeddings.scales.iter().map(|_| OnceLock::new()).collect();
        let inner = (file.matrix()?, file.bias()?);
        let outer = (file.matrix()?, file.bias()?);
        Some(Self { vocabulary, embeddings, directions, added, inner, outer })
    }

    /// How many readings it tells apart.
    #[cfg(test)]
    pub fn classes(&self) -> usize {
        self.outer.1.len()
    }

    /// What it remembers at each character of a sentence.
    pub fn read_sentence(&self, chars: impl Iterator<Item = char>) -> Vec<State> {
        // The last three rows are for what is unknown, the beginning and the end.
        let special = |back: usize| self.embeddings.scales.len().saturating_sub(back);
        let mut rows = vec![special(2)];
        rows.extend(chars.map(|c| self.vocabulary.get(&c).copied().unwrap_or(special(3))));
        rows.push(special(1));
        let added: Vec<_> = rows.iter().filter_map(|&row| self.added(row)).collect();
        let mut states = vec![[[0.0; WIDTH]; 2]; added.len()];
        let [forward, backward] = &self.directions;
        let (mut told, mut kept) = ([0.0; WIDTH], [0.0; WIDTH]);
        for (state, added) in states.iter_mut().zip(&added) {
            forward.step(&added[0], &mut told, &mut kept);
            state[0] = told;
        }
        (told, kept) = ([0.0; WIDTH], [0.0; WIDTH]);
        for (state, added) in states.iter_mut().zip(&added).rev() {
            backward.step(&added[1], &mut told, &mut kept);
            state[1] = told;
        }
        states.pop();
        states.drain(..1.min(states.len()));
        states
    }

    /// What row `row` of the embeddings adds to the gates of both directions.
    fn added(&self, row: usize) -> Option<&[Gates; 2]> {
        let found = self.added.get(row)?.get_or_init(|| {
            let embedding: Vec<f32> = self
                .embeddings
                .row(row)
                .map(|(scale, numbers)| numbers.iter().map(|&n| scale * f32::from(n)).collect())
                .unwrap_or_default();
            Box::new(self.directions.each_ref().map(|direction| direction.gates(&embedding)))
        });
        Some(found)
    }

    /// The inner layer for what is remembered at one character.
    pub fn inner(&self, state: &State) -> Inner {
        let (matrix, bias) = &self.inner;
        let state = state.as_flattened();
        bias.iter().enumerate().map(|(at, bias)| (matrix.times(at, state) + bias).max(0.0)).collect()
    }

    /// How well reading `class` fits; only differences have a meaning.
    pub fn score(&self, inner: &Inner, class: usize) -> f32 {
        let (matrix, bias) = &self.outer;
        matrix.times(class, inner) + bias.get(class).copied().unwrap_or_default()
    }
}
