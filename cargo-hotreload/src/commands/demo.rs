//! `cargo hotreload demo`: the whole job on a real server, each claim checked.
//!
//! It calls this very executable as a user would (`enable`, `run`, `disable`) and looks from outside: at the server's
//! answers, at process ids, at the bytes of every file.

use std::path::Path;
use std::time::Instant;

use anstream::println;
use anyhow::Result;
use clap_cargo::style::{HEADER, LITERAL};

use crate::cli::Demo;
use crate::commands::demo::page::Page;
use crate::commands::demo::stage::Stage;
use crate::commands::{Outcome, new};
use crate::effects::files;
use crate::error::ErrorKind;
use crate::session::message::Time;

mod page;
mod stage;

/// An edit of the demo's server.
struct Edit {
    file: &'static str,
    old: &'static str,
    new: &'static str,
}

const API: Edit =
    Edit { file: "api/src/lib.rs", old: "Hello from the first version", new: "Hello from the second version" };
const CORE: Edit =
    Edit { file: "core/src/context.rs", old: "requests: AtomicU64::new(0)", new: "requests: AtomicU64::new(1000)" };

/// Shows everything, and fails if one claim is not true.
pub fn demo(arguments: &Demo) -> Result<Outcome> {
    let stage = Stage::new(arguments)?;
    let began = Instant::now();
    let shown = show(&stage);
    // A failed demo is worth looking at, if that was asked for.
    if arguments.keep {
        println!("the workspace is kept in {}", stage.root().display());
    }
    shown?;
    println!("{HEADER}all of it was true{HEADER:#} ({} in all)", Time(began.elapsed()));
    Ok(Outcome::Done)
}

fn show(stage: &Stage) -> Result<()> {
    step("a new workspace: an axum server of six crates over a redb database");
    new::write("demo", stage.root())?;
    let before = files::snapshot(stage.root())?;
    stage.call("enable")?;

    step("building and starting it; the first build compiles every dependency");
    let session = stage.run()?;
    let first = session.first_page()?;
    session.add_note("kept across reloads")?;
    let filled = session.page()?;
    claim("a note was stored", filled.notes == 1)?;

    step("editing crate `demo-api` while the server runs");
    let (reloaded, time) = session.edit(&API, |page| page.greeting == API.new)?;
    claim("the changed code answers", reloaded.greeting == API.new)?;
    claim(&format!("in the same process, {}", reloaded.pid), reloaded.pid == first.pid)?;
    claim(&format!("which went on counting requests ({})", reloaded.requests), reloaded.requests > filled.requests)?;
    claim("and has kept its data", reloaded.notes == 1)?;
    claim("the session saw the same", session.last_report()?.starts_with("reloaded demo-api, demo-router (2 of 4"))?;
    println!("   {} from the save of the file to the new answer", Time(time));

    step("editing crate `demo-core`, which the executable links: only a restart can carry that");
    let (restarted, time) = session.edit(&CORE, |page| page.requests >= 1000)?;
    claim(&format!("a new process, {}, has taken over", restarted.pid), restarted.pid != first.pid)?;
    claim("with the notes of the old one", restarted.notes == 1)?;
    claim("the session said why", session.last_report()?.contains("because demo-core is resident"))?;
    println!("   {} from the save of the file to the new answer", Time(time));

    step("ending the session and disabling");
    session.stop()?;
    stage.call("disable")?;
    undo(stage.root(), &[API, CORE])?;
    let after = files::snapshot(stage.root())?;
    claim("with the two edits taken back, no file differs from what it was", after == before)
}

fn step(text: &str) {
    println!("\n{HEADER}=> {text}{HEADER:#}");
}

/// Says a claim that is true.
fn claim(text: &str, is_true: bool) -> Result<()> {
    if !is_true {
        return Err(ErrorKind::Demo { claim: text.to_owned() }.into());
    }
    println!("   {LITERAL}true{LITERAL:#}: {text}");
    Ok(())
}

/// Takes the demo's own edits back.
fn undo(root: &Path, edits: &[Edit]) -> Result<()> {
    edits.iter().try_for_each(|edit| {
        let path = root.join(edit.file);
        files::generate(&path, &files::read(&path)?.replace(edit.new, edit.old))
    })
}

impl Edit {
    /// Makes the edit, as an editor would save it.
    fn make(&self, root: &Path) -> Result<()> {
        let path = root.join(self.file);
        let text = files::read(&path)?;
        claim(&format!("`{}` becomes `{}` in {}", self.old, self.new, self.file), text.contains(self.old))?;
        files::generate(&path, &text.replace(self.old, self.new))
    }
}

/// Whether `page` is what an edit waits for.
type Wanted = fn(&Page) -> bool;
