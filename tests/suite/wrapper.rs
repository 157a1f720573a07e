//! A rustc wrapper (a compiler cache, say) is called as cargo would call it without us.

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::command::{clean, finish, hotreload};
use crate::support::fixture::manifest as library;
use crate::support::place::{Place, Started};

/// Notes the name of each crate in a file beside itself, and compiles it.
const WRAPPER: &str = "#!/bin/sh\nfor argument; do\n    \
    [ \"$previous\" = --crate-name ] && echo \"$argument\" >> \"$0.log\"\n    previous=$argument\ndone\nexec \"$@\"\n";

/// The wrapper of the environment, that of the configuration, and that for members.
const WRAPPERS: [&str; 3] = ["variable", "config", "members"];

/// Two members share a third-party crate; cargo's configuration names two wrappers.
fn wrapped() -> Place {
    let config = "[build]\nrustc-wrapper = \"../wrappers/config\"\nrustc-workspace-wrapper = \"../wrappers/members\"\n";
    let word = "pub fn word() -> String {\n    itoa::Buffer::new().format(7).into()\n}\n";
    let both = "left = { path = \"../left\" }\nright = { path = \"../right\" }\n";
    let mut files: Vec<(&str, String)> = vec![
        ("ws/.cargo/config.toml", config.into()),
        ("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"left\", \"right\"]\n".into()),
        ("ws/app/Cargo.toml", library("app", both)),
        ("ws/app/src/main.rs", "fn main() {\n    println!(\"{}-{}\", left::word(), right::word());\n}\n".into()),
        ("ws/left/Cargo.toml", library("left", "itoa = \"1\"\n")),
        ("ws/left/src/lib.rs", word.into()),
        ("ws/right/Cargo.toml", library("right", "itoa = \"1\"\n")),
        ("ws/right/src/lib.rs", word.into()),
    ];
    let names = WRAPPERS.map(|name| format!("wrappers/{name}"));
    files.extend(names.iter().map(|name| (name.as_str(), WRAPPER.to_owned())));
    let place = Place::new("wrapped", &files);
    for name in &names {
        fs::set_permissions(place.path(name), Permissions::from_mode(0o755)).expect("chmod");
    }
    place
}

/// The crates that each of [`WRAPPERS`] has compiled since it was last asked.
fn compiled(place: &Place) -> [BTreeSet<String>; 3] {
    WRAPPERS.map(|name| {
        let log = place.path(&format!("wrappers/{name}.log"));
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        // Cargo asks the compiler about itself with the crate `___`.
        text.lines().filter(|line| *line != "___").map(str::to_owned).collect()
    })
}

#[test]
fn a_rustc_wrapper_is_called_for_every_crate_in_every_mode() {
    let wrapped = wrapped();
    let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let nothing = set(&[]);
    // Cargo takes path dependencies inside the workspace for members.
    let (all, members) = (
        set(&["app", "hotreload_group_1", "itoa", "left", "right"]),
        set(&["app", "hotreload_group_1", "left", "right"]),
    );
    // What is built already is not compiled again, and so tells nothing.
    let anew = |mut command: Command| -> (TempDir, Command) {
        let target = tempfile::tempdir().expect("a temporary directory");
        command.env("CARGO_TARGET_DIR", target.path());
        (target, command)
    };
    compiled(&wrapped);

    let (_target, mut command) = anew(wrapped.command(&[]));
    command.env("RUSTC_WRAPPER", wrapped.path("wrappers/variable"));
    let printed = Started::launch(command).until_program_ends();
    assert!(printed.contains("7-7"), "{printed}");
    assert_eq!(compiled(&wrapped), [all.clone(), nothing.clone(), members.clone()]);

    let (_target, command) = anew(wrapped.command(&["--strategy", "restart"]));
    let printed = Started::launch(command).until_program_ends();
    assert!(printed.contains("7-7"), "{printed}");
    let restarted = [nothing.clone(), set(&["app", "itoa", "left", "right"]), set(&["app", "left", "right"])];
    assert_eq!(compiled(&wrapped), restarted);

    hotreload(&wrapped.root(), &["enable"]).expect_success();
    let (target, mut command) = anew(clean("cargo", &wrapped.root()));
    finish(command.args(["+nightly", "build"])).expect_success();
    let program: PathBuf = target.path().join("debug/app");
    assert_eq!(finish(&mut clean(program, &wrapped.root())).expect_success(), "7-7\n");
    assert_eq!(compiled(&wrapped), [nothing, all, members]);
    hotreload(&wrapped.root(), &["disable"]).expect_success();
}
