//! An edit of a module goes live in the running process.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::support::fifo::Fifo;
use crate::support::poll::{SOON, until};
use crate::support::processes::{mapped_libraries, system_calls};
use crate::support::server::Server;
use crate::support::session::Session;

/// A handler's edit is answered by the same process, which has forgotten nothing; the report names what was swapped and
/// how long each part took.
#[test]
fn an_edit_of_api_is_live_in_the_same_process_with_its_state() {
    let server = Server::new();
    let session = Session::start(&server);
    session.client.add_note("buy milk");
    let before = session.page();
    assert_eq!((before.greeting.as_str(), before.notes), ("Hello from the first version", 1));

    server.greet("Hello from the second version");
    let report = session.expect_reload();
    let after = session.page();
    assert_eq!(after.greeting, "Hello from the second version");
    assert_eq!(after.pid, before.pid);
    assert_eq!(after.requests, before.requests + 1, "the counter goes on");
    assert_eq!(after.notes, 1);
    assert!(session.client.get("/notes").expect("GET /notes").contains("buy milk"));

    let (what, times) = report.split_once(": build ").expect("times");
    assert!(what.ends_with("reloaded note-server-api, note-server-router (2 of 4 modules)"), "{report}");
    assert!(times.contains(", reload ") && times.contains(", edit to live "), "{report}");
    session.terminate();
}

/// An edit of a crate in the middle replaces it and what calls it; what it calls itself stays mapped as it is.
#[test]
fn an_edit_of_service_replaces_it_and_its_callers_and_nothing_below() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    let before = mapped_libraries(pid, server.root());
    assert!(session.client.add_note("  first  ").contains("\"first\""), "white space around a note is dropped");

    server.edit("service/src/lib.rs", "text.trim().to_owned()", "text.trim().to_uppercase()");
    let report = session.expect_reload();
    let replaced = "reloaded note-server-service, note-server-api, note-server-router (3 of 4 modules)";
    assert!(report.contains(replaced), "{report}");
    assert!(session.client.add_note("second").contains("\"SECOND\""));
    assert_eq!(session.page().pid, pid);

    let after = mapped_libraries(pid, server.root());
    let replaced: Vec<&str> = after.keys().filter(|name| after[*name] != before[*name]).map(String::as_str).collect();
    assert_eq!(replaced, ["libnote_server_api.so", "libnote_server_router.so", "libnote_server_service.so"]);
    for kept in ["libnote_server_core.so", "libnote_server_database.so", "libhotreload_group_1.so"] {
        assert!(after.contains_key(kept), "{kept} is not mapped: {after:?}");
    }
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    session.terminate();
}

/// A save during a build cancels that build: what goes live is the newest code, without waiting for the old build.
#[test]
fn a_save_during_a_build_cancels_it() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    let fifo = Fifo::new();
    let marker = "mod error;\n";
    server.edit("api/src/lib.rs", marker, &(fifo.waiting_item() + marker));
    server.expect_rustc("note_server_api");

    server.edit("api/src/lib.rs", &(fifo.waiting_item() + marker), marker);
    server.greet("newest");
    session.expect_reload();
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("newest", pid));
    session.terminate();
    server.assert_nobody_works_here();
}

/// What a macro includes from anywhere is part of the module; the other files beside it are not.
#[test]
fn an_included_file_is_reloaded_and_what_nobody_reads_is_not_built() {
    let server = Server::new();
    let (greeting, beside) = (server.root().join("assets/greeting.txt"), server.root().join("api/src/notes.txt"));
    fs::create_dir_all(server.root().join("assets")).expect("mkdir");
    fs::write(&greeting, "from a file\n").expect("written");
    fs::write(&beside, "1").expect("written");
    let literal = "\"Hello from the first version\\n\"";
    server.edit("api/src/lib.rs", literal, "include_str!(\"../../assets/greeting.txt\")");
    let session = Session::start(&server);
    assert_eq!(session.page().greeting, "from a file");
    fs::write(&beside, "2").expect("written");
    fs::write(&greeting, "from the same file\n").expect("written");
    session.expect_reload();
    assert_eq!(session.page().greeting, "from the same file");
    // A touch is no edit, and the note is none either: the next thing that is built is this.
    fs::write(&greeting, "from the same file\n").expect("written");
    fs::write(&beside, "3").expect("written");
    server.edit("service/src/lib.rs", "text.trim().to_owned()", "text.trim().to_uppercase()");
    assert!(session.expect_reload().contains("note-server-service"));
    let text = session.output.text();
    assert!(!text.contains("the code is the same"), "built for nothing:\n{text}");
    session.terminate();
}

/// Twenty saves within a second are two builds at most, of which the first may be cancelled; the last content is live.
#[test]
fn twenty_saves_in_a_second_are_two_builds_at_most() {
    let server = Server::new();
    let session = Session::start(&server);
    let before = session.output.text().len();
    for number in 1..=20 {
        server.greet(&format!("save {number}"));
        // An editor that saves with every key, not a burst: that is one build in any case.
        thread::sleep(Duration::from_millis(45));
    }
    session.expect_reload();
    until(SOON, "the last save is live", || (session.page().greeting == "save 20").then_some(()));
    let text = session.output.text();
    // The first build may have found another test's edit.
    let builds = text[before..].matches("Compiling note-server-api ").count();
    assert!(builds <= 2, "{builds} builds:\n{text}");
    session.terminate();
    server.assert_nobody_works_here();
}

/// A session without work does nothing: reading the sources, as editors do and the tool itself, is no reason to look at
/// them again.
#[test]
fn a_session_without_work_comes_to_rest() {
    let server = Server::new();
    let session = Session::start(&server);
    fs::read(server.root().join("api/src/lib.rs")).expect("a source file");
    let (mut last, mut unchanged) = (0, 0);
    until(SOON, "the session makes no more system calls", || {
        let reads = system_calls(session.id());
        unchanged = if reads == last { unchanged + 1 } else { 0 };
        last = reads;
        (unchanged == 50).then_some(())
    });
    session.terminate();
}
