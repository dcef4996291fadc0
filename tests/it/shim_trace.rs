//! git's trace of the user's own run: when it is asked for, what becomes of it, what is left of it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::support::{How, LATEST, Sandbox, dumped, shims};

/// A shim whose gomend only keeps what it was handed.
fn keeping(sandbox: &Sandbox) -> PathBuf {
    let folder = sandbox.path("shims");
    fs::create_dir_all(&folder).unwrap();
    assert!(
        Command::new("cp")
            .arg(shims().join("go"))
            .arg(&folder)
            .status()
            .unwrap()
            .success()
    );
    let kept = sandbox.path("kept");
    sandbox.script(
        "shims/gomend",
        &format!("#!/bin/sh\ncat /proc/self/fd/$2 >{}\n", kept.display()),
    );
    folder
}

fn is_traced(sandbox: &Sandbox, command: &str) -> bool {
    assert_eq!(sandbox.shimmed().run(&[command]).how, How::Code(0));
    let env = dumped(&sandbox.read("dump"), "env");
    env.iter()
        .any(|entry| entry.starts_with(b"GIT_TRACE2_EVENT=/proc/"))
}

#[test]
fn only_commands_without_user_code_are_traced() {
    let sandbox = Sandbox::with_probe("dump $D/dump");
    for command in ["build", "get", "list", "install", "vet"] {
        assert!(is_traced(&sandbox, command), "{command}");
    }
    for command in ["test", "run", "tool", "generate", "version", "env"] {
        assert!(!is_traced(&sandbox, command), "{command}");
    }
}

#[test]
fn a_user_who_traces_keeps_the_own_trace() {
    for (name, value) in [
        ("GIT_TRACE2", "1"),
        ("GIT_TRACE2_EVENT", "0"),
        ("GIT_TRACE2_EVENT", ""),
        ("GIT_TRACE2_PERF", "/nowhere"),
        ("GIT_TRACE2_DST_DEBUG", "1"),
    ] {
        let sandbox = Sandbox::with_probe("dump $D/dump").var(name, value);
        assert!(!is_traced(&sandbox, "build"), "{name}");
        let env = dumped(&sandbox.read("dump"), "env");
        assert!(env.contains(&format!("{name}={value}").into_bytes()));
    }
}

#[test]
fn a_user_who_traces_by_configuration_keeps_the_own_trace() {
    const TRACE: &str = "[trace2]\n\teventTarget = /nowhere\n";
    let sandbox = || Sandbox::with_probe("dump $D/dump");

    let global = sandbox();
    global.write("home/.gitconfig", format!("[user]\n\tname = x\n{TRACE}"));
    assert!(!is_traced(&global, "build"));

    let xdg = sandbox();
    xdg.write("home/.config/git/config", TRACE.to_uppercase());
    assert!(!is_traced(&xdg, "build"));

    let moved = sandbox();
    let config = moved.path("config");
    let moved = moved.var("XDG_CONFIG_HOME", config);
    moved.write("config/git/config", TRACE);
    assert!(!is_traced(&moved, "build"));

    for variable in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
        let named = sandbox();
        let file = named.write("named", TRACE);
        let named = named.var(variable, file);
        assert!(!is_traced(&named, "build"), "{variable}");
    }

    for include in ["path = other", "path = \"~/other\"", "path = $HOME/other"] {
        let including = sandbox();
        including.write("home/other", TRACE);
        let home = including.path("home");
        let include = include.replace("$HOME", home.to_str().unwrap());
        including.write("home/.gitconfig", format!("[include]\n\t{include}\n"));
        assert!(!is_traced(&including, "build"), "{include}");
    }

    let loops = sandbox();
    loops.write(
        "home/.gitconfig",
        "[include]\n\tpath = .gitconfig\n\tpath = \n\tpath\n",
    );
    assert!(
        is_traced(&loops, "build"),
        "a configuration that says nothing of it"
    );
}

#[test]
fn git_s_events_reach_gomend_and_leave_nothing_behind() {
    let sandbox = Sandbox::with_go(LATEST)
        .var("GOPROXY", "direct")
        .var("GOSUMDB", "off")
        .var("GIT_SSH_COMMAND", "false")
        .var("GIT_CONFIG_NOSYSTEM", "1")
        .var("GIT_ALLOW_PROTOCOL", "https:http:git:ssh:git+ssh:file");
    // every address that git could ask is a folder that isn't there
    sandbox.write(
        "home/.gitconfig",
        "[url \"file:///nowhere/\"]\n\tinsteadOf = https://example.com/\n\tinsteadOf = ssh://example.com/\n\
         \tinsteadOf = git+ssh://example.com/\n\tinsteadOf = http://example.com/\n\tinsteadOf = git://example.com/\n",
    );
    let folder = keeping(&sandbox);
    let go = sandbox.through(&folder);
    let args = ["list", "-m", "example.com/a/b.git@v1.0.0"];
    let direct = sandbox.direct().run(&args);
    let ended = go.run(&args);
    assert_eq!((ended.how, ended.words()), (How::Code(1), direct.words()));
    let kept = String::from_utf8(sandbox.read("kept")).unwrap();
    for expected in [
        "arg 4\nlist",
        "code 1\n1",
        "heard 6\nstderr",
        "\"event\":\"error\"",
        "/nowhere/a/b",
    ] {
        assert!(kept.contains(expected), "{expected}: {kept}");
    }
    assert_eq!(
        fs::read_dir(sandbox.path("tmp")).unwrap().count(),
        0,
        "nothing is left behind"
    );
}

#[test]
fn a_success_leaves_nothing_behind() {
    let sandbox = Sandbox::with_go(LATEST);
    for args in [
        &["build", "."][..],
        &["list", "-m"],
        &["run", "."],
        &["vet"],
    ] {
        assert_eq!(sandbox.shimmed().run(args).how, How::Code(0));
    }
    let left = |folder: &str| -> Vec<_> {
        let entries = fs::read_dir(sandbox.path(folder)).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    assert!(left("tmp").is_empty());
    assert!(left("home").iter().all(|name| name == ".config"));
    assert_eq!(
        left("home/.config"),
        ["go"],
        "go's own telemetry, nothing of ours"
    );
}

#[test]
fn a_trace_without_end_is_bounded() {
    let sandbox = Sandbox::with_probe("");
    fs::remove_file(sandbox.bin.join("go")).unwrap();
    // a git that never stops: its writes fail once the bound is reached
    sandbox.script(
        "bin/go",
        "#!/bin/sh\nexec 3>>\"$GIT_TRACE2_EVENT\"\nyes '{\"event\":\"error\"}' >&3 2>/dev/null\nexit 1\n",
    );
    let folder = keeping(&sandbox);
    assert_eq!(sandbox.through(&folder).run(&["build"]).how, How::Code(1));
    let kept = fs::metadata(sandbox.path("kept")).unwrap().len();
    assert!((8 << 20..9 << 20).contains(&kept), "{kept}");
}
