//! What names mean all over a crate: where macros come from, and what is handed on to other crates.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{ItemMacro, ItemTrait, ItemUse, TraitItem, UseTree, Visibility};

use crate::patch::view::attributes::Attributes;
use crate::patch::view::tokens;

/// Macros that make an expression of the expressions in their brackets: nothing that they write is seen outside of the
/// function that calls them.
pub(super) const MACROS: &[&str] = &[
    "anyhow",
    "assert",
    "assert_eq",
    "assert_ne",
    "bail",
    "cfg",
    "column",
    "compile_error",
    "concat",
    "crit",
    "dbg",
    "debug",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "debug_span",
    "ensure",
    "env",
    "eprint",
    "eprintln",
    "error",
    "error_span",
    "event",
    "eyre",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "info",
    "info_span",
    "join",
    "json",
    "line",
    "log",
    "log_enabled",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "pin",
    "print",
    "println",
    "query",
    "query_as",
    "query_scalar",
    "select",
    "span",
    "stringify",
    "todo",
    "trace",
    "trace_span",
    "try_join",
    "unimplemented",
    "unreachable",
    "vec",
    "warn",
    "warn_span",
    "write",
    "writeln",
    "addr_of",
    "addr_of_mut",
    "ready",
    "tracing_enabled",
    "enabled",
    "offset_of",
    "assert_matches",
];
/// The crates that those come from.
pub(super) const MACRO_CRATES: &[&str] = &[
    "alloc",
    "anyhow",
    "color_eyre",
    "core",
    "eyre",
    "futures",
    "futures_util",
    "log",
    "serde_json",
    "sqlx",
    "std",
    "tokio",
    "tracing",
];

/// The names of a crate.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By which crates, or other first parts of a path, a name is imported.
    imported: BTreeMap<String, BTreeSet<String>>,
    /// Macros that the crate defines.
    macros: BTreeSet<String>,
    /// Methods of the crate's traits that are told who calls them.
    pub(super) tracked: BTreeSet<String>,
    /// What stands in `pub use`, and in macro calls that may hold one.
    exported: BTreeSet<String>,
    /// Whether a `pub use` hands on everything around it.
    exports_all: bool,
    /// All names of a tree of imports, and one of the new names that it gives.
    renamed: Vec<(BTreeSet<String>, String)>,
}

impl Names {
    /// Reads those in the items of a file.
    pub(super) fn add(&mut self, file: &syn::File) {
        self.visit_file(file);
    }

    /// Call it when all files are read: what is handed on under another name is handed on.
    pub(super) fn complete(&mut self) {
        loop {
            let count = self.exported.len();
            for (names, new) in &self.renamed {
                if self.exported.contains(new) {
                    self.exported.extend(names.iter().cloned());
                }
            }
            if self.exported.len() == count {
                return;
            }
        }
    }

    /// Whether another crate can name `name`, which is public itself but stands within `modules`, not all of which are.
    pub(super) fn is_handed_on(&self, name: &str, modules: &[String]) -> bool {
        self.exports_all || self.exported.contains(name) || modules.iter().any(|module| self.exported.contains(module))
    }

    /// Whether the macro `path` makes nothing that is seen outside of a function; `known` are the user's own.
    pub(super) fn is_known_macro(&self, path: &str, known: &BTreeSet<String>) -> bool {
        if known.contains(path) {
            return true;
        }
        if let Some((_, name)) = path.rsplit_once("::") {
            let root = path.split("::").next().unwrap_or_default();
            return MACRO_CRATES.contains(&root) && MACROS.contains(&name);
        }
        let is_elsewhere = |root: &String| !MACRO_CRATES.contains(&root.as_str());
        let is_from_elsewhere = self.imported.get(path).is_some_and(|roots| roots.iter().any(is_elsewhere));
        MACROS.contains(&path) && !self.macros.contains(path) && !is_from_elsewhere
    }

    fn tree(&mut self, tree: &UseTree, root: Option<&str>, last: Option<&str>, is_public: bool) {
        match tree {
            UseTree::Path(path) => {
                let name = tokens::plain(&path.ident);
                self.tree(&path.tree, Some(root.unwrap_or(&name)), Some(&name), is_public);
            }
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(tree, root, last, is_public)),
            UseTree::Name(name) => self.import(tokens::plain(&name.ident), root),
            UseTree::Rename(rename) => self.import(tokens::plain(&rename.rename), root),
            UseTree::Glob(_) => {
                let is_around = last.is_none_or(|last| matches!(last, "crate" | "self" | "super"));
                self.exports_all |= is_public && is_around;
            }
        }
    }

    fn import(&mut self, name: String, root: Option<&str>) {
        let root = root.unwrap_or(&name).to_owned();
        self.imported.entry(name).or_default().insert(root);
    }
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_public = matches!(item.vis, Visibility::Public(_));
        self.tree(&item.tree, None, None, is_public);
        let mut names = BTreeSet::new();
        tokens::names(item.tree.to_token_stream(), &mut names);
        let mut new = Vec::new();
        renames(&item.tree, &mut new);
        self.renamed.extend(new.into_iter().map(|new| (names.clone(), new)));
        if is_public {
            self.exported.extend(names);
        }
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        self.macros.extend(item.ident.as_ref().map(tokens::plain));
        tokens::names(item.mac.tokens.clone(), &mut self.exported);
        if tokens::mentions(item.mac.tokens.clone(), &["use"]) && item.mac.tokens.to_string().contains('*') {
            self.exports_all = true;
        }
    }

    fn visit_item_trait(&mut self, item: &'ast ItemTrait) {
        for item in &item.items {
            if let TraitItem::Fn(function) = item
                && Attributes::read(&function.attrs, &BTreeSet::new()).tracked
            {
                self.tracked.insert(tokens::plain(&function.sig.ident));
            }
        }
        visit::visit_item_trait(self, item);
    }
}

/// The new names that `tree` gives.
pub(super) fn renames(tree: &UseTree, new: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => renames(&path.tree, new),
        UseTree::Group(group) => group.items.iter().for_each(|tree| renames(tree, new)),
        UseTree::Rename(rename) => new.push(tokens::plain(&rename.rename)),
        _ => {}
    }
}
