//! Why a fix could not be carried out or taken back.

use std::io;
use std::path::PathBuf;

use super::change::Refusal;
use gomend_core::text;

use crate::file::Untrusted;
use crate::lang::{Text, msg};

/// What was being done to a path: that it failed, as a sentence to be translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation(&'static str);

impl Operation {
    pub(crate) const LOOK: Self = Self(text!("can't look at `{path}`: {error}"));
    pub(crate) const READ: Self = Self(text!("can't read `{path}`: {error}"));
    pub(crate) const FOLLOW: Self = Self(text!("can't follow `{path}`: {error}"));
    pub(crate) const OPEN: Self = Self(text!("can't open `{path}`: {error}"));
    pub(crate) const LOCK: Self = Self(text!("can't lock `{path}`: {error}"));
    pub(crate) const MAKE: Self = Self(text!("can't make `{path}`: {error}"));
    pub(crate) const MAKE_IN: Self = Self(text!("can't make a directory in `{path}`: {error}"));
    pub(crate) const WRITE: Self = Self(text!("can't write `{path}`: {error}"));
    pub(crate) const REPLACE: Self = Self(text!("can't replace `{path}`: {error}"));
    pub(crate) const RENAME: Self = Self(text!("can't rename `{path}`: {error}"));
    pub(crate) const SYNC: Self = Self(text!("can't sync `{path}`: {error}"));
    pub(crate) const REMOVE: Self = Self(text!("can't remove `{path}`: {error}"));
    pub(crate) const MOVE_ASIDE: Self = Self(text!("can't move aside `{path}`: {error}"));
    pub(crate) const MOVE_BACK: Self = Self(text!("can't move back `{path}`: {error}"));
}

/// What went wrong; the files are as they were, unless it says otherwise.
#[derive(Debug)]
pub enum Error {
    /// An operation on a path failed.
    Io(Operation, PathBuf, io::Error),
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
    /// Everything is as the change would make it.
    NothingToDo,
    /// What the change was planned on is otherwise by now.
    Outdated,
    /// git cannot read its own configuration.
    GitConfig,
    /// Somebody else could have written it: it is not acted on.
    Untrusted(Untrusted),
    /// The journal has no such entry, or none that could be undone.
    NoEntry(Option<String>),
    /// The journal's entry cannot be read.
    Damaged(PathBuf),
    /// go cannot be run to work the change out.
    Tool(crate::tool::Error),
    /// go refused to work the change out; what it said.
    GoFailed(Text),
    /// go would remove files of this folder, so many; a change removes none.
    WouldRemove(PathBuf, usize),
    /// The change was made, the failing step still failed, and everything was rolled back.
    StillFails(Text),
    /// Taking the change back did not finish; the journal still holds what is missing.
    HalfBack(Vec<PathBuf>),
}

impl Error {
    pub(super) fn io(
        operation: Operation,
        path: &std::path::Path,
    ) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Io(operation, path.to_owned(), error)
    }

    /// What went wrong, as a sentence.
    #[must_use]
    pub fn text(&self) -> Text {
        match self {
            Self::Io(operation, path, error) => msg!(operation.0, path = path.display(), error),
            Self::Refused(path, why) => {
                msg!(
                    "can't change `{path}`: {why}",
                    path = path.display(),
                    why = why.text()
                )
            }
            Self::HardLinked(path) => msg!(
                "`{path}` has other hard links, which would keep the old content; run the commands by hand",
                path = path.display()
            ),
            Self::NotOurs(path) => msg!(
                "`{path}` belongs to another user; run the commands as that user",
                path = path.display()
            ),
            Self::NotOurHome(path) => msg!(
                "HOME is `{path}`, which belongs to another user (sudo?): nothing is written there; run it as its owner",
                path = path.display()
            ),
            Self::NoHome => {
                msg!(
                    "HOME is not set, so there is no place for the journal; set HOME and try again"
                )
            }
            Self::Busy(path) => msg!(
                "`{path}` is in use by another gomend or go; try again when it has ended",
                path = path.display()
            ),
            Self::Changed(path) => msg!(
                "`{path}` was changed by somebody else since; undo would lose that, so take the change back by hand",
                path = path.display()
            ),
            Self::NothingToApply => {
                msg!("this fix is something to do by hand: gomend has nothing to write for it")
            }
            Self::NothingToDo => {
                msg!("nothing was changed: everything is as this fix would make it already")
            }
            Self::Outdated => {
                msg!(
                    "somebody changed a file since this was planned, so nothing was written; try again"
                )
            }
            Self::GitConfig => msg!("git can't read its own configuration"),
            Self::Untrusted(untrusted) => {
                msg!("{untrusted}; it is ignored", untrusted = untrusted.text())
            }
            Self::NoEntry(Some(id)) => msg!(
                "the journal has no entry `{id}` that could be undone; see `{command}`",
                id,
                command = "gomend history"
            ),
            Self::NoEntry(None) => msg!("the journal holds nothing that could be undone"),
            Self::Damaged(path) => msg!(
                "the journal's entry `{path}` can't be read; remove it by hand",
                path = path.display()
            ),
            Self::Tool(error) => error.text(),
            Self::GoFailed(said) => msg!("go could not work the change out: {said}", said),
            Self::WouldRemove(folder, count) => msg!(
                "go would also remove files of {folder} ({count}), and gomend removes none: run the command yourself",
                folder = folder.display(),
                count
            ),
            Self::StillFails(said) => msg!(
                "it still failed with the change, so everything was rolled back: {said}",
                said
            ),
            Self::HalfBack(paths) => {
                let paths: Vec<String> = paths
                    .iter()
                    .map(|path| format!("`{}`", path.display()))
                    .collect();
                msg!(
                    "could not restore {paths}: the journal keeps the former content; make room and run `{command}`",
                    paths = Text::list(&paths),
                    command = "gomend undo"
                )
            }
        }
    }
}
