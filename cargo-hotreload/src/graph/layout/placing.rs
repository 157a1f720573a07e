//! Horizontal places for what stands in rows.

use crate::graph::layout::ordering::{Rows, Vertex};
use crate::graph::layout::{Diagram, float, is_box};

/// How often every row is placed anew.
const SWEEPS: usize = 40;
/// Distance of two boxes in a row.
const BOX_DISTANCE: f64 = 26.0;
/// Distance of two lines that pass a row, and of a line and a box.
const LINE_DISTANCE: f64 = 16.0;

/// The middle of every vertex, the leftmost side being 0.
pub(super) fn place(rows: &Rows, diagram: &Diagram) -> Vec<f64> {
    let mut x = vec![0.0; rows.row.len()];
    for row in &rows.order {
        let wanted = vec![0.0; row.len()];
        set(&mut x, row, &wanted, diagram);
    }
    for sweep in 0..SWEEPS {
        let upwards = sweep % 2 == 1;
        let all: Vec<&Vec<Vertex>> =
            if upwards { rows.order.iter().collect() } else { rows.order.iter().rev().collect() };
        // At first in the direction of the sweep, at last from both sides.
        let (above, below) = match sweep {
            _ if sweep + 8 > SWEEPS => (1.0, 1.0),
            _ if upwards => (0.2, 1.0),
            _ => (1.0, 0.2),
        };
        for row in all {
            let wanted: Vec<f64> =
                row.iter().map(|&vertex| wanted(vertex, rows, &x, diagram, (above, below))).collect();
            set(&mut x, row, &wanted, diagram);
        }
    }
    straighten(&mut x, rows, diagram);
    let left = |vertex: Vertex| x[vertex] - half(vertex, diagram);
    let leftmost = (0..x.len()).map(left).fold(f64::INFINITY, f64::min);
    x.iter().map(|x| x - leftmost).collect()
}

/// Puts what hangs together by single lines one below the other, as far as what stands beside it leaves room.
fn straighten(x: &mut [f64], rows: &Rows, diagram: &Diagram) {
    let chains = chains(rows);
    // What moves makes room for others.
    for _ in 0..3 {
        for chain in &chains {
            straighten_chain(x, chain, rows, diagram);
        }
    }
}

/// Vertices each of which has nothing but the next one below it, which has nothing but it above: the points of a long
/// line, and boxes one on top of another.
fn chains(rows: &Rows) -> Vec<Vec<Vertex>> {
    let next = |vertex: Vertex| match rows.below[vertex][..] {
        [only] if rows.above[only].len() == 1 => Some(only),
        _ => None,
    };
    let is_first = |vertex: &Vertex| match rows.above[*vertex][..] {
        [only] => next(only).is_none(),
        _ => true,
    };
    let chain = |first: Vertex| std::iter::successors(Some(first), |&vertex| next(vertex)).collect();
    (0..rows.row.len()).filter(is_first).map(chain).collect()
}

fn straighten_chain(x: &mut [f64], chain: &[Vertex], rows: &Rows, diagram: &Diagram) {
    let mut rest = chain;
    while !rest.is_empty() {
        let (mut least, mut most, mut length) = (f64::NEG_INFINITY, f64::INFINITY, 0);
        for &vertex in rest {
            let (left, right) = room(x, vertex, rows, diagram);
            if left.max(least) > right.min(most) {
                break;
            }
            (least, most, length) = (left.max(least), right.min(most), length + 1);
        }
        // Each has room at least where it stands; rounding may deny it that.
        let (run, others) = rest.split_at(length.max(1));
        if length > 1 {
            let mean = run.iter().map(|&vertex| x[vertex]).sum::<f64>() / float(length);
            for &vertex in run {
                x[vertex] = mean.clamp(least, most);
            }
        }
        rest = others;
    }
}

/// How far a vertex can move to the left and to the right.
fn room(x: &[f64], vertex: Vertex, rows: &Rows, diagram: &Diagram) -> (f64, f64) {
    let row = &rows.order[rows.row[vertex]];
    let Some(place) = row.iter().position(|&other| other == vertex) else { return (x[vertex], x[vertex]) };
    let left = place.checked_sub(1).map(|left| x[row[left]] + distance(row[left], vertex, diagram));
    let right = row.get(place + 1).map(|&right| x[right] - distance(vertex, right, diagram));
    (left.unwrap_or(f64::NEG_INFINITY), right.unwrap_or(f64::INFINITY))
}

/// Where a vertex would like to stand: amid what it is connected with. Lines want to be straight more than boxes want
/// to be in the middle.
fn wanted(vertex: Vertex, rows: &Rows, x: &[f64], diagram: &Diagram, (above, below): (f64, f64)) -> f64 {
    let weight = |other: Vertex| match (is_box(vertex, diagram), is_box(other, diagram)) {
        (true, true) => 1.0,
        (false, false) => 8.0,
        _ => 2.0,
    };
    let sides = [(&rows.above[vertex], above), (&rows.below[vertex], below)];
    let neighbours = sides.into_iter().flat_map(|(others, factor)| others.iter().map(move |&other| (other, factor)));
    let (sum, total) = neighbours.fold((0.0, 0.0), |(sum, total), (other, factor)| {
        let weight = weight(other) * factor;
        (sum + x[other] * weight, total + weight)
    });
    if total > 0.0 { sum / total } else { x[vertex] }
}

/// Puts the vertices of `row` as near to where they want to be as their order and their widths allow.
///
/// This is isotonic regression: neighbours that would overlap are joined to a block, which stands at the mean of what
/// its members want.
fn set(x: &mut [f64], row: &[Vertex], wanted: &[f64], diagram: &Diagram) {
    struct Block {
        sum: f64,
        members: usize,
        count: f64,
    }
    let mut offsets = Vec::with_capacity(row.len());
    let mut offset = 0.0;
    for (place, &vertex) in row.iter().enumerate() {
        if let Some(&left) = place.checked_sub(1).and_then(|left| row.get(left)) {
            offset += distance(left, vertex, diagram);
        }
        offsets.push(offset);
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        let mut block = Block { sum: wanted - offset, members: 1, count: 1.0 };
        while let Some(last) = blocks.pop_if(|last| last.sum / last.count > block.sum / block.count) {
            block = Block {
                sum: last.sum + block.sum,
                members: last.members + block.members,
                count: last.count + block.count,
            };
        }
        blocks.push(block);
    }
    let places = blocks.iter().flat_map(|block| std::iter::repeat_n(block.sum / block.count, block.members));
    for ((&vertex, place), offset) in row.iter().zip(places).zip(offsets) {
        x[vertex] = place + offset;
    }
}

/// The least distance of two neighbours' middles.
fn distance(left: Vertex, right: Vertex, diagram: &Diagram) -> f64 {
    let between = if is_box(left, diagram) && is_box(right, diagram) { BOX_DISTANCE } else { LINE_DISTANCE };
    half(left, diagram) + between + half(right, diagram)
}

fn half(vertex: Vertex, diagram: &Diagram) -> f64 {
    diagram.widths.get(vertex).map_or(0.0, |width| width / 2.0)
}
