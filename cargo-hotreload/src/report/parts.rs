//! The parts of an edit's way into the program, as every picture and table of them has them.

use std::time::Duration;

use crate::report::rounds::Parts;

/// A part of the way: its class in the page's style, its name, and its time.
pub(super) type Part = (&'static str, &'static str, fn(&Parts) -> Duration);

/// The parts of the way, in order.
pub(super) const PARTS: [Part; 4] = [
    ("watch", "watch", |parts| parts.watch),
    ("build", "build", |parts| parts.build),
    ("tool", "tool", |parts| parts.tool),
    ("reload", "reload", |parts| parts.reload),
];
