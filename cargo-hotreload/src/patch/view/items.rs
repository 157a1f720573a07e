//! What an item is to callers: its name, its attributes, and how it looks.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Item, ItemTrait, Path as ItemPath, TraitItem, Visibility};

use crate::patch::view::attributes::Attributes;
use crate::patch::view::facts::{Look, What};
use crate::patch::view::functions::Owner;
use crate::patch::view::lines::{self, Where};
use crate::patch::view::names;

/// How an item that is no function, impl or module looks to callers.
pub(super) fn look(item: &Item, is_macro_fed: bool) -> Look {
    let records = |value, place| lines::expression(value, place) || is_macro_fed;
    match item {
        Item::Const(item) => Look { what: What::Constant, records: records(&item.expr, Where::Constant) },
        Item::Static(item) => Look { what: What::Static, records: records(&item.expr, Where::Static) },
        Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Type(_) => {
            Look { what: What::Type, records: is_macro_fed }
        }
        Item::Trait(item) => Look { what: What::Trait, records: trait_records(item) },
        Item::TraitAlias(_) => Look::silent(What::Trait),
        Item::Use(_) | Item::ExternCrate(_) => Look::silent(What::Import),
        Item::ForeignMod(_) => Look::silent(What::Foreign),
        // A macro's code stands where the macro is called.
        Item::Macro(item) if item.mac.path.is_ident("macro_rules") => Look::silent(What::Macro),
        Item::Macro(_) => Look { what: What::MacroCall, records: true },
        _ => Look { what: What::Unknown, records: true },
    }
}

/// Derives that nothing is known about add to a type, but leave it what it is.
pub(super) fn is_type(item: &Item) -> bool {
    matches!(item, Item::Struct(_) | Item::Enum(_) | Item::Union(_))
}

fn trait_records(item: &ItemTrait) -> bool {
    item.items.iter().any(|item| match item {
        TraitItem::Fn(function) => {
            let read = Attributes::read(&function.attrs, &std::collections::BTreeSet::new());
            let body = function.default.as_ref();
            read.tracked || read.unknown.is_some() || body.is_some_and(|body| lines::block(body, Where::Function))
        }
        TraitItem::Const(constant) => {
            constant.default.as_ref().is_some_and(|(_, value)| lines::expression(value, Where::Constant))
        }
        TraitItem::Type(_) => false,
        _ => true,
    })
}

/// Whether an import gives a new name, or hands names on to other crates.
pub(super) fn is_named_anew(tokens: &TokenStream) -> bool {
    let Ok(import) = syn::parse2::<syn::ItemUse>(tokens.clone()) else { return true };
    let mut new = Vec::new();
    names::renames(&import.tree, &mut new);
    matches!(import.vis, Visibility::Public(_)) || !new.is_empty()
}

/// The attributes of an item of any kind.
pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name of an item of any kind, as the user reads it.
pub(super) fn name(item: &Item) -> String {
    match item {
        Item::Const(item) => name_of(&item.ident),
        Item::Enum(item) => name_of(&item.ident),
        Item::ExternCrate(item) => name_of(&item.ident),
        Item::Fn(item) => name_of(&item.sig.ident),
        Item::ForeignMod(_) => "extern".into(),
        Item::Impl(item) => Owner::new(item, &std::collections::BTreeSet::new()).name,
        Item::Macro(item) => item.ident.as_ref().map_or_else(|| path_name(&item.mac.path), name_of),
        Item::Mod(item) => name_of(&item.ident),
        Item::Static(item) => name_of(&item.ident),
        Item::Struct(item) => name_of(&item.ident),
        Item::Trait(item) => name_of(&item.ident),
        Item::TraitAlias(item) => name_of(&item.ident),
        Item::Type(item) => name_of(&item.ident),
        Item::Union(item) => name_of(&item.ident),
        Item::Use(item) => item.tree.to_token_stream().to_string().replace(' ', ""),
        _ => "?".into(),
    }
}

pub(super) fn name_of(ident: &syn::Ident) -> String {
    ident.to_string()
}

/// The name of what calls the macro `path`.
pub(super) fn path_name(path: &ItemPath) -> String {
    crate::patch::view::attributes::path(path) + "!"
}
