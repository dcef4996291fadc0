//! Where statements come from: proof is what a probe saw, whatever only follows from the text says
//! so, and what nobody looked at isn't claimed.

use std::process::Command;

use gomend::verdict::{self, Basis};
use serde_json::Value;

use crate::support::{How, LATEST, Sandbox, shims};

const NO_CREDENTIALS: &str = "go: git.corp.example/team/lib@v1.2.3: git ls-remote -q origin in \
    /tmp/x: exit status 128:\n\tfatal: could not read Username for 'https://git.corp.example': \
    terminal prompts disabled\n";

fn explained(args: &[&str]) -> String {
    let sandbox = Sandbox::with_probe("exit 0");
    let log = sandbox.write("work/build.log", NO_CREDENTIALS);
    let program = Command::new(env!("CARGO_BIN_EXE_gomend"));
    let mut command = sandbox.direct().environment(program);
    let output = command
        .args(["explain", "--offline"])
        .args(args)
        .arg(log)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_saved_log_proves_nothing() {
    let text = explained(&[]);
    assert!(!text.contains("proof"), "{text}");
    let words = "from its words alone: dns ok, connection ok, certificate ok";
    assert!(text.contains(words), "{text}");
    let report: Value = serde_json::from_str(&explained(&["--json"])).unwrap();
    assert_eq!(report["schema"], 2);
    for stage in ["dns", "certificate", "policy"] {
        assert_eq!(report["verdict"][stage], "pass");
        let basis = &report["verdict"]["basis"][stage];
        assert_eq!(basis["kind"], "said");
        assert_eq!(basis["line"], 2);
    }
}

/// A failed `go mod download` of a module whose proxy is `proxy`; the report, with probes.
fn downloaded(proxy: &str) -> (String, Value) {
    let sandbox = Sandbox::with_go(LATEST)
        .var("GOPROXY", proxy)
        .var("GONOSUMDB", "example.com")
        .var("CI", "1");
    sandbox.write(
        "work/go.mod",
        "module app\n\ngo 1.21\n\nrequire example.com/lib v1.0.0\n",
    );
    let report = sandbox.path("report.json");
    let sandbox = sandbox.var("GOMEND_REPORT", &report);
    let ended = sandbox.through(shims()).run(&["mod", "download"]);
    assert_eq!(ended.how, How::Code(1), "{}", ended.words());
    let json = serde_json::from_slice(&std::fs::read(report).unwrap()).unwrap();
    (ended.words(), json)
}

#[test]
fn a_proxy_in_a_folder_says_nothing_of_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let (text, report) = downloaded(&format!("file://{}", folder.path().display()));
    assert!(!text.contains("proof"), "{text}");
    let verdict = &report["verdict"];
    for stage in ["dns", "certificate", "policy"] {
        assert_eq!(verdict[stage], "skip", "{verdict}");
        assert_eq!(verdict["basis"][stage], Value::Null, "{verdict}");
    }
}

#[test]
fn a_refused_connection_is_seen_and_nothing_else() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener); // nothing listens there now
    let (text, report) = downloaded(&format!("http://{address}"));
    assert!(text.contains("proof  connection FAILS"), "{text}");
    let basis = &report["verdict"]["basis"];
    assert_eq!(basis["policy"]["kind"], "seen");
    assert_eq!(basis["policy"]["probe"], "tcp");
    assert_eq!(basis["policy"]["stack"], "go");
    assert_eq!(basis["dns"], Value::Null);
}

/// Over the whole corpus: from a text alone, no stage is ever seen.
#[test]
fn texts_are_never_proof() {
    let corpus = include_str!("../corpus/own.jsonl");
    for line in corpus.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = record["text"].as_str().unwrap_or_default();
        let evidence = gomend::rules::scan(text.as_bytes(), &gomend::rules::Context::default());
        let verdict = verdict::decide(&evidence, &[]);
        let stages = &verdict.matrix;
        for stage in [&stages.dns, &stages.certificate, &stages.policy] {
            assert!(
                !matches!(stage.basis(), Some(Basis::Seen { .. })),
                "{}: {stage:?}",
                record["id"]
            );
        }
    }
}
