//! One integration-test binary: a file per step of the flow. The real programs, driven
//! from outside: `gomend`, and the shim as `gomend install` writes it, against the real go
//! and a stand-in for it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[macro_use]
mod support;

mod advice;
mod attacks;
mod canaries;
mod chinese;
mod compare;
mod docs;
mod doctor;
mod editors;
mod fix;
mod fix_kill;
mod fix_refusals;
#[cfg(feature = "fleet")]
mod fleet;
mod foreign;
mod fuzz;
mod hostile_files;
mod hostile_peers;
mod hosts;
mod install;
mod install_shells;
mod lab;
mod lang;
mod mended;
mod packaging;
mod probe;
mod probe_words;
mod proof;
mod properties;
mod provenance;
mod readme;
mod reference;
mod retry;
mod rules;
mod shim_env;
mod shim_go;
mod shim_locate;
mod shim_signals;
mod shim_streams;
mod shim_trace;
mod shim_trouble;
mod silence;
mod simulate;
mod states;
mod status;
mod toolchains;
mod trials;
mod unproven;
mod verdict;
mod verdict_table;
mod walk;
mod wrappers;
