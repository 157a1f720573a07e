//! One pass over the entries of debug information: every type, function and static, with references between them as
//! places in the section, because they may point ahead.

use gimli::{Abbreviation, EntriesRaw, UnitRef};

use super::attributes::{Attributes, Slice, place};
use super::coverage::Coverage;
use super::names::{Name, Names};
use super::raw::{Found, RawArray, RawFunction, RawMember, RawStatic, RawType, RawVariant};

/// What the pass found.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) names: Names,
    /// What stands at a place, by place.
    pub(super) places: Vec<(usize, Found)>,
    pub(super) types: Vec<RawType>,
    pub(super) arrays: Vec<RawArray>,
    pub(super) functions: Vec<RawFunction>,
    pub(super) statics: Vec<RawStatic>,
    /// How much each unit says.
    pub(super) coverage: Vec<Coverage>,
}

/// An entry whose children are being read.
#[derive(Debug, Clone, Copy)]
struct Open {
    depth: isize,
    scope: Name,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Namespace,
    Type(usize),
    VariantPart(usize),
    Variant(usize),
    Array(usize),
    Function(usize),
    /// Code, in which nothing is looked for but types.
    Body,
}

/// What a unit has been seen to describe.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    functions: bool,
    namespaces: bool,
    types: bool,
}

impl Scan {
    /// Reads all entries of `unit`.
    pub(super) fn unit(&mut self, unit: UnitRef<'_, Slice<'_>>) -> gimli::Result<()> {
        let mut entries = unit.entries_raw(None)?;
        let mut open: Vec<Open> = Vec::new();
        let mut seen = Seen::default();
        while !entries.is_empty() {
            let (offset, depth) = (entries.next_offset(), entries.next_depth());
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            while open.last().is_some_and(|open| open.depth >= depth) {
                open.pop();
            }
            let parent = open.last().copied();
            let parent = parent.unwrap_or(Open { depth: -1, scope: Name::ROOT, what: What::Namespace });
            let entry = Entry { abbreviation, place: place(unit, offset.0).unwrap_or(usize::MAX), depth, parent };
            seen.note(abbreviation.tag());
            if let Some((scope, what)) = self.entry(unit, &mut entries, &entry)?
                && abbreviation.has_children()
            {
                open.push(Open { depth, scope, what });
            }
        }
        self.coverage.push(seen.coverage());
        Ok(())
    }

    /// Reads one entry; says what its children are in, if they matter.
    fn entry<'data>(
        &mut self,
        unit: UnitRef<'_, Slice<'data>>,
        entries: &mut EntriesRaw<'_, Slice<'data>>,
        entry: &Entry<'_>,
    ) -> gimli::Result<Option<(Name, What)>> {
        let inside = if entry.parent.depth + 1 == entry.depth { entry.parent.what } else { What::Body };
        let tag = entry.abbreviation.tag();
        if is_skipped(tag, inside) {
            entries.skip_attributes(entry.abbreviation.attributes())?;
            return Ok(None);
        }
        let attributes = Attributes::read(unit, entries, entry.abbreviation)?;
        Ok(match tag {
            gimli::DW_TAG_compile_unit | gimli::DW_TAG_type_unit => Some((Name::ROOT, What::Namespace)),
            gimli::DW_TAG_namespace => {
                Some((self.names.path(entry.parent.scope, text(attributes.name)), What::Namespace))
            }
            gimli::DW_TAG_structure_type | gimli::DW_TAG_union_type | gimli::DW_TAG_enumeration_type => {
                Some(self.begin_type(entry, inside, &attributes))
            }
            gimli::DW_TAG_array_type => {
                self.places.push((entry.place, Found::Array(self.arrays.len())));
                self.arrays.push(RawArray { of: attributes.of, lengths: Vec::new() });
                Some((entry.parent.scope, What::Array(self.arrays.len() - 1)))
            }
            gimli::DW_TAG_subprogram => Some(self.begin_function(entry.parent.scope, &attributes)),
            gimli::DW_TAG_variable => {
                self.variable(entry.parent.scope, &attributes);
                None
            }
            _ if is_plain(tag) => {
                let name = self.names.path(Name::ROOT, text(attributes.name));
                self.places.push((entry.place, Found::Plain(name)));
                None
            }
            _ => self.part(tag, inside, &attributes).map(|what| (entry.parent.scope, what)),
        })
    }

    /// Takes a part of what it is inside of.
    fn part(&mut self, tag: gimli::DwTag, inside: What, attributes: &Attributes<'_>) -> Option<What> {
        match (tag, inside) {
            (gimli::DW_TAG_member, What::Type(of)) => {
                let member = self.member(attributes);
                self.types[of].members.push(member);
            }
            (gimli::DW_TAG_member, What::VariantPart(of)) => {
                self.types[of].discriminant = Some(self.member(attributes));
            }
            (gimli::DW_TAG_member, What::Variant(of)) => {
                let member = self.member(attributes);
                if let Some(variant) = self.types[of].variants.last_mut() {
                    (variant.name, variant.of) = (Some(member.name), member.of);
                }
            }
            (gimli::DW_TAG_enumerator, What::Type(of)) => {
                let name = Some(self.names.path(Name::ROOT, text(attributes.name)));
                self.types[of].variants.push(RawVariant { value: attributes.value, name, of: None });
            }
            (gimli::DW_TAG_variant_part, What::Type(of)) => {
                self.types[of].is_enum = true;
                return Some(What::VariantPart(of));
            }
            (gimli::DW_TAG_variant, What::VariantPart(of)) => {
                self.types[of].variants.push(RawVariant { value: attributes.value, ..RawVariant::default() });
                return Some(What::Variant(of));
            }
            (gimli::DW_TAG_subrange_type, What::Array(of)) => self.arrays[of].lengths.push(attributes.length),
            (gimli::DW_TAG_formal_parameter, What::Function(of)) => self.functions[of].parameters.push(attributes.of),
            _ => {}
        }
        None
    }

    fn begin_type(&mut self, entry: &Entry<'_>, inside: What, attributes: &Attributes<'_>) -> (Name, What) {
        let name = self.names.path(entry.parent.scope, text(attributes.name));
        let index = self.types.len();
        self.places.push((entry.place, Found::Type(index)));
        self.types.push(RawType {
            name,
            within: if let What::Type(outer) = inside { Some(outer) } else { None },
            is_union: entry.abbreviation.tag() == gimli::DW_TAG_union_type,
            is_enum: entry.abbreviation.tag() == gimli::DW_TAG_enumeration_type,
            size: attributes.size,
            align: attributes.align,
            members: Vec::new(),
            discriminant: None,
            variants: Vec::new(),
        });
        (name, What::Type(index))
    }

    fn begin_function(&mut self, scope: Name, attributes: &Attributes<'_>) -> (Name, What) {
        let Some(symbol) = attributes.linkage_name.or(attributes.name.filter(|_| attributes.external)) else {
            return (scope, What::Body);
        };
        let path = self.names.path(scope, text(attributes.name));
        let symbol = Name::of(symbol.slice());
        self.functions.push(RawFunction { symbol, path, result: attributes.of, parameters: Vec::new() });
        (path, What::Function(self.functions.len() - 1))
    }

    /// The tables behind `dyn Trait` have no symbol.
    fn variable(&mut self, scope: Name, attributes: &Attributes<'_>) {
        if let Some(symbol) = attributes.linkage_name.or(attributes.name.filter(|_| attributes.external)) {
            let path = self.names.path(scope, text(attributes.name));
            self.statics.push(RawStatic { symbol: Name::of(symbol.slice()), path, of: attributes.of });
        }
    }

    fn member(&mut self, attributes: &Attributes<'_>) -> RawMember {
        let name = self.names.path(Name::ROOT, text(attributes.name));
        RawMember { name, at: attributes.at.unwrap_or(0), of: attributes.of }
    }
}

/// Where an entry is.
struct Entry<'abbreviations> {
    abbreviation: &'abbreviations Abbreviation,
    place: usize,
    depth: isize,
    parent: Open,
}

impl Seen {
    fn note(&mut self, tag: gimli::DwTag) {
        match tag {
            gimli::DW_TAG_subprogram => self.functions = true,
            gimli::DW_TAG_namespace => self.namespaces = true,
            gimli::DW_TAG_formal_parameter | gimli::DW_TAG_variable | gimli::DW_TAG_base_type => self.types = true,
            _ => {}
        }
    }

    fn coverage(self) -> Coverage {
        match self {
            Self { types: true, .. } => Coverage::Full,
            // With level 1, functions are in namespaces as well; with `line-tables-only`, nothing is.
            Self { namespaces: true, .. } => Coverage::Unclear,
            Self { .. } => Coverage::LinesOnly,
        }
    }
}

fn text(name: Option<Slice<'_>>) -> &[u8] {
    name.map_or(b"?", |name| name.slice())
}

/// What makes up most of debug information: what code does inside of functions.
fn is_skipped(tag: gimli::DwTag, inside: What) -> bool {
    match tag {
        gimli::DW_TAG_variable => !matches!(inside, What::Namespace),
        gimli::DW_TAG_formal_parameter => !matches!(inside, What::Function(_)),
        gimli::DW_TAG_lexical_block
        | gimli::DW_TAG_inlined_subroutine
        | gimli::DW_TAG_call_site
        | gimli::DW_TAG_call_site_parameter
        | gimli::DW_TAG_template_type_parameter => true,
        _ => false,
    }
}

/// Types that are all said by their name.
fn is_plain(tag: gimli::DwTag) -> bool {
    matches!(
        tag,
        gimli::DW_TAG_base_type
            | gimli::DW_TAG_pointer_type
            | gimli::DW_TAG_reference_type
            | gimli::DW_TAG_rvalue_reference_type
            | gimli::DW_TAG_subroutine_type
            | gimli::DW_TAG_unspecified_type
            | gimli::DW_TAG_typedef
            | gimli::DW_TAG_const_type
            | gimli::DW_TAG_volatile_type
    )
}
