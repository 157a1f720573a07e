//! Edits, one after the other, each followed until the server shows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::edits::process::wait_for;
use crate::soak::Way;
use crate::soak::clients::{Asked, Client};
use crate::soak::edits::{self, Edit};
use crate::soak::history::{History, State};
use crate::soak::random::Random;
use crate::soak::report::{Counter, Counts, Held, Patched, Reloaded};
use crate::soak::session::{Event, Holding, Session};
use crate::soak::workspace;

/// How long an edit may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// After one of so many edits, whoever edits waits until cargo has built everything.
const REST: usize = 12;
/// How often the numbers so far are shown.
const SHOWN: u32 = 25;

/// Edits on their way.
#[derive(Debug)]
pub(crate) struct Course {
    session: Session,
    history: Arc<History>,
    random: Random,
    /// Sees whether an edit is live.
    observer: Client,
    pid: u32,
    counts: Counts,
}

impl Course {
    pub(crate) fn new(session: Session, history: Arc<History>, random: Random) -> Result<Self> {
        let started = session.events(0).into_iter().rfind(|event| event.kind == "live");
        let pid = started.map_or(0, |event| event.pid);
        let mut observer = Client::new(session.address, &history);
        if !observer.ask(1) {
            bail!("the server does not answer as it should: {:?}", observer.asked.faults);
        }
        let mut counts = Counts::default();
        counts.held.push(Held { program: Holding::of(pid)?, tool: Holding::of(session.id())? });
        Ok(Self { session, history, random, observer, pid, counts })
    }

    /// Carries `patches` edits through, or as many as there is time for.
    pub(crate) fn run(&mut self, patches: usize, limit: Duration) -> Result<()> {
        let began = Instant::now();
        for number in 1..=u32::try_from(patches)? {
            if began.elapsed() > limit {
                break;
            }
            self.edit(number)?;
            if number.is_multiple_of(SHOWN) {
                eprintln!("{number}: {}", self.counts.line(began.elapsed()));
            }
        }
        self.counts.took = began.elapsed();
        Ok(())
    }

    fn edit(&mut self, number: u32) -> Result<()> {
        let before = self.history.newest();
        let (after, edit) = edits::next(&mut self.random, &before, number, self.history.way.lowest());
        let introduced = if self.counts_on() { introduced(&before, &after) } else { Vec::new() };
        let asked_before = self.observer.seen.asked.clone();
        let mark = self.session.mark();
        self.history.push(after.clone());
        let saved = Instant::now();
        self.save(&before, &after)?;
        *self.counts.edits.entry(edit).or_default() += 1;
        self.follow(mark, edit)?;
        let to_live = saved.elapsed();
        self.history.all_is_live();
        self.observer.ask(1);
        for (layer, step) in introduced {
            let since = [asked_before[layer], self.observer.seen.asked[layer]];
            self.counts.steps.push(Counter { layer, number: step, since });
        }
        self.note(mark, edit, to_live)?;
        if self.counts_on() && self.random.below(REST) == 0 {
            self.rest(mark)?;
        }
        Ok(())
    }

    /// Whether statics keep what they counted.
    fn counts_on(&self) -> bool {
        self.history.way == Way::Patch
    }

    /// Writes the files that are not the same.
    fn save(&self, before: &State, after: &State) -> Result<()> {
        let root = &self.session.root;
        for (old, new) in before.layers.iter().zip(&after.layers).filter(|(old, new)| old != new) {
            debug_assert_eq!(old.name, new.name);
            workspace::save(root, new)?;
        }
        if before.greeting == after.greeting {
            return Ok(());
        }
        workspace::greet(root, &before.greeting(), &after.greeting())
    }

    /// Waits until the server shows the edit.
    fn follow(&mut self, mark: usize, edit: Edit) -> Result<()> {
        let Self { session, observer, .. } = self;
        let mut is_built = false;
        let seen = wait_for("new answer", PATIENCE, || {
            session.is_alive()?;
            let events = session.events(mark);
            if let Some(failed) = events.iter().find(|event| event.outcome == "failed") {
                bail!("build {} failed", failed.build);
            }
            is_built |= events.iter().any(|event| event.kind == "build-finished" && event.outcome == "success");
            let is_live = is_built && if edit == Edit::Greeting { observer.greet() } else { observer.ask(7) };
            Ok(is_live.then_some(()))
        });
        seen.map_err(|error| {
            let (faults, words) = (&self.observer.asked.faults, self.session.last_words(mark));
            error.context(format!("{edit} does not get into the program; {faults:?}\n{words}"))
        })
    }

    /// Notes what the tool says of the edit, which is live.
    fn note(&mut self, mark: usize, edit: Edit, to_live: Duration) -> Result<()> {
        let session = &mut self.session;
        let live = wait_for("report of the tool", PATIENCE, || {
            session.is_alive()?;
            let events = session.events(mark).into_iter().filter(|event| event.kind == "live");
            let live: Vec<Event> = events.collect();
            Ok((!live.is_empty()).then_some(live))
        })?;
        for event in live {
            let (times, functions) = (event.times, event.functions);
            match event.patch {
                Some(patch) => self.counts.patched.push(Patched { patch, times, functions, to_live }),
                None if event.how == "reloaded" => {
                    self.counts.reloaded.push(Reloaded { times, modules: event.modules.len(), to_live });
                }
                None => self.restarted(&event, &edit.to_string()),
            }
        }
        let events = self.session.events(mark);
        let count = |kind: &str| events.iter().filter(|event| event.kind == kind).count();
        self.counts.verified += count("module-reloaded");
        self.counts.stuck += count("module-stuck") + count("reload-failed");
        self.counts.held.push(Held { program: Holding::of(self.pid)?, tool: Holding::of(self.session.id())? });
        Ok(())
    }

    fn restarted(&mut self, event: &Event, edit: &str) {
        self.counts.restarts.push(format!("{edit}: {} {}", event.how, event.why));
        self.counts.steps.clear();
        self.pid = event.pid;
        self.observer.seen = crate::soak::answer::Seen::default();
        self.observer.ask(1);
    }

    /// Waits until cargo has built everything, and until it was compared with what runs.
    fn rest(&mut self, mark: usize) -> Result<()> {
        let session = &mut self.session;
        wait_for("end of cargo's build", PATIENCE, || {
            session.is_alive()?;
            let events = session.events(mark);
            let is_cargo = |event: &&Event| event.kind == "build-started" && !event.command.starts_with("rustc ");
            let Some(started) = events.iter().rfind(is_cargo) else { return Ok(None) };
            let ended = |event: &Event| event.kind == "build-finished" && event.build == started.build;
            Ok(events.iter().any(ended).then_some(()))
        })?;
        self.counts.rests += 1;
        Ok(())
    }

    /// The sums, when nobody asks any more and the clients have asked for `clients`.
    pub(crate) fn finish(mut self, finished: Result<()>, clients: Asked) -> Result<Counts> {
        if let Err(error) = finished {
            self.counts.failed.push(format!("{error:#}"));
        }
        let answers = clients.answers + self.observer.asked.answers;
        if self.counts_on() && self.counts.restarts.is_empty() && self.observer.ask(1) {
            for (layer, asked) in self.observer.seen.asked.iter().enumerate() {
                if *asked != answers + 1 {
                    self.counts.lost.push(format!("library {layer} counted {asked} of {} requests", answers + 1));
                }
            }
            self.check_steps();
        }
        self.counts.asked = clients;
        self.counts.asked.add(self.observer.asked);
        self.session.stop()?;
        Ok(self.counts)
    }

    /// Whether each counting step was counted from its first call on.
    fn check_steps(&mut self) {
        for Counter { layer, number: step, since: [earliest, latest] } in &self.counts.steps {
            let Some(count) = self.observer.seen.counts.get(&(*layer, *step)) else { continue };
            let is_there = self.history.newest().layers[*layer].counters().any(|known| known == *step);
            let asked = self.observer.seen.asked[*layer];
            // Requests on their way at that time are on the one or on the other side.
            let (most, least) = (asked - earliest, (asked - latest).saturating_sub(16));
            if is_there && !(least..=most).contains(count) {
                self.counts.lost.push(format!("step {step} of library {layer} counted {count}, not {least} to {most}"));
            }
        }
        self.counts.counted = self.counts.steps.len();
    }
}

/// Steps that count, and that the edit brings, with their libraries.
fn introduced(before: &State, after: &State) -> Vec<(usize, u32)> {
    let layers = before.layers.iter().zip(&after.layers).enumerate();
    let new = layers.flat_map(|(index, (old, new))| {
        let known: Vec<u32> = old.counters().collect();
        new.counters().filter(move |step| !known.contains(step)).map(move |step| (index, step))
    });
    new.collect()
}
