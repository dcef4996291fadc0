//! The folder with the shim `go` and a link to gomend.

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

/// Writes the shim `DIR/go` and a link `DIR/gomend` to this program.
pub(crate) fn into_folder(dir: &Path) -> Result<(), Error> {
    let go = dir.join("go");
    refuse_foreign(&go)?;
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
    let own = own_program(dir)?;
    let link = dir.join("gomend");
    if fs::canonicalize(&link)
        .is_ok_and(|target| fs::canonicalize(&own).is_ok_and(|own| own == target))
    {
        return Ok(());
    }
    replace(&link, |fresh| symlink(&own, fresh))
}

/// Another `go` is never overwritten.
pub(crate) fn refuse_foreign(go: &Path) -> Result<(), Error> {
    if go.symlink_metadata().is_ok() && !is_shim(go) {
        return Err(Error::Foreign(go.to_owned()));
    }
    Ok(())
}

/// Takes out what [`into_folder`] has put in, and leaves the folder; whether anything was there.
pub(crate) fn out_of_folder(dir: &Path) -> Result<bool, Error> {
    let (go, link) = (dir.join("go"), dir.join("gomend"));
    let mut any = false;
    let ours = [
        (is_shim(&go), go),
        (
            fs::read_link(&link).is_ok_and(|target| is_gomend(&target)),
            link,
        ),
    ];
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

/// This program, by the name that outlives an upgrade: on PATH, if that is the same file.
fn own_program(dir: &Path) -> Result<PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::Own)?;
    let same = |path: &PathBuf| {
        path.parent() != Some(dir)
            && path.is_absolute()
            && fs::canonicalize(path)
                .is_ok_and(|path| fs::canonicalize(&own).is_ok_and(|own| own == path))
    };
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
