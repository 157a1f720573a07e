//! What a real terminal shows of the bytes that the model asks for, and who comes first on the bottom line.

use std::num::NonZero;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use vt100::Parser;

use super::{Canvas, LONGEST_WAIT, PROMPT};
use crate::ui::screen::bar::Bar;

/// A model, the terminal that it draws on, and the time.
struct Play {
    canvas: Canvas,
    terminal: Parser,
    now: Instant,
}

impl Play {
    fn new() -> Self {
        let canvas = Canvas::new(30, true);
        Self { canvas, terminal: parser(6, 30), now: Instant::now() }
    }

    /// With a status line that says `running`.
    fn running() -> Self {
        let mut play = Self::new();
        play.does(|canvas, _| canvas.status(Bar { state: "running", ..Bar::default() }));
        play
    }

    fn does(&mut self, action: impl FnOnce(&mut Canvas, Instant) -> Vec<u8>) {
        let bytes = action(&mut self.canvas, self.now);
        show(&mut self.terminal, &bytes);
    }

    fn program(&mut self, text: &str) {
        self.does(|canvas, now| canvas.program(text.as_bytes(), now));
    }

    fn line(&mut self, text: &str) {
        self.does(|canvas, now| canvas.lines(format!("{text}\n").as_bytes(), now));
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.does(Canvas::late);
    }

    fn rows(&self) -> Vec<String> {
        let rows: Vec<String> = self.terminal.screen().rows(0, 30).map(|row| row.trim_end().to_owned()).collect();
        let used = rows.iter().rposition(|row| !row.is_empty()).map_or(0, |last| last + 1);
        rows[..used].to_vec()
    }
}

fn parser(rows: u16, columns: u16) -> Parser {
    let positive = |number| NonZero::new(number).expect("a positive number");
    Parser::new(positive(rows), positive(columns), 0)
}

/// The terminal adds the carriage return: its output processing stays on.
fn show(terminal: &mut Parser, bytes: &[u8]) {
    for byte in bytes {
        terminal.process(if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) });
    }
}

const STATUS: &str = " running | h help";

#[test]
fn lines_of_both_stand_above_the_status_line() {
    let mut play = Play::running();
    assert_eq!(play.rows(), [STATUS]);
    play.program("listening\n");
    play.line("[hotreload] started");
    play.program("a\nb\n");
    assert_eq!(play.rows(), ["listening", "[hotreload] started", "a", "b", STATUS]);
    play.program("c\nd\n");
    assert_eq!(play.rows(), ["[hotreload] started", "a", "b", "c", "d", STATUS], "it scrolls, the status line stays");
}

#[test]
fn a_line_that_is_being_written_is_shown_at_once_and_not_interrupted() {
    let mut play = Play::running();
    play.program("half");
    assert_eq!(play.rows(), ["half"]);
    play.line("[hotreload] reloaded");
    assert_eq!(play.rows(), ["half"]);
    play.program(" and half\nnext");
    assert_eq!(play.rows(), ["half and half", "[hotreload] reloaded", "next"]);
    play.program("\n");
    assert_eq!(play.rows(), ["half and half", "[hotreload] reloaded", "next", STATUS]);
}

#[test]
fn a_prompt_stays_and_our_line_begins_below_it() {
    let mut play = Play::running();
    play.program("name? ");
    play.wait(PROMPT);
    assert_eq!(play.canvas.deadline(), None, "nobody waits");
    play.line("[hotreload] reloaded");
    assert_eq!(play.rows(), ["name?", "[hotreload] reloaded", STATUS]);

    let mut play = Play::running();
    play.program("name? ");
    play.line("[hotreload] reloaded");
    assert_eq!(play.canvas.deadline(), Some(play.now + PROMPT));
    play.wait(PROMPT);
    assert_eq!(play.rows(), ["name?", "[hotreload] reloaded", STATUS]);
}

#[test]
fn a_line_that_never_ends_holds_ours_back_for_a_while_only() {
    let mut play = Play::running();
    let began = play.now;
    play.program(".");
    play.line("ours");
    while play.rows().len() == 1 {
        play.wait(PROMPT / 2);
        play.program(".");
    }
    assert!(play.now - began <= LONGEST_WAIT + PROMPT);
}

#[test]
fn cargos_bar_takes_the_status_lines_place() {
    let mut play = Play::running();
    play.does(|canvas, _| canvas.progress(b"\x1b[1mBuilding\x1b[0m [=>  ] 1/2"));
    assert_eq!(play.rows(), ["Building [=>  ] 1/2"]);
    play.line("   Compiling api");
    assert_eq!(play.rows(), ["   Compiling api", "Building [=>  ] 1/2"]);
    play.does(|canvas, _| canvas.progress(b""));
    assert_eq!(play.rows(), ["   Compiling api", STATUS]);
}

#[test]
fn the_programs_colours_survive_the_status_line_and_not_its_end() {
    let mut play = Play::running();
    play.program("\x1b[31mred\n");
    play.does(|canvas, _| canvas.status(Bar { state: "building", ..Bar::default() }));
    play.program("still red\n");
    let red = vt100::Color::Idx(1);
    assert_eq!(play.terminal.screen().cell(1, 0).expect("a cell").fgcolor(), red);
    play.program("\x1b[?25l half");
    play.does(|canvas, _| canvas.program_ended());
    play.line("ours");
    assert_eq!(play.rows()[2..], [" half", "ours", " building | h help"]);
    assert_eq!(play.terminal.screen().cell(3, 0).expect("a cell").fgcolor(), vt100::Color::Default);
    assert!(!play.terminal.screen().hide_cursor());
}

#[test]
fn nothing_is_written_where_nothing_changes() {
    let mut play = Play::running();
    let same = play.canvas.bar().clone();
    assert_eq!(play.canvas.status(same), b"");
    assert_eq!(play.canvas.program(b"", play.now), b"");
    assert_eq!(play.canvas.progress(b""), b"");
}

#[test]
fn hiding_leaves_an_empty_line_and_showing_draws_again() {
    let mut play = Play::running();
    play.program("name? ");
    play.does(|canvas, _| canvas.hide());
    assert_eq!((play.rows(), play.terminal.screen().cursor_position()), (vec!["name?".to_owned()], (1, 0)));
    play.line("while hidden");
    play.does(|canvas, _| canvas.show());
    assert_eq!(play.rows(), ["name?", "while hidden", STATUS]);
    play.does(|canvas, _| canvas.clear());
    assert_eq!(play.rows(), [STATUS]);
}

#[test]
fn another_width_cuts_the_line_anew() {
    let mut play = Play::running();
    play.does(|canvas, _| canvas.resized(10));
    assert_eq!(play.rows(), [" running…"]);
}

/// Something that happens on a terminal.
#[derive(Debug, Clone)]
enum Step {
    Program(String),
    Ours,
    Status(bool),
    Bar,
    Pause,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => vec(select(&["<line>\n", "<half", "a", "end>\n", "\n"][..]), 1..5).prop_map(|all| Step::Program(all.concat())),
        2 => Just(Step::Ours),
        1 => any::<bool>().prop_map(Step::Status),
        1 => Just(Step::Bar),
        1 => Just(Step::Pause),
    ]
}

proptest! {
    /// Whatever comes in whatever order: each line of ours is whole, and with our lines and the breaks that they force
    /// taken away, the program's bytes are what it wrote.
    #[test]
    fn nobodys_lines_get_into_another(steps in vec(step(), 0..40)) {
        let mut canvas = Canvas::new(40, true);
        let mut now = Instant::now();
        let (mut terminal, mut written, mut ours) = (parser(400, 200), String::new(), 0);
        for step in &steps {
            now += Duration::from_millis(1);
            let bytes = match step {
                Step::Program(text) => {
                    written += text;
                    canvas.program(text.as_bytes(), now)
                }
                Step::Ours => {
                    ours += 1;
                    canvas.lines(b"[hotreload] ours\n", now)
                }
                Step::Status(running) => {
                    let state = if *running { "running" } else { "building" };
                    canvas.status(Bar { state, ..Bar::default() })
                }
                Step::Bar => canvas.progress(b"bar"),
                Step::Pause => {
                    now += LONGEST_WAIT;
                    canvas.late(now)
                }
            };
            show(&mut terminal, &bytes);
        }
        show(&mut terminal, &[canvas.hide(), canvas.program_ended()].concat());
        let rows: Vec<String> = terminal.screen().rows(0, 200).map(|row| row.trim_end().to_owned()).collect();
        prop_assert_eq!(rows.iter().filter(|row| *row == "[hotreload] ours").count(), ours);
        prop_assert_eq!(rows.iter().filter(|row| row.contains("hotreload")).count(), ours);
        let programs: String = rows.iter().filter(|row| *row != "[hotreload] ours").map(String::as_str).collect();
        prop_assert_eq!(programs, written.replace('\n', ""));
    }
}
