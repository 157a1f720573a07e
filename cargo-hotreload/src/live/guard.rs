//! The layout guard of a running program: what it knows of types, and what new objects must not change.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};

use crate::live::{Content, Crate};
use crate::patch::layout::{
    Agreement, Blind, Comparison, Coverage, Difference, Extent, Identity, Name, Types, compare, read, signatures_agree,
};
use crate::patch::pairing::Signatures;
use crate::patch::refusal::Refusal;

/// What is known of the program's types.
#[derive(Debug, Default)]
pub(super) struct Guard {
    types: Types,
    /// Contents of the objects that run, by crate: what did not change has the types that it had.
    objects: HashMap<String, HashSet<u64>>,
    /// Crates of which not every type is known.
    blind: Vec<String>,
}

/// What a patch does to types.
#[derive(Debug, Default)]
pub(super) struct Checked {
    types: Types,
    objects: Vec<(String, HashSet<u64>)>,
    replaced: HashSet<Name>,
}

impl Guard {
    /// Reads the types of a program from its executable.
    pub(super) fn of_executable(executable: &[u8]) -> Result<Self> {
        let described = read(executable).context("the program's types are not known")?;
        Ok(Self { types: described.types, ..Self::default() })
    }

    /// The program runs `compiled`.
    pub(super) fn runs(&mut self, compiled: &Crate) {
        self.objects.insert(compiled.key.clone(), contents(compiled));
    }

    /// Whether the program runs these very objects.
    pub(super) fn is_running(&self, compiled: &Crate) -> bool {
        self.objects.get(&compiled.key) == Some(&contents(compiled))
    }

    /// Whether `main` of the crate `name` is asynchronous: `#[tokio::main]` and its like make a block of its body.
    pub(super) fn is_main_async(&self, name: &str) -> bool {
        self.types.has(&[name, "main", "{async_block_env#0}"])
    }

    /// Not every type of this crate is known.
    pub(super) fn is_blind_for(&mut self, name: &str) {
        self.blind.push(name.to_owned());
    }

    /// Whether data of the running program can be used by new code.
    pub(super) fn check(&self, crates: &[Crate], profile: &str) -> Result<Checked, Refusal> {
        let mut checked = Checked::default();
        for compiled in crates {
            self.read(compiled, profile, &mut checked)?;
        }
        let Comparison { differences, signatures, statics } = compare(&self.types, &checked.types);
        let is_reason = |difference: &&Difference| is_reason(difference) && !is_of_functions(difference, crates);
        if let Some(difference) = differences.iter().find(is_reason) {
            return Err(Refusal::Layout { what: difference.to_string() });
        }
        if let Some(changed) = statics.first() {
            let what = format!("the type of `{}` changed (`{}` -> `{}`)", changed.path, changed.was, changed.is);
            return Err(Refusal::Layout { what });
        }
        self.check_blind(crates, &checked)?;
        checked.replaced = signatures.into_iter().map(|signature| signature.symbol).collect();
        Ok(checked)
    }

    /// Adds the types of the objects of `compiled` that are new.
    fn read(&self, compiled: &Crate, profile: &str, checked: &mut Checked) -> Result<(), Refusal> {
        let known = self.objects.get(&compiled.key);
        let mut coverage = Vec::new();
        let is_new = |object: &&Content| !known.is_some_and(|known| known.contains(&object.hash));
        for Content { bytes, .. } in compiled.objects.iter().filter(is_new) {
            let unknown = |error| Refusal::Unknown { what: format!("{error}"), name: compiled.name.clone() };
            let described = read(bytes).map_err(unknown)?;
            coverage.push(described.coverage);
            checked.types.add(&described.types);
        }
        checked.objects.push((compiled.key.clone(), contents(compiled)));
        let coverage = Coverage::of_crate(coverage);
        if coverage.is_full() {
            return Ok(());
        }
        let (package, profile) = (compiled.name.clone(), profile.to_owned());
        Err(Refusal::Layout { what: Blind { package, profile, coverage }.to_string() })
    }

    /// A type of an edited crate may be known to a crate alone that does not describe it.
    fn check_blind(&self, crates: &[Crate], checked: &Checked) -> Result<(), Refusal> {
        let Some(blind) = self.blind.first() else { return Ok(()) };
        for compiled in crates {
            if let Some(path) = checked.types.unseen(&self.types, &compiled.name).first() {
                let what =
                    format!("`{path}` may be laid out otherwise in `{blind}`, which has no full debug information");
                return Err(Refusal::Layout { what });
            }
        }
        Ok(())
    }

    /// What is known of functions.
    pub(super) fn with<'guard>(&'guard self, checked: &'guard Checked) -> Both<'guard> {
        Both(self, checked)
    }

    /// The patch is in the program.
    pub(super) fn commit(&mut self, checked: Checked) {
        self.types.patch(&checked.types);
        self.objects.extend(checked.objects);
    }
}

/// What is known of functions: those that run, and those of a patch.
#[derive(Debug)]
pub(super) struct Both<'guard>(&'guard Guard, &'guard Checked);

impl Signatures for Both<'_> {
    fn is_replaced(&self, name: &str) -> bool {
        let Self(_, checked) = self;
        !checked.replaced.is_empty() && checked.replaced.contains(&Name::of(name.as_bytes()))
    }

    fn are_different(&self, before: &str, now: &str) -> bool {
        let Self(guard, checked) = self;
        signatures_agree((&guard.types, before), (&checked.types, now)) == Agreement::Different
    }
}

/// A closure more, or one under another number, is harmless: closures are paired by what they do. So is one under a
/// number that never ran, whatever became of others: all code for its data has that number in its name, and is new.
fn is_reason(difference: &Difference) -> bool {
    let is_harmless = !difference.has_run || matches!(difference.extent, Extent::Joined | Extent::Renumbered);
    !(difference.identity == Identity::Indexed && is_harmless)
}

/// Whether it is two types of one name. A function's own type and a pointer to such functions are both called `fn()`, so
/// `Option<fn()>` may be either, and has two layouts. What another crate defines did not change by itself; had a type
/// inside of it, that would differ under its own name.
fn is_of_functions(difference: &Difference, crates: &[Crate]) -> bool {
    let defined_in = difference.path.split("::").next().unwrap_or_default();
    difference.path.contains("fn(") && crates.iter().all(|compiled| compiled.name != defined_in)
}

fn contents(compiled: &Crate) -> HashSet<u64> {
    compiled.objects.iter().map(|object| object.hash).collect()
}
