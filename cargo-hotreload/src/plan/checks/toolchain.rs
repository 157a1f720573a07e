//! Checks of the nightly toolchain and its standard library.

use std::ffi::OsStr;

use toml_edit::DocumentMut;

use crate::plan::checks::Check;
use crate::plan::toolchain::Toolchain;
use crate::shell::quoted;

const INSTALL_RUSTUP: &str =
    "`curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- --default-toolchain nightly`";

/// What was asked for, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The value of `--toolchain`.
    pub wanted: Option<&'a str>,
    /// Whether rustup answers.
    pub rustup: bool,
}

/// Whether there is a nightly, and which one is used; an error is what the search for it ended with.
#[must_use]
pub fn nightly(found: Result<&Toolchain, &str>, asked: Asked<'_>) -> Check {
    const NAME: &str = "nightly toolchain";
    let toolchain = match found {
        Ok(toolchain) => toolchain,
        Err(error) => return Check::failed(NAME, error, install(asked)),
    };
    let found = match (&toolchain.name, asked.rustup) {
        (Some(name), _) => format!("{name}, rustc {}", toolchain.version),
        (None, true) => format!("the rustc of the PATH, as rustup has no nightly: rustc {}", toolchain.version),
        (None, false) => format!("the rustc of the PATH, as there is no rustup: rustc {}", toolchain.version),
    };
    if !is_nightly(toolchain) {
        let help = "`rustup toolchain install nightly`, and leave `--toolchain` out";
        return Check::failed(NAME, format!("{found}: no nightly"), help);
    }
    Check::ok(NAME, found)
}

/// Whether unstable options work with `toolchain`: `--toolchain` takes any name.
#[must_use]
pub fn is_nightly(toolchain: &Toolchain) -> bool {
    ["-nightly", "-dev"].iter().any(|kind| toolchain.version.contains(kind))
}

fn install(Asked { wanted, rustup }: Asked<'_>) -> String {
    match wanted {
        _ if !rustup => INSTALL_RUSTUP.into(),
        Some(name) if name.starts_with("nightly") => {
            format!("`rustup toolchain install {}`", quoted(OsStr::new(name)))
        }
        Some(_) => "`rustup toolchain install nightly`, and leave `--toolchain` out".into(),
        None => "`rustup toolchain install nightly`".into(),
    }
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

    use super::{Asked, Pin, libstd, nightly, pin, pinned};
    use crate::plan::checks::Verdict;
    use crate::plan::toolchain::Toolchain;

    fn toolchain(name: Option<&str>, version: &str) -> Toolchain {
        Toolchain {
            name: name.map(str::to_owned),
            cargo: PathBuf::from("cargo"),
            rustc: PathBuf::from("rustc"),
            version: version.into(),
            host: "x86_64-unknown-linux-gnu".into(),
            library_directory: PathBuf::from("/sysroot/lib"),
        }
    }

    const DEFAULT: Asked<'_> = Asked { wanted: None, rustup: true };

    #[test]
    fn a_nightly_is_named_and_a_stable_is_refused() {
        let check = nightly(Ok(&toolchain(Some("nightly-x"), "1.97.0-nightly (abc)")), DEFAULT);
        assert_eq!((check.outcome, check.found.as_str()), (Verdict::Ok, "nightly-x, rustc 1.97.0-nightly (abc)"));
        assert_eq!(nightly(Ok(&toolchain(Some("stable-x"), "1.95.0 (abc)")), DEFAULT).outcome, Verdict::Failed);
        let without = nightly(Ok(&toolchain(None, "1.97.0-dev")), Asked { rustup: false, ..DEFAULT });
        assert!(without.found.contains("no rustup"), "{}", without.found);
    }

    #[test]
    fn the_mend_installs_what_was_asked_for_if_it_can_be() {
        let help = |wanted, rustup| nightly(Err("none"), Asked { wanted, rustup }).help.expect("a mend");
        assert_eq!(help(None, true), "`rustup toolchain install nightly`");
        assert_eq!(help(Some("nightly-2026-01-01"), true), "`rustup toolchain install nightly-2026-01-01`");
        assert!(help(Some("nope"), true).ends_with("leave `--toolchain` out"));
        assert!(help(None, false).contains("sh.rustup.rs"));
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
