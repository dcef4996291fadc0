//! Advice that must not be given: for reports of others, and where it would give up verification, a
//! policy or a private name.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::fix::Desk;

/// Kinds of advice by sense, as the field records name them, and the fixes that give it: ids, or
/// their beginnings where a `-` ends them.
const SENSES: &[(&str, &[&str])] = &[
    ("goprivate", &["goprivate", "ci-goprivate", "gonosumdb"]),
    ("goproxy-default", &["goproxy-default"]),
    ("mirror", &["mirror", "mirror-", "goproxy-measured"]),
    ("goproxy-fallback", &["goproxy-fallback", "goproxy-direct"]),
    ("retry", &["retry"]),
    ("service-down", &["service-down"]),
    (
        "store-credentials",
        &[
            "store-credentials",
            "replace-credentials",
            "make-token",
            "docker-netrc",
            "ci-credentials",
        ],
    ),
    ("take-back", &["chown"]),
    ("take-back-modcache", &["chown"]),
    ("clean-modcache", &["cache-clean"]),
    ("image-packages", &["image-git"]),
];

/// Kinds of advice on names, verification and policy.
const WEAKENING: &[&str] = &[
    "goprivate",
    "goproxy-default",
    "mirror",
    "goproxy-fallback",
    "retry",
];

/// What `explain --offline` makes of a text.
fn explained(text: &str) -> Value {
    let home = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gomend"))
        .args(["explain", "--offline", "--json", "-"])
        .env_clear()
        .env("HOME", home.path())
        .env("PATH", "/usr/bin:/bin")
        .current_dir(home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ids(fixes: &Value) -> Vec<&str> {
    let fixes = fixes.as_array().into_iter().flatten();
    fixes.filter_map(|fix| fix["id"].as_str()).collect()
}

fn gives(id: &str, sense: &str) -> bool {
    let (_, of) = SENSES
        .iter()
        .find(|(name, _)| *name == sense)
        .unwrap_or_else(|| panic!("no fixes are known to mean {sense}"));
    of.iter()
        .any(|one| *one == id || one.ends_with('-') && id.starts_with(one))
}

#[test]
fn no_record_of_the_field_gets_forbidden_advice() {
    let corpus = include_str!("../corpus/field.jsonl");
    let mut wrong = Vec::new();
    for record in corpus.lines() {
        let record: Value = serde_json::from_str(record).unwrap();
        let must_not = record["must_not"].as_array().into_iter().flatten();
        let senses: Vec<&str> = must_not.filter_map(Value::as_str).collect();
        if senses.is_empty() {
            continue;
        }
        let report = explained(record["text"].as_str().unwrap());
        for id in ids(&report["fixes"]) {
            for sense in &senses {
                if gives(id, sense) && WEAKENING.contains(sense) {
                    wrong.push(format!("{}: {id} ({})", record["id"], report["cause"]));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A block says who decides and what to ask them, and offers nothing else.
#[test]
fn a_block_by_policy_names_who_decides() {
    let report = explained(
        "go: github.com/google/uuid@v1.6.0: reading https://artifactory.oak.example/api/go/go-remote/github.com/google/uuid/@v/v1.6.0.zip: 403 Forbidden\n\tserver response: Package github.com/google/uuid:v1.6.0 download was blocked by JFrog Packages Curation service due to the following policies violated {Immature package}\n",
    );
    assert_eq!(report["reason_id"], "goproxy-policy", "{report:#}");
    assert_eq!(ids(&report["fixes"]), ["proxy-policy"], "{report:#}");
    let title = report["fixes"][0]["title"].as_str().unwrap();
    for word in [
        "JFrog Curation",
        "artifactory.oak.example",
        "github.com/google/uuid@v1.6.0",
    ] {
        assert!(title.contains(word), "{title}");
    }
}

#[test]
fn a_refusal_is_told_apart_by_its_words() {
    for (words, reason) in [
        (
            "\n\tserver response: quarantined by policy",
            "goproxy-policy",
        ),
        ("\n\tserver response: Blocked by Zscaler", "gatekeeper"),
        (
            "\n\tserver response: not available in your country",
            "address-refused",
        ),
        (
            "\n\tserver response: temporarily unavailable, try again",
            "server-trouble",
        ),
        ("", "forbidden"),
    ] {
        let report = explained(&format!(
            "go: github.com/acme/x@v1.0.0: reading https://nexus.oak.example/repository/go/github.com/acme/x/@v/v1.0.0.mod: 403 Forbidden{words}\n"
        ));
        assert_eq!(report["reason_id"], reason, "{words}");
        for fix in report["fixes"].as_array().unwrap() {
            assert!(fix["gives_up"].is_null(), "{words}: {fix:#}");
        }
        let repeats = ids(&report["fixes"]).contains(&"retry");
        assert_eq!(repeats, reason == "server-trouble", "{words}");
    }
}

/// A module that its proxy lacks is private only if something shows it.
#[test]
fn only_what_is_shown_to_be_private_is_marked_so() {
    let missing = |module: &str, words: &str| {
        explained(&format!(
            "go: {module}@v1.0.0: reading https://proxy.golang.org/{module}/@v/v1.0.0.info: 404 Not Found\n\tserver response: not found: {module}@v1.0.0: invalid version: {words}\n"
        ))
    };
    let hidden = "git ls-remote -q origin in /tmp/gopath/x: exit status 128:\n\t\tfatal: could not read Username for 'https://github.com': terminal prompts disabled";
    for (module, words, expected) in [
        ("github.com/acme/lib", "unknown revision v1.0.0", None),
        ("github.com/google/uuid", hidden, None),
        (
            "github.com/acme/lib",
            hidden,
            Some("If github.com/acme is yours: mark it as private"),
        ),
        (
            "git.corp.example/team/lib",
            hidden,
            Some("Mark git.corp.example/team as private"),
        ),
    ] {
        let report = missing(module, words);
        let fixes = report["fixes"].as_array().unwrap();
        let fix = fixes.iter().find(|fix| fix["id"] == "goprivate");
        let title = fix.and_then(|fix| fix["title"].as_str());
        assert_eq!(title, expected, "{module}: {report:#}");
        if let Some(fix) = fix {
            assert_eq!(fix["gives_up"][0]["kind"], "unverified", "{fix:#}");
            let own = module.starts_with("git.corp");
            assert_eq!(fix["gives_up"][0]["private"], own, "{fix:#}");
        }
    }
    // a company's own proxy is none of the public
    let report = explained(
        "go: github.com/acme/x@v1.0.0: reading https://nexus.oak.example/repository/go/github.com/acme/x/@v/v1.0.0.info: 404 Not Found\n",
    );
    assert!(!report.to_string().contains("public proxy"), "{report:#}");
}

/// Where Google's hosts are not reached, a mirror is; a mirror in trouble gives way to another one,
/// never to the host that may be blocked.
#[test]
fn a_mirror_stands_in_for_what_cannot_be_reached() {
    let timeout = |url: &str| {
        explained(&format!(
            "go: golang.org/x/net@v0.1.0: Get \"{url}\": dial tcp 142.250.4.141:443: i/o timeout\n"
        ))
    };
    let line = |report: &Value| {
        let fixes = report["fixes"].as_array().unwrap();
        let fix = fixes.iter().find(|fix| fix["id"] == "mirror");
        fix.unwrap_or_else(|| panic!("no mirror in {report:#}"))["commands"].to_string()
    };
    for url in [
        "https://proxy.golang.org/golang.org/x/net/@v/v0.1.0.mod",
        "https://golang.org/x/net?go-get=1",
    ] {
        let commands = line(&timeout(url));
        assert!(
            commands.contains("GOPROXY=https://goproxy.cn,direct"),
            "{commands}"
        );
        assert!(
            commands.contains("GOSUMDB=sum.golang.google.cn"),
            "{commands}"
        );
    }
    let report = explained(
        "go: github.com/acme/lib@v1.0.0: reading https://goproxy.cn/github.com/acme/lib/@v/v1.0.0.info: 504 Gateway Timeout\n",
    );
    let commands = line(&report);
    assert!(
        commands.contains("mirrors.aliyun.com/goproxy"),
        "{commands}"
    );
    for fix in report["fixes"].as_array().unwrap() {
        assert!(
            !fix["commands"].to_string().contains("proxy.golang.org"),
            "{fix:#}"
        );
    }
    assert_eq!(report["reason_id"], "server-trouble");
}

/// What was once written for these: `GOPRIVATE=github.com/acme`.
#[test]
fn nothing_is_weakened_for_the_trouble_of_others() {
    for fault in [
        "goproxy-401",
        "goproxy-403",
        "goproxy-502",
        "goproxy-transient",
        "sumdb-down",
        "goproxy-429",
        "goproxy-curation",
        "goproxy-403-silent",
        "egress-403",
        "fresh-tag",
        "fresh-tag-sumdb",
        "proxy-403",
        "zip-cut",
        "tcp-reset",
    ] {
        let desk = Desk::new(fault);
        assert!(!desk.go().status.success(), "{fault}");
        let before = desk.picture();
        let outcome = desk.gomend(&["fix", "--last", "--yes"]);
        assert_eq!(
            outcome.status.code(),
            Some(1),
            "{fault}: {}",
            outcome.text()
        );
        assert!(desk.picture() == before, "{fault}: {}", outcome.text());
        let outcome = desk.gomend(&["fix", "--last", "--json", "--quiet"]);
        let fixes: Value = serde_json::from_slice(&outcome.stdout).unwrap();
        for fix in fixes.as_array().unwrap() {
            let text = fix["commands"].to_string();
            for key in [
                "GOPRIVATE=",
                "GONOSUMDB=",
                "GONOPROXY=",
                "GOINSECURE=",
                "GOSUMDB=off",
            ] {
                assert!(!text.contains(key), "{fault}: {fix:#}");
            }
            assert!(
                !text.contains("GOPROXY") || !text.contains('|'),
                "{fault}: {fix:#}"
            );
        }
        let ids = ids(&fixes);
        assert!(!ids.is_empty(), "{fault} is left without advice");
        if ["goproxy-403", "goproxy-curation", "egress-403", "proxy-403"].contains(&fault) {
            for id in ids {
                for sense in WEAKENING {
                    assert!(!gives(id, sense), "{fault}: {id}");
                }
                assert_ne!(id, "no-proxy", "{fault}");
            }
        }
    }
}
