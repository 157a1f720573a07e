//! Where a setting of cargo stands: environment variables, cargo's configuration files, the root manifest.
//!
//! What is in force is cargo's own word; this only finds the line to change.

use std::fmt;
use std::path::PathBuf;

use toml_edit::{Document, Item, TableLike};

/// Everything that cargo reads its settings from.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Environment variables that cargo or rustc read.
    pub variables: Vec<(String, String)>,
    /// Cargo's configuration files, nearest first.
    pub configs: Vec<TomlFile>,
    /// The root manifest.
    pub manifest: Option<TomlFile>,
}

/// A TOML file.
#[derive(Debug, Clone, Default)]
pub struct TomlFile {
    /// How it is called in messages.
    pub name: String,
    /// Where relative paths in it begin.
    pub base: PathBuf,
    /// Its content.
    pub text: String,
}

/// Where a setting stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the environment variable of this name.
    Variable(String),
    /// In a file: `name:line`, and the key there.
    Line {
        /// File and line.
        at: String,
        /// The dotted key.
        key: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "the environment variable `{name}`"),
            Self::Line { at, key } => write!(formatter, "`{key}` in {at}"),
        }
    }
}

impl Settings {
    /// The place that decides about `key` of `[profile.dev]`.
    #[must_use]
    pub fn dev_profile(&self, key: &str) -> Option<Place> {
        let variable = format!("CARGO_PROFILE_DEV_{}", key.to_uppercase());
        let files = self.configs.iter().chain(&self.manifest);
        self.variable(&variable)
            .or_else(|| files.flat_map(|file| file.places(&["profile", "dev", key], |_| true)).next())
    }

    /// The place that decides about `build.target`.
    #[must_use]
    pub fn build_target(&self) -> Option<Place> {
        let mut files = self.configs.iter();
        self.variable("CARGO_BUILD_TARGET")
            .or_else(|| files.find_map(|file| file.places(&["build", "target"], |_| true).into_iter().next()))
    }

    /// Every place that asks for a static C library.
    #[must_use]
    pub fn crt_static(&self) -> Vec<Place> {
        let is_rustflags = |name: &str| name.ends_with("RUSTFLAGS");
        let variables = self.variables.iter().filter(|(name, value)| is_rustflags(name) && asks_for_crt_static(value));
        let variables = variables.map(|(name, _)| Place::Variable(name.clone()));
        let files = self.configs.iter().flat_map(|file| {
            let paths: [&[&str]; 2] = [&["build", "rustflags"], &["target", "*", "rustflags"]];
            paths.into_iter().flat_map(|path| file.places(path, asks_for_crt_static)).collect::<Vec<_>>()
        });
        variables.chain(files).chain(self.crt_static_in_profile()).collect()
    }

    /// Every place in the dev profile that asks for a static C library. Cargo does not tell of these.
    #[must_use]
    pub fn crt_static_in_profile(&self) -> Vec<Place> {
        let files = self.configs.iter().chain(&self.manifest);
        let paths: [&[&str]; 2] = [&["profile", "dev", "rustflags"], &["profile", "dev", "package", "*", "rustflags"]];
        files.flat_map(|file| paths.into_iter().flat_map(|path| file.places(path, asks_for_crt_static))).collect()
    }

    fn variable(&self, name: &str) -> Option<Place> {
        self.variables.iter().find(|(own, _)| own == name).map(|(name, _)| Place::Variable(name.clone()))
    }
}

/// Whether these flags, a TOML value or the text of a variable, link the C library statically: the last word counts.
fn asks_for_crt_static(flags: &str) -> bool {
    match (flags.rfind("+crt-static"), flags.rfind("-crt-static")) {
        (Some(on), Some(off)) => on > off,
        (on, _) => on.is_some(),
    }
}

impl TomlFile {
    /// Where the keys that `path` stands for are, as far as `wanted` takes their value; `*` stands for any key.
    fn places(&self, path: &[&str], wanted: impl Fn(&str) -> bool) -> Vec<Place> {
        // A file that is no TOML is cargo's to complain about.
        let Ok(document) = Document::parse(self.text.as_str()) else { return Vec::new() };
        let mut found = Vec::new();
        collect(document.as_table(), path, "", &mut |key, item| {
            let span = item.span().unwrap_or_default();
            if wanted(&self.text[span.clone()]) {
                let line = self.text[..span.start].matches('\n').count() + 1;
                found.push(Place::Line { at: format!("{}:{line}", self.name), key });
            }
        });
        found
    }
}

fn collect(table: &dyn TableLike, path: &[&str], above: &str, found: &mut dyn FnMut(String, &Item)) {
    let Some((first, rest)) = path.split_first() else { return };
    for (key, item) in table.iter().filter(|(key, _)| *first == "*" || first == key) {
        let name = if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") };
        match item.as_table_like() {
            _ if rest.is_empty() => found(name, item),
            Some(table) => collect(table, rest, &name, found),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Settings, TomlFile, asks_for_crt_static};

    fn file(name: &str, text: &str) -> TomlFile {
        TomlFile { name: name.into(), text: text.into(), ..TomlFile::default() }
    }

    fn line(at: &str, key: &str) -> Place {
        Place::Line { at: at.into(), key: key.into() }
    }

    #[test]
    fn the_last_word_on_crt_static_counts() {
        assert!(asks_for_crt_static("-C target-feature=+crt-static"));
        assert!(asks_for_crt_static("[\"-C\", \"target-feature=+sse4.2,+crt-static\"]"));
        assert!(!asks_for_crt_static("-Ctarget-feature=+crt-static -Ctarget-feature=-crt-static"));
        assert!(!asks_for_crt_static("-Copt-level=3"));
    }

    #[test]
    fn crt_static_is_found_with_its_line() {
        let config = "[build]\nrustflags = \"-Ctarget-feature=+crt-static\"\n\n\
                      [target.'cfg(unix)']\nlinker = \"cc\"\nrustflags = [\n  \"-Ctarget-feature=+crt-static\",\n]\n";
        let settings = Settings {
            variables: vec![("RUSTFLAGS".into(), "-C target-feature=+crt-static".into())],
            configs: vec![file(".cargo/config.toml", config)],
            manifest: None,
        };
        let expected = [
            Place::Variable("RUSTFLAGS".into()),
            line(".cargo/config.toml:2", "build.rustflags"),
            line(".cargo/config.toml:6", "target.cfg(unix).rustflags"),
        ];
        assert_eq!(settings.crt_static(), expected);
    }

    #[test]
    fn the_nearest_place_decides_about_the_profile() {
        let manifest = file("Cargo.toml", "[workspace]\n[profile.dev]\nlto = true\n");
        let mut settings = Settings { manifest: Some(manifest), ..Settings::default() };
        assert_eq!(settings.dev_profile("lto"), Some(line("Cargo.toml:3", "profile.dev.lto")));
        settings.configs.push(file("config.toml", "profile.dev.lto = 'fat'"));
        assert_eq!(settings.dev_profile("lto"), Some(line("config.toml:1", "profile.dev.lto")));
        settings.variables.push(("CARGO_PROFILE_DEV_LTO".into(), "thin".into()));
        assert_eq!(settings.dev_profile("lto"), Some(Place::Variable("CARGO_PROFILE_DEV_LTO".into())));
        assert_eq!(settings.dev_profile("panic"), None);
    }

    #[test]
    fn a_profile_can_ask_for_crt_static_too() {
        let manifest = file("Cargo.toml", "[profile.dev.package.a]\nrustflags = ['-Ctarget-feature=+crt-static']\n");
        let settings = Settings { manifest: Some(manifest), ..Settings::default() };
        assert_eq!(settings.crt_static(), [line("Cargo.toml:2", "profile.dev.package.a.rustflags")]);
    }

    #[test]
    fn the_target_is_found_and_broken_files_are_left_alone() {
        let configs = vec![file("a", "build = ["), file("b", "[build]\ntarget = \"x86_64-unknown-linux-musl\"\n")];
        let settings = Settings { configs, ..Settings::default() };
        assert_eq!(settings.build_target(), Some(line("b:2", "build.target")));
    }
}
