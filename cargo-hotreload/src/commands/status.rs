//! `cargo hotreload status`.

use std::path::Path;

use anstream::{print, println};
use anyhow::Result;

use crate::cli::{Conduct, Status};
use crate::commands::Outcome;
use crate::commands::enable::Planned;
use crate::config::{Settings, Shown, Source};
use crate::effects::build::linked;
use crate::effects::toolchain::Toolchains;
use crate::effects::{control, enabling, files, locate, settings};
use crate::plan::disable::Action;
use crate::plan::enable::EnablePlan;
use crate::plan::linker::Linker;
use crate::plan::roles::roles;
use crate::plan::toolchain::Toolchain;
use crate::session::request::{Answer, ProgramStatus, Request};
use crate::ui::table::table;

mod follow;

/// How far hot reloading is enabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// No file carries anything of ours.
    NotEnabled,
    /// Every file is as `enable` would write it now.
    Enabled,
    /// Some files carry our additions and others do not.
    Partly,
    /// All carry our additions, but `enable` would write something else now.
    Drifted,
}

/// Says what is enabled and what runs; the exit code says the first.
pub fn status(arguments: &Status) -> Result<Outcome> {
    let selection = &arguments.selection;
    let toolchains = Toolchains::read();
    let root = locate::root(&selection.manifest, &toolchains)?;
    if arguments.follow {
        return follow::follow(&root, arguments.message_format.unwrap_or_default());
    }
    let settings = settings::read(&root, selection, &Conduct::default());
    let known = settings.as_ref().ok();
    let toolchain = toolchains.find(known.and_then(|settings| settings.toolchain.as_deref()));
    let plan = |settings| toolchain.as_ref().ok().map(|toolchain| Planned::read(&root, toolchain, settings));
    let planned = known.and_then(plan);
    if let Some(Ok(planned)) = &planned {
        planned.put_lock_file_back()?;
    }
    let state = match &planned {
        Some(Ok(planned)) => state(planned),
        // Without cargo's help only the files themselves can tell.
        Some(Err(_)) | None => state_of_files(&root)?,
    };
    if !arguments.quiet {
        println!("hot reloading: {}", describe(state));
        match (&settings, &toolchain, planned) {
            (Ok(settings), Ok(toolchain), Some(Ok(planned))) => details(&planned, toolchain, settings),
            (Err(error), ..) => println!("settings:      {error}"),
            (_, Err(error), _) => println!("toolchain:     {error}"),
            (.., Some(Err(error))) => println!("workspace:     {error}"),
            (.., None) => {}
        }
        if let Ok(settings) = &settings {
            print!("{}", show_settings(settings, &root));
        }
        println!("session:       {}", session(&root));
    }
    Ok(match state {
        State::Enabled => Outcome::Done,
        State::NotEnabled => Outcome::NotEnabled,
        State::Partly | State::Drifted => Outcome::Drifted,
    })
}

fn state(planned: &Planned) -> State {
    let EnablePlan { generated, .. } = &planned.plan;
    let is_current = |path: &Path, wanted: &str| matches!(files::read_optional(path), Ok(Some(text)) if text == wanted);
    let rewrites: Vec<_> = planned.plan.rewritten().collect();
    let current = rewrites.iter().filter(|rewrite| is_current(&rewrite.path, &rewrite.after)).count();
    let untouched = rewrites.iter().filter(|rewrite| is_current(&rewrite.path, &rewrite.before)).count();
    if untouched == rewrites.len() {
        return if planned.journal.is_some() { State::Partly } else { State::NotEnabled };
    }
    let is_generated = generated.iter().all(|file| is_current(&file.path, &file.content));
    match (current == rewrites.len(), untouched) {
        (true, _) if is_generated && planned.journal.is_some() => State::Enabled,
        (_, 0) => State::Drifted,
        _ => State::Partly,
    }
}

fn state_of_files(root: &Path) -> Result<State> {
    let plan = enabling::plan_disable(root)?;
    let manifests = plan.iter().filter(|file| file.path.ends_with("Cargo.toml"));
    let (kept, changed): (Vec<_>, Vec<_>) = manifests.partition(|file| file.action == Action::Keep);
    Ok(match (kept.len(), changed.len()) {
        (0, 0) => State::NotEnabled,
        (0, _) => State::Enabled,
        (_, _) => State::Partly,
    })
}

fn describe(state: State) -> &'static str {
    match state {
        State::NotEnabled => "not enabled",
        State::Enabled => "enabled",
        State::Partly => "partly enabled; `cargo hotreload enable` completes it, `cargo hotreload disable` undoes it",
        State::Drifted => "enabled, but the workspace has changed since; `cargo hotreload enable` brings it up to date",
    }
}

fn details(planned: &Planned, toolchain: &Toolchain, settings: &Settings) {
    let Planned { workspace, linker, .. } = planned;
    for host in &workspace.hosts {
        println!("program:       {} (package {})", host.bin, host.package);
    }
    let name = toolchain.name.as_deref().unwrap_or("of the PATH");
    println!("toolchain:     {name}, rustc {}", toolchain.version);
    println!("linker:        {}", show_linker(*linker, &settings.linker.source, &toolchain.host));
    println!("target:        {}", workspace.target_directory.display());
    if let Some(own) = &workspace.own_profile {
        println!("flags:         {own}");
    }
    let rows: Vec<_> =
        roles(workspace, linked(workspace).as_ref()).into_iter().map(|(name, role)| [name, role.to_string()]).collect();
    print!("{}", table(["crate", "role"], &rows));
}

fn show_linker(linker: Linker, source: &Source, triple: &str) -> String {
    match (linker, source) {
        (Linker::Default, _) => format!("{linker} ({})", linker.resolved(triple)),
        (other, Source::Default) => format!("{other}, because the toolchain's own cannot link this program"),
        (other, _) => other.to_string(),
    }
}

/// A table of the settings that are not as by default, and who made them so.
fn show_settings(settings: &Settings, root: &Path) -> String {
    let prefix = format!("{}/", root.display());
    let row = |setting: Shown| {
        let source = match &setting.source {
            // The root manifest is meant, whatever directory this is called in.
            Source::Manifest(place) => place.strip_prefix(&prefix).unwrap_or(place).to_owned(),
            other => other.to_string(),
        };
        [setting.name.to_owned(), setting.value, source]
    };
    let rows: Vec<_> = settings.changed().into_iter().map(row).collect();
    if rows.is_empty() { String::new() } else { table(["setting", "value", "from"], &rows) }
}

fn session(root: &Path) -> String {
    control::ask(root, Request::Status).map_or_else(|_| "none".into(), |answer| describe_session(&answer))
}

/// What a session says of itself: in one line, and a line for each program where there are several.
#[must_use]
pub fn describe_session(answer: &Answer) -> String {
    match answer {
        Answer::Status { state, session, program, reloads, patches, restarts, last, programs } => {
            let what = match &programs[..] {
                [] => program_words(*program),
                several => {
                    let running = several.iter().filter(|one| one.program.is_some()).count();
                    format!("{running} of {} programs", several.len())
                }
            };
            let counts = counts(*reloads, *patches, *restarts);
            let first = format!("process {session}, {what}, {state}; {counts}{}", last_words(last));
            [first].into_iter().chain(programs.iter().map(describe_program)).collect::<Vec<_>>().join("\n   ")
        }
        Answer::Done(text) | Answer::Failed(text) => text.clone(),
    }
}

fn describe_program(program: &ProgramStatus) -> String {
    let ProgramStatus { name, state, program, reloads, patches, restarts, last } = program;
    let (what, counts) = (program_words(*program), counts(*reloads, *patches, *restarts));
    format!("{name}: {what}, {state}; {counts}{}", last_words(last))
}

/// A session patches, or it reloads.
fn counts(reloads: u32, patches: u32, restarts: u32) -> String {
    let in_place = if patches == 0 { format!("{reloads} reloads") } else { format!("{patches} patches") };
    format!("{in_place}, {restarts} restarts")
}

fn program_words(program: Option<u32>) -> String {
    program.map_or_else(|| "no program".to_owned(), |pid| format!("program {pid}"))
}

fn last_words(last: &str) -> String {
    if last.is_empty() { String::new() } else { format!("; last: {last}") }
}
