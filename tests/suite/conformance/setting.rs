//! How programs are compiled.

use std::env;
use std::process::{Command, Stdio};

/// One way to compile a program.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) toolchain: &'static str,
    /// Of the crates that are edited.
    pub(super) opt_level: u8,
    /// Of the crate that is not.
    pub(super) dependency_opt_level: u8,
    /// Whatever else all crates are compiled with.
    pub(super) options: &'static [&'static str],
    /// What the program is linked with.
    pub(super) link: &'static [&'static str],
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { toolchain, opt_level, dependency_opt_level, options, link } = self;
        write!(f, "{toolchain} at {opt_level}/{dependency_opt_level}")?;
        options.iter().chain(*link).try_for_each(|option| write!(f, " {option}"))
    }
}

const PLAIN: Setting = Setting { toolchain: "stable", opt_level: 0, dependency_opt_level: 0, options: &[], link: &[] };

/// The settings of this run: the two toolchains at the two levels; with `CONFORMANCE=all` everything that may differ.
pub(super) fn settings() -> Vec<Setting> {
    let mut all = Vec::new();
    for toolchain in ["stable", "nightly"] {
        for opt_level in [0, 1] {
            all.push(Setting { toolchain, opt_level, dependency_opt_level: 3 * opt_level, ..PLAIN });
        }
    }
    if env::var("CONFORMANCE").is_ok_and(|wanted| wanted == "all") {
        all.extend((1..4).map(|dependency_opt_level| Setting { dependency_opt_level, ..PLAIN }));
        all.extend(OPTIONS.map(|options| Setting { toolchain: "nightly", options, ..PLAIN }));
        all.extend(OPTIONS.map(|options| Setting { options, ..PLAIN }));
        for linker in LINKERS.into_iter().filter(|linker| has_linker(linker)) {
            for toolchain in ["stable", "nightly"] {
                all.push(Setting { toolchain, link: linker, ..PLAIN });
                all.push(Setting {
                    toolchain,
                    link: linker,
                    opt_level: 1,
                    options: &["-Crelocation-model=static"],
                    ..PLAIN
                });
            }
        }
    }
    all
}

/// Split debug information is not among them: everything is refused then, which is tried with cargo.
const OPTIONS: [&[&str]; 4] = [
    &["-Crelocation-model=static"],
    &["-Csymbol-mangling-version=v0"],
    &["-Cforce-frame-pointers=yes"],
    &["-Ccodegen-units=1"],
];

const LINKERS: [&[&str]; 5] = [
    &["-Clink-arg=-fuse-ld=bfd"],
    &["-Clink-arg=-fuse-ld=gold"],
    &["-Clink-arg=-fuse-ld=lld"],
    &["-Clink-arg=-fuse-ld=mold"],
    &["-Clink-arg=-fuse-ld=bfd", "-Clink-arg=-Wl,-z,now"],
];

fn has_linker(link: &[&str]) -> bool {
    let Some(name) = link[0].strip_prefix("-Clink-arg=-fuse-ld=") else { return true };
    let mut command = Command::new(if name == "mold" { "mold".to_owned() } else { format!("ld.{name}") });
    let version = command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let has = version.is_ok_and(|status| status.success());
    if !has {
        println!("SKIPPED: there is no {name} here");
    }
    has
}
