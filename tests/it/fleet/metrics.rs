//! `gomend metrics`: what a machine's failures leave behind, and nothing else.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::How;
use crate::support::home::Home;

/// A module whose only dependency is asked of a proxy that nobody listens for.
fn failing() -> Home {
    let home = Home::new()
        .var("GOPROXY", "http://127.0.0.1:1")
        .var("GOSUMDB", "off");
    home.write(
        "app/go.mod",
        "module example.com/app\n\ngo 1.21\n\nrequire dep.example/x v1.0.0\n",
    );
    home.write("app/app.go", "package app\n\nimport _ \"dep.example/x\"\n");
    home
}

fn go(home: &Home, args: &[&str]) -> How {
    home.go("app", args).how
}

fn line<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    text.lines().find(|line| line.starts_with(start))
}

#[test]
fn a_failure_is_counted_and_a_success_leaves_nothing() {
    let home = failing();
    assert_eq!(go(&home, &["version"]), How::Code(0));
    assert_eq!(go(&home, &["list", "-m"]), How::Code(0));
    assert!(!home.at(".local/state/gomend/fleet").exists());
    for _ in 0..2 {
        assert_eq!(go(&home, &["mod", "download"]), How::Code(1));
    }
    let text = home.done(&["metrics"]);
    let failures = line(&text, "gomend_failures_total{").unwrap();
    assert!(
        failures.contains("cause=\"tcp-refused\"") && failures.ends_with("} 2"),
        "{text}"
    );
    assert_eq!(
        line(&text, "gomend_retries_total"),
        Some("gomend_retries_total 0")
    );
    assert_eq!(
        line(&text, "gomend_verdict_seconds_count"),
        Some("gomend_verdict_seconds_count 2")
    );
    assert!(text.ends_with("# EOF\n"));
    // neither a module, a folder nor a user is named
    for word in ["dep.example", "example.com", "/app", "home", "127.0.0.1"] {
        assert!(!text.contains(word), "{word} in {text}");
    }
    let kept = home.at(".local/state/gomend/fleet/memory.json");
    assert_eq!(
        fs::metadata(&kept).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(fs::metadata(&kept).unwrap().len() < 2048);
}

#[test]
fn in_ci_counters_are_kept_only_on_request() {
    let home = failing().var("CI", "true");
    go(&home, &["mod", "download"]);
    assert!(!home.at(".local/state/gomend").exists());
    let home = home.var("GOMEND_METRICS", "1");
    go(&home, &["mod", "download"]);
    assert!(line(&home.done(&["metrics"]), "gomend_failures_total{").is_some());
}

#[test]
fn what_the_journal_did_is_counted() {
    let home = super::sinner();
    home.gomend_in("repo", &["check", "--fix", "--scope", "repository"]);
    let text = home.done(&["metrics"]);
    assert_eq!(
        line(&text, "gomend_fixes_total{outcome=\"applied\"}"),
        Some("gomend_fixes_total{outcome=\"applied\"} 1")
    );
    assert!(line(&text, "gomend_last_success_timestamp_seconds ").is_some());
    assert_eq!(
        line(&text, "gomend_policy_findings{severity=\"error\"}"),
        Some("gomend_policy_findings{severity=\"error\"} 5")
    );
    home.done(&["undo"]);
    let text = home.done(&["metrics"]);
    assert_eq!(
        line(&text, "gomend_fixes_total{outcome=\"undone\"}"),
        Some("gomend_fixes_total{outcome=\"undone\"} 1")
    );
}

#[test]
fn a_file_for_node_exporter() {
    let home = failing();
    go(&home, &["mod", "download"]);
    fs::create_dir(home.at("textfile")).unwrap();
    home.done(&["metrics", "--output", "textfile/gomend.prom"]);
    let text = home.read("textfile/gomend.prom");
    assert!(
        text.contains("# TYPE gomend_failures_total counter\n") && !text.contains("EOF"),
        "{text}"
    );
    assert_eq!(
        fs::metadata(home.at("textfile/gomend.prom"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o644
    );
    assert_eq!(fs::read_dir(home.at("textfile")).unwrap().count(), 1);
    let ended = home.gomend(&["metrics", "--output", "none/gomend.prom"]);
    assert_eq!(ended.how, How::Code(1));
    // a state that is damaged is as good as none
    home.write(".local/state/gomend/fleet/memory.json", "{\"counters\": 7}");
    home.mode(".local/state/gomend/fleet/memory.json", 0o600);
    assert!(home.done(&["metrics"]).ends_with("# EOF\n"));
}
