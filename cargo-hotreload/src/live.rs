//! A running program that takes patches: the facts of [`crate::patch`] read from it, its plans written into it.
//!
//! 1. [`Live::attach`] once, while the program starts: its agent, its symbols, what it has from shared libraries;
//! 2. [`Live::runs`] for each crate of the program that may be edited: what it consists of;
//! 3. [`Live::patch`] for each edit: all of it gets in, or nothing, with the reason.

use std::collections::{BTreeSet, HashMap};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use thiserror::Error;

use crate::effects::agent::Agent;
use crate::effects::mapped::map;
use crate::effects::patching::{self, Applied, apply};
use crate::live::description::{Description, Destination};
use crate::live::guard::{Checked, Guard};
use crate::live::libraries::Libraries;
use crate::live::perf_map::PerfMap;
use crate::live::process::{bias, ready_agent};
use crate::live::shared::SharedLibraries;
use crate::patch::agent_state::THREAD_LOCALS;
use crate::patch::companion::debugger::List;
use crate::patch::content::{Contents, Optimised};
use crate::patch::found::Found;
use crate::patch::jump;
use crate::patch::link::room::Room;
use crate::patch::link::{Failure, Missing, Redirect};
use crate::patch::names::readable;
use crate::patch::outline::{Outline, hash};
use crate::patch::placed::{Placed, Replaced};
use crate::patch::refusal::Refusal;
use crate::patch::running::Running;
use crate::patch::set::{Set, members};
use crate::patch::world::{Compiled, Lines, Plan, World};

mod description;
mod guard;
mod libraries;
mod perf_map;
mod process;
mod shared;

/// A running program that takes patches.
#[derive(Debug)]
pub struct Live {
    agent: Agent,
    world: World,
    libraries: Libraries,
    shared: SharedLibraries,
    guard: Guard,
    /// Where the program looks for files that describe patches.
    directory: PathBuf,
    /// The cargo profile, for advice.
    profile: String,
    /// Entries that are jumps already.
    redirected: Vec<u64>,
    /// What debuggers read.
    list: List,
    perf_map: PerfMap,
    /// What is true since the last patch.
    news: Option<(Plan, Checked)>,
}

/// A compiled crate.
#[derive(Debug, Clone)]
pub struct Crate {
    /// What tells it from other crates of the program.
    pub key: String,
    /// The name that its paths begin with.
    pub name: String,
    /// Its objects.
    pub objects: Vec<Content>,
}

/// The content of an object file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    bytes: Bytes,
    /// Of the bytes.
    hash: u64,
}

impl Content {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: Bytes) -> Self {
        let hash = hash(&bytes);
        Self { bytes, hash }
    }
}

impl Crate {
    /// The crate whose library is `archive`, the content of a file.
    ///
    /// # Errors
    /// If that is no archive.
    pub fn of_archive(key: String, name: &str, archive: &Bytes) -> Result<Self> {
        let objects = members(archive)?.into_iter().map(|(_, object)| Content::new(archive.slice_ref(object)));
        Ok(Self { key, name: name.to_owned(), objects: objects.collect() })
    }

    /// Its objects as data. Those that `known` has are not read.
    fn set(&self, known: Option<&HashMap<u64, Arc<Outline>>>) -> Result<Set<'_>> {
        let mut set = Set::default();
        for Content { bytes, hash } in &self.objects {
            match known.and_then(|known| known.get(hash)) {
                Some(outline) => set.add_known(bytes, Arc::clone(outline)),
                None => set.add(bytes)?,
            }
        }
        Ok(set)
    }
}

/// What a patch did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patched {
    /// Functions that have a new body, as a person reads them.
    pub functions: Vec<String>,
    /// An asynchronous `main` with a new body, which goes on in it where it waits.
    pub begun: Option<String>,
    /// Statics whose initialiser does something else from now on: what they hold already is kept.
    pub kept: BTreeSet<String>,
    /// How the threads were stopped, and what ran on; `None` if nothing had to be written.
    pub applied: Option<Applied>,
    /// Bytes that it takes in the process.
    pub bytes: u64,
    /// Reading and comparing objects, and putting the patch together.
    pub planning: Duration,
    /// Writing it.
    pub writing: Duration,
}

impl Patched {
    /// Functions that threads go on in as they were until they return, as a person reads them.
    #[must_use]
    pub fn running(&self) -> Vec<String> {
        self.applied.as_ref().map(|applied| applied.running.clone()).unwrap_or_default()
    }
}

/// Why a patch was not made. The program runs on as it was.
#[derive(Debug, Error)]
pub enum NotPatched {
    /// It cannot be proven safe.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// It could not be written.
    #[error(transparent)]
    NotWritten(#[from] patching::Refusal),
    /// Files or memory could not be read.
    #[error("{0:#}")]
    Failed(#[from] anyhow::Error),
}

impl Live {
    /// Reads what has to be known of the process `pid`, which was started with `directory` for files that describe its
    /// patches. `libraries` are searched for what new code needs and the program does not have.
    pub fn attach(pid: u32, libraries: Vec<PathBuf>, directory: &Path, profile: &str) -> Result<Self> {
        let agent = ready_agent(pid)?;
        let executable = map(Path::new(&format!("/proc/{pid}/exe"))).context("cannot read the program's executable")?;
        let bias = bias(pid, &executable)?;
        let mut running = Running::of_executable(&executable, bias)?;
        let slots: Vec<(String, u64)> = running.slots().map(|(name, slot)| (name.to_owned(), slot)).collect();
        for (name, slot) in slots {
            let address = agent.memory().word(slot).context("cannot read the program's memory")?;
            running.import(&name, address);
        }
        let pool = agent.thread_locals();
        let room = Room::new(agent.code(), agent.constants(), agent.variables(), pool, THREAD_LOCALS as u64);
        let libraries = Libraries::Files(libraries);
        let shared = SharedLibraries::of_executable(&executable, bias)?;
        let (world, guard) = (World::new(running, room), Guard::of_executable(&executable)?);
        let (directory, profile) = (directory.to_owned(), profile.to_owned());
        let (list, perf_map) = (List { descriptor: agent.debugger(), first: 0 }, PerfMap::of(pid));
        Ok(Self {
            agent,
            world,
            libraries,
            shared,
            guard,
            directory,
            profile,
            redirected: Vec::new(),
            list,
            perf_map,
            news: None,
        })
    }

    /// The program runs `compiled`.
    pub fn runs(&mut self, compiled: &Crate, optimised: Optimised) -> Result<()> {
        let contents = Contents { optimised, ..Contents::of(&compiled.set(None)?) };
        self.world.runs(&compiled.key, contents);
        self.guard.runs(compiled);
        Ok(())
    }

    /// Whether the program may have been linked from the objects of `compiled`, its own crate.
    pub fn may_be_of(&self, compiled: &Crate) -> Result<bool> {
        Ok(self.world.may_be_of(&compiled.set(None)?))
    }

    /// Not every type of the crate `name` is known: its debug information is not full.
    pub fn is_blind_for(&mut self, name: &str) {
        self.guard.is_blind_for(name);
    }

    /// Whether the program runs these very objects.
    #[must_use]
    pub fn is_running(&self, built: &Crate) -> bool {
        self.guard.is_running(built)
    }

    /// Something that `built` has and the program runs otherwise, if there is anything.
    pub fn difference(&mut self, built: &Crate, lines: Lines) -> Result<Option<String>> {
        self.take_note();
        if self.is_running(built) {
            return Ok(None);
        }
        let set = built.set(self.world.outlines(&built.key))?;
        let built = Compiled::new(built.key.clone(), built.name.clone(), set);
        Ok(self.world.difference(&built, lines).map(|name| readable(&name)))
    }

    /// Whether it is known what the crate `key` consists of.
    #[must_use]
    pub fn knows(&self, key: &str) -> bool {
        self.world.knows(key)
    }

    /// Puts newly compiled crates into the program.
    ///
    /// # Errors
    /// Nothing has changed in the program then.
    pub fn patch(&mut self, crates: &[Crate]) -> Result<Patched, NotPatched> {
        self.take_note();
        let began = Instant::now();
        let found = Found::default();
        patching::check_presence(&self.agent)?;
        // Types and machine code have nothing to do with each other.
        let (checked, compiled) = thread::scope(|scope| {
            let compiled = scope.spawn(|| self.read(crates));
            let checked = self.guard.check(crates, &self.profile);
            (checked, compiled.join().unwrap_or_else(|panic| resume_unwind(panic)))
        });
        let (checked, mut compiled) = (checked?, compiled?);
        let (plan, description) = self.plan(&mut compiled, &found, &checked)?;
        let planning = began.elapsed();
        let mut placed = plan.linked.placed.clone();
        for redirect in &plan.linked.redirects {
            self.check_entry(redirect)?;
            placed.redirects.push(redirect.jump.clone());
        }
        if let Some(description) = &description {
            description.write(&self.directory)?;
            placed.writes.push(description.entry.clone());
        }
        let functions = plan.linked.redirects.iter().map(|redirect| readable(&redirect.name)).collect();
        let kept = self.world.made_by(placed.replaced.iter().map(|replaced| &*replaced.name));
        let main = crates.iter().map(|compiled| &compiled.name).find(|name| self.is_main_replaced(name, &placed));

        let bytes = placed.writes.iter().map(|write| write.bytes.len() as u64).sum();
        let applied = if placed.redirects.is_empty() { None } else { Some(apply(&self.agent, &placed)?) };
        if applied.is_some() {
            self.redirected.extend(placed.redirects.iter().map(|redirect| redirect.address));
            self.describe(description.as_ref());
        }
        self.news = Some((plan, checked));
        Ok(Patched {
            functions,
            begun: main.map(|name| format!("{name}::main")),
            kept,
            applied,
            bytes,
            planning,
            writing: began.elapsed().saturating_sub(planning),
        })
    }

    /// Takes the last patch into account, which nobody has to wait for. [`Live::patch`] and [`Live::difference`] do it
    /// first.
    pub fn take_note(&mut self) {
        if let Some((plan, checked)) = self.news.take() {
            self.world.commit(plan);
            self.guard.commit(checked);
        }
    }

    /// Prepares for what new code may need: it is found sooner then.
    ///
    /// # Errors
    /// If a library cannot be read.
    pub fn prepare(&mut self) -> Result<()> {
        self.libraries.indexed().map(|_| ())
    }

    /// What `crates` consist of.
    fn read<'data>(&self, crates: &'data [Crate]) -> Result<Vec<Compiled<'data>>> {
        let read = |compiled: &'data Crate| {
            let set = compiled.set(self.world.outlines(&compiled.key))?;
            Ok(Compiled::new(compiled.key.clone(), compiled.name.clone(), set))
        };
        crates.iter().map(read).collect()
    }

    /// Tells debuggers and profilers of a patch that is there. What goes wrong is no reason to give it up.
    fn describe(&mut self, description: Option<&Description>) {
        let Some(description) = description else { return };
        if let Ok(list) = description.list(self.agent.memory()) {
            self.list = list;
        }
        drop(self.perf_map.add(&description.perf_map));
    }

    fn is_main_replaced(&self, name: &str, placed: &Placed) -> bool {
        let main = format!("{name}::main::");
        // Older and newer mangling.
        let is_body =
            |replaced: &Replaced| matches!(replaced.name.strip_prefix(&main), Some("{{closure}}" | "{closure#0}"));
        placed.replaced.iter().any(is_body) && self.guard.is_main_async(name)
    }

    /// Plans, and looks for what is missing until nothing is.
    fn plan<'data>(
        &mut self,
        compiled: &mut [Compiled<'data>],
        found: &'data Found,
        checked: &Checked,
    ) -> Result<(Plan, Option<Description>), NotPatched> {
        let nothing = BTreeSet::new();
        loop {
            let mut others = Set::default();
            found.all().into_iter().try_for_each(|object| others.add(object))?;
            let Missing { needed, weak } = match self.world.plan(compiled, &others, &self.guard.with(checked)) {
                Ok(mut plan) => {
                    let sets: Vec<_> = compiled.iter().map(|compiled| &compiled.set).chain([&others]).collect();
                    let (code, directory, list) = (self.agent.code(), &*self.directory, self.list);
                    let description = Description::of(&sets, &mut plan, Destination { code, directory, list })?;
                    return Ok((plan, description));
                }
                Err(Failure::Refused(refusal)) => return Err(refusal.into()),
                Err(Failure::Missing(missing)) => missing,
            };
            let more = self.libraries.indexed()?.objects(&needed)?;
            // What no Rust library has may be in a shared one.
            self.import(if more.is_empty() { &needed } else { &nothing }, &weak)?;
            found.add(more);
        }
    }

    /// Looks for symbols in the program's shared libraries. All that are `needed` must be there.
    fn import(&mut self, needed: &BTreeSet<String>, weak: &BTreeSet<String>) -> Result<(), NotPatched> {
        let names = needed | weak;
        if names.is_empty() {
            return Ok(());
        }
        let scope = self.shared.scope(&self.agent, &names)?;
        for name in &names {
            match scope.address(name) {
                None if needed.contains(name) => return Err(Refusal::Undefined { name: readable(name) }.into()),
                address => self.world.import(name, address.unwrap_or(0)),
            }
        }
        Ok(())
    }

    /// Whether the entry of a running function can become a jump.
    fn check_entry(&self, redirect: &Redirect) -> Result<(), NotPatched> {
        let address = redirect.jump.address;
        if self.redirected.contains(&address) {
            return Ok(());
        }
        let length = usize::try_from(redirect.size).unwrap_or_default();
        let code = self.agent.memory().read(address, length).context("cannot read the program's memory")?;
        if jump::is_possible(&code, address, redirect.jump.bytes.len()) {
            Ok(())
        } else {
            Err(Refusal::NoRoomForJump { name: readable(&redirect.name) }.into())
        }
    }
}

#[cfg(test)]
mod tests;
