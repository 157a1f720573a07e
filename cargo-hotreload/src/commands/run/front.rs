//! The side of a session that its user sits in front of: who has the terminal, and what is shown there.
//!
//! | what | the program writes to | our lines | status line | keys |
//! |---|---|---|---|---|
//! | [`View::Screen`]: output and errors go to a terminal | a pseudo-terminal | above the status line | yes | yes |
//! | [`View::Plain`]: one of them goes elsewhere | what we write to | as they come | no | if input is a terminal |
//! | [`View::Foreground`]: `--foreground` | the terminal, which it also reads | as they come, or at its end if it draws there | no | no |
//!
//! Several programs write to us in each case, so that every line has its program's name in front ([`output`]).

use std::env;
use std::io::{self, IsTerminal, stderr, stdout};
use std::panic;
use std::process::Stdio;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anstream::{AutoStream, ColorChoice};
use anyhow::{Context, Result};
use rustix::process::Pid;
use rustix::termios::Winsize;
use signal_hook::consts::{SIGCONT, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;

use crate::cli::Run;
use crate::commands::run::arrival::Arrival;
use crate::commands::run::front::output::Output;
use crate::commands::run::suspension::Suspension;
use crate::commands::run::view::View;
use crate::commands::status::describe_session;
use crate::config::values::MessageFormat;
use crate::effects::build::{Rendered, Severity};
use crate::effects::pty::Pty;
use crate::effects::terminal;
use crate::plan::command::CommandLine;
use crate::session::event::Scope;
use crate::session::fleet::wording::{About, told};
use crate::session::fleet::{Fleet, Whom};
use crate::session::message::Message;
use crate::session::request::Answer;
use crate::ui::color::Color;
use crate::ui::keys::keys;
use crate::ui::labels::Labels;
use crate::ui::notify::{Notify, is_worth_it, ring};
use crate::ui::say;
use crate::ui::screen::bar::Programs;
use crate::ui::screen::diagnostics::Diagnostics;
use crate::ui::screen::progress::{Piece, Pieces};
use crate::ui::screen::width::rows;
use crate::ui::screen::{self, Size};

pub(super) mod output;

/// Why a build failed.
pub(super) const ABOVE: &str = "cargo's messages are above";

/// What the user has before them. Dropping it leaves the terminal as it was.
pub(super) struct Front {
    view: View,
    color: Color,
    notify: Notify,
    message_format: MessageFormat,
    /// The programs' names.
    labels: Labels,
    suspension: Arc<Suspension>,
    diagnostics: Arc<Mutex<Diagnostics>>,
}

impl Front {
    /// Takes the terminal, if there is one.
    pub(super) fn open(arguments: &Run, color: Color, labels: Labels, arrivals: &Sender<Arrival>) -> Result<Self> {
        let is_dumb = env::var_os("TERM").is_none_or(|term| term == "dumb");
        let is_screen = stdout().is_terminal() && stderr().is_terminal() && !is_dumb;
        // Events have standard output for themselves.
        let is_human = arguments.message_format == MessageFormat::Human;
        let view = match (is_screen && is_human, arguments.foreground) {
            (_, true) => View::Foreground,
            (true, false) => View::Screen,
            (false, false) => View::Plain,
        };
        let has_input = terminal::remember();
        let suspension = Arc::new(Suspension::new(view));
        let front = Self {
            view,
            color,
            notify: arguments.notify,
            message_format: arguments.message_format,
            labels,
            suspension,
            diagnostics: Arc::default(),
        };
        if view == View::Screen || has_input {
            leave_terminal_in_panics();
            front.follow_signals().context("cannot catch signals")?;
        }
        if view == View::Screen {
            let styled = AutoStream::choice(&stdout()) != ColorChoice::Never;
            screen::open(measured(terminal::size()), styled);
        }
        if has_input && view != View::Foreground {
            let arrivals = arrivals.clone();
            terminal::read_keys(move |typed| {
                for key in keys(typed) {
                    drop(arrivals.send(Arrival::Key(key)));
                }
            })?;
        }
        if has_input {
            // In the background of a shell, the terminal is not ours to change before we are back.
            if !terminal::is_ours() {
                screen::hide();
            }
            front.suspension.resumed();
        }
        Ok(front)
    }

    fn follow_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new([SIGTSTP, SIGCONT, SIGWINCH])?;
        let suspension = Arc::clone(&self.suspension);
        let follow = move || {
            for signal in signals.forever() {
                match signal {
                    SIGTSTP => suspension.suspend(),
                    SIGCONT => suspension.resumed(),
                    _ => {
                        let size = terminal::size();
                        screen::resized(measured(size));
                        suspension.resize(size);
                    }
                }
            }
        };
        thread::Builder::new().name("terminal".into()).spawn(follow).map(drop)
    }

    /// A build begins: what the last one said is no longer so.
    pub(super) fn build_begins(&self) {
        let mut diagnostics = self.locked();
        diagnostics.begin();
        count(&diagnostics);
    }

    /// `line`, which calls cargo, with what it has to know about the terminal.
    pub(super) fn for_cargo(&self, line: CommandLine) -> CommandLine {
        let line = match self.color.for_cargo() {
            Some(color) => line.env("CARGO_TERM_COLOR", color),
            None => line,
        };
        // The program writes where cargo would draw.
        if self.view == View::Foreground { line.env("CARGO_TERM_PROGRESS_WHEN", "never") } else { line }
    }

    /// Where cargo writes its progress.
    pub(super) fn cargo_output(&self) -> io::Result<(Stdio, Output)> {
        if self.view == View::Plain || !stderr().is_terminal() {
            return Ok((Stdio::inherit(), Output::default()));
        }
        let (pty, slave) = Pty::open(terminal::size())?;
        if self.view == View::Screen {
            let mut pieces = Pieces::default();
            pty.pass_on("cargo", move |bytes| screen::cargo(&pieces.feed(bytes)))?;
        } else {
            pty.pass_on("cargo", |bytes| say::lines(&String::from_utf8_lossy(bytes)))?;
        }
        self.suspension.add_terminal(pty.clone(), 0);
        Ok((slave.into(), Output::of(pty.source())))
    }

    /// What to do with each diagnostic of a build of `scope`; in one that nobody has asked for, what was said before is not
    /// shown again. On a screen they are shown when it ends: the errors first.
    pub(super) fn diagnostics(&self, scope: Scope) -> impl Fn(Rendered) + Send + 'static {
        let (view, diagnostics) = (self.view, Arc::clone(&self.diagnostics));
        let is_asked_for = scope != Scope::Settle;
        move |diagnostic| {
            let mut diagnostics = diagnostics.lock().unwrap_or_else(PoisonError::into_inner);
            if view != View::Screen && (is_asked_for || !diagnostics.knows(&diagnostic)) {
                say::diagnostic(&diagnostic.text);
            }
            diagnostics.add(diagnostic);
            count(&diagnostics);
        }
    }

    /// Shows what rustc said in the build that has ended. What a cancelled build said, the next one says again.
    pub(super) fn build_ended(&self, is_good: bool, is_cancelled: bool) {
        self.ended_with(is_good, is_cancelled, Diagnostics::of_success);
    }

    /// The same for some crates.
    pub(super) fn compilation_ended(&self, is_good: bool, is_cancelled: bool) {
        self.ended_with(is_good, is_cancelled, Diagnostics::of_part);
    }

    fn ended_with(&self, is_good: bool, is_cancelled: bool, of_success: fn(&mut Diagnostics) -> String) {
        screen::cargo(&[Piece::Bar(Vec::new())]);
        if is_cancelled {
            return self.build_begins();
        }
        let mut diagnostics = self.locked();
        let text = match screen::size() {
            _ if is_good => of_success(&mut diagnostics),
            Some(Size { rows: height, columns }) => {
                diagnostics.of_failure(height.saturating_sub(foot(columns)), columns)
            }
            None => String::new(),
        };
        drop(diagnostics);
        // Where there is no screen, it was shown as it came.
        if self.view == View::Screen && !text.is_empty() {
            say::lines(&text);
        }
    }

    /// Everything that rustc said in the last build.
    pub(super) fn all_diagnostics(&self) -> String {
        self.locked().everything()
    }

    /// A build has begun, as the process group `group`.
    pub(super) fn build_started(&self, group: Pid) {
        self.suspension.add(group);
    }

    /// The program was started, as the process group `group`; with `--foreground` it gets the terminal.
    pub(super) fn program_started(&self, group: Pid, modules: usize) {
        screen::status(|bar| bar.modules = modules);
        self.suspension.add_program(group);
    }

    /// What is called when the program of this number was stopped, and has not ended.
    pub(super) fn when_stopped(&self, index: usize) -> impl Fn(i32) + Send + 'static {
        let (suspension, name) = (Arc::clone(&self.suspension), self.labels.of(index).map(str::to_owned));
        move |signal| suspension.program_stopped(signal, name.as_deref())
    }

    /// The programs have these names from now on.
    pub(super) fn rename(&mut self, labels: Labels) {
        self.labels = labels;
    }

    /// The process group has ended and is about to be reaped: its id is not to be used any more.
    pub(super) fn ended(&self, group: Pid) {
        self.suspension.remove(group);
    }

    /// The program has ended.
    pub(super) fn program_ended(&self, group: Pid) {
        self.ended(group);
        screen::program_ended();
        if self.view == View::Foreground {
            terminal::restore();
            say::catch_up();
        }
    }

    /// Tells the user what is about the session, or one of its programs.
    pub(super) fn say(&self, whom: Whom, message: &Message) {
        let about = match whom {
            Whom::One(index) => self.labels.of(index).map_or(About::Only, About::One),
            Whom::All if self.labels.are_shown() => About::All,
            Whom::All => About::Only,
        };
        let text = told(message, about);
        screen::status(|bar| bar.note(message));
        say::message(message, &text);
        if is_worth_it(message) {
            ring(self.notify, &text);
        }
    }

    /// Shows what the session does, and how many of its programs run.
    pub(super) fn show_state(&self, fleet: &Fleet) {
        let programs = self.labels.are_shown().then(|| Programs { running: fleet.running(), all: fleet.count() });
        screen::status(|bar| (bar.state, bar.programs) = (fleet.state(), programs));
    }

    /// Shows the answer to what a key asked for. What was done was said by itself.
    pub(super) fn answer(answer: &Answer) {
        if let Answer::Status { .. } = answer {
            say::note(&describe_session(answer));
        }
    }

    /// Who has the terminal.
    pub(super) fn view(&self) -> View {
        self.view
    }

    fn locked(&self) -> MutexGuard<'_, Diagnostics> {
        self.diagnostics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        screen::close();
        terminal::forget();
    }
}

fn count(diagnostics: &Diagnostics) {
    let (errors, warnings) = (diagnostics.count(Severity::Error), diagnostics.count(Severity::Warning));
    screen::status(|bar| (bar.errors, bar.warnings) = (errors, warnings));
}

/// How many rows stand below the errors of a failed build on a terminal of this width: what was left out, our message,
/// the status line.
fn foot(columns: usize) -> usize {
    let message = Message::BuildFailed { reason: ABOVE.into(), running: true };
    2 + rows(&format!("[hotreload] {message}"), columns)
}

fn measured(size: Winsize) -> Size {
    Size { rows: size.ws_row.into(), columns: size.ws_col.into() }
}

/// A panic is told on a terminal that its user can use.
fn leave_terminal_in_panics() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        screen::abandon();
        terminal::restore_in_panic();
        tell(panic);
    }));
}

#[cfg(test)]
mod tests;
