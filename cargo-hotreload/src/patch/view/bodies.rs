//! What is inside of a function's body.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Block, Item, Meta};

use crate::patch::view::Known;
use crate::patch::view::attributes;
use crate::patch::view::exposure::Words;
use crate::patch::view::names::Names;
use crate::patch::view::tokens::{self, Docs, Node, Text};

/// What gives a name, or a meaning to names, inside of a body.
const ITEM_KEYWORDS: &[&str] =
    &["const", "enum", "extern", "fn", "macro_rules", "mod", "static", "struct", "trait", "type", "union", "use"];

/// A function's body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Body {
    /// All of it.
    pub(super) text: Text,
    /// What in it may be seen outside of the function, whatever else it says.
    pub(super) hazard: Option<Hazard>,
    /// Calls of macros that nothing is known about: each may write an `impl`.
    pub(super) macros: Vec<Text>,
    /// If there are such: the items in the body, which those calls may use.
    pub(super) items: Vec<String>,
    /// The names in it, if callers may see it.
    pub(super) words: Words,
}

/// Whether callers may hold a body, although they do not compile the function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    /// It decides on what the function returns.
    Maybe,
    /// They do not, unless what is inside of it shows.
    Never,
}

/// What is seen outside of a function although it stands inside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hazard {
    /// `impl` counts everywhere.
    Impl,
    /// An attribute that nothing is known about, or that hands a macro on.
    Attribute(String),
    /// Items in the brackets of a macro, together with macros that nothing is known about.
    HiddenItems,
}

impl Body {
    /// Reads what stands between the braces, `stream`, which is `block`.
    pub(super) fn read(stream: TokenStream, block: &Block, held: Held, names: &Names, known: &Known) -> Self {
        let mut search = Search { names, known, hazard: None, macros: Vec::new(), has_hidden_items: false };
        search.look(stream.clone(), Inside::Syntax);
        let mut items = Items::default();
        if !search.macros.is_empty() {
            items.visit_block(block);
            if search.has_hidden_items {
                search.hazard.get_or_insert(Hazard::HiddenItems);
            }
        }
        let Search { hazard, macros, .. } = search;
        let text = Text::of(stream.clone(), Docs::Ignored);
        let mut body = Self { text, hazard, macros, items: items.found, words: Words::default() };
        if held == Held::Maybe || body.may_show() {
            body.words.add(stream, names, known);
        }
        body
    }

    /// Whether something in it may be seen outside of the function.
    pub(super) fn may_show(&self) -> bool {
        self.hazard.is_some() || !self.macros.is_empty()
    }
}

/// Where tokens stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    /// Where the compiler parses them.
    Syntax,
    /// In the brackets of a macro.
    Macro,
}

struct Search<'a> {
    names: &'a Names,
    known: &'a Known,
    hazard: Option<Hazard>,
    macros: Vec<Text>,
    has_hidden_items: bool,
}

impl Search<'_> {
    fn look(&mut self, stream: TokenStream, inside: Inside) {
        for node in tokens::nodes(stream) {
            match node {
                Node::Leaf(TokenTree::Ident(name)) if name == "impl" => {
                    self.hazard.get_or_insert(Hazard::Impl);
                }
                Node::Leaf(TokenTree::Ident(name)) => {
                    let is_item = ITEM_KEYWORDS.iter().any(|keyword| name == keyword);
                    self.has_hidden_items |= inside == Inside::Macro && is_item;
                }
                Node::Leaf(_) => {}
                Node::Group(group) => self.look(group.stream(), inside),
                Node::Call { path, tokens, inside: group } => {
                    if !self.names.is_known_macro(&path, &self.known.macros) {
                        self.macros.push(Text::of(tokens, Docs::Read));
                    }
                    self.look(group.stream(), Inside::Macro);
                }
                Node::Attribute { inside: group, .. } => self.attribute(group.stream()),
            }
        }
    }

    fn attribute(&mut self, stream: TokenStream) {
        let text = stream.to_string();
        let is_harmless = syn::parse2::<Meta>(stream)
            .is_ok_and(|meta| attributes::is_harmless_in_body(&meta, &self.known.attributes));
        if !is_harmless {
            self.hazard.get_or_insert(Hazard::Attribute(text));
        }
    }
}

/// The outermost items.
#[derive(Default)]
struct Items {
    found: Vec<String>,
}

impl<'ast> Visit<'ast> for Items {
    fn visit_item(&mut self, item: &'ast Item) {
        self.found.push(Text::of(item.to_token_stream(), Docs::Read).words);
    }
}

/// Splits a function into what callers see of it and what stands between its braces. The latter comes last.
pub(super) fn split(function: TokenStream) -> (TokenStream, TokenStream) {
    let mut tokens: Vec<TokenTree> = function.into_iter().collect();
    let is_body = |token: &TokenTree| matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace);
    let body = match tokens.last() {
        Some(last) if is_body(last) => tokens.pop(),
        _ => None,
    };
    let body = match body {
        Some(TokenTree::Group(group)) => group.stream(),
        _ => TokenStream::new(),
    };
    (tokens.into_iter().collect(), body)
}
