//! The reasons and what mends them.

use std::fmt;

use crate::why::names::Names;

/// Why a module stays loaded, or why a program died of a reload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The library asks never to be unloaded.
    NoDelete {
        /// Its package.
        module: String,
    },
    /// It has symbols of which the process may have one only.
    Unique {
        /// Its package.
        module: String,
        /// Some of them.
        symbols: Names,
    },
    /// The executable, or what it links, uses the module directly.
    Bound {
        /// The module's package.
        module: String,
        /// Who uses it: a package.
        by: String,
        /// What of it.
        symbols: Names,
    },
    /// Another library uses it that is loaded still.
    Held {
        /// The module's package.
        module: String,
        /// Who uses it.
        by: Vec<String>,
    },
    /// It has destructors for threads that live on, registered with the C library, which waits for them.
    WaitsForThreads {
        /// The module's package.
        module: String,
    },
    /// Threads are in it.
    Threads {
        /// The module's package.
        module: String,
        /// Who and where.
        threads: Vec<String>,
    },
    /// Nothing that can be seen from outside: the loader did not close it.
    NotClosed {
        /// The module's package.
        module: String,
    },
    /// A thread went on in code that is not there any more.
    LeftBehind {
        /// The module's package.
        module: String,
        /// The thread's name and id.
        thread: String,
        /// The function.
        function: Names,
    },
    /// A thread is still in code that is not there any more, or that was replaced below it.
    GoesOn {
        /// The module's package.
        module: String,
        /// The thread's name and id.
        thread: String,
        /// The function.
        function: Names,
    },
    /// A thread ended, and a destructor of one of its thread-locals was unloaded.
    Destructor {
        /// The module's package.
        module: String,
        /// The thread's name and id.
        thread: String,
        /// The thread-locals of the module.
        locals: Names,
    },
    /// The list of call sites of `tracing` has one of an unloaded module.
    Callsite {
        /// The module's package.
        module: String,
        /// The call site, if it is known.
        sites: Names,
    },
    /// The code of a lower crate's generic function was in the module that was swapped.
    Instance {
        /// The module's package.
        module: String,
        /// The thread's name and id.
        thread: String,
        /// The function.
        function: Names,
        /// The crate that it belongs to.
        owner: String,
    },
    /// Somebody kept the address of a function of the module, and called it.
    Called {
        /// The module's package.
        module: String,
        /// The thread's name and id.
        thread: String,
        /// What was called.
        function: Names,
        /// Who called.
        by: Names,
    },
    /// Somebody kept the address of something in the module, and used it.
    Used {
        /// The module's package.
        module: String,
        /// The thread's name and id.
        thread: String,
        /// What was used.
        what: Names,
        /// Who used it.
        by: Names,
    },
    /// Nobody saw where it died, but the modules have thread-locals with destructors.
    MayBeDestructor {
        /// The module's package.
        module: String,
        /// Its thread-locals.
        locals: Names,
    },
    /// Nobody saw where it died, but the modules have call sites of `tracing`.
    MayBeCallsite {
        /// The module's package.
        module: String,
        /// Some of them.
        sites: Names,
    },
    /// Nobody saw where it died, but the modules have code of lower crates.
    MayBeInstance {
        /// The module's package.
        module: String,
        /// Some of it.
        functions: Names,
    },
}

impl Reason {
    /// The package of the module that it is about.
    #[must_use]
    pub fn module(&self) -> &str {
        match self {
            Self::NoDelete { module }
            | Self::Unique { module, .. }
            | Self::Bound { module, .. }
            | Self::Held { module, .. }
            | Self::WaitsForThreads { module }
            | Self::Threads { module, .. }
            | Self::NotClosed { module }
            | Self::LeftBehind { module, .. }
            | Self::GoesOn { module, .. }
            | Self::Destructor { module, .. }
            | Self::Callsite { module, .. }
            | Self::Instance { module, .. }
            | Self::Called { module, .. }
            | Self::Used { module, .. }
            | Self::MayBeDestructor { module, .. }
            | Self::MayBeCallsite { module, .. }
            | Self::MayBeInstance { module, .. } => module,
        }
    }

    /// Whether this keeps a module loaded for sure. A library above that is loaded still, or a loader that has not closed
    /// it, is what is seen of a program that did not even try, as well.
    #[must_use]
    pub fn is_proof(&self) -> bool {
        matches!(self, Self::NoDelete { .. } | Self::Unique { .. } | Self::Bound { .. } | Self::Threads { .. })
    }

    /// Whether there is another reason behind it: what uses the module is not unloaded either.
    #[must_use]
    pub fn is_consequence(&self) -> bool {
        matches!(self, Self::Held { .. })
    }

    /// What mends it.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NoDelete { .. } => {
                "take `-z nodelete` out of the linker's flags; if nobody has put it there, `cargo hotreload doctor` says whether the toolchain does"
            }
            Self::Unique { .. } => "compile its C++ with `-fno-gnu-unique`",
            Self::Bound { .. } => {
                "call a module only through what `dlsym` gives for its handle, and keep its types out of the crates below it"
            }
            Self::Held { .. } => {
                "close the libraries that use a module before the module itself, each as often as it was opened"
            }
            Self::WaitsForThreads { .. } => "end the threads that ran its code before it is closed",
            Self::Threads { .. } | Self::LeftBehind { .. } | Self::GoesOn { .. } => {
                "keep the thread's `JoinHandle`, tell it to end, and join it before its module is closed"
            }
            Self::NotClosed { .. } => {
                "call `dlclose` as often as `dlopen`, and `dlsym` with the module's handle: `RTLD_DEFAULT` binds it to who asks, for good"
            }
            Self::Destructor { .. } | Self::MayBeDestructor { .. } => {
                "keep such a thread-local in a crate that stays loaded, or use it only in threads that end before the module is closed"
            }
            Self::Callsite { .. } | Self::MayBeCallsite { .. } => {
                "log with the `log` crate in modules, or through a function of a crate that stays loaded"
            }
            Self::Instance { .. } | Self::MayBeInstance { .. } => {
                "start threads and tasks in a function without type parameters: take a `Box<dyn …>` in its place"
            }
            Self::Called { .. } => "take the callback back, or drop what keeps it, before its module is closed",
            Self::Used { .. } => {
                "take back what others keep of it (callbacks, trait objects, references to its constants) before its module is closed"
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDelete { module } => {
                write!(
                    formatter,
                    "{module} asks never to be unloaded: it was linked with `-z nodelete` (DF_1_NODELETE)"
                )
            }
            Self::Unique { module, symbols } => {
                write!(
                    formatter,
                    "{module} has symbols that must be unique in the process and are never unloaded: {symbols}"
                )
            }
            Self::Bound { module, by, symbols } => {
                write!(formatter, "{by}, which stays loaded, is bound to {module}{}", By(symbols))
            }
            Self::Held { module, by } => {
                let is = if by.len() == 1 { "is" } else { "are" };
                write!(formatter, "{module} is used by {}, which {is} still loaded", by.join(", "))
            }
            Self::WaitsForThreads { module } => {
                write!(formatter, "threads that live on have destructors of {module} to run when they end")
            }
            Self::Threads { threads, .. } => write!(formatter, "{}", threads.join(", ")),
            Self::NotClosed { module } => {
                write!(
                    formatter,
                    "nothing else in the process needs {module}: the program's own loader has not closed it"
                )
            }
            Self::LeftBehind { module, thread, function } => {
                write!(formatter, "{thread} went on in code of {module} that was unloaded{}", In(function))
            }
            Self::GoesOn { module, thread, function } => {
                write!(formatter, "{thread} will go on in code of {module} that was unloaded{}", In(function))
            }
            Self::Destructor { module, thread, locals } => {
                write!(formatter, "{thread} ended, and the destructor of a thread-local of {module} was unloaded")?;
                if locals.is_empty() { Ok(()) } else { write!(formatter, ": {locals}") }
            }
            Self::Callsite { module, sites } => {
                write!(formatter, "`tracing` keeps a list of all call sites, and one of {module} was unloaded: {sites}")
            }
            Self::Instance { module, thread, function, owner } => write!(
                formatter,
                "{thread} runs {function}: it belongs to {owner}, but was compiled into {module}, which was unloaded"
            ),
            Self::Called { module, thread, function, by } => {
                write!(formatter, "{thread} called code of {module} that was unloaded{}", In(function))?;
                if by.is_empty() { Ok(()) } else { write!(formatter, ", from {by}") }
            }
            Self::Used { module, thread, what, by } => {
                write!(formatter, "{thread} used memory of {module} that was unloaded{}", In(what))?;
                if by.is_empty() { Ok(()) } else { write!(formatter, ", in {by}") }
            }
            Self::MayBeDestructor { module, locals } => write!(
                formatter,
                "maybe a thread ended that had used a thread-local of {module}, whose destructor was unloaded: {locals}"
            ),
            Self::MayBeCallsite { module, sites } => {
                write!(formatter, "maybe `tracing` has looked at a call site of {module} that was unloaded: {sites}")
            }
            Self::MayBeInstance { module, functions } => write!(
                formatter,
                "maybe a lower crate went on in code that was compiled into {module}, which was unloaded: {functions}"
            ),
        }
    }
}

/// ` by …`, if there is anything.
struct By<'names>(&'names Names);

impl fmt::Display for By<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(formatter, " by {}", self.0) }
    }
}

/// `: …`, if there is anything.
struct In<'names>(&'names Names);

impl fmt::Display for In<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.0) }
    }
}
