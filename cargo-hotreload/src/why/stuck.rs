//! Why a module is still loaded after it should have been unloaded.

use crate::why::Reason;
use crate::why::facts::{Library, Part, Thread};
use crate::why::names::{Names, readable, telling};

/// What calls a destructor when a thread ends, and keeps the library of it until then.
const THREAD_DESTRUCTORS: [&str; 2] = ["__cxa_thread_atexit_impl", "__cxa_thread_atexit"];
/// That many threads are told.
const THREADS: usize = 3;

/// The reasons for which `module` is still loaded, the surest first; `others` are the libraries that were there before
/// the reload and still are, and `threads` those with calls of the module's code on their stacks.
#[must_use]
pub fn reasons(module: &Library, others: &[&Library], threads: &[Thread]) -> Vec<Reason> {
    let name = || module.name.clone();
    let mut reasons = Vec::new();
    if module.signs.nodelete {
        reasons.push(Reason::NoDelete { module: name() });
    }
    if !module.signs.unique.is_empty() {
        let symbols = Names::of(module.signs.unique.iter().map(String::as_str));
        reasons.push(Reason::Unique { module: name(), symbols });
    }
    let users: Vec<&Library> = others.iter().copied().filter(|other| is_bound(other, module, others)).collect();
    for user in users.iter().filter(|user| user.part != Part::Module) {
        let symbols = Names::of(telling(bound_by(user, module, others)));
        reasons.push(Reason::Bound { module: name(), by: user.name.clone(), symbols });
    }
    let held: Vec<String> =
        users.iter().filter(|user| user.part == Part::Module).map(|user| user.name.clone()).collect();
    if !held.is_empty() {
        reasons.push(Reason::Held { module: name(), by: held });
    }
    if !reasons.is_empty() {
        return reasons;
    }
    if THREAD_DESTRUCTORS.iter().any(|register| module.signs.undefined.contains(*register)) {
        reasons.push(Reason::WaitsForThreads { module: name() });
    }
    // Those that were born since run the old code because it is there still.
    let old: Vec<String> = threads.iter().filter(|thread| thread.is_older).map(described).take(THREADS).collect();
    let is_nobody = old.is_empty();
    let threads = Reason::Threads { module: name(), threads: old };
    reasons.push(if is_nobody { Reason::NotClosed { module: name() } } else { threads });
    reasons
}

fn described(thread: &Thread) -> String {
    let Thread { name, id, function, waits, .. } = thread;
    let function = function.as_deref().map_or(String::new(), |function| format!(" is in `{}`", readable(function)));
    let waits = match (function.is_empty(), waits) {
        (true, None) => " runs its code".to_owned(),
        (true, Some(waits)) => format!(" {waits}, called from it"),
        (false, None) => String::new(),
        (false, Some(waits)) => format!(" and {waits}"),
    };
    format!("thread `{name}` ({id}){function}{waits}")
}

fn is_bound(user: &Library, module: &Library, all: &[&Library]) -> bool {
    user.signs.needed.contains(&module.file) || bound_by(user, module, all).next().is_some()
}

/// What `user` can have from `module` only.
fn bound_by<'library>(
    user: &'library Library,
    module: &'library Library,
    all: &'library [&'library Library],
) -> impl Iterator<Item = &'library str> {
    let elsewhere = |symbol: &&String| {
        let mut others = all.iter().filter(|other| other.file != module.file);
        others.any(|other| other.signs.defined.contains(*symbol))
    };
    let wanted = module.signs.defined.intersection(&user.signs.undefined);
    wanted.filter(move |symbol| !elsewhere(symbol)).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::reasons;
    use crate::why::facts::{Library, Part, Signs, Thread};

    fn library(name: &str, part: Part, defined: &[&str], undefined: &[&str]) -> Library {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let signs = Signs { defined: set(defined), undefined: set(undefined), ..Signs::default() };
        Library { name: name.into(), krate: name.into(), file: format!("lib{name}.so"), part, signs }
    }

    fn thread(name: &str, is_older: bool) -> Thread {
        Thread { name: name.into(), id: 7, is_older, function: Some("api::tick".into()), waits: Some("sleeps") }
    }

    fn said(module: &Library, others: &[&Library], threads: &[Thread]) -> Vec<String> {
        reasons(module, others, threads).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn who_needs_it_is_named_with_the_symbols() {
        let api = library("api", Part::Module, &["api::word", "shared"], &[]);
        let host = library("host", Part::Host, &[], &["api::word", "shared", "else"]);
        let base = library("base", Part::Resident, &["shared"], &[]);
        let mut top = library("top", Part::Module, &[], &[]);
        assert_eq!(
            said(&api, &[&host, &base, &top], &[thread("main", true)]),
            ["host, which stays loaded, is bound to api by `api::word`"]
        );
        top.signs.needed.push("libapi.so".into());
        assert_eq!(said(&api, &[&base, &top], &[]), ["api is used by top, which is still loaded"]);
    }

    #[test]
    fn what_the_file_says_comes_first() {
        let mut api = library("api", Part::Module, &[], &["__cxa_thread_atexit_impl"]);
        assert_eq!(
            said(&api, &[], &[thread("ticker", true)]),
            [
                "threads that live on have destructors of api to run when they end",
                "thread `ticker` (7) is in `api::tick` and sleeps"
            ]
        );
        api.signs.unique.push("only_one".into());
        api.signs.nodelete = true;
        let said = said(&api, &[], &[thread("ticker", true)]);
        assert!(said[0].contains("DF_1_NODELETE") && said[1].ends_with("never unloaded: `only_one`"), "{said:?}");
        assert_eq!(said.len(), 2);
    }

    #[test]
    fn without_any_sign_it_is_the_loader() {
        let api = library("api", Part::Module, &[], &[]);
        let said = said(&api, &[], &[thread("new", false)]);
        assert!(said[0].contains("loader has not closed it"), "{said:?}");
    }
}
