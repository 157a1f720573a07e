//! Several programs in one session: one build, and each process by itself.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::command::{Finished, hotreload, hotreload_command};
use crate::support::events::kinds;
use crate::support::fixture::Fixture;
use crate::support::http::Client;
use crate::support::pair::Pair;
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON, until};
use crate::support::processes::is_alive;
use crate::support::server::Server;
use crate::support::terminal::Terminal;
use crate::support::tree::assert_same;

/// The servers of a session with `--instances 3`, each at a port of its own.
struct Three {
    started: Started,
    clients: [Client; 3],
}

impl Three {
    fn start(server: &Server) -> Self {
        let mut command = hotreload_command(server.root(), &["run", "--instances", "3"]);
        command.env("LISTEN", "127.0.0.1:0");
        let started = Started::launch(command);
        let lines = started.output.expect(BUILD, [1, 2, 3].map(listening).each_ref().map(String::as_str));
        Self { started, clients: lines.map(|line| client(&line)) }
    }

    fn pids(&self) -> [u32; 3] {
        self.clients.each_ref().map(|client| client.page().pid)
    }
}

/// What the instance of this number prints when it is there.
fn listening(number: u32) -> String {
    format!("note-server#{number} | listening on http://127.0.0.1:")
}

fn client(line: &str) -> Client {
    Client::new(line.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port"))
}

/// An edit is live in all three processes, which stay. One that is killed from outside is told; the others take the next
/// edit, and that starts it again. Events and report name each.
#[test]
fn three_instances_take_every_edit_and_one_that_dies_comes_back() {
    let server = Server::new();
    let three = Three::start(&server);
    let output = &three.started.output;
    let pids = three.pids();
    assert!(pids[0] != pids[1] && pids[1] != pids[2] && pids[0] != pids[2], "{pids:?}");

    server.greet("live in all");
    let reloaded = "reloaded note-server-api, note-server-router (2 of 4 modules)";
    let all = [1, 2, 3].map(|number| format!("[hotreload] [note-server#{number}] {reloaded}"));
    output.expect(BUILD, all.each_ref().map(String::as_str));
    assert_eq!(three.pids(), pids);
    for client in &three.clients {
        assert_eq!(client.page().greeting, "live in all");
    }
    for number in 1..=3 {
        let prefix = format!("note-server#{number} | [INFO  note_server::code] reloaded");
        until(SOON, &prefix, || output.text().contains(&prefix).then_some(()));
    }

    kill_process(Pid::from_raw(i32::try_from(pids[1]).expect("an id")).expect("an id"), Signal::KILL).expect("it runs");
    output.expect(SOON, ["[hotreload] [note-server#2] the program died (signal 9, SIGKILL)"]);
    let status = hotreload(server.root(), &["status"]).stdout;
    assert!(status.contains(", 2 of 3 programs, running; 3 reloads, 0 restarts"), "{status}");
    assert!(status.contains("\n   note-server#2: no program, waiting for a change;"), "{status}");

    server.greet("after the end of one");
    let [_, _, _, line] = output.expect(
        BUILD,
        ["[note-server#1] reloaded", "[note-server#3] reloaded", "[note-server#2] started process", &listening(2)],
    );
    let again = client(&line);
    for client in [&three.clients[0], &again, &three.clients[2]] {
        assert_eq!(client.page().greeting, "after the end of one");
    }
    assert_eq!([three.clients[0].page().pid, three.clients[2].page().pid], [pids[0], pids[2]]);

    let answer = hotreload(server.root(), &["reload"]).expect_success();
    assert_eq!(answer.matches("reloaded 0 of 4 modules").count(), answer.lines().count(), "{answer}");
    hotreload(server.root(), &["stop"]).expect_success();
    let (code, text) = three.started.end();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("] the program stopped (exit code 0)").count(), 3, "{text}");
    server.assert_nobody_works_here();
    assert_told(&server);
}

/// The events are as the schema says, and name the instances; so does the page about them.
fn assert_told(server: &Server) {
    let events = fs::read_to_string(server.root().join("target/hotreload/hotreload-events.jsonl")).expect("the log");
    assert!(kinds(&events).contains("program-exited"), "{events}");
    let of = |kind: &str, name: &str| {
        let is_it = |line: &&str| {
            line.contains(&format!("\"event\":\"{kind}\"")) && line.ends_with(&format!("\"instance\":\"{name}\"}}"))
        };
        events.lines().filter(is_it).count()
    };
    // A start, two edits and a reload that was asked for; the second of the edits started the one that had died.
    assert_eq!([1, 2, 3].map(|number| of("live", &format!("note-server#{number}"))), [4, 4, 4], "{events}");
    assert_eq!(of("program-exited", "note-server#2"), 2, "{events}");
    assert_eq!(live_builds(&events, "note-server#1"), live_builds(&events, "note-server#3"), "one build for all");
    let page = hotreload(server.root(), &["report"]).expect_success();
    let page = fs::read_to_string(page.trim_end()).expect("the page");
    assert!(page.contains("note-server#3: reloaded note-server-api, note-server-router, after "), "{page}");
}

/// The builds whose code the instance of this name ran, one after the other.
fn live_builds(events: &str, name: &str) -> Vec<u64> {
    let all = events.lines().map(|line| serde_json::from_str::<Value>(line).expect("an event"));
    let live = all.filter(|event| event["event"] == "live" && event["instance"] == name);
    live.map(|event| event["build"].as_u64().expect("a number")).collect()
}

/// Starts a session of both programs and waits until both run.
fn both(pair: &Pair, arguments: &[&str]) -> Started {
    let all = [&["--bin", "api", "--bin", "plain"], arguments].concat();
    let started = Started::launch(pair.place.command(&all));
    started.output.expect(BUILD, ["[plain] started process", "[api] started process", "plain | plain 1: one and more"]);
    started
}

/// The same edit reloads the program that has a loader and restarts the one that has none. An edit in a crate of one of
/// them is nothing to the other.
#[test]
fn a_program_with_a_loader_and_one_without_share_a_session() {
    let pair = Pair::new();
    let started = both(&pair, &[]);
    let output = &started.output;
    pair.edit("word/src/lib.rs", "ne\")", "ne for both\")");
    let [reloaded, restarted, now, linked] =
        output.expect(BUILD, ["[api] reloaded", "[plain] restarted as process", "api   | now: ", "plain | plain 1: "]);
    assert!(reloaded.contains("[api] reloaded word (1 of 2 modules): "), "{reloaded}");
    assert!(restarted.contains("because word is resident"), "{restarted}");
    assert_eq!(
        (now.as_str(), linked.as_str()),
        ("api   | now: one for both", "plain | plain 1: one for both and more")
    );
    assert!(output.text().contains("\nplain | no end of 1\n"), "{}", output.text());

    let before = output.text().len();
    pair.edit("extra/src/lib.rs", "\"more\"", "\"much more\"");
    output.expect(BUILD, ["[plain] restarted as process", "plain | plain 1: one for both and much more"]);
    let text = output.text();
    assert!(!text[before..].contains("[api]") && !text[before..].contains("the code is the same"), "{text}");
    let text = started.terminate();
    assert!(text.contains("[hotreload] stopping the programs; Ctrl+C again kills them"), "{text}");
    assert!(text.contains("[hotreload] [plain] the program stopped (exit code 0)"), "{text}");
}

/// A session that is killed takes all of its processes with it. Their output is on standard error where events have
/// standard output.
#[test]
fn nothing_is_left_of_a_session_that_is_killed() {
    let pair = Pair::new();
    let command = pair.place.command(&["--bin", "plain", "--instances", "2", "--message-format", "json"]);
    let started = Started::launch(command);
    let lines = started.output.expect(
        BUILD,
        [
            "\"event\":\"program-started\"",
            "plain#1 | plain 1: one and more",
            "plain#2 | plain 2: one and more",
            "[plain#1] started process",
            "[plain#2] started process",
        ],
    );
    assert!(lines[0].ends_with("\"instance\":\"plain#1\"}"), "{lines:?}");
    let pid = |line: &str| {
        line.split_whitespace().skip_while(|word| *word != "process").nth(1)?.trim_end_matches(':').parse::<u32>().ok()
    };
    let pids = [pid(&lines[3]).expect("an id"), pid(&lines[4]).expect("an id")];
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    started.kill();
    until(SOON, "both have died with it", || (!pids.iter().any(|&pid| is_alive(pid))).then_some(()));
    hotreload(&pair.place.root(), &["disable"]).expect_success();
}

/// On a terminal each line has its program's name, and the status line counts those that run.
#[test]
fn the_status_line_counts_programs() {
    let pair = Pair::new();
    let mut terminal = Terminal::run(&pair.place.command(&["--bin", "api", "--bin", "plain"]));
    terminal.expect(BUILD, "plain | plain 1: one and more");
    // The program is told of a terminal that is narrower by the names.
    let first = terminal.expect(BUILD, "api   | first: one [false, true, true]");
    assert!(first.ends_with("[30, 152]"), "{first}");
    terminal.expect(BUILD, "[plain] started process");
    terminal.expect(BUILD, "[api] started process");
    terminal.expect_status(SOON, " 2/2 running | ");
    terminal.press("s");
    terminal.expect(SOON, "2 of 2 programs, running; 0 reloads, 0 restarts");
    terminal.press("R");
    terminal.expect(BUILD, "[api] restarted as process");
    terminal.expect(BUILD, "[plain] restarted as process");
    terminal.press("q");
    assert_eq!(terminal.wait().code(), Some(0));
    terminal.expect(SOON, "[hotreload] [api] the program stopped (exit code 0)");
    assert!(terminal.is_as_before());
}

/// What cannot be is refused in one sentence, with a way out, before anything is written.
#[test]
fn wrong_numbers_are_refused() {
    let fixture = Fixture::three_crates().append("Cargo.toml", "\n[workspace.metadata.hotreload]\ninstances = 2\n");
    let before = fixture.tree();
    let refused = |arguments: &[&str], code, error: &str, help: &str| {
        let Finished { code: found, stderr, .. } = fixture.hotreload(&[&["run"], arguments].concat());
        assert_eq!(found, Some(code), "{arguments:?}: {stderr}");
        assert!(
            stderr.starts_with("error: ") && stderr.contains(error) && stderr.contains(help),
            "{arguments:?}: {stderr}"
        );
        assert_same(&before, &fixture.tree());
    };
    refused(&["--instances", "0"], 2, "0 is not between 1 and 64", "--help");
    refused(&["--instances", "65"], 2, "65 is not between 1 and 64", "--help");
    let help = "help: `cargo hotreload run --foreground --instances 1` runs one";
    refused(
        &["--foreground"],
        28,
        "Cargo.toml:6:13: `--foreground` gives the terminal to one process, and 2 are",
        help,
    );
    let help = "help: `cargo hotreload run --foreground --instances 1 --bin app` runs one";
    refused(&["--foreground", "--bin", "app", "--bin", "b"], 28, "to one program, and 2 are wanted", help);
    let help = "help: `cargo hotreload run --bin app --instances 2` runs it twice";
    refused(&["--bin", "app", "--bin", "app"], 28, "the program `app` is named twice", help);
}
