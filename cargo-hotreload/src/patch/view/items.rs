//! Items to facts.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, ItemImpl, ItemMod, ItemTrait, Path as ItemPath, TraitItem, Visibility};

use crate::patch::view::Known;
use crate::patch::view::attributes::Attributes;
use crate::patch::view::exposure::Words;
use crate::patch::view::facts::{Fixed, Function, Place, What};
use crate::patch::view::functions::{Callable, Owner};
use crate::patch::view::lines::{self, Where};
use crate::patch::view::modules::Scope;
use crate::patch::view::names::{self, Names};
use crate::patch::view::tokens::{self, Docs, Text};

/// Reads the items of one file.
pub(super) struct Reader<'a> {
    pub(super) names: &'a Names,
    pub(super) known: &'a Known,
    pub(super) file: &'a Path,
    pub(super) fixed: &'a mut Vec<Fixed>,
    /// With their keys.
    pub(super) functions: &'a mut Vec<(String, Function)>,
}

/// How an item looks to callers.
pub(super) struct Look {
    pub(super) what: What,
    /// Whether its code, which callers have a copy of, may tell where it stands.
    pub(super) records: bool,
}

impl Look {
    /// Nothing of it becomes code in callers.
    const fn silent(what: What) -> Self {
        Self { what, records: false }
    }
}

impl Reader<'_> {
    /// Reads all of a file.
    pub(super) fn file(&mut self, file: &syn::File, scope: &Scope) {
        let attributes: Vec<&Attribute> =
            file.attrs.iter().filter(|attribute| !attribute.path().is_ident("doc")).collect();
        if !attributes.is_empty() {
            self.fix("file", scope, Look::silent(What::Attributes), &file.attrs, quote!(#(#attributes)*));
        }
        self.items(&file.items, scope);
    }

    fn items(&mut self, items: &[Item], scope: &Scope) {
        for item in items {
            self.item(item, scope);
        }
    }

    fn item(&mut self, item: &Item, scope: &Scope) {
        let read = Attributes::read(attributes(item), &self.known.attributes);
        if read.test {
            return;
        }
        let unknown = if is_type(item) { None } else { read.unknown.clone() };
        if let Some(above) = scope.macro_above.clone().or(unknown) {
            let look = Look { what: What::Attributed(above), records: true };
            return self.fix(&name(item), scope, look, attributes(item), item.to_token_stream());
        }
        match item {
            Item::Fn(function) => self.function(&Callable::from(function), scope, None),
            Item::Impl(item) => self.implementation(item, scope),
            Item::Mod(module) => self.module(module, scope),
            Item::Trait(item) => {
                let look = Look { what: What::Trait, records: trait_records(item) };
                self.fix(&name_of(&item.ident), scope, look, &item.attrs, item.to_token_stream());
            }
            item => {
                let look = look(item, read.unknown.is_some());
                self.fix(&name(item), scope, look, attributes(item), item.to_token_stream());
            }
        }
    }

    fn module(&mut self, module: &ItemMod, scope: &Scope) {
        let (attributes, visibility, ident) = (&module.attrs, &module.vis, &module.ident);
        let declaration = quote!(#(#attributes)* #visibility mod #ident);
        self.fix(&name_of(ident), scope, Look::silent(What::Module), attributes, declaration);
        if let Some((_, items)) = &module.content {
            self.items(items, &scope.child(module, self.known));
        }
    }

    /// An impl's functions are looked at one by one.
    fn implementation(&mut self, item: &ItemImpl, scope: &Scope) {
        let owner = Owner::new(item, &self.known.attributes);
        let header = owner.header.clone();
        self.fix(&owner.name, scope, Look::silent(What::Impl), &item.attrs, header);
        for part in &item.items {
            let (attributes, name) = match part {
                ImplItem::Fn(function) => {
                    self.function(&Callable::from(function), scope, Some(&owner));
                    continue;
                }
                ImplItem::Const(constant) => (&constant.attrs[..], name_of(&constant.ident)),
                ImplItem::Type(alias) => (&alias.attrs[..], name_of(&alias.ident)),
                ImplItem::Macro(call) => (&call.attrs[..], path_name(&call.mac.path)),
                _ => (&[][..], "?".into()),
            };
            let read = Attributes::read(attributes, &self.known.attributes);
            if read.test {
                continue;
            }
            let look = match (read.unknown, part) {
                (Some(name), _) => Look { what: What::Attributed(name), records: true },
                (None, ImplItem::Const(constant)) => {
                    Look { what: What::Constant, records: lines::expression(&constant.expr, Where::Constant) }
                }
                (None, ImplItem::Type(_)) => Look::silent(What::Type),
                (None, ImplItem::Macro(_)) => Look { what: What::MacroCall, records: true },
                (None, _) => Look { what: What::Unknown, records: true },
            };
            self.fix(&format!("{}::{name}", owner.name), scope, look, attributes, part.to_token_stream());
        }
    }

    /// Notes an item that callers see.
    pub(super) fn fix(&mut self, name: &str, scope: &Scope, look: Look, attributes: &[Attribute], tokens: TokenStream) {
        let Look { what, records } = look;
        // What a macro reads may come out again anywhere.
        let is_read = matches!(what, What::Attributed(_) | What::MacroCall | What::Macro | What::Unknown)
            || Attributes::read(attributes, &self.known.attributes).unknown.is_some();
        let mut words = Words::default();
        let is_plain_import = what == What::Import && !is_named_anew(&tokens);
        match () {
            // It gives names that exist already to no more than its own module.
            () if is_plain_import => {}
            () if what == What::Module => {}
            () if is_read => words.add_for_macro(tokens.clone()),
            () => words.add(tokens.clone(), self.names, self.known),
        }
        let place = self.place(start(&tokens));
        let text = Text::of(tokens, if is_read { Docs::Read } else { Docs::Ignored });
        let name = scope.name(name);
        // Imports and the like have no name of their own; what has one may stand there once for each configuration.
        let key = match what {
            What::Import | What::MacroCall | What::Unknown | What::Foreign | What::Impl => text.words.clone(),
            _ => configuration(attributes),
        };
        let key = format!("{what} {} {key}", if what == What::Import { scope.name("") } else { name.clone() });
        self.fixed.push(Fixed { key, name, what, text, records, place, words });
    }

    pub(super) fn place(&self, span: Span) -> Place {
        Place { file: self.file.to_owned(), line: span.start().line }
    }
}

/// Where the first token that is no attribute stands.
pub(super) fn start(tokens: &TokenStream) -> Span {
    let mut last = Span::call_site();
    for node in tokens::nodes(tokens.clone()) {
        let span = match node {
            tokens::Node::Leaf(token) => return token.span(),
            tokens::Node::Group(group) => return group.span_open(),
            tokens::Node::Call { tokens, .. } => return tokens.span(),
            tokens::Node::Attribute { tokens, .. } => tokens.span(),
        };
        last = span;
    }
    last
}

/// The `cfg` attributes, which tell items of one name apart.
pub(super) fn configuration(attributes: &[Attribute]) -> String {
    let is_cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    let found = attributes.iter().filter(is_cfg).map(|attribute| attribute.to_token_stream().to_string());
    found.collect()
}

/// How an item that is no function, impl, module or trait looks to callers.
fn look(item: &Item, is_macro_fed: bool) -> Look {
    let records = |value, place| lines::expression(value, place) || is_macro_fed;
    match item {
        Item::Const(item) => Look { what: What::Constant, records: records(&item.expr, Where::Constant) },
        Item::Static(item) => Look { what: What::Static, records: records(&item.expr, Where::Static) },
        Item::Struct(_) | Item::Enum(_) | Item::Union(_) | Item::Type(_) => {
            Look { what: What::Type, records: is_macro_fed }
        }
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
fn is_type(item: &Item) -> bool {
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
fn is_named_anew(tokens: &TokenStream) -> bool {
    let Ok(import) = syn::parse2::<syn::ItemUse>(tokens.clone()) else { return true };
    let mut new = Vec::new();
    names::renames(&import.tree, &mut new);
    matches!(import.vis, Visibility::Public(_)) || !new.is_empty()
}

fn attributes(item: &Item) -> &[Attribute] {
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

fn name(item: &Item) -> String {
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

fn name_of(ident: &syn::Ident) -> String {
    ident.to_string()
}

fn path_name(path: &ItemPath) -> String {
    crate::patch::view::attributes::path(path) + "!"
}
