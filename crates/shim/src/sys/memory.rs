//! Files in memory, and the search in memory.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::{CStr, c_void};
use std::fs::File;
use std::io;
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

/// A file without a name: in memory on Linux, an unlinked temporary file elsewhere.
pub fn nameless_file(name: &CStr) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        const MFD_CLOEXEC: u32 = 1;
        const MFD_ALLOW_SEALING: u32 = 2;
        // SAFETY: a C string and flags.
        super::descriptor::owned(unsafe {
            memfd_create(name.as_ptr(), MFD_CLOEXEC | MFD_ALLOW_SEALING)
        })
        .map(File::from)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let name = format!(".{}-{}", name.to_string_lossy(), super::own_pid());
        let path = std::env::temp_dir().join(name);
        let file = std::os::unix::fs::OpenOptionsExt::mode(
            File::options().read(true).write(true).create_new(true),
            0o600,
        )
        .open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    }
}

/// Nothing can be added to this nameless file from now on.
pub fn seal(file: &File) {
    #[cfg(target_os = "linux")]
    // SAFETY: F_ADD_SEALS (1033) with F_SEAL_GROW (4) on our own memory file.
    unsafe {
        fcntl(file.as_raw_fd(), 1033, 4);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = file;
}
