//! What came of an edit, in words and signs.

use std::fmt::Write;
use std::time::Duration;

use crate::events::record::LiveHow;
use crate::graph::svg::escaped;
use crate::report::parts::PARTS;
use crate::report::rounds::{Cause, InProgram, Round, RoundResult};
use crate::session::message::Time;

/// The class of what came of an edit.
pub(super) fn class(result: &RoundResult) -> &'static str {
    match result {
        RoundResult::Live { how: LiveHow::Reloaded, .. } => "reloaded",
        RoundResult::Live { how: LiveHow::Patched, .. } => "patched",
        RoundResult::Live { how: LiveHow::Restarted, .. } => "restarted",
        RoundResult::Live { how: LiveHow::Started, .. } => "started",
        RoundResult::Failed { .. } => "failed",
        RoundResult::Overtaken => "overtaken",
        RoundResult::Unchanged => "unchanged",
        RoundResult::Broken { .. } => "broken",
        RoundResult::Open => "open",
    }
}

/// The sign on top of a column: nothing where all went as it should.
pub(super) fn sign(result: &RoundResult) -> &'static str {
    match result {
        RoundResult::Live { how: LiveHow::Reloaded | LiveHow::Patched | LiveHow::Started, .. } | RoundResult::Open => {
            ""
        }
        RoundResult::Live { how: LiveHow::Restarted, .. } => "↻",
        RoundResult::Failed { .. } => "✕",
        RoundResult::Overtaken => "»",
        RoundResult::Unchanged => "=",
        RoundResult::Broken { .. } => "!",
    }
}

/// What one sees who points at an edit.
pub(super) fn hover(round: &Round) -> String {
    let saved = match &round.cause {
        Cause::Saved(change) => change.paths.join(", "),
        Cause::Requested(request) => format!("{request:?} was asked for").to_lowercase(),
        Cause::First => String::new(),
    };
    let mut text = format!("#{} at {} UTC: {saved}\n{}\n", round.number, round.at.of_day(), words(&round.result));
    for (_, name, part) in PARTS {
        let _ = writeln!(text, "{name} {}", exact(part(&round.parts)));
    }
    let _ = write!(text, "together {}", exact(round.parts.sum()));
    for program in &round.programs {
        let _ = write!(text, "\n{}", in_program(program));
    }
    text
}

/// What came of an edit in one of several programs.
pub(super) fn in_program(program: &InProgram) -> String {
    let InProgram { name, result, parts } = program;
    match result {
        RoundResult::Live { .. } => format!("{name}: {}, after {}", words(result), exact(parts.sum())),
        // Its reason has the name already.
        RoundResult::Broken { why } => why.clone(),
        _ => format!("{name}: {}", words(result)),
    }
}

/// What came of an edit, in a few words.
pub(super) fn words(result: &RoundResult) -> String {
    match result {
        RoundResult::Live { how: LiveHow::Reloaded, modules, .. } if modules.is_empty() => "reloaded nothing".into(),
        RoundResult::Live { how: LiveHow::Reloaded, modules, .. } => format!("reloaded {}", modules.join(", ")),
        RoundResult::Live { how: LiveHow::Patched, modules, .. } => format!("patched {}", modules.join(", ")),
        RoundResult::Live { how: LiveHow::Restarted, why, .. } => {
            format!("restarted, because {}", why.as_deref().unwrap_or("of nothing that is known"))
        }
        RoundResult::Live { how: LiveHow::Started, .. } => "started".into(),
        RoundResult::Failed { .. } => "the build failed".into(),
        RoundResult::Overtaken => "a newer save came first".into(),
        RoundResult::Unchanged => "the code is the same".into(),
        RoundResult::Broken { why } => why.clone(),
        RoundResult::Open => "not live yet".into(),
    }
}

/// With the digits that tell a millisecond's parts, where it is about milliseconds.
pub(super) fn exact(time: Duration) -> String {
    if time < Duration::from_millis(100) {
        format!("{:.1} ms", time.as_secs_f64() * 1e3)
    } else {
        Time(time).to_string()
    }
}

/// As [`escaped`], line by line.
pub(super) fn escaped_lines(text: &str) -> String {
    text.lines().map(escaped).collect::<Vec<_>>().join("\n")
}
