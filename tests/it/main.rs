//! One integration-test binary: a file per step of the flow.

mod properties;
mod rules;
mod silence;
