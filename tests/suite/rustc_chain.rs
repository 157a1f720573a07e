//! Several crates are compiled without cargo: in order, against what belongs together, and what goes wrong is told.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use cargo_hotreload::effects::build::{Rendered, Severity};
use cargo_hotreload::effects::rustc::compile::{Cause, Compilation, Failure, Outcome, Told};
use cargo_hotreload::patch::rustc::plan::{Base, Plan, Seen};

use crate::support::fifo::Fifo;
use crate::support::fixture::{Fixture, manifest};
use crate::support::poll::{SOON, until};
use crate::support::processes::working_in;
use crate::support::recording::{Recording, TOOLCHAINS, compile, compiled, has};

const APP: (&str, &str) = ("app", "app");

/// Fails when it is told to. The compiler is its child.
const WRAPPER: &str = "#!/bin/sh\n[ -e \"$0.fail\" ] && echo 'out of luck' && exit 9\n\"$@\"\nexit $?\n";

/// `app` uses `c`, which uses `b`, which uses `a`.
fn chain(toolchain: &'static str) -> Recording {
    let member = |name: &str, below: &str| manifest(name, &format!("{below} = {{ path = \"../{below}\" }}\n"));
    let fixture = Fixture::empty()
        .file("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"a\", \"b\", \"c\"]\n")
        .file("ws/a/Cargo.toml", &manifest("a", ""))
        .file("ws/a/src/lib.rs", "pub fn a() -> String { \"a-1\".to_owned() }\n")
        .file("ws/b/Cargo.toml", &member("b", "a"))
        .file("ws/b/src/lib.rs", "pub fn b() -> String { format!(\"b-1 {}\", a::a()) }\n")
        .file("ws/c/Cargo.toml", &member("c", "b"))
        .file("ws/c/src/lib.rs", "pub fn c() -> String { format!(\"c-1 {}\", b::b()) }\n")
        .file("ws/app/Cargo.toml", &member("app", "c"))
        .file("ws/app/src/main.rs", "fn main() { println!(\"app-1 {}\", c::c()); }\n")
        .file("wrapper", WRAPPER)
        .mode("wrapper", 0o755);
    let mut recording = Recording::new(fixture, toolchain);
    recording.wrapper = Some(recording.fixture.path("wrapper").into());
    recording.build(&["--workspace"]).expect_success();
    recording
}

impl Recording {
    /// Compiles after `edits` into the directory `generation`, and returns what is compiled against from then on.
    #[track_caller]
    fn edited(&self, edits: &[(&str, Seen)], base: &Base, generation: &str, expected: &[(&str, &str)]) -> Base {
        let plan = self.plan(APP, edits, base, &self.fixture.path(generation)).expect("a plan");
        let done = compiled(&plan);
        let found: Vec<&str> = done.iter().map(|it| it.crate_name.as_str()).collect();
        assert_eq!(found, expected.iter().map(|(name, _)| *name).collect::<Vec<_>>());
        for (compiled, (_, text)) in done.iter().zip(expected) {
            assert!(has(&compiled.code, text), "{compiled:?} has no {text}");
        }
        base.after(&plan)
    }

    fn planned(&self, name: &str, seen: Seen) -> Plan {
        self.plan(APP, &[(name, seen)], &Base::default(), &self.fixture.path("generation")).expect("a plan")
    }
}

#[test]
fn what_is_compiled_against_always_belongs_together() {
    let (seen, unseen) = (Seen::ByCallers, Seen::ByNobody);
    for toolchain in TOOLCHAINS {
        let chain = chain(toolchain);
        let before = chain.files();
        let cargos = Base::default();
        // Nothing has changed, so two files of each name are the same library.
        chain.edited(&[("a", seen)], &cargos, "g0", &[("a", "a-1"), ("b", "b-1"), ("c", "c-1"), ("app", "app-1")]);
        // Nobody sees a changed body: the others go on with what cargo built.
        chain.edit("ws/a/src/lib.rs", "a-1", "a-2");
        let base = chain.edited(&[("a", unseen)], &cargos, "g1", &[("a", "a-2")]);
        chain.edit("ws/c/src/lib.rs", "c-1", "c-2");
        let base = chain.edited(&[("c", unseen)], &base, "g2", &[("c", "c-2")]);
        chain.edit("ws/b/src/lib.rs", "b-1", "b-2");
        let base = chain.edited(&[("b", seen)], &base, "g3", &[("b", "b-2"), ("c", "c-2"), ("app", "app-1")]);
        // What is new in `a` has to be known to those above it, from now on.
        chain.edit("ws/a/src/lib.rs", "pub fn a() -> String {", "pub fn new() -> u64 { 3 }\npub fn a() -> String {");
        let all = [("a", "a-2"), ("b", "b-2"), ("c", "c-2"), ("app", "app-1")];
        let base = chain.edited(&[("a", seen)], &base, "g4", &all);
        chain.edit("ws/b/src/lib.rs", "\"b-2 {}\", a::a()", "\"b-3 {} {}\", a::a(), a::new()");
        let base = chain.edited(&[("b", unseen)], &base, "g5", &[("b", "b-3")]);
        chain.edit("ws/a/src/lib.rs", "a-2", "a-3");
        let base = chain.edited(&[("a", unseen)], &base, "g6", &[("a", "a-3")]);
        chain.edit("ws/app/src/main.rs", "app-1", "app-2");
        let base = chain.edited(&[("app", unseen)], &base, "g7", &[("app", "app-2")]);
        // Two at once, of which callers see one.
        chain.edit("ws/a/src/lib.rs", "a-3", "a-4");
        chain.edit("ws/c/src/lib.rs", "pub fn c()", "pub fn d() {}\npub fn c()");
        let both = [("a", unseen), ("c", seen)];
        chain.edited(&both, &base, "g8", &[("a", "a-4"), ("c", "c-2"), ("app", "app-2")]);
        assert!(before == chain.files(), "cargo's files are as they were");

        assert_eq!(chain.compiled_by_cargo().len(), 4);
        assert_eq!(chain.printed("app"), "app-2 c-2 b-3 a-4 3\n");
        assert_eq!(chain.compiled_by_cargo(), [""; 0]);
        chain.edit("ws/c/src/lib.rs", "c-2", "c-3");
        chain.edited(&[("c", unseen)], &cargos, "g9", &[("c", "c-3")]);
    }
}

#[test]
fn callers_begin_when_metadata_is_there_and_programs_when_everything_is() {
    let chain = chain("stable");
    let (_, told) = compile(&chain.planned("a", Seen::ByCallers));
    let place = |wanted: &Told| {
        let is_wanted = |it: &Told| match (it, wanted) {
            (Told::Ended(name, _), Told::Ended(wanted, _)) => name == wanted,
            (it, wanted) => it == wanted,
        };
        told.iter().position(is_wanted).unwrap_or_else(|| panic!("no {wanted:?} in {told:#?}"))
    };
    for (lower, upper) in [("a", "b"), ("b", "c")] {
        assert!(place(&Told::Metadata(lower.into())) < place(&Told::Began(upper.into())), "{told:#?}");
    }
    for library in ["a", "b", "c"] {
        assert!(place(&Told::Ended(library.into(), Duration::ZERO)) < place(&Told::Began("app".into())), "{told:#?}");
    }
}

fn said(told: &[Told]) -> BTreeSet<String> {
    let text = |it: &Told| match it {
        Told::Said(Rendered { text, .. }, _) => Some(text.clone()),
        _ => None,
    };
    told.iter().filter_map(text).collect()
}

#[test]
fn what_is_wrong_is_told_as_by_cargo() {
    let chain = chain("stable");
    chain.edit("ws/b/src/lib.rs", "pub fn b()", "fn unused() {}\npub fn broken() -> u32 { \"text\" }\npub fn b()");
    let before = chain.files();
    let (outcome, told) = compile(&chain.planned("b", Seen::ByCallers));
    assert_eq!(outcome, Outcome::Failed(Failure { crate_name: "b".into(), cause: Cause::Source }));
    let is_error = |it: &&Told| matches!(it, Told::Said(Rendered { severity: Severity::Error, .. }, _));
    let Some(Told::Said(_, record)) = told.iter().find(is_error) else { panic!("{told:#?}") };
    assert_eq!((record.code.as_deref(), record.file.as_deref()), (Some("E0308"), Some("b/src/lib.rs")));
    assert!(before == chain.files(), "cargo's files are as they were");

    let cargos = chain.build(&["--workspace"]).stdout;
    let messages = cargos.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let rendered = messages.filter_map(|it| it["message"]["rendered"].as_str().map(str::to_owned));
    assert_eq!(said(&told), rendered.collect());

    // A warning is told, too, and is no failure.
    chain.edit("ws/b/src/lib.rs", "pub fn broken() -> u32 { \"text\" }", "");
    let (outcome, told) = compile(&chain.planned("b", Seen::ByNobody));
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert!(said(&told).iter().any(|text| text.contains("unused")), "{told:#?}");
}

#[test]
fn what_is_not_the_sources_fault_is_told_apart() {
    let chain = chain("stable");
    fs::write(chain.fixture.path("wrapper.fail"), "").expect("written");
    let (outcome, _) = compile(&chain.planned("b", Seen::ByNobody));
    let Outcome::Failed(Failure { cause: Cause::Compiler { status, printed }, .. }) = outcome else {
        panic!("{outcome:?}")
    };
    assert_eq!((status.code(), printed.as_str()), (Some(9), "out of luck\n"));
    fs::remove_file(chain.fixture.path("wrapper.fail")).expect("removed");

    // As after a build of cargo's that was interrupted.
    chain.edit("ws/a/src/lib.rs", "a-1", "a-2");
    let done = compiled(&chain.planned("a", Seen::ByNobody));
    let rmeta = done[0].rmeta.as_deref().expect("it is asked for");
    for name in [rmeta.to_owned(), rmeta.with_extension("rlib")] {
        fs::copy(&name, chain.debug().join("deps").join(name.file_name().expect("a name"))).expect("copied");
    }
    let (outcome, told) = compile(&chain.planned("c", Seen::ByNobody));
    let expected = Outcome::Failed(Failure { crate_name: "c".into(), cause: Cause::Libraries });
    assert_eq!(outcome, expected, "{told:#?}");
}

#[test]
fn nothing_is_left_of_what_is_not_wanted_any_more() {
    let chain = chain("stable");
    let fifo = Fifo::new();
    chain.edit("ws/a/src/lib.rs", "pub fn a()", &(fifo.waiting_item() + "pub fn a()"));
    let plan = chain.planned("a", Seen::ByCallers);
    let compilation = Compilation::new(&plan);
    let canceller = compilation.canceller();
    let outcome = thread::scope(|scope| {
        scope.spawn(|| {
            let _kept = fifo.until_read();
            canceller.cancel();
            until(SOON, "no compiler is left", || working_in(chain.fixture.root()).is_empty().then_some(()));
        });
        compilation.run(|_| ()).expect("compilers can be started")
    });
    assert_eq!(outcome, Outcome::Cancelled);
    // It goes on from there.
    chain.edit("ws/a/src/lib.rs", &fifo.waiting_item(), "");
    chain.edited(&[("a", Seen::ByNobody)], &Base::default(), "later", &[("a", "a-1")]);
}

#[test]
fn a_large_crate_is_compiled_faster_than_by_cargo() {
    let function = |number: usize| {
        format!(
            "    pub fn f{number}(all: &[String]) -> std::collections::BTreeMap<String, usize> {{\n        \
             all.iter().map(|it| (format!(\"{number}-{{it}}\"), it.len() + {number})).collect()\n    }}\n"
        )
    };
    // Each module is a unit of its own for the code generator.
    let module = |number: usize| format!("pub mod m{number} {{\n{}}}\n", (0..5).map(function).collect::<String>());
    let large: String = (0..30).map(module).collect();
    let shared = manifest("shared", "") + "\n[features]\nextra = []\n";
    let fixture = Fixture::empty()
        .file("ws/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"app\", \"large\", \"shared\"]\n")
        .file("ws/shared/Cargo.toml", &shared)
        .file("ws/shared/src/lib.rs", "pub fn shared() -> bool { cfg!(feature = \"extra\") }\n")
        .file("ws/large/Cargo.toml", &manifest("large", "shared = { path = \"../shared\" }\n"))
        .file(
            "ws/large/src/lib.rs",
            &(large + "pub fn word() -> (bool, &'static str) { (shared::shared(), \"large-one\") }\n"),
        )
        .file(
            "ws/app/Cargo.toml",
            &manifest(
                "app",
                "large = { path = \"../large\" }\nshared = { path = \"../shared\", features = [\"extra\"] }\n",
            ),
        )
        .file("ws/app/src/main.rs", "fn main() { println!(\"{:?} {}\", large::word(), shared::shared()); }\n");
    let recording = Recording::new(fixture, "stable");
    recording.build(&[]).expect_success();
    let repeated = |old: &str, new: &str| {
        recording.edit("ws/large/src/lib.rs", old, new);
        let out = recording.fixture.path("generation");
        let start = Instant::now();
        let plan = recording.plan(APP, &[("large", Seen::ByNobody)], &Base::default(), &out).expect("a plan");
        let done = compiled(&plan);
        assert!(has(&done[0].code, new));
        (start.elapsed(), done[0].took)
    };
    let cache = Cache::of(&recording, "large");
    let cargos = cache.objects();
    repeated("large-one", "large-two");
    let ours = cache.objects();
    assert!(is_mostly(&cargos, &ours), "machine code that cargo made is not made again: {cargos:?} {ours:?}");
    let (whole, rustc) = repeated("large-two", "large-three");
    recording.edit("ws/large/src/lib.rs", "large-three", "large-four");
    let start = Instant::now();
    let selected = recording.build(&["--package", "large"]).expect_success();
    let alone = start.elapsed();
    let ours = cache.objects();
    let start = Instant::now();
    recording.build(&["--package", "app"]).expect_success();
    let chain = start.elapsed();
    assert!(is_mostly(&ours, &cache.objects()), "and neither does cargo make ours again");
    assert_eq!(recording.printed("app"), "(true, \"large-four\") true\n");
    eprintln!(
        "one crate repeated: {whole:?}, of which rustc {rustc:?}; cargo build -p: {alone:?}; the program: {chain:?}"
    );
    let units = recording.units();
    let compiled_again = selected.lines().filter(|line| line.contains("\"fresh\":false")).count();
    assert_eq!(compiled_again, 2, "without the program, `shared` has other features: {selected}");
    let program = units.program("app", &recording.root().join("app"), &recording.debug()).expect("recorded");
    assert_eq!(units.parts(program).units.len(), 3, "records of other features are no part of it");
}

/// What rustc keeps of a crate for the next time.
struct Cache(PathBuf);

impl Cache {
    /// That of the crate `name`, of which there is only one.
    fn of(recording: &Recording, name: &str) -> Self {
        let all = subdirectories(&recording.debug().join("incremental"));
        let is_of =
            |path: &&PathBuf| path.file_name().is_some_and(|it| it.to_string_lossy().starts_with(&format!("{name}-")));
        Self(all.iter().find(is_of).expect("a cache").clone())
    }

    /// The objects of the last time. One that was used again is the same file.
    fn objects(&self) -> BTreeSet<u64> {
        let time = |path: &PathBuf| fs::metadata(path).and_then(|it| it.modified()).expect("a directory");
        let last = subdirectories(&self.0).into_iter().max_by_key(time).expect("it was compiled");
        let files = fs::read_dir(last).expect("a directory").map(|entry| entry.expect("an entry").path());
        let objects = files.filter(|path| path.extension().is_some_and(|extension| extension == "o"));
        objects.map(|path| fs::metadata(path).expect("a file").ino()).collect()
    }
}

fn subdirectories(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_dir()).collect()
}

fn is_mostly(before: &BTreeSet<u64>, now: &BTreeSet<u64>) -> bool {
    now.len() > 20 && now.intersection(before).count() * 2 > now.len()
}
