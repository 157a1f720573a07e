//! Cargo has built everything: what a process runs is compared with that, and callers that tell old lines get it.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::commands::run::patching::base::OwnCode;
use crate::commands::run::patching::code::archive;
use crate::commands::run::patching::report::told;
use crate::effects::rustc::cached::Cached;
use crate::live::{Crate, Live};
use crate::patch::rustc::recorded::Recorded;
use crate::patch::world::Lines;
use crate::session::landed::Landed;

/// What cargo has built of a program.
#[derive(Debug)]
pub(super) struct Settled {
    /// Its crates that may be edited, with the libraries among them.
    pub(super) local: Vec<(Recorded, Option<PathBuf>)>,
    /// The code of the program's own crate.
    pub(super) own: Arc<OwnCode>,
}

/// How a process is to what cargo has built.
#[derive(Debug)]
pub(super) enum Settling {
    /// It runs the same.
    Same,
    /// It does by now: callers have followed.
    Followed(Landed),
    /// It runs something else: why it has to be restarted.
    Diverged(String),
}

impl Settled {
    /// Why this is not what `live` runs.
    pub(super) fn compare(&self, live: &mut Live) -> Settling {
        // What is gone was built again.
        let built = self.libraries().filter_map(Result::ok);
        diverged(live, built, Lines::Count).map_or(Settling::Same, Settling::Diverged)
    }

    /// Puts into `live` what differs by lines, and gives it. Its own crate was linked from `former` of rustc's cache.
    pub(super) fn follow(&self, live: &mut Live, former: Option<&Cached>) -> (Settling, Vec<Crate>) {
        let diverged =
            |why: anyhow::Error| Settling::Diverged(format!("callers of the edited code cannot follow: {why:#}"));
        self.try_to_follow(live, former).unwrap_or_else(|why| (diverged(why), Vec::new()))
    }

    fn try_to_follow(&self, live: &mut Live, former: Option<&Cached>) -> Result<(Settling, Vec<Crate>)> {
        let own = self.own.successor(former).context("what the program's own crate became is not known")?;
        let mut built: Vec<Crate> = self.libraries().collect::<Result<_>>()?;
        built.push(own);
        if let Some(why) = diverged(live, built.iter().cloned(), Lines::AreLeftOut) {
            return Ok((Settling::Diverged(why), Vec::new()));
        }
        built.retain(|built| live.knows(&built.key) && !live.is_running(built));
        let patched = live.patch(&built)?;
        if patched.functions.is_empty() {
            return Ok((Settling::Same, built));
        }
        let crates = built.iter().map(|built| built.name.clone()).collect();
        Ok((Settling::Followed(Landed { crates, patch: told(patched, false) }), built))
    }

    fn libraries(&self) -> impl Iterator<Item = Result<Crate>> {
        let read = |(unit, rlib): &(Recorded, Option<PathBuf>)| {
            rlib.as_ref().map(|rlib| archive(unit.key().path(), &unit.crate_name, rlib))
        };
        self.local.iter().filter_map(read)
    }
}

/// Why what cargo has built is not what `live` runs.
fn diverged(live: &mut Live, mut built: impl Iterator<Item = Crate>, lines: Lines) -> Option<String> {
    let item = built.find_map(|built| live.difference(&built, lines).ok().flatten())?;
    Some(format!("cargo made something else of `{item}` than what was patched in"))
}
