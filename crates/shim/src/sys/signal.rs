//! Signals: their numbers, who gets them while a child runs, and what is noted of them.

#![expect(unsafe_code, reason = "libc calls")]

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::RawFd;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, Ordering};

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
const SIG_BLOCK: c_int = if cfg!(target_os = "macos") { 1 } else { 0 };
const SIG_SETMASK: c_int = if cfg!(target_os = "macos") { 3 } else { 2 };
const SIG_UNBLOCK: c_int = if cfg!(target_os = "macos") { 2 } else { 1 };
const SA_SIGINFO: c_int = if cfg!(target_os = "macos") { 0x40 } else { 4 };

unsafe extern "C" {
    fn getpid() -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn write(fd: c_int, bytes: *const c_void, count: usize) -> isize;
    fn sigaction(signal: c_int, new: *const SigAction, old: *mut SigAction) -> c_int;
    fn sigprocmask(how: c_int, new: *const SigSet, old: *mut SigSet) -> c_int;
    fn sigpending(set: *mut SigSet) -> c_int;
    fn sigfillset(set: *mut SigSet) -> c_int;
    fn sigaddset(set: *mut SigSet, signal: c_int) -> c_int;
    fn sigdelset(set: *mut SigSet, signal: c_int) -> c_int;
    fn sigismember(set: *const SigSet, signal: c_int) -> c_int;
}

/// No handler of ours was ever installed.
const NEVER: i32 = -1;
/// There is nobody to hand signals on to.
const NOBODY: i32 = 0;
static CHILD: AtomicI32 = AtomicI32::new(NEVER);
static WAKE: AtomicI32 = AtomicI32::new(-1);
static REAL_TERMINAL: AtomicI32 = AtomicI32::new(-1);
static MASTER: AtomicI32 = AtomicI32::new(-1);
/// The first request to end; 0: none.
static INTERRUPTED: AtomicI32 = AtomicI32::new(0);
/// The last one that found no child to hand it on to; 0: none.
static UNHEARD: AtomicI32 = AtomicI32::new(0);
/// SIGCHLD came since the last look at the child: it may be dead, and not reaped.
static CHANGED: AtomicBool = AtomicBool::new(false);
/// How often SIGCONT came.
static CONTINUED: AtomicU32 = AtomicU32::new(0);

/// What somebody sends who wants the end: Ctrl-C, Ctrl-\, the terminal's end, `kill`.
const INTERRUPTS: [c_int; 4] = [HUP, INT, QUIT, TERM];

/// What the caller may have blocked, and this process must see to stay beside go: its changes,
/// the terminal's size; and faults. Go's runtime unblocks the same for itself.
const NEEDED: [c_int; 9] = [CHLD, CONT, WINCH, ILL, TRAP, BUS, FPE, SEGV, SYS];

/// Real-time signals, whose default is to end a process; Go's runtime ignores them. Blocked, they
/// end nobody, and cost no handler.
const REALTIME: std::ops::Range<c_int> = if cfg!(target_os = "linux") {
    34..65
} else {
    0..0
};

/// Every classic signal is caught, but those that can't be, that stop the whole group as
/// they stop go, and SIGCHLD, which [`super::spawn`] sees to. go lives through many that
/// would end us (ALRM, USR1, XFSZ), and gives a trace for others (SEGV).
fn caught() -> impl Iterator<Item = c_int> {
    (1..32).filter(|signal| !matches!(*signal, KILL | STOP | TTIN | TTOU | CHLD))
}

/// SIGCONT, as `sigaction(2)` wants it.
#[cfg(target_os = "linux")]
const CONT_ONLY: SigSet = {
    let mut set = SigSet::EMPTY;
    let bit = (CONT - 1) as usize; // little-endian words, the first signal lowest
    set.0[bit / 8] = 1 << (bit % 8);
    set
};
#[cfg(target_os = "macos")]
const CONT_ONLY: u32 = 1 << (CONT - 1);

impl SigSet {
    const EMPTY: Self = Self([0; 128]);

    fn of(signals: impl IntoIterator<Item = c_int>) -> Self {
        let mut set = Self::EMPTY;
        for signal in signals {
            // SAFETY: the set is large enough; a number that is none is refused.
            unsafe { sigaddset(&raw mut set, signal) };
        }
        set
    }
}

/// Changes this process' mask; what it was.
fn change_mask(how: c_int, set: &SigSet) -> SigSet {
    let mut old = SigSet::EMPTY;
    // SAFETY: both sets are large enough.
    unsafe { sigprocmask(how, ptr::from_ref(set), &raw mut old) };
    old
}

pub(super) fn block_all() -> SigSet {
    let mut all = SigSet::EMPTY;
    // SAFETY: the set is large enough.
    unsafe { sigfillset(&raw mut all) };
    change_mask(SIG_SETMASK, &all)
}

pub(super) fn set_mask(mask: &SigSet) {
    change_mask(SIG_SETMASK, mask);
}

/// Goes back to the signal mask from before [`super::spawn`].
pub fn unblock(child: &Child) {
    set_mask(&child.mask);
}

/// Catches the end of children; what SIGCHLD was before. Ignored, it would let the kernel reap
/// the child, and its status with it.
pub(super) fn catch_ends() -> usize {
    // SAFETY: a handler that only makes async-signal-safe calls.
    unsafe { set_disposition(CHLD, on_signal as *const () as usize) }
}

/// In the child, before exec: that makes a default of our handler by itself, but not what was
/// ignored. Other handlers may run there: they note an interrupt in the memory that is the
/// parent's too, and hand on to nobody.
pub(super) fn restore_ignored(on_child: usize) {
    if on_child == SIG_IGN {
        // SAFETY: a valid disposition.
        unsafe { set_disposition(CHLD, SIG_IGN) };
    }
}

/// Writes to a closed pipe fail with `EPIPE` instead of ending this process.
pub fn ignore_broken_pipes() {
    // SAFETY: SIG_IGN is a valid disposition.
    unsafe { set_disposition(PIPE, SIG_IGN) };
}

/// Writes to a closed pipe end this process again, as they do for programs that inherit this.
pub fn mind_broken_pipes() {
    // SAFETY: SIG_DFL is a valid disposition.
    unsafe { set_disposition(PIPE, SIG_DFL) };
}

/// Sends this process a signal with its default disposition, whatever blocks or catches it.
pub(super) fn die_of(signal: c_int) {
    // SAFETY: plain calls on our own process.
    unsafe {
        set_disposition(signal, SIG_DFL);
        kill(getpid(), signal);
    }
    change_mask(SIG_UNBLOCK, &SigSet::of([signal]));
}

/// Every signal does again what it does by default, unless it is ignored.
pub(super) fn catch_nothing() {
    for signal in caught() {
        // SAFETY: nothing relies on the handlers any more.
        unsafe {
            if set_disposition(signal, SIG_DFL) == SIG_IGN {
                set_disposition(signal, SIG_IGN);
            }
        }
    }
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
    let mut mask = child.mask;
    for signal in NEEDED {
        // SAFETY: the set is large enough.
        unsafe { sigdelset(&raw mut mask, signal) };
    }
    for signal in REALTIME {
        // SAFETY: as above; a libc that keeps a number for itself refuses it.
        unsafe { sigaddset(&raw mut mask, signal) };
    }
    set_mask(&mask);
}

/// From now on Ctrl-C, Ctrl-\\, SIGTERM and SIGHUP only make [`interrupted`] true.
pub fn catch_interrupts() {
    for signal in INTERRUPTS {
        catch(signal);
    }
}

/// From now on signals are handed on to this process. Somebody who asked for the end since the
/// last one was gone is heard now.
pub fn hand_on_to(pid: i32) {
    CHILD.store(pid, Ordering::Relaxed);
    if let Some(signal) = unheard() {
        // SAFETY: our own child, which has not been reaped.
        unsafe { kill(pid, signal) };
    }
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
    Some(INTERRUPTED.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
}

/// The signal by which somebody asked for the end when the child was gone already.
#[must_use]
pub fn unheard() -> Option<i32> {
    Some(UNHEARD.load(Ordering::Relaxed)).filter(|&signal| signal != 0)
}

/// About to look at the child: what comes from now on is a change of its own.
pub fn look_begins() {
    CHANGED.store(false, Ordering::Relaxed);
}

/// The child lives: it has heard what it was told.
pub fn look_found_it_alive() {
    if !CHANGED.load(Ordering::Relaxed) {
        UNHEARD.store(0, Ordering::Relaxed);
    }
}

/// How often this process was told to go on.
#[must_use]
pub fn continued() -> u32 {
    CONTINUED.load(Ordering::Relaxed)
}

/// The child was stopped alone by `signal`: stops this process too, so that whoever waits for
/// it sees that; not if SIGCONT came since [`continued`] was `before`.
pub fn stop_as_well(signal: i32, before: u32) {
    let old = change_mask(SIG_BLOCK, &SigSet::of([CONT]));
    if continued() == before {
        stop_by(signal);
    }
    set_mask(&old); // a SIGCONT that is waiting reaches the child through our handler
}

/// Stops as the default action does, so that the shell sees the signal and an orphaned group
/// isn't stopped at all; SIGCONT is blocked, and takes back a stop that it has overtaken.
fn stop_by(signal: c_int) {
    let mut pending = SigSet::EMPTY;
    // SAFETY: async-signal-safe calls on our own process.
    unsafe {
        sigpending(&raw mut pending);
        if sigismember(&raw const pending, CONT) == 1 {
            return;
        }
        let handler = set_disposition(signal, SIG_DFL);
        kill(getpid(), signal);
        let old = change_mask(SIG_UNBLOCK, &SigSet::of([signal]));
        set_mask(&old);
        set_disposition(signal, handler);
    }
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

/// # Safety
/// `handler` is `SIG_DFL`, `SIG_IGN` or a three-argument handler.
unsafe fn set_disposition(signal: c_int, handler: usize) -> usize {
    // SAFETY: zero is a valid value for each field.
    let (mut new, mut old): (SigAction, SigAction) = unsafe { std::mem::zeroed() };
    new.handler = handler;
    if handler > SIG_IGN {
        new.flags = SA_SIGINFO; // no SA_RESTART: a blocked write returns
        new.mask = CONT_ONLY; // a stop must see that it was overtaken
    }
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
            CHLD => {
                CHANGED.store(true, Ordering::Relaxed);
                wake();
            }
            PIPE => {} // the write has failed with EPIPE, which the relay handles
            WINCH => resized(sender),
            _ => hand_on(signal, from_a_process(code, sender)),
        }
        if signal == CONT {
            CONTINUED.fetch_add(1, Ordering::Relaxed);
            resized(sender); // the terminal may have changed while we were stopped
        }
    }
    set_errno(errno);
}

unsafe fn hand_on(signal: c_int, from_a_process: bool) {
    let child = CHILD.load(Ordering::Relaxed);
    if INTERRUPTS.contains(&signal) {
        let _ = INTERRUPTED.compare_exchange(0, signal, Ordering::Relaxed, Ordering::Relaxed);
        if child <= NOBODY || CHANGED.load(Ordering::Relaxed) {
            UNHEARD.store(signal, Ordering::Relaxed);
            // SAFETY: as for the end of a child.
            unsafe { wake() };
        }
    }
    let is_fault = !from_a_process && matches!(signal, ILL | TRAP | BUS | FPE | SEGV | SYS);
    let from_terminal = !from_a_process && matches!(signal, INT | QUIT | TSTP | CONT);
    // SAFETY: our own child, which has not been reaped; a fault of our own is repeated
    // after the return, and then ends us.
    unsafe {
        if is_fault {
            set_disposition(signal, SIG_DFL);
        } else if !from_terminal && child > NOBODY {
            kill(child, signal); // the kernel's SIGALRM or SIGHUP is for us alone as well
        }
    }
    if signal == TSTP {
        stop_by(TSTP);
    }
}

/// A terminal sends keys to the whole group, so go has them already; a process may have meant us alone.
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
