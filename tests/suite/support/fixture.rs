//! Tiny workspaces without third-party crates, for everything that needs no build.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::command::{Finished, hotreload};
use crate::support::tree::{Tree, tree};

/// A workspace in a temporary directory. Not below the target directory: cargo would look for a root above.
#[derive(Debug)]
pub(crate) struct Fixture {
    directory: TempDir,
}

impl Fixture {
    /// Nothing but a directory.
    pub(crate) fn empty() -> Self {
        Self { directory: tempfile::Builder::new().prefix("hotreload-").tempdir().expect("a temporary directory") }
    }

    /// `app` (the program) uses `my-api`, which uses `base`; all manifests are as cargo writes them.
    pub(crate) fn three_crates() -> Self {
        Self::empty()
            .file("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"my-api\", \"base\"]\n")
            .file("app/Cargo.toml", &manifest("app", "my-api = { path = \"../my-api\" }\n"))
            .file("app/src/main.rs", "fn main() {\n    my_api::answer();\n}\n")
            .file("my-api/Cargo.toml", &manifest("my-api", "base = { path = \"../base\" }\n"))
            .file("my-api/src/lib.rs", "pub fn answer() -> u32 {\n    base::number()\n}\n")
            .file("base/Cargo.toml", &manifest("base", ""))
            .file("base/src/lib.rs", "pub fn number() -> u32 {\n    42\n}\n")
    }

    /// Writes a file, with its directories.
    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        self.write(name, content);
        self
    }

    /// Replaces `old`, which has to be there, in a file.
    #[track_caller]
    pub(crate) fn replace(self, name: &str, old: &str, new: &str) -> Self {
        let text = self.read(name);
        assert!(text.contains(old), "{name} has no {old:?}");
        self.file(name, &text.replace(old, new))
    }

    /// Appends to a file.
    pub(crate) fn append(self, name: &str, more: &str) -> Self {
        let text = self.read(name);
        self.file(name, &(text + more))
    }

    /// Sets a file's mode.
    pub(crate) fn mode(self, name: &str, mode: u32) -> Self {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("chmod");
        self
    }

    /// Moves the file `name` to `target`, and leaves a relative symbolic link in its place.
    pub(crate) fn linked(self, name: &str, target: &str, link: &str) -> Self {
        fs::create_dir_all(self.path(target).parent().expect("a directory")).expect("mkdir");
        fs::rename(self.path(name), self.path(target)).expect("moved");
        symlink(link, self.path(name)).expect("a link");
        assert!(self.path(name).exists(), "{link} leads nowhere");
        self
    }

    pub(crate) fn root(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
        fs::write(path, content).expect("written");
    }

    pub(crate) fn tree(&self) -> Tree {
        tree(self.root())
    }

    /// Runs `cargo hotreload …` in it.
    pub(crate) fn hotreload(&self, arguments: &[&str]) -> Finished {
        hotreload(self.root(), arguments)
    }
}

/// A package's manifest as `cargo new` writes it.
pub(crate) fn manifest(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}")
}
