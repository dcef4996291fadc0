//! The truth table: scenario files in, verdicts out. One file at least for
//! every row that can be told from observations.

#![expect(clippy::unwrap_used, reason = "a broken test should stop and say so")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use gomend::cause::Cause;
use gomend::evidence::{Evidence, Finding, Role, Side, Target};
use gomend::probe::{Observation, Status};
use gomend::verdict::{self, Confidence, NotSeen, Reason, Stage};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    row: Option<u32>,
    finding: Named,
    #[serde(default)]
    probe: Vec<Observation>,
    verdict: Due,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    rule: String,
    suspects: Vec<String>,
    role: String,
    scheme: Option<String>,
    host: Option<String>,
    port: Option<u16>,
    module: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Due {
    cause: String,
    reason: Option<Reason>,
    dns: Status,
    certificate: Status,
    policy: Status,
    confidence: Option<Confidence>,
    host: Option<String>,
    #[serde(default)]
    unknown: Vec<NotSeen>,
}

fn evidence(named: &Named) -> Evidence {
    let role = match named.role.as_str() {
        "goproxy" => Role::Goproxy,
        "vcs-https" => Role::VcsHttps,
        "vcs-ssh" => Role::VcsSsh,
        "import-meta" => Role::ImportMeta,
        "http-proxy" => Role::HttpProxy,
        other => panic!("no such role: {other}"),
    };
    let cause = |id: &String| Cause::from_id(id).unwrap_or_else(|| panic!("no such cause: {id}"));
    let target = Target {
        role,
        scheme: named.scheme.clone(),
        host: named.host.clone(),
        port: named.port,
        module: named.module.clone(),
        side: Some(Side::Local),
        ..Target::default()
    };
    let finding = {
        let suspects: Vec<Cause> = named.suspects.iter().map(cause).collect();
        Finding::new(named.rule.clone(), &suspects, target)
    };
    Evidence {
        findings: vec![finding],
    }
}

fn scenarios() -> Vec<(String, Scenario)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let scenario = toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, scenario)
    };
    files.iter().map(read).collect()
}

#[test]
fn every_scenario_has_its_verdict() {
    let mut wrong = String::new();
    for (name, scenario) in scenarios() {
        let Due {
            cause,
            reason,
            dns,
            certificate,
            policy,
            confidence,
            host,
            unknown,
        } = scenario.verdict;
        let verdict = verdict::decide(&evidence(&scenario.finding), &scenario.probe);
        let matrix = verdict.matrix.map(Stage::status);
        let ours = (
            verdict.cause.id(),
            verdict.reason,
            [matrix.dns, matrix.certificate, matrix.policy],
        );
        let due = (cause.as_str(), reason, [dns, certificate, policy]);
        if ours != due {
            writeln!(wrong, "{name}: {ours:?}\n   due {due:?}").unwrap();
        }
        if confidence.is_some_and(|due| due != verdict.confidence) {
            writeln!(
                wrong,
                "{name}: {:?}, due {confidence:?}",
                verdict.confidence
            )
            .unwrap();
        }
        if host.is_some() && host != verdict.target.host {
            writeln!(wrong, "{name}: {:?}, due {host:?}", verdict.target.host).unwrap();
        }
        if !unknown.is_empty() && unknown != verdict.unknown {
            writeln!(wrong, "{name}: {:?}, due {unknown:?}", verdict.unknown).unwrap();
        }
        if verdict.rests_on.is_empty() {
            writeln!(wrong, "{name} rests on nothing").unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Rows 6 (two replies to one question), 11 (large packets lost) and 24 (another process's
/// environment) need what no observation holds: the reference says so.
#[test]
fn every_row_that_can_be_told_has_a_scenario() {
    let have: BTreeSet<u32> = scenarios()
        .iter()
        .filter_map(|(_, scenario)| scenario.row)
        .collect();
    let due: BTreeSet<u32> = (1..=27).filter(|row| ![6, 11, 24].contains(row)).collect();
    assert_eq!(have, due);
}

/// No observation of any order or subset may bring the verdict to fall, and none may claim
/// that a later stage failed where an earlier one did.
#[test]
fn any_subset_of_observations_gives_a_sound_matrix() {
    for (name, scenario) in scenarios() {
        let evidence = evidence(&scenario.finding);
        let all = scenario.probe;
        for keep in 0..(1_u32 << all.len().min(8)) {
            let some: Vec<_> = all
                .iter()
                .enumerate()
                .filter(|(place, _)| keep >> place & 1 == 1)
                .map(|(_, seen)| seen.clone())
                .collect();
            let matrix = verdict::decide(&evidence, &some).matrix;
            let failed = [&matrix.dns, &matrix.certificate, &matrix.policy]
                .iter()
                .filter(|cell| cell.status() == Status::Fail)
                .count();
            assert!(failed <= 1, "{name}: {matrix:?}");
        }
    }
}
