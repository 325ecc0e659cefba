//! `langdu speak`: with the features, against a real speech-dispatcher and ALSA without a card; without, in words.
//!
//! `cargo test --features speechd,soundcard --test speak` needs what `tools/setup-tests.sh speak` installs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const NOTICE: &str = "关于停水的通知\n今天上午停水，请大家提前储水。\n2024年5月1日";

/// `langdu speak` with a notice in `folder`.
fn speak(folder: &Path, args: &[&str]) -> Command {
    fs::write(folder.join("notice.txt"), NOTICE).unwrap();
    let mut langdu = Command::new(env!("CARGO_BIN_EXE_langdu"));
    langdu.arg("speak").args(args).arg(folder.join("notice.txt"));
    langdu
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[cfg(not(feature = "speechd"))]
#[test]
fn without_the_service_of_the_system_it_is_said_how_to_have_it() {
    let folder = tempfile::tempdir().unwrap();
    for mut langdu in [speak(folder.path(), &["--system-voice", "any"]), {
        let mut list = Command::new(env!("CARGO_BIN_EXE_langdu"));
        list.args(["speak", "--system-voices"]);
        list
    }] {
        let output = langdu.output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("--features speechd"), "{}", said(&output));
    }
}

#[cfg(not(feature = "soundcard"))]
#[test]
fn without_a_sound_card_it_is_said_how_to_have_it() {
    let folder = tempfile::tempdir().unwrap();
    let output = speak(folder.path(), &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("--features soundcard"), "{}", said(&output));
}

#[cfg(feature = "speechd")]
mod system {
    use std::{
        os::unix::process::CommandExt,
        process::{Child, Stdio},
        sync::{Mutex, MutexGuard, PoisonError},
        thread,
        time::{Duration, Instant},
    };

    use tempfile::TempDir;

    use super::*;

    /// The voice that reads pinyin in 1.51.
    const PINYIN: &str = "Chinese (Mandarin, latin as Pinyin)";

    /// For busy machines.
    const LONG: &str = "--patience=120";

    /// A speech-dispatcher of its own, whose sound goes to an ALSA device: `null` takes everything. Where there is none of
    /// that name it takes every word, says that all is well, and never comes to an end.
    struct Dispatcher {
        folder: TempDir,
        daemon: Child,
        _alone: MutexGuard<'static, ()>,
    }

    /// Each has thirteen thousand voices to list: one at a time.
    static ONE: Mutex<()> = Mutex::new(());

    impl Dispatcher {
        fn start(device: &str) -> Self {
            let alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            let config = format!(
                "LogLevel 2\nAudioOutputMethod \"alsa\"\nAudioALSADevice \"{device}\"\nDefaultLanguage \"zh\"\n\
                 AddModule \"espeak-ng\" \"sd_espeak-ng\" \"espeak-ng.conf\"\nDefaultModule \"espeak-ng\"\n"
            );
            fs::write(path("speechd.conf"), config).unwrap();
            fs::create_dir(path("modules")).unwrap();
            fs::write(path("modules/espeak-ng.conf"), "").unwrap();
            let daemon = Command::new("speech-dispatcher")
                .args(["--run-single", "--timeout", "0", "--communication-method", "unix_socket"])
                .arg("--config-dir")
                .arg(folder.path())
                .arg("--socket-path")
                .arg(path("socket"))
                .arg("--pid-file")
                .arg(path("pid"))
                .arg("--log-dir")
                .arg(folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .process_group(0)
                .spawn()
                .expect("speech-dispatcher is not installed: tools/setup-tests.sh speak");
            let began = Instant::now();
            while !path("socket").exists() {
                assert!(began.elapsed() < Duration::from_secs(20), "speech-dispatcher does not start");
                thread::sleep(Duration::from_millis(20));
            }
            Self { folder, daemon, _alone: alone }
        }

        fn langdu(&self, args: &[&str]) -> Command {
            let mut langdu = speak(self.folder.path(), args);
            langdu.env("SPEECHD_ADDRESS", self.address());
            langdu
        }

        fn address(&self) -> String {
            format!("unix_socket:{}", self.folder.path().join("socket").display())
        }
    }

    impl Drop for Dispatcher {
        fn drop(&mut self) {
            // One without a sound does not end when it is asked to, nor do its modules.
            let group = format!("-{}", self.daemon.id());
            let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
            let _ = self.daemon.wait();
        }
    }

    #[test]
    fn a_notice_is_spoken_to_its_end() {
        let dispatcher = Dispatcher::start("null");
        for args in [
            &["--system-voice", PINYIN, "--pinyin", LONG][..],
            &["--system-voice", PINYIN, "--speed", "1.5", LONG],
        ] {
            let output = dispatcher.langdu(args).output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
        let listed = Command::new(env!("CARGO_BIN_EXE_langdu"))
            .args(["speak", "--system-voices", LONG])
            .env("SPEECHD_ADDRESS", dispatcher.address())
            .output()
            .unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        assert!(listed.lines().any(|line| line.starts_with(&format!("{PINYIN}\t"))), "{}", listed.len());
    }

    #[test]
    fn a_voice_is_chosen_by_its_exact_name() {
        let dispatcher = Dispatcher::start("null");
        for name in ["Chinese", "zf_xiaoxiao", ""] {
            let output = dispatcher.langdu(&["--system-voice", name, LONG]).output().unwrap();
            assert_eq!(output.status.code(), Some(1));
            assert!(said(&output).contains("--system-voices"), "{}", said(&output));
        }
    }

    #[test]
    fn a_service_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut langdu = speak(folder.path(), &["--system-voice", PINYIN]);
        let nowhere = format!("unix_socket:{}/nowhere", folder.path().display());
        let output = langdu.env("SPEECHD_ADDRESS", nowhere).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("apt-get install speech-dispatcher"), "{}", said(&output));
    }

    #[test]
    fn a_service_that_never_comes_to_an_end_is_given_up() {
        let dispatcher = Dispatcher::start("nowhere");
        let began = Instant::now();
        let output = dispatcher
            .langdu(&["--system-voice", PINYIN, "--patience", "5", "--speed", "2.0"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
        assert!(said(&output).contains("sentence 1 of 3"), "{}", said(&output));
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    }

    #[test]
    fn a_service_that_stops_answering_is_given_up() {
        let dispatcher = Dispatcher::start("null");
        let signal = |name: &str| {
            Command::new("kill").args([name, &dispatcher.daemon.id().to_string()]).status().unwrap();
        };
        signal("-STOP");
        let output = dispatcher.langdu(&["--system-voice", PINYIN, "--patience=1"]).output().unwrap();
        signal("-CONT");
        assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    }
}

#[cfg(feature = "soundcard")]
mod card {
    use std::{
        process::Stdio,
        thread,
        time::{Duration, Instant},
    };

    use tempfile::TempDir;

    use super::*;

    /// A folder of voices with one that gives a square wave of 200 Hz, and a card that is a file.
    struct Card {
        folder: TempDir,
    }

    impl Card {
        fn new(how: &str) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let path = |name: &str| folder.path().join(name);
            let mut sound = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
            sound.extend(24_000_u32.to_le_bytes());
            sound.extend(48_000_u32.to_le_bytes());
            sound.extend(b"\x02\0\x10\0data\xff\xff\xff\xff");
            let wave = |at: i32| if at % 120 < 60 { 8000_i16 } else { -8000 };
            (0..24_000 * 30).for_each(|at| sound.extend(wave(at).to_le_bytes()));
            fs::write(path("sound.wav"), sound).unwrap();
            fs::create_dir_all(path("voices/well")).unwrap();
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/speaker.sh");
            let manifest = format!(
                "engine = \"command\"\nlicence = \"Apache-2.0\"\nlanguage = \"zh-CN\"\nprogram = \"{script}\"\n\
                 args = [\"{how}\", \"{}\"]\nrate = 24000\nspeed = [0.5, 2.0]\n\
                 [[voice]]\nname = \"well\"\ntitle = \"程序\"\nsex = \"male\"\n",
                folder.path().display()
            );
            fs::write(path("voices/well/voice.toml"), manifest).unwrap();
            let card = format!(
                "pcm.!default {{ type file slave.pcm {{ type null }} file \"{}\" format \"raw\" }}\nctl.!default {{ type hw card 0 }}\n",
                path("heard.raw").display()
            );
            fs::write(path("asound.conf"), card).unwrap();
            Self { folder }
        }

        fn langdu(&self, args: &[&str]) -> Command {
            let mut langdu = speak(self.folder.path(), args);
            langdu.arg("--voices").arg(self.folder.path().join("voices"));
            langdu.env("ALSA_CONFIG_PATH", self.folder.path().join("asound.conf"));
            langdu
        }
    }

    #[test]
    fn a_notice_is_played_to_its_end() {
        let card = Card::new("well");
        let output = card.langdu(&[]).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        // This card takes sound faster than clips are made, so there is silence between them, but all of each is there.
        let heard = fs::read(card.folder.path().join("heard.raw")).unwrap();
        let (samples, _) = heard.as_chunks::<4>();
        let loud = |sample: &f32| *sample != 0.0;
        let heard: Vec<f32> = samples.iter().map(|&sample| f32::from_le_bytes(sample)).filter(loud).collect();
        let wav = card.folder.path().join("whole.wav");
        let made = Command::new(env!("CARGO_BIN_EXE_langdu"))
            .args(["synth", "--voices"])
            .arg(card.folder.path().join("voices"))
            .arg("--output")
            .arg(&wav)
            .arg(card.folder.path().join("notice.txt"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", said(&made));
        let whole = fs::read(wav).unwrap();
        let (samples, _) = whole[44..].as_chunks::<2>();
        let whole =
            samples.iter().map(|&sample| f32::from(i16::from_le_bytes(sample)) / 32768.0).filter(loud);
        let whole: Vec<f32> = whole.collect();
        assert!(whole.len() > 10_000);
        assert!(heard == whole, "{} samples were heard of {}", heard.len(), whole.len());
    }

    #[test]
    fn a_card_that_is_not_there_is_told() {
        let card = Card::new("well");
        fs::write(card.folder.path().join("asound.conf"), "").unwrap();
        let output = card.langdu(&[]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("no sound card"), "{}", said(&output));
    }

    #[test]
    fn a_voice_that_fails_ends_it_in_words() {
        let output = Card::new("garbage").langdu(&[]).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("no WAV file"), "{}", said(&output));
    }

    #[test]
    fn ctrl_c_ends_it_at_once() {
        let card = Card::new("hangs");
        let mut langdu = card.langdu(&[]).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_secs(2));
        let began = Instant::now();
        Command::new("kill").args(["-INT", &langdu.id().to_string()]).status().unwrap();
        assert_eq!(langdu.wait().unwrap().code(), Some(130));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    }
}
