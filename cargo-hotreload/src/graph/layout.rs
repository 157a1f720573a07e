//! Places for boxes and lines: a layered drawing, as Sugiyama, Tagawa and Toda described it.
//!
//! 1. `layers` puts each box into a row above everything that it depends on;
//! 2. `ordering` gives long lines a point in each row that they pass, and orders each row so that few lines cross;
//! 3. `placing` finds horizontal places: boxes above what they depend on, long lines straight;
//! 4. here, lines get their bends. They go sideways only between rows, so none passes through a box.

use crate::graph::layout::ordering::{Rows, Vertex};

mod layers;
mod ordering;
mod placing;

/// Height of every box.
pub const BOX_HEIGHT: f64 = 46.0;
/// The least distance of two rows.
const LEAST_GAP: f64 = 46.0;
/// The greatest distance of two rows.
const GREATEST_GAP: f64 = 96.0;
/// Distance of the ends of lines at one box.
const PORT_DISTANCE: f64 = 14.0;

/// What is to be placed. Every edge leads from a box to one of a lower index.
#[derive(Debug, Clone, Default)]
pub struct Diagram {
    /// The width of each box.
    pub widths: Vec<f64>,
    /// Dependent and dependency.
    pub edges: Vec<(usize, usize)>,
}

/// Where everything is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Layout {
    /// Extent to the right.
    pub width: f64,
    /// Extent downwards.
    pub height: f64,
    /// The middle of the upper side of each box.
    pub boxes: Vec<Point>,
    /// The points of each edge: its ends, and above and below every row that it passes.
    pub lines: Vec<Vec<Point>>,
}

/// A place; the second coordinate grows downwards.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// Finds places for `diagram`.
#[must_use]
pub fn layout(diagram: &Diagram) -> Layout {
    if diagram.widths.is_empty() {
        return Layout::default();
    }
    let layers = layers::layers(diagram);
    let rows = ordering::order(&layers, diagram);
    let x = placing::place(&rows, diagram);
    let tops = tops(&rows);
    let boxes: Vec<Point> =
        layers.iter().enumerate().map(|(index, &layer)| Point { x: x[index], y: tops[layer] }).collect();
    let lines = lines(diagram, &rows, &x, &boxes, &tops);
    let right = |(index, x): (usize, &f64)| x + diagram.widths.get(index).map_or(0.0, |width| width / 2.0);
    let width = x.iter().enumerate().map(right).fold(0.0, f64::max);
    Layout { width, height: tops[0] + BOX_HEIGHT, boxes, lines }
}

/// The upper side of each row; the topmost row is the last one. Rows with much between them stand farther apart.
fn tops(rows: &Rows) -> Vec<f64> {
    let mut tops = vec![0.0; rows.order.len()];
    for row in (0..rows.order.len().saturating_sub(1)).rev() {
        let lines = rows.order[row + 1].iter().map(|&vertex| rows.below[vertex].len()).sum::<usize>();
        let gap = (LEAST_GAP + 3.0 * float(lines)).min(GREATEST_GAP);
        tops[row] = tops[row + 1] + BOX_HEIGHT + gap;
    }
    tops
}

fn lines(diagram: &Diagram, rows: &Rows, x: &[f64], boxes: &[Point], tops: &[f64]) -> Vec<Vec<Point>> {
    let (mut leaving, mut arriving) = (vec![Vec::new(); boxes.len()], vec![Vec::new(); boxes.len()]);
    for (edge, &(from, to)) in diagram.edges.iter().enumerate() {
        let passed = &rows.passed[edge];
        leaving[from].push((edge, x[passed.first().copied().unwrap_or(to)]));
        arriving[to].push((edge, x[passed.last().copied().unwrap_or(from)]));
    }
    let mut start = vec![0.0; diagram.edges.len()];
    let mut end = start.clone();
    for index in 0..boxes.len() {
        spread(&mut leaving[index], boxes[index].x, diagram.widths[index], &mut start);
        spread(&mut arriving[index], boxes[index].x, diagram.widths[index], &mut end);
    }
    let line = |(edge, &(from, to)): (usize, &(usize, usize))| {
        let mut points = vec![Point { x: start[edge], y: boxes[from].y + BOX_HEIGHT }];
        for &vertex in &rows.passed[edge] {
            let (x, top) = (x[vertex], tops[rows.row[vertex]]);
            points.extend([Point { x, y: top }, Point { x, y: top + BOX_HEIGHT }]);
        }
        points.push(Point { x: end[edge], y: boxes[to].y });
        points
    };
    diagram.edges.iter().enumerate().map(line).collect()
}

/// Gives each of `ends` (an edge, and where its other end is) its own place at a side of a box.
fn spread(ends: &mut [(usize, f64)], middle: f64, width: f64, places: &mut [f64]) {
    ends.sort_by(|one, other| one.1.total_cmp(&other.1));
    let count = float(ends.len());
    let distance = PORT_DISTANCE.min((width - 20.0) / count.max(1.0));
    for (index, (edge, _)) in ends.iter().enumerate() {
        places[*edge] = middle + (float(index) - (count - 1.0) / 2.0) * distance;
    }
}

/// Counts are small.
fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::MAX, f64::from)
}

/// Whether a vertex is a box, and not a point of a long line.
fn is_box(vertex: Vertex, diagram: &Diagram) -> bool {
    vertex < diagram.widths.len()
}

#[cfg(test)]
mod tests {
    use super::{BOX_HEIGHT, Diagram, Layout, Point, layout};

    fn placed(boxes: usize, edges: &[(usize, usize)]) -> (Diagram, Layout) {
        let diagram = Diagram { widths: vec![100.0; boxes], edges: edges.to_vec() };
        let layout = layout(&diagram);
        (diagram, layout)
    }

    /// Thirty boxes, each on top of up to three others.
    fn many() -> (Diagram, Layout) {
        let below = |from: usize| [from / 2, from / 3, from - 1].map(|to| (from, to));
        let mut edges: Vec<_> = (1..30).flat_map(below).collect();
        edges.sort_unstable();
        edges.dedup();
        placed(30, &edges)
    }

    #[test]
    fn every_box_is_above_what_it_depends_on() {
        let (diagram, layout) = many();
        for &(from, to) in &diagram.edges {
            assert!(layout.boxes[from].y + BOX_HEIGHT < layout.boxes[to].y, "{from} -> {to}");
        }
    }

    #[test]
    fn boxes_do_not_overlap_and_stay_inside() {
        let (diagram, layout) = many();
        for (index, one) in layout.boxes.iter().enumerate() {
            assert!(one.x - 50.0 >= -0.01 && one.x + 50.0 <= layout.width + 0.01, "{one:?}");
            assert!(one.y >= 0.0 && one.y + BOX_HEIGHT <= layout.height, "{one:?}");
            for other in &layout.boxes[index + 1..] {
                let apart = (one.x - other.x).abs() >= diagram.widths[index] || (one.y - other.y).abs() >= BOX_HEIGHT;
                assert!(apart, "{one:?} {other:?}");
            }
        }
    }

    /// Where a line passes a row it is vertical, and no box is there.
    #[test]
    fn no_line_passes_through_a_box() {
        let (diagram, layout) = many();
        for (line, edge) in layout.lines.iter().zip(&diagram.edges) {
            for passage in line[1..line.len() - 1].chunks(2) {
                let [Point { x, y }, below] = passage else { panic!("half a passage") };
                assert_eq!((*x, y + BOX_HEIGHT), (below.x, below.y));
                let hit = |place: &&Point| (place.y - y).abs() < 0.01 && (place.x - x).abs() < 50.0;
                assert_eq!(layout.boxes.iter().find(hit), None, "{edge:?}");
            }
        }
    }

    #[test]
    fn a_chain_is_straight() {
        let (_, layout) = placed(3, &[(1, 0), (2, 1)]);
        assert!(layout.boxes.iter().all(|place| (place.x - 50.0).abs() < 0.01), "{layout:?}");
    }

    /// Where nothing stands in its way, a long line does not bend between the rows that it passes.
    #[test]
    fn a_long_line_is_straight() {
        let (_, layout) = placed(6, &[(1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (5, 0)]);
        let line = &layout.lines[5];
        assert_eq!(line.len(), 10);
        assert!(line[1..9].iter().all(|point| (point.x - line[1].x).abs() < 0.01), "{line:?}");
    }

    #[test]
    fn nothing_needs_no_room() {
        assert_eq!(placed(0, &[]).1, Layout::default());
    }
}
