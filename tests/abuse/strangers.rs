//! Requests that no honest client sends.

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Witness, key, post,
    support::{
        client::Client,
        raw::{Reply, connect, exchange, read},
        service::{Service, until},
        truth::submit,
    },
};

/// A request in the body of another, which must never be answered.
const INNER: &str = "GET /inner HTTP/1.1\r\nHost: x\r\n\r\n";

#[test]
fn strangers_get_nothing_they_should_not_and_harm_nobody() {
    let around = tempfile::tempdir().unwrap();
    let folder = around.path().join("work");
    std::fs::create_dir(&folder).unwrap();
    let key = key(&folder);
    let options =
        ["--client-rate", "0", "--total-rate", "0", "--keys", "keys.toml", "--lexicon", "site.lexicon"];
    let mut service = Service::real_in(&folder, &options);
    let witness = Witness::of(&service);
    let before = listing(around.path());

    let dawdlers = dawdle(service.address);
    for (what, attempt) in ATTEMPTS {
        println!("{what}");
        attempt(&service, &witness, &key);
        witness.is_served(&mut service, what);
    }
    println!("who dawdles");
    dawdlers.join().unwrap();
    witness.is_served(&mut service, "who dawdles");

    let written: BTreeSet<String> = listing(around.path()).difference(&before).cloned().collect();
    let elsewhere = |path: &&String| !path.starts_with("work/data/") && *path != "work/site.lexicon";
    assert_eq!(written.iter().find(elsewhere), None, "written outside the data folder");
    assert!(!written.is_empty(), "nothing was written at all");
}

type Attempt = fn(&Service, &Witness, &str);

const ATTEMPTS: &[(&str, Attempt)] = &[
    ("heads and bodies that are too large", too_large),
    ("requests in requests", smuggling),
    ("requests one after the other", pipelining),
    ("addresses that lead elsewhere", traversal),
    ("bytes that are no text", no_text),
    ("rubbish", rubbish),
    ("pages of other sites", other_sites),
    ("texts that name addresses", addresses),
    ("who goes away in the middle", going_away),
];

/// Every file and folder under `folder`.
fn listing(folder: &Path) -> BTreeSet<String> {
    let (mut out, mut folders) = (BTreeSet::new(), vec![folder.to_owned()]);
    while let Some(at) = folders.pop() {
        for entry in std::fs::read_dir(&at).unwrap().map(Result::unwrap) {
            out.insert(entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            }
        }
    }
    out
}

fn too_large(service: &Service, _: &Witness, _: &str) {
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nx: {}\r\n\r\n", "y".repeat(100_000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "x: y\r\n".repeat(200));
    let far = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "y".repeat(70_000));
    for head in [long, many, far] {
        refused(service.address, &head, &[431, 414]);
    }
    let told = "POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 99999999\r\n\r\nx";
    assert_eq!(exchange(service.address, told.as_bytes()).statuses(), [413]);

    // Without a length, until it is too much: it is answered long before the client has sent everything.
    let mut wire = connect(service.address);
    let head = "POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
    wire.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "y".repeat(0x10000));
    let taken = (0..1000).take_while(|_| wire.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(taken < 200, "{taken} chunks were taken");
    let mut answer = Vec::new();
    let _ = wire.read_to_end(&mut answer);
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 413"), "{}", String::from_utf8_lossy(&answer));
}

/// One answer of one of `statuses`, and then the connection is closed.
#[track_caller]
fn refused(address: SocketAddr, request: &str, statuses: &[u16]) {
    let start: String = request.chars().take(200).collect();
    let reply = exchange(address, request.as_bytes());
    let told = reply.statuses();
    // Who is cut off while it sends may lose the answer with the connection.
    let right = told.is_empty() || (told.len() == 1 && statuses.contains(&told[0]));
    assert!(right && reply.closed, "{told:?}, closed: {}: {start:?}", reply.closed);
}

fn smuggling(service: &Service, witness: &Witness, _: &str) {
    let address = service.address;
    let post = |headers: &str, body: &str| {
        format!("POST /v1/spoken HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n{headers}\r\n{body}")
    };
    let chunked_inner = format!("{:x}\r\n{INNER}\r\n0\r\n\r\n", INNER.len());
    let with_inner = |headers: &str| post(headers, INNER);

    // What can be read in two ways is not read at all.
    let refusals = [
        with_inner(&format!("Content-Length: {}\r\nContent-Length: 3\r\n", INNER.len())),
        with_inner(&format!("Content-Length: 3, {}\r\n", INNER.len())),
        with_inner("Content-Length: +3\r\n"),
        with_inner("Content-Length: -3\r\n"),
        with_inner("Content-Length: 0x3\r\n"),
        with_inner("Content-Length: 3 4\r\n"),
        with_inner("Content-Length: 18446744073709551619\r\n"),
        with_inner("Content-Length:\r\n"),
        with_inner("Content-Length : 3\r\n"),
        with_inner("Transfer-Encoding : chunked\r\n"),
        with_inner("Transfer-Encoding: chunked, identity\r\n"),
        with_inner("Transfer-Encoding: identity\r\n"),
        with_inner("Transfer-Encoding: xchunked\r\n"),
        with_inner("Transfer-Encoding: chunked;q=0.5\r\n"),
        with_inner("Transfer-Encoding: \u{b}chunked\r\n"),
        with_inner("Transfer-Encoding: gzip\r\nContent-Length: 3\r\n"),
        with_inner("X: a\r\n b\r\nContent-Length: 3\r\n"),
        with_inner(" Content-Length: 3\r\n"),
        with_inner("X: a\rb\r\nContent-Length: 3\r\n"),
        with_inner("X\0: a\r\n"),
        with_inner("Transfer-Encoding: chunked\r\n").replacen("HTTP/1.1", "HTTP/1.0", 1),
        post("Transfer-Encoding: chunked\r\n", &format!("10000000000000001\r\n{INNER}")),
        post("Transfer-Encoding: chunked\r\n", &format!("fffffffffffffffff\r\n{INNER}")),
        post("Transfer-Encoding: chunked\r\n", &format!("-1\r\n{INNER}")),
        post("Transfer-Encoding: chunked\r\n", &format!("5\r\nhelloXX0\r\n\r\n{INNER}")),
        post("Transfer-Encoding: chunked\r\n", &format!("5;\nx\r\nhello\r\n0\r\n\r\n{INNER}")),
        "GET /healthz HTTP/1.1 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "GET /healthz HTTP/1.2\r\nHost: x\r\n\r\n".to_owned(),
        "GET /healthz\r\n\r\n".to_owned(),
        "G\0T /healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ];
    for request in &refusals {
        refused(address, request, &[400, 413, 415, 422, 431]);
    }

    // What has one meaning by RFC 9112 has that one: no answer to the inner request, ever.
    let length = INNER.len();
    let both = [
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ];
    for headers in both {
        for body in [chunked_inner.clone(), format!("0\r\n\r\n{INNER}")] {
            let reply = exchange(address, post(headers, &body).as_bytes());
            assert_eq!((reply.answers.len(), reply.closed), (1, true), "{headers:?} {body:?}: {reply:?}");
        }
    }
    let clip = &witness.notice.urls[0];
    for (request, statuses) in [
        (with_inner(&format!("Content-Length: {length}\r\n")), &[200][..]),
        (with_inner(&format!("Content-Length: {length}\r\nContent-Length: {length}\r\n")), &[200]),
        (post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &chunked_inner), &[200, 400]),
        (post("Transfer-Encoding: chunked\r\n", &chunked_inner), &[200]),
        (post("Transfer-Encoding: chunked\r\nTrailer: Host\r\n", &chunked_inner), &[200]),
        // Answered before the body is looked at.
        (with_inner(&format!("Content-Length: {length}\r\n")).replacen("/v1/spoken", "/nothing", 1), &[404]),
        (with_inner(&format!("Content-Length: {length}\r\n")).replacen("text/plain", "image/png", 1), &[415]),
        (format!("GET {clip} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{INNER}"), &[200]),
        (
            format!("GET {clip} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunked_inner}"),
            &[200],
        ),
        (
            format!("OPTIONS /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{INNER}"),
            &[204],
        ),
        (format!("TRACE / HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{INNER}"), &[405]),
        // Targets and hosts.
        ("GET http://elsewhere.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[200]),
        ("GET elsewhere.example:80 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[400, 404]),
        ("CONNECT elsewhere.example:80 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[400, 404, 405]),
        ("GET * HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[400, 404]),
        ("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), &[204]),
        ("GET /healthz HTTP/1.1\r\n\r\n".to_owned(), &[400]),
        ("GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(), &[400]),
        ("GET /healthz HTTP/1.0\r\n\r\n".to_owned(), &[200]),
        // A line may end in a bare line feed (RFC 9112, section 2.2).
        ("GET /healthz HTTP/1.1\nHost: x\n\n".to_owned(), &[200]),
        (
            "GET /healthz HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n".to_owned(),
            &[200],
        ),
    ] {
        let reply = exchange(address, request.as_bytes());
        let told = reply.statuses();
        assert!(told.len() == 1 && statuses.contains(&told[0]), "{told:?} to {request:?}");
    }
}

fn pipelining(service: &Service, witness: &Witness, _: &str) {
    let clip = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", witness.notice.urls[0]);
    let health = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let submit =
        "POST /v1/spoken HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n水";
    let all = format!("{clip}{submit}{health}{clip}").repeat(20);
    let all = all.strip_suffix("\r\n").unwrap().to_owned() + "\r\nConnection: close\r\n\r\n";
    let reply = exchange(service.address, all.replacen("\r\n\r\nConnection", "\r\nConnection", 1).as_bytes());
    assert!(reply.closed);
    assert_eq!(reply.statuses(), [200; 80]);
    for four in reply.answers.chunks(4) {
        assert!(four[0].1 == witness.clip && four[3].1 == witness.clip);
        assert!(four[1].1.starts_with(b"{") && four[2].1.starts_with(b"{\"status\""));
    }
}

/// What leads out of a folder, where somebody joins it to a path.
const ELSEWHERE: &[&str] = &[
    "../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5c..%5cetc%5cpasswd",
    "..\\..\\..\\etc\\passwd",
    "..%c0%af..%c0%af..%c0%afetc%c0%afpasswd",
    "..%252f..%252f..%252fetc%252fpasswd",
    "....//....//etc/passwd",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "passwd%00.wav",
    "%00",
    "..",
    ".%2e",
    "C:%5cwindows%5cwin.ini",
    "~root",
    "keys.toml",
    "..%2fkeys.toml",
];

fn traversal(service: &Service, witness: &Witness, key: &str) {
    let id = &witness.notice.id;
    let bearer = format!("Bearer {key}");
    for out in ELSEWHERE {
        for (method, path) in [
            ("GET", format!("/{out}")),
            ("GET", format!("/demo/{out}")),
            ("GET", format!("/v1/clips/{out}")),
            ("GET", format!("/v1/clips/{out}.wav")),
            ("GET", format!("/v1/notices/{out}")),
            ("GET", format!("/v1/notices/{id}/{out}")),
            ("GET", format!("/v1/notices/{id}/audio.{out}")),
            ("GET", format!("/v1/notices/{out}/audio.wav")),
            ("GET", format!("/v1/notices/{out}/events")),
            ("DELETE", format!("/v1/notices/{out}/work")),
            ("GET", format!("{}{out}", witness.notice.urls[0].split_once('?').unwrap().0)),
            ("POST", format!("/v1/notices?voice={out}")),
        ] {
            let headers = [("authorization", &*bearer), ("content-type", "text/plain")];
            let body = if method == "POST" { "停水。" } else { "" };
            let answer = service.client().ask(method, &path, &headers, body.as_bytes()).unwrap();
            assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.status);
            assert!(!String::from_utf8_lossy(&answer.body).contains("root:"), "{path}");
        }
        // As an entry it may be right: then it stands in the lexicon for a while, and nowhere else.
        let entry = json!({"said": "水"}).to_string();
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        let path = format!("/v1/lexicon/entries/{out}");
        let put = service.client().ask("PUT", &path, &headers, entry.as_bytes()).unwrap();
        assert!(matches!(put.status, 200 | 201 | 400..500), "{path}: {}", put.status);
        let deleted = service.client().ask("DELETE", &path, &headers, b"").unwrap();
        assert!(matches!(deleted.status, 204 | 400..500), "{path}: {}", deleted.status);
    }
    for home in ELSEWHERE.iter().filter(|out| !out.contains('\\')) {
        let clip = witness.notice.urls[0].split_once('?').unwrap().0;
        assert_eq!(service.client().get(&format!("{clip}?notice={home}")).unwrap().status, 400, "{home}");
    }
}

fn no_text(service: &Service, witness: &Witness, key: &str) {
    let odd: [&[u8]; 4] = [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe6\xb0"];
    for bytes in odd {
        let percent: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            format!("/{percent}"),
            format!("/v1/clips/{percent}.wav"),
            format!("/v1/notices/{percent}"),
            format!("/v1/notices/{}/{percent}", witness.notice.id),
            format!("{}{percent}", witness.notice.urls[0]),
            format!("{}&x={percent}", witness.notice.urls[0]),
        ] {
            let status = service.client().get(&path).unwrap().status;
            assert!((400..500).contains(&status), "{path}: {status}");
        }
        let headers = [("authorization", &*format!("Bearer {key}")), ("content-type", "application/json")];
        let path = format!("/v1/lexicon/entries/{percent}");
        let put = service.client().ask("PUT", &path, &headers, br#"{"said":"x"}"#).unwrap();
        assert!((400..500).contains(&put.status), "{}", put.status);
        let raw = [b"GET /v1/clips/", bytes, b" HTTP/1.1\r\nHost: x\r\n\r\n"].concat();
        assert!(exchange(service.address, &raw).statuses().iter().all(|status| (400..500).contains(status)));

        for media_type in ["text/plain", "text/html", "application/ssml+xml", "application/json"] {
            let body = [br#"{"text":""#, bytes, br#""}"#].concat();
            let headers = [("content-type", media_type)];
            let told = service.client().ask("POST", "/v1/notices", &headers, &body).unwrap().is(400).json();
            assert_eq!(told["code"], "utf8_invalid", "{media_type}");
        }
        for name in ["authorization", "accept", "range", "if-none-match", "origin", "x-forwarded-for", "host"]
        {
            let head = format!("GET {} HTTP/1.1\r\n", witness.notice.urls[0]);
            let host: &[u8] = if name == "host" { b"" } else { b"Host: x\r\n" };
            let raw = [head.as_bytes(), host, name.as_bytes(), b": ", bytes, b"\r\n\r\n"].concat();
            let told = exchange(service.address, &raw).statuses();
            assert!(told.len() == 1 && told[0] < 500, "{name}: {told:?}");
        }
    }
}

fn rubbish(service: &Service, witness: &Witness, _: &str) {
    let mut random = fastrand::Rng::with_seed(20_260_503);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
    let not_over = |reply: &Reply| reply.answers.iter().all(|(status, _)| *status < 500);
    assert!(not_over(&exchange(service.address, hello)));
    let good = format!(
        "POST /v1/notices?speed=1.0 HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nRange: bytes=0-1\r\n\
         Content-Length: 9\r\n\r\n停水。GET {} HTTP/1.1\r\nHost: x\r\n\r\n",
        witness.notice.urls[0]
    );
    for _ in 0..300 {
        let mut bytes = good.clone().into_bytes();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(0..bytes.len().max(1));
            match random.u8(0..4) {
                _ if bytes.len() < 2 => {}
                0 => bytes[at] = random.u8(..),
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, random.u8(..)),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let mut wire = connect(service.address);
        let _ = wire.write_all(&bytes);
        // Nothing more will come: what is not whole is never answered.
        let _ = wire.shutdown(std::net::Shutdown::Write);
        let mut told = Vec::new();
        let _ = wire.read_to_end(&mut told);
        let told = String::from_utf8_lossy(&told).into_owned();
        assert!(!told.contains("HTTP/1.1 5"), "{told} to {}", String::from_utf8_lossy(&bytes));
    }
}

fn other_sites(service: &Service, _: &Witness, _: &str) {
    let page = [("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site")];
    assert_eq!(post(service, "停电。", &page).is(403).json()["code"], "origin_refused");
    let answer = service.client().ask("OPTIONS", "/v1/notices", &page, b"").unwrap().is(204);
    assert!(answer.headers.iter().all(|(name, _)| !name.starts_with("access-control-allow")));
    let answer = service.client().ask("GET", "/demo/", &page, b"").unwrap().is(200);
    assert_eq!(answer.header("access-control-allow-origin"), "");
    assert_eq!((answer.header("server"), answer.header("x-frame-options")), ("", "DENY"));
}

/// However a text names an address, nobody goes there.
fn addresses(service: &Service, _: &Witness, _: &str) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let there = listener.local_addr().unwrap();
    let visits = Arc::new(AtomicUsize::new(0));
    let counted = visits.clone();
    thread::spawn(move || {
        listener.incoming().for_each(|_| {
            counted.fetch_add(1, Ordering::SeqCst);
        });
    });
    let url = format!("http://{there}/x");
    let html = format!(
        "<html><head><base href='{url}'><link rel=stylesheet href='{url}'><link rel=preload href='{url}'>\
         <meta http-equiv=refresh content='0;url={url}'><script src='{url}'></script><style>@import '{url}';\
         </style></head><body background='{url}'><p>今天停气。</p><img src='{url}' srcset='{url} 2x' alt='图'>\
         <iframe src='{url}'></iframe><object data='{url}'></object><embed src='{url}'><audio src='{url}'></audio>\
         <svg><image href='{url}'/><use href='{url}#a'/></svg><a href='{url}' ping='{url}'>看</a></body></html>"
    );
    let ssml = format!(
        "<speak xml:base='{url}'><lexicon uri='{url}'/><audio src='{url}'>今天停暖。</audio>\
         <mark name='{url}'/><desc>{url}</desc></speak>"
    );
    let entity = format!("<!DOCTYPE speak [<!ENTITY x SYSTEM '{url}'>]><speak>&x;</speak>");
    let parameter = format!("<!DOCTYPE speak SYSTEM '{url}'><speak>停水。</speak>");
    for (media_type, body, status) in [
        ("text/plain", format!("今天停热。\n详见{url}。"), 201),
        ("text/html", html, 201),
        ("application/ssml+xml", ssml, 201),
        ("application/ssml+xml", entity, 400),
        ("application/ssml+xml", parameter, 400),
        ("application/json", json!({"text": "停水。", "voice": url}).to_string(), 422),
    ] {
        let headers = [
            ("content-type", media_type),
            ("referer", &*url),
            ("origin", &*url),
            ("x-forwarded-host", &*there.to_string()),
            ("x-original-url", &*url),
        ];
        let answer =
            service.client().ask("POST", "/v1/notices", &headers, body.as_bytes()).unwrap().is(status);
        if status == 201 {
            let first = answer.json()["sentences"][0]["clips"][0]["url"].as_str().unwrap().to_owned();
            service.client().get(&first).unwrap().is(200);
        }
    }
    let absolute = format!("GET {url} HTTP/1.1\r\nHost: {there}\r\n\r\n");
    assert_eq!(exchange(service.address, absolute.as_bytes()).statuses(), [404]);
    assert_eq!(visits.load(Ordering::SeqCst), 0, "somebody went there");
    connect(there);
    until("the listener would have noticed", || visits.load(Ordering::SeqCst) == 1);
}

fn going_away(service: &Service, witness: &Witness, _: &str) {
    let text = "今天停电。\n请提前准备。";
    let notice = submit(&mut service.client(), text).unwrap().unwrap();
    let whole = format!("/v1/notices/{}/audio.wav", notice.id);
    service.client().get(&whole).unwrap().is(200);
    let leave = |times: usize| {
        for turn in 0..times {
            let path = [&witness.notice.urls[0], &whole, &notice.urls[0], "/v1/notices"][turn % 4];
            let request = if turn % 4 == 3 {
                format!(
                    "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\n停"
                )
            } else {
                format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
            };
            // The head of the answer and some of what follows, never all; of a body that never comes nothing.
            let read = if turn % 4 == 3 { 0 } else { 300 };
            Client::leave(service.address, request.as_bytes(), usize::MAX, read).unwrap();
        }
    };
    leave(100);
    let settled = || service.descriptors().map(|count| (count, service.resident().unwrap()));
    let (Some((descriptors, resident)), true) = (settled(), cfg!(target_os = "linux")) else { return };
    leave(1000);
    until("all descriptors are given back", || settled().is_some_and(|(count, _)| count <= descriptors + 2));
    let grown = settled().unwrap().1.saturating_sub(resident);
    println!("1000 clients that went away: {descriptors} descriptors before and after, {grown} kB more");
    assert!(grown < 30_000, "{grown} kB were not given back");
}

/// Hundreds that send a head or a body byte by byte, while others are served: they lose their connections in time.
fn dawdle(address: SocketAddr) -> thread::JoinHandle<()> {
    let head = "GET /healthz HTTP/1.1\r\nHost: x\r\nX: ";
    let body =
        "POST /v1/notices HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9000\r\n\r\n";
    let started = Instant::now();
    let wires = |start: &str, count: usize| -> Vec<_> {
        let begin = |_| {
            let mut wire = connect(address);
            wire.write_all(start.as_bytes()).unwrap();
            wire
        };
        (0..count).map(begin).collect()
    };
    let (mut heads, mut bodies) = (wires(head, 300), wires(body, 30));
    thread::spawn(move || {
        while started.elapsed() < Duration::from_secs(34) {
            for wire in heads.iter_mut().chain(&mut bodies) {
                // It may be closed by now.
                let _ = wire.write_all(b"y");
            }
            let asked = Instant::now();
            Client::new(address).get("/healthz").unwrap().is(200);
            assert!(asked.elapsed() < Duration::from_secs(5), "others wait: {:?}", asked.elapsed());
            thread::sleep(Duration::from_millis(900));
        }
        for wire in heads.iter_mut().chain(&mut bodies) {
            let told = read(wire);
            assert!(told.closed && told.statuses().iter().all(|status| *status == 408), "{told:?}");
        }
    })
}
