//! Where speech begins and ends.
//!
//! A neural voice puts half a second to a second of near-silence around what it says; the pauses of a
//! notice are the plan's business, so it goes. Speech is found by energy: a frame counts as speech
//! when it is loud beside the loudest frames. The margins kept on both sides hold what energy misses:
//! the burst of a first p or t, the breath after a last syllable.

use super::RATE;

/// Samples in a frame: 5 ms.
const FRAME: usize = RATE as usize / 200;

/// Speech is what comes this close to the loudest frame: -42 dB, between the weakest consonant and the
/// noise that a vocoder leaves behind a word.
const BELOW_LOUDEST: f32 = 0.008;

/// A clip whose loudest frame is below this root mean square (-60 dB) holds nothing to hear.
const INAUDIBLE: f32 = 0.001;

/// Samples kept before speech: 50 ms.
const BEFORE: usize = RATE as usize / 20;

/// Samples kept after speech: 100 ms.
const AFTER: usize = RATE as usize / 10;

/// Samples over which the edges are faded in and out, so that they don't click: 5 ms and 20 ms.
const FADE_IN: usize = RATE as usize / 200;
const FADE_OUT: usize = RATE as usize / 50;

/// The speech in `samples` with its margins and faded edges; none where there is nothing to hear.
pub(super) fn speech(samples: &[f32]) -> Option<Vec<f32>> {
    let energy: Vec<f32> = samples.chunks(FRAME).map(root_mean_square).collect();
    let loudest = energy.iter().copied().fold(0.0, f32::max);
    if loudest < INAUDIBLE {
        return None;
    }
    let is_speech = |&frame: &f32| frame >= loudest * BELOW_LOUDEST;
    let first = energy.iter().position(is_speech)?;
    let last = energy.iter().rposition(is_speech)?;
    let start = (first * FRAME).saturating_sub(BEFORE);
    let end = ((last + 1) * FRAME + AFTER).min(samples.len());
    let mut kept = samples.get(start..end)?.to_vec();
    fade(kept.iter_mut(), FADE_IN);
    fade(kept.iter_mut().rev(), FADE_OUT);
    Some(kept)
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
        let kept = speech(&sound).unwrap();
        assert!((seconds(kept.len()) - 1.15).abs() < 0.011, "{}", seconds(kept.len()));
        let first = kept.iter().position(|sample| sample.abs() > 0.05).unwrap();
        assert!((seconds(first) - 0.05).abs() < 0.006, "{}", seconds(first));
    }

    #[test]
    fn a_weak_consonant_before_a_loud_vowel_stays() {
        // -36 dB: the f of 发 beside its a.
        let sound = [quiet(0.4), sine(6000.0, 0.005, 0.1), sine(300.0, 0.3, 0.5), quiet(0.5)].concat();
        let kept = speech(&sound).unwrap();
        assert!((seconds(kept.len()) - 0.75).abs() < 0.011, "{}", seconds(kept.len()));
    }

    #[test]
    fn noise_of_a_vocoder_is_silence() {
        let sound = [sine(100.0, 0.001, 0.4), sine(300.0, 0.3, 1.0), sine(100.0, 0.001, 0.5)].concat();
        let kept = speech(&sound).unwrap();
        assert!((seconds(kept.len()) - 1.15).abs() < 0.011, "{}", seconds(kept.len()));
    }

    #[test]
    fn speech_at_the_very_edges_loses_nothing_but_a_fade() {
        let sound = sine(300.0, 0.3, 0.5);
        let kept = speech(&sound).unwrap();
        assert_eq!(kept.len(), sound.len());
        assert_eq!(kept[FADE_IN..kept.len() - FADE_OUT], sound[FADE_IN..sound.len() - FADE_OUT]);
        assert!(kept[0].abs() < 0.001 && kept[kept.len() - 1].abs() < 0.001);
    }

    #[test]
    fn less_than_a_frame_is_handled() {
        assert!(speech(&[]).is_none());
        assert_eq!(speech(&[0.5]).map(|kept| kept.len()), Some(1));
    }
}
