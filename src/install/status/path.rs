//! A PATH, as a shell searches it for `go`.
//!
//! In: PATH, a working folder, the folders that gomend was installed into. Out: every `go` on it,
//! in order, by what it is. Nothing is run.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::super::{folder, managers::Manager};
use crate::sys;

/// What a `go` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The shim that was installed.
    Shim,
    /// A shim of another gomend.
    OtherShim,
    /// A version manager's.
    Manager(&'static Manager),
    /// A toolchain's own program: `bin/go` of a GOROOT.
    Toolchain,
    /// Anything else.
    Program,
}

impl PartialEq for Manager {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Manager {}

/// One `go` that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// Its path: PATH's entry, and `/go`.
    pub(super) go: PathBuf,
    /// What it is.
    pub(super) kind: Kind,
}

/// What a search comes by.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// Every `go` that can be run, in order.
    pub(super) hits: Vec<Hit>,
    /// Entries in front of the shim that depend on the working folder; an empty one means it.
    pub(super) relative: Vec<String>,
    /// Entries that are a folder of gomend's, without a shim that can be run.
    pub(super) broken: Vec<PathBuf>,
}

impl Search {
    /// Searches a PATH.
    pub(super) fn of(path: &OsStr, here: &Path, known: &[PathBuf]) -> Self {
        let mut search = Self::default();
        if path.is_empty() {
            return search; // no search, not the current folder
        }
        let entries = path.as_bytes().split(|&byte| byte == b':');
        for entry in entries.map(|entry| Path::new(OsStr::from_bytes(entry))) {
            let folder = here.join(entry); // an absolute one stays itself
            if !entry.is_absolute() && !search.has_shim() {
                search.relative.push(entry.display().to_string());
            }
            let go = folder.join("go");
            if is_program(&go) {
                let kind = kind(&go, known);
                search.hits.push(Hit { go, kind });
            } else if known.iter().any(|known| same(known, &folder)) || is_ours(&folder) {
                search.broken.push(folder);
            }
        }
        search
    }

    /// Whether the installed shim is on it.
    pub(super) fn has_shim(&self) -> bool {
        self.hits.iter().any(|hit| hit.kind == Kind::Shim)
    }
}

/// What a program is, by its place and content.
pub(super) fn kind(go: &Path, known: &[PathBuf]) -> Kind {
    if folder::is_shim(go) {
        let is_known = go
            .parent()
            .is_some_and(|dir| known.iter().any(|known| same(known, dir)));
        return if is_known || folder::is_current(go) {
            Kind::Shim
        } else {
            Kind::OtherShim
        };
    }
    let real = go.canonicalize().unwrap_or_else(|_| go.to_owned());
    let manager = [go, &real]
        .into_iter()
        .find_map(|path| Manager::of(&path.to_string_lossy()));
    match manager {
        Some(manager) => Kind::Manager(manager),
        None if is_toolchain(&real) => Kind::Toolchain,
        None => Kind::Program,
    }
}

/// `GOROOT/bin/go`: beside `bin`, every toolchain has its standard library.
fn is_toolchain(go: &Path) -> bool {
    go.parent()
        .and_then(Path::parent)
        .is_some_and(|root| root.join("src/runtime").is_dir() || root.join("pkg/tool").is_dir())
}

fn is_program(path: &Path) -> bool {
    path.is_file() && sys::may_execute(path)
}

/// A folder that only gomend makes: what is left of one that was emptied by hand.
fn is_ours(folder: &Path) -> bool {
    folder.ends_with("gomend/shims")
}

fn same(known: &Path, folder: &Path) -> bool {
    known == folder
        || known
            .canonicalize()
            .is_ok_and(|known| folder.canonicalize().is_ok_and(|folder| folder == known))
}
