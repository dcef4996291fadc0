//! One integration-test binary: a file per step of the flow.

mod rules;
mod silence;
