//! What a session shows on a terminal, and what it shows where there is none.

use rustix::process::Signal;

use crate::support::console::Console;
use crate::support::fifo::Fifo;
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON};
use crate::support::terminal::{COLUMNS, ROWS, Terminal};

/// A session whose program runs and has said what it says first.
fn started(console: &Console, arguments: &[&str]) -> Terminal {
    let terminal = Terminal::run(&console.place.command(arguments));
    terminal.expect(BUILD, "[hotreload] started process");
    terminal.expect(SOON, "first: one");
    terminal.expect_status(SOON, "running");
    terminal
}

/// The program sees terminals of the right size for both outputs and none for its input; its lines and ours stand above
/// the status line, which follows what the session does.
#[test]
fn a_status_line_stands_below_the_output() {
    let console = Console::new();
    let terminal = started(&console, &[]);
    let first = terminal.expect(SOON, "first: one");
    assert_eq!(first, format!("first: one [false, true, true] [{ROWS}, {COLUMNS}]"));
    assert_eq!(terminal.expect_status(SOON, "running"), " running | 2 modules | h help");

    console.say("two");
    let report = terminal.expect(BUILD, "[hotreload] reloaded word");
    assert!(report.contains(", edit to live "), "{report}");
    terminal.expect(SOON, "now: one two");
    let status = terminal.expect_status(SOON, "last edit live in");
    assert!(
        status.starts_with(" running | 2 modules | last edit live in ") && status.ends_with("s | h help"),
        "{status}"
    );
    // Cargo's progress bar is gone, its lines are not.
    terminal.expect(SOON, "Finished `dev` profile");
    assert!(!terminal.text().contains("Building ["), "{}", terminal.text());
}

/// While something is built, cargo's own bar takes the status line's place, once.
#[test]
fn a_build_is_seen() {
    let console = Console::new();
    let fifo = Fifo::new();
    let terminal = started(&console, &[]);
    console.edit("word/src/lib.rs", "#[unsafe", &format!("{}#[unsafe", fifo.waiting_item()));
    let bar = terminal.expect_status(SOON, "Building [");
    assert!(bar.contains("word"), "{bar}");
    assert_eq!(terminal.rows().iter().filter(|row| row.contains("Building [")).count(), 1);
    assert!(!terminal.text().contains("h help"), "{}", terminal.text());
    // A build that ends puts the status line back.
    drop(fifo);
    console.edit("word/src/lib.rs", "const _", "// const _");
    terminal.expect_status(BUILD, "running | 2 modules");
}

/// Errors are shown when the build has failed, before the warnings that rustc printed before them; on a small screen the
/// first one stands at the top, and a line says what is missing. The program goes on, and a good build cleans up.
#[test]
fn the_first_error_stands_at_the_top() {
    let console = Console::new();
    let terminal = Terminal::run_in(&console.place.command(&[]), 24, 100);
    terminal.expect_status(BUILD, "running");
    console.edit("base/src/lib.rs", "    'o'", "    let warned = 1;\n    'o'");
    let wrong = (0..9).fold(String::new(), |all, number| all + &format!("const WRONG_{number}: u8 = \"{number}\";\n"));
    console.edit("word/src/lib.rs", "#[unsafe", &format!("{wrong}#[unsafe"));
    terminal.expect_status(BUILD, "build failed, running | 9 errors, 1 warning");

    let rows = terminal.rows();
    assert!(rows[0].starts_with("error[E0308]: mismatched types"), "{rows:#?}");
    assert!(rows[1].contains("--> word/src/lib.rs:1:"), "{rows:#?}");
    let remark = rows.iter().position(|row| row.starts_with("… ")).expect("what is missing");
    assert!(rows[remark].ends_with(" more errors, 1 warning (e shows all)"), "{rows:#?}");
    assert!(
        rows[remark + 1].starts_with("[hotreload] build failed, the program goes on with the old code"),
        "{rows:#?}"
    );
    assert!(!terminal.text().contains("warned"), "{rows:#?}");

    terminal.press("e");
    terminal.expect(SOON, "`warned`");
    console.edit("word/src/lib.rs", &wrong, "");
    console.say("again");
    let status = terminal.expect_status(BUILD, "last edit live in");
    assert!(status.starts_with(" running | 1 warning | "), "{status}");
    // The warning is new in a good build and shown once; the next build has it as well.
    terminal.expect(SOON, "now: one again");
    terminal.press("c");
    console.edit("word/src/lib.rs", "again", "and again");
    terminal.expect(BUILD, "now: one and again");
    assert!(!terminal.text().contains("`warned`"), "{}", terminal.text());
}

/// A program that writes its lines in many pieces, and a session that has much to say meanwhile: every line is whole.
#[test]
fn lines_of_program_and_session_do_not_get_into_each_other() {
    let console = Console::new();
    // So high that nothing scrolls away.
    let terminal = Terminal::run_in(&console.place.command(&["--", "pieces"]), 2000, 100);
    terminal.expect(BUILD, "<aaaabbbbcccc0>");
    let mut pressed = 0;
    terminal.until(SOON, "the end of the pieces", |rows| {
        pressed += 1;
        terminal.press(if pressed % 3 == 0 { "h" } else { "s" });
        rows.iter().any(|row| row == "no more pieces").then_some(())
    });
    let rows = terminal.rows();
    let pieces: Vec<&String> = rows.iter().filter(|row| row.contains('<') || row.contains('>')).collect();
    let expected: Vec<String> =
        (0..200).flat_map(|number| [format!("<aaaabbbbcccc{number}>"), "<dddd>".into()]).collect();
    assert_eq!(pieces, expected.iter().collect::<Vec<_>>());
    let ours: Vec<&String> = rows.iter().filter(|row| row.contains("[hotreload] ")).collect();
    assert!(ours.len() > 20 && ours.iter().all(|row| row.starts_with("[hotreload] ")), "{ours:#?}");
    assert_eq!(rows.iter().filter(|row| row.contains("h help")).count(), 1, "one status line");
}

/// A prompt is shown although its line has no end; what we say then begins below it.
#[test]
fn a_prompt_is_shown_at_once_and_left_alone() {
    let console = Console::new();
    let terminal = Terminal::run(&console.place.command(&["--", "prompt"]));
    terminal.expect(BUILD, "name?");
    terminal.expect(SOON, "[hotreload] started process");
    terminal.press("h");
    let report = terminal.expect(SOON, "keys:");
    assert!(report.starts_with("[hotreload] "), "{report}");
    assert!(terminal.rows().contains(&"name?".to_owned()), "{}", terminal.text());
    terminal.expect_status(SOON, "running");
}

/// The program's bytes are passed on as they are.
#[test]
fn colours_of_the_program_stay() {
    let console = Console::new();
    let terminal = Terminal::run(&console.place.command(&["--", "colours"]));
    terminal.expect(BUILD, "red and plain");
    let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    assert!(bytes.contains("\x1b[31mred\x1b[0m and plain\r\n"), "{bytes:?}");
}

/// `--color` decides for our lines, cargo's and rustc's alike, also against `NO_COLOR`.
#[test]
fn colours_are_as_asked_for() {
    let console = Console::new();
    console.edit("base/src/lib.rs", "    'o'", "    let warned = 1;\n    'o'");
    for (color, expected) in [("always", true), ("never", false)] {
        // Something is compiled each time.
        console.edit("base/src/lib.rs", "'o'", &format!("/* {color} */ 'o'"));
        let terminal = started(&console, &["--color", color]);
        terminal.expect_status(SOON, "h help");
        let bytes = String::from_utf8_lossy(&terminal.bytes()).into_owned();
        for (what, colored) in [
            ("ours", "\x1b[0m started process"),
            ("cargo's", "Compiling\x1b[0m"),
            ("rustc's", "\x1b[0m: unused variable"),
            ("the status line's", "\x1b[7m"),
        ] {
            let found = bytes.contains(colored) || bytes.contains(&colored.replace("\x1b[0m", "\x1b[0m\x1b[1m"));
            assert_eq!(found, expected, "{what} with --color {color}: {bytes:?}");
        }
    }
}

/// Where the output is no terminal there are lines as ever: no escape code, no status line.
#[test]
fn without_a_terminal_there_are_plain_lines() {
    let console = Console::new();
    console.edit("base/src/lib.rs", "    'o'", "    let warned = 1;\n    'o'");
    let session = Started::launch(console.place.command(&[]));
    session.output.expect(BUILD, ["started process", "first: one [false, false, false] [0, 0]"]);
    console.say("three");
    session.output.expect(BUILD, ["reloaded word"]);
    let text = session.terminate();
    assert!(text.contains("unused variable") && text.contains("Finished `dev` profile"), "{text}");
    assert!(!text.contains('\x1b') && !text.contains('\r') && !text.contains("h help"), "{text:?}");
}

/// A terminal that becomes smaller or larger is told to the program, and the status line fits.
#[test]
fn another_size_is_passed_on() {
    let console = Console::new();
    let terminal = started(&console, &[]);
    terminal.resize(20, 30);
    terminal.expect(SOON, "size: [20, 30]");
    terminal.expect_status(SOON, " running | 2 modules | h help");
    terminal.resize(20, 20);
    terminal.expect(SOON, "size: [20, 20]");
    assert_eq!(terminal.expect_status(SOON, "…"), " running | 2 modul…");
}

/// A failed build rings, if that is asked for; a good one does not.
#[test]
fn a_failed_build_rings_if_asked_to() {
    let console = Console::new();
    let terminal = started(&console, &["--notify", "bell"]);
    assert!(!terminal.bytes().contains(&7));
    console.edit("word/src/lib.rs", "#[unsafe", "const WRONG: u8 = \"\";\n#[unsafe");
    terminal.expect_status(BUILD, "build failed, running | 1 error");
    assert!(terminal.bytes().contains(&7));
}

/// However a session ends, the terminal is as it was, and the cursor stands on a line of its own.
#[test]
fn the_terminal_is_left_as_it_was() {
    let console = Console::new();
    for end in ["q", "\x03", "TERM", "HUP", "QUIT", "program"] {
        let mut terminal = started(&console, &[]);
        assert!(!terminal.is_as_before(), "keys are read one by one");
        match end {
            "TERM" => terminal.signal(Signal::TERM),
            "HUP" => terminal.signal(Signal::HUP),
            "QUIT" => terminal.signal(Signal::QUIT),
            "program" => {
                let line = terminal.expect(SOON, "started process");
                let pid = line.split("process ").nth(1).and_then(|rest| rest.split(' ').next()).expect("its id");
                let pid = rustix::process::Pid::from_raw(pid.parse().expect("a number")).expect("an id");
                rustix::process::kill_process(pid, Signal::KILL).expect("it runs");
                terminal.expect(SOON, "the program died (signal 9, SIGKILL)");
                terminal.expect_status(SOON, "waiting for a change");
                terminal.press("q");
            }
            keys => terminal.press(keys),
        }
        assert_eq!(terminal.wait().code(), Some(0), "{end}");
        assert!(terminal.is_as_before(), "{end}");
        let rows = terminal.rows();
        assert_eq!(rows.last().map(String::as_str), Some("[hotreload] every file is as it was"), "{end}: {rows:#?}");
        assert!(!terminal.text().contains("h help"), "{end}: {rows:#?}");
    }
}
