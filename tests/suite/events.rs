//! What a session does is told as events: on standard output, in a log, to who follows it.

use std::fs;
use std::io::{Write, pipe};
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, ExitStatus, Stdio};
use std::sync::Arc;

use serde_json::Value;

use crate::support::command::{Finished, hotreload, hotreload_command};
use crate::support::events::{EventSession, examples, kinds};
use crate::support::fixture::Fixture;
use crate::support::output::Output;
use crate::support::poll::{SOON, until};
use crate::support::schema::Schema;
use crate::support::server::Server;

/// The document has an example of every kind of event, each as the schema says.
#[test]
fn every_kind_of_event_has_an_example() {
    let known = Schema::of_events().kinds();
    assert_eq!(kinds(&examples()), known.into_iter().collect());
}

/// A session tells everything on standard output and leaves the program's output out; who follows it reads the same, and
/// so does who looks afterwards. The report says what happened.
#[test]
fn a_session_tells_what_it_does() {
    let server = Server::new();
    let session = EventSession::start(&server, &[]);
    let log = server.root().join(".hotreload/events.jsonl");
    assert_eq!(fs::metadata(&log).expect("the log").permissions().mode() & 0o7777, 0o600);
    let mut following = hotreload_command(server.root(), &["status", "--follow", "--message-format", "json"]);
    let following = following.stdout(Stdio::piped()).spawn().expect("the tool starts");
    let sentences = Following::start(&server);

    server.greet("Hello from the second version");
    let reload = session.expect("\"event\":\"live\"");
    assert_eq!((&reload["how"], &reload["modules-total"]), (&Value::from("reloaded"), &Value::from(4)));
    assert_eq!(reload["modules"], serde_json::json!(["note-server-api", "note-server-router"]));
    let part = |name: &str| reload["times"][name].as_f64().expect("a number");
    let parts = ["save-to-build-ms", "build-ms", "build-to-signal-ms", "signal-to-mapped-ms"].map(part);
    assert!((parts.iter().sum::<f64>() - part("edit-to-live-ms")).abs() < 0.01, "{reload}");
    sentences.output.expect(SOON, ["reloaded note-server-api, note-server-router (2 of 4 modules): build "]);

    server.edit("api/src/lib.rs", "let mut page = ", "let mut page = = ");
    let failed = session.expect("\"outcome\":\"failed\"");
    let said = &failed["diagnostics"][0];
    assert_eq!((&said["level"], &said["file"]), (&Value::from("error"), &Value::from("api/src/lib.rs")), "{failed}");
    assert!(said["rendered"].as_str().is_some_and(|text| text.starts_with("error: expected expression")), "{failed}");
    server.edit("api/src/lib.rs", "let mut page = = ", "let mut page = ");
    session.expect("\"event\":\"unchanged\"");

    server.edit("core/src/context.rs", "load(Ordering::Relaxed)", "load(Ordering::SeqCst)");
    let restarted = session.expect("\"event\":\"restarted\"");
    assert!(
        restarted["why"].as_str().is_some_and(|why| why.starts_with("note-server-core is resident")),
        "{restarted}"
    );
    session.expect("\"how\":\"restarted\"");
    hotreload(server.root(), &["reload"]).expect_success();
    session.expect("\"event\":\"requested\"");
    session.rest.expect(SOON, ["reloaded 0 of 4 modules"]);
    assert!(session.client.get("/crash").is_err(), "the server died while it answered");
    assert_eq!(session.expect("\"event\":\"program-exited\"")["signal"], Value::from("SIGABRT"));

    let told = session.end();
    assert_eq!(kinds(&told).len(), 14 - 1, "all but those of programs that misbehave: {:?}", kinds(&told));
    assert!(!told.contains("listening on"), "{told}");
    let followed = following.wait_with_output().expect("its output");
    assert_eq!((followed.status.code(), String::from_utf8_lossy(&followed.stdout).as_ref()), (Some(0), told.as_str()));
    sentences.output.expect(SOON, ["the session has ended: 2 reloads, 1 restart"]);
    sentences.end();
    assert!(!log.exists(), "the session enabled the workspace for itself");
    let kept = server.root().join("target/hotreload/hotreload-events.jsonl");
    assert_eq!(fs::read_to_string(&kept).expect("the log of the last session"), told);
    assert_eq!(fs::metadata(&kept).expect("its mode").permissions().mode() & 0o7777, 0o600);

    let page = hotreload(server.root(), &["report"]).expect_success();
    assert_eq!(page.trim_end(), server.root().join("target/hotreload/hotreload-report.html").to_string_lossy());
    let page = fs::read_to_string(page.trim_end()).expect("the page");
    for part in ["<h1>Hot reloading of note-server</h1>", "error: expected expression", "class=\"hr-graph\"", "SIGABRT"]
    {
        assert!(page.contains(part), "no {part}");
    }
}

/// `status --follow` in sentences.
struct Following {
    child: Child,
    output: Arc<Output>,
}

impl Following {
    fn start(server: &Server) -> Self {
        let (reader, writer) = pipe().expect("a pipe");
        let mut command = hotreload_command(server.root(), &["status", "--follow"]);
        let child = command.stdout(writer).stderr(Stdio::null()).spawn().expect("the tool starts");
        drop(command);
        let output = Output::collect(reader);
        output.expect(SOON, ["of `note-server`: 6 crates, strategy "]);
        Self { child, output }
    }

    #[track_caller]
    fn end(self) {
        let status = self.wait();
        assert!(status.success(), "{status}");
    }

    #[track_caller]
    fn wait(mut self) -> ExitStatus {
        until(SOON, "it has seen the end", || self.child.try_wait().expect("our child"))
    }
}

/// A module that does not go is told, and a program that dies of the signal; so is a log that somebody has spoiled. Who
/// follows a session that is killed is not left waiting.
#[test]
fn a_program_that_misbehaves_is_told_and_a_damaged_log_is_refused() {
    let server = Server::new();
    let session = EventSession::start(&server, &["--reload-signal", "ABRT"]);
    server.greet("dies of it");
    assert_eq!(session.expect("\"event\":\"program-exited\"")["when"], Value::from("reloading"));
    let live = session.expect("\"how\":\"restarted\"");
    assert!(live["why"].as_str().is_some_and(|why| why.contains("died during the reload")), "{live}");
    kinds(&session.end());

    // Nobody hears this signal.
    let session = EventSession::start(&server, &["--reload-signal", "URG"]);
    server.greet("is not heard");
    let stuck = session.expect("\"event\":\"module-stuck\"");
    assert_eq!(stuck["reason"], Value::from("old-code-mapped"));
    assert_eq!(stuck["verdict"], Value::from("not-picked-up"));
    let failed = session.expect("\"event\":\"reload-failed\"");
    assert_eq!((&failed["outcome"], &failed["next"]), (&Value::from("not-picked-up"), &Value::from("restart")));
    session.rest.expect(SOON, ["not picked up: the program has no handler for SIGURG"]);
    session.expect("\"how\":\"restarted\"");

    let sentences = Following::start(&server);
    let log = server.root().join(".hotreload/events.jsonl");
    let mut spoiled = fs::File::options().append(true).open(&log).expect("the log");
    spoiled.write_all(b"garbage\n").expect("written");
    assert_eq!(sentences.wait().code(), Some(29));
    let spoiled_at = fs::read_to_string(&log).expect("the log").lines().count();
    for arguments in [&["status", "--follow"][..], &["status", "--follow", "--message-format", "json"], &["report"]] {
        let Finished { code, stderr, .. } = hotreload(server.root(), arguments);
        assert_eq!(code, Some(29), "{stderr}");
        assert!(
            stderr.starts_with(&format!("error: line {spoiled_at} of `{}` is no event", log.display())),
            "{stderr}"
        );
        assert!(stderr.contains("\nhelp: `rm "), "{stderr}");
    }
    let told = session.end();
    assert!(kinds(&told).contains("module-stuck"));
}

/// Without a session there is nothing to follow, and without a log nothing to report on.
#[test]
fn without_a_session_there_are_no_events() {
    let fixture = Fixture::three_crates();
    let Finished { code, stderr, .. } = fixture.hotreload(&["status", "--follow"]);
    assert_eq!(code, Some(20), "{stderr}");
    let Finished { code, stderr, .. } = fixture.hotreload(&["report"]);
    assert_eq!(code, Some(30), "{stderr}");
    assert!(stderr.starts_with("error: no session has left its events in"), "{stderr}");
    assert!(stderr.contains("\nhelp: `cargo hotreload run`"), "{stderr}");
}

/// Who follows a session that is killed learns it.
#[test]
fn a_killed_session_ends_who_follows_it() {
    let server = Server::new();
    let session = EventSession::start(&server, &["--strategy", "restart"]);
    let sentences = Following::start(&server);
    session.kill();
    sentences.end();
    hotreload(server.root(), &["disable"]);
}
