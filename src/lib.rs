//! gomend: the `go` command that mends itself.
//!
//! ```text
//! argv > locate > plan > exec | supervise > capture > rules > evidence
//!      > probes > observations > verdict > fixes > report > apply / undo
//! ```
//!
//! The modules stand in that order; each imports only what stands above it, and only
//! this file sees all. `sys` to `supervise` are the fast path: they are compiled a second
//! time, without any crate, into the shim (`src/bin/shim.rs`).

pub mod sys;

pub mod world;

pub mod exit;

pub mod shim;

pub mod supervise;

mod lang;

mod file;

pub mod cause;

pub mod evidence;

pub mod mask;

pub mod rules;

pub mod settings;

mod config;

mod scratch;

pub mod tool;

pub mod probe;

pub mod verdict;

pub mod doctor;

#[cfg(unix)]
pub mod lab;

pub mod fix;

pub mod ask;

pub mod report;

pub mod state;

mod replay;

mod speak;

mod mend;

mod alarm;

pub mod compare;

mod catalogue;

mod diagnose;

mod install;

mod simulate;

mod cli;

pub use cli::help_texts;

use world::World;

/// Runs gomend, or the shim if the program was started as `go`; the exit code.
#[must_use]
pub fn run(world: &World) -> i32 {
    if shim::called_as(world) == Some(b"go") {
        shim::run(world);
    }
    sys::ignore_broken_pipes();
    cli::run(world)
}
