//! How a build gets into the running program: by a signal, by a restart, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::plan::roles::Role;
use crate::session::verify::Expectation;

/// What a successful build left on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The host's executable.
    pub executable: Image,
    /// Every library of the workspace and every dependency group, lowest first.
    pub libraries: Vec<Library>,
}

/// A file of machine code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where it is.
    pub path: PathBuf,
    /// Hash of its content.
    pub content: u64,
}

/// A built library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// The package it comes from.
    pub package: String,
    /// [`Role::Module`] or [`Role::Resident`].
    pub role: Role,
    /// The file.
    pub image: Image,
}

impl Built {
    /// The libraries that the program can swap, lowest first.
    pub fn modules(&self) -> impl Iterator<Item = &Library> {
        self.libraries.iter().filter(|library| library.role == Role::Module)
    }

    /// What must be mapped once the program has started: every module, or the executable if there is none.
    #[must_use]
    pub fn expected_at_start(&self) -> Vec<Expectation> {
        let new = |path: &PathBuf| Expectation { path: path.clone(), old: None };
        let modules: Vec<_> = self.modules().map(|module| new(&module.image.path)).collect();
        if modules.is_empty() { vec![new(&self.executable.path)] } else { modules }
    }
}

/// The content of every image that the program has loaded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded(BTreeMap<PathBuf, u64>);

impl From<&Built> for Loaded {
    fn from(built: &Built) -> Self {
        let images = built.libraries.iter().map(|library| &library.image).chain([&built.executable]);
        Self(images.map(|image| (image.path.clone(), image.content)).collect())
    }
}

impl Loaded {
    fn has(&self, image: &Image) -> bool {
        self.0.get(&image.path) == Some(&image.content)
    }
}

/// What has to be done to bring a build into the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The program runs this code already.
    Nothing,
    /// The program swaps modules when it is told to.
    Signal {
        /// Packages of the changed modules, lowest first.
        modules: Vec<String>,
    },
    /// Only a new process can have the new code.
    Restart {
        /// Why, as the user reads it.
        why: String,
    },
}

/// Why a changed module that the program never loaded cannot be swapped in.
#[must_use]
pub fn not_loaded(built: &Built, modules: &[String], missing: &BTreeSet<PathBuf>) -> Option<String> {
    let is_missing = |module: &&Library| modules.contains(&module.package) && missing.contains(&module.image.path);
    built.modules().find(is_missing).map(|module| format!("the program did not load {} as a module", module.package))
}

/// How `built` gets into a program that has `loaded`.
#[must_use]
pub fn decide(built: &Built, loaded: &Loaded) -> Delivery {
    let changed = |role: Role| -> Vec<String> {
        let libraries = built.libraries.iter().filter(|library| library.role == role && !loaded.has(&library.image));
        libraries.map(|library| library.package.clone()).collect()
    };
    let residents = changed(Role::Resident);
    if !residents.is_empty() {
        let (is, they) = if residents.len() == 1 { ("is", "it") } else { ("are", "them") };
        let why = format!("{} {is} resident: the program links {they} and cannot swap {they}", residents.join(", "));
        return Delivery::Restart { why };
    }
    if !loaded.has(&built.executable) {
        return Delivery::Restart { why: "the host itself changed".into() };
    }
    let files = built.libraries.len() + 1;
    if files != loaded.0.len() {
        return Delivery::Restart { why: "the set of modules changed".into() };
    }
    match changed(Role::Module) {
        modules if modules.is_empty() => Delivery::Nothing,
        modules => Delivery::Signal { modules },
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Built, Delivery, Image, Library, Loaded, decide};
    use crate::plan::roles::Role;

    fn built(core: u64, api: u64, host: u64) -> Built {
        let image = |name: &str, content| Image { path: PathBuf::from(name), content };
        let library = |name: &str, role, content| Library { package: name.into(), role, image: image(name, content) };
        Built {
            executable: image("host", host),
            libraries: vec![library("core", Role::Resident, core), library("api", Role::Module, api)],
        }
    }

    fn decision(core: u64, api: u64, host: u64) -> Delivery {
        decide(&built(core, api, host), &Loaded::from(&built(1, 1, 1)))
    }

    #[test]
    fn the_same_content_needs_nothing() {
        assert_eq!(decision(1, 1, 1), Delivery::Nothing);
    }

    #[test]
    fn a_changed_module_is_signalled() {
        assert_eq!(decision(1, 2, 1), Delivery::Signal { modules: vec!["api".into()] });
    }

    #[test]
    fn a_changed_resident_restarts_and_is_named() {
        let Delivery::Restart { why } = decision(2, 2, 2) else { panic!("no restart") };
        assert!(why.starts_with("core is resident"), "{why}");
    }

    #[test]
    fn a_changed_host_restarts() {
        assert_eq!(decision(1, 2, 2), Delivery::Restart { why: "the host itself changed".into() });
    }

    #[test]
    fn a_new_module_restarts() {
        let mut more = built(1, 1, 1);
        let mut extra = more.libraries[1].clone();
        extra.image.path = PathBuf::from("extra");
        more.libraries.push(extra);
        assert!(matches!(decide(&more, &Loaded::from(&built(1, 1, 1))), Delivery::Restart { .. }));
    }
}
