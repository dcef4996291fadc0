//! What does git itself see?
//!
//! Version, the URL after `insteadOf`, helpers, and `ls-remote` with prompts,
//! askpass programs and credential helpers off. What git prints is read by
//! the rules, nowhere else.

use serde::{Deserialize, Serialize};

use super::Status;

/// How `ls-remote` ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The repository answered.
    Answered,
    /// It failed, for this cause (an id of the taxonomy).
    Failed(String),
    /// It failed with words that no rule knows.
    Unrecognised,
    /// It did not end in time.
    Silence,
    /// Not run.
    #[default]
    NotRun,
}

/// git's view of one repository.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Remote {
    /// As `git version` prints it.
    pub version: Option<String>,
    /// The URL that git was given.
    pub url: String,
    /// The URL after `insteadOf`, if that changes it.
    pub rewritten: Option<String>,
    /// Configured credential helpers for it, by name; never what they hold.
    pub helpers: Vec<String>,
    /// A helper is known to hold a credential for the host (looked up without starting it).
    pub helper_holds: Option<bool>,
    /// How `ls-remote` ended.
    pub outcome: Outcome,
    /// The line that tells, masked.
    pub said: Option<String>,
}

impl Remote {
    /// Pass if the repository answered.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.outcome {
            Outcome::Answered => Status::Pass,
            Outcome::NotRun => Status::Skip,
            _ => Status::Fail,
        }
    }
}
