//! `run --strategy patch`: edits get into the running program, or it is restarted and the reason told.

use std::fs;

use crate::support::command::hotreload_command;
use crate::support::events::kinds;
use crate::support::fifo::Fifo;
use crate::support::fixture::{Fixture, manifest};
use crate::support::place::Started;
use crate::support::poll::BUILD;
use crate::support::session_of_patches::{PATIENCE, Patched, kill, pid, runs_in};

/// Edits of the program's own crate, of two crates at once, of one outside of the workspace and of a file that a macro
/// includes: all in one process, which keeps what it counted. What changes nothing is told as that.
#[test]
fn edits_of_every_crate_get_into_one_process() {
    let app = Patched::new();
    let session = app.start(&[]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "2 main first base0 outside text");
    app.patch(&session, ("ws/app/src/main.rs", "\"main\"", "\"MAIN\""), "3 MAIN first base0 outside text");
    app.edit("ws/base/src/lib.rs", "base{}", "BASE{}");
    app.edit("ws/api/src/lib.rs", "\"first {}", "\"API {}");
    session.output.expect(BUILD, ["MAIN API BASE0 outside text"]);
    app.edit("outside/src/lib.rs", "\"outside\"", "\"OUTSIDE\"");
    session.output.expect(BUILD, ["MAIN API BASE0 OUTSIDE text"]);
    app.edit("ws/api/src/text.txt", "text", "TEXT");
    session.output.expect(BUILD, ["MAIN API BASE0 OUTSIDE TEXT"]);
    for (old, new) in [("assert_eq!(1, 1)", "assert_eq!(2, 2)"), ("pub fn answer", "/// A comment.\npub fn answer")] {
        app.edit("ws/api/src/lib.rs", old, new);
        session.output.expect(BUILD, ["[hotreload] nothing to reload, the code is the same"]);
    }
    app.patch(&session, ("ws/app/src/main.rs", "\"MAIN\"", "\"again\""), "7 again API BASE0 OUTSIDE TEXT");
    let text = session.terminate();
    assert!(!text.contains("restarted as process"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
    let events = fs::read_to_string(app.root().join("target/hotreload/hotreload-events.jsonl")).expect("the log");
    kinds(&events);
    assert!(events.contains("\"how\":\"patched\""), "{events}");
}

/// What does not compile changes nothing, and its mend is patched. What cannot get in restarts the program, with the
/// reason; so do build scripts and new dependencies. A program that died is started again. After each, patches go on.
#[test]
fn what_cannot_be_patched_restarts_with_the_reason() {
    let app = Patched::new();
    let session = app.start(&[]);
    let restarted = |why: &str, said: &str| {
        let [line, _] = session.output.expect(BUILD, ["[hotreload] restarted as process", &format!("said: {said}")]);
        assert!(line.contains(why), "{line}");
        pid(&line)
    };
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "2 main first base0 outside text");
    app.edit("ws/app/src/main.rs", "\"main\"", "main");
    session.output.expect(BUILD, ["[hotreload] build failed, the program goes on with the old code"]);
    app.patch(&session, ("ws/app/src/main.rs", "    main\n", "    \"mended\"\n"), "3 mended first base0 outside text");

    app.edit("ws/api/src/lib.rs", "AtomicU32::new(0)", "AtomicU32::new(5)");
    restarted("because the initial value of `api::ASKED` changed", "1 mended first base0 outside text");
    app.patch(&session, ("ws/api/src/lib.rs", "\"first {}", "\"API {}"), "2 mended API base0 outside text");

    app.edit("ws/base/build.rs", "BUILT=0", "BUILT=1");
    restarted("because ", "1 mended API base1 outside text");
    app.patch(&session, ("ws/base/src/lib.rs", "base{}", "BASE{}"), "2 mended API BASE1 outside text");

    app.edit("ws/api/Cargo.toml", "[dependencies]\n", "[dependencies]\nextra = { path = \"../../extra\" }\n");
    app.edit("ws/api/src/lib.rs", "outside::word()", "extra::word()");
    let number = restarted("because ", "1 mended API BASE1 extra text");
    app.patch(&session, ("extra/src/lib.rs", "\"extra\"", "\"EXTRA\""), "2 mended API BASE1 EXTRA text");

    kill(number);
    session.output.expect(PATIENCE, ["[hotreload] the program died (signal 9, SIGKILL)"]);
    app.edit("extra/src/lib.rs", "\"EXTRA\"", "\"third\"");
    session.output.expect(BUILD, ["[hotreload] started process", "said: 1 mended API BASE1 third text"]);
    app.patch(&session, ("extra/src/lib.rs", "\"third\"", "\"fourth\""), "2 mended API BASE1 fourth text");
    session.terminate();
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

/// The program's own crate is no library: what the program runs of it is known from the first moment all the same, also after
/// a restart.
#[test]
fn the_program_itself_can_be_edited_as_soon_as_it_runs() {
    let app = Patched::new();
    let session = app.start(&[]);
    app.patch(&session, ("ws/app/src/main.rs", "\"main\"", "\"first\""), "2 first api base0 outside text");
    app.edit("ws/api/src/lib.rs", "AtomicU32::new(0)", "AtomicU32::new(5)");
    session.output.expect(BUILD, ["[hotreload] restarted as process", "said: 1 first api base0 outside text"]);
    app.patch(&session, ("ws/app/src/main.rs", "\"first\"", "\"again\""), "2 again api base0 outside text");
    session.terminate();
}

/// In the first patch of a process, whose code is where the debug information's addresses begin.
#[test]
fn a_backtrace_has_the_lines_of_a_patch() {
    const MAIN: &str = "fn word() -> u64 { 1 }\nfn after() -> u64 { 2 }\n\
                        fn tick() { println!(\"it says {} {}\", word(), after()); }\n\
                        fn main() { loop { tick(); std::thread::sleep(std::time::Duration::from_millis(100)); } }\n";
    let fixture = Fixture::empty().file("Cargo.toml", &manifest("app", "")).file("src/main.rs", MAIN);
    let mut run = hotreload_command(fixture.root(), &["run", "--strategy", "patch"]);
    run.env("RUST_BACKTRACE", "1");
    let session = Started::launch(run);
    session.output.expect(BUILD, ["it says 1 2"]);
    fixture.write("src/main.rs", &MAIN.replace("{ 1 }", "{ panic!(\"x\") }"));
    session.output.expect(BUILD, ["note: Some details are omitted"]);
    let text = session.output.text();
    let lines: Vec<&str> = text.lines().map(str::trim).skip_while(|line| !line.ends_with("app::word")).collect();
    assert_eq!(lines.get(1), Some(&"at ./src/main.rs:1:20"), "{text}");
    session.terminate();
}

/// A caller has the code of a generic function, which tells its line. If that moves, and nothing else happens to it, the
/// edit does not wait for the caller's compilation: the caller, here the program's own crate, follows cargo's build.
#[test]
fn callers_of_what_moved_follow() {
    let app = Patched::new();
    app.edit("ws/api/src/lib.rs", "pub fn answer", &format!("{LINE}pub fn answer"));
    app.edit("ws/app/src/main.rs", "    \"main\"\n", "    if api::line::<u8>() > 9 { \"moved\" } else { \"main\" }\n");
    let session = app.start(&[]);
    // By then it is known what the crates were made of.
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"API {}"), "2 main API base0 outside text");
    let edit = app.fixture.read("ws/api/src/lib.rs").replace("pub fn line", "// Another line.\npub fn line");
    app.fixture.write("ws/api/src/lib.rs", &edit.replace("\"API {}", "\"first {}"));
    let [patched, ..] = session.output.expect(
        BUILD,
        [
            "[hotreload] patched api: ",
            "said: 3 main first base0 outside text",
            "[hotreload] app followed: 1 function with the new lines",
            "said: 4 moved first base0 outside text",
        ],
    );
    assert!(patched.contains("state kept (callers tell its new lines after cargo's build): build"), "{patched}");
    // What was not compiled at once is known: the next edit goes on from there.
    app.patch(&session, ("ws/app/src/main.rs", "\"moved\"", "\"again\""), "5 again first base0 outside text");
    app.edit("ws/api/src/lib.rs", "// Another line.\n", "");
    session.output.expect(BUILD, ["[hotreload] app followed: 1 function", "said: 6 main first base0 outside text"]);
    let text = session.terminate();
    assert!(!text.contains("restarted as process"), "{text}");
    let events = fs::read_to_string(app.root().join("target/hotreload/hotreload-events.jsonl")).expect("the log");
    kinds(&events);
    let has = |word: &str| events.contains(word);
    assert!(has("\"event\":\"callers-followed\"") && has("\"callers-follow\":true"), "{events}");
}

/// Tells line 9 of `api`.
const LINE: &str = "pub fn line<T: Default>() -> u32 {
    let _ = T::default();
    std::panic::Location::caller().line()
}

";

/// Cargo repeats what it said of crates that it does not compile, in the build that follows a patch, too.
#[test]
fn a_warning_is_said_once() {
    let app = Patched::new();
    app.edit("ws/base/src/lib.rs", "pub fn word", "fn unused_below() {}\n\npub fn word");
    let session = app.start(&[]);
    app.edit("ws/api/src/lib.rs", "pub fn answer", "fn unused_above() {}\n\npub fn answer");
    session.output.expect(BUILD, ["function `unused_above` is never used"]);
    app.rests();
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"API {}"), "2 main API base0 outside text");
    app.rests();
    let text = session.terminate();
    let said = |name: &str| text.matches(&format!("function `{name}` is never used")).count();
    assert_eq!(said("unused_below"), 1, "{text}");
    // Once for each time that an edit has rustc look at it.
    assert_eq!(said("unused_above"), 2, "{text}");
}

/// What was compiled is kept as long as something is compiled against it, and no longer: somebody may go on editing
/// before cargo has ever built everything.
#[test]
fn edit_after_edit_makes_no_heap_of_files() {
    let app = Patched::new();
    let session = app.start_without_settling();
    for number in 0..4 {
        let word = |number| format!("\"outside{number}\"");
        let before = if number == 0 { "\"outside\"".to_owned() } else { word(number - 1) };
        let said = format!("main api{number} base0 outside{number} text");
        app.edit("outside/src/lib.rs", &before, &word(number));
        session.output.expect(BUILD, [&format!("outside{number} text")]);
        let name = |number| format!("\"api{number} {{}}");
        let before = if number == 0 { "\"api {}".to_owned() } else { name(number - 1) };
        app.patch(&session, ("ws/api/src/lib.rs", &before, &name(number)), &format!("{} {said}", 3 + number * 2));
    }
    let compiled: Vec<_> = app.left().into_iter().flat_map(|left| fs::read_dir(left).expect("a directory")).collect();
    let names = compiled.iter().map(|entry| entry.as_ref().expect("an entry").file_name().into_string());
    let names: Vec<String> =
        names.map(|name| name.expect("a name")).filter(|name| name.starts_with("build-")).collect();
    // That of the last edit which callers saw.
    assert_eq!(names.len(), 1, "{names:?}");
    let text = session.terminate();
    assert!(!text.contains("restarted as process"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}

/// What `main` began with is not run again: a new body of it needs a new process. What only moves it does not.
#[test]
fn a_main_that_does_something_else_is_started_again() {
    let app = Patched::new();
    let session = app.start(&[]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "2 main first base0 outside text");
    app.edit("ws/app/src/main.rs", "fn main", "// One line more.\nfn main");
    session.output.expect(BUILD, ["[hotreload] nothing to reload, the code is the same"]);
    app.edit("ws/app/src/main.rs", "from_millis(5)", "from_millis(6)");
    let [line, _] = session.output.expect(BUILD, ["[hotreload] restarted as process", "said: 1 main first base0"]);
    assert!(line.contains("because `app::main` has begun with its old body, and nobody calls it again"), "{line}");
    let text = session.terminate();
    assert_eq!(text.matches("restarted as process").count(), 1, "{text}");
}

/// An asynchronous `main` goes on in its new body where it waits, and that no more than this happens is told.
#[test]
fn an_asynchronous_main_goes_on_in_its_new_body() {
    let app = Patched::new();
    app.fixture.write("ws/app/src/main.rs", ASYNCHRONOUS);
    let session = app.start(&[]);
    app.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"first {}"), "2 main first base0 outside text");
    app.edit("ws/app/src/main.rs", "\"main {}\"", "\"MAIN {}\"");
    let [line, _] = session.output.expect(BUILD, ["[hotreload] patched app", "said: 3 MAIN first base0 outside text"]);
    assert!(line.contains("state kept (what `app::main` has done already is not done again): build"), "{line}");
    session.terminate();
}

/// What a static has become is not made again, which is told; the program's first thread needs more than was linked.
#[test]
fn what_a_static_holds_is_kept_and_told_and_a_first_thread_is_patched_in() {
    const MAIN: &str = "static WORD: std::sync::LazyLock<String> = std::sync::LazyLock::new(|| \"one\".to_uppercase());\n\
                        fn word() -> String { WORD.clone() }\n\
                        fn tick() { println!(\"it says {}\", word()); }\n\
                        fn main() { loop { tick(); std::thread::sleep(std::time::Duration::from_millis(100)); } }\n";
    let fixture = Fixture::empty().file("Cargo.toml", &manifest("app", "")).file("src/main.rs", MAIN);
    let session = Started::launch(hotreload_command(fixture.root(), &["run", "--strategy", "patch"]));
    session.output.expect(BUILD, ["it says ONE"]);
    let two = MAIN.replace("\"one\"", "\"two\"");
    fixture.write("src/main.rs", &two);
    session.output.expect(BUILD, ["state kept (what `app::WORD` holds already is kept): build", "it says ONE"]);
    fixture.write("src/main.rs", &two.replace("WORD.clone()", "std::thread::spawn(|| WORD.repeat(2)).join().unwrap()"));
    session.output.expect(BUILD, ["patched app", "it says ONEONE"]);
    session.terminate();
}

/// What `#[tokio::main]` makes of an asynchronous `main`, with a runtime that asks every 5 ms.
const ASYNCHRONOUS: &str = r#"use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

fn main() {
    let body = async {
        let mut said = 1;
        let mut last = String::new();
        loop {
            let now = format!("main {}", api::answer());
            if now != last {
                println!("said: {said} {now}");
                said += 1;
                last = now;
            }
            later().await;
        }
    };
    run(body)
}

async fn later() {
    let mut asked = false;
    std::future::poll_fn(|_| {
        if std::mem::replace(&mut asked, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn run(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    while future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
        std::thread::sleep(Duration::from_millis(5));
    }
}
"#;

/// A save while an edit is compiled counts, and a session that ends then leaves nothing.
#[test]
fn a_save_or_the_end_during_a_compilation() {
    let app = Patched::new();
    let session = app.start(&[]);
    app.patch(&session, ("ws/base/src/lib.rs", "base{}", "Base{}"), "2 main api Base0 outside text");
    let pipe = Fifo::new();
    app.edit("ws/api/src/lib.rs", "pub fn answer", &format!("{}pub fn answer", pipe.waiting_item()));
    drop(pipe.until_read());
    app.edit("ws/api/src/lib.rs", &pipe.waiting_item(), "");
    app.edit("ws/api/src/lib.rs", "\"api {}", "\"API {}");
    session.output.expect(BUILD, ["said: 3 main API Base0 outside text"]);

    let pipe = Fifo::new();
    app.edit("ws/base/src/lib.rs", "pub fn word", &format!("{}pub fn word", pipe.waiting_item()));
    let reader = pipe.until_read();
    let text = session.terminate();
    drop(reader);
    assert!(!text.contains("restarted as process"), "{text}");
    assert!(!runs_in(&app.root()) && app.left().is_empty(), "{:?}", app.left());
}
