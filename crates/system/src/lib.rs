//! What gomend asks of the system that it runs on.
//!
//! In: paths, programs with their arguments, the environment. Out: bytes by one bounded reader
//! ([`mod@file`]), what programs printed without a prompt ([`tool`]), folders and programs that are gone
//! afterwards ([`scratch`]), and, in [`sys`], the only `unsafe` besides the shim's: names as the C
//! library looks them up, private networks, sessions, terminals. Nothing here knows what a fetch is.

mod env;
pub mod file;
pub mod scratch;
pub mod sys;
pub mod tool;

pub use env::Env;

use gomend_lang as lang;
