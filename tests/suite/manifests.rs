//! `enable`, `disable` and `status` on files: what comes back is what was there, byte for byte.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use crate::support::command::{Finished, cargo, clean, hotreload};
use crate::support::fixture::{Fixture, LOCK, MANIFESTS, manifest};
use crate::support::server::Server;
use crate::support::session::Session;
use crate::support::tree::{Entry, Tree, assert_same, stamp};

/// Enabling changes every manifest of the program into something that cargo reads; disabling brings back every file
/// and every mode, and leaves nothing else.
#[track_caller]
fn assert_round_trip(fixture: &Fixture) {
    let before = fixture.tree();
    fixture.assert_status(3);
    assert_same(&before, &fixture.tree());
    fixture.hotreload(&["enable"]).expect_success();
    let enabled = fixture.tree();
    for (name, entry) in before.iter().filter(|(name, entry)| name.ends_with("Cargo.toml") && is_to_change(name, entry))
    {
        assert!(
            enabled.get(name) != Some(entry) || matches!(entry, Entry::Link { .. }),
            "{} is untouched",
            name.display()
        );
    }
    fixture.assert_status(0);
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
    fixture.assert_status(3);
}

/// The program's own manifest gets something only where there are third-party crates, and a library that is a dylib
/// already needs nothing. A link is compared by where it leads.
fn is_to_change(name: &Path, entry: &Entry) -> bool {
    match entry {
        Entry::File { content, .. } => {
            name != Path::new("app/Cargo.toml") && !content.windows(7).any(|word| word == b"\"dylib\"")
        }
        _ => false,
    }
}

#[test]
fn manifests_as_cargo_writes_them_come_back() {
    assert_round_trip(&Fixture::three_crates());
}

#[test]
fn a_lock_file_comes_back() {
    assert_round_trip(&Fixture::three_crates().file("Cargo.lock", LOCK));
}

#[test]
fn a_lock_file_with_windows_line_endings_comes_back() {
    assert_round_trip(&Fixture::three_crates().file("Cargo.lock", &LOCK.replace('\n', "\r\n")));
}

#[test]
fn windows_line_endings_come_back() {
    let mut fixture = Fixture::three_crates();
    for name in ["Cargo.toml", "app/Cargo.toml", "my-api/Cargo.toml", "base/Cargo.toml"] {
        fixture = fixture.replace(name, "\n", "\r\n");
    }
    assert_round_trip(&fixture);
}

#[test]
fn a_missing_final_newline_comes_back() {
    let mut fixture = Fixture::three_crates();
    for name in ["Cargo.toml", "app/Cargo.toml", "my-api/Cargo.toml", "base/Cargo.toml"] {
        let text = fixture.read(name);
        fixture = fixture.file(name, text.trim_end());
    }
    assert_round_trip(&fixture);
}

#[test]
fn a_byte_order_mark_comes_back() {
    let mut fixture = Fixture::three_crates();
    for name in ["Cargo.toml", "my-api/Cargo.toml"] {
        let text = fixture.read(name);
        fixture = fixture.file(name, &format!("\u{feff}{text}"));
    }
    assert_round_trip(&fixture);
}

#[test]
fn inline_tables_come_back() {
    let package = |name: &str| format!("package = {{ name = \"{name}\", version = \"0.1.0\", edition = \"2024\" }}\n");
    let fixture = Fixture::three_crates()
        .file("Cargo.toml", "workspace = { resolver = \"3\", members = [ \"app\", \"my-api\",\"base\" ] }\n")
        .file("app/Cargo.toml", &(package("app") + "dependencies = { my-api = { path = \"../my-api\" } }\n"))
        .file(
            "my-api/Cargo.toml",
            &(package("my-api")
                + "lib = { name = \"my_api\", doctest = false }\ndependencies = { base = { path = \"../base\" } }\n"),
        )
        .file("base/Cargo.toml", &(package("base") + "lib = {  }\n"));
    assert_round_trip(&fixture);
}

#[test]
fn dotted_keys_come_back() {
    let package =
        |name: &str| format!("package.name = \"{name}\"\npackage.version = \"0.1.0\"\npackage.\"edition\" = '2024'\n");
    let fixture = Fixture::three_crates()
        .file(
            "Cargo.toml",
            "workspace.resolver = \"3\"\nworkspace.members = ['app', 'my-api', 'base']\nprofile.dev.debug = 1\n",
        )
        .file("app/Cargo.toml", &(package("app") + "dependencies.my-api.path = \"../my-api\"\n"))
        .file("my-api/Cargo.toml", &(package("my-api") + "dependencies.base.path = \"../base\"\nlib.doctest = false\n"))
        .file("base/Cargo.toml", &(package("base") + "lib.crate-type = [\"lib\"]\n"));
    assert_round_trip(&fixture);
}

#[test]
fn library_sections_of_every_kind_come_back() {
    let fixture = Fixture::three_crates()
        .append("my-api/Cargo.toml", "\n[lib]\ncrate-type = [\n    \"rlib\", # for everyone\n]\n")
        .replace("base/Cargo.toml", "\n[dependencies]\n", "\n[lib] # nothing in it\n\n[dependencies]\n");
    assert_round_trip(&fixture);
    assert_round_trip(
        &Fixture::three_crates().append("my-api/Cargo.toml", "\n[lib]\ncrate-type = [\"rlib\", \"dylib\"]\n"),
    );
}

#[test]
fn comments_in_odd_places_come_back() {
    let fixture = Fixture::three_crates()
        .file(
            "Cargo.toml",
            "# top\n\n  # indented\n[ workspace ] # behind\nmembers = [ # in\n\t\"app\", # app\n\n\t\"my-api\"\n\t, \"base\" # last\n] # end\n\
             resolver = \"3\"   \n\n# [profile.dev.package.my-api]\n# rustflags = [\"-g\"]\n# bottom, no newline",
        )
        .replace("my-api/Cargo.toml", "[dependencies]\n", "# crate-type = ['dylib']\n[dependencies] # ours\n# none yet\n")
        .append("base/Cargo.toml", "\n\n\n# the end\n\n");
    assert_round_trip(&fixture);
}

#[test]
fn a_linked_manifest_stays_a_link() {
    let fixture = Fixture::three_crates()
        .linked("my-api/Cargo.toml", "shared/my-api.toml", "../shared/my-api.toml")
        .linked("Cargo.toml", "shared/root.toml", "shared/root.toml");
    assert_round_trip(&fixture);
}

#[test]
fn modes_come_back() {
    let fixture = Fixture::three_crates()
        .mode("Cargo.toml", 0o600)
        .mode("my-api/Cargo.toml", 0o664)
        .mode("base/Cargo.toml", 0o755);
    assert_round_trip(&fixture);
}

#[test]
fn cargo_features_and_overrides_of_the_user_come_back() {
    let fixture = Fixture::three_crates().file(
        "Cargo.toml",
        "cargo-features = [\"codegen-backend\",\n  'profile-rustflags']\n\n[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"my-api\", \"base\"]\n\n\
         [profile.dev]\nopt-level = 1\n\n[profile.dev.package.my-api]\nrustflags = [ \"-g\" ]\nopt-level = 2\n\n\
         [profile.dev.package.\"base\"]\nrustflags = [\n  \"-Cforce-frame-pointers=yes\", # for perf\n  \"-Cprefer-dynamic=yes\"\n]\n\n\
         [profile.release.package.my-api]\nopt-level = \"s\"\n",
    );
    assert_round_trip(&fixture);
}

#[test]
fn an_empty_list_of_cargo_features_comes_back() {
    let fixture = Fixture::three_crates();
    let root = fixture.read("Cargo.toml");
    assert_round_trip(&fixture.file("Cargo.toml", &format!("cargo-features = [ ]\n{root}")));
}

#[test]
fn a_package_that_is_its_own_workspace_comes_back() {
    let fixture = Fixture::empty()
        .file("Cargo.toml", &manifest("app", ""))
        .file("src/lib.rs", "pub fn answer() -> u32 {\n    42\n}\n")
        .file("src/main.rs", "fn main() {\n    app::answer();\n}\n");
    assert_round_trip(&fixture);
}

#[test]
fn a_program_in_the_root_with_members_below_comes_back() {
    let fixture = Fixture::empty()
        .file("Cargo.toml", &(manifest("app", "part-one.path = \"crates/part-one\"\n") + "\n[workspace]\n"))
        .file("src/main.rs", "fn main() {\n    part_one::answer();\n}\n")
        .file("crates/part-one/Cargo.toml", &manifest("part-one", ""))
        .file("crates/part-one/src/lib.rs", "pub fn answer() {}\n");
    assert_round_trip(&fixture);
}

/// A crate outside the workspace's directory is part of the program too.
#[test]
fn a_crate_outside_the_workspace_comes_back() {
    let fixture = Fixture::empty()
        .file(
            "inside/Cargo.toml",
            &(manifest("app", "far-away = { path = \"../outside/far-away\" }\n") + "\n[workspace]\n"),
        )
        .file("inside/src/main.rs", "fn main() {\n    far_away::answer();\n}\n")
        .file("outside/far-away/Cargo.toml", &manifest("far-away", ""))
        .file("outside/far-away/src/lib.rs", "pub fn answer() {}\n");
    let before = fixture.tree();
    hotreload(&fixture.path("inside"), &["enable"]).expect_success();
    assert_ne!(fixture.read("outside/far-away/Cargo.toml"), manifest("far-away", ""));
    hotreload(&fixture.path("inside"), &["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

/// Enabling what is enabled writes nothing, and says so.
#[test]
fn enabling_twice_changes_nothing() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    fixture.hotreload(&["enable"]).expect_success();
    let enabled = fixture.tree();
    let stamps = MANIFESTS.map(|name| stamp(&fixture.path(name)));
    let said = fixture.hotreload(&["enable"]).expect_success();
    assert!(said.contains("hot reloading is enabled already, nothing changed"), "{said}");
    assert_eq!(MANIFESTS.map(|name| stamp(&fixture.path(name))), stamps);
    let without_lock = |mut tree: Tree| {
        tree.remove(Path::new(".hotreload/lock"));
        tree
    };
    assert_same(&without_lock(enabled), &without_lock(fixture.tree()));
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}

/// `enable --dry-run` writes nothing at all, with a lock file and without; its diff names each manifest, and `patch`
/// makes of it exactly what `enable` writes.
#[test]
fn a_dry_run_writes_nothing_and_prints_a_diff_that_applies() {
    for fixture in [Fixture::three_crates(), Fixture::three_crates().file("Cargo.lock", LOCK)] {
        let before = fixture.tree();
        let diff = fixture.hotreload(&["enable", "--dry-run"]).expect_success();
        assert_same(&before, &fixture.tree());
        for name in MANIFESTS {
            let path = fixture.path(name);
            assert!(diff.contains(&format!("--- {0}\n+++ {0}\n", path.display())), "{name}: {diff}");
        }
        let original = MANIFESTS.map(|name| fixture.read(name));
        patch(&diff);
        let patched = MANIFESTS.map(|name| fixture.read(name));
        MANIFESTS.iter().zip(&original).for_each(|(name, text)| fixture.write(name, text));
        fixture.hotreload(&["enable"]).expect_success();
        assert_eq!(MANIFESTS.map(|name| fixture.read(name)), patched);
    }
}

/// Applies `diff`, whose paths are absolute.
fn patch(diff: &str) {
    let mut command = clean("patch", Path::new("/"));
    let mut child = command.arg("-p1").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("patch starts");
    child.stdin.take().expect("its input").write_all(diff.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("patch ends");
    assert!(output.status.success(), "{output:?}");
}

/// `status` is 4 where the files are no longer what `enable` would write.
#[test]
fn status_tells_what_has_drifted() {
    let fixture = Fixture::three_crates();
    fixture.hotreload(&["enable"]).expect_success();
    let fixture = fixture.replace("Cargo.toml", "-Crpath=yes", "-Crpath=no");
    let Finished { code, stdout, .. } = fixture.hotreload(&["status"]);
    assert_eq!(code, Some(4), "{stdout}");
    assert!(stdout.contains("hot reloading: enabled, but the workspace has changed since"), "{stdout}");
    fixture.hotreload(&["enable"]).expect_success();
    fixture.assert_status(0);
}

/// A crate that is new since is brought in by the next `enable`, and brought back by `disable`.
#[test]
fn a_new_crate_is_told_and_taken_in() {
    let fixture = Fixture::three_crates();
    let extra = manifest("extra", "");
    fixture.hotreload(&["enable"]).expect_success();
    let fixture = fixture
        .file("extra/Cargo.toml", &extra)
        .file("extra/src/lib.rs", "")
        .replace("Cargo.toml", "\"base\"]", "\"base\", \"extra\"]")
        .replace("base/Cargo.toml", "[dependencies]\n", "[dependencies]\nextra = { path = \"../extra\" }\n");
    fixture.assert_status(4);
    fixture.hotreload(&["enable"]).expect_success();
    fixture.assert_status(0);
    assert!(fixture.read("extra/Cargo.toml").contains("dylib"));
    fixture.hotreload(&["disable"]).expect_success();
    assert_eq!(fixture.read("extra/Cargo.toml"), extra);
    let root = "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"my-api\", \"base\", \"extra\"]\n";
    assert_eq!(fixture.read("Cargo.toml"), root);
    assert_eq!(fixture.read("base/Cargo.toml"), manifest("base", "extra = { path = \"../extra\" }\n"));
}

/// In the enabled workspace a plain `cargo +nightly build` works, typed by hand.
#[test]
fn cargo_by_hand_works_in_an_enabled_workspace() {
    let server = Server::new();
    let before = server.tree();
    hotreload(server.root(), &["enable"]).expect_success();
    let built = cargo("nightly", server.root(), &["build"]);
    assert_eq!(built.code, Some(0), "{built:#?}");
    assert!(!built.stderr.contains("warning"), "{}", built.stderr);
    assert!(server.root().join("target/debug/libnote_server_api.so").exists());
    hotreload(server.root(), &["disable"]).expect_success();
    assert_same(&before, &server.tree());
}

/// What `enable` did stays when a session ends; only `disable` undoes it.
#[test]
fn an_explicit_enable_survives_a_session() {
    let server = Server::new();
    let before = server.tree();
    hotreload(server.root(), &["enable"]).expect_success();
    let manifests = || MANIFESTS_OF_SERVER.map(|name| fs::read(server.root().join(name)).expect("a manifest"));
    let enabled = manifests();
    let session = Session::start(&server);
    session.page();
    session.terminate();
    assert!(manifests() == enabled);
    hotreload(server.root(), &["status", "--quiet"]).expect_success();
    hotreload(server.root(), &["disable"]).expect_success();
    assert_same(&before, &server.tree());
}

const MANIFESTS_OF_SERVER: [&str; 3] = ["Cargo.toml", "api/Cargo.toml", "host/Cargo.toml"];
