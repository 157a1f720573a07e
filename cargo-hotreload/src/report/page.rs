//! The page itself.

use std::fmt::Write;

use crate::events::text::count;
use crate::graph::svg::escaped;
use crate::report::numbers::{Numbers, slowest};
use crate::report::parts::PARTS;
use crate::report::rounds::{Cause, Round, RoundResult, Session};
use crate::report::table::{crates, crates_in_words, edits};
use crate::report::timeline::timeline;
use crate::report::words::{class, exact, sign, words};
use crate::session::message::Time;

/// Colours and sizes.
const STYLE: &str = include_str!("style.css");

/// The page about `session`. `crate_graph` is a picture of the workspace's crates, as an `<svg>` element whose classes
/// begin with `hr-`; without one the page has no such part.
#[must_use]
pub fn page(session: &Session, crate_graph: Option<&str>) -> String {
    let rounds: Vec<&Round> = session.rounds().collect();
    let numbers = Numbers::of(session);
    let mut body = head(session);
    body += &summary(&numbers);
    if rounds.iter().any(|round| round.cause != Cause::First) {
        body += &edit_to_live(&numbers, &rounds);
    }
    body += &slow_crates(&rounds);
    if let Some(svg) = crate_graph {
        let _ = write!(body, "<h2 id=\"crates\">Crates</h2>\n<div class=\"wide\">\n{svg}</div>\n");
    }
    let _ = write!(
        body,
        "<h2 id=\"edits\">Edits</h2>\n<p>Every build of the session and what came of it.</p>\n<div class=\"wide\">\n{}</div>\n",
        edits(&session.entries)
    );
    let _ = writeln!(
        body,
        "<footer>Written by <code>cargo hotreload report</code> {} from the events of the session. Times of day are in \
         UTC.</footer>",
        env!("CARGO_PKG_VERSION")
    );
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{} - hot reloading</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n",
        escaped(&session.started.programs())
    )
}

fn head(session: &Session) -> String {
    let Session { started, began, until, ended, .. } = session;
    let day = began.text().get(..10).unwrap_or_default().to_owned();
    let lasted = Time(until.since(*began));
    let end = match ended {
        Some(end) => {
            end.error.as_ref().map_or_else(String::new, |error| format!("It was ended by a failure: {error}."))
        }
        None => "It has not ended yet, or was killed.".into(),
    };
    format!(
        "<h1>Hot reloading of {}</h1>\n<p>{day}, {} to {} UTC: a session of {lasted} in <span class=\"path\">{}</span>. {}, \
         strategy {}, profile {}. {}</p>\n",
        escaped(&started.programs()),
        began.of_day(),
        until.of_day(),
        escaped(&started.root),
        escaped(&crates_in_words(started)),
        escaped(&started.strategy),
        escaped(&started.profile),
        escaped(&end)
    )
}

fn summary(numbers: &Numbers) -> String {
    let shown = |time: Option<_>| time.map_or_else(|| "–".to_owned(), |time| Time(time).to_string());
    // A session patches, or it reloads.
    let in_place = match numbers.patches {
        0 => ("reloads", numbers.reloads.to_string(), ""),
        patches => ("patches", patches.to_string(), ""),
    };
    let tiles = [
        ("edits", numbers.edits.to_string(), ""),
        in_place,
        ("restarts", numbers.restarts.to_string(), ""),
        ("failed builds", numbers.failed.to_string(), if numbers.failed > 0 { " class=\"bad\"" } else { "" }),
        ("edit to live, median", shown(numbers.edit_to_live.map(|(median, _)| median)), ""),
        ("edit to live, worst", shown(numbers.edit_to_live.map(|(_, worst)| worst)), ""),
    ];
    let tile =
        |(name, value, class): &(&str, String, &str)| format!("<div{class}><dt>{name}</dt><dd>{value}</dd></div>\n");
    format!("<dl class=\"numbers\">\n{}</dl>\n", tiles.iter().map(tile).collect::<String>())
}

fn edit_to_live(numbers: &Numbers, rounds: &[&Round]) -> String {
    const MEANINGS: [&str; 4] = ["save to build", "cargo", "end of the build to the signal", "signal to the new code"];
    let of_what = match numbers.edit_to_live {
        Some(_) => "The parts of the way, each with its median over the edits that went live.",
        None => "The parts of the way. No edit went live.",
    };
    let mut text = format!("<h2 id=\"timeline\">Edit to live</h2>\n<p>{of_what}</p>\n<ul class=\"legend\">\n");
    for ((class, name, part), meaning) in PARTS.iter().zip(MEANINGS) {
        let _ = writeln!(
            text,
            "<li><i class=\"{class}\"></i><b>{name} {}</b> <span>{meaning}</span></li>",
            exact(part(&numbers.parts))
        );
    }
    let _ = writeln!(text, "</ul>\n<div class=\"wide\">\n{}</div>", timeline(rounds));
    text += &signs(rounds);
    text
}

/// What the signs on top of columns mean, as far as there are any.
fn signs(rounds: &[&Round]) -> String {
    let mut found: Vec<&RoundResult> = Vec::new();
    for result in rounds.iter().map(|round| &round.result).filter(|result| !sign(result).is_empty()) {
        if found.iter().all(|other| class(other) != class(result)) {
            found.push(result);
        }
    }
    let meaning = |result: &&RoundResult| {
        let words = match result {
            RoundResult::Live { .. } => "a new process took over".into(),
            RoundResult::Broken { .. } => "the program did not run with it".into(),
            other => words(other),
        };
        format!("<li><b>{}</b> {words}</li>\n", sign(result))
    };
    if found.is_empty() {
        return String::new();
    }
    format!("<ul class=\"signs\">\n{}</ul>\n", found.iter().map(meaning).collect::<String>())
}

fn slow_crates(rounds: &[&Round]) -> String {
    let (first, later): (Vec<&Round>, Vec<&Round>) = rounds.iter().partition(|round| round.cause == Cause::First);
    let (first, later) = (slowest(first.into_iter()), slowest(later.into_iter()));
    let mut text = String::new();
    if !later.is_empty() {
        let _ = write!(
            text,
            "<h2 id=\"slowest\">Slowest crates</h2>\n<p>What the compiler worked on after edits, from the start of rustc to its \
             end.</p>\n{}",
            crates(&later)
        );
    }
    if !first.is_empty() {
        let heading = if later.is_empty() { "<h2 id=\"slowest\">Slowest crates</h2>\n" } else { "" };
        let _ = write!(
            text,
            "{heading}<details><summary>the first build compiled {}</summary>\n{}</details>\n",
            count(first.len(), "package"),
            crates(&first)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::page;
    use crate::report::rounds::Entry;
    use crate::report::testing::{example, start, told};

    #[test]
    fn the_page_needs_nothing_from_elsewhere_and_balances() {
        let session = told(&example());
        let page = page(&session, Some("<svg class=\"hr-graph\"></svg>\n"));
        assert!(page.contains("<svg class=\"hr-graph\"></svg>"));
        for outside in ["http://", "https://", "<script", "@import", "src=", "//fonts", "<link"] {
            // The name of SVG's own language is no address that anybody asks.
            let found = page.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
            assert!(!found.contains(outside), "{outside}");
        }
        for element in ["table", "tr", "td", "div", "svg", "g", "a", "details", "pre", "ul", "li", "h2", "span", "body"]
        {
            let open = page.matches(&format!("<{element}>")).count() + page.matches(&format!("<{element} ")).count();
            assert_eq!(open, page.matches(&format!("</{element}>")).count(), "{element}");
        }
        let rows = page.matches("<tr class=\"row").count();
        assert_eq!(rows, session.entries.len());
        for entry in &session.entries {
            if let Entry::Round(round) = entry {
                assert!(page.contains(&format!("id=\"build-{}\"", round.number)));
            }
        }
    }

    #[test]
    fn what_was_said_stands_there_as_text() {
        let page = page(&told(&example()), None);
        assert!(page.contains("<pre>error[E0425]: cannot find `a&lt;b&gt;`\n --&gt; api/src/lib.rs:7:3\n"), "{page}");
        assert!(page.contains("<h1>Hot reloading of &lt;server&gt;</h1>") && !page.contains("a<b>"));
        assert!(!page.contains("id=\"crates\""), "no graph, no place for it");
    }

    #[test]
    fn a_session_without_edits_has_a_page_without_a_timeline() {
        let page = page(&told(&[start()]), None);
        assert!(page.contains("<dd>–</dd>") && !page.contains("<svg"), "{page}");
    }
}
