//! The program's graph as rustc was told of it: each call names the files of the crates that it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::patch::rustc::recorded::{CrateType, Key, Kind, Recorded};

/// Everything that was compiled, each in the way in which it was compiled last.
#[derive(Debug, Clone, Default)]
pub struct Units {
    all: BTreeMap<Key, Recorded>,
    /// What each names. There may be hundreds, and they are asked for often.
    uses: BTreeMap<Key, Vec<Key>>,
    /// The last is the newest.
    order: Vec<Key>,
    /// Names of the crates that may be edited, or use one that may be; `None` if that may be any.
    editable: Option<BTreeSet<String>>,
}

/// What a program consists of.
#[derive(Debug, Clone, Default)]
pub struct Parts<'a> {
    /// What is linked into it, and itself, lowest first.
    pub units: Vec<&'a Recorded>,
    /// What the compiler loads for these, or cargo runs for them: procedural macros, build scripts.
    pub tools: Vec<&'a Recorded>,
    /// Libraries whose compilation was not recorded, although it matters.
    pub unrecorded: Vec<PathBuf>,
}

impl Units {
    /// Everything in `records`, which come in the order in which they were made.
    #[must_use]
    pub fn new(records: impl IntoIterator<Item = Recorded>) -> Self {
        let mut units = Self::default();
        for record in records {
            let key = record.key();
            units.uses.insert(key.clone(), record.used().collect());
            if units.all.insert(key.clone(), record).is_some() {
                units.order.retain(|earlier| *earlier != key);
            }
            units.order.push(key);
        }
        units
    }

    /// Other crates than these neither are edited nor use one that is, so that it does not matter how they were compiled.
    #[must_use]
    pub fn with_editable(self, names: BTreeSet<String>) -> Self {
        Self { editable: Some(names), ..self }
    }

    /// Every unit.
    pub fn all(&self) -> impl Iterator<Item = &Recorded> {
        self.all.values()
    }

    /// The unit `key`.
    #[must_use]
    pub fn get(&self, key: &Key) -> Option<&Recorded> {
        self.all.get(key)
    }

    /// The program of the crate `name` of the package whose manifest is in `package`, as it was last compiled into
    /// `directory`, that of the profile. With other features it is another unit, and the old one's record stays.
    #[must_use]
    pub fn program(&self, name: &str, package: &Path, directory: &Path) -> Option<&Recorded> {
        let name = name.replace('-', "_");
        self.newest().find(|unit| {
            let is_there = unit.absolute(&unit.out_dir).starts_with(directory);
            unit.kind() == Kind::Program && unit.crate_name == name && unit.is_of(package) && is_there
        })
    }

    fn newest(&self) -> impl Iterator<Item = &Recorded> {
        self.order.iter().rev().filter_map(|key| self.all.get(key))
    }

    /// What `program` consists of.
    #[must_use]
    pub fn parts(&self, program: &Recorded) -> Parts<'_> {
        self.parts_of([program])
    }

    /// What `programs` consist of, each part once.
    #[must_use]
    pub fn parts_of<'program>(&self, programs: impl IntoIterator<Item = &'program Recorded>) -> Parts<'_> {
        let mut parts = Parts::default();
        let mut seen = BTreeSet::new();
        for program in programs {
            if let Some(program) = self.get(&program.key()).filter(|program| !seen.contains(&program.key())) {
                seen.insert(program.key());
                self.collect(program, &mut seen, &mut parts);
            }
        }
        let packages: BTreeSet<&Path> = parts.units.iter().filter_map(|unit| unit.package_directory()).collect();
        let scripts = self.newest().filter(|unit| unit.kind() == Kind::BuildScript);
        let mut last = BTreeSet::new();
        // Where a script was compiled in several ways, the newest counts.
        parts.tools.extend(scripts.filter(|script| {
            script.package_directory().is_some_and(|package| packages.contains(package) && last.insert(package))
        }));
        parts
    }

    fn collect<'a>(&'a self, unit: &'a Recorded, seen: &mut BTreeSet<Key>, parts: &mut Parts<'a>) {
        for path in unit.externs.iter().map(|it| unit.absolute(&it.path)) {
            let Some(key) = Key::of_library(&path).filter(|key| !seen.contains(key)) else { continue };
            seen.insert(key.clone());
            match self.get(&key) {
                None if self.is_editable(&key) => parts.unrecorded.push(path),
                None => {}
                Some(tool) if tool.kind() == Kind::ProcMacro => parts.tools.push(tool),
                Some(lower) => self.collect(lower, seen, parts),
            }
        }
        parts.units.push(unit);
    }

    fn is_editable(&self, unit: &Key) -> bool {
        let stem = unit.stem().to_string_lossy();
        let name = stem.rsplit_once('-').map_or(&*stem, |(name, _)| name);
        self.editable.as_ref().is_none_or(|names| names.contains(name))
    }

    /// What `unit` names.
    #[must_use]
    pub fn uses(&self, unit: &Key) -> &[Key] {
        self.uses.get(unit).map_or(&[], Vec::as_slice)
    }

    /// Everything that `unit` uses, itself and what the compiler loads for it included, as far as a way leads there over
    /// units that are `wanted`.
    #[must_use]
    pub fn below(&self, unit: &Key, wanted: impl Fn(&Key) -> bool) -> BTreeSet<Key> {
        let mut found = BTreeSet::from([unit.clone()]);
        let mut open = vec![unit.clone()];
        while let Some(unit) = open.pop() {
            for key in self.uses(&unit).iter().filter(|key| wanted(key)) {
                if found.insert(key.clone()) {
                    open.push(key.clone());
                }
            }
        }
        found
    }

    /// Everything that uses one of `units`, themselves included: the other direction of [`Units::below`].
    #[must_use]
    pub fn above(&self, units: impl IntoIterator<Item = Key>) -> BTreeSet<Key> {
        let mut users: BTreeMap<&Key, Vec<&Key>> = BTreeMap::new();
        for (user, used) in &self.uses {
            for key in used {
                users.entry(key).or_default().push(user);
            }
        }
        let mut found: BTreeSet<Key> = units.into_iter().collect();
        let mut open: Vec<Key> = found.iter().cloned().collect();
        while let Some(unit) = open.pop() {
            for user in users.get(&unit).into_iter().flatten() {
                if found.insert((*user).clone()) {
                    open.push((*user).clone());
                }
            }
        }
        found
    }
}

impl Recorded {
    /// Whether it is of the package whose manifest is in `directory`.
    #[must_use]
    pub fn is_of(&self, directory: &Path) -> bool {
        self.package_directory() == Some(directory)
    }

    fn used(&self) -> impl Iterator<Item = Key> {
        self.externs.iter().filter_map(|it| Key::of_library(&self.absolute(&it.path)))
    }

    /// Whether rustc wants the machine code of everything below, which it then links: metadata is not enough.
    #[must_use]
    pub fn needs_objects(&self) -> bool {
        self.links() || self.crate_types.iter().any(|it| *it != CrateType::Rlib)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::path::Path;

    use super::Units;
    use crate::patch::rustc::call::Call;
    use crate::patch::rustc::recorded::{Key, Recorded};

    /// The crate `name`, which uses the files `externs`, of a package in `/w/NAME`.
    pub(in crate::patch::rustc) fn unit(name: &str, crate_type: &str, externs: &[&str]) -> Recorded {
        let mut arguments = vec!["--crate-name".to_owned(), name.replace('-', "_"), format!("{name}/src/it.rs")];
        arguments.extend(["--crate-type".into(), crate_type.into(), "-C".into(), "extra-filename=-1".into()]);
        let emit = if crate_type == "bin" { "--emit=dep-info,link" } else { "--emit=dep-info,metadata,link" };
        arguments.extend([emit, "--out-dir", "/t/debug/deps", "-L", "dependency=/t/debug/deps"].map(str::to_owned));
        for file in externs {
            let used = file.trim_start_matches("lib").split('-').next().unwrap_or_default();
            arguments.extend(["--extern".into(), format!("{used}=/t/debug/deps/{file}")]);
        }
        let call = Call {
            programs: vec!["/bin/rustc".into()],
            arguments: arguments.into_iter().map(Into::into).collect(),
            directory: "/w".into(),
            environment: vec![
                ("CARGO_MANIFEST_DIR".into(), format!("/w/{name}").into()),
                ("CARGO_MAKEFLAGS".into(), "-j --jobserver-auth=6,7".into()),
            ],
            compiler: String::new(),
            link: None,
        };
        Recorded::new(call).expect("a compilation")
    }

    /// The unit of the crate `name` of [`unit`].
    pub(in crate::patch::rustc) fn key(name: &str) -> Key {
        Key::of_library(Path::new(&format!("/t/debug/deps/lib{name}-1.rlib"))).expect("a library's name")
    }

    #[test]
    fn a_program_consists_of_what_is_linked_into_it() {
        let units = Units::new([
            unit("app", "bin", &["libb-1.rlib", "liba-1.rlib", "libgone-1.rlib"]),
            unit("b", "lib", &["liba-1.rmeta", "libderive-1.so"]),
            unit("a", "lib", &[]),
            unit("derive", "proc-macro", &["libhelp-1.rlib"]),
            unit("help", "lib", &[]),
            unit("other", "bin", &["liba-1.rlib"]),
        ]);
        let program = units.program("app", Path::new("/w/app"), Path::new("/t/debug")).expect("it is there");
        let parts = units.parts(program);
        let names = |all: &[&Recorded]| all.iter().map(|unit| unit.crate_name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&parts.units), ["a", "b", "app"]);
        assert_eq!(names(&parts.tools), ["derive"]);
        assert_eq!(parts.unrecorded, [Path::new("/t/debug/deps/libgone-1.rlib")]);
        let editable = |names: &[&str]| {
            let units = units.clone().with_editable(names.iter().map(|&name| name.to_owned()).collect());
            units.parts(program).unrecorded.len()
        };
        assert_eq!(
            (editable(&["app", "gone"]), editable(&["app", "a", "b"])),
            (1, 0),
            "what cannot be edited is no matter"
        );
        let below = |wanted: &dyn Fn(&Key) -> bool| units.below(&program.key(), wanted).contains(&key("help"));
        assert!(below(&|_| true));
        assert!(!below(&|it| *it != key("derive")));
        assert_eq!(units.program("app", Path::new("/w/app"), Path::new("/t/release")), None);
        let above = |name| units.above([key(name)]);
        assert_eq!(above("b"), [key("b"), program.key()].into());
        assert_eq!(
            above("help"),
            [
                key("help"),
                units.all().find(|unit| unit.crate_name == "derive").expect("it is there").key(),
                key("b"),
                program.key()
            ]
            .into()
        );
    }

    #[test]
    fn the_newest_way_counts() {
        let mut other_features = unit("app", "bin", &[]);
        other_features.extra_filename = "-2".into();
        let find = |order: [&Recorded; 3]| {
            let units = Units::new(order.map(Clone::clone));
            units.program("app", Path::new("/w/app"), Path::new("/t")).map(|unit| unit.extra_filename.clone())
        };
        let first = unit("app", "bin", &[]);
        assert_eq!(find([&first, &other_features, &first]), Some("-1".into()));
        assert_eq!(find([&first, &first, &other_features]), Some("-2".into()));
    }
}
