//! Tokens as text that can be compared, with where they stand.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, Group, Ident, Spacing, Span, TokenStream, TokenTree};

/// What may stand before `!` and a group without being a macro's name: `return !(a)`.
pub(super) const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for", "if",
    "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct", "trait",
    "true", "type", "unsafe", "use", "where", "while", "yield",
];

/// A piece of a token stream, with macro calls and attributes seen as such. The tokens of a macro call are no syntax
/// tree, but they are told apart by the same signs, wherever they stand.
pub(super) enum Node {
    /// A single token.
    Leaf(TokenTree),
    /// Brackets that belong to no macro call and no attribute.
    Group(Group),
    /// `path!(…)`, or `macro_rules! name {…}`.
    Call {
        /// The path without spaces: `tokio::select`.
        path: String,
        /// All of it.
        tokens: TokenStream,
        /// What stands in the brackets.
        inside: Group,
    },
    /// `#[…]` or `#![…]`.
    Attribute {
        /// All of it.
        tokens: TokenStream,
        /// The brackets.
        inside: Group,
    },
}

/// `stream` in pieces.
pub(super) fn nodes(stream: TokenStream) -> Vec<Node> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let (mut nodes, mut at) = (Vec::new(), 0);
    while at < tokens.len() {
        let rest = &tokens[at..];
        let (node, length) = call(rest).or_else(|| attribute(rest)).unwrap_or_else(|| match &rest[0] {
            TokenTree::Group(group) => (Node::Group(group.clone()), 1),
            other => (Node::Leaf(other.clone()), 1),
        });
        nodes.push(node);
        at += length;
    }
    nodes
}

/// A macro call at the begin of `tokens`, and of how many tokens it is.
fn call(tokens: &[TokenTree]) -> Option<(Node, usize)> {
    let TokenTree::Ident(first) = tokens.first()? else { return None };
    let (mut path, mut last, mut at) = (first.to_string(), first, 1);
    while let [TokenTree::Punct(one), TokenTree::Punct(two), TokenTree::Ident(next), ..] = &tokens[at..]
        && (one.as_char(), one.spacing(), two.as_char()) == (':', Spacing::Joint, ':')
    {
        path = format!("{path}::{next}");
        (last, at) = (next, at + 3);
    }
    let is_bang = matches!(tokens.get(at)?, TokenTree::Punct(punct) if punct.as_char() == '!');
    if !is_bang || KEYWORDS.contains(&last.to_string().as_str()) {
        return None;
    }
    let (inside, length) = match &tokens[at + 1..] {
        [TokenTree::Group(group), ..] => (group, at + 2),
        [TokenTree::Ident(_), TokenTree::Group(group), ..] => (group, at + 3),
        _ => return None,
    };
    let tokens = tokens[..length].iter().cloned().collect();
    Some((Node::Call { path, tokens, inside: inside.clone() }, length))
}

/// An attribute at the begin of `tokens`, and of how many tokens it is.
fn attribute(tokens: &[TokenTree]) -> Option<(Node, usize)> {
    let is_punct = |token: &TokenTree, sign| matches!(token, TokenTree::Punct(punct) if punct.as_char() == sign);
    if !is_punct(tokens.first()?, '#') {
        return None;
    }
    let at = if is_punct(tokens.get(1)?, '!') { 2 } else { 1 };
    let TokenTree::Group(inside) = tokens.get(at)? else { return None };
    if inside.delimiter() != Delimiter::Bracket {
        return None;
    }
    Some((Node::Attribute { tokens: tokens[..=at].iter().cloned().collect(), inside: inside.clone() }, at + 1))
}

/// What is done with doc comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Docs {
    /// A macro may read them.
    Read,
    /// Nobody reads them. Those in the tokens of a macro call count all the same.
    Ignored,
}

/// Tokens that can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// What they say; two streams have the same text only if the compiler reads the same tokens.
    pub(super) words: String,
    /// Line and column of each.
    pub(super) places: Vec<(usize, usize)>,
}

impl Text {
    pub(super) fn of(stream: TokenStream, docs: Docs) -> Self {
        let mut text = Self::default();
        text.add(stream, docs);
        text
    }

    fn add(&mut self, stream: TokenStream, docs: Docs) {
        for node in nodes(stream) {
            match node {
                Node::Leaf(token) => self.token(&token),
                Node::Group(group) => self.group(&group, docs),
                Node::Attribute { inside, .. } if docs == Docs::Ignored && is_doc(&inside) => {}
                Node::Call { tokens, .. } | Node::Attribute { tokens, .. } => self.all(tokens),
            }
        }
    }

    fn all(&mut self, stream: TokenStream) {
        for token in stream {
            match token {
                TokenTree::Group(group) => {
                    self.bracket(&group, '(', group.span_open());
                    self.all(group.stream());
                    self.bracket(&group, ')', group.span_close());
                }
                token => self.token(&token),
            }
        }
    }

    fn group(&mut self, group: &Group, docs: Docs) {
        self.bracket(group, '(', group.span_open());
        self.add(group.stream(), docs);
        self.bracket(group, ')', group.span_close());
    }

    fn bracket(&mut self, group: &Group, side: char, span: Span) {
        let sign = match (group.delimiter(), side) {
            (Delimiter::Parenthesis, side) => side,
            (Delimiter::Brace, '(') => '{',
            (Delimiter::Brace, _) => '}',
            (Delimiter::Bracket, '(') => '[',
            (Delimiter::Bracket, _) => ']',
            (Delimiter::None, _) => return,
        };
        self.words.push(sign);
        self.words.push(' ');
        self.place(span);
    }

    fn token(&mut self, token: &TokenTree) {
        self.words += &token.to_string();
        // `& &` and `&&` are not the same.
        if !matches!(token, TokenTree::Punct(punct) if punct.spacing() == Spacing::Joint) {
            self.words.push(' ');
        }
        self.place(token.span());
    }

    fn place(&mut self, span: Span) {
        let start = span.start();
        self.places.push((start.line, start.column));
    }
}

/// Whether these are the brackets of a doc comment, or of another `doc` attribute.
fn is_doc(inside: &Group) -> bool {
    matches!(inside.stream().into_iter().next(), Some(TokenTree::Ident(name)) if name == "doc")
}

/// `stream` without its doc comments, but for those that a macro is given.
pub(super) fn without_docs(stream: TokenStream) -> TokenStream {
    let pieces = nodes(stream).into_iter().map(|node| match node {
        Node::Leaf(token) => token.into(),
        Node::Group(group) => {
            let mut stripped = Group::new(group.delimiter(), without_docs(group.stream()));
            stripped.set_span(group.span());
            TokenTree::from(stripped).into()
        }
        Node::Attribute { inside, .. } if is_doc(&inside) => TokenStream::new(),
        Node::Call { tokens, .. } | Node::Attribute { tokens, .. } => tokens,
    });
    pieces.collect()
}

/// A name without the `r#` of raw ones.
pub(super) fn plain(name: &Ident) -> String {
    let name = name.to_string();
    name.strip_prefix("r#").map(str::to_owned).unwrap_or(name)
}

/// The names in `stream`, those in string literals included, because macros make names of strings. What follows `fn` is
/// not among them: it gives a name and uses none.
pub(super) fn names(stream: TokenStream, found: &mut BTreeSet<String>) {
    let mut is_given = false;
    for token in stream {
        match &token {
            TokenTree::Group(group) => names(group.stream(), found),
            TokenTree::Ident(name) if !is_given => {
                found.insert(plain(name));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                let words = text.split(|sign: char| !sign.is_alphanumeric() && sign != '_');
                found.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
            }
        }
        is_given = matches!(&token, TokenTree::Ident(name) if name == "fn");
    }
}

/// Whether one of `wanted` is among the names in `stream`.
pub(super) fn mentions(stream: TokenStream, wanted: &[&str]) -> bool {
    stream.into_iter().any(|token| match token {
        TokenTree::Group(group) => mentions(group.stream(), wanted),
        TokenTree::Ident(name) => wanted.iter().any(|wanted| name == wanted),
        _ => false,
    })
}
