//! One start-up file: looked at first, written as a fix writes (atomically, through links to the
//! real file, with its mode and owner), and put back if something else goes wrong.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Error, block};
use crate::file;
use crate::fix::step;

/// A file as it was when it was looked at.
#[derive(Debug)]
pub(crate) struct File {
    /// As it is called.
    pub(crate) name: PathBuf,
    /// The real file behind links.
    pub(crate) path: PathBuf,
    /// Its bytes; `None`: it is not there.
    pub(crate) before: Option<Vec<u8>>,
    mode: Option<u32>,
}

/// Numbers the names of files that are not in place yet: no two installations share one.
pub(crate) fn staged() -> u64 {
    u64::from(std::process::id())
}

impl File {
    /// Looks at a file that is about to be written; refuses what could not be written well.
    pub(crate) fn look(name: &Path) -> Result<Self, Error> {
        let path = step::real(name).map_err(Error::File)?;
        if path.exists() && !path.is_file() {
            return Err(Error::NotAFile(name.to_owned()));
        }
        let (before, mode) = step::current(&path).map_err(Error::File)?;
        if mode.is_some_and(|mode| mode & 0o200 == 0) {
            return Err(Error::ReadOnly(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            path,
            before,
            mode,
        })
    }

    /// The file with gomend's lines.
    pub(crate) fn with(&self, code: &str, overtakes: fn(&[u8]) -> bool) -> Result<Vec<u8>, Error> {
        block::put(self.before.as_deref(), code, overtakes).map_err(|open| self.unclosed(&open))
    }

    /// The file without them.
    pub(crate) fn without(&self) -> Result<block::Rest, Error> {
        block::take(self.before.as_deref().unwrap_or_default()).map_err(|open| self.unclosed(&open))
    }

    fn unclosed(&self, open: &block::Unclosed) -> Error {
        Error::Unclosed(self.name.clone(), open.0)
    }

    /// Folders above it that are not there yet, the outermost first.
    pub(crate) fn missing_parents(&self) -> Vec<PathBuf> {
        step::missing_parents(&self.path)
    }

    /// Gives it other content, unless somebody else has just done so.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        if file::read(&self.path, file::Kind::Settings).ok() != self.before {
            return Err(Error::Changed(self.name.clone()));
        }
        self.replace(bytes)
    }

    fn replace(&self, bytes: &[u8]) -> Result<(), Error> {
        for dir in self.missing_parents() {
            step::make_dir(&dir).map_err(Error::File)?;
        }
        let fresh = step::fresh(&self.path, staged());
        step::stage(&self.path, &fresh, bytes, self.mode.unwrap_or(0o644))
            .and_then(|()| step::commit(&self.path, &fresh))
            .map_err(Error::File)
    }

    /// Removes it.
    pub(crate) fn remove(&self) -> Result<(), Error> {
        step::remove_file(&self.path)
            .and_then(|()| step::sync_parent(&self.path))
            .map_err(Error::File)
    }

    /// What it was when it was looked at.
    pub(crate) fn restore(&self) -> Result<(), Error> {
        match &self.before {
            Some(bytes) => self.replace(bytes),
            None => self.remove(),
        }
    }
}

/// Removes what was written for a file and never came into its place.
pub(crate) fn forget_staged(name: &Path) {
    let Ok(path) = step::real(name) else { return };
    let mut before = OsString::from(".");
    before.push(path.file_name().unwrap_or_default());
    before.push(".gomend-");
    let folder = path.parent().unwrap_or(Path::new("/"));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let found = entry.file_name().into_encoded_bytes();
        let number = found.strip_prefix(before.as_encoded_bytes());
        if number.is_some_and(|number| number.iter().all(u8::is_ascii_digit)) {
            let _ = std::fs::remove_file(entry.path()); // half of a file, which nobody misses
        }
    }
}
