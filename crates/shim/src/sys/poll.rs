//! Waiting for descriptors: `poll(2)`.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::c_int;
use std::os::fd::RawFd;
use std::time::Duration;

/// One entry of `poll(2)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;
const POLLERR: i16 = 8;
const POLLHUP: i16 = 16;

unsafe extern "C" {
    fn poll(fds: *mut PollFd, count: u64, timeout: c_int) -> c_int;
}

impl PollFd {
    /// Waits for something to read.
    #[must_use]
    pub fn readable(fd: RawFd) -> Self {
        Self {
            fd,
            events: POLLIN,
            revents: 0,
        }
    }

    /// Waits for room to write.
    #[must_use]
    pub fn writable(fd: RawFd) -> Self {
        Self {
            fd,
            events: POLLOUT,
            revents: 0,
        }
    }

    /// Waits for nothing.
    #[must_use]
    pub fn unused() -> Self {
        Self {
            fd: -1,
            events: 0,
            revents: 0,
        }
    }

    /// Waits for the other end to go away.
    #[must_use]
    pub fn broken(fd: RawFd) -> Self {
        Self {
            fd,
            events: 0,
            revents: 0,
        }
    }

    /// Whether a read returns at once (data, end or error).
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.revents & (POLLIN | POLLHUP | POLLERR) != 0
    }

    /// Whether the last wait found anything at all.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.revents != 0
    }

    /// Whether the reader of this pipe (POLLERR) or the peer of this socket (POLLHUP) is gone.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.revents & (POLLERR | POLLHUP) != 0
    }
}

/// Waits for one of `fds`, without a timeout for ever. An interruption counts as nothing ready.
pub fn wait_for(fds: &mut [PollFd], timeout: Option<Duration>) {
    let milliseconds = timeout.map_or(-1, |timeout| {
        c_int::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX)
    });
    for fd in fds.iter_mut() {
        fd.revents = 0;
    }
    // SAFETY: the slice is valid for its length.
    unsafe { poll(fds.as_mut_ptr(), fds.len() as u64, milliseconds) };
}
