//! Checks of the modules that were built: whether they can be unloaded, and what in them is likely to stay behind.

use crate::plan::checks::Check;
use crate::why::Reason;
use crate::why::died::signs;
use crate::why::facts::Library;
use crate::why::names::Names;

const NAME: &str = "modules";

/// One check for each sign that one of the `built` modules carries. `None`: nothing was built.
#[must_use]
pub fn modules(built: Option<&[Library]>) -> Vec<Check> {
    let Some(built) = built else {
        return vec![Check::skipped(NAME, "none were built yet: `cargo hotreload run --strategy modules` does")];
    };
    let found: Vec<Check> = built.iter().flat_map(checks).collect();
    if !found.is_empty() {
        return found;
    }
    let plural = if built.len() == 1 { " has" } else { "s have" };
    vec![Check::ok(NAME, format!("{} built module{plural} no sign of what cannot be unloaded", built.len()))]
}

fn checks(module: &Library) -> Vec<Check> {
    let Library { name, signs: says, .. } = module;
    let unloadable = || Reason::NoDelete { module: name.clone() };
    let mut found = Vec::new();
    if says.nodelete {
        let help = in_document(unloadable().help());
        found.push(Check::failed(NAME, unloadable().to_string(), help));
    }
    if !says.unique.is_empty() {
        let symbols = Names::of(says.unique.iter().map(String::as_str));
        let reason = Reason::Unique { module: name.clone(), symbols };
        found.push(Check::warning(NAME, reason.to_string(), in_document(reason.help())));
    }
    found.extend(signs(module).into_iter().filter_map(|reason| {
        let what = match &reason {
            Reason::MayBeDestructor { locals, .. } => format!("{name} has thread-locals with destructors: {locals}"),
            Reason::MayBeCallsite { sites, .. } => format!("{name} has call sites of `tracing`: {sites}"),
            _ => return None,
        };
        Some(Check::warning(NAME, what, in_document(reason.help())))
    }));
    found
}

fn in_document(help: &str) -> String {
    format!("{help} (docs/reload-safety.md)")
}

#[cfg(test)]
mod tests {
    use super::modules;
    use crate::plan::checks::Verdict;
    use crate::why::facts::{Library, Part, Signs, Symbol};

    fn module(signs: Signs) -> Library {
        Library { name: "api".into(), krate: "api".into(), file: "libapi.so".into(), part: Part::Module, signs }
    }

    #[test]
    fn every_sign_is_a_check_with_its_mend() {
        let symbol = |name: &str| Symbol { address: 0, size: 1, name: name.into() };
        let signs = Signs {
            nodelete: true,
            unique: vec!["only_one".into()],
            thread_locals: vec!["api::SEEN".into()],
            symbols: vec![
                symbol("std::sys::thread_local::native::lazy::destroy::<alloc::string::String>"),
                symbol("api::start::__CALLSITE"),
            ],
            ..Signs::default()
        };
        let found = modules(Some(&[module(signs)]));
        let told: Vec<(Verdict, &str)> = found.iter().map(|check| (check.outcome, check.found.as_str())).collect();
        assert_eq!(told.len(), 4, "{told:?}");
        assert_eq!(told[0].0, Verdict::Failed);
        assert_eq!(told[2], (Verdict::Warning, "api has thread-locals with destructors: `api::SEEN`"));
        assert_eq!(told[3].1, "api has call sites of `tracing`: `api::start::__CALLSITE`");
        assert!(found.iter().all(|check| check.help.as_ref().is_some_and(|help| help.contains("docs/"))));
    }

    #[test]
    fn nothing_found_is_told_apart_from_nothing_there() {
        assert_eq!(modules(None)[0].outcome, Verdict::Skipped);
        let of = |count: usize| modules(Some(&vec![module(Signs::default()); count]))[0].found.clone();
        assert_eq!(of(1), "1 built module has no sign of what cannot be unloaded");
        assert!(of(2).starts_with("2 built modules have"));
    }
}
