//! What an ELF file says of itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use object::elf::{DF_1_NODELETE, DT_FLAGS_1, DT_NEEDED, PT_INTERP};
use object::read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol, ReadRef};

use crate::effects::mapped::map_sparsely;
use crate::plan::roles::Linked;

/// The entries of the dynamic section that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dynamic {
    /// File names of the libraries that it links.
    pub needed: Vec<String>,
    /// Whether it asks never to be unloaded.
    pub nodelete: bool,
    /// Whether it opens libraries itself: whether it imports `dlopen`.
    pub opens_libraries: bool,
}

/// Reads the dynamic section of `path`.
pub fn dynamic(path: &Path) -> Result<Dynamic> {
    let cannot = || format!("cannot read `{}` as an ELF file", path.display());
    let data = map_sparsely(path).with_context(cannot)?;
    read(&*data).with_context(cannot)
}

/// Whether the executable `path` is started without a dynamic linker.
pub fn is_static(path: &Path) -> Result<bool> {
    let cannot = || format!("cannot read `{}` as an ELF file", path.display());
    let data = map_sparsely(path).with_context(cannot)?;
    let elf = ElfFile64::<Endianness>::parse(&*data).with_context(cannot)?;
    let headers = elf.elf_program_headers();
    Ok(headers.iter().all(|header| header.p_type(elf.endian()) != PT_INTERP))
}

fn read<'data, R: ReadRef<'data>>(data: R) -> object::Result<Dynamic> {
    of(&ElfFile64::<Endianness, R>::parse(data)?)
}

/// The same of a file that is open already.
pub fn of<'data, R: ReadRef<'data>>(elf: &ElfFile64<'data, Endianness, R>) -> object::Result<Dynamic> {
    let (header, endian, data) = (elf.elf_header(), elf.endian(), elf.data());
    let sections = header.sections(endian, data)?;
    let mut found = Dynamic::default();
    for segment in header.program_headers(endian, data)? {
        let Some(entries) = segment.dynamic(endian, data)? else { continue };
        let Some((_, strings_index)) = sections.dynamic(endian, data)? else { continue };
        let strings = sections.strings(endian, data, strings_index)?;
        for entry in entries {
            match entry.tag(endian) {
                DT_NEEDED => {
                    found.needed.push(String::from_utf8_lossy(entry.string(endian, strings)?).into_owned());
                }
                DT_FLAGS_1 => {
                    found.nodelete |= entry.val(endian) & DF_1_NODELETE.0 != 0;
                }
                _ => {}
            }
        }
    }
    found.opens_libraries = elf.dynamic_symbols().any(|symbol| symbol.is_undefined() && symbol.name() == Ok("dlopen"));
    Ok(found)
}

/// What `executable` links of the libraries in `directories`.
pub fn linked(executable: &Path, directories: &[PathBuf]) -> Result<Linked> {
    let Dynamic { needed: mut open, opens_libraries, .. } = dynamic(executable)?;
    let mut found = Linked { libraries: BTreeSet::new(), opens_libraries };
    while let Some(name) = open.pop() {
        let file = directories.iter().map(|directory| directory.join(&name)).find(|path| path.exists());
        let Some(file) = file else { continue };
        if found.libraries.insert(name) {
            let library = dynamic(&file)?;
            open.extend(library.needed);
            found.opens_libraries |= library.opens_libraries;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::dynamic;

    #[test]
    fn our_own_executable_needs_libc_and_may_be_anything_but_elf_garbage() {
        let own = std::env::current_exe().expect("our path");
        let found = dynamic(&own).expect("an ELF file");
        assert!(found.needed.iter().any(|name| name.starts_with("libc.so")), "{found:?}");
        assert!(!found.nodelete);
        assert!(dynamic(std::path::Path::new("/etc/passwd")).is_err());
    }
}
