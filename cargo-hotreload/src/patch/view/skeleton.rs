//! What of an async function's body decides how its future is dropped.
//!
//! A caller that owns the future holds the code which drops it, and that code follows from the body: which locals live
//! where it waits, and in which order they were declared. Two locals that change places are dropped in another order
//! although the future's layout is the same. So only texts and numbers may change, and they only where the compiler makes
//! the same branches of them: not in patterns, and in the brackets of macros only texts, with the same `{…}` in them.

use proc_macro2::{Delimiter, Group, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Block, Pat};

use crate::patch::view::tokens::{self, Node};

/// What the function returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returned {
    /// A type that its signature names.
    Named,
    /// `impl Trait`: a number may be a part of the type, and a closure's body is compiled where it is called.
    Opaque,
}

/// Macros whose texts are patterns, or whose texts decide on a type.
const EXACT_MACROS: &[&str] = &["assert_matches", "include_bytes", "join", "matches", "select", "try_join"];

/// Two bodies with the same skeleton drop alike, provided that their futures have the same layout.
pub(super) fn skeleton(stream: TokenStream, block: &Block, returned: Returned) -> String {
    let is_exact = returned == Returned::Opaque && makes_types(stream.clone());
    let mut skeleton = String::new();
    add(stream, if is_exact { Free::Nothing } else { Free::Values(returned) }, &mut skeleton);
    let mut patterns = Patterns { skeleton };
    patterns.visit_block(block);
    patterns.skeleton
}

/// Whether there may be a closure or another async block in it.
fn makes_types(stream: TokenStream) -> bool {
    stream.into_iter().any(|token| match token {
        TokenTree::Group(group) => makes_types(group.stream()),
        TokenTree::Ident(name) => ["async", "include_bytes", "move"].iter().any(|keyword| name == keyword),
        TokenTree::Punct(sign) => sign.as_char() == '|',
        TokenTree::Literal(_) => false,
    })
}

/// Which literals do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Free {
    /// Those of all kinds, or texts alone where the type is not named.
    Values(Returned),
    /// Texts, with the same `{…}`.
    Texts,
    /// None.
    Nothing,
}

fn add(stream: TokenStream, free: Free, skeleton: &mut String) {
    let mut nodes = tokens::nodes(stream).into_iter().peekable();
    let mut is_after_dot = false;
    let is = |node: &Node, wanted: char| matches!(node, Node::Leaf(TokenTree::Punct(sign)) if sign.as_char() == wanted);
    while let Some(node) = nodes.next() {
        // `pair.0` and `Pair { 0: value }` name a field.
        let is_field = is_after_dot || nodes.peek().is_some_and(|next| is(next, ':'));
        is_after_dot = is(&node, '.');
        match node {
            Node::Leaf(TokenTree::Literal(literal)) => {
                literal_shape(&literal, if is_field { Free::Nothing } else { free }, skeleton);
            }
            Node::Leaf(token) => push(skeleton, &[&token.to_string()]),
            Node::Group(group) => {
                push(skeleton, &[bracket(&group)]);
                add(group.stream(), free, skeleton);
                push(skeleton, &["end"]);
            }
            Node::Call { path, inside, .. } => {
                let name = path.rsplit("::").next().unwrap_or(&path);
                let is_exact = free == Free::Nothing || EXACT_MACROS.contains(&name);
                push(skeleton, &[&path, "!", bracket(&inside)]);
                add(inside.stream(), if is_exact { Free::Nothing } else { Free::Texts }, skeleton);
                push(skeleton, &["end"]);
            }
            Node::Attribute { tokens, .. } => push(skeleton, &[&tokens.to_string()]),
        }
    }
}

fn literal_shape(literal: &Literal, free: Free, skeleton: &mut String) {
    let text = literal.to_string();
    let is_text = text.starts_with('"') || text.starts_with('r');
    match free {
        Free::Values(_) | Free::Texts if is_text => {
            push(skeleton, &["text"]);
            push(skeleton, &placeholders(&text));
        }
        // Both the kind and a suffix, such as that of `1u8`, decide on the type.
        Free::Values(Returned::Named) if text.starts_with(|sign: char| sign.is_ascii_digit()) => {
            let suffix = text.find(['u', 'i', 'f']).map_or("", |at| &text[at..]);
            let kind = if text.contains(['.', 'e', 'E']) { "float" } else { "integer" };
            // `0xf` and the like are rare: they keep their value.
            let value = if text.starts_with("0x") { text.as_str() } else { "" };
            push(skeleton, &[kind, suffix, value]);
        }
        Free::Values(_) | Free::Texts | Free::Nothing => push(skeleton, &[&text]),
    }
}

fn push(skeleton: &mut String, words: &[&str]) {
    for word in words {
        *skeleton += word;
        skeleton.push(' ');
    }
}

fn bracket(group: &Group) -> &'static str {
    match group.delimiter() {
        Delimiter::Parenthesis => "(",
        Delimiter::Brace => "{",
        Delimiter::Bracket => "[",
        Delimiter::None => "",
    }
}

/// The `{…}` of a text that may be a format.
fn placeholders(text: &str) -> Vec<&str> {
    let pieces = text.split('{').skip(1);
    pieces.map(|piece| piece.split_inclusive('}').next().unwrap_or(piece)).collect()
}

/// Collects patterns.
struct Patterns {
    skeleton: String,
}

impl<'ast> Visit<'ast> for Patterns {
    fn visit_pat(&mut self, pattern: &'ast Pat) {
        self.skeleton += &pattern.to_token_stream().to_string();
        self.skeleton.push(';');
    }
}
