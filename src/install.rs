//! Puts the shim where the user wants it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

/// The shim, compiled by the build script.
const SHIM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/gomend-shim"));

/// Why the shim could not be installed.
#[derive(Debug)]
pub(crate) enum Error {
    /// An operation on a path failed.
    Io(&'static str, PathBuf, io::Error),
    /// Our own program can't be found, so nothing can link to it.
    Own(io::Error),
    /// There is a `go` that gomend did not write.
    Foreign(PathBuf),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(what, path, error) => write!(f, "can't {what} `{}`: {error}", path.display()),
            Self::Own(error) => write!(f, "can't find gomend's own program: {error}"),
            Self::Foreign(path) => write!(
                f,
                "`{}` exists and is not gomend's shim\nhelp: choose another folder with `--dir`",
                path.display()
            ),
        }
    }
}

impl std::error::Error for Error {}

/// The shim itself, a program.
pub(crate) const fn shim() -> &'static [u8] {
    SHIM
}

/// Writes the shim `DIR/go` and a link `DIR/gomend` to this program.
pub(crate) fn into_folder(dir: &Path) -> Result<(), Error> {
    fs::create_dir_all(dir).map_err(|error| Error::Io("create", dir.to_owned(), error))?;
    let go = dir.join("go");
    if go.symlink_metadata().is_ok() && !is_shim(&go) {
        return Err(Error::Foreign(go));
    }
    replace(&go, |fresh| {
        File::options()
            .write(true)
            .create_new(true)
            .mode(0o755)
            .open(fresh)?
            .write_all(SHIM)
    })?;
    let own = std::env::current_exe().map_err(Error::Own)?;
    let link = dir.join("gomend");
    if fs::canonicalize(&link)
        .is_ok_and(|target| fs::canonicalize(&own).is_ok_and(|own| own == target))
    {
        return Ok(());
    }
    replace(&link, |fresh| symlink(&own, fresh))
}

/// Makes the new file beside the old one and renames it, so that a running shell never
/// meets half a program.
fn replace(path: &Path, make: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Error> {
    let fresh = path.with_extension(format!("new{}", std::process::id()));
    make(&fresh)
        .and_then(|()| fs::rename(&fresh, path))
        .map_err(|error| {
            let _ = fs::remove_file(&fresh);
            Error::Io("write", path.to_owned(), error)
        })
}

/// Whether a file is a shim of ours, of this or an earlier version.
fn is_shim(path: &Path) -> bool {
    let is_link_to_us = fs::read_link(path)
        .is_ok_and(|target| target.file_name().is_some_and(|name| name == "gomend"));
    is_link_to_us
        || fs::read(path).is_ok_and(|bytes| memchr::memmem::find(&bytes, b"GOMEND_GUARD").is_some())
}
