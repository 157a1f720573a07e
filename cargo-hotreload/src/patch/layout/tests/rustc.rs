//! Compiles small crates to objects.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::read::archive::ArchiveFile;
use tempfile::TempDir;

use crate::patch::layout::{Coverage, Types, read};

/// The toolchains that have to work; one that is not installed is left out.
pub(super) const TOOLCHAINS: [&str; 2] = ["stable", "nightly"];

/// A crate to be compiled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crate<'a> {
    pub(super) toolchain: &'a str,
    pub(super) source: &'a str,
    pub(super) flags: &'a [&'a str],
}

/// What was compiled.
#[derive(Debug)]
pub(super) struct Compiled {
    /// Where it lies.
    pub(super) directory: TempDir,
    /// The objects of the library, with their names.
    pub(super) objects: Vec<(String, Vec<u8>)>,
    /// The files with split debug information in it.
    pub(super) split: Vec<(String, Vec<u8>)>,
}

impl Crate<'_> {
    /// Compiles a library called `cases`. `None` if the toolchain is not there.
    pub(super) fn compile(&self) -> Option<Compiled> {
        let directory = tempfile::tempdir().expect("a directory");
        let output = self.rustc(directory.path(), &["--crate-type=rlib"])?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let library = fs::read(directory.path().join("libcases.rlib")).expect("a library");
        let archive = ArchiveFile::parse(&*library).expect("an archive");
        let (mut objects, mut split) = (Vec::new(), Vec::new());
        for member in archive.members() {
            let member = member.expect("a member");
            let name = String::from_utf8_lossy(member.name()).into_owned();
            let bytes = member.data(&*library).expect("its bytes").to_vec();
            match Path::new(&name).extension().and_then(|extension| extension.to_str()) {
                Some("o") => objects.push((name, bytes)),
                Some("dwo") => split.push((name, bytes)),
                _ => {}
            }
        }
        Some(Compiled { directory, objects, split })
    }

    /// Compiles a program. `None` if the toolchain is not there.
    pub(super) fn program(&self) -> Option<Program> {
        let directory = tempfile::tempdir().expect("a directory");
        let output = self.rustc(directory.path(), &["--crate-type=bin"])?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(Program { directory })
    }

    fn rustc(&self, directory: &Path, kind: &[&str]) -> Option<std::process::Output> {
        let path = directory.join("cases.rs");
        fs::write(&path, self.source).expect("a written source");
        let mut command = Command::new("rustup");
        command.args(["run", self.toolchain, "rustc", "--edition=2024", "--crate-name=cases", "-Cdebuginfo=2"]);
        command.args(["--cap-lints=allow", "-Csymbol-mangling-version=v0"]).args(kind).args(self.flags);
        let output = command.arg("cases.rs").current_dir(directory).env_remove("RUSTUP_TOOLCHAIN").output().ok()?;
        let missing = String::from_utf8_lossy(&output.stderr).contains("is not installed");
        (!missing).then_some(output)
    }
}

/// A compiled program.
#[derive(Debug)]
pub(super) struct Program {
    directory: TempDir,
}

impl Program {
    /// Its executable.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join("cases")
    }

    /// What it prints.
    pub(super) fn run(&self) -> String {
        let run = Command::new(self.path()).output().expect("a program that runs");
        assert!(run.status.success());
        String::from_utf8(run.stdout).expect("text")
    }
}

impl Compiled {
    /// Everything that the library describes; it has to be all.
    pub(super) fn types(&self) -> Types {
        let mut types = Types::default();
        let mut coverage = Vec::new();
        for (name, object) in &self.objects {
            let described = read(object).unwrap_or_else(|error| panic!("{name}: {error}"));
            types.add(&described.types);
            coverage.push(described.coverage);
        }
        assert_eq!(Coverage::of_crate(coverage), Coverage::Full);
        types
    }
}
