//! `--foreground`: the program has the terminal.

use std::io::{Write as _, pipe};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::hotreload_command;
use crate::support::console::Console;
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON};
use crate::support::session_of_patches::{Patched, kill, pid};
use crate::support::terminal::{COLUMNS, ROWS, Terminal};

fn started(console: &Console) -> Terminal {
    let terminal = Terminal::run(&console.place.command(&["--foreground", "--", "answer"]));
    terminal.expect(BUILD, "[hotreload] started process");
    terminal.expect(SOON, &format!("first: one [true, true, true] [{ROWS}, {COLUMNS}]"));
    terminal
}

/// The program reads what is typed, with echo and by lines; Ctrl+C goes to it and reloads; an edit is carried into it
/// all the same, before and after; its own end is the session's.
#[test]
fn a_console_answers_and_reloads_in_the_terminal() {
    let console = Console::new();
    let mut terminal = started(&console);
    assert!(terminal.is_as_before());
    terminal.press("hello\n");
    terminal.expect(SOON, "you said: hello");

    terminal.press("\x03");
    terminal.expect(SOON, "now: one");
    console.say("two");
    let report = terminal.expect(BUILD, "[hotreload] reloaded word");
    assert!(report.contains("(1 of 2 modules)"), "{report}");
    terminal.expect(SOON, "now: one two");
    terminal.press("\x03");
    terminal.until(SOON, "another reload", |rows| {
        (rows.iter().filter(|row| row.ends_with("now: one two")).count() == 2).then_some(())
    });
    console.edit("word/src/lib.rs", "two", "three");
    terminal.expect(BUILD, "now: one three");
    terminal.press("word\n");
    terminal.expect(SOON, "word: one three");
    assert!(!terminal.text().contains("h help") && !terminal.text().contains("stuck"), "{}", terminal.text());

    terminal.press("exit\n");
    assert_eq!(terminal.wait().code(), Some(7));
    terminal.expect(SOON, "[hotreload] the program ended (exit code 7), and the session with it");
    terminal.expect(SOON, "[hotreload] every file is as it was");
    assert!(terminal.is_as_before());
}

/// What a program draws on the whole terminal stays as it is: our lines, and cargo's, wait until it has ended.
#[test]
fn nothing_gets_into_what_a_program_draws() {
    let app = Patched::new();
    let mut command = hotreload_command(&app.root(), &["run", "--strategy", "patch", "--bin", "app", "--foreground"]);
    let mut terminal = Terminal::run(command.env("CARGO_INCREMENTAL", "1"));
    let started = terminal.expect(BUILD, "[hotreload] started process");
    terminal.expect(SOON, "said: 1 main api base0 outside text");
    terminal.make_raw();
    app.edit("ws/base/src/lib.rs", "base{}", "BASE{}");
    terminal.expect(BUILD, "said: 2 main api BASE0 outside text");
    // The first patch has been told when the second one is in.
    app.edit("ws/base/src/lib.rs", "BASE{}", "Base{}");
    terminal.expect(BUILD, "said: 3 main api Base0 outside text");
    let shown = terminal.text();
    assert_eq!(shown.matches("[hotreload]").count(), 1, "{shown}");
    kill(pid(&started));
    assert_eq!(terminal.wait().code(), Some(128 + 9));
    terminal.expect(SOON, "[hotreload] patched base");
    assert!(terminal.is_as_before());
}

/// A restart hands the terminal on to the new process.
#[test]
fn a_restarted_console_has_the_terminal_again() {
    let console = Console::new();
    let mut terminal = started(&console);
    console.edit("host/src/main.rs", "you said", "you typed");
    terminal.expect(BUILD, "[hotreload] restarted as process");
    terminal.press("hello\n");
    terminal.expect(SOON, "you typed: hello");
    // Ctrl+\ is the program's as well.
    terminal.press("\x1c");
    assert_eq!(terminal.wait().code(), Some(33));
    assert!(terminal.is_as_before());
}

/// A killed program ends the session too, with the code by which a shell tells that; the terminal comes back.
#[test]
fn a_killed_console_gives_the_terminal_back() {
    let console = Console::new();
    let mut terminal = started(&console);
    let line = terminal.expect(SOON, "started process");
    let pid = line.split("process ").nth(1).and_then(|rest| rest.split(' ').next()).expect("its id");
    kill_process(Pid::from_raw(pid.parse().expect("a number")).expect("an id"), Signal::KILL).expect("it runs");
    assert_eq!(terminal.wait().code(), Some(128 + 9));
    assert!(terminal.is_as_before());
}

/// Without a terminal there is none to give: the program reads from the pipe, and its exit code is the session's.
#[test]
fn without_a_terminal_the_program_reads_its_input() {
    let console = Console::new();
    let mut command = console.place.command(&["--foreground", "--", "answer"]);
    let (input, mut typed) = pipe().expect("a pipe");
    command.stdin(input);
    let session = Started::launch(command);
    session.output.expect(BUILD, ["started process"]);
    typed.write_all(b"hello\nexit\n").expect("the program reads");
    session.output.expect(SOON, ["you said: hello"]);
    let (code, text) = session.end();
    assert_eq!(code, Some(7), "{text}");
    assert!(text.contains("[hotreload] the program ended (exit code 7), and the session with it"), "{text}");
    assert!(!text.contains('\x1b'), "{text:?}");
}

/// A program that takes the terminal without being given it is stopped by the kernel: the session says how to give it.
#[test]
fn a_program_that_wants_the_terminal_is_told_about() {
    let console = Console::new();
    let mut terminal = Terminal::run(&console.place.command(&["--", "tty"]));
    let said = terminal.expect(BUILD, "the program wants the terminal for itself and was stopped (SIGTTIN)");
    assert!(said.contains("`cargo hotreload run --foreground`"), "{said}");
    // A stopped program is ended all the same.
    terminal.press("q");
    assert_eq!(terminal.wait().code(), Some(0));
    terminal.expect(SOON, "[hotreload] the program stopped (exit code 0)");
}

/// A signal to the session ends both in order.
#[test]
fn a_session_in_the_foreground_can_be_ended_from_outside() {
    let console = Console::new();
    let mut terminal = started(&console);
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.wait().code(), Some(0));
    terminal.expect(SOON, "[hotreload] the program stopped (exit code 0)");
    assert!(terminal.is_as_before());
}
