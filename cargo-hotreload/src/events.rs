//! What a session does, as data: one JSON object a line. `docs/events.md` has the words, `docs/events.schema.json` the
//! schema, and what a version promises.
//!
//! 1. [`record`] has the kinds; the session makes them as [`Action::Record`](crate::session::event::Action), and the
//!    loop around it those about cargo and the workspace, with the help of [`gather`];
//! 2. [`Line`] is a record with its time, as it is written by [`crate::effects::events`];
//! 3. [`text`] says a record in words, [`crate::report`] makes a page of many.
//!
//! All of it is data to data and data to text.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::events::record::Record;
use crate::events::time::Time;

pub mod gather;
pub mod record;
pub mod text;
pub mod time;

/// The version of the schema. It grows when a field goes or changes its meaning, and stays when something is added.
pub const VERSION: u32 = 1;

/// A line of the log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// [`VERSION`].
    pub version: u32,
    /// When it was written.
    pub time: Time,
    /// What happened.
    #[serde(flatten)]
    pub record: Record,
    /// The program that it is about, where the session runs several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// Only what every version has.
#[derive(Debug, Deserialize)]
struct Versioned {
    version: u32,
}

impl Line {
    /// `record` at the time `now`.
    #[must_use]
    pub fn new(record: Record, now: SystemTime) -> Self {
        Self { version: VERSION, time: Time(now), record, instance: None }
    }

    /// As it is written, with its end.
    ///
    /// # Errors
    /// None that is known: there is nothing in a record that JSON cannot say.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self).map(|text| text + "\n")
    }

    /// Reads a line.
    ///
    /// # Errors
    /// Why it is none, as a clause.
    pub fn parse(text: &str) -> Result<Self, String> {
        let no_event = |error: serde_json::Error| format!("is no event of a session ({error})");
        let Versioned { version } = serde_json::from_str(text).map_err(no_event)?;
        if version != VERSION {
            return Err(format!("has version {version} of the events, and this is a tool for version {VERSION}"));
        }
        serde_json::from_str(text).map_err(no_event)
    }

    /// Reads a whole log. What stands behind the last line's end was cut off, and does not count.
    ///
    /// # Errors
    /// The number of the line that is none, counted from 1, and why.
    pub fn parse_all(text: &str) -> Result<Vec<Self>, (usize, String)> {
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().enumerate().filter(|(_, line)| !line.is_empty());
        lines.map(|(index, line)| Self::parse(line).map_err(|why| (index + 1, why))).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::Line;
    use crate::events::record::Record;

    fn line() -> Line {
        let time = SystemTime::UNIX_EPOCH + Duration::from_micros(1_700_000_000_000_001);
        Line::new(Record::BuildStarted { build: 3, command: "cargo build".into() }, time)
    }

    #[test]
    fn a_line_begins_with_version_time_and_event() {
        let text = line().to_json().expect("JSON");
        let expected = "{\"version\":1,\"time\":\"2023-11-14T22:13:20.000001Z\",\"event\":\"build-started\",\
                        \"build\":3,\"command\":\"cargo build\"}\n";
        assert_eq!(text, expected);
        assert_eq!(Line::parse(&text), Ok(line()));
    }

    #[test]
    fn a_line_about_one_of_several_programs_names_it() {
        let named = Line { instance: Some("api#2".into()), ..line() };
        let text = named.to_json().expect("JSON");
        assert!(text.ends_with(",\"command\":\"cargo build\",\"instance\":\"api#2\"}\n"), "{text}");
        assert_eq!(Line::parse(&text), Ok(named));
    }

    #[test]
    fn what_was_added_later_is_no_fault() {
        let text = line().to_json().expect("JSON").replace("\"build\":3", "\"build\":3,\"mood\":[\"good\"]");
        assert_eq!(Line::parse(&text), Ok(line()));
        let text = text.replace("build-started", "sun-set");
        assert_eq!(Line::parse(&text).map(|line| line.record), Ok(Record::Unknown));
    }

    #[test]
    fn what_is_no_line_is_told_with_its_number() {
        let good = line().to_json().expect("JSON");
        let (number, why) = Line::parse_all(&format!("{good}garbage\n{good}")).expect_err("no event");
        assert!(number == 2 && why.starts_with("is no event"), "{number}: {why}");
        let (number, why) =
            Line::parse_all(&good.replace("\"version\":1", "\"version\":7")).expect_err("no such version");
        assert!(number == 1 && why.starts_with("has version 7"), "{number}: {why}");
        assert_eq!(Line::parse_all(&format!("{good}{{\"version\":1,\"ti")), Ok(vec![line()]), "cut off");
        assert_eq!(Line::parse_all(""), Ok(vec![]));
    }
}
