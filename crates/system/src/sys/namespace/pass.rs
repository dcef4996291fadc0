//! A result that crosses from a fork to its parent: errno and a descriptor
//! (`SCM_RIGHTS`, `unix(7)`).

#![expect(unsafe_code, reason = "sendmsg and recvmsg")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "sizes of the C interface fit its narrower fields"
)]

use std::ffi::c_int;
use std::io;
use std::mem;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// Room for one descriptor in a control message (`cmsg(3)`).
#[repr(C, align(8))]
struct Control([u8; 64]);

/// Sends errno (0 for success) and the descriptor, if there is one.
pub(super) fn send(channel: RawFd, result: &io::Result<Option<OwnedFd>>) {
    let mut errno = match result {
        Ok(_) => 0,
        Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
    };
    let mut control = Control([0; 64]);
    // SAFETY: the message points to live buffers; the control buffer has
    // room for one descriptor.
    unsafe {
        let mut data = libc::iovec {
            iov_base: (&raw mut errno).cast(),
            iov_len: mem::size_of::<c_int>(),
        };
        let mut message: libc::msghdr = mem::zeroed();
        message.msg_iov = &raw mut data;
        message.msg_iovlen = 1;
        if let Ok(Some(socket)) = result {
            let size = mem::size_of::<RawFd>() as libc::c_uint;
            message.msg_control = control.0.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(size) as _;
            let header = libc::CMSG_FIRSTHDR(&raw const message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(size) as _;
            ptr::write_unaligned(libc::CMSG_DATA(header).cast(), socket.as_raw_fd());
        }
        libc::sendmsg(channel, &raw const message, libc::MSG_NOSIGNAL);
    }
}

pub(super) fn receive(channel: RawFd) -> io::Result<Option<OwnedFd>> {
    let mut errno: c_int = libc::EIO;
    let mut control = Control([0; 64]);
    // SAFETY: as in `send`; a received descriptor is ours alone.
    unsafe {
        let mut data = libc::iovec {
            iov_base: (&raw mut errno).cast(),
            iov_len: mem::size_of::<c_int>(),
        };
        let mut message: libc::msghdr = mem::zeroed();
        message.msg_iov = &raw mut data;
        message.msg_iovlen = 1;
        message.msg_control = control.0.as_mut_ptr().cast();
        message.msg_controllen = control.0.len() as _;
        let size = libc::recvmsg(channel, &raw mut message, libc::MSG_CMSG_CLOEXEC);
        if size < 0 {
            return Err(io::Error::last_os_error());
        }
        if errno != 0 {
            return Err(io::Error::from_raw_os_error(errno));
        }
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        Ok((!header.is_null())
            .then(|| OwnedFd::from_raw_fd(ptr::read_unaligned(libc::CMSG_DATA(header).cast()))))
    }
}
