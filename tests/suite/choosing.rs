//! `run` without a strategy: modules where they are enabled, else patches, and restarts where nothing can be patched.

use std::fs;

use crate::support::command::{cargo, hotreload, hotreload_command};
use crate::support::fixture::Fixture;
use crate::support::pair::Pair;
use crate::support::place::Started;
use crate::support::poll::BUILD;
use crate::support::session_of_patches::{Patched, runs_in};
use crate::support::tree::assert_same;

/// A session whose strategy is left to the tool.
fn run(pair: &Pair, arguments: &[&str]) -> Started {
    Started::launch(hotreload_command(&pair.place.root(), &[&["run"], arguments].concat()))
}

/// What the session recorded as its strategy.
fn strategy(root: &std::path::Path) -> String {
    let log = fs::read_to_string(root.join("target/hotreload/hotreload-events.jsonl")).expect("the log");
    let strategy = log.split("\"strategy\":\"").nth(1).and_then(|rest| rest.split('"').next());
    strategy.expect("a strategy").to_owned()
}

/// A workspace that was enabled has modules, which a loader swaps; a program without a loader is restarted, and what would
/// be better is told. When the same workspace is not enabled, the same edits are patched, and no file differs.
#[test]
fn enabled_workspaces_have_modules_and_all_others_are_patched() {
    let pair = Pair::new();
    let root = pair.place.root();
    hotreload(&root, &["enable", "--bin", "api", "--bin", "plain"]).expect_success();
    let session = run(&pair, &["--bin", "api"]);
    session.output.expect(BUILD, ["[hotreload] started process", "first: one "]);
    pair.edit("word/src/lib.rs", "ne\")", "ne more\")");
    session.output.expect(BUILD, ["[hotreload] reloaded word (1 of 2 modules)", "now: one more"]);
    assert!(!session.terminate().contains("loads no module"));
    assert_eq!(strategy(&root), "modules");

    let session = run(&pair, &["--bin", "plain"]);
    let advice = "[hotreload] the program loads no module, so each edit restarts it; `cargo hotreload disable` ";
    session.output.expect(BUILD, [advice, "[hotreload] started process", "plain 1: one more and more"]);
    pair.edit("extra/src/lib.rs", "\"more\"", "\"much more\"");
    session.output.expect(BUILD, ["[hotreload] restarted as process", "plain 1: one more and much more"]);
    session.terminate();
    hotreload(&root, &["disable"]).expect_success();

    // Cargo writes one with any build.
    cargo("stable", &root, &["generate-lockfile", "--offline"]).expect_success();
    let before = pair.place.files();
    let session = run(&pair, &["--bin", "plain"]);
    session.output.expect(BUILD, ["[hotreload] started process", "plain 1: one more and much more"]);
    pair.edit("extra/src/lib.rs", "\"much more\"", "\"much less\"");
    session.output.expect(BUILD, ["[hotreload] patched extra"]);
    let during = pair.place.files();
    pair.edit("extra/src/lib.rs", "\"much less\"", "\"much more\"");
    session.output.expect(BUILD, ["[hotreload] patched extra"]);
    let text = session.terminate();
    assert!(!text.contains("restarted as process") && !text.contains("every file is as it was"), "{text}");
    assert_eq!(strategy(&root), "patch");
    let manifest = |files: &std::collections::BTreeMap<std::path::PathBuf, crate::support::tree::Tree>| {
        files[&root]
            .iter()
            .filter(|(name, _)| name.ends_with("Cargo.toml"))
            .map(|(_, entry)| entry.clone())
            .collect::<Vec<_>>()
    };
    assert!(manifest(&during) == manifest(&before), "a manifest differs");
    let after = pair.place.files();
    for (directory, tree) in &before {
        assert_same(tree, &after[directory]);
    }
    assert!(before.keys().eq(after.keys()), "{:?}", after.keys());
}

/// What a session with modules left when it was killed is put back before anything is patched.
#[test]
fn what_a_killed_session_left_is_put_back_first() {
    let pair = Pair::new();
    let before = pair.place.files();
    let session = Started::launch(pair.place.command(&["--bin", "plain"]));
    session.output.expect(BUILD, ["[hotreload] started process"]);
    session.kill();
    assert!(pair.place.files() != before);
    let session = run(&pair, &["--bin", "plain"]);
    session.output.expect(BUILD, ["[hotreload] every file is as it was", "[hotreload] started process"]);
    pair.edit("extra/src/lib.rs", "\"more\"", "\"much more\"");
    session.output.expect(BUILD, ["[hotreload] patched extra"]);
    pair.edit("extra/src/lib.rs", "\"much more\"", "\"more\"");
    session.output.expect(BUILD, ["[hotreload] patched extra"]);
    session.terminate();
    assert!(before == pair.place.files(), "a file differs");
}

/// `base` says with what it was compiled.
const TELL_THE_RELEASE: &str = r#"fn main() {
    let rustc = std::process::Command::new(std::env::var("RUSTC").unwrap()).arg("-V").output().unwrap();
    let is_nightly = String::from_utf8(rustc.stdout).unwrap().contains("nightly");
    println!("cargo::rustc-env=BUILT={}", if is_nightly { "nightly" } else { "stable" });
}
"#;

/// Restarts need nothing of a nightly: the program is built by the cargo that the user would call. Only once the
/// libraries are modules, no other reads the manifests.
#[test]
fn restarts_take_the_users_own_toolchain() {
    let app = Patched::new();
    app.fixture.write("ws/base/build.rs", TELL_THE_RELEASE);
    let restarting = || {
        let mut command = hotreload_command(&app.root(), &["run", "--bin", "app", "--strategy", "restart"]);
        command.env("RUSTUP_TOOLCHAIN", "stable");
        Started::launch(command)
    };
    let session = restarting();
    session.output.expect(BUILD, ["said: 1 main api basestable"]);
    app.edit("ws/app/src/main.rs", "\"main\"", "\"MAIN\"");
    session.output.expect(BUILD, ["[hotreload] restarted as process", "said: 1 MAIN api basestable"]);
    session.terminate();
    hotreload(&app.root(), &["enable", "--bin", "app"]).expect_success();
    let session = restarting();
    session.output.expect(BUILD, ["said: 1 MAIN api basenightly"]);
    session.terminate();
}

/// Without full debug information each edit restarts, and that is told at the beginning with its reason. Who asks for
/// patches is refused.
#[test]
fn where_nothing_can_be_patched_edits_restart_and_the_reason_is_told() {
    let app = Patched::new();
    let manifest = app.fixture.read("ws/Cargo.toml") + "\n[profile.dev]\ndebug = 1\n";
    app.fixture.write("ws/Cargo.toml", &manifest);
    let refused = hotreload(&app.root(), &["run", "--bin", "app", "--strategy", "patch"]);
    assert_eq!(refused.code, Some(28), "{refused:?}");
    let reason = "nothing can be patched without full debug information, and profile `dev` has less";
    assert!(refused.stderr.contains(reason) && refused.stderr.contains("help: `debug = 2` in `[profile.dev]`"));

    let session = Started::launch(hotreload_command(&app.root(), &["run", "--bin", "app"]));
    let note = format!("[hotreload] each edit restarts the program, because {reason} (help: ");
    session.output.expect(BUILD, [&note, "said: 1 main api base0"]);
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"API {}");
    session.output.expect(BUILD, ["[hotreload] restarted as process", "said: 1 main API base0"]);
    session.terminate();
    assert_eq!(strategy(&app.root()), "restart");
    assert!(!runs_in(&app.root()));
}

/// What is linked statically cannot be patched, and who asks for it is told before anything is built.
#[test]
fn programs_that_are_linked_statically_are_not_patched() {
    let refused = |config: &str, reason: &str| {
        let fixture = Fixture::three_crates().file(".cargo/config.toml", config);
        let before = fixture.tree();
        let finished = fixture.hotreload(&["run", "--strategy", "patch"]);
        assert_eq!(finished.code, Some(28), "{finished:?}");
        assert!(finished.stderr.contains(reason), "{finished:?}");
        let mut after = fixture.tree();
        after.remove(std::path::Path::new("Cargo.lock"));
        assert_same(&before, &after);
    };
    refused("[build]\ntarget = \"x86_64-unknown-linux-musl\"\n", "a program for `x86_64-unknown-linux-musl` cannot be");
    let flags = "[build]\nrustflags = [\"-Ctarget-feature=+crt-static\"]\n";
    refused(flags, "a program that is linked statically cannot be patched: `+crt-static` is set by ");
}
