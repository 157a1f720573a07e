//! Which programs there are to start a build that steps back behind everything else.

use std::env;

use crate::effects::rustc::record::found_in;
use crate::patch::rustc::background::Helpers;

/// Those that are installed.
#[must_use]
pub fn helpers() -> Helpers {
    let path = env::var_os("PATH");
    let find = |name| found_in(path.as_deref(), name);
    Helpers { nice: find("nice"), ionice: find("ionice") }
}
