//! What manifests of real workspaces have: inheritance, patches, optional features, several programs, own profiles.

use std::fs;

use crate::support::fixture::manifest as library;
use crate::support::place::{Place, Started, git_repository};
use crate::support::poll::BUILD;

/// A member that inherits what can be inherited.
fn member(name: &str, more: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion.workspace = true\nedition.workspace = true\n\n\
         [lints]\nworkspace = true\n\n{more}"
    )
}

/// Both programs print what they are built of; `two` then waits.
fn idioms() -> Place {
    // A third-party crate that depends on a local one, which replaces another third-party crate.
    let itoa = git_repository(
        "itoa",
        &[
            ("Cargo.toml", &library("itoa", "fnv = \"1\"\n").replace("0.1.0", "1.0.99")),
            ("src/lib.rs", "pub fn word() -> String {\n    format!(\"git over {}\", fnv::word())\n}\n"),
        ],
    );
    let root = format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"base\", \"extra\"]\n\n\
         [workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
         [workspace.dependencies]\nbase = {{ path = \"base\" }}\nextra = {{ path = \"extra\" }}\ncfg-if = \"1\"\n\
         fnv = \"1\"\nitoa = {{ version = \"1\", default-features = false }}\n\n\
         [workspace.lints.rust]\nunsafe_code = \"deny\"\n\n\
         [profile.fast]\ninherits = \"dev\"\ndebug-assertions = false\n\n\
         [profile.fast.package.base]\ndebug-assertions = true\n\n\
         [patch.crates-io]\nfnv = {{ path = \"../fnv\" }}\nitoa = {{ git = \"{itoa}\" }}\n"
    );
    let app = "[features]\ndefault = [\"polite\"]\npolite = []\nextra = [\"dep:extra\", \"dep:cfg-if\"]\n\n\
               [dependencies]\nbase.workspace = true\nextra = { workspace = true, optional = true }\n\
               cfg-if = { workspace = true, optional = true }\n";
    let main = "fn main() {\n    let manners = if cfg!(feature = \"polite\") { \"polite\" } else { \"rude\" };\n    \
                #[cfg(feature = \"extra\")]\n    cfg_if::cfg_if! {\n        if #[cfg(unix)] { println!(\"{}\", extra::word()); }\n    }\n    \
                println!(\"NAME: {manners}, assertions {}, {}\", cfg!(debug_assertions), base::word());\n";
    let wait = "    std::thread::sleep(std::time::Duration::from_secs(3600));\n}\n";
    Place::new(
        "idioms",
        &[
            ("ws/Cargo.toml", root),
            ("ws/app/Cargo.toml", member("app", app)),
            ("ws/app/src/bin/one.rs", main.replace("NAME", "one") + "}\n"),
            ("ws/app/src/bin/two.rs", main.replace("NAME", "two") + wait),
            ("ws/base/Cargo.toml", member("base", "[dependencies]\nfnv.workspace = true\nitoa.workspace = true\n")),
            (
                "ws/base/src/lib.rs",
                "pub fn word() -> String {\n    format!(\"base {} over {} and {}\", cfg!(debug_assertions), fnv::word(), itoa::word())\n}\n"
                    .into(),
            ),
            ("ws/extra/Cargo.toml", member("extra", "[dependencies]\nbase.workspace = true\ncfg-if.workspace = true\n")),
            (
                "ws/extra/src/lib.rs",
                "cfg_if::cfg_if! {\n    if #[cfg(unix)] {\n        pub fn word() -> String {\n            \
                 format!(\"extra over {}\", base::word())\n        }\n    }\n}\n"
                    .into(),
            ),
            ("fnv/Cargo.toml", library("fnv", "").replace("0.1.0", "1.0.99")),
            ("fnv/src/lib.rs", "pub fn word() -> &'static str {\n    \"patched\"\n}\n".into()),
        ],
    )
}

#[test]
fn patches_inheritance_features_and_an_own_profile_come_together() {
    let idioms = idioms();
    let before = idioms.files();
    let printed = idioms.run(&["--bin", "one", "--profile", "fast", "--no-default-features", "--features", "extra"]);
    let base = "base true over patched and git over patched";
    // Our own lines may come between.
    for line in [format!("extra over {base}"), format!("one: rude, assertions false, {base}")] {
        assert!(printed.lines().any(|printed| printed == line), "{printed}");
    }
    assert!(printed.contains("Finished `fast` profile"), "{printed}");
    assert!(idioms.files() == before, "a file differs from what it was");
}

/// `base` is excluded, `fnv` is below a third-party crate: both are in dependency groups, which are never unloaded.
#[test]
fn an_edit_of_a_crate_inside_a_group_restarts_under_its_own_name() {
    let idioms = idioms();
    let before = idioms.files();
    let session = Started::launch(idioms.command(&["--bin", "two", "--exclude", "base"]));
    session.output.expect(BUILD, ["two: polite, assertions true, base true", "started process"]);
    let edit = |file: &str, old: &str, new: &str| {
        let path = idioms.path(file);
        let text = fs::read_to_string(&path).expect("a source file");
        fs::write(path, text.replace(old, new)).expect("written");
    };
    edit("ws/base/src/lib.rs", "base {}", "changed {}");
    let [report, _] = session.output.expect(BUILD, ["restarted as process", "two: polite, assertions true, changed"]);
    assert!(report.contains("because base is static: it has no module to swap"), "{report}");
    edit("fnv/src/lib.rs", "patched", "edited");
    let [report, _] = session.output.expect(BUILD, ["restarted as process", "over edited and git over edited"]);
    assert!(report.contains("because fnv, base are static"), "{report}");
    edit("ws/base/src/lib.rs", "changed {}", "base {}");
    edit("fnv/src/lib.rs", "edited", "patched");
    session.terminate();
    assert!(idioms.files() == before, "a file differs from what it was");
}
