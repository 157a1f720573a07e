//! The files of builds that may be wanted again.

use crate::commands::run::driver::Driver;
use crate::plan::instances::Instance;
use crate::session::delivery::Built;
use crate::session::event::Event;
use crate::ui::say;

impl Driver<'_> {
    /// Keeps what cargo has just built.
    pub(super) fn keep_built(&mut self, built: &[Built]) {
        for error in built.iter().filter_map(|built| self.kept.keep(built).err()) {
            say::warning(&format!("{error:#}; it cannot be rolled back to"));
        }
    }

    /// Removes what no program wants again; whether there may have been such files. It takes milliseconds for each.
    pub(super) fn remove_unwanted(&mut self) -> bool {
        let Some(wanted) = self.wanted.changed() else { return false };
        self.kept.retain(&wanted).unwrap_or_else(|error| say::warning(&format!("{error:#}")));
        true
    }

    /// Somebody asks for former builds.
    pub(super) fn begin_to_go_back(&mut self) {
        self.wanted.begin_to_go_back();
    }

    /// Puts the files of `built` where the program of this number finds them.
    pub(super) fn put_back(&mut self, index: usize, built: Built) -> Event {
        if let Some(other) = self.wanted.contradicted(&built) {
            let Instance { name, .. } = &self.facts.instances[other];
            return Event::PutBack(Err(format!("`{name}` uses the same files, and goes back to another build")));
        }
        let result = self.kept.put_back(&built).map_err(|error| format!("{error:#}"));
        if result.is_ok() {
            self.wanted.went_back(index, built);
        }
        Event::PutBack(result)
    }

    /// Cargo is called next: its newest files are where it believes them.
    pub(super) fn restore_newest(&mut self) -> anyhow::Result<()> {
        self.kept.restore()
    }
}
