//! What became of each module when the time for a reload was over: pure, from mappings and from what the kernel says of
//! the signal.

use serde::{Deserialize, Serialize};

use crate::session::verify::Unmet;

/// What became of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The old code is still mapped, although the program tried.
    Stuck,
    /// The program never noticed the signal.
    NotPickedUp,
    /// The program noticed the signal, and kept all that it had.
    Refused,
    /// The old code is gone, and the new one is not there.
    NotLoaded,
}

/// What the kernel says that a process does about a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It has a handler, or waits for it in another way.
    Handled,
    /// It is thrown away.
    Ignored,
    /// It waits until a thread lets it in.
    Blocked,
    /// Nobody has asked for it: it does what it does by default.
    Unhandled,
}

/// What a process does about the signal that tells it to reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reception {
    /// The signal's name.
    pub signal: String,
    /// What is done about it.
    pub heard: Heard,
}

impl Reception {
    /// Whether the program cannot have noticed the signal.
    #[must_use]
    pub fn is_unheard(&self) -> bool {
        self.heard != Heard::Handled
    }
}

/// What a module has come to that is not live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is seen of it.
    pub unmet: Unmet,
    /// The module's package.
    pub package: String,
    /// What that means.
    pub verdict: Verdict,
}

/// What is known of a reload that did not work.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'facts> {
    /// No module's mapping has changed since the signal.
    pub is_untouched: bool,
    /// What the program does about the signal, if that could be read.
    pub reception: Option<&'facts Reception>,
    /// Something is known that keeps a module where it is.
    pub is_explained: bool,
}

/// What `unmet` means.
#[must_use]
pub fn verdict(unmet: &Unmet, circumstances: Circumstances<'_>) -> Verdict {
    let Circumstances { is_untouched, reception, is_explained } = circumstances;
    match unmet {
        Unmet::NewMissing(_) => Verdict::NotLoaded,
        Unmet::OldMapped(_) if !is_untouched => Verdict::Stuck,
        Unmet::OldMapped(_) if reception.is_some_and(Reception::is_unheard) => Verdict::NotPickedUp,
        // The topmost module goes first: if it cannot, everything is as it was.
        Unmet::OldMapped(_) if is_explained => Verdict::Stuck,
        Unmet::OldMapped(_) => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Circumstances, Heard, Reception, Verdict, verdict};
    use crate::session::verify::Unmet;

    #[test]
    fn mappings_and_the_signal_decide_together() {
        let old = Unmet::OldMapped(PathBuf::from("/t/api"));
        let ignored = Reception { signal: "SIGINT".into(), heard: Heard::Ignored };
        let handled = Reception { heard: Heard::Handled, ..ignored.clone() };
        let of = |unmet: &Unmet, is_untouched, reception, is_explained| {
            verdict(unmet, Circumstances { is_untouched, reception: Some(reception), is_explained })
        };
        assert_eq!(of(&old, true, &ignored, false), Verdict::NotPickedUp);
        assert_eq!(of(&old, true, &ignored, true), Verdict::NotPickedUp);
        assert_eq!(of(&old, true, &handled, false), Verdict::Refused);
        assert_eq!(of(&old, true, &handled, true), Verdict::Stuck);
        // Whatever is said of the signal: something has moved.
        assert_eq!(of(&old, false, &ignored, false), Verdict::Stuck);
        let missing = Unmet::NewMissing(PathBuf::from("/t/api"));
        assert_eq!(of(&missing, false, &handled, true), Verdict::NotLoaded);
    }
}
