//! Commands that change a workspace take turns: whoever comes while another one is at it is told who that is.

use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::command::{Finished, finish, hotreload_command, run_command};
use crate::support::fixture::Fixture;
use crate::support::traced::{Fate, Write, trace};
use crate::support::tree::assert_same;

/// Every command that changes a workspace.
fn commands(fixture: &Fixture) -> [Command; 4] {
    let root = fixture.root();
    [
        hotreload_command(root, &["enable"]),
        hotreload_command(root, &["disable"]),
        run_command(root, &[]),
        run_command(root, &["--strategy", "patch"]),
    ]
}

/// Holds `command` in its first write that is `there`, and sees that every command is refused meanwhile.
fn assert_others_are_refused(fixture: &Fixture, mut command: Command, name: &str, there: fn(&Write) -> bool) {
    let mut is_met = false;
    let finished = trace(&mut command, fixture.root(), &mut |process, write| {
        if !is_met && there(write) {
            is_met = true;
            let before = fixture.tree();
            for mut other in commands(fixture) {
                assert_refused(finish(&mut other), name, process);
            }
            assert_same(&before, &fixture.tree());
            if name == "run" {
                kill(process, Signal::SIGTERM).expect("it is traced");
            }
        }
        Fate::Made
    });
    assert!(is_met, "{finished:#?}");
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

fn assert_refused(Finished { code, stderr, .. }: Finished, holder: &str, process: Pid) {
    let help = match holder {
        "run" => "`cargo hotreload stop` ends it, `cargo hotreload status` shows it",
        _ => "wait until it has ended, then run the command again",
    };
    let message = format!("another `cargo hotreload {holder}` (process {process}) works in this workspace");
    assert_eq!((code, stderr), (Some(18), format!("error: {message}\nhelp: {help}\n")));
}

#[test]
fn a_workspace_belongs_to_one_command_at_a_time() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    let is_manifest = |write: &Write| write.name == "rename" && write.path.ends_with("base/Cargo.toml");
    let [enable, disable, run, patch] = commands(&fixture);
    assert_others_are_refused(&fixture, enable, "enable", is_manifest);
    assert_others_are_refused(&fixture, disable, "disable", is_manifest);
    for session in [run, patch] {
        assert_others_are_refused(&fixture, session, "run", |write| write.path.ends_with("events.jsonl"));
    }
    std::fs::remove_file(fixture.path("Cargo.lock")).expect("made by cargo");
    assert_same(&before, &fixture.tree());
}

/// The kernel takes the lock back, whatever a killed process has left in the file; a number there may be that of
/// another process by now.
#[test]
fn what_a_killed_command_left_of_its_lock_is_in_nobodys_way() {
    let fixture = Fixture::three_crates();
    let before = fixture.tree();
    let fate = |write: &Write| if write.path.ends_with("journal.json") { Fate::Kills } else { Fate::Made };
    let mut command = hotreload_command(fixture.root(), &["enable"]);
    let finished = trace(&mut command, fixture.root(), &mut |_, write| fate(write));
    assert_eq!(finished.code, None, "{finished:#?}");
    fixture.write(".hotreload/lock", &std::process::id().to_string());
    fixture.hotreload(&["enable"]).expect_success();
    fixture.hotreload(&["disable"]).expect_success();
    assert_same(&before, &fixture.tree());
}
