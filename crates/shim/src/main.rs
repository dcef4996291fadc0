//! The program that is installed as `go`. The build script compiles it on its own, statically
//! linked on Linux: starting is what a shim costs. `no_main` leaves out std's start-up, which
//! this program doesn't need.

#![no_main]
#![expect(unsafe_code, reason = "C's entry point")]

use std::ffi::{c_char, c_int};

use gomend_shim::sys;
use gomend_shim::world::World;

/// C's entry point.
///
/// # Safety
/// Called once, by the C runtime.
#[unsafe(no_mangle)]
unsafe extern "C" fn main(
    _argc: c_int,
    argv: *const *const c_char,
    envp: *const *const c_char,
) -> c_int {
    // SAFETY: the C runtime passes null-terminated arrays that live as long as the process.
    let world = unsafe {
        World {
            args: sys::strings_of(argv),
            env: sys::strings_of(envp),
        }
    };
    gomend_shim::run(&world)
}
