//! Connections to the server, which may stay open from one request to the next.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// How long a request may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How long a connection is kept without a request: servers close it some time.
const IDLE: Duration = Duration::from_secs(10);

/// How long a connection stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// From one request to the next.
    Open,
    /// For one request.
    Once,
}

/// A connection that is made when it is needed.
#[derive(Debug)]
pub(crate) struct Connection {
    address: SocketAddr,
    keep: Keep,
    /// The stream, and when it was last used.
    stream: Option<(BufReader<TcpStream>, Instant)>,
}

impl Connection {
    pub(crate) fn to(address: SocketAddr, keep: Keep) -> Self {
        Self { address, keep, stream: None }
    }

    /// The body of the page at `path`.
    pub(crate) fn get(&mut self, path: &str) -> Result<String> {
        let mut stream = match self.stream.take() {
            Some((stream, used)) if used.elapsed() < IDLE => stream,
            _ => self.connect()?,
        };
        let close = if self.keep == Keep::Once { "Connection: close\r\n" } else { "" };
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{close}\r\n", self.address);
        stream.get_mut().write_all(request.as_bytes())?;
        let body = read(&mut stream)?;
        self.stream = (self.keep == Keep::Open).then(|| (stream, Instant::now()));
        Ok(body)
    }

    fn connect(&self) -> Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, LIMIT)?;
        stream.set_read_timeout(Some(LIMIT))?;
        stream.set_nodelay(true)?;
        Ok(BufReader::new(stream))
    }
}

fn read(stream: &mut impl BufRead) -> Result<String> {
    let mut status = String::new();
    stream.read_line(&mut status)?;
    let mut length = None;
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line)? > 0, "the server closed the connection");
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        }
    }
    ensure!(status.starts_with("HTTP/1.1 200 "), "the server answered: {status}");
    let mut body = vec![0; length.context("an answer without a length")?];
    stream.read_exact(&mut body)?;
    Ok(String::from_utf8(body)?)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_body_is_as_long_as_its_head_says() {
        let mut two =
            &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"[..];
        assert_eq!(read(&mut two).expect("a body"), "ab");
        assert!(read(&mut two).is_err());
        assert!(two.is_empty() && read(&mut two).is_err());
    }
}
