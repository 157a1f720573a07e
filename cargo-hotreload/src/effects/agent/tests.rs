use object::read::elf::ElfFile64;
use object::{Endianness, Object, ObjectSymbol};

use super::{Agent, LIBRARY, Missing, install};

/// It must load into any program: it brings no library and asks libc only for what each has, without a version.
#[test]
fn the_agent_needs_no_library_and_little_of_libc() {
    let elf = ElfFile64::<Endianness>::parse(LIBRARY).expect("an ELF file");
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = install(directory.path()).expect("installed");
    assert!(crate::effects::elf::dynamic(&path).expect("an ELF file").needed.is_empty());
    let all = elf.dynamic_symbols().filter(|symbol| !symbol.name().unwrap_or_default().is_empty());
    let (used, exported): (Vec<_>, Vec<_>) = all.partition(ObjectSymbol::is_undefined);
    let known = [
        "abort", "bcmp", "dlsym", "environ", "getpid", "memcmp", "memcpy", "memmove", "memset", "mmap", "mprotect",
        "munmap", "sbrk", "strlen",
    ];
    for symbol in used {
        let name = symbol.name().expect("a name");
        assert!(known.contains(&name), "the agent uses `{name}`");
    }
    let mut exported: Vec<&str> = exported.iter().map(|symbol| symbol.name().expect("a name")).collect();
    exported.sort_unstable();
    assert_eq!(exported, ["_dl_find_object", "dl_iterate_phdr", "hotreload_agent_state", "pthread_create"]);
}

#[test]
fn the_file_is_made_once_and_again_if_it_was_damaged() {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = install(directory.path()).expect("installed");
    let inode = fs::metadata(&path).expect("the file").ino();
    assert_eq!(install(directory.path()).expect("installed"), path);
    assert_eq!(fs::metadata(&path).expect("the file").ino(), inode);
    fs::write(&path, "x").expect("write");
    install(directory.path()).expect("installed");
    assert_eq!(fs::read(&path).expect("the file"), LIBRARY);
}

#[test]
fn a_process_without_it_is_told_from_one_that_ended() {
    let pid = std::process::id();
    assert!(matches!(Agent::find(pid), Err(Missing::NotLoaded { .. })));
    assert!(matches!(Agent::find(u32::MAX / 2), Err(Missing::Ended { .. })));
}
