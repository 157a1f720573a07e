//! Workspaces of any kind, whose program is built and run.
//!
//! Each has a fixed place, so that its build output can be used again.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::pipe;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::{clean, finish, run_command};
use crate::support::output::Output;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::tree::{Tree, tree};

/// A directory with a workspace in `ws` and what that needs beside it.
pub(crate) struct Place {
    top: PathBuf,
    _lock: File,
}

impl Place {
    pub(crate) fn new(name: &str, files: &[(&str, String)]) -> Self {
        let top = shared().join(name);
        fs::create_dir_all(&top).expect("mkdir");
        let lock = File::create(top.with_extension("turn")).expect("the lock file");
        lock.lock().expect("our turn");
        for (name, content) in files {
            write(&top.join(name), content);
        }
        Self { top, _lock: lock }
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.top.join("ws")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.top.join(name)
    }

    /// The workspace and the crates beside it, but for build output.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Tree> {
        let entries = fs::read_dir(&self.top).expect("a directory").map(|entry| entry.expect("an entry").path());
        entries.filter(|path| path.is_dir()).map(|path| (path.clone(), tree(&path))).collect()
    }

    /// Runs the program in a session until it has ended by itself, and returns everything that was printed.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        Started::launch(self.command(arguments)).until_program_ends()
    }

    /// `cargo hotreload run` with these arguments; libraries become modules unless a strategy is named.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        run_command(&self.root(), arguments)
    }
}

/// A running session; it is ended if the test does not do that.
pub(crate) struct Started {
    child: Child,
    pub(crate) output: Arc<Output>,
}

impl Started {
    pub(crate) fn launch(mut command: Command) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        command.stdout(writer.try_clone().expect("a second end")).stderr(writer);
        let child = command.spawn().expect("the tool starts");
        // Our own copies of the pipe's end are closed with the command: then its end means that no process is left.
        drop(command);
        Self { child, output: Output::collect(reader) }
    }

    /// Waits until the program has ended by itself, and returns everything that was printed.
    #[track_caller]
    pub(crate) fn until_program_ends(self) -> String {
        self.output.expect(BUILD, ["[hotreload] the program ended (exit code 0)"]);
        self.terminate()
    }

    /// Ends program and session, and returns everything that was printed.
    #[track_caller]
    pub(crate) fn terminate(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("the tool runs");
        let status = until(SOON, "the session has ended", || self.child.try_wait().expect("our child"));
        assert!(self.output.closes_within(SOON), "a process of the session is left:\n{}", self.output.text());
        assert!(status.success(), "{}", self.output.text());
        self.output.text()
    }
}

impl Started {
    /// The tool's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the tool a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the tool runs");
    }

    /// Kills the tool.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the tool runs");
        self.child.wait().expect("our child");
        assert!(self.output.closes_within(SOON), "a process of the session is left:\n{}", self.output.text());
    }

    /// Waits until the session has ended by itself, and returns its exit code and everything that was printed.
    #[track_caller]
    pub(crate) fn end(mut self) -> (Option<i32>, String) {
        let status = until(SOON, "the session has ended", || self.child.try_wait().expect("our child"));
        assert!(self.output.closes_within(SOON), "a process of the session is left:\n{}", self.output.text());
        (status.code(), self.output.text())
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // Not killed: it would leave its program behind.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// A git repository with these files and no history, made once; returns its address.
pub(crate) fn git_repository(name: &str, files: &[(&str, &str)]) -> String {
    let directory = shared().join(name);
    fs::create_dir_all(&directory).expect("mkdir");
    // Two tests may want the same one.
    let lock = File::create(directory.with_extension("turn")).expect("the lock file");
    lock.lock().expect("our turn");
    let written: Vec<bool> = files.iter().map(|(name, content)| write(&directory.join(name), content)).collect();
    if written.contains(&true) {
        let git = |arguments: &[&str]| finish(clean("git", &directory).args(arguments)).expect_success();
        git(&["init", "--quiet", "--initial-branch=main"]);
        git(&["add", "."]);
        git(&["-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=made"]);
    }
    format!("file://{}", directory.display())
}

/// Where all places are.
fn shared() -> PathBuf {
    let shared = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("anywhere");
    fs::create_dir_all(&shared).expect("mkdir");
    shared.canonicalize().expect("its path")
}

/// Writes a file unless it has this content; returns whether that was needed.
fn write(path: &Path, content: &str) -> bool {
    fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
    // An untouched file keeps its time stamp, and so its crate is not built again.
    let is_new = fs::read_to_string(path).ok().as_deref() != Some(content);
    if is_new {
        fs::write(path, content).expect("written");
    }
    is_new
}
