//! What `bench edits` prints.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::edits::contest::{CONTESTANTS, Kind, ROWS, Row};
use crate::edits::contestant::Measured;
use crate::edits::parts::Parts;
use crate::edits::workspace::LIBRARIES;
use crate::measure::median;

mod patches;

/// Modules against the static build, in every row.
const STATIC_GOAL: f64 = 1.1;
/// Modules against the method by hand, in the top module.
const MANUAL_GOAL: f64 = 0.75;
/// What an edit may take that is neither cargo's, nor rustc's, nor the program's.
const OWN_GOAL: Duration = Duration::from_millis(60);

/// Under what conditions it was measured.
#[derive(Debug)]
pub(crate) struct Conditions {
    pub(crate) lines: usize,
    pub(crate) rounds: usize,
    /// The load averages of the last minute before and after the rounds.
    pub(crate) load: [String; 2],
}

/// The numbers of one row and one contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spread {
    pub(crate) median: Duration,
    pub(crate) least: Duration,
    pub(crate) most: Duration,
}

impl Spread {
    /// Of all rounds, which are at least one.
    pub(crate) fn of(measured: &[Measured]) -> Self {
        let times: Vec<Duration> = measured.iter().map(|measured| measured.time).collect();
        let [median, least, most] = [median(&times), times.iter().min().copied(), times.iter().max().copied()];
        Self { median: median.unwrap_or_default(), least: least.unwrap_or_default(), most: most.unwrap_or_default() }
    }
}

/// The load average of the last minute.
pub(crate) fn load() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}

/// Prints all tables.
pub(crate) fn print(rows: &[Row], conditions: &Conditions) {
    let Conditions { lines, rounds, load: [before, after] } = conditions;
    let (crates, processors) = (LIBRARIES.len() + 1, thread::available_parallelism().map_or(1, usize::from));
    println!("an axum server of {crates} crates and {lines} lines of Rust: from the save to the new answer over HTTP");
    println!(
        "{rounds} interleaved rounds after one that does not count; {processors} processors, load {before} to {after}\n"
    );
    times(rows);
    ratios(rows);
    patches::print(rows);
    parts(rows);
}

fn times(rows: &[Row]) {
    println!("{:30} {:10} {:>9} {:>9} {:>9}", "an edit in", "", "median", "least", "most");
    for (kind, row) in ROWS.iter().zip(rows) {
        let mut place = name(kind);
        for (name, measured) in CONTESTANTS.iter().zip(row).filter(|(_, measured)| !measured.is_empty()) {
            let Spread { median, least, most } = Spread::of(measured);
            let [median, least, most] = [median, least, most].map(seconds);
            println!("{place:30} {name:10} {median:>9} {least:>9} {most:>9}");
            place.clear();
        }
    }
}

/// `api (top module)`
fn name(kind: &Kind) -> String {
    format!("{} ({})", LIBRARIES[kind.library], kind.note)
}

fn ratios(rows: &[Row]) {
    let heads = ["patch / static", "patch / modules", "modules / static", "modules / manual"];
    println!("\n{:28} {:32} {:16} {:32} {}", "medians", heads[0], heads[1], heads[2], heads[3]);
    for (index, (kind, row)) in ROWS.iter().zip(rows).enumerate() {
        let [patch, modules, fixed, manual] = row.each_ref().map(|measured| Spread::of(measured).median.as_secs_f64());
        let to_static = verdict(patch / fixed, kind.goal);
        let to_modules = verdict(patch / modules, None);
        let of_modules = verdict(modules / fixed, Some(STATIC_GOAL));
        let to_manual =
            if manual > 0.0 { verdict(modules / manual, (index == 0).then_some(MANUAL_GOAL)) } else { String::new() };
        println!("{:28} {to_static:32} {to_modules:16} {of_modules:32} {to_manual}", name(kind));
    }
}

/// `1.04 (goal 1.10: met)`
fn verdict(ratio: f64, goal: Option<f64>) -> String {
    match goal {
        None => format!("{ratio:.2}"),
        Some(goal) if ratio <= goal => format!("{ratio:.2} (goal {goal:.2}: met)"),
        Some(goal) => format!("{ratio:.2} (goal {goal:.2}: missed by {:.0}%)", (ratio / goal - 1.0) * 100.0),
    }
}

/// A column of the table of parts: its heading, and the part of an edit.
type Column = (&'static str, fn(&Parts) -> Option<Duration>);

const COLUMNS: [Column; 5] = [
    ("detect", |parts| parts.detect),
    ("build", |parts| parts.build),
    ("tool", |parts| parts.tool),
    ("swap", |parts| parts.swap),
    ("answer", |parts| parts.answer),
];

fn parts(rows: &[Row]) {
    println!("\nwhere the time of modules goes (medians, each of its own)");
    print!("{:30}", "an edit in");
    for (name, _) in COLUMNS {
        print!(" {name:>9}");
    }
    println!("   own share, goal {} ms", OWN_GOAL.as_millis());
    for (kind, [_, measured, ..]) in ROWS.iter().zip(rows) {
        print!("{:30}", name(kind));
        for (_, part) in COLUMNS {
            let times: Vec<Duration> = measured.iter().filter_map(|it| part(&it.parts?)).collect();
            print!(" {:>9}", median(&times).map_or_else(|| "-".to_owned(), short));
        }
        let own: Option<Vec<Duration>> = measured.iter().map(own_share).collect();
        println!("   {}", own.and_then(|own| median(&own)).map_or_else(|| "unknown".to_owned(), own_verdict));
    }
    println!(
        "detect: save to start of cargo; build: cargo and rustc; tool: end of cargo to signal, and between two processes;"
    );
    println!("swap: signal to mapped, by the program; answer: mapped to new answer, by the program;");
    println!("own share: everything that is not cargo, rustc or the program, so also what is in none of the columns");
}

/// What is left of an edit's time without cargo, rustc and the program.
fn own_share(measured: &Measured) -> Option<Duration> {
    let Parts { detect, build, swap, answer, .. } = measured.parts?;
    detect?;
    Some(measured.time.saturating_sub(build? + swap? + answer?))
}

fn own_verdict(own: Duration) -> String {
    let shown = short(own);
    if own <= OWN_GOAL {
        return format!("{shown}: met");
    }
    format!("{shown}: missed by {:.0}%", (own.as_secs_f64() / OWN_GOAL.as_secs_f64() - 1.0) * 100.0)
}

/// `1.234 s`
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// `12.3 ms` or `1.234 s`
pub(crate) fn short(time: Duration) -> String {
    if time < Duration::from_secs(1) { format!("{:.1} ms", time.as_secs_f64() * 1000.0) } else { seconds(time) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, Parts, Spread, own_share, own_verdict, short, verdict};

    fn measured(millis: u64) -> Measured {
        let [detect, build, tool, swap, answer] = [30, 900, 5, 20, 2].map(|it| Some(Duration::from_millis(it)));
        let parts = Some(Parts { detect, build, tool, swap, patch: None, answer });
        Measured { time: Duration::from_millis(millis), parts }
    }

    #[test]
    fn a_verdict_says_by_how_much() {
        assert_eq!(verdict(1.04, Some(1.1)), "1.04 (goal 1.10: met)");
        assert_eq!(verdict(0.9, Some(0.75)), "0.90 (goal 0.75: missed by 20%)");
        assert_eq!(verdict(2.0, None), "2.00");
    }

    #[test]
    fn the_own_share_is_what_nobody_else_took() {
        assert_eq!(own_share(&measured(1000)), Some(Duration::from_millis(78)));
        assert_eq!(own_verdict(Duration::from_millis(78)), "78.0 ms: missed by 30%");
        assert_eq!(own_verdict(Duration::from_millis(45)), "45.0 ms: met");
        assert_eq!(own_share(&Measured { parts: Some(Parts::default()), ..measured(1000) }), None);
    }

    #[test]
    fn a_spread_has_the_median_and_both_ends() {
        let [median, least, most] = [2, 1, 9].map(Duration::from_millis);
        assert_eq!(Spread::of(&[9, 1, 2].map(measured)), Spread { median, least, most });
        assert_eq!(short(Duration::from_micros(1_234_567)), "1.235 s");
    }
}
