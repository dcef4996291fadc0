//! One integration-test binary: a file per step of the flow.

mod lab;
mod rules;
mod verdict;
