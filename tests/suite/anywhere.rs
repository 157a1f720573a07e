//! Workspaces that nobody prepared: everything that makes dylibs of crates fail, in programs that are built and run.
//!
//! Each workspace has a fixed place, so that its build output can be used again.

use std::fs::{self, File};
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::{clean, finish, hotreload_command};
use crate::support::fixture::manifest;
use crate::support::output::Output;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::tree::{Tree, tree};

/// A directory with a workspace in `ws` and what that needs beside it.
struct Place {
    top: PathBuf,
    _lock: File,
}

impl Place {
    fn new(name: &str, files: &[(&str, String)]) -> Self {
        let top = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anywhere").join(name);
        fs::create_dir_all(&top).expect("mkdir");
        let lock = File::create(top.with_extension("turn")).expect("the lock file");
        lock.lock().expect("our turn");
        let top = top.canonicalize().expect("its path");
        for (name, content) in files {
            let path = top.join(name);
            fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
            // An untouched file keeps its time stamp, and so its crate is not built again.
            if fs::read_to_string(&path).ok().as_ref() != Some(content) {
                fs::write(path, content).expect("written");
            }
        }
        Self { top, _lock: lock }
    }

    fn root(&self) -> PathBuf {
        self.top.join("ws")
    }

    /// The workspace and the crate beside it, but for build output.
    fn files(&self) -> [Tree; 2] {
        [tree(&self.root()), tree(&self.top.join("outside"))]
    }

    /// Runs the program in a session until it has ended by itself, and returns everything that was printed.
    #[track_caller]
    fn run(&self, arguments: &[&str]) -> String {
        let (reader, writer) = pipe().expect("a pipe");
        let mut command = hotreload_command(&self.root(), &[&["run"], arguments].concat());
        command.stdout(writer.try_clone().expect("a second end")).stderr(writer);
        let mut child = command.spawn().expect("the tool starts");
        drop(command);
        let output: Arc<Output> = Output::collect(reader);
        output.expect(BUILD, ["[hotreload] the program ended (exit code 0)"]);
        kill_process(Pid::from_child(&child), Signal::TERM).expect("the tool runs");
        let status = until(SOON, "the session has ended", || child.try_wait().expect("our child"));
        assert!(status.success(), "{}", output.text());
        output.text()
    }
}

fn library(name: &str, dependencies: &str) -> String {
    manifest(name, dependencies)
}

/// A git repository with one crate, made once.
fn git_repository(directory: &Path) {
    if directory.join(".git").exists() {
        return;
    }
    fs::create_dir_all(directory.join("src")).expect("mkdir");
    fs::write(directory.join("Cargo.toml"), library("from-git", "")).expect("written");
    fs::write(directory.join("src/lib.rs"), "pub fn word() -> &'static str {\n    \"git\"\n}\n").expect("written");
    let git = |arguments: &[&str]| {
        let finished = finish(clean("git", directory).args(arguments));
        assert_eq!(finished.code, Some(0), "{finished:?}");
    };
    git(&["init", "--quiet", "--initial-branch=main"]);
    git(&["add", "."]);
    git(&["-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=first"]);
}

/// The workspace's own crates see each other and third parties in every way that cargo knows.
fn zoo() -> Place {
    let repository = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anywhere/from-git");
    git_repository(&repository);
    let git = repository.display().to_string();
    let root = "[package]\nname = \"zoo\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
        [workspace]\nresolver = \"2\"\nmembers = [\"crates/*\"]\n\n\
        [workspace.dependencies]\nitoa = \"1\"\n\n\
        [dependencies]\nleft = { path = \"crates/left\" }\nright = { path = \"crates/right\" }\n\
        plain = { path = \"crates/plain\" }\noutside = { path = \"../outside\" }\n";
    let left = "itoa.workspace = true\nderive-word = { path = \"../derive-word\" }\nlog = { version = \"0.4\", features = [\"std\"] }\n\
        smartstring = \"1\"\n\n[target.'cfg(windows)'.dependencies]\nwinapi = \"0.3\"\n";
    let right = format!(
        "itoa.workspace = true\nold-itoa = {{ package = \"itoa\", version = \"0.4\" }}\n\
         from-git = {{ git = \"file://{git}\" }}\ncfg-if = \"1\"\nlog = \"0.4\"\nboth = {{ path = \"../both\" }}\n\n\
         [build-dependencies]\ncfg-if = \"1\"\nlog = \"0.4\"\nboth = {{ path = \"../both\" }}\n\n[features]\ndefault = [\"extra\"]\nextra = []\n"
    );
    let derive =
        "[package]\nname = \"derive-word\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[lib]\nproc-macro = true\n";
    Place::new(
        "zoo",
        &[
            ("ws/Cargo.toml", root.into()),
            (
                "ws/src/main.rs",
                "fn main() {\n    println!(\"{} {} {} {}\", left::word(), right::word(), plain::word(), outside::word());\n}\n".into(),
            ),
            ("ws/crates/left/Cargo.toml", library("left", left)),
            (
                "ws/crates/left/src/lib.rs",
                "#[derive(derive_word::Word)]\npub struct Left;\n\npub fn word() -> String {\n    log::debug!(\"left\");\n    \
                 let short: smartstring::alias::String = Left::WORD.into();\n    \
                 format!(\"{short}{}\", itoa::Buffer::new().format(1))\n}\n"
                    .into(),
            ),
            ("ws/crates/right/Cargo.toml", library("right", &right)),
            (
                "ws/crates/right/build.rs",
                "fn main() {\n    log::debug!(\"building\");\n    println!(\"cargo::rustc-env=BUILT={}\", both::word());\n    \
                 println!(\"cargo::rerun-if-changed=build.rs\");\n}\n"
                    .into(),
            ),
            (
                "ws/crates/right/src/lib.rs",
                "pub fn word() -> String {\n    log::debug!(\"right\");\n    let mut old = String::new();\n    \
                 old_itoa::fmt(&mut old, 2).unwrap();\n    cfg_if::cfg_if! {\n        if #[cfg(feature = \"extra\")] { old += \"extra\"; }\n    }\n    \
                 format!(\"{old}{}{}{}\", itoa::Buffer::new().format(3), from_git::word(), env!(\"BUILT\")) + &both::word()\n}\n"
                    .into(),
            ),
            // A build script uses it and so does the program.
            ("ws/crates/both/Cargo.toml", library("both", "itoa.workspace = true\n")),
            (
                "ws/crates/both/src/lib.rs",
                "pub fn word() -> String {\n    format!(\"both{}\", itoa::Buffer::new().format(5))\n}\n".into(),
            ),
            // It sees neither `smartstring` nor anything else: with the trait impls of that crate in scope, this sum is
            // ambiguous (E0277).
            ("ws/crates/plain/Cargo.toml", library("plain", "")),
            (
                "ws/crates/plain/src/lib.rs",
                "pub fn word() -> String {\n    let (a, b) = (String::from(\"pl\"), String::from(\"ain\"));\n    a + &b\n}\n".into(),
            ),
            ("ws/crates/derive-word/Cargo.toml", derive.into()),
            (
                "ws/crates/derive-word/src/lib.rs",
                "use proc_macro::TokenStream;\n\n#[proc_macro_derive(Word)]\npub fn word(_: TokenStream) -> TokenStream {\n    \
                 \"impl Left { pub const WORD: &'static str = \\\"left\\\"; }\".parse().unwrap()\n}\n"
                    .into(),
            ),
            ("outside/Cargo.toml", library("outside", "itoa = \"1\"\n")),
            (
                "outside/src/lib.rs",
                "pub fn word() -> String {\n    format!(\"outside{}\", itoa::Buffer::new().format(4))\n}\n".into(),
            ),
        ],
    )
}

#[test]
fn a_workspace_with_everything_that_breaks_dylibs_runs_and_is_put_back() {
    let zoo = zoo();
    let before = zoo.files();
    let printed = zoo.run(&[]);
    assert!(printed.contains("left1 2extra3gitboth5both5 plain outside4"), "{printed}");
    // Not `assert_eq`: the difference would be thousands of lines.
    assert!(zoo.files() == before, "a file differs from what it was");
}

/// zstd-sys compiles C with hidden visibility and zstd inlines wrappers of it into its users; ring has assembly.
fn native() -> Place {
    let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"pack\", \"unpack\"]\n";
    Place::new(
        "native",
        &[
            ("ws/Cargo.toml", workspace.into()),
            ("ws/app/Cargo.toml", library("app", "pack = { path = \"../pack\" }\nunpack = { path = \"../unpack\" }\n")),
            (
                "ws/app/src/main.rs",
                "fn main() {\n    let packed = pack::pack(b\"hello\");\n    println!(\"{} {}\", unpack::unpack(&packed), pack::hash(b\"x\"));\n}\n"
                    .into(),
            ),
            ("ws/pack/Cargo.toml", library("pack", "zstd = { version = \"0.13\", default-features = false }\nring = \"0.17\"\n")),
            (
                "ws/pack/src/lib.rs",
                "pub fn pack(data: &[u8]) -> Vec<u8> {\n    zstd::encode_all(data, 3).unwrap()\n}\n\n\
                 pub fn hash(data: &[u8]) -> String {\n    let digest = ring::digest::digest(&ring::digest::SHA256, data);\n    \
                 digest.as_ref().iter().map(|byte| format!(\"{byte:02x}\")).collect()\n}\n"
                    .into(),
            ),
            ("ws/unpack/Cargo.toml", library("unpack", "zstd = { version = \"0.13\", default-features = false }\n")),
            (
                "ws/unpack/src/lib.rs",
                "pub fn unpack(data: &[u8]) -> String {\n    String::from_utf8(zstd::decode_all(data).unwrap()).unwrap()\n}\n"
                    .into(),
            ),
        ],
    )
}

/// SHA-256 of `x`, as `sha256sum` prints it.
const HASH: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

/// The oldest resolver unifies the features of build scripts and programs.
fn first_resolver() -> Place {
    let root = "[workspace]\nresolver = \"1\"\nmembers = [\"app\", \"left\", \"right\"]\n";
    let script = "log = { version = \"0.4\", features = [\"std\"] }\n";
    Place::new(
        "first-resolver",
        &[
            ("ws/Cargo.toml", root.into()),
            ("ws/app/Cargo.toml", library("app", "left = { path = \"../left\" }\nright = { path = \"../right\" }\n")),
            ("ws/app/src/main.rs", "fn main() {\n    println!(\"{} {}\", left::word(), right::word());\n}\n".into()),
            ("ws/left/Cargo.toml", library("left", &format!("log = \"0.4\"\n\n[build-dependencies]\n{script}"))),
            ("ws/left/build.rs", "fn main() {\n    log::debug!(\"building\");\n}\n".into()),
            ("ws/left/src/lib.rs", "pub fn word() -> String {\n    log::max_level().to_string()\n}\n".into()),
            ("ws/right/Cargo.toml", library("right", "log = \"0.4\"\n")),
            ("ws/right/src/lib.rs", "pub fn word() -> String {\n    log::max_level().to_string()\n}\n".into()),
        ],
    )
}

#[test]
fn a_workspace_with_the_first_resolver_runs() {
    let printed = first_resolver().run(&[]);
    assert!(printed.contains("OFF OFF"), "{printed}");
}

#[test]
fn native_code_with_hidden_symbols_runs_from_a_group() {
    let native = native();
    let printed = native.run(&[]);
    assert!(printed.contains(&format!("hello {HASH}")), "{printed}");
}

#[test]
fn release_builds_tests_and_checks_work_by_hand_while_enabled() {
    let native = native();
    let nightly = |arguments: &[&str]| {
        let mut command: Command = clean("cargo", &native.root());
        let finished = finish(command.arg("+nightly").args(arguments));
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        finished.stdout
    };
    let enabled = finish(&mut hotreload_command(&native.root(), &["enable"]));
    assert_eq!(enabled.code, Some(0), "{enabled:#?}");
    nightly(&["check", "--all-targets"]);
    nightly(&["test"]);
    nightly(&["build"]);
    // Unoptimised, so that it takes less time; it is the release profile all the same.
    nightly(&["build", "--release", "--config", "profile.release.opt-level=0"]);
    let program = native.root().join("target/release/app");
    let linked = finish(clean("ldd", &native.root()).arg(&program)).stdout;
    assert!(!linked.contains("libstd") && !linked.contains("hotreload") && !linked.contains("libpack"), "{linked}");
    assert!(finish(&mut clean(&program, &native.root())).stdout.contains(HASH));
    let disabled = finish(&mut hotreload_command(&native.root(), &["disable"]));
    assert_eq!(disabled.code, Some(0), "{disabled:#?}");
}

/// Packages from elsewhere that a build by hand compiled anew.
fn compiled_third_parties(root: &Path) -> Vec<String> {
    let mut command = clean("cargo", root);
    command.args(["+nightly", "build", "--message-format", "json"]);
    let finished = finish(&mut command);
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    let messages = finished.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON"));
    let is_compiled =
        |message: &serde_json::Value| message["reason"] == "compiler-artifact" && message["fresh"] == false;
    let packages =
        messages.filter(is_compiled).map(|message| message["package_id"].as_str().unwrap_or_default().to_owned());
    packages.filter(|id| !id.starts_with("path+")).collect()
}

#[test]
fn enabling_and_disabling_compiles_no_third_party_crate_again() {
    let zoo = zoo();
    let tool = |argument: &str| {
        let finished = finish(&mut hotreload_command(&zoo.root(), &[argument]));
        assert_eq!(finished.code, Some(0), "{finished:?}");
    };
    // A lock file of its own, so that both states resolve to the same versions.
    let locked = finish(clean("cargo", &zoo.root()).args(["+nightly", "generate-lockfile"]));
    assert_eq!(locked.code, Some(0), "{locked:?}");
    compiled_third_parties(&zoo.root());
    for state in ["enable", "disable", "enable", "disable"] {
        tool(state);
        let compiled = compiled_third_parties(&zoo.root());
        assert!(compiled.is_empty(), "after {state}: {compiled:?}");
    }
    fs::remove_file(zoo.root().join("Cargo.lock")).expect("removed");
}
