//! The README's first command.

use crate::support::command::hotreload;

/// The demo checks its own claims and fails if one is not true; here it is checked that it makes them.
#[test]
fn the_demo_ends_by_itself_and_all_of_it_is_true() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let said = hotreload(directory.path(), &["demo"]).expect_success();
    let claims = [
        "true: the changed code answers",
        "true: in the same process",
        "true: and has kept its data",
        "true: a new process",
        "true: the session said why",
        "no file differs from what it was",
        "all of it was true",
    ];
    for claim in claims {
        assert!(said.contains(claim), "no {claim:?} in\n{said}");
    }
}
