//! The `gomend` program; started under the name `go` it is the shim.
//!
//! `no_main`, because std's start-up ignores SIGPIPE, and go would inherit that.

#![no_main]
#![expect(unsafe_code, reason = "C's entry point")]

use std::ffi::{c_char, c_int};

use gomend::sys;
use gomend::world::World;

/// C's entry point.
///
/// # Safety
/// Called once, by the C runtime.
#[unsafe(no_mangle)]
unsafe extern "C" fn main(_argc: c_int, argv: *const *const c_char) -> c_int {
    // SAFETY: the C runtime passes a null-terminated array that lives as long as the process.
    let words = unsafe { sys::strings_of(argv) };
    let code = gomend::run(&World {
        args: words,
        env: sys::own_environment(),
    });
    // not by way of C's exit handlers: aws-lc's takes away what a thread that still works begins a handshake
    // with, and that thread then aborts
    sys::exit_now(code)
}
