//! What mangled names say.

use rustc_demangle::demangle;

/// A name without what the compiler numbers: hashes, disambiguators and the numbers of closures. Two functions of one
/// stem may be instances of one generic function, closures of one function, or methods of two `impl` blocks.
#[must_use]
pub fn stem(mangled: &str) -> String {
    let mut stem = String::new();
    let full = format!("{:#}", demangle(mangled));
    let mut rest = full.as_str();
    while let Some((before, after)) = rest.split_once('#') {
        stem.push_str(before);
        rest = after.trim_start_matches(|digit: char| digit.is_ascii_digit());
    }
    stem + rest
}

/// Whether items of this stem are told apart by a number in the order of the source: an item above makes it another.
#[must_use]
pub fn is_numbered(stem: &str) -> bool {
    ["{closure", "{{closure", "{constant", "{{constant", "{async_", "{coroutine", "{gen_"]
        .iter()
        .any(|part| stem.contains(part))
}

/// Whether the stem names something of the crate `name`, or an instance of something for it.
#[must_use]
pub fn is_about(stem: &str, name: &str) -> bool {
    stem.match_indices(name).any(|(at, _)| {
        let before = stem[..at].chars().next_back();
        let is_begin = before.is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':');
        is_begin && stem[at + name.len()..].starts_with("::")
    })
}

/// Whether a new copy of the static is as good as the one that runs: a place in the source that is known to a registry,
/// which takes the new one as it has taken the old.
#[must_use]
pub fn may_be_copied(stem: &str) -> bool {
    // `tracing` and `log` make them up for each call.
    stem.ends_with("::__CALLSITE") || stem.ends_with("::META") || stem.ends_with("::__tracing_attr_span")
}

/// The name as a person reads it.
#[must_use]
pub fn readable(mangled: &str) -> String {
    format!("{:#}", demangle(mangled))
}

#[cfg(test)]
mod tests {
    use super::{is_about, is_numbered, stem};

    #[test]
    fn both_manglings_lose_their_numbers() {
        let legacy = "_ZN3svc5greet28_$u7b$$u7b$closure$u7d$$u7d$17hbadabfb3f2c4da79E";
        assert_eq!(stem(legacy), "svc::greet::{{closure}}");
        let new = "_RNCNvMsi_NtNtNtCsjrHSEGnQ3l9_3std3sys2fs4unixNtB7_4File4open0Bd_";
        assert_eq!(stem(new), "<std::sys::fs::unix::File>::open::{closure}");
        assert!(is_numbered(&stem(legacy)) && is_numbered(&stem(new)) && !is_numbered("svc::greet"));
    }

    #[test]
    fn a_crate_is_found_as_a_whole_word_at_the_begin_of_a_path() {
        assert!(is_about("svc::greet", "svc") && is_about("<svc::Type as core::fmt::Debug>::fmt", "svc"));
        assert!(
            !is_about("my_svc::greet", "svc") && !is_about("core::svc::greet", "svc") && !is_about("svc2::x", "svc")
        );
    }
}
