//! Which toolchain is taken: as the user's cargo would, and rustup's settings stay as they are.

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::command::{clean, finish, hotreload_command};
use crate::support::fixture::Fixture;
use crate::support::tree::tree;

/// Where the machine's toolchain `name` is.
fn sysroot(name: &str) -> PathBuf {
    let printed = finish(clean("rustc", Path::new("/")).arg(format!("+{name}")).args(["--print", "sysroot"]));
    PathBuf::from(printed.expect_success().trim())
}

/// `PATH` with `first` before everything else.
fn path_with(first: &Path) -> std::ffi::OsString {
    let rest = env::var_os("PATH").expect("a PATH");
    env::join_paths([first.to_owned()].into_iter().chain(env::split_paths(&rest))).expect("a PATH")
}

/// What `doctor` says of the toolchain.
fn nightly(command: &mut Command) -> String {
    let finished = finish(command);
    let mut lines = finished.stdout.lines().filter_map(|line| line.split_once("nightly toolchain  "));
    let (_, said) = lines.next().unwrap_or_else(|| panic!("{finished:#?}"));
    said.to_owned()
}

/// A rustup of our own, whose toolchains are the machine's nightly under two names.
fn rustup() -> Fixture {
    let real = sysroot("nightly");
    let triple = real.file_name().expect("a name").to_string_lossy().replace("nightly-", "");
    let rustup = Fixture::empty().file("settings.toml", "version = \"12\"\nprofile = \"minimal\"\n\n[overrides]\n");
    fs::create_dir(rustup.path("toolchains")).expect("mkdir");
    for name in ["nightly", "nightly-2026-01-02"] {
        symlink(&real, rustup.path(&format!("toolchains/{name}-{triple}"))).expect("a link");
    }
    rustup
}

/// A project that needs an older nightly pins it; `cargo hotreload` is called through rustup's cargo, as by a user.
#[test]
fn a_pinned_older_nightly_is_used_and_rustups_settings_stay() {
    let rustup = rustup();
    let before = rustup.read("settings.toml");
    let fixture = Fixture::three_crates()
        .file("rust-toolchain.toml", "[toolchain]\nchannel = \"nightly-2026-01-02\"\nprofile = \"minimal\"\n");
    let tool = Path::new(env!("CARGO_BIN_EXE_cargo-hotreload")).parent().expect("a directory");
    let cargo = |arguments: &[&str]| {
        let mut command = clean("cargo", fixture.root());
        command.args(arguments).env("RUSTUP_HOME", rustup.root()).env("PATH", path_with(tool));
        command
    };
    let said = nightly(&mut cargo(&["hotreload", "doctor"]));
    assert!(said.starts_with("nightly-2026-01-02-") && said.contains("the active toolchain: rustc "), "{said}");
    let said = nightly(&mut cargo(&["hotreload", "doctor", "--toolchain", "nightly"]));
    assert!(!said.contains("2026-01-02-") && said.contains("as asked for: rustc "), "{said}");
    finish(&mut cargo(&["hotreload", "enable"])).expect_success();
    finish(&mut cargo(&["hotreload", "disable"])).expect_success();
    assert_eq!(rustup.read("settings.toml"), before);
}

/// A project that pins a stable toolchain is built with the nightly, and the pin stays.
#[test]
fn a_stable_pin_is_overridden() {
    let fixture = Fixture::three_crates().file("rust-toolchain.toml", "[toolchain]\nchannel = \"stable\"\n");
    let tool = Path::new(env!("CARGO_BIN_EXE_cargo-hotreload")).parent().expect("a directory");
    let cargo = |arguments: &[&str]| {
        let mut command = clean("cargo", fixture.root());
        command.args(arguments).env("PATH", path_with(tool));
        finish(&mut command)
    };
    let said = cargo(&["hotreload", "doctor"]).expect_success();
    assert!(said.contains("`rust-toolchain.toml` pins `stable`, overridden: RUSTUP_TOOLCHAIN=nightly"), "{said}");
    // A stable cargo would refuse the manifests that `enable` has rewritten.
    cargo(&["hotreload", "enable"]).expect_success();
    fixture.assert_status(0);
    cargo(&["hotreload", "disable"]).expect_success();
}

#[test]
fn the_compiler_that_rustc_names_is_used_for_everything() {
    let fixture = Fixture::three_crates();
    // As seen from where cargo is called, not from the workspace's root.
    symlink(sysroot("nightly").join("bin/rustc"), fixture.path("app/my-rustc")).expect("a link");
    let tool = |arguments: &[&str]| {
        let mut command = hotreload_command(&fixture.path("app"), arguments);
        command.env("RUSTC", "./my-rustc");
        command
    };
    let said = nightly(&mut tool(&["doctor"]));
    assert!(said.contains("; `RUSTC` names its compiler, ") && said.ends_with("app/./my-rustc"), "{said}");
    finish(&mut tool(&["enable"])).expect_success();
    finish(&mut tool(&["disable"])).expect_success();
}

#[test]
fn a_rustc_that_is_no_nightly_is_refused_by_name() {
    let fixture = Fixture::three_crates();
    let before = tree(fixture.root());
    let stable = sysroot("stable").join("bin/rustc");
    let finished = finish(hotreload_command(fixture.root(), &["enable"]).env("RUSTC", &stable));
    assert_eq!(finished.code, Some(15), "{finished:#?}");
    assert!(finished.stderr.contains(&format!("the variable `RUSTC` names `{}`", stable.display())), "{finished:#?}");
    assert!(finished.stderr.contains("help: `unset RUSTC`"), "{finished:#?}");
    assert!(tree(fixture.root()) == before, "a file differs");
}

/// On a machine without rustup the cargo that calls tells, else the `PATH`.
#[test]
fn without_rustup_the_calling_cargo_or_the_path_tells() {
    let fixture = Fixture::three_crates();
    let bin = sysroot("nightly").join("bin");
    let tool = |path: String| {
        let mut command = hotreload_command(fixture.root(), &["doctor"]);
        command.env("PATH", path);
        command
    };
    let said = nightly(tool("/usr/bin:/bin".into()).env("CARGO", bin.join("cargo")));
    assert!(said.starts_with("beside the cargo that calls: rustc "), "{said}");
    let said = nightly(&mut tool(format!("{}:/usr/bin:/bin", bin.display())));
    assert!(said.starts_with("in the PATH: rustc "), "{said}");
    let said = nightly(&mut tool("/usr/bin:/bin".into()));
    assert!(said.starts_with("there is no rustup"), "{said}");
}
