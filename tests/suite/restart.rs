//! What cannot be swapped is restarted, and the report says why.

use std::fs;

use crate::support::poll::{BUILD, until};
use crate::support::server::Server;
use crate::support::session::Session;

/// An edit of the resident crate restarts the program: a new process with the new code, the notes from the database,
/// and a counter that begins again.
#[test]
fn an_edit_of_core_restarts_and_says_that_core_is_resident() {
    let server = Server::new();
    let session = Session::start(&server);
    session.client.add_note("kept");
    let before = session.page();
    assert!(before.requests < 1_000);

    server.edit(
        "core/src/context.rs",
        "self.requests.load(Ordering::Relaxed)",
        "1_000 + self.requests.load(Ordering::Relaxed)",
    );
    let report = session.expect_restart();
    assert!(report.contains("because note-server-core is resident"), "{report}");
    let after = session.page();
    assert_eq!(after.requests, 1_001, "the new code, at the first request of a new process");
    assert_ne!(after.pid, before.pid);
    assert!(report.contains(&format!("restarted as process {}", after.pid)), "{report}");
    assert!(report.contains(", edit to live "), "{report}");
    assert_eq!(after.notes, 1);
    assert!(session.client.get("/notes").expect("GET /notes").contains("kept"));
    session.terminate();
}

/// An edit of the executable itself restarts the program.
#[test]
fn an_edit_of_the_host_restarts_and_says_so() {
    let server = Server::new();
    let session = Session::start(&server);
    let before = session.page();
    server.edit("host/src/main.rs", "listening on http://{}", "listening on (edited) http://{}");
    let [report, listening] = session.output.expect(BUILD, ["restarted as process", "listening on"]);
    assert!(report.contains("because the host itself changed"), "{report}");
    assert!(listening.contains("(edited)"), "{listening}");
    let after = session.page();
    assert_ne!(after.pid, before.pid);
    assert_eq!(after.requests, 1);
    session.terminate();
}

/// After a restart, modules are swapped again in the new process.
#[test]
fn after_a_restart_edits_are_reloaded_again() {
    let server = Server::new();
    let session = Session::start(&server);
    server.edit(
        "core/src/context.rs",
        "self.requests.load(Ordering::Relaxed)",
        "7 + self.requests.load(Ordering::Relaxed)",
    );
    session.expect_restart();
    let before = session.page();
    server.greet("after the restart");
    session.expect_reload();
    let after = session.page();
    assert_eq!((after.greeting.as_str(), after.pid), ("after the restart", before.pid));
    assert_eq!(after.requests, before.requests + 1);
    session.terminate();
}

/// A manifest edit during the session is planned anew: a dependency that a member gains is in the next build.
#[test]
fn a_new_dependency_between_members_goes_live() {
    let server = Server::new();
    let before = server.tree();
    let session = Session::start(&server);
    server.edit(
        "api/Cargo.toml",
        "anyhow.workspace = true",
        "note-server-database.workspace = true\nanyhow.workspace = true",
    );
    server.edit(
        "api/src/lib.rs",
        "    let summary",
        "    let counted = note_server_database::count(&context)?;\n    let summary",
    );
    server.greet("counted {counted}");
    server.edit("api/src/lib.rs", "String::from(\"counted {counted}\\n\")", "format!(\"counted {counted}\\n\")");
    until(BUILD, "the new answer", || {
        let page = session.client.get("/").ok()?;
        page.starts_with("counted 0").then_some(())
    });
    session.terminate();
    // What the user wrote stays, what we wrote is gone.
    let manifest = fs::read_to_string(server.root().join("api/Cargo.toml")).expect("the manifest");
    let lock = fs::read_to_string(server.root().join("Cargo.lock")).expect("the lock file");
    assert!(manifest.contains("note-server-database") && !manifest.contains("hotreload"), "{manifest}");
    assert!(!lock.contains("hotreload"), "{lock}");
    let changed: Vec<_> = server.tree().into_iter().filter(|(name, entry)| before.get(name) != Some(entry)).collect();
    let names: Vec<_> = changed.iter().map(|(name, _)| name.display().to_string()).collect();
    assert_eq!(names, ["Cargo.lock", "api/Cargo.toml", "api/src/lib.rs"]);
}
