//! Everything `unsafe`, every libc call and every `cfg(target_os)`: the rest of
//! the program sees safe functions. What std offers is used from std.
//!
//! libc's functions are declared here instead of coming from the `libc` crate,
//! because the shim is compiled by the build script without any crate.

#[cfg(unix)]
mod unix;
#[cfg(unix)]
pub use unix::*;

#[cfg(unix)]
pub mod file;

#[cfg(not(gomend_shim))]
pub mod names;

#[cfg(all(unix, not(gomend_shim)))]
pub mod namespace;

#[cfg(all(unix, not(gomend_shim)))]
pub mod session;
