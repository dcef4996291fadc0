//! Unix: processes, signals, terminals, descriptors.
//!
//! Layouts are those of 64-bit Linux (glibc and musl) and macOS; a target with
//! another layout doesn't compile rather than misbehave.

#![expect(unsafe_code, reason = "the one place for libc calls")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::Duration;

#[cfg(not(all(
    target_pointer_width = "64",
    any(target_os = "linux", target_os = "macos")
)))]
compile_error!("sys/unix.rs knows the layouts of 64-bit Linux and macOS only");

/// Signal numbers that are the same on Linux and macOS.
pub mod signal {
    /// Terminal hung up.
    pub const HUP: i32 = 1;
    /// Ctrl-C.
    pub const INT: i32 = 2;
    /// Ctrl-\.
    pub const QUIT: i32 = 3;
    /// Bad instruction.
    pub const ILL: i32 = 4;
    /// A breakpoint.
    pub const TRAP: i32 = 5;
    /// Bad arithmetic.
    pub const FPE: i32 = 8;
    /// Ends a process without appeal.
    pub const KILL: i32 = 9;
    /// Bad memory access.
    pub const SEGV: i32 = 11;
    /// Write to a pipe without a reader.
    pub const PIPE: i32 = 13;
    /// Polite request to end.
    pub const TERM: i32 = 15;
    /// Read from the terminal in the background.
    pub const TTIN: i32 = 21;
    /// Write to the terminal in the background.
    pub const TTOU: i32 = 22;
    /// Window size changed.
    pub const WINCH: i32 = 28;
    #[cfg(target_os = "linux")]
    mod os {
        /// Bad memory access.
        pub const BUS: i32 = 7;
        /// A child changed.
        pub const CHLD: i32 = 17;
        /// Go on.
        pub const CONT: i32 = 18;
        /// Ctrl-Z.
        pub const TSTP: i32 = 20;
        /// Stops a process without appeal.
        pub const STOP: i32 = 19;
        /// Bad system call.
        pub const SYS: i32 = 31;
    }
    #[cfg(target_os = "macos")]
    mod os {
        /// Ctrl-Z.
        pub const TSTP: i32 = 18;
        /// Go on.
        pub const CONT: i32 = 19;
        /// A child changed.
        pub const CHLD: i32 = 20;
        /// Bad memory access.
        pub const BUS: i32 = 10;
        /// Bad system call.
        pub const SYS: i32 = 12;
        /// Stops a process without appeal.
        pub const STOP: i32 = 17;
    }
    pub use os::{BUS, CHLD, CONT, STOP, SYS, TSTP};
}

/// Room for any libc's `sigset_t` (glibc and musl: 128 bytes, macOS: 4).
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct SigSet([u8; 128]);

#[cfg(target_os = "linux")]
#[repr(C)]
struct SigAction {
    handler: usize,
    mask: SigSet,
    flags: c_int,
    restorer: usize,
}

#[cfg(target_os = "macos")]
#[repr(C)]
struct SigAction {
    handler: usize,
    mask: u32,
    flags: c_int,
}

/// `siginfo_t` as far as the sender is concerned (the union's first member).
#[cfg(target_os = "linux")]
#[repr(C)]
struct SigInfo {
    signo: c_int,
    errno: c_int,
    code: c_int,
    pad: c_int,
    pid: c_int,
}

#[cfg(target_os = "macos")]
#[repr(C)]
struct SigInfo {
    signo: c_int,
    errno: c_int,
    code: c_int,
    pid: c_int,
}

/// Room for any libc's `struct termios` (glibc 60 bytes, macOS 72).
#[repr(C, align(8))]
struct Termios([u8; 256]);

/// `struct winsize`: rows, columns, and pixels that nobody fills in.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct WinSize([u16; 4]);

/// One entry of `poll(2)`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

const SIG_DFL: usize = 0;
const SIG_IGN: usize = 1;
const SIG_SETMASK: c_int = if cfg!(target_os = "macos") { 3 } else { 2 };
const SIG_UNBLOCK: c_int = if cfg!(target_os = "macos") { 2 } else { 1 };
const SA_SIGINFO: c_int = if cfg!(target_os = "macos") { 0x40 } else { 4 };
const F_SETFD: c_int = 2;
const F_GETFL: c_int = 3;
const F_SETFL: c_int = 4;
const O_APPEND: c_int = if cfg!(target_os = "macos") { 8 } else { 0o2000 };
const O_NONBLOCK: c_int = if cfg!(target_os = "macos") { 4 } else { 0o4000 };
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
const O_RDWR: c_int = 2;
const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;
const POLLERR: i16 = 8;
const POLLHUP: i16 = 16;
const WNOHANG: c_int = 1;
const EINTR: i32 = 4;
/// `execve(2)` of a file that is no program, as far as the kernel can tell.
pub const ENOEXEC: i32 = 8;
#[cfg(target_os = "linux")]
const TIOCGWINSZ: u64 = 0x5413;
#[cfg(target_os = "linux")]
const TIOCSWINSZ: u64 = 0x5414;
#[cfg(target_os = "macos")]
const TIOCGWINSZ: u64 = 0x4008_7468;
#[cfg(target_os = "macos")]
const TIOCSWINSZ: u64 = 0x8008_7467;

unsafe extern "C" {
    fn execve(path: *const c_char, argv: *const *const c_char, envp: *const *const c_char)
    -> c_int;
    fn _exit(code: c_int) -> !;
    fn fork() -> c_int;
    fn getpid() -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn ioctl(fd: c_int, request: u64, ...) -> c_int;
    fn poll(fds: *mut PollFd, count: u64, timeout: c_int) -> c_int;
    fn sigaction(signal: c_int, new: *const SigAction, old: *mut SigAction) -> c_int;
    fn sigprocmask(how: c_int, new: *const SigSet, old: *mut SigSet) -> c_int;
    fn sigfillset(set: *mut SigSet) -> c_int;
    fn sigemptyset(set: *mut SigSet) -> c_int;
    fn sigaddset(set: *mut SigSet, signal: c_int) -> c_int;
    fn tcgetattr(fd: c_int, termios: *mut Termios) -> c_int;
    fn tcsetattr(fd: c_int, when: c_int, termios: *const Termios) -> c_int;
    fn cfmakeraw(termios: *mut Termios);
    fn tcgetpgrp(fd: c_int) -> c_int;
    fn getpgrp() -> c_int;
    fn geteuid() -> u32;
    fn access(path: *const c_char, mode: c_int) -> c_int;
    fn posix_openpt(flags: c_int) -> c_int;
    fn grantpt(fd: c_int) -> c_int;
    fn unlockpt(fd: c_int) -> c_int;
    fn ptsname(fd: c_int) -> *const c_char;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize;
    fn setrlimit(resource: c_int, limit: *const [u64; 2]) -> c_int;
    fn memmem(
        hay: *const c_void,
        hay_len: usize,
        needle: *const c_void,
        len: usize,
    ) -> *const c_void;
    #[cfg(target_os = "linux")]
    fn clone(
        run: extern "C" fn(*mut c_void) -> c_int,
        stack: *mut c_void,
        flags: c_int,
        argument: *mut c_void,
        ...
    ) -> c_int;
    #[cfg(target_os = "linux")]
    fn syscall(number: i64, ...) -> i64;
    #[cfg(target_os = "linux")]
    fn prctl(option: c_int, ...) -> c_int;
    #[cfg(target_os = "linux")]
    fn memfd_create(name: *const c_char, flags: u32) -> c_int;
}

/// Strings that end in a null pointer, as `execve(2)` wants them.
pub struct CArray {
    pointers: Vec<*const c_char>,
}

impl CArray {
    /// The strings of `items`, which must outlive every use of the array.
    #[must_use]
    pub fn new(items: &[&'static CStr]) -> Self {
        let mut pointers = Vec::with_capacity(items.len() + 1);
        pointers.extend(items.iter().map(|item| item.as_ptr()));
        pointers.push(ptr::null());
        Self { pointers }
    }
}

/// The arguments and environment that `main` was given.
///
/// # Safety
/// `argv` and `envp` are those of `main`: null-terminated arrays of C strings
/// that live as long as the process.
#[must_use]
pub unsafe fn strings_of(array: *const *const c_char) -> Vec<&'static CStr> {
    let mut strings = Vec::with_capacity(64);
    let mut at = array;
    // SAFETY: the caller vouches for a null-terminated array of C strings.
    unsafe {
        while !(*at).is_null() {
            strings.push(CStr::from_ptr(*at));
            at = at.add(1);
        }
    }
    strings
}

/// This process' environment as the kernel passed it.
#[must_use]
pub fn own_environment() -> Vec<&'static CStr> {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: nothing in this program changes the environment.
    unsafe {
        if environ.is_null() {
            Vec::new()
        } else {
            strings_of(environ)
        }
    }
}

/// Writes to a closed pipe fail with `EPIPE` instead of ending this process.
pub fn ignore_broken_pipes() {
    // SAFETY: SIG_IGN is a valid disposition.
    unsafe { set_disposition(signal::PIPE, SIG_IGN) };
}

/// Replaces this process; returns only if that failed.
#[must_use]
pub fn exec(path: &CStr, argv: &CArray, envp: &CArray) -> io::Error {
    // SAFETY: all three are null-terminated and alive.
    unsafe {
        execve(
            path.as_ptr(),
            argv.pointers.as_ptr(),
            envp.pointers.as_ptr(),
        )
    };
    io::Error::last_os_error()
}

/// Replaces this process by a shell that runs `path` as its script, as shells and execvp(3)
/// do for a program without `#!`; returns only if that failed.
#[must_use]
pub fn exec_script(path: &'static CStr, argv: &[&'static CStr], envp: &CArray) -> io::Error {
    let mut shell = vec![c"/bin/sh", path];
    shell.extend(argv.iter().skip(1));
    exec(c"/bin/sh", &CArray::new(&shell), envp)
}

/// Whether this user may execute the file.
#[must_use]
pub fn may_execute(path: &Path) -> bool {
    const X_OK: c_int = 1;
    // SAFETY: access(2) reads a C string.
    CString::new(path.as_os_str().as_bytes())
        .is_ok_and(|path| unsafe { access(path.as_ptr(), X_OK) } == 0)
}

/// Ends this process at once, without running destructors or flushing.
pub fn exit_now(code: i32) -> ! {
    // SAFETY: ends the process.
    unsafe { _exit(code) }
}

/// This process' id.
#[must_use]
pub fn own_pid() -> i32 {
    // SAFETY: cannot fail.
    unsafe { getpid() }
}

/// The effective user's id.
#[must_use]
pub fn effective_user() -> u32 {
    // SAFETY: cannot fail.
    unsafe { geteuid() }
}

/// Whether this process' group is the foreground group of the terminal `fd`.
#[must_use]
pub fn is_foreground(fd: RawFd) -> bool {
    // SAFETY: plain calls; a wrong descriptor gives -1.
    unsafe { tcgetpgrp(fd) == getpgrp() }
}

/// Whether our parent leads our process group.
#[must_use]
pub fn parent_leads_group() -> bool {
    // SAFETY: a plain call.
    unsafe { getpgrp() == parent_pid() }
}

/// Whether this process leads its process group.
#[must_use]
pub fn leads_group() -> bool {
    // SAFETY: plain calls.
    unsafe { getpgrp() == getpid() }
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

/// Metadata of an open descriptor, or why it isn't one.
pub fn metadata_of(fd: RawFd) -> io::Result<std::fs::Metadata> {
    borrowed(fd).metadata()
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

/// Whether the descriptor is a terminal.
#[must_use]
pub fn is_terminal(fd: RawFd) -> bool {
    use std::io::IsTerminal;
    borrowed(fd).is_terminal()
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
        let pid = i64::from(own_pid());
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

// ---------------------------------------------------------------- terminals

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
        set_cloexec(fd);
        if grantpt(fd) != 0 || unlockpt(fd) != 0 {
            return Err(io::Error::last_os_error());
        }
        let slave = open_slave(fd)?;
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
        if let Ok(slave) = owned(ioctl(fd, 0x5441, O_RDWR | O_NOCTTY | O_CLOEXEC)) {
            return Ok(slave); // TIOCGPTPEER, Linux 4.13
        }
        let name = ptsname(fd);
        if name.is_null() {
            return Err(io::Error::last_os_error());
        }
        owned(open(name, O_RDWR | O_NOCTTY | O_CLOEXEC))
    }
}

fn owned(fd: c_int) -> io::Result<OwnedFd> {
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call that returned it gave us the ownership.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn set_cloexec(fd: c_int) {
    // SAFETY: FD_CLOEXEC is 1.
    unsafe { fcntl(fd, F_SETFD, 1) };
}

/// Gives `to` the window size of `from`; true if it changed.
fn copy_size(from: c_int, to: c_int) -> bool {
    let (mut size, mut had) = (WinSize::default(), WinSize::default());
    // SAFETY: both ioctls move one winsize; async-signal-safe on Linux and macOS.
    unsafe {
        ioctl(from, TIOCGWINSZ, &raw mut size) == 0
            && ioctl(to, TIOCGWINSZ, &raw mut had) == 0
            && size.0 != had.0
            && ioctl(to, TIOCSWINSZ, &raw const size) == 0
    }
}

// ---------------------------------------------------------------- children

/// How a child ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// It died of this signal.
    Signal(i32),
}

/// What a child gets besides its program, arguments and environment.
#[derive(Default)]
pub struct Wiring<'a> {
    /// `(from, to)`: `from` becomes the child's descriptor `to` (0, 1 or 2).
    pub streams: &'a [(RawFd, RawFd)],
    /// A descriptor that the child keeps under its own number.
    pub keep: Option<RawFd>,
    /// The child dies with us (Linux; elsewhere it is left alone).
    pub dies_with_us: bool,
    /// Ten digits inside the environment, to be overwritten with the child's pid.
    pub pid_digits: Option<*mut u8>,
}

struct Start<'a> {
    path: *const c_char,
    argv: *const *const c_char,
    envp: *const *const c_char,
    wiring: &'a Wiring<'a>,
    mask: SigSet,
    /// What the child's SIGCHLD was before ours.
    on_child: usize,
    parent: c_int,
    failed: c_int,
}

/// Starts a program in our process group. Signals stay blocked until
/// [`watch`] has installed its handlers; without handlers call [`unblock`].
pub fn spawn(path: &CStr, argv: &CArray, envp: &CArray, wiring: &Wiring<'_>) -> io::Result<Child> {
    let mask = block_all();
    // An ignored SIGCHLD would let the kernel reap the child, and its status with it.
    // SAFETY: a handler that only makes async-signal-safe calls; blocked for now.
    let on_child = unsafe { set_disposition(signal::CHLD, on_signal as *const () as usize) };
    let mut start = Start {
        path: path.as_ptr(),
        argv: argv.pointers.as_ptr(),
        envp: envp.pointers.as_ptr(),
        wiring,
        mask,
        on_child,
        parent: own_pid(),
        failed: 0,
    };
    let pid = start_child(&mut start);
    let error = io::Error::last_os_error();
    let child = Child {
        pid,
        mask: start.mask,
    };
    if pid >= 0 && start.failed == 0 {
        return Ok(child);
    }
    // SAFETY: our own child, which has just exited, if there is one.
    unsafe {
        if pid >= 0 {
            waitpid(pid, ptr::null_mut(), 0);
        }
        restore_ignored(on_child);
    }
    unblock(&child);
    Err(match start.failed {
        0 => error,
        number => io::Error::from_raw_os_error(number),
    })
}

/// A running child of ours, and the signal mask to go back to.
pub struct Child {
    /// Process id.
    pub pid: i32,
    mask: SigSet,
}

/// The child shares our memory and we sleep until it has executed its program:
/// no copy of page tables, and an exec error comes back through `failed`.
#[cfg(target_os = "linux")]
fn start_child(start: &mut Start<'_>) -> c_int {
    const STACK: usize = 32 * 1024;
    const CLONE_VM: c_int = 0x100;
    const CLONE_VFORK: c_int = 0x4000;
    let mut stack: Vec<u128> = Vec::with_capacity(STACK / 16);
    // SAFETY: the stack is ours until the child has left it (CLONE_VFORK waits for
    // that); it grows down from its end, which is 16-byte aligned.
    unsafe {
        let top = stack.as_mut_ptr().add(STACK / 16).cast();
        clone(
            in_child,
            top,
            CLONE_VM | CLONE_VFORK | signal::CHLD,
            ptr::from_mut(start).cast(),
        )
    }
}

/// Elsewhere a plain fork; the exec error shows as exit code 127.
#[cfg(not(target_os = "linux"))]
fn start_child(start: &mut Start<'_>) -> c_int {
    // SAFETY: this program has one thread; the child only makes async-signal-safe calls.
    unsafe {
        let pid = fork();
        if pid == 0 {
            in_child(ptr::from_mut(start).cast());
            _exit(127);
        }
        pid
    }
}

extern "C" fn in_child(start: *mut c_void) -> c_int {
    // SAFETY: `start` is the parent's, alive while the parent waits; only
    // async-signal-safe calls are made.
    unsafe {
        let start = &mut *start.cast::<Start<'_>>();
        wire(start);
        restore_dispositions(start.on_child);
        sigprocmask(SIG_SETMASK, &raw const start.mask, ptr::null_mut());
        execve(start.path, start.argv, start.envp);
        start.failed = io::Error::last_os_error().raw_os_error().unwrap_or(5);
        _exit(127)
    }
}

/// # Safety
/// Runs in the child, between clone and exec.
unsafe fn wire(start: &Start<'_>) {
    // SAFETY: descriptors are open; the digits lie in a buffer that the parent keeps.
    unsafe {
        for &(from, to) in start.wiring.streams {
            dup2(from, to);
        }
        if let Some(fd) = start.wiring.keep {
            fcntl(fd, F_SETFD, 0);
        }
        if let Some(digits) = start.wiring.pid_digits {
            write_pid(digits, getpid());
        }
        #[cfg(target_os = "linux")]
        if start.wiring.dies_with_us {
            const PR_SET_PDEATHSIG: c_int = 1;
            prctl(PR_SET_PDEATHSIG, signal::KILL);
            if parent_pid() != start.parent {
                kill(getpid(), signal::KILL); // we were gone before it could be asked for
            }
        }
    }
}

/// Between the unblocking of signals and exec none of our handlers may run in the
/// child, whose memory is the parent's.
///
/// # Safety
/// Runs in the child, between clone and exec.
unsafe fn restore_dispositions(on_child: usize) {
    // SAFETY: plain calls; the child's dispositions are its own.
    unsafe {
        restore_ignored(on_child);
        if CHILD.load(Ordering::Relaxed) != NEVER {
            for signal in caught() {
                reset(signal);
            }
        }
    }
}

/// exec makes a default of our handler by itself, but not what was ignored.
///
/// # Safety
/// As for any change of a disposition.
unsafe fn restore_ignored(on_child: usize) {
    if on_child == SIG_IGN {
        // SAFETY: a valid disposition.
        unsafe { set_disposition(signal::CHLD, SIG_IGN) };
    }
}

/// Writes `pid` as ten digits.
///
/// # Safety
/// `digits` is valid for ten bytes.
unsafe fn write_pid(digits: *mut u8, pid: i32) {
    let mut rest = pid.unsigned_abs();
    for at in (0..10).rev() {
        // SAFETY: within the ten bytes.
        unsafe { *digits.add(at) = b'0' + u8::try_from(rest % 10).unwrap_or(0) };
        rest /= 10;
    }
}

/// The parent's process id.
#[must_use]
pub fn parent_pid() -> i32 {
    i32::try_from(std::os::unix::process::parent_id()).unwrap_or(0)
}

fn block_all() -> SigSet {
    let (mut all, mut old) = (SigSet([0; 128]), SigSet([0; 128]));
    // SAFETY: both sets are large enough.
    unsafe {
        sigfillset(&raw mut all);
        sigprocmask(SIG_SETMASK, &raw const all, &raw mut old);
    }
    old
}

/// Goes back to the signal mask from before [`spawn`].
pub fn unblock(child: &Child) {
    // SAFETY: the mask came from sigprocmask.
    unsafe { sigprocmask(SIG_SETMASK, &raw const child.mask, ptr::null_mut()) };
}

/// How the child ended, or `None` while it runs; waits for it if asked to.
#[must_use]
pub fn wait(pid: i32, until_it_ends: bool) -> Option<Exit> {
    let mut status = 0;
    loop {
        let options = if until_it_ends { 0 } else { WNOHANG };
        // SAFETY: our own child.
        match unsafe { waitpid(pid, &raw mut status, options) } {
            0 => return None,
            -1 if io::Error::last_os_error().raw_os_error() == Some(EINTR) => {}
            -1 => return Some(Exit::Code(1)), // somebody else reaped it: nothing more is known
            _ => return Some(exit_of(status)),
        }
    }
}

fn exit_of(status: c_int) -> Exit {
    let signal = status & 0x7f;
    if signal == 0 {
        Exit::Code((status >> 8) & 0xff)
    } else {
        Exit::Signal(signal)
    }
}

/// Ends this process as `exit` says; a signal is died of, without a second core dump.
pub fn end_as(exit: Exit) -> ! {
    let signal = match exit {
        Exit::Code(code) => exit_now(code),
        Exit::Signal(signal) => signal,
    };
    // SAFETY: plain calls; the process ends here.
    unsafe {
        let none = [0, 0];
        setrlimit(4, &raw const none); // RLIMIT_CORE
        #[cfg(target_os = "linux")]
        prctl(4, 0); // PR_SET_DUMPABLE: a core_pattern pipe ignores the limit
        set_disposition(signal, SIG_DFL);
        let mut set = SigSet([0; 128]);
        sigemptyset(&raw mut set);
        sigaddset(&raw mut set, signal);
        kill(getpid(), signal);
        sigprocmask(SIG_UNBLOCK, &raw const set, ptr::null_mut());
    }
    exit_now(128 + signal) // process 1 of a pid namespace doesn't die of it; Go's runtime does the same
}

/// Forks a copy of this process that runs `work` and exits. True in the parent if that worked.
pub fn fork_off(work: impl FnOnce()) -> bool {
    // SAFETY: one thread; the child runs ordinary code of ours and exits.
    match unsafe { fork() } {
        0 => {
            for signal in caught() {
                // SAFETY: go is gone, so there is nobody to hand signals on to.
                unsafe { reset(signal) };
            }
            work();
            exit_now(0)
        }
        pid => pid > 0,
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

/// Keys pressed on the terminal, and its end, are no longer for this process.
pub fn ignore_terminal_signals() {
    for signal in [signal::HUP, signal::INT, signal::QUIT, signal::TSTP] {
        // SAFETY: SIG_IGN is a valid disposition.
        unsafe { set_disposition(signal, SIG_IGN) };
    }
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

unsafe extern "C" {
    fn close(fd: c_int) -> c_int;
}

// ---------------------------------------------------------------- signals

/// No handler of ours was ever installed.
const NEVER: i32 = -1;
/// There is nobody to hand signals on to.
const NOBODY: i32 = 0;
static CHILD: AtomicI32 = AtomicI32::new(NEVER);
static WAKE: AtomicI32 = AtomicI32::new(-1);
static REAL_TERMINAL: AtomicI32 = AtomicI32::new(-1);
static MASTER: AtomicI32 = AtomicI32::new(-1);
/// The signal that asked for the end; 0: none.
static INTERRUPTED: AtomicI32 = AtomicI32::new(0);
/// Whoever works looks at it, and comes to an end.
static NOTED: AtomicBool = AtomicBool::new(false);

/// Every classic signal is caught, but those that can't be, that stop the whole group as
/// they stop go, and SIGCHLD, which [`spawn`] sees to. go lives through many that
/// would end us (ALRM, USR1, XFSZ), and gives a trace for others (SEGV).
fn caught() -> impl Iterator<Item = c_int> {
    (1..32).filter(|signal| {
        use signal::{CHLD, KILL, STOP, TTIN, TTOU};
        !matches!(*signal, KILL | STOP | TTIN | TTOU | CHLD)
    })
}

/// Installs the handlers for `child` and unblocks signals. `wake` becomes readable
/// when a child changes; `terminal` is the real terminal and the pseudo-terminal's
/// master whose size follows it.
pub fn watch(child: &Child, wake: RawFd, terminal: Option<(RawFd, RawFd)>) {
    CHILD.store(child.pid, Ordering::Relaxed);
    WAKE.store(wake, Ordering::Relaxed);
    if let Some((real, master)) = terminal {
        REAL_TERMINAL.store(real, Ordering::Relaxed);
        MASTER.store(master, Ordering::Relaxed);
    }
    for signal in caught() {
        catch(signal);
    }
    unblock(child);
}

/// From now on Ctrl-C, Ctrl-\\, SIGTERM and SIGHUP only make [`interrupted`] true.
pub fn note_interrupts() {
    NOTED.store(true, Ordering::Relaxed);
    catch_interrupts();
}

/// Nobody looks at [`interrupted`] any more.
pub fn note_interrupts_no_longer() {
    NOTED.store(false, Ordering::Relaxed);
}

/// Whether somebody looks at [`interrupted`].
#[must_use]
pub fn interrupts_are_noted() -> bool {
    NOTED.load(Ordering::Relaxed)
}

/// As [`note_interrupts`], for somebody who sees to the end of this process ([`interrupted_by`]).
pub fn catch_interrupts() {
    for signal in [signal::HUP, signal::INT, signal::QUIT, signal::TERM] {
        catch(signal);
    }
}

/// From now on signals are handed on to this process.
pub fn hand_on_to(pid: i32) {
    CHILD.store(pid, Ordering::Relaxed);
}

/// The child is gone: its number may soon be somebody else's.
pub fn hand_on_to_nobody() {
    CHILD.store(NOBODY, Ordering::Relaxed);
}

/// The descriptors given to [`watch`] are about to be closed, and their numbers used again.
pub fn watch_no_longer() {
    for descriptor in [&WAKE, &REAL_TERMINAL, &MASTER] {
        descriptor.store(-1, Ordering::Relaxed);
    }
}

/// Whether somebody asked for the end: Ctrl-C, Ctrl-\, SIGTERM or SIGHUP.
#[must_use]
pub fn interrupted() -> bool {
    interrupted_by().is_some()
}

/// The first signal that asked for the end.
#[must_use]
pub fn interrupted_by() -> Option<i32> {
    Some(INTERRUPTED.load(Ordering::Relaxed)).filter(|signal| *signal != 0)
}

/// What is ignored stays ignored, here and in the child.
fn catch(signal: c_int) {
    // SAFETY: a handler that only makes async-signal-safe calls.
    unsafe {
        if set_disposition(signal, on_signal as *const () as usize) == SIG_IGN {
            set_disposition(signal, SIG_IGN);
        }
    }
}

/// Back to the default, unless the signal is ignored.
///
/// # Safety
/// As for any change of a disposition: nothing may rely on the handler any more.
unsafe fn reset(signal: c_int) {
    // SAFETY: both are valid dispositions.
    unsafe {
        if set_disposition(signal, SIG_DFL) == SIG_IGN {
            set_disposition(signal, SIG_IGN);
        }
    }
}

/// # Safety
/// `handler` is `SIG_DFL`, `SIG_IGN` or a three-argument handler.
unsafe fn set_disposition(signal: c_int, handler: usize) -> usize {
    // SAFETY: zero is a valid value for each field.
    let (mut new, mut old): (SigAction, SigAction) = unsafe { std::mem::zeroed() };
    new.handler = handler;
    new.flags = if handler > SIG_IGN { SA_SIGINFO } else { 0 }; // no SA_RESTART: a blocked write returns
    // SAFETY: both structures have the libc's layout.
    unsafe { sigaction(signal, &raw const new, &raw mut old) };
    old.handler
}

extern "C" fn on_signal(signal: c_int, info: *const SigInfo, _context: *const c_void) {
    let errno = io::Error::last_os_error().raw_os_error().unwrap_or(0);
    // SAFETY: the kernel passes a valid siginfo; every call below is async-signal-safe.
    unsafe {
        let (code, sender) = ((*info).code, (*info).pid);
        match signal {
            signal::CHLD => wake(),
            signal::PIPE => {} // the write has failed with EPIPE, which the relay handles
            signal::WINCH => resized(sender),
            _ => hand_on(signal, from_a_process(code, sender)),
        }
        if signal == signal::CONT {
            resized(sender); // the terminal may have changed while we were stopped
        }
    }
    set_errno(errno);
}

unsafe fn hand_on(signal: c_int, from_a_process: bool) {
    if matches!(
        signal,
        signal::HUP | signal::INT | signal::QUIT | signal::TERM
    ) {
        let _ = INTERRUPTED.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
    }
    // a terminal that is gone tells the leader of its session, and nobody else
    let only_to_us = from_a_process || signal == signal::HUP;
    let child = CHILD.load(Ordering::Relaxed);
    // SAFETY: our own child, which has not been reaped; a fault of our own is repeated
    // after the return, and then ends us.
    unsafe {
        if only_to_us && child > NOBODY {
            kill(child, signal);
        }
        match signal {
            signal::TSTP => stop(),
            signal::ILL | signal::TRAP | signal::BUS | signal::FPE | signal::SEGV | signal::SYS
                if !from_a_process =>
            {
                set_disposition(signal, SIG_DFL);
            }
            _ => {}
        }
    }
}

/// A terminal sends to the whole group, so go has it already; a process may have meant us alone.
fn from_a_process(code: c_int, sender: c_int) -> bool {
    if cfg!(target_os = "linux") {
        code <= 0
    } else {
        sender != 0
    }
}

unsafe fn wake() {
    // SAFETY: one byte into our own non-blocking pipe; -1 is nobody's descriptor.
    unsafe { write(WAKE.load(Ordering::Relaxed), b"!".as_ptr().cast(), 1) };
}

/// The real terminal told the whole group, perhaps before our pseudo-terminal had
/// the new size: tell it once more, so that nobody is left with the old one.
unsafe fn resized(sender: c_int) {
    let (real, master) = (
        REAL_TERMINAL.load(Ordering::Relaxed),
        MASTER.load(Ordering::Relaxed),
    );
    if master >= 0 && copy_size(real, master) && sender != own_pid() {
        // SAFETY: SIGWINCH is ignored by whoever doesn't handle it.
        unsafe { kill(0, signal::WINCH) };
    }
}

/// Stops as the default action does, so that the shell sees SIGTSTP and an
/// orphaned group isn't stopped at all; goes on here after SIGCONT.
unsafe fn stop() {
    // SAFETY: async-signal-safe calls on our own process.
    unsafe {
        let mut set = SigSet([0; 128]);
        let mut old = SigSet([0; 128]);
        sigemptyset(&raw mut set);
        sigaddset(&raw mut set, signal::TSTP);
        set_disposition(signal::TSTP, SIG_DFL);
        kill(getpid(), signal::TSTP);
        sigprocmask(SIG_UNBLOCK, &raw const set, &raw mut old);
        sigprocmask(SIG_SETMASK, &raw const old, ptr::null_mut());
        set_disposition(signal::TSTP, on_signal as *const () as usize);
    }
}

fn set_errno(value: c_int) {
    #[cfg(target_os = "linux")]
    // SAFETY: this thread's errno.
    unsafe {
        unsafe extern "C" {
            fn __errno_location() -> *mut c_int;
        }
        *__errno_location() = value;
    }
    #[cfg(target_os = "macos")]
    // SAFETY: this thread's errno.
    unsafe {
        unsafe extern "C" {
            fn __error() -> *mut c_int;
        }
        *__error() = value;
    }
}

// ---------------------------------------------------------------- polling, memory

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

    /// Whether the reader of this pipe is gone.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.revents & POLLERR != 0
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

/// A file without a name: in memory on Linux, an unlinked temporary file elsewhere.
pub fn nameless_file(name: &CStr) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    {
        const MFD_CLOEXEC: u32 = 1;
        const MFD_ALLOW_SEALING: u32 = 2;
        // SAFETY: a C string and flags.
        owned(unsafe { memfd_create(name.as_ptr(), MFD_CLOEXEC | MFD_ALLOW_SEALING) })
            .map(File::from)
    }
    #[cfg(not(target_os = "linux"))]
    {
        let name = format!(".{}-{}", name.to_string_lossy(), own_pid());
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

/// Borrows a descriptor for std's functions.
#[must_use]
pub fn borrow(fd: RawFd) -> BorrowedFd<'static> {
    // SAFETY: 0, 1 and 2 stay open as long as the process; others are the caller's.
    unsafe { BorrowedFd::borrow_raw(fd) }
}
