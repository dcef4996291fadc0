//! What do Go's settings say, who says it, and does it have any effect?

use serde::{Deserialize, Serialize};

use super::Status;

/// The layer that decides a setting (Go reference, "Environment variables").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The process environment.
    Environment,
    /// The file that `go env -w` writes.
    User,
    /// `GOROOT/go.env`.
    Goroot,
    /// Built into go.
    #[default]
    Default,
}

/// One setting.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Setting {
    /// For instance `GOPROXY`.
    pub key: String,
    /// The value in effect, URL credentials masked.
    pub value: String,
    /// Who decides it.
    pub layer: Layer,
    /// A value that `go env -w` wrote and the environment hides.
    pub hidden: Option<String>,
}

/// How much a lint matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Fetching fails because of it.
    Error,
    /// It has no effect, or weakens security.
    Warning,
}

/// Something in the settings that does not do what it looks like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lint {
    /// Stable id, for instance `quotes-in-list`.
    pub id: String,
    /// How much it matters.
    pub severity: Severity,
    /// The setting.
    pub key: String,
    /// What is wrong, in one sentence.
    pub what: String,
    /// The safe equivalent, as something to type or do.
    pub instead: String,
}

/// Go's settings as far as fetching is concerned.
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
