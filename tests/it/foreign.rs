//! Words that a remote, or the author of a log, can write yield no path, no command and no trust;
//! and where a hostile folder or PATH could decide what runs, nothing of theirs runs.
//!
//! Each attack carries a canary: a program that leaves a file behind if anybody starts it.

use std::fs;
use std::path::{Path, PathBuf};

use gomend::evidence::Evidence;
use gomend::fix::{self, Proposal, Situation};
use gomend::lab::Scene;
use gomend::lab::places::GITHUB;
use gomend::lab::serve::http::{Reply, site};
use gomend::rules::{self, Context};
use gomend::settings::Env;
use gomend::verdict;
use proptest::prelude::*;

use crate::fix::Desk;
use crate::support::home::{Home, assert_same};
use crate::support::scene::{Ending, Furnish};
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
        scene.run(&["sh", "-c", line]).unwrap().succeeded();
    };
    let write = |path: &Path, text: &str| {
        let below = path.strip_prefix(scene.world.inside("")).unwrap();
        scene.put(below.to_str().unwrap(), text);
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
    let mut screen = desk.menu(&[]);
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

/// The forge says so over ssh, and nothing else.
fn says_over_ssh(desk: &Desk, said: &str) {
    desk.scene.put_secret("sshd/said", said);
    let file = desk.scene.world.inside("sshd/said");
    let script = format!("cat '{}' >&2\nexit 128\n", file.display());
    desk.scene.put_secret("sshd/forge", script);
}

#[test]
fn what_an_ssh_server_says_names_no_path() {
    let desk = Desk::new("ssh-repo-not-found");
    let (folder, ran) = hostile_folder(&desk.scene);
    for attack in attacks(&folder) {
        says_over_ssh(&desk, &format!("{attack}\n"));
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
    desk.scene.put_secret("sshd/config", config);
    let attack = &attacks(&folder)[0];
    desk.scene.put_secret("sshd/banner", format!("{attack}\n"));
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
    let git = |line: &str| home.sh("", line);
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
        let report = home
            .gomend_in("checkout", &["explain", "--json", "../log"])
            .json();
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
    home.script("ssh", &format!(": >'{}'", ran.display()));
    let header = "go: git.corp.example/a/b@v1.0.0: invalid version: git ls-remote -q origin in /x: exit status 128:\n";
    for said in ELSEWHERE {
        let indented: String = said.lines().flat_map(|line| ["\t", line, "\n"]).collect();
        home.write("log", format!("{header}{indented}"));
        let mut command = home.gomend_command("", &["explain", "--offline", "log"]);
        command.env("GIT_SSH_COMMAND", home.at("ssh"));
        Ended::from(command.output().unwrap()).with_code(0);
        assert!(!ran.exists(), "explaining asked ssh: {said}");
    }
}

#[test]
fn programs_are_not_looked_for_in_the_folder() {
    for entry in [".", "", "bin", "./bin"] {
        let home = Home::new();
        let (_, ran) = hostile_checkout(&home);
        for name in ["git", "ssh", "go", "curl", "ssh-add", "ssh-keygen", "zsh"] {
            let at = if entry.contains("bin") { "bin" } else { "." };
            let canary = format!(": >'{}'", ran.display());
            home.script(&format!("checkout/{at}/{name}"), &canary);
        }
        home.write(
            "log",
            format!("fatal: detected dubious ownership in repository at '/x'\n{STAMPING}"),
        );
        home.write("ssh.log", "go: github.com/a/b@v1: git fetch -f origin in /go/pkg/mod/cache/vcs/1: exit status 128:\n\tgit@localhost: Permission denied (publickey).\n");
        for args in [
            &["explain", "../log"][..],
            &["explain", "--offline", "../ssh.log"],
            &["probe", "git", "https://localhost:1/x"],
            &["probe", "ssh", "ssh://git@localhost:1/x"],
        ] {
            let mut path = std::ffi::OsString::from(format!("{entry}:"));
            path.push(&home.path);
            let mut command = home.gomend_command("checkout", args);
            let ended = Ended::from(command.env("PATH", path).output().unwrap());
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
            let canary = format!(": >'{}'", ran.display());
            home.script(&format!("{folder}/gomend"), &canary);
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
            Ended::from(command.output().unwrap()).with_code(1);
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

/// The report on a log that lies in the home.
fn explained(home: &Home, log: &str) -> serde_json::Value {
    home.write("log", log);
    home.gomend(&["explain", "--offline", "--json", "log"])
        .json()
}

#[test]
fn a_logs_paths_become_no_command() {
    let home = Home::new();
    for (log, never) in LOGS {
        let report = explained(&home, log);
        let said = commands(&report["fixes"]);
        for never in *never {
            assert!(!said.contains(never), "{never} of {log}: {said}");
        }
    }
}

#[test]
fn the_cache_that_a_log_names_is_quoted() {
    let home = Home::new();
    let log = "go: open /home/my dev/go/pkg/mod/cache/lock: permission denied\n";
    let report = explained(&home, log);
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
            let report = explained(&home, &log);
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
            says_over_ssh(&desk, &said.replace("git.corp.example", "github.com"));
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

/// Another user's folder, with all that go and git read there; a canary in each place that could name a program.
#[test]
fn the_doctor_runs_nothing_in_another_users_folder() {
    const NOBODY: u32 = 65_534;
    let home = Home::new();
    let ran = home.at("ran");
    let canary = home.script("canary", &format!(": >'{}'\ncat", ran.display()));
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
            let path = home.path.to_str().unwrap();
            let mut command = home.gomend_command(folder, args);
            command
                .env("PATH", format!(".:bin:../bin:{path}"))
                .env("GOAUTH", format!("{shown} x; netrc"))
                .env("GOTOOLCHAIN", "auto")
                .env("GOPROXY", "https://127.0.0.1:1")
                .env("GOSUMDB", "off");
            let ended = Ended::from(command.output().unwrap());
            assert!(!ran.exists(), "{folder}: {args:?}: {ended:?}");
        }
    }
    // that it can
    git("git -c safe.directory='*' status");
    assert!(ran.exists());
}

/// What a repository's configuration says to have a canary run.
const SETS: &str = "[core]\n\tfsmonitor = sh CANARY\n";

rows! {
    /// Whose checkout it is doesn't tell who wrote it: an unpacked archive belongs to whoever unpacked it. What makes
    /// its repository another one, the file of the configuration then, and what that says.
    the_doctor_s_go_runs_nothing_of_a_checkout = runs_nothing;
    a_monitor: ":", ".git/config", SETS;
    a_filter: ":", ".git/config", "[filter \"x\"]\n\tclean = sh CANARY\n";
    an_included_file: ":", ".git/config", "[include]\n\tpath = ../included\n";
    // what looks like the name of a section to a careless reader
    behind_a_section: ":", ".git/config", "[core] fsmonitor = \"sh CANARY\" #]\n";
    before_a_comment: ":", ".git/config", "[core] fsmonitor = \"sh CANARY\" ;[branch \"x\"]\n";
    behind_a_continued_line: ":", ".git/config", "[core]\n\teol = x\\\n[branch \"x\"]\n\tfsmonitor = sh CANARY\n";
    behind_a_harmless_section: ":", ".git/config", "[branch \"x\"]\n\tremote = origin\n[core] fsmonitor = sh CANARY\n";
    beside_its_section: ":", ".git/config", "[push]\n[core]fsmonitor = sh CANARY\n";
    an_included_file_beside_its_section: ":", ".git/config", "[pull]\n[include] path = ../included\n";
    // the configuration is another folder's, as `commondir` says
    a_common_folder: "cp -r .git other && mv other .git/ && echo other >.git/commondir", ".git/other/config", SETS;
    // a repository within, which the index names
    a_repository_within: "git clone -q . within && git add within 2>/dev/null", "within/.git/config", SETS;
}

fn runs_nothing(made: &str, file: &str, sets: &str) {
    let home = Home::new();
    let ran = home.at("ran");
    let canary = home.script("canary", &format!(": >'{}'\ncat", ran.display()));
    home.write("app/go.mod", "module example.com/app\n\ngo 1.21\n");
    home.write("app/main.go", "package main\n\nfunc main() {}\n");
    home.write("app/.gitattributes", "*.go filter=x\n");
    home.commit("app");
    let canary = canary.display().to_string();
    home.write("app/included", SETS.replace("CANARY", &canary));
    home.sh("app", made);
    let file = format!("app/{file}");
    home.write(&file, home.read(&file) + &sets.replace("CANARY", &canary));
    home.write("app/main.go", "package main\n\nfunc main(){ }\n");
    let go = goroot(LATEST).join("bin");
    let path = format!("{}:/usr/bin:/bin", go.display());
    let before = home.picture();
    let flags = format!("-toolexec={canary} '-toolexec=sh {canary}'");
    let mut command = home.gomend_command("app", &["doctor", "--json"]);
    command.env("PATH", &path).env("GOFLAGS", flags);
    let ended = Ended::from(command.output().unwrap());
    assert!(!ran.exists(), "{ended:?}");
    assert_same(&home.picture(), &before, "looked at");
    // that it can: go alone runs it
    let mut command = home.command(go.join("go"));
    command
        .args(["build", "-o", "/dev/null"])
        .current_dir(home.at("app"))
        .env("PATH", &path)
        .env("GOCACHE", gocache(LATEST));
    command.output().unwrap();
    assert!(ran.exists());
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
