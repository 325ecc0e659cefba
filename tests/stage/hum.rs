//! A voice that hums: quick, the same in every process, and another sound for every other reading.
//!
//! Shared by the tests (`tests/stage`) and by the service of `examples/hum.rs`.

use langdu::{
    engine::Voice,
    reading::{Reading, Voiced},
};

/// Name and version of every engine that hums so.
pub const VERSION: &str = "hummer/2";

/// Samples of one sound at normal speed: a sixteenth of a second.
const SOUND: f32 = 1500.0;

/// A voice of this name.
pub fn voice(name: &str, title: &str, speed: (f32, f32)) -> Voice {
    Voice {
        name: name.to_owned(),
        title: title.to_owned(),
        sex: "female".to_owned(),
        language: "zh-CN".to_owned(),
        licence: "Apache-2.0".to_owned(),
        digest: format!("digest of {name}"),
        rate: 24_000,
        speed,
    }
}

/// Hums `reading`: each sound at a pitch of its own, from 100 to 500 Hz, at -10 dB.
pub fn hum(reading: &Reading, speed: f32) -> Vec<f32> {
    let samples = (SOUND / speed) as usize;
    let mut phase = 0.0_f32;
    let mut out = Vec::with_capacity(reading.sounds.len() * samples);
    for sound in &reading.sounds {
        let hertz = 100.0 + (number_of(sound.voiced) % 4000) as f32 / 10.0;
        let step = std::f32::consts::TAU * hertz / 24_000.0;
        for _ in 0..samples {
            out.push(0.3 * phase.sin());
            phase = (phase + step) % std::f32::consts::TAU;
        }
    }
    out
}

/// A number that stays the same for what is heard, and differs for almost everything else.
pub fn number(reading: &Reading) -> u64 {
    reading.sounds.iter().fold(0, |number, sound| mix(number ^ number_of(sound.voiced)))
}

fn number_of(voiced: Voiced) -> u64 {
    let (text, tone) = match voiced {
        Voiced::Syllable(syllable) => (syllable.pinyin, syllable.surface),
        Voiced::Letter(letter) => return mix(u64::from(letter)),
        Voiced::Pause(mark) => return mix(u64::from(mark.as_char())),
    };
    text.bytes().chain([tone]).fold(1, |number, byte| mix(number ^ u64::from(byte)))
}

/// One step of SplitMix64 (Steele, Lea and Flood, 2014).
fn mix(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
