//! The compiler flags of each role, read from `templates/rustflags.toml`, where each stands beside its reason.

use std::path::Path;

use serde::Deserialize;

use crate::plan::linker::Linker;

const TEMPLATE: &str = include_str!("../../templates/rustflags.toml");

/// The flags by role.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rustflags {
    host: Vec<Entry>,
    library: Vec<Entry>,
    group: Vec<Entry>,
    native: Vec<Entry>,
    load: Vec<Entry>,
    stub: Vec<Entry>,
    /// Which linker joins what gets flags, and for which target.
    #[serde(skip)]
    linker: (Linker, String),
}

/// A flag and why it is there.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    flag: String,
    #[expect(dead_code, reason = "for the reader of the template; required so that no flag goes without a reason")]
    why: String,
    /// Whether a release build needs it too while the workspace is enabled.
    #[serde(default)]
    release: bool,
}

/// The profiles that get flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// What is run and reloaded.
    Dev,
    /// What must still build while the workspace is enabled.
    Release,
}

impl Profile {
    /// Its name in manifests.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "release",
        }
    }
}

impl Entry {
    fn is_for(&self, profile: Profile) -> bool {
        profile == Profile::Dev || self.release
    }
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

    /// The flags of a package in `profile`, without those for its groups.
    #[must_use]
    pub fn of(&self, built: Built, profile: Profile) -> Vec<String> {
        let flags = match built {
            Built::Host => &self.host,
            Built::Library => &self.library,
            Built::Group => &self.group,
        };
        let (linker, triple) = &self.linker;
        let actual = linker.resolved(triple);
        // What a release build links is as it would be without us.
        let choice = if profile == Profile::Dev { linker.flags(triple) } else { Vec::new() };
        plain(flags, profile).filter(|flag| actual.takes(flag)).chain(choice).collect()
    }

    /// The flags of a dylib that may carry native code, which `linker` links.
    #[must_use]
    pub fn native(&self, linker: &Path, profile: Profile) -> Vec<String> {
        plain(&self.native, profile).map(|flag| flag.replace("{name}", &linker.display().to_string())).collect()
    }

    /// The flags with which a package loads the group crates `groups`, in every profile; `stubs` is where the empty
    /// libraries for its build script are, if it has one.
    #[must_use]
    pub fn load(&self, groups: &[String], stubs: Option<&Path>) -> Vec<String> {
        if groups.is_empty() {
            return Vec::new();
        }
        let mut flags = Vec::new();
        for Entry { flag, .. } in &self.load {
            if flag.contains("{name}") {
                flags.extend(groups.iter().map(|group| flag.replace("{name}", group)));
            } else {
                flags.push(flag.clone());
            }
        }
        let stubs = stubs.map(|directory| directory.display().to_string());
        flags.extend(
            stubs.iter().flat_map(|directory| {
                self.stub.iter().map(move |Entry { flag, .. }| flag.replace("{name}", directory))
            }),
        );
        flags
    }
}

fn plain(flags: &[Entry], profile: Profile) -> impl Iterator<Item = String> {
    flags.iter().filter(move |flag| flag.is_for(profile)).map(|flag| flag.flag.clone())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Built, Profile, Rustflags};
    use crate::plan::linker::Linker;

    #[test]
    fn the_linker_is_chosen_for_every_role_but_not_for_releases() {
        let flags = Rustflags::read().expect("the template is valid");
        let flags = flags.linked_by(Linker::Mold, "aarch64-unknown-linux-gnu");
        let choice = "-Clink-arg=-fuse-ld=mold".to_owned();
        for built in [Built::Host, Built::Library, Built::Group] {
            assert!(flags.of(built, Profile::Dev).contains(&choice));
            assert!(!flags.of(built, Profile::Release).contains(&choice));
        }
    }

    #[test]
    fn the_template_can_be_read_and_groups_are_never_unloaded() {
        let flags = Rustflags::read().expect("the template is valid");
        assert!(flags.of(Built::Group, Profile::Dev).iter().any(|flag| flag.contains("nodelete")));
        assert!(!flags.of(Built::Library, Profile::Dev).iter().any(|flag| flag.contains("nodelete")));
    }

    #[test]
    fn a_release_build_has_no_loader_and_an_ordinary_host() {
        let flags = Rustflags::read().expect("the template is valid");
        assert!(flags.of(Built::Host, Profile::Release).is_empty());
        assert!(!flags.of(Built::Library, Profile::Release).iter().any(|flag| flag.contains("cfg")));
    }

    #[test]
    fn native_code_is_linked_by_our_linker_also_for_releases() {
        let flags = Rustflags::read().expect("the template is valid");
        for profile in [Profile::Dev, Profile::Release] {
            assert_eq!(flags.native(Path::new("x/link-group"), profile), ["-Clinker=x/link-group"]);
        }
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
