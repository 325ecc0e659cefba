//! When each word of a clip is heard.
//!
//! 1. The marks of a clip tell it of every sound ([`Marks`]). They are made with the clip and kept beside it; where
//!    they got lost they are estimated from the clip, and kept again.
//! 2. The sounds of a word belong together: it begins where the reading has a boundary, a letter is a word of its own,
//!    and marks of punctuation are none.
//! 3. A clip in another voice has marks of its own: the words are those of the clip that is heard.

use futures::{StreamExt, stream};

use super::{Desk, Notice, Part, RenderError, Renderer};
use crate::{
    audio::{Beat, Marks, MarksBy},
    plan::{ClipKey, Utterance},
    reading::{Boundary, Reading, Voiced},
    span::Span,
    store::ClipName,
};

/// A word of a clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The characters it says, in [`crate::notice::Document::text`]. Words of one written expression may share them.
    pub span: Span,
    /// When it begins and when it ends, in milliseconds from the beginning of the clip.
    pub heard: (u32, u32),
}

/// The words of a clip in the order in which they are heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Who says when they are heard.
    pub by: MarksBy,
    /// All of them.
    pub words: Vec<Word>,
}

/// How far marks are looked for.
#[derive(Clone, Copy)]
enum Reach {
    /// In memory: nothing is waited for.
    Memory,
    /// In the folder too.
    Folder,
    /// Wherever the store has them, a bucket too.
    Store,
}

/// How long the sounds of `reading` may be thought to be.
pub fn beats(reading: &Reading) -> Vec<Beat> {
    let beat = |(at, sound): (usize, &crate::reading::Sound)| {
        let weight = match sound.voiced {
            Voiced::Pause(_) => return Beat::Pause,
            Voiced::Letter('W') => 2.0,
            Voiced::Letter('F' | 'H' | 'L' | 'M' | 'N' | 'S' | 'X' | 'Z') => 1.3,
            Voiced::Letter(_) => 1.1,
            Voiced::Syllable(syllable) if syllable.surface == 5 => 0.75,
            Voiced::Syllable(_) => 1.0,
        };
        // The last before a silence is drawn out.
        let next = reading.sounds.get(at + 1).map(|next| next.voiced);
        let last = matches!(next, None | Some(Voiced::Pause(_)));
        Beat::Sound(if last { 1.25 * weight } else { weight })
    };
    reading.sounds.iter().enumerate().map(beat).collect()
}

/// The words of `utterance`, of whose sounds `marks` tell.
fn words(utterance: &Utterance, marks: &Marks) -> Words {
    let mut words: Vec<Word> = Vec::new();
    let (mut open, mut after_letter) = (false, false);
    for (sound, &(start, end)) in utterance.reading.sounds.iter().zip(&marks.sounds) {
        if matches!(sound.voiced, Voiced::Pause(_)) {
            open = false;
            continue;
        }
        let letter = matches!(sound.voiced, Voiced::Letter(_));
        let goes_on = open && sound.boundary == Boundary::None && !letter && !after_letter;
        match words.last_mut().filter(|_| goes_on) {
            Some(word) => *word = Word { span: word.span.join(sound.span), heard: (word.heard.0, end) },
            None => words.push(Word { span: sound.span, heard: (start, end) }),
        }
        (open, after_letter) = (true, letter);
    }
    Words { by: marks.by, words }
}

impl Renderer {
    /// The words of the clips of `notice` that are made, as `parts` has them; those whose marks are at hand: in memory
    /// or, with `look`, in the folder. No bucket is asked: for two hundred clips that would be too long a wait.
    pub async fn words(&self, notice: &Notice, parts: &[Option<Part>], look: bool) -> Vec<Option<Words>> {
        let key = |at: usize| Some(parts.get(at)?.as_ref()?.key);
        let reach = if look { Reach::Folder } else { Reach::Memory };
        let all = stream::iter((0..notice.plan.utterances.len()).map(|at| (at, key(at))));
        all.map(|(at, key)| self.clip_words(notice, at, key, reach)).buffered(16).collect().await
    }

    async fn clip_words(
        &self,
        notice: &Notice,
        at: usize,
        key: Option<ClipKey>,
        reach: Reach,
    ) -> Option<Words> {
        let utterance = notice.utterance(at)?;
        let marks = self.desk.kept_marks(utterance, key?, reach).await?;
        Some(words(utterance, &marks))
    }

    /// Which clip says utterance `at` of `notice`, if it is made, where another voice may have had to speak; and its
    /// words, if their marks are at hand.
    pub async fn kept_words(&self, notice: &Notice, at: usize) -> Option<(ClipKey, Option<Words>)> {
        let key = self.desk.part(notice, at, true).await?.key;
        Some((key, self.clip_words(notice, at, Some(key), Reach::Store).await))
    }

    /// The words of clip `at` of `notice`, and which clip that is. Waits until it is made; marks that got lost are
    /// estimated, and kept.
    ///
    /// # Errors
    /// As [`Renderer::make`].
    pub async fn words_of(&self, notice: &Notice, at: usize) -> Result<(ClipKey, Words), RenderError> {
        let utterance = notice.utterance(at).ok_or(RenderError::Internal)?;
        let (key, clip) = self.said(utterance.key, Some(notice.id)).await?;
        if let Some(words) = self.clip_words(notice, at, Some(key), Reach::Store).await {
            return Ok((key, words));
        }
        let (pause, beats) = (utterance.pause, beats(&utterance.reading));
        let estimate = tokio::task::spawn_blocking(move || Marks::estimated(&clip, pause, &beats));
        let marks = estimate.await.map_err(|_| RenderError::Internal)??;
        let (name, file) = (ClipName::marks(key), marks.file());
        // What is there all the same was refused, and would be again.
        let refused = self.desk.store.clip(name).await.is_some();
        self.desk.store.hold_clip(name, file.clone());
        match refused {
            true => self.desk.store.replace_clip(name, &file).await,
            false => self.desk.store.save_clip(name, &file).await,
        }
        Ok((key, words(utterance, &marks)))
    }
}

impl Desk {
    /// The marks of the clip `key`, which says `utterance`; none where they are not at hand.
    async fn kept_marks(&self, utterance: &Utterance, key: ClipKey, reach: Reach) -> Option<Marks> {
        let name = ClipName::marks(key);
        let file = match reach {
            Reach::Memory => self.store.hot(name)?,
            Reach::Folder => self.store.near_clip(name).await?,
            Reach::Store => self.store.clip(name).await?,
        };
        Marks::read(&file, utterance.reading.sounds.len())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        plan::{Plan, Settings},
        reading::Sound,
    };

    /// The only utterance of a text.
    fn utterance(text: &str) -> (crate::notice::Document, Utterance) {
        let limits = crate::notice::Limits::default();
        let (document, _) = crate::notice::read(text, crate::notice::Format::Text, &limits).unwrap();
        let (Plan { utterances, .. }, _) = crate::plan::plan(&document, &Settings::default());
        assert_eq!(utterances.len(), 1, "{text}");
        (document, utterances.into_iter().next().unwrap())
    }

    /// Marks of so many sounds, a tenth of a second each.
    fn marks(sounds: usize) -> Marks {
        let sounds = (0..sounds as u32).map(|at| (100 * at, 100 * at + 100)).collect();
        Marks { by: MarksBy::Model, sounds }
    }

    #[test]
    fn words_begin_at_boundaries_and_letters_stand_alone() {
        let (document, utterance) = utterance("今天停水，GDP。");
        let found = words(&utterance, &marks(utterance.reading.sounds.len()));
        let texts: Vec<&str> = found.words.iter().map(|word| word.span.of(&document.text)).collect();
        assert_eq!(texts.concat().replace("GDPGDPGDP", "GDP"), "今天停水GDP", "{texts:?}");
        assert_eq!(texts.len(), 5, "{texts:?}");
        // The mark between has its tenth of a second too.
        let heard: Vec<_> = found.words.iter().map(|word| word.heard).collect();
        assert_eq!(heard, [(0, 200), (200, 400), (500, 600), (600, 700), (700, 800)]);
    }

    #[test]
    fn every_sound_gets_a_beat() {
        let (_, utterance) = utterance("我们的APP，好。");
        let beats = beats(&utterance.reading);
        assert_eq!(beats.len(), utterance.reading.sounds.len());
        for (beat, Sound { voiced, .. }) in beats.iter().zip(&utterance.reading.sounds) {
            assert_eq!(*beat == Beat::Pause, matches!(voiced, Voiced::Pause(_)));
        }
        assert!(beats.contains(&Beat::Sound(0.75)), "的 is said quickly: {beats:?}");
    }
}
