//! Signals and job control: keys on a terminal, signals to the shim alone, its sudden death.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;

use crate::support::event::{self, Gate, Ready, end_of, exists, gone, wait_until};
use crate::support::terminal::{CTRL_BACKSLASH, CTRL_C, CTRL_Z, Terminal};
use crate::support::{Go, How, LATEST, Sandbox};

/// One command that is executed, and the kinds that are watched.
const COMMANDS: [&str; 4] = ["version", "build", "test", "run"];

/// A shell with job control before a person, its prompt on the screen.
fn shell(go: &Go<'_>) -> Terminal {
    let mut bash = go.environment(Command::new("bash"));
    bash.args(["--norc", "--noprofile", "--noediting", "-i"]);
    bash.env("PS1", "prompt> ").env("TERM", "dumb");
    let mut terminal = Terminal::start(bash);
    terminal.wait_for("prompt> ");
    terminal
}

fn exit(mut terminal: Terminal) -> String {
    terminal.press("exit\n");
    let (how, screen) = terminal.end();
    assert!(matches!(how, How::Code(_)), "{screen}");
    screen
}

/// A shell runs the stand-in, a key is pressed, the shell tells the exit code.
fn key_pressed(go: &Go<'_>, command: &str, key: &str) -> String {
    let mut ready = Ready::new(&go.sandbox.path("ready"));
    let mut terminal = shell(go);
    terminal.press(&format!("go {command}\n"));
    let pid = ready.wait();
    terminal.wait_for("started\r\n");
    terminal.press(key);
    terminal.wait_for("prompt> ");
    gone(pid);
    terminal.press("echo code=$?\n");
    terminal.wait_for("prompt> ");
    exit(terminal)
}

#[test]
fn ctrl_c_ends_go_and_the_shell_hears_of_it() {
    for command in COMMANDS {
        let sandbox = Sandbox::with_probe("err started;ready $D/ready;pause");
        let screen = sandbox.same(|go| key_pressed(go, command, CTRL_C));
        assert!(screen.contains("code=130"), "{screen}");
    }
}

#[test]
fn ctrl_backslash_ends_go_and_the_shell_hears_of_it() {
    for command in COMMANDS {
        let sandbox = Sandbox::with_probe("err started;ready $D/ready;pause");
        let quit = |go: &Go<'_>| {
            let screen = key_pressed(go, command, CTRL_BACKSLASH);
            screen.replace(" (core dumped)", "") // we don't repeat go's core dump
        };
        let screen = sandbox.same(quit);
        assert!(screen.contains("code=131"), "{screen}");
    }
}

#[test]
fn a_go_that_lives_through_ctrl_c_goes_on() {
    for command in COMMANDS {
        let sandbox =
            Sandbox::with_probe("catch 2;err started;ready $D/ready;await $D/gate;err done;exit 4");
        let act = |go: &Go<'_>| {
            let gate = Gate::new(&sandbox.path("gate"));
            let mut ready = Ready::new(&sandbox.path("ready"));
            let mut terminal = shell(go);
            terminal.press(&format!("sh -c 'trap : INT; go {command}; echo code=$?'\n"));
            ready.wait();
            terminal.wait_for("started\r\n");
            terminal.press(CTRL_C);
            terminal.wait_for("caught 2\r\n");
            drop(gate);
            terminal.wait_for("code=4");
            terminal.wait_for("prompt> ");
            exit(terminal).matches("caught").count()
        };
        assert_eq!(sandbox.same(act), 1, "{command}: the key reaches go once");
    }
}

#[test]
fn ctrl_z_stops_and_fg_goes_on() {
    for command in COMMANDS {
        let sandbox =
            Sandbox::with_probe("err started;ready $D/ready;await $D/gate;err done;exit 5");
        let act = |go: &Go<'_>| {
            let gate = Gate::new(&sandbox.path("gate"));
            let mut ready = Ready::new(&sandbox.path("ready"));
            let mut terminal = shell(go);
            terminal.press(&format!("go {command}\n"));
            let pid = ready.wait();
            terminal.wait_for("started\r\n");
            for _ in 0..2 {
                terminal.press(CTRL_Z);
                terminal.wait_for("Stopped");
                terminal.wait_for("prompt> ");
                wait_until("go is stopped", || event::state(pid) == Some('T'));
                terminal.press("jobs -s | wc -l\n");
                terminal.wait_for("1\r\n");
                terminal.wait_for("prompt> ");
                terminal.press("fg\n");
                terminal.wait_for(&format!("go {command}\r\n"));
                wait_until("go runs again", || event::state(pid) != Some('T'));
            }
            drop(gate);
            terminal.wait_for("done\r\n");
            terminal.wait_for("prompt> ");
            terminal.press("echo code=$?\n");
            terminal.wait_for("code=5");
            terminal.wait_for("prompt> ");
            exit(terminal)
        };
        sandbox.same(act);
    }
}

#[test]
fn bg_and_the_end_in_the_background() {
    let sandbox = Sandbox::with_probe("err started;ready $D/ready;await $D/gate;err done;exit 6");
    let act = |go: &Go<'_>| {
        let gate = Gate::new(&sandbox.path("gate"));
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut terminal = shell(go);
        terminal.press("go build\n");
        ready.wait();
        terminal.wait_for("started\r\n");
        terminal.press(CTRL_Z);
        terminal.wait_for("prompt> ");
        terminal.press("bg\n");
        terminal.wait_for("prompt> ");
        drop(gate);
        terminal.wait_for("done\r\n");
        terminal.press("wait %1; echo code=$?\n");
        terminal.wait_for("code=6");
        terminal.wait_for("prompt> ");
        exit(terminal).contains("Exit 6")
    };
    sandbox.same(act);
}

#[test]
fn a_background_job_that_may_not_write_stops_as_go_does() {
    let sandbox = Sandbox::with_probe("ready $D/ready;err said;exit 0");
    let act = |go: &Go<'_>| {
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut terminal = shell(go);
        terminal.press("stty tostop; go build & :\n");
        ready.wait();
        terminal.wait_for("prompt> ");
        terminal.press("\n");
        wait_until("the job is stopped", || {
            terminal.press("jobs\n");
            terminal.wait_for("go build");
            terminal.wait_for("prompt> ");
            terminal.screen().contains("Stopped")
        });
        terminal.press("fg\n");
        terminal.wait_for("said\r\n");
        terminal.wait_for("prompt> ");
        exit(terminal).matches("said").count()
    };
    assert_eq!(sandbox.same(act), 1);
}

// ------------------------------------------------------------ signals to the shim alone

/// A real `go mod download` that waits for an answer of its proxy.
fn waiting_go(go: &Go<'_>, proxy: &TcpListener) -> (Child, TcpStream) {
    let mut command = go.command(&["mod", "download", "example.com/x@v1.0.0"]);
    command.env("GOPROXY", format!("http://{}", proxy.local_addr().unwrap()));
    let said = || File::create(go.sandbox.path("said")).unwrap(); // at /dev/null go isn't watched
    command.env("GOSUMDB", "off").stdout(said()).stderr(said());
    let child = command.spawn().unwrap();
    let (connection, _) = proxy.accept().unwrap();
    (child, connection)
}

/// How a real go ends by each signal; `None`: it lives on.
const BY_SIGNAL: &[(i32, Option<How>)] = &[
    (1, Some(How::Signal(1))),
    (2, Some(How::Signal(2))),
    (3, Some(How::Code(2))),
    (4, Some(How::Code(2))),
    (5, Some(How::Code(2))),
    (6, Some(How::Code(2))),
    (7, Some(How::Code(2))),
    (8, Some(How::Code(2))),
    (10, None),
    (11, Some(How::Code(2))),
    (12, None),
    (13, None),
    (14, None),
    (15, Some(How::Signal(15))),
    (17, None),
    (18, None),
    (23, None),
    (24, None),
    (25, None),
    (26, None),
    (27, None),
    (28, None),
    (29, None),
    (30, None),
    (31, Some(How::Code(2))),
];

#[test]
fn any_signal_to_the_shim_alone_does_what_it_does_to_go() {
    let sandbox = Sandbox::with_go(LATEST);
    for &(signal, ends) in BY_SIGNAL {
        let act = |go: &Go<'_>| {
            let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
            let (mut child, connection) = waiting_go(go, &proxy);
            event::signal(
                child.id().cast_signed(),
                Signal::from_named_raw(signal).unwrap(),
            );
            if ends.is_none() {
                drop((connection, proxy)); // it lives on, until it hears that there is no proxy
            }
            How::from(end_of(&mut child))
        };
        let how = sandbox.same(act);
        assert_eq!(how, ends.unwrap_or(How::Code(1)), "signal {signal}");
    }
}

#[test]
fn go_does_not_outlive_a_shim_that_is_killed() {
    for command in ["build", "test", "run"] {
        let sandbox = Sandbox::with_probe("ready $D/ready;pause");
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut shim = sandbox.shimmed().command(&[command]).spawn().unwrap();
        let go = ready.wait();
        assert_ne!(go, shim.id().cast_signed(), "it is watched");
        shim.kill().unwrap();
        assert_eq!(How::from(end_of(&mut shim)), How::Signal(9));
        gone(go);
        assert!(!exists(go));
    }
}

#[test]
fn an_executed_go_is_the_same_process() {
    let sandbox = Sandbox::with_probe("ready $D/ready;pause");
    let mut ready = Ready::new(&sandbox.path("ready"));
    let mut shim = sandbox.shimmed().command(&["version"]).spawn().unwrap();
    assert_eq!(ready.wait(), shim.id().cast_signed());
    shim.kill().unwrap();
    end_of(&mut shim);
}

#[test]
fn a_real_go_that_is_killed_is_reported_as_killed() {
    let sandbox = Sandbox::with_go(LATEST);
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let (mut shim, _connection) = waiting_go(&sandbox.shimmed(), &proxy);
    let [go] = event::children(shim.id().cast_signed())[..] else {
        panic!("the shim has one child");
    };
    event::signal(go, Signal::KILL);
    assert_eq!(How::from(end_of(&mut shim)), How::Signal(9));
}

#[test]
fn the_terminal_s_end_ends_go() {
    for command in ["build", "run"] {
        let sandbox = Sandbox::with_probe("err started;ready $D/ready;pause");
        let mut ready = Ready::new(&sandbox.path("ready"));
        let mut terminal = Terminal::start(sandbox.shimmed().command(&[command]));
        let go = ready.wait();
        terminal.wait_for("started");
        let shim = terminal.pid();
        terminal.hang_up();
        gone(go);
        gone(shim);
    }
}

#[test]
fn as_process_1_of_a_container_go_s_code_for_a_signal() {
    // a signal doesn't end process 1: Go's runtime exits with a code instead
    let sandbox = Sandbox::with_go(LATEST);
    let act = |go: &Go<'_>| {
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut command = go.environment(Command::new("unshare"));
        command.args(["-Ur", "--fork", "--pid", "--kill-child", "--mount-proc"]);
        command
            .arg(go.program())
            .args(["mod", "download", "example.com/x@v1.0.0"]);
        command.env("GOPROXY", format!("http://{}", proxy.local_addr().unwrap()));
        command
            .env("GOSUMDB", "off")
            .stdout(Stdio::null())
            .stderr(File::create(sandbox.path("said")).unwrap());
        let mut unshare = command.spawn().unwrap();
        let _connection = proxy.accept().unwrap();
        let [init] = event::children(unshare.id().cast_signed())[..] else {
            panic!("unshare has one child");
        };
        event::signal(init, Signal::TERM);
        How::from(end_of(&mut unshare))
    };
    assert_eq!(sandbox.same(act), How::Code(143));
}
