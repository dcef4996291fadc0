//! The real go with user programs, caches and hooks: exactly as without gomend.

use std::fs;
use std::process::Command;

use crate::support::{Ended, Go, How, LATEST, Sandbox, VERSIONS};

const PROGRAM: &str = r#"package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

func main() {
	in, _ := io.ReadAll(os.Stdin)
	env := os.Environ()
	sort.Strings(env)
	for _, entry := range env {
		if !strings.HasPrefix(entry, "PATH=") && !strings.HasPrefix(entry, "_GOMEND_GUARD=") {
			fmt.Println(entry)
		}
	}
	dir, _ := os.Getwd()
	fmt.Println(filepath.Base(os.Args[0]), os.Args[1:], dir, string(in))
	fmt.Fprintln(os.Stderr, "program's stderr")
	os.Exit(len(os.Args) - 1)
}
"#;

fn with_program(version: &str) -> Sandbox {
    let sandbox = Sandbox::with_go(version);
    sandbox.write("work/main.go", PROGRAM);
    sandbox
}

#[test]
fn the_program_of_go_run_sees_what_it_would_see() {
    for version in VERSIONS {
        let sandbox = with_program(version);
        for line in [
            "echo in | go run . a b",
            "go run main.go -x",
            "go run -C . . ''",
            "cd / && go run -C $HOME/../work . a",
        ] {
            let ended = sandbox.same(|go| go.run_sh(line));
            assert_eq!(ended.how, How::Code(1));
            assert!(ended.words().contains("program's stderr"), "{ended:?}");
        }
    }
}

#[test]
fn a_user_s_own_exec_is_respected() {
    let sandbox = with_program(LATEST);
    let wrapper = sandbox.script("wrapper", "#!/bin/sh\necho wrapped\nexec \"$@\"\n");
    let wrapper = wrapper.display();
    let flag = sandbox.same(|go| go.run_sh(&format!("go run -exec {wrapper} . a")));
    let variable = sandbox.same(|go| go.run_sh(&format!("GOFLAGS=-exec={wrapper} go run . a")));
    // cmd/internal/quoted knows both quotes
    let quoted = [r#""-exec={}""#, "'-exec={}'"].map(|flags| {
        let flags = flags.replace("{}", &wrapper.to_string());
        sandbox.same(|go| go.run_sh(&format!("export GOFLAGS={flags:?}; go run . a")))
    });
    sandbox.write("env", format!("GOFLAGS=-exec={wrapper}\n"));
    let file = "unset GOFLAGS; GOENV=$HOME/../env go run . a";
    let file = sandbox.same(|go| go.run_sh(file));
    for ended in [flag, variable, file].into_iter().chain(quoted) {
        assert!(ended.stdout.starts_with(b"wrapped\n"), "{ended:?}");
    }
    // a toolchain's own file is a layer as well: a GOROOT of links with another go.env
    let goroot = sandbox.path("goroot");
    fs::create_dir_all(goroot.join("bin")).unwrap();
    for entry in fs::read_dir(sandbox.bin.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        if !["bin", "go.env"].contains(&entry.file_name().to_str().unwrap()) {
            std::os::unix::fs::symlink(entry.path(), goroot.join(entry.file_name())).unwrap();
        }
    }
    assert!(
        Command::new("cp")
            .arg(sandbox.bin.join("go"))
            .arg(goroot.join("bin"))
            .status()
            .unwrap()
            .success()
    );
    sandbox.write("goroot/go.env", format!("GOFLAGS=-exec={wrapper}\n"));
    let line = "unset GOFLAGS; GOMEND_GO=$HOME/../goroot/bin/go; export GOMEND_GO; \
                [ $(command -v go) = $HOME/../goroot/bin/go ] || GO=go; ${GO:-go} run . a";
    let ended = sandbox.shimmed().run_sh(line);
    assert!(ended.stdout.starts_with(b"wrapped\n"), "{ended:?}");
}

#[test]
fn a_cross_compiled_go_run_finds_its_emulator() {
    let sandbox = with_program(LATEST);
    let emulator = sandbox.script(
        "emulators/go_linux_arm64_exec",
        "#!/bin/sh\necho emulated \"$2\"\n",
    );
    let folder = emulator.parent().unwrap().display();
    sandbox.write("env", "GOARCH=arm64\n");
    for setting in ["GOARCH=arm64", "GOENV=$HOME/../env"] {
        let line = format!("PATH=$PATH:{folder} {setting} go run . argument");
        let ended = sandbox.same(|go| go.run_sh(&line));
        assert_eq!(ended.stdout, b"emulated argument\n", "{ended:?}");
    }
    let line = "GOARCH=arm64 go run ."; // and without one: "exec format error" or a skip
    sandbox.same(|go| go.run_sh(&format!("{line} 2>&1 | sed 's/go-build[0-9]*//'")));
}

#[test]
fn failing_runs_are_identical() {
    for version in VERSIONS {
        let sandbox = with_program(version);
        sandbox.write(
            "work/bad/main.go",
            "package main\n\nfunc main() { undefined() }\n",
        );
        for args in [
            &["run", "./bad"][..],
            &["run", "./nowhere"],
            &["run"],
            &["run", "example.com/x@v1.0.0"],
            &["run", "-nonsense", "."],
            &["run", "-n", "."],
        ] {
            sandbox.same(|go| {
                let mut ended = go.run(args);
                ended.stderr = steady(&ended.stderr);
                ended
            });
        }
    }
}

/// The number of a build folder differs from run to run.
fn steady(text: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(text);
    let parts = text.split("go-build");
    let parts: Vec<&str> = parts
        .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()))
        .collect();
    parts.join("go-build").into_bytes()
}

/// A test that no cache has seen, whatever ran before.
fn with_fresh_test(version: &str) -> Sandbox {
    let sandbox = Sandbox::with_go(version);
    let unique = sandbox.path("").display().to_string();
    sandbox.write(
        "work/fresh/fresh_test.go",
        format!(
            "package fresh\nimport \"testing\"\nfunc TestIt(t *testing.T) {{ t.Log({unique:?}) }}\n"
        ),
    );
    sandbox
}

#[test]
fn tests_are_cached_or_not_as_without_gomend() {
    let is_cached = |ended: &Ended| {
        assert_eq!(ended.how, How::Code(0), "{ended:?}");
        String::from_utf8_lossy(&ended.stdout).contains("(cached)")
    };
    for version in VERSIONS {
        for shimmed_first in [true, false] {
            let sandbox = with_fresh_test(version);
            let (first, second) = if shimmed_first {
                (sandbox.shimmed(), sandbox.direct())
            } else {
                (sandbox.direct(), sandbox.shimmed())
            };
            let args = ["test", "./fresh"];
            assert!(!is_cached(&first.run(&args)), "{version}");
            assert!(is_cached(&second.run(&args)), "{version}");
            assert!(is_cached(&first.run(&args)), "{version}");
            assert!(
                !is_cached(&second.run(&["test", "-count=1", "./fresh"])),
                "{version}"
            );
        }
    }
}

#[test]
fn builds_hit_the_same_cache_with_and_without_gomend() {
    for version in VERSIONS {
        let sandbox = Sandbox::with_go(version);
        for (turn, shimmed_first) in [true, false].into_iter().enumerate() {
            let unique = format!("{}{turn}", sandbox.path("").display());
            sandbox.write(
                "work/main.go",
                format!("package main\n\nfunc main() {{ println({unique:?}) }}\n"),
            );
            let built = |go: &Go<'_>| {
                let ended = go.run(&["build", "-x", "-o", "/dev/null", "."]);
                assert_eq!(ended.how, How::Code(0), "{ended:?}");
                ended.words().contains("/compile ")
            };
            let (first, second) = if shimmed_first {
                (sandbox.shimmed(), sandbox.direct())
            } else {
                (sandbox.direct(), sandbox.shimmed())
            };
            assert!(built(&first), "{version}: the first one compiles");
            assert!(
                !built(&second),
                "{version}: the second one has it in the cache"
            );
        }
    }
}

#[test]
fn inside_a_git_hook_the_user_s_repository_is_unharmed() {
    for version in VERSIONS {
        let sandbox = Sandbox::with_go(version)
            .var("GOPROXY", "direct")
            .var("GOSUMDB", "off")
            .var("GIT_SSH_COMMAND", "false")
            .var("GIT_CONFIG_NOSYSTEM", "1");
        sandbox.write(
            "home/.gitconfig",
            "[user]\n\tname = n\n\temail = n@example.com\n[init]\n\tdefaultBranch = main\n\
             [url \"file:///nowhere/\"]\n\tinsteadOf = https://example.com/\n",
        );
        let hook = "#!/bin/sh\ngo build -o /dev/null ./... && go vet . && go list -m all && go run . && \
                    ! go list -m example.com/a/b@v1.0.0 2>>../said && ! go mod download example.com/a/b@v1.0.0 2>>../said\n";
        let act = |go: &Go<'_>| {
            let repository = go.sandbox.path("work/.git");
            let _ = fs::remove_dir_all(&repository);
            let said = go.sandbox.path("said");
            let _ = fs::remove_file(&said);
            assert_eq!(go.run_sh("git init -q && git add .").how, How::Code(0));
            go.sandbox.script("work/.git/hooks/pre-commit", hook);
            let before = fs::read_to_string(repository.join("config")).unwrap();
            let mut isolated = go.environment(Command::new("unshare"));
            isolated.args(["-Urn", "sh", "-c", "git commit -q -m x"]);
            isolated.env("GOMEND_REPORT", go.sandbox.path("report.json"));
            let ended = Ended::from(isolated.output().unwrap());
            let after = fs::read_to_string(repository.join("config")).unwrap();
            let check = go.run_sh(
                "git fsck --strict && git status --porcelain && git rev-parse --is-bare-repository",
            );
            (
                ended.how,
                before,
                after,
                check.how,
                check.stdout,
                check.stderr,
            )
        };
        let (_, before, after, ..) = sandbox.same(act);
        assert_eq!(before, after, "{version}");
    }
}
