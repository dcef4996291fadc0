//! The doctor against what go then does: for every fault of the laboratory it looks at the machine
//! before the command, and must foretell the failure and its cause; a healthy one it leaves alone.

use std::sync::Mutex;

use gomend::lab::{FAULTS, Fault};
use serde_json::Value;

use crate::fix::Desk;
use crate::support::{LATEST, Sandbox};

/// What no look beforehand can show, and why. The doctor fetches no module and tells nobody a
/// module's name.
const UNFORESEEN: &[(&str, &[&str])] = &[
    (
        "only asking for the module itself shows it",
        &[
            "fresh-tag",
            "fresh-tag-sumdb",
            "goproxy-403-silent",
            "hg-missing",
            "private-via-proxy",
            "private-via-proxy-410",
            "private-via-sumdb",
            "ssh-repo-not-found",
            "unknown-revision",
            "vanity-sign-in",
        ],
    ),
    (
        "only the transfer of the module shows it",
        &[
            "flaky-proxy",
            "git-cut",
            "http2-goaway",
            "http2-reset",
            "tcp-closed",
            "tcp-reset",
            "zip-cut",
            "goproxy-bad-json",
        ],
    ),
    (
        "it lies in the module's content, or in what the command asks for",
        &[
            "ambiguous-import",
            "checksum-mismatch",
            "missing-go-sum",
            "module-path-mismatch",
            "package-missing",
            "vcs-disallowed",
        ],
    ),
    (
        "only unpacking or git in the cache meets it",
        &["cache-corrupt-git", "cache-corrupt-zip", "git-lock-left"],
    ),
    (
        "nothing is run in another user's repository",
        &["dubious-ownership"],
    ),
    (
        "a login is not tried beforehand, an agent not asked",
        &["ssh-key-refused", "ssh-key-open"],
    ),
    (FICKLE, &["dns-slow", "goproxy-transient"]),
];

/// What may be there when the doctor looks, and may not.
const FICKLE: &str = "it comes and goes";

/// What the doctor says would go wrong: causes, and ids of lints that stop a fetch.
fn foretold(health: &Value) -> Vec<String> {
    let entries = |name: &str| health[name].as_array().cloned().unwrap_or_default();
    let hosts = entries("checks")
        .into_iter()
        .map(|check| check["trouble"]["cause"].clone());
    let local = entries("local")
        .into_iter()
        .map(|trouble| trouble["cause"].clone());
    let lints = entries("lints")
        .into_iter()
        .filter(|lint| lint["severity"] == "error")
        .map(|lint| lint["id"].clone());
    let all = hosts.chain(local).chain(lints);
    all.filter_map(|value| value.as_str().map(str::to_owned))
        .collect()
}

fn look(fault: &Fault) -> (Option<i32>, Vec<String>) {
    let desk = Desk::new(fault.id);
    let before = desk.picture();
    let outcome = desk.gomend(&["doctor", "--json"]);
    assert_eq!(desk.picture(), before, "{}: the doctor wrote", fault.id);
    let health = serde_json::from_slice(&outcome.stdout).unwrap_or_default();
    (outcome.status.code(), foretold(&health))
}

#[test]
fn every_fault_is_foreseen_or_known_not_to_be() {
    const AT_ONCE: usize = 3;
    let queue = Mutex::new(FAULTS.iter());
    let rows = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(fault) = queue.lock().unwrap().next() else {
                        return;
                    };
                    let (code, found) = look(fault);
                    rows.lock().unwrap().push((fault, code, found));
                }
            });
        }
    });
    let (mut wrong, mut hits, mut alarms) = (Vec::new(), 0_u32, 0_u32);
    for (fault, code, found) in rows.into_inner().unwrap() {
        let why = UNFORESEEN.iter().find(|(_, ids)| ids.contains(&fault.id));
        let hit = found.iter().any(|cause| cause == fault.cause.id());
        hits += u32::from(hit);
        alarms += u32::from(!found.is_empty());
        // the code says what the list says
        let agrees = code == Some(i32::from(!found.is_empty()));
        if !agrees || found.is_empty() && why.is_none() {
            wrong.push(format!("{}: {code:?} {found:?}", fault.id));
        }
        if hit && why.is_some_and(|(why, _)| *why != FICKLE) {
            wrong.push(format!("{} is foreseen: take it off the list", fault.id));
        }
    }
    let total = u32::try_from(FAULTS.len()).unwrap();
    println!("foreseen with the right cause: {hits} of {total}; said that it fails: {alarms}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // of those that it says would fail, at least 90 % for the right cause
    assert!(hits * 100 >= alarms * 90, "{hits} of {alarms}");
}

/// A module without a network: `files` in its folder, `vars` in its environment.
fn offline(files: &[(&str, &str)], vars: &[(&str, &str)]) -> (Option<i32>, Value) {
    let mut sandbox = Sandbox::with_go(LATEST).var("GOPROXY", "off");
    for (name, value) in vars {
        sandbox = sandbox.var(name, value);
    }
    for (name, content) in files {
        sandbox.write(&format!("work/{name}"), content);
    }
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_gomend"));
    let mut command = sandbox.direct().environment(program);
    let output = command.args(["doctor", "--json"]).output().unwrap();
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

#[test]
fn what_stops_go_before_a_fetch_is_foretold() {
    let requires = "module app\n\ngo 1.21\n\nrequire example.com/lib v1.0.0\n";
    for (files, cause) in [
        (&[("go.mod", requires)][..], "goproxy-disabled"),
        (
            &[("go.mod", "module app\n\nrequire (((\n")],
            "not-ours", // go's own words stand in the summary
        ),
        (
            &[(
                "go.mod",
                "module app\n\ngo 1.21\n\nrequire example.com/lib/v2 v1.0.0\n",
            )],
            "invalid-version",
        ),
    ] {
        let (code, health) = offline(files, &[("GONOSUMDB", "*"), ("GOSUMDB", "off")]);
        let found = foretold(&health);
        assert_eq!(code, Some(1), "{health:#}");
        assert!(found.iter().any(|one| one == cause), "{cause}: {found:?}");
    }
}

#[test]
fn a_module_that_needs_nothing_is_well() {
    let files = [
        ("go.mod", "module app\n\ngo 1.21\n"),
        ("main.go", "package main\n\nfunc main() {}\n"),
    ];
    let (code, health) = offline(&files, &[("GOSUMDB", "off")]);
    assert_eq!(code, Some(0), "{health:#}");
    assert_eq!(health["complete"], Value::Null); // none is required
}
