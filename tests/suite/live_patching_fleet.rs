//! `run --strategy patch` with several processes: one compilation, and each is patched by itself.

use crate::support::command::hotreload;
use crate::support::events::kinds;
use crate::support::output::Output;
use crate::support::place::Started;
use crate::support::poll::BUILD;
use crate::support::session_of_patches::{PATIENCE, Patched, kill, pid, runs_in};

/// Both instances of `app`, and their process ids.
fn two_instances(app: &Patched) -> (Started, [u32; 2]) {
    let session = app.launch(&["--bin", "app", "--instances", "2"]);
    let first = "1 main api base0 outside text";
    let lines = session.output.expect(
        BUILD,
        [
            "[app#1] started process",
            "[app#2] started process",
            &format!("app#1 | said: {first}"),
            &format!("app#2 | said: {first}"),
        ],
    );
    let pids = [pid(&lines[0]), pid(&lines[1])];
    (session, pids)
}

/// Waits until an edit is patched into both instances, and both say `said`.
#[track_caller]
fn both_are_patched(output: &Output, said: &str) {
    output.expect(
        BUILD,
        ["[app#1] patched ", "[app#2] patched ", &format!("app#1 | said: {said}"), &format!("app#2 | said: {said}")],
    );
}

/// Both instances take edits of each crate and keep what they counted, also when an edit is saved while the one before
/// is being built. One that is killed is started again by the next edit, and the other keeps its state then as well.
#[test]
fn two_instances_take_every_edit_and_one_that_dies_comes_back() {
    let app = Patched::new();
    let (session, pids) = two_instances(&app);
    let output = &session.output;
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"API {}");
    both_are_patched(output, "2 main API base0 outside text");
    app.edit("ws/app/src/main.rs", "\"main\"", "\"MAIN\"");
    both_are_patched(output, "3 MAIN API base0 outside text");
    app.edit("outside/src/lib.rs", "\"outside\"", "\"OUTSIDE\"");
    both_are_patched(output, "4 MAIN API base0 OUTSIDE text");
    app.edit("ws/base/src/lib.rs", "pub fn word", "// nothing\npub fn word");
    app.edit("ws/api/src/text.txt", "text", "TEXT");
    both_are_patched(output, "5 MAIN API base0 OUTSIDE TEXT");

    kill(pids[1]);
    output.expect(PATIENCE, ["[app#2] the program died (signal 9, SIGKILL)"]);
    app.edit("ws/base/src/lib.rs", "base{}", "BASE{}");
    let [_, _, started, _] = output.expect(
        BUILD,
        [
            "[app#1] patched base",
            "app#1 | said: 6 MAIN API BASE0 OUTSIDE TEXT",
            "[app#2] started process",
            "app#2 | said: 1 MAIN API BASE0 OUTSIDE TEXT",
        ],
    );
    app.edit("ws/api/src/lib.rs", "\"API {}", "\"last {}");
    let said = ["app#1 | said: 7 MAIN last BASE0", "app#2 | said: 2 MAIN last BASE0"];
    output.expect(BUILD, ["[app#1] patched api", "[app#2] patched api", said[0], said[1]]);

    let status = hotreload(&app.root(), &["status"]).stdout;
    let (first, second) = (counted(&status, "app#1", pids[0]), counted(&status, "app#2", pid(&started)));
    assert_eq!([first, second], ["6 patches, 0 restarts", "5 patches, 0 restarts"], "{status}");
    assert!(status.contains("; 11 patches, 0 restarts"), "{status}");
    let text = session.terminate();
    assert!(!text.contains("restarted as process"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
    assert_told(&app);
}

/// What `status` has counted for the process.
fn counted<'status>(status: &'status str, name: &str, pid: u32) -> &'status str {
    let line = status.lines().find(|line| line.trim_start().starts_with(&format!("{name}: program {pid}, ")));
    line.and_then(|line| line.split("; ").nth(1)).unwrap_or_else(|| panic!("no {name} in {status}"))
}

/// The events name the instances, and a build has one number for all of them.
fn assert_told(app: &Patched) {
    let events = std::fs::read_to_string(app.root().join("target/hotreload/hotreload-events.jsonl")).expect("the log");
    kinds(&events);
    let builds = |name: &str| -> Vec<String> {
        let is_it = |line: &&str| line.contains("\"how\":\"patched\"") && line.contains(&format!("\"{name}\""));
        let build = |line: &str| line.split("\"build\":").nth(1)?.split(',').next().map(str::to_owned);
        events.lines().filter(is_it).filter_map(build).collect()
    };
    let (first, second) = (builds("app#1"), builds("app#2"));
    assert_eq!((first.len(), second.len()), (6, 5), "{events}");
    assert!(second.iter().all(|build| first.contains(build)), "{first:?} {second:?}");
    let page = hotreload(&app.root(), &["report"]).expect_success();
    let page = std::fs::read_to_string(page.trim_end()).expect("the page");
    assert!(page.contains("app#2: patched api"), "{page}");
}

/// Two programs share a crate: its edits get into both, those of another one only into the program that has it. Where only
/// one of them holds data of a type that changed, that one is restarted, and the other keeps its state.
#[test]
fn two_programs_share_a_crate_and_each_has_its_own() {
    let app = Patched::new();
    let session = app.launch(&["--bin", "app", "--bin", "other"]);
    let output = &session.output;
    let first = ["app   | said: 1 main api base0 outside text", "other | said: 1 other base0"];
    output.expect(BUILD, [first[0], first[1], "[app] started process", "[other] started process"]);
    app.edit("ws/base/src/lib.rs", "base{}", "Base{}");
    let both = ["[app] patched base", "[other] patched base", "said: 2 main api Base0", "said: 2 other Base0"];
    output.expect(BUILD, both);

    let before = output.text().len();
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"API {}");
    output.expect(BUILD, ["[app] patched api", "app   | said: 3 main API Base0 outside text"]);
    app.edit("ws/other/src/main.rs", "\"other\"", "\"OTHER\"");
    output.expect(BUILD, ["[other] patched other", "other | said: 3 OTHER Base0"]);
    let between = output.text()[before..].to_owned();
    assert!(!between.contains("[other] patched api") && !between.contains("[app] patched other"), "{between}");
    assert!(!between.contains("the code is the same"), "{between}");

    let base = app.fixture.read("ws/base/src/lib.rs").replace("u16", "u32").replace("Base{}", "BASE{}");
    app.fixture.write("ws/base/src/lib.rs", &base);
    let [refused, ..] = output.expect(
        BUILD,
        [
            "[app] restarted as process",
            "[other] patched base",
            "app   | said: 1 main API BASE0 outside text",
            "other | said: 4 OTHER BASE0",
        ],
    );
    assert!(refused.contains("because the layout of `base::Config` changed"), "{refused}");
    app.edit("ws/base/src/lib.rs", "BASE{}", "both{}");
    let both = ["[app] patched base", "[other] patched base", "said: 2 main API both0", "said: 5 OTHER both0"];
    output.expect(BUILD, both);
    let text = session.terminate();
    assert_eq!(text.matches("restarted as process").count(), 1, "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

/// A session that ends while both instances are busy with an edit leaves nothing.
#[test]
fn the_end_in_the_middle_of_everything() {
    let app = Patched::new();
    let session = app.launch(&["--bin", "app", "--instances", "2"]);
    // While the programs start, and their own crate is compiled.
    session.output.expect(BUILD, ["app#1 | said: 1 main"]);
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"API {}");
    let text = session.terminate();
    assert!(!text.contains("panicked"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}
