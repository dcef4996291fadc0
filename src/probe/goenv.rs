//! What do Go's settings say, who says it, and does it have any effect?

use serde::{Deserialize, Serialize};

use super::Status;
use crate::settings::goenv::Setting;
use crate::settings::lint::{Lint, Severity};

/// Go's settings as far as fetching is concerned, URL credentials masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// In a fixed order.
    pub values: Vec<Setting>,
    /// What is wrong with them.
    pub lints: Vec<Lint>,
    /// `GOPRIVATE` and its kin match the module of the evidence.
    pub private: Option<bool>,
}

impl Settings {
    /// The value in effect, empty if the key is unknown.
    #[must_use]
    pub fn value(&self, key: &str) -> &str {
        self.values
            .iter()
            .find(|setting| setting.key == key)
            .map_or("", |setting| &setting.value)
    }

    /// Fail if a lint says that fetching fails.
    #[must_use]
    pub fn status(&self) -> Status {
        if self
            .lints
            .iter()
            .any(|lint| lint.severity == Severity::Error)
        {
            Status::Fail
        } else {
            Status::Pass
        }
    }
}
