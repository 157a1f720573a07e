//! What goes wrong while one works: the program goes on, or is started again; and whatever ends a session, nothing is
//! left of it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt;

use rustix::process::Signal;

use crate::support::command::hotreload;
use crate::support::fifo::Fifo;
use crate::support::http::free_port;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::processes::{is_alive, mapped_libraries};
use crate::support::server::Server;
use crate::support::session::Session;
use crate::support::tree::assert_same;

/// A syntax error is shown as rustc shows it, and changes nothing in the running program; the corrected code goes live
/// in that same process.
#[test]
fn a_syntax_error_is_shown_and_the_old_code_goes_on() {
    let server = Server::new();
    let session = Session::start(&server);
    let before = session.page();

    server.edit("api/src/lib.rs", "let mut page = ", "let mut page = = ");
    session.output.expect(BUILD, ["error: expected expression, found `=`"]);
    session.output.expect(SOON, ["--> api/src/lib.rs:"]);
    session.output.expect(BUILD, ["build failed, the program goes on with the old code"]);
    let meanwhile = session.page();
    assert_eq!((&meanwhile.greeting, meanwhile.pid), (&before.greeting, before.pid));

    server.edit("api/src/lib.rs", "let mut page = = ", "let mut page = ");
    server.greet("corrected");
    session.expect_reload();
    let after = session.page();
    assert_eq!((after.greeting.as_str(), after.pid), ("corrected", before.pid));
    assert_eq!(after.requests, before.requests + 2);
    session.terminate();
}

/// Without a good first build there is no program; the first good one starts it.
#[test]
fn a_first_build_that_fails_waits_for_the_correction() {
    let server = Server::new();
    server.edit("api/src/lib.rs", "let mut page = ", "let mut page = = ");
    let session = Session::launch(&server);
    session.output.expect(BUILD, ["error: expected expression, found `=`"]);
    session.output.expect(BUILD, ["build failed: "]);
    server.edit("api/src/lib.rs", "let mut page = = ", "let mut page = ");
    session.expect_started();
    session.page();
    session.terminate();
}

/// A module's file that is deleted under the running program is no harm: the program goes on, `reload` brings the file
/// back, and the next edit goes live in the same process.
#[test]
fn a_deleted_module_is_built_again_and_the_program_goes_on() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    let module = server.built("libnote_server_api.so");
    fs::remove_file(&module).expect("the module's file was there");
    assert_eq!(session.page().pid, pid, "the code is still mapped");

    let answer = hotreload(server.root(), &["reload"]).expect_success();
    assert!(answer.contains("modules"), "{answer}");
    assert!(module.exists(), "cargo has put the file back");
    assert_eq!(session.page().pid, pid);

    server.greet("after the deletion");
    session.output.expect(BUILD, ["reloaded note-server-api, note-server-router"]);
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("after the deletion", pid));
    // This also proves that no mapping of a deleted file is left.
    assert!(mapped_libraries(pid, server.root()).contains_key("libnote_server_api.so"));
    session.terminate();
}

/// Where another program has the port, the server's own message and its exit code are shown, the session waits for the
/// next save, and ends without a trace.
#[test]
fn a_port_in_use_is_reported_and_the_session_waits() {
    let server = Server::new();
    let before = server.tree();
    let port = free_port();
    let other = TcpListener::bind(("127.0.0.1", port)).expect("the port is ours");
    let session = Session::launch_on(&server, port);
    session.output.expect(BUILD, [": address already in use"]);
    session.output.expect(SOON, ["(exit code 98); the next good build starts it again"]);

    drop(other);
    server.greet("the port is free");
    session.expect_started();
    assert_eq!(session.page().greeting, "the port is free");
    session.terminate();
    server.greet("Hello from the first version");
    assert_same(&before, &server.tree());
    server.assert_nobody_works_here();
}

/// A program that dies is reported with the signal's name, and the next save starts it again.
#[test]
fn a_crash_is_reported_by_the_signals_name_and_the_next_save_starts_again() {
    let server = Server::new();
    let session = Session::start(&server);
    session.client.add_note("survives");
    let before = session.page();
    assert!(session.client.get("/crash").is_err(), "the server died while it answered");
    session.output.expect(SOON, ["the program died (signal 6, SIGABRT); the next good build starts it again"]);

    server.greet("after the crash");
    session.expect_started();
    let after = session.page();
    assert_eq!((after.greeting.as_str(), after.notes, after.requests), ("after the crash", 1, 1));
    assert_ne!(after.pid, before.pid);
    session.terminate();
}

/// SIGTERM to the session ends program and session, and leaves nothing.
#[test]
fn sigterm_leaves_nothing_behind() {
    a_signal_leaves_nothing_behind(Signal::TERM);
}

/// Ctrl+C ends program and session, and leaves nothing.
#[test]
fn sigint_leaves_nothing_behind() {
    a_signal_leaves_nothing_behind(Signal::INT);
}

/// A closed terminal ends program and session, and leaves nothing.
#[test]
fn sighup_leaves_nothing_behind() {
    a_signal_leaves_nothing_behind(Signal::HUP);
}

/// `cargo hotreload stop` ends program and session, and leaves nothing.
#[test]
fn stop_leaves_nothing_behind() {
    leaves_nothing_behind(|server, _| {
        let answer = hotreload(server.root(), &["stop"]).expect_success();
        assert_eq!(answer, "the session has ended\n");
    });
}

fn a_signal_leaves_nothing_behind(signal: Signal) {
    leaves_nothing_behind(|_, session| session.signal(signal));
}

#[track_caller]
fn leaves_nothing_behind(end: impl FnOnce(&Server, &Session)) {
    let server = Server::new();
    let before = server.tree();
    let mut session = Session::start(&server);
    let pid = session.page().pid;
    assert_ne!(before, server.tree(), "the manifests are rewritten while the session lasts");
    end(&server, &session);
    let status = session.wait();
    assert!(status.success(), "{status}");
    assert!(session.output.text().contains("the program stopped (exit code 0)"), "{}", session.output.text());
    assert!(!is_alive(pid));
    assert_same(&before, &server.tree());
    server.assert_nobody_works_here();
}

/// SIGTERM during the first build ends cargo and rustc too, and puts the manifests back.
#[test]
fn sigterm_during_the_first_build_leaves_nothing_behind() {
    let server = Server::new();
    let fifo = Fifo::new();
    server.edit("api/src/lib.rs", "mod error;\n", &(fifo.waiting_item() + "mod error;\n"));
    let before = server.tree();
    let mut session = Session::launch(&server);
    server.expect_rustc("note_server_api");
    session.signal(Signal::TERM);
    assert!(session.wait().success());
    assert_same(&before, &server.tree());
    server.assert_nobody_works_here();
}

/// SIGTERM while the program runs and a build is under way ends all three.
#[test]
fn sigterm_during_a_later_build_leaves_nothing_behind() {
    let server = Server::new();
    let mut session = Session::start(&server);
    let pid = session.page().pid;
    let fifo = Fifo::new();
    server.edit("api/src/lib.rs", "mod error;\n", &(fifo.waiting_item() + "mod error;\n"));
    server.expect_rustc("note_server_api");
    session.signal(Signal::TERM);
    assert!(session.wait().success());
    assert!(!is_alive(pid));
    assert!(!server.root().join(".hotreload").exists());
    server.assert_nobody_works_here();
}

/// Where the session itself is killed, the program dies with it, and `disable` puts everything back.
#[test]
fn a_killed_session_takes_the_program_along_and_disable_puts_everything_back() {
    let server = Server::new();
    let before = server.tree();
    let mut session = Session::start(&server);
    let pid = session.page().pid;
    session.signal(Signal::KILL);
    assert_eq!(session.wait().signal(), Some(9));
    until(SOON, "the program is dead", || (!is_alive(pid)).then_some(()));
    server.assert_nobody_works_here();
    assert_ne!(before, server.tree(), "nobody has put the manifests back yet");

    hotreload(server.root(), &["disable"]).expect_success();
    assert_same(&before, &server.tree());
}

/// The session after a killed one takes over what that one left, and puts everything back at its end.
#[test]
fn the_session_after_a_killed_one_puts_everything_back() {
    let server = Server::new();
    let before = server.tree();
    let mut session = Session::start(&server);
    session.signal(Signal::KILL);
    session.wait();
    drop(session);
    let session = Session::start(&server);
    session.page();
    session.terminate();
    assert_same(&before, &server.tree());
}

/// A program that is busy does not stop at once; a second Ctrl+C kills it.
#[test]
fn a_second_ctrl_c_kills_a_program_that_does_not_stop() {
    let server = Server::new();
    let before = server.tree();
    let mut session = Session::start(&server);
    let pid = session.page().pid;
    let slow = session.start_slow_request(60_000);
    session.signal(Signal::INT);
    session.output.expect(SOON, ["stopping the program; Ctrl+C again kills it"]);
    assert!(is_alive(pid), "it still answers the slow request");
    session.signal(Signal::INT);
    session.output.expect(SOON, ["killing the program"]);
    session.output.expect(SOON, ["the program stopped (signal 9, SIGKILL)"]);
    session.wait();
    assert!(!is_alive(pid));
    assert!(slow.join().expect("no panic").is_err(), "the slow request was cut off");
    assert_same(&before, &server.tree());
    server.assert_nobody_works_here();
}

/// A request in progress is answered by the old code before it is swapped, and the reload waits for it.
#[test]
fn a_request_in_progress_is_answered_before_the_reload() {
    let server = Server::new();
    let session = Session::start(&server);
    let slow = session.start_slow_request(4_000);
    server.greet("after the slow request");
    session.expect_reload();
    assert_eq!(slow.join().expect("no panic").expect("an answer"), "waited 4000 ms\n");
    assert_eq!(session.page().greeting, "after the slow request");
    session.terminate();
}
