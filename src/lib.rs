//! gomend: the `go` command that mends itself.
//!
//! ```text
//! argv > locate > plan > exec | supervise > capture > rules > evidence
//!      > probes > observations > verdict > fixes > report > apply / undo
//! ```
//!
//! The stretches of that flow are crates of their own (`crates/`), under their old names here; what is
//! left is what meets a person: words, reports, the command line, install. The modules stand in the flow's
//! order; each imports only what stands above it, and only this file sees all. The fast path, `crates/shim`, is
//! compiled a second time into the program that is installed as `go`.

use gomend_core::escape;
pub use gomend_core::{cause, evidence, mask, place};
pub use gomend_fix as fix;
pub use gomend_formats as settings;
pub use gomend_lab as lab;
pub use gomend_probe as probe;
pub use gomend_rules as rules;
pub use gomend_shim as shim;
pub use gomend_shim::{exit, supervise, world};
pub use gomend_system::{sys, tool};
pub use gomend_verdict as verdict;

use gomend_system::{file, scratch};

mod lang;

mod wrap;

mod config;

mod surroundings;

pub mod words;

mod ask;

pub mod report;

pub mod doctor;

pub mod state;

mod replay;

mod speak;

mod timing;

mod mend;

mod alarm;

mod compare;

pub mod own_rules;

mod listing;

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
