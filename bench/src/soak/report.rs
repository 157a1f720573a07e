//! What is counted, and what is printed of it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::soak::Way;
use crate::soak::clients::Asked;
use crate::soak::edits::Edit;
use crate::soak::session::{Holding, Patch, Times};

/// A patch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patched {
    pub(crate) patch: Patch,
    pub(crate) times: Times,
    pub(crate) functions: usize,
    /// From the save to the first answer that shows it.
    pub(crate) to_live: Duration,
}

/// A reload of modules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reloaded {
    pub(crate) times: Times,
    /// How many had changed.
    pub(crate) modules: usize,
    /// From the save to the first answer that shows it.
    pub(crate) to_live: Duration,
}

/// What both processes have of the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    pub(crate) program: Holding,
    pub(crate) tool: Holding,
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
    pub(crate) reloaded: Vec<Reloaded>,
    /// Modules of which the old code was gone and the new one mapped, as the kernel says.
    pub(crate) verified: usize,
    /// Modules that were not as they should be when the time was over.
    pub(crate) stuck: usize,
    /// At the beginning, and after each edit.
    pub(crate) held: Vec<Held>,
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
        let edits = self.failed.len() + self.restarts.len() + self.lost.len() + self.stuck;
        edits + usize::try_from(requests).unwrap_or(usize::MAX)
    }

    /// The numbers so far, in short.
    pub(crate) fn line(&self, took: Duration) -> String {
        let last = self.held.last();
        let megabytes = |bytes: Option<u64>| bytes.unwrap_or_default() / 1_000_000;
        format!(
            "{} patches, {} reloads in {} s, {} restarts; program {} MB, tool {} MB",
            self.patched.len(),
            self.reloaded.len(),
            took.as_secs(),
            self.restarts.len(),
            megabytes(last.map(|held| held.program.memory)),
            megabytes(last.map(|held| held.tool.memory))
        )
    }
}

/// Prints everything.
pub(crate) fn print(counts: &Counts, way: Way) {
    let Counts { edits, asked, .. } = counts;
    let edited: usize = edits.values().sum();
    println!("{edited} edits in {} s", counts.took.as_secs());
    println!("{}", edits.iter().map(|(edit, count)| format!("{edit} {count}")).collect::<Vec<_>>().join(", "));
    match way {
        Way::Patch => {
            let (patches, rests) = (counts.patched.len(), counts.rests);
            println!("patches:         {patches}; cargo's own build was waited for {rests} times");
        }
        Way::Modules => {
            println!("reloads:         {}", counts.reloaded.len());
            println!(
                "verified:        {} modules, of which the old code is gone and the new one mapped",
                counts.verified
            );
            println!("stuck:           {}", counts.stuck);
        }
    }
    println!("failed edits:    {}", counts.failed.len());
    println!("restarts:        {}", counts.restarts.len());
    println!("requests:        {} of all libraries, {} greetings", asked.answers, asked.greetings);
    println!("failed requests: {}", asked.failed);
    println!("wrong answers:   {}", asked.wrong);
    if way == Way::Patch {
        let (lost, counted) = (counts.lost.len(), counts.counted);
        println!("state lost:      {lost} ({counted} new statics were counted from their first call on)");
    }
    for fault in [&counts.failed, &counts.restarts, &counts.lost, &asked.faults].into_iter().flatten() {
        println!("  {fault}");
    }
    println!();
    match way {
        Way::Patch => patches(&counts.patched),
        Way::Modules => reloads(&counts.reloaded),
    }
    println!("slowest request: {:.1} ms", asked.slowest.as_secs_f64() * 1000.0);
    if way == Way::Patch {
        arena(&counts.patched);
    }
    held(&counts.held);
}

/// A row: its heading, and the number of an edit.
type Row<T> = (&'static str, fn(&T) -> f64);

fn patches(patched: &[Patched]) {
    let rows: [Row<Patched>; 7] = [
        ("edit to new answer, ms", |it| it.to_live.as_secs_f64() * 1000.0),
        ("edit to live, as told, ms", |it| it.times.edit_to_live_ms),
        ("compilation, ms", |it| it.times.build_ms),
        ("planning a patch, ms", |it| it.patch.planning_ms),
        ("writing it, ms", |it| it.patch.writing_ms),
        ("world stopped, ms", |it| it.patch.stopped_ms),
        ("bytes of a patch", |it| f64::from(u32::try_from(it.patch.bytes).unwrap_or(u32::MAX))),
    ];
    table(patched, &rows);
    let functions: usize = patched.iter().map(|it| it.functions).sum();
    let rounds = patched.iter().filter(|it| it.patch.rounds > 1).count();
    let threads = patched.iter().map(|it| it.patch.threads).max().unwrap_or_default();
    println!(
        "{functions} functions redirected, {threads} threads stopped at most, {rounds} patches took more than one try"
    );
}

fn reloads(reloaded: &[Reloaded]) {
    let rows: [Row<Reloaded>; 5] = [
        ("edit to new answer, ms", |it| it.to_live.as_secs_f64() * 1000.0),
        ("edit to live, as told, ms", |it| it.times.edit_to_live_ms),
        ("build, ms", |it| it.times.build_ms),
        ("signal to mapped, ms", |it| it.times.signal_to_mapped_ms),
        ("changed modules", |it| f64::from(u32::try_from(it.modules).unwrap_or(u32::MAX))),
    ];
    table(reloaded, &rows);
}

fn table<T>(edits: &[T], rows: &[Row<T>]) {
    println!("{:26} {:>10} {:>10} {:>10}", "", "median", "95 of 100", "most");
    for (name, value) in rows {
        let mut values: Vec<f64> = edits.iter().map(value).collect();
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
}

fn arena(patched: &[Patched]) {
    let bytes: u64 = patched.iter().map(|it| it.patch.bytes).sum();
    let count = u64::try_from(patched.len()).unwrap_or_default().max(1);
    println!("arena:           {} KB of all patches, {} KB each", bytes / 1000, bytes / count / 1000);
}

fn held(held: &[Held]) {
    // What is read and kept at the first edits is no growth.
    let after = [0, 10, 50, 100].map(|part| (held.len() - 1) * part / 100);
    let edits = u64::try_from(after[3] - after[1]).unwrap_or_default().max(1);
    for (name, of) in [("program", (|it| it.program) as fn(&Held) -> Holding), ("tool", |it| it.tool)] {
        let points = after.map(|edits| of(&held[edits]));
        let shown = points
            .iter()
            .map(|held| {
                let tenths = held.memory / 100_000;
                format!("{}.{}", tenths / 10, tenths % 10)
            })
            .collect::<Vec<_>>()
            .join(", ");
        let growth = points[3].memory.saturating_sub(points[1].memory) / edits / 1000;
        let files = points.map(|held| held.files.to_string()).join(", ");
        println!(
            "{name} after {} edits: memory (RSS) {shown} MB, {growth} KB more with each; {files} open files",
            after.map(|edits| edits.to_string()).join(", ")
        );
    }
}
