//! Checks of a workspace: what its settings and its program forbid.

use syn::Attribute;
use syn::parse::{ParseStream, Parser};

use crate::plan::checks::Check;
use crate::plan::checks::settings::{Place, Settings};

/// One check for each thing that the dev profile sets and no dylib can be built with; `obstacles` are those of
/// [`crate::workspace::Workspace`], each of which begins with the setting in backticks.
#[must_use]
pub fn profile(obstacles: &[String], settings: &Settings) -> Vec<Check> {
    const NAME: &str = "dev profile";
    if obstacles.is_empty() {
        return vec![Check::ok(NAME, "no `lto`, no `panic = \"abort\"`")];
    }
    let check = |obstacle: &String| {
        let key = obstacle.trim_start_matches('`').split(' ').next().unwrap_or_default();
        let place = settings.dev_profile(key);
        let other = if key == "lto" { "CARGO_PROFILE_DEV_LTO=off" } else { "CARGO_PROFILE_DEV_PANIC=unwind" };
        let help = mend(place.as_slice(), Some(&format!("`{other} cargo hotreload run`")));
        Check::failed(NAME, obstacle.clone() + &set_by(place.as_slice()), help)
    };
    obstacles.iter().map(check).collect()
}

/// Whether the program in the source file `name`, which has the text `source`, has std.
#[must_use]
pub fn program(name: &str, source: &str) -> Check {
    const NAME: &str = "program";
    if !is_no_std(source) {
        return Check::ok(NAME, "uses std");
    }
    let found = format!("`#![no_std]` in {name}: dylibs bring std along, and the program has its own in place of it");
    Check::failed(NAME, found, "`cargo hotreload run --strategy restart` leaves its libraries static")
}

/// Whether the crate attribute stands there without a condition. What cannot be read, the compiler refuses.
fn is_no_std(source: &str) -> bool {
    let attributes = |input: ParseStream<'_>| {
        let attributes = Attribute::parse_inner(input)?;
        // The parser insists that somebody reads the rest.
        input.step(|cursor| {
            let mut rest = *cursor;
            while let Some((_, next)) = rest.token_tree() {
                rest = next;
            }
            Ok(((), rest))
        })?;
        Ok(attributes)
    };
    let attributes = attributes.parse_str(source).unwrap_or_default();
    attributes.iter().any(|attribute| attribute.path().is_ident("no_std"))
}

/// Whether the C library would be linked statically; `cfg` is what `cargo rustc --print cfg` printed.
#[must_use]
pub fn crt_static(cfg: &str, settings: &Settings) -> Check {
    const NAME: &str = "crt-static";
    let in_force = cfg.lines().any(|line| line == "target_feature=\"crt-static\"");
    // A musl target has it from the start, which the check of the target reports.
    let is_musl = cfg.lines().any(|line| line == "target_env=\"musl\"");
    let places = if in_force && !is_musl { settings.crt_static() } else { settings.crt_static_in_profile() };
    if places.is_empty() && (is_musl || !in_force) {
        return Check::ok(NAME, "not asked for");
    }
    let found = format!("`-Ctarget-feature=+crt-static`: rustc makes no dylib with it{}", set_by(&places));
    // The flags of a profile come on top of those of the variable.
    let once = in_force.then_some("`RUSTFLAGS=-Ctarget-feature=-crt-static cargo hotreload run`");
    Check::failed(NAME, found, mend(&places, once))
}

/// Whether programs are built for a target whose libraries can be swapped; `cfg` as for [`crt_static`].
#[must_use]
pub fn target(cfg: &str, settings: &Settings) -> Check {
    const NAME: &str = "build target";
    let all = |name: &str| -> Vec<&str> {
        cfg.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"')).collect()
    };
    let (archs, systems, environments) = (all("target_arch"), all("target_os"), all("target_env"));
    let names = archs.iter().zip(&systems).zip(&environments);
    let names = names.map(|((arch, system), environment)| format!("{arch}-{system}-{environment}"));
    let is_good = |name: &String| matches!(name.as_str(), "x86_64-linux-gnu" | "aarch64-linux-gnu");
    let names: Vec<String> = names.collect();
    match names.iter().find(|name| !is_good(name)) {
        None => Check::ok(NAME, names.join(", ")),
        Some(name) => {
            let place = settings.build_target();
            let found = format!("{name}: its libraries are never unloaded{}", set_by(place.as_slice()));
            let once = "`CARGO_BUILD_TARGET=host-tuple cargo hotreload run`";
            Check::failed(NAME, found, mend(place.as_slice(), Some(once)))
        }
    }
}

fn set_by(places: &[Place]) -> String {
    let places: Vec<String> = places.iter().map(ToString::to_string).collect();
    if places.is_empty() { String::new() } else { format!("; set by {}", places.join(" and ")) }
}

/// How to take the setting back; `once` does without it for a single run.
fn mend(places: &[Place], once: Option<&str>) -> String {
    let out = |place: &Place| match place {
        Place::Variable(name) => format!("`unset {name}`"),
        Place::Line { at, .. } => format!("take it out of {at}"),
    };
    let mut ways = places.iter().map(out).collect::<Vec<_>>().join(" and ");
    if places.is_empty() {
        ways = "`cargo +nightly -Zunstable-options config get --show-origin` shows where it is set".into();
    }
    // Without the variable every run is as wanted.
    let is_simple = !places.is_empty() && places.iter().all(|place| matches!(place, Place::Variable(_)));
    match once.filter(|_| !is_simple) {
        Some(once) => format!("{ways}, or for one run: {once}"),
        None => ways,
    }
}

#[cfg(test)]
mod tests {
    use super::{crt_static, profile, program, target};
    use crate::plan::checks::Verdict;
    use crate::plan::checks::settings::{Settings, TomlFile};

    const GNU: &str = "target_arch=\"x86_64\"\ntarget_env=\"gnu\"\ntarget_os=\"linux\"\n";
    const MUSL: &str =
        "target_arch=\"x86_64\"\ntarget_env=\"musl\"\ntarget_feature=\"crt-static\"\ntarget_os=\"linux\"\n";

    fn config(text: &str) -> Settings {
        let file = TomlFile { name: ".cargo/config.toml".into(), text: text.into(), ..TomlFile::default() };
        Settings { configs: vec![file], ..Settings::default() }
    }

    #[test]
    fn each_obstacle_is_a_check_that_names_its_line() {
        let manifest =
            TomlFile { name: "Cargo.toml".into(), text: "[profile.dev]\nlto = 'fat'\n".into(), ..TomlFile::default() };
        let settings = Settings { manifest: Some(manifest), ..Settings::default() };
        let obstacles = ["`lto = fat` in the dev profile".to_owned(), "`panic = \"abort\"` in the dev profile".into()];
        let checks = profile(&obstacles, &settings);
        assert_eq!(checks[0].found, "`lto = fat` in the dev profile; set by `profile.dev.lto` in Cargo.toml:2");
        assert!(checks[0].help.as_ref().is_some_and(|help| help.contains("`CARGO_PROFILE_DEV_LTO=off cargo")));
        assert!(checks[1].help.as_ref().is_some_and(|help| help.contains("`CARGO_PROFILE_DEV_PANIC=unwind cargo")));
        assert_eq!(profile(&[], &settings)[0].outcome, Verdict::Ok);
    }

    #[test]
    fn a_program_without_std_is_refused() {
        let failed = |source| program("src/main.rs", source).outcome == Verdict::Failed;
        assert!(failed("//! A kernel.\n/* #![x] */ #![feature(x)]\n#![no_std]\n#![no_main]\nfn f() {}\n"));
        for fine in [
            "fn main() { let _ = \"#![no_std]\"; }\n",
            "// #![no_std]\nfn main() {}\n",
            "#![cfg_attr(test, no_std)]\nfn main() {}\n",
            "mod a { #![no_std] }\n",
            "#![no_std]\nfn main() { // a brace that nobody closes\n",
            "",
        ] {
            assert!(!failed(fine), "{fine}");
        }
    }

    #[test]
    fn crt_static_is_believed_to_cargo_and_named_by_file() {
        let settings = config("[build]\nrustflags = ['-Ctarget-feature=+crt-static']\n");
        // Something nearer to cargo overrides the file.
        assert_eq!(crt_static(GNU, &settings).outcome, Verdict::Ok);
        let check = crt_static(&format!("{GNU}target_feature=\"crt-static\"\n"), &settings);
        assert_eq!(check.outcome, Verdict::Failed);
        assert!(check.found.ends_with("set by `build.rustflags` in .cargo/config.toml:2"), "{}", check.found);
        let unnamed = crt_static("target_feature=\"crt-static\"", &Settings::default());
        assert!(unnamed.help.is_some_and(|help| help.contains("config get")));
    }

    #[test]
    fn musl_is_the_targets_fault() {
        let settings = config("build.target = 'x86_64-unknown-linux-musl'");
        assert_eq!(crt_static(MUSL, &settings).outcome, Verdict::Ok);
        let check = target(MUSL, &settings);
        assert_eq!(check.outcome, Verdict::Failed);
        assert!(check.found.starts_with("x86_64-linux-musl") && check.found.ends_with(".cargo/config.toml:1"));
    }

    #[test]
    fn every_target_of_a_list_is_looked_at() {
        assert_eq!(target(GNU, &Settings::default()).found, "x86_64-linux-gnu");
        assert_eq!(target(&format!("{GNU}{MUSL}"), &Settings::default()).outcome, Verdict::Failed);
    }
}
