//! Gathers the settings: the command line, cargo's environment variables, the root manifest.

use std::env;
use std::path::Path;

use anyhow::{Context, Result};

use crate::cli::{Conduct, Selection};
use crate::config::{Layer, Setting, Settings, Source, flags, manifest, profile};
use crate::effects::{cargo_config, files};

/// Variables with which cargo itself is told where to build, the stronger first.
const TARGET_VARIABLES: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];

/// The settings for the workspace at `root`.
///
/// # Errors
/// [`Setting`](crate::error::ErrorKind::Setting) and [`Manifest`](crate::error::ErrorKind::Manifest).
pub fn read(root: &Path, selection: &Selection, conduct: &Conduct) -> Result<Settings> {
    let directory = env::current_dir().context("cannot tell the current directory")?;
    let path = root.join("Cargo.toml");
    let manifest = manifest::read(&files::read(&path)?, &path.display().to_string(), root)?;
    let flags = flags::of_conduct(conduct).over(flags::of_selection(selection, &directory));
    let settings = Settings::from(flags.over(environment()).over(manifest));
    check_profile(root, &settings)?;
    Ok(settings)
}

/// Cargo answers with what its variables say when it is asked for its target directory.
fn environment() -> Layer {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let variable = TARGET_VARIABLES.into_iter().find(is_set);
    let target_dir = variable.map(|name| Setting { value: None, source: Source::Environment(name) });
    Layer { target_dir, ..Layer::default() }
}

fn check_profile(root: &Path, settings: &Settings) -> Result<()> {
    if *settings.profile == profile::DEFAULT {
        return Ok(());
    }
    let cargos = cargo_config::settings(root);
    let texts: Vec<&str> = cargos.configs.iter().chain(&cargos.manifest).map(|file| file.text.as_str()).collect();
    match profile::refusal(&settings.profile, &texts) {
        None => Ok(()),
        Some(reason) => {
            let help = "take `dev`, or write a profile with `inherits = \"dev\"`";
            Err(settings.profile.fault(reason, help).into())
        }
    }
}
