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
    let mut rows = rows.into_inner().unwrap();
    rows.sort_by_key(|(fault, ..)| fault.id);
    for (fault, code, found) in rows {
        let why = UNFORESEEN.iter().find(|(_, ids)| ids.contains(&fault.id));
        let hit = found.iter().any(|cause| cause == fault.cause.id());
        hits += u32::from(hit);
        alarms += u32::from(!found.is_empty());
        let told = match why {
            _ if !found.is_empty() => found.join(", "),
            Some((why, _)) => format!("({why})"),
            None => "-".to_owned(),
        };
        let mark = if hit { "=" } else { " " };
        println!("{:<32} {:<28} {mark} {told}", fault.id, fault.cause.id());
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
    // of those that can be seen beforehand, at least 90 % with the right cause
    let hidden: usize = UNFORESEEN.iter().map(|(_, ids)| ids.len()).sum();
    let visible = total - u32::try_from(hidden).unwrap();
    assert!(hits * 100 >= visible * 90, "{hits} of {visible}");
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
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_gomend"));
    let mut command = sandbox.direct().environment(program);
    let output = command.args(["doctor", "--json"]).output().unwrap();
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

/// What stands in the way before anything is fetched, made by hand: files, environment, and the
/// cause or lint that must be foretold.
type Case = (
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static [(&'static str, &'static str)],
    &'static str,
);

const REQUIRES: &str = "module app\n\ngo 1.21\n\nrequire example.com/lib v1.0.0\n";
const USES: &str = "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n";
const MAIN: &str = "package main\n\nfunc main() {}\n";
const WANTS_MORE: &str = "module app\n\ngo 1.99\n";

const BY_HAND: &[Case] = &[
    (
        "GOPROXY=off",
        &[("go.mod", REQUIRES), ("main.go", USES)],
        &[],
        "goproxy-disabled",
    ),
    (
        "go.mod that doesn't parse",
        &[("go.mod", "module app\n\nrequire (((\n")],
        &[],
        "not-ours",
    ),
    (
        "invalid version",
        &[(
            "go.mod",
            "module app\n\ngo 1.21\n\nrequire example.com/lib/v2 v1.0.0\n",
        )],
        &[],
        "invalid-version",
    ),
    (
        "a toolchain that nobody may fetch",
        &[("go.mod", WANTS_MORE), ("main.go", MAIN)],
        &[("GOTOOLCHAIN", "auto"), ("GOSUMDB", "sum.golang.org")],
        "toolchain-unavailable",
    ),
    (
        "a toolchain that the proxy's folder lacks",
        &[("go.mod", WANTS_MORE), ("main.go", MAIN)],
        &[
            ("GOTOOLCHAIN", "auto"),
            ("GOSUMDB", "sum.golang.org"),
            ("GOPROXY", "file:///nonexistent"),
        ],
        "toolchain-unavailable",
    ),
    (
        "a toolchain without a checksum database",
        &[("go.mod", WANTS_MORE), ("main.go", MAIN)],
        &[
            ("GOTOOLCHAIN", "auto"),
            ("GOPROXY", "https://proxy.golang.org"),
        ],
        "toolchain-unavailable",
    ),
    (
        "a toolchain that go may not change",
        &[("go.mod", WANTS_MORE), ("main.go", MAIN)],
        &[("GOTOOLCHAIN", "local")],
        "go-too-old",
    ),
    (
        "go.work names a module that isn't there",
        &[
            ("go.work", "go 1.21\n\nuse ./a\nuse ./b\n"),
            ("a/go.mod", "module a\n\ngo 1.21\n"),
            ("a/main.go", MAIN),
        ],
        &[],
        "not-ours",
    ),
    (
        "a module of the workspace lacks one",
        &[
            ("go.work", "go 1.21\n\nuse ./a\n"),
            ("a/go.mod", REQUIRES),
            ("a/main.go", USES),
        ],
        &[],
        "goproxy-disabled",
    ),
    (
        "GOFLAGS with an unknown flag",
        &[("go.mod", REQUIRES)],
        &[("GOFLAGS", "-nosuch")],
        "goproxy-invalid",
    ),
    (
        "GOFLAGS that is no flag",
        &[("go.mod", REQUIRES)],
        &[("GOFLAGS", "a b")],
        "goproxy-invalid",
    ),
    (
        "a proxy over ftp",
        &[("go.mod", REQUIRES), ("main.go", USES)],
        &[("GOPROXY", "ftp://x")],
        "goproxy-scheme",
    ),
    (
        "directt",
        &[("go.mod", REQUIRES), ("main.go", USES)],
        &[("GOPROXY", "directt")],
        "goproxy-word",
    ),
    (
        "a folder as a proxy, without the module",
        &[("go.mod", REQUIRES), ("main.go", USES)],
        &[("GOPROXY", "file:///nonexistent")],
        "unknown-revision",
    ),
    (
        "a stale vendor folder",
        &[
            ("go.mod", REQUIRES),
            ("main.go", USES),
            (
                "vendor/modules.txt",
                "# example.com/other v1.0.0\n## explicit\n",
            ),
        ],
        &[],
        "missing-go-sum",
    ),
];

#[test]
fn what_stops_go_before_a_fetch_is_foretold() {
    let mut wrong = Vec::new();
    for (what, files, vars, cause) in BY_HAND {
        let vars = [&[("GOSUMDB", "off")], *vars].concat();
        let (code, health) = offline(files, &vars);
        let found = foretold(&health);
        println!("{what:<45} {found:?}");
        let is_it = |one: &String| one == cause || one.starts_with(*cause);
        if code != Some(1) || !found.iter().any(is_it) {
            wrong.push(format!("{what}: {code:?} {found:?}, not {cause}"));
        }
        let (go, said) = go(files, &vars);
        if go == Some(0) {
            wrong.push(format!("{what}: go succeeds: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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

/// What go carries out is foretold to go well.
#[test]
fn what_go_carries_out_is_well() {
    let vendored = [
        ("go.mod", REQUIRES),
        ("main.go", USES),
        (
            "vendor/modules.txt",
            "# example.com/lib v1.0.0\n## explicit; go 1.21\nexample.com/lib\n",
        ),
        ("vendor/example.com/lib/lib.go", "package lib\n"),
    ];
    let workspace = [
        ("go.work", "go 1.21\n\nuse ./a\nuse ./b\n"),
        ("a/go.mod", "module a\n\ngo 1.21\n"),
        ("a/main.go", MAIN),
        ("b/go.mod", "module b\n\ngo 1.21\n"),
        ("b/main.go", MAIN),
    ];
    let alone = [("go.mod", "module app\n\ngo 1.21\n"), ("main.go", MAIN)];
    for (what, files) in [
        ("vendored", &vendored[..]),
        ("workspace", &workspace),
        ("alone", &alone),
    ] {
        let vars = [("GOSUMDB", "off")];
        let (code, said) = go(files, &vars);
        assert_eq!(code, Some(0), "{what}: {said}");
        let (code, health) = offline(files, &vars);
        assert_eq!(code, Some(0), "{what}: {health:#}");
        assert!(foretold(&health).is_empty(), "{what}: {health:#}");
    }
    // without a module nothing is wrong either
    let (code, health) = offline(&[], &[("GOSUMDB", "off")]);
    assert_eq!(code, Some(0), "{health:#}");
}

/// A folder as a module proxy, and afterwards GOPROXY=off with a full cache.
#[test]
fn modules_from_a_folder_and_from_the_cache_are_well() {
    let sandbox = scene(
        &[("go.mod", REQUIRES), ("main.go", USES)],
        &[("GOSUMDB", "off")],
    );
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
        let program = std::process::Command::new(env!("CARGO_BIN_EXE_gomend"));
        let mut command = sandbox.direct().environment(program);
        let output = command
            .env("GOPROXY", proxy)
            .args(["doctor", "--json"])
            .output();
        let output = output.unwrap();
        let health: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), health)
    };
    // go.sum is missing still, and the folder has the module
    let (_, health) = doctor(&folder);
    let lacks = health["unsummed"].as_str().unwrap_or_default();
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
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_gomend"));
    let mut command = sandbox.direct().environment(program);
    let empty = sandbox.path("tmp");
    let git = which::which("git").unwrap();
    let path = format!("{}:{}", empty.display(), git.parent().unwrap().display());
    let output = command
        .env("PATH", path)
        .args(["doctor", "--json"])
        .output()
        .unwrap();
    let health: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(health["unasked"].is_string(), "{health:#}");
    assert_eq!(output.status.code(), Some(4), "{health:#}");
}

/// Who sets the value that stops a fetch, and go's own words.
#[test]
fn the_setting_behind_it_is_named_with_its_value() {
    let sandbox = scene(
        &[("go.mod", REQUIRES), ("main.go", USES)],
        &[("GOSUMDB", "off")],
    );
    let program = std::process::Command::new(env!("CARGO_BIN_EXE_gomend"));
    let mut command = sandbox.direct().environment(program);
    let output = command.arg("doctor").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
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
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::changed("ssh-key-open", |scene| {
        let key = scene.world.outside("home/.ssh/id_ed25519");
        std::fs::set_permissions(key, std::fs::Permissions::from_mode(0o600)).unwrap();
    });
    let outcome = desk.gomend(&["doctor", "--json"]);
    let health: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(outcome.status.code(), Some(0), "{health:#}");
    assert!(foretold(&health).is_empty(), "{health:#}");
    let went = desk.go();
    assert!(
        went.text().contains("Repository not found"),
        "{}",
        went.text()
    );
}
