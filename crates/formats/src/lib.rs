//! What the user has set: Go's variables with their layers, git's
//! configuration, the proxy that each stack chooses, netrc.
//!
//! Read here, judged in [`lint`]; nothing in this crate touches the network.

pub mod gitconfig;
pub mod goenv;
pub mod lint;
pub mod netrc;
pub mod pattern;
pub mod proxies;
pub mod url;

pub use gomend_core::forges;
pub use gomend_system::Env;

use gomend_core::mask;
use gomend_system::{file, tool};
