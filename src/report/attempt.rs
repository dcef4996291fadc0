//! One of the runs of a command that was tried more than once.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cause::Cause;

/// What was run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The command as it was typed.
    Command,
    /// Its downloads alone (`go mod download`, or `go list -deps` for `go run`).
    Fetch,
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// `command`, or `fetch` where only the downloads were repeated.
    pub step: Step,
    /// Why it failed, for instance `tcp-reset`; null: it didn't, or for nothing that gomend knows.
    #[schemars(with = "Option<String>")]
    pub cause: Option<Cause>,
    /// The line that said so, masked.
    pub said: Option<String>,
    /// The pause before it, milliseconds.
    pub waited_ms: u64,
    /// How long it ran, milliseconds.
    pub ms: u64,
    /// Exit code; 128 + N for death by signal N; null where it was ended at its deadline.
    pub exit_code: Option<i32>,
}
