//! Messages on the desktop.

use std::env;
use std::process::{Command, Stdio};
use std::thread;

/// Whether there is a desktop to show a message on.
#[must_use]
pub fn has_desktop() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Shows `text` under `title`; where `notify-send` cannot, `otherwise` gets the text.
pub fn show(title: &'static str, text: &str, otherwise: impl FnOnce(&str) + Send + 'static) {
    let text = text.to_owned();
    // It may take a while where no desktop answers.
    let call = move || {
        let mut command = Command::new("notify-send");
        command.args(["--app-name=cargo-hotreload", "--", title, &text]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if !command.status().is_ok_and(|status| status.success()) {
            otherwise(&text);
        }
    };
    // Without a thread there is no message.
    let _ = thread::Builder::new().name("notify".into()).spawn(call);
}
