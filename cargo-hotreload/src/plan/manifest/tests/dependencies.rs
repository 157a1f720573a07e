//! Path dependencies next to dependencies in every notation.

use super::case::{Case, GROUP, GROUP_PATH, INTRO, INTRO_AT_END, check};
use super::dependency;

const CASES: &[Case] = &[
    Case("none", "[package]\n", || dependency("group-1", ".hotreload/1"), &[INTRO, GROUP, GROUP_PATH]),
    Case(
        "table",
        "[dependencies]\nserde = \"1\"\n\n[[bin]]\nname = \"x\"\n",
        || dependency("group-1", ".hotreload/1"),
        &[INTRO, GROUP, GROUP_PATH],
    ),
    Case(
        "table at the end, no newline",
        "[dependencies]\nserde = \"1\"",
        || dependency("group-1", ".hotreload/1"),
        &[INTRO_AT_END, GROUP, GROUP_PATH],
    ),
    Case(
        "sub-table",
        "[dependencies.serde]\nversion = \"1\"\n",
        || dependency("group-1", ".hotreload/1"),
        &[INTRO, GROUP, GROUP_PATH],
    ),
    Case(
        "inline",
        "dependencies = { serde = \"1\" }\n",
        || dependency("group-1", ".hotreload/1"),
        &[
            r#"dependencies = { serde = "1", group-1.path = ".hotreload/1" } # hotreload: added `, group-1.path = ".hotreload/1"`"#,
        ],
    ),
    Case(
        "dotted",
        "dependencies.serde = \"1\"\n",
        || dependency("group-1", ".hotreload/1"),
        &[r#"dependencies.group-1.path = ".hotreload/1" # hotreload: added"#],
    ),
    Case(
        "present",
        "[dependencies]\ngroup-1 = { path = \".hotreload/1\", features = [] }\n",
        || dependency("group-1", ".hotreload/1"),
        &[],
    ),
    Case(
        "present in two places",
        "[dependencies]\ngroup-1.path = \".hotreload/1\"\n",
        || dependency("group-1", ".hotreload/1"),
        &[],
    ),
    Case(
        "ends in an array of tables",
        "[[bin]]\nname = \"x\"\n",
        || dependency("group-1", ".hotreload/1"),
        &[INTRO, GROUP, GROUP_PATH],
    ),
];

#[test]
fn dependencies() {
    check(CASES);
}
