//! A client of one connection, for tests against a real process: it counts every byte of an answer, and may
//! go away in the middle of one.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use serde_json::Value;

/// How long an answer may keep a client waiting; whatever takes longer counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client that keeps its connection from one request to the next.
pub struct Client {
    address: SocketAddr,
    wire: Option<BufReader<TcpStream>>,
}

/// An answer, whole: as many bytes as its head promised.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, wire: None }
    }

    pub fn get(&mut self, path: &str) -> io::Result<Answer> {
        self.ask("GET", path, &[], b"")
    }

    pub fn post(&mut self, path: &str, media_type: &str, body: &str) -> io::Result<Answer> {
        self.ask("POST", path, &[("content-type", media_type)], body.as_bytes())
    }

    /// Asks, and reads the whole answer.
    ///
    /// # Errors
    /// When nobody listens, or the connection breaks before the answer is complete.
    pub fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let request = request(method, path, headers, body);
        // A connection that was kept may have been closed by the other side meanwhile.
        if let Some(mut wire) = self.wire.take()
            && wire.get_mut().write_all(&request).is_ok()
            && wire.fill_buf().is_ok_and(|bytes| !bytes.is_empty())
        {
            return self.read(wire, method);
        }
        let mut wire = self.connect()?;
        wire.get_mut().write_all(&request)?;
        self.read(wire, method)
    }

    /// Sends the first `sent` bytes of a request, reads as many of the answer as are asked for, and goes away.
    pub fn leave(address: SocketAddr, request: &[u8], sent: usize, read: usize) -> io::Result<()> {
        let mut wire = Self::new(address).connect()?;
        wire.get_mut().write_all(&request[..sent.min(request.len())])?;
        wire.read_exact(&mut vec![0; read])
    }

    fn connect(&self) -> io::Result<BufReader<TcpStream>> {
        let wire = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        wire.set_nodelay(true)?;
        wire.set_read_timeout(Some(PATIENCE))?;
        wire.set_write_timeout(Some(PATIENCE))?;
        Ok(BufReader::with_capacity(65_536, wire))
    }

    fn read(&mut self, mut wire: BufReader<TcpStream>, method: &str) -> io::Result<Answer> {
        let status_line = line(&mut wire)?;
        let status = status_line.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.ok_or_else(|| odd(&status_line))?;
        let mut answer = Answer { status, headers: Vec::new(), body: Vec::new() };
        loop {
            let header = line(&mut wire)?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':').ok_or_else(|| odd(&header))?;
            answer.headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        if method != "HEAD" && status != 204 && status != 304 {
            answer.body = if answer.header("transfer-encoding") == "chunked" {
                chunks(&mut wire)?
            } else {
                let length = answer.length().ok_or_else(|| odd("an answer of no known length"))?;
                let mut body = vec![0; length];
                wire.read_exact(&mut body)?;
                body
            };
        }
        if answer.header("connection") != "close" {
            // More than was promised would be taken for the head of the next answer.
            if !wire.buffer().is_empty() {
                return Err(odd("more bytes than the head promised"));
            }
            self.wire = Some(wire);
        }
        Ok(answer)
    }
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// What `Content-Length` says.
    pub fn length(&self) -> Option<usize> {
        self.header("content-length").parse().ok()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|why| panic!("{why}: {}", String::from_utf8_lossy(&self.body)))
    }

    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        let head: Vec<u8> = self.body.iter().take(500).copied().collect();
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&head));
        self
    }
}

/// A request as it goes over the wire.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if method != "GET" && method != "HEAD" {
        head += &format!("content-length: {}\r\n", body.len());
    }
    head += "\r\n";
    [head.as_bytes(), body].concat()
}

fn chunks(wire: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let size = line(wire)?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(|_| odd(&size))?;
        let start = body.len();
        body.resize(start + size, 0);
        wire.read_exact(&mut body[start..])?;
        if !line(wire)?.is_empty() {
            return Err(odd("a chunk that does not end"));
        }
        if size == 0 {
            return Ok(body);
        }
    }
}

fn line(wire: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    wire.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

fn odd(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
