//! Descriptors: what they are, whose they are, whether two are one.

#![expect(unsafe_code, reason = "libc calls")]

#[cfg(target_os = "linux")]
use std::ffi::{CString, c_char};
use std::ffi::{c_int, c_void};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
#[cfg(target_os = "linux")]
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

const F_SETFD: c_int = 2;
const F_GETFL: c_int = 3;
const F_SETFL: c_int = 4;
const O_APPEND: c_int = if cfg!(target_os = "macos") { 8 } else { 0o2000 };
const O_NONBLOCK: c_int = if cfg!(target_os = "macos") { 4 } else { 0o4000 };

/// Room for `struct statvfs` of glibc and musl, 64 bits: eleven words, of which the tenth is
/// `f_flag`, behind block sizes, counts and the file system's id.
#[cfg(target_os = "linux")]
#[repr(C)]
struct StatVfs([u64; 32]);

unsafe extern "C" {
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
    fn close(fd: c_int) -> c_int;
    fn send(socket: c_int, bytes: *const c_void, count: usize, flags: c_int) -> isize;
    #[cfg(target_os = "linux")]
    fn statvfs(path: *const c_char, status: *mut StatVfs) -> c_int;
    #[cfg(target_os = "linux")]
    fn syscall(number: i64, ...) -> i64;
}

/// Metadata of an open descriptor, or why it isn't one.
pub fn metadata_of(fd: RawFd) -> io::Result<std::fs::Metadata> {
    borrowed(fd).metadata()
}

/// Whether the descriptor is `/dev/null`.
#[must_use]
pub fn is_nowhere(fd: RawFd) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    const NULL: u64 = if cfg!(target_os = "macos") {
        0x0300_0002
    } else {
        0x103
    };
    metadata_of(fd).is_ok_and(|file| file.file_type().is_char_device() && file.rdev() == NULL)
}

/// A descriptor as a file that is not closed when dropped.
#[must_use]
pub fn borrowed(fd: RawFd) -> ManuallyDrop<File> {
    // SAFETY: never closed through this value; operations on a bad descriptor fail with EBADF.
    ManuallyDrop::new(unsafe { File::from_raw_fd(fd) })
}

/// Takes over a descriptor that was inherited and belongs to nobody else here.
#[must_use]
pub fn inherited(fd: RawFd) -> File {
    // SAFETY: the number was handed to us by the process that started us, for this purpose.
    unsafe { File::from_raw_fd(fd) }
}

/// Whether the descriptor appends (`O_APPEND`).
#[must_use]
pub fn appends(fd: RawFd) -> bool {
    // SAFETY: F_GETFL takes no argument.
    let flags = unsafe { fcntl(fd, F_GETFL) };
    flags >= 0 && flags & O_APPEND != 0
}

/// Makes reads and writes of our own descriptor return instead of waiting.
pub fn set_nonblocking(fd: &impl AsRawFd) {
    // SAFETY: our own descriptor; nobody else shares its description.
    unsafe { fcntl(fd.as_raw_fd(), F_SETFL, O_NONBLOCK) };
}

/// Whether programs in this folder can't be executed: its file system is mounted so (`noexec`).
#[must_use]
pub fn forbids_programs(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        const NOEXEC: u64 = 8; // statvfs(3), ST_NOEXEC
        let Ok(path) = CString::new(folder.as_os_str().as_bytes()) else {
            return false;
        };
        let mut status = StatVfs([0; 32]);
        // SAFETY: a C string, and room for the structure.
        let known = unsafe { statvfs(path.as_ptr(), &raw mut status) } == 0;
        known && status.0[9] & NOEXEC != 0
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        false
    }
}

/// The pipe or terminal behind `fd`, opened once more for writes that never wait. Linux only: what
/// shares its description with others stays as it is.
pub fn opened_again(fd: RawFd) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    const O_NOCTTY: c_int = 0o400;
    if !cfg!(target_os = "linux") {
        return Err(io::ErrorKind::Unsupported.into());
    }
    let path = format!("/proc/self/fd/{fd}");
    let mut options = File::options();
    options
        .write(true)
        .custom_flags(O_NONBLOCK | O_NOCTTY)
        .open(path)
}

/// Sends what a socket takes without waiting (send(2)).
pub fn send_now(socket: RawFd, bytes: &[u8]) -> io::Result<usize> {
    const MSG_DONTWAIT: c_int = if cfg!(target_os = "macos") {
        0x80
    } else {
        0x40
    };
    // SAFETY: the slice is valid for its length.
    let sent = unsafe { send(socket, bytes.as_ptr().cast(), bytes.len(), MSG_DONTWAIT) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Whether two descriptors of this process are one open file description.
#[must_use]
pub fn same_description(a: RawFd, b: RawFd) -> bool {
    compared_by_kernel(a, b).unwrap_or_else(|| share_flags(a, b))
}

/// `None` if the kernel won't say (kcmp(2) is optional, and forbidden in some containers).
fn compared_by_kernel(a: RawFd, b: RawFd) -> Option<bool> {
    #[cfg(target_os = "linux")]
    {
        #[cfg(target_arch = "x86_64")]
        const KCMP: i64 = 312;
        #[cfg(not(target_arch = "x86_64"))]
        const KCMP: i64 = 272; // the generic table: aarch64, riscv64
        let pid = i64::from(super::own_pid());
        // SAFETY: kcmp(2) only compares; 0 is KCMP_FILE.
        match unsafe { syscall(KCMP, pid, pid, 0i64, i64::from(a), i64::from(b)) } {
            0 => Some(true),
            1..=3 => Some(false),
            _ => None,
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (a, b);
        None
    }
}

/// Whether a status flag set on one shows on the other. `O_NONBLOCK` means nothing on
/// the regular files that this is asked about, so nobody notices.
fn share_flags(a: RawFd, b: RawFd) -> bool {
    // SAFETY: flags of open descriptors are read, changed and restored.
    unsafe {
        let (first, second) = (fcntl(a, F_GETFL), fcntl(b, F_GETFL));
        if first < 0 || first != second || fcntl(a, F_SETFL, first ^ O_NONBLOCK) != 0 {
            return false;
        }
        let shared = fcntl(b, F_GETFL) != second;
        fcntl(a, F_SETFL, first);
        shared
    }
}

/// Keeps only these two descriptors open, as 0 and 1; `input` is none of 0, 1 and 2. Needs no free descriptor.
pub fn keep_only(input: RawFd, output: RawFd) {
    // SAFETY: only closes and renumbers descriptors of this process.
    unsafe {
        dup2(output, 1);
        dup2(input, 0);
    }
    close_from(2);
}

fn close_from(first: c_int) {
    #[cfg(target_os = "linux")]
    // SAFETY: close_range(2), number 436 on every architecture.
    if unsafe { syscall(436, i64::from(first), i64::from(u32::MAX), 0i64) } == 0 {
        return;
    }
    for fd in first..1024 {
        // SAFETY: closing what is not open does nothing.
        unsafe { close(fd) };
    }
}

/// Takes over what a system call returned: a descriptor of ours, or its error.
pub(super) fn owned(fd: c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that returned it gave us the ownership.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Whether the next program sees the descriptor no more.
pub(super) fn set_cloexec(fd: c_int, closes: bool) {
    // SAFETY: FD_CLOEXEC is 1; a bad descriptor is refused.
    unsafe { fcntl(fd, F_SETFD, c_int::from(closes)) };
}
