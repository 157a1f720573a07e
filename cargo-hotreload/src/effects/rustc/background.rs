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

#[cfg(test)]
mod tests {
    use super::helpers;
    use crate::effects::process;
    use crate::patch::rustc::background::in_background;
    use crate::plan::command::CommandLine;

    #[test]
    fn a_build_in_the_background_has_the_lowest_priority() {
        // Without arguments, `nice` prints the priority that it has.
        let printed = process::read(&in_background(CommandLine::new("nice", "/"), &helpers())).expect("it ends well");
        assert_eq!(printed.trim(), "19");
    }
}
