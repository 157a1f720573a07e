//! The keys of a session.

use crate::support::console::Console;
use crate::support::poll::{BUILD, SOON};
use crate::support::terminal::Terminal;

fn started(console: &Console) -> Terminal {
    let terminal = Terminal::run(&console.place.command(&[]));
    terminal.expect(BUILD, "[hotreload] started process");
    terminal.expect_status(SOON, "running");
    terminal
}

/// `r` reloads although nothing changed, `R` restarts, `b` builds and finds nothing to do.
#[test]
fn reload_restart_and_build() {
    let console = Console::new();
    let terminal = started(&console);
    terminal.press("r");
    terminal.expect(BUILD, "[hotreload] reloaded 0 of 2 modules, none had changed");
    terminal.expect(SOON, "now: one");
    terminal.press("b");
    terminal.expect(BUILD, "[hotreload] nothing to reload, the code is the same");
    terminal.press("R");
    let report = terminal.expect(BUILD, "[hotreload] restarted as process");
    assert!(report.contains("because it was asked for"), "{report}");
    terminal.expect_status(SOON, "running | 2 modules");
}

/// What only shows something: help, status, the graph, an empty screen, no errors.
#[test]
fn what_is_asked_for_is_shown() {
    let console = Console::new();
    let terminal = started(&console);
    terminal.press("h");
    terminal.expect(SOON, "  r  reload now");
    terminal.expect(SOON, "  q  end program and session");
    terminal.press("s");
    terminal.expect(SOON, ", running; 0 reloads, 0 restarts; last: started process");
    terminal.press("g");
    terminal.until(SOON, "the load order", |rows| {
        let row = |start: &str| rows.iter().find(|row| row.trim_start().starts_with(start)).cloned();
        row("1  base").filter(|row| row.contains("module")).and(row("2  word")).filter(|row| row.contains("base"))
    });
    terminal.press("e");
    terminal.expect(SOON, "no errors and no warnings");
    terminal.press("c");
    terminal.until(SOON, "an empty screen", |rows| {
        let (last, above) = rows.split_last()?;
        (above.iter().all(String::is_empty) && last.contains("h help")).then_some(())
    });
    // Nothing that is typed is shown, and what means nothing does nothing.
    terminal.press("xyz\x1b[A\x1b[B");
    terminal.press("s");
    let rows = terminal.until(SOON, "the status", |rows| (rows.len() == 2).then(|| rows.to_vec()));
    assert!(rows[0].starts_with("[hotreload] process "), "{rows:#?}");
}

/// `u` goes back to the build before, and says so where there is none.
#[test]
fn what_was_live_before_comes_back() {
    let console = Console::new();
    let terminal = started(&console);
    terminal.press("u");
    terminal.expect(SOON, "[hotreload] not rolled back: no other build was live in this session");
    console.say("edited");
    terminal.expect(BUILD, "now: one edited");
    terminal.expect(BUILD, "[hotreload] reloaded word");
    terminal.press("u");
    terminal.expect(SOON, "[hotreload] rolled back: reloaded ");
    terminal.expect_status(SOON, "running");
}

/// Saves during a pause are built when it ends.
#[test]
fn a_pause_holds_saves_back() {
    let console = Console::new();
    let terminal = started(&console);
    terminal.press("p");
    terminal.expect(SOON, "[hotreload] paused: saves are built when you resume");
    terminal.expect_status(SOON, "paused | 2 modules");
    console.say("paused");
    // Asked for in the meantime, it is built all the same.
    terminal.press("b");
    terminal.expect(BUILD, "now: one paused");
    terminal.expect_status(SOON, "paused | 2 modules");
    console.edit("word/src/lib.rs", "paused", "resumed");
    // Nothing shows that nothing happens: the status that is asked for comes after the save.
    terminal.press("s");
    terminal.expect(SOON, ", paused; 1 reloads");
    terminal.press("p");
    terminal.expect(SOON, "[hotreload] resumed: each save is built");
    terminal.expect(BUILD, "now: one resumed");
    terminal.expect_status(SOON, "running");
}

/// `q` ends as Ctrl+C does.
#[test]
fn quitting_ends_program_and_session() {
    let console = Console::new();
    let mut terminal = started(&console);
    terminal.press("q");
    assert_eq!(terminal.wait().code(), Some(0));
    terminal.expect(SOON, "[hotreload] the program stopped (exit code 0)");
}
