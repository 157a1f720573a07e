//! The dependency groups as tiles, side by side below the crates.

use std::fmt::Write;

use crate::graph::caption;
use crate::graph::change::Change;
use crate::graph::node::{Node, Part};
use crate::graph::picture::Picture;
use crate::graph::svg::{MARGIN, Page, escaped, marks};

/// The least width of a tile.
const LEAST: f64 = 205.0;
const HEIGHT: f64 = 42.0;
const DISTANCE: f64 = 10.0;
/// Width of a character of the names.
const CHARACTER: f64 = 5.9;

/// Draws the groups of `picture` on `page`.
pub(super) fn tiles(page: &mut Page, picture: &Picture, change: Option<&Change>) {
    let count = picture.groups().count();
    if count == 0 {
        return;
    }
    let room = page.width - 2.0 * MARGIN + DISTANCE;
    let columns = (1..=count).rev().find(|&columns| f(columns) * (LEAST + DISTANCE) <= room).unwrap_or(1);
    // The last row is as full as the others.
    let columns = count.div_ceil(count.div_ceil(columns));
    let width = (room / f(columns) - DISTANCE).min(2.0 * LEAST);
    for (place, (index, node)) in picture.groups().enumerate() {
        let fate = change.map(|change| change.fate(picture, index));
        let x = MARGIN + f(place % columns) * (width + DISTANCE);
        let y = page.y + f(place / columns) * (HEIGHT + DISTANCE);
        let _ = writeln!(page.text, "<g class=\"hr-group{}\">\n{}</g>", marks(fate), tile(node, x, y, width));
    }
    page.y += f(count.div_ceil(columns)) * (HEIGHT + DISTANCE) + 14.0;
}

fn tile(node: &Node, x: f64, y: f64, width: f64) -> String {
    let Part::Group { number } = node.part else { return String::new() };
    let (told, inner) = (caption::describe(node), x + 11.0);
    format!(
        "<title>{}, {told}: {}</title>\n\
         <rect class=\"hr-box\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" rx=\"3\"/>\n\
         <text class=\"hr-name\" x=\"{inner:.1}\" y=\"{:.1}\">group {number}</text>\
         <text class=\"hr-role hr-end\" x=\"{:.1}\" y=\"{:.1}\">{told}</text>\n\
         <text class=\"hr-role\" x=\"{inner:.1}\" y=\"{:.1}\">{}</text>\n",
        escaped(&node.name),
        escaped(&node.carries.join(", ")),
        y + 17.0,
        x + width - 11.0,
        y + 17.0,
        y + 33.0,
        escaped(&fitting(&node.carries, width - 22.0))
    )
}

/// As many of `names` as fit, and how many more there are.
fn fitting(names: &[String], width: f64) -> String {
    let fits = |shown: &usize| {
        let text = caption::few(names, *shown);
        super::characters(&text) * CHARACTER <= width
    };
    let shown = (1..=names.len()).rev().find(fits).unwrap_or(1);
    caption::few(names, shown)
}

/// Counts are small.
fn f(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn names_that_do_not_fit_are_counted() {
        let names = ["serde", "serde_core", "tokio", "axum"].map(str::to_owned);
        assert_eq!(fitting(&names, 1000.0), "serde, serde_core, tokio, axum");
        assert_eq!(fitting(&names, 170.0), "serde, serde_core and 2 more");
        assert_eq!(fitting(&names, 1.0), "serde and 3 more");
    }
}
