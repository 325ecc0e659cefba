//! Samples as 16-bit numbers, with triangular dither (Lipshitz, Wannamaker and Vanderkooy, 1992).
//!
//! Rounding alone leaves an error that follows the sound: a last syllable that dies away ends in a buzz. Noise of one
//! step, added before rounding, makes the error a steady hiss 93 dB below full scale. It is made from the place of a
//! sample alone, so that the same samples always give the same file. Digital silence stays digital silence.

/// `sample`, full scale at ±1, as the number at place `at` of a file.
pub(super) fn to_16_bit(sample: f32, at: usize) -> i16 {
    if sample == 0.0 {
        return 0;
    }
    // The cast saturates, and the peak is below full scale anyway.
    (sample * 32768.0 + noise(at)).round() as i16
}

/// Between -1 and 1, small values more often: the difference of two even ones.
fn noise(at: usize) -> f32 {
    // One step of SplitMix64 (Steele, Lea and Flood, 2014).
    let z = (at as u64).wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let z = z ^ (z >> 31);
    let even = |bits: u64| (bits & 0xff_ffff) as f32 / 16_777_216.0;
    even(z >> 40) - even(z)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: usize = 200_000;

    #[test]
    fn the_noise_is_triangular_and_follows_nothing() {
        let noise: Vec<f64> = (0..MANY).map(|at| f64::from(noise(at))).collect();
        let mean = noise.iter().sum::<f64>() / MANY as f64;
        let power = noise.iter().map(|n| n * n).sum::<f64>() / MANY as f64;
        assert!(noise.iter().all(|n| n.abs() < 1.0));
        // Two even ones of width 1: a sixth. Half of a triangle lies within 1 - √½ of its middle.
        assert!(mean.abs() < 0.005 && (power - 1.0 / 6.0).abs() < 0.003, "{mean} {power}");
        let near = noise.iter().filter(|n| n.abs() < 1.0 - 0.5f64.sqrt()).count() as f64 / MANY as f64;
        assert!((near - 0.5).abs() < 0.01, "{near}");
        for apart in [1, 2, 7, 240] {
            let alike = noise.iter().zip(&noise[apart..]).map(|(a, b)| a * b).sum::<f64>() / MANY as f64;
            assert!(alike.abs() < 0.005, "{apart}: {alike}");
        }
    }

    #[test]
    fn what_is_smaller_than_a_step_is_still_there() {
        // A tenth of a step: rounding alone would lose it.
        let sum: i64 = (0..MANY).map(|at| i64::from(to_16_bit(0.1 / 32768.0, at))).sum();
        let mean = sum as f64 / MANY as f64;
        assert!((mean - 0.1).abs() < 0.01, "{mean}");
    }

    #[test]
    fn silence_stays_silent_and_full_scale_does_not_turn_over() {
        for at in 0..1000 {
            assert_eq!(to_16_bit(0.0, at), 0);
            assert!(to_16_bit(1.0, at) > 32_760 && to_16_bit(-1.0, at) < -32_760);
            assert_eq!(to_16_bit(0.3, at), to_16_bit(0.3, at));
        }
    }
}
