//! The environment as a value: what a program is given, and where it says that things are.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// An environment as a value: what a program would see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Env(BTreeMap<OsString, OsString>);

impl Env {
    /// This process's own.
    #[must_use]
    pub fn from_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value, if it is set, not empty and UTF-8. Go and curl both take empty for unset.
    #[must_use]
    pub fn var(&self, name: &str) -> Option<&str> {
        self.os(name)
            .and_then(OsStr::to_str)
            .filter(|value| !value.is_empty())
    }

    /// The value as it is, empty or not.
    #[must_use]
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The absolute path that a variable names. The XDG Base Directory Specification ignores
    /// others.
    #[must_use]
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.var(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    }

    /// A base folder of the user's: the one that `variable` names, else `below` HOME (XDG Base
    /// Directory Specification), on macOS `~/Library/Application Support`.
    #[must_use]
    pub fn base_folder(&self, variable: &str, below: &str) -> Option<PathBuf> {
        let below = if cfg!(target_os = "macos") {
            "Library/Application Support"
        } else {
            below
        };
        self.folder(variable)
            .or_else(|| Some(self.folder("HOME")?.join(below)))
    }

    /// Sets a variable.
    pub fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Unsets a variable.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// All of it, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }
}

impl<K: Into<OsString>, V: Into<OsString>> FromIterator<(K, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        Self(
            vars.into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}
