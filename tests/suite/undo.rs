//! `disable` after everything that can happen meanwhile: edits, deleted files, a crash in the middle.

use std::fs;
use std::path::Path;

use crate::support::command::{cargo, hotreload};
use crate::support::fixture::{Fixture, LOCK, MANIFESTS};
use crate::support::server::Server;
use crate::support::tree::{Entry, Tree, assert_same};

/// What the user writes while hot reloading is enabled stays; what `enable` wrote goes.
#[test]
fn edits_made_meanwhile_are_kept() {
    let fixture = Fixture::three_crates().file("Cargo.lock", LOCK);
    let mut expected = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    let edits = [
        ("base/Cargo.toml", "version = \"0.1.0\"\n", "version = \"0.1.0\"\ndescription = \"the base\"\n"),
        ("my-api/Cargo.toml", "edition = \"2024\"\n", "edition = \"2021\" # older\n"),
        ("Cargo.toml", "resolver = \"3\"\n", "resolver = \"2\"\ndefault-members = [\"app\"]\n"),
    ];
    let fixture = edits.iter().fold(fixture, |fixture, (name, old, new)| {
        replace_in(&mut expected, name, old, new);
        fixture.replace(name, old, new)
    });
    let fixture = fixture.append("app/Cargo.toml", "\n[features]\nfast = []\n");
    append_to(&mut expected, "app/Cargo.toml", "\n[features]\nfast = []\n");

    let said = fixture.hotreload(&["disable"]).expect_success();
    assert!(said.contains("restored base/Cargo.toml, and kept what you changed in it\n"), "{said}");
    assert!(said.ends_with("every file is as it was, but for what you changed\n"), "{said}");
    assert_same(&expected, &fixture.tree());
}

fn replace_in(tree: &mut Tree, name: &str, old: &str, new: &str) {
    let Some(Entry::File { content, .. }) = tree.get_mut(Path::new(name)) else { panic!("no file {name}") };
    let text = String::from_utf8(content.clone()).expect("UTF-8");
    assert!(text.contains(old));
    *content = text.replace(old, new).into_bytes();
}

fn append_to(tree: &mut Tree, name: &str, more: &str) {
    let Some(Entry::File { content, .. }) = tree.get_mut(Path::new(name)) else { panic!("no file {name}") };
    content.extend(more.as_bytes());
}

/// The journal is not in the build output.
#[test]
fn disable_works_after_cargo_clean() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    cargo("nightly", fixture.root(), &["build"]).expect_success();
    cargo("nightly", fixture.root(), &["clean"]).expect_success();
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

/// The additions carry marks, so they are found without the journal too.
#[test]
fn disable_works_after_the_state_directory_was_deleted() {
    let fixture = Fixture::three_crates().file("Cargo.lock", LOCK);
    let before = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    fs::remove_dir_all(fixture.path(".hotreload")).expect("deleted");
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

/// What somebody says about hot reloading in a comment is not what `enable` says.
#[test]
fn comments_of_the_user_are_no_marks() {
    let fixture = Fixture::three_crates()
        .append("base/Cargo.toml", "\n[features]\ndefault = [\"swapped\"] # hotreload\nswapped = []\n")
        .replace("Cargo.toml", "resolver = \"3\"", "resolver = \"3\" # hotreload");
    let before = fixture.tree();
    assert_eq!(fixture.hotreload(&["disable"]).code, Some(19));
    assert_same(&before, &fixture.tree());
    fixture.hotreload(&["enable"]).expect_success();
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

/// The same where dependency groups were generated, and cargo has put them into `Cargo.lock`.
#[test]
fn disable_works_after_the_state_directory_of_a_server_was_deleted() {
    let server = Server::new();
    let before = server.tree();
    hotreload(server.root(), &["enable"]).expect_success();
    cargo("nightly", server.root(), &["metadata", "--format-version", "1"]).expect_success();
    fs::remove_dir_all(server.root().join(".hotreload")).expect("deleted");
    hotreload(server.root(), &["disable"]).expect_success();
    assert_same(&before, &server.tree());
}

/// The same in every notation that a manifest may have, with what the user has written meanwhile. Only a `Cargo.lock`
/// that cargo has made stays: it has no mark.
#[test]
fn without_the_state_directory_every_notation_is_undone_and_edits_are_kept() {
    for fixture in notations() {
        let before = fixture.tree();
        fixture.hotreload(&["enable"]).expect_success();
        fs::remove_dir_all(fixture.path(".hotreload")).expect("deleted");
        let rewritten: Vec<String> =
            fixture.tree().iter().filter_map(|(name, now)| rewritten(&before, name, now)).collect();
        assert!(rewritten.len() > 1, "{rewritten:?}");
        let mut expected = before;
        for name in rewritten {
            let Some(Entry::File { content, .. }) = expected.get_mut(Path::new(&name)) else {
                panic!("no file {name}")
            };
            for text in [content, &mut fixture.read(&name).into_bytes()] {
                // As an editor adds a line.
                let end: &[u8] = if text.ends_with(b"\n") { b"" } else { b"\n" };
                text.extend([end, b"# mine\n"].concat());
                fs::write(fixture.path(&name), &text).expect("written");
            }
        }
        fixture.hotreload(&["disable"]).expect_success();
        assert_same(&expected, &without_lock_file(fixture.tree()));
    }
}

/// The name of a file that is not what it was.
fn rewritten(before: &Tree, name: &Path, now: &Entry) -> Option<String> {
    let is_rewritten = matches!(now, Entry::File { .. }) && before.get(name).is_some_and(|old| old != now);
    is_rewritten.then(|| name.to_str().expect("UTF-8").to_owned())
}

fn without_lock_file(mut tree: Tree) -> Tree {
    tree.remove(Path::new("Cargo.lock"));
    tree
}

fn notations() -> Vec<Fixture> {
    let inherited = "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"my-api\", \"base\"]\n\n\
        [workspace.package]\nversion = \"0.1.0\"\n\n[workspace.lints.rust]\nunsafe_code = \"deny\"\n";
    vec![
        Fixture::three_crates()
            .linked("my-api/Cargo.toml", "shared.toml", "../shared.toml")
            .mode("base/Cargo.toml", 0o600)
            .append("base/Cargo.toml", "\n[lib]\ncrate-type = ['cdylib']\n"),
        Fixture::three_crates()
            .file("Cargo.toml", inherited)
            .replace("base/Cargo.toml", "version = \"0.1.0\"", "version.workspace = true")
            .append("base/Cargo.toml", "\n[lints]\nworkspace = true\n")
            .append("my-api/Cargo.toml", "\n[lints]\nworkspace = true"),
        Fixture::three_crates()
            .append("Cargo.toml", "\n[profile.dev.package.base]\nrustflags = [\n  \"-g\" # mine\n]\n")
            .replace("Cargo.toml", "[workspace]", "cargo-features = ['profile-rustflags']\n\n[workspace]")
            .append("my-api/Cargo.toml", "\n[lib]\ncrate-type = [\"rlib\"] # ours\n"),
        Fixture::own_profile(),
    ]
}

/// A crash in the middle of `enable` leaves the journal and some of the manifests rewritten. In each of these states
/// `status` tells it, `disable` puts everything back, and `enable` completes it.
#[test]
fn every_state_in_the_middle_of_enable_can_be_undone_and_completed() {
    for rewritten in 0..1_u32 << MANIFESTS.len() {
        let fixture = Fixture::three_crates();
        let before = fixture.tree();
        let original = MANIFESTS.map(|name| fixture.read(name));
        fixture.hotreload(&["enable"]).expect_success();
        let enabled = fixture.tree();
        for (index, name) in MANIFESTS.iter().enumerate().filter(|(index, _)| rewritten & 1 << index == 0) {
            fixture.write(name, &original[index]);
        }
        let complete = rewritten + 1 == 1 << MANIFESTS.len();
        let status = fixture.hotreload(&["status", "--quiet"]).code;
        assert_eq!(status, Some(if complete { 0 } else { 4 }), "rewritten: {rewritten:03b}");

        if rewritten.is_multiple_of(3) {
            fixture.hotreload(&["enable"]).expect_success();
            let manifests = |tree: &Tree| -> Tree {
                tree.clone().into_iter().filter(|(name, _)| name.ends_with("Cargo.toml")).collect()
            };
            assert_same(&manifests(&enabled), &manifests(&fixture.tree()));
        }
        fixture.hotreload(&["disable"]).expect_success();
        assert_same(&before, &fixture.tree());
    }
}

/// A crash before the journal was written leaves generated files that nothing refers to; `disable` has nothing to undo
/// and clears them away.
#[test]
fn generated_files_without_a_journal_are_cleared_away() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    let fixture = fixture.file(".hotreload/groups/1/Cargo.toml", "[package]\nname = \"hotreload-group-1\"\n");
    assert_eq!(fixture.hotreload(&["disable"]).code, Some(19));
    assert_same(&before, &fixture.tree());
}

/// Nor does one that is no text any more, with the journal or without.
#[test]
fn disable_works_on_a_manifest_with_bytes_that_are_no_text() {
    for has_journal in [true, false] {
        let fixture = Fixture::three_crates().file("Cargo.lock", LOCK);
        let mut expected = fixture.tree();
        fixture.hotreload(&["enable"]).expect_success();
        let note = b"# caf\xe9 \xff\xfe\n";
        for name in ["base/Cargo.toml", "Cargo.toml"] {
            fs::write(fixture.path(name), [fixture.read(name).as_bytes(), note].concat()).expect("written");
            let Some(Entry::File { content, .. }) = expected.get_mut(Path::new(name)) else { panic!("no file {name}") };
            content.extend(note);
        }
        if !has_journal {
            fs::remove_dir_all(fixture.path(".hotreload")).expect("deleted");
        }
        fixture.hotreload(&["disable"]).expect_success();
        assert_same(&expected, &fixture.tree());
    }
}

/// A manifest that no TOML parser takes any more does not stop `disable`.
#[test]
fn disable_works_on_a_manifest_that_is_broken_meanwhile() {
    let fixture = Fixture::three_crates();
    let mut expected = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    let fixture = fixture.append("Cargo.toml", "[profile\n").append("base/Cargo.toml", "<<<<<<< HEAD\n");
    append_to(&mut expected, "Cargo.toml", "[profile\n");
    append_to(&mut expected, "base/Cargo.toml", "<<<<<<< HEAD\n");
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&expected, &fixture.tree());
}
