//! Words that a remote, or the author of a log, can write yield no path, no command and no trust;
//! and where a hostile folder or PATH could decide what runs, nothing of theirs runs.
//!
//! Each attack carries a canary: a program that leaves a file behind if anybody starts it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use gomend::evidence::Evidence;
use gomend::fix::{self, Proposal, Situation};
use gomend::lab::Scene;
use gomend::lab::places::GITHUB;
use gomend::lab::serve::http::{Reply, site};
use gomend::rules::{self, Context};
use gomend::settings::Env;
use gomend::verdict;
use proptest::prelude::*;

use crate::fix::{Desk, on_terminal};
use crate::support::home::Home;
use crate::support::{Ended, LATEST, gocache, goroot};

/// A repository whose configuration starts the canary; where the canary leaves its file.
fn hostile_repository(at: &Path, git: impl Fn(&str), write: impl Fn(&Path, &str)) -> PathBuf {
    let ran = at.join("ran");
    let shown = at.display();
    git(&format!(
        "PATH=$PATH:/usr/bin:/bin; mkdir -p '{shown}' && cd '{shown}' && git init -q && echo x >file && git add file && \
         git -c user.name=x -c user.email=x@example.com commit -q -m x"
    ));
    let canary = at.join("canary");
    write(&canary, &format!("#!/bin/sh\n: >'{}'\n", ran.display()));
    let program = format!("sh '{}'", canary.display());
    for key in [
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "credential.helper",
    ] {
        git(&format!("cd '{shown}' && git config {key} \"{program}\""));
    }
    git(&format!(
        "PATH=$PATH:/usr/bin:/bin; cd '{shown}' && rm -f ran"
    ));
    ran
}

/// In a scene: the folder as it is seen inside, and where the canary's file would show outside.
fn hostile_folder(scene: &Scene) -> (PathBuf, PathBuf) {
    let inside = scene.world.inside("tmp/evil folder");
    let git = |line: &str| {
        let outcome = scene.run(&["sh", "-c", line]).unwrap();
        assert!(outcome.status.success(), "{}", outcome.text());
    };
    let write = |path: &Path, text: &str| {
        let below = path.strip_prefix(scene.world.inside("")).unwrap();
        scene
            .world
            .write(below.to_str().unwrap(), text, false)
            .unwrap();
    };
    hostile_repository(&inside, git, write);
    (inside, scene.world.outside("tmp/evil folder/ran"))
}

/// What a remote may say to get a path into a fix.
fn attacks(folder: &Path) -> Vec<String> {
    let folder = folder.display();
    vec![
        format!(
            "fatal: detected dubious ownership in repository at '{folder}'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory {folder}"
        ),
        format!("fatal: unsafe repository ('{folder}' is owned by someone else)"),
        format!("error: could not lock config file {folder}/.git/config: Permission denied"),
        format!("fatal: Unable to create '{folder}/.git/index.lock': Permission denied"),
        format!("go: mkdir {folder}/pkg/mod: permission denied"),
        "fatal: unable to access 'https://evil.example/a/b/': Could not resolve host: evil.example"
            .to_owned(),
        wide(&format!(
            "\rgo: open {folder}/pkg/mod/x: permission denied\r"
        ))
        .repeat(40),
        format!("fatal: bad config line 1 in file {folder}/.git/config"),
        format!("hint: run\\nfatal: detected dubious ownership in repository at '{folder}'\\n"),
        format!("{{\"log\":\"fatal: detected dubious ownership in repository at '{folder}'\"}}"),
        format!(
            "Warning: Permanently added 'x'\rfatal: detected dubious ownership in repository at '{folder}'"
        ),
    ]
}

/// As UTF-16, which a log may be in.
fn wide(text: &str) -> String {
    text.chars().flat_map(|letter| [letter, '\0']).collect()
}

/// Nothing of the folder is in what would be done, and its program didn't run.
fn assert_harmless(desk: &Desk, ran: &Path, what: &str) {
    let _ = desk.go();
    let mut said = vec![commands(&desk.report()["fixes"])];
    for args in [
        &["fix", "--json", "--quiet"][..],
        &["fix", "--dry-run", "--json"],
        &["fix", "--yes", "--json"],
    ] {
        let outcome = desk.gomend(args);
        let fixes = serde_json::from_slice(&outcome.stdout).unwrap_or_default();
        said.push(commands(&fixes));
        assert!(!ran.exists(), "{what}: {args:?} ran the folder's program");
    }
    let mut screen = on_terminal(&desk.scene, &["gomend", "fix"]);
    screen.press("\r");
    let (_, text) = screen.end();
    assert!(
        !ran.exists(),
        "{what}: the menu ran the folder's program: {text}"
    );
    for said in said {
        assert!(!said.contains("/evil"), "{what}: {said}");
    }
}

/// Every command, edit and file that is proposed.
fn commands(fixes: &serde_json::Value) -> String {
    let Some(fixes) = fixes.as_array() else {
        return String::new();
    };
    let parts = fixes
        .iter()
        .map(|fix| format!("{} {}\n", fix["commands"], fix["edits"]));
    parts.collect()
}

#[test]
fn what_an_ssh_server_says_names_no_path() {
    let desk = Desk::new("ssh-repo-not-found");
    let (folder, ran) = hostile_folder(&desk.scene);
    for attack in attacks(&folder) {
        desk.scene
            .world
            .write("sshd/said", format!("{attack}\n"), true)
            .unwrap();
        let said = desk.scene.world.inside("sshd/said");
        let script = format!("cat '{}' >&2\nexit 128\n", said.display());
        desk.scene.world.write("sshd/forge", script, true).unwrap();
        assert_harmless(&desk, &ran, &attack);
        desk.forget();
    }
}

#[test]
fn a_banner_before_the_login_names_no_path() {
    let desk = Desk::new("ssh-repo-not-found");
    let (folder, ran) = hostile_folder(&desk.scene);
    let banner = desk.scene.world.inside("sshd/banner");
    let config = fs::read_to_string(desk.scene.world.outside("sshd/config")).unwrap();
    let config = format!("Banner {}\n{config}", banner.display());
    desk.scene.world.write("sshd/config", config, true).unwrap();
    let attack = &attacks(&folder)[0];
    desk.scene
        .world
        .write("sshd/banner", format!("{attack}\n"), true)
        .unwrap();
    assert_harmless(&desk, &ran, attack);
}

#[test]
fn what_a_git_server_says_over_https_names_no_path() {
    use std::sync::{Arc, Mutex};
    let said = Arc::new(Mutex::new(String::new()));
    let answer = Arc::clone(&said);
    let desk = Desk::changed("https-repo-not-found", |scene| {
        scene.host(GITHUB).site = site(move |_| Reply::text(403, answer.lock().unwrap().clone()));
    });
    let (folder, ran) = hostile_folder(&desk.scene);
    for attack in attacks(&folder) {
        (*said.lock().unwrap()).clone_from(&attack);
        assert_harmless(&desk, &ran, &attack);
        desk.forget();
    }
}

/// A machine with a hostile folder that is stood in.
fn hostile_checkout(home: &Home) -> (PathBuf, PathBuf) {
    let folder = home.at("checkout");
    let git = |line: &str| {
        let ended: Ended = home
            .command("sh")
            .args(["-c", line])
            .output()
            .unwrap()
            .into();
        assert_eq!(ended.how, crate::support::How::Code(0), "{ended:?}");
    };
    let ran = hostile_repository(&folder, git, |path, text| fs::write(path, text).unwrap());
    (folder, ran)
}

const STAMPING: &str =
    "error obtaining VCS status: exit status 128\n\tUse -buildvcs=false to disable VCS stamping.\n";

#[test]
fn a_log_is_explained_without_git_in_the_folder() {
    let home = Home::new();
    let (folder, ran) = hostile_checkout(&home);
    for log in [
        STAMPING.to_owned(),
        format!(
            "fatal: detected dubious ownership in repository at '{}'\n{STAMPING}",
            folder.display()
        ),
    ] {
        home.write("log", &log);
        let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
        command
            .current_dir(&folder)
            .args(["explain", "--json"])
            .arg(home.at("log"));
        let ended: Ended = command.output().unwrap().into();
        let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        assert_eq!(report["layer"], "local", "{report}");
        assert!(!ran.exists(), "explaining ran the folder's program: {log}");
        assert!(!commands(&report["fixes"]).contains("checkout"), "{report}");
    }
}

/// ssh runs what `Match exec` of its settings names, and is asked about no host that only a log names.
#[test]
fn a_log_is_explained_without_ssh() {
    let home = Home::new();
    let ran = home.at("ran");
    home.write("ssh", format!("#!/bin/sh\n: >'{}'\n", ran.display()));
    home.mode("ssh", 0o755);
    let header = "go: git.corp.example/a/b@v1.0.0: invalid version: git ls-remote -q origin in /x: exit status 128:\n";
    for said in ELSEWHERE {
        let indented: String = said.lines().flat_map(|line| ["\t", line, "\n"]).collect();
        home.write("log", format!("{header}{indented}"));
        let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
        command
            .args(["explain", "--offline"])
            .arg(home.at("log"))
            .env("GIT_SSH_COMMAND", home.at("ssh"));
        let ended: Ended = command.output().unwrap().into();
        assert_eq!(ended.how, crate::support::How::Code(0), "{said}");
        assert!(!ran.exists(), "explaining asked ssh: {said}");
    }
}

#[test]
fn programs_are_not_looked_for_in_the_folder() {
    for entry in [".", "", "bin", "./bin"] {
        let home = Home::new();
        let (folder, ran) = hostile_checkout(&home);
        for name in ["git", "ssh", "go", "curl", "ssh-add", "ssh-keygen", "zsh"] {
            let at = folder.join(if entry.contains("bin") { "bin" } else { "." });
            fs::create_dir_all(&at).unwrap();
            let text = format!("#!/bin/sh\n: >'{}'\n", ran.display());
            fs::write(at.join(name), text).unwrap();
            fs::set_permissions(at.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        home.write(
            "log",
            format!("fatal: detected dubious ownership in repository at '/x'\n{STAMPING}"),
        );
        home.write("ssh.log", "go: github.com/a/b@v1: git fetch -f origin in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tgit@localhost: Permission denied (publickey).\n");
        let log = home.at("log").display().to_string();
        for args in [
            &["explain", &log][..],
            &[
                "explain",
                "--offline",
                &home.at("ssh.log").display().to_string(),
            ],
            &["probe", "git", "https://localhost:1/x"],
            &["probe", "ssh", "ssh://git@localhost:1/x"],
        ] {
            let mut path = std::ffi::OsString::from(format!("{entry}:"));
            path.push(&home.path);
            let mut command: Command = home.command(env!("CARGO_BIN_EXE_gomend"));
            command.current_dir(&folder).env("PATH", path).args(args);
            let ended: Ended = command.output().unwrap().into();
            assert!(
                !ran.exists(),
                "PATH={entry:?} {args:?} ran what lies in the folder: {ended:?}"
            );
        }
    }
}

/// A shim whose gomend is gone looks for it on PATH.
#[test]
fn the_shim_hands_over_to_nothing_in_the_folder() {
    for entry in [".", "./", "bin", "../checkout"] {
        let home = Home::new();
        let ran = home.at("ran");
        for folder in ["checkout", "checkout/bin"] {
            let canary = format!("#!/bin/sh\n: >'{}'\n", ran.display());
            home.write(&format!("{folder}/gomend"), canary);
            home.mode(&format!("{folder}/gomend"), 0o755);
        }
        home.write("checkout/go.mod", "module example.com/a\n\ngo 1.21\n");
        home.write("alone/none", "");
        fs::copy(crate::support::shims().join("go"), home.at("alone/go")).unwrap();
        let go = goroot(LATEST).join("bin");
        let shim = home.at("alone");
        let run = |entry: &str| {
            let path = format!("{}:{entry}:{}:/usr/bin:/bin", shim.display(), go.display());
            let mut command = home.command(shim.join("go"));
            command
                .args(["mod", "download", "m.example/x@v1.0.0"])
                .current_dir(home.at("checkout"))
                .env("PATH", path)
                .env("GOPROXY", "http://127.0.0.1:1")
                .env("GOSUMDB", "off");
            let ended: Ended = command.output().unwrap().into();
            assert_eq!(ended.how, crate::support::How::Code(1), "{ended:?}");
        };
        run(entry);
        assert!(!ran.exists(), "{entry:?}");
        // that it looks there
        run(home.at("checkout").to_str().unwrap());
        assert!(ran.exists(), "{entry:?}");
    }
}

/// Logs of whoever wrote them, and what no command may hold afterwards.
const LOGS: &[(&str, &[&str])] = &[
    (
        "fatal: detected dubious ownership in repository at '/tmp/evil'\nerror obtaining VCS status: exit status 128\n",
        &["/tmp/evil", "chown"],
    ),
    (
        "fatal: detected dubious ownership in repository at '/'\nerror obtaining VCS status: exit status 128\n",
        &["chown", "safe.directory /"],
    ),
    ("go: open /: permission denied\n", &["chown"]),
    ("go: mkdir /etc/cron.d: permission denied\n", &["/etc"]),
    ("go: mkdir /usr/lib/go: permission denied\n", &["/usr/lib"]),
    ("go: mkdir /home: permission denied\n", &["/home"]),
    (
        "go: open '/srv/my repo/go.mod': permission denied\n",
        &["/srv/my"],
    ),
    (
        "go: open /srv/my repo/go.mod: permission denied\n",
        &["/srv/my"],
    ),
    (
        "go: open /home/dev/go/pkg/mod/../../../../etc/shadow: permission denied\n",
        &["..", "/etc"],
    ),
    ("go: open /etc/pkg/mod/x: permission denied\n", &["/etc"]),
    (
        "go: open /home/dev/a$(id)b/pkg/mod/x: permission denied\n",
        &[" /home/dev/a$(id)b"],
    ),
    (
        "{\"msg\":\"go: open /home/x\\n/etc/pkg/mod: permission denied\"}\n",
        &["/etc"],
    ),
    (
        "go: open -rf /etc/pkg/mod: permission denied\n",
        &["/etc", "-rf /etc"],
    ),
    (
        "go: m.example/x@v1.0.0: git fetch -f origin in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tfatal: bad config line 1 in file /etc/passwd\n",
        &["/etc/passwd"],
    ),
    (
        "go: m.example/x@v1.0.0: git fetch -f origin in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tfatal: Unable to create '/opt/evil/index.lock': Permission denied\n",
        &["/opt/evil"],
    ),
];

#[test]
fn a_logs_paths_become_no_command() {
    let home = Home::new();
    for (log, never) in LOGS {
        home.write("log", log);
        let log_file = home.at("log").display().to_string();
        let ended = home.gomend(&["explain", "--offline", "--json", &log_file]);
        let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
        let said = commands(&report["fixes"]);
        for never in *never {
            assert!(!said.contains(never), "{never} of {log}: {said}");
        }
    }
}

#[test]
fn the_cache_that_a_log_names_is_quoted() {
    let home = Home::new();
    home.write(
        "log",
        "go: open /home/my dev/go/pkg/mod/cache/lock: permission denied\n",
    );
    let log = home.at("log").display().to_string();
    let ended = home.gomend(&["explain", "--offline", "--json", &log]);
    let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
    let said = report["fixes"].to_string();
    assert!(said.contains("'/home/my dev/go/pkg/mod'"), "{said}");
}

/// What a server may say to send the probes, and a fix, elsewhere: a server of ssh unmarked.
const ELSEWHERE: &[&str] = &[
    "fatal: unable to access 'https://evil.example/a/b/': Could not resolve host: evil.example\nfatal: Could not read from remote repository.\n",
    "ssh: connect to host evil.example port 22: Connection refused\nfatal: protocol error: bad line length character: x\n",
    "ssh: Could not resolve hostname evil.example: Name or service not known\nfatal: Could not read from remote repository.\n",
    "fatal: protocol error: bad line length character: x\nssh: Could not resolve hostname evil.example: Name or service not known\n",
    "fatal: protocol error: bad line length character: x\nfatal: unable to access 'https://evil.example/a/b/': SSL certificate problem: self-signed certificate\n",
    "remote: fatal: unable to access 'https://evil.example/a/b/': Could not resolve host: evil.example\nfatal: unable to access 'https://git.corp.example/a/b/': The requested URL returned error: 403\n",
    "fatal: could not read Username for 'https://evil.example': terminal prompts disabled\nfatal: early EOF\n",
    "git@evil.example: Permission denied (publickey).\nfatal: Could not read from remote repository.\n",
    "fatal: unable to access 'https://evil.example/a/b/': SSL certificate problem: self-signed certificate\nfatal: fetch-pack: invalid index-pack output\n",
    "fatal: unable to access 'https://git.corp.example/a/b/': Failed to connect to evil.example port 443: Connection refused\n",
    "go: evil.example/a@v1.0.0: git ls-remote -q https://evil.example/a in /x: exit status 128:\nfatal: could not read Username for 'https://evil.example': terminal prompts disabled\nfatal: early EOF\n",
    "Host key verification failed.\nThe authenticity of host 'evil.example (10.0.0.1)' can't be established.\nfatal: Could not read from remote repository.\n",
];

#[test]
fn what_a_remote_says_names_no_host() {
    let home = Home::new();
    let header = "go: git.corp.example/a/b@v1.0.0: invalid version: git ls-remote -q origin in /x: exit status 128:\n";
    for said in ELSEWHERE {
        let indented: String = said.lines().flat_map(|line| ["\t", line, "\n"]).collect();
        for log in [
            format!("{header}{indented}"),
            format!("{header}\t{}", said.replace('\n', "\n\t")),
            format!("{header}\t{}", said.replace('\n', "\r\n\t")),
            format!(
                "{} {}",
                header.trim_end(),
                said.trim_end().replace('\n', "\\n")
            ),
        ] {
            home.write("log", &log);
            let file = home.at("log").display().to_string();
            let ended = home.gomend(&["explain", "--offline", "--json", &file]);
            let report: serde_json::Value = serde_json::from_slice(&ended.stdout).unwrap();
            let target = report["target"].to_string();
            assert!(!target.contains("evil"), "{log}: {target}");
            let fixes = commands(&report["fixes"]);
            assert!(!fixes.contains("evil"), "{log}: {fixes}");
        }
    }
}

/// The server that go really talks to says so; the run is looked at, and its probes' targets.
#[test]
fn what_an_ssh_server_says_sends_no_probe_elsewhere() {
    let desk = Desk::new("ssh-repo-not-found");
    let flood = "x\n".repeat(6000);
    let marked = "remote: x\n".repeat(6000);
    let beyond = "x\n".repeat(1 << 20);
    for (at, said) in ELSEWHERE.iter().enumerate() {
        let mut shapes = vec![
            (*said).to_owned(),
            format!("{flood}{said}"),
            format!("{said}{marked}"),
        ];
        if at == 0 {
            shapes.push(format!("{beyond}{said}"));
        }
        for said in shapes {
            desk.scene
                .world
                .write(
                    "sshd/said",
                    said.replace("git.corp.example", "github.com"),
                    true,
                )
                .unwrap();
            let file = desk.scene.world.inside("sshd/said");
            let script = format!("cat '{}' >&2\nexit 128\n", file.display());
            desk.scene.world.write("sshd/forge", script, true).unwrap();
            let _ = desk.go();
            let report = desk.report();
            for part in ["target", "probes", "fixes"] {
                let part = match part {
                    "fixes" => commands(&report[part]),
                    _ => report[part].to_string(),
                };
                // an observation may repeat what was said, and is none of it
                let looked_at = part.matches("\"target\":\"evil").count();
                assert_eq!(looked_at, 0, "{at}: {part}");
            }
            let target = report["target"].to_string();
            assert!(!target.contains("evil"), "{at}: {target}");
            let fixes = commands(&report["fixes"]);
            assert!(!fixes.contains("evil"), "{at}: {fixes}");
            desk.forget();
        }
    }
}

/// The configuration is another folder's, as `commondir` says.
const COMMON: &str = "commondir";
/// A repository within, which the index names.
const WITHIN: &str = "within";

/// Another user's folder, with all that go and git read there; a canary in each place that could name a program.
#[test]
fn the_doctor_runs_nothing_in_another_users_folder() {
    const NOBODY: u32 = 65_534;
    let home = Home::new();
    let ran = home.at("ran");
    let canary = home.write(
        "canary",
        format!("#!/bin/sh\n: >'{}'\ncat\n", ran.display()),
    );
    home.mode("canary", 0o755);
    let shown = canary.display().to_string();
    home.write(
        "theirs/go.work",
        "go 1.21\n\ntoolchain go1.99.0\n\nuse ./app\n",
    );
    home.write(
        "theirs/app/go.mod",
        "module example.com/app\n\ngo 1.24\n\ntoolchain go1.99.0\n\ntool m.example/t\n\nrequire m.example/t v1.0.0\n\nreplace m.example/t => ../t\n",
    );
    home.write("theirs/app/main.go", "package main\n\n// #cgo pkg-config: x\nimport \"C\"\n\n//go:generate ./canary\nfunc main() {}\n");
    home.write("theirs/t/go.mod", "module m.example/t\n");
    home.write("theirs/t/t.go", "package main\n\nfunc main() {}\n");
    home.write(
        "theirs/app/.gomend.toml",
        "goproxy = \"https://evil.example\"\nproject-rules = true\n",
    );
    home.commit("theirs");
    let git = |line: &str| home.sh("theirs", line);
    git(&format!("git config core.fsmonitor 'sh {shown}'"));
    for name in [
        "gcc",
        "cc",
        "pkg-config",
        "git",
        "go",
        "ssh",
        "t",
        "go1.99.0",
    ] {
        for folder in ["theirs/app", "theirs/bin"] {
            home.write(&format!("{folder}/{name}"), fs::read(&canary).unwrap());
            home.mode(&format!("{folder}/{name}"), 0o755);
        }
    }
    git(&format!("chown -R {NOBODY} ."));
    for folder in ["theirs/app", "theirs", "theirs/t"] {
        for args in [
            &["doctor", "--json"][..],
            &["check"],
            &["hosts"],
            &["doctor"],
        ] {
            let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
            let path = home.path.to_str().unwrap();
            command
                .args(args)
                .current_dir(home.at(folder))
                .env("PATH", format!(".:bin:../bin:{path}"))
                .env("GOAUTH", format!("{shown} x; netrc"))
                .env("GOTOOLCHAIN", "auto")
                .env("GOPROXY", "https://127.0.0.1:1")
                .env("GOSUMDB", "off");
            let ended: Ended = command.output().unwrap().into();
            assert!(!ran.exists(), "{folder}: {args:?}: {ended:?}");
        }
    }
    // that it can
    git("git -c safe.directory='*' status");
    assert!(ran.exists());
}

/// Whose checkout it is doesn't tell who wrote it: an unpacked archive belongs to whoever unpacked it.
#[test]
fn the_doctor_s_go_runs_nothing_of_a_checkout() {
    let version = LATEST;
    for configuration in [
        "[core]\n\tfsmonitor = sh CANARY\n",
        "[filter \"x\"]\n\tclean = sh CANARY\n",
        "[include]\n\tpath = ../included\n",
        // what looks like the name of a section to a careless reader
        "[core] fsmonitor = \"sh CANARY\" #]\n",
        "[core] fsmonitor = \"sh CANARY\" ;[branch \"x\"]\n",
        "[core]\n\teol = x\\\n[branch \"x\"]\n\tfsmonitor = sh CANARY\n",
        "[branch \"x\"]\n\tremote = origin\n[core] fsmonitor = sh CANARY\n",
        "[push]\n[core]fsmonitor = sh CANARY\n",
        "[pull]\n[include] path = ../included\n",
        COMMON,
        WITHIN,
    ] {
        let home = Home::new();
        let ran = home.at("ran");
        let canary = home.write(
            "canary",
            format!("#!/bin/sh\n: >'{}'\ncat\n", ran.display()),
        );
        home.write("app/go.mod", "module example.com/app\n\ngo 1.21\n");
        home.write("app/main.go", "package main\n\nfunc main() {}\n");
        home.write("app/.gitattributes", "*.go filter=x\n");
        home.commit("app");
        let git = |line: &str| home.sh("app", line);
        let canary = canary.display().to_string();
        home.write(
            "app/included",
            format!("[core]\n\tfsmonitor = sh {canary}\n"),
        );
        let file = match configuration {
            COMMON => {
                git("cp -r .git other && mv other .git/ && echo other >.git/commondir");
                home.at("app/.git/other/config")
            }
            WITHIN => {
                git("git clone -q . within && git add within 2>/dev/null");
                home.at("app/within/.git/config")
            }
            _ => home.at("app/.git/config"),
        };
        let kept = fs::read_to_string(&file).unwrap();
        let sets = if [COMMON, WITHIN].contains(&configuration) {
            "[core]\n\tfsmonitor = sh CANARY\n"
        } else {
            configuration
        };
        fs::write(&file, kept + &sets.replace("CANARY", &canary)).unwrap();
        home.write("app/main.go", "package main\n\nfunc main(){ }\n");
        let go = goroot(version).join("bin");
        let path = format!("{}:/usr/bin:/bin", go.display());
        let before = home.picture();
        let mut command = home.command(env!("CARGO_BIN_EXE_gomend"));
        command
            .args(["doctor", "--json"])
            .current_dir(home.at("app"))
            .env("PATH", &path)
            .env(
                "GOFLAGS",
                format!("-toolexec={canary} '-toolexec=sh {canary}'"),
            );
        let ended: Ended = command.output().unwrap().into();
        assert!(!ran.exists(), "{configuration}: {ended:?}");
        crate::support::home::assert_same(&home.picture(), &before, configuration);
        // that it can: go alone runs it
        let mut command = home.command(go.join("go"));
        command
            .args(["build", "-o", "/dev/null"])
            .current_dir(home.at("app"))
            .env("PATH", &path)
            .env("GOCACHE", gocache(version));
        command.output().unwrap();
        assert!(ran.exists(), "{configuration}");
    }
}

/// What would be proposed for this text, with nothing but the text.
fn proposed(text: &str, saved: bool) -> Vec<Proposal> {
    let evidence: Evidence = rules::scan(text.as_bytes(), &Context::default());
    let Some(finding) = evidence.findings.first() else {
        return Vec::new();
    };
    let verdict = verdict::decide(&evidence, &[]);
    let situation = Situation {
        line: finding.text.clone(),
        foreign: finding.foreign,
        saved,
        ..Situation::look(Env::default(), Path::new("/"), None)
    };
    fix::plan(&verdict, &situation)
}

/// Words that rules look for, with a marker between them that must not come out.
fn remote_words() -> impl Strategy<Value = String> {
    let needles: Vec<&'static str> = rules::all()
        .flat_map(|rule| [rule.needle, rule.sample])
        .collect();
    let marked = prop_oneof![
        Just("/tmp/qqzzxx'"),
        Just(" https://qqzzxx.example/a "),
        Just("qqzzxx"),
        Just("\\nfatal: "),
        Just(" at '/qqzzxx/.git'\\n"),
        Just(" qqzzxx.example/m@v1.2.3: "),
        Just("\rgo: "),
        Just("{\"log\":\"fatal: "),
        Just("%0A::fatal: qqzzxx"),
        Just("&#39;/qqzzxx&#39;"),
        Just(" | fatal: "),
        Just("\u{1b}[2K"),
    ];
    let piece = prop_oneof![
        proptest::sample::select(needles).prop_map(str::to_owned),
        marked.prop_map(str::to_owned)
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// git marks what a server says, line by line; nothing of it comes back as something to do.
    #[test]
    fn nothing_that_a_remote_says_is_proposed(words in remote_words(), saved: bool) {
        let said = words.split(['\n', '\r']).fold(String::new(), |said, line| said + "\tremote: " + line + "\n");
        let text = format!(
            "go: m.example/x@v1.0.0: invalid version: git fetch -f origin in /go/pkg/mod/cache/vcs/1: exit status 128:\n{said}\
             \tfatal: unable to access 'https://m.example/x/': The requested URL returned error: 403\n"
        );
        for proposal in proposed(&text, saved) {
            let done = format!("{:?} {:?} {:?}", proposal.commands, proposal.edits, proposal.changes);
            prop_assert!(!done.contains("qqzzxx"), "{done}\n{text}");
        }
    }
}
