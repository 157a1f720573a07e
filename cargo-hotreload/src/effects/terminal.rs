//! The user's terminal: its modes, its size, and which process group has it.
//!
//! There is one in a process, so what it was like when the session began is remembered once: [`remember`] first, then
//! [`want_keys`] or [`give_to`], [`restore`] whenever somebody else gets the terminal, also on the way out of a panic,
//! and [`forget`] in the end. Everything here does nothing where standard input is no terminal.

use std::io::stdin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, sleep};
use std::time::Duration;

use nix::sys::signal::{SigSet, SigmaskHow, Signal as NixSignal};
use procfs::process::{Process, Stat};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, read};
use rustix::process::{Pid, getppid};
use rustix::stdio;
use rustix::termios::{
    LocalModes, OptionalActions, OutputModes, SpecialCodeIndex, Termios, Winsize, isatty, tcgetattr, tcgetpgrp,
    tcgetwinsize, tcsetattr, tcsetpgrp,
};

use crate::effects::panics;

/// How often a session in the background looks whether it is back.
const BACKGROUND: Duration = Duration::from_millis(250);

/// What the terminal was like, and what we made of it.
#[derive(Debug)]
struct Known {
    before: Termios,
    is_changed: bool,
    /// The process group that we gave it to.
    given: Option<Pid>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

/// Remembers the terminal's modes, to be restored in the end. `false` without a terminal.
#[must_use]
pub fn remember() -> bool {
    let before = tcgetattr(stdin()).ok();
    let is_terminal = before.is_some();
    *locked() = before.map(|before| Known { before, is_changed: false, given: None });
    is_terminal
}

/// Whether our process group has the terminal: a session that was started with `&` has not.
#[must_use]
pub fn is_ours() -> bool {
    tcgetpgrp(stdin()).is_ok_and(|group| own_group() == Some(group))
}

/// Calls `back` once the terminal is ours again, from a thread of its own.
pub fn when_ours(back: impl FnOnce() + Send + 'static) {
    let wait = move || {
        while !is_ours() {
            // A terminal that is gone does not come back.
            if !isatty(stdin()) {
                return;
            }
            sleep(BACKGROUND);
        }
        back();
    };
    // Without the thread there are no keys until the next Ctrl+Z.
    let _ = thread::Builder::new().name("background".into()).spawn(wait);
}

/// Whether [`want_keys`] was called since the modes were restored.
fn has_keys() -> bool {
    locked().as_ref().is_some_and(|known| known.is_changed)
}

/// From now on each key is read when it is pressed, and not shown. Ctrl+C, Ctrl+\ and Ctrl+Z stay signals.
pub fn want_keys() {
    let mut known = locked();
    let Some(known) = known.as_mut().filter(|_| is_ours()) else { return };
    let mut modes = known.before.clone();
    modes.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::IEXTEN);
    modes.special_codes[SpecialCodeIndex::VMIN] = 1;
    modes.special_codes[SpecialCodeIndex::VTIME] = 0;
    known.is_changed = true;
    set(&modes);
}

/// Makes `group` the terminal's foreground process group, and sets `modes` if it had others when it was suspended.
pub fn give_to(group: Pid, modes: Option<&Termios>) {
    let mut known = locked();
    let Some(known) = known.as_mut().filter(|_| is_ours()) else { return };
    if let Some(modes) = modes {
        set(modes);
    }
    known.given = Some(group);
    known.is_changed = true;
    let _ = unstopped(|| tcsetpgrp(stdin(), group));
}

/// The modes that the terminal has now.
#[must_use]
pub fn modes() -> Option<Termios> {
    tcgetattr(stdin()).ok()
}

/// Takes the terminal back from whoever we gave it to, with the modes that it had at first.
pub fn restore() {
    restore_to(&mut locked());
}

/// As [`restore`], for a thread that panics, maybe in here.
pub fn restore_in_panic() {
    if let Some(mut known) = panics::lock(&KNOWN) {
        restore_to(&mut known);
    }
}

fn restore_to(known: &mut Option<Known>) {
    let Some(known) = known else { return };
    // Whom the program has given it to in turn does not matter; only a shell may have it and keep it.
    let shell = || stat_of(getppid()?).and_then(|stat| Pid::from_raw(stat.pgrp));
    let is_shells = || tcgetpgrp(stdin()).ok() == shell();
    if known.given.take().is_some()
        && !is_ours()
        && !is_shells()
        && let Some(ours) = own_group()
    {
        let _ = unstopped(|| tcsetpgrp(stdin(), ours));
    }
    // A shell that has it back has modes of its own.
    if std::mem::take(&mut known.is_changed) && is_ours() {
        set(&known.before);
    }
}

/// Restores the terminal for the last time.
pub fn forget() {
    let mut known = locked();
    restore_to(&mut known);
    *known = None;
}

/// Whether the program draws on the terminal as a whole: it has it in modes in which a line's end does not go back to the
/// first column. A line editor leaves them alone.
#[must_use]
pub fn is_drawn_on() -> bool {
    let is_given = locked().as_ref().is_some_and(|known| known.given.is_some());
    is_given && modes().is_some_and(|modes| !modes.output_modes.contains(OutputModes::OPOST))
}

/// The terminal's size in rows and columns, or what most terminals begin with.
#[must_use]
pub fn size() -> Winsize {
    let known = [tcgetwinsize(stdio::stdout()), tcgetwinsize(stdio::stderr())].into_iter().flatten();
    let fallback = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
    known.into_iter().find(|size| size.ws_row > 0 && size.ws_col > 0).unwrap_or(fallback)
}

/// Reads what is typed, from a thread of its own, until the terminal is gone. While the terminal is somebody else's,
/// nothing is read.
pub fn read_keys(report: impl Fn(&[u8]) + Send + 'static) -> std::io::Result<()> {
    let follow = move || {
        let mut buffer = [0; 256];
        loop {
            let _ = poll(&mut [PollFd::new(&stdin(), PollFlags::IN)], None);
            if !isatty(stdin()) {
                return;
            }
            if !is_ours() || !has_keys() {
                // Reading would stop us, or take what is meant for somebody else.
                sleep(BACKGROUND);
                continue;
            }
            match read(stdin(), &mut buffer) {
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) | Ok(0) => return,
                Ok(length) => report(&buffer[..length]),
            }
        }
    };
    thread::Builder::new().name("keys".into()).spawn(follow).map(drop)
}

/// Whether a shell (or somebody like it) waits to continue us once we are suspended. Without one, the kernel ignores
/// Ctrl+Z, and so do we: nobody could take it back.
#[must_use]
pub fn has_shell() -> bool {
    let is_shell = || {
        let leader = stat_of(own_group()?)?;
        let parent = stat_of(Pid::from_raw(leader.ppid)?)?;
        Some(parent.session == leader.session && parent.pgrp != leader.pgrp)
    };
    is_shell().unwrap_or(false)
}

/// Our process group. A container may have one that is not of it: such a group has no number there (`getpgid` gives 0,
/// as does `getsid`, which rustix does not expect).
fn own_group() -> Option<Pid> {
    Pid::from_raw(Process::myself().ok()?.stat().ok()?.pgrp)
}

fn stat_of(pid: Pid) -> Option<Stat> {
    Process::new(pid.as_raw_nonzero().get()).ok()?.stat().ok()
}

fn set(modes: &Termios) {
    // It fails where the terminal is gone.
    let _ = unstopped(|| tcsetattr(stdin(), OptionalActions::Now, modes));
}

/// Calls `action` with SIGTTOU blocked: who changes a terminal from the background is stopped otherwise.
fn unstopped<T>(action: impl FnOnce() -> T) -> T {
    let mut blocked = SigSet::empty();
    blocked.add(NixSignal::SIGTTOU);
    let before = blocked.thread_swap_mask(SigmaskHow::SIG_BLOCK);
    let done = action();
    if let Ok(before) = before {
        let _ = before.thread_set_mask();
    }
    done
}

fn locked() -> MutexGuard<'static, Option<Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}
