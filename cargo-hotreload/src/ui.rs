//! What the terminal shows. Our own lines go to standard error and never into the program's output; while a [`screen`]
//! is open, everything goes through that.

pub mod color;
pub mod failure;
pub mod keys;
pub mod labels;
pub mod notify;
pub mod say;
pub mod screen;
pub mod table;
