//! The kinds of change that gomend can make and take back.

use std::path::PathBuf;

/// One reversible change at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A line of the file that `go env -w` writes; `None` removes it, as `go env -u` does.
    GoEnv {
        /// For instance `GOPRIVATE`.
        key: String,
        /// The new value.
        value: Option<String>,
    },
    /// One more value in git's global configuration, as `git config --global --add`.
    GitConfig {
        /// `section.key` or `section.subsection.key`; the subsection may hold dots.
        key: String,
        /// The value.
        value: String,
    },
    /// A line of a text file is replaced or removed; refused if the line has changed.
    Line {
        /// The file.
        file: PathBuf,
        /// From 1.
        number: usize,
        /// The line as it was.
        old: String,
        /// As it will be; `None`: removed.
        new: Option<String>,
    },
    /// Lines at the end of a text file, which is made if it is not there.
    Append {
        /// The file.
        file: PathBuf,
        /// Whole lines.
        text: String,
        /// Permission bits that the file gets; `None`: those it has, else 0644.
        mode: Option<u32>,
    },
    /// Lines at the beginning of a text file, where the first match wins (ssh_config).
    Prepend {
        /// The file.
        file: PathBuf,
        /// Whole lines.
        text: String,
        /// As for [`Change::Append`].
        mode: Option<u32>,
    },
    /// A whole file.
    File {
        /// The file.
        file: PathBuf,
        /// Its new content.
        content: Vec<u8>,
        /// As for [`Change::Append`].
        mode: Option<u32>,
    },
    /// Login and password of one host in netrc; the password is filled in by [`Change::with_secret`].
    Netrc {
        /// The file.
        file: PathBuf,
        /// The host, as netrc names it.
        machine: String,
        /// The user name.
        login: String,
        /// `None` until it was asked for.
        password: Option<Secret>,
    },
    /// An exported variable in the shell's start-up file; it holds in shells started later.
    Variable {
        /// The file.
        file: PathBuf,
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
    /// Permission bits.
    Mode {
        /// The file.
        file: PathBuf,
        /// The new bits.
        mode: u32,
    },
    /// `go.mod` and `go.sum` as this go command leaves them, run on copies.
    Modules {
        /// The directory of `go.mod`.
        root: PathBuf,
        /// The command, without `go`: `mod tidy`.
        args: Vec<String>,
    },
    /// A part of the module cache: moved aside, and away for good when the journal forgets it.
    Remove {
        /// File or directory.
        path: PathBuf,
    },
}

/// A password or token. Never shown, not even by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes what was typed.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that writes it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(...)")
    }
}
