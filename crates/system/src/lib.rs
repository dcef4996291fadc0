//! What gomend asks of the system that it runs on. Nothing here knows what a fetch is.
//!
//! Comes in: paths, programs with their arguments, an [`Env`]. Goes out:
//!
//! - [`mod@file`]: bytes by the one bounded reader, or why a file is not read. No other file of the sources
//!   opens files to read them; a test here sees to it.
//! - [`tool`]: what a program printed, bounded, and how it ended. It can't prompt or outlive its deadline.
//! - [`scratch`]: folders and programs that are gone once gomend is.
//! - [`sys`]: safe functions over the only `unsafe` besides the shim's: names as the C library looks
//!   them up, private networks, sessions, terminals.
//!
//! An [`Env`] is passed, never looked up: whoever tests says what is in it.

mod env;
pub mod file;
pub mod scratch;
pub mod sys;
pub mod tool;

pub use env::Env;

use gomend_lang as lang;
