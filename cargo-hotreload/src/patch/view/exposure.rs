//! Which names callers may come across.
//!
//! What is compiled into callers, such as a generic body, may call private functions. Whether it does cannot be told from
//! a syntax tree for certain, but it must name them. So a function counts as used by callers as soon as its name occurs
//! anywhere except in bodies that callers never see.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;

use crate::patch::view::Known;
use crate::patch::view::names::Names;
use crate::patch::view::tokens::{self, Node};

/// Methods that known macros call without naming them in their brackets.
const CALLED_BY_MACROS: &[&str] = &["anyhow_kind", "enabled", "insert", "into", "new", "poll", "write_fmt"];

/// Names, and what names may be made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Words {
    /// Names that occur.
    names: BTreeSet<String>,
    /// What stands in the brackets of macros that nothing is known about: they can put names together of it.
    pieces: BTreeSet<String>,
}

impl Words {
    /// Adds what is in `stream`, but for doc comments.
    pub(super) fn add(&mut self, stream: TokenStream, names: &Names, known: &Known) {
        let stream = tokens::without_docs(stream);
        tokens::names(stream.clone(), &mut self.names);
        self.add_pieces(stream, names, known);
    }

    /// Adds what is in `stream`, which some macro reads.
    pub(super) fn add_for_macro(&mut self, stream: TokenStream) {
        tokens::names(stream.clone(), &mut self.names);
        tokens::names(stream, &mut self.pieces);
    }

    fn add_pieces(&mut self, stream: TokenStream, names: &Names, known: &Known) {
        for node in tokens::nodes(stream) {
            match node {
                Node::Call { path, inside, .. } if names.is_known_macro(&path, &known.macros) => {
                    self.names.extend(CALLED_BY_MACROS.iter().map(|&name| name.to_owned()));
                    self.add_pieces(inside.stream(), names, known);
                }
                Node::Call { inside, .. } => tokens::names(inside.stream(), &mut self.pieces),
                Node::Group(group) => self.add_pieces(group.stream(), names, known),
                Node::Leaf(_) | Node::Attribute { .. } => {}
            }
        }
    }

    /// Adds `other`.
    pub(super) fn extend(&mut self, other: &Self) {
        self.names.extend(other.names.iter().cloned());
        self.pieces.extend(other.pieces.iter().cloned());
    }

    /// Whether `name` occurs, or may be put together of what does.
    pub(super) fn mention(&self, name: &str) -> bool {
        // Four pieces are more than macros glue together; one of them is at least a quarter of the whole.
        let whole = folded(name);
        let is_piece = |piece: &String| {
            let piece = folded(piece);
            !piece.is_empty() && piece.len() * 4 >= whole.len() && whole.contains(&piece)
        };
        self.names.contains(name) || self.pieces.iter().any(is_piece)
    }
}

/// `HelperOne` and `helper_one` are the same: macros convert one to the other.
fn folded(name: &str) -> String {
    name.chars().filter(|&sign| sign != '_').flat_map(char::to_lowercase).collect()
}
