//! Files in memory, and the search in memory.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::{CStr, c_void};
use std::fs::File;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
#[cfg(target_os = "linux")]
use std::{
    ffi::{c_char, c_int},
    os::fd::AsRawFd,
};

unsafe extern "C" {
    fn memmem(
        hay: *const c_void,
        hay_len: usize,
        needle: *const c_void,
        len: usize,
    ) -> *const c_void;
    #[cfg(target_os = "linux")]
    fn memfd_create(name: *const c_char, flags: u32) -> c_int;
    #[cfg(target_os = "linux")]
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
}

/// Whether `hay` holds `needle`.
#[must_use]
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    // SAFETY: both slices are valid for their lengths.
    !unsafe {
        memmem(
            hay.as_ptr().cast(),
            hay.len(),
            needle.as_ptr().cast(),
            needle.len(),
        )
    }
    .is_null()
}

/// A file without a name: in memory on Linux, where `memfd_create(2)` is not forbidden (seccomp,
/// WSL 1); else an unlinked temporary file that only this user can open.
pub fn nameless_file(name: &CStr) -> io::Result<File> {
    in_memory(name).or_else(|_| unlinked(&name.to_string_lossy()))
}

#[cfg(target_os = "linux")]
fn in_memory(name: &CStr) -> io::Result<File> {
    const MFD_CLOEXEC: u32 = 1;
    const MFD_ALLOW_SEALING: u32 = 2;
    // SAFETY: a C string and flags.
    let fd = unsafe { memfd_create(name.as_ptr(), MFD_CLOEXEC | MFD_ALLOW_SEALING) };
    super::descriptor::owned(fd).map(File::from)
}

#[cfg(not(target_os = "linux"))]
fn in_memory(_name: &CStr) -> io::Result<File> {
    Err(io::ErrorKind::Unsupported.into())
}

/// A name that exists, whoever made it, is never opened: then there is no such file.
fn unlinked(name: &str) -> io::Result<File> {
    let path = std::env::temp_dir().join(format!(".{name}-{}", super::own_pid()));
    let mut options = File::options();
    options.read(true).write(true).create_new(true).mode(0o600);
    let file = options.open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Nothing can be added to this file in memory from now on. False: it isn't in memory.
#[must_use]
pub fn seal(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    // SAFETY: F_ADD_SEALS (1033) with F_SEAL_GROW (4) on our own file.
    return unsafe { fcntl(file.as_raw_fd(), 1033, 4) } == 0;
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        false
    }
}
