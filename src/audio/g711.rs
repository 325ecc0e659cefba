//! G.711 (ITU-T, 1988): one byte a sample, in steps that grow with the level.
//!
//! The files are bare samples at 8 kHz, as telephone exchanges want them. Silence is 0xD5 in A-law and 0xFF in
//! μ-law.

use audio_codec_algorithms::{encode_alaw, encode_ulaw};
use bytes::Bytes;

/// `samples` at 8 kHz in A-law.
pub(super) fn alaw(samples: &[i16]) -> Bytes {
    samples.iter().copied().map(encode_alaw).collect()
}

/// `samples` at 8 kHz in μ-law.
pub(super) fn ulaw(samples: &[i16]) -> Bytes {
    samples.iter().copied().map(encode_ulaw).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lowest level, as 13 and 14 bits count it, that positive code `code` stands for; from the figures of
    /// tables 1 and 2 of G.711: eight segments of sixteen steps, each segment twice as steep.
    fn alaw_from(code: i32) -> i32 {
        let (segment, step) = (code / 16, code % 16);
        if segment == 0 { 2 * step } else { (2 * step + 32) << (segment - 1) }
    }

    fn ulaw_from(code: i32) -> i32 {
        let (segment, step) = (code / 16, code % 16);
        ((2 * step + 32) << segment) - 33
    }

    #[test]
    fn every_sample_is_coded_as_the_tables_of_itu_have_it() {
        let code = |level: i32, from: fn(i32) -> i32| {
            (0..128).rev().find(|&code| from(code) <= level).unwrap() as u8
        };
        for sample in i16::MIN..=i16::MAX {
            let (sign, level) = if sample < 0 { (0, !i32::from(sample)) } else { (0x80, i32::from(sample)) };
            assert_eq!(alaw(&[sample])[0], (sign | code(level >> 3, alaw_from)) ^ 0x55, "A-law of {sample}");
            assert_eq!(ulaw(&[sample])[0], !(sign ^ 0x80 | code(level >> 2, ulaw_from)), "μ-law of {sample}");
        }
    }

    #[test]
    fn known_points() {
        assert_eq!(alaw(&[0, -1, i16::MAX, i16::MIN])[..], [0xd5, 0x55, 0xaa, 0x2a]);
        assert_eq!(ulaw(&[0, -1, i16::MAX, i16::MIN])[..], [0xff, 0x7f, 0x80, 0x00]);
    }
}
