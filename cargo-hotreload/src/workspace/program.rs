//! Which binary or example of the workspace is run.

use std::fmt;
use std::path::PathBuf;

use cargo_metadata::{Metadata, Package, PackageId, Target};

use crate::config::values::Wanted;
use crate::error::ErrorKind;
use crate::workspace::unit_graph::{Unit, UnitGraph};

/// What kind of target a program is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// A `[[bin]]`.
    #[default]
    Binary,
    /// An `[[example]]`; the dev-dependencies of its package count for it.
    Example,
}

impl Kind {
    /// What cargo's unit graph calls it.
    #[must_use]
    pub fn unit_kind(self) -> &'static str {
        match self {
            Self::Binary => "bin",
            Self::Example => "example",
        }
    }

    /// The flag with which cargo builds one.
    #[must_use]
    pub fn flag(self) -> &'static str {
        match self {
            Self::Binary => "--bin",
            Self::Example => "--example",
        }
    }

    /// Whether `target` is one.
    #[must_use]
    pub fn has(self, target: &Target) -> bool {
        match self {
            Self::Binary => target.is_bin(),
            // An example can be a library, too.
            Self::Example => target.is_example() && target.crate_types.contains(&cargo_metadata::CrateType::Bin),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Binary => "binary",
            Self::Example => "example",
        })
    }
}

/// A target of the workspace that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its name.
    pub name: String,
    /// Which kind it is.
    pub kind: Kind,
    /// The package that has it.
    pub package: String,
    /// That package's id.
    pub id: PackageId,
    /// Its root source file.
    pub source: PathBuf,
}

impl Program {
    /// The unit that links it.
    ///
    /// # Errors
    /// [`ErrorKind::CargoRefused`] if there is none, for instance because of `required-features`.
    pub fn unit(&self, units: &UnitGraph) -> Result<usize, ErrorKind> {
        let is_it = |unit: &Unit| unit.pkg_id == self.id.repr && unit.is_program(self.kind.unit_kind(), &self.name);
        let found = units.roots.iter().copied().find(|&root| is_it(&units.units[root]));
        found.ok_or_else(|| ErrorKind::CargoRefused {
            message: format!("it builds no {} `{}` with these features", self.kind, self.name),
        })
    }
}

/// The programs to run: those that are `wanted`, or the only binary, or the only `default-run`.
///
/// # Errors
/// [`ErrorKind::NoBinary`] and [`ErrorKind::WhichBinary`].
pub fn find(metadata: &Metadata, wanted: &[Wanted]) -> Result<Vec<Program>, ErrorKind> {
    if wanted.is_empty() {
        return only_binary(metadata).map(|program| vec![program]);
    }
    let find = |wanted: &Wanted| match wanted {
        Wanted::Binary(name) => named(metadata, Kind::Binary, name),
        Wanted::Example(name) => named(metadata, Kind::Example, name),
    };
    wanted.iter().map(find).collect()
}

fn named(metadata: &Metadata, kind: Kind, wanted: &str) -> Result<Program, ErrorKind> {
    let all = programs(metadata, kind)?;
    match all.iter().filter(|program| program.name == wanted).collect::<Vec<_>>()[..] {
        [program] => Ok(program.clone()),
        [] => Err(which(kind, format!("there is no {kind} `{wanted}`"), &all)),
        _ => Err(ErrorKind::WhichBinary {
            problem: format!("several packages have a {kind} `{wanted}`").replace("a example", "an example"),
            flag: kind.flag(),
            names: all.iter().map(|program| format!("{} of {}", program.name, program.package)).collect(),
        }),
    }
}

fn only_binary(metadata: &Metadata) -> Result<Program, ErrorKind> {
    let all = programs(metadata, Kind::Binary)?;
    let packages = metadata.workspace_packages();
    let default_runs: Vec<_> = packages.iter().filter_map(|package| package.default_run.as_deref()).collect();
    match (&all[..], &default_runs[..]) {
        ([binary], _) => Ok(binary.clone()),
        (_, [default]) => named(metadata, Kind::Binary, default),
        _ => Err(which(Kind::Binary, "there are several binaries".into(), &all)),
    }
}

fn which(kind: Kind, problem: String, all: &[Program]) -> ErrorKind {
    let names = all.iter().map(|program| program.name.clone()).collect();
    ErrorKind::WhichBinary { problem, flag: kind.flag(), names }
}

/// Every program of this kind, at least one.
fn programs(metadata: &Metadata, kind: Kind) -> Result<Vec<Program>, ErrorKind> {
    let of_package = |package: &Package| -> Vec<Program> {
        let targets = package.targets.iter().filter(|target| kind.has(target));
        let program = |target: &Target| Program {
            name: target.name.clone(),
            kind,
            package: package.name.to_string(),
            id: package.id.clone(),
            source: target.src_path.clone().into_std_path_buf(),
        };
        targets.map(program).collect()
    };
    let all: Vec<Program> = metadata.workspace_packages().into_iter().flat_map(of_package).collect();
    match (all.is_empty(), kind) {
        (false, _) => Ok(all),
        (true, Kind::Binary) => Err(ErrorKind::NoBinary {
            root: metadata.workspace_root.clone().into_std_path_buf(),
            c_libraries: c_libraries(metadata),
        }),
        (true, Kind::Example) => Err(ErrorKind::CargoRefused { message: "no package of it has an example".into() }),
    }
}

/// The packages whose library is for other languages, if the workspace has nothing else.
fn c_libraries(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages();
    let libraries = packages.iter().flat_map(|package| package.targets.iter().map(move |target| (package, target)));
    let libraries: Vec<_> = libraries.filter(|(_, target)| target.is_cdylib() || target.is_lib()).collect();
    let is_c = |target: &Target| target.is_cdylib() && !target.is_lib() && !target.is_rlib();
    if libraries.iter().all(|(_, target)| is_c(target)) {
        libraries.iter().map(|(package, _)| package.name.to_string()).collect()
    } else {
        Vec::new()
    }
}
