//! A crate as a box: name, role, place in the load order, the numbers of its groups, and what a change does to it.

use std::fmt::Write;

use crate::graph::caption;
use crate::graph::change::Fate;
use crate::graph::layout::{BOX_HEIGHT, Point};
use crate::graph::node::{NodeIndex, Part};
use crate::graph::picture::{Edge, Picture};
use crate::graph::svg::{characters, escaped, marks};

/// Width of a character of a name, whose font gives all the same.
const NAME: f64 = 8.0;
/// A generous width of a character elsewhere.
const SMALL: f64 = 6.1;
/// The same in bold.
const BOLD: f64 = 6.7;
/// Room at the left and the right side of a box.
const PADDING: f64 = 13.0;
/// Distance of two groups' numbers.
const CHIP_DISTANCE: f64 = 3.0;

/// What is written in a box.
pub(super) struct Crate {
    part: Part,
    name: String,
    role: String,
    tooltip: String,
    groups: Vec<usize>,
    fate: Option<Fate>,
}

impl Crate {
    pub(super) fn new(picture: &Picture, node: NodeIndex, edges: &[Edge], fate: Option<Fate>) -> Self {
        let (name, role) = (picture.label(node), caption::describe(&picture.nodes[node]));
        let carried = match &picture.nodes[node].carries[..] {
            [] => String::new(),
            names => format!("; third-party crates of its own: {}", names.join(", ")),
        };
        let tooltip = format!("{name}, {role}{carried}");
        let part = picture.nodes[node].part;
        Self { part, name, role, tooltip, groups: picture.groups_of(node, edges), fate }
    }

    /// The words for what a change does to it.
    fn told(&self) -> Option<String> {
        self.fate.filter(|fate| !fate.is_untouched()).map(|fate| fate.to_string())
    }

    /// The room for the place in the load order.
    fn indent(&self) -> f64 {
        if self.part.place().is_some() { 41.0 } else { PADDING }
    }

    fn chips_width(&self) -> f64 {
        self.groups.iter().map(|&number| chip_width(number) + CHIP_DISTANCE).sum()
    }

    pub(super) fn width(&self) -> f64 {
        let chips = if self.groups.is_empty() { 0.0 } else { 8.0 + self.chips_width() };
        let first = characters(&self.name) * NAME + chips;
        let told = self.told().map_or(0.0, |told| characters(&told) * BOLD + 8.0);
        let second = characters(&self.role) * SMALL + told;
        (self.indent() + first.max(second) + PADDING).max(96.0)
    }

    /// The box, the middle of whose upper side is `at`.
    pub(super) fn draw(&self, at: Point) -> String {
        let width = self.width();
        let (x, y) = (at.x - width / 2.0, at.y);
        let mut text = format!(
            "<g class=\"hr-{}{}\">\n<title>{}</title>\n",
            self.part.class(),
            marks(self.fate),
            escaped(&self.tooltip)
        );
        let _ = writeln!(
            text,
            "<rect class=\"hr-box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{BOX_HEIGHT}\" rx=\"9\"/>"
        );
        if let Some(place) = self.part.place() {
            let (middle, line) = (x + 22.0, y + BOX_HEIGHT / 2.0);
            let _ = writeln!(text, "<circle class=\"hr-badge\" cx=\"{middle:.1}\" cy=\"{line:.1}\" r=\"11\"/>");
            let _ = writeln!(text, "<text class=\"hr-place\" x=\"{middle:.1}\" y=\"{:.1}\">{place}</text>", line + 4.0);
        }
        let inner = x + self.indent();
        let (name, role) = (escaped(&self.name), escaped(&self.role));
        let _ = writeln!(text, "<text class=\"hr-name\" x=\"{inner:.1}\" y=\"{:.1}\">{name}</text>", y + 20.0);
        let told = self.told().map(|told| format!("<tspan class=\"hr-fate\" dx=\"6\">{}</tspan>", escaped(&told)));
        let told = told.unwrap_or_default();
        let _ = writeln!(text, "<text class=\"hr-role\" x=\"{inner:.1}\" y=\"{:.1}\">{role}{told}</text>", y + 36.0);
        let mut left = x + width - PADDING + CHIP_DISTANCE - self.chips_width();
        for &number in &self.groups {
            text += &chip(number, left, y + 9.0);
            left += chip_width(number) + CHIP_DISTANCE;
        }
        text + "</g>\n"
    }
}

fn chip_width(number: usize) -> f64 {
    9.0 + characters(&number.to_string()) * 6.0
}

/// The number of a group.
fn chip(number: usize, x: f64, y: f64) -> String {
    let width = chip_width(number);
    format!(
        "<rect class=\"hr-chip\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"14\" rx=\"2\"/>\
         <text class=\"hr-number\" x=\"{:.1}\" y=\"{:.1}\">{number}</text>\n",
        x + width / 2.0,
        y + 10.5
    )
}
