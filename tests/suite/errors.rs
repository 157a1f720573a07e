//! Every kind of error: one sentence, a line of help, its exit code; and nothing is written.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::command::{Finished, finish, hotreload_command};
use crate::support::fixture::{Fixture, manifest};
use crate::support::tree::assert_same;

/// What an error should look like.
struct Refusal<'text> {
    code: i32,
    error: &'text str,
    help: &'text str,
}

/// Runs each of `commands` and sees that it is refused as described, and leaves every file alone.
#[track_caller]
fn assert_refused(fixture: &Fixture, commands: &[&[&str]], refusal: &Refusal<'_>) {
    for arguments in commands {
        let before = fixture.tree();
        let finished = fixture.hotreload(arguments);
        assert_is(&finished, arguments, refusal);
        assert_same(&before, &fixture.tree());
    }
}

#[track_caller]
fn assert_is(finished: &Finished, arguments: &[&str], refusal: &Refusal<'_>) {
    let Finished { code, stdout, stderr } = finished;
    assert_eq!(*code, Some(refusal.code), "{arguments:?}: {stderr}");
    assert_eq!(stdout, "", "{arguments:?}");
    let lines: Vec<&str> = stderr.lines().collect();
    let error = lines.first().and_then(|line| line.strip_prefix("error: "));
    assert!(error.is_some_and(|error| error.contains(refusal.error)), "{arguments:?}: {stderr}");
    let help = lines.last().and_then(|line| line.strip_prefix("help: "));
    assert!(help.is_some_and(|help| help.contains(refusal.help)), "{arguments:?}: {stderr}");
}

/// Commands that look at the whole workspace.
const READING: &[&[&str]] = &[&["enable"], &["enable", "--dry-run"], MODULES, &["run"]];

/// Those that rewrite manifests.
const ENABLING: &[&[&str]] = &[&["enable"], &["enable", "--dry-run"], MODULES];

const MODULES: &[&str] = &["run", "--strategy", "modules"];

#[test]
fn no_workspace_is_10() {
    let fixture = Fixture::empty();
    let commands: &[&[&str]] =
        &[&["enable"], &["run"], &["disable"], &["status"], &["stop"], &["enable", "--manifest-path", "no/Cargo.toml"]];
    let refusal = Refusal { code: 10, error: "no Cargo workspace in `", help: "`cargo hotreload new server`" };
    assert_refused(&fixture, commands, &refusal);
}

#[test]
fn a_root_manifest_that_is_no_toml_is_11_with_its_place() {
    let fixture = Fixture::three_crates().append("Cargo.toml", "x = = 1\n");
    let place = format!("{}:4:5: ", fixture.path("Cargo.toml").display());
    assert_refused(&fixture, READING, &Refusal { code: 11, error: &place, help: "correct the manifest" });
}

#[test]
fn a_members_manifest_that_is_no_toml_is_11_with_its_place() {
    let fixture = Fixture::three_crates().append("base/Cargo.toml", "x = = 1\n");
    let place = format!("{}:7:5: ", fixture.path("base/Cargo.toml").display());
    assert_refused(&fixture, READING, &Refusal { code: 11, error: &place, help: "correct the manifest" });
}

/// A pattern that takes every directory for a member takes ours, as it does `target`.
#[test]
fn a_pattern_that_names_our_directory_is_12_and_excluding_that_helps() {
    let fixture = Fixture::three_crates().replace(
        "Cargo.toml",
        "[\"app\", \"my-api\", \"base\"]",
        "[\"*\"]\nexclude = [\"target\"]",
    );
    let refusal =
        Refusal { code: 12, error: "/.hotreload`", help: "add `\".hotreload\"` to `exclude` in `[workspace]`" };
    assert_refused(&fixture, &[&["enable"], MODULES, &["run"]], &refusal);
    let fixture = fixture.replace("Cargo.toml", "[\"target\"]", "[\"target\", \".hotreload\"]");
    fixture.hotreload(&["enable"]).expect_success();
}

#[test]
fn a_dependency_that_is_not_there_is_12() {
    let fixture = Fixture::three_crates().append("base/Cargo.toml", "gone = { path = \"../gone\" }\n");
    let refusal = Refusal { code: 12, error: "cargo does not accept this workspace: ", help: "`cargo metadata" };
    assert_refused(&fixture, READING, &refusal);
}

#[test]
fn a_workspace_without_a_binary_is_13() {
    let fixture = Fixture::empty().file("Cargo.toml", &manifest("alone", "")).file("src/lib.rs", "");
    assert_refused(&fixture, READING, &Refusal { code: 13, error: "has no binary to run", help: "src/main.rs" });
}

/// A program of another language loads it: there is nothing for us to run.
#[test]
fn a_workspace_of_c_libraries_is_13_and_says_so() {
    let manifest = manifest("plugin", "") + "\n[lib]\ncrate-type = [\"cdylib\"]\n";
    let fixture = Fixture::empty().file("Cargo.toml", &manifest).file("src/lib.rs", "");
    let error = "no binary to run, only C libraries (`cdylib`): plugin";
    assert_refused(&fixture, READING, &Refusal { code: 13, error, help: "`cargo hotreload run --example NAME`" });
}

#[test]
fn a_program_without_std_is_26() {
    let kernel =
        "#![no_std]\n#![no_main]\n\n#[panic_handler]\nfn panic(_: &core::panic::PanicInfo) -> ! {\n    loop {}\n}\n";
    let fixture = Fixture::three_crates().file("app/src/main.rs", kernel);
    let refusal = Refusal { code: 26, error: "`#![no_std]` in app/src/main.rs", help: "--strategy restart" };
    assert_refused(&fixture, ENABLING, &refusal);
}

#[test]
fn several_binaries_are_14_and_named() {
    let fixture = Fixture::three_crates().file("app/src/bin/other.rs", "fn main() {}\n");
    let refusal =
        Refusal { code: 14, error: "there are several binaries; the workspace has: app, other", help: "`--bin app`" };
    assert_refused(&fixture, READING, &refusal);
    let refusal = Refusal { code: 14, error: "there is no binary `third`", help: "name one: `--bin app`" };
    assert_refused(&fixture, &[&["enable", "--bin", "third"], &["run", "--bin", "third"]], &refusal);
    fixture.hotreload(&["enable", "--bin", "other"]).expect_success();
}

/// A rustup that has only stable stands in for a machine without a nightly.
#[test]
fn no_nightly_is_15() {
    let rustup = Fixture::empty().file(
        "rustup",
        "#!/bin/sh\n[ \"$1 $2\" = 'toolchain list' ] || exit 1\necho 'stable-x86_64-unknown-linux-gnu (active, default) /nowhere/stable'\n",
    );
    fs::set_permissions(rustup.path("rustup"), fs::Permissions::from_mode(0o755)).expect("chmod");
    let directories = [rustup.root().to_owned()].into_iter();
    let path =
        env::join_paths(directories.chain(env::split_paths(&env::var_os("PATH").expect("a PATH")))).expect("a PATH");
    for arguments in ENABLING {
        let fixture = Fixture::three_crates();
        let before = fixture.tree();
        let mut command = hotreload_command(fixture.root(), arguments);
        let finished = finish(command.env("PATH", &path).env("RUSTUP_TOOLCHAIN", "stable"));
        let refusal = Refusal {
            code: 15,
            error: "no nightly toolchain: rustup has only: stable-",
            help: "`rustup toolchain install nightly`",
        };
        assert_is(&finished, arguments, &refusal);
        assert_same(&before, &fixture.tree());
    }
}

#[test]
fn a_toolchain_that_is_not_installed_is_15() {
    let commands: &[&[&str]] =
        &[&["enable", "--toolchain", "nightly-1999-01-01"], &["run", "--toolchain", "nightly-1999-01-01"]];
    let refusal = Refusal {
        code: 15,
        error: "rustup has no toolchain `nightly-1999-01-01`; it has: ",
        help: "`rustup toolchain install",
    };
    assert_refused(&Fixture::three_crates(), commands, &refusal);
}

#[test]
fn a_read_only_manifest_is_17() {
    let fixture = Fixture::three_crates().mode("my-api/Cargo.toml", 0o444);
    let error = format!("`{}` is read-only", fixture.path("my-api/Cargo.toml").display());
    assert_refused(&fixture, &[&["enable"], MODULES], &Refusal { code: 17, error: &error, help: "`chmod u+w " });
}

/// `disable` that may not write one of the manifests writes none of them, and works once it may.
#[test]
fn a_manifest_that_became_read_only_stops_disable_before_anything_is_written() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    let fixture = fixture.mode("my-api/Cargo.toml", 0o444);
    let enabled = fixture.read("app/Cargo.toml");
    let refusal = Refusal { code: 17, error: "is read-only", help: "`chmod u+w " };
    assert_is(&fixture.hotreload(&["disable"]), &["disable"], &refusal);
    assert_eq!(fixture.read("app/Cargo.toml"), enabled);
    let fixture = fixture.mode("my-api/Cargo.toml", 0o644);
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

#[test]
fn disable_with_nothing_enabled_is_19() {
    let refusal = Refusal { code: 19, error: "hot reloading is not enabled in `", help: "`cargo hotreload enable`" };
    assert_refused(&Fixture::three_crates(), &[&["disable"]], &refusal);
}

#[test]
fn link_time_optimisation_in_the_dev_profile_is_26() {
    let fixture = Fixture::three_crates().append("Cargo.toml", "\n[profile.dev]\nlto = true\n");
    let error = "this workspace cannot be made hot-reloadable: `lto = ";
    let refusal = Refusal { code: 26, error, help: "take it out of Cargo.toml:6" };
    assert_refused(&fixture, ENABLING, &refusal);
}

#[test]
fn an_aborting_dev_profile_is_26() {
    let fixture = Fixture::three_crates().append("Cargo.toml", "\n[profile.dev]\npanic = \"abort\"\n");
    let error = "`panic = \"abort\"` in the dev profile";
    let refusal = Refusal { code: 26, error, help: "take it out of Cargo.toml:6" };
    assert_refused(&fixture, ENABLING, &refusal);
}

#[test]
fn a_static_c_library_and_a_musl_target_are_26() {
    let config = |text: &str| Fixture::three_crates().file(".cargo/config.toml", text);
    let fixture = config("[build]\nrustflags = [\"-Ctarget-feature=+crt-static\"]\n");
    let refusal = Refusal { code: 26, error: "+crt-static`: rustc makes no dylib", help: ".cargo/config.toml:2" };
    assert_refused(&fixture, ENABLING, &refusal);
    let fixture = config("[build]\ntarget = \"x86_64-unknown-linux-musl\"\n");
    let refusal = Refusal { code: 26, error: "musl: its libraries are never unloaded", help: ".cargo/config.toml:2" };
    assert_refused(&fixture, ENABLING, &refusal);
}

/// Settings of other profiles are nobody's obstacle.
#[test]
fn link_time_optimisation_in_the_release_profile_is_fine() {
    let fixture = Fixture::three_crates().append("Cargo.toml", "\n[profile.release]\nlto = true\npanic = \"abort\"\n");
    fixture.hotreload(&["enable"]).expect_success();
}

/// Wrong usage has clap's own code, which no other failure shares.
#[test]
fn wrong_usage_is_2() {
    let Finished { code, stderr, .. } = Fixture::empty().hotreload(&["enable", "--no-such-flag"]);
    assert_eq!(code, Some(2), "{stderr}");
}
