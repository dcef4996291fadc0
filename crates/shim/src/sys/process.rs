//! Processes: what this one is, what it becomes, its children.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::io;
#[cfg(target_os = "linux")]
use std::os::fd::AsRawFd;
use std::os::fd::{OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;

use super::descriptor::set_cloexec;
use super::signal::{self, SigSet};

const WNOHANG: c_int = 1;
const WUNTRACED: c_int = 2;
const EINTR: i32 = 4;
/// Permission denied.
pub const EACCES: i32 = 13;
/// `execve(2)` of a file that is no program, as far as the kernel can tell.
pub const ENOEXEC: i32 = 8;

unsafe extern "C" {
    fn execve(path: *const c_char, argv: *const *const c_char, envp: *const *const c_char)
    -> c_int;
    fn _exit(code: c_int) -> !;
    fn fork() -> c_int;
    fn getpid() -> c_int;
    fn getpgrp() -> c_int;
    fn geteuid() -> u32;
    #[cfg(target_os = "linux")]
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn waitpid(pid: c_int, status: *mut c_int, options: c_int) -> c_int;
    fn dup2(from: c_int, to: c_int) -> c_int;
    fn access(path: *const c_char, mode: c_int) -> c_int;
    fn setrlimit(resource: c_int, limit: *const [u64; 2]) -> c_int;
    #[cfg(target_os = "linux")]
    fn clone(
        run: extern "C" fn(*mut c_void) -> c_int,
        stack: *mut c_void,
        flags: c_int,
        argument: *mut c_void,
        ...
    ) -> c_int;
    fn setsid() -> c_int;
    #[cfg(target_os = "linux")]
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn getrlimit(resource: c_int, limit: *mut [u64; 2]) -> c_int;
    #[cfg(target_os = "linux")]
    fn prctl(option: c_int, ...) -> c_int;
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

/// The parent's process id.
#[must_use]
pub fn parent_pid() -> i32 {
    i32::try_from(std::os::unix::process::parent_id()).unwrap_or(0)
}

/// The effective user's id.
#[must_use]
pub fn effective_user() -> u32 {
    // SAFETY: cannot fail.
    unsafe { geteuid() }
}

/// Whether our parent leads our process group.
#[must_use]
pub fn parent_leads_group() -> bool {
    // SAFETY: a plain call.
    unsafe { getpgrp() == parent_pid() }
}

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
    /// The child dies with us, by this (Linux; elsewhere it is left alone).
    pub dies_with_us: Option<&'a Lifeline>,
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
    #[cfg(target_os = "linux")]
    parent: c_int,
    failed: c_int,
}

/// Ends a process as soon as this one ends, however: then the ends of a pipe close, which is an
/// event for the other end, and that one's signal is SIGKILL (fcntl(2), `F_SETSIG`).
/// `PR_SET_PDEATHSIG` alone is forgotten when another thread than the first executes a program,
/// as go does to switch to another toolchain. Linux only.
pub struct Lifeline {
    ends: Option<[OwnedFd; 2]>,
}

impl Lifeline {
    /// For a child that ties itself before it executes its program ([`Wiring::dies_with_us`]). To be kept until
    /// that has ended: dropping ends it.
    #[must_use]
    pub fn untied() -> Self {
        let ends = io::pipe().map(|(reader, writer)| [reader.into(), writer.into()]);
        Self { ends: ends.ok() }
    }

    /// Ties every process of a group.
    #[must_use]
    pub fn to_group(group: i32) -> Self {
        let line = Self::untied();
        line.tie(-group); // fcntl(2), `F_SETOWN`: a process group is given as a negative number
        line
    }

    fn tie(&self, pid: i32) {
        for end in self.ends.iter().flatten() {
            notifies(end, pid);
        }
    }

    /// Unties: who is left lives on.
    pub fn let_go(self) {
        self.tie(0);
    }
}

#[cfg(target_os = "linux")]
fn notifies(end: &OwnedFd, pid: i32) {
    const F_SETFL: c_int = 4;
    const F_SETOWN: c_int = 8;
    const F_SETSIG: c_int = 10;
    const O_ASYNC: c_int = 0o20000;
    let set = |command, argument: c_int| {
        // SAFETY: three settings of our own descriptor.
        unsafe { fcntl(end.as_raw_fd(), command, argument) == 0 }
    };
    let _ = set(F_SETSIG, signal::KILL) && set(F_SETOWN, pid) && set(F_SETFL, O_ASYNC);
}

#[cfg(not(target_os = "linux"))]
fn notifies(_end: &OwnedFd, _pid: i32) {}

/// Starts a program in our process group. Signals stay blocked until
/// [`signal::watch`] has installed its handlers; without handlers call [`signal::unblock`].
pub fn spawn(path: &CStr, argv: &CArray, envp: &CArray, wiring: &Wiring<'_>) -> io::Result<Child> {
    let mask = signal::block_all();
    let on_child = signal::catch_ends();
    let mut start = Start {
        path: path.as_ptr(),
        argv: argv.pointers.as_ptr(),
        envp: envp.pointers.as_ptr(),
        wiring,
        mask,
        on_child,
        #[cfg(target_os = "linux")]
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
        signal::restore_ignored(on_child);
    }
    signal::unblock(&child);
    Err(match start.failed {
        0 => error,
        number => io::Error::from_raw_os_error(number),
    })
}

/// A running child of ours, and the signal mask to go back to.
pub struct Child {
    /// Process id.
    pub pid: i32,
    pub(super) mask: SigSet,
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
        signal::restore_ignored(start.on_child);
        signal::set_mask(&start.mask);
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
        #[cfg(target_os = "linux")]
        if let Some(line) = start.wiring.dies_with_us {
            const PR_SET_PDEATHSIG: c_int = 1;
            // before the program runs, which may have executed another one by the time we run again
            line.tie(getpid());
            prctl(PR_SET_PDEATHSIG, signal::KILL);
            // 0: the parent is outside of the child's pid namespace
            if !matches!(parent_pid(), 0) && parent_pid() != start.parent {
                kill(getpid(), signal::KILL); // we were gone before it could be asked for
            }
        }
        for &(from, to) in start.wiring.streams {
            dup2(from, to);
        }
        if let Some(fd) = start.wiring.keep {
            set_cloexec(fd, false);
        }
        if let Some(digits) = start.wiring.pid_digits {
            write_pid(digits, getpid());
        }
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

/// What became of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It has ended.
    Ended(Exit),
    /// It was stopped by this signal.
    Stopped(i32),
}

/// What became of the child since the last look, or `None`.
#[must_use]
pub fn look_at(pid: i32) -> Option<Change> {
    changed(pid, WNOHANG | WUNTRACED)
}

/// Waits until the child ends.
#[must_use]
pub fn wait(pid: i32) -> Exit {
    loop {
        if let Some(Change::Ended(exit)) = changed(pid, 0) {
            return exit;
        }
    }
}

fn changed(pid: i32, options: c_int) -> Option<Change> {
    let mut status = 0;
    loop {
        // SAFETY: our own child.
        return match unsafe { waitpid(pid, &raw mut status, options) } {
            0 => None,
            -1 if io::Error::last_os_error().raw_os_error() == Some(EINTR) => continue,
            -1 => Some(Change::Ended(Exit::Code(1))), // somebody else reaped it: nothing more is known
            _ => Some(change_of(status)),
        };
    }
}

/// wait(2): the low seven bits are the signal, or all set for a stop.
fn change_of(status: c_int) -> Change {
    let code = (status >> 8) & 0xff;
    match status & 0x7f {
        0 => Change::Ended(Exit::Code(code)),
        0x7f => Change::Stopped(code),
        signal => Change::Ended(Exit::Signal(signal)),
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
        signal::die_of(signal);
    }
    exit_now(128 + signal) // process 1 of a pid namespace doesn't die of it; Go's runtime does the same
}

/// The largest file that may be written (setrlimit(2), `RLIMIT_FSIZE`), if there is a bound:
/// whoever writes more is sent SIGXFSZ.
#[must_use]
pub fn most_of_a_file() -> Option<u64> {
    const RLIMIT_FSIZE: c_int = 1;
    const INFINITE: u64 = if cfg!(target_os = "macos") {
        i64::MAX as u64
    } else {
        u64::MAX
    };
    let mut limit = [0; 2];
    // SAFETY: two numbers of 64 bits (getrlimit(2)).
    let known = unsafe { getrlimit(RLIMIT_FSIZE, &raw mut limit) } == 0;
    (known && limit[0] != INFINITE).then_some(limit[0])
}

/// This process' folder below /proc, under the number that it has there (which another pid
/// namespace's /proc counts differently); `None` where there is no /proc.
#[must_use]
pub fn own_proc() -> Option<String> {
    let number = std::fs::read_link("/proc/self").ok()?;
    Some(format!("/proc/{}", number.to_str()?))
}

/// Leaves the process group and the terminal.
pub fn new_session() {
    // SAFETY: a plain call; fails for the leader of a group, who leads no session then.
    unsafe { setsid() };
}

/// Forks a copy of this process that runs `work` and exits. True in the parent if that worked.
pub fn fork_off(work: impl FnOnce()) -> bool {
    // SAFETY: one thread; the child runs ordinary code of ours and exits.
    match unsafe { fork() } {
        0 => {
            signal::catch_nothing(); // go is gone: there is nobody to hand signals on to
            work();
            exit_now(0)
        }
        pid => pid > 0,
    }
}
