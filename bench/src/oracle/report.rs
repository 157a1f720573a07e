//! What came of the edits.

use std::collections::BTreeMap;
use std::time::Duration;

/// What is counted.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) edits: usize,
    /// What cannot be compiled, or gives no answer, before the next edit.
    pub(crate) skipped: usize,
    /// What is as it was after all.
    pub(crate) taken_back: usize,
    pub(crate) outcomes: BTreeMap<&'static str, usize>,
    /// Why it was restarted.
    pub(crate) reasons: BTreeMap<String, usize>,
    /// Callers were not compiled at once, and got their lines after cargo's build.
    pub(crate) followed: usize,
    /// Callers were compiled, and nothing in them changed.
    pub(crate) needless: usize,
    /// Restarts after which neither the callers nor the answer were other ones.
    pub(crate) harmless: usize,
    pub(crate) defects: Vec<String>,
}

/// Prints it.
pub(crate) fn print(counts: &Counts, took: Duration) {
    let Counts { edits, skipped, taken_back, .. } = counts;
    let judged: usize = counts.outcomes.values().sum();
    println!(
        "{edits} edits in {} s; {skipped} that cannot be compiled or give no answer, {taken_back} that change nothing",
        took.as_secs()
    );
    println!("{judged} were judged:");
    let percent = |count: usize| count * 100 / judged.max(1);
    for (outcome, count) in &counts.outcomes {
        println!("{count:>6}  {:>3} %  {outcome}", percent(*count));
    }
    println!(
        "{:>6}  {:>3} %  of them with callers that got new lines after cargo's build",
        counts.followed,
        percent(counts.followed)
    );
    println!("why it was restarted:");
    let mut reasons: Vec<(&String, &usize)> = counts.reasons.iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    for (reason, count) in reasons {
        println!("{count:>6}         {reason}");
    }
    println!("missed chances:");
    println!(
        "{:>6}  {:>3} %  callers were compiled, and came out as they were",
        counts.needless,
        percent(counts.needless)
    );
    println!(
        "{:>6}  {:>3} %  restarted, though callers and answer are as they were",
        counts.harmless,
        percent(counts.harmless)
    );
    println!("defects: {}", counts.defects.len());
    for defect in &counts.defects {
        println!("  {defect}");
    }
}
