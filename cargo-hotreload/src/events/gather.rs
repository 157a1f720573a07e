//! Records from facts: about the workspace, its files and what the compiler said.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use anstream::adapter::strip_str;
use cargo_metadata::diagnostic;

use crate::events::record::{Change, Crate, CrateRole, Diagnostic, Instance, SessionStarted};
use crate::plan;
use crate::plan::roles::{Linked, Role, roles};
use crate::workspace::Workspace;
use crate::workspace::graph::LibraryIndex;

/// How many diagnostics of a build are recorded: cargo repeats every warning of the workspace in every build.
pub const MOST_DIAGNOSTICS: usize = 100;

/// The record of the session `pid` that begins in `workspace` and runs `processes`; without `linked` the program was not
/// built yet.
#[must_use]
pub fn session_started(
    workspace: &Workspace,
    processes: &[plan::instances::Instance],
    linked: Option<&Linked>,
    strategy: String,
    pid: u32,
) -> SessionStarted {
    let instance = |process: &plan::instances::Instance| {
        let host = &workspace.hosts[process.host];
        let (program, package) = (host.bin.clone(), host.package.clone());
        Instance { name: process.name.clone(), program, package, number: process.number }
    };
    SessionStarted {
        session: pid,
        tool: env!("CARGO_PKG_VERSION").into(),
        program: workspace.host().bin.clone(),
        package: workspace.host().package.clone(),
        instances: if processes.len() > 1 { processes.iter().map(instance).collect() } else { Vec::new() },
        strategy,
        profile: workspace.profile.clone(),
        root: workspace.root.display().to_string(),
        target_directory: workspace.target_directory.display().to_string(),
        crates: crates(workspace, linked),
    }
}

fn crates(workspace: &Workspace, linked: Option<&Linked>) -> Vec<Crate> {
    let graph = &workspace.graph;
    let names = |of: &[LibraryIndex]| -> Vec<String> {
        let local = of.iter().map(|&index| &graph.libraries[index]).filter(|library| library.local().is_some());
        local.map(|library| library.package.clone()).collect()
    };
    let dependencies = |package: &str, role: Role| match role {
        Role::Host => workspace
            .hosts
            .iter()
            .position(|host| host.package == package)
            .map_or_else(Vec::new, |host| names(&graph.hosts[host])),
        _ => graph
            .local()
            .map(|index| &graph.libraries[index])
            .find(|library| library.package == package)
            .map_or_else(Vec::new, |library| names(&library.dependencies)),
    };
    let one = |(package, role): (String, Role)| Crate {
        dependencies: dependencies(&package, role),
        role: match role {
            Role::Host => Some(CrateRole::Host),
            Role::Module => Some(CrateRole::Module),
            Role::Resident => Some(CrateRole::Resident),
            Role::Static => Some(CrateRole::Static),
            Role::Undecided => None,
        },
        package,
    };
    roles(workspace, linked).into_iter().map(one).collect()
}

/// The record of saved files, with a manifest among them or not, the last of which was saved so long ago.
#[must_use]
pub fn change(workspace: &Workspace, paths: &[PathBuf], manifest: bool, since_save: Duration) -> Change {
    let packages = paths.iter().filter_map(|path| workspace.package_of(path));
    let packages: BTreeSet<&str> = packages.collect();
    Change {
        paths: paths.iter().map(|path| workspace.relative(path).display().to_string()).collect(),
        packages: packages.into_iter().map(str::to_owned).collect(),
        manifest,
        since_save_ms: since_save.into(),
    }
}

/// The record of what the compiler said.
#[must_use]
pub fn diagnostic(said: &diagnostic::Diagnostic) -> Diagnostic {
    let place = said.spans.iter().find(|span| span.is_primary).or(said.spans.first());
    Diagnostic {
        level: level(said.level).into(),
        message: said.message.clone(),
        code: said.code.as_ref().map(|code| code.code.clone()),
        file: place.map(|span| span.file_name.clone()),
        line: place.map(|span| span.line_start),
        column: place.map(|span| span.column_start),
        rendered: strip_str(said.rendered.as_deref().unwrap_or_default()).to_string(),
    }
}

fn level(level: diagnostic::DiagnosticLevel) -> &'static str {
    match level {
        diagnostic::DiagnosticLevel::Ice => "internal-compiler-error",
        diagnostic::DiagnosticLevel::Error => "error",
        diagnostic::DiagnosticLevel::Warning => "warning",
        diagnostic::DiagnosticLevel::FailureNote => "failure-note",
        diagnostic::DiagnosticLevel::Note => "note",
        diagnostic::DiagnosticLevel::Help => "help",
        _ => "other",
    }
}

/// The first [`MOST_DIAGNOSTICS`], errors before the others, and how many are left out.
#[must_use]
pub fn foremost(mut all: Vec<Diagnostic>) -> (Vec<Diagnostic>, usize) {
    all.sort_by_key(|diagnostic| !diagnostic.is_error());
    let left_out = all.len().saturating_sub(MOST_DIAGNOSTICS);
    all.truncate(MOST_DIAGNOSTICS);
    (all, left_out)
}

#[cfg(test)]
mod tests {
    use super::{MOST_DIAGNOSTICS, diagnostic, foremost};

    fn said(level: &str) -> cargo_metadata::diagnostic::Diagnostic {
        let span = serde_json::json!({
            "file_name": "api/src/lib.rs", "byte_start": 0, "byte_end": 1, "line_start": 7, "line_end": 7,
            "column_start": 3, "column_end": 4, "is_primary": true, "text": [], "label": null,
            "suggested_replacement": null, "suggestion_applicability": null, "expansion": null,
        });
        let message = serde_json::json!({
            "message": "no such thing", "code": {"code": "E0425", "explanation": null}, "level": level,
            "spans": [span], "children": [], "rendered": "\u{1b}[31merror\u{1b}[0m: no such thing\n",
        });
        serde_json::from_value(message).expect("a message of rustc")
    }

    #[test]
    fn a_diagnostic_has_its_place_and_no_colours() {
        let recorded = diagnostic(&said("error"));
        assert_eq!((recorded.level.as_str(), recorded.code.as_deref()), ("error", Some("E0425")));
        assert_eq!(
            (recorded.file.as_deref(), recorded.line, recorded.column),
            (Some("api/src/lib.rs"), Some(7), Some(3))
        );
        assert_eq!(recorded.rendered, "error: no such thing\n");
    }

    #[test]
    fn errors_are_never_left_out_for_warnings() {
        let mut all = vec![diagnostic(&said("warning")); MOST_DIAGNOSTICS + 4];
        all.push(diagnostic(&said("error")));
        let (kept, left_out) = foremost(all);
        assert!(kept.len() == MOST_DIAGNOSTICS && left_out == 5 && kept[0].level == "error");
    }
}
