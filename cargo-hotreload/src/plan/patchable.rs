//! Whether the programs of a workspace can take patches at all: what is known of that before anything is built.

use crate::plan::checks::settings::Place;

/// Why no program of a workspace can take patches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// Why, as a clause.
    pub reason: String,
    /// What to do about it.
    pub help: String,
}

/// How programs are built.
#[derive(Debug, Clone, Copy)]
pub struct Building<'facts> {
    /// The architecture of this machine.
    pub machine: &'facts str,
    /// The target of the programs.
    pub target: &'facts str,
    /// The cargo profile.
    pub profile: &'facts str,
    /// Whether there is a local crate with full debug information.
    pub is_described: bool,
    /// The settings that ask for a static C library.
    pub linked_statically: &'facts [Place],
}

/// What stands in the way of patches into programs that are built like this.
#[must_use]
pub fn obstacle(building: &Building<'_>) -> Option<Obstacle> {
    let Building { machine, target, profile, is_described, linked_statically } = *building;
    if machine != "x86_64" || !target.starts_with("x86_64-") || !target.contains("-linux-gnu") {
        let reason = format!("a program for `{target}` cannot be patched: only those for x86-64 Linux with glibc can");
        return Some(Obstacle { reason, help: "`cargo hotreload run --strategy restart`".into() });
    }
    if let Some(place) = linked_statically.iter().find(|place| is_about(place, target)) {
        let reason = format!("a program that is linked statically cannot be patched: `+crt-static` is set by {place}");
        return Some(Obstacle { reason, help: "take `+crt-static` out for development".into() });
    }
    if !is_described {
        let reason = format!("nothing can be patched without full debug information, and profile `{profile}` has less");
        let variable = profile.to_uppercase().replace('-', "_");
        let help =
            format!("`debug = 2` in `[profile.{profile}]`, or `CARGO_PROFILE_{variable}_DEBUG=2 cargo hotreload run`");
        return Some(Obstacle { reason, help });
    }
    None
}

/// Whether what is set at `place` counts for `target`.
fn is_about(place: &Place, target: &str) -> bool {
    let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
    match place {
        Place::Variable(name) => !name.starts_with("CARGO_TARGET_") || *name == variable,
        Place::Line { key, .. } => !key.starts_with("target.") || key.contains(target) || key.contains("cfg("),
    }
}

#[cfg(test)]
mod tests {
    use super::{Building, obstacle};
    use crate::plan::checks::settings::Place;

    const OURS: Building<'static> = Building {
        machine: "x86_64",
        target: "x86_64-unknown-linux-gnu",
        profile: "dev",
        is_described: true,
        linked_statically: &[],
    };

    fn reason(building: &Building<'_>) -> String {
        obstacle(building).map(|obstacle| obstacle.reason).unwrap_or_default()
    }

    #[test]
    fn an_ordinary_dev_build_can_be_patched_and_other_targets_cannot() {
        assert_eq!(obstacle(&OURS), None);
        assert_eq!(obstacle(&Building { target: "x86_64-nixos-linux-gnu", ..OURS }), None);
        for target in ["x86_64-unknown-linux-musl", "aarch64-unknown-linux-gnu", "x86_64-unknown-freebsd"] {
            let found = reason(&Building { target, ..OURS });
            assert!(found.starts_with(&format!("a program for `{target}` cannot be patched")), "{found}");
        }
        assert_ne!(reason(&Building { machine: "aarch64", ..OURS }), "");
    }

    #[test]
    fn a_static_c_library_counts_where_it_is_for_this_target() {
        let line = |key: &str| Place::Line { at: ".cargo/config.toml:2".into(), key: key.into() };
        let of = |place: Place| reason(&Building { linked_statically: &[place], ..OURS });
        assert!(of(Place::Variable("RUSTFLAGS".into())).contains("set by "));
        assert_ne!(of(line("build.rustflags")), "");
        assert_ne!(of(line("target.x86_64-unknown-linux-gnu.rustflags")), "");
        assert_eq!(of(line("target.x86_64-unknown-linux-musl.rustflags")), "");
        assert_eq!(of(Place::Variable("CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_RUSTFLAGS".into())), "");
    }

    #[test]
    fn reduced_debug_information_is_an_obstacle_with_a_way_out() {
        let found = obstacle(&Building { is_described: false, profile: "quick-dev", ..OURS }).expect("an obstacle");
        assert!(found.reason.ends_with("profile `quick-dev` has less"), "{found:?}");
        assert!(found.help.contains("CARGO_PROFILE_QUICK_DEV_DEBUG=2"), "{found:?}");
    }
}
