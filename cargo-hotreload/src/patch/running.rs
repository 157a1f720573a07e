//! The running program, as far as new code can refer to it: where its functions, statics and thread-locals are.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use object::elf::{PT_TLS, R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, SHF_EXECINSTR, STT_FILE};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader, SectionHeader};
use object::{
    Endianness, Object, ObjectSection, ObjectSymbol, ObjectSymbolTable, RelocationFlags, RelocationTarget, SymbolFlags,
};

use crate::patch::names::{stem, unpromoted};
use crate::patch::object::{Kind, Symbol};
use crate::patch::set::Set;

/// What the C library calls; rustc makes it for a program alone.
const MAIN: &str = "main";

/// What is known of the running program.
#[derive(Debug, Clone, Default)]
pub struct Running {
    symbols: HashMap<Box<str>, Vec<Known>>,
    /// Where functions begin, with their names, lowest first.
    functions: Vec<(u64, Box<str>)>,
    /// Where the program keeps the addresses of what it takes from shared libraries.
    slots: Vec<(Box<str>, u64)>,
    /// Where something from a shared library is; 0: none has it.
    imports: HashMap<Box<str>, u64>,
}

/// Something that the running program has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its address; of a thread-local, the distance from the thread pointer.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// What it is.
    pub kind: Kind,
    /// The codegen unit that it comes from, if that is known.
    pub unit: Option<Arc<str>>,
}

impl Running {
    /// Reads the executable `data`, which was loaded so many bytes above the addresses that it was linked for.
    pub fn of_executable(data: &[u8], bias: u64) -> Result<Self> {
        let elf = ElfFile64::<Endianness>::parse(data).context("this is no ELF executable")?;
        let mut running = Self::default();
        running.read_symbols(&elf, bias)?;
        running.read_slots(&elf, bias)?;
        Ok(running)
    }

    fn read_symbols(&mut self, elf: &ElfFile64<'_>, bias: u64) -> Result<()> {
        let kinds = section_kinds(elf);
        let thread_pointer = thread_pointer(elf)?;
        let mut unit = None;
        for symbol in elf.symbols() {
            let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { continue };
            let Ok(name) = symbol.name().map(unpromoted) else { continue };
            if st_info.st_type() == STT_FILE {
                unit = Some(Arc::from(name));
                continue;
            }
            let kind = symbol.section_index().and_then(|index| kinds.get(index.0).copied()).unwrap_or_default();
            if name.is_empty() || kind == Kind::Unused {
                continue;
            }
            let base = if kind == Kind::ThreadLocal { thread_pointer } else { bias };
            let address = symbol.address().wrapping_add(base);
            let unit = if symbol.is_local() { unit.clone() } else { None };
            let known = Known { address, size: symbol.size(), kind, unit };
            if kind == Kind::Code && known.size > 0 {
                self.functions.push((address, name.into()));
            }
            self.symbols.entry(name.into()).or_default().push(known);
        }
        self.functions.sort_unstable();
        Ok(())
    }

    fn read_slots(&mut self, elf: &ElfFile64<'_>, bias: u64) -> Result<()> {
        let symbols = elf.dynamic_symbol_table();
        let relocations = elf.dynamic_relocations().into_iter().flatten();
        for (address, relocation) in relocations {
            let RelocationFlags::Elf { r_type } = relocation.flags() else { continue };
            let RelocationTarget::Symbol(index) = relocation.target() else { continue };
            if ![R_X86_64_GLOB_DAT, R_X86_64_JUMP_SLOT, R_X86_64_64].contains(&r_type) || relocation.addend() != 0 {
                continue;
            }
            let Some(table) = &symbols else { continue };
            let name = table.symbol_by_index(index).and_then(|symbol| symbol.name()).context("a name is no text")?;
            self.slots.push((name.into(), address.wrapping_add(bias)));
        }
        Ok(())
    }

    /// Where the program keeps the addresses of what it takes from shared libraries, by name. The dynamic loader filled
    /// them in, and chose the implementation where there are several.
    pub fn slots(&self) -> impl Iterator<Item = (&str, u64)> {
        self.slots.iter().map(|(name, slot)| (name.as_ref(), *slot))
    }

    /// The shared libraries have `name` at `address`; 0: none of them has it.
    pub fn import(&mut self, name: &str, address: u64) {
        let known = self.imports.entry(name.into()).or_default();
        if *known == 0 {
            *known = address;
        }
    }

    /// Where something from a shared library is.
    #[must_use]
    pub fn imported(&self, name: &str) -> Option<u64> {
        self.imports.get(name).copied().filter(|address| *address != 0)
    }

    /// Whether it is known that no shared library has this.
    #[must_use]
    pub fn is_nowhere(&self, name: &str) -> bool {
        self.imports.get(name) == Some(&0)
    }

    /// Everything that the program has under this name.
    #[must_use]
    pub fn all(&self, name: &str) -> &[Known] {
        self.symbols.get(name).map_or(&[], Vec::as_slice)
    }

    /// Whether this may have been linked from the objects `set`: it has their `main`, and each of their functions is as long
    /// as one that it has under this name, or was left out.
    #[must_use]
    pub fn may_be_of(&self, set: &Set<'_>) -> bool {
        let symbols = || set.objects().flat_map(|object| &object.symbols);
        let functions = || symbols().filter(|symbol| symbol.is_function && symbol.section.is_some());
        let is_here = |symbol: &Symbol<'_>| {
            let known = self.all(symbol.name);
            known.is_empty() || known.iter().any(|known| known.size == symbol.size)
        };
        // Another unit of the crate, as it was before a dependency came, has other symbols for everything of its own.
        let is_entry = |symbol: &&Symbol<'_>| symbol.name.contains("4main") && stem(symbol.name).ends_with("::main");
        let is_unit = || functions().filter(is_entry).all(|symbol| !self.all(symbol.name).is_empty());
        functions().any(|symbol| symbol.name == MAIN) && is_unit() && functions().all(is_here)
    }

    /// What `name` means in the codegen unit `unit`.
    #[must_use]
    pub fn find(&self, name: &str, unit: &str) -> Option<&Known> {
        let all = self.all(name);
        let own = all.iter().find(|known| known.unit.as_deref() == Some(unit));
        own.or_else(|| all.iter().find(|known| known.unit.is_none())).or(all.first())
    }

    /// The stems of all variables and thread-locals.
    pub fn variables(&self) -> impl Iterator<Item = String> {
        let is_variable = |known: &Known| matches!(known.kind, Kind::Variable | Kind::ThreadLocal);
        self.symbols.iter().filter(move |(_, known)| known.iter().any(is_variable)).map(|(name, _)| stem(name))
    }

    /// From now on the program has this, too.
    pub fn add(&mut self, name: &str, known: Known) {
        if known.kind == Kind::Code {
            let at = self.functions.partition_point(|(address, _)| *address < known.address);
            self.functions.insert(at, (known.address, name.into()));
        }
        self.symbols.entry(name.into()).or_default().push(known);
    }

    /// What was known under the name `name` is not what new code means by it.
    pub fn forget(&mut self, name: &str) {
        self.symbols.remove(name);
    }

    /// What was called `before` is called `now`.
    pub fn rename(&mut self, before: &str, now: &str) {
        let Some(known) = self.symbols.remove(before) else { return };
        self.functions.iter_mut().filter(|(_, name)| **name == *before).for_each(|(_, name)| *name = now.into());
        self.symbols.entry(now.into()).or_default().extend(known);
    }

    /// The names of all functions that begin at `address`.
    pub fn names_at(&self, address: u64) -> impl Iterator<Item = &str> {
        let from = self.functions.partition_point(|(begin, _)| *begin < address);
        self.functions[from..].iter().take_while(move |(begin, _)| *begin == address).map(|(_, name)| name.as_ref())
    }

    /// Where the next function behind `address` begins.
    #[must_use]
    pub fn next_function(&self, address: u64) -> Option<u64> {
        let next = self.functions.partition_point(|(begin, _)| *begin <= address);
        self.functions.get(next).map(|(begin, _)| *begin)
    }
}

fn section_kinds(elf: &ElfFile64<'_>) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for section in elf.sections() {
        let flags = section.elf_section_header().sh_flags(Endianness::Little);
        let has = |flag: object::elf::SectionFlags| flags.0 & flag.0 != 0;
        let kind = match () {
            () if !has(object::elf::SHF_ALLOC) => Kind::Unused,
            () if has(SHF_EXECINSTR) => Kind::Code,
            () if has(object::elf::SHF_TLS) => Kind::ThreadLocal,
            () if has(object::elf::SHF_WRITE) && section.name() != Ok(".data.rel.ro") => Kind::Variable,
            () => Kind::Constant,
        };
        kinds.resize(kinds.len().max(section.index().0 + 1), Kind::Unused);
        kinds[section.index().0] = kind;
    }
    kinds
}

/// What has to be added to a thread-local's place in the executable's block to get its distance from the thread pointer.
/// The block ends there (System V ABI for x86-64, TLS variant II).
fn thread_pointer(elf: &ElfFile64<'_>) -> Result<u64> {
    let endian = Endianness::Little;
    let headers = elf.elf_header().program_headers(endian, elf.data()).context("the program headers are cut off")?;
    let Some(block) = headers.iter().find(|header| header.p_type(endian) == PT_TLS) else { return Ok(0) };
    let (begin, size, align) = (block.p_vaddr(endian), block.p_memsz(endian), block.p_align(endian).max(1));
    let padding = begin.wrapping_add(size).wrapping_neg() & (align - 1);
    Ok(size.wrapping_add(padding).wrapping_neg())
}
