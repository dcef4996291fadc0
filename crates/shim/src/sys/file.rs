//! A file's bytes, bounded: what isn't a regular file is refused, what is too large is too, and
//! nothing is waited for. Used by the shim as well, so std only.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

/// open(2): neither a pipe nor a lease is waited for (`O_NONBLOCK`), no terminal becomes ours
/// (`O_NOCTTY`). std adds `O_CLOEXEC`.
#[cfg(target_os = "linux")]
pub const CALM: i32 = 0o4000 | 0o400;
/// The same.
#[cfg(target_os = "macos")]
pub const CALM: i32 = 0x4 | 0x2_0000;

/// open(2): a link at the end of the path is not followed (`O_NOFOLLOW`; its number differs between
/// Linux' architectures).
#[cfg(all(
    target_os = "linux",
    any(target_arch = "aarch64", target_arch = "powerpc64")
))]
pub const NO_LINK: i32 = 0o10_0000;
/// The same.
#[cfg(all(
    target_os = "linux",
    not(any(target_arch = "aarch64", target_arch = "powerpc64"))
))]
pub const NO_LINK: i32 = 0o40_0000;
/// The same.
#[cfg(target_os = "macos")]
pub const NO_LINK: i32 = 0x100;

/// Why a file is not read.
#[derive(Debug)]
pub enum Refusal {
    /// The system says no.
    Io(io::Error),
    /// It is a folder, a pipe, a device or a socket.
    NotAFile,
    /// It is larger than this, bytes.
    TooLarge(u64),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens a regular file to read it. A device is not even opened: that alone can do something.
pub fn open(path: &Path) -> Result<(File, Metadata), Refusal> {
    let regular = |metadata: &Metadata| metadata.is_file().then_some(()).ok_or(Refusal::NotAFile);
    regular(&std::fs::metadata(path)?)?;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(CALM)
        .open(path)?;
    let metadata = file.metadata()?; // of what was opened, whoever has exchanged it in between
    regular(&metadata)?;
    Ok((file, metadata))
}

/// Opens a folder, to lock it or to bring its entries to the disk.
pub fn open_folder(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(CALM).open(path)
}

/// The whole of a regular file of at most `limit` bytes.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Refusal> {
    let (file, metadata) = open(path)?;
    whole(file, &metadata, limit)
}

/// What is left of an open file, at most `limit` bytes.
pub fn whole(file: File, metadata: &Metadata, limit: u64) -> Result<Vec<u8>, Refusal> {
    if metadata.size() > limit {
        return Err(Refusal::TooLarge(limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.size()).unwrap_or(0));
    // it may grow as it is read, and one of /proc has no size
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(Refusal::TooLarge(limit));
    }
    Ok(bytes)
}
