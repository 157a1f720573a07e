//! How often callers see an edit: verdicts on the commits of a repository, change by change.
//!
//! Each change, of a file or of a few lines, is made alone on what the commit was based on, as somebody does who saves
//! after it. It says nothing about whether a verdict is right: the tests of the verdicts do.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Result;
use cargo_hotreload::patch::view::{Callers, Crate, Known, Sources, View};
use clap::{Args, ValueEnum};

use crate::views::repository::{Changed, Repository};

mod changes;
mod repository;

/// Which repository, and how far back.
#[derive(Debug, Args)]
pub(crate) struct Views {
    /// The git repository
    #[arg(long)]
    repository: PathBuf,
    /// How many commits, merges aside
    #[arg(long, default_value_t = 200)]
    commits: usize,
    /// What counts as one edit
    #[arg(long, value_enum, default_value_t = Unit::File)]
    each: Unit,
    /// Take the callers to be compiled with optimization
    #[arg(long)]
    optimized: bool,
}

/// What counts as one edit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Unit {
    /// All that a commit does to a file.
    File,
    /// Lines of a file that stand together.
    Hunk,
}

/// What came of the edits.
#[derive(Debug, Default)]
struct Counts {
    verdicts: BTreeMap<&'static str, usize>,
    /// By the first reason.
    reasons: BTreeMap<String, usize>,
    /// By the only kind of reason that an edit had.
    only: BTreeMap<String, usize>,
    time: Vec<Duration>,
}

/// Prints the verdicts, and the reasons of those that are seen.
pub(crate) fn run(arguments: &Views) -> Result<()> {
    let mut repository = Repository::open(&arguments.repository)?;
    let callers = if arguments.optimized { Callers::Optimized } else { Callers::Unoptimized };
    let mut counts = Counts::default();
    for commit in repository.commits(arguments.commits)? {
        for krate in repository.crates(&commit)? {
            let Ok(before) = Crate::read(&krate.before, &Known::default()) else { continue };
            for now in edits(&krate, arguments.each) {
                let began = Instant::now();
                let now = Crate::read(&now, &Known::default());
                let view = now.map_or_else(|unparsable| unparsable, |now| before.compare(&now, callers));
                counts.time.push(began.elapsed());
                counts.add(&view);
            }
        }
    }
    counts.print();
    Ok(())
}

/// The edits of a commit in a crate, each as the crate that comes of it.
fn edits(changed: &Changed, each: Unit) -> Vec<Sources> {
    let versions = |path: &PathBuf| match (each, changed.before.files.get(path), changed.now.get(path)) {
        (Unit::Hunk, Some(old), Some(new)) => changes::one_by_one(old, new),
        (Unit::File, Some(_), Some(new)) => vec![new.clone()],
        // A file is no module before another one says so.
        (_, None, _) | (_, _, None) => Vec::new(),
    };
    let edited = changed.edited.iter().flat_map(|path| versions(path).into_iter().map(move |text| (path, text)));
    edited.map(|(path, text)| with(&changed.before, path, text)).collect()
}

fn with(sources: &Sources, path: &Path, text: String) -> Sources {
    let mut sources = sources.clone();
    sources.files.insert(path.to_owned(), text);
    sources
}

impl Counts {
    fn add(&mut self, view: &View) {
        let verdict = match view {
            View::Nothing => "nothing",
            View::Masked => "masked",
            View::MaskedIfLayoutsSame { .. } => "masked if the layouts are the same",
            View::Visible { .. } => "seen",
            View::Unparsable { .. } => "unparsable",
        };
        *self.verdicts.entry(verdict).or_default() += 1;
        let View::Visible { reasons } = view else { return };
        let kinds: Vec<String> = reasons.iter().map(|reason| format!("{} {}", reason.what, reason.why)).collect();
        if let Some(first) = kinds.first() {
            *self.reasons.entry(first.clone()).or_default() += 1;
            if kinds.iter().all(|kind| kind == first) {
                *self.only.entry(first.clone()).or_default() += 1;
            }
        }
    }

    fn print(&self) {
        let all: usize = self.verdicts.values().sum();
        println!("{all} edits");
        for (verdict, count) in &self.verdicts {
            println!("{count:>6}  {:>3} %  {verdict}", count * 100 / all.max(1));
        }
        println!("\nfirst reasons of those that are seen, and how many have no other kind of reason");
        let mut reasons: Vec<(&String, &usize)> = self.reasons.iter().collect();
        reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        for (reason, count) in reasons.into_iter().take(25) {
            println!("{count:>6}  {:>6}  {reason}", self.only.get(reason).unwrap_or(&0));
        }
        let mut time = self.time.clone();
        time.sort_unstable();
        if let (Some(middle), Some(last)) = (time.get(time.len() / 2), time.last()) {
            println!("\na verdict took {middle:.1?} in the middle, {last:.1?} at most");
        }
    }
}
