//! Ctrl+Z in a shell, and back.

use std::path::Path;
use std::process::Command;

use crate::support::command::clean;
use crate::support::console::Console;
use crate::support::poll::{BUILD, SOON};
use crate::support::terminal::Terminal;

/// An interactive shell in the console's workspace, that has started a session.
fn shell(console: &Console, arguments: &str) -> Terminal {
    let mut command: Command = clean("bash", &console.place.root());
    command.args(["--norc", "--noprofile", "--noediting", "-i"]).env("PS1", "shell> ").env("HISTFILE", "/dev/null");
    let terminal = Terminal::run(&command);
    terminal.expect(SOON, "shell>");
    let tool = Path::new(env!("CARGO_BIN_EXE_cargo-hotreload")).display();
    terminal.press(&format!("{tool} hotreload run --strategy modules {arguments}\n"));
    terminal.expect(BUILD, "[hotreload] started process");
    terminal.expect(SOON, "first: one");
    terminal
}

/// Suspended, the shell has its terminal as it was and no status line in it; continued, the session goes on.
#[test]
fn a_suspended_session_leaves_the_terminal_and_comes_back() {
    let console = Console::new();
    let mut terminal = shell(&console, "");
    terminal.expect_status(SOON, "running");
    assert!(!terminal.is_as_before());

    terminal.press("\x1a");
    terminal.expect(SOON, "Stopped");
    terminal.expect_status(SOON, "shell>");
    assert!(terminal.is_as_before());
    assert!(!terminal.text().contains("h help"), "{}", terminal.text());

    terminal.press("fg\n");
    terminal.expect_status(SOON, "running | 2 modules");
    assert!(!terminal.is_as_before());
    console.say("after");
    terminal.expect(BUILD, "now: one after");

    // In the background it works on, without a status line, and does not touch the shell's terminal.
    terminal.press("\x1a");
    terminal.expect_status(SOON, "shell>");
    terminal.press("bg\n");
    console.edit("word/src/lib.rs", "after", "behind");
    terminal.expect(BUILD, "now: one behind");
    assert!(terminal.is_as_before());
    terminal.press("fg\n");
    terminal.expect_status(SOON, "running | 2 modules");
    terminal.press("q");
    terminal.expect(SOON, "every file is as it was");
    terminal.expect_status(SOON, "shell>");
    assert!(terminal.is_as_before());
    terminal.press("exit\n");
    terminal.wait();
}

/// A program that has the terminal is suspended like any other, and has the terminal again afterwards.
#[test]
fn a_program_in_the_foreground_is_suspended_as_well() {
    let console = Console::new();
    let mut terminal = shell(&console, "--foreground -- answer");
    terminal.press("hello\n");
    terminal.expect(SOON, "you said: hello");
    terminal.press("\x1a");
    terminal.expect(SOON, "Stopped");
    terminal.expect_status(SOON, "shell>");
    terminal.press("fg\n");
    terminal.expect(SOON, "hotreload run --strategy modules --foreground");
    terminal.press("again\n");
    terminal.expect(SOON, "you said: again");
    terminal.press("exit\n");
    terminal.expect(SOON, "the program ended (exit code 7)");
    terminal.expect_status(SOON, "shell>");
    terminal.press("echo code $?\n");
    terminal.expect(SOON, "code 7");
    terminal.press("exit\n");
    terminal.wait();
}

/// Nobody could continue a session without a shell: Ctrl+Z does nothing there.
#[test]
fn without_a_shell_nothing_is_suspended() {
    let console = Console::new();
    let terminal = Terminal::run(&console.place.command(&[]));
    terminal.expect_status(BUILD, "running");
    terminal.press("\x1a");
    terminal.press("s");
    terminal.expect(SOON, ", running; 0 reloads");
    // In a container, the group and session of who started it have no numbers.
    assert!(!terminal.text().contains("panicked"), "{}", terminal.text());
}
