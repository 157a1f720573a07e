//! The edits of a session as stacked columns: above the whole way into the program, below all of it but the build, on
//! a scale of its own, because the build is nearly everything.

use std::fmt::Write;
use std::time::Duration;

use crate::report::numbers::median;
use crate::report::parts::{PARTS, Part};
use crate::report::rounds::{Cause, Round};
use crate::report::words::{class, escaped_lines, hover, sign};
use crate::session::message::Time;

/// Room for the numbers at the left.
const LEFT: f64 = 64.0;
/// Room at the right.
const RIGHT: f64 = 12.0;
/// The width that is filled if the columns can be made to.
const WIDTH: f64 = 1116.0;
/// The least and the greatest distance of columns.
const PITCH: (f64, f64) = (6.0, 64.0);
/// Heights of both panels.
const HEIGHTS: (f64, f64) = (220.0, 84.0);
/// Room above each panel, for its title and the marks of its columns.
const ABOVE: (f64, f64) = (46.0, 52.0);
/// The width of a time above a column.
const LABEL: f64 = 46.0;
/// What is longer than so many times the middle is cut off: one cold build must not flatten everything else.
const CUT: u32 = 4;

/// The picture of `rounds`; those that began a session are left out.
#[must_use]
pub fn timeline(rounds: &[&Round]) -> String {
    let edits: Vec<&Round> = rounds.iter().copied().filter(|round| round.cause != Cause::First).collect();
    let count = f64::from(u32::try_from(edits.len()).unwrap_or(u32::MAX));
    let pitch = ((WIDTH - LEFT - RIGHT) / count.max(1.0)).clamp(PITCH.0, PITCH.1);
    let width = (LEFT + count * pitch + RIGHT).max(WIDTH);
    let mut canvas = Canvas { text: String::new(), pitch, width, labelled: 0.0 };
    let whole = Panel { y: ABOVE.0, height: HEIGHTS.0, top: top(&edits, &PARTS), parts: &PARTS };
    let without_build = [PARTS[0], PARTS[2], PARTS[3]];
    let rest = Panel {
        y: ABOVE.0 + HEIGHTS.0 + ABOVE.1,
        height: HEIGHTS.1,
        top: top(&edits, &without_build),
        parts: &without_build,
    };
    canvas.axis(&whole, "from the save to the running code");
    canvas.axis(&rest, "all of it but the build");
    for (index, round) in edits.iter().enumerate() {
        canvas.edit(index, round, &whole, &rest);
    }
    canvas.times(&edits, rest.y + rest.height);
    let height = rest.y + rest.height + 34.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"timeline\" role=\"img\" width=\"{width:.0}\" \
         height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n<title>the edits of the session</title>\n\
         <defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
         patternTransform=\"rotate(45)\"><rect class=\"hatch-ground\" width=\"6\" height=\"6\"/>\
         <rect class=\"hatch-line\" width=\"2.4\" height=\"6\"/></pattern></defs>\n{}</svg>\n",
        canvas.text
    )
}

/// A chart with a scale of its own.
struct Panel<'parts> {
    y: f64,
    height: f64,
    /// What its upper edge stands for.
    top: Duration,
    parts: &'parts [Part],
}

impl Panel<'_> {
    fn time(&self, round: &Round) -> Duration {
        self.parts.iter().map(|(.., part)| part(&round.parts)).sum()
    }

    /// How many pixels `time` is high.
    fn pixels(&self, time: Duration) -> f64 {
        self.height * (time.as_secs_f64() / self.top.as_secs_f64()).min(1.0)
    }
}

/// The end of the scale for `edits`: a round number.
fn top(edits: &[&Round], parts: &[Part]) -> Duration {
    let time = |round: &&Round| -> Duration { parts.iter().map(|(.., part)| part(&round.parts)).sum() };
    let times: Vec<Duration> = edits.iter().map(time).collect();
    let longest = times.iter().max().copied().unwrap_or_default();
    let wanted = longest.min(median(times) * CUT).max(Duration::from_millis(4));
    steps(wanted).1
}

/// The distance of grid lines and the first of them that is not below `longest`.
fn steps(longest: Duration) -> (Duration, Duration) {
    let micros = u64::try_from(longest.as_micros()).unwrap_or(u64::MAX).max(1);
    let step = (0..14)
        .flat_map(|power| [1, 2, 5].map(|digit| digit * 10_u64.pow(power)))
        .find(|step| step.saturating_mul(4) >= micros)
        .unwrap_or(micros);
    (Duration::from_micros(step), Duration::from_micros(step * micros.div_ceil(step)))
}

struct Canvas {
    text: String,
    /// The distance of columns.
    pitch: f64,
    width: f64,
    /// Up to here labels stand above columns.
    labelled: f64,
}

impl Canvas {
    fn axis(&mut self, panel: &Panel<'_>, title: &str) {
        let (step, _) = steps(panel.top);
        let _ = writeln!(self.text, "<text class=\"panel\" x=\"{LEFT}\" y=\"{:.1}\">{title}</text>", panel.y - 18.0);
        let mut at = Duration::ZERO;
        while at <= panel.top {
            let y = panel.y + panel.height - panel.pixels(at);
            let class = if at.is_zero() { "ground" } else { "grid" };
            let _ = writeln!(
                self.text,
                "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"number\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                self.width - RIGHT,
                LEFT - 8.0,
                y + 4.0,
                grid_label(at, step)
            );
            at += step;
        }
    }

    /// Both columns of an edit, the mark on top, and a place to point at.
    fn edit(&mut self, index: usize, round: &Round, whole: &Panel<'_>, rest: &Panel<'_>) {
        let x = self.x(index);
        let _ = writeln!(
            self.text,
            "<a href=\"#build-{}\"><g class=\"edit {}\"><title>{}</title>\
             <rect class=\"hit\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
            round.number,
            class(&round.result),
            escaped_lines(&hover(round)),
            whole.y,
            self.pitch,
            rest.y + rest.height - whole.y,
        );
        let up = self.column(x, round, whole);
        self.column(x, round, rest);
        let middle = x + self.pitch / 2.0;
        let mut words = sign(&round.result).to_owned();
        // Where two labels would run into each other, who points at the column reads it.
        if whole.time(round) > whole.top && middle - LABEL / 2.0 > self.labelled {
            words = format!("{words} {}", Time(whole.time(round)));
            self.labelled = middle + LABEL / 2.0;
        }
        if !words.trim().is_empty() {
            let y = whole.y + whole.height - up - 6.0;
            let _ = writeln!(self.text, "<text class=\"mark\" x=\"{middle:.1}\" y=\"{y:.1}\">{}</text>", words.trim());
        }
        self.text += "</g></a>\n";
    }

    /// Stacks the parts of `panel` and says how high they are.
    fn column(&mut self, x: f64, round: &Round, panel: &Panel<'_>) -> f64 {
        let gap = (self.pitch * 0.25).min(10.0);
        let mut up: f64 = 0.0;
        for (class, _, part) in panel.parts {
            let time = part(&round.parts);
            if time.is_zero() {
                continue;
            }
            // What is there can be seen, however short it is; a hair's breadth lies between the parts.
            let height = panel.pixels(time).max(1.5).min(panel.height - up);
            if height <= 0.0 {
                break;
            }
            let _ = write!(
                self.text,
                "<rect class=\"part {class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                x + gap / 2.0,
                panel.y + panel.height - up - height,
                self.pitch - gap,
                (height - 0.6).max(1.0)
            );
            up += height;
        }
        if panel.time(round) > panel.top {
            // Torn off: the column goes on.
            let y = panel.y + 10.0;
            let (from, to) = (x - 1.0, x + self.pitch + 1.0);
            let _ = write!(self.text, "<path class=\"tear\" d=\"M{from:.1} {:.1}L{to:.1} {:.1}\"/>", y + 3.0, y - 3.0);
        }
        up
    }

    /// The time of day below every so many columns.
    fn times(&mut self, edits: &[&Round], y: f64) {
        let every = (1..100).find(|&every| f64::from(every) * self.pitch >= 66.0).unwrap_or(1);
        for (index, round) in edits.iter().enumerate().step_by(usize::try_from(every).unwrap_or(1)) {
            let x = self.x(index) + self.pitch / 2.0;
            let _ = writeln!(
                self.text,
                "<text class=\"clock\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                y + 20.0,
                round.at.of_day()
            );
        }
    }

    fn x(&self, index: usize) -> f64 {
        LEFT + f64::from(u32::try_from(index).unwrap_or(u32::MAX)) * self.pitch
    }
}

/// Seconds where the steps are long enough, milliseconds else.
fn grid_label(at: Duration, step: Duration) -> String {
    match (at.is_zero(), step.as_millis()) {
        (true, _) => "0".into(),
        (_, 1000..) => format!("{} s", at.as_secs()),
        (_, 100..) => format!("{:.1} s", at.as_secs_f64()),
        (_, _) => format!("{} ms", at.as_millis()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{steps, timeline};
    use crate::report::rounds::Round;
    use crate::report::testing::{example, told};

    #[test]
    fn grid_lines_stand_at_round_numbers() {
        let millis = |millis| {
            let (step, top) = steps(Duration::from_millis(millis));
            (step.as_millis(), top.as_millis())
        };
        assert_eq!(millis(4), (1, 4));
        assert_eq!(millis(1_580), (500, 2_000));
        assert_eq!(millis(2_000), (500, 2_000));
        assert_eq!(millis(34_900), (10_000, 40_000));
    }

    #[test]
    fn every_edit_is_a_column_in_both_panels_and_the_first_start_is_none() {
        let session = told(&example());
        let rounds: Vec<&Round> = session.rounds().collect();
        let picture = timeline(&rounds);
        assert_eq!(picture.matches("<g class=\"edit ").count(), rounds.len() - 1);
        // Each part of a reload is there: the build above, the others above and below.
        assert!(picture.contains("<g class=\"edit reloaded\">") && picture.contains("<g class=\"edit failed\">"));
        let reloaded = picture.split("<g class=\"edit reloaded\">").nth(1).and_then(|rest| rest.split("</g>").next());
        assert_eq!(reloaded.map(|column| column.matches("<rect class=\"part ").count()), Some(7));
        assert!(picture.contains("build 1.4 s\n") && picture.contains("reload 9.2 ms\n"), "{picture}");
    }

    #[test]
    fn no_text_breaks_out_and_nothing_is_drawn_of_nothing() {
        let picture = timeline(&told(&example()).rounds().collect::<Vec<_>>());
        assert!(picture.contains("&lt;b&gt;.rs") && !picture.contains("<b>"), "{picture}");
        let empty = timeline(&[]);
        assert!(empty.ends_with("</svg>\n") && !empty.contains("NaN") && !empty.contains("inf"), "{empty}");
    }
}
