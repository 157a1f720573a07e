//! The build before comes back in several programs at once: in those that the newest one has changed.

use std::path::Path;

use crate::support::command::{Finished, hotreload};
use crate::support::console::Console;
use crate::support::pair::Pair;
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON};
use crate::support::session_of_patches::{Patched, runs_in};

/// What `cargo hotreload rollback` says about each program, in their order, if all went well.
#[track_caller]
fn back<const N: usize>(root: &Path) -> [String; N] {
    let answer = hotreload(root, &["rollback"]).expect_success();
    let lines: Vec<String> = answer.lines().map(str::to_owned).collect();
    lines.try_into().unwrap_or_else(|_| panic!("{answer}"))
}

/// Both instances of `program` go back, and each says what begins like this: in a line for each, or one for both where the
/// times are the same as well.
#[track_caller]
fn both_back(root: &Path, program: &str, told: &str) {
    let answer = hotreload(root, &["rollback"]).expect_success();
    let is_of = |line: &str, number: u32| line.starts_with(&format!("[{program}#{number}] {told}"));
    let is_told = match answer.lines().collect::<Vec<_>>()[..] {
        [of_both] => of_both.starts_with(told),
        [first, second] => is_of(first, 1) && is_of(second, 2),
        _ => false,
    };
    assert!(is_told, "{answer}");
}

/// Of both instances of `program` this is told, and this is what they say.
#[track_caller]
fn both(session: &Started, program: &str, told: &str, said: &str) {
    let of = |number: u32| [format!("[{program}#{number}] {told}"), format!("{program}#{number} | {said}")];
    let [[first, says], [second, also_says]] = [of(1), of(2)];
    session.output.expect(BUILD, [&first, &second, &says, &also_says]);
}

/// Both are reloaded, there and back again, and the next edit gets into both.
#[test]
fn two_instances_go_back_together() {
    let console = Console::new();
    let root = console.place.root();
    let session = Started::launch(console.place.command(&["--instances", "2"]));
    session.output.expect(BUILD, ["[console#1] started process", "[console#2] started process"]);
    let Finished { code, stderr, .. } = hotreload(&root, &["rollback"]);
    assert_eq!(code, Some(21), "{stderr}");
    let nothing = "not rolled back: no other build was live in this session";
    assert_eq!(stderr.matches(nothing).count(), 1, "for both the same: {stderr}");

    console.say("more");
    both(&session, "console", "reloaded word", "now: one more");
    for words in ["one", "one more", "one"] {
        both_back(&root, "console", "rolled back: reloaded word (1 of 2 modules): reload ");
        both(&session, "console", "rolled back", &format!("now: {words}"));
    }
    console.edit("word/src/lib.rs", "ne more", "ne at last");
    both(&session, "console", "reloaded word", "now: one at last");
    let printed = session.terminate();
    assert!(!printed.contains("restarted as process"), "{printed}");
}

/// Files can only be of one build: where two instances have been live with different ones, the second stays as it is, and
/// whoever asked is told.
#[test]
fn what_contradicts_the_others_is_refused() {
    let console = Console::new();
    let root = console.place.root();
    let mut command = console.place.command(&["--instances", "2", "--on-stuck", "warn"]);
    command.env("DEAF_INSTANCE", "2");
    let session = Started::launch(command);
    session.output.expect(BUILD, ["[console#1] started process", "[console#2] started process"]);
    for (old, new) in [("ne\")", "ne more\")"), ("ne more", "ne at last")] {
        console.edit("word/src/lib.rs", old, new);
        session
            .output
            .expect(BUILD, ["console#1 | now: one ", "[console#1] reloaded word", "[console#2] not picked up"]);
    }
    // The first one was live with the second build, and the other one only with the first.
    let Finished { code, stderr, .. } = hotreload(&root, &["rollback"]);
    assert_eq!(code, Some(21), "{stderr}");
    assert!(stderr.contains("[console#1] rolled back: reloaded word (1 of 2 modules): reload "), "{stderr}");
    let refused = "[console#2] not rolled back: `console#1` uses the same files, and goes back to another build";
    assert!(stderr.contains(refused), "{stderr}");
    session.output.expect(SOON, ["console#1 | now: one more", &format!("[hotreload] {refused}")]);
    let printed = session.terminate();
    assert!(!printed.contains("console#2 | now"), "{printed}");
}

/// Starts both programs of the pair.
fn pair(pair: &Pair, arguments: &[&str], first: [&str; 2]) -> Started {
    let session = Started::launch(pair.place.command(&[&["--bin", "api", "--bin", "plain"], arguments].concat()));
    session.output.expect(BUILD, ["[api] started process", "[plain] started process", first[0], first[1]]);
    session
}

/// The one is reloaded and the other restarted; and where only one has changed, the other one stays and says so.
#[test]
fn only_what_the_newest_build_has_changed_goes_back() {
    let programs = Pair::new();
    let root = programs.place.root();
    let session = pair(&programs, &[], ["api   | first: one", "plain | plain 1: one and more"]);
    programs.edit("word/src/lib.rs", "ne\")", "ne for both\")");
    session
        .output
        .expect(BUILD, ["[api] reloaded", "[plain] restarted", "now: one for both", "1: one for both and more"]);
    programs.edit("extra/src/lib.rs", "\"more\"", "\"much more\"");
    session.output.expect(BUILD, ["[plain] restarted", "1: one for both and much more"]);

    let before = session.output.text().len();
    for extra in ["more", "much more", "more"] {
        let [api, plain] = back(&root);
        assert_eq!(api, "[api] not rolled back: its code is the same");
        assert!(plain.starts_with("[plain] rolled back: restarted as process "), "{plain}");
        session.output.expect(SOON, [&format!("plain | plain 1: one for both and {extra}")]);
    }
    let text = session.output.text();
    assert!(!text[before..].contains("api   | "), "{text}");
    programs.edit("word/src/lib.rs", "for both", "for all");
    session
        .output
        .expect(BUILD, ["[api] reloaded", "[plain] restarted", "now: one for all", "1: one for all and much more"]);
    let [api, plain] = back(&root);
    assert!(
        api.starts_with("[api] rolled back: reloaded word") && plain.starts_with("[plain] rolled back: restarted"),
        "{api}\n{plain}"
    );
    session.output.expect(SOON, ["now: one for both", "1: one for both and more"]);
    session.terminate();
}

/// The same where each edit is a restart.
#[test]
fn what_is_restarted_goes_back_together() {
    let programs = Pair::new();
    let root = programs.place.root();
    let arguments = ["--strategy", "restart", "--bin", "plain", "--instances", "2"];
    let session = Started::launch(programs.place.command(&arguments));
    let both = |told: &str, words: &str| {
        let said = [1, 2].map(|number| format!("plain#{number} | plain {number}: {words}"));
        let told = [1, 2].map(|number| format!("[plain#{number}] {told}"));
        session.output.expect(BUILD, [&said[0], &said[1], &told[0], &told[1]]);
    };
    both("started process", "one and more");
    programs.edit("word/src/lib.rs", "ne\")", "ne for both\")");
    both("restarted as process", "one for both and more");
    for words in ["one and more", "one for both and more"] {
        let lines: [String; 2] = back(&root);
        for (line, name) in lines.iter().zip(["plain#1", "plain#2"]) {
            assert!(line.starts_with(&format!("[{name}] rolled back: restarted as process ")), "{line}");
        }
        both("rolled back", words);
    }
    session.terminate();
}

/// Patches are taken back in each process, which keeps its state.
#[test]
fn a_patch_is_taken_back_in_both_instances() {
    let app = Patched::new();
    let session = app.launch(&["--bin", "app", "--instances", "2"]);
    both(&session, "app", "started process", "said: 1 main api base0 outside text");
    // At the first edit it may not be known yet what it was before, and then callers are compiled, too.
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"Api {}");
    both(&session, "app", "patched api", "said: 2 main Api base0 outside text");
    app.edit("ws/api/src/lib.rs", "\"Api {}", "\"API {}");
    both(&session, "app", "patched api", "said: 3 main API base0 outside text");
    for (number, api) in [(4, "Api"), (5, "API"), (6, "Api")] {
        both_back(&app.root(), "app", "rolled back: patched api: 1 function, state kept: ");
        both(&session, "app", "rolled back", &format!("said: {number} main {api} base0 outside text"));
    }
    app.edit("ws/app/src/main.rs", "\"main\"", "\"MAIN\"");
    both(&session, "app", "patched ", "said: 7 MAIN API base0 outside text");
    let text = session.terminate();
    assert!(!text.contains("restarted as process"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

/// What only one program has got is taken back there, and the other one keeps what it got before.
#[test]
fn a_patch_is_taken_back_where_it_was_put() {
    let app = Patched::new();
    let session = app.launch(&["--bin", "app", "--bin", "other"]);
    session.output.expect(BUILD, ["said: 1 main", "said: 1 other", "[app] started process", "[other] started process"]);
    app.edit("ws/base/src/lib.rs", "base{}", "Base{}");
    session.output.expect(BUILD, ["[app] patched", "[other] patched", "said: 2 main api Base0", "said: 2 other Base0"]);
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"API {}");
    session.output.expect(BUILD, ["[app] patched api", "said: 3 main API Base0"]);
    for (number, api) in [(4, "api"), (5, "API")] {
        let [first, second] = back(&app.root());
        assert!(first.starts_with("[app] rolled back: patched api: 1 function, state kept: "), "{first}");
        assert_eq!(second, "[other] not rolled back: its code is the same");
        session.output.expect(SOON, [&format!("said: {number} main {api} Base0")]);
    }
    let text = session.terminate();
    assert!(!text.contains("said: 3 other") && !text.contains("restarted as process"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}
