//! Voices that are programs: that speak, hang, crash, and give what is no speech.
//!
//! The program is `tests/programs/speaker.sh`. The tests run one after the other: they count processes and open files.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use futures::{StreamExt, stream};
use langdu::{
    engine::{self, Engine, EngineError, program},
    notice::Format,
    plan::Speed,
    reading::{self, Reading},
    render::{RenderOptions, Renderer, Submission},
    spoken,
    store::{Store, StoreOptions},
};
use tempfile::TempDir;

/// One test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A voice folder with a program that speaks in the way `how`.
struct Voice {
    folder: TempDir,
    manifest: String,
}

impl Voice {
    fn new(how: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let wav = |promised: u32, channels: u16, rate: u32, bits: u16| {
            let frame = channels * bits / 8;
            let mut file = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0".to_vec();
            file.extend(channels.to_le_bytes());
            file.extend(rate.to_le_bytes());
            file.extend((rate * u32::from(frame)).to_le_bytes());
            file.extend(frame.to_le_bytes());
            file.extend(bits.to_le_bytes());
            file.extend(b"data");
            file.extend(promised.to_le_bytes());
            let wave = |at: i32| if at % 120 < 60 { 8000_i16 } else { -8000 };
            (0..24_000 * 30).for_each(|at| file.extend(wave(at).to_le_bytes()));
            file
        };
        for (name, file) in [
            ("sound", wav(u32::MAX, 1, 24_000, 16)),
            ("short", wav(1_000_000_000, 1, 24_000, 16)),
            ("stereo", wav(u32::MAX, 2, 24_000, 16)),
            ("bytes", wav(u32::MAX, 1, 24_000, 8)),
            ("rate", wav(u32::MAX, 1, 16_000, 16)),
        ] {
            fs::write(folder.path().join(format!("{name}.wav")), file).unwrap();
        }
        let out = if ["file", "large", "missing", "pipe"].contains(&how) { "{out}" } else { "" };
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/speaker.sh");
        let manifest = format!(
            "engine = \"command\"\nlicence = \"Apache-2.0\"\nlanguage = \"zh-CN\"\nprogram = \"{script}\"\n\
             args = [\"{how}\", \"{}\", \"{out}\"]\nrate = 24000\nspeed = [0.5, 2.0]\n{more}\n\
             [[voice]]\nname = \"{how}\"\ntitle = \"程序\"\nsex = \"male\"\n",
            folder.path().display()
        );
        Self { folder, manifest }
    }

    fn open(&self) -> Arc<dyn Engine> {
        fs::write(self.folder.path().join("voice.toml"), &self.manifest).unwrap();
        engine::open_voice(self.folder.path(), 1).unwrap()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Four words in pinyin.
const TEXT: &str = "今天上午停水。";

fn reading(text: &str) -> Reading {
    reading::read(&spoken::speak(text, &spoken::Options::default()).0).0
}

fn words(reading: &Reading) -> usize {
    let begins = |sound: &&reading::Sound| sound.boundary != reading::Boundary::None;
    reading.sounds.iter().filter(|sound| sound.voiced.syllable().is_some()).skip(1).filter(begins).count() + 1
}

fn say(engine: &dyn Engine) -> Result<usize, EngineError> {
    let said = engine::speak(engine, &engine.voices()[0].name, &reading(TEXT), 1.0)?;
    assert_eq!(said.pcm.rate, 24_000);
    Ok(said.pcm.samples.len() / 2400)
}

/// The children of this process that are dead and not reaped, and those that live.
fn children() -> (usize, usize) {
    let mine = std::process::id().to_string();
    let (mut dead, mut alive) = (0, 0);
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let mut fields = stat.rsplit(')').next().unwrap().split_whitespace();
        match (fields.next(), fields.next()) {
            (Some("Z"), Some(parent)) if parent == mine => dead += 1,
            (_, Some(parent)) if parent == mine => alive += 1,
            _ => {}
        }
    }
    (dead, alive)
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

fn threads() -> usize {
    fs::read_dir("/proc/self/task").unwrap().count()
}

fn lives(process: &str) -> bool {
    let state = fs::read_to_string(format!("/proc/{process}/stat")).ok();
    state.is_some_and(|stat| !stat.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
}

#[test]
fn a_program_is_heard_as_it_speaks() {
    let _alone = alone();
    let expected = words(&reading(TEXT));
    assert!(expected > 1);
    for (how, more) in [("well", ""), ("well", "ready = true"), ("file", ""), ("file", "ready = true")] {
        let voice = Voice::new(how, more);
        let engine = voice.open();
        engine.ready().unwrap();
        for _ in 0..3 {
            assert_eq!(say(&*engine).unwrap(), expected, "{how} {more}");
        }
    }
    let voice = Voice::new("well", "gain_db = -6");
    let said = engine::speak(&*voice.open(), "well", &reading(TEXT), 1.0).unwrap();
    let loudest = said.pcm.samples.iter().fold(0.0_f32, |loud, sample| loud.max(sample.abs()));
    assert!((loudest - 8000.0 / 32768.0 * 0.501).abs() < 0.001, "{loudest}");
}

#[test]
fn it_is_given_the_reading_or_the_spoken_form_and_little_else() {
    let _alone = alone();
    let heard = |more| {
        let voice = Voice::new("echo", more);
        engine::speak(&*voice.open(), "echo", &reading("重庆的行长，2024年"), 1.0).unwrap();
        fs::read_to_string(voice.path().join("heard")).unwrap()
    };
    assert_eq!(heard(""), "chong2qing4de5 hang2zhang3, er4ling2er4si4nian2.\n");
    assert_eq!(heard("input = \"text\""), "重庆的行长，二零二四年\n");

    let voice = Voice::new("environment", "environment = [\"HOME\"]");
    say(&*voice.open()).unwrap();
    let given = fs::read_to_string(voice.path().join("environment")).unwrap();
    // The shell sets some of its own.
    let own = ["PWD", "SHLVL", "_", "OLDPWD"];
    for line in given.lines() {
        let name = line.split('=').next().unwrap();
        assert!(["PATH", "LANG", "HOME"].contains(&name) || own.contains(&name), "{line}");
    }
    assert!(given.contains("HOME="));
}

#[test]
fn who_reads_characters_has_other_clips() {
    let _alone = alone();
    let timbre = |more| {
        let voice = Voice::new("well", more);
        let engine = voice.open();
        engine.voices()[0].timbre(&*engine)
    };
    assert!(!timbre("").by_text);
    assert!(timbre("input = \"text\"").by_text);
    assert_ne!(timbre("").digest, timbre("gain_db = -3").digest);
}

#[test]
fn what_is_no_speech_is_refused_in_words() {
    let _alone = alone();
    let short = "[limits]\nseconds = 1.5\naudio_seconds = 10";
    for (how, words) in [
        ("garbage", "no WAV file"),
        ("words", "no WAV file"),
        ("nothing", "it gave nothing"),
        ("header", "it gave nothing"),
        ("much", "more than 484096 bytes"),
        ("large", "more than 484096 bytes"),
        ("missing", "wrote no file"),
        ("pipe", "wrote no file"),
        ("short", "lengths"),
        ("stereo", "2 channels of 16 bits"),
        ("bytes", "1 channels of 8 bits"),
        ("rate", "16000 samples a second, voice.toml says 24000"),
        ("hangs", "did not end within 1.5 s"),
        ("lingers", "did not end within 1.5 s"),
        ("crashes", "signal: 11"),
        ("fails", "exit status: 3"),
    ] {
        let long = !words.contains("484096");
        let limits = if long { short.replace("10", "60") } else { short.to_owned() };
        let voice = Voice::new(how, &limits);
        let engine = voice.open();
        let started = Instant::now();
        match say(&*engine) {
            Err(EngineError::Failed(why)) => {
                assert!(why.contains(words), "{how}: {why}");
                assert!(!why.contains("jin1"), "{how} tells the text: {why}");
            }
            other => panic!("{how}: {other:?}"),
        }
        assert!(started.elapsed() < Duration::from_secs(10), "{how}");
    }
}

#[test]
fn what_is_odd_but_speech_is_heard() {
    let _alone = alone();
    for how in ["grumbles", "deaf", "leaves", "escapes"] {
        let voice = Voice::new(how, "");
        let made = say(&*voice.open()).unwrap_or_else(|why| panic!("{how}: {why}"));
        assert!(made > 0, "{how}");
        let leaves = usize::from(how == "leaves" || how == "escapes");
        let mut left = String::new();
        let said = Instant::now();
        // What escapes writes its number in its own time.
        while left.lines().count() < leaves && said.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(5));
            left = fs::read_to_string(voice.path().join("left")).unwrap_or_default();
        }
        for process in left.lines() {
            if how == "leaves" {
                let killed = Instant::now();
                while lives(process) && killed.elapsed() < Duration::from_secs(5) {
                    std::thread::sleep(Duration::from_millis(5));
                }
                assert!(!lives(process), "what a program leaves behind in its group is ended");
            } else {
                Command::new("kill").arg(process).status().unwrap();
            }
        }
        assert_eq!(left.lines().count(), leaves, "{how}");
    }
}

#[test]
fn nothing_of_a_program_is_left() {
    let _alone = alone();
    let limits = "ready = true\n[limits]\nseconds = 0.3";
    let run = || {
        for how in ["well", "file", "garbage", "much", "hangs", "crashes", "fails", "deaf", "leaves", "large"]
        {
            let voice = Voice::new(how, limits);
            let engine = voice.open();
            engine.ready().unwrap();
            for _ in 0..2 {
                let _ = say(&*engine);
            }
        }
    };
    run();
    assert_eq!(children(), (0, 0));
    let before = (open_files(), threads());
    run();
    assert_eq!(children(), (0, 0));
    assert_eq!((open_files(), threads()), before);
}

#[test]
fn one_that_was_ended_while_it_waited_is_replaced() {
    let _alone = alone();
    let voice = Voice::new("well", "ready = true");
    let engine = voice.open();
    engine.ready().unwrap();
    assert_eq!(children(), (0, 1));
    Command::new("pkill").args(["-P", &std::process::id().to_string()]).status().unwrap();
    say(&*engine).unwrap();
    assert_eq!(children(), (0, 1), "the next one waits");
}

/// Has every clip of a notice of so many sentences made by a service with these voices, of which the first
/// speaks, for sixteen who ask at a time: in which other voices, where it was not that.
#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn all_of(sentences: usize, voices: &[&Voice], fallback: &[&str]) -> Vec<Option<String>> {
    let engines = voices.iter().map(|voice| voice.open()).collect();
    let fallback = fallback.iter().map(|&name| name.to_owned()).collect();
    let options = RenderOptions { fallback, most_notices: 0, ..RenderOptions::default() };
    let renderer = Renderer::start(engines, Store::memory(StoreOptions::default()), options);
    let text = stage::groups('甲', sentences);
    let submission = Submission {
        format: Format::Text,
        text,
        voice: None,
        speed: Speed::default(),
        reading: None,
        lexicon: None,
    };
    let notice = renderer.submit(submission).await.unwrap().notice;
    let keys: Vec<_> = notice.plan.utterances.iter().map(|utterance| utterance.key).collect();
    assert!(keys.len() >= sentences, "{}", keys.len());
    let made = stream::iter(keys).map(|key| renderer.clip(key, Some(notice.id))).buffer_unordered(16);
    made.for_each(async |clip| assert!(clip.unwrap().duration() > Duration::from_millis(50))).await;
    let parts = renderer.parts(&notice).await;
    renderer.stop().await;
    parts.into_iter().map(|part| part.expect("every clip is there").voice).collect()
}

#[test]
fn a_thousand_clips_and_none_is_lost_where_programs_hang_and_crash() {
    let _alone = alone();
    let voice = Voice::new("sometimes", "ready = true\n[limits]\nseconds = 1.5\nat_once = 4");
    let voices = all_of(1000, &[&voice], &[]);
    assert!(voices.iter().all(Option::is_none), "all in its own voice");
    let tried = fs::read_dir(voice.path()).unwrap().count();
    assert!(tried >= 1000, "{tried}");
}

#[test]
fn what_a_program_never_manages_another_voice_says() {
    let _alone = alone();
    let (voice, other) = (Voice::new("never", "[limits]\nat_once = 4"), Voice::new("well", ""));
    let voices = all_of(200, &[&voice, &other], &["well"]);
    let others = voices.iter().flatten().count();
    assert!((20..100).contains(&others), "{others}");
}

/// The folder of a voice of espeak-ng; none where it is not installed and need not be.
fn espeak() -> Option<TempDir> {
    let there = Command::new("espeak-ng").arg("--version").output().is_ok();
    let demanded = std::env::var_os("LANGDU_DEMAND_PROGRAMS").is_some();
    assert!(there || !demanded, "espeak-ng is not installed");
    if !there {
        eprintln!("espeak-ng is not installed: not tried");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("voice.toml"), program::EXAMPLES[0].1).unwrap();
    Some(folder)
}

fn seconds(engine: &dyn Engine, text: &str, speed: f32) -> f32 {
    let pcm = engine::speak(engine, "espeak", &reading(text), speed).unwrap().pcm;
    assert_eq!(pcm.rate, 22_050);
    let loudest = pcm.samples.iter().fold(0.0_f32, |loud, sample| loud.max(sample.abs()));
    assert!((0.1..=0.502).contains(&loudest), "{loudest}");
    pcm.samples.len() as f32 / 22_050.0
}

#[test]
fn espeak_speaks_our_reading() {
    let _alone = alone();
    let Some(folder) = espeak() else { return };
    let engine = engine::open_voice(folder.path(), 1).unwrap();
    engine.ready().unwrap();
    assert_eq!(engine.version(), "espeak-ng/1");
    assert!(!engine.reads_text());
    let text = "今天上午九点，请各位居民带好身份证到居委会办理手续。";
    let normal = seconds(&*engine, text, 1.0);
    let rate = 24.0 / normal;
    assert!((3.0..5.5).contains(&rate), "{rate} syllables a second");
    for speed in [0.5, 0.7, 1.5, 2.0] {
        let taken = seconds(&*engine, text, speed);
        assert!(
            (taken * speed / normal - 1.0).abs() < 0.15,
            "{speed}: {taken} s, {normal} s at normal speed"
        );
    }
    // Letters, a merged 儿, a neutral tone, and what needs a number to be read.
    assert!(seconds(&*engine, "加入RCEP，B2B和5G。", 1.0) > 2.0);
    assert!(seconds(&*engine, "一点儿", 1.0) < 1.5);
    // The same again is the same, in whichever process.
    let said = || engine::speak(&*engine, "espeak", &reading(text), 1.0).unwrap();
    assert_eq!(said(), said());
    assert_eq!(children().0, 0);
}

#[test]
fn every_syllable_can_be_said_by_espeak() {
    let _alone = alone();
    let Some(folder) = espeak() else { return };
    let engine = engine::open_voice(folder.path(), 1).unwrap();
    let table = include_str!("../voices/kokoro/syllables.tsv");
    let all = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next());
    let all: Vec<&str> = all.collect();
    assert!(all.len() > 400);
    for (at, group) in all.chunks(20).enumerate() {
        let tone = at as u8 % 5 + 1;
        let sound = |pinyin: &&'static str| reading::Sound {
            voiced: reading::Voiced::Syllable(reading::Syllable { pinyin, tone, surface: tone }),
            boundary: reading::Boundary::Word,
            span: langdu::span::Span::default(),
            source: reading::Source::Spoken,
            said: '好',
        };
        let reading = Reading { sounds: group.iter().map(sound).collect() };
        let pcm = engine::speak(&*engine, "espeak", &reading, 1.0).unwrap().pcm;
        let each = pcm.samples.len() as f32 / 22_050.0 / group.len() as f32;
        // What it does not know it spells, letter by letter.
        assert!((0.1..0.45).contains(&each), "{each} s each: {group:?}");
    }
}

#[test]
fn where_espeak_is_missing_it_is_said_how_to_install_it() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let voice = folder.path().join("espeak-ng");
    fs::create_dir(&voice).unwrap();
    fs::write(voice.join("voice.toml"), program::EXAMPLES[0].1).unwrap();
    let mut langdu = Command::new(env!("CARGO_BIN_EXE_langdu"));
    let said =
        langdu.arg("voices").arg("--voices").arg(folder.path()).env("PATH", "/nowhere").output().unwrap();
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("apt-get install espeak-ng"), "{said}");
}

/// `cargo test --release --test programs -- --ignored --nocapture clips_of_espeak`
#[test]
#[ignore = "measures: for a quiet machine"]
fn clips_of_espeak_beside_calls_of_its_library() {
    use std::io::{BufRead, BufReader, Write};
    let _alone = alone();
    let folder = espeak().unwrap();
    let engine = engine::open_voice(folder.path(), 1).unwrap();
    engine.ready().unwrap();
    let mut library = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tools/espeak/library.py"))
        .arg("cmn-latn-pinyin")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut ask = library.stdin.take().unwrap();
    let mut answers = BufReader::new(library.stdout.take().unwrap()).lines();
    // Twenty syllables each; the lines are what the program is given.
    let texts = [
        (
            "今天上午九点请各位居民带好身份证去办手续。",
            "jin1tian1 shang4wu3 jiu3dian3 qing3 ge4wei4 ju1min2 dai4hao3 shen1fen4zheng4 qu4 ban4 shou3xu4.",
        ),
        (
            "根据有关规定自来水公司将停止供水两个小时。",
            "gen1ju4 you3guan1 gui1ding4 zi4lai2shui3 gong1si1 jiang1 ting2zhi3 gong1shui3 liang3ge4 xiao3shi2.",
        ),
    ];
    let (mut calls, mut clips, mut fresh) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..110 {
        let (text, line) = texts[round % 2];
        let reading = reading(text);
        writeln!(ask, "{line}").unwrap();
        let call: f64 = answers.next().unwrap().unwrap().split(' ').next().unwrap().parse().unwrap();
        // Clips do not follow each other as fast as this machine can start processes.
        std::thread::sleep(Duration::from_millis(40));
        let timed = |engine: &dyn Engine| {
            let began = Instant::now();
            engine::speak(engine, "espeak", &reading, 1.0).unwrap();
            1000.0 * began.elapsed().as_secs_f64()
        };
        let clip = timed(&*engine);
        let alone = timed(&*engine::open_voice(folder.path(), 1).unwrap());
        if round >= 10 {
            calls.push(call);
            clips.push(clip);
            fresh.push(alone);
        }
    }
    drop(ask);
    library.wait().unwrap();
    let middle = |of: &mut Vec<f64>| {
        of.sort_by(f64::total_cmp);
        (of[of.len() / 2], of[0])
    };
    let (call, clip, fresh) = (middle(&mut calls), middle(&mut clips), middle(&mut fresh));
    eprintln!(
        "ms, median and least of 100: library call {call:.2?}, clip {clip:.2?}, clip without a waiting process {fresh:.2?}"
    );
    eprintln!("clip / call: {:.2} by medians, {:.2} by least", clip.0 / call.0, clip.1 / call.1);
}

#[test]
fn a_manifest_that_makes_no_sense_is_refused_in_words() {
    let _alone = alone();
    let refused = |from: &str, to: &str| {
        let mut voice = Voice::new("well", "");
        assert!(voice.manifest.contains(from), "{from}");
        voice.manifest = voice.manifest.replace(from, to);
        fs::write(voice.path().join("voice.toml"), &voice.manifest).unwrap();
        match engine::open_voice(voice.path(), 1) {
            Err(EngineError::Files(why)) => why,
            Err(why) => panic!("{why}"),
            Ok(_) => panic!("{to} was accepted"),
        }
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/speaker.sh");
    for (from, to, words) in [
        ("rate = 24000", "rate = 24", "8000 to 48000"),
        ("rate = 24000", "rate = 24000\npitch = 3", "unknown field `pitch`"),
        ("[0.5, 2.0]", "[2.0, 0.5]", "does not hold the normal one"),
        ("name = \"well\"", "name = \"two words\"", "is no name for a voice"),
        ("sex = \"male\"", "sex = \"loud\"", "neither female nor male"),
        (
            "[[voice]]",
            "[[voice]]\nname = \"well\"\ntitle = \"又\"\nsex = \"male\"\n[[voice]]",
            "names well twice",
        ),
        ("[0.5, 2.0]", "[0.5, 2.0]\n[limits]\nat_once = 0", "at_once from 1"),
        ("[0.5, 2.0]", "[0.5, 2.0]\n[limits]\nseconds = nan", "from 0.1 to 3600"),
        ("\"well\", ", "\"{text}\", ", "{text}"),
        (script, "no-such-program-anywhere", "there is no program no-such-program-anywhere in PATH"),
        (script, "./no-such-program", "there is no program ./no-such-program"),
        ("\"command\"", "\"espeak-ng\"", "unknown field"),
    ] {
        let why = refused(from, to);
        assert!(why.contains(words) && why.contains("voice.toml"), "{to}: {why}");
    }
}

#[test]
fn the_examples_are_what_is_understood() {
    let _alone = alone();
    for (name, manifest) in program::EXAMPLES {
        // Their programs are on other systems.
        let script = concat!("program = \"", env!("CARGO_MANIFEST_DIR"), "/tests/programs/speaker.sh\"");
        let written = |line: &str| match line.starts_with("program = ") {
            true => script.to_owned(),
            false => line.to_owned(),
        };
        let manifest = manifest.lines().map(written).collect::<Vec<_>>().join("\n");
        if name == "espeak-ng" {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("voice.toml"), manifest).unwrap();
        let engine = engine::open_voice(folder.path(), 1).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert!(engine.reads_text() && engine.voices().len() == 1, "{name}");
    }
}
