//! What the command line says, as a layer of settings.

use std::path::Path;

use crate::cli::{Conduct, Selection};
use crate::config::values::{Features, Wanted};
use crate::config::{Layer, Setting, Source};

fn by<T>(flag: &'static str, value: Option<T>) -> Option<Setting<T>> {
    value.map(|value| Setting { value, source: Source::Flag(flag) })
}

fn listed<T: Clone>(values: &[T]) -> Option<Vec<T>> {
    (!values.is_empty()).then(|| values.to_vec())
}

/// The layer of the flags that say what is built; `directory` is where they were typed.
#[must_use]
pub fn of_selection(selection: &Selection, directory: &Path) -> Layer {
    let binaries: Vec<Wanted> = selection.bin.iter().cloned().map(Wanted::Binary).collect();
    let example = selection.example.clone().map(|name| vec![Wanted::Example(name)]);
    Layer {
        hosts: by("--bin", listed(&binaries)).or(by("--example", example)),
        features: features(selection),
        profile: by("--profile", selection.profile.clone()),
        exclude: by("--exclude", listed(&selection.exclude)),
        flags: by("--flags", selection.flags),
        linker: by("--linker", selection.linker),
        toolchain: by("--toolchain", selection.toolchain.clone()),
        target_dir: by("--target-dir", selection.target_dir.as_ref().map(|path| Some(directory.join(path)))),
        ..Layer::default()
    }
}

fn features(selection: &Selection) -> Option<Setting<Features>> {
    let flags = &selection.features;
    let flag = match (flags.features.is_empty(), flags.all_features, flags.no_default_features) {
        (false, ..) => "--features",
        (true, true, _) => "--all-features",
        (true, false, true) => "--no-default-features",
        (true, false, false) => return None,
    };
    let features =
        Features { names: flags.features.clone(), all: flags.all_features, no_default: flags.no_default_features };
    by(flag, Some(features))
}

/// The layer of the flags that say how the program is run.
#[must_use]
pub fn of_conduct(conduct: &Conduct) -> Layer {
    Layer {
        reload_signal: by("--reload-signal", conduct.reload_signal),
        stop_signal: by("--stop-signal", conduct.stop_signal),
        args: by("--args", listed(&conduct.args)),
        env: by("--env", listed(&conduct.env).map(|pairs| pairs.into_iter().collect())),
        debounce: by("--debounce", conduct.debounce),
        strategy: by("--strategy", conduct.strategy),
        instances: by("--instances", conduct.instances),
        on_stuck: by("--on-stuck", conduct.on_stuck),
        ..Layer::default()
    }
}
