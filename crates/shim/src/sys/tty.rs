//! Terminals and pseudo-terminals.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::{c_char, c_int};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::descriptor::{borrowed, owned, set_cloexec};

/// Room for any libc's `struct termios` (glibc 60 bytes, macOS 72).
#[repr(C, align(8))]
struct Termios([u8; 256]);

/// `struct winsize`: rows, columns, and pixels that nobody fills in.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct WinSize([u16; 4]);

const O_RDWR: c_int = 2;
const O_NOCTTY: c_int = if cfg!(target_os = "macos") {
    0x20000
} else {
    0o400
};
const O_CLOEXEC: c_int = if cfg!(target_os = "macos") {
    0x0100_0000
} else {
    0o2_000_000
};
#[cfg(target_os = "linux")]
const TIOCGWINSZ: u64 = 0x5413;
#[cfg(target_os = "linux")]
const TIOCSWINSZ: u64 = 0x5414;
#[cfg(target_os = "macos")]
const TIOCGWINSZ: u64 = 0x4008_7468;
#[cfg(target_os = "macos")]
const TIOCSWINSZ: u64 = 0x8008_7467;

unsafe extern "C" {
    fn ioctl(fd: c_int, request: u64, ...) -> c_int;
    fn tcgetattr(fd: c_int, termios: *mut Termios) -> c_int;
    fn tcsetattr(fd: c_int, when: c_int, termios: *const Termios) -> c_int;
    fn cfmakeraw(termios: *mut Termios);
    fn tcgetpgrp(fd: c_int) -> c_int;
    fn getpgrp() -> c_int;
    fn posix_openpt(flags: c_int) -> c_int;
    fn grantpt(fd: c_int) -> c_int;
    fn unlockpt(fd: c_int) -> c_int;
    fn ptsname(fd: c_int) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
}

/// Whether the descriptor is a terminal.
#[must_use]
pub fn is_terminal(fd: RawFd) -> bool {
    use std::io::IsTerminal;
    borrowed(fd).is_terminal()
}

/// Whether this process' group is the foreground group of the terminal `fd`.
#[must_use]
pub fn is_foreground(fd: RawFd) -> bool {
    // SAFETY: plain calls; a wrong descriptor gives -1.
    unsafe { tcgetpgrp(fd) == getpgrp() }
}

/// Whether two terminals are one, also if one of them was opened as `/dev/tty`.
#[must_use]
pub fn same_terminal(a: RawFd, b: RawFd) -> bool {
    #[cfg(target_os = "linux")]
    {
        const TIOCGDEV: u64 = 0x8004_5432;
        let (mut first, mut second): (u32, u32) = (0, 0);
        // SAFETY: TIOCGDEV (tty_ioctl(4)) writes one unsigned int; fails on what isn't a terminal.
        unsafe {
            ioctl(a, TIOCGDEV, &raw mut first) == 0
                && ioctl(b, TIOCGDEV, &raw mut second) == 0
                && first == second
        }
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = (a, b);
        false
    }
}

/// A pseudo-terminal in raw mode, with the size of a real one.
pub struct Pty {
    /// Our end.
    pub master: OwnedFd,
    /// The child's end.
    pub slave: OwnedFd,
}

/// Opens a pseudo-terminal like the terminal `real`, but raw: bytes pass as they come.
pub fn open_pty(real: RawFd) -> io::Result<Pty> {
    // SAFETY: each call gets descriptors that are open, and buffers that are large enough.
    unsafe {
        let master = owned(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC))?;
        let fd = master.as_raw_fd();
        set_cloexec(fd, true);
        if grantpt(fd) != 0 || unlockpt(fd) != 0 {
            return Err(io::Error::last_os_error());
        }
        let slave = open_slave(fd)?;
        set_cloexec(slave.as_raw_fd(), true); // the flag of open(2) would show on go's terminal
        let mut termios = Termios([0; 256]);
        if tcgetattr(real, &raw mut termios) != 0 {
            return Err(io::Error::last_os_error());
        }
        cfmakeraw(&raw mut termios);
        if tcsetattr(slave.as_raw_fd(), 0, &raw const termios) != 0 {
            return Err(io::Error::last_os_error());
        }
        copy_size(real, fd);
        Ok(Pty { master, slave })
    }
}

/// # Safety
/// `fd` is an unlocked pseudo-terminal master.
unsafe fn open_slave(fd: c_int) -> io::Result<OwnedFd> {
    // SAFETY: plain calls; ptsname's static buffer is read before anything else can call it.
    unsafe {
        // By descriptor first: works where /dev/pts isn't the one that the master belongs to.
        #[cfg(target_os = "linux")]
        if let Ok(slave) = owned(ioctl(fd, 0x5441, O_RDWR | O_NOCTTY)) {
            return Ok(slave); // TIOCGPTPEER, Linux 4.13
        }
        let name = ptsname(fd);
        if name.is_null() {
            return Err(io::Error::last_os_error());
        }
        owned(open(name, O_RDWR | O_NOCTTY))
    }
}

/// Gives `to` the window size of `from`; true if it changed.
pub(super) fn copy_size(from: c_int, to: c_int) -> bool {
    let (mut size, mut had) = (WinSize::default(), WinSize::default());
    // SAFETY: both ioctls move one winsize; async-signal-safe on Linux and macOS.
    unsafe {
        ioctl(from, TIOCGWINSZ, &raw mut size) == 0
            && ioctl(to, TIOCGWINSZ, &raw mut had) == 0
            && size.0 != had.0
            && ioctl(to, TIOCSWINSZ, &raw const size) == 0
    }
}
