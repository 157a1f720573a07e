//! A file's changes, each on its own.

use similar::{Algorithm, DiffOp, TextDiff};

/// `old` with one of the changes that lead to `new`, for each of them.
pub(super) fn one_by_one(old: &str, new: &str) -> Vec<String> {
    let diff = TextDiff::configure().algorithm(Algorithm::Patience).diff_lines(old, new);
    let (old, new): (Vec<&str>, Vec<&str>) = (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let changes = diff.ops().iter().filter(|operation| !matches!(operation, DiffOp::Equal { .. }));
    let apply = |operation: &DiffOp| {
        let (out, into) = (operation.old_range(), operation.new_range());
        [&old[..out.start], &new[into], &old[out.end..]].concat().concat()
    };
    changes.map(apply).collect()
}

#[cfg(test)]
mod tests {
    use super::one_by_one;

    #[test]
    fn each_change_is_made_alone() {
        let (old, new) = ("a\nb\nc\nd\n", "A\nb\nc\nx\nd\n");
        assert_eq!(one_by_one(old, new), ["A\nb\nc\nd\n", "a\nb\nc\nx\nd\n"]);
        assert!(one_by_one(old, old).is_empty());
    }
}
