//! A program that could not be started is not started: the old process goes on, and whoever insists has it otherwise.

use std::process::Command;

use crate::support::command::{finish, hotreload, hotreload_command};
use crate::support::http::Page;
use crate::support::place::Started;
use crate::support::poll::{BUILD, SOON};
use crate::support::server::Server;
use crate::support::session::Session;
use crate::support::session_of_patches::{Patched, runs_in};

const LET_ALONE: &str =
    "[hotreload] not restarted, the program goes on with the old code, for the new one cannot be loaded: ";
const INSIST: &str = "help: `cargo hotreload restart`, or the key `R`, restarts it all the same";

/// Where the build script of `base` says that a library is.
enum Part {
    /// It names none.
    None,
    /// Where only the linker finds it.
    Elsewhere,
    /// Among what is built, where it puts it itself.
    Built,
}

/// `base` uses a library if its build script says so.
struct App {
    patched: Patched,
}

impl App {
    fn new() -> Self {
        let app = Self { patched: Patched::new() };
        let fixture = &app.patched.fixture;
        let base = fixture
            .read("ws/base/src/lib.rs")
            .replace("\"base{}\", env!(\"BUILT\")", "\"base{}{}\", env!(\"BUILT\"), part()");
        let part = "#[cfg(part)]\nfn part() -> i32 {\n    #[link(name = \"part\")]\n    unsafe extern \"C\" {\n        safe fn in_part() -> i32;\n    }\n    \
                    in_part()\n}\n\n#[cfg(not(part))]\nfn part() -> &'static str {\n    \"\"\n}\n";
        fixture.write("ws/base/src/lib.rs", &format!("{base}\n{part}"));
        fixture.write("native/part.c", "int in_part(void) { return 7; }\n");
        let (source, library) = (fixture.path("native/part.c"), fixture.path("native/libpart.so"));
        let shared = ["-shared", "-fPIC", "-Wl,-soname,libpart.so", "-o"];
        finish(Command::new("cc").arg(&source).args(shared).arg(&library)).expect_success();
        app.build_script(0, &Part::None);
        app
    }

    fn build_script(&self, number: u32, part: &Part) {
        let native = self.patched.fixture.path("native").display().to_string();
        let say = |words: &str| format!("    println!(\"cargo::{words}\");\n");
        let cfg =
            ["rerun-if-changed=build.rs", "rustc-check-cfg=cfg(part)", &format!("rustc-env=BUILT={number}")].map(say);
        let part = match part {
            Part::None => String::new(),
            Part::Elsewhere => say("rustc-cfg=part") + &say(&format!("rustc-link-search=native={native}")),
            Part::Built => {
                let copy = "    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                            std::fs::copy(\"NATIVE/libpart.so\", format!(\"{out}/libpart.so\")).unwrap();\n";
                say("rustc-cfg=part") + &copy.replace("NATIVE", &native) + &say("rustc-link-search=native={out}")
            }
        };
        let lines = cfg.concat() + &part;
        self.patched.fixture.write("ws/base/build.rs", &format!("fn main() {{\n{lines}}}\n"));
    }

    /// The process that runs, as `status` has it.
    fn process(&self) -> String {
        let status = hotreload(&self.patched.root(), &["status"]).stdout;
        let found = status.split_once(", program ").and_then(|(_, rest)| rest.split_once(','));
        found.unwrap_or_else(|| panic!("{status}")).0.to_owned()
    }
}

/// An edit of a build script that makes the program want a library which is nowhere when it starts. It is told, and nothing else
/// happens; undone, it is as if it had never been, and the process takes patches again; mended, it is restarted. A library that the
/// build script itself makes is found.
#[test]
fn a_session_of_patches_keeps_a_program_that_could_not_start_again() {
    let app = App::new();
    let session = app.patched.start(&[]);
    let not_found = format!("{LET_ALONE}app links `libpart.so`, which the dynamic linker does not find");
    app.build_script(1, &Part::Elsewhere);
    session.output.expect(BUILD, [not_found.as_str(), INSIST]);
    app.build_script(0, &Part::None);
    session.output.expect(BUILD, ["nothing to reload, the code is the same"]);
    app.patched.patch(&session, ("ws/api/src/lib.rs", "\"api {}", "\"Api {}"), "2 main Api base0 outside text");

    app.build_script(2, &Part::Elsewhere);
    session.output.expect(BUILD, [not_found.as_str(), INSIST]);
    // An edit that could be patched in belongs to what is not there.
    app.patched.edit("ws/app/src/main.rs", "\"main\"", "\"Main\"");
    session.output.expect(BUILD, [not_found.as_str(), INSIST]);
    app.build_script(3, &Part::Built);
    session.output.expect(BUILD, ["restarted as process", "said: 1 Main Api base37 outside text"]);
    app.patched.patch(&session, ("ws/api/src/lib.rs", "\"Api {}", "\"API {}"), "2 Main API base37 outside text");
    let printed = session.terminate();
    assert!(!printed.contains("exit code"), "{printed}");
    assert!(!runs_in(&app.patched.root()) && app.patched.left().is_empty(), "{:?}", app.patched.left());
}

/// Who asks for a restart gets it: it may be that the user knows better.
#[test]
fn a_restart_that_is_asked_for_is_not_kept_from_anybody() {
    let app = App::new();
    let arguments = ["run", "--strategy", "restart", "--bin", "app"];
    let session = Started::launch(hotreload_command(&app.patched.root(), &arguments));
    session.output.expect(BUILD, ["said: 1 main api base0 outside text"]);
    let before = app.process();
    let not_found = format!("{LET_ALONE}app links `libpart.so`, which the dynamic linker does not find");
    app.build_script(1, &Part::Elsewhere);
    session.output.expect(BUILD, [not_found.as_str(), INSIST]);
    assert_eq!(app.process(), before);
    let asked = hotreload(&app.patched.root(), &["reload"]);
    assert!(asked.code != Some(0) && asked.stderr.contains(INSIST), "{asked:?}");
    assert_eq!(app.process(), before);
    hotreload(&app.patched.root(), &["restart"]);
    session.output.expect(SOON, ["error while loading shared libraries: libpart.so", "(exit code 127)"]);
    app.build_script(2, &Part::Built);
    session.output.expect(BUILD, ["started process", "said: 1 main api base27 outside text"]);
    app.patched.edit("ws/api/src/lib.rs", "\"api {}", "\"Api {}");
    session.output.expect(BUILD, ["restarted as process", "said: 1 main Api base27 outside text"]);
    session.terminate();
    assert!(!runs_in(&app.patched.root()));
}

/// Modules that want what nobody has are no better in a new process, when an edit in a crate that the program links needs one.
#[test]
fn a_restart_with_modules_that_could_not_be_loaded_is_not_made() {
    const CALL: &str = "    let summary";
    const COUNT: &str = "self.requests.load(Ordering::Relaxed)";
    let server = Server::new();
    let session = Session::start(&server);
    let Page { pid, .. } = session.page();
    let declared = "#[allow(unsafe_code)]\nunsafe extern \"C\" {\n    safe fn nowhere() -> u32;\n}\nmod error;";
    server.edit("api/src/lib.rs", "mod error;", declared);
    server.edit("api/src/lib.rs", CALL, &format!("    let _number = nowhere();\n{CALL}"));
    session.output.expect(BUILD, ["not reloaded, the program goes on with the old code"]);
    server.edit("core/src/context.rs", COUNT, &format!("1_000 + {COUNT}"));
    let what = "note-server-api wants `nowhere`, which nothing that is loaded has";
    session.output.expect(BUILD, [&format!("{LET_ALONE}{what}"), INSIST]);
    let page = session.page();
    assert!(page.pid == pid && page.requests < 1_000, "{page:?}");

    server.edit("api/src/lib.rs", "    let _number = nowhere();\n", "");
    server.greet("mended");
    let report = session.expect_restart();
    assert!(report.contains("because note-server-core is resident"), "{report}");
    let page = session.page();
    assert_eq!((page.greeting.as_str(), page.requests), ("mended", 1_001));
    assert_ne!(page.pid, pid);
    session.terminate();
}
