//! What happens to a session, and what it wants done.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::events::record::Record;
use crate::session::delivery::Built;
use crate::session::exit::Ending;
use crate::session::foresight::{Fault, Prospect};
use crate::session::landed::{Landed, Patch};
use crate::session::message::Message;
use crate::session::request::{Answer, ReplyTo, Request};
use crate::session::trouble::{Behind, Explanation, Question, Reason};
use crate::session::verdict::Reception;
use crate::session::verify::Mapping;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// The session was set up.
    Begin,
    /// A watched file has new content.
    Saved(Change),
    /// Cargo has ended well; what it built is read now.
    Compiled {
        /// When it ended.
        at: Instant,
    },
    /// A build ended; `Err` says why there is nothing to run. A cancelled build ends with `Err` too.
    Built(Result<Built, String>),
    /// The program was started.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// The program could not be started.
    NotStarted {
        /// What the system said.
        reason: String,
    },
    /// The compilation of the edited crates ended, as [`Scope::Crates`] asked for. A cancelled one ends with `Err` too.
    Crates(Result<Crates, NoCrates>),
    /// The compiled crates are in the program, or why they cannot get there.
    Patched(Result<Patch, String>),
    /// Callers of what was patched in have followed, as [`Action::Compare`] had it.
    Followed(Landed),
    /// The last patch was taken back, as [`Action::TakeBack`] wanted it, or why not.
    TakenBack(Result<Landed, String>),
    /// What cargo made of the sources is not what was patched into the program: why it has to be restarted.
    Diverged(String),
    /// The program's executable mappings, as [`Action::Look`] found them.
    Mapped(Vec<Mapping>),
    /// What the program does about the signal that tells it to reload, as [`Action::Listen`] found it.
    Listened(Reception),
    /// What would keep the new code out of the program, as [`Action::Foresee`] found it: nothing, at best.
    Foreseen(Vec<Fault>),
    /// The files of a former build are where the program finds them, as [`Action::PutBack`] asked for, or why not.
    PutBack(Result<(), String>),
    /// Why a reload did not work, as far as [`Action::Explain`] found it out.
    Explained(Explanation),
    /// What new code has left behind in old code, as [`Action::LookBehind`] found it.
    LeftBehind(Behind),
    /// The program ended.
    Exited(Ending),
    /// Why the program died after a reload, as far as [`Action::ExplainEnd`] found it out.
    EndExplained(Vec<Reason>),
    /// Somebody asked for something over the control socket, or by a key.
    Asked(Request, ReplyTo),
    /// Somebody asked for a rollback, which of several programs this one has no part in.
    Stays(ReplyTo, Stay),
    /// Ctrl+C, or a signal to end.
    Interrupted,
    /// A timer ran down.
    Due(Timer),
}

/// Something to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Build, and report with [`Event::Built`].
    Build {
        /// What has to be up to date afterwards.
        scope: Scope,
        /// Whether a manifest changed, so that dependency groups are planned anew first.
        replan: bool,
    },
    /// End the running build; it still reports.
    CancelBuild,
    /// Start the program and report with [`Event::Started`] or [`Event::NotStarted`].
    Start(Built),
    /// Put the compiled crates into the program, and report with [`Event::Patched`].
    Patch,
    /// Put back what the last patch has replaced, and report with [`Event::TakenBack`].
    TakeBack,
    /// Compare what cargo has built with what was patched into the program, and report with [`Event::Diverged`] if it is
    /// something else; or with [`Event::Followed`] if lines alone were other ones, which the program has got then.
    Compare,
    /// The program runs what was built, for that is the same.
    Current,
    /// Send the program a signal.
    Signal(ProgramSignal),
    /// Look at the program's mappings now and report with [`Event::Mapped`].
    Look,
    /// Look what the program does about the signal that tells it to reload, and report with [`Event::Listened`].
    Listen,
    /// Find out why a reload did not work, and report with [`Event::Explained`] in any case.
    Explain(Question),
    /// See whether the program can load the new code, and report with [`Event::Foreseen`] in any case.
    Foresee(Prospect),
    /// Keep the files of these builds, and of no others of this program: one of them may be wanted again.
    Keep(Vec<Built>),
    /// Put the files of this build, which were kept, where the program finds them, and report with [`Event::PutBack`].
    PutBack(Built),
    /// Look for threads that are still in code that was unloaded, and for forked processes that have the old code, and
    /// report with [`Event::LeftBehind`] in any case.
    LookBehind,
    /// Find out why the program died some time after a reload, and report with [`Event::EndExplained`] in any case.
    ExplainEnd(Ending),
    /// Report [`Event::Due`] after a while.
    After(Duration, Timer),
    /// Tell the user.
    Say(Message),
    /// Write an event.
    Record(Record),
    /// Answer a request.
    Reply(ReplyTo, Answer),
    /// The session is over.
    End,
}

/// Why a program is not rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stay {
    /// The newest build has not changed it.
    Unchanged,
    /// For this reason none of the programs is now.
    Together(&'static str),
}

/// Files that were saved at about the same time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// When the last of them was saved.
    pub at: Instant,
    /// The files.
    pub paths: Vec<PathBuf>,
    /// Whose files they are.
    pub owners: BTreeSet<Owner>,
}

/// What a saved file belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A library's package.
    Library(String),
    /// The program's package, or none that is known.
    Program,
    /// A package that is no part of this program, but of another one in the session.
    Other,
    /// It is a manifest: the plan may have to change.
    Plan,
}

/// What a build brings up to date. Of two, the later one here will do for both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// What the running program can swap: the program itself is neither compiled nor linked.
    Modules,
    /// The edited crates, for a patch: cargo is not called, and nothing is linked. It ends with [`Event::Crates`].
    Crates,
    /// What the running program has got by patches already, when nothing else needs the machine.
    Settle,
    /// The program with everything in it.
    #[default]
    Program,
}

/// Compiled crates, for a patch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crates {
    /// Their names, lowest first. None if the edit changes no machine code.
    pub names: Vec<String>,
}

/// Why there are no compiled crates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCrates {
    /// The sources are wrong: this is what the compiler says, or where it says it.
    Wrong(String),
    /// Only cargo can build this: why.
    ForCargo(String),
}

/// What is sent to the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProgramSignal {
    /// Swap the stale modules.
    Reload,
    /// End in an orderly way.
    Stop,
    /// End now.
    Kill,
}

/// What a timer is for. A timer that nobody waits for any more is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// Look at the mappings again.
    Look,
    /// No save has followed for a while.
    Settle,
    /// New modules have been live for a moment.
    Behind,
    /// The program with this process id had time enough to stop.
    Stop {
        /// The process id that was asked to stop.
        pid: u32,
    },
}
