//! The folder with the shim `go` and a link to gomend.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use super::Error;
use crate::file;
use crate::lang::text;

/// The shim's program.
pub(crate) use gomend_shim::PROGRAM as SHIM;

/// How files begin that are not in place yet; see [`replace`].
const FRESH: [&[u8]; 2] = [b"go.new", b"gomend.new"];

/// Writes the shim `DIR/go`, then a link `DIR/gomend` to this program.
pub(crate) fn into_folder(dir: &Path) -> Result<(), Error> {
    refuse_foreign(dir)?;
    let go = dir.join("go");
    // it comes first on PATH: nobody else writes there, whatever the umask
    DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(dir)
        .map_err(|error| Error::Io(text!("create"), dir.to_owned(), error))?;
    if !is_current(&go) {
        replace(&go, |fresh| {
            File::options()
                .write(true)
                .create_new(true)
                .mode(0o755)
                .open(fresh)?
                .write_all(SHIM)
        })?;
    }
    let link = dir.join("gomend");
    if is_own(&link) {
        return Ok(()); // it may also be the program itself
    }
    let own = own_program(dir)?;
    replace(&link, |fresh| symlink(&own, fresh))
}

/// Another `go` is never overwritten, and no `gomend` that [`into_folder`] did not link to. This program itself may
/// stand there.
pub(crate) fn refuse_foreign(dir: &Path) -> Result<(), Error> {
    let (go, link) = (dir.join("go"), dir.join("gomend"));
    let is_there = |path: &Path| path.symlink_metadata().is_ok();
    if is_there(&go) && !is_shim(&go) {
        return Err(Error::Foreign(go));
    }
    if is_there(&link) && !is_our_link(dir) && (link.is_symlink() || !is_own(&link)) {
        return Err(Error::Taken(link));
    }
    Ok(())
}

/// Whether `DIR/gomend` is what [`into_folder`] made: a folder with a shim has no other link of this name, since
/// one that is there before is refused, and the shim comes first and goes last.
fn is_our_link(dir: &Path) -> bool {
    let link = dir.join("gomend");
    is_shim(&dir.join("go"))
        && fs::read_link(&link).is_ok_and(|target| is_gomend(&target) || is_own(&link))
}

/// Whether a path leads to this program.
fn is_own(path: &Path) -> bool {
    let own = std::env::current_exe().and_then(fs::canonicalize);
    own.is_ok_and(|own| fs::canonicalize(path).is_ok_and(|real| real == own))
}

/// Takes out what [`into_folder`] has put in, and leaves the folder; whether anything was there.
pub(crate) fn out_of_folder(dir: &Path) -> Result<bool, Error> {
    let (go, link) = (dir.join("go"), dir.join("gomend"));
    let mut any = false;
    let ours = [(is_our_link(dir), link), (is_shim(&go), go)];
    for (is_ours, path) in ours {
        if is_ours {
            fs::remove_file(&path).map_err(|error| Error::Io(text!("remove"), path, error))?;
            any = true;
        }
    }
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let name = entry.file_name().into_encoded_bytes();
        let is_fresh = |fresh: &&[u8]| {
            let number = name.strip_prefix(*fresh);
            number.is_some_and(|number| !number.is_empty() && number.iter().all(u8::is_ascii_digit))
        };
        if FRESH.iter().any(is_fresh) {
            let _ = fs::remove_file(entry.path()); // of an installation that was killed
        }
    }
    Ok(any)
}

/// The folders of a PATH that hold a shim, each once.
pub(crate) fn on_path(path: &OsStr) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dir in std::env::split_paths(path) {
        if dir.is_absolute() && is_shim(&dir.join("go")) && !found.contains(&dir) {
            found.push(dir);
        }
    }
    found
}

/// This program, by the name that outlives an upgrade: on PATH, if that is the same file.
fn own_program(dir: &Path) -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::Own)?;
    let same = |path: &PathBuf| path.parent() != Some(dir) && path.is_absolute() && is_own(path);
    let on_path = which::which_all("gomend")
        .into_iter()
        .flatten()
        // a link in another folder of shims may go with that folder
        .filter(|path| {
            path.parent()
                .is_none_or(|folder| !is_shim(&folder.join("go")))
        })
        .find(same);
    Ok(on_path.unwrap_or(own))
}

/// Makes the new file beside the old one and renames it, so that a running shell never
/// meets half a program.
fn replace(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
    let fresh = path.with_extension(format!("new{}", std::process::id()));
    make(&fresh)
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|error| {
            let _ = fs::remove_file(&fresh);
            Error::Io(text!("write"), path.to_owned(), error)
        })
}

/// Whether a file is a shim of ours, of this or another version.
#[must_use]
pub(crate) fn is_shim(path: &Path) -> bool {
    if fs::read_link(path).is_ok_and(|target| is_gomend(&target)) {
        return true;
    }
    file::read(path, file::Kind::Program)
        .is_ok_and(|bytes| memchr::memmem::find(&bytes, b"GOMEND_GUARD").is_some())
}

/// Whether a file is this version's shim, and can be run.
#[must_use]
pub(crate) fn is_current(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() == SHIM.len() as u64)
        && crate::sys::may_execute(path)
        && file::read(path, file::Kind::Program).is_ok_and(|bytes| bytes == SHIM)
}

fn is_gomend(target: &Path) -> bool {
    target.file_name().is_some_and(|name| name == "gomend")
}
