//! Sources that come with an old time stamp, as a renamed backup or a copy does: cargo goes by time stamps alone.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::support::command::{hotreload, run_command};
use crate::support::console::Console;
use crate::support::place::Started;
use crate::support::poll::{BUILD, until};
use crate::support::session_of_patches::Patched;

/// Puts a file in the place of another, with `new` instead of `old`, that was written long ago.
#[track_caller]
fn replace_by_older(path: &Path, old: &str, new: &str) {
    let text = fs::read_to_string(path).expect("a source file");
    assert!(text.contains(old), "{text}");
    let copy = path.with_extension("bak");
    fs::write(&copy, text.replacen(old, new, 1)).expect("written");
    let long_ago = SystemTime::UNIX_EPOCH + Duration::from_hours(400_000);
    File::options().write(true).open(&copy).and_then(|file| file.set_modified(long_ago)).expect("its time");
    fs::rename(copy, path).expect("renamed");
}

/// The session has nothing more to do.
fn rests(root: &Path) {
    until(BUILD, "the session rests", || hotreload(root, &["status"]).stdout.contains(", running; ").then_some(()));
}

/// The patch stays when cargo has built everything: it has seen the new code as well.
#[test]
fn an_old_file_is_patched_in_and_stays() {
    let app = Patched::new();
    let session = app.start(&[]);
    replace_by_older(&app.root().join("api/src/lib.rs"), "\"api {}", "\"API {}");
    session.output.expect(BUILD, ["[hotreload] patched api", "said: 2 main API base0 outside text"]);
    rests(&app.root());
    replace_by_older(&app.root().join("api/src/text.txt"), "text", "TEXT");
    session.output.expect(BUILD, ["[hotreload] patched ", "said: 3 main API base0 outside TEXT"]);
    rests(&app.root());
    let text = session.terminate();
    assert!(!text.contains("restarted as process"), "{text}");
}

#[test]
fn an_old_file_is_restarted_with() {
    let app = Patched::new();
    let session = Started::launch(run_command(&app.root(), &["--strategy", "restart", "--bin", "app"]));
    session.output.expect(BUILD, ["started process", "said: 1 main api base0 outside text"]);
    replace_by_older(&app.root().join("api/src/lib.rs"), "\"api {}", "\"API {}");
    session.output.expect(BUILD, ["restarted as process", "said: 1 main API base0 outside text"]);
    replace_by_older(&app.root().join("api/src/text.txt"), "text", "TEXT");
    session.output.expect(BUILD, ["restarted as process", "said: 1 main API base0 outside TEXT"]);
    session.terminate();
}

#[test]
fn an_old_file_is_reloaded() {
    let console = Console::new();
    let session = Started::launch(console.place.command(&[]));
    session.output.expect(BUILD, ["started process", "first: one"]);
    replace_by_older(&console.place.root().join("word/src/lib.rs"), "ne\")", "ne more\")");
    session.output.expect(BUILD, ["reloaded word (1 of 2 modules)", "now: one more"]);
    session.terminate();
}
