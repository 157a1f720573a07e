//! Carries out what the session wants: the loop around [`Session::handle`].

use std::collections::VecDeque;
use std::env;
use std::mem;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result};
use rustix::process::Signal;

use crate::cli::Run;
use crate::commands::Outcome;
use crate::commands::run::arrival::Arrival;
use crate::commands::run::facts::Facts;
use crate::commands::run::front::{ABOVE, Front};
use crate::commands::run::linking::{Advice, Linking};
use crate::commands::run::modules::ModulesBuild;
use crate::commands::run::prepare;
use crate::commands::run::program::build_line;
use crate::commands::run::recorded::Build;
use crate::commands::run::view::View;
use crate::effects::build::{self, Artifacts, Contents};
use crate::effects::child::{Running, ending, wait_for_end};
use crate::effects::control::Control;
use crate::effects::events::EventLog;
use crate::effects::watch::{self, Inputs, Saved, Watch};
use crate::effects::{dep_info, linkers, probe, settings};
use crate::session::delivery::Built;
use crate::session::event::{Action, Change, Event, Owner, Scope, Timer};
use crate::session::message::Message;
use crate::session::request::ReplyTo;
use crate::session::{OwnEnd, Session};
use crate::ui::{say, screen};
use crate::workspace::Workspace;

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
    watch: Watch,
    pub(super) arrivals: Sender<Arrival>,
    build: Option<Running>,
    /// The running build was told to end: it is not for us to start another.
    pub(super) cancelled: bool,
    /// The linkers that failed in this session.
    linking: Linking,
    pub(super) program: Option<Running>,
    contents: Contents,
    /// Everything that was built, by whichever build.
    artifacts: Artifacts,
    modules_build: ModulesBuild,
    /// The modules that this is about.
    modules: Vec<String>,
    /// How often cargo was asked about them.
    questions: u32,
    build_began: SystemTime,
    timers: Vec<(Instant, Timer)>,
    pub(super) queue: VecDeque<Event>,
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
            facts,
            front,
            control,
            log,
            recorded: Build::default(),
            arrivals,
            build: None,
            cancelled: false,
            linking: Linking::default(),
            program: None,
            contents: Contents::default(),
            artifacts: Artifacts::default(),
            modules_build: ModulesBuild::default(),
            modules: Vec::new(),
            questions: 0,
            build_began: SystemTime::now(),
            timers: Vec::new(),
            queue: VecDeque::from([Event::Begin]),
        })
    }

    /// Runs the session to its end. No process of it is left then.
    pub(super) fn drive(mut self, inbox: &Receiver<Arrival>) -> Result<Outcome> {
        let own_end = if self.front.view() == View::Foreground { OwnEnd::Ends } else { OwnEnd::Waits };
        let mut session = Session::new(*self.facts.settings.strategy).with_own_end(own_end);
        self.record_start();
        let ended = self.run(&mut session, inbox);
        self.record(session.record_of_end(ended.as_ref().err().map(|error| format!("{error:#}"))));
        ended
    }

    fn run(&mut self, session: &mut Session, inbox: &Receiver<Arrival>) -> Result<Outcome> {
        let mut outcome = Outcome::Done;
        loop {
            let event = self.next(inbox, session)?;
            self.record_change(&event);
            for action in session.handle(event, Instant::now()) {
                match action {
                    Action::End => return Ok(outcome),
                    Action::Say(Message::Over(ending)) => outcome = Outcome::Program(ending.exit_code()),
                    _ => {}
                }
                self.perform(action);
            }
            screen::status(|bar| bar.state = session.state());
        }
    }

    fn next(&mut self, inbox: &Receiver<Arrival>, session: &Session) -> Result<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Ok(event);
            }
            let now = Instant::now();
            let next = self.timers.iter().map(|(at, _)| *at).min();
            let patience = next.map_or(Duration::from_hours(1), |at| at.saturating_duration_since(now));
            match inbox.recv_timeout(patience) {
                Ok(arrival) => self.arrived(arrival, session),
                Err(RecvTimeoutError::Timeout) => self.timers_due(),
                Err(error @ RecvTimeoutError::Disconnected) => return Err(error.into()),
            }
        }
    }

    fn arrived(&mut self, arrival: Arrival, session: &Session) {
        let at = Instant::now();
        let event = match arrival {
            Arrival::Event(event) => event,
            Arrival::Key(key) => match self.pressed(key, session) {
                Some(event) => event,
                None => return,
            },
            Arrival::Saved(saved) => Event::Saved(self.change(saved)),
            Arrival::ModulesBuild(question, found) => {
                if self.modules_build == ModulesBuild::Asked(question) {
                    self.modules_build = found;
                }
                return;
            }
            Arrival::BuildEnded(mut artifacts) => match self.build_ended(&mut artifacts) {
                Err(_) if !self.cancelled && self.builds_with_another_linker(&artifacts.link_errors) => return,
                Err(reason) => Event::Built(Err(self.linking.recall(reason))),
                Ok(built) => {
                    self.linking = Linking::default();
                    self.queue.push_back(Event::Compiled { at });
                    Event::Built(Ok(built))
                }
            },
            Arrival::ProgramEnded => {
                let Some(program) = self.program.take() else { return };
                self.front.program_ended(program.pid());
                Event::Exited(ending(program.reap().unwrap_or_default()))
            }
        };
        self.queue.push_back(event);
    }

    /// Whether a build with another linker was started because of `errors`, what rustc said about failed links.
    fn builds_with_another_linker(&mut self, errors: &[String]) -> bool {
        let tried = match self.linking.advise(&self.facts, errors) {
            Advice::Accept => return false,
            Advice::Take(linker) => {
                let remembered =
                    linkers::remember(linker, &self.facts.toolchain, &self.facts.workspace.target_directory);
                remembered.and_then(|()| self.build(Scope::Program, true)).map(|()| true)
            }
            Advice::GiveUp => {
                let forgotten = linkers::forget(&self.facts.workspace.target_directory);
                forgotten.and_then(|()| self.plan_anew()).map(|()| false)
            }
        };
        tried.unwrap_or_else(|error| {
            say::warning(&format!("{error:#}"));
            false
        })
    }

    fn timers_due(&mut self) {
        let now = Instant::now();
        let (due, later) = self.timers.drain(..).partition(|(at, _)| *at <= now);
        self.timers = later;
        self.queue.extend(Vec::into_iter(due).map(|(_, timer)| Event::Due(timer)));
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Build { scope, replan } => {
                self.recorded.count();
                if let Err(error) = self.build(scope, replan) {
                    let reason = format!("{error:#}");
                    self.record_no_build(&reason);
                    self.queue.push_back(Event::Built(Err(reason)));
                }
            }
            Action::CancelBuild => {
                self.cancelled = true;
                if let Some(build) = &self.build {
                    build.signal_group(Signal::TERM);
                }
            }
            Action::Start(built) => {
                let event = match self.start(&built) {
                    Ok(pid) => Event::Started { pid },
                    Err(error) => Event::NotStarted { reason: format!("{error:#}") },
                };
                self.queue.push_back(event);
            }
            Action::Signal(signal) => self.signal(signal),
            Action::Look => {
                let mappings = self.program.as_ref().map(|program| probe::executable_mappings(program.id()));
                self.queue.push_back(Event::Mapped(mappings.unwrap_or_default()));
            }
            Action::After(time, timer) => self.timers.push((Instant::now() + time, timer)),
            Action::Say(message) => self.front.say(&message),
            Action::Reply(ReplyTo::NOBODY, answer) => Front::answer(&answer),
            Action::Record(record) => self.record(record),
            Action::Reply(to, answer) => self.control.reply(to, &answer),
            Action::End => {}
        }
    }

    /// Starts cargo, after planning anew if a manifest changed.
    fn build(&mut self, scope: Scope, replan: bool) -> Result<()> {
        self.cancelled = false;
        self.build_began = SystemTime::now();
        self.front.build_begins();
        if replan {
            self.plan_anew()?;
        }
        let line = match (scope, &self.modules_build) {
            (Scope::Modules, ModulesBuild::Line(line)) => line.clone(),
            (Scope::Modules | Scope::Program, _) => build_line(&self.facts),
        };
        let line = self.front.for_cargo(line);
        self.record_build(&line);
        let (stderr, shown) = self.front.cargo_output().context("cannot show what cargo says")?;
        let (running, stdout) = build::start(&line, stderr).with_context(|| format!("cannot run `{line}`"))?;
        let (pid, host, arrivals) = (running.pid(), self.facts.workspace.host().clone(), self.arrivals.clone());
        self.front.build_started(pid);
        let show = self.front.diagnostics();
        self.build = Some(running);
        thread::Builder::new().name("build".into()).spawn(move || {
            let artifacts = build::read_messages(stdout, host.kind, &host.bin, show);
            wait_for_end(pid);
            shown.drain();
            drop(arrivals.send(Arrival::BuildEnded(artifacts)));
        })?;
        Ok(())
    }

    /// Reads settings and workspace again. Strategy and toolchain stay what they were when the session began.
    fn plan_anew(&mut self) -> Result<()> {
        let root = &self.facts.workspace.root;
        let mut settings = settings::read(root, &self.arguments.selection, &self.arguments.conduct)?;
        settings.strategy = self.facts.settings.strategy.clone();
        let prepared = prepare(root, &self.facts.toolchain, &settings)?;
        self.facts.workspace = prepared.workspace;
        self.facts.linker = prepared.linker;
        self.facts.linker_override = prepared.linker_override;
        self.facts.has_modules = prepared.has_modules;
        self.facts.settings = settings;
        self.modules_build = ModulesBuild::Unknown;
        self.watch = watch(&self.facts, &self.arrivals)?;
        Ok(())
    }

    /// What the build that has just ended read, and others before it.
    fn inputs(&self) -> Inputs {
        let Workspace { root, target_directory, .. } = &self.facts.workspace;
        let outputs = self.artifacts.dylibs.values().chain(&self.artifacts.executable).map(PathBuf::as_path);
        let ours = [target_directory.clone(), self.facts.workspace.state_directory()];
        let mut files = dep_info::inputs(outputs, root);
        files.retain(|file| !ours.iter().any(|directory| file.starts_with(directory)));
        Inputs { files, since: self.build_began }
    }

    /// What `saved` means for the session.
    fn change(&self, Saved { at, paths, manifest }: Saved) -> Change {
        let workspace = &self.facts.workspace;
        let is_program = |package: &str| workspace.hosts.iter().any(|host| host.package == package);
        let owner = |path: &PathBuf| match workspace.package_of(path) {
            Some(package) if !is_program(package) => Owner::Library(package.to_owned()),
            Some(_) | None => Owner::Program,
        };
        let owners = paths.iter().map(owner).chain(manifest.then_some(Owner::Plan)).collect();
        Change { at, paths, owners }
    }

    fn build_ended(&mut self, artifacts: &mut Artifacts) -> Result<Built, String> {
        let cargo = self.build.take().inspect(|cargo| self.front.ended(cargo.pid()));
        let status = cargo.map(Running::reap);
        let is_good = artifacts.success && matches!(&status, Some(Ok(status)) if status.success());
        self.front.build_ended(is_good, self.cancelled);
        self.record_built(artifacts, is_good);
        match status {
            _ if is_good => {}
            Some(Ok(status)) if status.signal().is_some() => {
                say::wipe_progress();
                return Err(format!("cargo was ended by signal {}", status.signal().unwrap_or_default()));
            }
            _ => return Err(ABOVE.into()),
        }
        let artifacts = mem::take(artifacts).over(&self.artifacts);
        let built = build::describe(&self.facts.workspace, &artifacts, &mut self.contents);
        self.artifacts = artifacts;
        self.watch.read(self.inputs());
        let mut built = built.map_err(|error| format!("{error:#}"))?;
        if !self.facts.has_modules {
            // A plugin of the user's own is none of ours.
            built.libraries.clear();
            built.carried.clear();
        }
        self.ask_about_modules(&built);
        Ok(built)
    }

    /// Asks how the modules of `built` are built by themselves, unless that is known.
    fn ask_about_modules(&mut self, built: &Built) {
        let modules: Vec<String> = built.modules().map(|module| module.package.clone()).collect();
        if self.modules_build == ModulesBuild::Unknown || self.modules != modules {
            self.questions += 1;
            let (question, arrivals) = (self.questions, self.arrivals.clone());
            self.modules_build = ModulesBuild::ask(&self.facts, &modules, question, move |found| {
                drop(arrivals.send(Arrival::ModulesBuild(question, found)));
            });
            self.modules = modules;
        }
    }
}

/// An error or a panic leaves no process behind either.
impl Drop for Driver<'_> {
    fn drop(&mut self) {
        for running in [self.build.take(), self.program.take()].into_iter().flatten() {
            let _ = running.reap();
        }
        self.keep_log();
    }
}

fn watch(facts: &Facts, arrivals: &Sender<Arrival>) -> Result<Watch> {
    let arrivals = arrivals.clone();
    watch::start(facts.workspace.places.clone(), *facts.settings.debounce, move |saved| {
        drop(arrivals.send(Arrival::Saved(saved)));
    })
}
