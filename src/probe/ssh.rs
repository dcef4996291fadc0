//! What does ssh itself see?
//!
//! The effective configuration (`ssh -G`), the agent, known_hosts, and a
//! session in batch mode that offers no identity: it shows whether the host
//! key is accepted, and can neither be refused a key nor open a dialog.

use serde::{Deserialize, Serialize};

use super::Status;

/// The agent behind `SSH_AUTH_SOCK` or `IdentityAgent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agent {
    /// None is configured.
    None,
    /// The socket is named, and nobody answers there.
    Unreachable,
    /// It holds this many keys.
    Keys(usize),
    /// Not asked.
    #[default]
    Unknown,
}

/// How the session without identities ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The host key is known and right; the server asked for a login.
    AskedForLogin,
    /// The server let us in without one.
    LetIn,
    /// No key of this host is known.
    HostKeyUnknown,
    /// Another key is known for this host.
    HostKeyChanged,
    /// The name could not be resolved.
    NoSuchName,
    /// No connection.
    NoConnection,
    /// Connected, and cut before the server said who it is.
    Cut,
    /// It did not end in time.
    Silence,
    /// The configuration cannot be used (bad option, wrong owner or mode).
    BadConfig,
    /// Not run, or its words are not known.
    #[default]
    Unknown,
}

/// ssh's view of one host.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Session {
    /// The host as git names it.
    pub host: String,
    /// The host after `HostName`.
    pub hostname: String,
    /// The port after `Port`.
    pub port: u16,
    /// The user after `User`.
    pub user: String,
    /// `ProxyJump` or `ProxyCommand` is set.
    pub through_proxy: bool,
    /// Identity files that the configuration names and that exist.
    pub identities: Vec<String>,
    /// The agent.
    pub agent: Agent,
    /// known_hosts names the host.
    pub known: Option<bool>,
    /// SHA-256 fingerprint of the key that the server showed.
    pub shown_key: Option<String>,
    /// `StrictHostKeyChecking` is off in the configuration.
    pub unchecked: bool,
    /// How the session ended.
    pub outcome: Outcome,
    /// The line that tells.
    pub said: Option<String>,
}

impl Session {
    /// Pass if the host key is accepted.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome {
            Outcome::AskedForLogin | Outcome::LetIn => Status::Pass,
            Outcome::Unknown => Status::Skip,
            _ => Status::Fail,
        }
    }
}
