//! A page about a session: how long its edits took to be live, and where the time went.
//!
//! 1. [`rounds`] puts the events together to edits and what came of each;
//! 2. [`numbers`] counts and measures;
//! 3. [`timeline`] draws, [`page`] writes.
//!
//! All of it is data to data and data to text. The page is one file that needs nothing else: no script, no network.

pub mod numbers;
pub mod page;
mod parts;
pub mod rounds;
pub mod timeline;

mod table;
#[cfg(test)]
mod testing;
mod words;
