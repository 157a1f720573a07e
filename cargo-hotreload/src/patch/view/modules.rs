//! Which files are a crate's modules, and where in the crate they stand.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use syn::{Item, ItemMod, Visibility};

use crate::patch::view::attributes::{self, Attributes};
use crate::patch::view::{Known, Sources};

/// A module's place in its crate.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    /// Names from the crate's root down.
    pub(super) path: Vec<String>,
    /// Whether a module on the way is not public.
    pub(super) is_closed: bool,
    /// An attribute macro on a module on the way: it may make anything of what is inside.
    pub(super) macro_above: Option<String>,
    /// Whether it is there in tests alone.
    pub(super) is_test: bool,
}

impl Scope {
    /// That of a module within.
    pub(super) fn child(&self, module: &ItemMod, known: &Known) -> Self {
        let attributes = Attributes::read(&module.attrs, &known.attributes);
        let mut path = self.path.clone();
        path.push(module.ident.to_string());
        Self {
            path,
            is_closed: self.is_closed || !matches!(module.vis, Visibility::Public(_)),
            macro_above: self.macro_above.clone().or(attributes.unknown),
            is_test: self.is_test || attributes.test,
        }
    }

    /// `name`, or `module::name`.
    pub(super) fn name(&self, name: &str) -> String {
        let mut path = self.path.clone();
        path.push(name.to_owned());
        path.join("::")
    }
}

/// A file that is a module.
pub(super) struct Module {
    /// Its path, as in [`Sources::files`].
    pub(super) path: PathBuf,
    /// What it says.
    pub(super) syntax: syn::File,
    /// Where it stands.
    pub(super) scope: Scope,
}

/// A file that cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unparsable {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) message: String,
}

/// The modules of a crate, those of tests included, each after the one that declares it.
pub(super) fn modules(sources: &Sources, known: &Known) -> Result<Vec<Module>, Unparsable> {
    let mut finder = Finder { sources, known, found: Vec::new(), open: BTreeSet::new() };
    let directory = sources.root.parent().unwrap_or(Path::new("")).to_owned();
    finder.file(&sources.root, &directory, Scope::default())?;
    Ok(finder.found)
}

struct Finder<'a> {
    sources: &'a Sources,
    known: &'a Known,
    found: Vec<Module>,
    /// Files that are being read, so that one which declares itself ends.
    open: BTreeSet<PathBuf>,
}

impl Finder<'_> {
    /// Reads a file whose modules are looked for in `directory`.
    fn file(&mut self, path: &Path, directory: &Path, mut scope: Scope) -> Result<(), Unparsable> {
        let Some(text) = self.sources.files.get(path) else { return Ok(()) };
        if !self.open.insert(path.to_owned()) {
            return Ok(());
        }
        let syntax = syn::parse_file(text).map_err(|error| Unparsable {
            file: path.to_owned(),
            line: error.span().start().line,
            message: error.to_string(),
        })?;
        scope.is_test |= Attributes::read(&syntax.attrs, &self.known.attributes).test;
        let mut declared = Vec::new();
        let beside = path.parent().unwrap_or(Path::new(""));
        self.declared(&syntax.items, Directories { modules: directory, paths: beside }, &scope, &mut declared);
        self.found.push(Module { path: path.to_owned(), syntax, scope });
        for (path, directory, scope) in declared {
            self.file(&path, &directory, scope)?;
        }
        self.open.remove(path);
        Ok(())
    }

    /// The files that `items` declare, with their own directories.
    fn declared(
        &self,
        items: &[Item],
        directories: Directories<'_>,
        scope: &Scope,
        found: &mut Vec<(PathBuf, PathBuf, Scope)>,
    ) {
        for item in items {
            let Item::Mod(module) = item else { continue };
            let (scope, given) = (scope.child(module, self.known), attributes::paths(&module.attrs));
            let name = module.ident.to_string();
            let name = name.trim_start_matches("r#");
            let plain = directories.modules.join(name);
            if let Some((_, items)) = &module.content {
                let inside = given.first().map_or(plain, |given| clean(&directories.paths.join(given)));
                self.declared(items, Directories { modules: &inside, paths: &inside }, &scope, found);
                continue;
            }
            for given in given {
                let path = clean(&directories.paths.join(given));
                let own = path.parent().unwrap_or(Path::new("")).to_owned();
                found.push((path, own, scope.clone()));
            }
            for path in [directories.modules.join(format!("{name}.rs")), plain.join("mod.rs")] {
                found.push((path, plain.clone(), scope.clone()));
            }
        }
    }
}

/// Where modules are looked for.
#[derive(Clone, Copy)]
struct Directories<'a> {
    /// By their names.
    modules: &'a Path,
    /// By `#[path]`.
    paths: &'a Path,
}

/// `a/../b` is `b`.
fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if cleaned.file_name().is_some() => {
                cleaned.pop();
            }
            component => cleaned.push(component),
        }
    }
    cleaned
}
