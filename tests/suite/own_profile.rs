//! A workspace that brings its own developer profile, commented out, and a loader that a feature brings in.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a build may take on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(5);

/// A copy of `tests/fixtures/own-profile`.
struct Relay {
    directory: TempDir,
}

impl Relay {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("hotreload-own-").tempdir().expect("a temporary directory");
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/own-profile");
        for (name, content) in files(&fixture) {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
            fs::write(path, content).expect("written");
        }
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }

    fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.read(name);
        assert!(text.contains(old), "{name} has no {old:?}");
        fs::write(self.path(name), text.replace(old, new)).expect("written");
    }

    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files(self.directory.path())
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-hotreload"));
        command.arg("hotreload").args(arguments).current_dir(self.directory.path()).stdin(Stdio::null());
        for name in ["CARGO", "RUSTUP_TOOLCHAIN", "RUSTFLAGS", "CARGO_TARGET_DIR", "LD_LIBRARY_PATH"] {
            command.env_remove(name);
        }
        command.env("NO_COLOR", "1");
        command
    }

    fn hotreload(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the tool starts")
    }

    /// Runs a command that has to succeed, and returns what it printed.
    fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.hotreload(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }
}

/// Every file below `top` but the build output.
fn files(top: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![top.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(top).expect("below").to_owned();
            if path.is_file() {
                found.insert(name, fs::read(&path).expect("its content"));
            } else if name != Path::new("target") {
                open.push(path);
            }
        }
    }
    found
}

/// A session, which is killed if the test does not end it.
struct Session<'relay> {
    relay: &'relay Relay,
    child: Child,
}

impl<'relay> Session<'relay> {
    fn start(relay: &'relay Relay) -> Self {
        fs::create_dir_all(relay.path("target")).expect("mkdir");
        let log = File::create(relay.path("target/log")).expect("the log");
        let mut command = relay.command(&["run", "--strategy", "modules"]);
        let child = command.stdout(log.try_clone().expect("a second end")).stderr(log).spawn().expect("it starts");
        Self { relay, child }
    }

    /// Waits for a line that contains `text`, and returns it.
    #[track_caller]
    fn expect(&self, text: &str) -> String {
        let began = Instant::now();
        loop {
            let log = self.relay.read("target/log");
            if let Some(line) = log.lines().find(|line| line.contains(text)) {
                return line.to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "no {text:?} in\n{log}");
            sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Session<'_> {
    fn drop(&mut self) {
        // After an orderly end there is nothing left to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Signs of comments go where they stand, nothing is added, and `disable` brings the signs back.
#[test]
fn an_own_profile_is_uncommented_and_commented_again() {
    let relay = Relay::new();
    let before = relay.files();
    let printed = relay.succeed(&["enable"]);
    assert!(printed.contains("own developer profile is used, built with its feature `relay_mods`"), "{printed}");
    assert!(!printed.contains("group"), "{printed}");
    for (name, old) in &before {
        let (old, new) = (String::from_utf8_lossy(old), relay.read(name.to_str().expect("UTF-8")));
        assert_eq!(old.lines().count(), new.lines().count(), "{}", name.display());
        for (old, new) in old.lines().zip(new.lines()) {
            let value = new.split(" # hotreload: ").next().expect("a line");
            assert!(value == old || value == old.replacen('#', "", 1), "{}: {old:?} -> {new:?}", name.display());
        }
    }
    let root = relay.read("Cargo.toml");
    assert!(root.contains("#lto = \"thin\"\n#rustflags = [\n#\t'-Ctarget-cpu=native',\n#]\n"), "{root}");
    assert!(relay.succeed(&["status"]).contains("hot reloading: enabled\n"));

    // An edit in between stays, without the journal too.
    relay.edit("Cargo.toml", "debug = 0\n", "debug = 1 # mine\n");
    fs::remove_file(relay.path(".hotreload/journal.json")).expect("the journal");
    relay.succeed(&["disable"]);
    relay.edit("Cargo.toml", "debug = 1 # mine\n", "debug = 0\n");
    let mut after = relay.files();
    after.remove(Path::new("Cargo.lock"));
    assert_eq!(after, before);
}

/// `--flags` forces the choice, and a later command keeps to it.
#[test]
fn the_choice_of_flags_can_be_forced() {
    let relay = Relay::new();
    let before = relay.files();
    relay.succeed(&["enable", "--flags", "builtin"]);
    assert!(
        relay
            .read("Cargo.toml")
            .starts_with("cargo-features = [\"profile-rustflags\"] # hotreload: added\n#cargo-features")
    );
    let status = relay.succeed(&["status"]);
    assert!(status.contains("hot reloading: enabled\n") && !status.contains("own developer profile"), "{status}");
    relay.succeed(&["enable", "--flags", "own"]);
    assert!(relay.read("Cargo.toml").starts_with("cargo-features = [\"profile-rustflags\"] # hotreload: uncommented"));
    relay.succeed(&["disable"]);
    assert_eq!(relay.files(), before);

    relay.edit("Cargo.toml", "#cargo-features", "#");
    let refused = relay.hotreload(&["enable", "--flags", "own"]);
    assert_eq!(refused.status.code(), Some(27), "{refused:?}");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--flags builtin"), "{refused:?}");
}

/// With its own flags and its own feature the program's loader is there: an edit goes live in the same process.
#[test]
fn an_edit_goes_live_through_the_loader_of_the_workspace() {
    let relay = Relay::new();
    let before = relay.files();
    let mut session = Session::start(&relay);
    let first = session.expect("round 1: hello from process ");
    let pid = first.rsplit(' ').next().expect("its id").to_owned();
    session.expect("[hotreload] started process");
    session.expect("built with its feature `relay_mods`");

    relay.edit("src/service/mod.rs", "hello", "good day");
    session.expect(&format!("round 2: good day from process {pid}"));
    session.expect("[hotreload] reloaded relay_service, relay_router (2 of 2 modules)");
    relay.edit("src/router/mod.rs", "from process", "out of process");
    session.expect(&format!("round 3: good day out of process {pid}"));
    session.expect("[hotreload] reloaded relay_router (1 of 2 modules)");

    relay.succeed(&["stop"]);
    session.expect("every file is as it was");
    assert!(session.child.wait().expect("the session").success());
    relay.edit("src/service/mod.rs", "good day", "hello");
    relay.edit("src/router/mod.rs", "out of process", "from process");
    assert_eq!(relay.files(), before);
}
