//! The wrapper that cargo puts before each rustc (`build.rustc-wrapper`): where ours takes its place, ours calls it.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use toml_edit::Document;

use crate::plan::checks::settings::{Settings, TomlFile};

/// What cargo would call; `variables` looks up cargo's own environment, and `directory` is where cargo is called.
///
/// An empty value means none, whatever comes after it.
#[must_use]
pub fn configured(
    settings: &Settings,
    directory: &Path,
    variables: impl Fn(&str) -> Option<OsString>,
) -> Option<OsString> {
    let names = ["RUSTC_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER"];
    let variable = names.into_iter().find_map(variables).map(|value| located(&value, directory));
    let wrapper = variable.or_else(|| settings.configs.iter().find_map(in_file));
    wrapper.filter(|wrapper| !wrapper.is_empty())
}

fn in_file(file: &TomlFile) -> Option<OsString> {
    let document = Document::parse(file.text.as_str()).ok()?;
    let value = document.get("build")?.as_table_like()?.get("rustc-wrapper")?.as_str()?;
    Some(located(OsStr::new(value), &file.base))
}

/// A path begins in `base`; a bare name is looked for in the `PATH`.
fn located(value: &OsStr, base: &Path) -> OsString {
    let path = PathBuf::from(value);
    if path.components().count() > 1 { base.join(path).into_os_string() } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::configured;
    use crate::plan::checks::settings::{Settings, TomlFile};

    fn wrapper(variables: &[(&str, &str)], configs: &[(&str, &str)]) -> Option<OsString> {
        let file =
            |(base, text): &(&str, &str)| TomlFile { name: String::new(), base: base.into(), text: (*text).into() };
        let settings = Settings { configs: configs.iter().map(file).collect(), ..Settings::default() };
        let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
        configured(&settings, Path::new("/w/a"), find)
    }

    #[test]
    fn variables_come_before_files_and_nearer_files_before_others() {
        let own = ("/w", "[build]\nrustc-wrapper = 'tools/wrap'\n");
        let home = ("/home", "build.rustc-wrapper = 'sccache'\n");
        assert_eq!(wrapper(&[], &[("/w/a", "[build]\njobs = 1\n"), own, home]), Some("/w/tools/wrap".into()));
        assert_eq!(wrapper(&[], &[home, own]), Some("sccache".into()));
        let variable = ("CARGO_BUILD_RUSTC_WRAPPER", "./mine");
        assert_eq!(wrapper(&[variable], &[home]), Some("/w/a/./mine".into()));
        assert_eq!(wrapper(&[variable, ("RUSTC_WRAPPER", "other")], &[home]), Some("other".into()));
        assert_eq!(wrapper(&[], &[]), None);
    }

    #[test]
    fn an_empty_value_means_none() {
        let home = ("/home", "[build]\nrustc-wrapper = 'sccache'\n");
        assert_eq!(wrapper(&[("RUSTC_WRAPPER", "")], &[home]), None);
        assert_eq!(wrapper(&[], &[("/w", "[build]\nrustc-wrapper = ''\n"), home]), None);
    }
}
