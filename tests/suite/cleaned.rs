//! `cargo clean`, or whoever else removes the target directory, in the middle of a session.

use std::fs;

use crate::support::command::{hotreload, run_command};
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::session_of_patches::{Patched, runs_in};

/// Removes it as often as it takes: something may be written meanwhile.
fn clean(app: &Patched) {
    let target = app.root().join("target");
    until(SOON, "the target directory is gone", || fs::remove_dir_all(&target).ok());
}

/// The next edit needs a new process, and that takes patches again, which can be taken back.
#[test]
fn patches_go_on() {
    let app = Patched::new();
    let session = app.start(&[]);
    until(BUILD, "the session has seen it run", || {
        hotreload(&app.root(), &["status"]).stdout.contains(", running; ").then_some(())
    });
    clean(&app);
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"Api {}");
    session.output.expect(BUILD, ["restarted as process", "said: 1 main Api base0 outside text"]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"Api {}", "\"API {}"), "2 main API base0 outside text");
    hotreload(&app.root(), &["rollback"]).expect_success();
    session.output.expect(BUILD, ["rolled back: patched", "said: 3 main Api base0 outside text"]);
    let text = session.terminate();
    assert!(!text.contains("cannot"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

/// What is built from then on can be gone back to.
#[test]
fn restarts_go_on() {
    let app = Patched::new();
    let session = Started::launch(run_command(&app.root(), &["--strategy", "restart", "--bin", "app"]));
    session.output.expect(BUILD, ["started process", "said: 1 main api base0 outside text"]);
    clean(&app);
    for (old, new) in [("api {}", "Api {}"), ("Api {}", "API {}")] {
        app.edit("ws/api/src/lib.rs", &format!("\"{old}"), &format!("\"{new}"));
        let said = format!("said: 1 main {} base0 outside text", &new[..3]);
        session.output.expect(BUILD, ["restarted as process", &said]);
    }
    hotreload(&app.root(), &["rollback"]).expect_success();
    session.output.expect(SOON, ["rolled back: restarted as process", "said: 1 main Api base0 outside text"]);
    let text = session.terminate();
    assert!(!text.contains("cannot"), "{text}");
    assert!(!runs_in(&app.root()) && !app.root().join("target/hotreload/hotreload-kept").exists());
}
