//! gomend: the `go` command that mends itself.
//!
//! ```text
//! argv > locate > plan > exec | supervise > capture > rules > evidence
//!      > probes > observations > verdict > fixes > report > apply / undo
//! ```

pub mod sys;

pub mod cause;
pub mod evidence;
pub mod rules;

#[cfg(unix)]
pub mod lab;
