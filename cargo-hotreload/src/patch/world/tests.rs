//! Edits of small programs, compiled by the real compiler.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::{Compiled, Lines, Plan, World};
use crate::effects::rlibs::Rlibs;
use crate::patch::agent_state::{Region, SLOT};
use crate::patch::companion::Companion;
use crate::patch::content::Contents;
use crate::patch::found::Found;
use crate::patch::link::room::Room;
use crate::patch::link::{Failure, Missing};
use crate::patch::names::readable;
use crate::patch::pairing::Unknown;
use crate::patch::refusal::Refusal;
use crate::patch::running::Running;
use crate::patch::set::{self, Set};

/// Where the program would be loaded.
pub(in crate::patch) const BIAS: u64 = 0x5555_5555_4000;

const MAIN: &str = "fn main() { println!(\"{}\", svc::answer(3)); }";

fn rustc(directory: &Path, arguments: &[&str], flags: &[&str]) {
    let mut command = Command::new("rustc");
    command.current_dir(directory).args(["--edition=2024", "-Cdebuginfo=2", "-Cincremental=incremental"]).args(flags);
    let output = command.args(arguments).output().expect("rustc starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn library(directory: &Path, source: &str, flags: &[&str]) -> Vec<u8> {
    fs::write(directory.join("svc.rs"), source).expect("written");
    rustc(directory, &["--crate-type=rlib", "--crate-name=svc", "svc.rs"], flags);
    fs::read(directory.join("libsvc.rlib")).expect("an archive")
}

fn compiled(archive: &[u8]) -> Compiled<'_> {
    let set = Set::of_archive(archive).expect("objects");
    Compiled::new("svc".to_owned(), "svc".to_owned(), set)
}

/// The program with the library `before` in it, loaded so many bytes above the addresses that it was linked for.
fn world(directory: &Path, before: &str, bias: u64, flags: &[&str]) -> World {
    let archive = library(directory, before, flags);
    fs::write(directory.join("main.rs"), MAIN).expect("written");
    rustc(directory, &["--crate-type=bin", "--extern=svc=libsvc.rlib", "main.rs"], flags);
    let executable = fs::read(directory.join("main")).expect("an executable");
    let mut running = Running::of_executable(&executable, bias).expect("an executable");
    let slots: Vec<String> = running.slots().map(|(name, _)| name.to_owned()).collect();
    for name in &slots {
        running.import(name, 0x7fff_0000_0000);
    }
    let [code, constants, variables] = regions(bias);
    let room = Room::new(code, constants, variables, -4096, 4096);
    let mut world = World::new(running, room);
    world.runs("svc", Contents::of(&compiled(&archive).set));
    world
}

/// Where code, constants and variables of patches go, for a program that is loaded like that.
pub(in crate::patch) fn regions(bias: u64) -> [Region; 3] {
    // Behind the heap of a program that is linked for fixed addresses.
    let start = if bias == 0 { 0x6000_0000 } else { bias - 0x4000_0000 };
    let region = |offset, length| Region { start: start + offset, length };
    [region(0, 64 * SLOT), region(0x0800_0000, 1 << 20), region(0x1000_0000, 1 << 20)]
}

/// What an edit comes to.
fn edit(before: &str, after: &str) -> Result<Plan, Failure> {
    with_edit([before, after], BIAS, &[], |_, _, plan| plan)
}

/// What `look` makes of an edit, with the directory that has the program, and with the objects.
pub(in crate::patch) fn with_edit<T>(
    [before, after]: [&str; 2],
    bias: u64,
    flags: &[&str],
    look: impl FnOnce(&Path, &[&Set<'_>], Result<Plan, Failure>) -> T,
) -> T {
    let directory = TempDir::new().expect("a directory");
    let mut world = world(directory.path(), before, bias, flags);
    let archive = library(directory.path(), after, flags);
    let found = Found::default();
    let mut compiled = [compiled(&archive)];
    let libraries = Rlibs::index(libraries()).expect("archives");
    loop {
        let mut others = Set::default();
        for object in found.all() {
            others.add(object).expect("an object");
        }
        match world.plan(&mut compiled, &others, &Unknown) {
            Err(Failure::Missing(Missing { needed, weak })) => {
                for name in &weak {
                    world.import(name, 0);
                }
                let more = libraries.objects(&needed).expect("readable");
                assert!(needed.is_empty() || !more.is_empty(), "nobody has {needed:?}");
                found.add(more);
            }
            done => return look(directory.path(), &[&compiled[0].set, &others], done),
        }
    }
}

/// Rust's own libraries.
pub(crate) fn libraries() -> Vec<PathBuf> {
    let output = Command::new("rustc").args(["--print", "target-libdir"]).output().expect("rustc starts");
    let directory = String::from_utf8(output.stdout).expect("text");
    let files = fs::read_dir(directory.trim()).expect("a directory").flatten().map(|entry| entry.path());
    files.filter(|path| path.extension().is_some_and(|ending| ending == "rlib")).collect()
}

fn redirected(plan: &Plan) -> Vec<String> {
    let mut names: Vec<String> = plan.linked.redirects.iter().map(|redirect| readable(&redirect.name)).collect();
    names.sort();
    names
}

const BASE: &str = r#"
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(1);
static SEEN: Mutex<Vec<String>> = Mutex::new(Vec::new());
pub fn answer(n: u32) -> String {
    SEEN.lock().unwrap().push(format!("{n}"));
    let add = |a: u32| a + COUNT.fetch_add(n, Ordering::SeqCst);
    format!("{} {}", add(helper(n)), other())
}
fn helper(n: u32) -> u32 { n * 2 }
#[inline(never)]
fn other() -> &'static str { "other" }
"#;

#[test]
fn a_string_and_a_number_change_their_function_alone() {
    let plan = edit(BASE, &BASE.replace("\"other\"", "\"another\"")).expect("a patch");
    assert_eq!(redirected(&plan), ["svc::other"]);
    assert!(plan.linked.placed.unwind.is_some());
    let plan = edit(BASE, &BASE.replace("n * 2", "n * 3")).expect("a patch");
    assert_eq!(redirected(&plan), ["svc::helper"]);
}

#[test]
fn nothing_changes_with_a_comment() {
    let plan = edit(BASE, &(BASE.to_owned() + "// more\n")).expect("a patch");
    assert_eq!((redirected(&plan).len(), plan.linked.placed.writes.len()), (0, 0));
}

#[test]
fn new_statics_and_functions_are_loaded_with_what_they_need() {
    let new = "\nstatic MORE: AtomicU32 = AtomicU32::new(7);
        thread_local! { static MINE: std::cell::Cell<u32> = const { std::cell::Cell::new(9) }; }
        fn more() -> u64 { MINE.set(MINE.get() + 1);
            let mut map = std::collections::BTreeMap::new(); map.insert(1u8, 2u16);
            map.len() as u64 + u64::from(MORE.fetch_add(1, Ordering::SeqCst)) + u64::from(MINE.get()) }";
    let after = BASE.replace("n * 2", "n * 2 + more() as u32") + new;
    let plan = edit(BASE, &after).expect("a patch");
    assert_eq!(redirected(&plan), ["svc::helper"]);
    assert!(!plan.linked.placed.thread_locals.is_empty());
    assert!(plan.linked.symbols.iter().any(|(name, _)| readable(name) == "svc::MORE"));
}

#[test]
fn another_initial_value_is_refused() {
    let refused = |after: &str| match edit(BASE, after) {
        Err(Failure::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    let name = "svc::COUNT".to_owned();
    assert_eq!(refused(&BASE.replace("AtomicU32::new(1)", "AtomicU32::new(2)")), Refusal::InitialValue { name });
}

#[test]
fn a_closure_that_came_above_another_is_told_from_it_unless_that_changed_too() {
    let above = BASE.replace("let add", "let one = |b: u32| b * 5; let n = one(n); let add");
    let plan = edit(BASE, &above).expect("a patch");
    assert_eq!(
        (plan.renamed.len(), redirected(&plan)),
        (1, vec!["svc::answer".into(), "svc::answer::{{closure}}".into()])
    );
    let refused = edit(BASE, &above.replace("a + COUNT", "a * COUNT")).map(|plan| redirected(&plan));
    let refused = refused.expect_err("which is which?");
    assert!(matches!(refused, Failure::Refused(Refusal::Ambiguous { .. })), "{refused:?}");
    let below =
        BASE.replace("format!(\"{} {}\"", "let one = |b: u32| b * 5; format!(\"{} {}\"").replace("other())", "one(1))");
    let plan = edit(BASE, &below).expect("a patch");
    assert_eq!(redirected(&plan), ["svc::answer"]);
}

#[test]
fn damaged_objects_are_refused_or_linked_but_never_trusted() {
    let directory = TempDir::new().expect("a directory");
    let world = world(directory.path(), BASE, BIAS, &[]);
    let archive = library(directory.path(), &BASE.replace("n * 2", "n * 3"), &[]);
    let members = set::members(&archive).expect("an archive");
    let (_, object) = members.into_iter().max_by_key(|(_, data)| data.len()).expect("an object");
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % below as u64).unwrap_or_default()
    };
    let mut parsed = 0;
    for round in 0..2_000 {
        let mut damaged = object.to_vec();
        for _ in 0..=round % 8 {
            // Headers and tables are at both ends.
            let at = if next(2) == 0 { next(damaged.len()) } else { damaged.len() - 1 - next(damaged.len() / 3) };
            damaged[at] = u8::try_from(next(256)).unwrap_or_default();
        }
        damaged.truncate(damaged.len() - if next(4) == 0 { next(damaged.len()) } else { 0 });
        let mut set = Set::default();
        if set.add(&damaged).is_ok() {
            parsed += 1;
            let compiled = Compiled::new("svc".to_owned(), "svc".to_owned(), set);
            let (mut compiled, others) = ([compiled], Set::default());
            if let Ok(plan) = world.plan(&mut compiled, &others, &Unknown) {
                drop(Companion::of(&[&compiled[0].set, &others], &plan.linked, BIAS));
            }
        }
        drop(Running::of_executable(&damaged, BIAS));
    }
    assert!(parsed > 100, "{parsed} of 2000 could be read");
}

#[test]
fn a_method_below_a_new_impl_block_is_what_it_was() {
    let before = "pub struct Cat;\n// here\nimpl Cat { fn own(&self) -> String { \"own\".into() } }
        pub fn answer(n: u32) -> String { let f: fn(&Cat) -> String = Cat::own; f(&Cat).repeat(n as usize) }";
    let after = before.replace("// here", "impl Cat { fn above() -> u32 { 1 } }");
    let plan = edit(before, &after).expect("a patch");
    assert_eq!(plan.renamed.len(), 1);
    assert!(redirected(&plan).iter().all(|name| name == "svc::answer"), "{:?}", redirected(&plan));
}

/// An instance that two crates use is in the lower one, until that does not use it any more. The upper one has it then, and
/// was not edited. What really is another one is found all the same.
#[test]
fn an_instance_that_moved_to_another_crate_is_no_difference() {
    let directory = TempDir::new().expect("a directory");
    let build = |low: &str, calls: &str| {
        fs::write(directory.path().join("low.rs"), low).expect("written");
        rustc(directory.path(), &["--crate-type=rlib", "--crate-name=low", "low.rs"], &[]);
        let low = fs::read(directory.path().join("liblow.rlib")).expect("an archive");
        (low, library(directory.path(), calls, &["--extern=low=liblow.rlib"]))
    };
    let low = "pub fn ends(text: &str) -> bool { text.ends_with('|') }";
    let calls = "pub fn answer(text: &str) -> bool { low::ends(text) || text.ends_with('|') }
        pub fn other(text: &str) -> bool { text.len() > 3 }";
    let (low_before, calls_before) = build(low, calls);
    let (_, calls_after) = build(&low.replace("text.ends_with('|')", "text.len() > 1"), calls);
    let before = compiled(&calls_before);
    let mut world =
        World::new(Running::default(), Room::new(regions(BIAS)[0], regions(BIAS)[1], regions(BIAS)[2], 0, 0));
    world.runs("low", Contents::of(&Set::of_archive(&low_before).expect("objects")));
    world.runs("svc", Contents::of(&before.set));
    assert_eq!(world.difference(&before, Lines::Count), None);
    let after = compiled(&calls_after);
    let names = |set: &Set<'_>| Contents::of(set).items.into_keys().collect::<BTreeSet<_>>();
    assert_ne!(names(&after.set), names(&before.set), "the instance has moved");
    assert_eq!(world.difference(&after, Lines::Count), None);
    let (_, edited) = build(low, &calls.replace("text.len() > 3", "text.len() > 4"));
    let other = world.difference(&compiled(&edited), Lines::Count).expect("a difference");
    assert!(other.contains("other"), "{other}");
}
