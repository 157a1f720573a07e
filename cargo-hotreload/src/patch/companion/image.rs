//! The ELF file: symbols and debug sections, and where the code is that they speak of.

use anyhow::{Context, Result};
use object::Endianness;
use object::elf::{
    ELFOSABI_NONE, ET_DYN, SHF_ALLOC, SHF_EXECINSTR, SHF_WRITE, SHN_UNDEF, SHT_NOBITS, SHT_PROGBITS, STB_GLOBAL,
    STB_LOCAL, STB_WEAK, STT_FUNC, STT_OBJECT, SectionFlags, SymbolInfo, SymbolOther,
};
use object::write::StringId;
use object::write::elf::{FileHeader, SectionHeader, Sym, Writer};

use crate::patch::companion::{Extent, Symbol, Target};
use crate::patch::object::{Binding, Kind};

/// A section that is in the file.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) name: &'static str,
    /// Where it is in the process, if it is there.
    pub(super) address: Option<u64>,
    pub(super) bytes: Vec<u8>,
}

/// Writes the file. Of what is in `extents` it has the names and the addresses, which count from `base`, not the bytes.
pub(super) fn write(
    target: Target,
    base: u64,
    extents: &[Extent],
    symbols: &[Symbol<'_>],
    sections: &[Section],
) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new_single_phase(Endianness::Little, true, &mut bytes);
    let header = FileHeader {
        os_abi: ELFOSABI_NONE,
        abi_version: 0,
        e_type: ET_DYN,
        e_machine: target.machine,
        e_entry: 0,
        e_flags: target.flags,
    };
    writer.write_file_header(&header).context("the file's begin cannot be written")?;
    let mut headers: Vec<(StringId, SectionHeader)> = Vec::new();
    for extent in extents {
        let (name, header) = in_memory(*extent, base);
        headers.push((writer.add_section_name(name), header));
    }
    for section in sections {
        let name = writer.add_section_name(section.name.as_bytes());
        let header = SectionHeader {
            sh_type: SHT_PROGBITS,
            sh_flags: section.address.map_or(SectionFlags(0), |_| SHF_ALLOC),
            sh_addr: section.address.map_or(0, |address| address.wrapping_sub(base)),
            sh_offset: writer.write_align(8),
            sh_size: section.bytes.len() as u64,
            sh_addralign: 1,
            ..SectionHeader::default()
        };
        writer.write(&section.bytes);
        headers.push((name, header));
    }

    // Those that only their own object can use come first.
    let (local, global): (Vec<_>, Vec<_>) = symbols.iter().partition(|symbol| symbol.binding == Binding::Local);
    let ordered: Vec<&Symbol<'_>> = local.iter().copied().chain(global).collect();
    let names: Vec<_> = ordered.iter().map(|symbol| writer.add_string(symbol.name.as_bytes())).collect();
    writer.write_null_symbol();
    for (symbol, name) in ordered.iter().zip(names) {
        let entry = Sym {
            st_name: writer.string_offset(Some(name)),
            st_value: symbol.address.wrapping_sub(base),
            ..entry(symbol, extents)?
        };
        writer.write_symbol(&entry);
    }
    writer.write_strtab().context("the names are too long")?;
    writer.write_shstrtab().context("the names are too long")?;

    writer.write_null_section_header();
    for (name, header) in headers {
        let sh_name = writer.section_name_offset(Some(name));
        writer.write_section_header(&SectionHeader { sh_name, ..header });
    }
    writer.write_strtab_section_header();
    writer.write_symtab_section_header(u32::try_from(local.len() + 1)?);
    writer.write_shstrtab_section_header();
    let mut begin = Vec::new();
    writer.write_file_header_to(&mut begin).context("the file is too long")?;
    bytes[..begin.len()].copy_from_slice(&begin);
    Ok(bytes)
}

fn in_memory(extent: Extent, base: u64) -> (&'static [u8], SectionHeader) {
    let (name, sh_flags): (&[u8], _) = match extent.kind {
        Kind::Code => (b".text", SHF_ALLOC | SHF_EXECINSTR),
        Kind::Variable => (b".data", SHF_ALLOC | SHF_WRITE),
        _ => (b".rodata", SHF_ALLOC),
    };
    let header = SectionHeader {
        sh_type: SHT_NOBITS,
        sh_flags,
        sh_addr: extent.region.start.wrapping_sub(base),
        sh_size: extent.region.length,
        sh_addralign: 1,
        ..SectionHeader::default()
    };
    (name, header)
}

fn entry(symbol: &Symbol<'_>, extents: &[Extent]) -> Result<Sym> {
    let binding = match symbol.binding {
        Binding::Local => STB_LOCAL,
        Binding::Global => STB_GLOBAL,
        Binding::Weak => STB_WEAK,
    };
    // Their sections come first, behind the empty one.
    let section = extents.iter().position(|extent| extent.kind == symbol.kind).map(|index| index + 1);
    Ok(Sym {
        section: section.map(u32::try_from).transpose()?,
        st_name: 0,
        st_info: SymbolInfo::new(binding, if symbol.kind == Kind::Code { STT_FUNC } else { STT_OBJECT }),
        st_other: SymbolOther(0),
        st_shndx: SHN_UNDEF,
        st_value: symbol.address,
        st_size: symbol.size,
    })
}
