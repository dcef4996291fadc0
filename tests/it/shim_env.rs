//! What go is given: arguments, environment, folder, descriptors, signals. The
//! stand-in dumps what it got; with gomend it must have got the same.

use std::ffi::OsStr;

use crate::support::{Ended, Go, How, LATEST, Sandbox, VERSIONS, dumped, raw};

/// One command that is executed and one that is supervised.
const BOTH_WAYS: [&str; 2] = ["version", "build"];

fn dump(go: &Go<'_>, args: &[&OsStr]) -> Vec<u8> {
    let ended = go.run(args);
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
    go.sandbox.read("dump")
}

#[test]
fn argv_arrives_byte_by_byte() {
    let sandbox = Sandbox::with_probe("dump $D/dump");
    for first in BOTH_WAYS {
        let odd: [&[u8]; 8] = [
            first.as_bytes(),
            b"",
            b"a b",
            b"\xff\xfe",
            b"--",
            b"-x\n",
            b"\x80=\"'\\",
            "ü".as_bytes(),
        ];
        let args: Vec<&OsStr> = odd.iter().map(|bytes| raw(bytes)).collect();
        let seen = sandbox.same(|go| dumped(&dump(go, &args), "arg")[1..].to_vec());
        assert_eq!(seen, odd);
    }
}

#[test]
fn argv_0_is_what_the_caller_said() {
    use std::os::unix::process::CommandExt;
    let sandbox = Sandbox::with_probe("dump $D/dump");
    for first in BOTH_WAYS {
        let ended = sandbox
            .shimmed()
            .command(&[first])
            .arg0("my-go")
            .status()
            .unwrap();
        assert!(ended.success());
        assert_eq!(
            dumped(&sandbox.read("dump"), "arg"),
            [b"my-go", first.as_bytes()]
        );
    }
}

#[test]
fn thousands_of_arguments_and_a_long_one() {
    let sandbox = Sandbox::with_probe("dump $D/dump");
    let long = "x".repeat(60_000);
    let mut args: Vec<&OsStr> = vec![OsStr::new("build"), OsStr::new(&long)];
    args.resize(20_000, OsStr::new("./..."));
    let seen = sandbox.same(|go| dumped(&dump(go, &args), "arg")[1..].to_vec());
    assert_eq!(seen.len(), 20_000);
}

#[test]
fn the_environment_gains_the_guard_and_the_trace_and_nothing_else() {
    let sandbox = Sandbox::with_probe("dump $D/dump")
        .var("ODD", raw(b"\xff\n="))
        .var("EMPTY", "")
        .var("GOFLAGS", "-mod=mod");
    let path = |go: &Go<'_>| [b"PATH=", go.search_path().as_encoded_bytes()].concat();
    for (first, added) in [
        ("version", vec!["_GOMEND_GUARD"]),
        ("build", vec!["_GOMEND_GUARD", "GIT_TRACE2_EVENT"]),
        ("test", vec!["_GOMEND_GUARD"]),
    ] {
        let args = [OsStr::new(first)];
        let mut direct = dumped(&dump(&sandbox.direct(), &args), "env");
        direct.retain(|entry| *entry != path(&sandbox.direct()));
        let mut shimmed = dumped(&dump(&sandbox.shimmed(), &args), "env");
        shimmed.retain(|entry| *entry != path(&sandbox.shimmed()));
        let (same, new) = shimmed.split_at(direct.len());
        assert_eq!(same, direct, "{first}: the old entries, in their order");
        let names: Vec<String> = new
            .iter()
            .map(|entry| {
                String::from_utf8_lossy(entry)
                    .split('=')
                    .next()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(names, added, "{first}");
    }
}

#[test]
fn odd_environments_pass_as_they_are() {
    // duplicates and entries without `=`: only a C program can make them
    let sandbox = Sandbox::with_probe("dump $D/dump");
    let starter = sandbox.path("starter");
    crate::support::compile_c(
        br#"#include <unistd.h>
            #include <stdlib.h>
            #include <stdio.h>
            int main(int c, char **v) {
                static char probe[9000], path[9000];
                snprintf(probe, sizeof probe, "PROBE=%s", getenv("PROBE"));
                snprintf(path, sizeof path, "PATH=%s", getenv("PATH"));
                char *e[] = {"A=1", "nothing", "A=2", "=x", "", probe, path, "\xff=\xfe", 0};
                return execve(v[1], v + 1, e); }"#,
        &starter,
    );
    for first in BOTH_WAYS {
        let env = sandbox.same(|go| {
            let mut command = go.environment(std::process::Command::new(&starter));
            assert!(
                command
                    .arg(go.program())
                    .arg(first)
                    .status()
                    .unwrap()
                    .success()
            );
            let mut env = dumped(&go.sandbox.read("dump"), "env");
            env.retain(|entry| {
                !entry.starts_with(b"PATH=")
                    && !entry.starts_with(b"_GOMEND_")
                    && !entry.starts_with(b"GIT_TRACE2")
            });
            env
        });
        assert_eq!(env[..5], [&b"A=1"[..], b"nothing", b"A=2", b"=x", b""]);
    }
}

#[test]
fn folder_descriptors_signals_and_ids_are_inherited() {
    let sandbox = Sandbox::with_probe("dump $D/dump");
    for first in BOTH_WAYS {
        let line = format!(
            "umask 027; exec 5</dev/null; exec env --ignore-signal=USR2,HUP --block-signal=WINCH go {first}"
        );
        sandbox.same(|go| {
            assert_eq!(go.run_sh(&line).how, How::Code(0));
            let dump = go.sandbox.read("dump");
            ["cwd", "fd", "blocked", "ignored", "umask", "session"].map(|word| dumped(&dump, word))
        });
    }
}

#[test]
fn stdin_is_go_s() {
    let sandbox = Sandbox::with_probe("cat;dump $D/dump");
    for first in BOTH_WAYS {
        let ended = sandbox.same(|go| go.run_sh(&format!("printf 'a\\000b\\377' | go {first}")));
        assert_eq!(ended.stdout, b"a\0b\xff");
    }
}

#[test]
fn exit_codes_are_go_s() {
    for first in BOTH_WAYS {
        for code in [0, 1, 2, 3, 77, 127, 128, 130, 255] {
            let sandbox = Sandbox::with_probe(&format!("out o;err e;exit {code}"));
            let ended = sandbox.same(|go| go.run(&[first]));
            assert_eq!(ended.how, How::Code(code));
        }
    }
}

#[test]
fn death_by_signal_is_go_s() {
    for first in BOTH_WAYS {
        for signal in [1, 2, 3, 6, 8, 9, 11, 13, 14, 15, 24, 34] {
            let sandbox = Sandbox::with_probe(&format!("err e;raise {signal}"));
            let ended = sandbox.same(|go| go.run_sh(&format!("ulimit -c 0; exec go {first}")));
            assert_eq!(ended.how, How::Signal(signal));
        }
    }
}

#[test]
fn sigchld_ignored_by_the_caller_loses_no_status() {
    let sandbox = Sandbox::with_probe("dump $D/dump;err e;exit 7");
    for first in BOTH_WAYS {
        let ignored = sandbox.same(|go| {
            let ended = go.run_sh(&format!("exec env --ignore-signal=CHLD go {first}"));
            assert_eq!(ended.how, How::Code(7), "{ended:?}");
            dumped(&go.sandbox.read("dump"), "ignored")
        });
        assert_eq!(ignored, [b"17"]);
    }
}

/// `go ARGS` for real, compared for every version.
fn same_for_all(args: &[&str]) -> Vec<Ended> {
    let run = |version: &&str| Sandbox::with_go(version).same(|go| go.run(args));
    VERSIONS.iter().map(run).collect()
}

#[test]
fn version_env_and_help_are_identical() {
    for args in [
        &["version"][..],
        &["help"],
        &["help", "build"],
        &["env", "GOROOT"],
    ] {
        for ended in same_for_all(args) {
            assert_eq!(ended.how, How::Code(0));
        }
    }
}

#[test]
fn go_env_is_byte_identical() {
    for version in VERSIONS {
        let sandbox = Sandbox::with_go(version);
        for args in [&["env"][..], &["env", "-json"]] {
            // the number of a build folder in GOGCCFLAGS differs with every run of go
            let steady = |ended: Ended| {
                let text = String::from_utf8(ended.stdout).unwrap();
                let text: Vec<String> = text.lines().map(steady).collect();
                (ended.how, text, ended.stderr)
            };
            sandbox.same(|go| steady(go.run(args)));
        }
    }
}

#[test]
fn usage_and_errors_are_identical() {
    for args in [
        &["nonsense"][..],
        &["build", "-nonsense"],
        &["-x", "build"],
        &[],
        &["list", "-e", "-C", "d"],
        &["mod", "nonsense"],
        &["build", "./missing"],
        &["list", "-m", "example.com/nowhere@v1.0.0"],
        &["vet", "example.com/nowhere"],
        &["get", "example.com/nowhere"],
        &["tool", "nosuch"],
    ] {
        for ended in same_for_all(args) {
            assert!(matches!(ended.how, How::Code(1 | 2)), "{args:?}: {ended:?}");
        }
    }
}

#[test]
fn the_folder_and_c_are_go_s() {
    let sandbox = Sandbox::with_go(LATEST);
    sandbox.write("other/go.mod", "module example.com/other\n");
    let other = sandbox.path("other");
    let other = other.to_str().unwrap();
    for args in [
        &["list", "-m"][..],
        &["-C", other, "list", "-m"],
        &["list", "-C", other, "-m"],
        &["mod", "-C", other, "why", "x"],
        &["-C", "/nowhere", "list"],
        &["run", "-C", other, "."],
    ] {
        sandbox.same(|go| go.run(args));
    }
    // a folder reached through a symbolic link keeps its name
    std::os::unix::fs::symlink(other, sandbox.path("link")).unwrap();
    let ended =
        sandbox.same(|go| go.run_sh("cd ../link && go list -f '{{.Dir}}' -e . && go env GOMOD"));
    assert!(
        String::from_utf8_lossy(&ended.stdout).contains("/link"),
        "{ended:?}"
    );
}

/// A line without the number of a build folder.
fn steady(line: &str) -> String {
    match line.split_once("/go-build") {
        Some((before, after)) => {
            let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("{before}/go-build{after}")
        }
        None => line.to_owned(),
    }
}
