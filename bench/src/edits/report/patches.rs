//! Where the time of a live patch goes.

use std::time::Duration;

use crate::edits::contest::{ROWS, Row};
use crate::edits::contestant::Measured;
use crate::edits::report::{name, short, verdict};
use crate::measure::median;

/// From the end of rustc to the new code.
const DELIVERY_GOAL: Duration = Duration::from_millis(40);
/// The whole, as a multiple of what rustc takes.
const COMPILER_GOAL: f64 = 1.15;

/// A column: its heading, and the part of an edit.
type Column = (&'static str, fn(&Measured) -> Option<Duration>);

const COLUMNS: [Column; 7] = [
    ("detect", |it| it.parts?.detect),
    ("rustc", |it| it.parts?.build),
    ("read", |it| it.parts?.tool),
    ("plan", |it| Some(it.parts?.patch?.planning)),
    ("write", |it| Some(it.parts?.patch?.writing)),
    ("stopped", |it| Some(it.parts?.patch?.stopped)),
    ("answer", |it| it.parts?.answer),
];

/// Prints the parts of the first contestant's edits, and what they come to beside the goals.
pub(super) fn print(rows: &[Row]) {
    println!("\nwhere the time of live patching goes (medians, each of its own)");
    print!("{:28}", "an edit in");
    for (name, _) in COLUMNS {
        print!(" {name:>9}");
    }
    println!("   {:36} save to answer / rustc", "end of rustc to live");
    for (kind, [measured, ..]) in ROWS.iter().zip(rows) {
        print!("{:28}", name(kind));
        for (_, part) in COLUMNS {
            let times: Vec<Duration> = measured.iter().filter_map(part).collect();
            print!(" {:>9}", median(&times).map_or_else(|| "-".to_owned(), short));
        }
        let patched: Vec<&Measured> =
            measured.iter().filter(|it| it.parts.is_some_and(|it| it.patch.is_some())).collect();
        if patched.len() < measured.len() {
            print!("   {} of {} were no patches", measured.len() - patched.len(), measured.len());
        }
        let delivery: Vec<Duration> = patched.iter().filter_map(|it| delivery(it)).collect();
        let ratios: Vec<u64> = patched.iter().filter_map(|it| ratio(it)).collect();
        let (Some(delivery), Some(ratio)) = (median(&delivery), median(&ratios)) else {
            println!();
            continue;
        };
        #[expect(clippy::cast_precision_loss, reason = "thousandths of a small number")]
        let ratio = verdict(ratio as f64 / 1000.0, Some(COMPILER_GOAL));
        println!("   {:36} {ratio}", delivery_verdict(delivery));
    }
    println!(
        "detect: save to start of rustc; read: its objects, until the program can take the patch; plan: compare, check"
    );
    println!("layouts, link; write: into the process, which is stopped for a part of it; answer: live to new answer");
}

/// From the end of rustc to the new code.
fn delivery(measured: &Measured) -> Option<Duration> {
    let parts = measured.parts?;
    Some(parts.tool? + parts.swap?)
}

/// The whole by what rustc took, in thousandths.
fn ratio(measured: &Measured) -> Option<u64> {
    let rustc = measured.parts?.build?.as_micros().max(1);
    u64::try_from(measured.time.as_micros() * 1000 / rustc).ok()
}

fn delivery_verdict(time: Duration) -> String {
    let goal = DELIVERY_GOAL.as_millis();
    if time <= DELIVERY_GOAL {
        return format!("{} (goal {goal} ms: met)", short(time));
    }
    let beyond = (time.as_secs_f64() / DELIVERY_GOAL.as_secs_f64() - 1.0) * 100.0;
    format!("{} (goal {goal} ms: missed by {beyond:.0}%)", short(time))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, delivery, delivery_verdict, ratio};
    use crate::edits::parts::Parts;

    #[test]
    fn a_delivery_is_what_comes_after_rustc() {
        let [build, tool, swap] = [800, 5, 20].map(|it| Some(Duration::from_millis(it)));
        let parts = Parts { build, tool, swap, ..Parts::default() };
        let measured = Measured { time: Duration::from_millis(880), parts: Some(parts) };
        assert_eq!((delivery(&measured), ratio(&measured)), (Some(Duration::from_millis(25)), Some(1100)));
        assert_eq!(delivery_verdict(Duration::from_millis(25)), "25.0 ms (goal 40 ms: met)");
        assert_eq!(delivery_verdict(Duration::from_millis(50)), "50.0 ms (goal 40 ms: missed by 25%)");
    }
}
