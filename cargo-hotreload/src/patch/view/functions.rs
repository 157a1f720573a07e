//! Functions to facts.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{
    AttrStyle, Attribute, Block, GenericParam, Generics, ImplItem, ImplItemFn, ItemFn, ItemImpl, ReturnType, Signature,
    Type, TypeImplTrait, TypeMacro, Visibility,
};

use crate::patch::view::attributes::{self, Attributes};
use crate::patch::view::bodies::{self, Body, Held};
use crate::patch::view::exposure::Words;
use crate::patch::view::facts::{Form, Function, What};
use crate::patch::view::items::{Look, Reader, configuration, start};
use crate::patch::view::lines::{self, Where};
use crate::patch::view::modules::Scope;
use crate::patch::view::skeleton::{self, Returned};
use crate::patch::view::tokens::{self, Docs, Text};

/// Traits of the standard library whose methods are told who calls them.
const TRACKED_TRAITS: &[&str] = &["FromResidual", "Index", "IndexMut"];

/// A function, free or of an impl.
pub(super) struct Callable<'a> {
    attributes: &'a [Attribute],
    visibility: &'a Visibility,
    signature: &'a Signature,
    block: &'a Block,
    tokens: TokenStream,
}

impl<'a> From<&'a ItemFn> for Callable<'a> {
    fn from(function: &'a ItemFn) -> Self {
        Self {
            attributes: &function.attrs,
            visibility: &function.vis,
            signature: &function.sig,
            block: &function.block,
            tokens: function.to_token_stream(),
        }
    }
}

impl<'a> From<&'a ImplItemFn> for Callable<'a> {
    fn from(function: &'a ImplItemFn) -> Self {
        Self {
            attributes: &function.attrs,
            visibility: &function.vis,
            signature: &function.sig,
            block: &function.block,
            tokens: function.to_token_stream(),
        }
    }
}

/// The impl that a function stands in.
pub(super) struct Owner {
    /// `Type`, or `<Type as Trait>`.
    pub(super) name: String,
    /// All of it but what is in its braces.
    pub(super) header: TokenStream,
    is_generic: bool,
    /// The last part of the trait's path.
    trait_: Option<String>,
    boxes: bool,
}

impl Owner {
    pub(super) fn new(item: &ItemImpl, known: &BTreeSet<String>) -> Self {
        let kind = item.self_ty.to_token_stream().to_string().replace(' ', "");
        let path = item.trait_.as_ref().map(|(path, _)| path);
        let name = path.map_or_else(
            || kind.clone(),
            |path| format!("<{kind} as {}>", path.to_token_stream().to_string().replace(' ', "")),
        );
        let mut finder = Finder::default();
        finder.visit_type(&item.self_ty);
        let header = bodies::split(item.to_token_stream()).0;
        let inner = item.attrs.iter().filter(|attribute| matches!(attribute.style, AttrStyle::Inner(_)));
        Self {
            name,
            header: quote!(#header #(#inner)*),
            is_generic: is_generic(&item.generics) || finder.calls_macro || item.items.iter().any(has_hidden_alias),
            trait_: path.and_then(|path| path.segments.last()).map(|segment| tokens::plain(&segment.ident)),
            boxes: Attributes::read(&item.attrs, known).boxes,
        }
    }
}

impl Reader<'_> {
    pub(super) fn function(&mut self, function: &Callable<'_>, scope: &Scope, owner: Option<&Owner>) {
        let read = Attributes::read(function.attributes, &self.known.attributes);
        if read.test {
            return;
        }
        let ident = tokens::plain(&function.signature.ident);
        let own = owner.map_or_else(|| ident.clone(), |owner| format!("{}::{ident}", owner.name));
        if let Some(look) = look(function, &read, owner) {
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
        let (inert, header) = without_inert(function.attributes, header);
        let (is_public, trait_) =
            (matches!(function.visibility, Visibility::Public(_)), owner.and_then(|owner| owner.trait_.as_deref()));
        let is_reachable = || owner.is_some() || !scope.is_closed || self.names.is_handed_on(&ident, &scope.path);
        let is_tracked_by_trait = |name: &str| TRACKED_TRAITS.contains(&name) || self.names.tracked.contains(&ident);
        let form = form(function, owner, &stream);
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
}

/// How callers see a function of which they have a copy. `None` if they have none.
fn look(function: &Callable<'_>, read: &Attributes, owner: Option<&Owner>) -> Option<Look> {
    let signature = function.signature;
    let mut inputs = Finder::default();
    signature.inputs.iter().for_each(|input| inputs.visit_fn_arg(input));
    inputs.visit_generics(&signature.generics);
    inputs.visit_return_type(&signature.output);
    let is_generic = is_generic(&signature.generics)
        || signature.inputs.iter().any(has_hidden_type)
        || inputs.calls_macro
        || owner.is_some_and(|owner| owner.is_generic);
    let records = lines::block(function.block, Where::Function) || read.tracked;
    let what = match &read.unknown {
        Some(name) => return Some(Look { what: What::Attributed(name.clone()), records: true }),
        None if read.boxes => return Some(Look { what: What::Attributed("async_trait".into()), records: true }),
        None if is_generic => What::Generic,
        // What takes or returns such a float is inlined, because not every target can pass it.
        None if read.inline || tokens::mentions(signature.to_token_stream(), &["f16", "f128"]) => What::Inline,
        None if signature.constness.is_some() => What::ConstFunction,
        None => return None,
    };
    Some(Look { what, records })
}

fn form(function: &Callable<'_>, owner: Option<&Owner>, stream: &TokenStream) -> Form {
    let is_opaque = match &function.signature.output {
        ReturnType::Default => false,
        ReturnType::Type(_, kind) => hides_type(kind),
    };
    match (function.signature.asyncness.is_some(), owner.is_some_and(|owner| owner.boxes)) {
        (true, false) => {
            let returned = if is_opaque { Returned::Opaque } else { Returned::Named };
            Form::Coroutine {
                skeleton: skeleton::skeleton(stream.clone(), function.block, returned),
                records: lines::block(function.block, Where::Function),
            }
        }
        (false, _) if is_opaque => Form::Opaque,
        _ => Form::Plain,
    }
}

/// Takes attributes that no machine code depends on out of a function's header: gives them, then the rest.
fn without_inert(attributes: &[Attribute], header: TokenStream) -> (TokenStream, TokenStream) {
    let (inert, counting): (Vec<&Attribute>, Vec<&Attribute>) =
        attributes.iter().partition(|attribute| attributes::is_inert(attribute.path()));
    let rest = tokens::nodes(header).into_iter().skip_while(|node| matches!(node, tokens::Node::Attribute { .. }));
    let rest = rest.map(|node| match node {
        tokens::Node::Leaf(token) => token.into(),
        tokens::Node::Group(group) => group.into_token_stream(),
        tokens::Node::Call { tokens, .. } | tokens::Node::Attribute { tokens, .. } => tokens,
    });
    let rest: TokenStream = rest.collect();
    (quote!(#(#inert)*), quote!(#(#counting)* #rest))
}

/// Whether there are parameters that machine code depends on; lifetimes are none.
fn is_generic(generics: &Generics) -> bool {
    generics.params.iter().any(|parameter| !matches!(parameter, GenericParam::Lifetime(_)))
}

/// Whether it says `type T = impl Trait`: then what the impl's functions return decides on the type.
fn has_hidden_alias(item: &ImplItem) -> bool {
    matches!(item, ImplItem::Type(alias) if hides_type(&alias.ty))
}

fn has_hidden_type(input: &syn::FnArg) -> bool {
    let mut finder = Finder::default();
    finder.visit_fn_arg(input);
    finder.hides_type
}

fn hides_type(kind: &Type) -> bool {
    let mut finder = Finder::default();
    finder.visit_type(kind);
    finder.hides_type
}

/// Looks for what a type does not say.
#[derive(Default)]
struct Finder {
    hides_type: bool,
    calls_macro: bool,
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_type_impl_trait(&mut self, kind: &'ast TypeImplTrait) {
        self.hides_type = true;
        visit::visit_type_impl_trait(self, kind);
    }

    fn visit_type_macro(&mut self, _: &'ast TypeMacro) {
        self.calls_macro = true;
    }
}
