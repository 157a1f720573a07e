//! Where the time of an edit goes, from what the tool says of itself: the only file that knows in which words.
//!
//! A tool that has `run --message-format json` writes events with exact times to its standard output. An older one is
//! judged by the lines on its standard error, which say less.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use serde::Deserialize;

use crate::edits::moment::Moment;
use crate::measure;

/// The parts of an edit's way, in their order; `None` is what the tool did not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Parts {
    /// From the save to the start of the build.
    pub(crate) detect: Option<Duration>,
    /// Cargo's build. Where `detect` is unknown, it is in here.
    pub(crate) build: Option<Duration>,
    /// From the end of the build to the signal. With a restart: to the request to stop, and then from the end of the
    /// old process to the start of the new one.
    pub(crate) tool: Option<Duration>,
    /// From the signal to the mapped code. With a restart: what the two processes took to end and to load.
    pub(crate) swap: Option<Duration>,
    /// What the patch took, of what is in `swap`.
    pub(crate) patch: Option<Patch>,
    /// From the mapped code to the new answer. Nothing, if the answer was faster than the tool's look at the mappings.
    pub(crate) answer: Option<Duration>,
}

/// The parts of a patch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Patch {
    /// Reading objects and putting the patch together.
    pub(crate) planning: Duration,
    /// Writing it into the process.
    pub(crate) writing: Duration,
    /// As long as nothing in the program ran, of that.
    pub(crate) stopped: Duration,
}

/// Something that the tool wrote, and when.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) read: Moment,
    pub(crate) text: String,
}

/// What the tool says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// JSON on its standard output.
    Events,
    /// Words on its standard error.
    Words,
}

/// An event, as far as it is of use here.
#[derive(Debug, Deserialize)]
struct Event {
    time: String,
    #[serde(rename = "event")]
    kind: String,
    #[serde(default)]
    build: u32,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    times: Times,
    patch: Option<Took>,
}

/// What the event `live` says of the way there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Times {
    build_to_signal_ms: Option<f64>,
}

/// What the event `live` says of a patch.
#[derive(Debug, Default, Deserialize)]
struct Took {
    #[serde(rename = "planning-ms")]
    planning: f64,
    #[serde(rename = "writing-ms")]
    writing: f64,
    #[serde(rename = "stopped-ms")]
    stopped: f64,
}

impl Source {
    /// The best one that `tool` has.
    pub(crate) fn of(tool: &Path) -> Result<Self> {
        let help = measure::read(Command::new(tool).args(["hotreload", "run", "--help"]))?;
        Ok(if help.contains("--message-format") { Self::Events } else { Self::Words })
    }

    /// What `run` has to be called with.
    pub(crate) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Events => &["--message-format", "json"],
            Self::Words => &[],
        }
    }

    /// Whether the tool says in `lines` that the program runs for the first time.
    pub(crate) fn is_up(self, lines: &[Line]) -> bool {
        match self {
            Self::Events => self.is_live(lines),
            Self::Words => lines.iter().any(|line| line.text.starts_with("[hotreload] started process")),
        }
    }

    /// Whether a build has ended in `lines`.
    pub(crate) fn has_built(self, lines: &[Line]) -> bool {
        match self {
            Self::Events => event(lines, "build-finished").is_some_and(|event| event.outcome != "cancelled"),
            Self::Words => finished(lines).is_some(),
        }
    }

    /// Whether the tool says in `lines` that the code runs.
    pub(crate) fn is_live(self, lines: &[Line]) -> bool {
        match self {
            Self::Events => last(lines, "live").is_some(),
            Self::Words => live(lines).is_some(),
        }
    }

    /// The parts of the edit that was `saved` and `answered` then, and about which the tool wrote `lines`.
    pub(crate) fn parts(self, lines: &[Line], saved: Moment, answered: Moment) -> Parts {
        match self {
            Self::Events => of_events(lines, saved, answered).unwrap_or_default(),
            Self::Words => of_words(lines, saved, answered).unwrap_or_default(),
        }
    }
}

/// Whether the tool says in `lines` that it could not build; its words are on its standard error in both cases.
pub(crate) fn has_failed(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.text.starts_with("[hotreload] build failed"))
}

/// Whether cargo has built everything after a patch, in `lines` of events.
pub(crate) fn is_settled(lines: &[Line]) -> bool {
    let Some(live) = event(lines, "live") else { return false };
    live.patch.is_none() || event(lines, "build-finished").is_some_and(|finished| finished.build > live.build)
}

/// The last event of this `kind`.
fn event(lines: &[Line], kind: &str) -> Option<Event> {
    let mut events = lines.iter().rev().filter_map(|line| serde_json::from_str::<Event>(&line.text).ok());
    events.find(|event| event.kind == kind)
}

/// When it happened.
fn last(lines: &[Line], kind: &str) -> Option<Moment> {
    Moment::parse(&event(lines, kind)?.time)
}

fn of_events(lines: &[Line], saved: Moment, answered: Moment) -> Option<Parts> {
    let how = event(lines, "live")?;
    let of_build = |kind| {
        let events = lines.iter().rev().filter_map(|line| serde_json::from_str::<Event>(&line.text).ok());
        let found = events.into_iter().find(|event| event.kind == kind && event.build == how.build);
        found.and_then(|event| Moment::parse(&event.time))
    };
    // After a patch, another build follows.
    let (started, finished) = (of_build("build-started")?, of_build("build-finished")?);
    let live = last(lines, "live")?;
    // The tool looks every few milliseconds: an answer can be there before.
    let mapped = live.before(live.since(answered));
    let delivery = mapped.since(finished);
    let tool = match last(lines, "reload-sent") {
        Some(sent) => Some(sent.since(finished)),
        None if how.patch.is_some() => how.times.build_to_signal_ms.and_then(millis),
        None => between_processes(lines),
    };
    let patch = how.patch.and_then(|took| {
        let [planning, writing, stopped] = [took.planning, took.writing, took.stopped].map(millis);
        Some(Patch { planning: planning?, writing: writing?, stopped: stopped? })
    });
    // What comes of a compilation is told when it was read.
    let (read, left) = if patch.is_some() { (tool, None) } else { (None, tool) };
    Some(Parts {
        detect: Some(started.since(saved)),
        build: Some(finished.since(started).saturating_sub(read.unwrap_or_default())),
        tool,
        swap: Some(delivery.saturating_sub(left.unwrap_or_default())),
        patch,
        answer: Some(answered.since(mapped)),
    })
}

/// What a restart takes that neither of its two processes takes.
fn between_processes(lines: &[Line]) -> Option<Duration> {
    let until_stop = millis(event(lines, "live")?.times.build_to_signal_ms?)?;
    Some(until_stop + last(lines, "program-started")?.since(last(lines, "program-exited")?))
}

fn millis(millis: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(millis / 1000.0).ok()
}

/// When cargo said that it was done.
fn finished(lines: &[Line]) -> Option<Moment> {
    lines.iter().find(|line| line.text.trim_start().starts_with("Finished `")).map(|line| line.read)
}

/// When the tool said that the code runs, and how long that took since the signal or the request to stop:
/// `[hotreload] reloaded api (1 of 5 modules): build 1.9 s, reload 48 ms, edit to live 2.0 s`.
fn live(lines: &[Line]) -> Option<(Moment, Option<Duration>)> {
    lines.iter().find_map(|line| {
        let words = line.text.strip_prefix("[hotreload] re")?;
        let (_, times) = words.split_once(": build ")?;
        let time =
            ["reload ", "restart "].iter().find_map(|verb| times.split(", ").find_map(|it| it.strip_prefix(verb)));
        // Above a second only tenths are written.
        let millis = time.and_then(|time| time.strip_suffix(" ms")?.parse().ok());
        Some((line.read, millis.map(Duration::from_millis)))
    })
}

fn of_words(lines: &[Line], saved: Moment, answered: Moment) -> Option<Parts> {
    let built = finished(lines)?;
    let (live, swap) = live(lines)?;
    let mapped = live.before(live.since(answered));
    Some(Parts {
        detect: None,
        build: Some(built.since(saved)),
        tool: swap.map(|swap| live.since(built).saturating_sub(swap)),
        swap,
        patch: None,
        answer: Some(answered.since(mapped)),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Line, Parts, Source};
    use crate::edits::moment::Moment;

    fn at(time: &str) -> Moment {
        Moment::parse(&format!("2026-05-19T12:00:{time}Z")).expect("a moment")
    }

    fn event(time: &str, kind: &str) -> Line {
        let time = format!("2026-05-19T12:00:{time}Z");
        let text = format!("{{\"version\":1,\"time\":\"{time}\",\"event\":\"{kind}\",\"more\":[1]}}");
        Line { read: at("59"), text }
    }

    fn millis(millis: [u64; 5]) -> Parts {
        let [detect, build, tool, swap, answer] = millis.map(|millis| Some(Duration::from_millis(millis)));
        Parts { detect, build, tool, swap, patch: None, answer }
    }

    #[test]
    fn the_parts_of_a_reload_are_between_its_events() {
        let lines = [
            Line { read: at("00"), text: "listening on http://127.0.0.1:1".into() },
            event("01.030", "change"),
            event("01.040", "build-started"),
            event("02.040", "build-finished"),
            event("02.045", "reload-sent"),
            event("02.060", "live"),
        ];
        assert!(Source::Events.is_live(&lines) && Source::Events.has_built(&lines[..4]));
        assert!(!Source::Events.is_live(&lines[..5]) && !Source::Events.has_built(&lines[..3]));
        let parts = |answered| Source::Events.parts(&lines, at("01"), at(answered));
        assert_eq!(parts("02.061"), millis([40, 1000, 5, 15, 1]));
        assert_eq!(parts("02.058"), millis([40, 1000, 5, 13, 0]), "answered before the tool saw it");
    }

    #[test]
    fn between_two_processes_it_is_the_tool_that_takes_the_time() {
        let live = event("02.070", "live");
        let lines = [
            event("01.040", "build-started"),
            event("02.040", "build-finished"),
            event("02.050", "program-exited"),
            event("02.052", "program-started"),
            Line { text: live.text.replace("[1]", "[1],\"times\":{\"build-to-signal-ms\":3.0}"), ..live },
        ];
        assert_eq!(Source::Events.parts(&lines, at("01"), at("02.080")), millis([40, 1000, 5, 25, 10]));
    }

    #[test]
    fn what_comes_of_a_compilation_is_read_before_it_is_told() {
        let live = event("02.060", "live");
        let times = "[1],\"times\":{\"build-to-signal-ms\":8.0},\
            \"patch\":{\"planning-ms\":15.0,\"writing-ms\":2.0,\"stopped-ms\":1.0}";
        let lines = [
            event("01.040", "build-started"),
            event("02.040", "build-finished"),
            Line { text: live.text.replace("[1]", times), ..live },
        ];
        let parts = Source::Events.parts(&lines, at("01"), at("02.061"));
        assert!(parts.patch.is_some());
        assert_eq!(Parts { patch: None, ..parts }, millis([40, 992, 8, 20, 1]));
    }

    #[test]
    fn words_tell_less() {
        let line = |time, text: &str| Line { read: at(time), text: text.into() };
        let report = "[hotreload] reloaded api (1 of 5 modules): build 1.9 s, reload 48 ms, edit to live 2.0 s";
        let lines =
            [line("02.900", "    Finished `dev` profile [unoptimized] target(s) in 1.87s"), line("02.960", report)];
        assert!(
            Source::Words.has_built(&lines) && Source::Words.is_live(&lines) && !Source::Words.is_live(&lines[..1])
        );
        let expected = Parts { detect: None, ..millis([0, 1900, 12, 48, 5]) };
        assert_eq!(Source::Words.parts(&lines, at("01"), at("02.965")), expected);
    }
}
