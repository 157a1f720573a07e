//! What the keys do. Most of them ask the session for the same as the commands in another terminal do.

use crate::commands::run::driver::Driver;
use crate::config::values::Strategy;
use crate::effects::build::linked;
use crate::graph::node::Standing;
use crate::graph::picture::Picture;
use crate::graph::{Format, render};
use crate::plan::groups;
use crate::session::event::Event;
use crate::session::fleet::Fleet;
use crate::session::request::{ReplyTo, Request};
use crate::ui::keys::{self, Key};
use crate::ui::{say, screen};

impl Driver<'_> {
    /// What the session has to know of `key`; everything else is done here.
    pub(super) fn pressed(&self, key: Key, fleet: &Fleet) -> Option<Event> {
        let request = match key {
            Key::Reload => Request::Reload,
            Key::Restart => Request::Restart,
            Key::Build => Request::Build,
            Key::Rollback => Request::Rollback,
            Key::Status => Request::Status,
            Key::Pause if fleet.is_paused() => Request::Resume,
            Key::Pause => Request::Pause,
            // As Ctrl+C: the second time kills.
            Key::Quit => return Some(Event::Interrupted),
            Key::Clear => {
                screen::clear();
                return None;
            }
            Key::Graph => {
                say::lines(&self.graph());
                return None;
            }
            Key::Help => {
                say::note("keys:");
                say::lines(&keys::help());
                return None;
            }
            Key::Errors => {
                match self.front.all_diagnostics() {
                    text if text.is_empty() => say::note("the last build had no errors and no warnings"),
                    text => say::lines(&text),
                }
                return None;
            }
        };
        Some(Event::Asked(request, ReplyTo::NOBODY))
    }

    /// The same text as `cargo hotreload graph` prints, of what this session knows.
    fn graph(&self) -> String {
        let workspace = &self.facts.workspace;
        let groups = match workspace.own_profile {
            Some(_) => Vec::new(),
            None => groups::groups(&workspace.graph),
        };
        let standing = match *self.facts.settings.strategy {
            Strategy::Restart | Strategy::Patch => Standing::RestartOnly,
            Strategy::Auto | Strategy::Modules => Standing::Enabled,
        };
        render(&Picture::new(workspace, &groups, linked(workspace).as_ref(), standing), None, Format::Text)
    }
}
