//! Stands for a reloadable module: calls into the group below it, and is gone after `dlclose`.

/// The module's only entry point.
#[unsafe(no_mangle)]
pub extern "C" fn hotreload_probe_answer() -> usize {
    hotreload_probe_group::greeting("probe").len()
}
