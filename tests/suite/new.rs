//! `cargo hotreload new`. That what it writes can be built and reloaded is shown by every test of the server.

use std::fs;

use crate::support::command::{Finished, cargo};
use crate::support::fixture::Fixture;
use crate::support::tree::assert_same;

/// A server has six crates named after it, and says what to do next.
#[test]
fn a_new_server_is_written_below_the_current_directory() {
    let fixture = Fixture::empty();
    let said = fixture.hotreload(&["new", "my-shop"]).expect_success();
    assert!(said.contains("`cd my-shop`, then `cargo hotreload run`"), "{said}");
    for name in ["api", "core", "database", "router", "service"] {
        let manifest = fixture.read(&format!("my-shop/{name}/Cargo.toml"));
        assert!(manifest.contains(&format!("name = \"my-shop-{name}\"")), "{manifest}");
    }
    assert!(fixture.read("my-shop/host/Cargo.toml").contains("name = \"my-shop\""));
    let ignored = fixture.read("my-shop/.gitignore");
    assert!(ignored.contains("/target") && ignored.contains("/data"), "{ignored}");
}

/// What is written carries nothing of hot reloading: `status` says so, and stable cargo reads it.
#[test]
fn a_new_server_is_an_ordinary_workspace() {
    let fixture = Fixture::empty();
    fixture.hotreload(&["new", "shop", "--path", "deep/er"]).expect_success();
    let root = fixture.path("deep/er");
    cargo("stable", &root, &["metadata", "--no-deps", "--format-version", "1"]).expect_success();
    let formatted = cargo("stable", &root, &["fmt", "--all", "--check"]);
    assert_eq!(formatted.code, Some(0), "{formatted:#?}");
    assert!(!root.join(".hotreload").exists());
    for entry in fs::read_dir(&root).expect("the workspace").map(|entry| entry.expect("an entry").path()) {
        let manifest = fs::read_to_string(entry.join("Cargo.toml")).unwrap_or_default();
        assert!(!manifest.contains("dylib"), "{manifest}");
    }
}

/// An empty directory may be there already.
#[test]
fn an_empty_directory_is_filled() {
    let fixture = Fixture::empty();
    fs::create_dir(fixture.path("here")).expect("mkdir");
    fixture.hotreload(&["new", "shop", "--path", "here"]).expect_success();
    assert!(fixture.path("here/Cargo.toml").exists());
}

/// Nothing is ever written over.
#[test]
fn a_directory_with_something_in_it_is_refused() {
    let fixture = Fixture::empty().file("shop/precious", "work\n");
    let before = fixture.tree();
    let Finished { code, stderr, .. } = fixture.hotreload(&["new", "shop"]);
    assert_eq!(code, Some(22), "{stderr}");
    assert!(stderr.contains("exists already\nhelp: choose another directory"), "{stderr}");
    assert_same(&before, &fixture.tree());
}

/// A name that cargo would not take is refused with the reason, before anything is written.
#[test]
fn bad_names_are_refused() {
    for name in ["2fast", "a b", "core", "test", "a/b", ""] {
        let fixture = Fixture::empty();
        let Finished { code, stderr, .. } = fixture.hotreload(&["new", name]);
        assert_eq!(code, Some(23), "{name:?}: {stderr}");
        assert!(stderr.starts_with(&format!("error: `{name}` is no package name: ")), "{stderr}");
        assert!(stderr.contains("\nhelp: use letters"), "{stderr}");
        assert!(fixture.tree().is_empty(), "{name:?}");
    }
}
