//! What is counted and measured over a session.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::events::record::LiveHow;
use crate::report::rounds::{Cause, Parts, Round, RoundResult, Session};

/// The numbers of a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Builds because of a save.
    pub edits: usize,
    /// How often modules were swapped.
    pub reloads: usize,
    /// How often a patch got in.
    pub patches: usize,
    /// How often a new process took over.
    pub restarts: usize,
    /// Builds that failed.
    pub failed: usize,
    /// Builds in whose place came a newer one.
    pub overtaken: usize,
    /// In the middle of all edits that went live, and the longest.
    pub edit_to_live: Option<(Duration, Duration)>,
    /// The middle of each part of those edits.
    pub parts: Parts,
}

impl Numbers {
    /// Those of `session`.
    #[must_use]
    pub fn of(session: &Session) -> Self {
        let count = |is: &dyn Fn(&Round) -> bool| session.rounds().filter(|round| is(round)).count();
        let live =
            |wanted| move |round: &Round| matches!(&round.result, RoundResult::Live { how, .. } if *how == wanted);
        let edits: Vec<&Round> = session.rounds().filter(|round| round.edit_to_live().is_some()).collect();
        let of = |part: fn(&Parts) -> Duration| median(edits.iter().map(|round| part(&round.parts)).collect());
        let times: Vec<Duration> = edits.iter().filter_map(|round| round.edit_to_live()).collect();
        Self {
            edits: count(&|round| matches!(round.cause, Cause::Saved(_))),
            reloads: count(&live(LiveHow::Reloaded)),
            patches: count(&live(LiveHow::Patched)),
            restarts: count(&live(LiveHow::Restarted)),
            failed: count(&|round| matches!(round.result, RoundResult::Failed { .. })),
            overtaken: count(&|round| round.result == RoundResult::Overtaken),
            edit_to_live: times.iter().max().copied().map(|worst| (median(times), worst)),
            parts: Parts {
                watch: of(|parts| parts.watch),
                build: of(|parts| parts.build),
                tool: of(|parts| parts.tool),
                reload: of(|parts| parts.reload),
            },
        }
    }
}

/// The middle of `times`, the mean of the two in the middle where there is no one.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    match times.len() {
        0 => Duration::ZERO,
        odd if odd % 2 == 1 => times[odd / 2],
        even => (times[even / 2 - 1] + times[even / 2]) / 2,
    }
}

/// How long the compiler worked on a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compilation {
    /// The package.
    pub package: String,
    /// How often it was compiled.
    pub times: usize,
    /// The middle of these.
    pub median: Duration,
    /// The longest of these.
    pub longest: Duration,
    /// All of these together.
    pub total: Duration,
}

/// The crates that were compiled in `rounds`, the one that took longest in all first. Of a package with several parts
/// (a build script, a library, a program), each build has their sum.
#[must_use]
pub fn slowest<'a>(rounds: impl Iterator<Item = &'a Round>) -> Vec<Compilation> {
    let mut by_package: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for round in rounds {
        let mut sums: BTreeMap<&str, Duration> = BTreeMap::new();
        for compiled in &round.compiled {
            if let Some(took) = compiled.took_ms {
                *sums.entry(&compiled.package).or_default() += took.0;
            }
        }
        for (package, sum) in sums {
            by_package.entry(package).or_default().push(sum);
        }
    }
    let compilation = |(package, times): (&str, Vec<Duration>)| Compilation {
        package: package.to_owned(),
        times: times.len(),
        longest: times.iter().max().copied().unwrap_or_default(),
        total: times.iter().sum(),
        median: median(times),
    };
    let mut all: Vec<Compilation> = by_package.into_iter().map(compilation).collect();
    all.sort_by(|one, other| other.total.cmp(&one.total).then_with(|| one.package.cmp(&other.package)));
    all
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Numbers, median, slowest};
    use crate::report::testing::{example, told};

    #[test]
    fn a_session_is_counted() {
        let numbers = Numbers::of(&told(&example()));
        let Numbers { edits, reloads, patches, restarts, failed, overtaken, .. } = numbers;
        assert_eq!([edits, reloads, patches, restarts, failed, overtaken], [5, 1, 0, 2, 1, 1]);
        let whole = Duration::from_micros(1_443_700);
        assert_eq!(numbers.edit_to_live, Some((whole, whole)));
        assert_eq!(numbers.parts.reload, Duration::from_micros(9_200));
    }

    #[test]
    fn the_middle_of_an_even_number_is_between() {
        let seconds = |all: &[u64]| median(all.iter().copied().map(Duration::from_secs).collect()).as_millis();
        assert_eq!([seconds(&[]), seconds(&[5, 1, 3]), seconds(&[4, 1, 3, 2])], [0, 3_000, 2_500]);
    }

    #[test]
    fn crates_without_a_time_are_no_slow_crates() {
        let session = told(&example());
        let all = slowest(session.rounds());
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].package.as_str(), all[0].times), ("api", 7));
        assert_eq!((all[0].median.as_millis(), all[0].total.as_millis()), (600, 4_200));
    }
}
