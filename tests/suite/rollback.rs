//! The build that was live before comes back, until the next save.

use std::fs;

use crate::support::command::hotreload;
use crate::support::events::EventSession;
use crate::support::poll::{BUILD, SOON};
use crate::support::server::Server;
use crate::support::session::Session;
use crate::support::session_of_patches::{Patched, runs_in};

/// Back, forward, and back again, in one process that keeps its state. The next edit of another module brings both edits,
/// although cargo has nothing to compile for the first; and nothing of it is left afterwards.
#[test]
fn a_rollback_is_a_reload_and_the_next_edit_brings_everything_again() {
    let server = Server::new();
    let session = Session::start(&server);
    let pid = session.page().pid;
    let refused = hotreload(server.root(), &["rollback"]);
    assert_eq!(refused.code, Some(21), "{}", refused.stderr);
    assert!(refused.stderr.contains("no other build was live in this session"), "{}", refused.stderr);

    server.greet("edited");
    session.expect_reload();
    let answer = hotreload(server.root(), &["rollback"]).expect_success();
    assert!(
        answer.starts_with("rolled back: reloaded note-server-api, note-server-router (2 of 4 modules)"),
        "{answer}"
    );
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("Hello from the first version", pid));
    hotreload(server.root(), &["rollback"]).expect_success();
    assert_eq!(session.page().greeting, "edited");
    hotreload(server.root(), &["rollback"]).expect_success();
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("Hello from the first version", pid));
    let kept = server.root().join("target/hotreload/hotreload-kept");
    assert!(kept.exists());

    let routes = "Router::new()";
    server.edit(
        "router/src/lib.rs",
        routes,
        &format!("{routes}.route(\"/edited\", get(|| async {{ \"router, too\" }}))"),
    );
    session.output.expect(BUILD, ["reloaded note-server-api, note-server-router (2 of 4 modules): build "]);
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.pid), ("edited", pid), "cargo had nothing to compile for this");
    assert_eq!(session.client.get("/edited").expect("GET /edited"), "router, too");
    session.terminate();
    assert!(!kept.exists());
}

/// What a session has put back is not what the next one finds: cargo's files are cargo's again.
#[test]
fn a_session_that_ends_rolled_back_leaves_cargos_newest_files() {
    for kill in [false, true] {
        let server = Server::new();
        let session = EventSession::start(&server, &[]);
        server.greet("newest");
        session.expect("\"how\":\"reloaded\"");
        hotreload(server.root(), &["rollback"]).expect_success();
        let live = session.expect("\"rolled-back\":true");
        assert_eq!((&live["build"], &live["how"]), (&1.into(), &"reloaded".into()), "{live}");
        assert!(session.client.page().greeting.starts_with("Hello"));
        if kill {
            session.kill();
            // The next session puts the manifests back as well.
            hotreload(server.root(), &["disable"]).expect_success();
        } else {
            let own = fs::read(server.built("deps/libnote_server_api.so")).expect("cargo's own");
            session.end();
            assert!(fs::read(server.built("libnote_server_api.so")).expect("its other name") == own);
        }
        let session = Session::start(&server);
        assert_eq!(session.page().greeting, "newest", "killed: {kill}");
        session.terminate();
    }
}

/// A resident crate comes back by a restart; and so does a program that dies of the newest code.
#[test]
fn what_needs_a_restart_is_restarted_and_what_crashes_at_its_start_is_left_behind() {
    let server = Server::new();
    let session = Session::start(&server);
    let first = session.page();
    server.edit("core/src/context.rs", "requests: AtomicU64::new(0)", "requests: AtomicU64::new(1000)");
    session.expect_restart();
    assert!(session.page().requests > 1_000);
    let answer = hotreload(server.root(), &["rollback"]).expect_success();
    assert!(answer.starts_with("rolled back: restarted as process"), "{answer}");
    session.output.expect(SOON, ["listening on"]);
    let back = session.page();
    assert!(back.requests < 1_000 && back.pid != first.pid, "{back:?}");

    // The sources still count from 1,000.
    server.edit(
        "host/src/main.rs",
        "    println!(\"listening on",
        "    std::process::abort();\n    println!(\"listening on",
    );
    session.output.expect(BUILD, ["the program died", "brings back the build before"]);
    let answer = hotreload(server.root(), &["rollback"]).expect_success();
    assert!(answer.starts_with("rolled back: started process"), "{answer}");
    session.output.expect(SOON, ["listening on"]);
    assert!(session.page().requests < 1_000, "it is what was live last");
    session.terminate();
}

/// The last patch is taken back by a patch, and that by another one, in one process that keeps its state, also while cargo still
/// builds what was patched in. The next edit brings both.
#[test]
fn a_patch_is_taken_back_and_put_in_again() {
    for settles in [true, false] {
        let app = Patched::new();
        let session = if settles { app.start(&[]) } else { app.start_without_settling() };
        let ask = || hotreload(&app.root(), &["rollback"]);
        let refused = ask();
        assert_eq!(refused.code, Some(21), "{}", refused.stderr);
        assert!(refused.stderr.contains("nothing was patched into the running process"), "{}", refused.stderr);

        app.patch(&session, ("ws/base/src/lib.rs", "base{}", "Base{}"), "2 main api Base0 outside text");
        app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"API {}"), "3 main API Base0 outside text");
        let answer = ask().expect_success();
        assert!(answer.starts_with("rolled back: patched api: 1 function, state kept: patch "), "{answer}");
        session.output.expect(SOON, ["said: 4 main api Base0 outside text"]);
        ask().expect_success();
        session.output.expect(SOON, ["said: 5 main API Base0 outside text"]);
        ask().expect_success();
        session.output.expect(SOON, ["said: 6 main api Base0 outside text"]);

        app.edit("ws/app/src/main.rs", "\"main\"", "\"MAIN\"");
        session.output.expect(BUILD, ["said: 7 MAIN API Base0 outside text"]);
        let text = session.terminate();
        assert!(!text.contains("restarted as process"), "{text}");
        assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
    }
}

/// An edit that cannot be patched in restarts; what ran before comes back with all its patches, as cargo has built it. The next edit
/// restarts, for rustc has newer code of everything, and patches go on from there. So it is with what crashes at its start.
#[test]
fn a_restart_in_a_session_of_patches_is_gone_back_from() {
    let app = Patched::new();
    app.edit("ws/base/src/lib.rs", "    format!", "    assert!(env!(\"BUILT\") != \"1\");\n    format!");
    let session = app.start(&[]);
    let ask = || hotreload(&app.root(), &["rollback"]).expect_success();
    app.patch(&session, ("ws/base/src/lib.rs", "base{}", "Base{}"), "2 main api Base0 outside text");
    app.rests();
    let base = app.fixture.read("ws/base/src/lib.rs").replace("u16", "u32").replace("Base{}", "BASE{}");
    app.fixture.write("ws/base/src/lib.rs", &base);
    session.output.expect(BUILD, ["restarted as process", "said: 1 main api BASE0 outside text"]);
    let answer = ask();
    assert!(answer.starts_with("rolled back: restarted as process"), "{answer}");
    session.output.expect(SOON, ["said: 1 main api Base0 outside text"]);
    ask();
    session.output.expect(SOON, ["said: 1 main api BASE0 outside text"]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"Api {}"), "2 main Api BASE0 outside text");
    app.rests();

    app.edit("ws/base/build.rs", "BUILT=0", "BUILT=1");
    session.output.expect(BUILD, ["(exit code 101)", "brings back the build before"]);
    let answer = ask();
    assert!(answer.starts_with("rolled back: started process"), "{answer}");
    session.output.expect(SOON, ["said: 1 main Api BASE0 outside text"]);
    app.edit("ws/base/build.rs", "BUILT=1", "BUILT=2");
    let because = "because what ran was brought back by a rollback";
    session.output.expect(BUILD, [because, "said: 1 main Api BASE2 outside text"]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"Api {}", "\"API {}"), "2 main API BASE2 outside text");
    session.terminate();
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
    assert!(!app.root().join("target/hotreload-kept").exists());
}
