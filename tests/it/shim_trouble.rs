//! What is missing, full, forbidden or broken: go's result stands, and at most one line says more.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::terminal::Terminal;
use crate::support::{Ended, Go, How, LATEST, Sandbox, dumped, probe, shims};

/// What a failed fetch looks like.
const FAILED_FETCH: &str = "err go: m@v1.0.0: Get \"http://127.0.0.1:1/m/@v/v1.0.0.info\": dial tcp 127.0.0.1:1: connect: connection refused;exit 1";

/// The shim without `gomend` beside it, copied by another process.
fn shim_in(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    assert!(
        Command::new("cp")
            .arg(shims().join("go"))
            .arg(folder)
            .status()
            .unwrap()
            .success()
    );
    folder.to_owned()
}

/// Whether go was executed in the shim's place: then it has no trace.
fn was_executed(sandbox: &Sandbox) -> bool {
    let env = dumped(&sandbox.read("dump"), "env");
    assert!(env.iter().any(|entry| entry.starts_with(b"_GOMEND_GUARD=")));
    !env.iter()
        .any(|entry| entry.starts_with(b"GIT_TRACE2_EVENT="))
}

#[test]
fn with_few_descriptors_go_has_what_it_would_have() {
    let sandbox = Sandbox::with_probe("dump $D/dump;out o;err e;exit 3");
    // the shim needs up to 6 more than its streams; the dump itself needs one
    let mut executed = Vec::new();
    for limit in 4..16 {
        let line = format!("ulimit -n {limit}; exec go build");
        let run = |go: &Go<'_>| (go.run_sh(&line), Terminal::start(go.sh(&line)).end());
        let (ended, _) = sandbox.same(run);
        assert_eq!(ended.how, How::Code(3));
        executed.push(was_executed(&sandbox));
    }
    assert_eq!(
        (executed.first(), executed.last()),
        (Some(&true), Some(&false))
    );
}

/// What a shim of another version hands over is no word to a script or an editor.
#[test]
fn an_unreadable_handover_is_told_where_somebody_listens() {
    let said = |mode: &str| {
        let sandbox = Sandbox::with_probe("exit 0").var("GOMEND", mode);
        let mut command = sandbox.gomend_command(&["take-over", "0"]);
        let other = fs::File::open(sandbox.write("handover", "other 1 2\n")).unwrap();
        let ended = Ended::from(command.stdin(other).output().unwrap());
        assert_eq!(ended.how, How::Code(1), "{ended:?}");
        ended.words()
    };
    assert_eq!(said(""), "");
    assert!(
        said("log").contains("not of this version"),
        "{}",
        said("log")
    );
}

#[test]
fn without_a_pseudo_terminal_go_is_executed() {
    let sandbox = Sandbox::with_probe("kinds;dump $D/dump;exit 3");
    let line = "mount --bind /dev/null /dev/ptmx && exec go build";
    let act = |go: &Go<'_>| {
        let mut unshare = go.environment(Command::new("unshare"));
        unshare.args(["-Urm", "sh", "-c", line]);
        Terminal::start(unshare).end()
    };
    let (how, screen) = sandbox.same(act);
    assert_eq!(
        (how, screen.matches("terminal termios").count()),
        (How::Code(3), 3),
        "{screen}"
    );
    assert!(was_executed(&sandbox));
}

#[test]
fn where_fork_is_refused_go_is_executed() {
    let sandbox = Sandbox::with_probe("dump $D/dump;err e;exit 3");
    // an ordinary user must get to everything
    let shim = shim_in(&sandbox.path("shims"));
    let probe_folder = sandbox.path("probe");
    fs::create_dir(&probe_folder).unwrap();
    assert!(
        Command::new("cp")
            .arg(probe())
            .arg(probe_folder.join("go"))
            .status()
            .unwrap()
            .success()
    );
    for folder in ["", "shims", "probe", "work"] {
        fs::set_permissions(sandbox.path(folder), fs::Permissions::from_mode(0o777)).unwrap();
    }
    let mut command =
        sandbox
            .direct()
            .environment(Command::new(if is_root() { "setpriv" } else { "env" }));
    if is_root() {
        command.args(["--reuid=54321", "--regid=54321", "--clear-groups"]);
    }
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        shim.display(),
        probe_folder.display()
    );
    command
        .args(["bash", "-c", "ulimit -u 1; exec go build"])
        .env("PATH", path);
    let ended: Ended = command.output().unwrap().into();
    assert_eq!((ended.how, ended.words().as_str()), (How::Code(3), "e\n"));
    assert!(was_executed(&sandbox));
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn without_home_and_other_variables() {
    let sandbox = Sandbox::with_probe(FAILED_FETCH)
        .without("HOME")
        .without("LANG")
        .without("TMPDIR");
    let ended = sandbox.same(|go| go.run(&["build"]));
    assert_eq!(ended.how, How::Code(1));
    let sandbox = Sandbox::with_go(LATEST)
        .without("HOME")
        .without("GOCACHE")
        .without("GOPATH");
    sandbox.same(|go| go.run(&["build", "."]));
    sandbox.same(|go| go.run(&["list", "-m"]));
}

#[test]
fn in_a_folder_that_is_gone_or_forbidden() {
    let sandbox = Sandbox::with_probe("dump $D/dump;err e;exit 3");
    for line in [
        "mkdir x; cd x; rmdir ../x; go build",
        "mkdir y; chmod 700 y; cd y; chmod 0 .; go build",
    ] {
        sandbox.same(|go| {
            let _ = Command::new("chmod")
                .args(["-R", "700"])
                .arg(sandbox.path("work"))
                .status();
            let ended = go.run_sh(&format!("rm -rf x y; {line}"));
            assert_eq!(ended.how, How::Code(3), "{ended:?}");
            (ended, dumped(&sandbox.read("dump"), "cwd"))
        });
    }
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.same(|go| go.run_sh("mkdir -p x; cd x; rmdir ../x; go list -m; go build ."));
}

#[test]
fn without_gomend_beside_the_shim_nothing_is_said() {
    let sandbox = Sandbox::with_probe(FAILED_FETCH);
    let alone = shim_in(&sandbox.path("alone"));
    let direct = Terminal::start(sandbox.direct().command(&["build"])).end();
    let shimmed = Terminal::start(sandbox.through(&alone).command(&["build"])).end();
    assert_eq!(shimmed, direct);
}

#[test]
fn a_gomend_that_breaks_is_one_line_on_a_terminal_and_silent_elsewhere() {
    let sandbox = Sandbox::with_probe(FAILED_FETCH);
    for (name, broken, is_said) in [
        ("dies", "#!/bin/sh\nkill -SEGV $$\n", true),
        ("fails", "#!/bin/sh\nexit 99\n", false),
        ("is no program", "\x7fELF", false),
    ] {
        let folder = shim_in(&sandbox.path(name));
        sandbox.script(&format!("{name}/gomend"), broken);
        let go = sandbox.through(&folder);
        let direct = sandbox.direct().run(&["build"]);
        assert_eq!(go.run(&["build"]), direct, "{name}");
        let (how, screen) = Terminal::start(go.command(&["build"])).end();
        assert_eq!(how, How::Code(1));
        let own: Vec<&str> = screen
            .lines()
            .filter(|line| line.starts_with("gomend:"))
            .collect();
        assert_eq!(own.len(), usize::from(is_said), "{name}: {screen}");
    }
}

#[test]
fn a_state_folder_that_is_full_or_forbidden_changes_nothing() {
    let sandbox = Sandbox::with_probe(FAILED_FETCH);
    let full = "mount -t tmpfs -o size=4k none \"$HOME\" && head -c 100000 /dev/zero >\"$HOME/x\" 2>/dev/null; exec go build";
    for line in [
        "HOME=/proc exec go build",
        "HOME=/dev/null exec go build",
        full,
    ] {
        let ended = sandbox.same(|go| {
            let mut unshare = go.environment(Command::new("unshare"));
            Ended::from(unshare.args(["-Urm", "sh", "-c", line]).output().unwrap())
        });
        assert_eq!(ended.how, How::Code(1), "{ended:?}");
    }
}

#[test]
fn compile_errors_and_failing_tests_add_nothing() {
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write("work/bad/bad.go", "package bad\n\nfunc f() { return 1 }\n");
    sandbox.write(
        "work/fail/fail_test.go",
        "package fail\nimport \"testing\"\nfunc TestIt(t *testing.T) { t.Fatal(\"dial tcp: no such host\") }\n",
    );
    sandbox.write("work/run/main.go", "package main\nimport \"os\"\nfunc main() { println(\"fatal: exit status 128\"); os.Exit(3) }\n");
    for args in [
        &["build", "./bad"][..],
        &["vet", "./bad"],
        &["run", "./run"],
        &["run", "./bad"],
        &["test", "-count=1", "-run=TestIt", "./fail"],
    ] {
        let act = |go: &Go<'_>| {
            let mut ended = go.run(args);
            ended.stdout = without_times(&ended.stdout);
            (
                ended,
                without_times(Terminal::start(go.command(args)).end().1.as_bytes()),
            )
        };
        sandbox.same(act);
    }
}

/// go test's durations differ from run to run.
fn without_times(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let words = text
        .split_inclusive(char::is_whitespace)
        .filter(|word| !word.contains("0."));
    words.collect::<String>().into_bytes()
}
