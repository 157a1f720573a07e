//! Settings in the root manifest and on the command line.

use std::fs;

use crate::support::command::{cargo, clean, finish};
use crate::support::fixture::Fixture;
use crate::support::tree::{Tree, assert_same};

fn with_settings(settings: &str) -> Fixture {
    Fixture::three_crates().append("Cargo.toml", &format!("\n[workspace.metadata.hotreload]\n{settings}\n"))
}

#[test]
fn a_wrong_setting_is_refused_with_its_place_and_a_way_out() {
    let cases = [
        ("debonce = 30", "Cargo.toml:6:1: there is no setting `debonce`", "did you mean `debounce`?"),
        ("debounce = '30'", "Cargo.toml:6:12: `debounce` has to be a number of milliseconds", "`debounce = 30`"),
        ("exclude = ['bass']", "Cargo.toml:6:11: there is no local package `bass`", "did you mean `base`?"),
        ("exclude = ['app']", "Cargo.toml:6:11: `app` is the program", "below the program"),
        ("profile = 'bench'", "Cargo.toml:6:11: the profile `bench` is not hot-reloadable", "inherits = \"dev\""),
    ];
    for (setting, error, help) in cases {
        let fixture = with_settings(setting);
        let before = fixture.tree();
        for command in ["enable", "run"] {
            let finished = fixture.hotreload(&[command]);
            assert_eq!(finished.code, Some(28), "{finished:#?}");
            let (said, helped) = finished.stderr.split_once("\nhelp: ").expect("a line of help");
            assert!(said.contains(error) && helped.contains(help), "{finished:#?}");
            assert_same(&before, &fixture.tree());
        }
    }
}

#[test]
fn status_says_who_set_what() {
    let fixture = with_settings("debounce = 5\nlinker = 'bfd'");
    let shown = fixture.hotreload(&["status", "--linker", "default"]).stdout;
    assert!(shown.contains("\nlinker:        the toolchain's own linker"), "{shown}");
    let debounce = shown.lines().find(|line| line.starts_with("debounce")).expect("a row");
    assert!(debounce.contains("5 ms") && debounce.ends_with("Cargo.toml:6:12"), "{debounce}");
    assert!(!shown.contains("strategy"), "{shown}");
}

#[test]
fn an_excluded_package_is_built_into_a_group_and_everything_comes_back() {
    let fixture = with_settings("exclude = ['base']");
    let before = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    assert_same(&only(&before, "base"), &only(&fixture.tree(), "base"));
    assert!(fixture.read(".hotreload/groups/1/Cargo.toml").contains("path = \"../../../base\""));
    cargo("nightly", fixture.root(), &["build"]).expect_success();
    finish(&mut clean(fixture.path("target/debug/app"), fixture.root())).expect_success();
    fs::remove_dir_all(fixture.path("target")).expect("removed");
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

fn only(tree: &Tree, below: &str) -> Tree {
    tree.iter().filter(|(path, _)| path.starts_with(below)).map(|(path, entry)| (path.clone(), entry.clone())).collect()
}
