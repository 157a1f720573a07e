//! Who is connected to the control socket and has not yet said what is wanted.
//!
//! One thread reads from all of them, whatever they do: say nothing, say half of it, never stop, come by the thousand.
//! There are only so many at a time; whoever has been silent for longest makes room for the next one.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::socket_peercred;
use rustix::process::geteuid;

use crate::session::request::Request;

/// The longest request that is read, in bytes.
const LONGEST_REQUEST: usize = 4096;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may be connected and silent.
const MOST: usize = 64;
/// How many are let in before it is looked at what those before them say: fewer than there may be, so that nobody makes
/// room who was not listened to.
const AT_ONCE: usize = MOST / 2;
/// How long to wait where no more files can be opened.
const PAUSE: Duration = Duration::from_millis(100);

/// Listens for ever, and passes on each client with its request.
pub(super) fn serve(listener: &UnixListener, ready: impl Fn(UnixStream, Request)) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut silent = VecDeque::new();
    loop {
        wait(listener, &silent);
        silent.retain_mut(|client: &mut Client| match client.listen() {
            Heard::Nothing => Instant::now() < client.deadline,
            Heard::Request(request, stream) => {
                ready(stream, request);
                false
            }
            Heard::Nonsense => false,
        });
        for _ in 0..AT_ONCE {
            if !admit(listener, &mut silent) {
                break;
            }
        }
    }
}

/// Waits until somebody comes, says something, or has been silent for too long.
fn wait(listener: &UnixListener, silent: &VecDeque<Client>) {
    let clients = silent.iter().filter_map(|client| client.stream.as_ref());
    let mut all: Vec<PollFd<'_>> = vec![PollFd::new(listener, PollFlags::IN)];
    all.extend(clients.map(|stream| PollFd::new(stream, PollFlags::IN)));
    let left = silent.front().map(|oldest| oldest.deadline.saturating_duration_since(Instant::now()));
    let left = left.and_then(|left| Timespec::try_from(left).ok());
    // Interrupted or not, everybody is looked at.
    let _ = poll(&mut all, left.as_ref());
}

/// Lets the next client in; `false` if there is none now.
fn admit(listener: &UnixListener, silent: &mut VecDeque<Client>) -> bool {
    let accepted = listener.accept();
    let is_full = match &accepted {
        Ok(_) => silent.len() >= MOST,
        Err(error) => {
            !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted | ErrorKind::ConnectionAborted)
        }
    };
    if is_full && silent.pop_front().is_none() {
        // No file can be opened, and nobody here holds one.
        thread::sleep(PAUSE);
        return false;
    }
    match accepted {
        Ok((stream, _)) => {
            silent.extend(Client::new(stream));
            true
        }
        Err(error) => error.kind() != ErrorKind::WouldBlock && !is_full,
    }
}

/// Whether the process at the other end is this user's.
pub(super) fn is_ours(stream: &UnixStream) -> bool {
    socket_peercred(stream).is_ok_and(|peer| peer.uid == geteuid())
}

struct Client {
    /// `None` once it was heard.
    stream: Option<UnixStream>,
    said: Vec<u8>,
    deadline: Instant,
}

enum Heard {
    /// Not all of it yet.
    Nothing,
    Request(Request, UnixStream),
    /// Nothing that is a request, or will be one.
    Nonsense,
}

impl Client {
    /// A client, unless it is another user's.
    fn new(stream: UnixStream) -> Option<Self> {
        let is_admitted = is_ours(&stream) && stream.set_nonblocking(true).is_ok();
        is_admitted.then(|| Self { stream: Some(stream), said: Vec::new(), deadline: Instant::now() + PATIENCE })
    }

    fn listen(&mut self) -> Heard {
        let mut piece = [0; LONGEST_REQUEST];
        let is_all = match self.stream.as_mut().map(|stream| stream.read(&mut piece)) {
            Some(Ok(read)) => {
                self.said.extend(&piece[..read]);
                read == 0
            }
            Some(Err(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                return Heard::Nothing;
            }
            Some(Err(_)) | None => return Heard::Nonsense,
        };
        match (request(&self.said, is_all), self.stream.take()) {
            (Ok(Some(request)), Some(stream)) => Heard::Request(request, stream),
            (Ok(None), stream) => {
                self.stream = stream;
                Heard::Nothing
            }
            _ => Heard::Nonsense,
        }
    }
}

/// The request in what a client has `said`, which is all that it ever says or not; `None` if it is not complete.
///
/// # Errors
/// It is none, and never will be one.
pub(crate) fn request(said: &[u8], is_all: bool) -> Result<Option<Request>, ()> {
    let line = match said.iter().position(|byte| *byte == b'\n') {
        Some(end) => &said[..end],
        None if is_all => said,
        None if said.len() < LONGEST_REQUEST => return Ok(None),
        None => return Err(()),
    };
    serde_json::from_slice(line).map(Some).map_err(drop)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST_REQUEST, request};
    use crate::session::request::Request;

    #[test]
    fn a_request_is_a_line_or_all_there_is() {
        assert_eq!(request(b"\"reload\"\nrest", false), Ok(Some(Request::Reload)));
        assert_eq!(request(b"\"reload\"", true), Ok(Some(Request::Reload)));
        assert_eq!(request(b"\"reload\"", false), Ok(None));
        assert_eq!(request(b"\"rel", true), Err(()));
        assert_eq!(request(b"\xff\n", false), Err(()));
        assert_eq!(request(&[b' '; LONGEST_REQUEST], false), Err(()));
    }
}
