//! The laboratory is honest: every fault makes the real go fail, with the words
//! that the table promises; a healthy scene lacks nothing; nothing stays behind.

#![expect(clippy::unwrap_used, reason = "a test may panic, its helpers too")]
#![expect(clippy::print_stdout, reason = "what go printed, for whoever looks")]

use std::collections::VecDeque;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::thread;

use gomend::lab::places::{GIT_CORP, PUBLIC_RESOLVERS};
use gomend::lab::score::differences;
use gomend::lab::town::{LIB, TOOLS, WIDGET};
use gomend::lab::{self, FAULTS, Fault, Outcome, Scene, Toolchain};

use crate::support::{LATEST, VERSIONS, goroot, shims};

/// Marks what is wrong in a fault's report.
const COMPLAINT: &str = "!!!";

/// Most faults wait more than they work.
const WORKERS: usize = 10;

/// One way to run a fault: the report, with complaints.
type Run = fn(&Fault, &Toolchain) -> lab::Result<String>;

/// Set for a copy of this program that is to open a scene and be killed.
const TO_BE_KILLED: &str = "GOMEND_TEST_LAB_TO_BE_KILLED";

/// The toolchain of this version.
fn toolchain(version: &str) -> Toolchain {
    Toolchain::of(&goroot(version).join("bin/go")).unwrap()
}

/// What is wrong with an outcome; empty if it is as the table says.
fn complaints(fault: &Fault, outcome: &Outcome, succeeds: bool) -> String {
    let mut complaints = String::new();
    if outcome.timed_out {
        writeln!(complaints, "{COMPLAINT} did not end in time").unwrap();
    }
    if outcome.status.success() != succeeds {
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

/// Runs a fault with go alone: what it printed, and the complaints about that.
fn shown(fault: &Fault, toolchain: &Toolchain) -> lab::Result<String> {
    let outcome = lab::run(fault, toolchain, None, &[])?;
    let elapsed = outcome.elapsed.as_millis();
    Ok(format!(
        "{}{elapsed} ms
{}",
        complaints(fault, &outcome, fault.exits_zero),
        outcome.text()
    ))
}

/// Runs a fault through the shim: go's own words must still be there, and the
/// report must name what the table says.
fn named(fault: &Fault, toolchain: &Toolchain) -> lab::Result<String> {
    let mut scene = fault.scene(toolchain)?;
    scene.path.insert(0, shims().to_owned());
    scene.env("GOMEND_REPORT", scene.world.inside("report.json"));
    let outcome = scene.run(fault.command)?;
    let succeeds = fault.exits_zero || fault.recovers;
    let mut report = complaints(fault, &outcome, succeeds);
    match fs::read(scene.world.outside("report.json")) {
        Ok(json) => {
            let json = serde_json::from_slice(&json).unwrap();
            for difference in differences(fault, &json) {
                writeln!(report, "{COMPLAINT} {difference}").unwrap();
            }
        }
        Err(error) => writeln!(report, "{COMPLAINT} no report: {error}").unwrap(),
    }
    writeln!(report, "{} ms", outcome.elapsed.as_millis()).unwrap();
    Ok(report + &outcome.text())
}

/// Runs every fault that this version shows, with go alone and through the
/// shim, several at a time.
fn every_fault(version: &str) {
    let toolchain = toolchain(version);
    let mut runs: Vec<(&Fault, &str, Run)> = FAULTS
        .iter()
        .filter(|fault| fault.shows_with(&toolchain))
        .flat_map(|fault| {
            [
                (fault, "go alone", shown as Run),
                (fault, "the shim", named),
            ]
        })
        .collect();
    // The slowest first: go's own time-outs can't be shortened.
    runs.sort_by_key(|(fault, ..)| !fault.is_slow());
    let queue = Mutex::new(VecDeque::from(runs));
    let failures = Mutex::new(String::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some((fault, by, run)) = queue.lock().unwrap().pop_front() else {
                        return;
                    };
                    let report = run(fault, &toolchain).unwrap_or_else(|error| {
                        format!(
                            "{COMPLAINT} {error}
"
                        )
                    });
                    let report = format!(
                        "== {} (Go {version}, {by})
{report}",
                        fault.id
                    );
                    println!("{report}");
                    if report.contains(COMPLAINT) {
                        writeln!(failures.lock().unwrap(), "{report}").unwrap();
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn every_fault_is_shown_and_named_with_go_1_27() {
    every_fault(VERSIONS[0]);
}

#[test]
fn every_fault_is_shown_and_named_with_go_1_24() {
    every_fault(VERSIONS[1]);
}

#[test]
fn every_fault_is_shown_and_named_with_go_1_21() {
    every_fault(VERSIONS[2]);
}

/// The faults deviate from something that works: the proxy, the checksum
/// database, git over HTTPS, a vanity host.
#[test]
fn a_healthy_scene_lacks_nothing() {
    for version in VERSIONS {
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
        let go_sum = fs::read_to_string(scene.world.outside("home/app/go.sum")).unwrap();
        for module in [WIDGET, LIB, TOOLS] {
            assert!(go_sum.contains(&module.go_sum()), "{go_sum}");
        }
        for resolver in PUBLIC_RESOLVERS {
            assert_eq!(scene.journal().asked(resolver.into()), [] as [&str; 0]);
        }
    }
}

/// Settings, files and credential stores can be mended in the scene, and the
/// next command sees that; the journal has what was sent.
#[test]
fn a_scene_can_be_mended() {
    let fault = Fault::of("https-credentials-refused").unwrap();
    let scene = fault.scene(&toolchain(LATEST)).unwrap();
    assert!(!scene.run(fault.command).unwrap().status.success());
    let sent = scene.journal().credentials();
    assert!(
        !sent.is_empty() && sent.iter().all(|(host, _)| host == GIT_CORP.name),
        "{sent:?}"
    );
    let line = "https://dev:correct-horse@git.corp.example\n";
    scene
        .world
        .write("home/.git-credentials", line, true)
        .unwrap();
    let outcome = scene.run(fault.command).unwrap();
    assert!(outcome.status.success(), "{}", outcome.text());
}

/// Faults of files and settings show where no network can be made, too.
#[test]
fn a_bare_scene_shows_faults_of_files_and_settings() {
    let toolchain = toolchain(LATEST);
    for fault in FAULTS.iter().filter(|fault| !fault.needs.network) {
        let scene = fault.stage(Scene::bare(&toolchain).unwrap()).unwrap();
        let outcome = scene.run(fault.command).unwrap();
        assert_eq!(
            complaints(fault, &outcome, fault.exits_zero),
            "",
            "{}: {}",
            fault.id,
            outcome.text()
        );
    }
}

/// A scene inside a scene: its user is no root, whoever runs this test.
#[test]
fn an_ordinary_user_can_open_scenes() {
    let toolchain = toolchain(LATEST);
    let mut scene = Scene::new(&toolchain).unwrap();
    let toolchains = goroot(LATEST).join("../..").canonicalize().unwrap();
    scene.env("GOMEND_TOOLCHAINS", toolchains);
    let this = env::current_exe().unwrap();
    let tests = [
        "lab::a_healthy_scene_lacks_nothing",
        "lab::a_scene_can_be_mended",
    ];
    let argv = [&[this.to_str().unwrap(), "--exact"][..], &tests].concat();
    let outcome = scene.run(&argv).unwrap();
    assert!(outcome.status.success(), "{}", outcome.text());
    assert!(outcome.text().contains("2 passed"), "{}", outcome.text());
}

/// Kill -9 is the worst way to end; the kernel tidies up all the same.
#[test]
fn a_killed_scene_leaves_nothing() {
    if env::var_os(TO_BE_KILLED).is_some() {
        let scene = Scene::new(&toolchain(LATEST)).unwrap();
        let root = scene.world.inside("").display().to_string();
        let script = format!("echo pid $$ {root}; sleep 600 & wait");
        let mut command = scene.command(&["sh", "-c", &script]).unwrap();
        command
            .stdout(Stdio::inherit())
            .spawn()
            .unwrap()
            .wait()
            .unwrap();
        unreachable!("killed before");
    }
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "lab::a_killed_scene_leaves_nothing",
            "--nocapture",
        ])
        .env(TO_BE_KILLED, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.contains("pid "))
        .unwrap();
    let root = PathBuf::from(line.rsplit(' ').next().unwrap());
    assert!(root.is_dir());
    child.kill().unwrap();
    child.wait().unwrap();
    // The pipe closes when the last process inside has ended.
    assert_eq!(lines.count(), 0);
    let gone = (0..1000).any(|_| {
        thread::yield_now();
        !root.exists()
    });
    assert!(gone, "{} is still there", root.display());
}
