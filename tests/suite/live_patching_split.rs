//! `run --strategy patch` where cargo puts debug information into files of its own: layouts are not known then.

use crate::support::poll::BUILD;
use crate::support::session_of_patches::{Patched, runs_in};

/// Each edit is a restart, whatever it changes, and the setting that helps is told. With that, edits are patched.
fn layouts_are_not_known(split: &str) {
    let app = Patched::new();
    let manifest = app.fixture.read("ws/Cargo.toml");
    app.fixture.write("ws/Cargo.toml", &format!("{manifest}\n[profile.dev]\nsplit-debuginfo = \"{split}\"\n"));
    let session = app.start(&[]);
    let edits = [
        (("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "main first base0 outside text"),
        (("ws/app/src/main.rs", "\"main\"", "\"MAIN\""), "MAIN first base0 outside text"),
        (("ws/base/src/lib.rs", "base{}", "BASE{}"), "MAIN first BASE0 outside text"),
    ];
    for ((file, old, new), said) in edits {
        app.edit(file, old, new);
        let [line, _] = session.output.expect(BUILD, ["[hotreload] restarted as process", &format!("said: 1 {said}")]);
        assert!(line.contains("the debug information of `") && line.contains("split-debuginfo = \"off\""), "{line}");
    }
    app.edit("ws/Cargo.toml", &format!("\"{split}\""), "\"off\"");
    session.output.expect(BUILD, ["[hotreload] restarted as process", "said: 1 MAIN first BASE0 outside text"]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"first {}", "\"second {}"), "2 MAIN second BASE0 outside text");
    let text = session.terminate();
    assert!(!text.contains("build failed"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

#[test]
fn layouts_are_not_known_from_unpacked_files() {
    layouts_are_not_known("unpacked");
}

#[test]
fn layouts_are_not_known_from_a_packed_file() {
    layouts_are_not_known("packed");
}
