//! The commands of a platform team, in words.

pub(super) mod check;
pub(super) mod drill;
pub(super) mod metrics;
pub(super) mod rescue;
pub(super) mod respond;
