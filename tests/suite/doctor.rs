//! `cargo hotreload doctor`: what it says of a good machine, and of what stands in the way.

use crate::support::command::{finish, hotreload_command};
use crate::support::fixture::Fixture;

#[test]
fn a_machine_that_runs_this_suite_is_good() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    let said = fixture.hotreload(&["doctor"]).expect_success();
    for check in [
        "ok       platform",
        "ok       nightly toolchain",
        "ok       linker",
        "ok       unloading",
        "ok       workspace",
    ] {
        assert!(said.contains(check), "no {check:?} in\n{said}");
    }
    assert!(fixture.tree() == before, "doctor changed a file");
}

#[test]
fn a_setting_in_the_way_is_named_with_its_place_and_cure() {
    let fixture = Fixture::three_crates().append("Cargo.toml", "\n[profile.dev]\nlto = true\n");
    let finished = fixture.hotreload(&["doctor"]);
    assert_eq!(finished.code, Some(24), "{finished:#?}");
    assert!(finished.stdout.contains("failed   dev profile"), "{}", finished.stdout);
    assert!(finished.stdout.contains("help: take it out of Cargo.toml:6"), "{}", finished.stdout);
}

/// No compiler driver, no dylib: the probe really links.
#[test]
fn a_missing_linker_fails_the_probe() {
    let fixture =
        Fixture::three_crates().file(".cargo/config.toml", "[target.'cfg(unix)']\nlinker = \"/nowhere/cc\"\n");
    let mut command = hotreload_command(fixture.root(), &["doctor"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, Some(24), "{finished:#?}");
    let linker = finished.stdout.lines().find(|line| line.starts_with("failed   linker"));
    assert!(linker.is_some(), "{}", finished.stdout);
}
