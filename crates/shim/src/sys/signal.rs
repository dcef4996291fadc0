//! Signals: their numbers, who gets them while a child runs, and what is noted of them.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use super::process::{Child, own_pid};
use super::tty::copy_size;

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

/// Room for any libc's `sigset_t` (glibc and musl: 128 bytes, macOS: 4).
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub(super) struct SigSet([u8; 128]);

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

/// The default disposition.
const SIG_DFL: usize = 0;
/// Ignored.
const SIG_IGN: usize = 1;
const SIG_SETMASK: c_int = if cfg!(target_os = "macos") { 3 } else { 2 };
const SIG_UNBLOCK: c_int = if cfg!(target_os = "macos") { 2 } else { 1 };
const SA_SIGINFO: c_int = if cfg!(target_os = "macos") { 0x40 } else { 4 };

unsafe extern "C" {
    fn getpid() -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize;
    fn sigaction(signal: c_int, new: *const SigAction, old: *mut SigAction) -> c_int;
    fn sigprocmask(how: c_int, new: *const SigSet, old: *mut SigSet) -> c_int;
    fn sigfillset(set: *mut SigSet) -> c_int;
    fn sigemptyset(set: *mut SigSet) -> c_int;
    fn sigaddset(set: *mut SigSet, signal: c_int) -> c_int;
}

/// Writes to a closed pipe fail with `EPIPE` instead of ending this process.
pub fn ignore_broken_pipes() {
    // SAFETY: SIG_IGN is a valid disposition.
    unsafe { set_disposition(PIPE, SIG_IGN) };
}

/// Keys pressed on the terminal, and its end, are no longer for this process.
pub fn ignore_terminal_signals() {
    for signal in [HUP, INT, QUIT, TSTP] {
        // SAFETY: SIG_IGN is a valid disposition.
        unsafe { set_disposition(signal, SIG_IGN) };
    }
}

pub(super) fn block_all() -> SigSet {
    let (mut all, mut old) = (SigSet([0; 128]), SigSet([0; 128]));
    // SAFETY: both sets are large enough.
    unsafe {
        sigfillset(&raw mut all);
        sigprocmask(SIG_SETMASK, &raw const all, &raw mut old);
    }
    old
}

/// Between the unblocking of signals and exec none of our handlers may run in the
/// child, whose memory is the parent's.
///
/// # Safety
/// Runs in the child, between clone and exec.
pub(super) unsafe fn restore_dispositions(on_child: usize) {
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
pub(super) unsafe fn restore_ignored(on_child: usize) {
    if on_child == SIG_IGN {
        // SAFETY: a valid disposition.
        unsafe { set_disposition(CHLD, SIG_IGN) };
    }
}

/// No handler of ours was ever installed.
const NEVER: i32 = -1;
/// There is nobody to hand signals on to.
const NOBODY: i32 = 0;
static CHILD: AtomicI32 = AtomicI32::new(NEVER);
static WAKE: AtomicI32 = AtomicI32::new(-1);
static REAL_TERMINAL: AtomicI32 = AtomicI32::new(-1);
static MASTER: AtomicI32 = AtomicI32::new(-1);
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Catches the end of children; what SIGCHLD was before.
pub(super) fn catch_ends() -> usize {
    // SAFETY: a handler that only makes async-signal-safe calls.
    unsafe { set_disposition(CHLD, on_signal as *const () as usize) }
}

/// Sets this thread's mask.
pub(super) fn set_mask(mask: &SigSet) {
    // SAFETY: the mask came from sigprocmask.
    unsafe { sigprocmask(SIG_SETMASK, ptr::from_ref(mask), ptr::null_mut()) };
}

/// Sends this process a signal with its default disposition, whatever blocks or catches it.
pub(super) fn die_of(signal: c_int) {
    // SAFETY: plain calls on our own process.
    unsafe {
        set_disposition(signal, SIG_DFL);
        let mut set = SigSet([0; 128]);
        sigemptyset(&raw mut set);
        sigaddset(&raw mut set, signal);
        kill(getpid(), signal);
        sigprocmask(SIG_UNBLOCK, &raw const set, ptr::null_mut());
    }
}

/// go is gone, so there is nobody to hand signals on to.
pub(super) fn hand_on_nothing() {
    for signal in caught() {
        // SAFETY: nothing relies on the handlers any more.
        unsafe { reset(signal) };
    }
}

/// Every classic signal is caught, but those that can't be, that stop the whole group as
/// they stop go, and SIGCHLD, which [`spawn`] sees to. go lives through many that
/// would end us (ALRM, USR1, XFSZ), and gives a trace for others (SEGV).
fn caught() -> impl Iterator<Item = c_int> {
    (1..32).filter(|signal| !matches!(*signal, KILL | STOP | TTIN | TTOU | CHLD))
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
    for signal in [HUP, INT, QUIT, TERM] {
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
    INTERRUPTED.load(Ordering::Relaxed)
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
            CHLD => wake(),
            PIPE => {} // the write has failed with EPIPE, which the relay handles
            WINCH => resized(sender),
            _ => hand_on(signal, from_a_process(code, sender)),
        }
        if signal == CONT {
            resized(sender); // the terminal may have changed while we were stopped
        }
    }
    set_errno(errno);
}

unsafe fn hand_on(signal: c_int, from_a_process: bool) {
    if matches!(signal, HUP | INT | QUIT | TERM) {
        INTERRUPTED.store(true, Ordering::Relaxed);
    }
    // a terminal that is gone tells the leader of its session, and nobody else
    let only_to_us = from_a_process || signal == HUP;
    let child = CHILD.load(Ordering::Relaxed);
    // SAFETY: our own child, which has not been reaped; a fault of our own is repeated
    // after the return, and then ends us.
    unsafe {
        if only_to_us && child > NOBODY {
            kill(child, signal);
        }
        match signal {
            TSTP => stop(),
            ILL | TRAP | BUS | FPE | SEGV | SYS if !from_a_process => {
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
        unsafe { kill(0, WINCH) };
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
        sigaddset(&raw mut set, TSTP);
        set_disposition(TSTP, SIG_DFL);
        kill(getpid(), TSTP);
        sigprocmask(SIG_UNBLOCK, &raw const set, &raw mut old);
        sigprocmask(SIG_SETMASK, &raw const old, ptr::null_mut());
        set_disposition(TSTP, on_signal as *const () as usize);
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

/// Goes back to the signal mask from before [`super::spawn`].
pub fn unblock(child: &Child) {
    set_mask(&child.mask);
}
