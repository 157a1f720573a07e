//! The order of boxes and passing lines within each row, so that few lines cross.

use crate::graph::layout::{Diagram, float};

/// A box, or a point where a long line passes a row: those are counted after the boxes.
pub(super) type Vertex = usize;

/// How often every row is ordered anew.
const SWEEPS: usize = 24;
/// How often neighbours are swapped between two sweeps.
const SWAPS: usize = 4;

/// Rows of vertices, the lowest first, each from left to right.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    pub(super) order: Vec<Vec<Vertex>>,
    /// The row of each vertex.
    pub(super) row: Vec<usize>,
    /// What each vertex is connected with in the next higher row.
    pub(super) above: Vec<Vec<Vertex>>,
    /// What each vertex is connected with in the next lower row.
    pub(super) below: Vec<Vec<Vertex>>,
    /// The points of each edge between its boxes, from above to below.
    pub(super) passed: Vec<Vec<Vertex>>,
}

/// Orders the rows in which `layers` puts the boxes of `diagram`.
pub(super) fn order(layers: &[usize], diagram: &Diagram) -> Rows {
    let first = Rows::new(layers, diagram);
    let mut mirrored = first.clone();
    mirrored.order.iter_mut().for_each(|row| row.reverse());
    // Where a sweep ends depends on where it begins.
    let tries = [first, mirrored].map(Rows::improved);
    tries.into_iter().min_by_key(Rows::crossings).unwrap_or_default()
}

impl Rows {
    fn new(layers: &[usize], diagram: &Diagram) -> Self {
        let height = layers.iter().max().map_or(0, |highest| highest + 1);
        let mut rows = Self { order: vec![Vec::new(); height], ..Self::default() };
        for &layer in layers {
            rows.add(layer);
        }
        for &(from, to) in &diagram.edges {
            let passed: Vec<Vertex> = (layers[to] + 1..layers[from]).rev().map(|row| rows.add(row)).collect();
            let stops: Vec<Vertex> = [from].into_iter().chain(passed.iter().copied()).chain([to]).collect();
            for pair in stops.windows(2) {
                rows.below[pair[0]].push(pair[1]);
                rows.above[pair[1]].push(pair[0]);
            }
            rows.passed.push(passed);
        }
        rows
    }

    fn add(&mut self, row: usize) -> Vertex {
        let vertex = self.row.len();
        self.row.push(row);
        self.order[row].push(vertex);
        self.above.push(Vec::new());
        self.below.push(Vec::new());
        vertex
    }

    /// The best of many sweeps, down and up.
    fn improved(mut self) -> Self {
        let (mut best, mut fewest) = (self.clone(), self.crossings());
        for sweep in 0..SWEEPS {
            let height = self.order.len();
            if sweep % 2 == 0 {
                (0..height).rev().for_each(|row| self.sort(row, Side::Above));
            } else {
                (0..height).for_each(|row| self.sort(row, Side::Below));
            }
            self.swap_neighbours();
            let crossings = self.crossings();
            if crossings < fewest {
                (best, fewest) = (self.clone(), crossings);
            }
        }
        best
    }

    /// Orders a row by the mean place of what its vertices are connected with.
    fn sort(&mut self, row: usize, side: Side) {
        let places = self.places();
        let mean = |vertex: Vertex| {
            let neighbours = match side {
                Side::Above => &self.above[vertex],
                Side::Below => &self.below[vertex],
            };
            let sum: f64 = neighbours.iter().map(|&other| float(places[other])).sum();
            // What is connected with nothing stays where it is.
            if neighbours.is_empty() { float(places[vertex]) } else { sum / float(neighbours.len()) }
        };
        let mut keyed: Vec<(f64, Vertex)> = self.order[row].iter().map(|&vertex| (mean(vertex), vertex)).collect();
        keyed.sort_by(|one, other| one.0.total_cmp(&other.0));
        self.order[row] = keyed.into_iter().map(|(_, vertex)| vertex).collect();
    }

    /// Swaps neighbours as long as that saves crossings.
    fn swap_neighbours(&mut self) {
        let mut places = self.places();
        for _ in 0..SWAPS {
            let mut is_better = false;
            for row in 0..self.order.len() {
                for place in 1..self.order[row].len() {
                    let (left, right) = (self.order[row][place - 1], self.order[row][place]);
                    if self.crossed(right, left, &places) < self.crossed(left, right, &places) {
                        self.order[row].swap(place - 1, place);
                        places.swap(left, right);
                        is_better = true;
                    }
                }
            }
            if !is_better {
                break;
            }
        }
    }

    /// How many lines of `left` and `right` cross if they stand in this order.
    fn crossed(&self, left: Vertex, right: Vertex, places: &[usize]) -> usize {
        let count = |ours: &[Vertex], theirs: &[Vertex]| {
            let behind = |one: &Vertex| theirs.iter().filter(|other| places[**other] < places[*one]).count();
            ours.iter().map(behind).sum::<usize>()
        };
        count(&self.above[left], &self.above[right]) + count(&self.below[left], &self.below[right])
    }

    /// How many lines cross.
    fn crossings(&self) -> usize {
        let places = self.places();
        let row = |row: &Vec<Vertex>| -> usize {
            let pairs =
                row.iter().enumerate().flat_map(|(at, &left)| row[at + 1..].iter().map(move |&right| (left, right)));
            let below = |(left, right): (Vertex, Vertex)| {
                let behind =
                    |one: &Vertex| self.below[right].iter().filter(|other| places[**other] < places[*one]).count();
                self.below[left].iter().map(behind).sum::<usize>()
            };
            pairs.map(below).sum()
        };
        self.order.iter().map(row).sum()
    }

    /// The place of each vertex in its row.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.row.len()];
        for row in &self.order {
            for (place, &vertex) in row.iter().enumerate() {
                places[vertex] = place;
            }
        }
        places
    }
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Above,
    Below,
}

#[cfg(test)]
mod tests {
    use super::{Rows, order};
    use crate::graph::layout::Diagram;

    #[test]
    fn crossings_that_need_not_be_are_resolved() {
        let edges = vec![(3, 2), (4, 1), (5, 0)];
        let diagram = Diagram { widths: vec![10.0; 6], edges };
        let layers = [0, 0, 0, 1, 1, 1];
        assert_eq!(Rows::new(&layers, &diagram).crossings(), 3);
        assert_eq!(order(&layers, &diagram).crossings(), 0);
    }

    #[test]
    fn a_long_line_has_a_point_in_each_row() {
        let diagram = Diagram { widths: vec![10.0; 3], edges: vec![(1, 0), (2, 1), (2, 0)] };
        let rows = order(&[0, 1, 2], &diagram);
        assert_eq!(rows.passed, [vec![], vec![], vec![3]]);
        assert_eq!(rows.row[3], 1);
    }
}
