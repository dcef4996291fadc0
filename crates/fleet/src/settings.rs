//! What a platform team sets in the system's or the user's configuration, each a table of its own. Never a project.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeValue, ValueDeserializer};

use crate::respond::Respond;
use crate::telemetry::Telemetry;

/// Those tables.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Where events go; without it nowhere.
    pub telemetry: Option<Telemetry>,
    /// What is done about alerts; without it nothing.
    pub respond: Option<Respond>,
}

/// What is wrong with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The byte where it begins.
    pub at: Option<usize>,
    /// What, in the words of whoever reads TOML.
    pub message: String,
}

impl Settings {
    /// Whether a table of this name is one of them.
    #[must_use]
    pub fn is_table(name: &str) -> bool {
        matches!(name, "telemetry" | "respond")
    }

    /// Takes a table in the place of an earlier one.
    ///
    /// # Errors
    /// What is wrong with it; the earlier one stays.
    pub fn take(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Result<(), Problem> {
        match name {
            "telemetry" => self.telemetry = Some(read(value)?),
            _ => self.respond = Some(read(value)?),
        }
        Ok(())
    }

    /// As if it had never been there.
    pub fn forget(&mut self, name: &str) {
        match name {
            "telemetry" => self.telemetry = None,
            _ => self.respond = None,
        }
    }
}

fn read<T: for<'de> Deserialize<'de>>(value: &Spanned<DeValue<'_>>) -> Result<T, Problem> {
    T::deserialize(ValueDeserializer::from(value.clone())).map_err(|error| Problem {
        at: error.span().map(|span| span.start),
        message: error.message().to_owned(),
    })
}
