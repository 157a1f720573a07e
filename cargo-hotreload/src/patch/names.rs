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

/// The static that a function of this stem makes when it is first used: `LazyLock` and its like, `thread_local!`,
/// `lazy_static!`. It may be a constant's closure as well.
#[must_use]
pub fn made_by(stem: &str) -> Option<&str> {
    const INITIALISERS: [&str; 4] = ["::{{closure}}", "::{closure}", "::__rust_std_internal_init_fn", "::__init"];
    const INSIDE: [&str; 2] = ["::{{constant}}", "::{constant}"];
    const LAZY_STATIC: &str = " as core::ops::deref::Deref>::deref::__static_ref_initialize";
    let path = match stem.strip_suffix(LAZY_STATIC) {
        Some(implementation) => implementation.strip_prefix('<')?,
        None => INITIALISERS.iter().find_map(|suffix| stem.strip_suffix(suffix))?,
    };
    let path = INSIDE.iter().find_map(|suffix| path.strip_suffix(suffix)).unwrap_or(path);
    let (_, last) = path.rsplit_once("::")?;
    let is_of_static = |letter: char| letter.is_uppercase() || letter.is_numeric() || letter == '_';
    (last.chars().all(is_of_static) && last.contains(char::is_uppercase)).then_some(path)
}

/// Whether the stem has the path `path` in it.
#[must_use]
pub fn is_under(stem: &str, path: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    stem.match_indices(path).any(|(at, _)| !stem[at + path.len()..].starts_with(is_name))
}

/// Whether it drops the values of a type: the compiler makes it, and it changes with the type alone.
#[must_use]
pub fn is_glue(stem: &str) -> bool {
    stem.starts_with("core::ptr::drop_in_place") || stem.starts_with("core::ptr::drop_glue")
}

/// Whether it writes a value as text, and no closure does that for it. Edits often have other types written.
#[must_use]
pub fn is_formatting(stem: &str) -> bool {
    (stem.starts_with("core::fmt::") || stem.contains(" as core::fmt::")) && !stem.contains("::FromFn")
}

/// What in the stem is of the crate `name` and told apart by a number: the closure for which a function of the standard
/// library was compiled, say. The whole stem if there is no such thing.
#[must_use]
pub fn numbered_of<'stem>(stem: &'stem str, name: &str) -> &'stem str {
    let is_begin = |at: usize| stem[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric() && !"_:".contains(c));
    let begins = stem.match_indices(name).map(|(at, _)| at).filter(|at| is_begin(*at));
    let paths = begins.filter(|at| stem[at + name.len()..].starts_with("::")).map(|at| path_at(&stem[at..]));
    paths.filter(|path| is_numbered(path)).last().unwrap_or(stem)
}

/// The path that a text begins with.
fn path_at(text: &str) -> &str {
    let (mut depth, mut end) = (0_u32, text.len());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' => depth += 1,
            b'>' if depth > 0 => depth -= 1,
            b'>' | b',' | b')' | b' ' if depth == 0 => {
                end = at;
                break;
            }
            _ => {}
        }
    }
    &text[..end]
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

/// The name without what optimisation adds to it: a function or static of one codegen unit that others use, too, gets a
/// number that is another one after each edit. What the compiler made up (`vtable.3`) keeps it, for only with the number
/// it is one.
#[must_use]
pub fn unpromoted(symbol: &str) -> &str {
    let is_mangled = symbol.starts_with("_ZN") || symbol.starts_with("_R");
    match symbol.split_once(".llvm.") {
        Some((name, number)) if is_mangled && number.bytes().all(|byte| byte.is_ascii_alphanumeric()) => name,
        _ => symbol,
    }
}

/// The name as a person reads it.
#[must_use]
pub fn readable(mangled: &str) -> String {
    format!("{:#}", demangle(mangled))
}

#[cfg(test)]
mod tests {
    use super::{is_about, is_numbered, is_under, made_by, numbered_of, stem, unpromoted};

    #[test]
    fn what_makes_a_static_is_known_by_its_name() {
        for stem in [
            "app::deep::CONFIG_2::{{closure}}",
            "app::deep::CONFIG_2::{closure}",
            "app::deep::CONFIG_2::{{constant}}::{{closure}}",
            "app::deep::CONFIG_2::{constant}::__rust_std_internal_init_fn",
            "app::deep::CONFIG_2::__init",
            "<app::deep::CONFIG_2 as core::ops::deref::Deref>::deref::__static_ref_initialize",
        ] {
            assert_eq!(made_by(stem), Some("app::deep::CONFIG_2"), "{stem}");
        }
        for stem in
            ["app::main::{{closure}}", "app::CONFIG", "<app::X as app::T>::f::{{closure}}", "app::_::{{closure}}", ""]
        {
            assert_eq!(made_by(stem), None, "{stem}");
        }
        for stem in ["app::WORD", "app::WORD::{{closure}}::VAL", "<app::WORD as T>::deref::LAZY"] {
            assert!(is_under(stem, "app::WORD"), "{stem}");
        }
        assert!(!is_under("app::WORDS", "app::WORD") && !is_under("app::WORD_2::VAL", "app::WORD"));
    }

    #[test]
    fn what_others_use_too_keeps_its_name() {
        let name = "_ZN3svc5greet17hbadabfb3f2c4da79E";
        assert_eq!(unpromoted(&format!("{name}.llvm.14413624391827116626")), name);
        assert_eq!((unpromoted(name), unpromoted("vtable.3.llvm.17")), (name, "vtable.3.llvm.17"));
        assert_eq!(unpromoted("_RNvCs1_3svc5greet.llvm.1234"), "_RNvCs1_3svc5greet");
    }

    #[test]
    fn both_manglings_lose_their_numbers() {
        let legacy = "_ZN3svc5greet28_$u7b$$u7b$closure$u7d$$u7d$17hbadabfb3f2c4da79E";
        assert_eq!(stem(legacy), "svc::greet::{{closure}}");
        let new = "_RNCNvMsi_NtNtNtCsjrHSEGnQ3l9_3std3sys2fs4unixNtB7_4File4open0Bd_";
        assert_eq!(stem(new), "<std::sys::fs::unix::File>::open::{closure}");
        assert!(is_numbered(&stem(legacy)) && is_numbered(&stem(new)) && !is_numbered("svc::greet"));
    }

    #[test]
    fn the_closure_is_named_for_which_something_was_compiled() {
        for (stem, closure) in [
            ("svc::f::{{closure}}", "svc::f::{{closure}}"),
            ("svc::f::{{closure}}::inner", "svc::f::{{closure}}::inner"),
            (
                "core::ptr::drop_in_place<core::iter::call<usize,svc::f::{{closure}}>::{{closure}}>",
                "svc::f::{{closure}}",
            ),
            ("core::iter::call::{{closure}}", "core::iter::call::{{closure}}"),
        ] {
            assert_eq!(numbered_of(stem, "svc"), closure, "{stem}");
        }
    }

    #[test]
    fn a_crate_is_found_as_a_whole_word_at_the_begin_of_a_path() {
        assert!(is_about("svc::greet", "svc") && is_about("<svc::Type as core::fmt::Debug>::fmt", "svc"));
        assert!(
            !is_about("my_svc::greet", "svc") && !is_about("core::svc::greet", "svc") && !is_about("svc2::x", "svc")
        );
    }
}
