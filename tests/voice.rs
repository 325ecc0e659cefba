//! The real voice in `voices/kokoro`: it loads, speaks, says the same thing twice alike, tells when, and refuses
//! what it must not use.

#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use langdu::{
    audio,
    engine::{Engine, EngineError, neural::Neural},
    http::{App, router},
    reading::{Boundary, Mark, Reading, Sound, Source, Syllable, Voiced},
    render::{RenderOptions, Renderer},
    span::Span,
    store::{Store, StoreOptions},
};
use stage::{Hummer, Stage, under};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/voices/kokoro");

/// Loading takes a second: all tests share one engine, as all callers do.
fn engine() -> &'static Arc<Neural> {
    static ENGINE: OnceLock<Arc<Neural>> = OnceLock::new();
    ENGINE.get_or_init(|| Arc::new(Neural::load(Path::new(FOLDER), 0).unwrap()))
}

/// A reading of `(pinyin, tone)`, a word each, with a full stop.
fn reading(syllables: &[(&'static str, u8)]) -> Reading {
    let mut sounds: Vec<Sound> = syllables
        .iter()
        .map(|&(pinyin, tone)| sound(Voiced::Syllable(Syllable { pinyin, tone, surface: tone })))
        .collect();
    sounds.push(sound(Voiced::Pause(Mark::Stop)));
    Reading { sounds }
}

fn sound(voiced: Voiced) -> Sound {
    Sound { voiced, boundary: Boundary::Word, span: Span::default(), source: Source::Spoken, said: '好' }
}

/// 请注意。
const ATTENTION: [(&str, u8); 3] = [("qing", 3), ("zhu", 4), ("yi", 4)];

#[test]
fn it_says_a_short_sentence_and_always_the_same_way() {
    let said = engine().synthesize("zf_xiaoxiao", &reading(&ATTENTION), 1.0).unwrap();
    assert_eq!(said.pcm.rate, audio::RATE);
    let loudness =
        (said.pcm.samples.iter().map(|s| s * s).sum::<f32>() / said.pcm.samples.len() as f32).sqrt();
    assert!((0.01..0.3).contains(&loudness), "{loudness}");

    let again = engine().synthesize("zf_xiaoxiao", &reading(&ATTENTION), 1.0).unwrap();
    assert!(said == again, "the same reading gave other samples");

    let other = engine().synthesize("zm_yunxi", &reading(&ATTENTION), 1.0).unwrap();
    assert!(said != other, "two voices gave the same samples");

    let clip = audio::finish(said, Duration::ZERO).unwrap().clip;
    assert!((0.6..1.4).contains(&clip.duration().as_secs_f32()), "{:?}", clip.duration());
}

#[test]
fn it_tells_when_every_sound_is_heard() {
    let mut reading = reading(&[("qing", 3), ("zhu", 4), ("yi", 4)]);
    reading.sounds.push(sound(Voiced::Letter('G')));
    reading.sounds.push(sound(Voiced::Syllable(Syllable { pinyin: "shui", tone: 3, surface: 3 })));
    let said = engine().synthesize("zf_xiaoxiao", &reading, 1.25).unwrap();
    let seconds = said.pcm.samples.len() as f32 / said.pcm.rate as f32;
    let pause = Duration::from_millis(520);
    let finished = audio::finish(said.clone(), pause).unwrap();
    let speech = (finished.clip.duration() - pause).as_secs_f32();
    for (times, end) in [(said.times.unwrap(), seconds), (finished.times.unwrap(), speech)] {
        assert_eq!(times.len(), reading.sounds.len());
        let (first, last) = (times[0].start, times[times.len() - 1].end);
        assert!(first >= 0.0 && last <= end + 0.001 && last - first > 0.5 * end, "{times:?} of {end} s");
        assert!(times.windows(2).all(|pair| pair[0].end <= pair[1].start + 0.001), "{times:?}");
        for (time, sound) in times.iter().zip(&reading.sounds) {
            let least = if matches!(sound.voiced, Voiced::Pause(_)) { 0.0 } else { 0.05 };
            assert!((least..1.0).contains(&(time.end - time.start)), "{times:?}");
        }
    }
}

#[tokio::test]
async fn a_manifest_says_that_the_model_told_when() {
    let store = Store::memory(StoreOptions::default());
    let renderer = Renderer::start(vec![engine().clone()], store, RenderOptions::default());
    let stage = Stage { engine: Hummer::new(), router: router(App::new(renderer.clone())), renderer };
    let manifest = stage.submit("今天停水。").await;
    // Waits until the clip is made, however slow the network is where it is not optimised.
    let words = stage.get(&under(&manifest, "/words/0")).await.is(200).json();
    assert_eq!(words["timing"], "model", "{words}");
    let made = stage.get(&under(&manifest, "")).await.is(200).json();
    let clip = &made["sentences"][0]["clips"][0];
    assert_eq!(clip["timing"], "model", "{clip}");
    assert_eq!(clip["words"].as_array().unwrap().len(), 2, "{clip}");
}

#[test]
fn a_larger_speed_is_faster() {
    let seconds = |speed| {
        let said = engine().synthesize("zf_xiaoxiao", &reading(&ATTENTION), speed).unwrap();
        said.pcm.samples.len() as f32 / said.pcm.rate as f32
    };
    let (slow, normal, fast) = (seconds(0.6), seconds(1.0), seconds(1.3));
    assert!(fast < 0.9 * normal && slow > 1.4 * normal, "{slow} {normal} {fast}");
}

#[test]
fn what_it_cannot_say_is_an_error_and_never_left_out() {
    let say = |reading: &Reading| engine().synthesize("zf_xiaoxiao", reading, 1.0).map(drop).unwrap_err();
    let unknown = say(&reading(&[("qing", 3), ("xyz", 4)]));
    assert_eq!(unknown.to_string(), "the voice has no symbols for the sound xyz4");
    assert_eq!(say(&reading(&[("qing", 9)])).code(), "unknown_sound");
    assert_eq!(say(&Reading { sounds: vec![sound(Voiced::Letter('é'))] }).code(), "unknown_sound");
    assert_eq!(say(&reading(&[("zhuang", 1); 120])).code(), "utterance_too_long");
    assert_eq!(say(&Reading::default()).code(), "nothing_to_say");
    assert_eq!(say(&reading(&[])).code(), "nothing_to_say");
}

#[test]
fn only_its_own_voices_and_speeds_are_taken() {
    let say = |voice, speed| engine().synthesize(voice, &reading(&ATTENTION), speed).map(drop).unwrap_err();
    assert_eq!(say("nobody", 1.0).code(), "unknown_voice");
    for speed in [0.0, 0.4, 2.1, f32::NAN] {
        assert_eq!(say("zf_xiaoxiao", speed).code(), "speed_out_of_range");
    }
}

#[test]
fn every_voice_is_named_once_and_has_its_own_digest() {
    let voices = engine().voices();
    assert_eq!(voices[0].name, "zf_xiaoxiao");
    for (at, voice) in voices.iter().enumerate() {
        for other in &voices[at + 1..] {
            assert_ne!(voice.name, other.name);
            assert_ne!(voice.digest, other.digest);
        }
    }
}

#[test]
fn the_sums_for_people_are_those_for_the_engine() {
    let read = |name| fs::read_to_string(Path::new(FOLDER).join(name)).unwrap();
    let (sums, manifest) = (read("SHA256SUMS"), read("voice.toml"));
    assert_eq!(sums.lines().count(), manifest.matches("sha256 = ").count());
    for (sum, path) in sums.lines().filter_map(|line| line.split_once("  ")) {
        assert!(manifest.contains(&format!("path = \"{path}\", sha256 = \"{sum}\"")), "{path}");
    }
}

/// A copy of the voice folder without what `change` does to it.
fn refused(change: impl FnOnce(&Path)) -> String {
    let folder = tempfile::tempdir().unwrap();
    for path in files(Path::new(FOLDER)) {
        let to = folder.path().join(path.strip_prefix(FOLDER).unwrap());
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(&path, to).unwrap();
    }
    change(folder.path());
    match Neural::load(folder.path(), 1).map(drop) {
        Err(EngineError::Files(why)) => why,
        other => panic!("{other:?}"),
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_folder_that_is_not_whole_is_refused_by_name() {
    let missing = refused(|folder| fs::remove_file(folder.join("styles/zm_yunxi.bin")).unwrap());
    assert!(missing.contains("zm_yunxi.bin cannot be read"), "{missing}");

    let cut = refused(|folder| {
        let model = fs::File::options().write(true).open(folder.join("kokoro-v1.0.q8.data")).unwrap();
        model.set_len(1_000_000).unwrap();
    });
    assert!(cut.contains("kokoro-v1.0.q8.data is not the file") && cut.contains("1000000 bytes"), "{cut}");

    let changed = refused(|folder| {
        let table = folder.join("syllables.tsv");
        fs::write(&table, fs::read_to_string(&table).unwrap().replace("si\t", "shi\t")).unwrap();
    });
    assert!(changed.contains("syllables.tsv is not the file"), "{changed}");

    let garbled = refused(|folder| fs::write(folder.join("voice.toml"), "engine = 1").unwrap());
    assert!(garbled.contains("voice.toml"), "{garbled}");
}

#[test]
fn files_that_do_not_fit_each_other_are_refused_though_their_sums_are_right() {
    let replace = |name: &'static str, content: &'static [u8]| {
        refused(move |folder| {
            let manifest = folder.join("voice.toml");
            let old = sum(&fs::read(folder.join(name)).unwrap());
            fs::write(folder.join(name), content).unwrap();
            let text = fs::read_to_string(&manifest).unwrap().replace(&old, &sum(content));
            fs::write(&manifest, text).unwrap();
        })
    };
    let short = replace("styles/zf_xiaoxiao.bin", &[0; 1024]);
    assert!(short.contains("zf_xiaoxiao.bin has 1024 bytes"), "{short}");
    let strange = replace("letters.tsv", "A\tю\n".as_bytes());
    assert!(strange.contains("'ю'"), "{strange}");
    let odd = replace("syllables.tsv", b"one column\n");
    assert!(odd.contains("table of syllables"), "{odd}");
    let empty = replace("kokoro-v1.0.q8.data", b"");
    assert!(empty.contains("model cannot be used"), "{empty}");
    let other = replace("kokoro.onnx", include_bytes!("voices/tiny/tiny.onnx"));
    assert!(other.contains("the model has no tokens"), "{other}");
    let odd = &*Box::leak(f32::NAN.to_le_bytes().repeat(510 * 256).into_boxed_slice());
    let odd = replace("styles/zf_xiaoxiao.bin", odd);
    assert!(odd.contains("zf_xiaoxiao.bin holds what is not a number"), "{odd}");
}

fn sum(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
