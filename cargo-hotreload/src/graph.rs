//! Pictures of a workspace: its crates with their roles, the order in which they are loaded, and what a change does.
//!
//! 1. [`picture`] reduces the facts to nodes and edges;
//! 2. [`change`] says what a change in some of the nodes does to the running program;
//! 3. [`caption`] has the words that every picture needs;
//! 4. one renderer a file makes a string of both: [`text`], [`dot`], [`mermaid`], [`svg`], the last one with the help
//!    of [`layout`], which finds places for boxes and lines.
//!
//! All of it is data to data and data to text.

use clap::ValueEnum;

use crate::graph::change::Change;
use crate::graph::picture::Picture;

pub mod caption;
pub mod change;
pub mod dot;
pub mod layout;
pub mod mermaid;
pub mod node;
mod nodes;
pub mod picture;
pub mod svg;
#[cfg(test)]
mod testing;
pub mod text;

/// How a picture is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for the terminal
    #[default]
    Text,
    /// Graphviz: `… | dot -Tpng -o graph.png`
    Dot,
    /// A diagram for Markdown, in a block marked `mermaid`
    Mermaid,
    /// A picture for the browser, light or dark as that is
    Svg,
}

/// `picture` in `format`; with `change`, what that does is marked.
#[must_use]
pub fn render(picture: &Picture, change: Option<&Change>, format: Format) -> String {
    match format {
        Format::Text => text::render(picture, change),
        Format::Dot => dot::render(picture, change),
        Format::Mermaid => mermaid::render(picture, change),
        Format::Svg => svg::render(picture, change),
    }
}
