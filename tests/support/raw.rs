//! Bytes as they go over the wire: what no well-behaved client sends, and everything that comes back.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// So long nothing more comes before it is taken that nothing will.
const QUIET: Duration = Duration::from_millis(250);

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// Statuses and bodies of the answers, without those that only say that more is to come (1xx).
    pub answers: Vec<(u16, Vec<u8>)>,
    /// Whether the other side closed the connection.
    pub closed: bool,
}

impl Reply {
    pub fn statuses(&self) -> Vec<u16> {
        self.answers.iter().map(|(status, _)| *status).collect()
    }
}

pub fn connect(address: SocketAddr) -> TcpStream {
    let wire = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    wire.set_nodelay(true).unwrap();
    wire.set_write_timeout(Some(PATIENCE)).unwrap();
    wire
}

/// Sends `bytes` and takes what comes until the connection is closed, or one answer has come and then nothing.
pub fn exchange(address: SocketAddr, bytes: &[u8]) -> Reply {
    let mut wire = connect(address);
    // The other side may refuse before it has read everything.
    let _ = wire.write_all(bytes);
    read(&mut wire)
}

/// Takes what comes until the connection is closed, or one answer has come and then nothing.
pub fn read(wire: &mut TcpStream) -> Reply {
    let (mut taken, mut buffer) = (Vec::new(), vec![0; 65_536]);
    let started = Instant::now();
    let closed = loop {
        let done = answers(&taken).is_some_and(|answers| !answers.is_empty());
        wire.set_read_timeout(Some(if done { QUIET } else { PATIENCE })).unwrap();
        match wire.read(&mut buffer) {
            Ok(0) => break true,
            Ok(count) => taken.extend_from_slice(&buffer[..count]),
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => break false,
            Err(_) => break true,
        }
        assert!(started.elapsed() < PATIENCE * 2, "an answer without end");
    };
    let answers = answers(&taken);
    let answers = answers.unwrap_or_else(|| panic!("no whole answers: {}", String::from_utf8_lossy(&taken)));
    Reply { answers, closed }
}

/// The answers in `bytes`; none while the last of them is not whole.
fn answers(mut bytes: &[u8]) -> Option<Vec<(u16, Vec<u8>)>> {
    let mut out = Vec::new();
    while !bytes.is_empty() {
        let end = find(bytes, b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        bytes = &bytes[end + 4..];
        let status: u16 = head.strip_prefix("http/1.")?.get(2..5)?.parse().ok()?;
        let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let mut body = Vec::new();
        if header("transfer-encoding:") == Some("chunked") {
            loop {
                let line = find(bytes, b"\r\n")?;
                let size = usize::from_str_radix(std::str::from_utf8(&bytes[..line]).ok()?, 16).ok()?;
                body.extend_from_slice(bytes.get(line + 2..line + 2 + size)?);
                bytes = bytes.get(line + 2 + size + 2..)?;
                if size == 0 {
                    break;
                }
            }
        } else {
            let length = header("content-length:").map_or(0, |length| length.parse().unwrap());
            body.extend_from_slice(bytes.get(..length)?);
            bytes = &bytes[length..];
        }
        if status >= 200 {
            out.push((status, body));
        }
    }
    Some(out)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
