//! The sections with debug information of one ELF file, with relocations applied in memory.

use std::borrow::Cow;

use object::LittleEndian;
use object::elf::{
    EM_AARCH64, EM_X86_64, FileHeader64, R_AARCH64_ABS32, R_AARCH64_ABS64, R_X86_64_32, R_X86_64_32S, R_X86_64_64,
    Rela64, SHF_ALLOC, SHF_COMPRESSED, SHF_EXECINSTR, SHT_NOBITS, SHT_NOTE, SHT_RELA,
};
use object::read::elf::{FileHeader, Rela, SectionHeader, Sym, SymbolTable};

use super::coverage::Coverage;

type Header = FileHeader64<LittleEndian>;

/// The sections that types are described in. A file's own ones have no ending, those of split debug information `.dwo`.
const WANTED: [&str; 8] = [
    "debug_abbrev",
    "debug_addr",
    "debug_info",
    "debug_line",
    "debug_line_str",
    "debug_str",
    "debug_str_offsets",
    "debug_types",
];

/// The debug information of one file.
#[derive(Debug, Default)]
pub(super) struct Sections<'data> {
    found: Vec<(&'static str, Cow<'data, [u8]>)>,
    /// Where the sections come from.
    pub(super) kind: FileKind,
    /// Whether a section is compressed, so that it is not among those found.
    pub(super) compressed: bool,
    /// Whether there is anything that becomes part of a program.
    loaded: bool,
    /// Whether there is code.
    executable: bool,
}

/// What the debug information of a file may be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum FileKind {
    /// That of an object, or what is left of it there.
    #[default]
    Main,
    /// The part that was split off.
    Split,
}

impl<'data> Sections<'data> {
    /// Finds the sections of `file`.
    pub(super) fn read(file: &'data [u8]) -> Result<Self, String> {
        let header = Header::parse(file).map_err(|error| error.to_string())?;
        if !matches!(header.e_machine(LittleEndian), EM_X86_64 | EM_AARCH64) {
            return Err("it is for a machine that is neither x86_64 nor aarch64".to_owned());
        }
        Self::find(file, header).map_err(|error| error.to_string())
    }

    fn find(file: &'data [u8], header: &Header) -> object::Result<Self> {
        let endian = header.endian()?;
        let table = header.sections(endian, file)?;
        let mut sections = Self::default();
        if table.iter().any(|section| table.section_name(endian, section) == Ok(b".debug_info.dwo")) {
            sections.kind = FileKind::Split;
        }
        let mut places = Vec::new();
        for (index, section) in table.enumerate() {
            let kind = section.sh_type(endian);
            let alloc = section.sh_flags(endian).0 & SHF_ALLOC.0 != 0;
            let filled = alloc && kind != SHT_NOTE && section.sh_size(endian) > 0;
            let executable = section.sh_flags(endian).0 & SHF_EXECINSTR.0 != 0;
            sections.loaded |= filled;
            sections.executable |= filled && executable;
            let Some(name) = wanted(table.section_name(endian, section)?, sections.kind) else { continue };
            if section.sh_flags(endian).0 & SHF_COMPRESSED.0 != 0 {
                sections.compressed = true;
            } else if kind != SHT_NOBITS {
                places.push((index.0, sections.found.len()));
                sections.found.push((name, Cow::Borrowed(section.data(endian, file)?)));
            }
        }
        sections.compressed |= table.section_by_name(endian, b".zdebug_info").is_some();
        for section in table.iter().filter(|section| section.sh_type(endian) == SHT_RELA) {
            let target = places.iter().find(|(index, _)| u32::try_from(*index) == Ok(section.sh_info(endian)));
            let (Some((_, place)), Some((relocations, link))) = (target, section.rela(endian, file)?) else { continue };
            let symbols = table.symbol_table_by_index(endian, file, link)?;
            let bytes = sections.found[*place].1.to_mut();
            relocate(bytes, relocations, &symbols, header);
        }
        Ok(sections)
    }

    /// The section of this name, without a leading dot and without `.dwo`; empty if there is none.
    pub(super) fn get(&self, name: &str) -> &[u8] {
        self.found.iter().find(|(found, _)| *found == name).map_or(&[], |(_, bytes)| bytes)
    }
    /// What it means that there is no debug information. Data alone, constants for example, has none to have.
    pub(super) fn without_information(&self) -> Coverage {
        match self {
            Self { executable: true, .. } => Coverage::None,
            Self { loaded: true, .. } => Coverage::Unclear,
            Self { .. } => Coverage::Nothing,
        }
    }
}

fn wanted(name: &[u8], kind: FileKind) -> Option<&'static str> {
    let name = name.strip_prefix(b".")?;
    let name = match kind {
        FileKind::Main => name,
        FileKind::Split => name.strip_suffix(b".dwo")?,
    };
    WANTED.into_iter().find(|wanted| wanted.as_bytes() == name)
}

/// Puts the values of symbols where relocations ask for absolute ones. Others (in descriptions of where a thread-local
/// is) say nothing of types.
fn relocate(
    bytes: &mut [u8],
    relocations: &[Rela64<LittleEndian>],
    symbols: &SymbolTable<'_, Header>,
    header: &Header,
) {
    let machine = header.e_machine(LittleEndian);
    for relocation in relocations {
        let kind = relocation.r_type(LittleEndian, false);
        let width = match machine {
            EM_X86_64 if kind == R_X86_64_64 => 8,
            EM_X86_64 if kind == R_X86_64_32 || kind == R_X86_64_32S => 4,
            EM_AARCH64 if kind == R_AARCH64_ABS64 => 8,
            EM_AARCH64 if kind == R_AARCH64_ABS32 => 4,
            _ => continue,
        };
        let symbol = relocation.symbol(LittleEndian, false).and_then(|index| symbols.symbol(index).ok());
        let base = symbol.map_or(0, |symbol| symbol.st_value(LittleEndian));
        let value = base.wrapping_add_signed(relocation.r_addend(LittleEndian)).to_le_bytes();
        let place = usize::try_from(relocation.r_offset(LittleEndian)).ok();
        let place = place.and_then(|at| bytes.get_mut(at..at.checked_add(width)?));
        if let Some(place) = place {
            place.copy_from_slice(&value[..width]);
        }
    }
}
