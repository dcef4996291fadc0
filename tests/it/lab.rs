//! The laboratory is honest: every fault makes the real go fail, with the words
//! that the table promises, and leaves nothing behind.

use std::collections::VecDeque;
use std::env;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use gomend::lab::{self, FAULTS, Fault, Outcome, Toolchain};

/// Most faults wait more than they work.
const WORKERS: usize = 8;

/// The toolchain of this version: `$GOMEND_TOOLCHAINS/<version>/go/bin/go`.
fn toolchain(version: &str) -> Toolchain {
    let folder = env::var_os("GOMEND_TOOLCHAINS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/toolchains"),
        PathBuf::from,
    );
    let go = folder.join(version).join("go/bin/go");
    Toolchain::of(&go).unwrap_or_else(|error| {
        panic!("Go {version} is needed: set GOMEND_TOOLCHAINS to the folder that has it: {error}")
    })
}

/// What is wrong with an outcome; empty if it is as the table says.
fn complaints(fault: &Fault, outcome: &Outcome) -> String {
    let mut complaints = String::new();
    if outcome.timed_out {
        complaints += "  did not end in time\n";
    }
    if outcome.status.success() != fault.exits_zero {
        writeln!(complaints, "  ended with {}", outcome.status).unwrap();
    }
    let text = outcome.text();
    for needle in fault.prints.iter().filter(|needle| !text.contains(**needle)) {
        writeln!(complaints, "  does not print: {needle}").unwrap();
    }
    complaints
}

fn every_fault_shows(version: &str) {
    let toolchain = toolchain(version);
    let only = env::var("GOMEND_LAB_ONLY").unwrap_or_default();
    let chosen = FAULTS.iter().filter(|fault| fault.id.contains(&only));
    let queue: Mutex<VecDeque<_>> =
        Mutex::new(chosen.filter(|fault| fault.shows_with(&toolchain)).collect());
    let failures = Mutex::new(String::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(fault) = queue.lock().unwrap().pop_front() else { return };
                    let report = match lab::run(fault, &toolchain, None, &[]) {
                        Ok(outcome) => {
                            println!(
                                "{version} {:30} {:6} ms",
                                fault.id,
                                outcome.elapsed.as_millis()
                            );
                            let complaints = complaints(fault, &outcome);
                            if complaints.is_empty() && only.is_empty() {
                                continue;
                            }
                            format!("{complaints}{}\n", outcome.text())
                        }
                        Err(error) => format!("  {error}\n"),
                    };
                    *failures.lock().unwrap() += &format!("\n== {} (Go {version})\n{report}", fault.id);
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_fault_shows_with_go_1_27() {
    every_fault_shows("1.27.3");
}

#[test]
fn every_fault_shows_with_go_1_24() {
    every_fault_shows("1.24.11");
}

#[test]
fn every_fault_shows_with_go_1_21() {
    every_fault_shows("1.21.13");
}
