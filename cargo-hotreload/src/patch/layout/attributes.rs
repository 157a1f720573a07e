//! The attributes of one entry of debug information, as far as they say something of types.

use gimli::{Abbreviation, AttributeValue, DwAt, EndianSlice, EntriesRaw, LittleEndian, UnitRef, UnitSectionOffset};

pub(super) type Slice<'data> = EndianSlice<'data, LittleEndian>;
type Value<'data> = AttributeValue<Slice<'data>>;

/// Where the description of a type begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    /// In this section.
    Here(usize),
    /// In a unit of its own, by signature.
    Signature(u64),
}

/// The attributes of one entry.
#[derive(Debug, Default)]
pub(super) struct Attributes<'data> {
    pub(super) name: Option<Slice<'data>>,
    pub(super) linkage_name: Option<Slice<'data>>,
    pub(super) of: Option<Target>,
    pub(super) size: Option<u64>,
    pub(super) align: Option<u64>,
    pub(super) at: Option<u64>,
    /// The value of a discriminant or of an enumerator.
    pub(super) value: Option<i128>,
    /// How many elements an array has.
    pub(super) length: Option<u64>,
    pub(super) external: bool,
}

impl<'data> Attributes<'data> {
    /// Reads the attributes of the entry that has just begun.
    pub(super) fn read(
        unit: UnitRef<'_, Slice<'data>>,
        entries: &mut EntriesRaw<'_, Slice<'data>>,
        abbreviation: &Abbreviation,
    ) -> gimli::Result<Self> {
        let mut read = Self::default();
        for specification in abbreviation.attributes() {
            let attribute = entries.read_attribute_inline(*specification)?;
            read.take(unit, attribute.name(), attribute.raw_value())?;
        }
        Ok(read)
    }

    fn take(&mut self, unit: UnitRef<'_, Slice<'data>>, name: DwAt, value: Value<'data>) -> gimli::Result<()> {
        match name {
            gimli::DW_AT_name => self.name = Some(unit.attr_string(value)?),
            gimli::DW_AT_linkage_name | gimli::DW_AT_MIPS_linkage_name => {
                self.linkage_name = Some(unit.attr_string(value)?);
            }
            gimli::DW_AT_type => self.of = target(unit, value),
            gimli::DW_AT_byte_size => self.size = value.udata_value(),
            gimli::DW_AT_alignment => self.align = value.udata_value(),
            gimli::DW_AT_data_member_location => self.at = value.udata_value(),
            gimli::DW_AT_discr_value | gimli::DW_AT_const_value | gimli::DW_AT_discr_list => self.value = number(value),
            gimli::DW_AT_count => self.length = value.udata_value(),
            // A bound of -1 is that of an array without elements.
            gimli::DW_AT_upper_bound => self.length = value.udata_value().map(|last| last.wrapping_add(1)),
            gimli::DW_AT_external => self.external = value == AttributeValue::Flag(true),
            _ => {}
        }
        Ok(())
    }
}

fn target(unit: UnitRef<'_, Slice<'_>>, value: Value<'_>) -> Option<Target> {
    match value {
        AttributeValue::UnitRef(offset) => Some(Target::Here(place(unit, offset.0)?)),
        AttributeValue::DebugInfoRef(offset) => Some(Target::Here(offset.0)),
        AttributeValue::DebugTypesRef(signature) => Some(Target::Signature(signature.0)),
        _ => None,
    }
}

/// Where in the section something of `unit` is.
pub(super) fn place(unit: UnitRef<'_, Slice<'_>>, offset: usize) -> Option<usize> {
    let UnitSectionOffset(begin) = unit.header.offset();
    begin.checked_add(offset)
}

/// Constants up to 128 bits, as they are written: the same compiler writes the same value in the same way.
fn number(value: Value<'_>) -> Option<i128> {
    match value {
        AttributeValue::Data1(value) => Some(value.into()),
        AttributeValue::Data2(value) => Some(value.into()),
        AttributeValue::Data4(value) => Some(value.into()),
        AttributeValue::Data8(value) | AttributeValue::Udata(value) => Some(value.into()),
        AttributeValue::Sdata(value) => Some(value.into()),
        AttributeValue::Data16(value) => Some(value.cast_signed()),
        AttributeValue::Block(bytes) => {
            let mut wide = [0; 16];
            let length = bytes.len().min(wide.len());
            wide[..length].copy_from_slice(&bytes.slice()[..length]);
            Some(i128::from_le_bytes(wide))
        }
        _ => None,
    }
}
