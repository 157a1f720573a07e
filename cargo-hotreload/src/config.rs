//! The settings of `cargo hotreload`: what they are, where each comes from, and which place wins.
//!
//! 1. [`flags`] are what the command line says, [`manifest`] is what `[workspace.metadata.hotreload]` says, and
//!    [`crate::effects::settings`] adds cargo's own environment variables: each is a [`Layer`];
//! 2. [`Layer::over`] puts one layer over another: flags over environment over manifest;
//! 3. [`Settings::from`] fills in the defaults.
//!
//! To add a setting: a field in [`Layer`] and [`Settings`], a flag in [`crate::cli`], a key in [`manifest`], a row in
//! the README's table.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::instances::Instances;
use crate::config::values::{Features, Linker, OnStuck, SignalName, Strategy, Wanted};
use crate::error::ErrorKind;
use crate::plan::own_profile::FlagSource;
use crate::shell::quoted;

pub mod flags;
pub mod instances;
pub mod manifest;
pub mod profile;
#[cfg(test)]
mod tests;
pub mod values;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// Nobody set it.
    #[default]
    Default,
    /// The root manifest, at this `path:line:column`.
    Manifest(String),
    /// The environment variable of this name.
    Environment(&'static str),
    /// This option of the command line.
    Flag(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Manifest(place) => formatter.write_str(place),
            Self::Environment(name) => formatter.write_str(name),
            Self::Flag(name) => write!(formatter, "`{name}`"),
        }
    }
}

/// A value and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setting<T> {
    /// The value.
    pub value: T,
    /// Who set it.
    pub source: Source,
}

impl<T> Setting<T> {
    fn by_default(value: T) -> Self {
        Self { value, source: Source::Default }
    }

    /// What is wrong with this value, as an error that names its place.
    #[must_use]
    pub fn fault(&self, message: impl Into<String>, help: impl Into<String>) -> ErrorKind {
        ErrorKind::Setting { place: self.source.to_string(), message: message.into(), help: help.into() }
    }
}

impl<T> Deref for Setting<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// What one place says: nothing at all for most settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layer {
    /// `bin` and `--example`.
    pub hosts: Option<Setting<Vec<Wanted>>>,
    /// `features`, and `--all-features` and `--no-default-features`.
    pub features: Option<Setting<Features>>,
    /// `profile`.
    pub profile: Option<Setting<String>>,
    /// `exclude`.
    pub exclude: Option<Setting<Vec<String>>>,
    /// `--flags`.
    pub flags: Option<Setting<FlagSource>>,
    /// `linker`.
    pub linker: Option<Setting<Linker>>,
    /// `toolchain`.
    pub toolchain: Option<Setting<String>>,
    /// `target-dir`; `None` within is cargo's own, which an environment variable can ask for.
    pub target_dir: Option<Setting<Option<PathBuf>>>,
    /// `reload-signal`.
    pub reload_signal: Option<Setting<SignalName>>,
    /// `stop-signal`.
    pub stop_signal: Option<Setting<SignalName>>,
    /// `args`.
    pub args: Option<Setting<Vec<OsString>>>,
    /// `env`.
    pub env: Option<Setting<BTreeMap<String, String>>>,
    /// `debounce`.
    pub debounce: Option<Setting<Duration>>,
    /// `strategy`.
    pub strategy: Option<Setting<Strategy>>,
    /// `instances`.
    pub instances: Option<Setting<Instances>>,
    /// `on-stuck`.
    pub on_stuck: Option<Setting<OnStuck>>,
}

impl Layer {
    /// What this layer says, and what `lower` says where this one says nothing.
    #[must_use]
    pub fn over(self, lower: Self) -> Self {
        Self {
            hosts: self.hosts.or(lower.hosts),
            features: self.features.or(lower.features),
            profile: self.profile.or(lower.profile),
            exclude: self.exclude.or(lower.exclude),
            flags: self.flags.or(lower.flags),
            linker: self.linker.or(lower.linker),
            toolchain: self.toolchain.or(lower.toolchain),
            target_dir: self.target_dir.or(lower.target_dir),
            reload_signal: self.reload_signal.or(lower.reload_signal),
            stop_signal: self.stop_signal.or(lower.stop_signal),
            args: self.args.or(lower.args),
            env: both(self.env, lower.env),
            debounce: self.debounce.or(lower.debounce),
            strategy: self.strategy.or(lower.strategy),
            instances: self.instances.or(lower.instances),
            on_stuck: self.on_stuck.or(lower.on_stuck),
        }
    }
}

/// Variables are set one by one: `--env A=1` does not take away what the manifest says of `B`.
fn both(
    upper: Option<Setting<BTreeMap<String, String>>>,
    lower: Option<Setting<BTreeMap<String, String>>>,
) -> Option<Setting<BTreeMap<String, String>>> {
    match (upper, lower) {
        (Some(mut upper), Some(lower)) => {
            for (name, value) in lower.value {
                upper.value.entry(name).or_insert(value);
            }
            Some(upper)
        }
        (upper, lower) => upper.or(lower),
    }
}

/// Every setting, with its default where nobody set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The binaries or examples to run; by default the only one.
    pub hosts: Setting<Vec<Wanted>>,
    /// Features to build with.
    pub features: Setting<Features>,
    /// The profile to build with.
    pub profile: Setting<String>,
    /// Local packages that stay static libraries.
    pub exclude: Setting<Vec<String>>,
    /// Whose compiler flags; by default the workspace's own, if it has any.
    pub flags: Setting<Option<FlagSource>>,
    /// The linker of the local crates.
    pub linker: Setting<Linker>,
    /// rustup's name of the nightly; by default the newest.
    pub toolchain: Setting<Option<String>>,
    /// Where builds go; by default `hotreload` in cargo's target directory.
    pub target_dir: Setting<Option<PathBuf>>,
    /// What tells the program to swap its modules.
    pub reload_signal: Setting<SignalName>,
    /// What tells the program to end.
    pub stop_signal: Setting<SignalName>,
    /// The program's first arguments.
    pub args: Setting<Vec<OsString>>,
    /// What is added to the program's environment.
    pub env: Setting<BTreeMap<String, String>>,
    /// How long no further save may come before a burst of saves is over.
    pub debounce: Setting<Duration>,
    /// How edits get into the program.
    pub strategy: Setting<Strategy>,
    /// How many processes of each program are run.
    pub instances: Setting<Instances>,
    /// What is done with a program that does not take new code.
    pub on_stuck: Setting<OnStuck>,
}

impl Default for Settings {
    fn default() -> Self {
        Self::from(Layer::default())
    }
}

impl From<Layer> for Settings {
    fn from(layer: Layer) -> Self {
        fn some<T>(setting: Option<Setting<T>>) -> Setting<Option<T>> {
            let wrap = |Setting { value, source }| Setting { value: Some(value), source };
            setting.map_or_else(|| Setting { value: None, source: Source::Default }, wrap)
        }
        Self {
            hosts: layer.hosts.unwrap_or_default(),
            features: layer.features.unwrap_or_default(),
            profile: layer.profile.unwrap_or_else(|| Setting::by_default(profile::DEFAULT.into())),
            exclude: layer.exclude.unwrap_or_default(),
            flags: some(layer.flags),
            linker: layer.linker.unwrap_or_default(),
            toolchain: some(layer.toolchain),
            target_dir: layer.target_dir.unwrap_or_default(),
            reload_signal: layer.reload_signal.unwrap_or_else(|| Setting::by_default(SignalName::INT)),
            stop_signal: layer.stop_signal.unwrap_or_else(|| Setting::by_default(SignalName::TERM)),
            args: layer.args.unwrap_or_default(),
            env: layer.env.unwrap_or_default(),
            debounce: layer.debounce.unwrap_or_else(|| Setting::by_default(values::DEBOUNCE)),
            strategy: layer.strategy.unwrap_or_default(),
            instances: layer.instances.unwrap_or_default(),
            on_stuck: layer.on_stuck.unwrap_or_default(),
        }
    }
}

/// A setting as `status` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The key.
    pub name: &'static str,
    /// The value as one would type it.
    pub value: String,
    /// Who set it.
    pub source: Source,
}

impl Settings {
    /// The settings whose value is not the default.
    #[must_use]
    pub fn changed(&self) -> Vec<Shown> {
        let (own, default) = (self.shown(), Self::default().shown());
        own.into_iter().zip(default).filter(|(own, default)| own.value != default.value).map(|(own, _)| own).collect()
    }

    fn shown(&self) -> Vec<Shown> {
        fn row<T>(name: &'static str, setting: &Setting<T>, show: impl FnOnce(&T) -> String) -> Shown {
            Shown { name, value: show(&setting.value), source: setting.source.clone() }
        }
        fn text<T: fmt::Display>(value: &T) -> String {
            value.to_string()
        }
        let path = |path: &Option<PathBuf>| path.as_deref().map_or_else(String::new, shown_path);
        let kind = if matches!(self.hosts[..], [Wanted::Example(_), ..]) { "example" } else { "bin" };
        vec![
            row(kind, &self.hosts, |hosts| hosts.iter().map(Wanted::name).collect::<Vec<_>>().join(", ")),
            row("features", &self.features, text),
            row("profile", &self.profile, text),
            row("exclude", &self.exclude, |names| names.join(", ")),
            row("linker", &self.linker, text),
            row("toolchain", &self.toolchain, |name| name.clone().unwrap_or_default()),
            row("target-dir", &self.target_dir, path),
            row("reload-signal", &self.reload_signal, text),
            row("stop-signal", &self.stop_signal, text),
            row("args", &self.args, |args| args.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" ")),
            row("env", &self.env, |env| {
                let pairs = env.iter().map(|(name, value)| format!("{name}={}", quoted(value.as_ref())));
                pairs.collect::<Vec<_>>().join(" ")
            }),
            row("debounce", &self.debounce, |time| format!("{} ms", time.as_millis())),
            row("strategy", &self.strategy, text),
            row("instances", &self.instances, text),
            row("on-stuck", &self.on_stuck, text),
        ]
    }
}

fn shown_path(path: &Path) -> String {
    path.display().to_string()
}

/// The one of `known` that is spelled most like `word`.
#[must_use]
pub fn nearest<'known>(word: &str, known: impl IntoIterator<Item = &'known str>) -> Option<&'known str> {
    let likeness = |name: &str| strsim::jaro_winkler(&word.to_lowercase().replace('_', "-"), name);
    known.into_iter().max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}
