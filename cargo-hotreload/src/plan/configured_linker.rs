//! The linker that cargo's configuration names (`target.….linker`). Cargo passes it behind the flags of a profile, so it
//! takes the place of the linker that dylibs with native code need. Cargo's variable for it has the last word.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use cargo_metadata::cargo_platform::{Cfg, Platform};
use toml_edit::{Document, TableLike};

use crate::plan::checks::settings::{Settings, TomlFile};

/// What rustc calls where nothing else is named.
pub const DEFAULT: &str = "cc";

/// The variable with which cargo is told the linker for the target `triple`.
#[must_use]
pub fn variable(triple: &str) -> String {
    format!("CARGO_TARGET_{}_LINKER", triple.replace(['-', '.'], "_").to_uppercase())
}

/// The linker that is named for the target `triple`, whose `cfg` is what rustc printed.
#[must_use]
pub fn configured(settings: &Settings, triple: &str, cfg: &str) -> Option<OsString> {
    let variable = variable(triple);
    if let Some((_, value)) = settings.variables.iter().find(|(name, _)| *name == variable) {
        return Some(value.into());
    }
    let cfg: Vec<Cfg> = cfg.lines().filter_map(|line| line.parse().ok()).collect();
    let is_triple = |key: &str| key == triple;
    let is_cfg = |key: &str| key.starts_with("cfg(") && key.parse().is_ok_and(|it: Platform| it.matches(triple, &cfg));
    // Whichever file it stands in, the name of the target comes before a condition.
    let find = |wanted: &dyn Fn(&str) -> bool| settings.configs.iter().find_map(|file| named(file, wanted));
    find(&is_triple).or_else(|| find(&is_cfg)).map(PathBuf::into_os_string)
}

/// The linker in a table of `target` that is `wanted`.
fn named(file: &TomlFile, wanted: &dyn Fn(&str) -> bool) -> Option<PathBuf> {
    let document = Document::parse(file.text.as_str()).ok()?;
    let targets = document.get("target")?.as_table_like()?;
    let linker = |table: &dyn TableLike| table.get("linker")?.as_str().map(PathBuf::from);
    let mut found = targets.iter().filter(|(key, _)| wanted(key));
    let path = found.find_map(|(_, item)| linker(item.as_table_like()?))?;
    // A bare name is looked for in the `PATH`.
    Some(if path.components().count() > 1 { file.base.join(path) } else { path })
}

/// How cargo is told to call ours instead: the variable and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The name of the variable.
    pub variable: String,
    /// Our linker.
    pub linker: PathBuf,
}

impl Override {
    /// `linker` for the target `triple`.
    #[must_use]
    pub fn new(triple: &str, linker: &Path) -> Self {
        Self { variable: variable(triple), linker: linker.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::configured;
    use crate::plan::checks::settings::{Settings, TomlFile};

    const TRIPLE: &str = "x86_64-unknown-linux-gnu";

    fn linker(variables: &[(&str, &str)], configs: &[&str]) -> Option<OsString> {
        let file = |text: &&str| TomlFile { name: "config".into(), base: "/w".into(), text: (*text).into() };
        let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let settings = Settings { variables, configs: configs.iter().map(file).collect(), manifest: None };
        configured(&settings, TRIPLE, "unix\ntarget_os=\"linux\"\ntarget_arch=\"x86_64\"\n")
    }

    #[test]
    fn the_variable_comes_first_then_the_target_then_a_condition() {
        let by_name = "[target.x86_64-unknown-linux-gnu]\nlinker = 'clang'\n";
        let by_cfg = "[target.'cfg(all(unix, target_arch = \"x86_64\"))']\nlinker = 'ld-of/mine'\n";
        let by_variable = [("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "gcc-12")];
        assert_eq!(linker(&by_variable, &[by_name]), Some("gcc-12".into()));
        assert_eq!(linker(&[], &[by_cfg, by_name]), Some("clang".into()));
        assert_eq!(linker(&[], &[by_cfg]), Some("/w/ld-of/mine".into()));
    }

    #[test]
    fn what_is_for_another_target_does_not_count() {
        let others = "[target.'cfg(windows)']\nlinker = 'a'\n[target.aarch64-unknown-linux-gnu]\nlinker = 'b'\n";
        assert_eq!(linker(&[], &[others, "target = [", "[build]\n"]), None);
    }
}
