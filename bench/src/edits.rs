//! From the save of a file to the new answer of a running server: live patching and modules against a static build that
//! is restarted, and against the method by hand, on a workspace of realistic size.
//!
//! 1. [`workspace`] writes the server, of which each contestant gets a copy ([`site`]);
//! 2. [`contest`] lets them edit in turns: [`session`] and [`by_hand`];
//! 3. [`parts`] takes apart what the tool says of its own time;
//! 4. [`report`] prints the tables, [`chart`] draws the picture.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;

use crate::edits::chart::{Chart, Group};
use crate::edits::contest::{CONTESTANTS, Ground, ROWS, Row};
use crate::edits::process::heed_signals;
use crate::edits::report::{Conditions, Spread};
use crate::edits::workspace::{Edit, LIBRARIES};

mod by_hand;
mod chart;
pub(crate) mod contest;
pub(crate) mod contestant;
pub(crate) mod moment;
pub(crate) mod parts;
pub(crate) mod process;
mod report;
pub(crate) mod session;
pub(crate) mod site;
mod workspace;

/// What the contestants do, for those who see nothing but the picture.
const LEGEND: [&str; CONTESTANTS.len()] =
    ["live patching", "modules", "cargo build, restart", "by hand: cargo +nightly build, SIGINT"];

/// How edits are measured.
#[derive(Debug, Args)]
pub(crate) struct Edits {
    /// The cargo-hotreload executable
    #[arg(long)]
    tool: PathBuf,
    /// How often each edit is measured; one more round goes before and is not counted
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// Keep the workspaces in DIR (`patch`, `modules`, `static` and `manual`, which are written anew each time) and compile
    /// no dependency again; without it they are in a temporary directory
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Draw the medians as an SVG picture
    #[arg(long, value_name = "FILE", overrides_with = "chart")]
    chart: Option<PathBuf>,
}

/// Measures and prints.
pub(crate) fn run(arguments: &Edits) -> Result<()> {
    heed_signals()?;
    let tool = arguments.tool.canonicalize().context("no such tool")?;
    let mut ground = Ground::new(arguments.directory.as_deref())?;
    let mut contestants = ground.contestants(&tool)?;
    let before = report::load();
    let rows = contest::rounds(&mut contestants, arguments.rounds)?;
    let after = report::load();
    contestants.into_iter().try_for_each(contestant::Contestant::stop)?;
    let conditions = Conditions { lines: ground.lines, rounds: arguments.rounds, load: [before, after] };
    report::print(&rows, &conditions);
    match &arguments.chart {
        Some(file) => draw(&rows, &conditions, file),
        None => Ok(()),
    }
}

fn draw(rows: &[Row], conditions: &Conditions, file: &Path) -> Result<()> {
    let texts = ROWS.iter().zip(rows).filter(|(kind, _)| kind.edit == Edit::Text);
    let groups = texts.map(|(kind, row)| Group {
        title: LIBRARIES[kind.library].to_owned(),
        note: kind.note.to_owned(),
        bars: row.iter().map(|measured| Spread::of(measured)).collect(),
    });
    let Conditions { lines, rounds, .. } = conditions;
    let chart = Chart {
        title: "From the save of a file to the new answer of the running server".to_owned(),
        subtitle: format!(
            "axum server, {} crates, {lines} lines; median, least and most of {rounds} rounds; shorter is better",
            LIBRARIES.len() + 1
        ),
        names: LEGEND.map(str::to_owned).to_vec(),
        groups: groups.collect(),
    };
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(file, chart::svg(&chart)).with_context(|| format!("cannot write {}", file.display()))
}
