//! What the terminal shows. Our own lines go to standard error and never into the program's output.

pub mod failure;
pub mod say;
pub mod table;
