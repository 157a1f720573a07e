//! The developer profile that a workspace brings itself, commented out.
//!
//! Programs with a module loader of their own keep what it needs in their manifests: `cargo-features` on the first
//! line, `rustflags` of the dev profile, `"dylib"` among the crate types. There nothing of ours is added: what stands
//! in comments is brought to life ([`manifest::uncomment`]). A `--cfg NAME` among the flags often goes with a cargo
//! feature of that name, without which the loader is not compiled in.

use std::fmt;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::plan::manifest::{self, ManifestError};

/// Whose compiler flags and crate types are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum FlagSource {
    /// The workspace's own, which stand commented out in its manifests
    Own,
    /// Those that come with `cargo hotreload`
    #[default]
    Builtin,
}

/// A workspace's own developer profile.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnProfile {
    /// The names that its flags give with `--cfg`.
    pub cfgs: Vec<String>,
    /// The features of the program's package that belong to them.
    pub features: Vec<String>,
}

impl OwnProfile {
    /// The profile in the root manifest `text` (with or without our additions), for a program whose package has the
    /// features `offered`. There is one where a commented-out `cargo-features` asks for `profile-rustflags` and at
    /// least one `rustflags` of the dev profile is commented out.
    ///
    /// # Errors
    /// [`ManifestError`] if `text` is no TOML, or has a commented-out `rustflags` without an end.
    pub fn detect<'name>(
        text: &str,
        offered: impl IntoIterator<Item = &'name str>,
    ) -> Result<Option<Self>, ManifestError> {
        let Some(flags) = manifest::commented_flags(&manifest::remove(text))?.filter(|flags| !flags.is_empty()) else {
            return Ok(None);
        };
        let mut cfgs: Vec<String> = Vec::new();
        for name in flags.iter().flat_map(|flags| cfg_names(flags)) {
            if !cfgs.iter().any(|other| other == name) {
                cfgs.push(name.to_owned());
            }
        }
        let offered = offered.into_iter().filter(|feature| cfgs.iter().any(|name| is_same(name, feature)));
        let features = offered.map(str::to_owned).collect();
        Ok(Some(Self { cfgs, features }))
    }
}

/// What is used, in one sentence.
impl fmt::Display for OwnProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the workspace's own developer profile is used")?;
        match &self.features[..] {
            [] => Ok(()),
            [feature] => write!(formatter, ", built with its feature `{feature}`"),
            several => write!(formatter, ", built with its features `{}`", several.join("`, `")),
        }
    }
}

/// The names that `flags` set, without those that have a value.
fn cfg_names(flags: &[String]) -> Vec<&str> {
    let behind =
        flags.iter().zip(flags.iter().skip(1)).filter(|(flag, _)| *flag == "--cfg").map(|(_, name)| name.as_str());
    let within = flags.iter().filter_map(|flag| flag.strip_prefix("--cfg="));
    let is_name = |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    behind.chain(within).map(str::trim).filter(is_name).collect()
}

/// A feature may be spelled with `-`, a `--cfg` may not.
fn is_same(name: &str, feature: &str) -> bool {
    feature.replace('-', "_") == name
}

#[cfg(test)]
mod tests {
    use super::OwnProfile;

    fn detected(flags: &str, offered: &[&str]) -> Option<OwnProfile> {
        let text = format!("#cargo-features = ['profile-rustflags']\n[profile.dev]\n{flags}");
        OwnProfile::detect(&text, offered.iter().copied()).expect("a manifest")
    }

    #[test]
    fn every_form_of_cfg_is_read() {
        let flags =
            "#rustflags = [\n#\t'--cfg',\t'one', \"--cfg=two\",\n#\t\"--cfg\",\n#\t'one', '--cfg', 'a=\"b\"',\n#]\n";
        let profile = detected(flags, &["one", "t-wo", "b", "default"]).expect("a profile");
        assert_eq!(profile.cfgs, ["one", "two"]);
        assert_eq!(profile.features, ["one"]);
    }

    #[test]
    fn a_feature_may_have_dashes() {
        let profile = detected("#rustflags = ['--cfg=hot_mods']\n", &["hot-mods"]).expect("a profile");
        assert_eq!(profile.features, ["hot-mods"]);
    }

    #[test]
    fn without_flags_or_without_the_cargo_feature_there_is_none() {
        assert_eq!(detected("debug = 0\n# rustflags are for later\n", &[]), None);
        let detect = |text| OwnProfile::detect(text, []).expect("a manifest");
        assert_eq!(detect("[profile.dev]\n#rustflags = ['-g']\n"), None);
        assert_eq!(detect("# cargo-features = [\"x\"]\n[profile.dev]\n#rustflags = ['-g']\n"), None);
        // Not even where something looks like an array without an end.
        assert_eq!(detect("[profile.dev]\n# rustflags = [\n"), None);
    }

    #[test]
    fn what_is_uncommented_already_is_found_again() {
        let text = "#cargo-features = ['profile-rustflags']\n[profile.dev]\n#rustflags = ['--cfg=x']\n";
        let alive = crate::plan::manifest::uncomment(text, crate::plan::manifest::Scope::Root).expect("uncommented");
        assert_ne!(alive, text);
        let profile = OwnProfile::detect(&alive, ["x"]).expect("a manifest").expect("a profile");
        assert_eq!(profile.features, ["x"]);
    }
}
