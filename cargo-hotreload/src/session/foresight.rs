//! What would keep new code out of a process, known before the process is told of it.

use std::fmt;

use rustc_demangle::demangle;

use crate::session::delivery::Built;

/// What is asked before a process is told to reload, or to stop for another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prospect {
    /// What is to run.
    pub built: Built,
    /// How that is to come about.
    pub aim: Aim,
    /// What the process runs, if all of that is live.
    pub live: Option<Built>,
}

/// How new code is to be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aim {
    /// By the process that runs: the packages of the modules that have changed, lowest first.
    Reload(Vec<String>),
    /// By a new process: everything.
    Restart,
}

/// Something that a part of the new code wants, and that will not be there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The package of the library, or the file name of what else wants it.
    pub wanted_by: String,
    /// What it is.
    pub missing: Missing,
    /// The package that had it in the code that runs.
    pub lost_by: Option<String>,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A function or a static.
    Symbol {
        /// As it stands in the file.
        name: String,
        /// In which version, if that matters.
        version: Option<String>,
    },
    /// A library that it links, by its file name.
    Library(String),
    /// A version of everything that a library has.
    Version {
        /// By its file name.
        library: String,
        /// What the version is called.
        version: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted_by, missing, lost_by } = self;
        match missing {
            Missing::Library(name) => {
                return write!(formatter, "{wanted_by} links `{name}`, which the dynamic linker does not find");
            }
            Missing::Version { library, version } => {
                return write!(
                    formatter,
                    "{wanted_by} wants version `{version}` of `{library}`, which does not have it"
                );
            }
            Missing::Symbol { name, version } => {
                write!(formatter, "{wanted_by} wants `{:#}", demangle(name))?;
                version.iter().try_for_each(|version| write!(formatter, "@{version}"))?;
            }
        }
        match lost_by {
            Some(package) if package == wanted_by => formatter.write_str("`, which it had itself until now"),
            Some(package) => write!(formatter, "`, which {package} no longer has"),
            None => formatter.write_str("`, which nothing that is loaded has"),
        }
    }
}

/// The local crate that `name` belongs to, of those in `packages`, by the path in it.
#[must_use]
pub fn crate_of<'package>(name: &str, packages: impl Iterator<Item = &'package str>) -> Option<&'package str> {
    let path = format!("{:#}", demangle(name));
    let start = path.trim_start_matches(['<', '&', '*', '(', '[']);
    let first = start.split("::").next().filter(|first| first.len() < start.len())?.to_owned();
    packages.into_iter().find(|package| package.replace('-', "_") == first)
}

#[cfg(test)]
mod tests {
    use super::{Fault, Missing, crate_of};

    #[test]
    fn a_fault_names_what_is_missing_and_who_had_it() {
        let symbol = |name: &str| Missing::Symbol { name: name.into(), version: None };
        let fault = |missing, lost_by: Option<&str>| {
            Fault { wanted_by: "my-api".into(), missing, lost_by: lost_by.map(str::to_owned) }.to_string()
        };
        assert_eq!(
            fault(symbol("_ZN10my_service5greet17h0123456789abcdefE"), Some("my-service")),
            "my-api wants `my_service::greet`, which my-service no longer has"
        );
        assert_eq!(fault(symbol("not_there"), None), "my-api wants `not_there`, which nothing that is loaded has");
        let library = Missing::Library("libz.so.1".into());
        assert_eq!(fault(library, None), "my-api links `libz.so.1`, which the dynamic linker does not find");
        let version = Missing::Version { library: "libz.so.1".into(), version: "ZLIB_9".into() };
        assert_eq!(fault(version, None), "my-api wants version `ZLIB_9` of `libz.so.1`, which does not have it");
    }

    #[test]
    fn the_path_of_a_name_begins_with_its_crate() {
        let packages = || ["my-api", "my-service"].into_iter();
        let of = |name: &str| crate_of(name, packages());
        assert_eq!(of("_ZN10my_service5greet17h0123456789abcdefE"), Some("my-service"));
        assert_eq!(of("_RNvCs1234_6my_api5greet"), Some("my-api"));
        assert_eq!((of("my_api"), of("_ZN3std2io5stdin17h0123456789abcdefE")), (None, None));
    }
}
