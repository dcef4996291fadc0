//! .

use crate::lab::Fault;

pub(super) const FAULTS: &[Fault] = &[];
