//! What `enable` remembers, so that `disable` can put everything back.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::plan::enable::EnablePlan;
use crate::plan::own_profile::FlagSource;
use crate::plan::path::seen_from;

/// Version of the journal's format.
pub const VERSION: u32 = 1;

/// Who enabled hot reloading, and so who undoes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lifetime {
    /// `cargo hotreload enable`: until `disable`.
    Explicit,
    /// `cargo hotreload run`: until the session ends.
    Session,
}

/// The journal: written before the first manifest is touched, removed after the last one is back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// [`VERSION`].
    pub version: u32,
    /// Who enabled.
    pub lifetime: Lifetime,
    /// Whose flags were chosen: a later command without a choice of its own keeps to it.
    #[serde(default)]
    pub flags: FlagSource,
    /// Every manifest that is changed.
    pub manifests: Vec<Entry>,
    /// `Cargo.lock` before; `None` if there was none.
    pub lock: Option<String>,
}

/// One manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// As seen from the workspace root, so that a moved workspace can still be put back.
    pub path: PathBuf,
    /// The user's text.
    pub before: String,
    /// What `enable` made of it.
    pub after: String,
}

impl Journal {
    /// Reads a journal, and says what is wrong with it otherwise.
    pub fn parse(text: &str) -> Result<Self, String> {
        let journal: Self = serde_json::from_str(text).map_err(|error| format!("is damaged: {error}"))?;
        if journal.version != VERSION {
            return Err(format!("was written by another version of this tool (format {})", journal.version));
        }
        // A workspace may come with a journal that somebody else has made up.
        let is_manifest = |entry: &Entry| entry.path.file_name() == Some(OsStr::new("Cargo.toml"));
        match journal.manifests.iter().find(|entry| !is_manifest(entry)) {
            Some(entry) => Err(format!("is damaged: `{}` is no manifest", entry.path.display())),
            None => Ok(journal),
        }
    }

    /// The journal of `plan` in the workspace at `root`.
    #[must_use]
    pub fn new(plan: &EnablePlan, root: &Path, lock: Option<String>, lifetime: Lifetime) -> Self {
        let entry = |path: &Path, before: &str, after: &str| Entry {
            path: seen_from(root, path),
            before: before.to_owned(),
            after: after.to_owned(),
        };
        let manifests = plan.rewritten().map(|rewrite| entry(&rewrite.path, &rewrite.before, &rewrite.after));
        Self { version: VERSION, lifetime, flags: plan.flags, manifests: manifests.collect(), lock }
    }
}
