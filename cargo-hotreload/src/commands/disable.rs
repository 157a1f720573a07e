//! `cargo hotreload disable`.

use std::path::Path;

use anstream::println;
use anyhow::Result;

use crate::cli::Disable;
use crate::commands::Outcome;
use crate::effects::lock::Lock;
use crate::effects::toolchain::Toolchains;
use crate::effects::{cargo_lock, enabling, journal, locate, signals};
use crate::error::ErrorKind;
use crate::plan::disable::{Action, Restoration, outcome};

/// Puts every file back.
pub fn disable(arguments: &Disable) -> Result<Outcome> {
    let root = locate::root(&arguments.manifest, &Toolchains::read())?;
    let _lock = Lock::take(&root)?;
    let plan = enabling::plan_disable(&root)?;
    let is_enabled = journal::read(&root)?.is_some() || plan.iter().any(|file| file.action != Action::Keep);
    if !is_enabled {
        // A command may have been killed before it changed anything.
        cargo_lock::forget(&root)?;
        return Err(ErrorKind::NotEnabled { root }.into());
    }
    let held = signals::hold()?;
    enabling::disable(&plan, &root)?;
    drop(held);
    report(&plan, &root);
    Ok(Outcome::Done)
}

fn report(plan: &[Restoration], root: &Path) {
    for Restoration { path, action } in plan {
        let file = path.strip_prefix(root).unwrap_or(path).display();
        match action {
            Action::Keep => {}
            Action::Restore(_) => println!("restored {file}"),
            Action::Strip(_) => println!("restored {file}, and kept what you changed in it"),
            Action::Remove => println!("removed {file}, which was not there before"),
        }
    }
    println!("{}", outcome(plan));
}
