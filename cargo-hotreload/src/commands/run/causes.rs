//! What is kept of each process of a program, so that it can be said why a reload went wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::effects::images::{Images, Range, Read, loaded, name_of};
use crate::effects::stacks::{Copied, Inside, copies, inside, threads};
use crate::effects::unwind::Tables;
use crate::effects::witness::{Seen, Witness};
use crate::plan::roles::Role;
use crate::session::delivery::Built;
use crate::session::exit::Ending;
use crate::session::verify::Mapping;
use crate::why::facts::{Crash, Library, Part, Place, Thread};
use crate::why::names::Names;
use crate::why::{Reason, died, stuck};

/// What is known of one process.
#[derive(Debug, Default)]
pub(super) struct Causes {
    images: Images,
    modules: Vec<PathBuf>,
    packages: Packages,
    /// What it had loaded when it was told to reload.
    loaded: Vec<Range>,
    /// The threads that it had then.
    threads: BTreeSet<u32>,
    witness: Option<Witness>,
}

impl Causes {
    /// A process was started with these modules.
    pub(super) fn started(&mut self, built: &Built) {
        let modules = built.modules().map(|module| module.image.path.clone()).collect();
        *self = Self { modules, packages: Packages::of(built), ..Self::default() };
    }

    /// The process was looked at while code is on its way into it.
    pub(super) fn looked(&mut self, pid: u32, mappings: &[Mapping]) {
        self.images.keep(pid, &self.modules, mappings);
        if let Some(witness) = &self.witness {
            witness.go_on();
        }
    }

    /// The process is about to be told to reload.
    pub(super) fn before_reload(&mut self, pid: u32) {
        if self.modules.is_empty() {
            return;
        }
        self.loaded = loaded(pid);
        self.threads = threads(pid);
        self.begin_watch(pid);
    }

    fn begin_watch(&mut self, pid: u32) {
        // Only one can watch.
        self.end_watch();
        let gone = self.images.gone(&self.loaded).map(|(range, _)| range);
        let modules = self.loaded.iter().filter(|range| self.modules.contains(&range.path));
        let code = modules.chain(gone).map(|range| range.begin..range.end).collect();
        self.witness = Witness::watch(pid, code);
    }

    /// Lets the process go.
    pub(super) fn end_watch(&mut self) {
        if let Some(witness) = self.witness.take() {
            witness.end();
        }
    }

    /// The threads that were there before the reload and will return to code that is not there any more.
    pub(super) fn left_behind(&mut self, pid: u32) -> Vec<Reason> {
        let now = loaded(pid);
        let gone: Vec<Range> = self.images.gone(&now).map(|(range, _)| range.clone()).collect();
        let mut older = self.threads.clone();
        older.remove(&pid);
        if gone.is_empty() || older.is_empty() {
            return Vec::new();
        }
        let ranges: Vec<&Range> = now.iter().chain(&gone).collect();
        self.end_watch();
        let copies = copies(pid, &older).unwrap_or_default();
        let (mut tables, mut read) = (Tables::default(), Read::default());
        let mut found = Vec::new();
        for copy in copies {
            let calls = tables.walk(&copy.registers, &copy.stack, &ranges, &self.images);
            found.extend(self.stale(&copy, &calls, (&now, &gone), &mut read));
        }
        self.begin_watch(pid);
        found
    }

    /// The first of `calls` that is to return to what was unloaded, as a reason.
    fn stale(
        &self,
        copy: &Copied,
        calls: &[u64],
        (now, gone): (&[Range], &[Range]),
        read: &mut Read,
    ) -> Option<Reason> {
        let mut is_stale = |address: u64| {
            let is_there = |range: &&Range| (range.begin..range.end).contains(&address);
            let old = gone.iter().find(is_there)?;
            let begin = |range: &Range, read: &mut Read| read.function(address, range, &self.images);
            let new = now.iter().find(is_there);
            // The same function at the same place: nobody can tell, and it does no harm.
            let is_same = new.is_some_and(|new| begin(new, read) == begin(old, read));
            (!is_same).then(|| (old, begin(old, read)))
        };
        let stale: Vec<(&Range, Option<(String, u64)>)> =
            calls.iter().filter_map(|address| is_stale(address - 1)).collect();
        let (range, _) = stale.first()?;
        let names: Vec<String> = stale.iter().filter_map(|(_, function)| Some(function.as_ref()?.0.clone())).collect();
        let function = died::innermost(&names, &krate(&range.path));
        Some(Reason::GoesOn {
            module: name_of(&range.path, &self.packages.names),
            thread: format!("thread `{}` ({})", copy.name, copy.id),
            function: Names::of(function),
        })
    }

    /// Why the old code of the module at `path` is still loaded.
    pub(super) fn of_stuck(&mut self, pid: u32, path: &Path) -> Vec<Reason> {
        self.end_watch();
        let now = loaded(pid);
        let older: Vec<&Range> =
            now.iter().filter(|range| self.loaded.iter().any(|before| before.is_same(range))).collect();
        let Some(old) = older.iter().find(|range| range.path == path) else { return Vec::new() };
        let mut read = Read::default();
        let mut library = |range: &Range| self.packages.library(range, &mut read, &self.images);
        let Some(module) = library(old) else { return Vec::new() };
        let others: Vec<Library> =
            older.iter().filter(|range| range.path != path).filter_map(|range| library(range)).collect();
        let threads = self.threads_in(pid, old, &module, &mut read);
        stuck::reasons(&module, &others.iter().collect::<Vec<_>>(), &threads)
    }

    fn threads_in(&self, pid: u32, old: &Range, module: &Library, read: &mut Read) -> Vec<Thread> {
        let alive = threads(pid);
        let mut found = inside(pid, old.begin..old.end).unwrap_or_default();
        // The one that loads modules is in and out.
        found.retain(|thread| thread.id != pid);
        let has_begun_anew = found.iter().any(|thread| !self.threads.contains(&thread.id));
        if !has_begun_anew && self.threads.is_subset(&alive) {
            // Nothing was ended for this reload: who is in the code has every right to be.
            return Vec::new();
        }
        let mut thread = |Inside { id, name, waits, addresses }: Inside| {
            let names = addresses.iter().filter_map(|address| read.symbol(address - 1, old, &self.images));
            let names: Vec<String> = names.map(|(name, _)| name).collect();
            let function = died::innermost(&names, &module.krate).map(str::to_owned);
            Thread { id, name, waits, function, is_older: self.threads.contains(&id) }
        };
        found.into_iter().map(&mut thread).collect()
    }

    /// Why the process died.
    pub(super) fn of_death(&mut self, ending: Ending) -> Vec<Reason> {
        let mut read = Read::default();
        let seen = self.witness.take().and_then(|witness| witness.seen());
        let now = seen.as_ref().map_or(&[][..], |seen| &seen.loaded);
        let mut paths = BTreeSet::new();
        let gone = self.images.gone(now).map(|(range, _)| range).filter(|range| paths.insert(&range.path));
        let gone: Vec<Library> =
            gone.filter_map(|range| self.packages.library(range, &mut read, &self.images)).collect();
        match seen {
            Some(seen) => died::seen(&self.crash(&seen, &mut read), &gone),
            None if matches!(ending, Ending::Signal(_)) => died::likely(&gone, &self.packages.crates()),
            None => Vec::new(),
        }
    }

    fn crash(&self, seen: &Seen, read: &mut Read) -> Crash {
        let mut place = |address: u64| self.place(address, seen, read);
        Crash {
            thread: seen.name.clone(),
            id: seen.id,
            is_older: self.threads.contains(&seen.id),
            signal: seen.signal,
            at: place(seen.pc),
            used: seen.used.and_then(&mut place),
            returned: seen.returned,
            // A call may be the last instruction of a function.
            calls: seen.calls.iter().filter_map(|address| place(address - 1)).collect(),
        }
    }

    /// What is, or was, at `address`.
    fn place(&self, address: u64, seen: &Seen, read: &mut Read) -> Option<Place> {
        let is_there = |range: &Range| (range.begin..range.end).contains(&address);
        let now = seen.loaded.iter().find(|range| is_there(range));
        let gone = self.images.gone(&seen.loaded).map(|(range, _)| range).find(|range| is_there(range));
        let range = now.or(gone)?;
        let symbol = read.symbol(address, range, &self.images);
        Some(Place {
            library: name_of(&range.path, &self.packages.names),
            krate: krate(&range.path),
            is_begin: symbol.as_ref().is_some_and(|(_, is_begin)| *is_begin),
            symbol: symbol.map(|(name, _)| name),
            is_gone: now.is_none(),
            is_reused: now.is_some() && gone.is_some(),
        })
    }
}

/// Which files are whose.
#[derive(Debug, Default)]
struct Packages {
    names: BTreeMap<PathBuf, String>,
    modules: BTreeSet<PathBuf>,
    executable: PathBuf,
}

impl Packages {
    fn of(built: &Built) -> Self {
        let libraries = built.libraries.iter();
        Self {
            names: libraries.map(|library| (library.image.path.clone(), library.package.clone())).collect(),
            modules: built
                .libraries
                .iter()
                .filter(|library| library.role == Role::Module)
                .map(|library| library.image.path.clone())
                .collect(),
            executable: built.executable.path.clone(),
        }
    }

    fn library(&self, range: &Range, read: &mut Read, images: &Images) -> Option<Library> {
        let (signs, _) = read.of(range, images)?;
        let part = match &range.path {
            path if self.modules.contains(path) => Part::Module,
            path if *path == self.executable => Part::Host,
            _ => Part::Resident,
        };
        let file = range.path.file_name()?.to_string_lossy().into_owned();
        let (name, krate) = (name_of(&range.path, &self.names), krate(&range.path));
        Some(Library { name, krate, file, part, signs: signs.clone() })
    }

    /// The crates of the workspace that are dylibs.
    fn crates(&self) -> Vec<String> {
        self.names.keys().map(|path| krate(path)).collect()
    }
}

/// `libmy_api.so` -> `my_api`
fn krate(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    stem.strip_prefix("lib").unwrap_or(&stem).to_owned()
}
