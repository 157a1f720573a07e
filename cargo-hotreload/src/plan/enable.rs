//! What `enable` does to a workspace, as data: from the workspace's facts and the texts of its manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::ErrorKind;
use crate::plan::diff::unified;
use crate::plan::generated::Generated;
use crate::plan::group_crate::{self, LINKER, Linkers};
use crate::plan::groups::{self, Group, Seer, crate_name};
use crate::plan::manifest::{self, Additions, ManifestError, PackageFlags, PathDependency, Scope};
use crate::plan::own_profile::FlagSource;
use crate::plan::path::seen_from;
use crate::plan::rustflags::{Built, Profile, Rustflags};
use crate::workspace::graph::LibraryIndex;
use crate::workspace::{STATE_DIRECTORY, Workspace};

/// Every file that `enable` writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnablePlan {
    /// The user's manifests.
    pub manifests: Vec<Rewrite>,
    /// Files below `.hotreload/`.
    pub generated: Vec<Generated>,
    /// Crate names for which an empty library is needed, see [`Rustflags::load`].
    pub stubs: Vec<String>,
    /// The dependency groups.
    pub groups: Vec<Group>,
    /// Whose flags and crate types the manifests get.
    pub flags: FlagSource,
}

/// A manifest before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The manifest.
    pub path: PathBuf,
    /// Its text without any addition of ours.
    pub before: String,
    /// Its text with our additions.
    pub after: String,
}

impl EnablePlan {
    /// Plans for `workspace`, whose manifests have the texts `texts` now, with or without additions of ours.
    ///
    /// # Errors
    /// [`ErrorKind::Manifest`] for a manifest that cannot be edited.
    pub fn new(
        workspace: &Workspace,
        flags: &Rustflags,
        texts: &BTreeMap<PathBuf, String>,
        linkers: Linkers<'_>,
    ) -> Result<Self, ErrorKind> {
        if workspace.own_profile.is_some() {
            return Self::of_own_profile(workspace, texts);
        }
        let groups = groups::groups(&workspace.graph);
        let additions = additions(workspace, flags, &groups);
        let rewrite = |(path, text): (&PathBuf, &String)| -> Result<Rewrite, ErrorKind> {
            let before = manifest::remove(text);
            let wanted = additions.get(path).cloned().unwrap_or_default();
            let after = manifest::add(&before, &wanted).map_err(|error| fault(path, &error))?;
            Ok(Rewrite { path: path.clone(), before, after })
        };
        let manifests = texts.iter().map(rewrite).collect::<Result<_, _>>()?;
        let state = workspace.state_directory();
        let crates = groups.iter().flat_map(|group| group_crate::files(group, &groups, &workspace.graph, &state));
        let locals = workspace.graph.local().map(|index| &workspace.graph.libraries[index]);
        let is_native = locals.into_iter().any(|library| library.build_script)
            || groups.iter().any(|group| group.may_be_native(&workspace.graph));
        let generated = crates.chain(is_native.then(|| group_crate::linker(linkers, &state)));
        let seers = groups.iter().flat_map(|group| group.seen_by.iter().map(move |seer| (seer, group)));
        let stubs: BTreeSet<String> = seers
            .filter(|(seer, _)| has_build_script(workspace, **seer))
            .map(|(_, group)| crate_name(&group.package()))
            .collect();
        Ok(Self {
            manifests,
            generated: generated.collect(),
            stubs: stubs.into_iter().collect(),
            groups,
            flags: FlagSource::Builtin,
        })
    }

    /// The workspace has everything itself: only comment signs go.
    fn of_own_profile(workspace: &Workspace, texts: &BTreeMap<PathBuf, String>) -> Result<Self, ErrorKind> {
        let root = workspace.root.join("Cargo.toml");
        let in_use = manifests(workspace);
        let rewrite = |(path, text): (&PathBuf, &String)| -> Result<Rewrite, ErrorKind> {
            let before = manifest::remove(text);
            let scope = if *path == root { Scope::Root } else { Scope::Member };
            let after = if in_use.contains(path) {
                manifest::uncomment(&before, scope).map_err(|error| fault(path, &error))?
            } else {
                before.clone()
            };
            Ok(Rewrite { path: path.clone(), before, after })
        };
        let manifests = texts.iter().map(rewrite).collect::<Result<_, _>>()?;
        Ok(Self { manifests, generated: Vec::new(), stubs: Vec::new(), groups: Vec::new(), flags: FlagSource::Own })
    }

    /// The manifests that change.
    pub fn rewritten(&self) -> impl Iterator<Item = &Rewrite> {
        self.manifests.iter().filter(|rewrite| rewrite.before != rewrite.after)
    }
}

/// The plan as a unified diff against the user's own files.
impl fmt::Display for EnablePlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rewrite in self.rewritten() {
            formatter.write_str(&unified(&rewrite.path, Some(&rewrite.before), &rewrite.after))?;
        }
        for file in &self.generated {
            formatter.write_str(&unified(&file.path, None, &file.content))?;
        }
        Ok(())
    }
}

/// Every manifest that `enable` may touch: the root's, the host's and those of the local libraries.
#[must_use]
pub fn manifests(workspace: &Workspace) -> BTreeSet<PathBuf> {
    let local = workspace.graph.local().filter_map(|index| workspace.graph.libraries[index].local());
    let hosts = workspace.hosts.iter().map(|host| host.manifest.clone());
    local.cloned().chain([workspace.root.join("Cargo.toml")]).chain(hosts).collect()
}

/// Why the manifest at `path` cannot be edited, as the user reads it.
#[must_use]
pub fn fault(path: &Path, error: &ManifestError) -> ErrorKind {
    match error {
        ManifestError::Parse { line, column, message } => {
            ErrorKind::Manifest { place: format!("{}:{line}:{column}", path.display()), message: message.clone() }
        }
        ManifestError::Unsupported { .. } => {
            ErrorKind::Manifest { place: path.display().to_string(), message: error.to_string() }
        }
    }
}

fn has_build_script(workspace: &Workspace, seer: Seer) -> bool {
    match seer {
        Seer::Host(host) => workspace.hosts[host].build_script,
        Seer::Library(index) => workspace.graph.libraries[index].build_script,
    }
}

/// What goes into each manifest.
fn additions(workspace: &Workspace, flags: &Rustflags, groups: &[Group]) -> BTreeMap<PathBuf, Additions> {
    let mut all: BTreeMap<PathBuf, Additions> = BTreeMap::new();
    let mut flagged = Vec::new();
    for package in packages(workspace) {
        let manifest = all.entry(package.manifest.clone()).or_default();
        let seen: Vec<&Group> =
            groups.iter().filter(|group| package.seers.iter().any(|seer| group.seen_by.contains(seer))).collect();
        let directory = package.manifest.parent().unwrap_or(&workspace.root);
        manifest.dependencies.extend(
            seen.iter().map(|group| PathDependency {
                name: group.package(),
                path: seen_from(directory, &group_crate::directory(group, &workspace.state_directory()))
                    .display()
                    .to_string(),
            }),
        );
        if package.built.contains(&Built::Library) {
            manifest.crate_type = Some("dylib".into());
        }
        for profile in [Profile::Dev, Profile::Release] {
            flagged.push(PackageFlags {
                profile: profile.name().into(),
                package: package.name.clone(),
                flags: package_flags(workspace, flags, &package, &seen, profile),
            });
        }
    }
    for profile in [Profile::Dev, Profile::Release] {
        flagged.extend(groups.iter().map(|group| PackageFlags {
            profile: profile.name().into(),
            package: group.package(),
            flags: group_flags(workspace, flags, group, profile),
        }));
    }
    flagged.retain(|package| !package.flags.is_empty());
    flagged.sort_by_key(|package| package.profile != Profile::Dev.name());
    let root = all.entry(workspace.root.join("Cargo.toml")).or_default();
    root.cargo_features = vec!["profile-rustflags".into()];
    root.rustflags = flagged;
    all
}

/// A local package with the targets that matter.
struct LocalPackage {
    name: String,
    manifest: PathBuf,
    built: Vec<Built>,
    seers: Vec<Seer>,
    build_script: bool,
}

fn packages(workspace: &Workspace) -> Vec<LocalPackage> {
    let library = |index: LibraryIndex| {
        let library = &workspace.graph.libraries[index];
        library.local().map(|manifest| LocalPackage {
            name: library.package.clone(),
            manifest: manifest.clone(),
            built: vec![Built::Library],
            seers: vec![Seer::Library(index)],
            build_script: library.build_script,
        })
    };
    let mut packages: Vec<LocalPackage> = workspace.graph.local().filter_map(library).collect();
    for (index, host) in workspace.hosts.iter().enumerate() {
        match packages.iter_mut().find(|package| package.manifest == host.manifest) {
            // Flags are given by package: a library beside the binary shares them, and so does another binary.
            Some(package) => {
                if !package.built.contains(&Built::Host) {
                    package.built.push(Built::Host);
                }
                package.seers.push(Seer::Host(index));
            }
            None => packages.push(LocalPackage {
                name: host.package.clone(),
                manifest: host.manifest.clone(),
                built: vec![Built::Host],
                seers: vec![Seer::Host(index)],
                build_script: host.build_script,
            }),
        }
    }
    packages
}

fn group_flags(workspace: &Workspace, flags: &Rustflags, group: &Group, profile: Profile) -> Vec<String> {
    let mut all = flags.of(Built::Group, profile);
    if group.may_be_native(&workspace.graph) {
        all.extend(flags.native(&Path::new(STATE_DIRECTORY).join(LINKER), profile));
    }
    all
}

fn package_flags(
    workspace: &Workspace,
    flags: &Rustflags,
    package: &LocalPackage,
    seen: &[&Group],
    profile: Profile,
) -> Vec<String> {
    let own = package.built.iter().flat_map(|&built| flags.of(built, profile));
    // The build script and a binary beside the library are linked by it too: as ever, for they are no dylibs.
    let is_native = package.build_script && package.built.contains(&Built::Library);
    let native = is_native.then(|| flags.native(&seen_by_compiler(workspace, &package.manifest, LINKER), profile));
    // The host of a release build loads no groups: its libraries bring them as ordinary libraries.
    let is_plain = profile == Profile::Release && package.built == [Built::Host];
    let groups: Vec<String> = seen.iter().map(|group| crate_name(&group.package())).filter(|_| !is_plain).collect();
    let stubs = package.build_script.then(|| seen_by_compiler(workspace, &package.manifest, "stubs"));
    let mut all: Vec<String> = Vec::new();
    for flag in own.chain(native.into_iter().flatten()).chain(flags.load(&groups, stubs.as_deref())) {
        if !all.contains(&flag) {
            all.push(flag);
        }
    }
    all
}

/// Where `name` in the state directory is, as the compiler of the package with this manifest sees it: cargo runs it in
/// the workspace root for packages below it, else in the package's directory.
fn seen_by_compiler(workspace: &Workspace, manifest: &Path, name: &str) -> PathBuf {
    let path = Path::new(STATE_DIRECTORY).join(name);
    if manifest.starts_with(&workspace.root) { path } else { workspace.root.join(path) }
}
