//! A program of four crates that runs and takes patches, without cargo.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use cargo_hotreload::effects::agent;
use cargo_hotreload::live::{Crate, Live, NotPatched, Patched};
use cargo_hotreload::patch::content::Optimised;
use cargo_hotreload::plan::environment::preloading;
use tempfile::TempDir;

use crate::conformance::setting::Setting;
use crate::support::command::clean;

/// Answers each line of its input with what the library makes of it.
const MAIN: &str =
    "fn main() { for line in std::io::stdin().lines() { println!(\"{}\", svc::answer(&line.unwrap())); } }";

/// What is never edited, and may be optimised.
const DEPENDENCY: &str = r#"
use std::cell::Cell;
use std::fmt::Debug;
use std::sync::Mutex;
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());
thread_local! { static CALLS: Cell<u32> = const { Cell::new(0) }; }
pub fn keep(text: String) -> usize { let mut kept = KEPT.lock().unwrap(); kept.push(text); kept.len() }
pub fn kept() -> String { KEPT.lock().unwrap().join(" ") }
pub fn debug<T: Debug>(value: T) -> String { CALLS.set(CALLS.get() + 1); format!("{value:?}/{}", CALLS.get()) }
#[inline] pub fn small(n: u32) -> u32 { n + 1 }
pub fn apply<T, F: FnMut(T) -> T>(value: T, mut f: F) -> T { f(value) }
"#;

/// The sources of the two crates that are edited: for each file its name and content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sources {
    pub(super) low: Vec<(String, String)>,
    pub(super) svc: Vec<(String, String)>,
}

/// The compiler and its directory.
#[derive(Debug)]
pub(super) struct Laboratory {
    directory: TempDir,
    setting: Setting,
    /// The sources of what was compiled last.
    compiled: Sources,
}

impl Laboratory {
    pub(super) fn new(setting: &Setting) -> Self {
        let directory = TempDir::new().expect("a directory");
        let laboratory = Self { directory, setting: setting.clone(), compiled: Sources::default() };
        fs::write(laboratory.path("dep.rs"), DEPENDENCY).expect("written");
        fs::create_dir(laboratory.path("svc")).expect("mkdir");
        fs::write(laboratory.path("svc/included.txt"), "included").expect("written");
        fs::write(laboratory.path("svc/other.txt"), "another").expect("written");
        laboratory.rustc("dep.rs", setting.dependency_opt_level, &["--crate-type=rlib"]);
        laboratory
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Compiles what is not as it was: `svc`, and before it `low`.
    pub(super) fn compile(&mut self, sources: &Sources) -> Vec<Crate> {
        let mut crates = Vec::new();
        if self.compiled.low != sources.low {
            crates.push(self.library("low", &sources.low, &["--extern=dep=libdep.rlib"]));
        }
        if !crates.is_empty() || self.compiled.svc != sources.svc {
            crates.push(self.library("svc", &sources.svc, &["--extern=dep=libdep.rlib", "--extern=low=liblow.rlib"]));
        }
        self.compiled = sources.clone();
        crates
    }

    fn library(&self, name: &str, files: &[(String, String)], externs: &[&str]) -> Crate {
        for (file, content) in files {
            let path = self.path(name).join(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
            // What is as it was keeps its time.
            if fs::read_to_string(&path).ok().as_ref() != Some(content) {
                fs::write(path, content).expect("written");
            }
        }
        let arguments = [&["--crate-type=rlib", "--crate-name", name], externs].concat();
        self.rustc(&format!("{name}/lib.rs"), self.setting.opt_level, &arguments);
        let archive = fs::read(self.path(&format!("lib{name}.rlib"))).expect("an archive");
        Crate::of_archive(name.to_owned(), name, &archive.into()).expect("objects")
    }

    fn rustc(&self, file: &str, opt_level: u8, arguments: &[&str]) {
        let mut command = clean("rustc", self.directory.path());
        command.arg(format!("+{}", self.setting.toolchain)).args(["--edition=2024", "-Cdebuginfo=2", "-Awarnings"]);
        command.args([
            format!("-Copt-level={opt_level}"),
            "-Cincremental=incremental".to_owned(),
            "-Ldependency=.".to_owned(),
        ]);
        let output = command.args(self.setting.options).args(arguments).arg(file).output().expect("rustc starts");
        assert!(output.status.success(), "{}: {}", self.setting, String::from_utf8_lossy(&output.stderr));
    }

    /// Starts the program of what was compiled.
    pub(super) fn start(&self, compiled: &[Crate]) -> Program {
        fs::write(self.path("main.rs"), MAIN).expect("written");
        let arguments = [&["--crate-type=bin", "--extern=svc=libsvc.rlib"], self.setting.link].concat();
        self.rustc("main.rs", self.setting.opt_level, &arguments);
        let library = agent::install(self.directory.path()).expect("installed");
        let mut child = Command::new(self.path("main"))
            .envs(preloading(&library, self.directory.path(), None))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        let mut live =
            Live::attach(child.id(), self.libraries(), self.directory.path(), "dev").expect("the agent is there");
        let optimised = if self.setting.opt_level == 0 { Optimised::No } else { Optimised::Yes };
        for compiled in compiled {
            live.runs(compiled, optimised).expect("objects");
        }
        Program { child, input: Some(input), output: BufReader::new(output), live }
    }

    /// Rust's own libraries, and what is not edited.
    fn libraries(&self) -> Vec<PathBuf> {
        let mut command = clean("rustc", self.directory.path());
        command.arg(format!("+{}", self.setting.toolchain)).args(["--print", "target-libdir"]);
        let output = command.output().expect("rustc starts");
        let directory = String::from_utf8(output.stdout).expect("text");
        let files = fs::read_dir(Path::new(directory.trim())).expect("a directory").flatten().map(|entry| entry.path());
        let own = files.filter(|path| path.extension().is_some_and(|ending| ending == "rlib"));
        own.chain([self.path("libdep.rlib")]).collect()
    }
}

/// The running program.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    /// `None` once it has ended.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    live: Live,
}

impl Program {
    /// What it says; how it ended if it does not.
    pub(super) fn ask(&mut self, question: &str) -> String {
        let mut answer = String::new();
        if self.input.as_mut().is_some_and(|input| writeln!(input, "{question}").is_ok()) {
            drop(self.output.read_line(&mut answer));
        }
        if answer.is_empty() { format!("{:?}", self.child.wait()) } else { answer.trim_end().to_owned() }
    }

    /// Ends its input, and returns what it says until it has ended.
    pub(super) fn end(&mut self) -> String {
        self.input = None;
        let mut said = String::new();
        self.output.read_to_string(&mut said).expect("text");
        assert!(self.child.wait().expect("our child").success(), "{said}");
        said
    }

    pub(super) fn patch(&mut self, crates: &[Crate]) -> Result<Patched, NotPatched> {
        self.live.patch(crates)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
