//! A real S3 server (s3s-fs) with a bucket, and a gate before it.
//!
//! The server looks whether an object is there and writes it afterwards: of two that come at the same moment both
//! are taken. The gate lets one write through at a time, so that what a client asks for holds.

use std::{
    env, fs,
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, Response, StatusCode},
};

use crate::support::service::{Service, until};

/// Name of the bucket.
pub const BUCKET: &str = "notices";

/// Folder of the bucket that everything lies in.
pub const PREFIX: &str = "portal/langdu";

/// Given to a process that is tested for what it shares, not for how long it waits: it is not to give the bucket up
/// because the machine is busy.
pub const PATIENT: [&str; 2] = ["--s3-patience-ms", "10000"];

/// One test at a time has a server: what they measure is time.
static ONE: Mutex<()> = Mutex::new(());

/// The server; it is killed with the value.
pub struct Server {
    _turn: MutexGuard<'static, ()>,
    program: PathBuf,
    root: tempfile::TempDir,
    address: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// A server with an empty bucket; none where the program is absent, which fails where it is demanded
    /// (`LANGDU_DEMAND_S3`).
    pub fn start() -> Option<Self> {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin/s3s-fs");
        let program = env::var_os("LANGDU_S3_SERVER").map_or(place, PathBuf::from);
        if !program.exists() {
            assert!(
                env::var_os("LANGDU_DEMAND_S3").is_none(),
                "{} is demanded but absent",
                program.display()
            );
            eprintln!("skipped: {} is absent (tools/s3/setup.sh)", program.display());
            return None;
        }
        let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(BUCKET)).unwrap();
        let mut server = Self { _turn: turn, program, root, address: free_address(), child: None };
        server.come_back();
        Some(server)
    }

    /// Starts the server, on the address and with the objects it had.
    pub fn come_back(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["--host", "127.0.0.1", "--access-key", "test", "--secret-key", "secret", "--port"]);
        command.arg(self.address.port().to_string()).arg(self.root.path());
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(quiet.spawn().unwrap());
        until("the S3 server listens", || TcpStream::connect(self.address).is_ok());
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().unwrap();
        }
    }

    /// Connections are still accepted, but nothing is answered.
    pub fn hang(&self) {
        self.signal("STOP");
    }

    pub fn go_on(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A humming process on the bucket, with `folder` before it.
    pub fn process(&self, folder: &Path, more: &[&str]) -> Service {
        process(folder, &self.endpoint(), more)
    }

    /// The folder that the server keeps `what` in: `clips`, `notices`.
    pub fn folder(&self, what: &str) -> PathBuf {
        self.root.path().join(BUCKET).join(PREFIX).join(what)
    }

    /// The object behind the address of a clip.
    pub fn object(&self, url: &str) -> PathBuf {
        let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
        self.folder("clips").join(&name[..2]).join(name)
    }

    /// Whether the bucket has all of these clips, and their marks, which come after them.
    pub fn has(&self, urls: &[String]) -> bool {
        let has = |object: PathBuf| object.exists() && object.with_extension("marks").exists();
        urls.iter().all(|url| has(self.object(url)))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A humming process on the bucket behind `endpoint`.
pub fn process(folder: &Path, endpoint: &str, more: &[&str]) -> Service {
    let bucket = ["--s3-bucket", BUCKET, "--s3-endpoint", endpoint, "--s3-prefix", PREFIX];
    Service::hum(Some(folder), &[&bucket, more].concat())
}

fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Stands before a server, passes everything on, one write at a time.
pub struct Gate {
    pub endpoint: String,
    passed: Arc<Passed>,
}

/// What came by.
struct Passed {
    server: String,
    client: reqwest::Client,
    one: tokio::sync::Mutex<()>,
    reads: AtomicU64,
    /// Writes that were refused because there was something.
    refused: AtomicU64,
    /// What every request waits.
    delay: Mutex<Duration>,
}

impl Gate {
    pub fn before(server: &Server) -> Self {
        // That another test has chosen it does not matter.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let passed = Arc::new(Passed {
            server: server.endpoint(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            one: tokio::sync::Mutex::default(),
            reads: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            delay: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(pass).with_state(passed.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, app).await.unwrap();
            });
        });
        Self { endpoint, passed }
    }

    /// Requests that read an object, but for those that ask how the bucket is.
    pub fn reads(&self) -> u64 {
        self.passed.reads.load(Ordering::Relaxed)
    }

    /// Writes that came second.
    pub fn refused(&self) -> u64 {
        self.passed.refused.load(Ordering::Relaxed)
    }

    /// From now on every request waits so long before it is passed on.
    pub fn delay(&self, delay: Duration) {
        *self.passed.delay.lock().unwrap() = delay;
    }
}

async fn pass(State(passed): State<Arc<Passed>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let delay = *passed.delay.lock().unwrap();
    tokio::time::sleep(delay).await;
    let write = head.method == Method::PUT;
    let _turn = if write { Some(passed.one.lock().await) } else { None };
    // The list of what is published is asked for by the clock.
    let listing = head.uri.query().is_some_and(|query| query.contains("list-type"));
    if !write && !listing && !head.uri.path().ends_with("/probe") {
        passed.reads.fetch_add(1, Ordering::Relaxed);
    }
    let url = format!("{}{}", passed.server, head.uri);
    let sent = passed.client.request(head.method, url).headers(head.headers).body(body).send().await;
    let Ok(answer) = sent else {
        return Response::builder().status(StatusCode::BAD_GATEWAY).body(Body::empty()).unwrap();
    };
    if answer.status() == StatusCode::PRECONDITION_FAILED {
        passed.refused.fetch_add(1, Ordering::Relaxed);
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    let body = answer.bytes().await.unwrap();
    *response.body_mut() = if body.is_empty() { Body::empty() } else { body.into() };
    response
}
