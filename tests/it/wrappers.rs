//! Programs that stand between a person and go: with gomend and without it the same comes through.

use std::process::{Command, Stdio};

use crate::support::event::Ready;
use crate::support::terminal::{CTRL_C, Terminal};
use crate::support::{Ended, Go, How, Sandbox};

/// What go says of its streams, and how it ends.
const SPEAKS: &str = "kinds;size 1;out hello;err world;exit 3";

/// What go does until a key ends it.
const WAITS: &str = "err started;ready $D/ready;pause";

/// A shell's line that runs `go build` with the sandbox's environment and nothing of the wrapper's own.
fn line(go: &Go<'_>) -> String {
    let command = go.command(&["build"]);
    let quote = |text: &std::ffi::OsStr| format!("'{}'", text.to_str().unwrap());
    let folder = quote(command.get_current_dir().unwrap().as_os_str());
    let vars = command.get_envs().filter_map(|(name, value)| {
        let (name, value) = (name.to_str().unwrap(), value?);
        Some(format!("{name}={}", quote(value)))
    });
    let vars = vars.collect::<Vec<_>>().join(" ");
    format!(
        "cd {folder} && exec env -i {vars} {} build",
        quote(command.get_program())
    )
}

/// `PROGRAM ARGS LINE`, with the sandbox's environment.
fn wrapped(go: &Go<'_>, program: &str, args: &[&str], line: &str) -> Command {
    let mut command = go.environment(Command::new(program));
    command.args(args).arg(line);
    command
}

/// A real sshd for one connection, and ssh before it; what is between them is a pair of pipes, no network.
fn ssh(go: &Go<'_>, options: &[&str]) -> Command {
    let sandbox = go.sandbox;
    let path = |name: &str| sandbox.path(name).display().to_string();
    for key in ["host", "user"] {
        let file = sandbox.write(&format!("ssh/{key}"), "");
        std::fs::remove_file(&file).unwrap(); // only its folder was wanted
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .status();
        assert!(made.unwrap().success());
    }
    let config = sandbox.write(
        "ssh/config",
        format!(
            "HostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\nPrintMotd no\nSetEnv HOME={}\n",
            path("ssh/host"),
            path("ssh/user.pub"),
            path("ssh") // the user's own start-up files speak for themselves
        ),
    );
    // root's sshd wants a folder that only the system's service makes
    let server = sandbox.script(
        "ssh/server",
        &format!(
            "#!/bin/sh\nPATH=$PATH:/usr/sbin:/sbin\nsshd=$(command -v sshd)\n\
             if [ \"$(id -u)\" = 0 ]; then\n\
             exec unshare -m sh -c \"mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec $sshd -i -f {config}\"\n\
             fi\nexec \"$sshd\" -i -f {config}\n",
            config = config.display()
        ),
    );
    let mut ssh = go.environment(Command::new("ssh"));
    ssh.args(["-F", "none", "-q", "-o", "StrictHostKeyChecking=no"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"])
        .args(["-i", &path("ssh/user")])
        .args(["-o", &format!("ProxyCommand={}", server.display())])
        .args(options)
        .arg("host.example")
        .arg(line(go));
    ssh
}

/// What was on a terminal, and how the program ended.
fn at_a_terminal(command: Command) -> (How, String) {
    Terminal::start(command).end()
}

#[test]
fn through_ssh() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    let ended = sandbox.same(|go| Ended::from(ssh(go, &["-T"]).output().unwrap()));
    assert_eq!(ended.how, How::Code(3), "{ended:?}");
    assert!(ended.words().ends_with("world\n"), "{ended:?}");
}

#[test]
fn through_ssh_with_a_terminal() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    let (how, screen) = sandbox.same(|go| at_a_terminal(ssh(go, &["-t"])));
    assert_eq!(how, How::Code(3), "{screen}");
    assert!(screen.contains("terminal"), "{screen}");
    assert!(screen.contains("24 80"), "{screen}");
}

#[test]
fn ctrl_c_through_ssh_ends_go() {
    let sandbox = Sandbox::with_probe(WAITS);
    let (how, screen) = sandbox.same(|go| {
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut terminal = Terminal::start(ssh(go, &["-t"]));
        ready.wait();
        terminal.wait_for("started\r\n");
        terminal.press(CTRL_C);
        terminal.end()
    });
    assert_eq!(how, How::Code(255), "{screen}"); // ssh's word for a signal
}

#[test]
fn through_sudo() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    let allowed = sandbox.direct().run_sh("sudo -n true");
    if allowed.how != How::Code(0) {
        eprintln!("not tried: sudo asks for a password here: {allowed:?}");
        return;
    }
    let sudo = ["-n", "--", "sh", "-c"];
    let ended =
        sandbox.same(|go| Ended::from(wrapped(go, "sudo", &sudo, &line(go)).output().unwrap()));
    assert_eq!(ended.how, How::Code(3), "{ended:?}");
    let seen = sandbox.same(|go| at_a_terminal(wrapped(go, "sudo", &sudo, &line(go))));
    assert_eq!(seen.0, How::Code(3), "{seen:?}");
}

#[test]
fn through_expect() {
    let script = "set timeout 60\nspawn -noecho sh -c [lindex $argv 0]\n\
                  expect eof\nexit [lindex [wait] 3]\n";
    let sandbox = Sandbox::with_probe(SPEAKS);
    let file = sandbox.write("expect", script);
    let args = ["-f", file.to_str().unwrap()];
    let ended =
        sandbox.same(|go| Ended::from(wrapped(go, "expect", &args, &line(go)).output().unwrap()));
    assert_eq!(ended.how, How::Code(3), "{ended:?}");
}

#[test]
fn a_key_that_expect_presses_ends_go() {
    let script = "set timeout 60\nspawn -noecho sh -c [lindex $argv 0]\n\
                  expect started\nsend \\003\nexpect eof\nputs [wait]\n";
    let sandbox = Sandbox::with_probe("err started;pause");
    let file = sandbox.write("expect", script);
    let args = ["-f", file.to_str().unwrap()];
    let (how, screen) = sandbox.same(|go| {
        let ended = Ended::from(wrapped(go, "expect", &args, &line(go)).output().unwrap());
        let screen = String::from_utf8(ended.stdout).unwrap();
        let (before, pid) = screen.split_once("CHILDKILLED").expect("it was killed");
        // expect names the process id before it
        let before = before.replace(|c: char| c.is_ascii_digit(), "");
        (ended.how, format!("{before}{pid}"))
    });
    assert_eq!(how, How::Code(0), "{screen}");
    assert!(screen.contains("SIGINT"), "{screen}");
}

#[test]
fn through_script() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    let ended = sandbox.same(|go| {
        let log = sandbox.path("typescript").display().to_string();
        let script = wrapped(go, "script", &["-qe", &log, "-c"], &line(go)).output();
        Ended::from(script.unwrap())
    });
    assert_eq!(ended.how, How::Code(3), "{ended:?}");
    let seen = sandbox.same(|go| {
        at_a_terminal(wrapped(
            go,
            "script",
            &["-qe", "/dev/null", "-c"],
            &line(go),
        ))
    });
    assert_eq!(seen.0, How::Code(3), "{seen:?}");
}

#[test]
fn through_tmux() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    let screen = sandbox.same(|go| in_tmux(go, None));
    assert!(screen.contains("hello\nworld"), "{screen}");
    assert!(screen.contains("code=3"), "{screen}");
    // silent: when tmux shows what is written, beside the key's echo, is its own affair
    let sandbox = Sandbox::with_probe("ready $D/ready;pause");
    let screen = sandbox.same(|go| in_tmux(go, Some("C-c")));
    assert!(screen.contains("code=130"), "{screen}");
}

/// A pane in which go runs, once it has ended; `key` is pressed when go is ready.
fn in_tmux(go: &Go<'_>, key: Option<&str>) -> String {
    let name = if go.is_shimmed() {
        "tmux-gomend"
    } else {
        "tmux"
    }; // the former's server may be ending
    let socket = go.sandbox.path(name).display().to_string();
    let tmux = |args: &[&str]| {
        let mut command = go.environment(Command::new("tmux"));
        command.args(["-f", "/dev/null", "-S", &socket]).args(args);
        let ended = Ended::from(command.output().unwrap());
        assert_eq!(ended.how, How::Code(0), "tmux {args:?}: {ended:?}");
        String::from_utf8(ended.stdout).unwrap()
    };
    let ready = key.map(|_| Ready::new(&go.sandbox.path("ready")));
    let line = format!(
        "trap : INT; ({}); echo code=$?; tmux -S '{socket}' wait-for -S done; read rest",
        line(go)
    );
    tmux(&[
        "new-session",
        "-d",
        "-x",
        "80",
        "-y",
        "24",
        "sh",
        "-c",
        &line,
    ]);
    if let (Some(mut ready), Some(key)) = (ready, key) {
        ready.wait();
        tmux(&["send-keys", key]);
    }
    tmux(&["wait-for", "done"]);
    let screen = tmux(&["capture-pane", "-p"]);
    tmux(&["kill-server"]);
    screen
}

#[test]
fn through_nohup_and_setsid() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    for wrapper in [
        &["nohup", "sh", "-c"][..],
        &["setsid", "--wait", "sh", "-c"],
        &["nice", "sh", "-c"],
        &["timeout", "60", "sh", "-c"],
        &["stdbuf", "-oL", "sh", "-c"],
    ] {
        let ended = sandbox.same(|go| {
            let command = wrapped(go, wrapper[0], &wrapper[1..], &line(go)).output();
            Ended::from(command.unwrap())
        });
        assert_eq!(ended.how, How::Code(3), "{wrapper:?}: {ended:?}");
    }
    // into a file, which go has as a pipe
    let sandbox = Sandbox::with_probe("out hello;err world;exit 3");
    let nohup = sandbox.same(|go| {
        let seen = at_a_terminal(wrapped(go, "nohup", &["sh", "-c"], &line(go)));
        let log = sandbox.path("work/nohup.out");
        let said = std::fs::read_to_string(&log);
        let _ = std::fs::remove_file(log); // of the one way, before the other
        (seen, said.ok())
    });
    assert_eq!(nohup.0.0, How::Code(3), "{nohup:?}");
}

#[test]
fn as_the_first_process_of_a_container() {
    let sandbox = Sandbox::with_probe(SPEAKS);
    let ended = sandbox.same(|go| {
        let mut unshare = wrapped(
            go,
            "unshare",
            &["-Urpf", "--mount-proc", "sh", "-c"],
            &line(go),
        );
        Ended::from(unshare.output().unwrap())
    });
    assert_eq!(ended.how, How::Code(3), "{ended:?}");
}
