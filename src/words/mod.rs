//! Words for people: what the rest of the program holds as ids and parameters becomes sentences
//! here, in the language that is spoken, at the moment it is shown.

pub mod cause;
mod lint;
mod observation;
pub(crate) mod reason;
mod role;
mod verdict;

pub(crate) use lint::{flaw, instead, set_by};
pub(crate) use observation::{
    common_name, outcome as connection, parties, seen, shake, unavailable,
};
pub(crate) use role::role;
pub(crate) use verdict::{Summary, not_seen, of_reason, summary, title, verdict};
