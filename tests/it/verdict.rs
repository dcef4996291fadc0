//! The verdict: every fault of the laboratory is told apart by cause, reason,
//! host and matrix, from inside the machine on which it happened.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a broken test should stop and say so"
)]

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gomend::cause::{Cause, Layer};
use gomend::doctor;
use gomend::evidence::Evidence;
use gomend::lab::places::{PUBLIC_RESOLVERS, RESOLVER, RESOLVER_2};
use gomend::lab::{Event, FAULTS, Fault, Outcome, Scene, Toolchain, score};
use gomend::probe::{self, Context, Options, Subject};
use gomend::rules;
use gomend::settings::{Env, forges};
use gomend::tool::Cancel;
use gomend::verdict::{self, Verdict};

use crate::support::scene::{Furnish, fault, on_each_version, toolchain};
use crate::support::shims;

/// The file with go's words, for [`inside_a_scene`].
const TEXT: &str = "GOMEND_TEST_TEXT";

/// The doctor's targets, for [`doctor_inside_a_scene`].
pub(crate) const TARGETS: &str = "GOMEND_TEST_TARGETS";

/// What [`inside_a_scene`] found, in one line.
#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Found {
    cause: String,
    reason: Option<String>,
    host: Option<String>,
    matrix: [String; 3],
    elapsed_ms: u64,
    confidence: String,
    pub(crate) observations: serde_json::Value,
}

impl Found {
    fn of(verdict: &Verdict, elapsed: Duration, observations: &[probe::Observation]) -> Self {
        let matrix = verdict.matrix.map(|stage| stage.status().id().to_owned());
        Self {
            cause: verdict.cause.id().to_owned(),
            reason: verdict.reason.map(|reason| reason.id().to_owned()),
            host: verdict.target.host.clone(),
            matrix: [matrix.dns, matrix.certificate, matrix.policy],
            elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap(),
            confidence: serde_json::to_value(verdict.confidence)
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned(),
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

/// The doctor's report, from inside a scene.
#[test]
#[ignore = "runs inside a scene, started by the tests of the doctor"]
fn doctor_inside_a_scene() {
    let request = doctor::Request {
        targets: std::env::var(TARGETS)
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        env: Env::from_process(),
        dir: std::env::current_dir().unwrap(),
        go: which::which("go").ok(),
        options: Options::default(),
        cancel: Cancel::default(),
    };
    let health = doctor::examine(&request, &mut |_, _| {});
    println!("\nFOUND {}", serde_json::to_string(&health).unwrap());
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

/// Runs the fault with go alone, then the diagnosis on the same machine: what is not as the table says, and what the
/// probes did that they must not.
fn diagnosed(fault: &Fault, toolchain: &Toolchain) -> String {
    let scene = fault.scene(toolchain).unwrap();
    let outcome = scene.run(fault.command).unwrap();
    scene.journal().clear(); // from here on, it is we who ask
    let found = look(&scene, outcome.text().as_bytes());
    println!("{} ms {}", found.elapsed_ms, found.confidence);
    let wrong = [
        complaints(fault, &outcome, fault.exits_zero),
        differences(fault, &found),
        trespasses(fault, &scene),
    ];
    wrong.concat()
}

/// Runs the fault through the shim: go's own words must still be there, and the report must name what the table says.
fn reported(fault: &Fault, toolchain: &Toolchain) -> String {
    let mut scene = fault.scene(toolchain).unwrap();
    scene.path.insert(0, shims().to_owned());
    scene.env("GOMEND_REPORT", scene.world.inside("report.json"));
    let outcome = scene.run(fault.command).unwrap();
    let mut wrong = complaints(fault, &outcome, fault.exits_zero || fault.recovers);
    let report = serde_json::from_str(&scene.text("report.json")).unwrap();
    for difference in score::differences(fault, &report) {
        write!(wrong, "\n   {difference}").unwrap();
    }
    wrong
}

/// What is not as the table says in how go ended and what it printed.
pub(crate) fn complaints(fault: &Fault, outcome: &Outcome, succeeds: bool) -> String {
    let (text, mut wrong) = (outcome.text(), String::new());
    if outcome.timed_out {
        wrong += "\n   it did not end in time";
    }
    if outcome.status.success() != succeeds {
        write!(wrong, "\n   it ended with {}", outcome.status).unwrap();
    }
    for needle in fault
        .prints
        .iter()
        .filter(|needle| !text.contains(**needle))
    {
        write!(wrong, "\n   it does not print: {needle}").unwrap();
    }
    if !wrong.is_empty() {
        println!("{text}");
    }
    wrong
}

/// Diagnoses this text inside the scene.
pub(crate) fn look(scene: &Scene, text: &[u8]) -> Found {
    scene.put("tmp/text", text);
    let file = scene.world.inside("tmp/text");
    let line = inside(scene, "verdict::inside_a_scene", TEXT, file.as_os_str());
    serde_json::from_str(&line).unwrap()
}

/// Runs one of the ignored tests above inside the scene: the line that it found.
pub(crate) fn inside(scene: &Scene, test: &str, name: &str, value: &OsStr) -> String {
    let exe = std::env::current_exe().unwrap();
    let argv = [
        exe.to_str().unwrap(),
        "--ignored",
        "--exact",
        test,
        "--nocapture",
    ];
    let mut command = scene.command(&argv).unwrap();
    command.env(name, value);
    let printed = scene.finish(command).unwrap().text();
    let mut lines = printed.lines();
    let line = lines.find_map(|line| line.strip_prefix("FOUND "));
    line.unwrap_or_else(|| panic!("the diagnosis broke: {printed}"))
        .to_owned()
}

/// Hosts that a fault's evidence or settings name besides its own.
const NAMED: &[&str] = &[
    "proxy.golang.org",
    "sum.golang.org",
    "ssh.github.com",
    "proxy.corp.example",
    "proxy.corp.exmaple",
];

/// What no probe may do: tell a private name to the public, send again what was refused, ask for hosts that nobody named.
fn trespasses(fault: &Fault, scene: &Scene) -> String {
    let mut text = String::new();
    let journal = scene.journal();
    for resolver in PUBLIC_RESOLVERS {
        for name in journal.asked(resolver.into()) {
            if !forges::is_well_known(&name) {
                write!(text, "\n   {resolver} was asked for {name}").unwrap();
            }
        }
    }
    let own = [
        fault.host,
        fault.module.and_then(|module| module.split('/').next()),
    ];
    for resolver in [RESOLVER, RESOLVER_2] {
        for name in journal.asked(resolver.into()) {
            if !NAMED.contains(&name.as_str()) && !own.contains(&Some(name.as_str())) {
                write!(text, "\n   {name} was looked up, which nobody named").unwrap();
            }
        }
    }
    for event in journal.events() {
        if let Event::Http { host, path, .. } = event
            && ["proxy.golang.org", "sum.golang.org"].contains(&host.as_str())
            && path.contains("corp.example")
        {
            write!(text, "\n   {host} was told of {path}").unwrap();
        }
    }
    if fault.cause == Cause::HttpsCredentialsRejected && !journal.credentials().is_empty() {
        write!(text, "\n   refused credentials were sent again").unwrap();
    }
    text
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
        fault.reason.id(),
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

with_every_fault! { faults! { every_fault_is_told_apart = is_told_apart; } }

macro_rules! tested {
    ($($name:ident)+) => {
        const TESTED: &[&str] = &[$(stringify!($name)),+];
    };
}

with_every_fault! { tested! {} }

#[test]
fn every_fault_has_a_test() {
    let ids = FAULTS.iter().map(|fault| fault.id.replace('-', "_"));
    let lacking: Vec<_> = ids.filter(|id| !TESTED.contains(&id.as_str())).collect();
    assert!(lacking.is_empty(), "{lacking:?}");
}

/// On three versions of go: go alone says what the table promises, and is diagnosed on the same machine; through the
/// shim the report says so.
fn is_told_apart(id: &str) {
    let fault = fault(id);
    if let Some(missing) = fault.missing() {
        println!("cannot be shown here: {missing}");
        return;
    }
    on_each_version(|version| {
        let toolchain = toolchain(version);
        if fault.shows_with(&toolchain) {
            assert_eq!(diagnosed(fault, &toolchain), "");
            assert_eq!(reported(fault, &toolchain), "");
        }
    });
}
