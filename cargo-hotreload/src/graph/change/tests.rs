//! What changes do to small workspaces.

use std::collections::BTreeSet;

use super::{Change, Consequence};
use crate::graph::picture::Picture;
use crate::graph::testing::{Sketch, changed, diamond, names};

fn consequence(picture: &Picture, changed_crate: &str) -> Consequence {
    changed(picture, &[changed_crate]).consequence
}

fn reloaded<'picture>(picture: &'picture Picture, crates: &[&str]) -> Vec<&'picture str> {
    match changed(picture, crates).consequence {
        Consequence::Reload { modules } => names(picture, modules),
        other => panic!("no reload: {other:?}"),
    }
}

fn rebuilt<'picture>(picture: &'picture Picture, crates: &[&str]) -> Vec<&'picture str> {
    names(picture, changed(picture, crates).rebuilt)
}

#[test]
fn the_lowest_module_takes_all_above_it_along() {
    let picture = diamond().built();
    assert_eq!(reloaded(&picture, &["base"]), ["base", "left", "right", "top"]);
    assert_eq!(rebuilt(&picture, &["base"]), ["base", "left", "right", "top"]);
}

#[test]
fn the_topmost_module_is_reloaded_alone() {
    let picture = diamond().built();
    assert_eq!(reloaded(&picture, &["top"]), ["top"]);
    let sentence = changed(&picture, &["top"]).sentence(&picture);
    assert_eq!(sentence, "a change in `top` rebuilds top, unloads top and loads it again, while the process goes on");
}

#[test]
fn a_sibling_that_was_loaded_later_is_reloaded_but_not_rebuilt() {
    let picture = diamond().built();
    assert_eq!(rebuilt(&picture, &["left"]), ["left", "top"]);
    assert_eq!(reloaded(&picture, &["left"]), ["left", "right", "top"]);
    assert_eq!(
        changed(&picture, &["left"]).sentence(&picture),
        "a change in `left` rebuilds left and top, unloads top, right and left and loads left, right and top \
         again, in this order, while the process goes on; right is the same as before, but was loaded later"
    );
}

#[test]
fn an_earlier_sibling_stays() {
    let picture = diamond().built();
    assert_eq!(reloaded(&picture, &["right"]), ["right", "top"]);
    assert_eq!(reloaded(&picture, &["right", "left"]), ["left", "right", "top"]);
}

#[test]
fn host_resident_group_and_excluded_crates_restart() {
    let picture = diamond().resident("base").exclude("leaf").third_party("regex", &["base", "top"]).built();
    for (name, reason) in [
        ("app", "app is the executable itself"),
        ("base", "base is resident, the program links it and cannot swap it"),
        ("hotreload-group-1", "hotreload-group-1 is a dependency group, which is never unloaded"),
        ("regex", "hotreload-group-1 is a dependency group, which is never unloaded"),
        ("leaf", "leaf is excluded and static, built into the program"),
    ] {
        assert_eq!(consequence(&picture, name), Consequence::Restart { why: reason.into() }, "{name}");
    }
    // One restart is enough, whatever else could have been reloaded.
    assert!(matches!(changed(&picture, &["top", "base"]).consequence, Consequence::Restart { .. }));
}

#[test]
fn before_the_first_build_both_may_happen() {
    let picture = diamond().unbuilt();
    let change = changed(&picture, &["right"]);
    let Consequence::Undecided { modules } = &change.consequence else { panic!("{change:?}") };
    assert_eq!(names(&picture, modules.iter().copied()), ["right", "top"]);
    let sentence = change.sentence(&picture);
    assert!(sentence.contains("if right is a module, unloads top and right and loads"), "{sentence}");
    assert!(sentence.ends_with("if the program links right, it restarts"));
    // The executable is no module in any case.
    assert!(matches!(consequence(&picture, "app"), Consequence::Restart { .. }));
}

#[test]
fn what_the_program_does_not_use_does_nothing() {
    let picture = diamond().other("xtask").built();
    let change = changed(&picture, &["xtask"]);
    assert_eq!(change.consequence, Consequence::Nothing);
    assert_eq!(change.sentence(&picture), "a change in `xtask` does not reach the program");
    // Without a loader nobody loads the libraries.
    assert_eq!(consequence(&diamond().without_loader(), "top"), Consequence::Nothing);
}

#[test]
fn a_procedural_macro_rebuilds_who_is_compiled_with_it() {
    let picture = diamond().helper("derive", &["right"]).built();
    assert_eq!(rebuilt(&picture, &["derive"]), ["derive", "right", "top"]);
    assert_eq!(reloaded(&picture, &["derive"]), ["right", "top"]);
    let by_host = diamond().helper("derive", &["app"]).built();
    assert!(matches!(consequence(&by_host, "derive"), Consequence::Restart { .. }));
}

#[test]
fn with_the_strategy_restart_nothing_is_reloaded() {
    let picture = diamond().restart_only();
    let Consequence::Restart { why } = consequence(&picture, "top") else { panic!("no restart") };
    assert_eq!(why, "that is the strategy");
}

#[test]
fn long_lists_are_cut() {
    let mut sketch = Sketch::new("app");
    let all: Vec<String> = (0..10).map(|number| format!("c{number}")).collect();
    for (index, name) in all.iter().enumerate() {
        let below: Vec<&str> = all[..index].last().map(String::as_str).into_iter().collect();
        sketch = sketch.library(name, &below);
    }
    let picture = sketch.uses(&["c9"]).built();
    let sentence = changed(&picture, &["c0"]).sentence(&picture);
    assert!(sentence.contains("rebuilds c0, c1, c2, c3, c4, c5 and 4 more, unloads c9, c8"), "{sentence}");
}

#[test]
fn each_node_has_its_mark() {
    let picture = diamond().built();
    let change: Change = changed(&picture, &["left"]);
    let mark = |name: &str| change.fate(&picture, picture.find(name)[0]).to_string();
    let marks = ["base", "left", "right", "top", "app"].map(mark);
    assert_eq!(marks, ["", "changed, reloaded", "reloaded", "rebuilt, reloaded", ""]);
    assert_eq!(change.changed, BTreeSet::from_iter(picture.find("left")));
}
