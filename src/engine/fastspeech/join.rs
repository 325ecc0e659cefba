//! Takes, joined to one utterance: the silence that every call has at its ends goes, and the pause comes that the
//! network itself would have made there.

use std::ops::Range;

use super::{
    model::Take,
    symbols::{Parted, Row},
};
use crate::{
    audio::{Pcm, Said},
    reading::{Reading, Voiced},
};

/// Frames of silence before a syllable that stay at a joint: the burst of a t begins in them.
const BEFORE: usize = 3;

/// Frames of a pause in which the syllable before still rings out, and as many of the silence at the end of a call.
const RINGS: usize = 3;
const RINGS_AT_END: usize = 7;

/// Frames over which a cut edge is faded: it lies in the silence already.
const FADE: usize = 1;

/// Pieces of one utterance, and when each sound is heard.
pub(super) struct Joined {
    samples: Vec<f32>,
    /// In samples; none of what was not said yet.
    sounds: Vec<Option<Range<usize>>>,
    /// What is cut from the end of what is there when more comes.
    tail: usize,
    /// Samples of a frame.
    frame: usize,
    speed: f32,
}

/// Frames between the last sound of one piece and the first of the next, at normal speed, in which the former rings out:
/// so that what is silent of them is as long as in the network's own `#3`, `#2` and `#1`.
fn pause(parted: Parted) -> usize {
    match parted {
        Parted::MARK => 25,
        Parted::PHRASE => 14,
        _ => 12,
    }
}

impl Joined {
    /// Nothing yet, of a reading with so many sounds that is spoken at `speed`.
    pub(super) fn new(sounds: usize, speed: f32) -> Self {
        Self { samples: Vec::new(), sounds: vec![None; sounds], tail: 0, frame: 1, speed }
    }

    /// Adds what was said of `row`.
    pub(super) fn push(&mut self, row: &Row, take: &Take) {
        let frame = take.samples.len() / take.frames.iter().sum::<usize>().max(1);
        self.frame = frame;
        let lead = take.frames.first().copied().unwrap_or_default();
        let cut = if self.samples.is_empty() { 0 } else { lead.saturating_sub(BEFORE) };
        if !self.samples.is_empty() {
            let due = (pause(row.parted) as f32 / self.speed).round() as usize;
            let due = due.saturating_sub(lead - cut);
            let keep = self.tail.min(due);
            self.samples.truncate(self.samples.len() - (self.tail - keep) * frame);
            fade(self.samples.iter_mut().rev(), FADE * frame);
            self.samples.resize(self.samples.len() + (due - keep) * frame, 0.0);
        }
        let from = self.samples.len();
        self.samples.extend(take.samples.iter().skip(cut * frame));
        if from > 0 {
            fade(self.samples.iter_mut().skip(from), FADE * frame);
        }
        self.mark(row, take, from, cut);
        self.tail = take.frames.iter().rev().take(2).sum();
    }

    /// Notes when each sound of `row` is heard, of which the first `cut` frames were left out.
    fn mark(&mut self, row: &Row, take: &Take, from: usize, cut: usize) {
        let end = row.sounds.len().saturating_sub(2);
        let (mut at, mut last) = (from, None);
        for (nth, (sound, frames)) in row.sounds.iter().zip(&take.frames).enumerate() {
            let frames = if nth == 0 { frames - cut } else { *frames };
            let rings = if nth == end { RINGS_AT_END } else { RINGS };
            // In the beginning of a silence the sound before is still heard.
            let (heard, until) = match sound {
                Some(sound) => (Some(*sound), frames),
                None => (last, frames.min(rings)),
            };
            if let Some(place) = heard.and_then(|sound| self.sounds.get_mut(sound)) {
                let start = place.as_ref().map_or(at, |known| known.start);
                *place = Some(start..at + until * self.frame);
            }
            at += frames * self.frame;
            last = *sound;
        }
    }

    /// The utterance. A mark is heard between the sounds around it.
    pub(super) fn finish(self, reading: &Reading, rate: u32) -> Said {
        let seconds = |samples: usize| samples as f32 / rate as f32;
        let all = self.samples.len();
        let mut times = Vec::with_capacity(self.sounds.len());
        let mut before = 0;
        for (at, place) in self.sounds.iter().enumerate() {
            let range = place.clone().unwrap_or_else(|| {
                // Of several marks in a row the first has the pause.
                let next = self.sounds.get(at + 1..).unwrap_or_default().iter().flatten().next();
                let mark = reading.sounds.get(at).is_some_and(|s| matches!(s.voiced, Voiced::Pause(_)));
                let end = if mark && at > 0 { next.map_or(all, |next| next.start) } else { before };
                before..end.max(before)
            });
            before = range.end;
            times.push(seconds(range.start)..seconds(range.end));
        }
        Said { pcm: Pcm { rate, samples: self.samples }, times: Some(times) }
    }
}

/// Lets the first `over` samples rise from nothing.
fn fade<'s>(samples: impl Iterator<Item = &'s mut f32>, over: usize) {
    for (at, sample) in samples.take(over).enumerate() {
        *sample *= (at as f32 + 0.5) / over as f32;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        reading::{Boundary, Mark, Sound, Source, Syllable},
        span::Span,
    };

    /// Ten samples a frame, each its number in the take, from 1.
    fn take(frames: &[usize]) -> Take {
        let all: usize = frames.iter().sum();
        Take { frames: frames.to_vec(), samples: (0..all * 10).map(|n| n as f32 + 1.0).collect() }
    }

    fn row(sounds: &[Option<usize>], parted: Parted) -> Row {
        Row { numbers: vec![7; sounds.len()], sounds: sounds.to_vec(), parted }
    }

    fn reading(pattern: &str) -> Reading {
        let sound = |c| Sound {
            voiced: match c {
                ',' => Voiced::Pause(Mark::Comma),
                _ => Voiced::Syllable(Syllable { pinyin: "ba", tone: 1, surface: 1 }),
            },
            boundary: Boundary::None,
            span: Span::default(),
            source: Source::Spoken,
            said: '好',
        };
        Reading { sounds: pattern.chars().map(sound).collect() }
    }

    /// In frames, at ten samples a frame.
    fn frames(said: &Said) -> Vec<(f32, f32)> {
        said.times
            .as_ref()
            .unwrap()
            .iter()
            .map(|t| ((t.start * 100.0).round(), (t.end * 100.0).round()))
            .collect()
    }

    #[test]
    fn a_single_take_is_left_as_it_is() {
        let mut joined = Joined::new(3, 1.0);
        // sil, two sounds with a mark between, sil, eos.
        joined.push(
            &row(&[None, Some(0), Some(0), Some(0), Some(1), None, None], Parted::INSIDE),
            &take(&[9, 2, 6, 1, 8, 7, 3]),
        );
        let said = joined.finish(&reading("bb,"), 1000);
        assert_eq!(said.pcm.samples, take(&[36]).samples);
        assert_eq!(frames(&said), [(9.0, 18.0), (18.0, 33.0), (33.0, 36.0)]);
    }

    #[test]
    fn in_a_pause_the_sound_before_rings_out() {
        let mut joined = Joined::new(3, 1.0);
        joined.push(
            &row(&[None, Some(0), None, Some(2), None, None], Parted::INSIDE),
            &take(&[9, 8, 20, 8, 2, 3]),
        );
        let said = joined.finish(&reading("b,b"), 1000);
        assert_eq!(frames(&said), [(9.0, 20.0), (20.0, 37.0), (37.0, 47.0)]);
    }

    #[test]
    fn between_two_takes_lies_the_pause_and_nothing_clicks() {
        for (parted, speed, pause) in [
            (Parted::MARK, 1.0, 25.0),
            (Parted::PHRASE, 1.0, 14.0),
            (Parted::WORD, 1.0, 12.0),
            (Parted::MARK, 1.25, 20.0),
        ] {
            let mut joined = Joined::new(3, speed);
            joined.push(&row(&[None, Some(0), None, None], Parted::INSIDE), &take(&[9, 8, 9, 3]));
            joined.push(&row(&[None, Some(2), None, None], parted), &take(&[30, 8, 9, 3]));
            let said = joined.finish(&reading("b,b"), 1000);
            let end = 17.0 + pause;
            assert_eq!(frames(&said), [(9.0, 24.0), (24.0, end), (end, end + 15.0)]);
            assert_eq!(said.pcm.samples.len() as f32, 10.0 * (end + 8.0 + 12.0));
            // The last of the kept silence is faded out, the first of the next piece in.
            let kept = (29).min((end - 3.0) as usize) * 10;
            assert!(said.pcm.samples[kept - 1] <= 0.051 * kept as f32, "{}", said.pcm.samples[kept - 1]);
            let first = (end as usize - BEFORE) * 10;
            assert!(said.pcm.samples[first] <= 0.051 * 271.0, "{}", said.pcm.samples[first]);
        }
    }

    #[test]
    fn a_piece_without_silence_at_its_ends_is_joined_too() {
        let mut joined = Joined::new(2, 1.0);
        joined.push(&row(&[None, Some(0), None, None], Parted::INSIDE), &take(&[0, 8, 0, 1]));
        joined.push(&row(&[None, Some(1), None, None], Parted::WORD), &take(&[0, 8, 0, 0]));
        let said = joined.finish(&reading("bb"), 1000);
        assert_eq!(frames(&said), [(0.0, 8.0), (20.0, 28.0)]);
    }
}
