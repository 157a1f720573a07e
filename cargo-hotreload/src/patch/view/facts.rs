//! A crate's source reduced to what decides who sees a change. Data, and what follows from it; `reader` reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use crate::patch::view::bodies::Body;
use crate::patch::view::exposure::Words;
use crate::patch::view::tokens::Text;

/// The facts of one crate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Facts {
    /// What callers see, in the order of the source.
    pub(super) fixed: Vec<Fixed>,
    /// What is compiled with the crate itself, by its path.
    pub(super) functions: BTreeMap<String, Function>,
    /// Files that are no module.
    pub(super) others: BTreeMap<PathBuf, String>,
    /// The names that callers may come across.
    pub(super) exposed: Words,
}

/// Where an item stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) line: usize,
}

/// How an item looks to callers.
pub(super) struct Look {
    pub(super) what: What,
    /// Whether its code, which callers have a copy of, may tell where it stands.
    pub(super) records: bool,
}

impl Look {
    /// Nothing of it becomes code in callers.
    pub(super) const fn silent(what: What) -> Self {
        Self { what, records: false }
    }
}

/// An item that callers see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fixed {
    /// The same item has the same key before and now.
    pub(super) key: String,
    /// Its path, as the user reads it.
    pub(super) name: String,
    pub(super) what: What,
    pub(super) text: Text,
    /// Whether its code, which callers have a copy of, may tell where it stands.
    pub(super) records: bool,
    pub(super) place: Place,
    /// The names in it.
    pub(super) words: Words,
}

/// A function of which callers see at most the signature, unless it returns a hidden type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    /// Its path, as the user reads it.
    pub(super) name: String,
    /// Its own name.
    pub(super) ident: String,
    /// Attributes and signature.
    pub(super) header: Text,
    /// Lints and the like.
    pub(super) inert: Text,
    pub(super) body: Body,
    pub(super) form: Form,
    /// Whether other crates can name it.
    pub(super) is_open: bool,
    /// Whether it may come and go: it has no attribute that counts.
    pub(super) is_plain: bool,
    /// Whether a pointer to it, made by a caller, tells where it stands.
    pub(super) is_tracked: bool,
    pub(super) place: Place,
    /// The names in its signature.
    pub(super) words: Words,
}

/// What a function returns when it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A value of a type that its signature names.
    Plain,
    /// A future, which holds the body's locals. With what decides how it is dropped.
    Coroutine {
        /// See [`crate::patch::view::skeleton`].
        skeleton: String,
        /// Whether the body may tell where it stands.
        records: bool,
    },
    /// A value of a type that its body decides on.
    Opaque,
}

/// Kinds of items.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A struct, an enum, a union, or another name for a type.
    Type,
    /// A trait, or another name for some.
    Trait,
    /// A constant.
    Constant,
    /// A static.
    Static,
    /// The definition of a macro.
    Macro,
    /// A call of a macro among the items.
    MacroCall,
    /// A `use`, or an `extern crate`.
    Import,
    /// The declaration of a module.
    Module,
    /// What an impl is of, without its functions.
    Impl,
    /// Foreign items.
    Foreign,
    /// Attributes of the crate or of a module's file.
    Attributes,
    /// A function with type or const parameters, of its own or of its impl.
    Generic,
    /// A function with `#[inline]`.
    Inline,
    /// A `const fn`.
    ConstFunction,
    /// A function that stands there twice.
    Twofold,
    /// An item within the reach of an attribute macro.
    Attributed(String),
    /// An ordinary function.
    Function,
    /// An async function.
    Coroutine,
    /// A function that returns `impl Trait`.
    Opaque,
    /// A file that is no module.
    File,
    /// What the parser does not know.
    Unknown,
}

/// With an article.
impl fmt::Display for What {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Type => "a type",
            Self::Trait => "a trait",
            Self::Constant => "a constant",
            Self::Static => "a static",
            Self::Macro => "a macro",
            Self::MacroCall => "a call of a macro among the items",
            Self::Import => "an import",
            Self::Module => "a module",
            Self::Impl => "an impl",
            Self::Foreign => "a block of foreign items",
            Self::Attributes => "attributes of a whole file",
            Self::Generic => "a generic function",
            Self::Inline => "an inline function",
            Self::ConstFunction => "a const function",
            Self::Twofold => "a function that stands there twice",
            Self::Attributed(name) => return write!(formatter, "under the attribute `{name}`"),
            Self::Function => "a function",
            Self::Coroutine => "an async function",
            Self::Opaque => "a function that returns an `impl Trait`",
            Self::File => "no module of the crate",
            Self::Unknown => "of an unknown kind",
        })
    }
}

impl Function {
    /// What it is, for the user.
    pub(super) fn what(&self) -> What {
        match self.form {
            Form::Plain => What::Function,
            Form::Coroutine { .. } => What::Coroutine,
            Form::Opaque => What::Opaque,
        }
    }
}

impl Facts {
    /// The facts of a crate that has these items and functions, the latter with their keys, and these other files.
    pub(super) fn of(fixed: Vec<Fixed>, functions: Vec<(String, Function)>, others: BTreeMap<PathBuf, String>) -> Self {
        let mut facts = Self { fixed, others, ..Self::default() };
        facts.add(functions);
        facts.expose();
        facts
    }

    /// Sorts functions by their keys; what stands there twice is not told apart.
    fn add(&mut self, functions: Vec<(String, Function)>) {
        let mut by_key: BTreeMap<String, Vec<Function>> = BTreeMap::new();
        for (key, function) in functions {
            by_key.entry(key).or_default().push(function);
        }
        for (key, mut functions) in by_key {
            if let (1, Some(function)) = (functions.len(), functions.pop_if(|_| true)) {
                self.functions.insert(key, function);
            } else {
                self.fixed.extend(functions.into_iter().map(|function| twofold(&key, function)));
            }
        }
    }

    /// Finds the names that callers may come across.
    fn expose(&mut self) {
        for fixed in &self.fixed {
            self.exposed.extend(&fixed.words);
        }
        let mut hidden: Vec<&Function> = Vec::new();
        for function in self.functions.values() {
            self.exposed.extend(&function.words);
            if function.body.may_show() {
                self.exposed.extend(&function.body.words);
            } else if function.form != Form::Plain {
                hidden.push(function);
            }
        }
        // A hidden type brings the body that decides on it along, and that body may bring others.
        loop {
            let (seen, rest): (Vec<&Function>, Vec<&Function>) =
                hidden.iter().partition(|function| function.is_open || self.exposed.mention(&function.ident));
            if seen.is_empty() {
                return;
            }
            for function in seen {
                self.exposed.extend(&function.body.words);
            }
            hidden = rest;
        }
    }

    /// Whether callers cannot come across `function`.
    pub(super) fn is_sealed(&self, function: &Function) -> bool {
        !function.is_open && !self.exposed.mention(&function.ident)
    }
}

fn twofold(key: &str, function: Function) -> Fixed {
    let Function { name, header, body, place, mut words, .. } = function;
    // Each is compiled with the crate itself, as those that stand there once.
    words.extend(&body.words);
    let text = Text {
        words: format!("{}{{ {}", header.words, body.text.words),
        places: header.places.into_iter().chain(body.text.places).collect(),
    };
    Fixed { key: format!("twofold {key}"), name, what: What::Twofold, text, records: true, place, words }
}
