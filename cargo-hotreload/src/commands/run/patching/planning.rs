//! What is compiled after edits: what was edited in each program, and what of it only cargo can build.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::commands::run::owners::owner;
use crate::commands::run::patching::keeper::Keeper;
use crate::commands::run::patching::knowledge::Known;
use crate::commands::run::patching::views::Syntax;
use crate::effects::rustc::records;
use crate::patch::rustc::plan::{Edit, Plan, Seen, check, plan};
use crate::patch::rustc::recorded::{Key, Recorded};
use crate::patch::rustc::replay::Places;
use crate::patch::rustc::units::Parts;
use crate::session::event::Owner;
use crate::workspace::graph::HostIndex;

/// What edits come to.
#[derive(Debug, Default)]
pub(super) struct Planned {
    /// What is to be compiled; `None` if nothing of it makes other code.
    pub(super) plan: Option<Plan>,
    /// The programs that only cargo can build, and why.
    pub(super) refused: BTreeMap<HostIndex, String>,
    /// The programs in which callers of what is compiled tell old lines until cargo has built everything.
    pub(super) callers_follow: BTreeSet<HostIndex>,
    /// What the edited crates are made of now.
    pub(super) views: Vec<(Key, Option<Syntax>)>,
}

/// The files that were edited.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// By the programs whose processes have not got them.
    pub(super) of: BTreeMap<HostIndex, BTreeSet<PathBuf>>,
    /// Those that cargo has built since, or that were taken back: what they were when these processes got them is not known.
    pub(super) built: BTreeSet<PathBuf>,
}

impl Keeper {
    /// The files that processes have not got.
    pub(super) fn files(&self) -> Files {
        let mut files = Files::default();
        let Some(known) = &self.known else { return files };
        for index in self.workers.keys() {
            let Some(&host) = known.programs.hosts.get(*index) else { continue };
            for (path, saved) in self.missing[*index].files() {
                files.of.entry(host).or_default().insert(path.clone());
                if saved <= self.good_began || self.missing[*index].is_uncertain(path) {
                    files.built.insert(path.clone());
                }
            }
        }
        files
    }

    /// What comes of edits of `files`; what is compiled goes to a new directory.
    pub(super) fn plan(&mut self, files: &Files) -> Result<Planned> {
        let Some(known) = &self.known else { return Ok(Planned::default()) };
        let mut planned = Planned::default();
        let edits = known.edits(files, &mut planned);
        let mut programs = Vec::new();
        for (&host, its) in &edits {
            let Some(program) = known.program(host) else {
                planned.refused.insert(host, "how the program was compiled is not known".to_owned());
                continue;
            };
            match check(&known.units, &known.units.parts(program), its) {
                Ok(_) => programs.push((program, its)),
                Err(refusal) => drop(planned.refused.insert(host, refusal.to_string())),
            }
        }
        let mut all: Vec<Edit> = Vec::new();
        for edit in programs.iter().flat_map(|(_, its)| its.iter()) {
            add(&mut all, &edit.unit, Some(edit.seen));
        }
        if all.is_empty() {
            return Ok(planned);
        }
        let parts = known.units.parts_of(programs.iter().map(|(program, _)| *program));
        let out_dir = self.directory.join(format!("build-{}", self.now));
        std::fs::create_dir_all(&out_dir).with_context(|| format!("cannot make `{}`", out_dir.display()))?;
        let places = Places { out_dir: &out_dir, tool: &self.tool };
        match plan(&known.units, &parts, &all, &known.base, places) {
            Ok(plan) => planned.plan = Some(plan),
            Err(refusal) => planned.refused.extend(edits.keys().map(|host| (*host, refusal.to_string()))),
        }
        self.results.push(out_dir);
        Ok(planned)
    }
}

impl Known {
    /// The crates to compile for each program after edits of `files`.
    fn edits(&self, files: &Files, planned: &mut Planned) -> BTreeMap<HostIndex, Vec<Edit>> {
        let mut edits: BTreeMap<HostIndex, Vec<Edit>> = BTreeMap::new();
        let mut judged: BTreeMap<&Key, (Option<Seen>, bool)> = BTreeMap::new();
        for (&host, paths) in &files.of {
            let parts = self.program(host).map(|program| self.units.parts(program)).unwrap_or_default();
            for path in paths {
                let readers = self.sources.units_of(path, &self.units);
                if readers.is_empty() && owner(&self.programs.workspace, path, host) != Owner::Other {
                    let why = format!("`{}` is not the source of one of its crates", path.display());
                    planned.refused.insert(host, why);
                }
                for key in readers {
                    let Some(unit) = part(&parts, key) else { continue };
                    if let Err(stale) = records::check(unit, &self.base) {
                        planned.refused.insert(host, stale.to_string());
                        continue;
                    }
                    let (seen, callers_follow) = *judged.entry(key).or_insert_with(|| {
                        let edited = self.views.edited(unit, &self.sources, &self.units);
                        planned.views.push((key.clone(), edited.now));
                        (edited.seen, edited.callers_follow)
                    });
                    if callers_follow {
                        planned.callers_follow.insert(host);
                    }
                    let seen = if files.built.contains(path) { Some(Seen::ByCallers) } else { seen };
                    add(edits.entry(host).or_default(), key, seen);
                }
            }
        }
        edits.retain(|host, _| !planned.refused.contains_key(host));
        edits
    }
}

/// The part `key` of a program, or of what builds it.
fn part<'units>(parts: &Parts<'units>, key: &Key) -> Option<&'units Recorded> {
    parts.units.iter().chain(&parts.tools).find(|unit| unit.key() == *key).copied()
}

fn add(edits: &mut Vec<Edit>, key: &Key, seen: Option<Seen>) {
    let Some(seen) = seen else { return };
    match edits.iter_mut().find(|edit| edit.unit == *key) {
        Some(edit) if seen == Seen::ByCallers => edit.seen = seen,
        Some(_) => {}
        None => edits.push(Edit { unit: key.clone(), seen }),
    }
}
