//! What is counted, and what is printed of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::soak::clients::Asked;
use crate::soak::edits::Edit;
use crate::soak::session::{Patch, Times};

/// A patch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patched {
    pub(crate) patch: Patch,
    pub(crate) times: Times,
    pub(crate) functions: usize,
    /// From the save to the first answer that shows it.
    pub(crate) to_live: Duration,
}

/// Bytes of memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub(crate) program: u64,
    pub(crate) tool: u64,
}

/// A step that counts its calls, and how often its library was asked, at least and at most, when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counter {
    pub(crate) layer: usize,
    pub(crate) number: u32,
    pub(crate) since: [u64; 2],
}

/// Everything that is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) edits: BTreeMap<Edit, usize>,
    pub(crate) patched: Vec<Patched>,
    pub(crate) memory: Vec<Memory>,
    /// How often cargo's own build was waited for.
    pub(crate) rests: usize,
    /// Edits that did not get into the program.
    pub(crate) failed: Vec<String>,
    pub(crate) restarts: Vec<String>,
    /// Where state was lost.
    pub(crate) lost: Vec<String>,
    /// Steps that count, and how many of them were looked at.
    pub(crate) steps: Vec<Counter>,
    pub(crate) counted: usize,
    pub(crate) asked: Asked,
    pub(crate) took: Duration,
}

impl Counts {
    /// Everything that should not be.
    pub(crate) fn defects(&self) -> usize {
        let requests = self.asked.failed + self.asked.wrong;
        self.failed.len() + self.restarts.len() + self.lost.len() + usize::try_from(requests).unwrap_or(usize::MAX)
    }

    /// The numbers so far, in short.
    pub(crate) fn line(&self, took: Duration) -> String {
        let last = self.memory.last();
        let megabytes = |bytes: Option<u64>| bytes.unwrap_or_default() / 1_000_000;
        format!(
            "{} patches in {} s, {} restarts; program {} MB, tool {} MB",
            self.patched.len(),
            took.as_secs(),
            self.restarts.len(),
            megabytes(last.map(|memory| memory.program)),
            megabytes(last.map(|memory| memory.tool))
        )
    }
}

/// Prints everything.
pub(crate) fn print(counts: &Counts) {
    let Counts { edits, patched, asked, rests, .. } = counts;
    let edited: usize = edits.values().sum();
    println!(
        "{edited} edits, {} patches in {} s; cargo's own build was waited for {rests} times",
        patched.len(),
        counts.took.as_secs()
    );
    println!("{}", edits.iter().map(|(edit, count)| format!("{edit} {count}")).collect::<Vec<_>>().join(", "));
    println!("failed patches:  {}", counts.failed.len());
    println!("restarts:        {}", counts.restarts.len());
    println!("requests:        {} of all libraries, {} greetings", asked.answers, asked.greetings);
    println!("failed requests: {}", asked.failed);
    println!("wrong answers:   {}", asked.wrong);
    println!(
        "state lost:      {} ({} new statics were counted from their first call on)",
        counts.lost.len(),
        counts.counted
    );
    for fault in [&counts.failed, &counts.restarts, &counts.lost, &asked.faults].into_iter().flatten() {
        println!("  {fault}");
    }
    println!();
    times(patched);
    println!("slowest request: {:.1} ms", asked.slowest.as_secs_f64() * 1000.0);
    memory(&counts.memory, patched);
}

/// A row: its heading, and the number of a patch.
type Row = (&'static str, fn(&Patched) -> f64);

fn times(patched: &[Patched]) {
    let rows: [Row; 7] = [
        ("edit to new answer, ms", |it| it.to_live.as_secs_f64() * 1000.0),
        ("edit to live, as told, ms", |it| it.times.edit_to_live_ms),
        ("compilation, ms", |it| it.times.build_ms),
        ("planning a patch, ms", |it| it.patch.planning_ms),
        ("writing it, ms", |it| it.patch.writing_ms),
        ("world stopped, ms", |it| it.patch.stopped_ms),
        ("bytes of a patch", |it| f64::from(u32::try_from(it.patch.bytes).unwrap_or(u32::MAX))),
    ];
    println!("{:26} {:>10} {:>10} {:>10}", "", "median", "95 of 100", "most");
    for (name, value) in rows {
        let mut values: Vec<f64> = patched.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        let at =
            |percent: usize| values.get(values.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default();
        let mut line = format!("{name:26}");
        for percent in [50, 95, 100] {
            // Writing to a string does not fail.
            let _ = write!(line, " {:>10.2}", at(percent));
        }
        println!("{line}");
    }
    let functions: usize = patched.iter().map(|it| it.functions).sum();
    let rounds = patched.iter().filter(|it| it.patch.rounds > 1).count();
    let threads = patched.iter().map(|it| it.patch.threads).max().unwrap_or_default();
    println!(
        "{functions} functions redirected, {threads} threads stopped at most, {rounds} patches took more than one try"
    );
}

fn memory(memory: &[Memory], patched: &[Patched]) {
    let bytes: u64 = patched.iter().map(|it| it.patch.bytes).sum();
    let kilobytes = |bytes: u64| bytes / 1000;
    let count = u64::try_from(patched.len()).unwrap_or_default().max(1);
    println!("arena:           {} KB of all patches, {} KB each", kilobytes(bytes), kilobytes(bytes / count));
    for (name, of) in [("program", (|it| it.program) as fn(&Memory) -> u64), ("tool", |it| it.tool)] {
        // What is read and kept at the first patches is no growth.
        let points: Vec<u64> =
            [0, 10, 50, 100].iter().filter_map(|part| memory.get((memory.len() - 1) * part / 100)).map(of).collect();
        let shown: Vec<String> = points.iter().map(|bytes| (bytes / 1_000_000).to_string()).collect();
        let growth = points[3].saturating_sub(points[1]) * 10 / 9 / count;
        println!(
            "memory (RSS) of the {name}, MB at 0, 10, 50 and 100 % of the patches: {}; {} KB more with each",
            shown.join(", "),
            kilobytes(growth)
        );
    }
}
