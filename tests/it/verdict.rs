//! The verdict: every fault of the laboratory is told apart by cause, reason,
//! host and matrix, from inside the machine on which it happened.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use gomend::cause::Layer;
use gomend::evidence::Evidence;
use gomend::lab::{FAULTS, Fault, Scene, Toolchain};
use gomend::probe::{self, Context, Options, Subject};
use gomend::rules;
use gomend::settings::Env;
use gomend::tool::Cancel;
use gomend::verdict::{self, Verdict};

/// The file with go's words, for [`inside_a_scene`].
const TEXT: &str = "GOMEND_TEST_TEXT";

/// What [`inside_a_scene`] found, in one line.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Found {
    cause: String,
    reason: Option<String>,
    host: Option<String>,
    matrix: [String; 3],
    elapsed_ms: u64,
    confidence: String,
    summary: String,
    observations: serde_json::Value,
}

impl Found {
    fn of(verdict: &Verdict, elapsed: Duration, observations: &[probe::Observation]) -> Self {
        let word = |status| {
            serde_json::to_value(status)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned()
        };
        let matrix = verdict.matrix;
        Self {
            cause: verdict.cause.id().to_owned(),
            reason: verdict.reason.map(|reason| reason.words().to_owned()),
            host: verdict.target.host.clone(),
            matrix: [matrix.dns, matrix.certificate, matrix.policy].map(word),
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap(),
            confidence: serde_json::to_value(verdict.confidence)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned(),
            summary: verdict.summary.clone(),
            observations: serde_json::to_value(observations).unwrap(),
        }
    }
}

fn diagnose(evidence: &Evidence) -> (Verdict, Vec<probe::Observation>, Duration) {
    let started = Instant::now();
    let observations = match Subject::from_evidence(evidence) {
        Some(subject) => {
            let env = Env::from_process();
            let go = which::which("go").ok();
            let dir = std::env::current_dir().unwrap();
            let cx = Context::new(
                subject,
                env,
                &dir,
                go.as_deref(),
                Options::default(),
                Cancel::default(),
            );
            probe::run(&Arc::new(cx), &mut |_| {})
        }
        None => Vec::new(),
    };
    let verdict = verdict::decide(evidence, &observations);
    (verdict, observations, started.elapsed())
}

#[test]
#[ignore = "runs inside a scene, started by the tests below"]
fn inside_a_scene() {
    let text = std::fs::read(std::env::var_os(TEXT).expect("started by another test")).unwrap();
    let evidence = rules::scan(&text, &rules::Context::default());
    let (verdict, observations, elapsed) = diagnose(&evidence);
    let found = Found::of(&verdict, elapsed, &observations);
    println!("\nFOUND {}", serde_json::to_string(&found).unwrap());
}

/// The toolchain of this version: `$GOMEND_TOOLCHAINS/<version>/go/bin/go`.
fn toolchain(version: &str) -> Toolchain {
    let folder = std::env::var_os("GOMEND_TOOLCHAINS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/toolchains"),
        PathBuf::from,
    );
    let go = folder.join(version).join("go/bin/go");
    Toolchain::of(&go).unwrap_or_else(|error| {
        panic!("set GOMEND_TOOLCHAINS to the folder that has Go {version}: {error}")
    })
}

/// Runs the fault, then the diagnosis on the same machine.
fn found(fault: &Fault, toolchain: &Toolchain) -> Result<Found, String> {
    let say = |error: gomend::lab::Error| error.to_string();
    let scene = fault.scene(toolchain).map_err(say)?;
    let outcome = scene.run(fault.command).map_err(say)?;
    look(&scene, outcome.text().as_bytes())
}

fn look(scene: &Scene, text: &[u8]) -> Result<Found, String> {
    let say = |error: gomend::lab::Error| error.to_string();
    scene.world.write("tmp/text", text, false).map_err(say)?;
    let exe = std::env::current_exe().unwrap();
    let mut command = scene
        .command(&[
            exe.to_str().unwrap(),
            "--ignored",
            "--exact",
            "verdict::inside_a_scene",
            "--nocapture",
        ])
        .map_err(say)?;
    command.env(TEXT, scene.world.inside("tmp/text"));
    let outcome = scene.finish(command).map_err(say)?;
    let text = outcome.text();
    let line = text.lines().find_map(|line| line.strip_prefix("FOUND "));
    line.map(|line| serde_json::from_str(line).unwrap())
        .ok_or_else(|| format!("the diagnosis broke: {text}"))
}

/// What differs from the table.
fn differences(fault: &Fault, found: &Found) -> String {
    let mut text = String::new();
    let matrix = [
        fault.matrix.dns,
        fault.matrix.certificate,
        fault.matrix.policy,
    ]
    .map(|cell| cell.id().to_owned());
    let mut compare = |what: &str, ours: &str, due: &str| {
        if ours != due {
            write!(text, "\n   {what}: {ours}, due {due}").unwrap();
        }
    };
    compare("cause", &found.cause, fault.cause.id());
    compare(
        "reason",
        found.reason.as_deref().unwrap_or("-"),
        fault.reason,
    );
    // what a local failure was about to talk to may be named or not
    if fault.host.is_some() || fault.cause.layer() != Layer::Local {
        compare(
            "host",
            found.host.as_deref().unwrap_or("-"),
            fault.host.unwrap_or("-"),
        );
    }
    compare("matrix", &found.matrix.join(" "), &matrix.join(" "));
    text
}

fn every_fault_is_told_apart(version: &str) {
    let toolchain = toolchain(version);
    let only = std::env::var("GOMEND_TEST_FAULT").unwrap_or_default();
    let mut faults: Vec<_> = FAULTS
        .iter()
        .filter(|fault| fault.shows_with(&toolchain) && fault.id.starts_with(&only))
        .collect();
    faults.sort_by_key(|fault| !fault.is_slow());
    let queue = Mutex::new(VecDeque::from(faults));
    let wrong = Mutex::new(String::new());
    let times = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let Some(fault) = queue.lock().unwrap().pop_front() else {
                        return;
                    };
                    if let Some(missing) = fault.missing() {
                        println!("-- {}: cannot be shown here: {missing}", fault.id);
                        continue;
                    }
                    let difference = match found(fault, &toolchain) {
                        Ok(found) => {
                            times.lock().unwrap().push((found.elapsed_ms, fault.id));
                            let difference = differences(fault, &found);
                            if !only.is_empty() {
                                println!("{found:#?}");
                            }
                            println!(
                                "-- {} {} ms {}: {}{difference}",
                                fault.id, found.elapsed_ms, found.confidence, found.summary
                            );
                            difference
                        }
                        Err(error) => error,
                    };
                    if !difference.is_empty() {
                        writeln!(wrong.lock().unwrap(), "{}: {difference}", fault.id).unwrap();
                    }
                }
            });
        }
    });
    let mut times = times.into_inner().unwrap();
    times.sort_unstable();
    println!(
        "median {:?}, slowest {:?}",
        times.get(times.len() / 2),
        &times[times.len().saturating_sub(8)..]
    );
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_fault_is_told_apart_with_go_1_27() {
    every_fault_is_told_apart("1.27.3");
}
