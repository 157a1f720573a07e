//! How a build gets into the running program: by a signal, by a restart, or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::plan::roles::Role;
use crate::session::verify::{Expectation, Unmet};

/// What a successful build left on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The host's executable.
    pub executable: Image,
    /// Every library of the workspace and every dependency group, lowest first.
    pub libraries: Vec<Library>,
    /// Every local crate without a library of its own, lowest first.
    pub carried: Vec<Carried>,
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
    /// What the program itself uses of it, where that is little: it may be resident by accident.
    pub used: Option<Used>,
}

/// What a program uses of a library.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// As the user reads it.
    pub names: String,
    /// It is more than instances of the standard library's generic code.
    pub is_own: bool,
}

/// A local crate that is part of a dependency group, or of the program itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// The package.
    pub package: String,
    /// What the compiler made of it.
    pub image: Image,
}

impl Built {
    fn images(&self) -> impl Iterator<Item = &Image> {
        let libraries = self.libraries.iter().map(|library| &library.image);
        libraries.chain(self.carried.iter().map(|carried| &carried.image)).chain([&self.executable])
    }

    /// The files that a process maps: its executable and its libraries.
    pub fn mapped(&self) -> impl Iterator<Item = &Image> {
        self.libraries.iter().map(|library| &library.image).chain([&self.executable])
    }

    /// Whether both have files at the same place that are not the same.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> bool {
        let is_other = |image: &Image| other.mapped().any(|it| it.path == image.path && it.content != image.content);
        self.mapped().any(is_other)
    }

    /// The libraries that the program can swap, lowest first.
    pub fn modules(&self) -> impl Iterator<Item = &Library> {
        self.libraries.iter().filter(|library| library.role == Role::Module)
    }

    /// What must be mapped once the program has started: every module, or the executable if there is none.
    #[must_use]
    pub fn expected_at_start(&self) -> Vec<Expectation> {
        let new = |path: &PathBuf| Expectation { path: path.clone(), old: None, is_start: true };
        let modules: Vec<_> = self.modules().map(|module| new(&module.image.path)).collect();
        if modules.is_empty() { vec![new(&self.executable.path)] } else { modules }
    }
}

/// The content of every image that the program has loaded; none where it has lost it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Loaded(BTreeMap<PathBuf, Option<u64>>);

impl From<&Built> for Loaded {
    fn from(built: &Built) -> Self {
        Self(built.images().map(|image| (image.path.clone(), Some(image.content))).collect())
    }
}

impl Loaded {
    fn has(&self, image: &Image) -> bool {
        self.0.get(&image.path) == Some(&Some(image.content))
    }

    /// The program was given `built`, and has all of it but what is `unmet`.
    pub fn took(&mut self, built: &Built, unmet: &[Unmet]) {
        for image in built.images() {
            match unmet.iter().find(|unmet| *unmet.path() == image.path) {
                None => drop(self.0.insert(image.path.clone(), Some(image.content))),
                // What was there before goes on.
                Some(Unmet::OldMapped(_)) => {}
                // Nothing is: whatever is built next is new.
                Some(Unmet::NewMissing(_)) => drop(self.0.insert(image.path.clone(), None)),
            }
        }
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
    let is_new_host = !loaded.has(&built.executable);
    if is_new_host || !residents.is_empty() {
        // What was edited, rather than what was built again because of it.
        let carried = built.carried.iter().filter(|carried| !loaded.has(&carried.image));
        let mut carried: Vec<&str> = carried.map(|carried| carried.package.as_str()).collect();
        carried.dedup();
        if !carried.is_empty() {
            let (is, they_have) = if carried.len() == 1 { ("is", "it has") } else { ("are", "they have") };
            let why = format!("{} {is} static: {they_have} no module to swap", carried.join(", "));
            return Delivery::Restart { why };
        }
    }
    if !residents.is_empty() {
        let (is, they) = if residents.len() == 1 { ("is", "it") } else { ("are", "them") };
        let why = format!("{} {is} resident: the program links {they} and cannot swap {they}", residents.join(", "));
        let why = match used(built, &residents) {
            used if used.is_empty() => why,
            used => format!("{why} (it uses {})", used.join(", ")),
        };
        return Delivery::Restart { why };
    }
    if is_new_host {
        return Delivery::Restart { why: "the host itself changed".into() };
    }
    if Loaded::from(built).0.len() != loaded.0.len() {
        return Delivery::Restart { why: "the set of modules changed".into() };
    }
    match changed(Role::Module) {
        modules if modules.is_empty() => Delivery::Nothing,
        modules => Delivery::Signal { modules },
    }
}

/// What the program uses of the `residents`, as far as that is telling.
fn used<'built>(built: &'built Built, residents: &[String]) -> Vec<&'built str> {
    let libraries = built.libraries.iter().filter(|library| residents.contains(&library.package));
    let used: Vec<&Used> = libraries.filter_map(|library| library.used.as_ref()).collect();
    let has_own = used.iter().any(|used| used.is_own);
    used.into_iter().filter(|used| used.is_own == has_own).map(|used| used.names.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{Built, Carried, Delivery, Image, Library, Loaded, Used, decide};
    use crate::plan::roles::Role;

    fn built(core: u64, api: u64, host: u64) -> Built {
        let image = |name: &str, content| Image { path: PathBuf::from(name), content };
        let library =
            |name: &str, role, content| Library { package: name.into(), role, image: image(name, content), used: None };
        Built {
            executable: image("host", host),
            libraries: vec![library("core", Role::Resident, core), library("api", Role::Module, api)],
            carried: vec![],
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
    fn what_makes_it_resident_is_told() {
        let mut new = built(2, 2, 1);
        let used = |names: &str, is_own| Some(Used { names: names.into(), is_own });
        let why = |new: &Built| match decide(new, &Loaded::from(&built(1, 1, 1))) {
            Delivery::Restart { why } => why,
            other => panic!("{other:?}"),
        };
        new.libraries[0].used = used("`drop_slow`", false);
        assert!(why(&new).ends_with("the program links it and cannot swap it (it uses `drop_slow`)"));
        new.libraries[1].role = Role::Resident;
        new.libraries[1].used = used("`api::word`", true);
        assert!(why(&new).ends_with("the program links them and cannot swap them (it uses `api::word`)"));
    }

    #[test]
    fn a_changed_host_restarts() {
        assert_eq!(decision(1, 2, 2), Delivery::Restart { why: "the host itself changed".into() });
    }

    #[test]
    fn a_changed_crate_inside_a_group_is_named_and_not_the_group() {
        let with = |group: u64, kept: u64| {
            let mut built = built(group, 1, 1);
            built.libraries[0].package = "hotreload-group-1".into();
            let image = Image { path: PathBuf::from("libkept.rlib"), content: kept };
            built.carried.push(Carried { package: "kept".into(), image });
            built
        };
        let loaded = Loaded::from(&with(1, 1));
        let why = "kept is static: it has no module to swap".to_owned();
        assert_eq!(decide(&with(2, 2), &loaded), Delivery::Restart { why });
        // What changed is not in the program.
        assert_eq!(decide(&with(1, 2), &loaded), Delivery::Nothing);
        let Delivery::Restart { why } = decide(&with(2, 1), &loaded) else { panic!("no restart") };
        assert!(why.starts_with("hotreload-group-1 is resident"), "{why}");
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
