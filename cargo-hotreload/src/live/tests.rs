//! Real programs, patched while they run.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::{Crate, Live, NotPatched, Patched};
use crate::effects::agent;
use crate::patch::content::Optimised;
use crate::patch::world::tests::libraries;
use crate::plan::environment::preloading;

/// Answers each line of its input with what the library makes of it.
const MAIN: &str =
    "fn main() { for line in std::io::stdin().lines() { println!(\"{}\", svc::answer(&line.unwrap())); } }";

/// A running program of a library `svc` and [`MAIN`].
struct Program {
    directory: TempDir,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    live: Live,
}

impl Drop for Program {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Program {
    fn start(source: &str) -> Self {
        let directory = TempDir::new().expect("a directory");
        let compiled = compile(directory.path(), source);
        fs::write(directory.path().join("main.rs"), MAIN).expect("written");
        rustc(directory.path(), &["--crate-type=bin", "--extern=svc=libsvc.rlib", "main.rs"]);
        let library = agent::install(directory.path()).expect("installed");
        let mut child = Command::new(directory.path().join("main"))
            .envs(preloading(&library, directory.path(), None))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut live = Live::attach(child.id(), libraries(), directory.path(), "dev").expect("the agent is there");
        live.runs(&compiled, Optimised::No).expect("objects");
        let (input, output) = (child.stdin.take().expect("piped"), child.stdout.take().expect("piped"));
        Self { directory, child, input, output: BufReader::new(output), live }
    }

    fn ask(&mut self, question: &str) -> String {
        writeln!(self.input, "{question}").expect("it reads");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("it answers");
        answer.trim_end().to_owned()
    }

    fn edit(&mut self, source: &str) -> Result<Patched, NotPatched> {
        let compiled = compile(self.directory.path(), source);
        self.live.patch(&[compiled])
    }
}

fn rustc(directory: &Path, arguments: &[&str]) {
    let mut command = Command::new("rustc");
    command.current_dir(directory).args(["--edition=2024", "-Cdebuginfo=2", "-Cincremental=incremental"]);
    let output = command.args(arguments).output().expect("rustc starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn compile(directory: &Path, source: &str) -> Crate {
    fs::write(directory.join("svc.rs"), source).expect("written");
    rustc(directory, &["--crate-type=rlib", "--crate-name=svc", "svc.rs"]);
    let archive = fs::read(directory.join("libsvc.rlib")).expect("an archive");
    Crate::of_archive("svc".to_owned(), "svc", &archive.into()).expect("objects")
}

const COUNTER: &str = r#"
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex};
static COUNT: AtomicU32 = AtomicU32::new(0);
static SEEN: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(|| Mutex::new(HashMap::new()));
thread_local! {
    static LOCAL: Cell<u32> = const { Cell::new(100) };
    static LAZY: RefCell<Vec<u32>> = RefCell::new(vec![7]);
}
pub fn answer(name: &str) -> String {
    let count = COUNT.fetch_add(1, Ordering::SeqCst);
    LOCAL.set(LOCAL.get() + 1);
    LAZY.with_borrow_mut(|all| all.push(count));
    let seen = { let mut seen = SEEN.lock().unwrap(); let seen = seen.entry(name.to_owned()).or_default(); *seen += 1; *seen };
    format!("hello {name} {count} {seen} {} {}", LOCAL.get(), LAZY.with_borrow(Vec::len))
}
"#;

#[test]
fn an_edit_gets_in_and_every_kind_of_static_is_kept() {
    let mut program = Program::start(COUNTER);
    assert_eq!(program.ask("a"), "hello a 0 1 101 2");
    let patched = program.edit(&COUNTER.replace("hello", "good day,")).expect("patched");
    assert_eq!(patched.functions, ["svc::answer"]);
    assert_eq!(program.ask("a"), "good day, a 1 2 102 3");
    let again = COUNTER.replace("hello {name}", "bye {} {name}").replace("\", LOCAL.get()", "\", more(), LOCAL.get()")
        + "static MORE: AtomicU32 = AtomicU32::new(40);
           thread_local! { static MINE: Cell<u32> = const { Cell::new(1) }; }
           fn more() -> String { MINE.set(MINE.get() * 2);
               format!(\"{:?}\", std::collections::BTreeMap::from([(MORE.fetch_add(1, Ordering::SeqCst), MINE.get())])) }";
    program.edit(&again).expect("patched");
    assert_eq!(program.ask("b"), "bye {40: 2} b 2 1 103 4");
    assert_eq!(program.ask("b"), "bye {41: 4} b 3 2 104 5");
    program.edit(&again.replace("bye", "BYE")).expect("patched");
    assert_eq!(program.ask("b"), "BYE {42: 8} b 4 3 105 6");
}

/// What nothing in the program has used before, so that it was linked without: threads, files, sockets, the clock.
#[test]
fn new_code_may_be_the_first_to_use_a_function_of_libc() {
    let source = "pub fn answer(text: &str) -> String { text.to_owned() }";
    let edited = r#"
pub fn answer(text: &str) -> String {
    let thread = std::thread::Builder::new().name("new".into()).spawn({ let text = text.to_owned(); move || text.len() });
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let stream = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let directory = std::fs::read_dir("/proc/self/task").unwrap().count();
    let status = std::process::Command::new("true").status().unwrap();
    let is_named = std::backtrace::Backtrace::force_capture().to_string().contains("svc::answer");
    let passed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() > 1_700_000_000;
    let peer = stream.peer_addr().unwrap() == listener.local_addr().unwrap();
    format!("{} {} {status} {is_named} {passed} {peer}", thread.unwrap().join().unwrap(), directory > 0)
}
"#;
    let mut program = Program::start(source);
    assert_eq!(program.ask("four"), "four");
    program.edit(edited).expect("patched");
    assert_eq!(program.ask("four"), "4 true exit status: 0 true true true");
    let unknown = "unsafe extern \"C\" { fn nobody_has_this() -> u32; }
                   pub fn answer(_: &str) -> String { unsafe { nobody_has_this() }.to_string() }";
    let refused = program.edit(unknown).expect_err("nobody has it");
    assert_eq!(refused.to_string(), "the program was linked without `nobody_has_this`");
    assert_eq!(program.ask("four"), "4 true exit status: 0 true true true");
}

#[test]
fn what_a_static_holds_already_is_kept_and_told() {
    let source = r#"
use std::cell::RefCell;
use std::sync::LazyLock;
static GREETING: LazyLock<String> = LazyLock::new(|| "hello".to_uppercase().get(..).unwrap().to_owned());
thread_local! { static NAME: RefCell<String> = RefCell::new("world".to_uppercase()); }
static LATER: LazyLock<u32> = LazyLock::new(|| std::env::args().count() as u32);
const MAKE: fn(u32) -> String = |number| format!("number {number}");
pub fn answer(text: &str) -> String {
    match text {
        "later" => LATER.to_string(),
        "make" => MAKE(1),
        _ => format!("{} {}", *GREETING, NAME.with_borrow(String::clone)),
    }
}
"#;
    let mut program = Program::start(source);
    assert_eq!(program.ask("?"), "HELLO WORLD");
    let edited = source.replace("\"hello\"", "\"bye\"").replace("\"world\"", "\"all\"").replace("number {", "no. {");
    let patched = program.edit(&edited).expect("patched");
    assert_eq!(patched.kept, ["svc::GREETING".to_owned(), "svc::NAME".to_owned()].into());
    assert_eq!((program.ask("?").as_str(), program.ask("make").as_str()), ("HELLO WORLD", "no. 1"));
    let moved = program.edit(&format!("// One line more.\n{edited}")).expect("patched");
    assert!(moved.functions.iter().any(|function| function.contains("GREETING")), "it tells its line: {moved:?}");
    assert_eq!(moved.kept, [].into(), "it makes the same");
    let patched = program.edit(&edited.replace("as u32)", "as u32 + 40)")).expect("patched");
    assert_eq!((patched.kept, program.ask("later").as_str()), (["svc::LATER".to_owned()].into(), "41"));
}

#[test]
fn panics_unwind_through_new_code() {
    let source = r#"
struct Loud;
impl Drop for Loud { fn drop(&mut self) { print!("dropped "); } }
fn risky(text: &str) -> usize { let _loud = Loud; if text == "x" { panic!("no {text}") } text.len() }
pub fn answer(text: &str) -> String {
    std::panic::set_hook(Box::new(|_| {}));
    match std::panic::catch_unwind(|| risky(text)) {
        Ok(length) => format!("{length}"),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}
"#;
    let mut program = Program::start(source);
    assert_eq!(program.ask("x"), "dropped no x");
    program
        .edit(&source.replace("no {text}", "never {text}").replace("text.len()", "text.len() + 1"))
        .expect("patched");
    assert_eq!(program.ask("x"), "dropped never x");
    assert_eq!(program.ask("ab"), "dropped 3");
}

#[test]
fn what_is_refused_changes_nothing() {
    let mut program = Program::start(COUNTER);
    assert_eq!(program.ask("a"), "hello a 0 1 101 2");
    let changed = COUNTER.replace("AtomicU32::new(0)", "AtomicU32::new(5)").replace("hello", "bye");
    let refused = program.edit(&changed).expect_err("refused");
    assert_eq!(refused.to_string(), "the initial value of `svc::COUNT` changed");
    assert_eq!(program.ask("a"), "hello a 1 2 102 3");
    program.edit(&COUNTER.replace("hello", "bye")).expect("patched");
    assert_eq!(program.ask("a"), "bye a 2 3 103 4");
}

const SHAPES: &str = r#"
use std::sync::Mutex;
struct Config { port: u16, hits: u32 }
static CONFIG: Mutex<Config> = Mutex::new(Config { port: 80, hits: 0 });
#[inline(never)]
fn scaled(by: u32) -> u32 { by * 2 }
pub fn answer(_: &str) -> String {
    let mut config = CONFIG.lock().unwrap();
    config.hits += scaled(1);
    format!("{} {}", config.port, config.hits)
}
"#;

#[test]
fn a_type_with_another_layout_is_refused_by_name() {
    let mut program = Program::start(SHAPES);
    assert_eq!(program.ask(""), "80 2");
    let wider = SHAPES.replace("port: u16,", "port: u64,").replace("{} {}", "{} / {}");
    let refused = program.edit(&wider).expect_err("refused");
    let expected = "the layout of `svc::Config` changed (8 -> 16 bytes): member `port` was u16, is u64";
    assert!(
        refused.to_string().contains("the layout of `svc::Config` changed (8 -> 16 bytes)"),
        "{refused}, not {expected}"
    );
    assert_eq!(program.ask(""), "80 4");
    program.edit(&SHAPES.replace("{} {}", "{} / {}")).expect("patched");
    assert_eq!(program.ask(""), "80 / 6");
}

const OBJECTS: &str = r"
trait Change { fn change(&self, value: usize) -> usize; }
struct One { by: usize }
impl Change for One { fn change(&self, value: usize) -> usize { (0..3).fold(value, |value, next| value + next * self.by) } }
pub fn answer(text: &str) -> String {
    let objects: Vec<Box<dyn Change>> = vec![Box::new(One { by: 2 })];
    objects.iter().fold(text.len(), |value, object| object.change(value)).to_string()
}
";

/// The closure of one `impl` block went, and one of another block came later: the new one is not what became of the old.
#[test]
fn a_closure_that_went_is_not_taken_for_one_that_comes() {
    let mut program = Program::start(OBJECTS);
    assert_eq!(program.ask(""), "6");
    let without = OBJECTS.replace("(0..3).fold(value, |value, next| value + next * self.by)", "value + self.by");
    program.edit(&without).expect("patched");
    assert_eq!(program.ask(""), "2");
    let two = without.replace("One { by: 2 })]", "One { by: 2 }), Box::new(Two { times: 10 })]")
        + "struct Two { times: usize }
           impl Change for Two { fn change(&self, value: usize) -> usize {
               (0..2).fold(value, |value, _| value * self.times) } }";
    program.edit(&two).expect("patched");
    assert_eq!(program.ask(""), "200");
    // Somebody may still have the first one's.
    let other = two.replace("value + self.by", "{ let by = 1_u8; (0..2).fold(value, |value, _| value + by as usize) }");
    let refused = program.edit(&other).expect_err("refused").to_string();
    assert!(refused.contains("a closure in `svc::change` changed its layout"), "{refused}");
}

#[test]
fn a_function_with_another_signature_is_new_and_its_callers_with_it() {
    let mut program = Program::start(SHAPES);
    assert_eq!(program.ask(""), "80 2");
    let other = SHAPES.replace("fn scaled(by: u32) -> u32 { by * 2 }", "fn scaled(by: u64) -> u32 { by as u32 * 5 }");
    program.edit(&other).expect("patched");
    assert_eq!(program.ask(""), "80 7");
}

#[test]
fn backtraces_name_new_functions_with_file_and_line() {
    let source = r#"
#[inline(never)]
fn deep(by: u32) -> String {
    let trace = std::backtrace::Backtrace::force_capture().to_string();
    let lines: Vec<&str> = trace.lines().map(str::trim).collect();
    let at = lines.iter().position(|line| line.ends_with("svc::deep")).unwrap();
    format!("{by} {}", lines[at + 1].rsplit('/').next().unwrap())
}
pub fn answer(_: &str) -> String { deep(1) }
"#;
    let mut program = Program::start(source);
    let before = program.ask("");
    assert!(before.starts_with("1 svc.rs:4:"), "{before}");
    // The standard library has listed what is loaded by now, and does so once.
    program.edit(&source.replace("fn deep", "\n\n// moved\nfn deep").replace("deep(1)", "deep(2)")).expect("patched");
    let after = program.ask("");
    assert!(after.starts_with("2 svc.rs:7:"), "{after}");
}

const WAITING: &str = r#"
#[inline(never)]
fn waits(told: &str) -> String {
    println!("{told}");
    loop { std::thread::park(); }
}
pub fn answer(question: &str) -> String { waits(question) }
"#;

/// Each patch has an image of its own.
#[test]
fn debuggers_and_profilers_know_what_was_patched_in() {
    let mut program = Program::start(WAITING);
    let first = WAITING.replace("{told}", "{told}!");
    program.edit(&first).expect("patched");
    let second = first.replace("waits(question)", "let question = question.to_uppercase(); waits(&question)");
    program.edit(&second).expect("patched");
    assert_eq!(program.ask("inside"), "INSIDE!");
    let perf_map = PathBuf::from(format!("/tmp/perf-{}.map", program.child.id()));
    let listed = fs::read_to_string(&perf_map).expect("a map");
    assert_eq!((listed.matches("svc::waits").count(), listed.matches("svc::answer").count()), (1, 1), "{listed}");

    let settings = ["-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load off"];
    let pid = program.child.id().to_string();
    let output = Command::new("gdb").args(settings).args(["-p", &pid, "-ex", "backtrace"]).output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    for expected in ["svc::waits (told=...) at svc.rs:5", "svc::answer (question=...) at svc.rs:7"] {
        assert!(said.contains(expected), "{expected} in {said}");
    }
    drop(program);
    assert!(!perf_map.exists(), "it belongs to nobody now");
}
