//! Whether code may tell where in the source it stands: a panic says so, and so does whatever is told its caller.
//!
//! Nothing is known about the functions that are called, and most operators can panic. So only what is certain to say
//! nothing counts as silent: literals, names, and values that are put together of them. In constants, which the compiler
//! evaluates itself, operators and a few functions of the standard library are silent too.

use syn::{Block, Expr, Lit, Stmt};

use crate::patch::view::attributes;
use crate::patch::view::tokens::{KEYWORDS, Text};

/// Where code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    /// In the program.
    Function,
    /// In the compiler.
    Constant,
    /// In the compiler; what it closes over is compiled with the crate itself, unlike a constant's.
    Static,
}

/// Functions of the standard library that keep nothing of where they are called.
const SILENT: &[&str] = &[
    "Arc::new",
    "Box::new",
    "BTreeMap::new",
    "BTreeSet::new",
    "Cell::new",
    "Duration::from_micros",
    "Duration::from_millis",
    "Duration::from_nanos",
    "Duration::from_secs",
    "Instant::now",
    "LazyCell::new",
    "LazyLock::new",
    "Mutex::new",
    "OnceCell::new",
    "OnceLock::new",
    "RefCell::new",
    "RwLock::new",
    "String::new",
    "Vec::new",
];
/// Macros of constants that keep nothing of where they are called.
const SILENT_MACROS: &[&str] = &["concat", "env", "include_bytes", "include_str", "option_env", "stringify"];

/// Macros that tell where they are called as a panic does, by a place in memory that says nothing else, or do not. Others
/// make numbers or names of it.
const PLAIN_MACROS: &[&str] = &[
    "addr_of",
    "addr_of_mut",
    "anyhow",
    "assert",
    "assert_eq",
    "assert_matches",
    "assert_ne",
    "bail",
    "cfg",
    "concat",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "ensure",
    "env",
    "eprint",
    "eprintln",
    "eyre",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "matches",
    "module_path",
    "offset_of",
    "option_env",
    "panic",
    "pin",
    "print",
    "println",
    "ready",
    "stringify",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Whether what `text` tells of its place, if anything, is lines and columns, where a panic has them.
pub(super) fn are_all_that_is_told(text: &Text) -> bool {
    let words: Vec<&str> = text.words.split_ascii_whitespace().collect();
    let is_plain = |call: &[&str]| match call {
        [name, "!", "(" | "[" | "{"] => KEYWORDS.contains(name) || PLAIN_MACROS.contains(name),
        _ => true,
    };
    let has_macro = words.windows(3).any(|call| !is_plain(call));
    let is_in_attribute = |name: &str| words.windows(3).any(|start| *start == ["#", "[", name]);
    let is_told = attributes::FUNCTION_MACROS.iter().any(|name| {
        let first = name.split("::").next().unwrap_or_default();
        is_in_attribute(first)
    });
    !has_macro && !is_told
}

/// Whether a body may tell where it stands.
pub(super) fn block(block: &Block, place: Where) -> bool {
    block.stmts.iter().any(|statement| match statement {
        Stmt::Expr(value, None) => expression(value, place),
        _ => true,
    })
}

/// Whether an expression may tell where it stands.
pub(super) fn expression(value: &Expr, place: Where) -> bool {
    let in_function = place == Where::Function;
    match value {
        // A C string and the like are no less literal.
        Expr::Lit(literal) => matches!(literal.lit, Lit::Verbatim(_)),
        Expr::Path(_) => false,
        Expr::Paren(inner) => expression(&inner.expr, place),
        Expr::Group(inner) => expression(&inner.expr, place),
        Expr::Tuple(tuple) => any(tuple.elems.iter(), place),
        Expr::Array(array) => any(array.elems.iter(), place),
        Expr::Struct(fields) => fields.rest.is_some() || any(fields.fields.iter().map(|field| &field.expr), place),
        Expr::Block(inner) => inner.label.is_some() || block(&inner.block, place),
        Expr::Call(call) => !is_silent(&call.func, place) || any(call.args.iter(), place),
        Expr::Closure(_) => place != Where::Static,
        Expr::Repeat(repeat) => in_function || expression(&repeat.expr, place),
        Expr::Reference(inner) => in_function || expression(&inner.expr, place),
        Expr::Unary(unary) => in_function || expression(&unary.expr, place),
        Expr::Cast(cast) => in_function || expression(&cast.expr, place),
        Expr::Binary(binary) => in_function || any([&*binary.left, &*binary.right].into_iter(), place),
        Expr::Macro(call) => in_function || !SILENT_MACROS.contains(&attributes::path(&call.mac.path).as_str()),
        _ => true,
    }
}

/// Whether a call of `function` tells nothing: it puts a value together, or is known.
fn is_silent(function: &Expr, place: Where) -> bool {
    let Expr::Path(function) = function else { return false };
    let segments: Vec<String> = function.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    // By convention only a struct or a variant begins with a capital letter, and it is put together in place.
    let is_value = segments.last().is_some_and(|last| last.starts_with(char::is_uppercase));
    let last = segments[segments.len().saturating_sub(2)..].join("::");
    let is_known = SILENT.contains(&last.as_str()) || last.starts_with("Atomic") && last.ends_with("::new");
    is_value || place != Where::Function && is_known
}

fn any<'a>(mut values: impl Iterator<Item = &'a Expr>, place: Where) -> bool {
    values.any(|value| expression(value, place))
}
