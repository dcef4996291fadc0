//! Sockets, addresses and routes of the network that the caller is in: called
//! in forks that have entered a namespace, so system calls only.

#![expect(unsafe_code, reason = "socket options and ioctls that std lacks")]
#![expect(
    clippy::cast_possible_truncation,
    reason = "constants and sizes of the C interface fit its narrower fields"
)]

use std::ffi::c_int;
use std::io;
use std::mem;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::linux::check;

/// Starts to connect a blocking socket and waits for 50 ms at most; a
/// connection that is still not answered then goes on trying.
pub fn connect(socket: &OwnedFd, address: SocketAddr) -> io::Result<()> {
    let (_, storage, length) = sockaddr(address);
    let limit = libc::timeval {
        tv_sec: 0,
        tv_usec: 50_000,
    };
    let size = mem::size_of::<libc::timeval>() as libc::socklen_t;
    let fd = socket.as_raw_fd();
    // SAFETY: `limit` and `storage` live and have the sizes given.
    let result = unsafe {
        let option = (&raw const limit).cast();
        check(libc::setsockopt(
            fd,
            libc::SOL_SOCKET,
            libc::SO_SNDTIMEO,
            option,
            size,
        ))?;
        check(libc::connect(fd, (&raw const storage).cast(), length))
    };
    match result {
        Err(error) if error.raw_os_error() != Some(libc::EINPROGRESS) => Err(error),
        _ => Ok(()),
    }
}

pub(super) fn socket(family: c_int, kind: c_int) -> io::Result<OwnedFd> {
    // SAFETY: the descriptor that socket returns is ours alone.
    unsafe {
        check(libc::socket(family, kind | libc::SOCK_CLOEXEC, 0)).map(|fd| OwnedFd::from_raw_fd(fd))
    }
}

pub(super) fn bound(
    address: SocketAddr,
    kind: c_int,
    backlog: Option<i32>,
) -> io::Result<Option<OwnedFd>> {
    let (family, storage, length) = sockaddr(address);
    let socket = socket(family, kind)?;
    let fd = socket.as_raw_fd();
    for (level, option) in [
        (libc::SOL_SOCKET, libc::SO_REUSEADDR),
        (libc::IPPROTO_IPV6, libc::IPV6_V6ONLY),
    ] {
        if level == libc::IPPROTO_IPV6 && family == libc::AF_INET {
            continue;
        }
        let on: c_int = 1;
        let size = mem::size_of::<c_int>() as libc::socklen_t;
        // SAFETY: `on` is a live c_int of the size given.
        check(unsafe { libc::setsockopt(fd, level, option, (&raw const on).cast(), size) })?;
    }
    // SAFETY: `storage` holds an address of `length` bytes.
    check(unsafe { libc::bind(fd, (&raw const storage).cast(), length) })?;
    if let Some(backlog) = backlog {
        // SAFETY: a descriptor and a number.
        check(unsafe { libc::listen(fd, backlog) })?;
    }
    Ok(Some(socket))
}

fn sockaddr(address: SocketAddr) -> (c_int, libc::sockaddr_storage, libc::socklen_t) {
    // SAFETY: all-zero bytes are a valid sockaddr_storage, and it is large
    // and aligned enough for each kind of address written into it.
    unsafe {
        let mut storage: libc::sockaddr_storage = mem::zeroed();
        let length = match address {
            SocketAddr::V4(v4) => {
                let place = (&raw mut storage).cast::<libc::sockaddr_in>();
                (*place).sin_family = libc::AF_INET as libc::sa_family_t;
                (*place).sin_port = v4.port().to_be();
                (*place).sin_addr.s_addr = u32::from(*v4.ip()).to_be();
                mem::size_of::<libc::sockaddr_in>()
            }
            SocketAddr::V6(v6) => {
                let place = (&raw mut storage).cast::<libc::sockaddr_in6>();
                (*place).sin6_family = libc::AF_INET6 as libc::sa_family_t;
                (*place).sin6_port = v6.port().to_be();
                (*place).sin6_addr.s6_addr = v6.ip().octets();
                mem::size_of::<libc::sockaddr_in6>()
            }
        };
        (
            c_int::from(storage.ss_family),
            storage,
            length as libc::socklen_t,
        )
    }
}

/// One `netdevice(7)` request: an address or mask, or "up" without one.
pub(super) fn interface(
    name: &[u8],
    request: libc::c_ulong,
    address: Option<Ipv4Addr>,
) -> io::Result<()> {
    let socket = socket(libc::AF_INET, libc::SOCK_DGRAM)?;
    // SAFETY: all-zero bytes are a valid ifreq; the name is shorter than
    // IFNAMSIZ ("lo:" and a counter); the union's member fits the request.
    unsafe {
        let mut ifreq: libc::ifreq = mem::zeroed();
        for (place, byte) in ifreq.ifr_name.iter_mut().zip(name) {
            *place = byte.cast_signed() as libc::c_char;
        }
        if let Some(address) = address {
            let (_, storage, _) = sockaddr(SocketAddr::from((address, 0)));
            ifreq.ifr_ifru.ifru_addr = *(&raw const storage).cast::<libc::sockaddr>();
        } else {
            ifreq.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
        }
        check(libc::ioctl(
            socket.as_raw_fd(),
            request as _,
            &raw mut ifreq,
        ))
        .map(drop)
    }
}

pub(super) fn address_v6(address: Ipv6Addr) -> io::Result<()> {
    /// `struct in6_ifreq` of `linux/ipv6.h`.
    #[repr(C)]
    struct Ifreq {
        address: libc::in6_addr,
        prefix: u32,
        index: c_int,
    }
    let socket = socket(libc::AF_INET6, libc::SOCK_DGRAM)?;
    let mut ifreq = Ifreq {
        address: libc::in6_addr {
            s6_addr: address.octets(),
        },
        prefix: 128,
        index: 1, // the loopback device is the first of every network namespace
    };
    // SAFETY: the layout that SIOCSIFADDR takes on an AF_INET6 socket.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFADDR as _, &raw mut ifreq) })
        .map(drop)
}

/// Waits until a new address can be used: the kernel's worker clears its
/// "tentative" mark a moment later, also where duplicates can't exist.
pub(super) fn settled(address: Ipv6Addr) -> io::Result<()> {
    let mut tries = 1000;
    loop {
        match bound((address, 0).into(), libc::SOCK_DGRAM, None) {
            Err(error) if error.raw_os_error() == Some(libc::EADDRNOTAVAIL) && tries > 0 => {
                // SAFETY: takes a number.
                unsafe { libc::usleep(1000) };
                tries -= 1;
            }
            result => return result.map(drop),
        }
    }
}

/// A host route of the kind that rejects (`route(8)`, `rtentry`).
pub(super) fn reject(address: Ipv4Addr) -> io::Result<()> {
    let socket = socket(libc::AF_INET, libc::SOCK_DGRAM)?;
    // SAFETY: all-zero bytes are a valid rtentry; its addresses have room
    // for a sockaddr_in, whose family and address come first.
    unsafe {
        let mut route: libc::rtentry = mem::zeroed();
        let (_, storage, _) = sockaddr(SocketAddr::from((address, 0)));
        route.rt_dst = *(&raw const storage).cast::<libc::sockaddr>();
        route.rt_genmask.sa_family = libc::AF_INET as libc::sa_family_t;
        route.rt_flags = libc::RTF_UP | libc::RTF_HOST | libc::RTF_REJECT;
        check(libc::ioctl(
            socket.as_raw_fd(),
            libc::SIOCADDRT as _,
            &raw mut route,
        ))
        .map(drop)
    }
}
