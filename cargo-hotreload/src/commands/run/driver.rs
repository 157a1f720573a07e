//! Carries out what the sessions want: the loop around [`Fleet::handle`].

use std::collections::{BTreeSet, VecDeque};
use std::env;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::cli::Run;
use crate::commands::Outcome;
use crate::commands::run::arrival::Arrival;
use crate::commands::run::causes::Causes;
use crate::commands::run::facts::Facts;
use crate::commands::run::front::Front;
use crate::commands::run::linking::Linking;
use crate::commands::run::modules::ModulesBuild;
use crate::commands::run::patching::Patching;
use crate::commands::run::recorded::Build;
use crate::commands::run::turns::Turns;
use crate::commands::run::view::View;
use crate::commands::run::wanted::Wanted;
use crate::effects::build::Artifacts;
use crate::effects::built::Contents;
use crate::effects::child::Running;
use crate::effects::control::Control;
use crate::effects::events::EventLog;
use crate::effects::kept::Kept;
use crate::effects::watch::{self, Watch};
use crate::events::record::{LiveHow, Record};
use crate::plan::instances::Instance;
use crate::session::event::{Action, Event, Scope, Timer};
use crate::session::fleet::{Fleet, Tidings, Whom};
use crate::session::request::{ReplyTo, Request};
use crate::session::{OwnEnd, Session};

/// How long threads have to leave old code once the new is live, and forked processes to execute another program.
const BEHIND: Duration = Duration::from_millis(50);
/// If nothing is due for so long, there is time for what nobody waits for.
const LULL: Duration = Duration::from_millis(20);

/// The running processes and everything that is needed to start them again.
pub(super) struct Driver<'arguments> {
    pub(super) arguments: &'arguments Run,
    /// Where the user called us: the program runs there, as with `cargo run`.
    pub(super) directory: PathBuf,
    pub(super) facts: Facts,
    pub(super) front: Front,
    control: Control,
    /// What happens is written there.
    pub(super) log: EventLog,
    /// The newest build, as far as it is recorded.
    pub(super) recorded: Build,
    pub(super) watch: Watch,
    pub(super) arrivals: Sender<Arrival>,
    pub(super) build: Option<Running>,
    /// The running build was told to end: it is not for us to start another.
    pub(super) cancelled: bool,
    /// The linkers that failed in this session.
    pub(super) linking: Linking,
    /// The process of each instance, if it has one.
    pub(super) programs: Vec<Option<Running>>,
    /// What explains what becomes of each.
    pub(super) causes: Vec<Causes>,
    pub(super) contents: Contents,
    /// The files of builds that may be wanted again.
    pub(super) kept: Kept,
    pub(super) wanted: Wanted,
    /// Everything that was built, by whichever build.
    pub(super) artifacts: Artifacts,
    pub(super) modules_build: ModulesBuild,
    /// The modules that this is about: those of all programs.
    pub(super) modules: Vec<String>,
    /// How often cargo was asked about them.
    pub(super) questions: u32,
    pub(super) build_began: SystemTime,
    /// What was saved with time stamps that tell cargo nothing.
    pub(super) overlooked: BTreeSet<PathBuf>,
    /// What patches need, where they are wanted.
    pub(super) patching: Option<Patching>,
    pub(super) turns: Turns,
    timers: Vec<(Instant, Whom, Timer)>,
    pub(super) queue: VecDeque<Tidings>,
}

impl<'arguments> Driver<'arguments> {
    /// Starts to watch; nothing is built yet.
    pub(super) fn new(
        arguments: &'arguments Run,
        facts: Facts,
        control: Control,
        log: EventLog,
        arrivals: Sender<Arrival>,
        front: Front,
    ) -> Result<Self> {
        Ok(Self {
            arguments,
            directory: env::current_dir().context("cannot tell the current directory")?,
            watch: watch(&facts, &arrivals)?,
            patching: Patching::new(&facts, &arrivals)?,
            turns: Turns::default(),
            kept: Kept::new(&facts.workspace.target_directory)?,
            wanted: Wanted::default(),
            programs: facts.instances.iter().map(|_| None).collect(),
            causes: facts.instances.iter().map(|_| Causes::default()).collect(),
            facts,
            front,
            control,
            log,
            recorded: Build::default(),
            arrivals,
            build: None,
            cancelled: false,
            linking: Linking::default(),
            contents: Contents::default(),
            artifacts: Artifacts::default(),
            modules_build: ModulesBuild::default(),
            modules: Vec::new(),
            questions: 0,
            build_began: SystemTime::now(),
            overlooked: BTreeSet::new(),
            timers: Vec::new(),
            queue: VecDeque::from([Tidings::All(Event::Begin)]),
        })
    }

    /// Runs the session to its end. No process of it is left then.
    pub(super) fn drive(mut self, inbox: &Receiver<Arrival>) -> Result<Outcome> {
        let own_end = if self.front.view() == View::Foreground { OwnEnd::Ends } else { OwnEnd::Waits };
        let strategy = *self.facts.settings.strategy;
        let on_stuck = *self.facts.settings.on_stuck;
        let session = || Session::new(strategy).with_own_end(own_end).with_on_stuck(on_stuck);
        let mut fleet = Fleet::new(self.facts.names(), session);
        self.record_start();
        let ended = self.run(&mut fleet, inbox);
        self.record(Whom::All, fleet.record_of_end(ended.as_ref().err().map(|error| format!("{error:#}"))));
        ended?;
        Ok(fleet.exit_code().map_or(Outcome::Done, Outcome::Program))
    }

    fn run(&mut self, fleet: &mut Fleet, inbox: &Receiver<Arrival>) -> Result<()> {
        loop {
            let tidings = self.next(inbox, fleet)?;
            self.record_change(&tidings);
            if let Tidings::All(Event::Asked(Request::Rollback, _)) = tidings {
                self.begin_to_go_back();
            }
            for (whom, action) in fleet.handle(tidings, Instant::now()) {
                if action == Action::End {
                    return Ok(());
                }
                self.perform(whom, action);
            }
            fleet.rename(self.facts.names());
            self.front.show_state(fleet);
        }
    }

    fn next(&mut self, inbox: &Receiver<Arrival>, fleet: &Fleet) -> Result<Tidings> {
        loop {
            if let Some(tidings) = self.queue.pop_front() {
                return Ok(tidings);
            }
            let now = Instant::now();
            let next = self.timers.iter().map(|(at, ..)| *at).min();
            let patience = next.map_or(Duration::from_hours(1), |at| at.saturating_duration_since(now));
            if patience >= LULL && self.remove_unwanted() {
                continue;
            }
            match inbox.recv_timeout(patience) {
                Ok(arrival) => self.arrived(arrival, fleet),
                Err(RecvTimeoutError::Timeout) => self.timers_due(),
                Err(error @ RecvTimeoutError::Disconnected) => return Err(error.into()),
            }
        }
    }

    fn arrived(&mut self, arrival: Arrival, fleet: &Fleet) {
        let at = Instant::now();
        let tidings = match arrival {
            Arrival::Event(event) => Tidings::All(event),
            Arrival::Key(key) => match self.pressed(key, fleet) {
                Some(event) => Tidings::All(event),
                None => return,
            },
            Arrival::Saved(saved) => self.saved(&saved),
            Arrival::Compiling(crates) => return self.compiling(&crates),
            Arrival::Compiled(ended) => self.compiled(ended),
            Arrival::Turn => return self.turn_is_over(),
            Arrival::Followed(index, followed) => Tidings::One(index, Event::Followed(followed)),
            Arrival::TakenBack(index, result) => Tidings::One(index, Event::TakenBack(result)),
            Arrival::Diverged(index, why) => Tidings::One(index, Event::Diverged(why)),
            Arrival::Patched(index, result) => Tidings::One(index, Event::Patched(result)),
            Arrival::ModulesBuild(question, found) => {
                if self.modules_build == ModulesBuild::Asked(question) {
                    self.modules_build = found;
                }
                return;
            }
            Arrival::BuildEnded(mut artifacts) => {
                let built = self.build_ended(&mut artifacts);
                self.turn_is_ours();
                match built {
                    Err(_) if !self.cancelled && self.builds_with_another_linker(&artifacts.link_errors) => return,
                    Err(reason) => Tidings::All(Event::Built(Err(self.linking.recall(reason)))),
                    Ok(built) => {
                        self.linking = Linking::default();
                        self.queue.push_back(Tidings::All(Event::Compiled { at }));
                        let of_instance = |instance: &Instance| Event::Built(Ok(built[instance.host].clone()));
                        Tidings::Each(self.facts.instances.iter().map(of_instance).collect())
                    }
                }
            }
            Arrival::ProgramEnded(index) => match self.program_ended(index) {
                Some(event) => Tidings::One(index, event),
                None => return,
            },
        };
        self.queue.push_back(tidings);
    }

    fn timers_due(&mut self) {
        let now = Instant::now();
        let (due, later) = self.timers.drain(..).partition(|(at, ..)| *at <= now);
        self.timers = later;
        let tidings = |(_, whom, timer)| match whom {
            Whom::All => Tidings::All(Event::Due(timer)),
            Whom::One(index) => Tidings::One(index, Event::Due(timer)),
        };
        self.queue.extend(Vec::into_iter(due).map(tidings));
    }

    fn perform(&mut self, whom: Whom, action: Action) {
        match (action, whom) {
            (Action::Build { scope: Scope::Crates, .. }, _) => {
                self.recorded.count();
                self.compile();
            }
            (Action::Build { scope, replan }, _) => {
                self.recorded.count();
                if !self.has_to_wait(scope, replan) {
                    self.begin_build(scope, replan);
                }
            }
            (Action::CancelBuild, _) => {
                self.cancelled = true;
                self.forget_waiting_build();
                if let Some(build) = &self.build {
                    build.signal_group(Signal::TERM);
                }
                if let Some(patching) = &self.patching {
                    patching.cancel();
                }
            }
            (Action::Start(built), Whom::One(index)) => {
                let event = self.start(index, &built);
                self.queue.push_back(Tidings::One(index, event));
            }
            (Action::Patch, Whom::One(index)) => self.patch(index),
            (Action::TakeBack, Whom::One(index)) => self.take_back(index),
            (Action::Compare, Whom::One(index)) => self.compare(index),
            (Action::Current, Whom::One(index)) => self.is_current(index),
            (Action::Signal(signal), Whom::One(index)) => self.signal(index, signal),
            (Action::Look, Whom::One(index)) => {
                let mappings = self.look(index);
                self.queue.push_back(Tidings::One(index, Event::Mapped(mappings)));
            }
            (Action::Foresee(prospect), Whom::One(index)) => {
                let faults = self.foresee(index, &prospect);
                self.queue.push_back(Tidings::One(index, Event::Foreseen(faults)));
            }
            (Action::Keep(builds), Whom::One(index)) => self.wanted.only(index, &builds),
            (Action::PutBack(built), Whom::One(index)) => {
                let event = self.put_back(index, built);
                self.queue.push_back(Tidings::One(index, event));
            }
            (Action::Listen, Whom::One(index)) => {
                if let Some(reception) = self.reception(index) {
                    self.queue.push_back(Tidings::One(index, Event::Listened(reception)));
                }
            }
            (Action::Explain(question), Whom::One(index)) => {
                let explanation = self.explain(index, &question);
                self.queue.push_back(Tidings::One(index, Event::Explained(explanation)));
            }
            (Action::LookBehind, Whom::One(index)) => {
                let behind = self.left_behind(index, BEHIND);
                self.queue.push_back(Tidings::One(index, Event::LeftBehind(behind)));
            }
            (Action::ExplainEnd(ending), Whom::One(index)) => {
                let reasons = self.reasons_of_end(index, ending);
                self.queue.push_back(Tidings::One(index, Event::EndExplained(reasons)));
            }
            (Action::After(time, timer), _) => self.timers.push((Instant::now() + time, whom, timer)),
            (Action::Say(message), _) => self.front.say(whom, &message),
            (Action::Reply(ReplyTo::NOBODY, answer), _) => Front::answer(&answer),
            (Action::Reply(to, answer), _) => self.control.reply(to, &answer),
            (Action::Record(record), _) => {
                if matches!(&record, Record::Live(live) if matches!(live.how, LiveHow::Reloaded | LiveHow::Patched)) {
                    self.timers.push((Instant::now() + BEHIND, whom, Timer::Behind));
                }
                self.record(whom, record);
            }
            // A process belongs to one program, and the end is the loop's.
            (
                Action::Start(_)
                | Action::Patch
                | Action::TakeBack
                | Action::Compare
                | Action::Current
                | Action::Signal(_)
                | Action::Look
                | Action::Foresee(_)
                | Action::Keep(_)
                | Action::PutBack(_)
                | Action::Listen
                | Action::Explain(_)
                | Action::ExplainEnd(_)
                | Action::LookBehind,
                Whom::All,
            )
            | (Action::End, _) => {}
        }
    }
}

/// An error or a panic leaves no process behind either.
impl Drop for Driver<'_> {
    fn drop(&mut self) {
        self.kill_all();
        self.keep_log();
    }
}

pub(super) fn watch(facts: &Facts, arrivals: &Sender<Arrival>) -> Result<Watch> {
    let arrivals = arrivals.clone();
    watch::start(facts.workspace.places.clone(), *facts.settings.debounce, move |saved| {
        drop(arrivals.send(Arrival::Saved(saved)));
    })
}
