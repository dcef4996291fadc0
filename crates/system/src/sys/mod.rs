//! Everything `unsafe` and every libc call: the rest of the program sees safe functions. What the
//! shim needs of this is in its crate; here is what gomend needs besides.

pub use gomend_shim::sys::*;
pub use interrupts::{interrupts_are_noted, note_interrupts, note_interrupts_no_longer};

mod interrupts;

pub mod names;

pub mod namespace;

pub mod session;

pub mod terminal;
