//! Paths as seen from elsewhere.

use std::path::{Path, PathBuf};

/// `path` as a file in `directory` names it; as it is where there is no way from one to the other.
#[must_use]
pub fn seen_from(directory: &Path, path: &Path) -> PathBuf {
    pathdiff::diff_paths(path, directory).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::seen_from;

    #[test]
    fn a_path_is_told_from_a_directory_up_and_down() {
        assert_eq!(
            seen_from(Path::new("/w/crates/api"), Path::new("/w/.hotreload")),
            PathBuf::from("../../.hotreload")
        );
        assert_eq!(seen_from(Path::new("/w"), Path::new("/w/api/Cargo.toml")), PathBuf::from("api/Cargo.toml"));
        assert_eq!(seen_from(Path::new("w"), Path::new("/w")), PathBuf::from("/w"));
    }
}
