//! Live patching, item by item: programs, each with edits and exactly what comes of them.
//!
//! Many cases share one program: the library `svc` has a module for each, and so has the library `low` below it where a
//! case is about two crates. A round of edits is compiled and patched as one, and then every case is asked. What must not
//! get in is tried one by one, and everything goes on as it was.
//!
//! `CONFORMANCE=all cargo test --test suite conformance` runs every program with every linker that is there, and with
//! other options of the compiler; it takes minutes. `CONFORMANCE_CASE=name` leaves out all other cases.

use crate::conformance::case::{Case, Refusal};
use crate::conformance::setting::{Setting, settings};
use crate::conformance::trial::Trial;

mod case;
mod data;
mod endings;
mod functions;
mod futures;
mod indirect;
mod initialisers;
mod laboratory;
mod numbered;
mod refusals;
mod running;
mod setting;
mod statics;
mod trial;
mod two_crates;
mod unwinding;

/// Runs `cases` on each setting of this test, and says everything that was not as it has to be.
#[track_caller]
fn hold(cases: &[Case], refusals: &[Refusal]) {
    hold_on(&settings(), cases, refusals);
}

/// As [`hold`], where the edited crates are not optimised.
#[track_caller]
fn hold_unoptimised(cases: &[Case]) {
    let settings: Vec<Setting> = settings().into_iter().filter(|setting| setting.opt_level == 0).collect();
    hold_on(&settings, cases, &[]);
}

#[track_caller]
fn hold_on(settings: &[Setting], cases: &[Case], refusals: &[Refusal]) {
    let wanted = |name: &str| std::env::var("CONFORMANCE_CASE").is_ok_and(|wanted| wanted == name);
    let one: Vec<Case> = cases.iter().filter(|case| wanted(case.name)).copied().collect();
    let cases = if one.is_empty() { cases } else { &one };
    let refusals: Vec<Refusal> =
        refusals.iter().filter(|refusal| cases.iter().any(|case| case.name == refusal.case)).copied().collect();
    let wrong: Vec<String> =
        settings.iter().flat_map(|setting: &Setting| Trial::run(setting, cases, &refusals)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
