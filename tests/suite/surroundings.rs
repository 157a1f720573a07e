//! What a session lets its surroundings see: the program's environment, and files.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::support::command::{cargo, finish, hotreload, hotreload_command};
use crate::support::fixture::{Fixture, manifest};
use crate::support::place::Started;
use crate::support::poll::{BUILD, until};
use crate::support::traced::{Fate, trace};

/// What the tests themselves need to find a toolchain.
const NEEDED: [&str; 4] = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME"];

/// `command` with nothing else in its environment than what is needed and `more`; returns all of it.
fn only(command: &mut Command, more: &[(&str, &str)]) -> BTreeMap<String, String> {
    let needed = NEEDED.iter().filter_map(|name| Some(((*name).to_owned(), env::var(name).ok()?)));
    let given = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let all: BTreeMap<String, String> = needed.chain(given).collect();
    command.env_clear().envs(&all);
    all
}

/// Two crates; the program lists its environment in the file `listed`, a line each, and goes on.
fn listing() -> Fixture {
    let main = "fn main() {\n    let all: Vec<String> = std::env::vars().map(|(name, value)| format!(\"{name}={value:?}\\n\")).collect();\n    \
                std::fs::write(\"listed\", all.concat() + api::end()).unwrap();\n    println!(\"listed\");\n    loop {\n        std::thread::park();\n    }\n}\n";
    let fixture = Fixture::empty()
        .file("ws;1/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"api\"]\n")
        .file("ws;1/app/Cargo.toml", &manifest("app", "api = { path = \"../api\" }\n"))
        .file("ws;1/app/src/main.rs", main)
        .file("ws;1/api/Cargo.toml", &manifest("api", ""))
        .file("ws;1/api/src/lib.rs", "pub fn end() -> &'static str {\n    \"end\"\n}\n");
    cargo("stable", &fixture.path("ws;1"), &["metadata", "--format-version", "1"]).expect_success();
    fixture
}

/// What the program listed.
fn listed(root: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(root.join("listed")).expect("the program's list");
    let text = text.strip_suffix("end").expect("the whole list");
    let pairs = text.lines().map(|line| line.split_once('=').expect("a variable"));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The program has the user's environment and the three variables that are documented, whichever way edits take; in
/// `LD_LIBRARY_PATH` nothing of ours is empty or relative, and what the user has there stays, as it is.
#[test]
fn the_program_has_the_users_environment_and_three_variables() {
    let fixture = listing();
    let root = fixture.path("ws;1").canonicalize().expect("its path");
    let library_directory = finish(Command::new("rustc").args(["+stable", "--print", "target-libdir"]));
    let stable = library_directory.expect_success().trim().to_owned();
    let odd = ("ODD", "a \"b\" 'c'\n\\ $(d)");
    for (strategy, inherited) in
        [("patch", None), ("restart", Some("")), ("restart", Some("/usr/lib::lib:")), ("modules", Some("/usr/lib"))]
    {
        let mut command = hotreload_command(&root, &["run", "--strategy", strategy]);
        let more: Vec<(&str, &str)> =
            inherited.map(|value| ("LD_LIBRARY_PATH", value)).into_iter().chain([odd]).collect();
        let outer = only(&mut command, &more);
        let session = Started::launch(command);
        session.output.expect(BUILD, ["listed"]);
        session.terminate();

        let mut inner = listed(&root);
        let paths = inner.remove("LD_LIBRARY_PATH").expect("it is set");
        let paths: Vec<&str> = paths.trim_matches('"').split(':').collect();
        let users: Vec<&str> =
            inherited.filter(|value| !value.is_empty()).iter().flat_map(|value| value.split(':')).collect();
        let (ours, theirs) = paths.split_at(paths.len() - users.len());
        assert_eq!(theirs, users);
        // The build's own directories cannot be listed: the dynamic linker would take what is behind the semicolon for another.
        let toolchain = if strategy == "modules" { ours[0] } else { &stable };
        assert!(ours == [toolchain] && toolchain.ends_with("/lib"), "{ours:?}");
        assert_eq!(inner.remove("HOTRELOAD_INSTANCE").as_deref(), Some("\"1\""));
        let modules = inner.remove("HOTRELOAD_MODULES").expect("it is set");
        assert!(
            if strategy == "modules" { modules.contains("/libapi.so") || modules == "\"\"" } else { modules == "\"\"" },
            "{modules}"
        );
        let outer = outer.into_iter().filter(|(name, _)| name != "LD_LIBRARY_PATH");
        let outer: BTreeMap<String, String> = outer.map(|(name, value)| (name, format!("{value:?}"))).collect();
        assert_eq!(inner, outer, "{strategy}");
    }
}

/// Runs `command` traced while `meanwhile` goes on, and returns each path that it has written outside of `root`.
fn written_outside(mut command: Command, root: &Path, meanwhile: impl FnOnce() + Send) -> BTreeSet<PathBuf> {
    let mut written = BTreeSet::new();
    let finished = thread::scope(|scope| {
        scope.spawn(meanwhile);
        trace(&mut command, Path::new("/"), &mut |_, write| {
            written.insert(write.path.clone());
            Fate::Made
        })
    });
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(written.iter().any(|path| path.starts_with(root)), "{written:#?}");
    written.retain(|path| !path.starts_with(root));
    written
}

/// Whether a file outside of the workspace is one that the documentation names, or none: a device, or our own list of
/// what the command printed.
fn is_expected(path: &Path) -> bool {
    let is_output = path.to_string_lossy().ends_with(" (deleted)") && path.starts_with(env::temp_dir());
    let is_perf_map =
        path.parent() == Some(Path::new("/tmp")) && path.extension().is_some_and(|extension| extension == "map");
    is_output || is_perf_map || path.starts_with("/dev") || path.starts_with("/proc")
}

/// Nor is anything left in the home directory, or where temporary files go. (`doctor` builds something there, and removes it.)
#[test]
fn nothing_outside_the_workspace_is_written() {
    let fixture = listing();
    let root = fixture.path("ws;1").canonicalize().expect("its path");
    let [home, temporary] = [(); 2].map(|()| Fixture::empty());
    let around =
        [("HOME", home.root()), ("TMPDIR", temporary.root())].map(|(name, path)| (name, path.to_str().expect("UTF-8")));
    let [cargo_home, rustup_home] = [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")].map(|(name, below)| {
        env::var_os(name).map_or_else(|| env::home_dir().expect("a home").join(below), PathBuf::from)
    });
    let command = |arguments: &[&str]| {
        let mut command = hotreload_command(&root, arguments);
        command.envs(around).env("CARGO_HOME", &cargo_home).env("RUSTUP_HOME", &rustup_home);
        command
    };
    let mut written = BTreeSet::new();
    for arguments in [&["enable"][..], &["status"], &["disable"], &["enable", "--dry-run"]] {
        let finished = trace(&mut command(arguments), Path::new("/"), &mut |_, write| {
            written.insert(write.path.clone());
            Fate::Made
        });
        assert!(finished.code.is_some(), "{finished:#?}");
    }
    written.retain(|path| !path.starts_with(&root));
    for strategy in ["patch", "modules"] {
        fs::remove_file(root.join("listed")).ok();
        let session = command(&["run", "--strategy", strategy]);
        written.extend(written_outside(session, &root, || {
            until(BUILD, "the program has started", || root.join("listed").exists().then_some(()));
            fs::write(root.join("api/src/lib.rs"), "pub fn end() -> &'static str {\n    \"END\"\n}\n")
                .expect("written");
            hotreload(&root, &["reload"]).expect_success();
            hotreload(&root, &["stop"]).expect_success();
        }));
        fs::write(root.join("api/src/lib.rs"), "pub fn end() -> &'static str {\n    \"end\"\n}\n").expect("written");
    }
    written.retain(|path| !is_expected(path));
    assert!(written.is_empty(), "{written:#?}");
    assert!(home.tree().is_empty() && temporary.tree().is_empty(), "{:#?} {:#?}", home.tree(), temporary.tree());
}
