//! What `voice.toml` says about a voice that is a program, and what follows from it.
//!
//! `docs/programs.md` describes every key. Nothing that a text says gets into the arguments: `{voice}`, `{speed}` and `{out}`
//! stand for what the operator wrote, a number, and a file of ours.

use std::{
    env,
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{
    super::{EngineError, Voice, folder},
    espeak,
    process::Call,
};

/// Raised whenever the same reading would be given to a program in other words, or its sound be taken otherwise.
const VERSION: u32 = 1;

/// What a program gets of our environment. `voice.toml` may name more.
const ENVIRONMENT: [&str; 6] = ["PATH", "LANG", "SystemRoot", "SystemDrive", "TEMP", "TMP"];

/// The names of the latter are of another system.
const ENVIRONMENT_HERE: usize = if cfg!(windows) { ENVIRONMENT.len() } else { 2 };

/// What a program is given to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Input {
    /// How every character is read: `jin1tian1 ting2shui3.`
    #[default]
    Pinyin,
    /// The spoken form, which the program reads by its own lights: `今天停水。`
    Text,
}

/// What one clip may cost, and how many are made at a time.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Table {
    /// From the text to the end of the program.
    seconds: f64,
    /// Of sound.
    audio_seconds: f64,
    /// Clips for those who wait, beside the one that is made ahead.
    at_once: usize,
}

impl Default for Table {
    fn default() -> Self {
        Self { seconds: 10.0, audio_seconds: 180.0, at_once: 2 }
    }
}

/// See [`Table`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Limits {
    pub time: Duration,
    pub sound: Duration,
    pub at_once: usize,
}

/// `engine = "espeak-ng"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Espeak {
    engine: String,
    licence: String,
    language: String,
    #[serde(default = "espeak_ng")]
    program: String,
    #[serde(default)]
    limits: Table,
    #[serde(rename = "voice")]
    voices: Vec<Entry>,
}

/// `engine = "command"`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Command {
    engine: String,
    licence: String,
    language: String,
    program: String,
    args: Vec<String>,
    #[serde(default)]
    input: Input,
    rate: u32,
    speed: (f32, f32),
    #[serde(default = "one")]
    normal: f32,
    #[serde(default)]
    gain_db: f32,
    #[serde(default)]
    environment: Vec<String>,
    #[serde(default)]
    ready: bool,
    #[serde(default)]
    limits: Table,
    #[serde(rename = "voice")]
    voices: Vec<Entry>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    title: String,
    sex: String,
    /// What the program calls it.
    #[serde(default)]
    id: String,
}

/// How the voices of one folder are had from their program.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// Name and version of the engine: `espeak-ng/1`.
    pub name: String,
    pub voices: Vec<Voice>,
    /// What the program calls them.
    ids: Vec<String>,
    /// The program without its arguments.
    pub call: Call,
    /// With `{voice}`, `{speed}` and `{out}` in them.
    pub args: Vec<String>,
    pub input: Input,
    /// Samples a second.
    pub rate: u32,
    /// What `{speed}` is at normal speed.
    normal: f32,
    /// Factor of the samples.
    pub gain: f32,
    /// Whether a process is started before its text is there.
    pub ready: bool,
    pub limits: Limits,
    /// All that shapes the sound.
    pub identity: String,
}

impl Recipe {
    /// Reads `manifest`, the `voice.toml` of `folder`, and looks for the program.
    ///
    /// # Errors
    /// [`EngineError::Files`] in words for the operator.
    pub(super) fn read(folder: &Path, manifest: &str) -> Result<Self, EngineError> {
        let complain = |why: &dyn fmt::Display| {
            EngineError::Files(format!("{}: {why}", folder.join("voice.toml").display()))
        };
        #[derive(Deserialize)]
        struct Kind {
            engine: String,
        }
        let kind: Kind = toml::from_str(manifest).map_err(|why| complain(&why.message()))?;
        let espeak = kind.engine == "espeak-ng";
        let written: Command = if espeak {
            toml::from_str::<Espeak>(manifest).map(Command::from).map_err(|why| complain(&why.message()))?
        } else {
            toml::from_str(manifest).map_err(|why| complain(&why.message()))?
        };
        written.check().map_err(|why| complain(&why))?;
        let mut recipe = written.recipe(folder).map_err(|why| complain(&why))?;
        if espeak {
            espeak::complete(&mut recipe).map_err(|why| complain(&why))?;
        }
        let digest = digest(&recipe.identity);
        recipe.voices.iter_mut().for_each(|voice| voice.digest.clone_from(&digest));
        Ok(recipe)
    }

    /// How voice number `voice` is called at `speed`.
    pub(super) fn call(&self, voice: usize, speed: f32) -> Call {
        let said = self.normal * speed;
        let said = if self.normal >= 10.0 { format!("{said:.0}") } else { format!("{said:.3}") };
        let id = self.ids.get(voice).map_or("", String::as_str);
        let args = self.args.iter().map(|arg| arg.replace("{speed}", &said).replace("{voice}", id)).collect();
        Call { args, ..self.call.clone() }
    }

    /// The most bytes of a file of the longest sound there may be, header and all.
    pub(super) fn most_bytes(&self) -> u64 {
        let sound = self.limits.sound.as_secs_f64() * 2.0 * f64::from(self.rate);
        sound as u64 + 4096
    }
}

impl Command {
    fn check(&self) -> Result<(), String> {
        let voices = self.voices.iter().map(|voice| (voice.name.as_str(), voice.sex.as_str()));
        folder::check(self.rate, self.speed, voices)?;
        let Table { seconds, audio_seconds, at_once } = self.limits;
        let some = |seconds: f64| (0.1..=3600.0).contains(&seconds);
        if !some(seconds) || !some(audio_seconds) || !(1..=64).contains(&at_once) {
            return Err(
                "limits are seconds and audio_seconds from 0.1 to 3600, and at_once from 1 to 64".to_owned()
            );
        }
        if !((-60.0..=20.0).contains(&self.gain_db) && self.normal.is_finite() && self.normal > 0.0) {
            return Err("gain_db is from -60 to 20, normal is a number above 0".to_owned());
        }
        match self.args.iter().find_map(|arg| strange(arg)) {
            Some(strange) => Err(format!("args has {strange}; there are {{voice}}, {{speed}} and {{out}}")),
            None => Ok(()),
        }
    }

    fn recipe(self, folder: &Path) -> Result<Recipe, String> {
        let program = find(folder, &self.program)?;
        let sum = fs::read(&program).map(|bytes| format!("{:x?}", Sha256::digest(bytes)));
        let sum = sum.map_err(|why| format!("{} cannot be read: {why}", program.display()))?;
        let (engine, args, rate, gain) = (&self.engine, &self.args, self.rate, self.gain_db);
        let ids: Vec<_> = self.voices.iter().map(|voice| voice.id.clone()).collect();
        let identity =
            format!("{engine} {sum} {args:?} {:?} {rate} {} {gain} {ids:?} ", self.input, self.normal);
        let voice = |entry: &Entry| Voice {
            name: entry.name.clone(),
            title: entry.title.clone(),
            sex: entry.sex.clone(),
            language: self.language.clone(),
            licence: self.licence.clone(),
            digest: String::new(),
            rate,
            speed: self.speed,
        };
        let kept = ENVIRONMENT.iter().take(ENVIRONMENT_HERE).copied();
        let kept = kept.chain(self.environment.iter().map(String::as_str));
        let environment: Vec<(OsString, OsString)> =
            kept.filter_map(|name| Some((name.into(), env::var_os(name)?))).collect();
        let Table { seconds, audio_seconds, at_once } = self.limits;
        let limits = Limits {
            time: Duration::from_secs_f64(seconds),
            sound: Duration::from_secs_f64(audio_seconds),
            at_once,
        };
        Ok(Recipe {
            name: format!("{engine}/{VERSION}"),
            voices: self.voices.iter().map(voice).collect(),
            ids,
            call: Call { program, args: Vec::new(), environment, folder: folder.to_owned() },
            args: self.args,
            input: self.input,
            rate,
            normal: self.normal,
            gain: 10_f32.powf(gain / 20.0),
            ready: self.ready,
            limits,
            identity,
        })
    }
}

impl From<Espeak> for Command {
    fn from(from: Espeak) -> Self {
        let Espeak { engine, licence, language, program, limits, voices } = from;
        Self {
            engine,
            licence,
            language,
            program,
            args: Vec::new(),
            input: Input::Pinyin,
            rate: espeak::RATE,
            speed: (0.5, 2.0),
            normal: espeak::WORDS_A_MINUTE,
            gain_db: espeak::GAIN_DB,
            environment: Vec::new(),
            ready: true,
            limits,
            voices,
        }
    }
}

fn espeak_ng() -> String {
    "espeak-ng".to_owned()
}

fn one() -> f32 {
    1.0
}

/// A word in braces that stands for nothing.
fn strange(arg: &str) -> Option<String> {
    let words = arg.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(word, _)| word);
    let mut words = words.filter(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase()));
    words.find(|word| !["voice", "speed", "out"].contains(word)).map(|word| format!("{{{word}}}"))
}

/// Where `program` lies: a path is one in the voice folder, a name is looked for in `PATH`.
fn find(folder: &Path, program: &str) -> Result<PathBuf, String> {
    if program.contains(['/', '\\']) {
        // Absolute, for the program is run elsewhere than where we are.
        let path = std::path::absolute(folder.join(program)).map_err(|why| format!("{program}: {why}"))?;
        return path.is_file().then_some(path).ok_or_else(|| format!("there is no program {program}"));
    }
    let folders = env::var_os("PATH").unwrap_or_default();
    let names = [program.to_owned(), format!("{program}.exe")];
    let names = &names[..if cfg!(windows) { 2 } else { 1 }];
    let all = env::split_paths(&folders).filter(|folder| folder.is_absolute());
    let mut all = all.flat_map(|folder| names.iter().map(move |name| folder.join(name)));
    all.find(|path| path.is_file()).ok_or_else(|| {
        let how = if program == "espeak-ng" {
            "; install it: apt-get install espeak-ng, dnf install espeak-ng, or brew install espeak-ng"
        } else {
            ""
        };
        format!("there is no program {program} in PATH{how}")
    })
}

fn digest(identity: &str) -> String {
    Sha256::digest(identity).iter().map(|byte| format!("{byte:02x}")).collect()
}
