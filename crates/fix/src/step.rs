//! What changes come down to on disk: whole files, before and after, and things moved aside.
//!
//! Several changes of one file become one step. Links are followed to the real file. What an
//! atomic replacement would lose (other hard links, another owner) is refused; extended
//! attributes are not kept.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::error::Operation;
use super::{Change, Error, Situation, modules};
use crate::file;

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// A file gets other content.
    Write(Write),
    /// A file or directory of a cache goes aside.
    Move {
        /// What goes.
        path: PathBuf,
    },
}

/// A file before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Write {
    /// The real file.
    pub(super) path: PathBuf,
    /// Its content; `None`: it is not there.
    pub(super) before: Option<Vec<u8>>,
    /// Its permission bits.
    pub(super) before_mode: Option<u32>,
    /// Its new content.
    pub(super) after: Vec<u8>,
    /// Its new permission bits.
    pub(super) mode: u32,
}

/// Works changes out against the files as they are now.
pub(super) fn prepare(
    changes: &[Change],
    s: &Situation,
    deadline: Instant,
) -> Result<Vec<Step>, Error> {
    let mut steps: Vec<Step> = Vec::new();
    for change in changes {
        match change {
            Change::MoveAside { path } => steps.push(Step::Move { path: path.clone() }),
            Change::Modules { root, args } => {
                for (path, after) in modules::modules(root, args, s, deadline)? {
                    write(
                        &mut steps,
                        &path,
                        |_| Ok(after),
                        |mode| mode.unwrap_or(0o644),
                    )?;
                }
            }
            other => {
                let path = other.path(s).ok_or(Error::NoHome)?;
                write(
                    &mut steps,
                    &path,
                    |before| {
                        other
                            .render(before)
                            .map_err(|why| Error::Refused(path.clone(), why))
                    },
                    |mode| other.mode(mode),
                )?;
            }
        }
    }
    let moves = steps
        .iter()
        .any(|step| matches!(step, Step::Move { path } if path.symlink_metadata().is_ok()));
    steps.retain(|step| match step {
        Step::Write(write) => {
            write.before.as_ref() != Some(&write.after) || write.before_mode != Some(write.mode)
        }
        Step::Move { .. } => moves, // one that is not there yet is taken away again by undo
    });
    Ok(steps)
}

/// Adds a change of a file's content to the step that already touches it, or as a new one.
fn write(
    steps: &mut Vec<Step>,
    path: &Path,
    render: impl FnOnce(Option<&[u8]>) -> Result<Vec<u8>, Error>,
    mode: impl FnOnce(Option<u32>) -> u32,
) -> Result<(), Error> {
    let path = real(path)?;
    let earlier = steps.iter_mut().find_map(|step| match step {
        Step::Write(write) if write.path == path => Some(write),
        _ => None,
    });
    if let Some(earlier) = earlier {
        earlier.after = render(Some(&earlier.after))?;
        earlier.mode = mode(Some(earlier.mode));
        return Ok(());
    }
    let (before, before_mode) = current(&path)?;
    let after = render(before.as_deref())?;
    steps.push(Step::Write(Write {
        mode: mode(before_mode),
        path,
        before,
        before_mode,
        after,
    }));
    Ok(())
}

/// Content and permission bits of a file that may be replaced; nothing if it is not there.
pub fn current(path: &Path) -> Result<(Option<Vec<u8>>, Option<u32>), Error> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, None)),
        Err(error) => return Err(Error::Io(Operation::LOOK, path.to_owned(), error)),
    };
    let user = rustix::process::geteuid();
    if !user.is_root() && metadata.uid() != user.as_raw() {
        return Err(Error::NotOurs(path.to_owned()));
    }
    if metadata.nlink() > 1 && metadata.is_file() {
        return Err(Error::HardLinked(path.to_owned()));
    }
    let bytes = file::read(path, file::Kind::Module)
        .map_err(|refusal| Error::Io(Operation::READ, path.to_owned(), refusal.into()))?;
    Ok((Some(bytes), Some(metadata.permissions().mode() & 0o7777)))
}

/// The file behind a chain of links, there or not; nobody else's link is followed.
pub fn real(path: &Path) -> Result<PathBuf, Error> {
    /// As the kernel does it (`path_resolution(7)`).
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&path) {
            Ok(_)
                if !path
                    .symlink_metadata()
                    .is_ok_and(|link| file::is_trusted(link.uid())) =>
            {
                let error = file::Refusal::ForeignLink.into();
                return Err(Error::Io(Operation::FOLLOW, path, error));
            }
            Ok(target) => path = path.parent().unwrap_or(Path::new("/")).join(target),
            Err(_) => {
                // no link, or nothing there; the folders on the way may be some
                return match file::to_write(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        Err(Error::Io(Operation::FOLLOW, path, error))
                    }
                    _ => Ok(path),
                };
            }
        }
    }
    Err(Error::Io(
        Operation::FOLLOW,
        path,
        io::Error::from(io::ErrorKind::InvalidInput),
    ))
}

/// Directories above a file that are not there yet, the outermost first.
pub fn missing_parents(path: &Path) -> Vec<PathBuf> {
    let mut missing: Vec<PathBuf> = path
        .ancestors()
        .skip(1)
        .take_while(|dir| dir.symlink_metadata().is_err())
        .map(Path::to_owned)
        .collect();
    missing.reverse();
    missing
}

/// Makes a directory as its purpose wants it: ssh wants its own closed.
pub fn make_dir(dir: &Path) -> Result<(), Error> {
    let mode = if dir.file_name().is_some_and(|name| name == ".ssh") {
        0o700
    } else {
        0o755
    };
    match fs::DirBuilder::new().mode(mode).create(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::Io(Operation::MAKE, dir.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// The name under which new content is written before it takes the file's place.
#[must_use]
pub fn fresh(path: &Path, id: u64) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".gomend-{id}"));
    path.with_file_name(name)
}

/// Where something that is removed waits for `undo`.
pub(super) fn aside(path: &Path, id: u64) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".gomend-{id}"));
    path.with_file_name(name)
}

/// Writes new content beside the file: complete, on disk, with bits and owner, not yet in place.
pub fn stage(path: &Path, fresh: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    remove_file(fresh)?; // left by one that was killed
    let staged = || -> io::Result<()> {
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(fresh)?;
        file.write_all(bytes)?;
        if let Ok(old) = fs::metadata(path)
            && rustix::process::geteuid().is_root()
        {
            fchown(&file, Some(old.uid()), Some(old.gid()))?; // whatever lies there by now
        }
        file.set_permissions(fs::Permissions::from_mode(mode))?;
        file.sync_all()
    };
    staged().map_err(|error| {
        let _ = fs::remove_file(fresh); // what matters is the first error
        Error::Io(Operation::WRITE, path.to_owned(), error)
    })
}

/// Puts staged content in place.
pub fn commit(path: &Path, fresh: &Path) -> Result<(), Error> {
    fs::rename(fresh, path).map_err(|error| {
        let _ = fs::remove_file(fresh);
        Error::Io(Operation::REPLACE, path.to_owned(), error)
    })?;
    sync_parent(path)
}

/// Removes a file that need not be there.
pub fn remove_file(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::Io(Operation::REMOVE, path.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// Makes a rename survive a power cut.
pub fn sync_parent(path: &Path) -> Result<(), Error> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let synced = crate::sys::file::open_folder(dir).and_then(|dir| dir.sync_all());
    match synced {
        // some file systems cannot sync a directory; the rename itself has been done
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => {
            Err(Error::Io(Operation::SYNC, dir.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// Moves a part of a cache, unless go holds its lock.
pub(super) fn move_aside(path: &Path, aside: &Path) -> Result<(), Error> {
    let lock = path.with_extension("lock");
    let held = crate::sys::file::open(&lock).ok().map(|(file, _)| file);
    if let Some(file) = &held {
        use rustix::fs::{FlockOperation, flock};
        if flock(file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(Error::Busy(path.to_owned()));
        }
    }
    fs::rename(path, aside).map_err(Error::io(Operation::MOVE_ASIDE, path))?;
    sync_parent(path)
}

/// Removes a part of a cache, read-only as go leaves it.
pub(super) fn remove_tree(path: &Path) -> Result<(), Error> {
    let Ok(metadata) = path.symlink_metadata() else {
        return Ok(());
    };
    if !metadata.is_dir() {
        return remove_file(path);
    }
    // root needs no more, and so follows nothing that somebody exchanges in the meantime
    if fs::remove_dir_all(path).is_ok() {
        return Ok(());
    }
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700)); // removing says what is wrong
    for entry in fs::read_dir(path).map_err(Error::io(Operation::READ, path))? {
        remove_tree(&entry.map_err(Error::io(Operation::READ, path))?.path())?;
    }
    fs::remove_dir(path).map_err(Error::io(Operation::REMOVE, path))
}
