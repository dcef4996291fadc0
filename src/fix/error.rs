//! Why a fix could not be carried out or taken back.

use std::io;
use std::path::PathBuf;

use super::change::Refusal;

/// What went wrong; the files are as they were, unless it says otherwise.
#[derive(Debug)]
pub enum Error {
    /// An operation on a path failed.
    Io(&'static str, PathBuf, io::Error),
    /// The change cannot be worked out for this file.
    Refused(PathBuf, Refusal),
    /// The file has other hard links, which an atomic write would part from it.
    HardLinked(PathBuf),
    /// The file belongs to another user.
    NotOurs(PathBuf),
    /// The effective user does not own HOME (sudo): nothing is written.
    NotOurHome(PathBuf),
    /// HOME is not set, so there is no place for a journal.
    NoHome,
    /// Another gomend is changing something right now.
    Busy(PathBuf),
    /// Somebody changed the file since.
    Changed(PathBuf),
    /// The proposal is text only.
    NothingToApply,
    /// The journal has no such entry, or none that could be undone.
    NoEntry(Option<String>),
    /// The journal's entry cannot be read.
    Damaged(PathBuf),
    /// go cannot be run to work the change out.
    Tool(crate::tool::Error),
    /// go refused to work the change out; what it said.
    GoFailed(String),
    /// The change was made, the failing step still failed, and everything was rolled back.
    StillFails(String),
    /// Taking the change back did not finish; the journal still holds what is missing.
    HalfBack(Vec<PathBuf>),
}

impl Error {
    pub(super) fn io(what: &'static str, path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io(what, path.to_owned(), error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(what, path, error) => write!(f, "can't {what} `{}`: {error}", path.display()),
            Self::Refused(path, why) => write!(f, "can't change `{}`: {why}", path.display()),
            Self::HardLinked(path) => write!(
                f,
                "`{}` has other hard links, which would keep the old content; run the commands by hand",
                path.display()
            ),
            Self::NotOurs(path) => write!(
                f,
                "`{}` belongs to another user; run the commands as that user",
                path.display()
            ),
            Self::NotOurHome(path) => write!(
                f,
                "HOME is `{}`, which belongs to another user (sudo?): nothing is written there; run it as its owner",
                path.display()
            ),
            Self::NoHome => write!(
                f,
                "HOME is not set, so there is no place for the journal; set HOME and try again"
            ),
            Self::Busy(path) => write!(
                f,
                "`{}` is in use by another gomend or go; try again when it has ended",
                path.display()
            ),
            Self::Changed(path) => write!(
                f,
                "`{}` was changed by somebody else since; undo would lose that, so take the change back by hand",
                path.display()
            ),
            Self::NothingToApply => write!(
                f,
                "this fix is something to do by hand: gomend has nothing to write for it"
            ),
            Self::NoEntry(Some(id)) => write!(
                f,
                "the journal has no entry `{id}` that could be undone; see `gomend history`"
            ),
            Self::NoEntry(None) => write!(f, "the journal holds nothing that could be undone"),
            Self::Damaged(path) => write!(
                f,
                "the journal's entry `{}` can't be read; remove it by hand",
                path.display()
            ),
            Self::Tool(error) => write!(f, "{error}"),
            Self::GoFailed(said) => write!(f, "go could not work the change out: {said}"),
            Self::StillFails(said) => write!(
                f,
                "it still failed with the change, so everything was rolled back: {said}"
            ),
            Self::HalfBack(paths) => {
                let paths: Vec<String> = paths
                    .iter()
                    .map(|path| format!("`{}`", path.display()))
                    .collect();
                write!(
                    f,
                    "could not restore {}: the journal keeps the former content; make room and run `gomend undo`",
                    paths.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, _, error) => Some(error),
            Self::Refused(_, why) => Some(why),
            Self::Tool(error) => Some(error),
            _ => None,
        }
    }
}
