//! The server beneath the service: connections that dawdle, that are too many, that go away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod stage;

use std::{net::SocketAddr, time::Duration};

use langdu::http::{App, serve};
use stage::{Stage, clip_urls, text, until};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

/// A service on a port of its own, until it is dropped.
struct Served {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn start(app: App) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(serve(listener, app, async { drop(stopped.await) }));
        Self { address, stop: Some(stop), ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn stop(mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.ended.await.unwrap().unwrap();
    }
}

/// The head of one answer and its body, as long as the head says.
async fn answer(connection: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).await.unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    connection.read_exact(&mut body).await.unwrap();
    (head, body)
}

async fn ask(connection: &mut TcpStream, address: &str) -> (String, Vec<u8>) {
    connection.write_all(format!("GET {address} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
    answer(connection).await
}

#[tokio::test]
async fn many_requests_on_many_connections_get_the_same_clip() {
    let stage = Stage::in_memory();
    let url = clip_urls(&stage.submit("今天停水。").await).remove(0);
    let whole = stage.get(&url).await.body;
    let served = Served::start(App::new(stage.renderer.clone())).await;
    let asks = (0..32).map(|_| async {
        let mut connection = served.connect().await;
        for _ in 0..20 {
            let (head, body) = ask(&mut connection, &url).await;
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            assert_eq!(body, whole);
        }
        // Two at once, and between them one that the router answers.
        let request = format!("GET {url} HTTP/1.1\r\nhost: x\r\n\r\n");
        let both = format!("{request}GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n{request}");
        connection.write_all(both.as_bytes()).await.unwrap();
        assert_eq!(answer(&mut connection).await.1, whole);
        assert!(answer(&mut connection).await.0.contains("application/json"));
        assert_eq!(answer(&mut connection).await.1, whole);
    });
    futures::future::join_all(asks).await;
    served.stop().await;
}

#[tokio::test]
async fn large_clips_arrive_whole_however_slowly_they_are_taken() {
    let stage = Stage::in_memory();
    let sentence = "因供水主管网检修施工需要定于六月三日早上八时起至晚上十时对城东片区实行临时停水";
    let text: String = ["东", "西", "南", "北"].map(|side| format!("城{side}片区{sentence}。\n")).concat();
    let urls = clip_urls(&stage.submit(&text).await);
    let mut clips = Vec::new();
    for url in &urls {
        clips.push(stage.get(url).await.body);
    }
    let large = clips.iter().filter(|clip| clip.len() > 100_000).count();
    assert!(large >= 2, "{:?}", clips.iter().map(bytes::Bytes::len).collect::<Vec<_>>());

    let served = Served::start(App::new(stage.renderer.clone())).await;
    let asks = (0..8).map(async |reader: usize| {
        let mut connection = served.connect().await;
        let get = |url: &str, range: &str| format!("GET {url} HTTP/1.1\r\nhost: x\r\n{range}\r\n");
        for turn in 0..6 {
            // Everything is asked for before anything is taken: parts large and small, and answers of the router.
            let (from, to) = (1000 * reader + turn, 90_000);
            let mut asked = String::new();
            for url in &urls {
                asked += &get(url, "");
                asked += &get(url, &format!("range: bytes={from}-{to}\r\n"));
                asked += &get("/healthz", "");
            }
            connection.write_all(asked.as_bytes()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(10 * reader as u64)).await;
            for clip in &clips {
                assert_eq!(&answer(&mut connection).await.1, clip);
                let part = clip.get(from..clip.len().min(to + 1)).unwrap();
                assert_eq!(answer(&mut connection).await.1, part);
                assert!(answer(&mut connection).await.0.contains("application/json"));
            }
        }
    });
    futures::future::join_all(asks).await;
    served.stop().await;
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let stage = Stage::in_memory();
    let served = Served::start(App::new(stage.renderer.clone()).most_connections(2)).await;
    let (mut first, mut second) = (served.connect().await, served.connect().await);
    for connection in [&mut first, &mut second] {
        assert!(ask(connection, "/healthz").await.0.starts_with("HTTP/1.1 200"));
    }
    let mut third = served.connect().await;
    let waits = tokio::time::timeout(Duration::from_millis(100), ask(&mut third, "/healthz")).await;
    assert!(waits.is_err(), "it is not accepted yet");
    drop(first);
    assert!(answer(&mut third).await.0.starts_with("HTTP/1.1 200"));
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_work() {
    let stage = Stage::in_memory();
    stage.engine.close();
    let urls = clip_urls(&stage.submit(&text(3)).await);
    until("the first clip is begun", async || stage.engine.calls() == 1).await;
    let served = Served::start(App::new(stage.renderer.clone())).await;
    let mut connection = served.connect().await;
    let request = format!("GET {} HTTP/1.1\r\nhost: x\r\n\r\n", urls[2]);
    connection.write_all(request.as_bytes()).await.unwrap();
    until("it waits", async || stage.renderer.health().await.waiting == 1).await;
    drop(connection);
    until("nobody waits", async || stage.renderer.health().await.waiting == 0).await;
    stage.engine.open();
    served.stop().await;
}

#[tokio::test]
async fn idle_connections_do_not_keep_a_service_that_stops() {
    let stage = Stage::in_memory();
    let served = Served::start(App::new(stage.renderer.clone())).await;
    let mut used = served.connect().await;
    ask(&mut used, "/healthz").await;
    let _never_used = served.connect().await;
    let began = std::time::Instant::now();
    served.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(used.read(&mut [0]).await.unwrap(), 0, "it was closed");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let stage = Stage::in_memory();
    let served = Served::start(App::new(stage.renderer.clone())).await;
    let mut connection = served.connect().await;
    let request = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    // It may be refused, and the connection closed, before all of it is written.
    let _ = connection.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = connection.read_to_end(&mut answer).await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    let mut another = served.connect().await;
    assert!(ask(&mut another, "/healthz").await.0.starts_with("HTTP/1.1 200"));
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_dawdles_loses_its_connection() {
    let stage = Stage::in_memory();
    let served = Served::start(App::new(stage.renderer.clone()).patience(Duration::from_millis(200))).await;
    let mut half = served.connect().await;
    half.write_all(b"GET /healthz HTTP/1.1\r\nho").await.unwrap();
    let mut idle = served.connect().await;
    ask(&mut idle, "/healthz").await;
    for connection in [&mut half, &mut idle] {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(10), connection.read_to_end(&mut rest));
        closed.await.expect("it is closed").unwrap();
    }
    served.stop().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_its_connection() {
    let stage = Stage::in_memory();
    let url = clip_urls(&stage.submit("今天停水。").await).remove(0);
    let whole = stage.get(&url).await.body;
    let served = Served::start(App::new(stage.renderer.clone()).patience(Duration::from_millis(200))).await;
    let mut connection = served.connect().await;
    // More answers than the buffers of the system hold.
    let answers = (32 << 20) / whole.len();
    let requests = format!("GET {url} HTTP/1.1\r\nhost: x\r\n\r\n").repeat(answers);
    connection.write_all(requests.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let mut taken = Vec::new();
    let _ = connection.read_to_end(&mut taken).await;
    assert!(taken.len() < answers * whole.len(), "it was not closed");
    served.stop().await;
}
