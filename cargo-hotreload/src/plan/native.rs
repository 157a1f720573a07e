//! Native code (C, assembly) in a dependency group or a local crate: which of it the dylib has to carry and to export.
//!
//! rustc exports only Rust's own symbols from a dylib, and takes from the native part of a crate only what its Rust
//! part needs at that moment. But a wrapper that is inlined into a module calls the native function from there. So
//! the dylib has to export every native function that Rust code can name:
//!
//! 1. the *surface* is every native symbol whose name stands in the metadata of a Rust crate in the dylib;
//! 2. the native objects that define the surface go into the dylib as a whole ([`Natives::carried`]);
//! 3. objects that need something which nobody defines are left out, with all that needs them ([`Natives::broken`]):
//!    they are parts of the library that are never linked, such as assembly for other configurations.

use std::collections::{BTreeMap, BTreeSet};

/// A native object file inside a library that goes into the dylib.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NativeObject {
    /// Symbols that it defines for others; hidden ones too.
    pub defines: BTreeSet<String>,
    /// Symbols that it needs from others.
    pub needs: BTreeSet<String>,
}

/// All native objects of a dylib, and what Rust can name of them.
#[derive(Debug, Clone, Default)]
pub struct Natives {
    objects: Vec<NativeObject>,
    surface: BTreeSet<String>,
}

impl Natives {
    /// `names` are the strings in the metadata of the dylib's Rust crates.
    #[must_use]
    pub fn new(objects: Vec<NativeObject>, names: &BTreeSet<Vec<u8>>) -> Self {
        let all = objects.iter().flat_map(|object| &object.defines);
        let nameable: BTreeSet<String> = all.clone().filter(|name| names.contains(name.as_bytes())).cloned().collect();
        // Metadata in a form that we cannot read would leave everything out: rather too much than that.
        let surface = if nameable.is_empty() { all.cloned().collect() } else { nameable };
        Self { objects, surface }
    }

    /// Indices of the objects that go into the dylib, without those in `left_out`.
    #[must_use]
    pub fn carried(&self, left_out: &BTreeSet<usize>) -> Vec<usize> {
        let has_surface = |index: &usize| !self.objects[*index].defines.is_disjoint(&self.surface);
        (0..self.objects.len()).filter(|index| !left_out.contains(index)).filter(has_surface).collect()
    }

    /// The symbols that the dylib exports when it carries the objects `carried`.
    #[must_use]
    pub fn exports(&self, carried: &[usize]) -> BTreeSet<String> {
        let defined = carried.iter().flat_map(|&index| &self.objects[index].defines);
        defined.filter(|name| self.surface.contains(*name)).cloned().collect()
    }

    /// The objects that cannot be linked because `undefined` symbols stay undefined, and those that need them.
    #[must_use]
    pub fn broken(&self, undefined: &BTreeSet<String>) -> BTreeSet<usize> {
        let mut definers: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (index, object) in self.objects.iter().enumerate() {
            for name in &object.defines {
                definers.entry(name).or_default().insert(index);
            }
        }
        let mut broken = BTreeSet::new();
        loop {
            let is_lost = |name: &String| {
                undefined.contains(name)
                    || definers.get(name.as_str()).is_some_and(|definers| definers.is_subset(&broken))
            };
            let lost =
                |(index, object): &(usize, &NativeObject)| !broken.contains(index) && object.needs.iter().any(is_lost);
            let more: Vec<usize> = self.objects.iter().enumerate().filter(lost).map(|(index, _)| index).collect();
            if more.is_empty() {
                return broken;
            }
            broken.extend(more);
        }
    }
}

/// The strings in a crate's metadata, as far as they can be names of native symbols.
///
/// rustc writes each interned string with its length (one byte below 128, LEB128) before it and the byte 0xC1, which
/// is no UTF-8, behind it (`STR_SENTINEL` in `rustc_serialize::opaque`).
#[must_use]
pub fn metadata_names(metadata: &[u8]) -> BTreeSet<Vec<u8>> {
    const SENTINEL: u8 = 0xC1;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte == b'.';
    let mut names = BTreeSet::new();
    for (end, _) in metadata.iter().enumerate().filter(|(_, byte)| **byte == SENTINEL) {
        for length in 1..128 {
            let Some(start) = end.checked_sub(length).filter(|start| is_word(metadata[*start])) else { break };
            if start > 0 && usize::from(metadata[start - 1]) == length {
                names.insert(metadata[start..end].to_vec());
            }
        }
    }
    names
}

/// rustc's version script with `exports` added to what it makes global.
#[must_use]
pub fn extended_version_script(script: &str, exports: &BTreeSet<String>) -> String {
    let lines: String = exports.iter().map(|name| format!("    {name};\n")).collect::<Vec<_>>().concat();
    match script.find("global:") {
        Some(at) => {
            let (before, after) = script.split_at(at + "global:".len());
            format!("{before}\n{lines}{after}")
        }
        None => script.replacen('{', &format!("{{\n  global:\n{lines}"), 1),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{NativeObject, Natives, extended_version_script, metadata_names};

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(ToString::to_string).collect()
    }

    fn object(defines: &[&str], needs: &[&str]) -> NativeObject {
        NativeObject { defines: set(defines), needs: set(needs) }
    }

    fn natives() -> Natives {
        let objects = vec![
            object(&["compress", "helper"], &["table"]),
            object(&["table"], &[]),
            object(&["encapsulate"], &["multiply"]),
            object(&["multiply"], &["assembly_half"]),
        ];
        let names = ["compress", "encapsulate"].iter().map(|name| name.as_bytes().to_vec()).collect();
        Natives::new(objects, &names)
    }

    #[test]
    fn what_rust_can_name_is_carried_and_exported() {
        let natives = natives();
        let carried = natives.carried(&BTreeSet::new());
        assert_eq!(carried, [0, 2]);
        assert_eq!(natives.exports(&carried), set(&["compress", "encapsulate"]));
    }

    #[test]
    fn what_can_never_be_linked_is_left_out_with_all_that_needs_it() {
        let natives = natives();
        let broken = natives.broken(&set(&["assembly_half"]));
        assert_eq!(broken, BTreeSet::from([2, 3]));
        assert_eq!(natives.exports(&natives.carried(&broken)), set(&["compress"]));
    }

    #[test]
    fn unreadable_metadata_exports_everything() {
        let natives = Natives::new(vec![object(&["a", "b"], &[])], &BTreeSet::new());
        assert_eq!(natives.exports(&natives.carried(&BTreeSet::new())), set(&["a", "b"]));
    }

    #[test]
    fn names_are_told_by_their_length_and_sentinel() {
        // The length of the second string, 65, is itself a letter.
        let long = "x".repeat(65);
        let bytes = [b"\x08compress\xC1zz\x41".as_slice(), long.as_bytes(), b"\xC1\x03no"].concat();
        let names = metadata_names(&bytes);
        assert_eq!(names, BTreeSet::from([b"compress".to_vec(), long.into_bytes()]));
    }

    #[test]
    fn exports_join_those_of_rustc() {
        let script = "{\n  global:\n    _RNv;\n\n  local:\n    *;\n};\n";
        let extended = extended_version_script(script, &set(&["compress"]));
        assert_eq!(extended, "{\n  global:\n    compress;\n\n    _RNv;\n\n  local:\n    *;\n};\n");
        assert!(extended_version_script("{\n  local:\n    *;\n};\n", &set(&["c"])).contains("global:\n    c;\n"));
    }
}
