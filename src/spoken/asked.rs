//! Places where somebody decided what is said: the lexicon of the site, or the sender in SSML.
//!
//! Such a place is an expression of its own; no rule reaches into it. What is to be said "as a telephone
//! number" and is none is left to the rules, with a note.

use super::{Class, Hit, Options, first_hit, say_as, scan::Scan};
use crate::{
    lexicon::{Authority, Given, Override, Saying, fits},
    note::{Note, NoteCode},
    span::Span,
};

/// So many characters to the left are looked at where an expression is cut short by such a place.
const CONTEXT: usize = 48;

/// A token that somebody decided.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Asked {
    /// That of its token.
    pub span: Span,
    /// Who decided.
    pub by: Authority,
    /// The sounds that were given, if not words.
    #[serde(skip)]
    pub sounds: Vec<Given>,
    /// Whether the sounds are shared out over the characters as they are written; else each character of
    /// what is said stands for one of them.
    #[serde(skip)]
    pub as_written: bool,
}

/// The places of a text, in order.
pub(super) struct Places<'s, 't, 'o> {
    scan: &'s Scan<'t>,
    options: &'s Options,
    /// From and to which character, and what is said there; the next one last.
    left: Vec<(usize, usize, &'o Override)>,
    taken: Vec<Asked>,
    notes: Vec<Note>,
}

impl<'s, 't, 'o> Places<'s, 't, 'o> {
    pub(super) fn new(scan: &'s Scan<'t>, options: &'s Options, overrides: &'o [Override]) -> Self {
        let place = |wanted: &'o Override| {
            let (from, to) = (scan.index(wanted.span.start), scan.index(wanted.span.end));
            (from < to && scan.span(from, to) == wanted.span).then_some((from, to, wanted))
        };
        let mut left: Vec<_> = overrides.iter().filter_map(place).collect();
        left.sort_by_key(|&(from, to, _)| (usize::MAX - from, to));
        Self { scan, options, left, taken: Vec::new(), notes: Vec::new() }
    }

    /// What is said at character `i`, or where the next place is at which somebody decided.
    pub(super) fn take(&mut self, i: usize) -> Result<Hit, usize> {
        while let Some(&(from, to, wanted)) = self.left.last() {
            if from > i {
                return Err(from);
            }
            self.left.pop();
            // One that begins inside another is passed over.
            if from == i {
                match self.hit(from, to, wanted) {
                    Some(hit) => return Ok(hit),
                    None => self.notes.push(Note { code: NoteCode::NotAsAsked, span: wanted.span }),
                }
            }
        }
        Err(self.scan.len())
    }

    fn hit(&mut self, from: usize, to: usize, wanted: &Override) -> Option<Hit> {
        let mut asked = Asked { span: wanted.span, by: wanted.by, sounds: Vec::new(), as_written: false };
        let hit = match &wanted.saying {
            Saying::Words(words) => Hit::new(to, Class::Lexicon, words.as_str()),
            Saying::Sounds(sounds) => {
                let written = self.scan.source(from, to);
                asked.as_written = fits(written, sounds);
                asked.sounds.clone_from(sounds);
                let said = match asked.as_written {
                    true => written.to_owned(),
                    false => sounds.iter().map(|sound| sound.stand_in()).collect(),
                };
                Hit::new(to, Class::Lexicon, said)
            }
            Saying::As(kind) => {
                let (class, said) = say_as::said(*kind, self.scan.source(from, to), self.options)?;
                Hit::new(to, class, said)
            }
        };
        (!hit.said.is_empty()).then(|| {
            self.taken.push(asked);
            hit
        })
    }

    /// What was decided; adds what could not be said as it was asked to `notes`.
    pub(super) fn done(self, notes: &mut Vec<Note>) -> Vec<Asked> {
        if !self.notes.is_empty() {
            notes.extend(self.notes);
            notes.sort_by_key(|note| note.span);
        }
        self.taken
    }
}

/// The expression at `i` when the text ends at `stop`, where somebody decided what is said.
pub(super) fn before(scan: &Scan<'_>, i: usize, stop: usize, options: &Options) -> Hit {
    let from = i.saturating_sub(CONTEXT);
    let mut hit = first_hit(&Scan::new(scan.source(from, stop)), i - from, options);
    hit.end = (hit.end + from).clamp(i + 1, stop);
    hit
}
