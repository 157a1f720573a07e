//! Checks of the nightly toolchain and its standard library.

use toml_edit::DocumentMut;

use crate::plan::checks::Check;
use crate::plan::toolchain::{INSTALL_RUSTUP, Rustc, Toolchain};

const NIGHTLY: &str = "nightly toolchain";

/// The nightly that is used, and why it is this one.
#[must_use]
pub fn nightly(toolchain: &Toolchain) -> Check {
    let Toolchain { name, rustc, choice, version, .. } = toolchain;
    let name = name.as_ref().map(|name| format!("{name}, ")).unwrap_or_default();
    let variable = match rustc {
        Rustc::Variable { name, path } => format!("; `{name}` names its compiler, {}", path.display()),
        Rustc::Cargos(_) => String::new(),
    };
    Check::ok(NIGHTLY, format!("{name}{choice}: rustc {version}{variable}"))
}

/// There is no nightly, for this `reason`.
#[must_use]
pub fn no_nightly(reason: &str, help: &str) -> Check {
    Check::failed(NIGHTLY, reason, help)
}

/// A `rust-toolchain.toml` or `rust-toolchain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Where it is.
    pub file: String,
    /// The channel, or path, that it names.
    pub channel: String,
}

/// What the text of a toolchain file pins: TOML, or in the old form just a channel.
#[must_use]
pub fn pinned(text: &str) -> String {
    let document: Option<DocumentMut> = text.parse().ok();
    let toolchain = document.as_ref().and_then(|document| document.get("toolchain"));
    let named = toolchain.and_then(|table| ["channel", "path"].iter().find_map(|key| table.get(key)?.as_str()));
    named.or_else(|| text.split_whitespace().next()).unwrap_or_default().to_owned()
}

/// Whether the workspace's own toolchain stands in the way of the nightly.
#[must_use]
pub fn pin(pin: Option<&Pin>, toolchain: Option<&Toolchain>) -> Check {
    const NAME: &str = "toolchain file";
    let Some(Pin { file, channel }) = pin else { return Check::ok(NAME, "none, nothing to override") };
    match toolchain {
        None => Check::skipped(NAME, format!("`{file}` pins `{channel}`; there is no nightly to override it with")),
        Some(Toolchain { name: Some(name), .. }) => {
            Check::ok(NAME, format!("`{file}` pins `{channel}`, overridden: RUSTUP_TOOLCHAIN={name}"))
        }
        Some(Toolchain { name: None, .. }) => Check::warning(
            NAME,
            format!("`{file}` pins `{channel}`, and without a nightly of rustup's nothing overrides it"),
            "`rustup toolchain install nightly`",
        ),
    }
}

/// Whether the toolchain has std as a dylib; `files` are those of its library directory.
#[must_use]
pub fn libstd(toolchain: &Toolchain, files: &[String]) -> Check {
    const NAME: &str = "libstd";
    let directory = toolchain.library_directory.display();
    let is_std = |name: &&String| name.starts_with("libstd-") && name.strip_suffix(".so").is_some();
    if let Some(name) = files.iter().find(is_std) {
        return Check::ok(NAME, format!("{directory}/{name}"));
    }
    let help = match &toolchain.name {
        Some(name) => format!("`rustup component add rust-std --toolchain {name}`"),
        None => format!("install the `rust-std` package of this rustc, or {INSTALL_RUSTUP}"),
    };
    Check::failed(NAME, format!("no `libstd-*.so` in {directory}"), help)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Pin, libstd, nightly, pin, pinned};
    use crate::plan::checks::Verdict;
    use crate::plan::toolchain::{Choice, Rustc, Toolchain};

    fn toolchain(name: Option<&str>, version: &str) -> Toolchain {
        Toolchain {
            name: name.map(str::to_owned),
            cargo: PathBuf::from("cargo"),
            rustc: Rustc::Cargos(PathBuf::from("rustc")),
            choice: Choice::Newest,
            version: version.into(),
            host: "x86_64-unknown-linux-gnu".into(),
            library_directory: PathBuf::from("/sysroot/lib"),
        }
    }

    #[test]
    fn a_nightly_is_named_with_the_reason_for_it() {
        let check = nightly(&toolchain(Some("nightly-x"), "1.97.0-nightly (abc)"));
        assert_eq!(check.outcome, Verdict::Ok);
        assert_eq!(check.found, "nightly-x, rustup's newest: rustc 1.97.0-nightly (abc)");
        let own = Rustc::Variable { name: "RUSTC", path: PathBuf::from("/opt/rustc") };
        let check = nightly(&Toolchain { rustc: own, choice: Choice::Path, ..toolchain(None, "1.97.0-dev") });
        assert_eq!(check.found, "in the PATH: rustc 1.97.0-dev; `RUSTC` names its compiler, /opt/rustc");
    }

    #[test]
    fn both_forms_of_a_toolchain_file_are_read() {
        assert_eq!(pinned("[toolchain]\nchannel = \"1.80.0\"\n"), "1.80.0");
        assert_eq!(pinned("[toolchain]\npath = \"/opt/rust\"\n"), "/opt/rust");
        assert_eq!(pinned("stable\n"), "stable");
    }

    #[test]
    fn a_pin_is_overridden_only_by_name() {
        let file = Pin { file: "rust-toolchain.toml".into(), channel: "1.80.0".into() };
        let nightly = toolchain(Some("nightly-x"), "1.97.0-nightly");
        let check = pin(Some(&file), Some(&nightly));
        assert_eq!(check.outcome, Verdict::Ok);
        assert!(check.found.contains("`rust-toolchain.toml` pins `1.80.0`, overridden"), "{}", check.found);
        assert_eq!(pin(Some(&file), Some(&toolchain(None, "1.97.0-nightly"))).outcome, Verdict::Warning);
        assert_eq!(pin(Some(&file), None).outcome, Verdict::Skipped);
        assert_eq!(pin(None, Some(&nightly)).outcome, Verdict::Ok);
    }

    #[test]
    fn std_has_to_be_there_as_a_dylib() {
        let nightly = toolchain(Some("nightly-x"), "1.97.0-nightly");
        assert_eq!(libstd(&nightly, &["libstd-1.rlib".into(), "libstd-1.so".into()]).outcome, Verdict::Ok);
        let check = libstd(&nightly, &["libstd-1.rlib".into()]);
        assert_eq!(check.help.as_deref(), Some("`rustup component add rust-std --toolchain nightly-x`"));
    }
}
