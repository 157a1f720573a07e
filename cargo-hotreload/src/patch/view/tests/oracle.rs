//! The compiler as a judge: whatever the table says that callers do not see must leave their machine code as it was.
//!
//! All edits that can be compiled are modules of one crate, each with a caller in another. Both crates are compiled before
//! and now, as a dev build does, and the callers' functions are compared. Since each module has its own files, an edit
//! moves nothing in another.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::patch::view::tests::edits::{Edit, edits};
use crate::patch::view::tests::objects::{Code, functions};
use crate::patch::view::{Callers, Known, Sources, View, compare};
use crate::patch::world::Lines;

/// Instances of generics that callers take from the library, whichever edits are in it. Where the compiler optimizes, it
/// would inline its own instance and call the library's: other machine code that does the same.
const SHARED: &str = "pub fn shared() -> usize {
    let (mut v, w): (Vec<u32>, Vec<u64>) = (vec![1, 2], Vec::with_capacity(3));
    v.push(3);
    v.into_iter().filter(|x| *x > 1).map(|x| x + 1).collect::<Vec<u32>>().len() + w.len() + format!(\"{w:?}\").len()
}
";

/// Functions that are not the same, by the number of the edit that they belong to.
type Differences = BTreeMap<Option<usize>, Vec<String>>;

/// The functions of both crates.
struct Build {
    library: Code,
    caller: Code,
}

#[test]
fn the_compiler_agrees_without_optimization() {
    unseen_edits_change_nothing("0", Callers::Unoptimized);
}

#[test]
fn the_compiler_agrees_with_optimization() {
    unseen_edits_change_nothing("1", Callers::Optimized);
}

/// If the comparison found nothing wherever it looked, the tests above would say nothing.
#[test]
fn the_compiler_shows_what_is_seen() {
    let (seen, different) =
        judge("0", (Callers::Unoptimized, Lines::Count), |view| matches!(view, View::Visible { .. }));
    let is_found = |number: &usize| different.contains_key(&Some(*number));
    let missing = seen.iter().filter(|(number, edit)| edit.is_proven && !is_found(number));
    let missing: Vec<&str> = missing.map(|(_, edit)| edit.name.as_str()).collect();
    assert!(missing.is_empty(), "the compiler makes the same of these: {missing:#?}");
    let found = seen.iter().filter(|(number, _)| is_found(number)).count();
    println!("callers of {found} of {} edits that count as seen come out different", seen.len());
}

#[test]
fn the_compiler_agrees_that_nothing_but_lines_is_seen() {
    let (edits, different) = judge("0", (Callers::Unoptimized, Lines::AreLeftOut), View::is_of_lines);
    assert!(edits.len() > 10, "there are {} edits", edits.len());
    assert!(different.is_empty(), "callers see more than lines of {different:#?}");
    let (_, different) = judge("0", (Callers::Unoptimized, Lines::Count), View::is_of_lines);
    assert!(different.len() > 5, "callers see lines of {} edits", different.len());
}

fn unseen_edits_change_nothing(opt_level: &str, callers: Callers) {
    let (unseen, different) = judge(opt_level, (callers, Lines::Count), View::is_masked);
    let named = |number: &Option<usize>| {
        let edit = unseen.iter().find(|(found, _)| Some(*found) == *number);
        edit.map_or("no edit", |(_, edit)| edit.name.as_str())
    };
    let wrong: Vec<_> = different.iter().map(|(number, found)| (named(number), found)).collect();
    assert!(unseen.len() > 60, "there are {} edits", unseen.len());
    assert!(wrong.is_empty(), "callers see nothing of {wrong:#?}");
}

/// Compiles the edits whose verdict is `chosen`, with their numbers, and compares their callers.
///
/// Others are left out, because callers share instances of the standard library's generics, and where the compiler
/// optimizes, what it makes of one depends on the others.
fn judge(
    opt_level: &str,
    (callers, lines): (Callers, Lines),
    chosen: impl Fn(&View) -> bool,
) -> (Vec<(usize, Edit)>, Differences) {
    let is_chosen = |(_, edit): &(usize, Edit)| {
        let is_comparable = opt_level == "0" || !edit.name.ends_with("which may be shared");
        is_comparable && edit.caller.is_some() && chosen(&compare(&edit.before, &edit.now, callers, &Known::default()))
    };
    let edits: Vec<(usize, Edit)> = edits().into_iter().enumerate().filter(is_chosen).collect();
    let (before, now) = thread::scope(|scope| {
        let before = scope.spawn(|| build(&edits, |edit| &edit.before, opt_level, lines));
        let now = build(&edits, |edit| &edit.now, opt_level, lines);
        (before.join().expect("the old build"), now)
    });
    (edits, differences(&before, &now))
}

/// Compiles all edits, with those sources that `side` chooses.
fn build(edits: &[(usize, Edit)], side: impl Fn(&Edit) -> &Sources, opt_level: &str, lines: Lines) -> Build {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    let (mut library, mut caller) = (SHARED.to_owned(), String::new());
    for (number, edit) in edits {
        writeln!(library, "#[path = \"e{number}/lib.rs\"] pub mod e{number};").expect("memory");
        writeln!(caller, "#[path = \"c{number}.rs\"] pub mod c{number};").expect("memory");
        for (path, text) in &side(edit).files {
            write(&root.join(format!("e{number}")).join(path.strip_prefix("src").expect("src")), text);
        }
        let text = edit.caller.as_deref().unwrap_or_default();
        write(&root.join(format!("c{number}.rs")), &format!("use lib::e{number}::*;\n{text}"));
    }
    write(&root.join("lib.rs"), &library);
    write(&root.join("caller.rs"), &caller);
    rustc(root, "lib", opt_level, &[]);
    rustc(root, "caller", opt_level, &["--extern".into(), "lib=liblib.rlib".into()]);
    let read = |name: &str| functions(&fs::read(root.join(name)).expect("what was compiled"), lines);
    Build { library: read("liblib.rlib"), caller: read("libcaller.rlib") }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
    fs::write(path, text).expect("a file");
}

/// Compiles a crate as a dev build does, but without debug information.
fn rustc(root: &Path, name: &str, opt_level: &str, more: &[OsString]) {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.current_dir(root).args(["--edition=2024", "--crate-type=rlib", "--cap-lints=allow", "--crate-name", name]);
    command.arg(format!("-Copt-level={opt_level}")).arg(format!("-Cincremental=incremental-{name}"));
    command.args(["-Cembed-bitcode=no", "-Csymbol-mangling-version=v0", "-Cdebug-assertions=on"]);
    let output = command.arg(format!("{name}.rs")).args(more).output().expect("rustc");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The caller's functions that are not the same, by the edit that they belong to.
///
/// A generic of another crate that both crates use is compiled into the library alone, if it is there. So a function that
/// the caller has no more, or had not before, must be the library's then.
fn differences(before: &Build, now: &Build) -> Differences {
    let mut found = Differences::new();
    let names: BTreeSet<&String> = before.caller.keys().chain(now.caller.keys()).collect();
    for name in names {
        let of = |build: &'_ Build| build.caller.get(name).or_else(|| build.library.get(name)).cloned();
        if of(before) != of(now) {
            found.entry(edit_of(name)).or_default().push(name.clone());
        }
    }
    found
}

/// The edit whose module a function's name names first.
fn edit_of(name: &str) -> Option<usize> {
    let mut words = name.split(|sign: char| !sign.is_alphanumeric());
    words.find_map(|word| word.strip_prefix(['c', 'e'])?.parse().ok())
}
