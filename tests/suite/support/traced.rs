//! A command under ptrace, all of whose own writes below a directory are seen, and one of them made to fail.
//!
//! Only the command's threads are traced, not the processes that it starts. System calls and not functions of libc,
//! because the tool makes some of them itself.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::{Read, Seek};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use nix::errno::Errno;
use nix::libc::{self, c_long, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::support::command::Finished;

/// A system call that changes the file system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) name: &'static str,
    /// What is made, changed or removed.
    pub(crate) path: PathBuf,
}

impl Write {
    /// Whether a full disk is in its way.
    pub(crate) fn needs_space(&self) -> bool {
        !matches!(self.name, "unlink" | "unlinkat" | "rmdir" | "fchmod" | "chmod" | "fchmodat" | "utimensat")
    }
}

/// What becomes of a system call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is made.
    Made,
    /// It fails.
    Fails(Errno),
    /// The process is killed before it is made.
    Kills,
    /// Half of it is written, then the process is killed; what writes no bytes is made whole before.
    Tears,
}

/// Asked about each write of a process.
pub(crate) type Judge<'a> = dyn FnMut(Pid, &Write) -> Fate + Send + 'a;

/// Runs `command` to its end, and asks `judge` about each of its writes below `top`.
pub(crate) fn trace(command: &mut Command, top: &Path, judge: &mut Judge<'_>) -> Finished {
    // A thread of its own waits for nothing but what it traces.
    std::thread::scope(|scope| scope.spawn(|| Tracer::start(command, top, judge).run()).join().expect("no panic"))
}

struct Tracer<'a, 'b> {
    child: Child,
    top: &'a Path,
    judge: &'a mut Judge<'b>,
    output: [fs::File; 2],
    /// Threads that were seen already.
    known: HashSet<Pid>,
    /// Threads inside of a call that was judged.
    judged: Vec<(Pid, Fate)>,
}

impl<'a, 'b> Tracer<'a, 'b> {
    fn start(command: &mut Command, top: &'a Path, judge: &'a mut Judge<'b>) -> Self {
        let output = [(); 2].map(|()| tempfile::tempfile().expect("a file for its output"));
        let [stdout, stderr] = output.each_ref().map(|file| file.try_clone().expect("a second handle"));
        command.stdout(stdout).stderr(stderr);
        #[expect(unsafe_code, reason = "the only way to be traced from the first instruction on")]
        // SAFETY: the closure makes one system call and touches no memory of the parent.
        unsafe {
            command.pre_exec(|| ptrace::traceme().map_err(Into::into));
        }
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self { child, top, judge, output, known: HashSet::new(), judged: Vec::new() }
    }

    fn run(mut self) -> Finished {
        let leader = self.leader();
        let stopped = waitpid(leader, None).expect("our child");
        assert_eq!(stopped, WaitStatus::Stopped(leader, Signal::SIGTRAP), "it begins");
        self.known.insert(leader);
        let options = Options::PTRACE_O_TRACESYSGOOD | Options::PTRACE_O_TRACECLONE | Options::PTRACE_O_EXITKILL;
        ptrace::setoptions(leader, options).expect("it is traced");
        resume(leader, None);
        let status = loop {
            match waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD)).expect("something is traced") {
                WaitStatus::Exited(thread, code) if thread == leader => break ExitStatus::from_raw(code << 8),
                WaitStatus::Signaled(thread, signal, _) if thread == leader => {
                    break ExitStatus::from_raw(signal as i32);
                }
                WaitStatus::PtraceSyscall(thread) => self.at_system_call(thread),
                WaitStatus::PtraceEvent(thread, ..) => resume(thread, None),
                // A new thread begins with this.
                WaitStatus::Stopped(thread, Signal::SIGSTOP) if self.known.insert(thread) => resume(thread, None),
                WaitStatus::Stopped(thread, signal) => resume(thread, Some(signal)),
                _ => {}
            }
        };
        let [stdout, stderr] = self.output.map(|mut file| {
            let mut text = String::new();
            file.rewind().and_then(|()| file.read_to_string(&mut text)).expect("UTF-8");
            text
        });
        Finished { code: status.code(), stdout, stderr }
    }

    fn leader(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    fn at_system_call(&mut self, thread: Pid) {
        // Whoever is killed meanwhile is gone.
        let Ok(info) = ptrace::syscall_info(thread) else { return };
        match info.op {
            libc::PTRACE_SYSCALL_INFO_ENTRY => self.enters(thread),
            libc::PTRACE_SYSCALL_INFO_EXIT => self.leaves(thread),
            _ => resume(thread, None),
        }
    }

    fn enters(&mut self, thread: Pid) {
        let Ok(mut registers) = ptrace::getregs(thread) else { return };
        let write = write(thread, &registers).filter(|write| write.path.starts_with(self.top));
        let leader = self.leader();
        let fate = write.as_ref().map_or(Fate::Made, |write| (self.judge)(leader, write));
        match fate {
            Fate::Made => {}
            Fate::Kills => return kill(&mut self.child),
            Fate::Tears => {
                if matches!(registers.orig_rax.cast_signed(), libc::SYS_write | libc::SYS_pwrite64) {
                    registers.rdx /= 2;
                    ptrace::setregs(thread, registers).expect("a stopped thread");
                }
                self.judged.push((thread, fate));
            }
            Fate::Fails(_) => {
                registers.orig_rax = u64::MAX;
                ptrace::setregs(thread, registers).expect("a stopped thread");
                self.judged.push((thread, fate));
            }
        }
        resume(thread, None);
    }

    fn leaves(&mut self, thread: Pid) {
        let judged = self.judged.iter().position(|(judged, _)| *judged == thread);
        match judged.map(|index| self.judged.swap_remove(index).1) {
            Some(Fate::Tears) => return kill(&mut self.child),
            Some(Fate::Fails(errno)) => {
                let mut registers = ptrace::getregs(thread).expect("a stopped thread");
                registers.rax = (-i64::from(errno as i32)).cast_unsigned();
                ptrace::setregs(thread, registers).expect("a stopped thread");
            }
            _ => {}
        }
        resume(thread, None);
    }
}

fn resume(thread: Pid, signal: Option<Signal>) {
    // It fails for a thread that was killed meanwhile.
    let _ = ptrace::syscall(thread, signal);
}

fn kill(child: &mut Child) {
    child.kill().expect("our child");
}

/// The change of the file system that a thread is about to make, if it is one.
fn write(thread: Pid, registers: &user_regs_struct) -> Option<Write> {
    let argument = |index: usize| [registers.rdi, registers.rsi, registers.rdx, registers.r10][index];
    let here = |index| named(thread, None, argument(index));
    let at = |directory, name| named(thread, Some(argument(directory)), argument(name));
    let of = |index| open(thread, argument(index));
    let opened = |flags: u64, path: Option<PathBuf>| {
        let writes = libc::O_WRONLY | libc::O_RDWR | libc::O_CREAT | libc::O_TRUNC;
        path.filter(|_| flags & u64::from(writes.cast_unsigned()) != 0)
    };
    let number: c_long = registers.orig_rax.cast_signed();
    let (name, path) = match number {
        libc::SYS_open => ("open", opened(argument(1), here(0))),
        libc::SYS_openat => ("openat", opened(argument(2), at(0, 1))),
        libc::SYS_creat => ("creat", here(0)),
        libc::SYS_write => ("write", of(0)),
        libc::SYS_pwrite64 => ("pwrite64", of(0)),
        libc::SYS_writev => ("writev", of(0)),
        libc::SYS_sendfile => ("sendfile", of(0)),
        libc::SYS_copy_file_range => ("copy_file_range", of(2)),
        libc::SYS_fallocate => ("fallocate", of(0)),
        libc::SYS_ftruncate => ("ftruncate", of(0)),
        libc::SYS_truncate => ("truncate", here(0)),
        libc::SYS_fsync => ("fsync", of(0)),
        libc::SYS_fdatasync => ("fdatasync", of(0)),
        libc::SYS_fchmod => ("fchmod", of(0)),
        libc::SYS_chmod => ("chmod", here(0)),
        libc::SYS_fchmodat => ("fchmodat", at(0, 1)),
        libc::SYS_fchown => ("fchown", of(0)),
        libc::SYS_chown | libc::SYS_lchown => ("chown", here(0)),
        libc::SYS_fchownat => ("fchownat", at(0, 1)),
        libc::SYS_utimensat if argument(1) == 0 => ("utimensat", of(0)),
        libc::SYS_utimensat => ("utimensat", at(0, 1)),
        libc::SYS_mkdir => ("mkdir", here(0)),
        libc::SYS_mkdirat => ("mkdirat", at(0, 1)),
        libc::SYS_rmdir => ("rmdir", here(0)),
        libc::SYS_unlink => ("unlink", here(0)),
        libc::SYS_unlinkat => ("unlinkat", at(0, 1)),
        libc::SYS_rename => ("rename", here(1)),
        libc::SYS_renameat | libc::SYS_renameat2 => ("rename", at(2, 3)),
        libc::SYS_link => ("link", here(1)),
        libc::SYS_linkat => ("link", at(2, 3)),
        libc::SYS_symlink => ("symlink", here(1)),
        libc::SYS_symlinkat => ("symlink", at(1, 2)),
        libc::SYS_mknod => ("mknod", here(0)),
        libc::SYS_mknodat => ("mknod", at(0, 1)),
        _ => return None,
    };
    path.map(|path| Write { name, path })
}

/// What the file descriptor is, in the words of the kernel.
fn open(thread: Pid, descriptor: u64) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{thread}/fd/{descriptor}")).ok()
}

/// The path at `address`, seen from the directory that is open as `directory` or else from the current one.
fn named(thread: Pid, directory: Option<u64>, address: u64) -> Option<PathBuf> {
    let name = PathBuf::from(OsString::from_vec(string(thread, address)?));
    let directory = match directory {
        // `AT_FDCWD` is a negative number, of which half of the register is looked at.
        Some(number) if number <= u64::from(i32::MAX.cast_unsigned()) => open(thread, number),
        _ => fs::read_link(format!("/proc/{thread}/cwd")).ok(),
    }?;
    let path = directory.join(name);
    Some(
        path.strip_prefix("/proc/self")
            .map_or(path.clone(), |rest| Path::new("/proc").join(thread.to_string()).join(rest)),
    )
}

fn string(thread: Pid, address: u64) -> Option<Vec<u8>> {
    let memory = fs::File::open(format!("/proc/{thread}/mem")).ok()?;
    let mut bytes = Vec::new();
    // A piece never crosses the end of a page: what lies behind it may not be there.
    while !bytes.contains(&0) {
        let at = address + bytes.len() as u64;
        let mut piece = vec![0; 256 - (at % 256) as usize];
        let read = memory.read_at(&mut piece, at).ok().filter(|read| *read > 0)?;
        bytes.extend(&piece[..read]);
    }
    bytes.truncate(bytes.iter().position(|byte| *byte == 0)?);
    Some(bytes)
}
