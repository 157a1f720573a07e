//! The control socket: how `reload`, `restart`, `stop` and `status` reach a running session.
//!
//! One line of JSON ([`Request`]) comes in, one line ([`Answer`]) goes out. The socket lies in a directory that only
//! its user may enter, and has mode 0600 itself; whoever gets there all the same has to be the same user on both sides.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, BufRead, BufReader, ErrorKind as IoErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::effects::files;
use crate::error::ErrorKind;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::workspace::STATE_DIRECTORY;

pub(crate) mod clients;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: u64 = 1 << 20;
/// How many may wait for an answer that takes a build; as many again for one that comes at once.
const MOST_WAITING: usize = 64;

/// A listening control socket. Dropping it removes the socket.
#[derive(Debug)]
pub struct Control {
    directory: PathBuf,
    waiting: Waiting,
}

/// Who waits for an answer.
type Waiting = Arc<Mutex<BTreeMap<u64, UnixStream>>>;

impl Control {
    /// Listens in the workspace at `root`; each request goes to `report`.
    pub fn listen(root: &Path, report: impl Fn(Request, ReplyTo) + Send + Sync + 'static) -> Result<Self> {
        let directory = socket_directory(root);
        // A socket that is still there is left over from a session that was killed: we hold the workspace's lock.
        files::remove_directory(&directory)?;
        let cannot = || format!("cannot listen in `{}`", directory.display());
        DirBuilder::new().mode(0o700).create(&directory).with_context(cannot)?;
        let listener = UnixListener::bind(short_path(&directory)?.1).with_context(cannot)?;
        fs::set_permissions(directory.join(SOCKET), Permissions::from_mode(0o600)).with_context(cannot)?;
        let waiting = Waiting::default();
        let for_thread = Arc::clone(&waiting);
        let next = AtomicU64::new(0);
        thread::Builder::new().name("control".into()).spawn(move || {
            clients::serve(&listener, |stream, request| {
                let id = next.fetch_add(1, Ordering::Relaxed);
                if await_answer(&for_thread, request, id, stream) {
                    report(request, ReplyTo(id));
                }
            })
        })?;
        Ok(Self { directory, waiting })
    }

    /// Answers a request.
    pub fn reply(&self, to: ReplyTo, answer: &Answer) {
        let stream = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&to.0);
        if let Some(stream) = stream {
            send(stream, answer);
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Lets a client wait for its answer, or refuses it, because there are too many who do.
fn await_answer(waiting: &Waiting, request: Request, id: u64, stream: UnixStream) -> bool {
    let is_quick = matches!(request, Request::Status | Request::Stop | Request::Pause);
    let most = if is_quick { 2 * MOST_WAITING } else { MOST_WAITING };
    let mut all = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    if all.len() >= most {
        all.retain(|_, stream| !has_gone(stream));
    }
    if all.len() >= most {
        send(stream, &Answer::Failed(format!("{most} others wait for an answer already")));
        return false;
    }
    all.insert(id, stream);
    true
}

/// Whether the client has hung up.
fn has_gone(stream: &UnixStream) -> bool {
    let mut one = [PollFd::new(stream, PollFlags::empty())];
    poll(&mut one, Some(&Timespec::default())).is_ok_and(|ready| ready > 0)
}

/// Sends `answer`. The client may have gone; an answer is far smaller than a socket's buffer, and never waited for.
fn send(mut stream: UnixStream, answer: &Answer) {
    if let Ok(line) = serde_json::to_string(answer) {
        let _ = stream.write_all(format!("{line}\n").as_bytes());
    }
}

/// Whether a session of the workspace at `root` listens.
#[must_use]
pub fn is_listening(root: &Path) -> bool {
    short_path(&socket_directory(root)).and_then(|(_directory, path)| UnixStream::connect(path)).is_ok()
}

/// Sends `request` to the session of the workspace at `root` and waits for its answer.
///
/// # Errors
/// [`ErrorKind::NoSession`] if none listens.
pub fn ask(root: &Path, request: Request) -> Result<Answer> {
    let no_session = || ErrorKind::NoSession { root: root.to_owned() };
    let Ok((_directory, path)) = short_path(&socket_directory(root)) else { return Err(no_session().into()) };
    let mut stream = match UnixStream::connect(path) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), IoErrorKind::NotFound | IoErrorKind::ConnectionRefused) => {
            return Err(no_session().into());
        }
        Err(error) => return Err(error).context("cannot reach the session"),
    };
    if !clients::is_ours(&stream) {
        return Err(no_session().into());
    }
    stream.write_all(serde_json::to_string(&request)?.as_bytes())?;
    stream.write_all(b"\n")?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut line).context("the session did not answer")?;
    serde_json::from_str(&line).context("the session ended before it answered")
}

const SOCKET: &str = "control.sock";

fn socket_directory(root: &Path) -> PathBuf {
    root.join(STATE_DIRECTORY).join("session")
}

/// A short name for the socket in `directory`, valid while the returned file is open: the address of a socket has
/// room for 107 bytes only (unix(7)), and workspaces lie deeper than that.
fn short_path(directory: &Path) -> io::Result<(File, PathBuf)> {
    let open = File::open(directory)?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd())).join(SOCKET);
    Ok((open, path))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Arc;

    use super::{Control, ask, socket_directory};
    use crate::error;
    use crate::session::request::{Answer, Request};

    #[test]
    fn a_request_gets_its_answer_and_the_socket_is_private() {
        let root = tempfile::tempdir().expect("a temporary directory");
        // Deeper than a socket address has room for.
        let deep = root.path().join("d".repeat(120));
        fs::create_dir_all(deep.join(".hotreload")).expect("mkdir");
        let (sender, receiver) = std::sync::mpsc::channel();
        let control = Arc::new(
            Control::listen(&deep, move |request, to| {
                let _ = sender.send((request, to));
            })
            .expect("listening"),
        );
        let answering = Arc::clone(&control);
        let thread = std::thread::spawn(move || {
            let (request, to) = receiver.recv().expect("a request");
            answering.reply(to, &Answer::Done(format!("{request:?}")));
        });
        assert_eq!(ask(&deep, Request::Reload).expect("an answer"), Answer::Done("Reload".into()));
        thread.join().expect("no panic");
        let mode = |path| fs::metadata(path).expect("stat").permissions().mode() & 0o777;
        assert_eq!(mode(socket_directory(&deep)), 0o700);
        assert_eq!(mode(socket_directory(&deep).join("control.sock")), 0o600);
        drop(control);
        assert!(!socket_directory(&deep).exists());
    }

    #[test]
    fn without_a_session_that_is_said() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let error = ask(root.path(), Request::Stop).expect_err("nobody listens");
        assert_eq!(error::exit_code(&error), 20);
    }
}
