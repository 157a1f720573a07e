//! The crates that `doctor` builds to see whether libraries can be linked, opened and closed here: `templates/probe`
//! with the flags that `enable` writes.

use std::path::Path;

use toml_edit::Array;

use crate::plan::generated::Generated;
use crate::plan::rustflags::{Built, Profile, Rustflags};

/// Name of the program.
pub const PROGRAM: &str = "hotreload-probe";
/// File name of the module.
pub const MODULE: &str = "libhotreload_probe_module.so";
/// File name of the dependency group.
pub const GROUP: &str = "libhotreload_probe_group.so";

/// What the module's function returns: the length of the group's text.
pub const ANSWER: &str = "12";

const GROUP_CRATE: &str = "hotreload_probe_group";

/// Every file of the probe, in `directory`.
#[must_use]
pub fn files(directory: &Path, flags: &Rustflags) -> Vec<Generated> {
    let load = flags.load(&[GROUP_CRATE.to_owned()], None);
    let host = array(flags.of(Built::Host, Profile::Dev));
    let module = array([flags.of(Built::Library, Profile::Dev), load].concat());
    let group = array(flags.of(Built::Group, Profile::Dev));
    let manifest = include_str!("../../../templates/probe/Cargo.toml.in");
    let manifest = manifest.replace("{host}", &host).replace("{module}", &module).replace("{group}", &group);
    let file = |path: &str, content: &str| Generated::text(directory.join(path), content.to_owned());
    vec![
        file("Cargo.toml", &manifest),
        file("host.rs", include_str!("../../../templates/probe/host.rs")),
        file("module/Cargo.toml", include_str!("../../../templates/probe/module.toml.in")),
        file("module/lib.rs", include_str!("../../../templates/probe/module.rs")),
        file("group/Cargo.toml", include_str!("../../../templates/probe/group.toml.in")),
        file("group/lib.rs", include_str!("../../../templates/probe/group.rs")),
    ]
}

fn array(flags: Vec<String>) -> String {
    flags.into_iter().collect::<Array>().to_string()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use toml_edit::DocumentMut;

    use super::files;
    use crate::plan::rustflags::Rustflags;

    #[test]
    fn each_role_is_built_with_its_own_flags() {
        let files = files(Path::new("/p"), &Rustflags::read().expect("the template is valid"));
        let manifest: DocumentMut = files[0].content.parse().expect("valid TOML");
        let flags = |package: &str| manifest["profile"]["dev"]["package"][package]["rustflags"].to_string();
        assert!(flags("hotreload-probe-group").contains("nodelete"));
        assert!(flags("hotreload-probe-module").contains("--extern=force:hotreload_probe_group"));
        assert!(flags("hotreload-probe").contains("-Cprefer-dynamic=yes"));
    }
}
