//! From places in a section to names: [`Scan`] to [`Types`].

use twox_hash::XxHash3_64;

use super::attributes::Target;
use super::kind::Kind;
use super::names::Name;
use super::raw::{Found, RawFunction, RawMember, RawStatic, RawType, RawVariant};
use super::scan::Scan;
use super::types::{Function, Layout, Member, Static, Types, Variant};

/// Arrays of arrays that are deeper than this exist in damaged debug information only.
const DEEPEST: usize = 32;

/// A reference to a place at which no type stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dangling(pub(super) usize);

/// Gives everything in `scan` its name.
pub(super) fn resolve(mut scan: Scan) -> Result<Types, Dangling> {
    scan.places.sort_unstable_by_key(|(place, _)| *place);
    let types = std::mem::take(&mut scan.types);
    let mut resolver = Resolver { scan, types: Types::default() };
    let held = resolver.held_by_variants(&types);
    for (index, raw) in types.iter().enumerate() {
        // Without a size it is only declared.
        if !held[index] && raw.size.is_some() {
            let layout = resolver.layout(raw, &types)?;
            let stem = resolver.scan.names.stem(raw.name);
            resolver.types.insert(raw.name, stem, layout);
        }
    }
    for raw in std::mem::take(&mut resolver.scan.functions) {
        let function = resolver.function(&raw, &types)?;
        add(resolver.types.functions.entry(raw.symbol).or_default(), function);
    }
    for RawStatic { symbol, path, of } in std::mem::take(&mut resolver.scan.statics) {
        let of = resolver.name(of, &types)?;
        add(resolver.types.statics.entry(symbol).or_default(), Static { path, of });
    }
    let Resolver { scan, mut types } = resolver;
    types.names = scan.names;
    Ok(types)
}

struct Resolver {
    scan: Scan,
    types: Types,
}

impl Resolver {
    fn found(&self, target: Target) -> Result<Found, Dangling> {
        let place = match target {
            Target::Here(place) => place,
            // The signature is a hash of the type's description.
            Target::Signature(signature) => return Ok(Found::Plain(Name::of(&signature.to_le_bytes()))),
        };
        let places = &self.scan.places;
        let at = places.binary_search_by_key(&place, |(place, _)| *place).map_err(|_| Dangling(place))?;
        Ok(places[at].1)
    }

    fn name(&mut self, target: Option<Target>, types: &[RawType]) -> Result<Name, Dangling> {
        let Some(target) = target else { return Ok(Name::ROOT) };
        Ok(match self.found(target)? {
            Found::Type(index) => types[index].name,
            Found::Plain(name) => name,
            Found::Array(index) => self.array(index, types, 0)?,
        })
    }

    fn array(&mut self, index: usize, types: &[RawType], depth: usize) -> Result<Name, Dangling> {
        let array = &self.scan.arrays[index];
        let (Some(of), false) = (array.of, depth > DEEPEST) else { return Err(Dangling(index)) };
        let lengths = array.lengths.clone();
        let mut name = match self.found(of)? {
            Found::Type(index) => types[index].name,
            Found::Plain(name) => name,
            Found::Array(index) => self.array(index, types, depth + 1)?,
        };
        for length in lengths.iter().rev() {
            name = self.scan.names.array(name, *length);
        }
        Ok(name)
    }

    /// Which types are only there to hold the members of a variant.
    fn held_by_variants(&self, types: &[RawType]) -> Vec<bool> {
        let mut held = vec![false; types.len()];
        for (outer, raw) in types.iter().enumerate() {
            for variant in &raw.variants {
                if let Some(inner) = self.held(outer, variant, types) {
                    held[inner] = true;
                }
            }
        }
        held
    }

    fn held(&self, outer: usize, variant: &RawVariant, types: &[RawType]) -> Option<usize> {
        match self.found(variant.of?) {
            Ok(Found::Type(inner)) if types[inner].within == Some(outer) => Some(inner),
            _ => None,
        }
    }

    fn layout(&mut self, raw: &RawType, types: &[RawType]) -> Result<Layout, Dangling> {
        let mut variants = Vec::with_capacity(raw.variants.len());
        for variant in &raw.variants {
            variants.push(self.variant(variant, types)?);
        }
        variants.sort_by_key(|variant| (variant.value, variant.name));
        let kind = Kind::of_last(self.scan.names.last(raw.name));
        let otherwise = match raw {
            RawType { is_union: true, .. } => Kind::Union,
            RawType { is_enum: true, .. } => Kind::Enum,
            RawType { .. } => Kind::Struct,
        };
        Ok(Layout {
            kind: kind.unwrap_or(otherwise),
            size: raw.size,
            align: raw.align,
            members: self.members(&raw.members, types)?,
            discriminant: raw.discriminant.map(|member| self.member(member, types)).transpose()?,
            variants,
        })
    }

    fn variant(&mut self, raw: &RawVariant, types: &[RawType]) -> Result<Variant, Dangling> {
        let name = raw.name.unwrap_or(Name::ROOT);
        let Some(target) = raw.of else { return Ok(Variant { value: raw.value, name, members: Vec::new() }) };
        let (name, members) = match self.found(target)? {
            Found::Type(inner) if types[inner].within.is_some() => {
                // The member of a coroutine's variant is called by its number, its type by its state.
                let last = self.scan.names.last(types[inner].name).to_owned();
                let name = self.scan.names.path(Name::ROOT, last.as_bytes());
                (name, self.members(&types[inner].members, types)?)
            }
            _ => (name, vec![Member { at: 0, name, of: self.name(raw.of, types)? }]),
        };
        Ok(Variant { value: raw.value, name, members })
    }

    fn members(&mut self, raw: &[RawMember], types: &[RawType]) -> Result<Vec<Member>, Dangling> {
        let mut members = Vec::with_capacity(raw.len());
        for member in raw {
            members.push(self.member(*member, types)?);
        }
        // The order in the source is none of the data's. A future's state may name a local twice.
        members.sort_unstable();
        members.dedup();
        Ok(members)
    }

    fn member(&mut self, raw: RawMember, types: &[RawType]) -> Result<Member, Dangling> {
        Ok(Member { at: raw.at, name: raw.name, of: self.name(raw.of, types)? })
    }

    fn function(&mut self, raw: &RawFunction, types: &[RawType]) -> Result<Function, Dangling> {
        let mut names = Vec::with_capacity(8 * (raw.parameters.len() + 1));
        let mut stems = Vec::with_capacity(names.capacity());
        for of in [raw.result].iter().chain(&raw.parameters) {
            let name = self.name(*of, types)?;
            names.extend(name.bits().to_le_bytes());
            stems.extend(self.scan.names.stem(name).bits().to_le_bytes());
        }
        let (signature, alike) = (XxHash3_64::oneshot(&names), XxHash3_64::oneshot(&stems));
        Ok(Function { path: raw.path, signature, alike })
    }
}

fn add<T: PartialEq>(known: &mut Vec<T>, new: T) {
    if !known.contains(&new) {
        known.push(new);
    }
}
