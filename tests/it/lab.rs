//! The laboratory is honest: every fault makes the real go fail, with the words
//! that the table promises, and leaves nothing behind.

use std::collections::VecDeque;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use gomend::lab::places::PUBLIC_RESOLVERS;
use gomend::lab::town::{LIB, TOOLS, WIDGET};
use gomend::lab::{self, FAULTS, Fault, Outcome, Scene, Toolchain};

/// Marks what is wrong in a fault's report.
const COMPLAINT: &str = "!!!";

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
        writeln!(complaints, "{COMPLAINT} did not end in time").unwrap();
    }
    if outcome.status.success() != fault.exits_zero {
        writeln!(complaints, "{COMPLAINT} ended with {}", outcome.status).unwrap();
    }
    let text = outcome.text();
    for needle in fault
        .prints
        .iter()
        .filter(|needle| !text.contains(**needle))
    {
        writeln!(complaints, "{COMPLAINT} does not print: {needle}").unwrap();
    }
    complaints
}

/// Runs a fault: what it printed, and the complaints about that.
fn report(fault: &Fault, toolchain: &Toolchain) -> String {
    match lab::run(fault, toolchain, None, &[]) {
        Ok(outcome) => {
            let elapsed = outcome.elapsed.as_millis();
            format!(
                "{}{elapsed} ms\n{}",
                complaints(fault, &outcome),
                outcome.text()
            )
        }
        Err(error) => format!("{COMPLAINT} {error}\n"),
    }
}

fn every_fault_shows(version: &str) {
    let toolchain = toolchain(version);
    let mut faults: Vec<_> = FAULTS
        .iter()
        .filter(|fault| fault.shows_with(&toolchain))
        .collect();
    // The slowest first: go's own time-outs can't be shortened.
    faults.sort_by_key(|fault| !fault.is_slow());
    let queue = Mutex::new(VecDeque::from(faults));
    let failures = Mutex::new(String::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(fault) = queue.lock().unwrap().pop_front() else {
                        return;
                    };
                    let report = report(fault, &toolchain);
                    println!(
                        "== {} (Go {version})
{report}",
                        fault.id
                    );
                    if report.contains(COMPLAINT) {
                        *failures.lock().unwrap() += &format!(
                            "== {}
{report}
",
                            fault.id
                        );
                    }
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

/// The faults deviate from something that works: the proxy, the checksum
/// database, git over HTTPS, a vanity host.
#[test]
fn a_healthy_scene_lacks_nothing() {
    for version in ["1.21.13", "1.27.3"] {
        let mut scene = Scene::new(&toolchain(version)).unwrap();
        scene.go_env("GOPRIVATE", "*.corp.example").unwrap();
        scene.app(&[&WIDGET, &LIB, &TOOLS]).unwrap();
        scene.open().unwrap();
        let outcome = scene.run(&["go", "mod", "tidy", "-x"]).unwrap();
        assert!(
            outcome.status.success(),
            "{}\n{:#?}",
            outcome.text(),
            scene.journal().events()
        );
        let private = scene.journal().asked(PUBLIC_RESOLVERS[0].into());
        assert!(private.is_empty(), "{private:?}");
        let go_sum = fs::read_to_string(scene.world.outside("home/app/go.sum")).unwrap();
        for module in [WIDGET, LIB, TOOLS] {
            assert!(go_sum.contains(&module.go_sum()), "{go_sum}");
        }
    }
}
