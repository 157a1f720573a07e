//! One call of rustc, repeated: where its results go differs from what cargo asked for, and what it links with.
//!
//! Everything that rustc's incremental cache depends on stays as it is, `--emit` above all, so that our calls and
//! cargo's go on with each other's cache. Search paths, names of other crates' files and the linker do not count there.
//! Where results go does: without the same name for it, all machine code is made again. So both name a link. No linker runs: the tool, called in its place, takes the objects.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::patch::rustc::recorded::{CrateType, Extern, Recorded, replaced};
use crate::patch::rustc::stand_in::OBJECTS;
use crate::plan::command::{Base, CommandLine};

/// They name file descriptors of cargo's, which are gone. What ours may do at a time is for who starts it to say.
const JOB_SERVERS: [&str; 3] = ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"];

/// What is ours in a repeated call.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// Where results go.
    pub out_dir: &'a Path,
    /// The tool itself, called as linker.
    pub tool: &'a Path,
}

/// Where a repeated call leaves what.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    /// The library.
    pub rlib: Option<PathBuf>,
    /// What callers have to know.
    pub rmeta: Option<PathBuf>,
    /// Which files were read.
    pub dep_info: Option<PathBuf>,
    /// The directory of what would have been linked.
    pub objects: Option<PathBuf>,
}

/// What happens to the file of a crate that is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Use {
    /// Cargo's is used.
    Cargos,
    /// Another one is.
    Instead(PathBuf),
    /// It would contradict another one of the same crate.
    Omit,
}

impl Results {
    /// What `recorded` left where cargo wanted it.
    #[must_use]
    pub fn of_cargo(recorded: &Recorded) -> Self {
        Self::of(recorded, &recorded.absolute(&recorded.out_dir))
    }

    /// What `recorded` leaves in `out_dir`.
    #[must_use]
    pub fn of(recorded: &Recorded, out_dir: &Path) -> Self {
        let file = |before: &str, behind: &str| {
            let name = [OsStr::new(before), &recorded.stem(), OsStr::new(behind)].join(OsStr::new(""));
            out_dir.join(name)
        };
        let emits = |kind: &str| recorded.emit.iter().any(|it| it == kind);
        let is_rlib = recorded.crate_types.contains(&CrateType::Rlib);
        Self {
            rlib: is_rlib.then(|| file("lib", ".rlib")),
            rmeta: emits("metadata").then(|| file("lib", ".rmeta")),
            dep_info: emits("dep-info").then(|| file("", ".d")),
            objects: recorded.links().then(|| file("", ".objects")),
        }
    }
}

/// The call `recorded` once more, with results in `places`, crates as `used` says, and those below them looked for in
/// `search` before anywhere else.
pub fn replay(
    recorded: &Recorded,
    places: Places<'_>,
    search: &[PathBuf],
    used: impl Fn(&Extern) -> Use,
) -> CommandLine {
    // The link, if there is one, leads to the directory while the call is carried out.
    let results = recorded.call.link.as_deref().unwrap_or(places.out_dir);
    let mut arguments: Vec<Option<OsString>> =
        recorded.arguments_with_results_in(results).into_iter().map(Some).collect();
    for external in &recorded.externs {
        let (at, before) = external.at;
        match used(external) {
            Use::Cargos => {}
            Use::Instead(path) => arguments[at] = Some(replaced(&recorded.call.arguments[at], before, &path)),
            Use::Omit => {
                arguments[at] = None;
                // Its name is a word of its own, or part of the same.
                if at > 0 && recorded.call.arguments[at - 1] == "--extern" {
                    arguments[at - 1] = None;
                }
            }
        }
    }
    let first_search = arguments.iter().flatten().position(|argument| argument.as_bytes().starts_with(b"-L"));
    let mut arguments: Vec<OsString> = arguments.into_iter().flatten().collect();
    let searched = search.iter().flat_map(|directory| {
        let value = [OsStr::new("dependency="), directory.as_os_str()].join(OsStr::new(""));
        [OsString::from("-L"), value]
    });
    let first_search = first_search.unwrap_or(arguments.len());
    arguments.splice(first_search..first_search, searched);
    let objects = Results::of(recorded, places.out_dir).objects;
    if objects.is_some() {
        // The last one counts.
        let linker = [OsStr::new("linker="), places.tool.as_os_str()].join(OsStr::new(""));
        arguments.extend([OsString::from("-C"), linker]);
    }
    let mut programs = recorded.call.programs.iter();
    let program = programs.next().map_or_else(PathBuf::new, PathBuf::from);
    let is_kept = |name: &OsString| JOB_SERVERS.iter().all(|left_out| name != left_out);
    let environment = recorded.call.environment.iter().filter(|(name, _)| is_kept(name)).cloned();
    let mut line = CommandLine::new(program, &recorded.call.directory).args(programs).args(arguments);
    line.base = Base::Nothing;
    line.set = environment.chain(objects.map(|objects| (OBJECTS.into(), objects.into()))).collect();
    line
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Places, Results, Use, replay};
    use crate::patch::rustc::units::tests::unit;
    use crate::plan::command::Base;

    const PLACES: fn() -> Places<'static> = || Places { out_dir: Path::new("/g 1"), tool: Path::new("/bin/tool") };

    #[test]
    fn only_where_things_are_differs() {
        let library = unit("b", "lib", &["liba-1.rmeta", "libc-1.rmeta"]);
        let line = replay(&library, PLACES(), &["/g 1".into()], |it| match it.name.as_str() {
            "a" => Use::Instead("/g 1/liba-1.rmeta".into()),
            _ => Use::Cargos,
        });
        assert_eq!(
            line.to_string(),
            "env -i CARGO_MANIFEST_DIR=/w/b /bin/rustc --crate-name b b/src/it.rs --crate-type lib -C \
             extra-filename=-1 --emit=dep-info,metadata,link --out-dir '/g 1' -L 'dependency=/g 1' \
             -L dependency=/t/debug/deps --extern 'a=/g 1/liba-1.rmeta' --extern c=/t/debug/deps/libc-1.rmeta"
        );
        assert_eq!((line.base, line.directory.as_path()), (Base::Nothing, Path::new("/w")));
    }

    #[test]
    fn results_go_to_where_a_link_leads() {
        let mut library = unit("b", "lib", &[]);
        library.call.link = Some("/t/records/b-1.out".into());
        let shown = replay(&library, PLACES(), &[], |_| Use::Cargos).to_string();
        assert!(shown.contains(" --out-dir /t/records/b-1.out "), "{shown}");
    }

    #[test]
    fn a_program_is_not_linked() {
        let program = unit("app", "bin", &["liba-1.rlib", "liba-1.so"]);
        let line = replay(&program, PLACES(), &[], |it| match it.path.extension() {
            Some(extension) if extension == "so" => Use::Omit,
            _ => Use::Cargos,
        });
        let shown = line.to_string();
        assert!(shown.ends_with("--extern a=/t/debug/deps/liba-1.rlib -C linker=/bin/tool"), "{shown}");
        assert!(shown.contains("HOTRELOAD_OBJECTS='/g 1/app-1.objects'"), "{shown}");
    }

    #[test]
    fn results_are_named_as_rustc_names_them() {
        let in_directory = |name: &str| Some(Path::new("/g").join(name));
        let results = Results::of(&unit("b", "lib", &[]), Path::new("/g"));
        let expected = Results {
            rlib: in_directory("libb-1.rlib"),
            rmeta: in_directory("libb-1.rmeta"),
            dep_info: in_directory("b-1.d"),
            objects: None,
        };
        assert_eq!(results, expected);
        let results = Results::of(&unit("app", "bin", &[]), Path::new("/g"));
        assert_eq!((results.rlib, results.rmeta, results.objects), (None, None, in_directory("app-1.objects")));
    }
}
