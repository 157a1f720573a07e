//! Rings, or shows a message on the desktop.

use std::env;
use std::io::{IsTerminal, Write, stderr};
use std::process::{Command, Stdio};
use std::thread;

use crate::ui::notify::{Dialect, Notify, TITLE};
use crate::ui::screen;

/// Makes `text` known in the way `how`.
pub fn send(how: Notify, text: &str) {
    match how {
        Notify::None => {}
        Notify::Bell => write("\x07"),
        Notify::Desktop if has_desktop() => show(text.to_owned()),
        Notify::Desktop => show_by_terminal(text),
    }
}

fn has_desktop() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

fn show(text: String) {
    // It may take a while where no desktop answers.
    let call = move || {
        let mut command = Command::new("notify-send");
        command.args(["--app-name=cargo-hotreload", "--", TITLE, &text]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if !command.status().is_ok_and(|status| status.success()) {
            show_by_terminal(&text);
        }
    };
    // Without a thread there is no message.
    let _ = thread::Builder::new().name("notify".into()).spawn(call);
}

fn show_by_terminal(text: &str) {
    let dialect = Dialect::of(&env::var("TERM").unwrap_or_default(), env::var_os("VTE_VERSION").is_some());
    write(&dialect.code(text));
}

/// Escape codes go to terminals only.
fn write(codes: &str) {
    if screen::is_open() {
        screen::unseen(codes);
    } else if stderr().is_terminal() {
        let _ = stderr().write_all(codes.as_bytes());
    }
}
