//! The tables of the page.

use std::fmt::Write;
use std::time::Duration;

use crate::events::record::{CrateRole, Diagnostic, LiveHow, SessionStarted};
use crate::graph::svg::escaped;
use crate::report::numbers::Compilation;
use crate::report::parts::PARTS;
use crate::report::rounds::{Cause, Entry, Round, RoundResult};
use crate::report::words::{class, escaped_lines, exact, in_program};
use crate::session::message::Time;
use crate::session::request::Request;

/// How many files of a change are named, and how many crates of a list.
const MOST: usize = 12;
/// How many columns the table of edits has.
const COLUMNS: usize = 9;

/// Everything that happened, in order.
pub(super) fn edits(entries: &[Entry]) -> String {
    let mut text = String::from(
        "<table>\n<thead><tr><th>#</th><th>UTC</th><th>saved</th><th>result</th><th class=\"right\">edit to live</th>",
    );
    for (_, name, _) in PARTS {
        let _ = write!(text, "<th class=\"right\">{name}</th>");
    }
    text += "</tr></thead>\n<tbody>\n";
    for entry in entries {
        match entry {
            Entry::Round(round) => row(&mut text, round),
            Entry::Exited { at, exited, name } => {
                let label = name.as_ref().map_or_else(String::new, |name| format!("[{name}] "));
                let _ = writeln!(
                    text,
                    "<tr class=\"row\"><td></td><td class=\"quiet\">{}</td><td></td><td colspan=\"{}\">\
                     <span class=\"badge {}\">ended</span> <span class=\"said\">{}</span></td></tr>",
                    at.of_day(),
                    COLUMNS - 3,
                    if exited.exit_code == Some(0) { "stopped" } else { "broken" },
                    escaped(&format!("{label}{exited}"))
                );
            }
        }
    }
    text + "</tbody>\n</table>\n"
}

fn row(text: &mut String, round: &Round) {
    let more = more(round);
    let _ = write!(
        text,
        "<tr class=\"row{}\" id=\"build-{}\"><td class=\"quiet\">{}</td><td class=\"quiet\">{}</td><td>{}</td>\
         <td><span class=\"badge {}\">{}</span> <span class=\"said\">{}</span></td><td class=\"right\">{}</td>",
        if more.is_empty() { "" } else { " has-more" },
        round.number,
        round.number,
        round.at.of_day(),
        cause(&round.cause),
        class(&round.result),
        badge(&round.result),
        escaped(&said(&round.result)),
        round.edit_to_live().map_or(String::new(), |time| format!("<b>{}</b>", Time(time))),
    );
    for (_, _, part) in PARTS {
        let time = part(&round.parts);
        let shown = if time.is_zero() { String::new() } else { exact(time) };
        let _ = write!(text, "<td class=\"right quiet\">{shown}</td>");
    }
    *text += "</tr>\n";
    if !more.is_empty() {
        let _ = writeln!(text, "<tr class=\"more\"><td></td><td></td><td colspan=\"{}\">{more}</td></tr>", COLUMNS - 2);
    }
}

fn cause(cause: &Cause) -> String {
    match cause {
        Cause::First => "<span class=\"said\">the session began</span>".into(),
        Cause::Requested(Request::Build) => "the key <code>b</code>".into(),
        Cause::Requested(request) => format!("<code>cargo hotreload {}</code>", format!("{request:?}").to_lowercase()),
        Cause::Saved(change) => {
            let shown =
                change.paths.iter().take(MOST).map(|path| format!("<span class=\"path\">{}</span>", breakable(path)));
            let mut shown: Vec<String> = shown.collect();
            if change.paths.len() > MOST {
                shown.push(format!("<span class=\"said\">and {} more</span>", change.paths.len() - MOST));
            }
            shown.join("<br>")
        }
    }
}

fn badge(result: &RoundResult) -> &'static str {
    match result {
        RoundResult::Live { how: LiveHow::Reloaded, .. } => "reloaded",
        RoundResult::Live { how: LiveHow::Patched, .. } => "patched",
        RoundResult::Live { how: LiveHow::Restarted, .. } => "restarted",
        RoundResult::Live { how: LiveHow::Started, .. } => "started",
        RoundResult::Failed { .. } => "build failed",
        RoundResult::Overtaken => "overtaken",
        RoundResult::Unchanged => "unchanged",
        RoundResult::Broken { .. } => "not running",
        RoundResult::Open => "not live yet",
    }
}

/// A path that a narrow column breaks behind a directory.
fn breakable(path: &str) -> String {
    escaped(path).replace('/', "/<wbr>")
}

/// What the badge does not say.
fn said(result: &RoundResult) -> String {
    match result {
        RoundResult::Live { how: LiveHow::Restarted, why, .. } => {
            why.as_ref().map_or_else(String::new, |why| format!("because {why}"))
        }
        RoundResult::Live { modules, .. } => modules.join(", "),
        RoundResult::Failed { reason } => reason.clone().unwrap_or_default(),
        RoundResult::Overtaken => "by a newer save".into(),
        RoundResult::Unchanged => "the code is the same".into(),
        RoundResult::Broken { why } => why.clone(),
        RoundResult::Open => String::new(),
    }
}

/// What the compiler said, and what else happened on the way.
fn more(round: &Round) -> String {
    let mut text = String::new();
    for note in round.notes.iter().cloned().chain(round.programs.iter().map(in_program)) {
        let _ = write!(text, "<div class=\"said\">{}</div>", escaped(&note));
    }
    let (errors, others): (Vec<&Diagnostic>, Vec<&Diagnostic>) =
        round.diagnostics.iter().partition(|diagnostic| diagnostic.is_error());
    for (found, name, open) in [(errors, "error", " open"), (others, "warning", "")] {
        if let Some(first) = found.first() {
            let plural = if found.len() == 1 { "" } else { "s" };
            let _ = write!(
                text,
                "<details{open}><summary>{} {name}{plural}: {}</summary>",
                found.len(),
                escaped(&first.message)
            );
            for diagnostic in found {
                let _ = write!(text, "<pre>{}</pre>", escaped_lines(diagnostic.rendered.trim_end()));
            }
            text += "</details>";
        }
    }
    text
}

/// The crates that took the compiler longest, with bars for all of their times together.
pub(super) fn crates(all: &[Compilation]) -> String {
    let longest = all.first().map_or(Duration::ZERO, |first| first.total);
    let mut text = String::from(
        "<table class=\"crates\">\n<thead><tr><th>crate</th><th class=\"right\">compiled</th><th class=\"right\">median</th>\
         <th class=\"right\">longest</th><th class=\"right\">together</th><th></th></tr></thead>\n<tbody>\n",
    );
    for Compilation { package, times, median, longest: worst, total } in all.iter().take(MOST) {
        let share = 100.0 * total.as_secs_f64() / longest.as_secs_f64().max(f64::EPSILON);
        let _ = writeln!(
            text,
            "<tr><td><code>{}</code></td><td class=\"right quiet\">{times}×</td><td class=\"right\">{}</td>\
             <td class=\"right quiet\">{}</td><td class=\"right\">{}</td>\
             <td class=\"bars\"><span class=\"bar\" style=\"width:{share:.1}%\"></span></td></tr>",
            escaped(package),
            Time(*median),
            Time(*worst),
            Time(*total)
        );
    }
    text + "</tbody>\n</table>\n"
}

/// The local crates in one sentence.
pub(super) fn crates_in_words(started: &SessionStarted) -> String {
    let count = |role| started.crates.iter().filter(|one| one.role == Some(role)).count();
    let (modules, residents) = (count(CrateRole::Module), count(CrateRole::Resident));
    let all = started.crates.len();
    let plural = if all == 1 { "" } else { "s" };
    match (modules, residents) {
        (0, 0) => format!("{all} crate{plural}"),
        _ => format!("{all} crate{plural}, {modules} of them modules and {residents} resident"),
    }
}
