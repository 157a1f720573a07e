//! What makes a reload fail: each reason as a program that really fails by it, with the verdict and the reason that are
//! printed, and the same program mended. `docs/reload-safety.md` shows these very files and lines.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::command::hotreload;
use crate::support::place::{Place, Started};
use crate::support::poll::{BUILD, SOON};
use crate::support::tree::{Entry, tree};

const DOCUMENT: &str = include_str!("../../docs/reload-safety.md");

/// A program in a workspace of its own; the modules `low` and `high` are below the program, and `base` stays.
struct Case {
    name: &'static str,
    place: Place,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self { name, place: Place::new(&format!("reload-safety-{name}"), &[]) }
    }

    /// Puts the files of one of its forms there.
    fn write(&self, overlay: &str, form: &str) {
        let case = fixture().join("cases").join(overlay);
        for directory in [fixture().join("ws"), case.join("both"), case.join(form)] {
            for (name, content) in files(&directory) {
                let path = self.place.root().join(name);
                // What is the same keeps its time stamp, and is not built again.
                if fs::read_to_string(&path).ok().as_ref() != Some(&content) {
                    fs::create_dir_all(path.parent().expect("a directory")).expect("mkdir");
                    fs::write(path, content).expect("written");
                }
            }
        }
    }

    /// Starts a session, and waits until the program has printed `ready`.
    fn start(&self, ready: &str) -> Started {
        self.start_with(&[], ready)
    }

    fn start_with(&self, arguments: &[&str], ready: &str) -> Started {
        let mut command = self.place.command(arguments);
        match self.name {
            "careful" | "careful-left" => drop(command.env("CAREFUL", "1")),
            "later" | "sleeper" => drop(command.env("CROWDED", "1")),
            _ => {}
        }
        let session = Started::launch(command);
        session.output.expect(BUILD, ["started process", "high says one", ready]);
        session
    }

    /// Edits the lower module, so that it says `new` instead of `old`.
    fn edit(&self, old: &str, new: &str) {
        let path = self.place.root().join("low/src/lib.rs");
        let text = fs::read_to_string(&path).expect("a source file");
        assert!(text.contains(old), "{text}");
        fs::write(path, text.replace(old, new)).expect("written");
    }

    /// Whether all lines that the document shows for this case were printed.
    #[track_caller]
    fn assert_shown(&self, printed: &str) {
        let printed = without_numbers(printed);
        for line in shown(self.name) {
            assert!(printed.contains(&line), "{}: never printed\n{line}\nbut\n{printed}", self.name);
        }
    }

    /// Fails as it is, with the lines that the document shows under its heading, and reloads when it is mended.
    #[track_caller]
    fn fails_and_is_mended(&self, overlay: &str, ready: &str) {
        self.write(overlay, "bad");
        let session = self.start(ready);
        self.edit("one", "two");
        session.output.expect(BUILD, ["restarted as process", "high says two"]);
        self.assert_shown(&session.terminate());

        self.write(overlay, "good");
        let session = self.start(ready);
        self.edit("one", "two");
        session.output.expect(BUILD, ["reloaded low, high (2 of 2 modules)", "high says two"]);
        let printed = session.terminate();
        assert!(!printed.contains("because"), "{printed}");
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/reload-safety")
}

/// Every file below `directory`, if there is one.
fn files(directory: &Path) -> Vec<(PathBuf, String)> {
    let entries = if directory.is_dir() { tree(directory) } else { std::collections::BTreeMap::new() };
    let text = |entry| match entry {
        Entry::File { content, .. } => String::from_utf8(content).ok(),
        _ => None,
    };
    entries.into_iter().filter_map(|(name, entry)| Some((name, text(entry)?))).collect()
}

/// The part of the document that has `<a id="NAME">` at its head.
fn section(name: &str) -> &'static str {
    let (_, rest) = DOCUMENT.split_once(&format!("<a id=\"{name}\"></a>")).unwrap_or_else(|| panic!("no {name}"));
    rest.split_once("<a id=").map_or(rest, |(section, _)| section)
}

/// The lines of the output that the document shows for a case.
fn shown(name: &str) -> Vec<String> {
    let (_, rest) = section(name).split_once("```text\n").unwrap_or_else(|| panic!("{name} shows no output"));
    let (output, _) = rest.split_once("```").expect("the end of the output");
    output.lines().map(|line| without_numbers(line.trim_end_matches(['\n', '…']))).collect()
}

/// `text` with `0` for every number: ids and times differ.
fn without_numbers(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '0'..='9' | '.' if shown.ends_with('0') => {}
            '0'..='9' => shown.push('0'),
            c => shown.push(c),
        }
    }
    shown
}

#[test]
fn a_thread_that_nobody_joins() {
    Case::new("thread").fails_and_is_mended("thread", "version");
}

/// A loader that looks for threads first does not unload the code: the program lives, with the old code.
#[test]
fn a_thread_that_a_careful_loader_finds() {
    Case::new("careful").fails_and_is_mended("thread", "version");
}

/// `--on-stuck warn`: what died is not started again before there is a new build.
#[test]
fn what_died_is_left_and_waits_for_the_next_good_build() {
    let case = Case::new("left");
    case.write("thread", "bad");
    let session = case.start_with(&["--on-stuck", "warn"], "version");
    case.edit("one", "two");
    let [died] = session.output.expect(BUILD, ["the program died during the reload"]);
    assert!(died.contains("the next good build starts it again"), "{died}");
    case.write("thread", "good");
    session.output.expect(BUILD, ["started process", "high says one", "version"]);
    case.edit("one", "two");
    session.output.expect(BUILD, ["reloaded low, high (2 of 2 modules)", "high says two"]);
    let printed = session.terminate();
    assert!(!printed.contains("restarted as process"), "{printed}");
}

/// `--on-stuck warn`: the program goes on with its old code, and each edit is tried.
#[test]
fn what_is_stuck_is_left_and_the_next_edit_is_tried() {
    let case = Case::new("careful-left");
    case.write("thread", "bad");
    let session = case.start_with(&["--on-stuck", "warn"], "version");
    case.edit("one", "two");
    let [_, stuck] = session.output.expect(BUILD, ["not reloaded: ", "stuck: after "]);
    assert!(stuck.contains("it goes on as it is, and the next edit is tried again"), "{stuck}");
    case.edit("two", "three");
    session.output.expect(BUILD, ["not reloaded: "]);
    let printed = session.terminate();
    assert!(!printed.contains("restarted as process") && !printed.contains("high says t"), "{printed}");
}

#[test]
fn a_destructor_of_a_thread_that_lives_on() {
    Case::new("thread-local").fails_and_is_mended("thread-local", "noted");
}

/// Nothing fails yet, but a thread is in old code still.
#[test]
fn a_thread_that_sleeps_through_the_reload() {
    let case = Case::new("sleeper");
    case.write("sleeper", "bad");
    let session = case.start("version");
    case.edit("one", "two");
    session.output.expect(BUILD, ["reloaded low, high (2 of 2 modules)", "left behind: ", "  help: "]);
    case.assert_shown(&session.terminate());

    case.write("sleeper", "good");
    let session = case.start("version");
    case.edit("one", "two");
    session.output.expect(BUILD, ["reloaded low, high (2 of 2 modules)", "high says two"]);
    // It is looked for before the next one can be built.
    case.edit("two", "three");
    session.output.expect(BUILD, ["reloaded low, high (2 of 2 modules)", "high says three"]);
    let printed = session.terminate();
    assert!(!printed.contains("left behind"), "{printed}");
}

/// The reload is good, and the worker ends some time after: what is seen then is told, too, and the next build is started.
#[test]
fn a_death_after_the_reload() {
    let case = Case::new("later");
    let died = |form: &str| {
        case.write("thread-local", form);
        let session = case.start("noted");
        let pid = session.output.text();
        let (_, pid) = pid.rsplit_once("started process ").expect("its process");
        let pid = pid.split(' ').next().and_then(|pid| Pid::from_raw(pid.parse().ok()?)).expect("its id");
        case.edit("one", "two");
        session.output.expect(BUILD, ["reloaded low, high (2 of 2 modules)", "high says two", "noted"]);
        // This ends the worker.
        kill_process(pid, Signal::USR1).expect("the program runs");
        if form == "bad" {
            let because = ["the program died (signal 11, SIGSEGV); the next good build starts it again", "  because "];
            let [_, because] = session.output.expect(SOON, because);
            let reason = ["because thread `worker` (", "the destructor of a thread-local of high was unloaded"];
            assert!(reason.iter().all(|part| because.contains(part)), "{because}");
        }
        case.edit("two", "three");
        let [how, _] = session
            .output
            .expect(BUILD, [if form == "bad" { "started process" } else { "reloaded low" }, "high says three"]);
        assert!(how.contains("edit to live"), "{how}");
        session.terminate();
    };
    died("bad");
    died("good");
}

#[test]
fn a_callback_that_somebody_keeps() {
    Case::new("callback").fails_and_is_mended("callback", "version");
}

#[test]
fn generic_code_of_a_lower_crate() {
    Case::new("generic").fails_and_is_mended("generic", "done");
}

#[test]
fn a_call_site_of_tracing() {
    Case::new("tracing").fails_and_is_mended("tracing", "info: started");
}

#[test]
fn a_program_that_is_bound_to_its_module() {
    Case::new("bound").fails_and_is_mended("bound", "version");
}

#[test]
fn a_library_that_is_never_unloaded() {
    Case::new("nodelete").fails_and_is_mended("nodelete", "version");
}

#[test]
fn a_module_that_is_not_closed() {
    Case::new("held").fails_and_is_mended("held", "version");
}

/// The signs are there before anything fails, once there are modules to look at.
#[test]
fn the_doctor_names_the_signs() {
    let case = Case::new("signs");
    case.write("thread-local", "bad");
    let doctor = || hotreload(&case.place.root(), &["doctor"]).expect_success();
    if !case.place.root().join("target/hotreload").exists() {
        let said = doctor();
        assert!(said.contains("skipped  modules            none were built yet"), "{said}");
    }
    case.start("noted").terminate();
    let said = doctor();
    assert!(
        said.contains("warning  modules            high has thread-locals with destructors: `high::case::SEEN`"),
        "{said}"
    );
    assert!(said.contains("help: keep such a thread-local in a crate that stays loaded"), "{said}");
    case.write("none", "good");
    case.start("version").terminate();
    let said = doctor();
    assert!(said.contains("ok       modules            2 built modules have no sign"), "{said}");
}

/// What the document shows is what is compiled here: every file of every case stands in it, word for word.
#[test]
fn the_document_has_the_files_of_all_cases() {
    let cases = fs::read_dir(fixture().join("cases")).expect("the cases");
    let names: BTreeSet<String> =
        cases.map(|case| case.expect("a case").file_name().into_string().expect("UTF-8")).collect();
    assert_eq!(names.len(), 9, "{names:?}");
    for name in names {
        for form in ["bad", "good"] {
            for (file, content) in files(&fixture().join("cases").join(&name).join(form)) {
                let block = |language| format!("```{language}\n{content}```");
                let is_shown = section(&name).contains(&block("rust")) || section(&name).contains(&block("toml"));
                assert!(is_shown, "{} of {name} ({form}) is not in the document", file.display());
                assert!(section(&name).contains(&format!("`{}`", file.display())), "{} is not named", file.display());
            }
        }
    }
}
