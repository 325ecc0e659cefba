//! When each sound of a clip is heard, found from its loudness and from how many sounds there are.
//!
//! 1. The speech lies between the margins that every clip has ([`trim`](super::trim)); its loudness is looked at in
//!    frames of 10 ms.
//! 2. Silences of 80 ms and more are holes: they belong to no syllable, and to a mark if one is near.
//! 3. What is not a hole is shared out by the weights of the sounds. Around that, the cheapest way to cut the speech
//!    is found (dynamic programming): lengths near the expected ones, cuts where it is soft, holes under marks. In
//!    speech longer than any clip should be, the weights alone decide.
//!
//! Beside what the model of the default voice knows itself, the beginnings of 70 sounds were off by 50 ms in the
//! median, nine of ten by 95 ms at most (`examples/sound.rs` measures it where the engine tells).

use std::ops::Range;

use super::{AFTER, BEFORE, RATE, marks::Beat, samples_in};

/// Samples of a frame: 10 ms.
const FRAME: usize = RATE as usize / 100;

/// What lies so far below the loudest frame, in decibel, is silence.
const SILENT: f32 = 35.0;

/// Frames of silence that make a hole: the stop of a b, d or g is shorter.
const HOLE: usize = 8;

/// How far, in frames, a cut may lie from where the weights alone would put it.
const BAND: f32 = 80.0;

/// Frames above which only the weights count: 40 s, longer than any clip that a plan asks for, and the cheapest cuts
/// would take seconds and hundreds of megabytes.
const MOST: usize = 4_000;

/// The longest silence of a mark, in frames.
const LONGEST: usize = 150;

/// Costs: of a length that is off by all of the expected one, of a cut in the loudest frame, of a frame of a hole
/// under a sound, and of a loud frame under a mark.
const LENGTH: f32 = 6.0;
const CUT: f32 = 1.5;
const HOLE_IN_SOUND: f32 = 0.3;
const SOUND_IN_PAUSE: f32 = 0.5;

/// When each of `beats` is heard in `speech`, samples at the rate of clips with their margins; in seconds.
pub(super) fn times(speech: &[f32], beats: &[Beat]) -> Vec<Range<f32>> {
    let end = speech.len().saturating_sub(samples_in(AFTER));
    let start = samples_in(BEFORE).min(end);
    let view = View::new(speech.get(start..end).unwrap_or_default());
    let lengths = lengths(beats, view.sounding(view.frames()));
    let cuts = (view.frames() <= MOST).then(|| cheapest(&view, beats, &lengths)).flatten();
    let cuts = cuts.unwrap_or_else(|| shared(&view, beats, &lengths));
    let last = (end - start) as f32 / RATE as f32;
    let offset = start as f32 / RATE as f32;
    let second = |frame: usize| offset + (frame as f32 * FRAME as f32 / RATE as f32).min(last);
    cuts.windows(2)
        .filter_map(|pair| match pair {
            [from, to] => Some(second(*from)..second(*to)),
            _ => None,
        })
        .collect()
}

/// How loud the speech is, frame by frame.
struct View {
    /// 0 for silence, 1 for the loudest.
    loud: Vec<f32>,
    /// Before each frame, and at the end: how loud all before it is together, and how many of these are holes.
    sums: Vec<(f32, usize)>,
}

impl View {
    fn new(speech: &[f32]) -> Self {
        let energy = |frame: &[f32]| frame.iter().map(|s| s * s).sum::<f32>() / frame.len() as f32;
        let energies: Vec<f32> = speech.chunks(FRAME).map(energy).collect();
        let loudest = energies.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let level = |energy: f32| (1.0 + 10.0 * (energy / loudest).max(1e-10).log10() / SILENT).max(0.0);
        let loud: Vec<f32> = energies.into_iter().map(level).collect();
        let runs = loud.chunk_by(|a, b| (*a == 0.0) == (*b == 0.0));
        let hole = runs.flat_map(|run| run.iter().map(|loud| *loud == 0.0 && run.len() >= HOLE));
        let mut sums = vec![(0.0, 0)];
        let (mut sum, mut holes) = (0.0, 0);
        for (loud, hole) in loud.iter().zip(hole) {
            sum += loud;
            holes += usize::from(hole);
            sums.push((sum, holes));
        }
        Self { loud, sums }
    }

    fn frames(&self) -> usize {
        self.loud.len()
    }

    /// Of the frames before `at`: how loud they are together, and how many are holes.
    fn before(&self, at: usize) -> (f32, usize) {
        self.sums.get(at).copied().unwrap_or_default()
    }

    /// Frames before `at` that are no holes.
    fn sounding(&self, at: usize) -> f32 {
        (at - self.before(at).1) as f32
    }

    /// How loud it is where a cut would be made.
    fn at_cut(&self, at: usize) -> f32 {
        let loud = |at: Option<usize>| at.and_then(|at| self.loud.get(at)).copied().unwrap_or(0.0);
        loud(at.checked_sub(1)).min(loud(Some(at)))
    }
}

/// How many frames each beat would last by its weight alone; 0 for marks.
fn lengths(beats: &[Beat], frames: f32) -> Vec<f32> {
    let weight = |beat: &Beat| match beat {
        Beat::Sound(weight) => weight.max(0.05),
        Beat::Pause => 0.0,
    };
    let sum: f32 = beats.iter().map(weight).sum();
    beats.iter().map(|beat| weight(beat) * frames / sum.max(f32::MIN_POSITIVE)).collect()
}

/// Where the beats begin, and the last one ends, at the least cost; none where they don't fit.
fn cheapest(view: &View, beats: &[Beat], lengths: &[f32]) -> Option<Vec<usize>> {
    let frames = view.frames();
    // For each beat and the frame where it ends: what it costs to get there, and where it begins.
    let mut ways: Vec<Vec<Option<(f32, usize)>>> = Vec::with_capacity(beats.len());
    let mut here: Vec<Option<(f32, usize)>> = vec![None; frames + 1];
    *here.first_mut()? = Some((0.0, 0));
    let mut due = 0.0;
    for (beat, &length) in beats.iter().zip(lengths) {
        due += length;
        let mut next: Vec<Option<(f32, usize)>> = vec![None; frames + 1];
        for (from, way) in here.iter().enumerate() {
            let Some((cost, _)) = way else { continue };
            for to in reach(view, *beat, length, from) {
                if (view.sounding(to) - due).abs() > BAND {
                    continue;
                }
                let cost = cost + price(view, *beat, length, from, to);
                if let Some(place) = next.get_mut(to)
                    && place.is_none_or(|(other, _)| cost < other)
                {
                    *place = Some((cost, from));
                }
            }
        }
        ways.push(std::mem::replace(&mut here, next));
    }
    ways.push(here);
    let mut cuts = vec![frames];
    for way in ways.iter().skip(1).rev() {
        let at = *cuts.last()?;
        cuts.push((*way.get(at)?)?.1);
    }
    cuts.reverse();
    Some(cuts)
}

/// Where a beat may end that begins at `from`.
fn reach(view: &View, beat: Beat, length: f32, from: usize) -> Range<usize> {
    let end = view.frames() + 1;
    match beat {
        Beat::Pause => from..(from + LONGEST).min(end),
        Beat::Sound(_) => {
            let least = (length * 0.35) as usize + 1;
            let most = (length * 2.2) as usize + 3;
            // A hole inside makes it longer, and it may be as long as it likes.
            let holes = view.before((from + most + LONGEST).min(end - 1)).1 - view.before(from).1;
            from + least..(from + most + holes).min(end)
        }
    }
}

/// What it costs that a beat lasts from frame `from` to frame `to`.
fn price(view: &View, beat: Beat, length: f32, from: usize, to: usize) -> f32 {
    let ((loud_before, holes_before), (loud, holes)) = (view.before(from), view.before(to));
    match beat {
        Beat::Pause => SOUND_IN_PAUSE * (loud - loud_before),
        Beat::Sound(_) => {
            let holes = (holes - holes_before) as f32;
            let off = ((to - from) as f32 - holes - length) / length.max(1.0);
            LENGTH * off * off + HOLE_IN_SOUND * holes + CUT * view.at_cut(to)
        }
    }
}

/// Where the beats begin, and the last one ends, by their weights alone.
fn shared(view: &View, beats: &[Beat], lengths: &[f32]) -> Vec<usize> {
    let frames = view.frames();
    let (mut due, mut at) = (0.0, 0);
    let mut cuts = vec![0];
    for length in lengths.iter().take(beats.len()) {
        due += length;
        while at < frames && view.sounding(at + 1) <= due {
            at += 1;
        }
        cuts.push(at);
    }
    if let Some(last) = cuts.last_mut() {
        *last = frames;
    }
    cuts
}

#[cfg(test)]
mod tests {
    use super::super::{
        level,
        tests::{quiet, sine},
        trim,
    };
    use super::*;

    /// A syllable of so many milliseconds, that swells and dies away.
    fn syllable(ms: usize, hertz: f32) -> Vec<f32> {
        let sound = sine(hertz, 0.5, ms as f32 / 1000.0);
        let len = sound.len() as f32;
        let swell = |at: usize| 0.05 + 0.95 * (std::f32::consts::PI * at as f32 / len).sin();
        sound.into_iter().enumerate().map(|(at, sample)| sample * swell(at)).collect()
    }

    /// What is found in speech of these parts, as the chain gives it: positive milliseconds are a syllable, negative
    /// ones a silence. How far, in milliseconds, each beginning of a syllable is off.
    fn off(parts: &[i32], beats: &[Beat]) -> Vec<f32> {
        let (mut sound, mut due, mut now) = (quiet(0.2), Vec::new(), 0);
        for (at, &ms) in parts.iter().enumerate() {
            if ms > 0 {
                sound.extend(syllable(ms as usize, 200.0 + 40.0 * (at % 5) as f32));
                due.push(now);
            } else {
                sound.extend(quiet(-ms as f32 / 1000.0));
            }
            now += ms.abs();
        }
        sound.extend(quiet(0.2));
        let speech = level::set(trim::speech(&sound).unwrap().samples).unwrap();
        let found = times(&speech, beats);
        assert_eq!(found.len(), beats.len());
        assert!(found.windows(2).all(|pair| pair[0].end == pair[1].start), "{found:?}");
        let sounds = found.iter().zip(beats).filter(|(_, beat)| matches!(beat, Beat::Sound(_)));
        let starts: Vec<f32> = sounds.map(|(time, _)| time.start * 1000.0 - 50.0).collect();
        assert_eq!(starts.len(), due.len());
        starts.iter().zip(due).map(|(start, due)| (start - due as f32).abs()).collect()
    }

    fn worst(off: &[f32]) -> f32 {
        off.iter().copied().fold(0.0, f32::max)
    }

    const S: Beat = Beat::Sound(1.0);
    const P: Beat = Beat::Pause;

    #[test]
    fn syllables_of_one_length_and_of_several() {
        let even = off(&[200; 12], &[&[S; 12][..], &[P]].concat());
        assert!(worst(&even) <= 20.0, "{even:?}");
        let uneven = off(&[180, 260, 150, 220, 300, 170, 210, 240, 160, 280], &[S; 10]);
        assert!(worst(&uneven) <= 30.0, "{uneven:?}");
    }

    #[test]
    fn silences_are_the_marks() {
        let parts = [200, 180, 220, -300, 210, 190, 240, 200, -250, 200, 230];
        let beats = [S, S, S, P, S, S, S, S, P, S, S, P];
        let found = off(&parts, &beats);
        assert!(worst(&found) <= 30.0, "{found:?}");
    }

    #[test]
    fn a_mark_without_a_silence_and_a_silence_without_a_mark() {
        let unheard = off(&[200; 8], &[S, S, S, S, P, S, S, S, S, P]);
        assert!(worst(&unheard) <= 30.0, "{unheard:?}");
        let unwritten = off(&[200, 200, 200, -200, 200, 200, 200], &[S, S, S, S, S, S, P]);
        // The silence belongs to the end of one syllable or the beginning of the next.
        let mean = unwritten.iter().sum::<f32>() / unwritten.len() as f32;
        assert!(mean <= 45.0, "{unwritten:?}");
    }

    #[test]
    fn weights_are_believed_where_nothing_is_to_be_heard_of_cuts() {
        let hum = sine(300.0, 0.5, 1.2);
        let speech = trim::speech(&hum).unwrap().samples;
        let found = times(&speech, &[Beat::Sound(1.0), Beat::Sound(2.0), Beat::Sound(1.0)]);
        for (time, due) in found.iter().zip([0.05, 0.35, 0.95]) {
            assert!((time.start - due).abs() < 0.02, "{found:?}");
        }
    }

    #[test]
    fn above_forty_seconds_the_weights_alone_decide() {
        let parts: Vec<i32> = (0..180).map(|at| if at % 2 == 0 { 200 } else { 300 }).collect();
        let (short, long) = (off(&parts[..150], &[S; 150]), off(&parts, &[S; 180]));
        // The weights know nothing of long and short; in the shorter speech cuts are found where it is soft.
        assert!(worst(&short) <= 35.0, "{short:?}");
        assert!(worst(&long) >= 45.0, "{long:?}");
        let even = off(&[250; 180], &[S; 180]);
        assert!(worst(&even) <= 20.0, "{even:?}");
    }

    #[test]
    fn whatever_comes_every_beat_gets_its_place() {
        let speech = trim::speech(&sine(300.0, 0.5, 0.3)).unwrap().samples;
        for (speech, beats) in [
            (&[][..], &[S, P][..]),
            (&[], &[]),
            (&speech, &[]),
            (&speech, &[P]),
            (&speech, &[S; 100]),
            (&speech, &[Beat::Sound(0.0), Beat::Sound(f32::NAN)]),
            (&speech[..10], &[S, S]),
            (&vec![0.0; 24_000], &[S, P, S]),
            (&vec![0.5; 2_400_000], &[S, P, S]),
        ] {
            let found = times(speech, beats);
            assert_eq!(found.len(), beats.len());
            let end = speech.len() as f32 / 24_000.0 + 0.01;
            assert!(found.iter().all(|time| time.start <= time.end && time.end <= end), "{found:?}");
        }
    }
}
