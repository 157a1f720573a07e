//! A picture for the browser: one file that needs nothing else, light or dark as the page around it.
//!
//! Crates stand in rows, the host on top, so that reading upwards is reading in load order. Dependency groups are tiles
//! below: lines to them would cover everything, so each crate shows the numbers of those that it loads.

use std::fmt::Write;

use crate::graph::caption;
use crate::graph::change::{Build, Change, Fate};
use crate::graph::layout::{Diagram, Layout, Point, layout};
use crate::graph::node::{NodeIndex, Part};
use crate::graph::picture::{Edge, EdgeKind, Picture};
use crate::graph::svg::boxes::Crate;
use crate::graph::svg::tiles::tiles;

mod boxes;
mod tiles;

/// Colours. Every class begins with `hr-`, so that a page can take the picture in.
const STYLE: &str = include_str!("svg/style.css");

/// Room around everything.
const MARGIN: f64 = 28.0;
/// The least width of a picture: its sentences should not become a column.
const LEAST_WIDTH: f64 = 720.0;
/// Room above and below the drawing.
const AROUND: f64 = 30.0;
/// Length of an arrow's tip.
const TIP: f64 = 7.0;

/// `picture` as an SVG document.
#[must_use]
pub fn render(picture: &Picture, change: Option<&Change>) -> String {
    let edges = picture.edges();
    let fate = |node: NodeIndex| change.map(|change| change.fate(picture, node));
    let is_group = |node: NodeIndex| matches!(picture.nodes[node].part, Part::Group { .. });
    let shown: Vec<NodeIndex> = picture.used().map(|(node, _)| node).filter(|&node| !is_group(node)).collect();
    let crates: Vec<Crate> = shown.iter().map(|&node| Crate::new(picture, node, &edges, fate(node))).collect();
    let place = |node: NodeIndex| shown.binary_search(&node).ok();
    let (edges, ends): (Vec<Edge>, Vec<(usize, usize)>) =
        edges.iter().filter_map(|edge| Some((*edge, (place(edge.from)?, place(edge.to)?)))).unzip();
    let drawn = layout(&Diagram { widths: crates.iter().map(Crate::width).collect(), edges: ends });

    let width = (drawn.width + 2.0 * MARGIN).max(LEAST_WIDTH);
    let mut page = Page { text: String::new(), y: MARGIN, width };
    page.head(picture, change);
    page.y += AROUND;
    let left = (width - drawn.width) / 2.0;
    let _ = writeln!(page.text, "<g transform=\"translate({left:.1} {:.1})\">", page.y);
    page.text += &lines(&edges, &drawn, change);
    page.text.extend(crates.iter().zip(&drawn.boxes).map(|(one, &at)| one.draw(at)));
    page.text += "</g>\n";
    page.y += drawn.height + AROUND;
    tiles(&mut page, picture, change);
    page.legend(picture);
    page.document(&caption::title(picture))
}

/// A page that is written from above to below.
struct Page {
    text: String,
    /// Where the free part begins.
    y: f64,
    width: f64,
}

impl Page {
    /// Title and sentences.
    fn head(&mut self, picture: &Picture, change: Option<&Change>) {
        self.line("hr-title", MARGIN, 14.0, &caption::title(picture));
        self.y += 4.0;
        let notes = caption::notes(picture, change);
        for (index, note) in notes.iter().enumerate() {
            let is_sentence = change.is_some() && index + 1 == notes.len();
            let (class, character) = if is_sentence { ("hr-sentence", 8.1) } else { ("hr-note", 7.0) };
            for line in caption::wrap(note, characters_in(self.width - 2.0 * MARGIN, character)) {
                self.line(class, MARGIN, 19.0, &line);
            }
        }
    }

    /// A line of text, so much below what is there.
    fn line(&mut self, class: &str, x: f64, height: f64, words: &str) {
        self.y += height;
        let _ =
            writeln!(self.text, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>", self.y, escaped(words));
    }

    /// What the colours and signs mean, as far as they occur.
    fn legend(&mut self, picture: &Picture) {
        let mut x = MARGIN;
        for (name, words) in LEGEND {
            if !picture.used().any(|(_, node)| node.part.class() == name) {
                continue;
            }
            let length = 43.0 + characters(words) * 5.7;
            if x > MARGIN && x + length > self.width {
                (x, self.y) = (MARGIN, self.y + 20.0);
            }
            let _ = writeln!(
                self.text,
                "<g class=\"hr-{name}\"><rect class=\"hr-box\" x=\"{x:.1}\" y=\"{:.1}\" width=\"16\" height=\"12\" rx=\"3\"/>\
                 <text class=\"hr-legend\" x=\"{:.1}\" y=\"{:.1}\">{}</text></g>",
                self.y,
                x + 23.0,
                self.y + 10.0,
                escaped(words)
            );
            x += length;
        }
        self.y += 16.0;
        self.line(
            "hr-legend",
            MARGIN,
            14.0,
            "an arrow leads to what a crate uses, but for what another crate on the way uses anyway",
        );
        self.y += MARGIN - 8.0;
    }

    fn document(self, title: &str) -> String {
        let Self { text, y: height, width } = self;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"hr-graph\" role=\"img\" width=\"{width:.0}\" \
             height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n\
             <rect class=\"hr-page\" width=\"100%\" height=\"100%\"/>\n{text}</svg>\n",
            escaped(title)
        )
    }
}

const LEGEND: [(&str, &str); 6] = [
    ("host", "host: the executable"),
    ("module", "module: can be swapped; the number is its place in the load order"),
    ("undecided", "module or resident: the first build shows which; the number is its place in the load order"),
    ("resident", "resident: linked by the host, a change restarts"),
    ("group", "dependency group: third-party crates, never unloaded; a crate shows the numbers of its groups"),
    ("static", "static: left as it is"),
];

/// Every line, with what a change passes along on top of the others.
fn lines(edges: &[Edge], drawn: &Layout, change: Option<&Change>) -> String {
    let is_hot = |edge: &Edge| {
        change.is_some_and(|change| change.rebuilt.contains(&edge.to) && change.rebuilt.contains(&edge.from))
    };
    let mut all: Vec<(&Edge, &Vec<Point>)> = edges.iter().zip(&drawn.lines).collect();
    all.sort_by_key(|(edge, _)| is_hot(edge));
    let mut text = String::new();
    for (edge, points) in all {
        let hot = if is_hot(edge) { " hr-hot" } else { "" };
        let built = if edge.kind == EdgeKind::BuiltWith { " hr-built" } else { "" };
        let Some(&Point { x, y }) = points.last() else { continue };
        let _ = writeln!(text, "<path class=\"hr-line{built}{hot}\" d=\"{}\"/>", curve(points));
        let _ = writeln!(text, "<path class=\"hr-tip{hot}\" d=\"M{x:.1} {y:.1}l-3.5 -{TIP}h7z\"/>");
    }
    text
}

/// Straight down through rows, and in curves between them.
fn curve(points: &[Point]) -> String {
    let mut path = String::new();
    for (index, point) in points.iter().enumerate() {
        let Point { x, mut y } = *point;
        if index + 1 == points.len() {
            // The line ends where its tip begins.
            y -= TIP - 1.0;
        }
        let _ = match index {
            0 => write!(path, "M{x:.1} {y:.1}"),
            _ if index % 2 == 0 => write!(path, "V{y:.1}"),
            _ => {
                let from = points[index - 1];
                let middle = f64::midpoint(from.y, y);
                write!(path, "C{:.1} {middle:.1} {x:.1} {middle:.1} {x:.1} {y:.1}", from.x)
            }
        };
    }
    path
}

/// How many characters of this width fit.
fn characters_in(width: f64, character: f64) -> usize {
    (1..2000_u32).take_while(|&count| f64::from(count) * character < width).count()
}

/// The length of `text`.
fn characters(text: &str) -> f64 {
    f64::from(u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
}

/// The classes of what a change does to a box.
fn marks(fate: Option<Fate>) -> &'static str {
    match fate {
        None => "",
        Some(fate) if fate.is_untouched() => " hr-far",
        Some(fate) if fate.build == Build::Changed => " hr-touched hr-changed",
        Some(_) => " hr-touched",
    }
}

/// `text` as the content of an element or of a quoted attribute. What no XML document may contain becomes a blank.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            sign if sign.is_control() || matches!(sign, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            sign => safe.push(sign),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::{escaped, render};
    use crate::graph::testing::{Sketch, changed, diamond};

    #[test]
    fn it_is_one_document_with_a_title_for_both_colour_schemes() {
        let text = render(&diamond().third_party("regex", &["base"]).built(), None);
        assert!(text.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "), "{text}");
        assert!(text.contains("\n<title>app: 4 modules, 1 dependency group</title>\n"), "{text}");
        assert!(text.contains("@media (prefers-color-scheme: dark)"));
        assert!(text.ends_with("</g>\n</svg>\n") || text.ends_with("</text>\n</svg>\n"));
        for outside in ["<script", "url(", "@import", "href"] {
            assert!(!text.contains(outside), "{outside}");
        }
        for element in ["g", "text", "title", "style", "svg"] {
            let (open, close) =
                (text.matches(&format!("<{element}>")).count(), text.matches(&format!("</{element}>")).count());
            assert_eq!(open + text.matches(&format!("<{element} ")).count(), close, "{element}");
        }
    }

    #[test]
    fn every_crate_is_a_box_and_every_edge_a_line() {
        let picture = diamond().resident("base").third_party("regex", &["base", "top"]).built();
        let text = render(&picture, None);
        for name in ["base", "left", "right", "top", "app", "group 1"] {
            assert!(text.contains(&format!(">{name}</text>")), "{name}: {text}");
        }
        assert_eq!(text.matches("class=\"hr-line").count(), 5, "those to groups are numbers instead");
        assert_eq!(text.matches("class=\"hr-chip\"").count(), 1, "top has its group through base");
        assert_eq!(text.matches("class=\"hr-badge\"").count(), 3, "residents have no place in the load order");
        assert!(text.contains("<title>hotreload-group-1, 1 crate: regex</title>"), "{text}");
    }

    #[test]
    fn a_change_is_marked_and_told() {
        let picture = diamond().built();
        let text = render(&picture, Some(&changed(&picture, &["right"])));
        assert_eq!(text.matches("hr-touched hr-changed\"").count(), 1);
        assert_eq!(text.matches("class=\"hr-module hr-touched\"").count(), 1);
        assert_eq!(text.matches(" hr-far\"").count(), 3, "base, left and the host stay");
        assert_eq!(text.matches("hr-line hr-hot").count(), 1);
        assert!(text.contains(">a change in `right` rebuilds right and top,"), "{text}");
        assert!(text.contains(">changed, reloaded</tspan>"), "{text}");
    }

    #[test]
    fn no_name_breaks_out_of_its_place() {
        assert_eq!(escaped("a<b>&\"'\u{0}c"), "a&lt;b&gt;&amp;&quot;&#39; c");
        let picture = Sketch::new("<&app>").library("x\"y", &[]).uses(&["x\"y"]).built();
        let text = render(&picture, None);
        assert!(text.contains("&lt;&amp;app&gt;") && text.contains("x&quot;y") && !text.contains("<&app"), "{text}");
    }
}
