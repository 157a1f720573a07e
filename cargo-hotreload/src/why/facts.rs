//! What was found in a process and in the files that it has loaded.

use std::collections::BTreeSet;

/// What an ELF file says, as far as it matters for unloading it. Names are as the linker sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signs {
    /// It asks never to be unloaded.
    pub nodelete: bool,
    /// File names of the libraries that it links.
    pub needed: Vec<String>,
    /// What it has for others.
    pub defined: BTreeSet<String>,
    /// What it takes from others, and cannot do without.
    pub undefined: BTreeSet<String>,
    /// What is to be one and the same in the whole process (`STB_GNU_UNIQUE`).
    pub unique: Vec<String>,
    /// Its thread-locals.
    pub thread_locals: Vec<String>,
    /// Functions and statics, those that nobody else can see, too.
    pub symbols: Vec<Symbol>,
}

/// A function or a static in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Symbol {
    /// Its address in the file.
    pub address: u64,
    /// Bytes.
    pub size: u64,
    /// Its name.
    pub name: String,
}

impl Signs {
    /// What is at `address` of the file.
    #[must_use]
    pub fn at(&self, address: u64) -> Option<&Symbol> {
        let after = self.symbols.partition_point(|symbol| symbol.address <= address);
        // Several may begin at the same place, and some have no size.
        let near = self.symbols[..after].iter().rev().take(8);
        near.into_iter().find(|symbol| address < symbol.address + symbol.size.max(1))
    }
}

/// What part a loaded file plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The executable.
    Host,
    /// A library that stays.
    Resident,
    /// A library that is swapped.
    Module,
}

/// A loaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    /// Its package, or the file's name if it is of none.
    pub name: String,
    /// The crate.
    pub krate: String,
    /// What others link it by.
    pub file: String,
    /// What it is.
    pub part: Part,
    /// What the file says.
    pub signs: Signs,
}

/// A thread that runs code of a module, or will return to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thread {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: u32,
    /// It was there before the reload.
    pub is_older: bool,
    /// The innermost function of the module on its stack, if that has a name.
    pub function: Option<String>,
    /// What it waits for in the kernel, if it does.
    pub waits: Option<&'static str>,
}

/// Something at an address of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The package whose file was loaded there, or the file's name.
    pub library: String,
    /// The crate of that package.
    pub krate: String,
    /// The name of what is there.
    pub symbol: Option<String>,
    /// It is the first byte of that.
    pub is_begin: bool,
    /// The file is not loaded any more.
    pub is_gone: bool,
    /// A module was loaded there before, and something else is now.
    pub is_reused: bool,
}

/// A thread that got a deadly signal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crash {
    /// The thread's name.
    pub thread: String,
    /// Its id.
    pub id: u32,
    /// It was there before the reload.
    pub is_older: bool,
    /// The signal.
    pub signal: i32,
    /// Where it was.
    pub at: Option<Place>,
    /// The memory that it could not use.
    pub used: Option<Place>,
    /// It came there by returning from a function.
    pub returned: bool,
    /// The calls on its stack, innermost first; some may have ended long ago.
    pub calls: Vec<Place>,
}
