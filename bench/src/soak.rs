//! Many patches in one process under load: `cargo hotreload run --strategy patch` on the example server, which nobody
//! prepared, while clients ask it without a pause.
//!
//! 1. [`workspace`] writes the server, and into each of its libraries a file that is edited;
//! 2. [`layer`] knows what that file says and what the server has to answer because of it, [`edits`] changes both at
//!    random, [`random`] repeatably so;
//! 3. [`clients`] ask, and compare each answer with what was saved and live at the time;
//! 4. [`session`] is the tool, [`course`] carries the edits through it one after the other;
//! 5. [`report`] counts, and says whether anything was wrong.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result, ensure};
use clap::Args;
use tempfile::TempDir;

use crate::edits::process::heed_signals;
use crate::soak::clients::Clients;
use crate::soak::course::Course;
use crate::soak::history::History;
use crate::soak::random::Random;
use crate::soak::session::Session;

mod answer;
mod clients;
mod course;
mod edits;
mod history;
mod http;
mod layer;
mod random;
mod report;
pub(crate) mod session;
mod step;
mod workspace;

/// How many patches, and under which load.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// The cargo-hotreload executable
    #[arg(long)]
    tool: PathBuf,
    /// How many edits are patched in
    #[arg(long, default_value_t = 1000)]
    patches: usize,
    /// How many clients ask all the time
    #[arg(long, default_value_t = 4)]
    clients: usize,
    /// What the edits are drawn from; without it another one each time
    #[arg(long)]
    seed: Option<u64>,
    /// Begin no edit after so many seconds
    #[arg(long)]
    seconds: Option<u64>,
    /// Keep the workspace in DIR/soak, with what was compiled; without it, it is in a temporary directory
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
}

/// Patches, and prints what came of it; anything wrong is an error.
pub(crate) fn run(arguments: &Soak) -> Result<()> {
    heed_signals()?;
    let tool = arguments.tool.canonicalize().context("no such tool")?;
    let seed = arguments.seed.unwrap_or_else(now);
    println!("seed {seed}");
    let temporary =
        if arguments.directory.is_none() { Some(TempDir::with_prefix("cargo-hotreload-soak-")?) } else { None };
    let directory = arguments.directory.as_deref().or(temporary.as_ref().map(TempDir::path)).context("a directory")?;
    let layers = layer::all();
    let root = workspace::write(&tool, directory, &layers)?;
    eprintln!("building the workspace, dependencies included");
    let session = Session::start(&tool, &root)?;
    let history = Arc::new(History::new(layers));
    let clients = Clients::start(arguments.clients, session.address, &history)?;
    let mut course = Course::new(session, Arc::clone(&history), Random::new(seed))?;
    let limit = arguments.seconds.map_or(Duration::MAX, Duration::from_secs);
    let finished = course.run(arguments.patches, limit);
    let asked = clients.stop();
    let counts = course.finish(finished, asked)?;
    report::print(&counts);
    ensure!(counts.defects() == 0, "{} defects", counts.defects());
    Ok(())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
