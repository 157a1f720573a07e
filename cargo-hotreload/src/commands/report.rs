//! `cargo hotreload report`.

use std::path::{Path, PathBuf};

use anstream::println;
use anyhow::{Context, Result};

use crate::cli::{Conduct, Opening, Report};
use crate::commands::enable::Planned;
use crate::commands::{Outcome, graph};
use crate::config::Settings;
use crate::config::values::Strategy;
use crate::effects::events::{kept_log, running_log};
use crate::effects::toolchain::Toolchains;
use crate::effects::{cargo, files, locate, process, settings};
use crate::error::ErrorKind;
use crate::events::Line;
use crate::events::record::SessionStarted;
use crate::graph::node::Standing;
use crate::graph::{Format, render};
use crate::plan::command::CommandLine;
use crate::report::page::page;
use crate::report::rounds::session;
use crate::ui::say;

/// What the page is called unless it is told.
const PAGE: &str = "hotreload-report.html";

/// Writes a page about the running session, or the last one, and prints where it is.
///
/// # Errors
/// [`ErrorKind::NoEvents`] if there was no session, [`ErrorKind::EventLog`] if its log is damaged.
pub fn report(arguments: &Report) -> Result<Outcome> {
    let toolchains = Toolchains::read();
    let root = locate::root(&arguments.selection.manifest, &toolchains)?;
    let settings = settings::read(&root, &arguments.selection, &Conduct::default());
    let log = running_log(&root);
    let (log, text, settings) = if let Some(text) = files::read_optional(&log)? {
        (log, text, settings.ok())
    } else {
        let settings = settings?;
        let (log, text) = last_log(&cargo::target_directory(&toolchains, &root, &settings)?)?;
        (log, text, Some(settings))
    };
    let lines = Line::parse_all(&text);
    let lines = lines.map_err(|(line, why)| ErrorKind::EventLog { path: log.clone(), line, why })?;
    let no_start = || ErrorKind::EventLog { path: log, line: 1, why: "does not begin a session".into() };
    let session = session(&lines).ok_or_else(no_start)?;
    let crate_graph = settings.and_then(|settings| crate_graph(&root, &toolchains, &settings, &session.started).ok());
    let out = match &arguments.out {
        Some(out) => std::env::current_dir().context("cannot tell the current directory")?.join(out),
        None => Path::new(&session.started.target_directory).join(PAGE),
    };
    files::generate(&out, &page(&session, crate_graph.as_deref()))?;
    println!("{}", out.display());
    if arguments.open == Opening::Yes {
        open(&out);
    }
    Ok(Outcome::Done)
}

fn last_log(target_directory: &Path) -> Result<(PathBuf, String)> {
    let log = kept_log(target_directory);
    let no_events = || ErrorKind::NoEvents { directory: target_directory.to_owned() };
    let text = files::read_optional(&log)?.ok_or_else(no_events)?;
    Ok((log, text))
}

/// The crates of the workspace as an SVG: as they are now, in the parts that they had in the session. A workspace that
/// cannot be read now has a report without.
fn crate_graph(root: &Path, toolchains: &Toolchains, settings: &Settings, started: &SessionStarted) -> Result<String> {
    let toolchain = toolchains.find(settings.toolchain.as_deref())?;
    let planned = Planned::read(root, &toolchain, settings)?;
    planned.put_lock_file_back()?;
    let mut picture = graph::picture(&planned, settings);
    let without_modules = [Strategy::Restart, Strategy::Patch].map(|strategy| strategy.to_string());
    let had_modules = !without_modules.contains(&started.strategy);
    picture.standing = if had_modules { Standing::Enabled } else { Standing::RestartOnly };
    Ok(render(&picture, None, Format::Svg))
}

fn open(page: &Path) {
    let line = CommandLine::new("xdg-open", ".").args([page]);
    if let Err(error) = process::read(&line) {
        say::warning(&format!("{error:#}; open the page yourself"));
    }
}
