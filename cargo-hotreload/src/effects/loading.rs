//! Whether new modules can be loaded into a process, before it is told to do so.
//!
//! 1. What will be there: the files that the process has mapped, new files in the place of its modules, and what these link
//!    besides, found as the dynamic linker finds it;
//! 2. what the new modules and the executable want of that is looked for ([`missing`]);
//! 3. what is missing in the code that runs just as well is no fault: the program gets along without.
//!
//! What cannot be told is left to the program. Source: `ld.so(8)`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::effects::loading::search::Search;
use crate::effects::mapped::map_sparsely;
use crate::plan::loading::{Joined, missing};
use crate::plan::roles::Role;
use crate::session::delivery::{Built, Image};
use crate::session::foresight::{Fault, Missing, Prospect, crate_of};
use crate::session::verify::Mapping;

mod search;
pub mod starting;
#[cfg(test)]
mod tests;

/// What would keep the packages `changed` of `prospect` out of the process `pid`, which has `mappings`; `kept` says where a
/// file of what is live is kept.
#[must_use]
pub fn foresee(
    pid: u32,
    mappings: &[Mapping],
    prospect: &Prospect,
    changed: &[String],
    kept: impl Fn(&Image) -> PathBuf,
) -> Vec<Fault> {
    let Some(mapped) = others(mappings, &prospect.built) else { return Vec::new() };
    faults(&Search::of(pid), &mapped, prospect, changed, kept)
}

/// The same, for a process that has the files `mapped` besides what cargo has made.
fn faults(
    search: &Search,
    mapped: &[PathBuf],
    Prospect { built, live, .. }: &Prospect,
    changed: &[String],
    kept: impl Fn(&Image) -> PathBuf,
) -> Vec<Fault> {
    let new = Setting::read(built, changed, mapped, |image| image.path.clone());
    let Some(mut new) = new else { return Vec::new() };
    let Some(mut faults) = new.complete(search) else { return Vec::new() };
    let lacking = new.lacking();
    if lacking.is_empty() {
        return faults;
    }
    let old = live.as_ref().and_then(|live| Setting::read(live, changed, mapped, kept));
    let before: BTreeSet<Missing> = old.iter().flat_map(Setting::lacking).map(|(_, missing)| missing).collect();
    for (wanted_by, missing) in lacking.into_iter().filter(|(_, missing)| !before.contains(missing)) {
        let lost_by = old.as_ref().and_then(|old| old.owner(&missing));
        faults.push(Fault { wanted_by, missing, lost_by });
    }
    faults
}

/// The files of a process that cargo has not made. `None` if one of them cannot be read any more.
fn others(mappings: &[Mapping], built: &Built) -> Option<Vec<PathBuf>> {
    // The executable and what it links may have been built again: if it came out the same, that is what was mapped.
    let is_built = |mapping: &Mapping| built.mapped().any(|image| image.path == mapping.path);
    let files = mappings.iter().filter(|mapping| !is_built(mapping) && !is_memory(mapping));
    let paths = files.map(|mapping| (!mapping.deleted).then(|| mapping.path.clone()));
    paths.collect::<Option<BTreeSet<PathBuf>>>().map(|paths| paths.into_iter().collect())
}

/// Whether this is memory that has a name, but no file: what was removed is the remark that all of it has. A device is
/// none either; `/dev/shm` has files.
fn is_memory(mapping: &Mapping) -> bool {
    let path = mapping.path.as_os_str().as_encoded_bytes();
    let is_named = |start: &str| path.starts_with(start.as_bytes());
    mapping.deleted && (is_named("/memfd:") || is_named("/SYSV")) || is_named("/dev/") && !is_named("/dev/shm/")
}

/// A file that a process is joined from.
struct File {
    /// What the user calls it: its package, where it has one.
    name: String,
    path: PathBuf,
    data: Bytes,
}

impl File {
    /// The file at `path`, if it is one that can be joined.
    fn read(name: String, path: PathBuf) -> Option<Self> {
        let data = map_sparsely(&path).ok()?;
        Joined::parse(&data).is_ok().then_some(Self { name, path, data })
    }

    /// The directories that it names for what it links.
    fn run_path(&self) -> Vec<PathBuf> {
        let origin = self.path.parent().unwrap_or(Path::new("/")).to_string_lossy();
        let run_path = Joined::parse(&self.data).map(|joined| joined.run_path).unwrap_or_default();
        let place = |entry: &String| entry.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin).into();
        run_path.iter().map(place).collect()
    }
}

/// The files of a process with certain modules.
struct Setting<'built> {
    built: &'built Built,
    /// First the modules that are new to it, lowest first; then its executable; then everything else.
    files: Vec<File>,
    /// How many of them want something.
    wanting: usize,
}

impl<'built> Setting<'built> {
    /// A process with the modules of `built`, whose files are where `place` says, and the files `mapped`. Those from the
    /// lowest of the packages `changed` on are new to it.
    fn read(
        built: &'built Built,
        changed: &[String],
        mapped: &[PathBuf],
        place: impl Fn(&Image) -> PathBuf,
    ) -> Option<Self> {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        for library in &built.libraries {
            let is_new = library.role == Role::Module && (!first.is_empty() || changed.contains(&library.package));
            let into = if is_new { &mut first } else { &mut rest };
            into.push((library.package.clone(), place(&library.image)));
        }
        let wanting = first.len() + 1;
        first.push((file_name(&built.executable.path), place(&built.executable)));
        rest.extend(mapped.iter().map(|path| (file_name(path), path.clone())));
        let files = first.into_iter().chain(rest).map(|(name, path)| File::read(name, path));
        Some(Self { built, files: files.collect::<Option<_>>()?, wanting })
    }

    /// Adds what the new modules link and the process has not; what is found nowhere is a fault. `None` if it may be somewhere
    /// all the same.
    fn complete(&mut self, search: &Search) -> Option<Vec<Fault>> {
        let mut there: BTreeSet<String> = self.files.iter().map(|file| file_name(&file.path)).collect();
        let parsed = self.files.iter().filter_map(|file| Joined::parse(&file.data).ok());
        there.extend(parsed.filter_map(|joined| joined.soname));
        // Where one of them is looked for, another one may be as well, if it is that one which has it loaded.
        let mut common = self.files[self.wanting - 1].run_path();
        let mut faults = Vec::new();
        let mut open: Vec<usize> = (0..self.wanting - 1).collect();
        while let Some(index) = open.pop() {
            let file = &self.files[index];
            let wanted_by = file.name.clone();
            common.extend(file.run_path());
            let needed = Joined::parse(&file.data).map(|joined| joined.needed).unwrap_or_default();
            for name in needed {
                if !there.insert(name.clone()) {
                    continue;
                }
                let candidates = search.candidates(&name, &common);
                let found = candidates.into_iter().find_map(|path| File::read(name.clone(), path));
                if let Some(file) = found {
                    open.push(self.files.len());
                    self.files.push(file);
                } else if search.is_uncertain(&common) {
                    return None;
                } else {
                    let (wanted_by, missing) = (wanted_by.clone(), Missing::Library(name));
                    faults.push(Fault { wanted_by, missing, lost_by: None });
                }
            }
        }
        Some(faults)
    }

    /// What is missing, and who wants it.
    fn lacking(&self) -> Vec<(String, Missing)> {
        let joined: Vec<Joined<'_>> = self.files.iter().filter_map(|file| Joined::parse(&file.data).ok()).collect();
        let found = missing(&joined[..self.wanting], &joined);
        found.into_iter().map(|(index, missing)| (self.files[index].name.clone(), missing)).collect()
    }

    /// Who has what is missing elsewhere, or else whose it is by its name.
    fn owner(&self, missing: &Missing) -> Option<String> {
        let Missing::Symbol { name, .. } = missing else { return None };
        let has = |file: &&File| Joined::parse(&file.data).is_ok_and(|joined| joined.defines(name));
        let packages = self.built.libraries.iter().map(|library| library.package.as_str());
        let by_name = || crate_of(name, packages).map(str::to_owned);
        self.files.iter().find(has).map(|file| file.name.clone()).or_else(by_name)
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
