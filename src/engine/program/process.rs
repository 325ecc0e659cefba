//! One program, run once: text in, what it made of it out, and nothing of it left behind.
//!
//! 1. [`Process::start`] starts it in a process group of its own, with next to nothing of our environment, never through
//!    a shell. Until it is given its text it waits at its standard input: that takes its start off the way of a clip;
//! 2. [`Process::finish`] gives it the text and takes what it writes on its standard output, or in a file of a private
//!    folder: at most so many bytes, at most so long;
//! 3. then its whole group is killed, whatever became of it, and it is reaped.
//!
//! All three pipes are served by the thread that calls, on a runtime that is the process's own: whatever a
//! program does with them, no thread of ours is left waiting for it.

use std::{
    ffi::OsString,
    fs,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    runtime::{self, Runtime},
    time,
};

use super::{super::sys, wav::WavError};

/// Stands in an argument for the file that the program is to write.
const OUT: &str = "{out}";

/// How long what is still in a pipe may take when the program has ended.
const GRACE: Duration = Duration::from_millis(250);

/// How long a killed program may take to be gone.
const REAP: Duration = Duration::from_millis(500);

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Call {
    /// Where the program lies.
    pub program: PathBuf,
    /// `{out}` in them is replaced.
    pub args: Vec<String>,
    /// All of its environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The folder in which it is run.
    pub folder: PathBuf,
}

/// What one run may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// From the text to the end of the program.
    pub time: Duration,
    /// What it writes.
    pub bytes: u64,
}

/// Why a program gave nothing that could be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// It is not there, or not ours to run. The operator is to blame.
    #[error("{} cannot be run: {why}", program.display())]
    Absent {
        /// Where it should be.
        program: PathBuf,
        /// What the system says.
        why: io::Error,
    },
    /// The system has no room for another process or file.
    #[error("the program could not be started or served: {0}")]
    System(#[from] io::Error),
    /// It did not end.
    #[error("the program did not end within {} s", .0.as_secs_f32())]
    Hung(Duration),
    /// It crashed, or said that it failed.
    #[error("the program failed ({0})")]
    Ended(ExitStatus),
    /// It wrote on and on.
    #[error("the program gave more than {0} bytes")]
    TooMuch(u64),
    /// It was to write a file, and there is none.
    #[error("the program wrote no file")]
    NoFile,
    /// What it gave is no sound.
    #[error("the program is no use: {0}")]
    Wav(#[from] WavError),
}

impl Fault {
    /// Whether another run may do better.
    pub(super) fn may_be_retried(&self) -> bool {
        !matches!(self, Self::Absent { .. } | Self::Wav(WavError::Format { .. } | WavError::Rate { .. }))
    }
}

/// A program that waits for its text, or is at work.
pub(super) struct Process {
    call: Call,
    /// None only while it is in use.
    runtime: Option<Runtime>,
    child: Child,
    /// Its process group has the same number.
    leader: Option<u32>,
    out: Option<TempDir>,
}

impl Process {
    /// Starts the program.
    ///
    /// # Errors
    /// [`Fault::Absent`] and [`Fault::System`].
    pub(super) fn start(call: &Call) -> Result<Self, Fault> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let out = match call.args.iter().any(|arg| arg.contains(OUT)) {
            true => Some(tempfile::Builder::new().prefix("langdu-").tempdir()?),
            false => None,
        };
        let file = out.as_ref().map(|out| written(out.path()).to_string_lossy().into_owned());
        let args = call.args.iter().map(|arg| arg.replace(OUT, file.as_deref().unwrap_or_default()));
        let mut command = Command::new(&call.program);
        command.args(args).current_dir(&call.folder).env_clear().envs(call.environment.iter().cloned());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = {
            let _inside = runtime.enter();
            command.spawn()
        };
        let child = child.map_err(|why| match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => {
                Fault::Absent { program: call.program.clone(), why }
            }
            _ => Fault::System(why),
        })?;
        Ok(Self { call: call.clone(), leader: child.id(), runtime: Some(runtime), child, out })
    }

    /// What it was started as.
    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    /// Gives it `text`, and takes what it makes of it.
    ///
    /// # Errors
    /// See [`Fault`].
    pub(super) fn finish(mut self, text: &str, cost: Cost) -> Result<Vec<u8>, Fault> {
        let Some(runtime) = self.runtime.take() else { return Err(io::Error::other("it was used").into()) };
        let (mut sound, mut errors) = (Vec::new(), 0);
        let ended = runtime.block_on(async {
            let talk = talk(&mut self.child, self.leader, text, cost.bytes, &mut sound, &mut errors);
            let watch = watch(self.out.as_ref(), cost.bytes);
            let work = async {
                tokio::select! { ended = talk => ended, large = watch => Err(large) }
            };
            time::timeout(cost.time, work).await.unwrap_or(Err(Fault::Hung(cost.time)))
        });
        self.runtime = Some(runtime);
        self.end();
        let made = ended.and_then(|status| match &self.out {
            _ if !status.success() => Err(Fault::Ended(status)),
            Some(out) => read(&written(out.path()), cost.bytes),
            None => Ok(sound),
        });
        if let Err(why) = &made {
            // What it complained of may be what it was to say, in whatever encoding: only how much is told.
            tracing::info!(program = %self.call.program.display(), %why, stderr_bytes = errors, "a program failed");
        }
        made
    }

    /// Kills its whole group, and waits for it to be gone.
    fn end(&mut self) {
        // While a member lives, no other group can have its number; where none does, its number was in use a moment
        // ago, and numbers are not given again so soon.
        self.leader.take().into_iter().for_each(sys::kill_group);
        let _ = self.child.start_kill();
        let mut waited = Duration::ZERO;
        while matches!(self.child.try_wait(), Ok(None)) && waited < REAP {
            std::thread::sleep(POLL);
            waited += POLL;
        }
    }
}

/// How often it is asked whether a killed program is gone.
const POLL: Duration = Duration::from_millis(1);

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        // A runtime must not be waited for where others are at work.
        self.runtime.take().into_iter().for_each(Runtime::shutdown_background);
    }
}

/// Serves the three pipes until the program has ended.
async fn talk(
    child: &mut Child,
    leader: Option<u32>,
    text: &str,
    most: u64,
    sound: &mut Vec<u8>,
    errors: &mut usize,
) -> Result<ExitStatus, Fault> {
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // Who does not want to hear all of it is judged by what it says.
            let _ = stdin.write_all(text.as_bytes()).await;
            let _ = stdin.shutdown().await;
        }
        Ok(())
    };
    let hear = async {
        if let Some(stdout) = stdout {
            // What cannot be read is missing in what was read, and that is looked at.
            let _ = stdout.take(most + 1).read_to_end(sound).await;
        }
        if sound.len() as u64 > most { Err(Fault::TooMuch(most)) } else { Ok(()) }
    };
    let grumble = async {
        count(stderr, errors).await;
        Ok(())
    };
    let mut all = std::pin::pin!(async { tokio::try_join!(write, hear, grumble) });
    tokio::select! {
        biased;
        done = &mut all => {
            done?;
            Ok(child.wait().await?)
        }
        status = child.wait() => {
            // It has ended, and somebody that it has started holds its pipes open: what it said is there.
            leader.into_iter().for_each(sys::kill_group);
            if let Ok(done) = time::timeout(GRACE, all).await {
                done?;
            }
            Ok(status?)
        }
    }
}

/// Reads all there is and throws it away; `bytes` says how much it was so far.
async fn count(pipe: Option<impl AsyncRead + Unpin>, bytes: &mut usize) {
    let Some(mut pipe) = pipe else { return };
    let mut some = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut some).await {
        *bytes += read;
    }
}

/// Comes back when the file in `out` has grown beyond `most`.
async fn watch(out: Option<&TempDir>, most: u64) -> Fault {
    let Some(out) = out else { return std::future::pending().await };
    let file = written(out.path());
    loop {
        time::sleep(GRACE).await;
        if fs::symlink_metadata(&file).is_ok_and(|found| found.len() > most) {
            return Fault::TooMuch(most);
        }
    }
}

fn written(folder: &Path) -> PathBuf {
    folder.join("speech.wav")
}

/// The file at `path`, which must be a plain one.
fn read(path: &Path, most: u64) -> Result<Vec<u8>, Fault> {
    if !fs::symlink_metadata(path).is_ok_and(|found| found.is_file()) {
        return Err(Fault::NoFile);
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most { Err(Fault::TooMuch(most)) } else { Ok(bytes) }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::{Arc, Mutex};

    use super::*;

    /// What is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn of_a_complaint_only_its_length_is_logged() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        // The text as it came, and in other writings.
        let script = "text=$(cat); { echo \"$text\"; echo \"$text\" | base64; printf %s \"$text\" | od -An -tx1; } >&2; exit 3";
        let call = Call {
            program: "/bin/sh".into(),
            args: vec!["-c".to_owned(), script.to_owned()],
            environment: vec![("PATH".into(), std::env::var_os("PATH").unwrap())],
            folder: "/".into(),
        };
        let cost = Cost { time: Duration::from_secs(20), bytes: 1000 };
        let failed = tracing::subscriber::with_default(subscriber, || {
            Process::start(&call).unwrap().finish("hang2zhang3 lai2.", cost).unwrap_err()
        });
        assert!(matches!(failed, Fault::Ended(status) if status.code() == Some(3)), "{failed}");
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("exit status: 3"), "{log}");
        let bytes =
            log.split("stderr_bytes=").nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap();
        assert!(bytes.parse::<usize>().unwrap() > 80, "{log}");
        for part in ["hang2", "lai2", "aGFuZ", "68 61 6e"] {
            assert!(!log.contains(part), "{log}");
        }
    }
}
