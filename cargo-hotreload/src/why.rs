//! Why a module stays loaded, or a program dies of a reload: said from facts.
//!
//! 1. [`crate::effects::images`] keeps the files that were loaded, [`crate::effects::stacks`] looks where threads are, and
//!    [`crate::effects::witness`] sees a thread die. All of them give plain data: [`facts`].
//! 2. [`stuck`] and [`died`] are the rules: facts in, [`Reason`]s out, the likeliest first.
//! 3. A [`Reason`] is a sentence and what mends it. `docs/reload-safety.md` has an example of each.

pub mod died;
pub mod facts;
pub mod names;
mod reason;
pub mod stuck;

pub use reason::Reason;
