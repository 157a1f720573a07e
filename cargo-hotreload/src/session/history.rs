//! Which build a program has, and which one it can go back to.
//!
//! Going back exchanges the two, so that it can be taken back in the same way.

use crate::session::delivery::Built;
use crate::session::stage::Finished;

/// The builds that a program was given.
#[derive(Debug, Default)]
pub(super) struct History {
    given: Option<Given>,
    /// The last one before it that was live, or the one that was left by going back.
    former: Option<Finished>,
    /// What cargo has made last.
    newest: Option<Built>,
}

/// The build that the program was given last.
#[derive(Debug)]
struct Given {
    finished: Finished,
    is_live: bool,
}

impl History {
    /// Cargo has made `built`.
    pub(super) fn made(&mut self, built: &Built) {
        self.newest = Some(built.clone());
    }

    /// The program is given `finished`.
    pub(super) fn given(&mut self, finished: &Finished) {
        if self.is_given(finished) {
            return;
        }
        let given = Given { finished: finished.clone(), is_live: false };
        if let Some(before) = self.given.replace(given).filter(|before| before.is_live) {
            self.former = Some(before.finished);
        }
    }

    /// All of what it was given is in the program.
    pub(super) fn is_live(&mut self) {
        if let Some(given) = &mut self.given {
            given.is_live = true;
        }
    }

    /// The program was patched: no build as a whole has its code, and there is none to go back to.
    pub(super) fn moves_on(&mut self) {
        (self.given, self.former) = (None, None);
    }

    /// Cargo has built what the program runs by now.
    pub(super) fn settles(&mut self, finished: Finished) {
        if !self.is_given(&finished) {
            self.given = Some(Given { finished, is_live: false });
        }
        self.is_live();
    }

    fn is_given(&self, finished: &Finished) -> bool {
        self.given.as_ref().is_some_and(|given| given.finished.built == finished.built)
    }

    /// The newest build that has changed the program, whether or not it was gone back from.
    pub(super) fn changed_by(&self) -> u32 {
        let given = self.given.as_ref().map(|given| given.finished.number);
        given.max(self.former().map(|former| former.number)).unwrap_or_default()
    }

    /// Whether the program has another executable than the one that cargo has made last.
    pub(super) fn is_older(&self) -> bool {
        let newest = self.newest.as_ref().map(|newest| &newest.executable);
        self.live().is_some_and(|live| newest.is_some_and(|newest| *newest != live.executable))
    }

    /// What the program has, if that is live.
    pub(super) fn live(&self) -> Option<&Built> {
        self.given.as_ref().filter(|given| given.is_live).map(|given| &given.finished.built)
    }

    /// The build to go back to.
    pub(super) fn former(&self) -> Option<&Finished> {
        self.former.as_ref()
    }

    /// The program is given the former build, and what it has now is the former one.
    pub(super) fn go_back(&mut self) -> Option<Finished> {
        let former = self.former.take()?;
        let given = self.given.replace(Given { finished: former.clone(), is_live: false });
        self.former = given.map(|given| given.finished);
        Some(former)
    }

    /// What may be wanted again.
    pub(super) fn builds(&self) -> Vec<Built> {
        let given = self.given.iter().map(|given| &given.finished);
        given.chain(&self.former).map(|finished| finished.built.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::History;
    use crate::session::stage::{Finished, Origin};
    use crate::session::tests::built;

    fn finished(number: u32) -> Finished {
        let (build, ended) = (Duration::ZERO, Instant::now());
        Finished { number, built: built(1, number.into(), 1), build, ended, saved: None, origin: Origin::Cargo }
    }

    fn former(history: &History) -> Option<u32> {
        history.former().map(|finished| finished.number)
    }

    #[test]
    fn what_was_live_before_is_gone_back_to_and_that_is_exchanged() {
        let mut history = History::default();
        history.given(&finished(1));
        history.is_live();
        assert_eq!((former(&history), history.go_back().is_none()), (None, true));
        history.given(&finished(2));
        history.is_live();
        assert_eq!(former(&history), Some(1));
        assert_eq!(history.go_back().map(|finished| finished.number), Some(1));
        history.is_live();
        assert_eq!((former(&history), history.changed_by()), (Some(2), 2));
        history.go_back();
        assert_eq!(former(&history), Some(1));
        assert_eq!(history.builds().len(), 2);
    }

    #[test]
    fn what_never_was_live_is_nothing_to_go_back_to_unless_it_was_left_by_going_back() {
        let mut history = History::default();
        history.given(&finished(1));
        history.is_live();
        history.given(&finished(2));
        history.given(&finished(3));
        assert_eq!(former(&history), Some(1));
        history.go_back();
        assert_eq!(former(&history), Some(3));
    }

    #[test]
    fn what_was_patched_is_gone_back_to_only_as_a_whole() {
        let mut history = History::default();
        history.given(&finished(1));
        history.is_live();
        history.given(&finished(2));
        history.is_live();
        history.moves_on();
        assert_eq!((former(&history), history.builds().len()), (None, 0));
        history.given(&finished(3));
        assert_eq!(former(&history), None, "nobody has built what ran before");
        history.settles(finished(4));
        assert_eq!(history.changed_by(), 4);
        history.settles(Finished { number: 5, ..finished(4) });
        assert_eq!(history.changed_by(), 4, "the same again");
        history.given(&finished(5));
        assert_eq!(former(&history), Some(4));
    }

    #[test]
    fn the_same_again_changes_nothing() {
        let mut history = History::default();
        history.given(&finished(1));
        history.is_live();
        history.given(&finished(2));
        history.given(&finished(2));
        history.is_live();
        history.given(&finished(2));
        history.given(&finished(3));
        assert_eq!(former(&history), Some(2));
    }
}
