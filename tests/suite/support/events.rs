//! A session that tells what it does as events.

use std::collections::BTreeSet;
use std::fs;
use std::io::pipe;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::command::hotreload_command;
use crate::support::http::{Client, free_port};
use crate::support::output::Output;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::schema::Schema;
use crate::support::server::Server;

/// The session; it is ended if the test does not end it.
pub(crate) struct EventSession {
    child: Child,
    /// Standard output.
    pub(crate) events: Arc<Output>,
    /// Standard error.
    pub(crate) rest: Arc<Output>,
    pub(crate) client: Client,
}

impl EventSession {
    /// Starts a session of `server` with these arguments, and waits until its program listens.
    #[track_caller]
    pub(crate) fn start(server: &Server, arguments: &[&str]) -> Self {
        let port = free_port();
        let (events, stdout) = pipe().expect("a pipe");
        let (rest, stderr) = pipe().expect("a pipe");
        let all = [&["run", "--message-format", "json"], arguments].concat();
        let mut command = hotreload_command(server.root(), &all);
        command.env("LISTEN", format!("127.0.0.1:{port}")).env("ALLOW_CRASH", "1").stdout(stdout).stderr(stderr);
        let child = command.spawn().expect("the tool starts");
        drop(command);
        let session =
            Self { child, events: Output::collect(events), rest: Output::collect(rest), client: Client::new(port) };
        session.expect("\"how\":\"started\"");
        session.rest.expect(SOON, ["listening on"]);
        session
    }

    /// Waits for an event with `part` in its line, and returns it.
    #[track_caller]
    pub(crate) fn expect(&self, part: &str) -> Value {
        let [line] = self.events.expect(BUILD, [part]);
        serde_json::from_str(&line).expect("JSON")
    }

    /// Kills the tool, and waits until the program has died with it.
    #[track_caller]
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the tool runs");
        self.child.wait().expect("our child");
        assert!(self.events.closes_within(SOON) && self.rest.closes_within(SOON), "a process is left");
    }

    /// Ends the session, and returns its events.
    #[track_caller]
    pub(crate) fn end(mut self) -> String {
        kill_process(Pid::from_child(&self.child), Signal::TERM).expect("the tool runs");
        let status: ExitStatus = until(SOON, "the session has ended", || self.child.try_wait().expect("our child"));
        assert!(self.events.closes_within(SOON) && self.rest.closes_within(SOON), "a process is left");
        assert!(status.success(), "{status}:\n{}", self.rest.text());
        self.events.text() + "\n"
    }
}

impl Drop for EventSession {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // Not killed: it would leave its program behind.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let _ = self.child.wait();
        }
    }
}

/// The kinds of the events in `lines`, each of which has to be as the schema says.
#[track_caller]
pub(crate) fn kinds(lines: &str) -> BTreeSet<String> {
    let schema = Schema::of_events();
    lines.lines().map(|line| schema.kind_of(line)).collect()
}

/// The example lines of `docs/events.md`: in this order they are a session.
pub(crate) fn examples() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/events.md");
    let text = fs::read_to_string(path).expect("the document");
    let blocks = text.split("```json\n").skip(1).filter_map(|block| block.split("```").next());
    blocks.collect()
}
