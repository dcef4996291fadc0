//! Odd callers, streams, signals and systems: with gomend and without it the same happens.
//!
//! What was once found to differ, and what is beside it. Two differences are documented in the
//! README instead: keys can't be read from stderr, and a signal to the whole group reaches go twice.

use std::fs;
use std::io::{BufRead, BufReader, Read, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rustix::process::{Pid, Signal, WaitOptions, waitpid};

use crate::support::event::{self, Gate, Ready, end_of, gone, signal_group, state, wait_until};
use crate::support::terminal::Terminal;
use crate::support::{Ended, Go, How, LATEST, Sandbox, VERSIONS, compile_c, dumped, goroot};

/// What a failed fetch looks like.
const FAILED_FETCH: &str = "go: m.example/y@v1.0.0: Get \"http://127.0.0.1:1/m.example/y/@v/v1.0.0.info\": dial tcp 127.0.0.1:1: connect: connection refused";

/// A stand-in that fails so.
fn failing() -> Sandbox {
    Sandbox::with_probe(&format!("err {FAILED_FETCH};exit 1"))
}

/// The program that starts another in an odd state (`with.c`).
fn with() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("with");
        let fresh = program.with_extension(std::process::id().to_string());
        compile_c(include_bytes!("support/with.c"), &fresh);
        fs::rename(fresh, &program).unwrap();
        program
    })
}

/// `with STATE VALUE go ARGS`.
fn odd(go: &Go<'_>, state: &str, value: &str, args: &[&str]) -> Command {
    let mut command = go.environment(Command::new(with()));
    command.args([state, value]).arg(go.program()).args(args);
    command
}

/// Waits until a process rests: it was asleep each of many times.
fn wait_until_asleep(pid: i32) {
    let mut asleep = 0;
    wait_until("it sleeps", || {
        asleep = if state(pid) == Some('S') {
            asleep + 1
        } else {
            0
        };
        asleep > 30
    });
}

// ------------------------------------------------------------ signals

#[test]
fn whoever_has_signals_blocked_still_hears_of_go_s_end() {
    for blocked in ["17", "all"] {
        let sandbox = Sandbox::with_probe("dump $D/dump;exit 3");
        for command in ["version", "build", "run"] {
            let (how, mask) = sandbox.same(|go| {
                let mut child = odd(go, "blocked", blocked, &[command]).spawn().unwrap();
                let how = How::from(end_of(&mut child));
                (how, dumped(&sandbox.read("dump"), "blocked"))
            });
            assert_eq!(how, How::Code(3));
            assert!(!mask.is_empty(), "go has the mask that it was given");
        }
    }
}

#[test]
fn a_signal_that_go_ignores_does_not_end_the_shim() {
    for signal in [34, 40, 64] {
        let commands = format!("ignore {signal};ready $D/ready;await $D/gate;exit 3");
        let sandbox = Sandbox::with_probe(&commands);
        let how = sandbox.same(|go| {
            let gate = Gate::new(&sandbox.path("gate"));
            let mut ready = Ready::new(&sandbox.path("ready"));
            let mut child = go.command(&["build"]).spawn().unwrap();
            ready.wait();
            let line = format!("kill -{signal} {}", child.id());
            let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
            assert!(sent.success());
            drop(gate);
            How::from(end_of(&mut child))
        });
        assert_eq!(how, How::Code(3), "{signal}");
    }
}

#[test]
fn a_timer_that_runs_since_before_go_reaches_it() {
    let sandbox = Sandbox::with_probe("pause");
    for command in ["version", "build"] {
        let how = sandbox.same(|go| {
            let mut child = odd(go, "alarm", "50", &[command]).spawn().unwrap();
            How::from(end_of(&mut child))
        });
        assert_eq!(how, How::Signal(14));
    }
}

#[test]
fn a_go_that_stops_alone_is_seen_to_be_stopped() {
    for signal in [Signal::STOP, Signal::TSTP] {
        let number = signal.as_raw();
        let sandbox = Sandbox::with_probe(&format!("stop {number};exit 3"));
        let how = sandbox.same(|go| {
            let mut child = go.command(&["build"]).process_group(0).spawn().unwrap();
            let pid = child.id().cast_signed();
            let changed = waitpid(Pid::from_raw(pid), WaitOptions::UNTRACED).unwrap();
            let (_, status) = changed.unwrap();
            assert_eq!(status.stopping_signal(), Some(number));
            signal_group(pid, Signal::CONT);
            How::from(end_of(&mut child))
        });
        assert_eq!(how, How::Code(3));
    }
}

#[test]
fn a_stop_that_is_taken_back_at_once_stops_nobody() {
    const ROUNDS: u32 = 400;
    let sandbox = Sandbox::with_probe("ready $D/ready;await $D/gate;exit 3");
    let how = sandbox.same(|go| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut child = go.command(&["build"]).process_group(0).spawn().unwrap();
        ready.wait();
        let pid = child.id().cast_signed();
        for round in 0..ROUNDS {
            signal_group(pid, Signal::TSTP);
            for _ in 0..round * 20 {
                std::hint::spin_loop(); // another distance each time
            }
            signal_group(pid, Signal::CONT);
        }
        wait_until("it goes on", || state(pid) != Some('T'));
        drop(gate);
        How::from(end_of(&mut child))
    });
    assert_eq!(how, How::Code(3));
}

/// Starts a go, which fills what nobody reads; how it ends by a signal then.
fn stalled(go: &Go<'_>, out: OwnedFd, signal: Signal) -> How {
    let mut ready = Ready::new(&go.sandbox.path("ready"));
    let mut command = go.command(&["build"]);
    command.stdout(out.try_clone().unwrap()).stderr(out);
    let mut child = command.spawn().unwrap();
    wait_until_asleep(ready.wait());
    event::signal(child.id().cast_signed(), signal);
    How::from(end_of(&mut child))
}

#[test]
fn a_signal_ends_a_go_whose_reader_has_stalled() {
    let sandbox = Sandbox::with_probe("ready $D/ready;flood 1 1000000;exit 3");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let into_pipe = sandbox.same(|go| {
            let (_reader, writer) = pipe().unwrap();
            stalled(go, writer.into(), signal)
        });
        // which can't be opened once more
        let into_socket = sandbox.same(|go| {
            let (_reader, writer) = UnixStream::pair().unwrap();
            stalled(go, writer.into(), signal)
        });
        let expected = How::Signal(signal.as_raw());
        assert_eq!((into_pipe, into_socket), (expected, expected));
    }
}

#[test]
fn a_signal_ends_a_go_whose_last_words_nobody_takes() {
    // through the original pipe go would still be writing them
    let sandbox = Sandbox::with_probe("ready $D/ready;flood 1 100000;exit 3");
    let (_reader, writer) = pipe().unwrap();
    let mut ready = Ready::new(&sandbox.path("ready"));
    let mut command = sandbox.shimmed().command(&["build"]);
    command.stdout(writer.try_clone().unwrap()).stderr(writer);
    let mut child = command.spawn().unwrap();
    gone(ready.wait());
    event::signal(child.id().cast_signed(), Signal::TERM);
    assert_eq!(How::from(end_of(&mut child)), How::Signal(15));
}

#[test]
fn a_signal_ends_a_go_at_a_terminal_that_is_halted() {
    let sandbox = Sandbox::with_probe("err on;await $D/gate;ready $D/ready;flood 1 1000000;exit 3");
    let how = sandbox.same(|go| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut terminal = Terminal::start(go.command(&["build"]));
        terminal.wait_for("on");
        terminal.press("\x13"); // Ctrl-S
        drop(gate);
        wait_until_asleep(ready.wait());
        event::signal(terminal.pid(), Signal::TERM);
        terminal.end().0
    });
    assert_eq!(how, How::Signal(15));
}

#[test]
fn a_go_that_another_thread_has_executed_does_not_outlive_a_killed_shim() {
    // as go executes the go of another toolchain
    let sandbox = Sandbox::with_probe("thread ready $D/ready+pause");
    let mut ready = Ready::new(&sandbox.path("ready"));
    let mut shim = sandbox.shimmed().command(&["build"]).spawn().unwrap();
    let go = ready.wait();
    assert_ne!(go, shim.id().cast_signed(), "it is watched");
    shim.kill().unwrap();
    assert_eq!(How::from(end_of(&mut shim)), How::Signal(9));
    gone(go);
}

#[test]
fn a_signal_to_go_s_old_group_does_not_lose_a_daemon_s_words() {
    let sandbox = Sandbox::with_probe("below ready $D/held+await $D/gate+out late;out now;exit 0");
    let words = sandbox.same(|go| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut held = Ready::new(&sandbox.path("held"));
        let (mut reader, writer) = pipe().unwrap();
        let mut command = go.command(&["build"]);
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let mut child = command.process_group(0).spawn().unwrap();
        drop(command);
        held.wait();
        assert_eq!(How::from(end_of(&mut child)), How::Code(0));
        signal_group(child.id().cast_signed(), Signal::TERM);
        drop(gate);
        let mut words = String::new();
        reader.read_to_string(&mut words).unwrap();
        words
    });
    assert_eq!(words, "now\nlate\n");
}

// ------------------------------------------------------------ streams

#[test]
fn a_socket_without_its_peer_costs_nothing_and_ends_go_s_words() {
    let sandbox = Sandbox::with_probe("ready $D/ready;await $D/gate;err one;err two;exit 3");
    let how = sandbox.same(|go| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut ready = Ready::new(&sandbox.path("ready"));
        let (peer, own) = UnixStream::pair().unwrap();
        let own = OwnedFd::from(own);
        let mut command = go.command(&["build"]);
        command.stdout(own.try_clone().unwrap()).stderr(own);
        let mut child = command.spawn().unwrap();
        drop(command);
        ready.wait();
        drop(peer);
        wait_until_asleep(child.id().cast_signed());
        drop(gate);
        How::from(end_of(&mut child))
    });
    assert_eq!(how, How::Signal(13));
}

#[test]
fn nowhere_stays_nowhere() {
    let sandbox = Sandbox::with_probe("dump $D/dump;exit 1");
    for shape in ["2>/dev/null", ">/dev/null 2>&1", ">f 2>/dev/null"] {
        let streams = sandbox.same(|go| {
            go.run_sh(&format!("go build {shape}"));
            dumped(&sandbox.read("dump"), "fd")
        });
        assert!(streams.contains(&b"2 device".to_vec()), "{shape}");
    }
}

#[test]
fn a_terminal_has_been_opened_as_the_original_was() {
    const CLOSES_ON_EXEC: u32 = 0o2_000_000;
    let sandbox = Sandbox::with_probe("flags 2;exit 1");
    let act = |go: &Go<'_>| {
        let line = "exec >/dev/tty 2>&1; go build";
        let (how, screen) = Terminal::start(go.sh(line)).end();
        let flags = screen.trim().strip_prefix("flags ").unwrap();
        (how, u32::from_str_radix(flags, 8).unwrap() & CLOSES_ON_EXEC)
    };
    assert_eq!(sandbox.same(act), (How::Code(1), 0));
}

// ------------------------------------------------------------ systems

/// `sh -c LINE`, as root of a user and mount namespace; go is `$0`.
fn in_namespace(go: &Go<'_>, line: &str) -> Ended {
    let mut unshare = go.environment(Command::new("unshare"));
    unshare.args(["-Urm", "sh", "-c", line]).arg(go.program());
    unshare.output().unwrap().into()
}

#[test]
fn go_run_works_without_proc() {
    let sandbox = Sandbox::with_go(LATEST).var("GOROOT", goroot(LATEST));
    let line = "mount -t tmpfs none /proc && exec \"$0\" run .";
    let ended = sandbox.same(|go| in_namespace(go, line));
    assert_eq!(ended.how, How::Code(0), "{ended:?}");
}

#[test]
fn what_may_not_be_executed_is_go_s_to_say() {
    let sandbox = Sandbox::with_go("1.21.13"); // later ones execute from their cache
    let folder = sandbox.path("noexec");
    fs::create_dir(&folder).unwrap();
    let sandbox = sandbox.var("GOTMPDIR", folder);
    let line = "mount -t tmpfs -o noexec none \"$GOTMPDIR\" && exec \"$0\" run .";
    let (how, words) = sandbox.same(|go| {
        let ended = in_namespace(go, line);
        let words = ended.words().replace(|c: char| c.is_ascii_digit(), "");
        (ended.how, words) // a folder's name has a number
    });
    assert_eq!(how, How::Code(1));
    assert!(words.contains("permission denied"), "{words}");
}

#[test]
fn without_memory_files_it_is_diagnosed_all_the_same() {
    const MEMFD_CREATE: &str = if cfg!(target_arch = "x86_64") {
        "319"
    } else {
        "279"
    };
    let sandbox = failing().var("GOMEND_REPORT", "../report");
    let command = odd(&sandbox.shimmed(), "refused", MEMFD_CREATE, &["build"]);
    let (how, screen) = Terminal::start(command).end();
    assert_eq!(how, How::Code(1));
    assert!(screen.contains("gomend:"), "{screen}");
    assert!(sandbox.path("report").exists());
    assert_eq!(fs::read_dir(sandbox.path("tmp")).unwrap().count(), 0);
}

#[test]
fn where_files_may_not_grow_git_is_not_made_to_write() {
    let sandbox = Sandbox::with_probe("dump $D/dump;exit 3");
    sandbox.same(|go| {
        let ended = go.run_sh("ulimit -f 64; go build");
        let env = dumped(&sandbox.read("dump"), "env");
        let traced = env.iter().any(|entry| entry.starts_with(b"GIT_TRACE2"));
        (ended, traced)
    });
}

#[test]
fn a_parent_in_another_pid_namespace_is_not_taken_for_dead() {
    let sandbox = Sandbox::with_probe("exit 3");
    let how = sandbox.same(|go| {
        let mut unshare = Command::new("unshare");
        unshare.args(["-Ur", "--fork", "--pid", "--kill-child"]);
        unshare.args(["sh", "-c", "echo on; cat"]);
        unshare.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut unshare = unshare.spawn().unwrap();
        let mut line = String::new();
        let stdout = unshare.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let [init] = event::children(unshare.id().cast_signed())[..] else {
            panic!("unshare has one child");
        };
        let mut nsenter = go.environment(Command::new("nsenter"));
        nsenter.args(["-U", "--preserve-credentials", "-p", "--no-fork", "-t"]);
        nsenter.arg(init.to_string()).arg(go.program()).arg("build");
        let how = How::from(nsenter.status().unwrap());
        drop(unshare.stdin.take());
        end_of(&mut unshare);
        how
    });
    assert_eq!(how, How::Code(3));
}

#[test]
fn a_go_that_may_not_be_executed_is_refused_as_a_shell_refuses_it() {
    let sandbox = Sandbox::with_probe("exit 3");
    fs::remove_file(sandbox.path("bin/go")).unwrap();
    sandbox.write("bin/go", "#!/bin/sh\n");
    let act = |go: &Go<'_>| {
        let mut bash = go.environment(Command::new("bash"));
        let ended = Ended::from(bash.args(["-c", "go build"]).output().unwrap());
        (ended.how, ended.words().contains("ermission denied"))
    };
    assert_eq!(sandbox.same(act), (How::Code(126), true));
}

#[test]
fn whoever_counts_go_s_variables_finds_no_more() {
    let sandbox = Sandbox::with_probe("dump $D/dump;exit 0");
    for command in ["version", "build", "generate", "run"] {
        sandbox.same(|go| {
            go.run(&[command]);
            let mut env = dumped(&sandbox.read("dump"), "env");
            env.retain(|entry| entry.starts_with(b"GO"));
            env
        });
    }
}

// ------------------------------------------------------------ speaking

/// Whether anything is said at a terminal.
fn speaks(sandbox: &Sandbox, args: &[&str]) -> bool {
    let (how, screen) = Terminal::start(sandbox.shimmed().command(args)).end();
    assert_ne!(how, How::Code(0), "{screen}");
    screen.contains("gomend:")
}

/// A real go, whose proxy refuses.
fn unconnected(version: &str) -> Sandbox {
    Sandbox::with_go(version)
        .var("GOPROXY", "http://127.0.0.1:1")
        .var("GONOSUMDB", "*")
}

/// A failing test, which says what go says of a failed fetch.
const GO_S_WORDS: &str = r#"import ("fmt"; "testing")
func TestX(t *testing.T) {
	fmt.Println(`go: example.com/y@v1.0.0: Get "http://127.0.0.1:1/example.com/y/@v/v1.0.0.info": tls: failed to verify certificate: x509: certificate signed by unknown authority`)
	t.Error("x")
}
func TestMain(m *testing.M) {
	fmt.Println(`m_test.go:3:2: example.com/z@v1.0.0: Get "http://127.0.0.1:1/example.com/z/@v/v1.0.0.zip": dial tcp 127.0.0.1:1: connect: connection refused`)
	m.Run()
}
"#;

#[test]
fn a_test_that_prints_what_go_prints_is_no_failed_fetch() {
    for version in VERSIONS {
        let sandbox = unconnected(version);
        for package in ["a", "z"] {
            let test = format!("package {package}\n{GO_S_WORDS}");
            sandbox.write(&format!("work/{package}/m_test.go"), test);
        }
        sandbox.write(
            "work/go.mod",
            "module example.com/work\n\ngo 1.21\n\nrequire m.example/x v1.0.0\n",
        );
        sandbox.write("work/b/b.go", "package b\nimport _ \"m.example/x\"\n");
        sandbox.write("work/b/b_test.go", "package b\n");
        let sandbox = sandbox.var("GOFLAGS", "-mod=mod");
        sandbox.direct().run(&["test", "./a", "./z"]); // compiles, which may take its time
        for args in [
            &["test", "./a"][..],
            &["test", "./a", "./z"],
            &["test", "-v", "./a", "./z"],
            &["test", "-json", "./a", "./z"],
            &["-C", "a", "test"],
        ] {
            assert!(!speaks(&sandbox, args), "{version} {args:?}");
        }
        for args in [
            &["test", "./a", "./b", "./z"][..],
            &["test", "-v", "./b", "./z"],
        ] {
            assert!(speaks(&sandbox, args), "{version} {args:?}");
        }
    }
}

#[test]
fn a_generator_speaks_for_itself_and_go_for_what_it_could_not_fetch() {
    let sandbox = unconnected(LATEST);
    sandbox.write("work/said", format!("{FAILED_FETCH}\n"));
    sandbox.write(
        "work/fails/main.go",
        "package main\nimport \"os\"\nfunc main() { b, _ := os.ReadFile(\"said\"); os.Stderr.Write(b); os.Exit(3) }\n",
    );
    for (directive, is_said) in [
        ("go run example.net/none/cmd@v1.0.0", true),
        ("sh -c \"cat said; exit 1\"", false),
        ("go run ./fails", false),
    ] {
        let source = format!("package main\n\n//go:generate {directive}\n\nfunc main() {{}}\n");
        sandbox.write("work/main.go", source);
        assert_eq!(speaks(&sandbox, &["generate"]), is_said, "{directive}");
    }
}

#[test]
fn a_tool_that_could_not_be_fetched_is_explained_and_one_that_fails_is_not() {
    let sandbox = unconnected(LATEST).var("GOFLAGS", "-mod=mod");
    let fails =
        "package main\nimport \"os\"\nfunc main() { println(\"fatal: x509: no\"); os.Exit(1) }\n";
    sandbox.write("work/fails/main.go", fails);
    sandbox.write(
        "work/go.mod",
        "module example.com/work\n\ngo 1.24\n\ntool example.com/work/fails\n",
    );
    for _ in 0..2 {
        assert!(!speaks(&sandbox, &["tool", "fails"])); // built, and from the cache
    }
    sandbox.write(
        "work/go.mod",
        "module example.com/work\n\ngo 1.24\n\ntool m.example/x/cmd/x\n\nrequire m.example/x v1.0.0\n",
    );
    assert!(speaks(&sandbox, &["tool", "x"]));
}

#[test]
fn in_ci_what_a_script_captures_is_go_s_alone() {
    let sandbox = failing().var("CI", "1");
    let bash = |go: &Go<'_>, line: &str| {
        let mut bash = go.environment(Command::new("bash"));
        Ended::from(bash.args(["-c", line]).output().unwrap())
    };
    for line in [
        "x=$(go build 2>&1); echo \"$x\"",
        "x=$(cd .; go build 2>&1; echo $?); echo \"$x\"",
        "go build 2>f; cat f",
        "go build 2>&1 | cat",
    ] {
        sandbox.same(|go| bash(go, line));
    }
    for line in [
        "go build; exit $?",
        "sh -c 'go build; exit $?'; exit $?",
        "sh -c 'go build 2>&1; exit $?'; exit $?",
    ] {
        let ended = bash(&sandbox.shimmed(), line);
        let said = [ended.stdout, ended.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("\ngomend: "), "{line}");
    }
}

#[test]
fn the_mode_log_speaks_where_nobody_listens_and_asks_nobody() {
    let sandbox = failing().var("GOMEND", "log");
    let words = sandbox.shimmed().run(&["build"]).words();
    assert!(words.contains("\ngomend: "), "{words}");
    let (_, screen) = Terminal::start(sandbox.shimmed().command(&["build"])).end();
    let asks = screen.contains("Enter");
    assert!(screen.contains("gomend:") && !asks, "{screen}");
}
