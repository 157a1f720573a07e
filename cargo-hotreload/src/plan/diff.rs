//! Unified diffs, as `diff -u` and `patch` know them.

use std::path::Path;

use similar::TextDiff;

/// The difference between two versions of the file `path`; `before` is `None` for a file that is created.
#[must_use]
pub fn unified(path: &Path, before: Option<&str>, after: &str) -> String {
    let old = before.map_or_else(|| "/dev/null".to_owned(), |_| path.display().to_string());
    TextDiff::from_lines(before.unwrap_or_default(), after)
        .unified_diff()
        .header(&old, &path.display().to_string())
        .to_string()
}
