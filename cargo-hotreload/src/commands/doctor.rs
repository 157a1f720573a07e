//! `cargo hotreload doctor`.

use std::env;
use std::path::{Path, PathBuf};

use anstream::println;
use anstyle::Style;
use anyhow::Result;
use clap_cargo::Manifest;
use clap_cargo::style::{ERROR, GOOD, NOTE, WARN};

use crate::cli::{Conduct, Doctor, Selection};
use crate::commands::Outcome;
use crate::effects::toolchain::Toolchains;
use crate::effects::{cargo_config, doctor as facts, dylib_probe, files, locate, modules as built, settings};
use crate::error::{ErrorKind, help};
use crate::plan::checks::probe::Probe;
use crate::plan::checks::{Check, Verdict, count, machine, modules, probe, toolchain as toolchains, workspace};
use crate::plan::toolchain::Toolchain;
use crate::workspace::Host;

/// Checks every requirement, and says what was found and what mends it.
///
/// # Errors
/// [`ErrorKind::Requirements`] if one is not met.
pub fn doctor(arguments: &Doctor) -> Result<Outcome> {
    let toolchains = Toolchains::read();
    let root = find_root(&arguments.manifest, &toolchains);
    let wanted = wanted_toolchain(arguments, root.as_ref().ok().and_then(Option::as_deref));
    let toolchain = toolchains.find(wanted.as_deref());
    let place = match &root {
        Ok(Some(root)) => root.clone(),
        Ok(None) | Err(_) => env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
    };
    let nightly = toolchain.as_ref().ok();
    let checks = [
        toolchain_checks(&toolchain, &place),
        probe_checks(nightly, &place),
        machine_checks(),
        workspace_checks(nightly, root),
    ]
    .concat();
    checks.iter().for_each(print);
    let failed = count(&checks, Verdict::Failed);
    if failed == 0 {
        return Ok(Outcome::Done);
    }
    Err(ErrorKind::Requirements { failed, checked: checks.len() - count(&checks, Verdict::Skipped) }.into())
}

/// The toolchain that is asked for; what is wrong with a setting, the check of the workspace says.
fn wanted_toolchain(arguments: &Doctor, root: Option<&Path>) -> Option<String> {
    let selection = Selection { toolchain: arguments.toolchain.clone(), ..Selection::default() };
    let settings = root.and_then(|root| settings::read(root, &selection, &Conduct::default()).ok());
    settings.map_or(selection.toolchain, |settings| settings.toolchain.value)
}

/// The workspace, if there is one; without one only the machine is looked at, unless one was asked for.
fn find_root(manifest: &Manifest, toolchains: &Toolchains) -> Result<Option<PathBuf>> {
    match locate::root(manifest, toolchains) {
        Ok(root) => Ok(Some(root)),
        Err(error) => match error.downcast_ref() {
            Some(ErrorKind::NoWorkspace { .. }) if manifest.manifest_path.is_none() => Ok(None),
            _ => Err(error),
        },
    }
}

fn toolchain_checks(toolchain: &Result<Toolchain>, place: &Path) -> Vec<Check> {
    let found = toolchain.as_ref().ok();
    let nightly = match toolchain {
        Ok(toolchain) => toolchains::nightly(toolchain),
        Err(error) => match error.downcast_ref() {
            Some(ErrorKind::NoNightly { reason, help }) => toolchains::no_nightly(reason, help),
            _ => toolchains::no_nightly(&format!("{error:#}"), "`rustup toolchain install nightly`"),
        },
    };
    let libstd = match found {
        Some(toolchain) => toolchains::libstd(toolchain, &facts::file_names(&toolchain.library_directory)),
        None => Check::skipped("libstd", WITHOUT_NIGHTLY),
    };
    vec![machine::platform(&facts::machine(found)), nightly, toolchains::pin(facts::pin(place).as_ref(), found), libstd]
}

const WITHOUT_NIGHTLY: &str = "needs the nightly toolchain";

fn probe_checks(toolchain: Option<&Toolchain>, place: &Path) -> Vec<Check> {
    let probed = match toolchain {
        Some(toolchain) => dylib_probe::probe(toolchain, place),
        None => Probe::NotTried(WITHOUT_NIGHTLY.into()),
    };
    probe::checks(&probed, toolchain.and_then(|toolchain| toolchain.name.as_deref()))
}

fn machine_checks() -> Vec<Check> {
    vec![
        machine::library_path(env::var_os("LD_LIBRARY_PATH").as_deref()),
        machine::watching(&facts::watching()),
        machine::proc(&facts::own_mappings()),
    ]
}

fn workspace_checks(toolchain: Option<&Toolchain>, root: Result<Option<PathBuf>>) -> Vec<Check> {
    const NAME: &str = "workspace";
    let refused = |error: &anyhow::Error| {
        let help = help(error).unwrap_or_else(|| "`cargo metadata --no-deps` shows what cargo thinks of it".into());
        vec![Check::failed(NAME, format!("{error:#}"), help)]
    };
    let (root, toolchain) = match (root, toolchain) {
        // Without a nightly it is the PATH's cargo that refused, which may be none at all.
        (Err(error), None) if !is_about_workspace(&error) => return vec![Check::skipped(NAME, WITHOUT_NIGHTLY)],
        (Err(error), _) => return refused(&error),
        (Ok(None), _) => {
            return vec![Check::skipped(NAME, "none here: no dev profile, rustflags or build target to look at")];
        }
        (Ok(Some(root)), None) => {
            return vec![Check::skipped(NAME, format!("{}: {WITHOUT_NIGHTLY}", root.display()))];
        }
        (Ok(Some(root)), Some(toolchain)) => (root, toolchain),
    };
    let settings = cargo_config::settings(&root);
    let mut checks = match facts::workspace(toolchain, &root) {
        Err(error) => refused(&error),
        Ok(found) => {
            let libraries = found.graph.local().count();
            let plural = if libraries == 1 { "y" } else { "ies" };
            let names: Vec<String> = found.hosts.iter().map(|host| format!("`{}`", host.bin)).collect();
            let several = if names.len() == 1 { "" } else { "s" };
            let what = format!(
                "{}: program{several} {} with {libraries} local librar{plural}",
                root.display(),
                names.join(", ")
            );
            let of_host = |host: &Host| {
                let source = files::read_optional(&host.source).ok().flatten().unwrap_or_default();
                workspace::program(&found.relative(&host.source).display().to_string(), &source)
            };
            let first = [Check::ok(NAME, what)].into_iter().chain(found.hosts.iter().map(of_host)).collect();
            let modules = modules::modules(built::built(&found).as_deref());
            [first, workspace::profile(&found.obstacles, &settings), modules].concat()
        }
    };
    match facts::target_cfg(toolchain, &root) {
        Ok(cfg) => checks.extend([workspace::crt_static(&cfg, &settings), workspace::target(&cfg, &settings)]),
        Err(_) => checks.push(Check::skipped("build target", "cargo does not say, see above")),
    }
    checks
}

fn is_about_workspace(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ErrorKind::NoWorkspace { .. } | ErrorKind::Manifest { .. }))
}

/// Prints `check`: a line, the rest of a quoted message below it, and what mends it.
fn print(check: &Check) {
    const INDENT: &str = "         ";
    let (word, style) = shown(check.outcome);
    let mut lines = check.found.lines();
    println!("{style}{word:7}{style:#}  {:17}  {}", check.name, lines.next().unwrap_or_default());
    lines.for_each(|line| println!("{INDENT}    {line}"));
    if let Some(help) = &check.help {
        println!("{INDENT}{NOTE}help{NOTE:#}: {help}");
    }
}

fn shown(outcome: Verdict) -> (&'static str, Style) {
    match outcome {
        Verdict::Ok => ("ok", GOOD),
        Verdict::Warning => ("warning", WARN),
        Verdict::Failed => ("failed", ERROR),
        Verdict::Skipped => ("skipped", NOTE),
    }
}
