//! The commands of a platform team, in words.

pub(super) mod check;
pub(super) mod metrics;
pub(super) mod rescue;
