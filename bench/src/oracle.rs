//! Whether what the tool decides is right, judged by cargo: the edits of a repository's past, or generated ones, are
//! saved one after the other in a workspace whose program runs under `cargo hotreload run --strategy patch`, and in a
//! copy of it, which cargo builds.
//!
//! - Whatever came of an edit, the running program has to answer as one that was built and started anew.
//! - Wherever callers were not compiled, cargo must have made the same of them as before.
//!
//! 1. [`history`] and [`mod@mutations`] make the edits;
//! 2. [`site`] has the two copies, and what goes into them;
//! 3. [`mod@judge`] carries an edit through both;
//! 4. [`report`] counts.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use clap::Args;
use tempfile::TempDir;

use crate::edits::process::heed_signals;
use crate::oracle::judge::Judge;
use crate::oracle::site::{Edit, Project, Site};

mod history;
mod judge;
mod mutations;
mod report;
mod site;

/// Edits of a repository's past.
#[derive(Debug, Args)]
pub(crate) struct Commits {
    #[command(flatten)]
    common: Common,
    /// The git repository, of one of the packages that a program is known for: pulldown-cmark, semver
    #[arg(long)]
    repository: PathBuf,
    /// How many commits of the main line
    #[arg(long, default_value_t = 200)]
    last: usize,
    /// Leave out so many of them, the oldest first
    #[arg(long, default_value_t = 0)]
    from: usize,
}

/// Generated edits of a small library.
#[derive(Debug, Args)]
pub(crate) struct Mutations {
    #[command(flatten)]
    common: Common,
    /// Leave out so many of them
    #[arg(long, default_value_t = 0)]
    from: usize,
    /// Take every N-th only
    #[arg(long, value_name = "N", default_value_t = 1)]
    every: usize,
}

#[derive(Debug, Args)]
struct Common {
    /// The cargo-hotreload executable
    #[arg(long)]
    tool: PathBuf,
    /// Begin no edit after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Keep the two copies in DIR, with what was compiled
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Judges the edits of a repository's past.
pub(crate) fn commits(arguments: &Commits) -> Result<()> {
    let repository = history::Repository::open(&arguments.repository)?;
    let commits = repository.commits(arguments.last)?;
    let commits = commits.get(arguments.from..).context("there are not so many commits")?;
    let mut defects = 0;
    for commits in repository.stretches(commits)? {
        let first = commits.first().context("there are no commits")?;
        let beginning = repository.beginning(first)?;
        let project = repository.project(&beginning)?;
        let edits = commits.iter().filter(|commit| **commit != beginning);
        let edits = edits.flat_map(|commit| repository.edits(commit, &project.packages).unwrap_or_default());
        println!("{} commits of {}, file by file, the oldest {first}", commits.len(), project.name);
        defects += judge(&arguments.common, &project, edits)?;
    }
    ensure!(defects == 0, "{defects} defects");
    Ok(())
}

/// Judges generated edits.
pub(crate) fn mutations(arguments: &Mutations) -> Result<()> {
    let project = mutations::project();
    let edits: Vec<[Edit; 2]> =
        mutations::all(&project).into_iter().skip(arguments.from).step_by(arguments.every.max(1)).collect();
    println!("{} generated edits, each of which is taken back afterwards", edits.len());
    let defects = judge(&arguments.common, &project, edits.into_iter().flatten())?;
    ensure!(defects == 0, "{defects} defects");
    Ok(())
}

/// How many defects there are.
fn judge(common: &Common, project: &Project, edits: impl Iterator<Item = Edit>) -> Result<usize> {
    heed_signals()?;
    let tool = common.tool.canonicalize().context("no such tool")?;
    let temporary =
        if common.directory.is_none() { Some(TempDir::with_prefix("cargo-hotreload-oracle-")?) } else { None };
    let directory: &Path =
        common.directory.as_deref().or(temporary.as_ref().map(TempDir::path)).context("a directory")?;
    let site = Site::new(&directory.join(&project.name), project)?;
    let mut judge = Judge::new(&tool, site)?;
    let (began, limit) = (Instant::now(), common.seconds.map_or(Duration::MAX, Duration::from_secs));
    let mut result = Ok(());
    for edit in edits {
        if began.elapsed() > limit {
            println!("{} s are over before `{}`", limit.as_secs(), edit.name);
            break;
        }
        result = judge.edit(&edit);
        if result.is_err() {
            break;
        }
    }
    let counts = judge.finish()?;
    report::print(&counts, began.elapsed());
    result?;
    Ok(counts.defects.len())
}
