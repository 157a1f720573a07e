//! The compiler flags of each role, read from `templates/rustflags.toml`, where each stands beside its reason.

use std::path::Path;

use serde::Deserialize;

use crate::plan::linker::Linker;

const TEMPLATE: &str = include_str!("../../templates/rustflags.toml");

/// The flags by role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rustflags {
    host: Vec<Flag>,
    library: Vec<Flag>,
    group: Vec<Flag>,
    load: Vec<Flag>,
    stub: Vec<Flag>,
    /// Which linker joins what gets flags, and for which target.
    #[serde(skip)]
    linker: (Linker, String),
}

/// One flag and why it is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flag {
    flag: String,
    #[expect(dead_code, reason = "for the reader of the template; required so that no flag goes without a reason")]
    why: String,
}

/// What a package is built as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Built {
    /// The executable.
    Host,
    /// A local library.
    Library,
    /// A dependency group.
    Group,
}

impl Rustflags {
    /// The flags that the template names.
    pub fn read() -> Result<Self, toml_edit::de::Error> {
        toml_edit::de::from_str(TEMPLATE)
    }

    /// The same flags for packages that `linker` joins for the target `triple`.
    #[must_use]
    pub fn linked_by(self, linker: Linker, triple: &str) -> Self {
        Self { linker: (linker, triple.to_owned()), ..self }
    }

    /// The flags of a package, without those for its groups.
    #[must_use]
    pub fn of(&self, built: Built) -> Vec<String> {
        let flags = match built {
            Built::Host => &self.host,
            Built::Library => &self.library,
            Built::Group => &self.group,
        };
        let (linker, triple) = &self.linker;
        let actual = linker.resolved(triple);
        let taken = flags.iter().map(|flag| flag.flag.clone()).filter(|flag| actual.takes(flag));
        taken.chain(linker.flags(triple)).collect()
    }

    /// The flags with which a package loads the group crates `groups`; `stubs` is where the empty libraries for
    /// its build script are, if it has one.
    #[must_use]
    pub fn load(&self, groups: &[String], stubs: Option<&Path>) -> Vec<String> {
        if groups.is_empty() {
            return Vec::new();
        }
        let mut flags = Vec::new();
        for Flag { flag, .. } in &self.load {
            if flag.contains("{name}") {
                flags.extend(groups.iter().map(|group| flag.replace("{name}", group)));
            } else {
                flags.push(flag.clone());
            }
        }
        let stubs = stubs.map(|directory| directory.display().to_string());
        flags.extend(
            stubs
                .iter()
                .flat_map(|directory| self.stub.iter().map(move |Flag { flag, .. }| flag.replace("{name}", directory))),
        );
        flags
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Built, Rustflags};
    use crate::plan::linker::Linker;

    #[test]
    fn the_linker_is_chosen_for_every_role() {
        let flags =
            Rustflags::read().expect("the template is valid").linked_by(Linker::Mold, "aarch64-unknown-linux-gnu");
        for built in [Built::Host, Built::Library, Built::Group] {
            assert_eq!(flags.of(built).last().map(String::as_str), Some("-Clink-arg=-fuse-ld=mold"));
        }
    }

    #[test]
    fn the_template_can_be_read_and_groups_are_never_unloaded() {
        let flags = Rustflags::read().expect("the template is valid");
        assert!(flags.of(Built::Group).iter().any(|flag| flag.contains("nodelete")));
        assert!(!flags.of(Built::Library).iter().any(|flag| flag.contains("nodelete")));
    }

    #[test]
    fn each_group_is_forced_and_only_build_scripts_get_stubs() {
        let flags = Rustflags::read().expect("the template is valid");
        let groups = ["g_1".to_owned(), "g_2".to_owned()];
        let load = ["-Zunstable-options", "--extern=force:g_1", "--extern=force:g_2"];
        assert_eq!(flags.load(&groups, None), load);
        assert_eq!(flags.load(&groups, Some(Path::new("stubs"))).last().map(String::as_str), Some("-Lcrate=stubs"));
        assert!(flags.load(&[], Some(Path::new("stubs"))).is_empty());
    }
}
