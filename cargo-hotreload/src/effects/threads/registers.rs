//! What is looked at and changed in the registers of a stopped thread.

/// What a stopped thread's registers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registers {
    /// Where it goes on.
    pub pc: u64,
    /// Where it goes on instead, if it is in a system call that the kernel begins again.
    pub restart: Option<u64>,
    /// The lowest address of its stack that is in use.
    pub stack: u64,
    /// Its thread pointer.
    pub thread_pointer: u64,
    /// What a function has to give back as it found it: `rbx`, `rbp`, `r12` to `r15`.
    pub saved: [u64; 6],
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use nix::libc::{SYS_close, user_regs_struct};
    use nix::sys::ptrace;
    use nix::unistd::Pid;

    use super::Registers;

    const EINTR: i64 = -4;
    /// What a system call returns within the kernel for it to be begun again, unless a handler of a signal runs, in
    /// which case the program is told `EINTR`. No program ever sees it.
    const ERESTARTNOHAND: i64 = -514;
    const ERESTARTSYS: i64 = -512;
    const ERESTARTNOINTR: i64 = -513;
    const ERESTART_RESTARTBLOCK: i64 = -516;
    /// Bytes of `syscall`.
    const SYSCALL: u64 = 2;

    /// Whether threads can be stopped and looked at on this architecture.
    pub const UNSUPPORTED: Option<&str> = None;

    /// Reads the registers of the stopped thread, and takes back what the stop did to its system call.
    ///
    /// Most system calls that are interrupted by a stop are begun again by the kernel when the thread goes on. Some
    /// (`epoll_wait`, `semop`, `io_getevents`, `sigtimedwait`, `recv` with a time limit, ...) return `EINTR` although no
    /// handler of a signal ran (signal(7)). At this point the kernel has not yet decided what becomes of the result, so
    /// it is given the one that means: again, unless a handler runs.
    pub fn settle(thread: Pid) -> nix::Result<Registers> {
        let mut registers = ptrace::getregs(thread)?;
        if is_interrupted(&registers) {
            registers.rax = ERESTARTNOHAND.cast_unsigned();
            ptrace::setregs(thread, registers)?;
        }
        Ok(Registers {
            pc: registers.rip,
            restart: begins_again(&registers).then(|| registers.rip.wrapping_sub(SYSCALL)),
            stack: registers.rsp,
            thread_pointer: registers.fs_base,
            saved: [registers.rbx, registers.rbp, registers.r12, registers.r13, registers.r14, registers.r15],
        })
    }

    fn call(registers: &user_regs_struct) -> Option<i64> {
        let call = registers.orig_rax.cast_signed();
        (call >= 0).then_some(call)
    }

    /// A file is closed even when `close` was interrupted; it must not be closed twice.
    fn is_interrupted(registers: &user_regs_struct) -> bool {
        registers.rax.cast_signed() == EINTR && call(registers).is_some_and(|call| call != SYS_close)
    }

    fn begins_again(registers: &user_regs_struct) -> bool {
        let again = [ERESTARTSYS, ERESTARTNOINTR, ERESTARTNOHAND, ERESTART_RESTARTBLOCK];
        call(registers).is_some() && again.contains(&registers.rax.cast_signed())
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod other {
    use nix::errno::Errno;
    use nix::unistd::Pid;

    use super::Registers;

    /// Why threads are not stopped here: on `AArch64` the kernel has lost the first argument of an interrupted system
    /// call by the time that a thread can be looked at, so `EINTR` cannot be taken back the same way.
    pub const UNSUPPORTED: Option<&str> = Some(std::env::consts::ARCH);

    /// Is never called.
    pub fn settle(_thread: Pid) -> nix::Result<Registers> {
        Err(Errno::ENOSYS)
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub use other::{UNSUPPORTED, settle};
#[cfg(target_arch = "x86_64")]
pub use x86_64::{UNSUPPORTED, settle};
