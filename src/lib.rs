//! gomend: the `go` command that mends itself.
//!
//! ```text
//! argv > locate > plan > exec | supervise > capture > rules > evidence
//!      > probes > observations > verdict > fixes > report > apply / undo
//! ```
//!
//! The modules stand in that order; each imports only what stands above it, and only
//! this file sees all. The fast path is a crate of its own, `crates/shim`, which is compiled a
//! second time into the program that is installed as `go`.

pub use gomend_core::{cause, evidence, mask, place};
pub use gomend_rules as rules;
pub use gomend_shim as shim;
pub use gomend_shim::{exit, supervise, world};

pub mod sys;

mod lang;

pub mod wrap;

mod file;

pub mod settings;

mod config;

pub mod surroundings;

mod scratch;

pub mod tool;

pub mod probe;

pub mod verdict;

pub mod words;

#[cfg(unix)]
pub mod lab;

pub mod fix;

pub mod ask;

pub mod report;

pub mod doctor;

pub mod state;

mod replay;

mod speak;

mod timing;

mod mend;

mod alarm;

pub mod compare;

pub mod own_rules;

mod catalogue;

#[cfg(feature = "fleet")]
mod fleet;
mod retry;

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
