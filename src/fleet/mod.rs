//! What a platform team needs: a policy that is checked, events, metrics, replacements that are rehearsed.
//!
//! Formats, rules, records and metrics are `crates/fleet`; here they meet this machine's files, settings and
//! programs. Left out without the feature `fleet`. Nothing here is on the way of a go that succeeds.

pub(crate) mod check;
pub(crate) mod events;
pub(crate) mod gather;
pub(crate) mod memory;
pub(crate) mod metrics;
mod post;
pub(crate) mod rescue;
pub(crate) mod respond;
pub(crate) mod words;
