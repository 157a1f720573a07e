//! What a function is to callers: code that they have a copy of, or a signature.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{
    AttrStyle, Attribute, Block, GenericParam, Generics, ImplItem, ImplItemFn, ItemFn, ItemImpl, ReturnType, Signature,
    Type, TypeImplTrait, TypeMacro, Visibility,
};

use crate::patch::view::attributes::{self, Attributes};
use crate::patch::view::bodies;
use crate::patch::view::facts::{Form, Look, What};
use crate::patch::view::lines::{self, Where};
use crate::patch::view::skeleton::{self, Returned};
use crate::patch::view::tokens;

/// A function, free or of an impl.
pub(super) struct Callable<'a> {
    pub(super) attributes: &'a [Attribute],
    pub(super) visibility: &'a Visibility,
    pub(super) signature: &'a Signature,
    pub(super) block: &'a Block,
    pub(super) tokens: TokenStream,
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

impl Callable<'_> {
    /// How callers see a function of which they have a copy. `None` if they have none.
    pub(super) fn look(&self, read: &Attributes, owner: Option<&Owner>) -> Option<Look> {
        let signature = self.signature;
        let mut inputs = Finder::default();
        signature.inputs.iter().for_each(|input| inputs.visit_fn_arg(input));
        inputs.visit_generics(&signature.generics);
        inputs.visit_return_type(&signature.output);
        let is_generic = is_generic(&signature.generics)
            || signature.inputs.iter().any(has_hidden_type)
            || inputs.calls_macro
            || owner.is_some_and(|owner| owner.is_generic);
        let records = lines::block(self.block, Where::Function) || read.tracked;
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

    /// What it returns when it is called; `stream` stands between its braces.
    pub(super) fn form(&self, owner: Option<&Owner>, stream: &TokenStream) -> Form {
        let is_opaque = match &self.signature.output {
            ReturnType::Default => false,
            ReturnType::Type(_, kind) => hides_type(kind),
        };
        match (self.signature.asyncness.is_some(), owner.is_some_and(|owner| owner.boxes)) {
            (true, false) => {
                let returned = if is_opaque { Returned::Opaque } else { Returned::Named };
                Form::Coroutine {
                    skeleton: skeleton::skeleton(stream.clone(), self.block, returned),
                    records: lines::block(self.block, Where::Function),
                }
            }
            (false, _) if is_opaque => Form::Opaque,
            _ => Form::Plain,
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
    pub(super) trait_: Option<String>,
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

/// Takes attributes that no machine code depends on out of a function's header: gives them, then the rest.
pub(super) fn without_inert(attributes: &[Attribute], header: TokenStream) -> (TokenStream, TokenStream) {
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
