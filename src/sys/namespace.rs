//! A private network, mount table and process table for a few commands, made
//! without root: user namespaces (`user_namespaces(7)`).
//!
//! In: a directory that becomes a memory file system in there. Out: sockets
//! that live in the private network but are served by this very process,
//! mounts that nobody else sees, and commands started inside.
//!
//! One forked child, the *anchor*, holds the namespaces: PID 1 in there,
//! without a program of its own, asleep until its end of a socket closes. So
//! they end with this process however it ends, and the kernel kills whatever
//! still runs inside. Everything else enters by `setns(2)` from a fresh fork.
//! Between fork and exec only system calls are made: other threads may hold
//! locks, of the allocator for one.
//!
//! Both root and an ordinary user appear as [`UID`] inside, and commands hold
//! no capabilities there; the set-up alone does.
//!
//! Not handled: systems other than Linux, where [`Namespace::new`] says so.

/// The user and group id that this user has inside.
pub const UID: u32 = 1000;

#[cfg(target_os = "linux")]
pub use linux::{Namespace, connect};
#[cfg(not(target_os = "linux"))]
pub use other::{Namespace, connect};

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "namespaces, and code between fork and exec")]
#[expect(
    clippy::cast_possible_truncation,
    reason = "constants and sizes of the C interface fit its narrower fields"
)]
mod linux {
    use std::ffi::{CStr, CString, c_int};
    use std::fs;
    use std::io::{self, Read, Write};
    use std::mem;
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
    use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt;
    use std::path::Path;
    use std::process::Command;
    use std::ptr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::UID;

    /// Namespaces that end when this value is dropped.
    #[derive(Debug)]
    pub struct Namespace {
        anchor: libc::pid_t,
        /// Closing it is the anchor's signal to leave.
        control: Option<UnixStream>,
        entries: Arc<Entries>,
        /// Labels `lo:1`, `lo:2` ... of further addresses.
        labels: AtomicU32,
    }

    /// `/proc/PID/ns/*`, in the order in which they are entered.
    #[derive(Debug)]
    struct Entries {
        user: OwnedFd,
        net: OwnedFd,
        mount: OwnedFd,
        /// Missing where `/proc` may not be mounted anew (masked in containers).
        pid: Option<OwnedFd>,
    }

    impl Namespace {
        /// Makes the namespaces; `root`, an existing empty directory, is an
        /// empty memory file system inside, and is removed with them.
        ///
        /// Fails where the kernel, a sandbox or a policy allows no user
        /// namespaces (`EPERM`, `ENOSPC`, `EINVAL`).
        pub fn new(root: &Path) -> io::Result<Self> {
            Self::with(root, true).or_else(|_| Self::with(root, false))
        }

        fn with(root: &Path, own_pids: bool) -> io::Result<Self> {
            let root = CString::new(root.as_os_str().as_bytes())?;
            let (mut ours, theirs) = UnixStream::pair()?;
            let mut flags =
                libc::CLONE_NEWUSER | libc::CLONE_NEWNET | libc::CLONE_NEWNS | libc::SIGCHLD;
            if own_pids {
                flags |= libc::CLONE_NEWPID;
            }
            // SAFETY: clone without a new stack and without CLONE_VM is fork;
            // the child makes system calls only and never returns.
            let anchor = unsafe { libc::syscall(libc::SYS_clone, flags, 0, 0, 0, 0) };
            if anchor == 0 {
                // SAFETY: the fresh child of a fork, as `anchor` demands.
                unsafe { anchor_main(theirs.as_raw_fd(), &root, own_pids) }
            }
            if anchor < 0 {
                return Err(io::Error::last_os_error());
            }
            drop(theirs);
            let anchor = libc::pid_t::try_from(anchor).expect("a process id fits pid_t");
            let mut this = Self {
                anchor,
                control: None,
                entries: Arc::new(Entries::open(anchor, own_pids)?),
                labels: AtomicU32::new(1),
            };
            map_ids(anchor)?;
            ours.write_all(&[0])?;
            let mut errno = [0; mem::size_of::<c_int>()];
            ours.read_exact(&mut errno)?;
            this.control = Some(ours);
            match c_int::from_ne_bytes(errno) {
                0 => Ok(this),
                errno => Err(io::Error::from_raw_os_error(errno)),
            }
        }

        /// The anchor's process id, as seen from outside.
        #[must_use]
        pub fn anchor(&self) -> u32 {
            self.anchor.unsigned_abs()
        }

        /// A listening socket in the private network. With a `backlog` of 0
        /// the kernel drops every SYN once one connection waits.
        pub fn listen(&self, address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
            let socket = self.within(|| bound(address, libc::SOCK_STREAM, Some(backlog)))?;
            Ok(TcpListener::from(socket.ok_or(io::ErrorKind::Other)?))
        }

        /// A bound UDP socket in the private network.
        pub fn udp(&self, address: SocketAddr) -> io::Result<UdpSocket> {
            let socket = self.within(|| bound(address, libc::SOCK_DGRAM, None))?;
            Ok(UdpSocket::from(socket.ok_or(io::ErrorKind::Other)?))
        }

        /// A TCP socket of the private network, not connected yet.
        pub fn stream(&self, ipv6: bool) -> io::Result<OwnedFd> {
            let family = if ipv6 { libc::AF_INET6 } else { libc::AF_INET };
            self.within(|| socket(family, libc::SOCK_STREAM).map(Some))?
                .ok_or_else(|| io::ErrorKind::Other.into())
        }

        /// Gives the loopback device an address. The whole prefix is local
        /// then, as it is for 127.0.0.0/8.
        pub fn address_v4(&self, address: Ipv4Addr, prefix: u32) -> io::Result<()> {
            let label = self.labels.fetch_add(1, Ordering::Relaxed);
            let mask = Ipv4Addr::from(u32::MAX.checked_shl(32 - prefix).unwrap_or(0));
            let name = format!("lo:{label}\0");
            self.within(|| {
                interface(name.as_bytes(), libc::SIOCSIFADDR, Some(address))?;
                interface(name.as_bytes(), libc::SIOCSIFNETMASK, Some(mask)).map(|()| None)
            })
            .map(drop)
        }

        /// Gives the loopback device an IPv6 address (a single host).
        pub fn address_v6(&self, address: Ipv6Addr) -> io::Result<()> {
            self.within(|| {
                address_v6(address)?;
                settled(address).map(|()| None)
            })
            .map(drop)
        }

        /// Makes an address unreachable: "no route to host".
        pub fn reject(&self, address: Ipv4Addr) -> io::Result<()> {
            self.within(|| reject(address).map(|()| None)).map(drop)
        }

        /// Shows `source` in the place of `target`, with what is mounted
        /// below it.
        pub fn bind(&self, source: &Path, target: &Path) -> io::Result<()> {
            let source = CString::new(source.as_os_str().as_bytes())?;
            let target = CString::new(target.as_os_str().as_bytes())?;
            let flags = libc::MS_BIND | libc::MS_REC;
            self.within(|| mount(&source, &target, c"none", flags, c"").map(|()| None))
                .map(drop)
        }

        /// Mounts an empty memory file system on `target`, of `size` bytes
        /// (rounded up to a page).
        pub fn memory(&self, target: &Path, size: u64) -> io::Result<()> {
            let target = CString::new(target.as_os_str().as_bytes())?;
            let options = CString::new(format!("mode=0700,size={size}"))?;
            self.within(|| mount(c"tmpfs", &target, c"tmpfs", 0, &options).map(|()| None))
                .map(drop)
        }

        /// Writes a setting below `/proc/sys/net`, which is per network
        /// namespace: `ipv4/tcp_syn_retries`.
        pub fn sysctl(&self, name: &str, value: &str) -> io::Result<()> {
            let path = CString::new(format!("/proc/sys/net/{name}"))?;
            self.within(|| write_file(&path, value.as_bytes()).map(|()| None))
                .map(drop)
        }

        /// Lets `command` start inside, in `directory` (which replaces its
        /// `current_dir`). The process that std knows is one in between: it
        /// ends as the command ends, by the same status or signal, and takes
        /// the command with it if it is killed.
        pub fn enter(&self, command: &mut Command, directory: &Path) -> io::Result<()> {
            let directory = CString::new(directory.as_os_str().as_bytes())?;
            let entries = Arc::clone(&self.entries);
            // SAFETY: the closure makes system calls only.
            unsafe {
                command.pre_exec(move || {
                    entries.enter()?;
                    check(libc::chdir(directory.as_ptr()))?;
                    interpose()
                });
            }
            Ok(())
        }

        /// Runs `step` in a fork that has entered; what it returns comes back.
        fn within(
            &self,
            step: impl Fn() -> io::Result<Option<OwnedFd>>,
        ) -> io::Result<Option<OwnedFd>> {
            let (ours, theirs) = UnixStream::pair()?;
            // SAFETY: fork; the child makes system calls only and exits.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let result = self.entries.enter().and_then(|()| step());
                send(theirs.as_raw_fd(), &result);
                // SAFETY: ends the fork without running this process's exit handlers.
                unsafe { libc::_exit(0) }
            }
            let child = check(child)?;
            drop(theirs);
            let result = receive(ours.as_raw_fd());
            wait(child);
            result
        }
    }

    impl Drop for Namespace {
        fn drop(&mut self) {
            if self.control.take().is_none() {
                // The set-up failed: the anchor may still wait for its maps.
                // SAFETY: our own child, not waited for yet.
                unsafe { libc::kill(self.anchor, libc::SIGKILL) };
            }
            wait(self.anchor);
        }
    }

    impl Entries {
        fn open(anchor: libc::pid_t, own_pids: bool) -> io::Result<Self> {
            let open =
                |name| fs::File::open(format!("/proc/{anchor}/ns/{name}")).map(OwnedFd::from);
            Ok(Self {
                user: open("user")?,
                net: open("net")?,
                mount: open("mnt")?,
                pid: own_pids.then(|| open("pid")).transpose()?,
            })
        }

        /// Enters all of them; only for a fresh fork, which has one thread.
        fn enter(&self) -> io::Result<()> {
            let each = [
                Some(&self.user),
                Some(&self.net),
                Some(&self.mount),
                self.pid.as_ref(),
            ];
            for entry in each.into_iter().flatten() {
                // SAFETY: setns takes a descriptor that `entry` keeps open.
                check(unsafe { libc::setns(entry.as_raw_fd(), 0) })?;
            }
            Ok(())
        }
    }

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

    /// This user becomes [`UID`] inside; anyone may write that for his own id.
    fn map_ids(anchor: libc::pid_t) -> io::Result<()> {
        // SAFETY: both calls only return numbers.
        let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
        fs::write(format!("/proc/{anchor}/setgroups"), "deny")?;
        fs::write(format!("/proc/{anchor}/uid_map"), format!("{UID} {uid} 1"))?;
        fs::write(format!("/proc/{anchor}/gid_map"), format!("{UID} {gid} 1"))
    }

    /// The anchor's whole life. `own_pids`: it is PID 1 and mounts `/proc`.
    ///
    /// # Safety
    ///
    /// Only in the child of a fork: every other descriptor is closed.
    unsafe fn anchor_main(control: RawFd, root: &CStr, own_pids: bool) -> ! {
        // SAFETY: system calls on our own descriptors and on live pointers; the
        // handlers that the forked program had installed can no longer run
        // once all signals are blocked.
        unsafe {
            let mut all: libc::sigset_t = mem::zeroed();
            libc::sigfillset(&raw mut all);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const all, ptr::null_mut());
            libc::signal(libc::SIGCHLD, libc::SIG_IGN); // orphans vanish unwaited for
            libc::setsid();
            libc::dup2(control, 0);
            libc::syscall(libc::SYS_close_range, 1, libc::c_uint::MAX, 0);
            let mut byte = 0_u8;
            if libc::read(0, (&raw mut byte).cast(), 1) != 1 {
                libc::_exit(1);
            }
            let errno = match set_up(root, own_pids) {
                Ok(()) => 0,
                Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
            };
            libc::write(0, (&raw const errno).cast(), mem::size_of::<c_int>());
            // Until the other end is closed: by drop, or because its process ended.
            while libc::read(0, (&raw mut byte).cast(), 1) > 0 {}
            libc::umount2(root.as_ptr(), libc::MNT_DETACH);
            if errno == 0 {
                libc::rmdir(root.as_ptr());
            }
            libc::_exit(0)
        }
    }

    fn set_up(root: &CStr, own_pids: bool) -> io::Result<()> {
        mount(c"none", c"/", c"none", libc::MS_REC | libc::MS_PRIVATE, c"")?;
        mount(c"tmpfs", root, c"tmpfs", libc::MS_NOSUID, c"mode=0755")?;
        if own_pids {
            let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
            mount(c"proc", c"/proc", c"proc", flags, c"")?;
        }
        interface(b"lo\0", libc::SIOCSIFFLAGS, None)
    }

    /// Forks between a command's fork and its exec, since only a child is in
    /// the PID namespace that was entered.
    fn interpose() -> io::Result<()> {
        // SAFETY: system calls only. The process in between closes its
        // descriptors, else it would hold the command's pipes open.
        unsafe {
            let child = check(libc::fork())?;
            if child == 0 {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                return Ok(());
            }
            libc::syscall(libc::SYS_close_range, 0, libc::c_uint::MAX, 0);
            let status = wait(child);
            if libc::WIFSIGNALED(status) {
                let none = libc::rlimit {
                    rlim_cur: 0,
                    rlim_max: 0,
                };
                libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
                libc::signal(libc::WTERMSIG(status), libc::SIG_DFL);
                libc::raise(libc::WTERMSIG(status));
            }
            libc::_exit(libc::WEXITSTATUS(status))
        }
    }

    fn wait(child: libc::pid_t) -> c_int {
        let mut status = 0;
        // SAFETY: waits for our own child; EINTR is the only error to repeat.
        unsafe {
            while libc::waitpid(child, &raw mut status, 0) == -1
                && *libc::__errno_location() == libc::EINTR
            {}
        }
        status
    }

    fn check(result: c_int) -> io::Result<c_int> {
        if result == -1 {
            Err(io::Error::last_os_error())
        } else {
            Ok(result)
        }
    }

    fn mount(
        source: &CStr,
        target: &CStr,
        kind: &CStr,
        flags: libc::c_ulong,
        options: &CStr,
    ) -> io::Result<()> {
        // SAFETY: five live arguments; the kernel copies the strings.
        check(unsafe {
            libc::mount(
                source.as_ptr(),
                target.as_ptr(),
                kind.as_ptr(),
                flags,
                options.as_ptr().cast(),
            )
        })
        .map(drop)
    }

    fn socket(family: c_int, kind: c_int) -> io::Result<OwnedFd> {
        // SAFETY: the descriptor that socket returns is ours alone.
        unsafe {
            check(libc::socket(family, kind | libc::SOCK_CLOEXEC, 0))
                .map(|fd| OwnedFd::from_raw_fd(fd))
        }
    }

    fn bound(
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
    fn interface(name: &[u8], request: libc::c_ulong, address: Option<Ipv4Addr>) -> io::Result<()> {
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

    fn address_v6(address: Ipv6Addr) -> io::Result<()> {
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
    fn settled(address: Ipv6Addr) -> io::Result<()> {
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
    fn reject(address: Ipv4Addr) -> io::Result<()> {
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

    fn write_file(path: &CStr, bytes: &[u8]) -> io::Result<()> {
        // SAFETY: `path` is a C string; the descriptor is ours alone; the
        // buffer has the length given.
        unsafe {
            let fd = check(libc::open(path.as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC))?;
            let file = OwnedFd::from_raw_fd(fd);
            let written = libc::write(file.as_raw_fd(), bytes.as_ptr().cast(), bytes.len());
            if written < 0 {
                Err(io::Error::last_os_error())
            } else {
                Ok(())
            }
        }
    }

    /// Room for one descriptor in a control message (`cmsg(3)`).
    #[repr(C, align(8))]
    struct Control([u8; 64]);

    /// Sends errno (0 for success) and the descriptor, if there is one.
    fn send(channel: RawFd, result: &io::Result<Option<OwnedFd>>) {
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

    fn receive(channel: RawFd) -> io::Result<Option<OwnedFd>> {
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

    #[cfg(test)]
    mod tests {
        use super::*;

        fn inside(own_pids: bool) -> (tempfile::TempDir, Namespace) {
            let root = tempfile::tempdir().unwrap();
            let namespace = Namespace::with(root.path(), own_pids).unwrap();
            (root, namespace)
        }

        #[test]
        fn commands_see_the_private_network_and_user() {
            let (root, namespace) = inside(true);
            namespace.address_v4(Ipv4Addr::new(8, 8, 8, 8), 32).unwrap();
            let listener = namespace.listen("8.8.8.8:53".parse().unwrap(), 8).unwrap();
            let mut command = Command::new("/bin/sh");
            command.args(["-c", "id -u; pwd; cat /proc/net/tcp; exit 7"]);
            namespace.enter(&mut command, root.path()).unwrap();
            let output = command.output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(7));
            assert!(
                text.starts_with(&format!("1000\n{}\n", root.path().display())),
                "{text}"
            );
            assert!(text.contains("08080808:0035"), "{text}");
            assert_eq!(listener.local_addr().unwrap().port(), 53);
        }

        #[test]
        fn nothing_is_left_behind() {
            for own_pids in [true, false] {
                let (root, namespace) = inside(own_pids);
                let mut command = Command::new("/bin/sleep");
                command.arg("600");
                namespace.enter(&mut command, Path::new("/")).unwrap();
                let mut child = command.spawn().unwrap();
                if !own_pids {
                    child.kill().unwrap();
                }
                drop(namespace);
                assert!(!child.wait().unwrap().success());
                assert!(!root.path().exists());
            }
        }

        #[test]
        fn a_missing_program_is_an_error_of_spawn() {
            let (_root, namespace) = inside(true);
            let mut command = Command::new("/nowhere/program");
            namespace.enter(&mut command, Path::new("/")).unwrap();
            assert_eq!(command.spawn().unwrap_err().kind(), io::ErrorKind::NotFound);
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use std::io;
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
    use std::os::fd::OwnedFd;
    use std::path::Path;
    use std::process::Command;

    /// Never reached: there are no sockets to connect.
    pub fn connect(_: &OwnedFd, _: SocketAddr) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Cannot be made here: this system has no namespaces.
    #[derive(Debug)]
    pub enum Namespace {}

    #[expect(
        missing_docs,
        reason = "the Linux side documents them; these are never reached"
    )]
    impl Namespace {
        pub fn new(_root: &Path) -> io::Result<Self> {
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "namespaces exist only on Linux",
            ))
        }
        #[must_use]
        pub fn anchor(&self) -> u32 {
            match *self {}
        }
        pub fn listen(&self, _: SocketAddr, _: i32) -> io::Result<TcpListener> {
            match *self {}
        }
        pub fn udp(&self, _: SocketAddr) -> io::Result<UdpSocket> {
            match *self {}
        }
        pub fn stream(&self, _: bool) -> io::Result<OwnedFd> {
            match *self {}
        }
        pub fn address_v4(&self, _: Ipv4Addr, _: u32) -> io::Result<()> {
            match *self {}
        }
        pub fn address_v6(&self, _: Ipv6Addr) -> io::Result<()> {
            match *self {}
        }
        pub fn reject(&self, _: Ipv4Addr) -> io::Result<()> {
            match *self {}
        }
        pub fn bind(&self, _: &Path, _: &Path) -> io::Result<()> {
            match *self {}
        }
        pub fn memory(&self, _: &Path, _: u64) -> io::Result<()> {
            match *self {}
        }
        pub fn sysctl(&self, _: &str, _: &str) -> io::Result<()> {
            match *self {}
        }
        pub fn enter(&self, _: &mut Command, _: &Path) -> io::Result<()> {
            match *self {}
        }
    }
}
