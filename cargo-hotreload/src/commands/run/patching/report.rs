//! What the session is told of a patch.

use crate::events::record;
use crate::live::Patched;
use crate::session::landed::Patch;

/// What a patch did, and what it took.
pub(super) fn told(patched: Patched, callers_follow: bool) -> Patch {
    let applied = patched.applied.as_ref();
    let took = record::Patch {
        bytes: patched.bytes,
        threads: applied.map_or(0, |applied| applied.threads),
        stopped_ms: applied.map(|applied| applied.stopped).unwrap_or_default().into(),
        rounds: applied.map_or(0, |applied| applied.rounds),
        planning_ms: patched.planning.into(),
        writing_ms: patched.writing.into(),
    };
    let (functions, running) = (patched.functions.len(), patched.running());
    Patch { functions, running, begun: patched.begun, kept: patched.kept, callers_follow, took }
}
