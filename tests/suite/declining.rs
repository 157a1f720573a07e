//! A program that is told to reload, notices it, and says no: it keeps all of its modules.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::command::{Finished, hotreload};
use crate::support::console::Console;
use crate::support::events::kinds;
use crate::support::place::Started;
use crate::support::poll::BUILD;

/// A program that declines as long as there is a file.
struct Declining {
    console: Console,
    file: PathBuf,
}

impl Declining {
    fn new() -> Self {
        let console = Console::new();
        let file = console.place.path("busy");
        fs::write(&file, "").expect("written");
        Self { console, file }
    }

    fn start(&self, arguments: &[&str]) -> Started {
        let mut command = self.console.place.command(arguments);
        command.env("DECLINED_WHILE", &self.file);
        let session = Started::launch(command);
        session.output.expect(BUILD, ["first: one", "started process"]);
        session
    }

    /// What `cargo hotreload reload` answers after an edit that the program declines.
    fn reload(&self) -> Finished {
        self.console.say("more");
        hotreload(&self.console.place.root(), &["reload"])
    }

    /// From now on it takes new modules; the next edit, which it does, makes them say `words`.
    #[track_caller]
    fn take_the_next_edit(&self, session: &Started, words: &str) {
        fs::remove_file(&self.file).expect("the file is there");
        self.console.edit("word/src/lib.rs", "ne more", "ne at last");
        let [reloaded, _] = session.output.expect(BUILD, ["] reloaded word (1 of 2 modules)", words]);
        assert!(reloaded.contains("edit to live"), "{reloaded}");
    }

    /// The events of this kind that the ended session has told.
    #[track_caller]
    fn told(&self, kind: &str) -> Vec<Value> {
        let log = self.console.place.root().join("target/hotreload/hotreload-events.jsonl");
        let log = fs::read_to_string(log).expect("the log");
        assert!(kinds(&log).contains(kind), "{log}");
        let events = log.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
        events.filter(|event| event["event"] == kind).collect()
    }

    /// The record of what was declined, and of what was `next`.
    #[track_caller]
    fn assert_recorded(&self, next: &str) {
        let stuck = &self.told("module-stuck")[0];
        let said = [&stuck["package"], &stuck["reason"], &stuck["verdict"]];
        assert_eq!(said, ["word", "old-code-mapped", "refused"], "{stuck}");
        let failed = &self.told("reload-failed")[0];
        assert_eq!([&failed["outcome"], &failed["next"]], ["refused", next], "{failed}");
        assert_eq!(failed["reasons"], serde_json::json!([REASON]), "{failed}");
    }
}

const REFUSED: &str = "refused: the program was told by SIGINT, and after 2";
const OLD: &str = " all its modules are the old ones; it may have said why; ";
/// Nobody but its loader could have closed the module.
const REASON: &str = "nothing else in the process needs word: the program's own loader has not closed it";

/// `--on-stuck restart`: another process has the edit, and that is what was asked for.
#[test]
fn what_declines_is_restarted() {
    let declining = Declining::new();
    let session = declining.start(&[]);
    let answer = declining.reload().expect_success();
    assert!(answer.starts_with("restarted as process "), "{answer}");
    assert!(answer.contains(", because it did not take the new code: build "), "{answer}");
    let [_, old, refused, _, _, new] = session.output.expect(
        BUILD,
        ["not reloaded: not while", "now: one", REFUSED, REASON, "restarted as process", "first: one more"],
    );
    assert_eq!((old.as_str(), new.starts_with("first: one more ")), ("now: one", true), "{new}");
    assert!(refused.contains(OLD) && refused.ends_with("; it is restarted"), "{refused}");
    declining.take_the_next_edit(&session, "now: one at last");
    session.terminate();
    declining.assert_recorded("restart");
}

/// `--on-stuck warn`: the program goes on with its old code, and whoever asked learns that.
#[test]
fn what_declines_is_left_and_the_next_edit_is_tried() {
    let declining = Declining::new();
    let session = declining.start(&["--on-stuck", "warn"]);
    let Finished { code, stdout, stderr } = declining.reload();
    assert_eq!((code, stdout.as_str()), (Some(21), ""), "{stderr}");
    assert!(stderr.contains(REFUSED) && stderr.contains(OLD) && stderr.contains(REASON), "{stderr}");
    let [_, old, refused, _] = session.output.expect(BUILD, ["not reloaded: not while", "now: one", REFUSED, REASON]);
    assert_eq!(old, "now: one");
    assert!(refused.ends_with("; it goes on as it is, and the next edit is tried again"), "{refused}");
    let status = hotreload(&declining.console.place.root(), &["status"]).expect_success();
    assert!(status.contains(", running; 0 reloads, 0 restarts") || status.contains("reloading"), "{status}");
    declining.take_the_next_edit(&session, "now: one at last");
    let printed = session.terminate();
    assert!(!printed.contains("restarted as process"), "{printed}");
    declining.assert_recorded("left");
}
