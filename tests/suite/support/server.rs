//! The workspace of the example server, shared by all tests of it.
//!
//! A test gets it as `cargo hotreload new` writes it. Only files that differ are written, and the build output stays,
//! so that each test builds only what the one before has edited. A file lock lets one test at a time have it, whether
//! tests are threads (`cargo test`) or processes (nextest).

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::support::command::{cargo, hotreload};
use crate::support::poll::{BUILD, SOON, until};
use crate::support::processes::{Worker, working_in};
use crate::support::tree::{Entry, Tree, tree};

/// The program's name. Its crates have a `-`, their libraries a `_`.
pub(crate) const NAME: &str = "note-server";

/// The workspace, for one test.
#[derive(Debug)]
pub(crate) struct Server {
    root: PathBuf,
    _lock: File,
}

impl Server {
    /// Waits for its turn, and puts the workspace into its first state.
    pub(crate) fn new() -> Self {
        let shared = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        fs::create_dir_all(&shared).expect("the directory for tests");
        let shared = shared.canonicalize().expect("its path");
        let lock = File::create(shared.join("server.turn")).expect("the lock file");
        lock.lock().expect("our turn");
        let server = Self { root: shared.join("server"), _lock: lock };
        server.assert_nobody_works_here();
        server.write_template();
        server.write_lock_file(&shared.join("server.Cargo.lock"));
        server
    }

    /// Where it is.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Replaces `old`, which has to be in `file`, by `new`.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path).expect("a source file");
        assert!(text.contains(old), "{file} has no {old:?}");
        fs::write(&path, text.replacen(old, new, 1)).expect("written");
    }

    /// Makes the greeting of `GET /` say `greeting`.
    #[track_caller]
    pub(crate) fn greet(&self, greeting: &str) {
        let path = self.root.join("api/src/lib.rs");
        let text = fs::read_to_string(&path).expect("a source file");
        let start = text.find("String::from(\"").expect("the greeting") + "String::from(\"".len();
        let end = start + text[start..].find("\\n\")").expect("its end");
        fs::write(&path, format!("{}{greeting}{}", &text[..start], &text[end..])).expect("written");
    }

    /// A file that cargo built for the session.
    pub(crate) fn built(&self, name: &str) -> PathBuf {
        self.root.join("target/hotreload/debug").join(name)
    }

    /// Every file but the build output and the server's data.
    pub(crate) fn tree(&self) -> Tree {
        tree(&self.root)
    }

    /// Panics unless every process that worked in the workspace has gone.
    #[track_caller]
    pub(crate) fn assert_nobody_works_here(&self) {
        let gone = || working_in(&self.root).is_empty().then_some(());
        // A process that was killed is reaped by init a moment later.
        until(SOON, &format!("nobody works in {}: {:#?}", self.root.display(), working_in(&self.root)), gone);
    }

    /// Waits until a compiler works on `crate_name`.
    #[track_caller]
    pub(crate) fn expect_rustc(&self, crate_name: &str) {
        let is_at_it = |worker: &Worker| {
            let is = |word: &str| worker.command.iter().any(|argument| argument == word);
            is(crate_name) && worker.command.first().is_some_and(|program| program.ends_with("rustc"))
        };
        until(BUILD, &format!("rustc works on {crate_name}"), || {
            working_in(&self.root).iter().any(is_at_it).then_some(())
        });
    }

    fn write_template(&self) {
        let pristine = tempfile::tempdir().expect("a temporary directory");
        hotreload(pristine.path(), &["new", NAME, "--path", "server"]).expect_success();
        let wanted = tree(&pristine.path().join("server"));
        fs::create_dir_all(&self.root).expect("the workspace's directory");
        remove(&self.root.join("data"));
        let present = tree(&self.root);
        for name in present.keys().collect::<BTreeSet<_>>().into_iter().rev() {
            if !wanted.contains_key(name) && name != Path::new("Cargo.lock") {
                remove(&self.root.join(name));
            }
        }
        for (name, entry) in wanted.iter().filter(|(name, entry)| present.get(*name) != Some(entry)) {
            match entry {
                Entry::Directory { .. } => fs::create_dir_all(self.root.join(name)).expect("a directory"),
                Entry::File { content, .. } => fs::write(self.root.join(name), content).expect("a file"),
                other => panic!("the template has {other:?}"),
            }
        }
    }

    /// Every test has the same versions, as the first one resolved them.
    fn write_lock_file(&self, saved: &Path) {
        let path = self.root.join("Cargo.lock");
        match fs::read(saved) {
            Ok(content) => fs::write(&path, content).expect("Cargo.lock"),
            Err(_) => remove(&path),
        }
        let metadata = cargo("stable", &self.root, &["metadata", "--format-version", "1"]);
        metadata.expect_success();
        fs::copy(&path, saved).expect("a copy of Cargo.lock");
    }
}

fn remove(path: &Path) {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(_) => Ok(()),
    };
    removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
