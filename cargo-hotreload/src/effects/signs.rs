//! What an ELF file says of what is in it, as [`Signs`].

use std::fs::File;

use anyhow::{Context, Result};
use object::elf::{PT_LOAD, STB_GNU_UNIQUE, STT_FUNC, STT_NOTYPE, STT_OBJECT, STT_TLS};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};
use object::{Endianness, Object, ObjectSymbol, SymbolFlags};

use crate::effects::elf;
use crate::effects::mapped::map_open;
use crate::why::facts::{Signs, Symbol};

type Elf<'data> = ElfFile64<'data, Endianness>;

/// Reads all of `file`.
pub fn read(file: &File) -> Result<Signs> {
    let data = map_open(file).context("it cannot be read")?;
    let elf = Elf::parse(&*data).context("it is no ELF file")?;
    let mut signs = read_dynamic(&elf)?;
    read_symbols(&elf, &mut signs);
    Ok(signs)
}

/// Reads of `file` only what it has for others and takes from them.
pub fn linking(file: &File) -> Result<Signs> {
    let data = map_open(file).context("it cannot be read")?;
    let elf = Elf::parse(&*data).context("it is no ELF file")?;
    read_dynamic(&elf)
}

fn read_dynamic(elf: &Elf<'_>) -> Result<Signs> {
    let dynamic = elf::of(elf)?;
    let mut signs = Signs { nodelete: dynamic.nodelete, needed: dynamic.needed, ..Signs::default() };
    for symbol in elf.dynamic_symbols() {
        let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { continue };
        let Ok(name) = symbol.name().map(str::to_owned) else { continue };
        match () {
            () if symbol.is_undefined() && !symbol.is_weak() => signs.undefined.insert(name),
            () if symbol.is_undefined() => continue,
            () if st_info.st_bind() == STB_GNU_UNIQUE => {
                signs.unique.push(name.clone());
                signs.defined.insert(name)
            }
            () => signs.defined.insert(name),
        };
    }
    Ok(signs)
}

/// All of them, or those for others if the file was stripped.
fn read_symbols(elf: &Elf<'_>, signs: &mut Signs) {
    let is_stripped = elf.symbols().next().is_none();
    let symbols = if is_stripped { elf.dynamic_symbols() } else { elf.symbols() };
    for symbol in symbols.filter(|symbol| !symbol.is_undefined()) {
        let SymbolFlags::Elf { st_info, .. } = symbol.flags() else { continue };
        let Ok(name @ [_, ..]) = symbol.name().map(str::as_bytes) else { continue };
        let name = String::from_utf8_lossy(name).into_owned();
        match st_info.st_type() {
            STT_TLS => signs.thread_locals.push(name),
            STT_FUNC | STT_OBJECT | STT_NOTYPE => {
                signs.symbols.push(Symbol { address: symbol.address(), size: symbol.size(), name });
            }
            _ => {}
        }
    }
    signs.symbols.sort_unstable();
}

/// The lowest address that the file was linked for.
pub fn first_address(file: &File) -> Result<u64> {
    const PAGE: u64 = 0xfff;
    let data = map_open(file).context("it cannot be read")?;
    let elf = Elf::parse(&*data).context("it is no ELF file")?;
    let headers = elf.elf_header().program_headers(elf.endian(), elf.data()).context("its headers are cut off")?;
    let loads = headers.iter().filter(|header| header.p_type(elf.endian()) == PT_LOAD);
    Ok(loads.map(|header| header.p_vaddr(elf.endian()) & !PAGE).min().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;
    use std::fs::{self, File};
    use std::process::Command;

    use nix::libc::{RTLD_NOW, dlclose, dlopen};

    use super::read;
    use crate::why::facts::Signs;

    /// A library of this C, linked with these flags: what it says, and whether it stays when it is closed.
    fn library(name: &str, source: &str, flags: &[&str]) -> (Signs, bool) {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let (c, path) = (directory.path().join("x.c"), directory.path().join(format!("lib{name}.so")));
        fs::write(&c, source).expect("written");
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-o"]).arg(&path).arg(&c).args(flags);
        assert!(cc.status().expect("a C compiler").success());
        let c_path = CString::new(path.to_str().expect("UTF-8")).expect("a path");
        #[expect(unsafe_code, reason = "the dynamic loader is asked what it does with this")]
        // SAFETY: the library has no code that runs when it is loaded or unloaded.
        unsafe {
            let handle = dlopen(c_path.as_ptr(), RTLD_NOW);
            assert!(!handle.is_null());
            assert_eq!(dlclose(handle), 0);
        }
        let stays = fs::read_to_string("/proc/self/maps").expect("our maps").contains(path.to_str().expect("UTF-8"));
        (read(&File::open(&path).expect("the library")).expect("an ELF file"), stays)
    }

    #[test]
    fn what_is_never_unloaded_says_so() {
        const SOURCE: &str = "int shared = 1;\nint *get(void) { return &shared; }\nextern void missing(void) __attribute__((weak));\n\
                              void (*call)(void) = missing;\n__thread int own;\nint *local(void) { return &own; }\n";
        let (plain, stays) = library("plain", SOURCE, &[]);
        assert!(!plain.nodelete && plain.unique.is_empty() && !stays, "{plain:?}");
        assert!(plain.defined.contains("get") && !plain.undefined.contains("missing"), "{plain:?}");
        assert!(plain.symbols.iter().any(|symbol| symbol.name == "get" && symbol.size > 0));
        assert_eq!(plain.thread_locals, ["own"]);
        let (nodelete, stays) = library("nodelete", SOURCE, &["-Wl,-z,nodelete"]);
        assert!(nodelete.nodelete && stays);
        let unique = format!("{SOURCE}asm(\".type shared, @gnu_unique_object\");\n");
        let (unique, stays) = library("unique", &unique, &[]);
        assert_eq!(unique.unique, ["shared"]);
        assert!(stays && !unique.nodelete && unique.defined.contains("shared"), "{unique:?}");
    }
}
