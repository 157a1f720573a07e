//! What the kernel says of processes: who works in a directory, and what is mapped.

use std::collections::BTreeMap;
use std::path::Path;

use procfs::process::{MMPermissions, MMapPath, Process, all_processes};

/// A process that works in some directory.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) command: Vec<String>,
}

/// Every process whose working directory or executable is in `directory`.
pub(crate) fn working_in(directory: &Path) -> Vec<Worker> {
    let processes = all_processes().expect("/proc").filter_map(Result::ok);
    let is_inside = |process: &Process| {
        let inside = |path: procfs::ProcResult<std::path::PathBuf>| path.is_ok_and(|path| path.starts_with(directory));
        inside(process.cwd()) || inside(process.exe())
    };
    let inside = processes.filter(is_inside);
    inside.map(|process| Worker { command: process.cmdline().unwrap_or_default() }).collect()
}

/// Whether the process `pid` is there and no zombie.
pub(crate) fn is_alive(pid: u32) -> bool {
    let process = i32::try_from(pid).ok().and_then(|pid| Process::new(pid).ok());
    process.and_then(|process| process.stat().ok()).is_some_and(|stat| stat.state != 'Z' && stat.state != 'X')
}

/// How often the process has read or written anything.
#[track_caller]
pub(crate) fn system_calls(pid: u32) -> u64 {
    let process = Process::new(i32::try_from(pid).expect("a process id")).expect("the process");
    let io = process.io().expect("its counters");
    io.syscr + io.syscw
}

/// Name and inode of every library below `directory` of which the process has code mapped. Panics where one is mapped in
/// two versions, or was replaced since. The executable is left out: cargo links it anew after every edit.
#[track_caller]
pub(crate) fn mapped_libraries(pid: u32, directory: &Path) -> BTreeMap<String, u64> {
    let process = Process::new(i32::try_from(pid).expect("a process id")).expect("the process");
    let mut found = BTreeMap::new();
    for map in
        process.maps().expect("its mappings").into_iter().filter(|map| map.perms.contains(MMPermissions::EXECUTE))
    {
        let MMapPath::Path(path) = &map.pathname else { continue };
        if path.starts_with(directory) {
            let name = path.file_name().expect("a file").to_string_lossy().into_owned();
            if !name.contains(".so") {
                continue;
            }
            assert!(!name.ends_with("(deleted)"), "old code is still mapped: {name}");
            let earlier = found.insert(name, map.inode);
            assert!(earlier.is_none_or(|inode| inode == map.inode), "mapped twice: {}", path.display());
        }
    }
    found
}
