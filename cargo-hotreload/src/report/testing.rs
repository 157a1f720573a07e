//! A session with something of everything, for tests.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use crate::events::Line;
use crate::events::record::{
    BuildFinished, Change, Compiled, Crate, CrateRole, Diagnostic, ExitedWhen, Live, LiveHow, Outcome, ProgramExited,
    Record, SessionEnded, SessionStarted, StuckReason, Times,
};
use crate::events::time::Millis;
use crate::report::rounds::{Session, session};
use crate::session::exit::Ending;
use crate::session::request::Request;
use crate::session::verdict::Verdict;

pub(super) fn millis(micros: u64) -> Millis {
    Duration::from_micros(micros).into()
}

/// The session of `records`, each a second after the one before.
pub(super) fn told(records: &[Record]) -> Session {
    session(&lines(records)).expect("a session")
}

pub(super) fn lines(records: &[Record]) -> Vec<Line> {
    let begin = SystemTime::UNIX_EPOCH + Duration::from_mins(29_922_760);
    let line = |(second, record): (u64, &Record)| Line::new(record.clone(), begin + Duration::from_secs(second));
    (0..).zip(records).map(line).collect()
}

pub(super) fn change(path: &str) -> Record {
    Record::Change(Change {
        paths: vec![path.into()],
        packages: vec!["api".into()],
        manifest: false,
        since_save_ms: millis(31_000),
    })
}

pub(super) fn begin(build: u32) -> Record {
    Record::BuildStarted { build, command: "cargo build".into() }
}

pub(super) fn built(build: u32, outcome: Outcome) -> BuildFinished {
    let compiled = |package: &str, took| Compiled { package: package.into(), target: package.into(), took_ms: took };
    BuildFinished {
        build,
        outcome,
        took_ms: millis(1_400_000),
        reason: None,
        diagnostics: vec![],
        left_out: 0,
        compiled: vec![compiled("api", Some(millis(600_000))), compiled("router", None)],
    }
}

pub(super) fn good(build: u32) -> Record {
    Record::BuildFinished(built(build, Outcome::Success))
}

pub(super) fn live(build: u32, how: LiveHow) -> Record {
    let is_restart = how == LiveHow::Restarted;
    Record::Live(Live {
        build,
        how,
        pid: 7,
        modules: vec!["api".into(), "router".into()],
        modules_total: 4,
        functions: None,
        patch: None,
        running: Vec::new(),
        begun: None,
        kept: BTreeSet::new(),
        callers_follow: false,
        why: is_restart.then(|| "core is resident".into()),
        rolled_back: false,
        times: Times {
            edit_to_live_ms: Some(millis(1_443_700)),
            save_to_build_ms: Some(millis(31_000)),
            build_ms: millis(1_400_000),
            build_to_signal_ms: millis(3_500),
            signal_to_mapped_ms: millis(9_200),
        },
    })
}

pub(super) fn start() -> Record {
    let one = |package: &str, role| Crate { package: package.into(), role: Some(role), dependencies: vec![] };
    Record::SessionStarted(SessionStarted {
        session: 4,
        tool: "0.1.0".into(),
        program: "<server>".into(),
        package: "server".into(),
        instances: vec![],
        strategy: "auto".into(),
        profile: "dev".into(),
        root: "/w/server".into(),
        target_directory: "/w/server/target/hotreload".into(),
        crates: vec![one("core", CrateRole::Resident), one("api", CrateRole::Module)],
    })
}

/// A start, a reload, a failure, a restart, a save that was overtaken, a stuck module, a crash.
pub(super) fn example() -> Vec<Record> {
    let error = Diagnostic {
        level: "error".into(),
        message: "cannot find `a<b>`".into(),
        code: Some("E0425".into()),
        file: Some("api/src/lib.rs".into()),
        line: Some(7),
        column: Some(3),
        rendered: "error[E0425]: cannot find `a<b>`\n --> api/src/lib.rs:7:3\n  |\n7 | a<b>\n".into(),
    };
    let failed = BuildFinished { diagnostics: vec![error], ..built(3, Outcome::Failed) };
    let stuck = Record::ModuleStuck {
        package: "api".into(),
        path: "/t/libapi.so".into(),
        reason: StuckReason::OldCodeMapped,
        verdict: Some(Verdict::Stuck),
        after_ms: millis(20_000_000),
    };
    let exited = |when| Record::ProgramExited(ProgramExited::new(7, Ending::Signal(11), when));
    vec![
        start(),
        begin(1),
        good(1),
        live(1, LiveHow::Started),
        change("api/src/<b>.rs"),
        begin(2),
        good(2),
        live(2, LiveHow::Reloaded),
        change("api/src/lib.rs"),
        begin(3),
        Record::BuildFinished(failed),
        change("core/src/lib.rs"),
        begin(4),
        good(4),
        live(4, LiveHow::Restarted),
        change("api/src/lib.rs"),
        begin(5),
        change("api/src/more.rs"),
        Record::BuildFinished(built(5, Outcome::Cancelled)),
        begin(6),
        good(6),
        stuck,
        exited(ExitedWhen::Stopped),
        live(6, LiveHow::Restarted),
        exited(ExitedWhen::Running),
        Record::Requested { request: Request::Reload },
        begin(7),
        good(7),
        exited(ExitedWhen::Starting),
        Record::SessionEnded(SessionEnded { reloads: 1, patches: 0, restarts: 2, error: None }),
    ]
}
