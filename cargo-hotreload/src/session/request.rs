//! What a session can be asked for, over the control socket or by a key, and what it answers.

use serde::{Deserialize, Serialize};

/// A request over the control socket, or by a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Build and reload.
    Reload,
    /// Build and restart.
    Restart,
    /// Bring back the build that was live before.
    Rollback,
    /// Build, and deliver what changed.
    Build,
    /// Remember what is saved and build nothing until [`Self::Resume`].
    Pause,
    /// Build what was saved meanwhile, and each save again.
    Resume,
    /// End program and session.
    Stop,
    /// Say how things are.
    Status,
}

/// Who waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplyTo(pub u64);

impl ReplyTo {
    /// Nobody waits: who pressed a key sees what happens.
    pub const NOBODY: Self = Self(u64::MAX);
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// What was done.
    Done(String),
    /// Why it was not done.
    Failed(String),
    /// How things are.
    Status {
        /// One or two words for what the session does.
        state: String,
        /// The session's process id.
        session: u32,
        /// The program's process id.
        program: Option<u32>,
        /// How often the program was reloaded.
        reloads: u32,
        /// How often it got a patch.
        #[serde(default)]
        patches: u32,
        /// How often it was restarted.
        restarts: u32,
        /// The last thing that the session reported.
        last: String,
        /// Each program by itself, where the session runs several.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        programs: Vec<ProgramStatus>,
    },
}

/// How one of several programs is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProgramStatus {
    /// What the session calls it: `api`, or `api#2`.
    pub name: String,
    /// One or two words for what it does.
    pub state: String,
    /// Its process id.
    pub program: Option<u32>,
    /// How often it was reloaded.
    pub reloads: u32,
    /// How often it got a patch.
    #[serde(default)]
    pub patches: u32,
    /// How often it was restarted.
    pub restarts: u32,
    /// The last thing that was reported of it.
    pub last: String,
}
