//! The doctor against what go then does: for every fault of the laboratory it looks at the machine
//! before the command, and must foretell the failure and its cause; a healthy one it leaves alone.

use std::fmt::Write as _;

use gomend::lab::Fault;
use serde_json::Value;

use crate::fix::Desk;
use crate::support::scene::{Ending, Furnish, fault};
use crate::support::{Ended, How, LATEST, Sandbox};

/// What no look beforehand can show, and why. The doctor fetches no module and tells nobody a
/// module's name.
const UNFORESEEN: &[(&str, &[&str])] = &[
    (
        "only a build opens the folder for temporary files",
        &["gotmpdir-missing"],
    ),
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
            "http2-stalled",
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
            "cache-differs",
            "checksum-mismatch",
            "go-sum-differs",
            "missing-go-sum",
            "module-path-mismatch",
            "package-missing",
            "retag",
            "retag-at-proxy",
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
    (
        "whether GOTOOLCHAIN names a release, only go knows",
        &["toolchain-language"],
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

/// What is foretold with another cause, or by a lint that stops a fetch.
const OTHERWISE: &[(&str, &[&str])] = &[
    ("go111module-off", &["not-ours", "modules-off"]),
    ("goproxy-invalid", &["goproxy-word"]),
    ("goproxy-typo", &["goproxy-word"]),
    ("insecure-protocol", &["tcp-refused"]),
    ("ssh-missing", &["tcp-refused"]),
];

with_every_fault! { faults! { every_fault_is_foreseen_or_known_not_to_be = is_foreseen; } }

fn is_foreseen(id: &str) {
    let fault = fault(id);
    let (code, found) = look(fault);
    // the code says what the list says
    assert_eq!(code, Some(i32::from(!found.is_empty())), "{found:?}");
    let is_hit = found.iter().any(|cause| cause == fault.cause.id());
    let why = UNFORESEEN.iter().find(|(_, ids)| ids.contains(&id));
    match OTHERWISE.iter().find(|(other, _)| *other == id) {
        Some((_, otherwise)) => assert_eq!(&found, otherwise),
        None if why.is_none() => assert!(is_hit, "{found:?}"),
        None if why.is_some_and(|(why, _)| *why == FICKLE) => {}
        None => assert!(!is_hit, "it is foreseen: take it off the list"),
    }
}

/// A module without a network: `files` in its folder, `vars` in its environment.
fn scene(files: &[(&str, &str)], vars: &[(&str, &str)]) -> Sandbox {
    let mut sandbox = Sandbox::with_go(LATEST).var("GOPROXY", "off");
    for (name, value) in vars {
        sandbox = sandbox.var(name, value);
    }
    for name in ["go.mod", "main.go"] {
        std::fs::remove_file(sandbox.path("work").join(name)).unwrap();
    }
    for (name, content) in files {
        sandbox.write(&format!("work/{name}"), content);
    }
    sandbox
}

/// What the doctor makes of it.
fn offline(files: &[(&str, &str)], vars: &[(&str, &str)]) -> (Option<i32>, Value) {
    let sandbox = scene(files, vars);
    let output = sandbox
        .gomend_command(&["doctor", "--json"])
        .output()
        .unwrap();
    let health = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code(), health)
}

const REQUIRES: &str = "module app\n\ngo 1.21\n\nrequire example.com/lib v1.0.0\n";
const USES: &str = "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n";
const MAIN: &str = "package main\n\nfunc main() {}\n";
const WANTS_MORE: &str = "module app\n\ngo 1.99\n";
const LACKING: &[(&str, &str)] = &[("go.mod", REQUIRES), ("main.go", USES)];
const NEWER: &[(&str, &str)] = &[("go.mod", WANTS_MORE), ("main.go", MAIN)];

rows! {
    /// What stands in the way before anything is fetched, made by hand: files, environment, and the cause or lint that
    /// must be foretold.
    what_stops_go_before_a_fetch_is_foretold = is_foretold;
    goproxy_off: LACKING, &[], "goproxy-disabled";
    go_mod_that_does_not_parse: &[("go.mod", "module app\n\nrequire (((\n")], &[], "not-ours";
    invalid_version: &[("go.mod", "module app\n\ngo 1.21\n\nrequire example.com/lib/v2 v1.0.0\n")], &[], "invalid-version";
    a_toolchain_that_nobody_may_fetch: NEWER, &[("GOTOOLCHAIN", "auto"), ("GOSUMDB", "sum.golang.org")], "toolchain-unavailable";
    a_toolchain_that_the_proxy_s_folder_lacks: NEWER, &[("GOTOOLCHAIN", "auto"), ("GOSUMDB", "sum.golang.org"), ("GOPROXY", "file:///nonexistent")], "toolchain-unavailable";
    a_toolchain_without_a_checksum_database: NEWER, &[("GOTOOLCHAIN", "auto"), ("GOPROXY", "https://proxy.golang.org")], "toolchain-unavailable";
    a_toolchain_that_go_may_not_change: NEWER, &[("GOTOOLCHAIN", "local")], "go-too-old";
    go_work_that_names_a_module_too_many: &[("go.work", "go 1.21\n\nuse ./a\nuse ./b\n"), ("a/go.mod", "module a\n\ngo 1.21\n"), ("a/main.go", MAIN)], &[], "not-ours";
    a_module_of_the_workspace_that_lacks_one: &[("go.work", "go 1.21\n\nuse ./a\n"), ("a/go.mod", REQUIRES), ("a/main.go", USES)], &[], "goproxy-disabled";
    goflags_with_an_unknown_flag: &[("go.mod", REQUIRES)], &[("GOFLAGS", "-nosuch")], "goproxy-invalid";
    goflags_that_is_no_flag: &[("go.mod", REQUIRES)], &[("GOFLAGS", "a b")], "goproxy-invalid";
    a_proxy_over_ftp: LACKING, &[("GOPROXY", "ftp://x")], "goproxy-scheme";
    directt: LACKING, &[("GOPROXY", "directt")], "goproxy-word";
    a_folder_as_a_proxy_without_the_module: LACKING, &[("GOPROXY", "file:///nonexistent")], "unknown-revision";
    a_stale_vendor_folder: &[("go.mod", REQUIRES), ("main.go", USES), ("vendor/modules.txt", "# example.com/other v1.0.0\n## explicit\n")], &[], "missing-go-sum";
}

fn is_foretold(files: &[(&str, &str)], vars: &[(&str, &str)], cause: &str) {
    let vars = [&[("GOSUMDB", "off")], vars].concat();
    let (code, health) = offline(files, &vars);
    let found = foretold(&health);
    let is_it = |one: &String| one.starts_with(cause);
    assert!(
        code == Some(1) && found.iter().any(is_it),
        "{code:?} {found:?}"
    );
    let (go, said) = go(files, &vars);
    assert_ne!(go, Some(0), "go succeeds: {said}");
}

/// What go does with the same: the code of `go build`.
fn go(files: &[(&str, &str)], vars: &[(&str, &str)]) -> (Option<i32>, String) {
    let sandbox = scene(files, vars);
    let module = if files.iter().any(|(name, _)| *name == "a/go.mod") {
        "a"
    } else {
        "."
    };
    let mut command = sandbox.direct().command(&["build", "./..."]);
    command.current_dir(sandbox.path("work").join(module));
    let output = command.output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

rows! {
    /// What go carries out is foretold to go well.
    what_go_carries_out_is_well = is_well;
    vendored: &[("go.mod", REQUIRES), ("main.go", USES), ("vendor/modules.txt", "# example.com/lib v1.0.0\n## explicit; go 1.21\nexample.com/lib\n"), ("vendor/example.com/lib/lib.go", "package lib\n")];
    a_workspace: &[("go.work", "go 1.21\n\nuse ./a\nuse ./b\n"), ("a/go.mod", "module a\n\ngo 1.21\n"), ("a/main.go", MAIN), ("b/go.mod", "module b\n\ngo 1.21\n"), ("b/main.go", MAIN)];
    a_module_alone: &[("go.mod", "module app\n\ngo 1.21\n"), ("main.go", MAIN)];
}

fn is_well(files: &[(&str, &str)]) {
    let vars = [("GOSUMDB", "off")];
    let (code, said) = go(files, &vars);
    assert_eq!(code, Some(0), "{said}");
    let (code, health) = offline(files, &vars);
    assert_eq!(code, Some(0), "{health:#}");
    assert!(foretold(&health).is_empty(), "{health:#}");
}

/// What go says of thousands of modules is heard to its end: the last one is the one that the cache lacks.
#[test]
fn the_last_of_many_modules_counts() {
    let mut many = String::new();
    for at in 0..1500 {
        let path = format!("example.com/a-module-of-many/number-{at:04}");
        let _ = writeln!(many, "require {path} v1.0.0\nreplace {path} => ./m");
    }
    let go_mod = format!("module app\n\ngo 1.21\n\nrequire example.com/zzz v1.0.0\n{many}");
    let files = [
        ("go.mod", &*go_mod),
        ("main.go", MAIN),
        ("m/go.mod", "module example.com/m\n\ngo 1.21\n"),
    ];
    let (_, health) = offline(&files, &[("GOSUMDB", "off")]);
    assert_eq!(health["complete"], false, "{health:#}");
}

#[test]
fn without_a_module_nothing_is_wrong() {
    let (code, health) = offline(&[], &[("GOSUMDB", "off")]);
    assert_eq!(code, Some(0), "{health:#}");
}

/// A folder as a module proxy, and afterwards GOPROXY=off with a full cache.
#[test]
fn modules_from_a_folder_and_from_the_cache_are_well() {
    let sandbox = scene(LACKING, &[("GOSUMDB", "off")]);
    let at = "proxy/example.com/lib/@v/v1.0.0";
    sandbox.write(&format!("{at}.info"), r#"{"Version":"v1.0.0"}"#);
    sandbox.write(&format!("{at}.mod"), "module example.com/lib\n\ngo 1.21\n");
    let script = "import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], 'w') as zip:\n    \
                zip.writestr('example.com/lib@v1.0.0/go.mod', 'module example.com/lib\\n\\ngo 1.21\\n')\n    \
                zip.writestr('example.com/lib@v1.0.0/lib.go', 'package lib\\n')\n";
    let zip = sandbox.path(&format!("{at}.zip"));
    let made = std::process::Command::new("python3")
        .args(["-c", script])
        .arg(zip)
        .status();
    assert!(made.unwrap().success());
    let folder = format!("file://{}", sandbox.path("proxy").display());
    let run = |proxy: &str, words: &[&str]| {
        let mut command = sandbox.direct().command(words);
        command
            .env("GOPROXY", proxy)
            .env("GOFLAGS", "-modcacherw -mod=mod");
        command.output().unwrap()
    };
    let doctor = |proxy: &str| {
        let mut command = sandbox.gomend_command(&["doctor", "--json"]);
        let output = command.env("GOPROXY", proxy).output().unwrap();
        let health: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), health)
    };
    // go.sum is missing still, and the folder has the module
    let (_, health) = doctor(&folder);
    let lacks = health["unsummed"].as_str().unwrap_or_default();
    assert!(!lacks.ends_with(':'), "{lacks}: what follows isn't told");
    assert!(lacks.contains("missing go.sum entry"), "{health:#}");
    assert!(
        !foretold(&health).contains(&"unknown-revision".to_owned()),
        "{health:#}"
    );
    assert_eq!(doctor("off").0, Some(1));
    let output = run(&folder, &["mod", "tidy"]);
    assert!(output.status.success(), "{output:?}");
    std::fs::rename(sandbox.path("gopath"), sandbox.path("aside")).unwrap();
    let (code, health) = doctor(&folder);
    assert_eq!(code, Some(0), "{health:#}");
    assert!(health["unsummed"].is_null(), "{health:#}");
    crate::fix::remove(&sandbox.path("gopath")); // go has made it anew
    std::fs::rename(sandbox.path("aside"), sandbox.path("gopath")).unwrap();
    let (code, health) = doctor("off");
    assert_eq!(code, Some(0), "{health:#}");
    assert_eq!(health["complete"], true);
    assert!(run("off", &["build", "./..."]).status.success());
}

/// Without go, or where go hangs, it is said that nobody could be asked.
#[test]
fn what_could_not_be_asked_is_said() {
    let sandbox = Sandbox::with_probe("exit 0")
        .var("GOPROXY", "off")
        .var("GOSUMDB", "off");
    sandbox.write("work/go.mod", "module app\n\ngo 1.21\n");
    let empty = sandbox.path("tmp");
    let git = which::which("git").unwrap();
    let path = format!("{}:{}", empty.display(), git.parent().unwrap().display());
    let mut command = sandbox.gomend_command(&["doctor", "--json"]);
    let ended = Ended::from(command.env("PATH", path).output().unwrap());
    assert!(ended.json()["unasked"].is_string(), "{ended:?}");
    assert_eq!(ended.how, How::Code(4), "{ended:?}");
}

/// Who sets the value that stops a fetch, and go's own words.
#[test]
fn the_setting_behind_it_is_named_with_its_value() {
    let text = scene(LACKING, &[("GOSUMDB", "off")])
        .gomend(&["doctor"])
        .said();
    assert!(text.contains("go says: "), "{text}");
    assert!(
        text.contains("GOPROXY=off, set in the environment"),
        "{text}"
    );
}

/// ssh with a key that the server takes: what a look can see is well, and the login is not what fails
/// then (the laboratory's forge has no repositories over ssh).
#[test]
fn a_login_over_ssh_is_well() {
    let desk = Desk::changed("ssh-key-open", |scene| {
        scene.mode("home/.ssh/id_ed25519", 0o600);
    });
    let outcome = desk.gomend(&["doctor", "--json"]);
    let health = outcome.json();
    assert_eq!(outcome.status.code(), Some(0), "{health:#}");
    assert!(foretold(&health).is_empty(), "{health:#}");
    let went = desk.go().text();
    assert!(went.contains("Repository not found"), "{went}");
}

/// A way that no probe speaks: nothing fails that was seen, and nothing is called well.
#[test]
fn a_host_that_could_not_be_looked_at_is_not_called_well() {
    let desk = Desk::changed("ssh-key-open", |scene| {
        scene.env("https_proxy", "socks4://proxy.corp.example:3128");
    });
    let target = "https://git.corp.example";
    let outcome = desk.gomend(&["doctor", target]);
    let text = outcome.text();
    assert_eq!(outcome.status.code(), Some(4), "{text}");
    assert!(text.contains("skip   git.corp.example"), "{text}");
    assert!(text.contains("not everything could be looked at"), "{text}");
    let health = desk.gomend(&["doctor", "--json", target]).json();
    assert_eq!(health["checks"][0]["seen"], false, "{health:#}");
}

/// Words that name nothing are no question, and never well.
#[test]
fn what_names_nothing_is_not_looked_at() {
    let sandbox = Sandbox::with_probe("exit 0");
    for words in [
        &[""][..],
        &["git.corp.example:99999"],
        &["localhost", "a b"],
    ] {
        let ended = sandbox.gomend(&[&["doctor"], words].concat());
        assert_eq!(ended.how, How::Code(2), "{words:?}: {ended:?}");
        assert!(
            ended
                .words()
                .contains("neither a host, nor a URL, nor a module"),
            "{ended:?}"
        );
        assert_eq!(ended.said(), "", "{words:?}");
    }
}
