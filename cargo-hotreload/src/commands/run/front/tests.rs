//! A panic in a real terminal.

use std::env::current_exe;
use std::io::stdin;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rustix::termios::{LocalModes, Winsize, tcgetattr};

use super::leave_terminal_in_panics;
use crate::effects::pty::{Pty, both};
use crate::effects::terminal;
use crate::ui::screen::{self, Size};

const TYPED_LINES: LocalModes = LocalModes::ICANON.union(LocalModes::ECHO);

#[test]
#[ignore = "the next test runs it in a terminal"]
fn panics_in_a_terminal() {
    assert!(terminal::remember());
    leave_terminal_in_panics();
    screen::open(Size { rows: 24, columns: 80 }, false);
    screen::status(|bar| bar.state = "running");
    terminal::want_keys();
    let modes = tcgetattr(stdin()).expect("a terminal").local_modes;
    assert!(!modes.intersects(TYPED_LINES), "keys are read one by one");
    panic!("as wanted");
}

#[test]
fn a_panic_is_told_on_the_terminal_as_it_was() {
    let (pty, slave) =
        Pty::open(Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).expect("a pseudo-terminal");
    let text = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&text);
    pty.pass_on("test", move |bytes| sink.lock().expect("unpoisoned").extend(bytes)).expect("a thread");
    let stdin = slave.try_clone().expect("another end");
    let (stdout, stderr) = both(slave.try_clone().expect("another end")).expect("another end");
    let mut command = Command::new("setsid");
    command.arg("--ctty").arg(current_exe().expect("our path"));
    command.args(["--exact", "--ignored", "--nocapture", "commands::run::front::tests::panics_in_a_terminal"]);
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    let status = command.status().expect("it starts");
    assert!(!status.success());
    pty.drain();
    let modes = tcgetattr(&slave).expect("a terminal").local_modes;
    assert!(modes.contains(TYPED_LINES), "{modes:?}");
    let text = String::from_utf8_lossy(&text.lock().expect("unpoisoned")).into_owned();
    let (before, after) = text.split_once("as wanted").expect("the panic is told");
    let drawn = before.rfind(" running | h help").expect("a status line");
    // It is wiped, and not drawn again.
    assert!(before[drawn..].contains("\x1b[J") && !after.contains("h help"), "{text:?}");
}
