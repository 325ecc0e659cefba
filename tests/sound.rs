//! What is heard of a notice: every clip as loud as the others, no peak too high, no click, pauses as the table has
//! them; with the real voice, and with one that hums from the first sample to the last.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[allow(dead_code)]
#[path = "stage/hum.rs"]
mod hum;
#[path = "sound/measure.rs"]
mod measure;

use std::{path::Path, time::Duration};

use langdu::{
    audio::{self, AudioError, Clip, Pcm, RATE, Said},
    engine::{self, Engine, neural::Neural},
    notice::{self, Format, Limits},
    plan::{self, Plan, Settings, Speed},
};
use measure::{Sound, measure};

/// A notice with all that pauses differ by; with the default voice it takes three quarters of a minute.
const NOTICE: &str = "关于临时停水的通知
各社区、各住户：
因南湖路供水管网检修，定于5月3日8时至12时停水。现将有关事项通知如下：
一、停水范围
东至人民路，西至长江街；南湖小区、光明小区全部停水。
二、注意事项
（一）请提前储水，关好水龙头！
（二）恢复供水时，水色可能发黄，放一会儿就好。
咨询电话：6221234。您还有疑问吗？请致电供水公司。
海东市供水公司
2024年5月2日
";

fn planned(speed: f32) -> Plan {
    let (document, _) = notice::read(NOTICE, Format::Text, &Limits::default()).unwrap();
    let settings = Settings { speed: Speed::new(speed).unwrap(), ..Settings::default() };
    plan::plan(&document, &settings).0
}

/// The clips of the notice, as `say` gives what they are made of.
fn clips(plan: &Plan, say: impl Fn(&langdu::reading::Reading) -> Said) -> Vec<(Clip, Duration)> {
    let clip = |utterance: &plan::Utterance| {
        (audio::finish(say(&utterance.reading), utterance.pause).unwrap().clip, utterance.pause)
    };
    plan.utterances.iter().map(clip).collect()
}

fn is_well_made(sound: &Sound) {
    assert!(sound.pauses.len() > 12, "{sound:?}");
    assert!(sound.spread() < 1.0, "{sound:?}");
    assert!(sound.loudness.iter().all(|loudness| (loudness + 16.0).abs() < 0.5), "{sound:?}");
    assert!(sound.peak() <= -1.0, "{sound:?}");
    assert!(sound.join < sound.step, "a click of {} where the voice makes {}", sound.join, sound.step);
    assert!(sound.worst_pause() < 0.1, "{sound:?}");
    assert!(!sound.noise_in_pauses, "a pause is not digital silence");
}

#[test]
fn the_real_voice_is_as_one_careful_reader() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/voices/kokoro");
    let engine = Neural::load(Path::new(folder), 0).unwrap();
    let voice = engine.voices()[0].name.clone();
    let plan = planned(1.0);
    let clips = clips(&plan, |reading| engine::speak(&engine, &voice, reading, 1.0).unwrap());
    let sound = measure(&clips).unwrap();
    println!("{:.1} s, spread {:.2} LU, peak {:.2} dBTP", sound.seconds, sound.spread(), sound.peak());
    is_well_made(&sound);
}

#[test]
fn an_engine_that_hums_without_an_edge_is_cut_as_well() {
    for speed in [0.7, 1.0, 1.5] {
        let plan = planned(speed);
        let hummed =
            |reading: &langdu::reading::Reading| Pcm { rate: RATE, samples: hum::hum(reading, speed) }.into();
        is_well_made(&measure(&clips(&plan, hummed)).unwrap());
    }
}

#[test]
fn an_engine_at_another_rate_is_cut_as_well() {
    // What was hummed at 24 kHz, taken for 16 kHz and 48 kHz: lower and slower, higher and faster.
    for rate in [16_000, 48_000] {
        let plan = planned(1.0);
        let hummed =
            |reading: &langdu::reading::Reading| Pcm { rate, samples: hum::hum(reading, 1.0) }.into();
        is_well_made(&measure(&clips(&plan, hummed)).unwrap());
    }
    let odd = Pcm { rate: 4000, samples: vec![0.3; 4000] };
    assert_eq!(audio::finish(odd, Duration::ZERO), Err(AudioError::Rate(4000)));
}

#[test]
fn the_same_sound_gives_the_same_file() {
    let plan = planned(1.0);
    let hummed =
        |reading: &langdu::reading::Reading| Pcm { rate: RATE, samples: hum::hum(reading, 1.0) }.into();
    assert_eq!(clips(&plan, hummed), clips(&plan, hummed));
}

#[test]
fn the_pauses_are_those_of_the_table() {
    let plan = planned(1.0);
    let written = |text: &str| {
        let (document, _) = notice::read(NOTICE, Format::Text, &Limits::default()).unwrap();
        let at = document.text.find(text).unwrap() + text.len();
        plan.utterances.iter().find(|utterance| utterance.span.end >= at).unwrap().pause.as_millis()
    };
    for (text, pause) in [
        ("停水的通知", 900),
        ("各住户：", 600),
        ("停水范围", 650),
        ("如下：", 750),
        ("12时停水。", 520),
        ("长江街；", 420),
        ("水龙头！", 650),
        ("您还有疑问吗？", 560),
        ("海东市供水公司", 600),
        ("5月2日", 600),
    ] {
        assert_eq!(written(text), pause, "{text}");
    }
}
