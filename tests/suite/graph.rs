//! `graph`: pictures of a workspace, and of what a change does.

use crate::support::command::{Finished, cargo};
use crate::support::fixture::{Fixture, LOCK};
use crate::support::tree::assert_same;

/// The rows of the table of crates, cut at blanks: load, crate, role and so on.
fn row<'text>(text: &'text str, name: &str) -> &'text str {
    let is_row = |line: &&str| line.split_whitespace().take(2).any(|word| word == name);
    text.lines().find(is_row).unwrap_or_else(|| panic!("no row for {name}: {text}"))
}

/// Before anything is enabled or built it says what would be, and writes nothing.
#[test]
fn a_workspace_that_is_not_enabled_is_drawn_as_it_would_be() {
    for fixture in [Fixture::three_crates(), Fixture::three_crates().file("Cargo.lock", LOCK)] {
        let before = fixture.tree();
        let text = fixture.hotreload(&["graph"]).expect_success();
        assert_same(&before, &fixture.tree());
        assert!(text.starts_with("app: 2 modules or residents\n\nload  crate   role                uses\n"), "{text}");
        assert_eq!(row(&text, "base"), "   1  base    module or resident");
        assert_eq!(row(&text, "my-api"), "   2  my-api  module or resident  base");
        assert_eq!(row(&text, "app"), "      app     host                my-api");
        assert!(text.contains("\nhot reloading is not enabled: this is what it would be\n"), "{text}");
        assert!(text.contains("\nthe first build shows which libraries the program links itself"), "{text}");
        fixture.hotreload(&["enable"]).expect_success();
        let enabled = fixture.hotreload(&["graph"]).expect_success();
        assert!(!enabled.contains("not enabled") && enabled.contains("the first build shows"), "{enabled}");
    }
}

/// The built program tells who is resident. This one has no loader, so whatever it links is.
#[test]
fn what_the_built_program_links_is_resident() {
    let fixture = Fixture::three_crates();
    fixture.hotreload(&["enable"]).expect_success();
    cargo("nightly", fixture.root(), &["build", "--target-dir", "target/hotreload"]).expect_success();
    let text = fixture.hotreload(&["graph", "--changed", "base"]).expect_success();
    assert!(text.starts_with("app: 2 residents\n"), "{text}");
    assert_eq!(row(&text, "base"), "      base    resident  changed");
    assert_eq!(row(&text, "app"), "      app     host      restarted  my-api");
    assert!(text.contains("\nthe program opens no libraries, so it has no modules: edits restart it\n"), "{text}");
    let sentence = "a change in `base` rebuilds base and my-api and restarts the program: \
                    base is resident, the program links it and cannot swap it\n";
    assert!(text.ends_with(sentence), "{text}");
}

/// `--changed` takes package and crate names, several times, and marks what they touch.
#[test]
fn a_change_is_marked_and_told() {
    let fixture = Fixture::three_crates();
    let text = fixture.hotreload(&["graph", "--changed", "my_api"]).expect_success();
    assert!(row(&text, "my-api").contains("changed, reloaded or restarted"), "{text}");
    assert_eq!(row(&text, "base"), "   1  base    module or resident");
    assert!(text.ends_with("if the program links my-api, it restarts\n"), "{text}");
    let text = fixture.hotreload(&["graph", "--changed", "base", "--changed", "app"]).expect_success();
    let sentence = "a change in `base` and `app` rebuilds base, my-api and app and restarts the program: \
                    app is the executable itself\n";
    assert!(text.ends_with(sentence), "{text}");
}

/// Every format has every crate, every edge, and nothing around it.
#[test]
fn every_format_shows_every_crate() {
    let fixture = Fixture::three_crates();
    for (format, start, end, edge) in [
        ("text", "app: 2 modules", "\n", "my-api  module or resident"),
        ("dot", "digraph hotreload {\n", "}\n", " -> n0"),
        ("mermaid", "---\ntitle: \"app: ", "\n", " --> n0"),
        ("svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"", "</svg>\n", "<path class=\"hr-line"),
    ] {
        let Finished { code, stdout, stderr } = fixture.hotreload(&["graph", "--format", format, "--changed", "base"]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""), "{format}");
        assert!(stdout.starts_with(start) && stdout.ends_with(end) && stdout.contains(edge), "{format}: {stdout}");
        assert!(["app", "my-api", "base"].iter().all(|name| stdout.contains(name)), "{format}: {stdout}");
        assert!(stdout.contains("changed, reloaded or restarted"), "{format}: {stdout}");
        assert!(!stdout.contains('\u{1b}'), "{format}: {stdout}");
    }
    assert_eq!(fixture.hotreload(&["graph", "--format", "json"]).code, Some(2));
}

#[test]
fn an_unknown_crate_is_refused_and_the_nearest_one_named() {
    let fixture = Fixture::three_crates();
    for (wrong, near) in [("bass", "base"), ("my-apy", "my-api")] {
        let Finished { code, stdout, stderr } = fixture.hotreload(&["graph", "--changed", "base", "--changed", wrong]);
        assert_eq!((code, stdout.as_str()), (Some(28), ""), "{stderr}");
        let (said, help) = stderr.split_once("\nhelp: ").expect("a line of help");
        assert_eq!(said, format!("error: `--changed`: there is no crate `{wrong}` in this program"));
        assert!(help.starts_with(&format!("did you mean `{near}`?")), "{help}");
    }
}

/// A workspace with its own developer profile has modules, and no dependency groups.
#[test]
fn an_own_profile_is_drawn_too() {
    let profile = "\n[profile.dev]\ndebug = 0\n#rustflags = [\"-g\"]\n";
    let fixture = Fixture::three_crates().append("Cargo.toml", profile);
    let manifest = fixture.read("Cargo.toml");
    let fixture = fixture.file("Cargo.toml", &format!("#cargo-features = [\"profile-rustflags\"]\n{manifest}"));
    let text = fixture.hotreload(&["graph", "--flags", "own"]).expect_success();
    assert!(text.starts_with("app: 2 modules or residents\n"), "{text}");
}

/// Excluded packages are static; a procedural macro's change reaches who is compiled with it; other members do nothing.
#[test]
fn every_static_crate_says_why() {
    let fixture = Fixture::three_crates()
        .replace("Cargo.toml", "\"base\"]", "\"base\", \"derive\", \"xtask\"]")
        .file("derive/Cargo.toml", "[package]\nname = \"derive\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n")
        .file("derive/src/lib.rs", "")
        .file("xtask/Cargo.toml", "[package]\nname = \"xtask\"\nedition = \"2024\"\n")
        .file("xtask/src/lib.rs", "")
        .append("my-api/Cargo.toml", "derive.path = \"../derive\"\n");
    let graph =
        |changed: &str| fixture.hotreload(&["graph", "--exclude", "base", "--changed", changed]).expect_success();
    let text = graph("derive");
    assert_eq!(row(&text, "base"), "      base    static, in group 1");
    assert!(row(&text, "derive").contains("static, runs in builds"), "{text}");
    assert!(row(&text, "my-api").ends_with("base, derive (build)"), "{text}");
    assert!(text.contains("\nnot part of the program: xtask\n"), "{text}");
    assert!(text.contains("a change in `derive` rebuilds derive and my-api and, if my-api is a module,"), "{text}");
    assert!(graph("base").ends_with("base is excluded and static, built into dependency group 1\n"));
    assert!(graph("xtask").ends_with("a change in `xtask` does not reach the program\n"));
}

#[test]
fn with_the_strategy_restart_there_are_no_modules() {
    let setting = "\n[workspace.metadata.hotreload]\nstrategy = 'restart'\n";
    let fixture = Fixture::three_crates().append("Cargo.toml", setting);
    let text = fixture.hotreload(&["graph", "--changed", "base"]).expect_success();
    assert!(text.starts_with("app: 2 static crates\n"), "{text}");
    assert!(text.ends_with("restarts the program: that is the strategy\n"), "{text}");
}
