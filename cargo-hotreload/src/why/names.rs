//! Names for people.

use std::collections::BTreeSet;
use std::fmt;

use rustc_demangle::demangle;

/// Some names of many, as `a`, `b`, `c` and 4 more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names(Vec<String>);

/// That many are told by name.
const SHOWN: usize = 3;
/// Longer names are cut: types of types.
const LONGEST: usize = 120;

impl Names {
    /// The readable forms of `mangled`, each once.
    pub fn of<'name>(mangled: impl IntoIterator<Item = &'name str>) -> Self {
        Self(mangled.into_iter().map(readable).collect::<BTreeSet<_>>().into_iter().collect())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Names {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().take(SHOWN).enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(formatter, "{comma}`{name}`")?;
        }
        match self.0.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(formatter, " and {more} more"),
        }
    }
}

/// The crates that come with the compiler.
const STANDARD: [&str; 5] = ["std", "core", "alloc", "test", "proc_macro"];

/// Whether a crate comes with the compiler.
#[must_use]
pub fn is_standard(krate: &str) -> bool {
    STANDARD.contains(&krate)
}

/// Whether a name has to do with somebody's own code.
#[must_use]
pub fn is_own(mangled: &str) -> bool {
    let full = format!("{:#}", demangle(mangled));
    !full.contains("::") || crates_in(&full).iter().any(|name| !is_standard(name))
}

/// Of `mangled`, what has to do with somebody's own code; all if nothing has. A crate that has an instance of the standard
/// library's generic code has it for everybody above.
pub fn telling<'name>(mangled: impl Iterator<Item = &'name str>) -> Vec<&'name str> {
    let all: Vec<&str> = mangled.collect();
    let own: Vec<&str> = all.iter().copied().filter(|name| is_own(name)).collect();
    if own.is_empty() { all } else { own }
}

/// A symbol as its author knows it, without what the standard library's macros put around it.
#[must_use]
pub fn readable(mangled: &str) -> String {
    let full = format!("{:#}", demangle(mangled));
    let own = full.strip_suffix("::__RUST_STD_INTERNAL_VAL").map_or(full.as_str(), without_closures);
    match own.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &own[..at]),
        None => own.to_owned(),
    }
}

/// `high::SEEN::{constant#0}::{closure#0}` -> `high::SEEN`
fn without_closures(path: &str) -> &str {
    path.find("::{").map_or(path, |at| &path[..at])
}

/// The crate whose source has this: the first of the path.
#[must_use]
pub fn crate_of(readable: &str) -> &str {
    let path = readable.trim_start_matches(['<', '&', '*', '[', '(']).trim_start_matches("dyn ");
    path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// All crates that a name mentions: its own, and those of the types that it was compiled for.
#[must_use]
pub fn crates_in(readable: &str) -> BTreeSet<&str> {
    let begins =
        |at: usize| readable[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !"_:".contains(c));
    let paths = readable.match_indices("::").filter_map(|(at, _)| {
        let start = readable[..at].rfind(|c: char| !c.is_alphanumeric() && c != '_').map_or(0, |before| before + 1);
        (start < at && begins(start)).then_some(&readable[start..at])
    });
    paths.collect()
}

#[cfg(test)]
mod tests {
    use super::{Names, crate_of, crates_in, readable, telling};

    #[test]
    fn the_standard_library_tells_nothing_beside_others() {
        let standard = ["<*const ()>::is_aligned_to", "core::ptr::drop_glue::<alloc::string::String>"];
        assert_eq!(telling(standard.into_iter()), standard);
        let own = ["alloc::sync::Arc<low::A>::drop_slow", "module_version"];
        assert_eq!(telling(own.into_iter().chain(standard)), own);
    }

    #[test]
    fn three_names_are_told_and_the_others_counted() {
        assert_eq!(Names::of(["b", "a", "b"]).to_string(), "`a`, `b`");
        assert_eq!(Names::of(["a", "b", "c", "d", "e"]).to_string(), "`a`, `b`, `c` and 2 more");
        assert!(Names::of([]).is_empty());
    }

    #[test]
    fn a_thread_local_is_named_as_in_the_source() {
        let value = "_RNvNCNKNvNtCs6fgZhmb63hz_4high4case4SEEN0023___RUST_STD_INTERNAL_VAL";
        assert_eq!(readable(value), "high::case::SEEN");
    }

    #[test]
    fn crates_are_read_from_paths() {
        let glue = "core::ptr::drop_glue::<alloc::sync::Arc<service::Services>>";
        assert_eq!(crate_of(glue), "core");
        assert_eq!(crates_in(glue).into_iter().collect::<Vec<_>>(), ["alloc", "core", "service"]);
        assert_eq!(crate_of("<base::List<u8> as core::ops::drop::Drop>::drop"), "base");
        assert_eq!(crates_in("<base::List<u8>>::push").into_iter().collect::<Vec<_>>(), ["base"]);
        assert_eq!(crate_of("<dyn base::Job as base::Run>::run"), "base");
    }
}
