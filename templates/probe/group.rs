//! Stands for a dependency group: loaded with the module, never unloaded.

/// Allocates, so that std is used for real.
pub fn greeting(name: &str) -> String {
    format!("hello, {name}")
}
