//! Where cargo's own settings come from: its configuration files, its environment variables, the root manifest.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::plan::checks::settings::{Settings, TomlFile};
use crate::plan::configured_wrapper;

/// Everything that cargo reads its settings from in `root`.
#[must_use]
pub fn settings(root: &Path) -> Settings {
    let directories = root.ancestors().map(|directory| directory.join(".cargo")).chain(cargo_home());
    // Cargo prefers the older name where a directory has both.
    let config = |directory: PathBuf| ["config", "config.toml"].map(|name| directory.join(name));
    let mut paths: Vec<PathBuf> =
        directories.filter_map(|it| config(it).into_iter().find(|path| path.is_file())).collect();
    // The home directory's file is met twice where the workspace lies below it.
    let mut seen = BTreeSet::new();
    paths.retain(|path| seen.insert(path.clone()));
    let file = |path: &PathBuf| {
        // Paths in `/a/.cargo/config.toml` begin in `/a`.
        let base = path.parent().and_then(Path::parent).unwrap_or(root).to_owned();
        Some(TomlFile { name: shown(path, root), base, text: fs::read_to_string(path).ok()? })
    };
    Settings {
        variables: env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .filter(|(name, _)| name == "RUSTFLAGS" || name.starts_with("CARGO_"))
            .collect(),
        configs: paths.iter().filter_map(file).collect(),
        manifest: file(&root.join("Cargo.toml")),
    }
}

/// The wrapper that a cargo called in `root` puts before each rustc.
#[must_use]
pub fn rustc_wrapper(root: &Path) -> Option<OsString> {
    configured_wrapper::configured(&settings(root), root, |name| env::var_os(name))
}

fn cargo_home() -> Option<PathBuf> {
    let named = env::var_os("CARGO_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    named.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::settings;
    use crate::effects::files::generate;

    #[test]
    fn configurations_come_nearest_first() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let root = directory.path().join("w");
        generate(&root.join(".cargo/config.toml"), "[build]\n").expect("write");
        generate(&directory.path().join(".cargo/config"), "[term]\n").expect("write");
        let settings = settings(&root);
        let names: Vec<&str> = settings.configs.iter().map(|file| file.name.as_str()).take(2).collect();
        assert_eq!(names, [".cargo/config.toml", &directory.path().join(".cargo/config").display().to_string()]);
        assert!(settings.manifest.is_none());
    }
}
