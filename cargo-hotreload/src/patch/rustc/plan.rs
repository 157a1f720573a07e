//! Which calls to repeat after an edit, in which order, and what each is compiled against.
//!
//! Metadata of a library names the exact metadata of everything below it. So each call needs a set that belongs
//! together: what cargo built last, but for libraries that were compiled since *together with everything that uses
//! them*. A library that was compiled by itself, because no caller can see the change, is no part of that set: its
//! callers were compiled against the one before. It is only linked against, so to speak.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;

use crate::patch::rustc::recorded::{CrateType, Extern, Key, Kind, Recorded};
use crate::patch::rustc::replay::{Places, Results, Use, replay};
use crate::patch::rustc::units::{Parts, Units};
use crate::plan::command::CommandLine;

/// An edited crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which.
    pub unit: Key,
    /// Who can see the change.
    pub seen: Seen,
}

/// Who can see a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Callers may be compiled to something else by it: they are compiled again.
    ByCallers,
    /// Nobody outside of the crate.
    ByNobody,
}

/// What is compiled against, where that is not what cargo built. Empty after each good build of cargo's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Base(BTreeMap<Key, Results>);

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Lowest crate first.
    pub steps: Vec<Step>,
    /// Where the results go.
    pub out_dir: PathBuf,
}

/// One crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Which.
    pub unit: Key,
    /// Its name.
    pub crate_name: String,
    /// How it is compiled.
    pub line: CommandLine,
    /// The link that has to lead to where the results go.
    pub link: Option<PathBuf>,
    /// What it waits for.
    pub after: Vec<After>,
    /// What it leaves.
    pub results: Results,
    /// Whether later calls are compiled against it.
    pub seen: Seen,
}

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Another step, by its place.
    pub step: usize,
    /// How far that has to be.
    pub stage: Stage,
}

/// How far a compilation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Callers can be compiled.
    Metadata,
    /// Everything is there.
    End,
}

/// Why cargo has to do it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The program has no such part.
    NoPart(Key),
    /// A part of the program was compiled when nobody took notes, so that its callers are unknown.
    Unrecorded(PathBuf),
    /// The code runs while the program is built.
    ForTheBuild {
        /// The edited crate.
        edited: String,
        /// The procedural macro or build script.
        used_by: String,
    },
    /// The library exists only as a shared one.
    NoRlib(String),
    /// The compiler insists on what only a linker makes, to pack debug information.
    Packed(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPart(key) => write!(formatter, "`{}` is no part of the program", key.stem().display()),
            Self::Unrecorded(path) => write!(formatter, "how `{}` was compiled is not known", path.display()),
            Self::ForTheBuild { edited, used_by } => {
                write!(formatter, "`{edited}` is used while the program is built, by `{used_by}`")
            }
            Self::NoRlib(name) => write!(formatter, "`{name}` is a shared library"),
            Self::Packed(name) => write!(
                formatter,
                "the debug information of `{name}` is packed when it is linked: set `split-debuginfo = \"off\"` in its profile"
            ),
        }
    }
}

impl Base {
    /// These results, which belong together.
    #[must_use]
    pub fn of(results: impl IntoIterator<Item = (Key, Results)>) -> Self {
        Self(results.into_iter().collect())
    }

    /// What is compiled against after `plan` was carried out.
    #[must_use]
    pub fn after(&self, plan: &Plan) -> Self {
        let seen = plan.steps.iter().filter(|step| step.seen == Seen::ByCallers);
        let seen = seen.map(|step| (step.unit.clone(), step.results.clone()));
        Self(self.0.clone().into_iter().chain(seen).collect())
    }

    /// What is compiled against for the library `unit`, if that is not cargo's.
    #[must_use]
    pub fn results(&self, unit: &Key) -> Option<&Results> {
        self.0.get(unit)
    }

    /// Directories with files that belong to it: as long as it is in use, they have to stay.
    #[must_use]
    pub fn directories(&self) -> BTreeSet<PathBuf> {
        let files = self.0.values().flat_map(|results| results.rmeta.iter().chain(&results.rlib));
        files.filter_map(|file| file.parent()).map(PathBuf::from).collect()
    }
}

/// What to do after `edits` of `parts`, those of one or several programs.
///
/// # Errors
/// [`Refusal`] where only cargo can tell what to do.
pub fn plan(
    units: &Units,
    parts: &Parts<'_>,
    edits: &[Edit],
    base: &Base,
    places: Places<'_>,
) -> Result<Plan, Refusal> {
    let seen = check(units, parts, edits)?;
    let alone: BTreeSet<Key> = edits.iter().map(|edit| edit.unit.clone()).filter(|key| !seen.contains(key)).collect();
    let compiled = parts.units.iter().filter(|unit| seen.contains(&unit.key()) || alone.contains(&unit.key()));
    let compiled: Vec<&Recorded> = compiled.copied().collect();
    if let Some(packed) = compiled.iter().find(|unit| unit.packs_debug_info()) {
        return Err(Refusal::Packed(packed.crate_name.clone()));
    }
    let places_of: BTreeMap<Key, usize> = compiled.iter().enumerate().map(|(at, unit)| (unit.key(), at)).collect();
    let mut now = base.clone();
    now.0.extend(compiled.iter().filter(|unit| seen.contains(&unit.key())).map(|unit| {
        let results = Results::of(unit, places.out_dir);
        (unit.key(), results)
    }));
    let step = |unit: &&Recorded| {
        let is_seen = seen.contains(&unit.key());
        // What is compiled alone is compiled against what is there already.
        let against = if is_seen { &now } else { base };
        let stage = if unit.needs_objects() { Stage::End } else { Stage::Metadata };
        // Everything above something that is seen is seen as well, so no way leads over anything else.
        let below = units.below(&unit.key(), |key| is_seen && seen.contains(key));
        let below = below.into_iter().filter(|key| *key != unit.key());
        let mut after: Vec<After> = below.map(|key| After { step: places_of[&key], stage }).collect();
        after.sort_by_key(|after| after.step);
        let mut search: Vec<PathBuf> = against.directories().into_iter().collect();
        // Names in it are the same as in earlier ones; the newest is looked at first.
        search.sort_by_key(|directory| directory != places.out_dir);
        Step {
            unit: unit.key(),
            crate_name: unit.crate_name.clone(),
            line: replay(unit, places, &search, |external| used(unit, external, against)),
            link: unit.call.link.clone(),
            after,
            results: Results::of(unit, places.out_dir),
            seen: if is_seen { Seen::ByCallers } else { Seen::ByNobody },
        }
    };
    Ok(Plan { steps: compiled.iter().map(step).collect(), out_dir: places.out_dir.to_owned() })
}

/// Which file of the crate `external` is used for `unit`.
fn used(unit: &Recorded, external: &Extern, base: &Base) -> Use {
    let path = unit.absolute(&external.path);
    let Some(ours) = Key::of_library(&path).and_then(|key| base.0.get(&key)) else { return Use::Cargos };
    let file = match path.extension().and_then(|extension| extension.to_str()) {
        Some("rmeta") => &ours.rmeta,
        Some("rlib") => &ours.rlib,
        _ => &None,
    };
    file.clone().map_or(Use::Omit, Use::Instead)
}

/// What has to be compiled because a change in it, or below it, can be seen, after `edits` of `parts`.
///
/// # Errors
/// [`Refusal`] where only cargo can tell what to do.
pub fn check(units: &Units, parts: &Parts<'_>, edits: &[Edit]) -> Result<BTreeSet<Key>, Refusal> {
    for edit in edits {
        let part = parts.units.iter().find(|unit| unit.key() == edit.unit);
        let part = part.ok_or_else(|| Refusal::NoPart(edit.unit.clone()))?;
        let package = part.package_directory();
        // The same source may have been compiled in another way for the compiler's own use.
        let is_same = |it: &&Recorded| it.kind() == Kind::Library && it.package_directory() == package;
        let same = units.all().filter(is_same).map(Recorded::key).chain([edit.unit.clone()]);
        let above = units.above(same);
        let tool = parts.tools.iter().find(|tool| above.contains(&tool.key()));
        if let Some(tool) = tool.filter(|_| part.kind() == Kind::Library) {
            let (edited, used_by) = (part.crate_name.clone(), tool.crate_name.clone());
            return Err(Refusal::ForTheBuild { edited, used_by });
        }
    }
    let roots = edits.iter().filter(|edit| edit.seen == Seen::ByCallers).map(|edit| edit.unit.clone());
    let mut seen: BTreeSet<Key> = roots.collect();
    if let Some(path) = parts.unrecorded.first().filter(|_| !seen.is_empty()) {
        return Err(Refusal::Unrecorded(path.clone()));
    }
    // They come lowest first.
    for key in parts.units.iter().map(|unit| unit.key()) {
        if units.uses(&key).iter().any(|used| seen.contains(used)) {
            seen.insert(key);
        }
    }
    let is_shared = |unit: &&&Recorded| {
        seen.contains(&unit.key()) && unit.kind() == Kind::Library && !unit.crate_types.contains(&CrateType::Rlib)
    };
    match parts.units.iter().find(is_shared) {
        Some(unit) => Err(Refusal::NoRlib(unit.crate_name.clone())),
        None => Ok(seen),
    }
}

#[cfg(test)]
mod tests;
