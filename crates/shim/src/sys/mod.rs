//! Everything `unsafe`, every libc call and every `cfg(target_os)`: the rest of
//! the program sees safe functions. What std offers is used from std.
//!
//! libc's functions and layouts are declared here, because the shim has no crate: those of Linux
//! (glibc and musl) and macOS on `x86_64` and aarch64. Another target doesn't compile rather than
//! misbehave.

#[cfg(not(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64"),
    target_endian = "little",
    target_pointer_width = "64"
)))]
compile_error!(
    "gomend knows the numbers and layouts of Linux and macOS on x86_64 and aarch64; \
     other systems and processors have others, and nobody has checked them"
);

mod descriptor;
pub mod file;
mod memory;
mod poll;
mod process;
pub mod signal;
mod tty;

pub use descriptor::{
    appends, borrowed, forbids_programs, inherited, is_nowhere, keep_only, metadata_of,
    opened_again, same_description, send_now, set_nonblocking,
};
pub use memory::{contains, nameless_file, seal};
pub use poll::{PollFd, wait_for};
pub use process::{
    CArray, Change, Child, EACCES, ENOEXEC, Exit, Lifeline, Wiring, effective_user, end_as, exec,
    exec_script, exit_now, fork_off, look_at, may_execute, most_of_a_file, new_session,
    own_environment, own_pid, own_proc, parent_leads_group, parent_pid, spawn, strings_of, wait,
};
pub use signal::{
    catch_interrupts, continued, hand_on_to, hand_on_to_nobody, ignore_broken_pipes, interrupted,
    interrupted_by, look_begins, look_found_it_alive, mind_broken_pipes, stop_as_well, unblock,
    unheard, watch, watch_no_longer,
};
pub use tty::{Pty, is_foreground, is_terminal, open_pty, same_terminal};
