//! `reload`, `restart`, `stop` and `status` from another terminal.

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::{Finished, hotreload, hotreload_command};
use crate::support::fixture::Fixture;
use crate::support::poll::{SOON, until};
use crate::support::server::Server;
use crate::support::session::Session;
use crate::support::tree::assert_same;

/// Without a session each of the four says so, says what starts one, and writes nothing.
#[test]
fn without_a_session_there_is_nothing_to_control() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    for command in ["reload", "restart", "rollback", "stop"] {
        let Finished { code, stderr, .. } = fixture.hotreload(&[command]);
        assert_eq!(code, Some(20), "{command}: {stderr}");
        assert!(stderr.starts_with("error: no `cargo hotreload run` is active in"), "{stderr}");
        assert!(stderr.ends_with("help: `cargo hotreload run` starts one\n"), "{stderr}");
    }
    assert_same(&before, &fixture.tree());
}

/// A session that was killed leaves its socket: nobody answers there, and that is told as having no session.
#[test]
fn a_socket_without_a_session_is_no_session() {
    let server = Server::new();
    let mut session = Session::launch(&server);
    let socket = server.root().join(".hotreload/session/control.sock");
    until(SOON, "the socket", || socket.exists().then_some(()));
    session.signal(Signal::KILL);
    session.wait();
    assert!(socket.exists());
    assert_eq!(hotreload(server.root(), &["stop"]).code, Some(20));
    hotreload(server.root(), &["disable"]).expect_success();
}

/// The socket is only for the user who runs the session.
#[test]
fn the_socket_is_private() {
    let server = Server::new();
    let session = Session::start(&server);
    let directory = server.root().join(".hotreload/session");
    let socket = fs::metadata(directory.join("control.sock")).expect("the socket");
    assert!(socket.file_type().is_socket());
    assert_eq!(socket.permissions().mode() & 0o7777, 0o600);
    assert_eq!(fs::metadata(&directory).expect("its directory").permissions().mode() & 0o7777, 0o700);
    session.terminate();
}

/// A reload that is asked for tells who asked what was done, once it is done; also from a member's directory.
#[test]
fn a_reload_that_is_asked_for_answers_when_the_code_is_live() {
    let server = Server::new();
    let session = Session::start(&server);
    let before = session.page();
    let nothing = hotreload(server.root(), &["reload"]).expect_success();
    assert!(nothing.starts_with("reloaded 0 of 4 modules, none had changed: build "), "{nothing}");
    assert_eq!(session.page().pid, before.pid);

    server.greet("asked for");
    let answer = hotreload(&server.root().join("api/src"), &["reload"]).expect_success();
    assert!(answer.starts_with("reloaded note-server-api, note-server-router (2 of 4 modules): build "), "{answer}");
    let after = session.page();
    assert_eq!((after.greeting.as_str(), after.pid), ("asked for", before.pid));
    session.terminate();
}

/// A reload that is asked for and cannot be built fails for who asked, with a code of its own; the program goes on.
#[test]
fn a_reload_that_does_not_build_is_refused() {
    let server = Server::new();
    let session = Session::start(&server);
    let before = session.page();
    server.edit("api/src/lib.rs", "let mut page = ", "let mut page = = ");
    let Finished { code, stderr, .. } = hotreload(server.root(), &["reload"]);
    assert_eq!(code, Some(21), "{stderr}");
    assert!(stderr.starts_with("error: build failed, the program goes on with the old code"), "{stderr}");
    assert!(stderr.contains("\nhelp: "), "{stderr}");
    assert_eq!(session.page().pid, before.pid);
    session.terminate();
}

/// A restart that is asked for happens without any change, and says why.
#[test]
fn a_restart_that_is_asked_for_makes_a_new_process() {
    let server = Server::new();
    let session = Session::start(&server);
    session.client.add_note("kept");
    let before = session.page();
    let answer = hotreload(server.root(), &["restart"]).expect_success();
    session.expect_restart();
    let after = session.page();
    let expected = format!("restarted as process {}, because it was asked for: build ", after.pid);
    assert!(answer.starts_with(&expected), "{answer}");
    assert_ne!(after.pid, before.pid);
    assert_eq!((after.requests, after.notes), (1, 1));
    session.terminate();
}

/// `status` shows session, program, and what was done last.
#[test]
fn status_shows_the_running_session() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    server.greet("for the status");
    session.expect_reload();
    let status = hotreload(server.root(), &["status"]).expect_success();
    let line = status.lines().find(|line| line.starts_with("session:")).expect("a line for the session");
    let expected = format!("process {}, program {pid}, running; 1 reloads, 0 restarts; last: reloaded", session.id());
    assert!(line.contains(&expected), "{line}");
    let role = |name: &str| {
        let row = status.lines().find(|line| line.split_whitespace().next() == Some(name));
        row.and_then(|row| row.split_whitespace().nth(1)).map(str::to_owned)
    };
    assert_eq!(role("note-server-core").as_deref(), Some("resident"));
    assert_eq!(role("note-server-database").as_deref(), Some("module"));
    assert_eq!(role("note-server").as_deref(), Some("host"));
    session.terminate();
}

/// One command at a time changes a workspace: during a session `run`, `enable` and `disable` are refused, name the
/// session's process, and disturb nothing.
#[test]
fn a_second_session_and_other_changes_are_refused() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    let before = server.tree();
    for command in ["run", "enable", "disable"] {
        let Finished { code, stderr, .. } = hotreload(server.root(), &[command]);
        assert_eq!(code, Some(18), "{command}: {stderr}");
        let holder =
            format!("error: another `cargo hotreload run` (process {}) works in this workspace\n", session.id());
        assert!(stderr.starts_with(&holder), "{stderr}");
        assert!(stderr.contains("\nhelp: `cargo hotreload stop` ends it"), "{stderr}");
    }
    assert_same(&before, &server.tree());
    assert_eq!(session.page().pid, pid);
    session.terminate();
}

/// Each line of the session is one write, so that lines of the program, which has the same terminal, cannot get into
/// its middle. A datagram socket shows where writes end.
#[test]
fn each_line_of_a_session_is_one_write() {
    let server = Server::new();
    let (ours, theirs) = UnixDatagram::pair().expect("a pair of sockets");
    ours.set_read_timeout(Some(SOON)).expect("a timeout");
    let mut command = hotreload_command(server.root(), &["run"]);
    command.stdout(Stdio::null()).stderr(OwnedFd::from(theirs));
    let mut child = command.spawn().expect("the tool starts");
    drop(command);
    let mut buffer = [0; 4096];
    let length = ours.recv(&mut buffer).expect("a write of the session");
    kill_process(Pid::from_child(&child), Signal::TERM).expect("the tool runs");
    child.wait().expect("it ends");
    let first = String::from_utf8_lossy(&buffer[..length]);
    assert!(first.starts_with("[hotreload] enabled for this session") && first.ends_with('\n'), "{first:?}");
}
