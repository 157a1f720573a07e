//! What attributes make of the item that they stand on.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Lit, Meta, Path, Token};

/// Lints and the like: no machine code depends on them.
const INERT: &[&str] = &["allow", "deny", "deprecated", "doc", "expect", "forbid", "must_use", "warn"];
/// Namespaces of tools; no machine code depends on what is in them.
const TOOLS: &[&str] = &["clippy", "diagnostic", "rustdoc", "rustfmt"];
/// The compiler's own: they change how an item is compiled or called, and move no body to where callers see it.
const COMPILER: &[&str] = &[
    "automatically_derived",
    "cfg",
    "cold",
    "coverage",
    "default",
    "export_name",
    "feature",
    "global_allocator",
    "ignore",
    "link",
    "link_name",
    "link_section",
    "macro_export",
    "macro_use",
    "naked",
    "no_mangle",
    "no_std",
    "non_exhaustive",
    "optimize",
    "panic_handler",
    "path",
    "recursion_limit",
    "repr",
    "should_panic",
    "target_feature",
    "track_caller",
    "type_length_limit",
    "used",
];
/// Attribute macros that keep a function a function and its body within it.
pub(super) const FUNCTION_MACROS: &[&str] = &[
    "actix_rt::main",
    "actix_web::main",
    "async_std::main",
    "axum::debug_handler",
    "axum::debug_middleware",
    "axum_macros::debug_handler",
    "axum_macros::debug_middleware",
    "debug_handler",
    "debug_middleware",
    "instrument",
    "tokio::main",
    "tracing::instrument",
];
/// On an impl: every `async fn` becomes a function that boxes its body.
const BOXING_MACROS: &[&str] = &["async_trait", "async_trait::async_trait"];
/// Attribute macros of tests, which vanish from any other build.
const TEST_MACROS: &[&str] = &[
    "actix_rt::test",
    "actix_web::test",
    "async_std::test",
    "bench",
    "rstest",
    "sqlx::test",
    "test",
    "test_log::test",
    "tokio::test",
];
/// The standard library's derives: what they write records no place in the source.
const DERIVES: &[&str] = &["Clone", "Copy", "Debug", "Default", "Eq", "Hash", "Ord", "PartialEq", "PartialOrd"];
/// Derives that write impls for nothing but the type itself, with the attributes that they read.
const LOCAL_DERIVES: &[&str] = &["Deserialize", "Error", "Serialize", "serde::Deserialize", "serde::Serialize"];
const DERIVE_HELPERS: &[&str] = &["backtrace", "error", "from", "serde", "source"];

/// What the attributes of one item make of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and any may go with any other")]
pub(super) struct Attributes {
    /// It is there in tests alone.
    pub(super) test: bool,
    /// The first attribute or derive that nothing is known about.
    pub(super) unknown: Option<String>,
    /// Its body is compiled into callers.
    pub(super) inline: bool,
    /// It is told who calls it; through a pointer, where it stands itself.
    pub(super) tracked: bool,
    /// Its async functions become functions that box their bodies.
    pub(super) boxes: bool,
    /// It has one that is more than a lint.
    pub(super) counts: bool,
}

impl Attributes {
    /// Reads those of an item; `known` are the user's own attribute macros for functions.
    pub(super) fn read(attributes: &[Attribute], known: &BTreeSet<String>) -> Self {
        let mut all = Self::default();
        for attribute in attributes {
            all.add(&attribute.meta, known);
        }
        all
    }

    fn add(&mut self, meta: &Meta, known: &BTreeSet<String>) {
        let name = path(meta.path());
        let is = |names: &[&str]| names.contains(&name.as_str());
        if is_inert(meta.path()) {
            return;
        }
        self.counts = true;
        match name.as_str() {
            "cfg" => self.test |= is_cfg_test(meta),
            "cfg_attr" => match conditional(meta) {
                Some(metas) => metas.iter().for_each(|meta| self.add(meta, known)),
                None => self.unknown(name),
            },
            "derive" => match listed_paths(meta) {
                Some(paths) => paths.iter().filter(|path| !is_std_derive(path)).for_each(|derive| {
                    self.unknown(format!("derive({})", path(derive)));
                }),
                None => self.unknown(name),
            },
            "inline" => self.inline |= !is_never(meta),
            "unsafe" => match listed(meta) {
                Some(metas) => metas.iter().for_each(|meta| self.add(meta, known)),
                None => self.unknown(name),
            },
            "track_caller" => self.tracked = true,
            _ if is(TEST_MACROS) => self.test = true,
            _ if is(BOXING_MACROS) => self.boxes = true,
            _ if is(COMPILER) || is(FUNCTION_MACROS) || known.contains(&name) => {}
            _ => self.unknown(name),
        }
    }

    fn unknown(&mut self, name: String) {
        self.unknown.get_or_insert(name);
    }
}

/// Whether no machine code depends on the attribute.
pub(super) fn is_inert(path: &Path) -> bool {
    let Some(first) = path.segments.first() else { return false };
    let first = first.ident.to_string();
    if path.segments.len() == 1 { INERT.contains(&first.as_str()) } else { TOOLS.contains(&first.as_str()) }
}

/// Whether an attribute inside of a function's body, `meta`, makes nothing that is seen outside of the body.
pub(super) fn is_harmless_in_body(meta: &Meta, known: &BTreeSet<String>) -> bool {
    let name = path(meta.path());
    if name == "macro_export" {
        return false;
    }
    if name == "derive" {
        let is_local = |derive: &Path| is_std_derive(derive) || LOCAL_DERIVES.contains(&path(derive).as_str());
        return listed_paths(meta).is_some_and(|paths| paths.iter().all(is_local));
    }
    if DERIVE_HELPERS.contains(&name.as_str()) {
        return true;
    }
    let mut attributes = Attributes::default();
    attributes.add(meta, known);
    attributes.unknown.is_none() && !attributes.boxes
}

/// `a::b` of a path.
pub(super) fn path(path: &Path) -> String {
    let segments: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    segments.join("::")
}

fn is_std_derive(derive: &Path) -> bool {
    let name = path(derive);
    let name = ["std::", "core::"].iter().find_map(|root| name.strip_prefix(root)).map_or(name.as_str(), last);
    DERIVES.contains(&name)
}

fn last(path: &str) -> &str {
    path.rsplit("::").next().unwrap_or(path)
}

/// `cfg(test)`, or `cfg(all(test, …))`.
fn is_cfg_test(meta: &Meta) -> bool {
    let is_test = |meta: &Meta| matches!(meta, Meta::Path(path) if path.is_ident("test"));
    listed(meta).is_some_and(|metas| {
        metas.len() == 1
            && metas.iter().all(|meta| {
                let is_all = meta.path().is_ident("all");
                is_test(meta) || is_all && listed(meta).is_some_and(|parts| parts.iter().any(is_test))
            })
    })
}

/// What `cfg_attr` puts there.
fn conditional(meta: &Meta) -> Option<Vec<Meta>> {
    Some(listed(meta)?.into_iter().skip(1).collect())
}

fn listed(meta: &Meta) -> Option<Vec<Meta>> {
    let Meta::List(list) = meta else { return None };
    let metas = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()?;
    Some(metas.into_iter().collect())
}

fn listed_paths(meta: &Meta) -> Option<Vec<Path>> {
    let Meta::List(list) = meta else { return None };
    let paths = list.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()?;
    Some(paths.into_iter().collect())
}

fn is_never(meta: &Meta) -> bool {
    matches!(meta, Meta::List(list) if list.tokens.to_token_stream().to_string() == "never")
}

/// The paths that `#[path = "…"]` gives, on its own or within `cfg_attr`.
pub(super) fn paths(attributes: &[Attribute]) -> Vec<String> {
    fn add(meta: &Meta, found: &mut Vec<String>) {
        if meta.path().is_ident("cfg_attr") {
            conditional(meta).unwrap_or_default().iter().for_each(|meta| add(meta, found));
        }
        if let Meta::NameValue(pair) = meta
            && pair.path.is_ident("path")
            && let Expr::Lit(value) = &pair.value
            && let Lit::Str(value) = &value.lit
        {
            found.push(value.value());
        }
    }
    let mut found = Vec::new();
    for attribute in attributes {
        add(&attribute.meta, &mut found);
    }
    found
}
