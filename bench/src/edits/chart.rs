//! The medians as a picture: bars in groups, as an SVG file that needs nothing else and follows the reader's choice
//! of light or dark.

use std::fmt::Write;
use std::time::Duration;

use crate::edits::report::Spread;

/// Bars that belong together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) title: String,
    pub(crate) note: String,
    /// One for each name of the chart, in its order.
    pub(crate) bars: Vec<Spread>,
}

/// A whole picture.
#[derive(Debug)]
pub(crate) struct Chart {
    pub(crate) title: String,
    pub(crate) subtitle: String,
    /// What the bars of a group stand for.
    pub(crate) names: Vec<String>,
    pub(crate) groups: Vec<Group>,
}

const WIDTH: f64 = 820.0;
/// Where the bars begin, and how long the longest may get: its number stands behind it.
const LEFT: f64 = 178.0;
const LONGEST: f64 = 540.0;
const TOP: f64 = 128.0;
const BAR: f64 = 20.0;
const STEP: f64 = 25.0;
const GAP: f64 = 30.0;

const STYLE: &str = "
  .paper { fill: #ffffff }
  .frame { fill: none; stroke: #d8dee4 }
  text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 20px; font-weight: 600 }
  .subtitle, .note, .tick { font-size: 13px; fill: #59636e }
  .group { font-size: 15px; font-weight: 600 }
  .name { font-size: 13px }
  .value { font-size: 13px; font-variant-numeric: tabular-nums; paint-order: stroke; stroke: #ffffff; stroke-width: 5px }
  .first { font-weight: 600 }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .axis { stroke: #818b98; stroke-width: 1 }
  .spread { stroke: #1f2328; stroke-opacity: .55; stroke-width: 1.5; fill: none }
  .bar0 { fill: #d9480f } .bar1 { fill: #e8a07c } .bar2 { fill: #8a99a8 } .bar3 { fill: #c3ccd5 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #0d1117 }
    .frame { stroke: #30363d }
    text { fill: #f0f6fc }
    .value { stroke: #0d1117 }
    .subtitle, .note, .tick { fill: #9198a1 }
    .grid { stroke: #262c34 }
    .axis { stroke: #656c76 }
    .spread { stroke: #f0f6fc; stroke-opacity: .6 }
    .bar0 { fill: #f0712c } .bar1 { fill: #9c5a34 } .bar2 { fill: #6b7785 } .bar3 { fill: #454e59 }
  }
";

/// The picture of `chart`: a title and a legend above groups of horizontal bars, whose thin lines go from the least to
/// the most.
pub(crate) fn svg(chart: &Chart) -> String {
    let most = chart.groups.iter().flat_map(|group| &group.bars).map(|bar| bar.most).max().unwrap_or_default();
    let step = tick(most);
    let scale = LONGEST / most.as_secs_f64().max(step);
    let height_of = |group: &Group| count(group.bars.len()) * STEP + GAP;
    let bottom = TOP + chart.groups.iter().map(height_of).sum::<f64>() - GAP + 10.0;
    let height = bottom + 40.0;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">{}</title>\n\
         <style>{STYLE}</style>\n<rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n\
         <rect class=\"frame\" x=\".5\" y=\".5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n",
        escaped(&chart.title),
        WIDTH - 1.0,
        height - 1.0,
    );
    text(&mut out, "title", [28.0, 40.0], "start", &chart.title);
    text(&mut out, "subtitle", [28.0, 63.0], "start", &chart.subtitle);
    legend(&mut out, &chart.names);
    grid(&mut out, bottom, scale, step, most);
    let mut y = TOP;
    for group in &chart.groups {
        bars(&mut out, group, y, scale);
        y += height_of(group);
    }
    line(&mut out, "axis", [LEFT, TOP - 8.0], [LEFT, bottom]);
    out + "</svg>\n"
}

fn legend(out: &mut String, names: &[String]) {
    let mut x = 28.0;
    for (index, name) in names.iter().enumerate() {
        rect(out, &format!("bar{index}"), [x, 81.0], [13.0, 13.0]);
        let class = if index == 0 { "name first" } else { "name" };
        text(out, class, [x + 20.0, 92.0], "start", name);
        // Whatever font the reader has: none is much wider.
        let letter = if index == 0 { 7.7 } else { 6.8 };
        x += 44.0 + letter * count(name.chars().count());
    }
}

/// Thin lines at round seconds, with their numbers below.
fn grid(out: &mut String, bottom: f64, scale: f64, step: f64, most: Duration) {
    for index in 0.. {
        // Ten times the distance is a whole number; tenths do not add up exactly.
        let at = count(index) * (step * 10.0) / 10.0;
        if at > most.as_secs_f64() {
            return;
        }
        let x = LEFT + at * scale;
        if index > 0 {
            line(out, "grid", [x, TOP - 8.0], [x, bottom]);
        }
        text(out, "tick", [x, bottom + 20.0], "middle", &format!("{at} s"));
    }
}

fn bars(out: &mut String, group: &Group, top: f64, scale: f64) {
    let middle = top + count(group.bars.len()) * STEP / 2.0;
    text(out, "group", [LEFT - 16.0, middle - 4.0], "end", &group.title);
    text(out, "note", [LEFT - 16.0, middle + 14.0], "end", &group.note);
    for (index, bar) in group.bars.iter().enumerate() {
        let y = top + count(index) * STEP;
        let [end, least, most] = [bar.median, bar.least, bar.most].map(|time| LEFT + time.as_secs_f64() * scale);
        rect(out, &format!("bar{index}"), [LEFT, y], [end - LEFT, BAR]);
        let center = y + BAR / 2.0;
        line(out, "spread", [least, center], [most, center]);
        for x in [least, most] {
            line(out, "spread", [x, center - 3.5], [x, center + 3.5]);
        }
        let class = if index == 0 { "value first" } else { "value" };
        let shown = format!("{:.2} s", bar.median.as_secs_f64());
        text(out, class, [most.max(end) + 9.0, center + 4.5], "start", &shown);
    }
}

/// The distance between two grid lines: round, and such that there are at most eight.
fn tick(most: Duration) -> f64 {
    let steps = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0];
    steps.into_iter().find(|step| most.as_secs_f64() / step <= 8.0).unwrap_or(100.0)
}

/// A small number of things.
fn count(number: usize) -> f64 {
    f64::from(u16::try_from(number).unwrap_or(u16::MAX))
}

// Writing to a string does not fail.

fn text(out: &mut String, class: &str, [x, y]: [f64; 2], anchor: &str, text: &str) {
    let text = escaped(text);
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
}

fn rect(out: &mut String, class: &str, [x, y]: [f64; 2], [width, height]: [f64; 2]) {
    let size = format!("width=\"{width:.1}\" height=\"{height:.1}\"");
    let _ = writeln!(out, "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" {size} rx=\"2.5\"/>");
}

fn line(out: &mut String, class: &str, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2]) {
    let _ = writeln!(out, "<line class=\"{class}\" x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\"/>");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Chart, Group, grid, svg, tick};
    use crate::edits::report::Spread;

    #[test]
    fn every_bar_is_drawn_with_its_number() {
        let [median, least, most] = [1500, 1400, 2500].map(Duration::from_millis);
        let bars = vec![Spread { median, least, most }; 3];
        let groups = ["a < b", "c"].map(|title| Group { title: title.into(), note: "n".into(), bars: bars.clone() });
        let names = ["x", "y", "z"].map(String::from).to_vec();
        let picture = svg(&Chart { title: "t".into(), subtitle: "s".into(), names, groups: groups.into() });
        assert_eq!(picture.matches(">1.50 s</text>").count(), 6);
        assert!(picture.contains("a &lt; b") && picture.contains(">2 s<") && !picture.contains(">3 s<"));
        // 1.5 of 2.5 seconds.
        assert_eq!(picture.matches("width=\"324.0\"").count(), 6);
        assert!(picture.ends_with("</svg>\n") && !picture.contains("NaN"));
    }

    #[test]
    fn grid_lines_stay_few_and_round() {
        let mut picture = String::new();
        grid(&mut picture, 0.0, 1.0, 0.2, Duration::from_secs(1));
        let labels: Vec<&str> = picture.split('>').filter_map(|it| it.strip_suffix(" s</text")).collect();
        assert_eq!(labels, ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(
            [300, 1500, 8000, 8001].map(|millis| tick(Duration::from_millis(millis)).to_string()),
            ["0.1", "0.2", "1", "2"]
        );
    }
}
