//! Written by `cargo hotreload enable`; `cargo hotreload disable` removes it.
//!
//! Carries third-party crates into one dylib, so that each exists once in the process.

