//! A private network, mount table and process table for a few commands, made
//! without root: user namespaces (`user_namespaces(7)`).
//!
//! In: a directory that becomes a memory file system in there. Out: sockets
//! that live in the private network but are served by this very process,
//! mounts that nobody else sees, and commands started inside.
//!
//! One forked child, the *anchor*, holds the namespaces: PID 1 in there,
//! without a program of its own, asleep until its end of a socket closes. So
//! they end with this process however it ends, and the kernel kills whatever
//! still runs inside. Everything else enters by `setns(2)` from a fresh fork.
//! Between fork and exec only system calls are made: other threads may hold
//! locks, of the allocator for one.
//!
//! Both root and an ordinary user appear as [`UID`] inside, and commands hold
//! no capabilities there; the set-up alone does.
//!
//! Not handled: systems other than Linux, where [`Namespace::new`] says so.

/// The user and group id that this user has inside.
pub const UID: u32 = 1000;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod pass;
#[cfg(target_os = "linux")]
mod socket;
#[cfg(target_os = "linux")]
pub use {linux::Namespace, linux::tie, socket::connect};

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub use other::{Namespace, connect, tie};
