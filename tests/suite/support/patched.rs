//! Small programs that are compiled by the test, started with the agent in them, and asked by lines.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, PipeWriter, Write as _, pipe};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use cargo_hotreload::effects::agent::{Agent, Missing, install};
use cargo_hotreload::effects::child::Running;
use cargo_hotreload::patch::agent_state::SLOT;
use cargo_hotreload::patch::placed::{Placed, Write};
use cargo_hotreload::plan::environment::preloading;
use object::{Object, ObjectKind, ObjectSymbol};
use procfs::process::{MMapPath, Process};
use tempfile::TempDir;

use crate::support::command::{clean, finish};
use crate::support::poll::SOON;

/// A compiled program and a directory for everything that it needs.
#[derive(Clone)]
pub(crate) struct Program {
    executable: PathBuf,
    _temporary: Option<Arc<TempDir>>,
}

impl Program {
    /// Compiles `tests/programs/NAME`, which is C or Rust, with more `flags`.
    #[track_caller]
    pub(crate) fn compile(name: &str, flags: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/programs").join(name);
        let executable = directory.path().join("program");
        let mut compiler = if source.extension() == Some(OsStr::new("rs")) {
            let mut compiler = clean("rustc", directory.path());
            compiler.args(["--edition", "2024", "-g"]);
            compiler
        } else {
            let mut compiler = clean("cc", directory.path());
            compiler.args(["-O0", "-g", "-pthread"]);
            compiler
        };
        finish(compiler.args(flags).arg("-o").arg(&executable).arg(source)).expect_success();
        Self { executable, _temporary: Some(Arc::new(directory)) }
    }

    /// One that was compiled already.
    pub(crate) fn compiled(executable: PathBuf) -> Self {
        Self { executable, _temporary: None }
    }

    pub(crate) fn executable(&self) -> &Path {
        &self.executable
    }

    fn directory(&self) -> &Path {
        self.executable.parent().expect("it is in a directory")
    }

    /// How it is started with the agent, if the user's `LD_PRELOAD` is `inherited`.
    pub(crate) fn command(&self, arguments: &[&str], inherited: Option<&str>) -> Command {
        let agent = install(self.directory()).expect("the agent's file");
        let mut command = clean(&self.executable, self.directory());
        command.args(arguments).envs(preloading(&agent, &self.patches(), inherited.map(OsStr::new)));
        command
    }

    pub(crate) fn plain_command(&self, arguments: &[&str]) -> Command {
        let mut command = clean(&self.executable, self.directory());
        command.args(arguments);
        command
    }

    /// The directory for the files of debug information.
    pub(crate) fn patches(&self) -> PathBuf {
        self.directory().join("patches")
    }

    /// Starts it, and waits until it has said `ready`.
    #[track_caller]
    pub(crate) fn start(self, arguments: &[&str]) -> Patched {
        let command = self.command(arguments, None);
        let started = Started::new(command);
        let agent = Agent::find(started.pid()).expect("the agent");
        Patched { program: self, agent, started }
    }

    /// Where the function `name` is in the process `pid`.
    #[track_caller]
    pub(crate) fn symbol(&self, pid: u32, name: &str) -> u64 {
        let bytes = fs::read(&self.executable).expect("the executable");
        let file = object::File::parse(&*bytes).expect("an ELF file");
        let address = file.symbols().find(|symbol| symbol.name() == Ok(name)).expect("the function").address();
        match file.kind() {
            ObjectKind::Executable => address,
            _ => address + self.mapped(pid).0,
        }
    }

    /// Where the executable's first byte and the end of its last one are in the process `pid`.
    #[track_caller]
    pub(crate) fn mapped(&self, pid: u32) -> (u64, u64) {
        let process = Process::new(i32::try_from(pid).expect("a process id")).expect("the process");
        // Any of its threads, because the main thread may have ended.
        let maps = process.tasks().expect("its threads").filter_map(|task| {
            let maps = Process::new(task.ok()?.tid).ok()?.maps().ok()?;
            (maps.len() > 0).then_some(maps)
        });
        let maps = maps.flatten();
        let own: Vec<_> = maps.filter(|map| map.pathname == MMapPath::Path(self.executable.clone())).collect();
        (own[0].address.0, own[own.len() - 1].address.1)
    }
}

/// A program that was started.
pub(crate) struct Started {
    running: Option<Running>,
    input: Option<PipeWriter>,
    lines: Receiver<String>,
}

impl Started {
    /// Starts `command`, and waits until it has said `ready`.
    #[track_caller]
    pub(crate) fn new(mut command: Command) -> Self {
        let (reader, input) = pipe().expect("a pipe");
        let mut running = Running::start({
            command.stdin(reader).stdout(Stdio::piped());
            command
        })
        .expect("the program starts");
        let output = BufReader::new(running.take_stdout().expect("a pipe"));
        let (sender, lines) = channel();
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let started = Self { running: Some(running), input: Some(input), lines };
        assert_eq!(started.line(), "ready");
        started
    }

    pub(crate) fn pid(&self) -> u32 {
        self.running().id()
    }

    pub(crate) fn running(&self) -> &Running {
        self.running.as_ref().expect("it was not reaped")
    }

    /// The next line that it writes.
    #[track_caller]
    pub(crate) fn line(&self) -> String {
        self.lines.recv_timeout(SOON).expect("a line")
    }

    /// What it answers to `line`.
    #[track_caller]
    pub(crate) fn ask(&self, line: &str) -> String {
        self.tell(line);
        self.line()
    }

    #[track_caller]
    pub(crate) fn tell(&self, line: &str) {
        writeln!(self.input.as_ref().expect("its input is open"), "{line}").expect("it reads");
    }

    /// Ends its input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Gives the process to somebody who waits for its end.
    pub(crate) fn take(&mut self) -> Running {
        self.running.take().expect("it was not reaped")
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.reap();
        }
    }
}

/// A started program with the agent in it.
pub(crate) struct Patched {
    pub(crate) program: Program,
    pub(crate) agent: Agent,
    pub(crate) started: Started,
}

impl Patched {
    #[track_caller]
    pub(crate) fn symbol(&self, name: &str) -> u64 {
        self.program.symbol(self.agent.pid(), name)
    }

    /// Where the code of a slot is.
    pub(crate) fn slot(&self, number: u64) -> u64 {
        self.agent.code().start + number * SLOT
    }

    /// A patch that puts `code` into a slot and sends the function `name` there.
    #[track_caller]
    pub(crate) fn redirect(&self, name: &str, slot: u64, code: &[u8]) -> Placed {
        redirect(&self.agent, self.symbol(name), slot, code)
    }

    /// A patch that makes the function `name` what it is now.
    #[track_caller]
    pub(crate) fn undo(&self, name: &str) -> Placed {
        let address = self.symbol(name);
        let bytes = self.agent.memory().read(address, 5).expect("its first bytes");
        Placed { redirects: vec![Write { address, bytes }], ..Placed::default() }
    }
}

/// `mov eax, VALUE; ret`
pub(crate) fn returning(value: u32) -> Vec<u8> {
    [&[0xb8], &value.to_le_bytes()[..], &[0xc3]].concat()
}

/// A patch that puts `code` into a slot and sends the function at `from` there.
pub(crate) fn redirect(agent: &Agent, from: u64, slot: u64, code: &[u8]) -> Placed {
    let to = agent.code().start + slot * SLOT;
    Placed {
        writes: vec![Write { address: to, bytes: code.to_vec() }],
        redirects: vec![Write { address: from, bytes: jump(from, to) }],
        ..Placed::default()
    }
}

fn jump(from: u64, to: u64) -> Vec<u8> {
    let distance = i32::try_from(to.cast_signed() - (from + 5).cast_signed()).expect("within reach");
    [&[0xe9], &distance.to_le_bytes()[..]].concat()
}

/// What `find` says until the process is ready or cannot be patched.
pub(crate) fn find_when_ready(pid: u32) -> Result<Agent, Missing> {
    loop {
        match Agent::find(pid) {
            Err(Missing::NotReady { .. }) => thread::yield_now(),
            found => return found,
        }
    }
}
