//! Why a program died after modules were unloaded.

use crate::why::Reason;
use crate::why::facts::{Crash, Library, Place};
use crate::why::names::{self, Names, crate_of, crates_in};

/// That many calls from the top of a stack are of what the thread does now.
const NEAR: usize = 6;
/// The end of the name of a call site of `tracing`, as its macros make it.
const CALLSITE: &str = "__CALLSITE";

/// Why a thread that was seen to die did so, if that has to do with unloading.
#[must_use]
pub fn seen(crash: &Crash, unloaded: &[Library]) -> Vec<Reason> {
    let thread = || format!("thread `{}` ({})", crash.thread, crash.id);
    let gone = |place: &&Place| place.is_gone || (place.is_reused && crash.is_older);
    if let Some(at) = crash.at.as_ref().filter(gone) {
        return vec![went_on(crash, at, thread(), unloaded)];
    }
    if let Some(used) = crash.used.as_ref().filter(|place| place.is_gone) {
        return vec![was_used(crash, used, thread())];
    }
    // It fell over something else on its way, but cannot come back either.
    let mut calls = crash.calls.iter().take(NEAR).filter(|place| place.is_gone);
    calls.next().map_or_else(Vec::new, |call| vec![went_on(crash, call, thread(), unloaded)])
}

/// A thread is in code that was unloaded.
fn went_on(crash: &Crash, at: &Place, thread: String, unloaded: &[Library]) -> Reason {
    let module = at.library.clone();
    if is_destructor(crash, at) {
        let all = unloaded.iter().filter(|library| library.name == module);
        let locals = Names::of(all.flat_map(|library| library.signs.thread_locals.iter().map(String::as_str)));
        return Reason::Destructor { module, thread, locals };
    }
    let gone = crash.calls.iter().filter(|call| call.is_gone && call.library == module);
    let mut named = [at].into_iter().chain(gone).filter_map(|place| place.symbol.as_deref());
    let telling = named.find_map(|name| owner(name, &at.krate).map(|owner| (name, owner)));
    match telling {
        Some((name, owner)) if owner != at.krate => {
            Reason::Instance { module, thread, function: Names::of([name]), owner }
        }
        _ if at.is_begin && !crash.returned => {
            let by = crash.calls.first().and_then(|call| call.symbol.as_deref());
            Reason::Called { module, thread, function: Names::of(at.symbol.as_deref()), by: Names::of(by) }
        }
        telling => {
            let function = telling.map(|(name, _)| name).or(at.symbol.as_deref());
            Reason::LeftBehind { module, thread, function: Names::of(function) }
        }
    }
}

fn is_destructor(crash: &Crash, at: &Place) -> bool {
    let calls = crash.calls.iter().take(NEAR).chain([at]).filter_map(|call| call.symbol.as_deref());
    let mut names = calls.map(full);
    names.any(|name| {
        name == "__call_tls_dtors"
            || name.contains("thread_local::destructors::")
            || (name.contains("thread_local::native::") && name.contains("::destroy"))
    })
}

/// The innermost of the functions `names` that belongs to the crate `krate`, or else the innermost that has a name.
#[must_use]
pub fn innermost<'name>(names: &'name [String], krate: &str) -> Option<&'name str> {
    let own = names.iter().find(|name| owner(name, krate).as_deref() == Some(krate));
    own.or(names.first()).map(String::as_str)
}

/// A thread wanted to read or write what was in a module.
fn was_used(crash: &Crash, used: &Place, thread: String) -> Reason {
    let module = used.library.clone();
    let what = Names::of(used.symbol.as_deref());
    let users = || crash.at.iter().chain(&crash.calls).take(NEAR).filter_map(|place| place.symbol.as_deref());
    // The standard library does it for someone.
    let by = users().find(|name| !is_standard(&full(name))).or_else(|| users().next());
    let is_tracing = by.is_some_and(|by| crate_of(&full(by)).starts_with("tracing"));
    if is_tracing || used.symbol.as_deref().is_some_and(is_callsite) {
        return Reason::Callsite { module, sites: what };
    }
    Reason::Used { module, thread, what, by: Names::of(by) }
}

/// What may have been the reason where nobody saw the death: the signs that `unloaded` modules carry. `local` are the
/// crates of the workspace.
#[must_use]
pub fn likely(unloaded: &[Library], local: &[String]) -> Vec<Reason> {
    let reasons: Vec<Reason> = unloaded.iter().flat_map(signs).collect();
    if !reasons.is_empty() {
        return reasons;
    }
    // Every program has such code, and mostly it does no harm.
    unloaded.iter().filter_map(|module| instances(module, local)).collect()
}

/// What in a module is likely to be used when it is gone.
#[must_use]
pub fn signs(module: &Library) -> Vec<Reason> {
    let Library { name, signs, .. } = module;
    let symbols = || signs.symbols.iter().map(|symbol| symbol.name.as_str());
    let mut reasons = Vec::new();
    if !signs.thread_locals.is_empty() && symbols().any(|name| is_destroying(&full(name))) {
        let locals = Names::of(signs.thread_locals.iter().map(String::as_str));
        reasons.push(Reason::MayBeDestructor { module: name.clone(), locals });
    }
    let sites = Names::of(symbols().filter(|name| is_callsite(name)));
    if !sites.is_empty() {
        reasons.push(Reason::MayBeCallsite { module: name.clone(), sites });
    }
    reasons
}

/// Code of lower crates in a module.
fn instances(module: &Library, local: &[String]) -> Option<Reason> {
    let Library { name, krate, signs, .. } = module;
    let symbols = signs.symbols.iter().map(|symbol| symbol.name.as_str());
    let is_lower = |name: &&str| owner(name, krate).is_some_and(|owner| owner != *krate && local.contains(&owner));
    let functions = Names::of(symbols.filter(|name| is_kept(&full(name))).filter(is_lower));
    (!functions.is_empty()).then(|| Reason::MayBeInstance { module: name.clone(), functions })
}

/// What is kept as an address by those who do not know its type: closures, futures, destructors.
fn is_kept(name: &str) -> bool {
    ["{closure", "FnOnce", "::future::Future>::poll", "drop_glue", "drop_in_place"]
        .iter()
        .any(|part| name.contains(part))
}

/// Whether a function is of the standard library, or of no crate.
fn is_standard(name: &str) -> bool {
    !name.contains("::") || names::is_standard(crate_of(name))
}

fn is_destroying(name: &str) -> bool {
    name.contains("thread_local::native::") && name.contains("::destroy")
}

fn is_callsite(mangled: &str) -> bool {
    full(mangled).ends_with(CALLSITE)
}

/// The crate that a function belongs to: the one whose source it is, or for the standard library's generics the lowest
/// that it was compiled for; the module's own, `krate`, if that is among them.
fn owner(mangled: &str, krate: &str) -> Option<String> {
    let name = full(mangled);
    if !is_standard(&name) {
        return Some(crate_of(&name).to_owned());
    }
    let mentioned = crates_in(&name);
    let mut others = mentioned.iter().filter(|name| !names::is_standard(name));
    if mentioned.contains(krate) { Some(krate.to_owned()) } else { others.next().map(|name| (*name).to_owned()) }
}

fn full(mangled: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(mangled))
}

#[cfg(test)]
mod tests {
    use super::{likely, seen};
    use crate::why::Reason;
    use crate::why::facts::{Crash, Library, Part, Place, Signs, Symbol};

    fn place(symbol: &str, is_gone: bool) -> Place {
        Place {
            library: "my-api".into(),
            krate: "my_api".into(),
            symbol: Some(symbol.into()),
            is_gone,
            ..Place::default()
        }
    }

    fn crash(at: Place, calls: Vec<Place>) -> Crash {
        Crash { thread: "ticker".into(), id: 7, is_older: true, signal: 11, at: Some(at), calls, ..Crash::default() }
    }

    fn said(crash: &Crash) -> Vec<String> {
        seen(crash, &[module()]).iter().map(ToString::to_string).collect()
    }

    fn module() -> Library {
        let symbol = |name: &str| Symbol { address: 0, size: 1, name: name.into() };
        let names = [
            "std::sys::thread_local::native::eager::destroy::<alloc::string::String>",
            "my_api::start::__CALLSITE",
            "my_api::own::{closure#0}",
            "low::spawn::<my_api::Job>::{closure#0}",
            "core::ptr::drop_glue::<low::Kept>",
        ];
        let signs = Signs {
            thread_locals: vec!["my_api::SEEN".into()],
            symbols: names.map(symbol).to_vec(),
            ..Signs::default()
        };
        Library {
            name: "my-api".into(),
            krate: "my_api".into(),
            file: "libmy_api.so".into(),
            part: Part::Module,
            signs,
        }
    }

    #[test]
    fn a_thread_that_was_left_behind_is_named_with_the_function_of_the_module() {
        let library = place("<alloc::vec::Vec<u8>>::push", true);
        let own = place("my_api::tick", true);
        let returned = Crash { returned: true, ..crash(library.clone(), vec![own.clone()]) };
        let sentence = "thread `ticker` (7) went on in code of my-api that was unloaded: `my_api::tick`";
        assert_eq!(said(&returned), [sentence]);
        assert_eq!(said(&crash(own.clone(), vec![]))[0], sentence);
        // It was killed by something else while it was out.
        let outside = place("memcpy", false);
        assert!(matches!(seen(&crash(outside.clone(), vec![own]), &[])[..], [Reason::LeftBehind { .. }]));
        assert_eq!(seen(&crash(outside, vec![]), &[]), []);
    }

    #[test]
    fn code_of_a_lower_crate_is_told_from_the_modules_own() {
        let instance = place("low::spawn::<my_api::Job>::{closure#0}", true);
        let reasons = seen(&crash(place("<std::sync::mpmc::Channel<u8>>::recv", true), vec![instance]), &[]);
        assert!(matches!(&reasons[..], [Reason::Instance { owner, .. }] if owner == "low"), "{reasons:?}");
    }

    #[test]
    fn a_callback_is_told_with_its_caller() {
        let begin = Place { is_begin: true, ..place("my_api::on_event", true) };
        let sentence =
            "thread `ticker` (7) called code of my-api that was unloaded: `my_api::on_event`, from `base::emit`";
        assert_eq!(said(&crash(begin, vec![place("base::emit", false)])), [sentence]);
    }

    #[test]
    fn a_destructor_is_known_by_what_it_is_or_who_calls_it() {
        let at = place("std::sys::thread_local::native::eager::destroy::<alloc::string::String>", true);
        let sentence =
            "thread `ticker` (7) ended, and the destructor of a thread-local of my-api was unloaded: `my_api::SEEN`";
        assert_eq!(said(&crash(at, vec![])), [sentence]);
        assert_eq!(said(&crash(place("x", true), vec![place("__call_tls_dtors", false)])), [sentence]);
    }

    #[test]
    fn memory_that_is_used_by_tracing_is_a_call_site() {
        let with = |by: &str, what: &str| Crash { used: Some(place(what, true)), ..crash(place(by, false), vec![]) };
        let reasons = seen(&with("tracing_core::callsite::rebuild", "anon"), &[]);
        assert!(matches!(reasons[..], [Reason::Callsite { .. }]), "{reasons:?}");
        let said = said(&with("base::print", "my_api::NAME"));
        assert_eq!(
            said,
            ["thread `ticker` (7) used memory of my-api that was unloaded: `my_api::NAME`, in `base::print`"]
        );
    }

    #[test]
    fn signs_are_told_as_what_they_are() {
        let local = ["low".into(), "my_api".into()];
        let mut module = module();
        let mut reasons = likely(&[module.clone()], &local);
        assert!(matches!(reasons[..], [Reason::MayBeDestructor { .. }, Reason::MayBeCallsite { .. }]), "{reasons:?}");
        module.signs.thread_locals.clear();
        module.signs.symbols.retain(|symbol| !symbol.name.ends_with("__CALLSITE"));
        reasons.extend(likely(&[module], &local));
        let [.., Reason::MayBeInstance { functions, .. }] = &reasons[..] else { panic!("{reasons:?}") };
        assert_eq!(
            functions.to_string(),
            "`core::ptr::drop_glue::<low::Kept>`, `low::spawn::<my_api::Job>::{closure#0}`"
        );
        assert!(reasons.iter().all(|reason| reason.to_string().starts_with("maybe ")));
        assert_eq!(likely(&[], &[]), []);
    }
}
