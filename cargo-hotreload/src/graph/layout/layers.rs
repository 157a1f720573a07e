//! Which row each box stands in.

use crate::graph::layout::Diagram;

/// The row of each box, counted from the bottom.
///
/// Rows are filled from below: first with what has most on top of it, and never with more boxes than stay legible side
/// by side. Then boxes with more dependents than dependencies move up, which makes lines shorter.
pub(super) fn layers(diagram: &Diagram) -> Vec<usize> {
    let count = diagram.widths.len();
    let (mut above, mut below) = (vec![Vec::new(); count], vec![Vec::new(); count]);
    for &(from, to) in &diagram.edges {
        above[to].push(from);
        below[from].push(to);
    }
    let mut height = vec![0_usize; count];
    for index in (0..count).rev() {
        height[index] = above[index].iter().map(|&user| height[user] + 1).max().unwrap_or_default();
    }
    let mut row = vec![usize::MAX; count];
    fill(&mut row, &below, &height);
    lift(&mut row, &above, &below);
    row
}

fn fill(row: &mut [usize], below: &[Vec<usize>], height: &[usize]) {
    let most = widest(row.len());
    let mut open: Vec<usize> = (0..row.len()).collect();
    // The critical ones first; of equals, in the order of loading.
    open.sort_by_key(|&index| (std::cmp::Reverse(height[index]), index));
    for current in 0.. {
        let is_ready = |index: &usize| below[*index].iter().all(|&used| row[used] < current);
        let ready: Vec<usize> = open.iter().copied().filter(is_ready).take(most).collect();
        if ready.is_empty() {
            break;
        }
        for &index in &ready {
            row[index] = current;
        }
        open.retain(|index| !ready.contains(index));
    }
}

/// How many boxes stand side by side: few enough to be read without turning the head.
fn widest(boxes: usize) -> usize {
    (4..9).find(|width| width * width * 2 / 3 >= boxes).unwrap_or(9)
}

fn lift(row: &mut [usize], above: &[Vec<usize>], below: &[Vec<usize>]) {
    let most = widest(row.len());
    for index in (0..row.len()).rev() {
        let Some(ceiling) = above[index].iter().map(|&user| row[user]).min() else { continue };
        if above[index].len() > below[index].len() || (above[index].len() == 1 && below[index].is_empty()) {
            let fits = |wanted: &usize| row.iter().filter(|&&row| row == *wanted).count() < most;
            if let Some(higher) = (row[index] + 1..ceiling).rev().find(fits) {
                row[index] = higher;
            }
        }
    }
}
