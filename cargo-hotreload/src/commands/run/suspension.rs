//! Ctrl+Z: the session, its build and its program stop together, and go on together.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, Signal, kill_current_process_group, kill_process_group};
use rustix::termios::{Termios, Winsize};
use signal_hook::consts::{SIGTSTP, SIGTTIN, SIGTTOU};
use signal_hook::low_level::{emulate_default_handler, signal_name};

use crate::commands::run::front::output::narrowed;
use crate::commands::run::view::View;
use crate::effects::pty::Pty;
use crate::effects::terminal;
use crate::ui::say;
use crate::ui::screen::{self, Size};

/// What belongs to a session and has to stop and be resized with it.
#[derive(Debug)]
pub(super) struct Suspension {
    view: View,
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    groups: Vec<Pid>,
    /// Each with the columns that it is narrower than the real one.
    terminals: Vec<(Pty, u16)>,
    /// The program, where it has the terminal.
    foreground: Option<Pid>,
    /// The modes that the program had set when it was suspended.
    modes: Option<Termios>,
}

impl Suspension {
    pub(super) fn new(view: View) -> Self {
        Self { view, members: Mutex::default() }
    }

    /// Takes in a process group.
    pub(super) fn add(&self, group: Pid) {
        self.locked().groups.push(group);
    }

    /// Takes in the program, and gives it the terminal if it is to have that.
    pub(super) fn add_program(&self, group: Pid) {
        let mut members = self.locked();
        members.groups.push(group);
        if self.view == View::Foreground {
            members.foreground = Some(group);
            terminal::give_to(group, None);
            // It may have been stopped for reading before that.
            let _ = kill_process_group(group, Signal::CONT);
        }
    }

    /// Takes in a pseudo-terminal that is so many columns narrower than the real one.
    pub(super) fn add_terminal(&self, terminal: Pty, narrower: u16) {
        let mut members = self.locked();
        members.terminals.retain(|(terminal, _)| !terminal.source().is_over());
        members.terminals.push((terminal, narrower));
    }

    /// Leaves a process group out that is about to be reaped: its number may belong to another one then.
    pub(super) fn remove(&self, group: Pid) {
        let mut members = self.locked();
        members.groups.retain(|member| *member != group);
        members.foreground.take_if(|program| *program == group);
    }

    /// The terminal has another size.
    pub(super) fn resize(&self, size: Winsize) {
        let members = self.locked();
        members.terminals.iter().for_each(|(terminal, narrower)| terminal.resize(narrowed(size, *narrower)));
        // The kernel tells only the foreground of a session, which a pseudo-terminal of ours has none of.
        signal_all(&members.groups, Signal::WINCH);
    }

    /// Ctrl+Z was pressed while the terminal was ours.
    pub(super) fn suspend(&self) {
        if !terminal::has_shell() {
            return;
        }
        screen::hide();
        terminal::restore();
        signal_all(&self.locked().groups, Signal::STOP);
        let _ = emulate_default_handler(SIGTSTP);
    }

    /// We were continued, in the foreground or in the background.
    pub(super) fn resumed(self: &Arc<Self>) {
        let mut members = self.locked();
        if terminal::is_ours() {
            let modes = members.modes.take();
            match (self.view, members.foreground) {
                (View::Foreground, Some(program)) => terminal::give_to(program, modes.as_ref()),
                (View::Foreground, None) => {}
                (View::Screen | View::Plain, _) => terminal::want_keys(),
            }
            let size = terminal::size();
            screen::resized(Size { rows: size.ws_row.into(), columns: size.ws_col.into() });
            screen::show();
        } else {
            // A shell's `fg` tells nobody who runs already.
            let suspension = Arc::clone(self);
            terminal::when_ours(move || suspension.resumed());
        }
        signal_all(&members.groups, Signal::CONT);
    }

    /// The program was stopped by `signal`; it has a `name` if it is one of several.
    pub(super) fn program_stopped(&self, signal: i32, name: Option<&str>) {
        let mut members = self.locked();
        match (self.view, members.foreground) {
            // The shell has to learn of it, and sees only us stop.
            (View::Foreground, Some(_)) if terminal::has_shell() => {
                members.modes = terminal::modes();
                terminal::restore();
                drop(members);
                let _ = kill_current_process_group(Signal::STOP);
            }
            (View::Foreground, Some(program)) => {
                let _ = kill_process_group(program, Signal::CONT);
            }
            _ if [SIGTTIN, SIGTTOU].contains(&signal) => {
                drop(members);
                let signal = signal_name(signal).unwrap_or_default();
                say::warning(&match name {
                    None => format!(
                        "the program wants the terminal for itself and was stopped ({signal}): \
                         `cargo hotreload run --foreground` gives it to the program"
                    ),
                    Some(name) => format!(
                        "[{name}] the program wants the terminal for itself and was stopped ({signal}): \
                         a session of it alone, with `--foreground`, gives it to the program"
                    ),
                });
            }
            _ => {}
        }
    }

    fn locked(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signal_all(groups: &[Pid], signal: Signal) {
    for group in groups {
        // It fails when the group has ended, which is reported elsewhere.
        let _ = kill_process_group(*group, signal);
    }
}
