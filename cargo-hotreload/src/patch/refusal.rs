//! Why a patch is not made: what cannot be proven safe is left to a restart.

use thiserror::Error;

/// A reason not to patch. As text it is the part of a sentence after "restarted:".
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// A static begins with something else now, and what it holds in the running program began with the old.
    #[error("the initial value of `{name}` changed")]
    InitialValue {
        /// The static.
        name: String,
    },
    /// The compiler has put the first value of a static where it is read.
    #[error("the optimised code has no `{name}` any more, and what it holds would be lost")]
    Lost {
        /// The static.
        name: String,
    },
    /// Data that the program holds would be read in another way, or nobody can tell whether.
    #[error("{what}")]
    Layout {
        /// A sentence without its end.
        what: String,
    },
    /// What runs before `main` changed; it would never run.
    #[error("what runs before `main` changed in `{name}`")]
    Initialiser {
        /// The section.
        name: String,
    },
    /// Closures, or statics of the same name, cannot be told apart.
    #[error("it cannot be told which `{name}` is which: one came, went or moved")]
    Ambiguous {
        /// What they are all called.
        name: String,
    },
    /// Objects that the program holds have the old vtable.
    #[error(
        "the methods of a trait object changed: `{name}` is in another place or new, and old objects do not know that"
    )]
    Vtable {
        /// One of the methods.
        name: String,
    },
    /// The linker made one function of several, and not all of them changed in the same way.
    #[error("the linker has folded `{name}` with `{other}`")]
    Folded {
        /// The function that changed.
        name: String,
        /// One that did not.
        other: String,
    },
    /// A function is too small for a jump to the new one, or is jumped into at its begin.
    #[error("there is no room for a jump at the begin of `{name}`")]
    NoRoomForJump {
        /// The function.
        name: String,
    },
    /// Neither the program nor the patch has a symbol, and the program imports it from no library.
    #[error("the program was linked without `{name}`")]
    Undefined {
        /// The symbol.
        name: String,
    },
    /// A variable without a name of its own: whether the running program has it already cannot be told.
    #[error("a variable without a name is used in `{name}`")]
    NamelessVariable {
        /// The object or section that has it.
        name: String,
    },
    /// Something in the machine code that is not known here.
    #[error("{what} in `{name}` is not known")]
    Unknown {
        /// What is not known.
        what: String,
        /// Where it is.
        name: String,
    },
    /// An address is too far away for the instruction that uses it.
    #[error("`{name}` is too far away from the program")]
    TooFar {
        /// What the instruction refers to.
        name: String,
    },
    /// A new thread-local wants more than threads are aligned to.
    #[error("a new thread-local has to be aligned to {align} bytes")]
    AlignedThreadLocal {
        /// In bytes.
        align: u64,
    },
    /// The room for patches in the process is used up.
    #[error("the room for {what} of patches is used up")]
    NoRoom {
        /// Code, constants, variables or thread-locals.
        what: &'static str,
    },
}
