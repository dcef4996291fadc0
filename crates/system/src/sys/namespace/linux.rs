//! The namespaces themselves: the anchor, entering, commands.

#![expect(unsafe_code, reason = "clone, setns, and code between fork and exec")]

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
use super::pass::{receive, send};
use super::socket::{address_v6, bound, interface, reject, settled, socket};

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

/// Lets `command` end with the thread that starts it, where no namespace does that.
pub fn tie(command: &mut Command) {
    // SAFETY: the closure makes one system call.
    unsafe {
        command.pre_exec(|| {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            Ok(())
        });
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
        let open = |name| fs::File::open(format!("/proc/{anchor}/ns/{name}")).map(OwnedFd::from);
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

pub(super) fn check(result: c_int) -> io::Result<c_int> {
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
