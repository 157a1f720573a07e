//! What a change does: what is built again, and how the new code gets into the program.
//!
//! It follows what a session does, see [`crate::session::delivery`], and what loaders do: they unload every module
//! from the top down to the lowest stale one, since whatever was loaded later may be bound to it, and load them again
//! from there up.

use std::collections::BTreeSet;
use std::fmt;

use crate::graph::node::{NodeIndex, Part, Standing};
use crate::graph::picture::{Evidence, Picture};

#[cfg(test)]
mod tests;

/// A change and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What is edited.
    pub changed: BTreeSet<NodeIndex>,
    /// What is compiled anew and may come out different, with what is edited. The executable only if that is why the
    /// program restarts: cargo links it again in any case.
    pub rebuilt: BTreeSet<NodeIndex>,
    /// How the program gets it.
    pub consequence: Consequence,
}

/// How the running program gets new code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consequence {
    /// It has nothing to do with it.
    Nothing,
    /// These modules are unloaded, the last one first, and loaded again, the first one first.
    Reload {
        /// Lowest first.
        modules: Vec<NodeIndex>,
    },
    /// A reload of these if they are modules, a restart if the program links the lowest one: nobody knows yet.
    Undecided {
        /// Lowest first.
        modules: Vec<NodeIndex>,
    },
    /// A new process.
    Restart {
        /// Why, as the user reads it.
        why: String,
    },
}

/// What becomes of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// What becomes of its file.
    pub build: Build,
    /// What becomes of its code in the program.
    pub code: Code,
}

/// What becomes of a node's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// Its source is edited.
    Changed,
    /// What it depends on was.
    Rebuilt,
    /// It stays.
    Kept,
}

/// What becomes of a node's code in the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It is unloaded and loaded again.
    Reloaded,
    /// It is reloaded or restarted.
    Undecided,
    /// Its process ends, and another one starts.
    Restarted,
    /// Nothing.
    Kept,
}

impl Fate {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_untouched(self) -> bool {
        self == Self { build: Build::Kept, code: Code::Kept }
    }
}

/// As it is marked in pictures: `changed, reloaded`.
impl fmt::Display for Fate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let build = match self.build {
            Build::Changed => Some("changed"),
            Build::Rebuilt => Some("rebuilt"),
            Build::Kept => None,
        };
        let code = match self.code {
            Code::Reloaded => Some("reloaded"),
            Code::Undecided => Some("reloaded or restarted"),
            Code::Restarted => Some("restarted"),
            Code::Kept => None,
        };
        let words: Vec<&str> = build.into_iter().chain(code).collect();
        formatter.pad(&words.join(", "))
    }
}

impl Change {
    /// What an edit in each of `changed` does.
    #[must_use]
    pub fn new(picture: &Picture, changed: impl IntoIterator<Item = NodeIndex>) -> Self {
        let changed: BTreeSet<NodeIndex> = changed.into_iter().collect();
        let rebuilt = rebuilt(picture, &changed);
        let consequence = consequence(picture, &changed, &rebuilt);
        Self { changed, rebuilt, consequence }
    }

    /// What becomes of `node`.
    #[must_use]
    pub fn fate(&self, picture: &Picture, node: NodeIndex) -> Fate {
        let build = match () {
            () if self.changed.contains(&node) => Build::Changed,
            () if self.rebuilt.contains(&node) => Build::Rebuilt,
            () => Build::Kept,
        };
        let code = match &self.consequence {
            Consequence::Reload { modules } if modules.contains(&node) => Code::Reloaded,
            Consequence::Undecided { modules } if modules.contains(&node) => Code::Undecided,
            Consequence::Restart { .. } if picture.nodes[node].part == Part::Host => Code::Restarted,
            _ => Code::Kept,
        };
        Fate { build, code }
    }

    /// All of it in one sentence.
    #[must_use]
    pub fn sentence(&self, picture: &Picture) -> String {
        let quoted = self.changed.iter().map(|&node| format!("`{}`", picture.nodes[node].name));
        let what = format!("a change in {}", series(&quoted.collect::<Vec<_>>()));
        let names = |nodes: &mut dyn Iterator<Item = NodeIndex>| -> String {
            series(&nodes.map(|node| picture.nodes[node].name.clone()).collect::<Vec<_>>())
        };
        let swap = |modules: &[NodeIndex]| {
            let (down, up) = (names(&mut modules.iter().rev().copied()), names(&mut modules.iter().copied()));
            match modules {
                [_] => format!("unloads {down} and loads it again"),
                _ => format!("unloads {down} and loads {up} again, in this order"),
            }
        };
        let rebuilt = names(&mut self.rebuilt.iter().copied());
        match &self.consequence {
            Consequence::Nothing => format!("{what} does not reach the program"),
            Consequence::Restart { why } => format!("{what} rebuilds {rebuilt} and restarts the program: {why}"),
            Consequence::Reload { modules } => {
                let also: Vec<NodeIndex> =
                    modules.iter().copied().filter(|module| !self.rebuilt.contains(module)).collect();
                let also = match also.len() {
                    0 => String::new(),
                    1 => format!("; {} is the same as before, but was loaded later", names(&mut also.into_iter())),
                    _ => format!("; {} are the same as before, but were loaded later", names(&mut also.into_iter())),
                };
                format!("{what} rebuilds {rebuilt}, {}, while the process goes on{also}", swap(modules))
            }
            Consequence::Undecided { modules } => {
                let lowest = names(&mut modules.first().copied().into_iter());
                let swap = swap(modules);
                format!(
                    "{what} rebuilds {rebuilt} and, if {lowest} is a module, {swap}; if the program links {lowest}, \
                     it restarts"
                )
            }
        }
    }
}

/// `one`, `one and two`, `one, two and three`; long ones are cut.
fn series(names: &[String]) -> String {
    const SHOWN: usize = 6;
    match names {
        [] => "nothing".into(),
        [one] => one.clone(),
        _ if names.len() > SHOWN + 1 => {
            format!("{} and {} more", names[..SHOWN].join(", "), names.len() - SHOWN)
        }
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `changed` and everything that is compiled against it.
fn rebuilt(picture: &Picture, changed: &BTreeSet<NodeIndex>) -> BTreeSet<NodeIndex> {
    let mut rebuilt = changed.clone();
    for (index, node) in picture.nodes.iter().enumerate() {
        // Nodes stand after what they depend on. The executable calls modules only by names that it looks up, so its
        // code is the same again; what is built into it, and what shapes its own source, makes it another.
        let is_rebuilt = match node.part {
            Part::Host => {
                let is_inside = |&used: &NodeIndex| {
                    rebuilt.contains(&used) && picture.nodes[used].part == Part::Excluded { group: None }
                };
                node.uses.iter().any(is_inside) || !node.built_with.is_disjoint(&rebuilt)
            }
            _ => !node.uses.is_disjoint(&rebuilt) || !node.built_with.is_disjoint(&rebuilt),
        };
        if is_rebuilt {
            rebuilt.insert(index);
        }
    }
    rebuilt
}

fn consequence(picture: &Picture, changed: &BTreeSet<NodeIndex>, rebuilt: &BTreeSet<NodeIndex>) -> Consequence {
    if let Some(why) = reason_to_restart(picture, changed, rebuilt) {
        return Consequence::Restart { why };
    }
    let place = |node: &NodeIndex| picture.nodes[*node].part.place();
    let Some(lowest) = rebuilt.iter().filter_map(place).min() else { return Consequence::Nothing };
    let modules = (0..picture.nodes.len()).filter(|node| place(node).is_some_and(|place| place >= lowest)).collect();
    match picture.evidence {
        Evidence::None => Consequence::Undecided { modules },
        Evidence::Loader | Evidence::NoLoader => Consequence::Reload { modules },
    }
}

/// Why no loader can bring `rebuilt` in; what is edited is named before what is merely built again.
fn reason_to_restart(
    picture: &Picture,
    changed: &BTreeSet<NodeIndex>,
    rebuilt: &BTreeSet<NodeIndex>,
) -> Option<String> {
    let reaches = |node: &&NodeIndex| !matches!(picture.nodes[**node].part, Part::Unused | Part::Helper);
    if picture.standing == Standing::RestartOnly {
        return rebuilt.iter().find(reaches).map(|_| "that is the strategy".into());
    }
    let why = |node: &NodeIndex| {
        let name = &picture.nodes[*node].name;
        match picture.nodes[*node].part {
            Part::Resident => Some(format!("{name} is resident, the program links it and cannot swap it")),
            Part::Host => Some(format!("{name} is the executable itself")),
            Part::Group { .. } => Some(format!("{name} is a dependency group, which is never unloaded")),
            Part::Excluded { group: Some(number) } => {
                Some(format!("{name} is excluded and static, built into dependency group {number}"))
            }
            Part::Excluded { group: None } => Some(format!("{name} is excluded and static, built into the program")),
            Part::Module { .. } | Part::Undecided { .. } | Part::Unloaded | Part::Helper | Part::Unused => None,
        }
    };
    changed.iter().find_map(why).or_else(|| rebuilt.iter().find_map(why))
}
