//! A crate's source to facts: its files one after the other, their items, and the functions of these.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, ImplItem, Item, ItemImpl, ItemMod, Visibility};

use crate::patch::view::attributes::Attributes;
use crate::patch::view::bodies::{self, Body, Held};
use crate::patch::view::exposure::Words;
use crate::patch::view::facts::{Facts, Fixed, Form, Function, Look, Place, What};
use crate::patch::view::functions::{self, Callable, Owner};
use crate::patch::view::items;
use crate::patch::view::lines::{self, Where};
use crate::patch::view::modules::{self, Module, Scope, Unparsable};
use crate::patch::view::names::Names;
use crate::patch::view::tokens::{self, Docs, Text};
use crate::patch::view::{Known, Sources};

/// Traits of the standard library whose methods are told who calls them.
const TRACKED_TRAITS: &[&str] = &["FromResidual", "Index", "IndexMut"];

/// Reads a crate.
pub(super) fn read(sources: &Sources, known: &Known) -> Result<Facts, Unparsable> {
    let modules = modules::modules(sources, known)?;
    let mut names = Names::default();
    let is_built = |module: &&Module| !module.scope.is_test;
    modules.iter().filter(is_built).for_each(|module| names.add(&module.syntax));
    names.complete();
    let (mut fixed, mut functions) = (Vec::new(), Vec::new());
    for module in modules.iter().filter(is_built) {
        let mut reader =
            Reader { names: &names, known, file: &module.path, fixed: &mut fixed, functions: &mut functions };
        reader.file(&module.syntax, &module.scope);
    }
    let read: BTreeSet<&PathBuf> = modules.iter().map(|module| &module.path).collect();
    let others = sources.files.iter().filter(|(path, _)| !read.contains(path));
    let others = others.map(|(path, text)| (path.clone(), text.clone())).collect();
    Ok(Facts::of(fixed, functions, others))
}

/// Reads the items of one file.
struct Reader<'a> {
    names: &'a Names,
    known: &'a Known,
    file: &'a Path,
    fixed: &'a mut Vec<Fixed>,
    /// With their keys.
    functions: &'a mut Vec<(String, Function)>,
}

impl Reader<'_> {
    /// Reads all of a file.
    fn file(&mut self, file: &syn::File, scope: &Scope) {
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
        let read = Attributes::read(items::attributes(item), &self.known.attributes);
        if read.test {
            return;
        }
        let unknown = if items::is_type(item) { None } else { read.unknown.clone() };
        if let Some(above) = scope.macro_above.clone().or(unknown) {
            let look = Look { what: What::Attributed(above), records: true };
            return self.fix(&items::name(item), scope, look, items::attributes(item), item.to_token_stream());
        }
        match item {
            Item::Fn(function) => self.function(&Callable::from(function), scope, None),
            Item::Impl(item) => self.implementation(item, scope),
            Item::Mod(module) => self.module(module, scope),
            item => {
                let look = items::look(item, read.unknown.is_some());
                self.fix(&items::name(item), scope, look, items::attributes(item), item.to_token_stream());
            }
        }
    }

    fn module(&mut self, module: &ItemMod, scope: &Scope) {
        let (attributes, visibility, ident) = (&module.attrs, &module.vis, &module.ident);
        let declaration = quote!(#(#attributes)* #visibility mod #ident);
        self.fix(&items::name_of(ident), scope, Look::silent(What::Module), attributes, declaration);
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
                ImplItem::Const(constant) => (&constant.attrs[..], items::name_of(&constant.ident)),
                ImplItem::Type(alias) => (&alias.attrs[..], items::name_of(&alias.ident)),
                ImplItem::Macro(call) => (&call.attrs[..], items::path_name(&call.mac.path)),
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

    fn function(&mut self, function: &Callable<'_>, scope: &Scope, owner: Option<&Owner>) {
        let read = Attributes::read(function.attributes, &self.known.attributes);
        if read.test {
            return;
        }
        let ident = tokens::plain(&function.signature.ident);
        let own = owner.map_or_else(|| ident.clone(), |owner| format!("{}::{ident}", owner.name));
        if let Some(look) = function.look(&read, owner) {
            return self.fix(&own, scope, look, function.attributes, function.tokens.clone());
        }
        let key = format!("{} {}", scope.name(&own), configuration(function.attributes));
        let function = self.compiled_here(function, &read, scope, owner, (ident, own));
        self.functions.push((key, function));
    }

    /// A function whose code is compiled with the crate itself.
    fn compiled_here(
        &self,
        function: &Callable<'_>,
        read: &Attributes,
        scope: &Scope,
        owner: Option<&Owner>,
        (ident, own): (String, String),
    ) -> Function {
        let (header, stream) = bodies::split(function.tokens.clone());
        let place = self.place(start(&header));
        let mut words = Words::default();
        words.add(header.clone(), self.names, self.known);
        let (inert, header) = functions::without_inert(function.attributes, header);
        let (is_public, trait_) =
            (matches!(function.visibility, Visibility::Public(_)), owner.and_then(|owner| owner.trait_.as_deref()));
        let is_reachable = || owner.is_some() || !scope.is_closed || self.names.is_handed_on(&ident, &scope.path);
        let is_tracked_by_trait = |name: &str| TRACKED_TRAITS.contains(&name) || self.names.tracked.contains(&ident);
        let form = function.form(owner, &stream);
        let held = if form == Form::Plain { Held::Never } else { Held::Maybe };
        Function {
            name: scope.name(&own),
            header: Text::of(header, Docs::Ignored),
            inert: Text::of(inert, Docs::Ignored),
            form,
            body: Body::read(stream, function.block, held, self.names, self.known),
            is_open: trait_.is_some() || is_public && is_reachable(),
            is_plain: trait_.is_none() && !read.counts,
            is_tracked: read.tracked || trait_.is_some_and(is_tracked_by_trait),
            place,
            words,
            ident,
        }
    }

    /// Notes an item that callers see.
    fn fix(&mut self, name: &str, scope: &Scope, look: Look, attributes: &[Attribute], tokens: TokenStream) {
        let Look { what, records } = look;
        // What a macro reads may come out again anywhere.
        let is_read = matches!(what, What::Attributed(_) | What::MacroCall | What::Macro | What::Unknown)
            || Attributes::read(attributes, &self.known.attributes).unknown.is_some();
        let mut words = Words::default();
        let is_plain_import = what == What::Import && !items::is_named_anew(&tokens);
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

    fn place(&self, span: Span) -> Place {
        Place { file: self.file.to_owned(), line: span.start().line }
    }
}

/// Where the first token that is no attribute stands.
fn start(tokens: &TokenStream) -> Span {
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
fn configuration(attributes: &[Attribute]) -> String {
    let is_cfg = |attribute: &&Attribute| attribute.path().is_ident("cfg");
    let found = attributes.iter().filter(is_cfg).map(|attribute| attribute.to_token_stream().to_string());
    found.collect()
}
