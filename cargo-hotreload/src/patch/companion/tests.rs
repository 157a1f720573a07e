//! Companions of small patches, read by those whom they are for.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::patch::companion::Companion;
use crate::patch::names::readable;
use crate::patch::object::Kind;
use crate::patch::world::tests::{BIAS, regions, with_edit};

mod objects;
mod process;

/// What a program says. It warns of debug information that is not as it should be.
fn output(program: &str, arguments: &[impl AsRef<OsStr>]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap_or_else(|cause| panic!("{program}: {cause}"));
    let said = String::from_utf8_lossy(&output.stderr);
    // The compiler's objects have lists that nothing refers to.
    let is_ours = |line: &&str| line.to_lowercase().contains("warning") && !line.contains("Location lists");
    assert!(output.status.success() && !said.lines().any(|line| is_ours(&line)), "{program}: {said}");
    String::from_utf8(output.stdout).expect("text") + &said
}

/// What GDB answers to `questions` about the file.
fn gdb(file: &Path, questions: &[String]) -> String {
    let asked = questions.iter().flat_map(|question| ["-ex", question]);
    let settings = ["-nx", "-batch", "-iex", "set debuginfod enabled off"];
    let arguments: Vec<_> = settings.into_iter().chain(asked).map(OsStr::new).chain([file.as_os_str()]).collect();
    output("gdb", &arguments)
}

/// A function, and a place in it.
type Frame = (String, String);

/// What is at each of `addresses`, innermost first.
fn frames(file: &Path, addresses: impl IntoIterator<Item = u64>) -> Vec<Vec<Frame>> {
    let addresses = addresses.into_iter().map(|address| format!("{address:#x}").into());
    let arguments = ["-afie".into(), file.as_os_str().to_owned()].into_iter().chain(addresses);
    let said = output("addr2line", &arguments.collect::<Vec<_>>());
    let mut frames: Vec<Vec<Frame>> = Vec::new();
    let mut lines = said.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("0x") {
            frames.push(Vec::new());
        } else if let (Some(frames), Some(place)) = (frames.last_mut(), lines.next()) {
            let place = place.split(" (discriminator").next().unwrap_or_default();
            frames.push((line.to_owned(), place.to_owned()));
        }
    }
    frames
}

const BASE: &str = "
use std::sync::atomic::{AtomicU32, Ordering};
static COUNT: AtomicU32 = AtomicU32::new(1);
pub fn answer(n: u32) -> String { format!(\"{} {}\", helper(n), untouched(n)) }
#[inline(never)]
fn helper(n: u32) -> u32 { n * 2 }
#[inline(never)]
fn untouched(n: u32) -> u32 { [1, 2, n].iter().map(|x| x + COUNT.load(Ordering::SeqCst)).sum() }
";

/// It goes over several lines, and takes a new static, a closure and a function of the standard library with it.
const NEW: &str = "fn helper(n: u32) -> u32 {
    let first = inner(n);
    first + new(n) + COUNT.load(Ordering::SeqCst)
}
#[inline(always)]
fn inner(n: u32) -> u32 {
    std::hint::black_box(n) * std::hint::black_box(77)
}
pub static FRESH: AtomicU32 = AtomicU32::new(7);
#[inline(never)]
fn new(n: u32) -> u32 {
    let boxed: Box<dyn Fn(u32) -> u32> = Box::new(move |value| value * n + FRESH.fetch_add(1, Ordering::SeqCst));
    std::hint::black_box(boxed)(3)
}
";

fn line_of(source: &str, text: &str) -> usize {
    source.lines().position(|line| line.contains(text)).expect("it is there") + 1
}

/// Everything that has to be true whatever the format is.
fn is_right(flags: &[&str]) {
    let after = BASE.replace("fn helper(n: u32) -> u32 { n * 2 }", NEW);
    with_edit([BASE, &after], BIAS, flags, |directory, sets, plan| {
        let linked = plan.expect("a patch").linked;
        let companion = Companion::of(sets, &linked, 0).expect("readable").expect("there is code");
        let file = directory.join("companion");
        fs::write(&file, &companion.image).expect("written");
        output("readelf", &["-aW", file.to_str().expect("text")]);
        output("objdump", &["--dwarf", file.to_str().expect("text")]);

        let [code, ..] = regions(BIAS);
        assert_eq!(companion.slots(code), 0..1);
        let functions: Vec<_> = companion.symbols.iter().filter(|symbol| symbol.kind == Kind::Code).collect();
        assert!(functions.len() > 1 && functions[0].address >= code.start, "{functions:?}");
        let lines = companion.perf_map();
        assert_eq!(lines.lines().count(), functions.len());
        let found = frames(&file, functions.iter().map(|function| function.address));
        for (function, frames) in functions.iter().zip(found) {
            let (name, place) = frames.last().expect("a function");
            assert_eq!(name, function.name);
            let (path, line) = place.rsplit_once(':').expect("a line");
            let readable = readable(name);
            let own = ["helper", "new"].into_iter().find(|own| readable == format!("svc::{own}"));
            if let Some(own) = own {
                let begin = line_of(&after, &format!("fn {own}("));
                let line: usize = line.parse().expect("a number");
                assert!(path.contains("svc.rs") && (begin..begin + 4).contains(&line), "{readable}: {place}");
            } else {
                assert!(!path.contains('?'), "{readable}: {place}");
            }
            let line = format!("{:x} {:x} {readable}\n", function.address, function.size);
            assert!(lines.contains(&line), "{lines}");
        }
        is_known_to_gdb(&companion, &file);
        is_inlined(&companion, &file, line_of(&after, "black_box"), line_of(&after, "inner(n);"));
        for nowhere in frames(&file, [0, 0x10]) {
            assert_eq!(nowhere, [("??".to_owned(), "??:0".to_owned())]);
        }
    });
}

/// GDB finds what there is, and nothing that is not there.
fn is_known_to_gdb(companion: &Companion<'_>, file: &Path) {
    let address = |name: &str| {
        let found = companion.symbols.iter().find(|symbol| readable(symbol.name) == name);
        found.unwrap_or_else(|| panic!("{name} in {:?}", companion.symbols)).address
    };
    let helper = address("svc::helper");
    let said = gdb(file, &[format!("info symbol {helper:#x}"), format!("info line *{helper:#x}")]);
    assert!(said.contains("svc::helper") && said.contains("in section .text") && said.contains("svc.rs"), "{said}");
    let fresh = address("svc::FRESH");
    let said = gdb(file, &["print &svc::FRESH".to_owned()]);
    assert!(said.contains(&format!("{fresh:#x} <svc::FRESH")), "{said}");
    let said = gdb(file, &["info address svc::COUNT".to_owned(), "break svc::untouched".to_owned()]);
    assert!(said.contains("No symbol \"svc::COUNT\"") && said.contains("\"svc::untouched\" not defined"), "{said}");
    let said = gdb(file, &["info symbol 0".to_owned(), "info line *0".to_owned()]);
    assert_eq!(said.matches("No ").count(), 2, "{said}");
}

/// Somewhere in `svc::helper` is the line `inner` of the function of this name, called by the line `call`.
fn is_inlined(companion: &Companion<'_>, file: &Path, inner: usize, call: usize) {
    let helper = companion.symbols.iter().find(|symbol| readable(symbol.name) == "svc::helper").expect("it is there");
    let is_at = |(_, place): &Frame, line: usize| place.ends_with(&format!(":{line}"));
    let everywhere = frames(file, (helper.address..helper.address + helper.size).step_by(2));
    let is_there = everywhere.iter().any(|frames| {
        frames.windows(2).any(|pair| pair[0].0.contains("inner") && is_at(&pair[0], inner) && is_at(&pair[1], call))
    });
    assert!(is_there, "{everywhere:#?}");
}

#[test]
fn version_4_of_the_format_is_read() {
    is_right(&["-Cdwarf-version=4"]);
}

#[test]
fn version_5_of_the_format_is_read() {
    is_right(&["-Cdwarf-version=5"]);
}

#[test]
fn optimised_functions_have_the_lines_of_those_inside_of_them() {
    is_right(&["-Copt-level=1"]);
}
