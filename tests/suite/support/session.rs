//! A running `cargo hotreload run`.

use std::io::pipe;
use std::process::{Child, ExitStatus};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::hotreload_command;
use crate::support::http::{Client, Page, free_port};
use crate::support::output::Output;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::server::Server;

/// The session; it is killed if the test does not end it.
#[derive(Debug)]
pub(crate) struct Session {
    child: Child,
    pub(crate) output: Arc<Output>,
    pub(crate) client: Client,
}

impl Session {
    /// Starts a session and waits until the server answers.
    #[track_caller]
    pub(crate) fn start(server: &Server) -> Self {
        let session = Self::launch(server);
        session.expect_started();
        session
    }

    /// Starts a session on a free port and waits for nothing.
    pub(crate) fn launch(server: &Server) -> Self {
        Self::launch_on(server, free_port())
    }

    /// Starts a session whose server listens on `port`, and waits for nothing.
    pub(crate) fn launch_on(server: &Server, port: u16) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        let mut command = hotreload_command(server.root(), &["run"]);
        command.env("LISTEN", format!("127.0.0.1:{port}")).env("ALLOW_CRASH", "1");
        command.stdout(writer.try_clone().expect("a second end")).stderr(writer);
        let child = command.spawn().expect("the tool starts");
        // Our own copies of the pipe's end are closed with the command: then its end means that no process is left.
        drop(command);
        Self { child, output: Output::collect(reader), client: Client::new(port) }
    }

    /// Waits until a program was started that listens.
    #[track_caller]
    pub(crate) fn expect_started(&self) {
        self.output.expect(BUILD, ["started process", "listening on"]);
    }

    /// Waits for a report of new code, and returns its line.
    #[track_caller]
    pub(crate) fn expect_reload(&self) -> String {
        let [line] = self.output.expect(BUILD, ["reloaded note-server"]);
        line
    }

    /// Waits until another process has taken over, and returns the report.
    #[track_caller]
    pub(crate) fn expect_restart(&self) -> String {
        let [line, _] = self.output.expect(BUILD, ["restarted as process", "listening on"]);
        line
    }

    /// `GET /`
    #[track_caller]
    pub(crate) fn page(&self) -> Page {
        self.client.page()
    }

    /// Asks for an answer that takes `milliseconds`, and returns when the server works on it.
    #[track_caller]
    pub(crate) fn start_slow_request(&self, milliseconds: u32) -> JoinHandle<Result<String, ureq::Error>> {
        let before = self.page().requests;
        let client = self.client.clone();
        let slow = thread::spawn(move || client.get(&format!("/slow?ms={milliseconds}")));
        let mut own = 0;
        until(SOON, "the slow request is in progress", || {
            own += 1;
            (self.page().requests > before + own).then_some(())
        });
        slow
    }

    /// The tool's process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends the tool a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the tool runs");
    }

    /// Waits until the tool has ended and every process that it started has let go of its output.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = until(SOON, "the session has ended", || self.child.try_wait().expect("our child"));
        assert!(self.output.closes_within(SOON), "a process of the session is left:\n{}", self.output.text());
        status
    }

    /// Ends the session with SIGTERM and sees that it ends well.
    #[track_caller]
    pub(crate) fn terminate(mut self) {
        self.signal(Signal::TERM);
        let status = self.wait();
        assert!(status.success(), "{status}:\n{}", self.output.text());
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        // The next test has the workspace to itself. Not asserted: this may be a panic's way out.
        self.output.closes_within(SOON);
    }
}
