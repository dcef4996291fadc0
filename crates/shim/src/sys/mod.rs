//! Everything `unsafe`, every libc call and every `cfg(target_os)`: the rest of
//! the program sees safe functions. What std offers is used from std.
//!
//! libc's functions and layouts are declared here, because the shim has no crate: those of
//! 64-bit Linux (glibc and musl) and macOS. A target with another layout doesn't compile
//! rather than misbehave.

#[cfg(not(all(
    target_pointer_width = "64",
    any(target_os = "linux", target_os = "macos")
)))]
compile_error!("sys knows the layouts of 64-bit Linux and macOS only");

mod descriptor;
mod memory;
mod poll;
mod process;
pub mod signal;
mod tty;

pub use descriptor::{
    appends, borrowed, inherited, keep_only, metadata_of, same_description, set_nonblocking,
};
pub use memory::{contains, nameless_file, seal};
pub use poll::{PollFd, wait_for};
pub use process::{
    CArray, Child, ENOEXEC, Exit, Wiring, effective_user, end_as, exec, exec_script, exit_now,
    fork_off, may_execute, own_environment, own_pid, parent_leads_group, parent_pid, spawn,
    strings_of, wait,
};
pub use signal::{
    hand_on_to, hand_on_to_nobody, ignore_broken_pipes, ignore_terminal_signals, interrupted,
    note_interrupts, unblock, watch, watch_no_longer,
};
pub use tty::{Pty, is_foreground, is_terminal, open_pty, same_terminal};
