//! Which netrc does each stack read, and does it name the host?
//!
//! Presence only: neither names nor secrets are kept.

use serde::{Deserialize, Serialize};

use super::{Stack, Status};
use crate::settings::netrc::Holds;

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Where it is.
    pub path: String,
    /// Who reads it: git never reads the one that `NETRC` names.
    pub read_by: Stack,
    /// What it says about the host.
    pub holds: Holds,
    /// Permission bits, where there are any.
    pub mode: Option<u32>,
}

/// All netrc files that either stack would read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Entries {
    /// One or two files.
    pub files: Vec<File>,
}

impl Entries {
    /// Whether this stack finds a usable entry.
    #[must_use]
    pub fn usable(&self, stack: Stack) -> bool {
        self.files.iter().any(|file| {
            file.read_by.covers(stack)
                && (file.holds == Holds::Complete
                    || (stack == Stack::Git && file.holds == Holds::DefaultOnly))
        })
    }

    /// Pass if anyone finds an entry; nothing stored is no failure.
    #[must_use]
    pub fn status(&self) -> Status {
        if self.usable(Stack::Go) || self.usable(Stack::Git) {
            Status::Pass
        } else {
            Status::Skip
        }
    }
}
