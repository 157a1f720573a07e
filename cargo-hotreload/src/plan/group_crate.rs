//! The generated crate of a dependency group: a manifest with exact versions and features, and a source file that
//! names each crate.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use toml_edit::Value;

use crate::plan::generated::Generated;
use crate::plan::groups::{Group, crate_name};
use crate::plan::path::seen_from;
use crate::shell::quoted;
use crate::workspace::graph::{Graph, Library, Origin};

const MANIFEST: &str = include_str!("../../templates/group/Cargo.toml.in");
const SCRIPT: &str = include_str!("../../templates/group/link-group.sh");
const SOURCE: &str = include_str!("../../templates/group/lib.rs");

/// Name of the linker of dylibs with native code, in the state directory.
pub const LINKER: &str = "link-group";

/// Where the crate of `group` is.
#[must_use]
pub fn directory(group: &Group, state: &Path) -> PathBuf {
    state.join("groups").join(group.number.to_string())
}

/// The files of the crate of `group`.
#[must_use]
pub fn files(group: &Group, groups: &[Group], graph: &Graph, state: &Path) -> Vec<Generated> {
    let directory = directory(group, state);
    let libraries: Vec<&Library> = group.crates.iter().map(|&index| &graph.libraries[index]).collect();
    let below: Vec<&Group> = groups.iter().filter(|other| group.below.contains(&other.number)).collect();

    let names = libraries.iter().map(|library| alias(library));
    let names = names.chain(below.iter().map(|other| crate_name(&other.package())));
    let externs: Vec<String> = names.map(|name| format!("extern crate {name} as _;\n")).collect();
    let crates: String = libraries.iter().map(|library| dependency(library, &directory)).collect();
    let paths = below.iter().map(|other| format!("{} = {{ path = \"../{}\" }}\n", other.package(), other.number));
    let manifest = MANIFEST.replace("{name}", &group.package()) + &crates + &paths.collect::<String>();
    vec![
        Generated::text(directory.join("Cargo.toml"), manifest),
        Generated::text(directory.join("src/lib.rs"), SOURCE.to_owned() + &externs.concat()),
    ]
}

/// Who links dylibs with native code.
#[derive(Debug, Clone, Copy)]
pub struct Linkers<'a> {
    /// Our own executable.
    pub tool: &'a Path,
    /// The linker that it calls in its turn.
    pub real: &'a OsStr,
}

/// The linker of dylibs with native code: a script that calls the tool.
#[must_use]
pub fn linker(linkers: Linkers<'_>, state: &Path) -> Generated {
    let content =
        SCRIPT.replace("{tool}", &quoted(linkers.tool.as_os_str())).replace("{linker}", &quoted(linkers.real));
    Generated { path: state.join(LINKER), content, executable: true }
}

/// A name for the crate that no other version of it shares.
fn alias(library: &Library) -> String {
    let unique = format!("{}_{}", library.package, library.version);
    unique.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

/// The line of `[dependencies]`: the exact package that the workspace uses, with the exact features, so that it is
/// not built a second time. `directory` is where the line's manifest is.
fn dependency(library: &Library, directory: &Path) -> String {
    // Cargo warns about build metadata in a requirement; two versions never differ in it alone.
    let version = library.version.split('+').next().unwrap_or_default();
    let mut keys = vec![("package", Value::from(library.package.as_str()))];
    match &library.origin {
        // `local` libraries are in no group.
        Origin::Local { .. } => {}
        Origin::Excluded { manifest } => {
            let package = manifest.parent().unwrap_or(manifest);
            keys.push(("path", seen_from(directory, package).display().to_string().into()));
        }
        Origin::Registry { index } => {
            keys.push(("version", format!("={version}").into()));
            let index = index.as_deref().map(|index| index.strip_prefix("registry+").unwrap_or(index));
            keys.extend(index.map(|index| ("registry-index", index.into())));
        }
        Origin::Git { url, reference } => {
            keys.push(("git", url.as_str().into()));
            keys.extend(
                reference.as_ref().and_then(|(key, value)| git_key(key).map(|key| (key, value.as_str().into()))),
            );
        }
    }
    keys.push(("default-features", false.into()));
    if !library.features.is_empty() {
        keys.push(("features", library.features.iter().collect::<toml_edit::Array>().into()));
    }
    let keys: Vec<String> = keys.into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{} = {{ {} }}\n", alias(library), keys.join(", "))
}

fn git_key(key: &str) -> Option<&'static str> {
    ["branch", "tag", "rev"].into_iter().find(|known| *known == key)
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::dependency;
    use crate::workspace::graph::{Library, Origin};

    fn here() -> &'static Path {
        Path::new("/w/.hotreload/groups/1")
    }

    fn library(version: &str, origin: Origin, features: &[&str]) -> Library {
        Library {
            package: "md-5".into(),
            crate_name: "md5".into(),
            version: version.into(),
            origin,
            build_script: false,
            features: features.iter().map(ToString::to_string).collect(),
            dependencies: vec![],
        }
    }

    #[test]
    fn a_registry_crate_is_pinned_to_version_and_features() {
        let line = dependency(&library("0.10.6+meta", Origin::Registry { index: None }, &["std"]), here());
        assert_eq!(
            line,
            "md_5_0_10_6_meta = { package = \"md-5\", version = \"=0.10.6\", default-features = false, features = [\"std\"] }\n"
        );
    }

    #[test]
    fn an_excluded_crate_is_found_by_its_path() {
        let line = dependency(
            &library("1.0.0", Origin::Excluded { manifest: PathBuf::from("/w/md5/Cargo.toml") }, &[]),
            here(),
        );
        assert_eq!(line, "md_5_1_0_0 = { package = \"md-5\", path = \"../../../md5\", default-features = false }\n");
    }

    #[test]
    fn a_git_crate_keeps_its_branch() {
        let reference = Some(("branch".to_owned(), "next".to_owned()));
        let line = dependency(&library("1.0.0", Origin::Git { url: "https://e.x/r".into(), reference }, &[]), here());
        assert!(line.contains("git = \"https://e.x/r\", branch = \"next\", default-features = false"), "{line}");
        assert!(!line.contains("version ="), "{line}");
    }
}
