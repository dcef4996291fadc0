//! The program that is installed as `go`. The build script compiles it on its
//! own, without any crate and statically linked on Linux: starting is what a shim
//! costs. `no_main` leaves out std's start-up, which this program doesn't need.

#![no_main]
#![allow(dead_code, reason = "the modules are shared with gomend, which uses the rest")]

#[path = "../exit.rs"]
mod exit;
#[path = "../shim/mod.rs"]
mod shim;
#[path = "../supervise/mod.rs"]
mod supervise;
#[path = "../sys/mod.rs"]
mod sys;
#[path = "../world.rs"]
mod world;

use std::ffi::{c_char, c_int};

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
        world::World { args: sys::strings_of(argv), env: sys::strings_of(envp) }
    };
    shim::run(&world)
}
