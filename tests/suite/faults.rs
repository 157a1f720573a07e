//! A fault at every single write of `enable`, `disable` and the end of `run`: what is left, `disable` brings back byte
//! for byte.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};

use crate::support::command::{Finished, cargo, hotreload_command, run_command};
use crate::support::fixture::{Fixture, manifest};
use crate::support::place::git_repository;
use crate::support::traced::{Fate, Write, trace};
use crate::support::tree::{Tree, differences, restore};

/// What happens at a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// kill -9, before the call.
    Killed,
    /// kill -9, in its middle or right behind it.
    Torn,
    /// The disk is full from then on.
    Full,
    /// The file system is read-only from then on.
    ReadOnly,
    /// This one call is not permitted.
    Denied,
}

impl Fault {
    /// What becomes of a write that comes `behind` so many others behind the first one that is struck.
    fn fate(self, write: &Write, behind: usize) -> Fate {
        match (self, behind) {
            (Self::Killed, _) => Fate::Kills,
            (Self::Torn, _) => Fate::Tears,
            (Self::Full, _) if write.needs_space() => Fate::Fails(Errno::ENOSPC),
            (Self::ReadOnly, _) => Fate::Fails(Errno::EROFS),
            (Self::Denied, 0) => Fate::Fails(Errno::EACCES),
            _ => Fate::Made,
        }
    }
}

/// What is run while faults happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    Enable,
    Disable,
    /// `run`, which is told to end as soon as it is a session; its writes count from there on.
    Run,
}

/// One thing to try.
#[derive(Debug, Clone, Copy)]
struct Try {
    work: Work,
    fault: Fault,
    /// The number of the write.
    at: usize,
    /// A fault of the `disable` that comes then.
    again: Option<(Fault, usize)>,
}

/// How often each write is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    /// Every second one, with one fault, another one each time.
    Half,
    /// With one fault, another one each time.
    One,
    /// Killed, also in the middle where that makes a difference, and every second one with another fault.
    Killed,
    /// With every fault.
    All,
}

impl Extent {
    /// The faults for the write number `at`.
    fn faults(self, at: usize, write: &Write) -> Vec<Fault> {
        let others = [Fault::Full, Fault::ReadOnly, Fault::Denied];
        let other = others[at / 2 % others.len()];
        // Behind anything but a write is before what comes next.
        let is_torn = write.name == "write";
        match self {
            Self::Half if at % 2 == 1 => Vec::new(),
            Self::Half if at % 4 == 2 => vec![others[at / 4 % others.len()]],
            Self::One if at % 2 == 1 => vec![other],
            Self::Half | Self::One => vec![if is_torn { Fault::Torn } else { Fault::Killed }],
            Self::Killed => {
                let torn = is_torn.then_some(Fault::Torn);
                [Fault::Killed].into_iter().chain(torn).chain((at % 2 == 1).then_some(other)).collect()
            }
            Self::All => [Fault::Killed, Fault::Torn].into_iter().chain(others).collect(),
        }
    }
}

/// A workspace that is brought into a state again and again.
struct Site {
    fixture: Fixture,
    /// Before anything was enabled.
    before: Tree,
    /// After `enable`.
    enabled: Tree,
}

impl Site {
    fn new(fixture: Fixture) -> Self {
        let before = fixture.tree();
        fixture.hotreload(&["enable"]).expect_success();
        let enabled = fixture.tree();
        Self { fixture, before, enabled }
    }

    /// Runs `work` in the state in which there is something to do, with `fault` at the write number `at`, and returns its
    /// writes that count besides.
    fn strike(&self, work: Work, fault: Option<(Fault, usize)>) -> (Finished, Vec<Write>) {
        restore(self.fixture.root(), if work == Work::Disable { &self.enabled } else { &self.before });
        self.strike_here(work, fault)
    }

    fn strike_here(&self, work: Work, fault: Option<(Fault, usize)>) -> (Finished, Vec<Write>) {
        let root = self.fixture.root();
        let mut command = match work {
            Work::Enable => hotreload_command(root, &["enable"]),
            Work::Disable => hotreload_command(root, &["disable"]),
            Work::Run => run_command(root, &[]),
        };
        let mut counts = work != Work::Run;
        let mut counted = Vec::new();
        let finished = trace(&mut command, root, &mut |process, write| {
            if !counts {
                counts = write.name == "openat" && write.path.ends_with("events.jsonl");
                if counts {
                    kill(process, Signal::SIGTERM).expect("it is traced");
                }
                return Fate::Made;
            }
            let number = counted.len();
            counted.push(write.clone());
            match fault {
                Some((fault, at)) if number >= at => fault.fate(write, number - at),
                _ => Fate::Made,
            }
        });
        (finished, counted)
    }

    /// Every fault that is to be tried in `work`.
    fn tries(&self, work: Work, extent: Extent) -> Vec<Try> {
        let (finished, writes) = self.strike(work, None);
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        let tries = |(at, write): (usize, &Write)| {
            extent.faults(at, write).into_iter().map(move |fault| Try { work, fault, at, again: None })
        };
        writes.iter().enumerate().flat_map(tries).collect()
    }

    /// What came of a fault; `None` if there was none, because it came to fewer writes: a session has some more or less,
    /// by how far it had got when it was told to end.
    fn attempt(&self, attempt: Try) -> Option<Result<(), String>> {
        let (finished, writes) = self.strike(attempt.work, Some((attempt.fault, attempt.at)));
        let write = writes.get(attempt.at)?;
        let honest = self.honest(attempt, &finished);
        if let Some(again) = attempt.again {
            self.strike_here(Work::Disable, Some(again));
        }
        let outcome = honest.and_then(|()| self.recovers());
        Some(outcome.map_err(|why| format!("{attempt:?}: {write:?}: {finished:#?}\n{why}")))
    }

    /// Who can say something does not say that all is well while it is not.
    fn honest(&self, Try { work, fault, .. }: Try, Finished { code, stderr, .. }: &Finished) -> Result<(), String> {
        if matches!(fault, Fault::Killed | Fault::Torn) {
            return ensure(code.is_none(), "it ended before it was killed");
        }
        let now = without_state(self.fixture.tree());
        let is_as_it_was = now == without_state(self.before.clone());
        let is_enabled = now == without_state(self.enabled.clone());
        let (is_done, is_untouched) = match work {
            Work::Enable => (is_enabled, is_as_it_was),
            Work::Disable => (is_as_it_was, is_enabled),
            Work::Run => (is_as_it_was, is_as_it_was),
        };
        if *code == Some(0) {
            return ensure(is_done, "it says that it is done, and is not");
        }
        ensure(is_untouched || !stderr.contains("nothing was changed"), "something was changed")?;
        ensure(is_untouched || is_as_it_was || stderr.contains("`cargo hotreload disable`"), "it leaves one alone")
    }

    /// `disable` brings everything back.
    fn recovers(&self) -> Result<(), String> {
        let finished = self.fixture.hotreload(&["disable"]);
        // 19: there was nothing to undo.
        ensure(matches!(finished.code, Some(0 | 19)), &format!("{finished:#?}"))?;
        differences(&self.before, &self.fixture.tree())
    }
}

fn ensure(holds: bool, otherwise: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn without_state(mut tree: Tree) -> Tree {
    tree.retain(|name, _| !name.starts_with(".hotreload"));
    tree
}

/// What came of the faults.
#[derive(Debug, Default)]
struct Tally {
    tried: usize,
    /// What was not brought back, and why.
    lost: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} faults tried, {} recovered", self.tried, self.tried - self.lost.len())
    }
}

/// Tries faults in each work of `works`, on two workspaces at once, and panics unless as many as `fewest` were tried and
/// all of them recovered.
#[track_caller]
fn assert_recovers(fixture: impl Fn() -> Fixture + Sync, works: &[Work], extent: Extent, fewest: usize) {
    let site = Site::new(fixture());
    let mut tries: Vec<Try> = works.iter().flat_map(|work| site.tries(*work, extent)).collect();
    // A sample of what may happen to the cure.
    let length = site.tries(Work::Disable, Extent::One).len();
    for (index, attempt) in tries.iter_mut().enumerate().filter(|(index, _)| index % 4 == 1) {
        let fault = [Fault::Killed, Fault::Torn, Fault::Full, Fault::ReadOnly, Fault::Denied][index % 5];
        attempt.again = Some((fault, index * 7 % length));
    }
    let next = AtomicUsize::new(0);
    let work = |site: Site| {
        let mut tally = Tally::default();
        while let Some(attempt) = tries.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Some(outcome) = site.attempt(*attempt) else { continue };
            tally.tried += 1;
            tally.lost.extend(outcome.err());
        }
        tally
    };
    let tally = thread::scope(|scope| {
        let second = scope.spawn(|| work(Site::new(fixture())));
        let first = work(site);
        let second = second.join().expect("no panic");
        Tally { tried: first.tried + second.tried, lost: [first.lost, second.lost].concat() }
    });
    println!("{works:?}: {tally}");
    assert!(tally.lost.is_empty(), "{tally}\n{}", tally.lost.join("\n\n"));
    assert!(tally.tried >= fewest, "{tally}");
}

/// A linked manifest, one with a mode of its own; cargo makes `Cargo.lock` when it is asked.
fn linked() -> Fixture {
    Fixture::three_crates().mode("base/Cargo.toml", 0o600).linked("my-api/Cargo.toml", "shared.toml", "../shared.toml")
}

/// A dependency group, an empty library for a build script, a linker, and a `Cargo.lock`.
fn grouped() -> Fixture {
    let far = [("Cargo.toml", &*manifest("far", "")), ("src/lib.rs", "pub fn far() {}\n")];
    let far = format!("far = {{ git = \"{}\" }}\n", git_repository("far-from-git", &far));
    let fixture = Fixture::three_crates()
        .append("base/Cargo.toml", &far)
        .append("my-api/Cargo.toml", &far)
        .file("base/build.rs", "fn main() {}\n");
    cargo("stable", fixture.root(), &["metadata", "--format-version", "1"]).expect_success();
    fixture
}

#[test]
fn every_fault_of_enable_and_disable_is_recovered() {
    assert_recovers(linked, &[Work::Enable, Work::Disable], Extent::Killed, 110);
}

#[test]
fn every_fault_with_dependency_groups_is_recovered() {
    assert_recovers(grouped, &[Work::Enable, Work::Disable], Extent::Half, 40);
}

#[test]
fn every_fault_at_the_end_of_a_session_is_recovered() {
    assert_recovers(linked, &[Work::Run], Extent::One, 25);
}

const ALL: [Work; 3] = [Work::Enable, Work::Disable, Work::Run];

#[test]
#[ignore = "it takes minutes"]
fn every_fault_of_every_kind_is_recovered() {
    assert_recovers(linked, &ALL, Extent::All, 400);
}

#[test]
#[ignore = "it takes minutes"]
fn every_fault_of_every_kind_with_dependency_groups_is_recovered() {
    assert_recovers(grouped, &ALL, Extent::All, 600);
}

#[test]
#[ignore = "it takes minutes"]
fn every_fault_of_every_kind_with_an_own_profile_is_recovered() {
    assert_recovers(Fixture::own_profile, &ALL, Extent::All, 500);
}
