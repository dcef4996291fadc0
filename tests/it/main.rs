//! One integration-test binary: a file per step of the flow. The real programs, driven
//! from outside: `gomend`, and the shim as `gomend install` writes it, against the real go
//! and a stand-in for it.

mod support;

mod fix;
mod lab;
mod rules;
mod shim_env;
mod shim_signals;
mod verdict;
