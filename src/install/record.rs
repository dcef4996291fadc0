//! What an installation has made, beside the marked lines, which speak for themselves: folders of
//! shims, and folders that were not there before. Without the record both are found, but for the
//! latter, which then stay, empty.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::home::Home;
use super::{Error, file, folder};
use crate::fix::step;

/// The record of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// When it was first written, RFC 3339.
    pub(crate) time: String,
    /// Folders with shims, the one that the lines name last.
    pub(crate) dirs: Vec<PathBuf>,
    /// Folders that were made, each before those in it.
    pub(crate) made: Vec<PathBuf>,
    /// By name instead of on PATH.
    pub(crate) alias: bool,
}

impl Record {
    /// The name of its file below the state folder.
    pub(crate) const FILE: &str = "install.json";

    /// What is remembered; nothing if there is no record that can be read.
    #[must_use]
    pub(crate) fn of(home: &Home) -> Self {
        crate::file::read_own(&home.state.join(Self::FILE), crate::file::Kind::Report)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Adds what is about to be made, and keeps the record before anything is.
    pub(crate) fn keep(
        mut self,
        home: &Home,
        dir: &Path,
        alias: bool,
        made: &[PathBuf],
    ) -> Result<Self, Error> {
        let path = home.state.join(Self::FILE);
        let own = step::missing_parents(&path);
        for folder in own.iter().chain(made) {
            // JSON has no bytes: such a folder stays behind, empty
            if folder.to_str().is_some() && !self.made.contains(folder) {
                self.made.push(folder.clone());
            }
        }
        self.dirs.retain(|known| known != dir);
        self.dirs.push(dir.to_owned());
        self.alias = alias;
        if self.time.is_empty() {
            self.time = OffsetDateTime::now_utc()
                .format(&Rfc3339)
                .unwrap_or_default();
        }
        for folder in own {
            step::make_dir(&folder).map_err(Error::File)?;
        }
        self.write(home)?;
        Ok(self)
    }

    /// Makes it what is remembered: after an installation that failed.
    pub(crate) fn put_back(&self, home: &Home) -> Result<(), Error> {
        if self.time.is_empty() {
            return step::remove_file(&home.state.join(Self::FILE)).map_err(Error::File);
        }
        self.write(home)
    }

    fn write(&self, home: &Home) -> Result<(), Error> {
        let path = home.state.join(Self::FILE);
        crate::file::own_folder(&home.state)
            .map_err(|untrusted| Error::File(crate::fix::Error::Untrusted(untrusted)))?;
        let json = serde_json::to_vec_pretty(self).expect("paths that are text are always JSON");
        let fresh = step::fresh(&path, file::staged());
        step::stage(&path, &fresh, &json, 0o600)
            .and_then(|()| step::commit(&path, &fresh))
            .map_err(Error::File)
    }

    /// The folder to write to where none is asked for: the last one, else the default one.
    #[must_use]
    pub(crate) fn folder(&self, home: &Home) -> PathBuf {
        self.dirs.last().cloned().unwrap_or_else(|| home.shims())
    }

    /// Every folder of this user that holds a shim: recorded ones, and the default one.
    #[must_use]
    pub(crate) fn folders(&self, home: &Home) -> Vec<PathBuf> {
        let mut dirs = self.dirs.clone();
        let default = home.shims();
        if !dirs.contains(&default) && folder::is_shim(&default.join("go")) {
            dirs.push(default);
        }
        dirs
    }
}
