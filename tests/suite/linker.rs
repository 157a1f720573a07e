//! The linker: another one is taken where the toolchain's own fails in a way that another one cures, and it says so.
//!
//! Written for the target whose toolchain links with its own LLD; elsewhere GNU ld is the first already.
#![cfg(target_arch = "x86_64")]

use std::fs;

use crate::support::fixture::manifest as library;
use crate::support::place::{Place, Started};
use crate::support::poll::BUILD;

/// A program that is linked with what `app/link-arg` says.
fn place() -> Place {
    let build = "fn main() {\n    println!(\"cargo::rerun-if-changed=link-arg\");\n    \
                 println!(\"cargo::rustc-link-arg-bins={}\", include_str!(\"link-arg\").trim());\n}\n";
    Place::new(
        "linker",
        &[
            ("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"base\"]\n".into()),
            ("ws/app/Cargo.toml", library("app", "base = { path = \"../base\" }\n")),
            ("ws/app/build.rs", build.into()),
            ("ws/app/src/main.rs", "fn main() {\n    println!(\"linked {}\", base::number());\n}\n".into()),
            ("ws/app/names.map", "{ global: main; nothing_of_this_name; local: nor_of_this_name; };\n".into()),
            ("ws/base/Cargo.toml", library("base", "")),
            ("ws/base/src/lib.rs", "pub fn number() -> u32 {\n    42\n}\n".into()),
        ],
    )
}

impl Place {
    /// Runs a session until the program has ended; `argument` goes to the linker.
    #[track_caller]
    fn link(&self, argument: &str, arguments: &[&str]) -> String {
        fs::write(self.path("ws/app/link-arg"), argument).expect("written");
        self.run(&[&["--target-dir", "target/linker"], arguments].concat())
    }

    /// The same with a build that fails.
    #[track_caller]
    fn fail(&self, argument: &str, arguments: &[&str]) -> String {
        fs::write(self.path("ws/app/link-arg"), argument).expect("written");
        let started = Started::launch(self.command(&[&["--target-dir", "target/linker"], arguments].concat()));
        started.output.expect(BUILD, ["[hotreload] build failed: "]);
        started.terminate()
    }

    fn forget(&self) {
        let _ = fs::remove_dir_all(self.path("ws/target/linker"));
    }
}

const TAKEN: &str = "cannot link this program, its error is above: trying ";

#[test]
fn another_linker_is_taken_and_remembered() {
    let place = place();
    place.forget();
    // Only GNU ld knows this option.
    let printed = place.link("-Wl,--embedded-relocs", &[]);
    assert!(printed.contains("unknown argument '--embedded-relocs'"), "LLD's own words: {printed}");
    assert!(printed.contains(TAKEN) && printed.contains("trying GNU ld"), "{printed}");
    assert!(printed.contains("linked 42"), "{printed}");
    let again = place.link("-Wl,--embedded-relocs", &[]);
    assert!(again.contains("linked 42") && !again.contains(TAKEN), "{again}");
    place.forget();
}

#[test]
fn a_version_script_that_lld_refuses_is_taken_to_another_linker() {
    let place = place();
    place.forget();
    let script = format!("-Wl,--version-script={}", place.path("ws/app/names.map").display());
    let printed = place.link(&script, &[]);
    assert!(printed.contains("version script assignment of"), "LLD's own words: {printed}");
    assert!(printed.contains(TAKEN) && printed.contains("linked 42"), "{printed}");
    place.forget();
}

#[test]
fn what_no_linker_cures_is_told_in_the_first_ones_words() {
    let place = place();
    place.forget();
    let printed = place.fail("-Wl,--no-such-option", &[]);
    let (_, told) = printed.split_once("; tried were LLD, ").unwrap_or_else(|| panic!("{printed}"));
    assert!(told.contains("GNU ld") && told.contains("unknown argument '--no-such-option'"), "{told}");
    // The next session begins with the toolchain's own linker.
    let good = place.link("-Wl,--warn-common", &[]);
    assert!(good.contains("linked 42") && !good.contains(TAKEN), "{good}");
    place.forget();
}

#[test]
fn a_linker_that_was_asked_for_is_the_only_one() {
    let place = place();
    place.forget();
    let printed = place.fail("-Wl,--no-map-whole-files", &["--linker", "default"]);
    assert!(!printed.contains(TAKEN), "{printed}");
    let printed = place.link("-Wl,--no-map-whole-files", &["--linker", "bfd"]);
    assert!(printed.contains("linked 42") && !printed.contains(TAKEN), "{printed}");
    place.forget();
}
