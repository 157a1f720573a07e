//! Types, functions and statics as debug information has them, before references are followed.

use super::attributes::Target;
use super::names::Name;

/// What stands at a place.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found {
    /// One of the `types`.
    Type(usize),
    /// One of the `arrays`.
    Array(usize),
    /// A pointer or a number, whose name says all.
    Plain(Name),
}

#[derive(Debug)]
pub(super) struct RawType {
    pub(super) name: Name,
    /// The type that it is written inside of: the enum of a variant.
    pub(super) within: Option<usize>,
    pub(super) is_union: bool,
    /// Whether it has variants or enumerators, even if none.
    pub(super) is_enum: bool,
    pub(super) size: Option<u64>,
    pub(super) align: Option<u64>,
    pub(super) members: Vec<RawMember>,
    pub(super) discriminant: Option<RawMember>,
    pub(super) variants: Vec<RawVariant>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct RawMember {
    pub(super) name: Name,
    pub(super) at: u64,
    pub(super) of: Option<Target>,
}

#[derive(Debug, Default)]
pub(super) struct RawVariant {
    pub(super) value: Option<i128>,
    pub(super) name: Option<Name>,
    pub(super) of: Option<Target>,
}

#[derive(Debug, Default)]
pub(super) struct RawArray {
    pub(super) of: Option<Target>,
    pub(super) lengths: Vec<Option<u64>>,
}

#[derive(Debug)]
pub(super) struct RawFunction {
    pub(super) symbol: Name,
    pub(super) path: Name,
    pub(super) result: Option<Target>,
    pub(super) parameters: Vec<Option<Target>>,
}

#[derive(Debug)]
pub(super) struct RawStatic {
    pub(super) symbol: Name,
    pub(super) path: Name,
    pub(super) of: Option<Target>,
}
