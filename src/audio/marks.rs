//! When each sound of a clip is heard: the marks by which words are highlighted, and a place is sought.
//!
//! 1. Where the engine told it, that holds, as long as it makes sense;
//! 2. where it did not, or the marks got lost, they are found in the clip itself ([`align`](super::align));
//! 3. they are kept as a small file beside the clip: `{"version":1,"by":"model","sounds":[[50,210],[210,420]]}`,
//!    milliseconds from the beginning of the clip. A file of another version is none: its marks are found again.

use std::{ops::Range, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::{AudioError, Clip, Finished, align, samples_in};

/// Changes whenever the file would say something else, or [`align`](super::align) finds better times than before.
const VERSION: u32 = 1;

/// One sound, as long as it may be thought to be before it was heard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Beat {
    /// A syllable or letter; 1.0 is the usual length.
    Sound(f32),
    /// A mark of punctuation: a silence, or none.
    Pause,
}

/// Who says when the sounds are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarksBy {
    /// The model that spoke them.
    Model,
    /// Nobody: the loudness of the clip, and how many sounds there are.
    Estimated,
}

/// When each sound of a clip is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marks {
    /// Who says so.
    pub by: MarksBy,
    /// Start and end of every sound of the reading, marks of punctuation too, in milliseconds.
    pub sounds: Vec<(u32, u32)>,
}

/// [`Marks`] as they are kept.
#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    by: MarksBy,
    sounds: Vec<(u32, u32)>,
}

impl Marks {
    /// Those of what was just finished: a reading of these `beats`, then `pause`.
    ///
    /// # Errors
    /// [`AudioError::Damaged`] where the clip is.
    pub fn of(finished: &Finished, pause: Duration, beats: &[Beat]) -> Result<Self, AudioError> {
        match &finished.times {
            Some(times) if times.len() == beats.len() && in_order(times) => {
                Ok(Self::new(MarksBy::Model, times))
            }
            _ => Self::estimated(&finished.clip, pause, beats),
        }
    }

    /// Those that the clip itself shows, which says these `beats` and ends with `pause`.
    ///
    /// # Errors
    /// [`AudioError::Damaged`] where the clip is.
    pub fn estimated(clip: &Clip, pause: Duration, beats: &[Beat]) -> Result<Self, AudioError> {
        let bytes = clip.samples()?;
        let (samples, _) = bytes.as_chunks();
        let speech = samples.len().saturating_sub(samples_in(pause));
        let speech = samples.iter().take(speech).map(|bytes| f32::from(i16::from_le_bytes(*bytes)) / 32768.0);
        Ok(Self::new(MarksBy::Estimated, &align::times(&speech.collect::<Vec<_>>(), beats)))
    }

    /// The file that [`Marks::read`] reads.
    pub fn file(&self) -> Bytes {
        let file = File { version: VERSION, by: self.by, sounds: self.sounds.clone() };
        // Numbers and names: there is nothing to fail.
        serde_json::to_vec(&file).unwrap_or_default().into()
    }

    /// Those that a file holds; none where it is none, one of another version, or not one of so many sounds.
    pub fn read(file: &[u8], sounds: usize) -> Option<Self> {
        let file: File = serde_json::from_slice(file).ok()?;
        let fits = file.version == VERSION && file.sounds.len() == sounds;
        fits.then_some(Self { by: file.by, sounds: file.sounds })
    }

    fn new(by: MarksBy, times: &[Range<f32>]) -> Self {
        let ms = |seconds: f32| (seconds * 1000.0).round() as u32;
        Self { by, sounds: times.iter().map(|time| (ms(time.start), ms(time.end))).collect() }
    }
}

/// Whether each sound ends after it has begun, and begins after the one before it.
fn in_order(times: &[Range<f32>]) -> bool {
    times.iter().all(|time| time.start <= time.end)
        && times.windows(2).all(|pair| matches!(pair, [a, b] if a.start <= b.start))
}

#[cfg(test)]
mod tests {
    use super::super::{Pcm, RATE, Said, finish, tests::sine};
    use super::*;

    const PAUSE: Duration = Duration::from_millis(300);

    fn finished(times: Option<Vec<Range<f32>>>) -> Finished {
        finish(Said { pcm: Pcm { rate: RATE, samples: sine(300.0, 0.3, 0.6) }, times }, PAUSE).unwrap()
    }

    #[test]
    fn what_the_model_tells_holds_while_it_makes_sense() {
        let beats = [Beat::Sound(1.0), Beat::Sound(1.0), Beat::Pause];
        let told = finished(Some(vec![0.0..0.2, 0.2..0.6, 0.6..0.6]));
        let marks = Marks::of(&told, PAUSE, &beats).unwrap();
        assert_eq!(marks, Marks { by: MarksBy::Model, sounds: vec![(50, 250), (250, 650), (650, 650)] });
        for odd in [
            None,
            Some(vec![0.0..0.2, 0.2..0.6]),
            Some(vec![0.0..0.2, 0.4..0.3, 0.4..0.6]),
            Some(vec![0.3..0.4, 0.2..0.3, 0.4..0.6]),
            Some(vec![0.0..f32::NAN, 0.2..0.3, 0.4..0.6]),
        ] {
            let marks = Marks::of(&finished(odd), PAUSE, &beats).unwrap();
            assert_eq!((marks.by, marks.sounds.len()), (MarksBy::Estimated, 3));
        }
    }

    #[test]
    fn a_file_reads_back_what_it_holds_and_nothing_else() {
        let marks = Marks { by: MarksBy::Estimated, sounds: vec![(50, 210), (210, 420)] };
        assert_eq!(marks.file()[..], *br#"{"version":1,"by":"estimated","sounds":[[50,210],[210,420]]}"#);
        assert_eq!(Marks::read(&marks.file(), 2), Some(marks.clone()));
        assert_eq!(Marks::read(&marks.file(), 3), None);
        let written = |head: &str, sounds: &str| format!(r#"{{{head}"sounds":[{sounds}]}}"#);
        let read = |text: &str| Marks::read(text.as_bytes(), text.matches(",0]").count());
        assert!(read(&written(r#""version":1,"by":"model","#, "[0,0]")).is_some());
        for head in [r#""by":"model","#, r#""version":0,"by":"model","#, r#""version":2,"by":"model","#] {
            assert_eq!(read(&written(head, "[0,0]")), None, "{head}");
        }
        for (head, sounds) in
            [(r#""version":1,"by":"me","#, "[0,0]"), (r#""version":1,"by":"model","#, "[-1,0]")]
        {
            assert_eq!(read(&written(head, sounds)), None, "{head} {sounds}");
        }
        assert_eq!((Marks::read(b"", 0), Marks::read(b"{}", 0)), (None, None));
    }

    #[test]
    fn a_damaged_clip_is_told() {
        let clip = finished(None).clip;
        let damaged = Clip { wav: clip.wav.slice(..100) };
        assert_eq!(Marks::estimated(&damaged, PAUSE, &[Beat::Sound(1.0)]), Err(AudioError::Damaged));
        // Not as long as its pause: whatever it is, nothing runs over.
        let marks = Marks::estimated(&clip, Duration::from_secs(9), &[Beat::Sound(1.0)]).unwrap();
        assert_eq!(marks.sounds.len(), 1);
    }
}
