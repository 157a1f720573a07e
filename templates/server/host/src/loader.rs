//! The code as modules that can be swapped. This file never names their crates: a single use would
//! bind the executable to them, and what the executable is bound to is never unloaded.
//!
//! The modules are opened bottom-up with `RTLD_GLOBAL`, so that each finds the symbols of those
//! below it, and closed top-down. Only the topmost one is reached from here, by name.

// Loading code is unsafe by nature. What keeps it sound: no module runs while it is closed (all
// threads of a generation are joined), and `Entry` has the types that `router` was compiled with
// (they are in `core`, and a rebuilt `core` is refused).
#![allow(unsafe_code)]

use std::env;
use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LAZY, RTLD_NOW};

use {{crate}}_core::Entry;

use crate::threads::Threads;

/// `dlopen` answers whether the library is loaded, and loads nothing.
const RTLD_NOLOAD: i32 = 4;

pub(crate) struct Code {
    /// Bottom-up.
    paths: Vec<PathBuf>,
    /// The first ones of `paths`; after a failed load not all of them.
    open: Vec<Module>,
    resident: Threads,
}

struct Module {
    library: Library,
    stamp: Stamp,
}

/// Tells one build of a module from another.
#[derive(PartialEq)]
struct Stamp {
    device: u64,
    inode: u64,
    modified: (i64, i64),
}

impl Code {
    pub(crate) fn load() -> Result<Self> {
        let mut code = Self {
            paths: module_paths()?,
            open: Vec::new(),
            resident: Threads::now()?,
        };
        code.open_missing()?;
        Ok(code)
    }

    /// The functions of the topmost module.
    pub(crate) fn entry(&self) -> Result<Entry> {
        let top = self.open.last().context("no module is loaded")?;
        // SAFETY: `router` exports these three with the types that `Entry` gives them.
        unsafe {
            Ok(Entry {
                start: *top.library.get(c"module_start")?,
                run: *top.library.get(c"module_run")?,
                stop: *top.library.get(c"module_stop")?,
            })
        }
    }

    /// Whether there is something to reload. An error says why it would fail or be dangerous.
    pub(crate) fn check(&self) -> Result<bool> {
        let fresh = self.fresh()?;
        if let Some(library) = self.rebuilt_resident()? {
            bail!("`{library}` was rebuilt, and is resident\nhelp: restart the program to use it");
        }
        Ok(fresh < self.paths.len())
    }

    /// Swaps what was rebuilt and everything above it, unless old code is still running.
    pub(crate) fn reload(&mut self) -> Result<()> {
        if let Some(left) = self.resident.wait_until_alone()? {
            log::error!("not reloaded: old code still runs in {left}; the same code goes on");
            return Ok(());
        }
        let fresh = self.fresh()?;
        while self.open.len() > fresh {
            self.close_top()?;
        }
        self.open_missing()?;
        self.entry()?;
        log::info!("reloaded {}", names(&self.paths[fresh..]));
        Ok(())
    }

    /// How many modules from the bottom up are open and as they are on disk. All above the lowest
    /// stale one count as stale: they are bound to its code.
    fn fresh(&self) -> Result<usize> {
        let mut fresh = 0;
        for (index, path) in self.paths.iter().enumerate() {
            // Every file is looked at, also when all would be reloaded anyway: it must be there.
            let stamp = Stamp::of(path)?;
            if index == fresh && self.open.get(index).is_some_and(|open| open.stamp == stamp) {
                fresh += 1;
            }
        }
        Ok(fresh)
    }

    fn open_missing(&mut self) -> Result<()> {
        for path in &self.paths[self.open.len()..] {
            // Before the load: if the file is replaced meanwhile, it is stale and not lost.
            let stamp = Stamp::of(path)?;
            // SAFETY: initialisers of a Rust library only run what the workspace put there.
            let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) }
                .with_context(|| format!("cannot load {}", path.display()))?;
            self.open.push(Module { library, stamp });
        }
        Ok(())
    }

    fn close_top(&mut self) -> Result<()> {
        let Some(Module { library, stamp }) = self.open.pop() else {
            return Ok(());
        };
        let path = &self.paths[self.open.len()];
        let name = path.display();
        library.close()?;
        // Success only means one user less. What is still mapped would be given to us again by
        // the next load, as if it were new; it stays in the list as the old build that it is.
        // SAFETY: nothing is loaded, so nothing is run.
        if let Ok(library) = unsafe { Library::open(Some(path), RTLD_LAZY | RTLD_NOLOAD) } {
            self.open.push(Module { library, stamp });
            bail!("{name} cannot be unloaded\nhelp: restart the program");
        }
        Ok(())
    }

    /// A library that is no module and was replaced on disk. New modules are compiled against the
    /// new one, so they must not meet the old one in memory.
    fn rebuilt_resident(&self) -> Result<Option<String>> {
        let maps = fs::read("/proc/self/maps")?;
        let maps = String::from_utf8_lossy(&maps);
        let rebuilt = maps.lines().find_map(|line| {
            let line = line.strip_suffix(" (deleted)")?;
            let path = Path::new(&line[line.find('/')?..]);
            let library = path.extension()? == "so" && !self.paths.iter().any(|it| it == path);
            library.then(|| path.display().to_string())
        });
        Ok(rebuilt)
    }
}

impl Stamp {
    /// Fails where the module is missing or not whole.
    fn of(path: &Path) -> Result<Self> {
        let name = path.display();
        let file = File::open(path).with_context(|| format!("no module {name}"))?;
        let status = file.metadata()?;
        if !is_whole(&file, status.len()) {
            bail!(
                "{name} is not a whole library\nhelp: wait for the build, then send SIGINT again"
            );
        }
        Ok(Self {
            device: status.dev(),
            inode: status.ino(),
            modified: (status.mtime(), status.mtime_nsec()),
        })
    }
}

/// `dlopen` maps what the headers promise, and the process dies of SIGBUS where the file is shorter:
/// a linker may be writing it still. The table of sections is what comes last.
fn is_whole(mut file: &File, length: u64) -> bool {
    let mut header = [0; 64];
    if file.read_exact(&mut header).is_err() || !header.starts_with(b"\x7fELF") {
        return false;
    }
    let short = |at: usize| u64::from(u16::from_ne_bytes([header[at], header[at + 1]]));
    let table = header[0x28..0x30].try_into().map_or(0, u64::from_ne_bytes);
    let end = table.saturating_add(short(0x3a) * short(0x3c));
    table > 0 && end <= length
}

fn module_paths() -> Result<Vec<PathBuf>> {
    const HELP: &str = "help: start the program with `cargo hotreload run`";
    let Some(list) = env::var_os("HOTRELOAD_MODULES").filter(|list| !list.is_empty()) else {
        bail!("HOTRELOAD_MODULES does not say which modules to load\n{HELP}");
    };
    env::split_paths(&list)
        .map(|path| {
            // As `/proc/self/maps` shows it.
            path.canonicalize()
                .map_err(|error| anyhow!("no module {}: {error}\n{HELP}", path.display()))
        })
        .collect()
}

/// `lib{{crate}}_api.so` and `lib{{crate}}_router.so` -> `{{crate}}_api, {{crate}}_router`
fn names(paths: &[PathBuf]) -> String {
    let stems = paths.iter().filter_map(|path| path.file_stem()?.to_str());
    let names: Vec<_> = stems.map(|stem| stem.trim_start_matches("lib")).collect();
    names.join(", ")
}
