//! Where speech begins and ends.
//!
//! A neural voice puts half a second to a second of near-silence around what it says; the pauses of a
//! notice are the plan's business, so it goes. Speech is found by energy: a frame counts as speech
//! when it is loud beside the loudest frames. The margins kept on both sides hold what energy misses:
//! the burst of a first p or t, the breath after a last syllable. They are always the same: an engine that
//! begins and ends without silence gets some, or its pauses would be shorter than those of another.

use std::time::Duration;

use super::RATE;

/// Silence, or nearly so, before the speech of every clip.
pub const BEFORE: Duration = Duration::from_millis(50);

/// Silence, or nearly so, after the speech of every clip, before its pause.
pub const AFTER: Duration = Duration::from_millis(100);

/// Samples in a frame: 5 ms.
const FRAME: usize = RATE as usize / 200;

/// Speech is what comes this close to the loudest frame: -42 dB, between the weakest consonant and the
/// noise that a vocoder leaves behind a word.
const BELOW_LOUDEST: f32 = 0.008;

/// A clip whose loudest frame is below this root mean square (-60 dB) holds nothing to hear.
const INAUDIBLE: f32 = 0.001;

/// Samples over which the edges are faded in and out, so that they don't click: 5 ms and 20 ms.
const FADE_IN: usize = RATE as usize / 200;
const FADE_OUT: usize = RATE as usize / 50;

/// Speech with its margins and faded edges.
pub(super) struct Trimmed {
    pub samples: Vec<f32>,
    /// How much later everything is heard than before, in seconds; mostly negative.
    pub later: f32,
}

/// The speech in `samples`; none where there is nothing to hear.
pub(super) fn speech(samples: &[f32]) -> Option<Trimmed> {
    let energy: Vec<f32> = samples.chunks(FRAME).map(root_mean_square).collect();
    let loudest = energy.iter().copied().fold(0.0, f32::max);
    if loudest < INAUDIBLE {
        return None;
    }
    let is_speech = |&frame: &f32| frame >= loudest * BELOW_LOUDEST;
    let first = energy.iter().position(is_speech)? * FRAME;
    let last = ((energy.iter().rposition(is_speech)? + 1) * FRAME).min(samples.len());
    let (before, after) = (super::samples_in(BEFORE), super::samples_in(AFTER));
    let (start, end) = (first.saturating_sub(before), (last + after).min(samples.len()));
    let mut kept = samples.get(start..end)?.to_vec();
    fade(kept.iter_mut(), FADE_IN);
    fade(kept.iter_mut().rev(), FADE_OUT);
    // What the engine did not give of the margins.
    let (missing, lacking) = (before - (first - start), after - (end - last));
    let samples = [vec![0.0; missing], kept, vec![0.0; lacking]].concat();
    Some(Trimmed { samples, later: (missing as f32 - start as f32) / RATE as f32 })
}

fn root_mean_square(frame: &[f32]) -> f32 {
    (frame.iter().map(|sample| sample * sample).sum::<f32>() / frame.len().max(1) as f32).sqrt()
}

/// Lets the first `over` samples rise from nothing, along a raised cosine.
fn fade<'s>(samples: impl Iterator<Item = &'s mut f32>, over: usize) {
    for (at, sample) in samples.take(over).enumerate() {
        let turn = std::f32::consts::PI * (at as f32 + 0.5) / over as f32;
        *sample *= 0.5 - 0.5 * turn.cos();
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{quiet, sine};
    use super::*;

    fn seconds(samples: usize) -> f32 {
        samples as f32 / RATE as f32
    }

    #[test]
    fn the_margins_are_kept_and_the_rest_of_the_silence_goes() {
        let sound = [quiet(0.4), sine(300.0, 0.3, 1.0), quiet(0.75)].concat();
        let kept = speech(&sound).unwrap().samples;
        assert!((seconds(kept.len()) - 1.15).abs() < 0.011, "{}", seconds(kept.len()));
        let first = kept.iter().position(|sample| sample.abs() > 0.05).unwrap();
        assert!((seconds(first) - 0.05).abs() < 0.006, "{}", seconds(first));
    }

    #[test]
    fn a_weak_consonant_before_a_loud_vowel_stays() {
        // -36 dB: the f of 发 beside its a.
        let sound = [quiet(0.4), sine(6000.0, 0.005, 0.1), sine(300.0, 0.3, 0.5), quiet(0.5)].concat();
        let kept = speech(&sound).unwrap().samples;
        assert!((seconds(kept.len()) - 0.75).abs() < 0.011, "{}", seconds(kept.len()));
    }

    #[test]
    fn noise_of_a_vocoder_is_silence() {
        let sound = [sine(100.0, 0.001, 0.4), sine(300.0, 0.3, 1.0), sine(100.0, 0.001, 0.5)].concat();
        let kept = speech(&sound).unwrap().samples;
        assert!((seconds(kept.len()) - 1.15).abs() < 0.011, "{}", seconds(kept.len()));
    }

    #[test]
    fn speech_at_the_very_edges_loses_nothing_but_a_fade_and_gets_its_margins() {
        let sound = sine(300.0, 0.3, 0.5);
        let Trimmed { samples, later } = speech(&sound).unwrap();
        let (before, after) = (RATE as usize / 20, RATE as usize / 10);
        assert_eq!(samples.len(), before + sound.len() + after);
        assert_eq!(later, 0.05);
        assert!(samples[..before].iter().chain(&samples[before + sound.len()..]).all(|&s| s == 0.0));
        let kept = &samples[before..before + sound.len()];
        assert_eq!(kept[FADE_IN..kept.len() - FADE_OUT], sound[FADE_IN..sound.len() - FADE_OUT]);
        assert!(kept[0].abs() < 0.001 && kept[kept.len() - 1].abs() < 0.001);
    }

    #[test]
    fn half_a_margin_is_made_whole() {
        let sound = [quiet(0.02), sine(300.0, 0.3, 0.5), quiet(0.03)].concat();
        let Trimmed { samples, later } = speech(&sound).unwrap();
        assert!((seconds(samples.len()) - 0.65).abs() < 0.011, "{}", seconds(samples.len()));
        assert!((later - 0.03).abs() < 0.006, "{later}");
    }

    #[test]
    fn less_than_a_frame_is_handled() {
        assert!(speech(&[]).is_none());
        assert_eq!(speech(&[0.5]).map(|kept| kept.samples.len()), Some(3601));
    }
}
