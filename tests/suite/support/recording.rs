//! A workspace that cargo builds while the tool writes down the calls of rustc, and these calls, repeated.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_hotreload::effects::rustc::compile::{Code, Compilation, Compiled, Outcome, Told};
use cargo_hotreload::effects::rustc::records;
use cargo_hotreload::patch::rustc::plan::{Base, Edit, Plan, Refusal, Seen, plan};
use cargo_hotreload::patch::rustc::recorded::{Kind, Recorded};
use cargo_hotreload::patch::rustc::replay::Places;
use cargo_hotreload::patch::rustc::stand_in::{recording, records_directory};
use cargo_hotreload::patch::rustc::units::Units;
use cargo_hotreload::plan::command::CommandLine;

use crate::support::command::{Finished, clean, finish};
use crate::support::fixture::Fixture;
use crate::support::tree::stamp;

/// The two toolchains of every user: the one that they have, and the one that others have.
pub(crate) const TOOLCHAINS: [&str; 2] = ["stable", "nightly"];

/// What there is: inode, time and content.
pub(crate) type Files = BTreeMap<PathBuf, (Stamp, Vec<u8>)>;
type Stamp = (u64, i64, i64);

const TOOL: &str = env!("CARGO_BIN_EXE_cargo-hotreload");

/// The workspace in `ws` of a fixture.
pub(crate) struct Recording {
    pub(crate) fixture: Fixture,
    toolchain: &'static str,
    /// The user's own wrapper.
    pub(crate) wrapper: Option<OsString>,
    /// Variables that cargo gets.
    pub(crate) variables: Vec<(String, OsString)>,
    /// Between the target directory and `debug`.
    pub(crate) triple: Option<String>,
}

impl Recording {
    pub(crate) fn new(fixture: Fixture, toolchain: &'static str) -> Self {
        Self { fixture, toolchain, wrapper: None, variables: Vec::new(), triple: None }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.fixture.path("ws")
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.root().join("target")
    }

    /// Where the programs are.
    pub(crate) fn debug(&self) -> PathBuf {
        self.triple.iter().fold(self.target(), |directory, triple| directory.join(triple)).join("debug")
    }

    /// `cargo build`, recorded.
    fn command(&self, arguments: &[&str]) -> Command {
        let root = self.root();
        let line = CommandLine::new("cargo", &root);
        let line = recording(line, Path::new(TOOL), &records_directory(&self.target()), self.wrapper.as_ref());
        let mut command = clean(&line.program, &root);
        command.arg(format!("+{}", self.toolchain)).arg("build").args(arguments);
        command.envs(line.set).envs(self.variables.iter().cloned());
        command
    }

    /// `cargo build` once more, as the session would.
    pub(crate) fn build(&self, arguments: &[&str]) -> Finished {
        let json = ["--message-format", "json-diagnostic-rendered-ansi"];
        finish(&mut self.command(&[&json, arguments].concat()))
    }

    /// Builds, and returns the crates that were compiled for it.
    #[track_caller]
    pub(crate) fn compiled_by_cargo(&self) -> Vec<String> {
        let printed = self.build(&["--workspace"]).expect_success();
        let messages = printed.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let compiled = messages.filter(|message| message["fresh"] == false);
        compiled.map(|message| message["target"]["name"].as_str().expect("a name").to_owned()).collect()
    }

    /// `cargo build` without the tool, in the same target directory, as a user types it: what it had to compile.
    #[track_caller]
    pub(crate) fn compiled_without_us(&self) -> String {
        let mut command = clean("cargo", &self.root());
        command.arg(format!("+{}", self.toolchain)).args(["build", "--workspace"]);
        command.envs(self.variables.iter().cloned());
        let finished = finish(&mut command);
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        finished.stderr.lines().filter(|line| line.contains("Compiling")).collect()
    }

    pub(crate) fn units(&self) -> Units {
        records::read(&records_directory(&self.target()))
    }

    /// What the program `name` of the package in the directory `package` of the workspace prints.
    #[track_caller]
    pub(crate) fn printed(&self, name: &str) -> String {
        finish(&mut clean(self.debug().join(name), &self.root())).expect_success()
    }

    /// What compiles the crates `edits` of the program `name` of the package `package`.
    pub(crate) fn plan(
        &self,
        (package, name): (&str, &str),
        edits: &[(&str, Seen)],
        base: &Base,
        out_dir: &Path,
    ) -> Result<Plan, Refusal> {
        let units = self.units();
        let program = units.program(name, &self.root().join(package), &self.debug()).expect("a recorded program");
        let parts = units.parts(program);
        let unit = |name: &str| -> &Recorded {
            let found = parts.units.iter().chain(&parts.tools).find(|unit| unit.crate_name == name);
            found.unwrap_or_else(|| panic!("no crate {name}"))
        };
        let edits: Vec<Edit> = edits.iter().map(|(name, seen)| Edit { unit: unit(name).key(), seen: *seen }).collect();
        for edit in &edits {
            let recorded = units.get(&edit.unit).expect("recorded");
            assert!(
                recorded.kind() == Kind::ProcMacro || records::check(recorded, &Base::default()).is_ok(),
                "{recorded:?}"
            );
        }
        plan(&units, &units.parts(program), &edits, base, Places { out_dir, tool: Path::new(TOOL) })
    }

    /// Every file of cargo's, but for rustc's caches and what is ours: time, inode and content.
    pub(crate) fn files(&self) -> Files {
        let mut found = BTreeMap::new();
        let mut open = vec![self.target()];
        while let Some(directory) = open.pop() {
            for entry in fs::read_dir(directory).expect("a directory") {
                let path = entry.expect("an entry").path();
                if path.is_file() {
                    found.insert(path.clone(), (stamp(&path), fs::read(&path).expect("a file")));
                } else if !["incremental", "hotreload-rustc"].iter().any(|left_out| path.ends_with(left_out)) {
                    open.push(path);
                }
            }
        }
        found
    }

    /// Replaces `old` by `new` in a file, later than every build before it.
    #[track_caller]
    pub(crate) fn edit(&self, name: &str, old: &str, new: &str) {
        let text = self.fixture.read(name);
        assert!(text.contains(old), "{name} has no {old:?}");
        self.fixture.write(name, &text.replace(old, new));
    }
}

/// Carries out `plan`, and returns how it ended and what was told meanwhile.
pub(crate) fn compile(plan: &Plan) -> (Outcome, Vec<Told>) {
    let mut told = Vec::new();
    let outcome = Compilation::new(plan).run(|it| told.push(it)).expect("compilers can be started");
    (outcome, told)
}

/// The crates that `plan` compiles, which has to succeed.
#[track_caller]
pub(crate) fn compiled(plan: &Plan) -> Vec<Compiled> {
    let (outcome, told) = compile(plan);
    let Outcome::Done(compiled) = outcome else { panic!("{outcome:?} {told:#?}") };
    compiled
}

/// Whether the machine code has the bytes of `text`.
pub(crate) fn has(code: &Code, text: &str) -> bool {
    let files = match code {
        Code::Archive(path) => std::slice::from_ref(path),
        Code::Objects(objects) => {
            assert!(objects.allocator.is_some() && objects.names.is_some(), "{objects:?}");
            &objects.code
        }
    };
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).expect("an object");
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    };
    files.iter().any(holds)
}
