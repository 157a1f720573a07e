//! `run --strategy patch` with tokio and `tracing` themselves: state across edits, and exactly what is said after them.

use std::path::PathBuf;

use crate::support::command::hotreload_command;
use crate::support::place::{Place, Started};
use crate::support::poll::BUILD;
use crate::support::session_of_patches::runs_in;

/// The workspace, which is compiled once for all tests: the program asks each of its modules again and again, and says
/// what is new.
struct App {
    place: Place,
}

impl App {
    fn new() -> Self {
        let manifest = "[workspace]\n\n[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
            futures-util = { version = \"0.3\", default-features = false, features = [\"std\", \"async-await-macro\"] }\n\
            tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\", \"sync\", \"time\"] }\n\
            tracing = { version = \"0.1\", default-features = false, features = [\"std\"] }\n";
        let place = Place::new(
            "tokio",
            &[
                ("ws/Cargo.toml", manifest.into()),
                ("ws/src/main.rs", MAIN.into()),
                ("ws/src/tasks.rs", TASKS.into()),
                ("ws/src/logged.rs", LOGGED.into()),
            ],
        );
        Self { place }
    }

    fn start(&self, argument: &str) -> Started {
        let mut command = hotreload_command(&self.place.root(), &["run", "--strategy", "patch", "--", argument]);
        command.env("CARGO_INCREMENTAL", "1");
        Started::launch(command)
    }

    #[track_caller]
    fn edit(&self, file: &str, edits: &[(&str, &str)]) {
        let path: PathBuf = self.place.root().join("src").join(file);
        let mut text = std::fs::read_to_string(&path).expect("a source file");
        for (old, new) in edits {
            assert!(text.contains(old), "{file} has no {old:?}");
            text = text.replacen(old, new, 1);
        }
        std::fs::write(&path, text).expect("written");
    }

    #[track_caller]
    fn end(&self, session: Started) {
        let text = session.terminate();
        assert!(!text.contains("panicked") && !text.contains("restarted as process"), "{text}");
        assert!(!runs_in(&self.place.root()));
    }
}

/// Tasks, timers, channels, streams and every kind of future go on in new code, on both runtimes, with what they hold.
#[test]
fn tasks_go_on_in_new_code() {
    let app = App::new();
    for runtime in ["multi", "current"] {
        for file in [("ws/src/tasks.rs", TASKS), ("ws/src/logged.rs", LOGGED)] {
            std::fs::write(app.place.path(file.0), file.1).expect("written");
        }
        let session = app.start(runtime);
        let output = &session.output;
        output.expect(
            BUILD,
            ["counted: old", "selected: old tick", "boxed: old 2", "streamed: old [2, 4]", "joined: old 3"],
        );
        app.edit(
            "tasks.rs",
            &[
                ("\"counted: old", "\"counted: new"),
                ("\"selected: old", "\"selected: new"),
                ("\"boxed: old", "\"boxed: new"),
                ("\"streamed: old", "\"streamed: new"),
                ("\"joined: old", "\"joined: new"),
            ],
        );
        output.expect(
            BUILD,
            [
                "[hotreload] patched app",
                "counted: new, kept",
                "selected: new tick",
                "boxed: new 2",
                "streamed: new [2, 4]",
                "joined: new 3",
            ],
        );
        // Logic, and a task that is spawned by new code.
        app.edit(
            "tasks.rs",
            &[
                ("n * 2", "n * 3"),
                ("n + 1", "n + 100"),
                ("\"joined: new", "\"joined: third"),
                ("async move { a + 1 }", "async move { a + 40 }"),
            ],
        );
        output.expect(BUILD, ["[hotreload] patched app", "boxed: new 101", "streamed: new [3, 6]", "joined: third 42"]);
        app.end(session);
    }
}

/// New events, spans that are held across the edit, the subscriber that counts, and the filter by level.
#[test]
fn events_are_seen_by_the_subscriber_that_was_there() {
    let app = App::new();
    let session = app.start("logged");
    let output = &session.output;
    output.expect(BUILD, ["log 1 INFO in [held]: first", "log 2 INFO in [held]: first"]);
    // One more above the others, one that the filter drops, a field.
    app.edit(
        "logged.rs",
        &[(
            "    tracing::info!(\"first\");",
            "    tracing::warn!(number = 7, \"second\");\n    tracing::debug!(\"never\");\n    tracing::info!(\"third\");",
        )],
    );
    let [patched, second, third] =
        output.expect(BUILD, ["[hotreload] patched app", "WARN in [held]: second number=7", "INFO in [held]: third"]);
    assert!(patched.contains("state kept"), "{patched}");
    let number = |line: &str| line.split(' ').nth(1).and_then(|word| word.parse::<u32>().ok()).expect("a number");
    assert!(number(&third) == number(&second) + 1 && number(&second) > 2, "{second} {third}");
    // A span of the new code inside of the one that is held.
    app.edit(
        "logged.rs",
        &[(
            "    tracing::info!(\"third\");\n}",
            "    tracing::info!(\"third\");\n    inner();\n}\n\nfn inner() {\n    \
                let _inner = tracing::info_span!(\"inner\").entered();\n    tracing::info!(\"fourth\");\n}",
        )],
    );
    output.expect(BUILD, ["[hotreload] patched app", "INFO in [held, inner]: fourth"]);
    assert!(!output.text().contains("never"), "{}", output.text());
    app.end(session);
}

const MAIN: &str = r#"mod logged;
mod tasks;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("logged") => logged::run(),
        Some("current") => tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(tasks::run()),
        _ => tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap().block_on(tasks::run()),
    }
}
"#;

/// What is said is told once for each text.
const TASKS: &str = r#"use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{interval, sleep, timeout};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

fn say(text: String) {
    if SAID.lock().unwrap().insert(text.clone()) {
        println!("{text}");
    }
}

/// Spawned once: what it has counted is in its future.
async fn counting(mut asked: mpsc::Receiver<watch::Sender<u64>>) {
    let mut count = 0;
    while let Some(answer) = asked.recv().await {
        count += 1;
        counted(count);
        answer.send_replace(count);
    }
}

fn counted(count: u64) {
    say(format!("counted: old, {}", if count > 1 { "kept" } else { "begun" }));
}

async fn selecting() {
    let mut ticks = interval(Duration::from_millis(3));
    loop {
        let what = tokio::select! {
            _ = ticks.tick() => "tick",
            () = sleep(Duration::from_secs(1000)) => "sleep",
        };
        selected(what);
    }
}

fn selected(what: &str) {
    say(format!("selected: old {what}"));
}

fn boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        sleep(Duration::from_millis(1)).await;
        n + 1
    })
}

async fn streamed() -> Vec<u32> {
    stream::iter([1_u32, 2]).then(|n| async move { n * 2 }).collect().await
}

async fn joined(a: u32) -> u32 {
    let spawned = tokio::spawn(async move { a + 1 });
    let (left, right) = tokio::join!(spawned, async { 1 });
    left.unwrap() + right
}

async fn round() {
    say(format!("boxed: old {}", boxed(1).await));
    say(format!("streamed: old {:?}", streamed().await));
    say(format!("joined: old {}", timeout(Duration::from_secs(1000), joined(1)).await.unwrap()));
}

pub async fn run() {
    let (ask, asked) = mpsc::channel(1);
    tokio::spawn(counting(asked));
    tokio::spawn(selecting());
    loop {
        let (answer, mut answered) = watch::channel(0);
        ask.send(answer).await.unwrap();
        answered.changed().await.unwrap();
        round().await;
        sleep(Duration::from_millis(5)).await;
    }
}
"#;

const LOGGED: &str = r#"use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

thread_local! {
    static INSIDE: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// Counts what it is told, and knows the names of spans by their numbers.
struct Counting {
    events: AtomicU64,
    spans: Mutex<Vec<&'static str>>,
}

struct Told(String);

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => self.0.insert_str(0, &format!("{value:?}")),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}

impl Subscriber for Counting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }
    fn max_level_hint(&self) -> Option<tracing::level_filters::LevelFilter> {
        Some(tracing::level_filters::LevelFilter::INFO)
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut spans = self.spans.lock().unwrap();
        spans.push(span.metadata().name());
        Id::from_u64(spans.len() as u64)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut told = Told(String::new());
        event.record(&mut told);
        let number = self.events.fetch_add(1, Ordering::Relaxed) + 1;
        let inside = INSIDE.with_borrow(|inside| inside.join(", "));
        println!("log {number} {} in [{inside}]: {}", event.metadata().level(), told.0);
    }
    fn enter(&self, id: &Id) {
        let name = self.spans.lock().unwrap()[id.into_u64() as usize - 1];
        INSIDE.with_borrow_mut(|inside| inside.push(name));
    }
    fn exit(&self, _: &Id) {
        INSIDE.with_borrow_mut(|inside| inside.pop());
    }
}

fn work() {
    tracing::info!("first");
}

pub fn run() {
    tracing::subscriber::set_global_default(Counting { events: AtomicU64::new(0), spans: Mutex::default() }).unwrap();
    let _held = tracing::info_span!("held").entered();
    loop {
        work();
        std::thread::sleep(Duration::from_millis(20));
    }
}
"#;
