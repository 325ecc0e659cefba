//! From a document to what is to be said, in order: utterances with their pauses and clip keys.
//!
//! 1. every sentence that is read gets its spoken form and its reading, as the sender and the lexicon of
//!    the site want it;
//! 2. [`cut`] parts a sentence where one synthesis would take too long; the first utterances of a
//!    notice are short, so that sound starts at once;
//! 3. [`pause`] says how long the silence after each is;
//! 4. [`key`] names the clip: whatever changes its sound changes its name, and nothing else does.

mod cut;
pub mod key;
pub mod options;
mod pause;
mod row;
mod silence;

use std::{ops::Range, sync::Arc, time::Duration};

use crate::{
    lexicon::{Lexicon, Override},
    note::{Note, NoteCode},
    notice::Document,
    reading::{self, Reading},
    segment::{self, Sentence},
    span::Span,
    spoken::{self, Spoken},
};

pub use key::{ClipKey, NoKey, Speed, Timbre};
pub use options::{ChoiceError, Options};

/// How a notice is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Settings {
    /// Whose voice.
    pub timbre: Timbre,
    /// How fast.
    pub speed: Speed,
    /// What a listener wants left out.
    pub segment: segment::Options,
    /// How written expressions are spoken.
    pub spoken: spoken::Options,
    /// The lexicon of the site.
    pub lexicon: Arc<Lexicon>,
}

/// One synthesis, one clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Utterance {
    /// Index of its sentence in [`Plan::sentences`].
    pub sentence: usize,
    /// The characters it says, in [`Document::text`].
    pub span: Span,
    /// Its sounds; their spans are in [`Document::text`] too.
    pub reading: Reading,
    /// The silence at the end of its clip.
    pub pause: Duration,
    /// The name of its clip.
    pub key: ClipKey,
}

impl Utterance {
    /// The name of the clip that says the same in another voice.
    pub fn key_in(&self, timbre: &Timbre, speed: Speed) -> ClipKey {
        key::of(&self.reading, self.pause, timbre, speed)
    }
}

/// A sentence with its spoken form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The sentence.
    pub sentence: Sentence,
    /// Its spoken form, spans in [`Document::text`]; empty when it is skipped.
    pub spoken: Spoken,
    /// Its utterances in [`Plan::utterances`]; none when it is skipped or has nothing to say.
    pub utterances: Range<usize>,
}

/// A notice ready to be spoken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Every sentence in order, the skipped ones too.
    pub sentences: Vec<Planned>,
    /// What is said, in order.
    pub utterances: Vec<Utterance>,
}

/// Plans `document`. Spans of the notes are in [`Document::text`].
pub fn plan(document: &Document, settings: &Settings) -> (Plan, Vec<Note>) {
    let (sentences, mut notes) = segment::sentences_with(document, &settings.segment);
    let mut plan = Plan::default();
    for (index, sentence) in sentences.iter().enumerate() {
        let first = plan.utterances.len();
        let next = sentences.get(index + 1);
        let spoken = match sentence.skip {
            Some(_) => Spoken::default(),
            None => {
                let (spoken, reading, found) = aloud(document, sentence, settings);
                notes.extend(found);
                let last_of_block = next.is_none_or(|next| next.block != sentence.block);
                let silences =
                    silence::of_sentence(&document.breaks, sentence.span, next.map(|next| next.span));
                for (part, silence) in silence::parts(reading, &silences) {
                    let pieces = cut::pieces(&part, cut::Budget::after(plan.utterances.len()));
                    for piece in pieces {
                        let silence = silence.filter(|_| piece.ends_sentence);
                        plan.utterances.push(utterance(
                            index,
                            sentence,
                            piece,
                            last_of_block,
                            silence,
                            settings,
                        ));
                    }
                }
                spoken
            }
        };
        let utterances = first..plan.utterances.len();
        plan.sentences.push(Planned { sentence: sentence.clone(), spoken, utterances });
    }
    (plan, notes)
}

/// Spoken form, reading and notes of one sentence, with spans in the document.
fn aloud(document: &Document, sentence: &Sentence, settings: &Settings) -> (Spoken, Reading, Vec<Note>) {
    // Where the sender says how something is to be read, a row is read as it stands.
    let row = row::compose(document, sentence).filter(|_| document.overrides.is_empty());
    let written = row.as_ref().map_or_else(|| sentence.span.of(&document.text), row::Composed::text);
    let (overrides, mut notes) = overrides(document, sentence.span, settings.lexicon.find(written));
    let (mut spoken, mut found) = spoken::speak_as_asked(written, &settings.spoken, &overrides);
    if let Some(row) = &row {
        row.restore(&mut spoken, &mut found);
    }
    notes.extend(found);
    let (mut reading, unreadable) = reading::read(&spoken);
    notes.extend(unreadable);
    let by = sentence.span.start;
    spoken.tokens.iter_mut().for_each(|token| token.span = token.span.shift(by));
    reading.sounds.iter_mut().for_each(|sound| sound.span = sound.span.shift(by));
    notes.iter_mut().for_each(|note| note.span = note.span.shift(by));
    (spoken, reading, notes)
}

/// What the sender and the site want to be said in a sentence, spans in the sentence. The sender looked at
/// this very place, so that the site yields to them.
fn overrides(document: &Document, sentence: Span, by_site: Vec<Override>) -> (Vec<Override>, Vec<Note>) {
    let mut notes = Vec::new();
    let from = document.overrides.partition_point(|wanted| wanted.span.end <= sentence.start);
    let asked = document.overrides.iter().skip(from);
    let asked = asked.take_while(|wanted| wanted.span.start < sentence.end).filter_map(|wanted| {
        let span = Span::new(wanted.span.start.max(sentence.start), wanted.span.end.min(sentence.end));
        let span = Span::new(span.start - sentence.start, span.end - sentence.start);
        if !sentence.contains(wanted.span) {
            notes.push(Note { code: NoteCode::NotAsAsked, span });
            return None;
        }
        Some(Override { span, ..wanted.clone() })
    });
    let mut out: Vec<Override> = asked.collect();
    let by_sender = out.len();
    for found in by_site {
        let asked = out.get(..by_sender).unwrap_or_default();
        let near = asked.partition_point(|wanted| wanted.span.end <= found.span.start);
        if asked.get(near).is_none_or(|wanted| wanted.span.start >= found.span.end) {
            out.push(found);
        }
    }
    (out, notes)
}

fn utterance(
    index: usize,
    sentence: &Sentence,
    piece: cut::Piece,
    last_of_block: bool,
    silence: Option<Duration>,
    settings: &Settings,
) -> Utterance {
    let pause = silence.unwrap_or_else(|| pause::after(&piece, sentence.kind, last_of_block, settings.speed));
    let reading = Reading { sounds: piece.sounds };
    let span = reading.sounds.iter().map(|sound| sound.span).reduce(Span::join).unwrap_or(sentence.span);
    let key = key::of(&reading, pause, &settings.timbre, settings.speed);
    Utterance { sentence: index, span, reading, pause, key }
}
