//! What a name means that the program was linked without, in the shared libraries that it has: what its dynamic linker
//! would have found if it had been linked with that name.

use std::collections::HashMap;

/// The shared libraries of a program, in the order in which its dynamic linker searches them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// From the first one to the last that the program itself names.
    pub libraries: Vec<Library>,
}

/// A shared library as it is loaded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Library {
    /// The program itself names it: it was there for the linker to find what the program needs.
    pub is_linked: bool,
    /// What it has for others, under the version that a linker chooses (`name@@VERSION`).
    pub exports: HashMap<String, Export>,
}

/// Something that a library has for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The version of the symbol, if it has one.
    pub version: Option<String>,
    /// Where it is, if that is known: a thread-local is at another place for each thread, and which of several functions
    /// was chosen when the program started (`STT_GNU_IFUNC`) need not be written anywhere.
    pub address: Option<u64>,
}

impl Scope {
    /// The address of what `name` means.
    ///
    /// The linker takes it, and its version, from the libraries that it is given; the dynamic linker then takes the first
    /// that fits, which may be one that was preloaded. Source: ld.so(8), System V ABI, "Shared Object Dependencies".
    #[must_use]
    pub fn address(&self, name: &str) -> Option<u64> {
        let exports = |library: &'_ Library| library.exports.get(name).cloned();
        let wanted = self.libraries.iter().filter(|library| library.is_linked).find_map(exports)?.version;
        let first = self.libraries.iter().find_map(exports)?;
        let fits = wanted.is_none() || first.version.is_none() || first.version == wanted;
        first.address.filter(|_| fits)
    }
}

#[cfg(test)]
mod tests {
    use super::{Export, Library, Scope};

    fn library(is_linked: bool, version: Option<&str>, address: Option<u64>) -> Library {
        let export = Export { version: version.map(str::to_owned), address };
        Library { is_linked, exports: [("open".to_owned(), export)].into() }
    }

    fn address<const N: usize>(libraries: [Library; N]) -> Option<u64> {
        Scope { libraries: libraries.into() }.address("open")
    }

    #[test]
    fn the_first_that_has_it_counts_if_the_linker_would_have_found_it() {
        let (one, two) = (Some("V1"), Some("V2"));
        assert_eq!(address([library(true, one, Some(7))]), Some(7));
        assert_eq!(address([library(false, None, Some(5)), library(true, one, Some(7))]), Some(5), "preloaded");
        assert_eq!(address([library(false, one, Some(5)), library(true, one, Some(7))]), Some(5));
        assert_eq!(address([library(false, two, Some(5)), library(true, None, Some(7))]), Some(5));
        assert_eq!(address([library(true, None, Some(5)), library(true, None, Some(7))]), Some(5));
    }

    #[test]
    fn what_is_not_certain_has_no_address() {
        let (one, two) = (Some("V1"), Some("V2"));
        assert_eq!(address([]), None);
        assert_eq!(address([library(false, None, Some(5))]), None, "the linker was not given it");
        assert_eq!(address([library(false, two, Some(5)), library(true, one, Some(7))]), None, "another version");
        assert_eq!(address([library(false, None, None), library(true, one, Some(7))]), None, "chosen at the start");
    }
}
