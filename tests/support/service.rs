//! Real processes of the service: started, asked, killed.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::client::Client;

/// A service in a process of its own; it is killed with the value.
pub struct Service {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// Where a humming service tells what its engine was asked for.
    tally: Option<SocketAddr>,
    /// Kept open: who writes into a closed pipe fails.
    _said: BufReader<ChildStdout>,
}

impl Service {
    /// A service that hums (`examples/hum.rs`), with its data in `folder` or in memory only.
    pub fn hum(folder: Option<&Path>, options: &[&str]) -> Self {
        let mut command = Command::new(hum());
        command.args(["--listen", "127.0.0.1:0"]).args(options);
        if let Some(folder) = folder {
            command.arg("--data").arg(folder);
        }
        Self::start(command, true, log())
    }

    /// `langdu serve` with its voice.
    pub fn real(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
        command.args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--client-rate",
            "0",
            "--total-rate",
            "0",
            "--data",
        ]);
        command.arg(folder);
        Self::start(command, false, log())
    }

    /// `command`, which must be `langdu serve`, with its log in `log`.
    pub fn of(command: Command, log: Stdio) -> Self {
        Self::start(command, false, log)
    }

    /// `langdu serve` with its voice, at work in `folder`, with its data in `folder/data`.
    pub fn real_in(folder: &Path, options: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_langdu"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data", "data", "--voices"]);
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("voices")).args(options).current_dir(folder);
        Self::start(command, false, log())
    }

    fn start(mut command: Command, tells: bool, log: Stdio) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let address = address(&mut said);
        let tally = tells.then(|| self::address(&mut said));
        Self { child, address, tally, _said: said }
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// How many syntheses were begun, and how many of them for the reading that was asked for most often.
    pub fn syntheses(&self) -> (u64, u64) {
        let told = Client::new(self.tally.unwrap()).get("/").unwrap().json();
        (told["syntheses"].as_u64().unwrap(), told["most"].as_u64().unwrap())
    }

    pub fn health(&self) -> Value {
        self.client().get("/healthz").unwrap().json()
    }

    /// Sends a signal, as `HUP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.unwrap().success());
    }

    /// The number of its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: it can do nothing about it.
    pub fn kill(&mut self) {
        // It may have ended already, which is found out elsewhere.
        self.child.kill().ok();
        self.child.wait().unwrap();
    }

    /// SIGTERM, as a service manager sends it.
    #[cfg(unix)]
    pub fn terminate(&self) {
        use rustix::process::{Pid, Signal, kill_process};
        let process = Pid::from_raw(self.child.id() as i32).unwrap();
        kill_process(process, Signal::TERM).unwrap();
    }

    /// Whether the process ends well by itself within `limit`, and how long that took.
    pub fn ends(&mut self, limit: Duration) -> Option<Duration> {
        let started = Instant::now();
        while started.elapsed() < limit {
            if let Some(status) = self.child.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return Some(started.elapsed());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Its memory, in kilobytes, where the system tells.
    pub fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// Waits until it has ended by itself.
    pub fn ended(&mut self) -> bool {
        self.ends(Duration::from_secs(60)).is_some()
    }

    /// Whether the process lives.
    pub fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// How many descriptors it has open, where the system tells, but for clips that it keeps in files in memory.
    pub fn descriptors(&self) -> Option<usize> {
        let open = fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?.flatten();
        let links = open.filter_map(|entry| fs::read_link(entry.path()).ok());
        Some(links.filter(|link| !link.to_string_lossy().contains("memfd:langdu-clip")).count())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a service logs is seen with LANGDU_TEST_LOG=1.
fn log() -> Stdio {
    if env::var_os("LANGDU_TEST_LOG").is_some() { Stdio::inherit() } else { Stdio::null() }
}

/// The address that a service prints when it listens.
fn address(said: &mut impl BufRead) -> SocketAddr {
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim().rsplit("http://").next().unwrap();
    address.parse().unwrap_or_else(|_| panic!("the service did not start; it said {line:?}"))
}

/// The humming service, built when this is first called: `cargo test --test NAME` builds no examples.
fn hum() -> &'static Path {
    static HUM: OnceLock<PathBuf> = OnceLock::new();
    HUM.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--locked", "--example", "hum"]);
        // What cargo tells this test about its package some build scripts look at: they, and all that is built on
        // them, would be built anew each time.
        let told = |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in env::vars_os().filter(|(name, _)| told(&name.to_string_lossy())) {
            build.env_remove(name);
        }
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        if !cfg!(feature = "opus") {
            build.arg("--no-default-features");
        }
        assert!(build.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap().success());
        // This test is target/PROFILE/deps/NAME.
        env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/hum")
    })
}

/// Waits until something is so.
#[track_caller]
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < Duration::from_secs(90), "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
