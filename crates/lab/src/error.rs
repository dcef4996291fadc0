//! What can go wrong with the laboratory itself; a fault that shows is no error.

use std::io;
use std::path::PathBuf;

use gomend_lang::{Text, msg};

/// Why a scene could not be built or used.
#[derive(Debug)]
pub enum Error {
    /// No private network can be had here.
    Namespace(io::Error),
    /// A step of the set-up, named, failed in the system.
    Io(&'static str, io::Error),
    /// A file could not be written or read.
    File(PathBuf, io::Error),
    /// A program that scenes need is not on PATH.
    Missing(&'static str),
    /// A program that prepares a scene failed: what it was for, its stderr.
    Program(&'static str, String),
    /// A certificate or key could not be made.
    Certificate(rcgen::Error),
    /// The TLS library refused a configuration.
    Tls(rustls::Error),
    /// The scene has no private network, and this step needs one.
    NeedsNetwork(&'static str),
}

impl Error {
    /// What went wrong, as a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Namespace(error) => msg!(
                "no private network can be made here: {error}; user namespaces are needed \
                 (`unshare -Urn true` must work)",
                error
            ),
            Self::Io(step, error) => msg!("{step}: {error}", step = msg!(*step), error),
            Self::File(path, error) => Text::Plain(format!("`{}`: {error}", path.display())),
            Self::Missing(program) => msg!(
                "`{program}` is not on PATH: install it to show this fault",
                program
            ),
            Self::Program(step, text) => {
                msg!("{step}: {error}", step = msg!(*step), error = text.trim())
            }
            Self::Certificate(error) => {
                msg!("make a certificate: {error}", error = error.to_string())
            }
            Self::Tls(error) => msg!("configure TLS: {error}", error = error.to_string()),
            Self::NeedsNetwork(step) => msg!("{step}: needs a private network", step = msg!(*step)),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text().words())
    }
}

impl std::error::Error for Error {}

impl From<rcgen::Error> for Error {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(error)
    }
}

impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        Self::Tls(error)
    }
}

/// The laboratory's results.
pub type Result<T> = std::result::Result<T, Error>;
