//! Many edits in one process under load: `cargo hotreload run` on the example server, while clients ask it without a
//! pause. It is patched, for which nobody prepared it, or it reloads its modules.
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

/// How many edits, and under which load.
#[derive(Debug, Args)]
pub(crate) struct Soak {
    /// The cargo-hotreload executable
    #[arg(long)]
    tool: PathBuf,
    /// How the edits get into the program
    #[arg(long, value_enum, default_value_t = Way::Patch)]
    strategy: Way,
    /// How many edits, 1000 for patches and 500 for modules if nothing is said
    #[arg(long)]
    edits: Option<usize>,
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

/// How edits get into the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Way {
    /// By patches, which keep what the program counts.
    Patch,
    /// By swapping modules: what is in their statics is new each time. The lowest library is none, and is not edited.
    Modules,
}

impl Way {
    /// The setting of the tool.
    pub(crate) fn strategy(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Modules => "modules",
        }
    }

    /// The lowest library that is edited.
    pub(crate) fn lowest(self) -> usize {
        usize::from(self == Self::Modules)
    }

    fn edits(self) -> usize {
        match self {
            Self::Patch => 1000,
            Self::Modules => 500,
        }
    }
}

/// Edits, and prints what came of it; anything wrong is an error.
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
    let way = arguments.strategy;
    let session = Session::start(&tool, &root, way.strategy())?;
    let history = Arc::new(History::new(layers, way));
    let clients = Clients::start(arguments.clients, session.address, &history)?;
    let mut course = Course::new(session, Arc::clone(&history), Random::new(seed))?;
    let limit = arguments.seconds.map_or(Duration::MAX, Duration::from_secs);
    let finished = course.run(arguments.edits.unwrap_or(way.edits()), limit);
    let asked = clients.stop();
    let counts = course.finish(finished, asked)?;
    report::print(&counts, way);
    ensure!(counts.defects() == 0, "{} defects", counts.defects());
    Ok(())
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or_default()
}
