//! What a build read: the dep-info file that cargo leaves beside each thing that it was asked for.
//!
//! It names every file of every local package below, with what macros include and what build scripts ask to be rerun
//! for. Source: <https://doc.rust-lang.org/cargo/guide/build-cache.html#dep-info-files>.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::effects::files;

/// The files that were read for the outputs `outputs`, of which not each need have been asked for; `root` is the
/// workspace's.
#[must_use]
pub fn inputs<'path>(outputs: impl IntoIterator<Item = &'path Path>, root: &Path) -> BTreeSet<PathBuf> {
    let files = outputs.into_iter().map(|output| output.with_extension("d"));
    let texts = files.filter_map(|file| files::read_optional(&file).ok().flatten());
    // `build.dep-info-basedir` makes them relative.
    texts.flat_map(|text| prerequisites(&text)).map(|path| root.join(path)).collect()
}

/// The files behind the colon. In a name, a blank has a backslash before it.
pub(crate) fn prerequisites(text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in text.lines() {
        let Some((_, listed)) = line.split_once(": ") else { continue };
        let mut name = String::new();
        let mut chars = listed.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if chars.next_if_eq(&' ').is_some() => name.push(' '),
                ' ' => found.push(std::mem::take(&mut name)),
                c => name.push(c),
            }
        }
        found.push(name);
    }
    found.into_iter().filter(|name| !name.is_empty()).map(PathBuf::from).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::prerequisites;

    #[test]
    fn blanks_in_names_are_told_from_those_between() {
        let text = "/t/app: /w/a\\ b/lib.rs /w/c.rs  /w/d\n\n/w/c.rs:\n";
        assert_eq!(prerequisites(text), ["/w/a b/lib.rs", "/w/c.rs", "/w/d"].map(PathBuf::from));
    }
}
