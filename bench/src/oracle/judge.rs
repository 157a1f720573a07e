//! An edit's way through both copies, and whether the outcomes belong together.

use std::io::Read;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use cargo_hotreload::patch::world::Lines;

use crate::edits::process::wait_for;
use crate::edits::session::PATCH;
use crate::oracle::report::Counts;
use crate::oracle::site::{Edit, Made, Site};
use crate::soak::session::{Event, Session};

/// How long the tool may take.
const PATIENCE: Duration = Duration::from_mins(3);
/// How long it may take to notice anything.
const NOTICE: Duration = Duration::from_secs(15);
/// How long an answer may take.
const ANSWER: Duration = Duration::from_secs(20);
/// What the tool says if it finds out by itself that a verdict was wrong.
const DIVERGED: &str = "cargo made something else of";
/// The crate that holds code of the edited ones.
const CALLS: &str = "calls";

/// Carries edits through both copies.
#[derive(Debug)]
pub(crate) struct Judge {
    session: Session,
    site: Site,
    /// What cargo made of what the running program should be.
    made: Made,
    /// What was written before the last edit.
    mark: usize,
    /// The last edit.
    name: String,
    counts: Counts,
}

/// What the tool made of an edit.
#[derive(Debug)]
enum Outcome {
    /// It was not noticed.
    Nothing,
    Unchanged,
    Patched {
        modules: Vec<String>,
    },
    Restarted {
        why: String,
    },
    /// It was not compiled.
    Failed,
}

impl Judge {
    /// Builds both copies, and starts the program.
    pub(crate) fn new(tool: &Path, site: Site) -> Result<Self> {
        eprintln!("building both copies");
        let made = site.make()?.context("cargo cannot build what the edits begin with")?;
        let session = Session::start(tool, &site.live, PATCH)?;
        let mark = session.mark();
        let judge = Self { session, site, made, mark, name: "the beginning".to_owned(), counts: Counts::default() };
        let answer = judge.ask()?;
        if answer != judge.made.answer {
            bail!("the program answers differently under the tool: {answer}");
        }
        Ok(judge)
    }

    /// Saves `edit` for cargo, and if something good comes of it, for the tool.
    pub(crate) fn edit(&mut self, edit: &Edit) -> Result<()> {
        self.site.save(edit)?;
        self.counts.edits += 1;
        let Some(made) = self.site.make()? else {
            self.counts.skipped += 1;
            return Ok(());
        };
        self.look_back();
        (self.mark, self.name) = (self.session.mark(), edit.name.clone());
        if !self.site.hand_over()? {
            self.counts.taken_back += 1;
            return Ok(());
        }
        let outcome = self.follow()?;
        let different = self.made.difference(&made, Lines::Count);
        let is_compiled =
            matches!(&outcome, Outcome::Patched { modules } if modules.iter().any(|module| module == CALLS));
        let tells_lines = different.is_some() && self.made.difference(&made, Lines::AreLeftOut).is_none();
        let follows = !is_compiled && tells_lines && outcome.may_be_followed() && self.wait_for_callers()?;
        let is_other = self.made.answer != made.answer;
        self.made = made;
        self.counts.followed += usize::from(follows);
        self.count(&outcome, different.as_deref().filter(|_| !follows), is_other && !follows);
        let answer = self.ask().unwrap_or_else(|error| format!("{error:#}"));
        if answer != self.made.answer {
            let (was, is) = first_difference(&answer, &self.made.answer);
            self.defect(&format!("after {outcome:?} the program says `{was}`, a new one `{is}`"));
        }
        let why = if let Outcome::Restarted { why } = &outcome { why } else { "" };
        eprintln!("{}: {} {why}", edit.name, outcome.short());
        Ok(())
    }

    /// Whether the callers, which tell other lines, got those after cargo's build.
    fn wait_for_callers(&mut self) -> Result<bool> {
        let Self { session, mark, .. } = self;
        let saved = Instant::now();
        wait_for("callers", PATIENCE, || {
            session.is_alive()?;
            let events = session.events(*mark);
            let has_followed = events.iter().any(|event| event.kind == "callers-followed");
            let is_over = saved.elapsed() > NOTICE || events.iter().any(|event| event.why.contains(DIVERGED));
            Ok((has_followed || is_over).then_some(has_followed))
        })
    }

    fn count(&mut self, outcome: &Outcome, different: Option<&str>, is_other: bool) {
        *self.counts.outcomes.entry(outcome.short()).or_default() += 1;
        match outcome {
            Outcome::Patched { modules } => match (modules.iter().any(|module| module == CALLS), different) {
                (false, Some(item)) => self.defect(&format!("callers were not compiled, and `{item}` is another")),
                (true, None) => self.counts.needless += 1,
                _ => {}
            },
            Outcome::Restarted { why } if why.contains(DIVERGED) => self.defect(why),
            Outcome::Restarted { why } => {
                *self.counts.reasons.entry(kind(why)).or_default() += 1;
                if !is_other && different.is_none() {
                    self.counts.harmless += 1;
                }
            }
            Outcome::Nothing | Outcome::Unchanged if is_other => self.defect("it was not noticed"),
            Outcome::Nothing | Outcome::Unchanged if let Some(item) = different => {
                self.defect(&format!("`{item}` is another, which was not noticed"));
            }
            Outcome::Failed => self.defect("it was not compiled, but cargo can"),
            Outcome::Nothing | Outcome::Unchanged => {}
        }
    }

    fn defect(&mut self, what: &str) {
        let defect = format!("{}: {what}", self.name);
        eprintln!("DEFECT {defect}");
        self.counts.defects.push(defect);
    }

    /// What the tool found out about the last edit after everything was done.
    fn look_back(&mut self) {
        let late = self.session.events(self.mark).into_iter().find(|event| event.why.contains(DIVERGED));
        let is_known = |why: &str| self.counts.defects.iter().any(|known| known.contains(why));
        if let Some(Event { why, .. }) = late.filter(|event| !is_known(&event.why)) {
            self.defect(&why);
        }
        let died = self.session.events(self.mark).into_iter().any(|event| event.when == "running");
        if died {
            self.defect("the program died");
        }
    }

    /// Waits until the tool is done with what was saved.
    fn follow(&mut self) -> Result<Outcome> {
        let Self { session, mark, .. } = self;
        let saved = Instant::now();
        let outcome = wait_for("outcome", PATIENCE, || {
            session.is_alive()?;
            let events = session.events(*mark);
            if events.is_empty() && saved.elapsed() > NOTICE {
                return Ok(Some(Outcome::Nothing));
            }
            Ok(events.iter().find_map(outcome))
        });
        let outcome = outcome.with_context(|| session.last_words(*mark))?;
        if let Outcome::Patched { .. } = outcome {
            wait_for("end of cargo's build", PATIENCE, || {
                session.is_alive()?;
                let events = session.events(*mark);
                let live = events.iter().rfind(|event| event.kind == "live").map_or(0, |event| event.build);
                Ok(events.iter().any(|event| event.kind == "build-finished" && event.build > live).then_some(()))
            })?;
        }
        Ok(outcome)
    }

    /// What the running program says.
    fn ask(&self) -> Result<String> {
        // Between two processes nobody listens.
        let mut stream = wait_for("connection", ANSWER, || Ok(TcpStream::connect(self.session.address).ok()))?;
        stream.set_read_timeout(Some(ANSWER))?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).context("there is no answer")?;
        Ok(answer)
    }

    /// Ends the session.
    pub(crate) fn finish(mut self) -> Result<Counts> {
        self.look_back();
        self.session.stop()?;
        Ok(self.counts)
    }
}

/// What an event says of the outcome.
fn outcome(event: &Event) -> Option<Outcome> {
    match (event.kind.as_str(), event.how.as_str()) {
        ("live", "patched") => Some(Outcome::Patched { modules: event.modules.clone() }),
        ("live", _) => Some(Outcome::Restarted { why: event.why.clone() }),
        ("unchanged", _) => Some(Outcome::Unchanged),
        ("build-finished", _) if event.outcome == "failed" => Some(Outcome::Failed),
        _ => None,
    }
}

impl Outcome {
    fn may_be_followed(&self) -> bool {
        matches!(self, Self::Patched { .. } | Self::Unchanged)
    }

    fn short(&self) -> &'static str {
        match self {
            Self::Nothing => "not noticed",
            Self::Unchanged => "nothing to do",
            Self::Patched { modules } if modules.iter().any(|module| module == CALLS) => "patched with its callers",
            Self::Patched { .. } => "patched alone",
            Self::Restarted { .. } => "restarted",
            Self::Failed => "failed",
        }
    }
}

/// A reason without what it names.
fn kind(why: &str) -> String {
    let words = why.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "…" });
    let text: String = words.collect();
    text.split(": ").next().unwrap_or_default().split(" (").next().unwrap_or_default().to_owned()
}

fn first_difference(one: &str, other: &str) -> (String, String) {
    let mut lines = one.lines().chain([""]).zip(other.lines().chain([""]));
    let found = lines.find(|(one, other)| one != other).unwrap_or_default();
    (found.0.to_owned(), found.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{first_difference, kind};

    #[test]
    fn a_reason_is_one_of_a_kind() {
        assert_eq!(
            kind("the layout of `api::Config` changed (8 -> 16 bytes): member `port`"),
            "the layout of … changed"
        );
        assert_eq!(kind("the initial value of `X` changed"), "the initial value of … changed");
    }

    #[test]
    fn the_first_line_that_differs_is_told() {
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), ("b".into(), "c".into()));
        assert_eq!(first_difference("a\n", "a\nc\n"), (String::new(), "c".into()));
    }
}
