//! One contestant's copy of the workspace, and the server that runs there, seen from outside.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::AtomicU16;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};

use crate::edits::moment::Moment;
use crate::edits::process::wait_for;
use crate::edits::workspace::{self, Edit, LIBRARIES, Version};

/// How long a change may take to be answered.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long one request may take.
const REQUEST: Duration = Duration::from_secs(5);

/// A copy of the workspace and the address of its server.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) root: PathBuf,
    pub(crate) address: SocketAddr,
    /// What every library says of itself, and what all said before the last edit.
    versions: [Version; LIBRARIES.len()],
    before: [Version; LIBRARIES.len()],
}

/// When a file was saved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Saved {
    pub(crate) at: Instant,
    pub(crate) moment: Moment,
}

/// How an edit became live.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answered {
    /// Since the save.
    pub(crate) after: Duration,
    pub(crate) moment: Moment,
}

impl Site {
    /// The copy in `root`, whose server gets a port that is free now.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let address = free_address()?;
        let versions: Vec<Version> =
            LIBRARIES.iter().map(|library| Version::first(root, library)).collect::<Result<_>>()?;
        let versions = versions.try_into().map_err(|_| anyhow!("each library has a version"))?;
        // `/proc/PID/maps` shows real paths.
        Ok(Self { root: root.canonicalize()?, address, versions, before: versions })
    }

    /// The file beside the copy where its processes write to.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.with_extension("log")
    }

    /// Puts `number` into `library`. The clock starts before the file is touched.
    pub(crate) fn edit(&mut self, library: usize, edit: Edit, number: u32) -> Result<Saved> {
        let saved = Saved { at: Instant::now(), moment: Moment::now() };
        self.before = self.versions;
        self.versions[library] = self.versions[library].edit(&self.root, LIBRARIES[library], edit, number)?;
        Ok(saved)
    }

    /// Asks the server until it answers with what was `saved` last. `look` is called before each request: it fails
    /// when waiting has no sense any more, and says whether it is time for a request.
    pub(crate) fn answered(&self, saved: Saved, mut look: impl FnMut() -> Result<bool>) -> Result<Answered> {
        let wanted = workspace::answer(self.versions);
        let old = workspace::answer(self.before);
        let mut last = "none".to_owned();
        let asked = wait_for("new answer", PATIENCE, || {
            if !look()? {
                return Ok(None);
            }
            match get(self.address, "/versions") {
                Ok(answer) if answer == wanted => {
                    return Ok(Some(Answered { after: saved.at.elapsed(), moment: Moment::now() }));
                }
                Ok(answer) if answer == old => last = answer,
                Ok(answer) => bail!("the server answered `{answer}`: neither the old `{old}` nor the new `{wanted}`"),
                // Between two processes nobody listens.
                Err(_) => {}
            }
            Ok(None)
        });
        asked.with_context(|| format!("{} did not get `{wanted}`; its last answer was `{last}`", self.root.display()))
    }
}

/// An address that nobody listens on and that no connection gets by chance: while a program is restarted its port is
/// free, and a client that asks for it then would otherwise be given that very port now and then, and meet itself.
pub(crate) fn free_address() -> Result<SocketAddr> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Linux takes the ports of connections from 32768 to 60999 unless it is told otherwise.
    let own = u16::try_from(process::id() % 10_000)?;
    let addresses = (0..1000).map(|_| SocketAddr::from(([127, 0, 0, 1], 20_000 + own + TAKEN.fetch_add(1, Relaxed))));
    let mut free = addresses.filter(|address| TcpListener::bind(address).is_ok());
    free.next().context("no port is free")
}

/// The body of the page at `path`.
fn get(address: SocketAddr, path: &str) -> Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, REQUEST)?;
    stream.set_read_timeout(Some(REQUEST))?;
    stream.set_nodelay(true)?;
    // In one piece: a server may answer and close as soon as it knows enough, and what comes later is an error.
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    let (head, body) = response.split_once("\r\n\r\n").context("no whole answer")?;
    ensure!(head.starts_with("HTTP/1.1 200 "), "the server answered: {head}");
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::thread;

    use super::{free_address, get};

    #[test]
    fn nobody_gets_an_address_twice() {
        let addresses = [free_address(), free_address()].map(|address| address.expect("a free port"));
        assert!(addresses[0] != addresses[1] && addresses.iter().all(|address| address.port() < 32_768));
    }

    #[test]
    fn only_a_good_answer_has_a_body() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let server = thread::spawn(move || {
            for answer in ["HTTP/1.1 200 OK\r\nx: y\r\n\r\nhello", "HTTP/1.1 500 Oh\r\n\r\nhello", "HTTP/1.1 200"] {
                let (mut stream, _) = listener.accept().expect("a client");
                assert!(stream.read(&mut [0; 1000]).expect("a request") > 0);
                stream.write_all(answer.as_bytes()).expect("an answer");
            }
        });
        assert_eq!(get(address, "/").expect("a body"), "hello");
        assert!(get(address, "/").is_err() && get(address, "/").is_err());
        server.join().expect("all were answered");
    }
}
