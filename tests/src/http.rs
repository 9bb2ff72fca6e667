//! A lean HTTP/1.1 client: one keep-alive connection, whole requests as bytes, whole answers back.
//!
//! The load tool must cost less than what it measures, and the tests want to send what a polite client never would.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Status line and headers as they came.
    pub head: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// The value of a header, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.head, name)
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// The bytes of a request; `Content-Length` is added, other headers are the caller's.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut bytes = format!("{method} {path} HTTP/1.1\r\nhost: blendline.test\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        bytes.push_str(&format!("{name}: {value}\r\n"));
    }
    bytes.push_str("\r\n");
    let mut bytes = bytes.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// One request on a connection of its own.
pub async fn once(addr: SocketAddr, request: &[u8]) -> io::Result<Reply> {
    Connection::connect(addr).await?.exchange(request).await
}

impl Connection {
    /// Connects to `addr`.
    pub async fn connect(addr: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a request and waits for its whole answer. After an error the connection is of no more use.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Reply> {
        // A server that refuses early (413) answers and closes while we still write: its answer counts, not our error.
        let written = self.stream.write_all(request).await;
        match (self.read_reply().await, written) {
            (Ok(reply), _) => Ok(reply),
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(error),
        }
    }

    /// Sends a request and gives only the status of its answer: the load tool's way, without a copy of anything.
    /// The answer must say its `Content-Length` in lower case, as ours does.
    pub async fn exchange_status(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        let mut length = None;
        loop {
            if length.is_none()
                && let Some(at) = find(&self.buffer, b"\r\n\r\n")
            {
                let head = std::str::from_utf8(&self.buffer[..at]).map_err(|_| bad("a head that is not text"))?;
                let body = head.split("content-length: ").nth(1).and_then(|rest| rest.split('\r').next());
                length = Some(at + 4 + body.and_then(|digits| digits.parse::<usize>().ok()).unwrap_or(0));
            }
            if length.is_some_and(|length| self.buffer.len() >= length) {
                let status = self.buffer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
                let status = status.and_then(|digits| digits.parse().ok()).ok_or_else(|| bad("no status"))?;
                self.buffer.clear();
                return Ok(status);
            }
            self.fill().await?;
        }
    }

    async fn read_reply(&mut self) -> io::Result<Reply> {
        let head_end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(&self.buffer[..head_end]).into_owned();
        let status = head.get(9..12).and_then(|digits| digits.parse().ok()).ok_or_else(|| bad("no status"))?;
        self.buffer.drain(..head_end);
        let body = if header(&head, "transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            self.read_chunks().await?
        } else {
            let length = header(&head, "content-length").and_then(|digits| digits.parse().ok()).unwrap_or(0);
            self.take(length).await?
        };
        Ok(Reply { status, head, body })
    }

    async fn read_chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line_end = loop {
                if let Some(at) = find(&self.buffer, b"\r\n") {
                    break at;
                }
                self.fill().await?;
            };
            let line = self.take(line_end + 2).await?;
            let digits = std::str::from_utf8(&line[..line_end]).map_err(|_| bad("no chunk size"))?;
            let size = usize::from_str_radix(digits.trim(), 16).map_err(|_| bad("no chunk size"))?;
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    async fn take(&mut self, length: usize) -> io::Result<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection ended before the answer did"));
        }
        Ok(())
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
