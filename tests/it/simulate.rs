//! `gomend simulate` itself: the figures over all faults, what it leaves behind whoever runs it
//! and whatever ends it, where nothing private can be made, and the drill.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::event::end_of;
use crate::support::terminal::Terminal;
use crate::support::{DEADLINE, How, LATEST, goroot};

/// How often other people's processes are looked at: they can't be waited for.
const STEP: Duration = Duration::from_millis(20);

/// A home and a place for temporary files of one run.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(
            tempfile::Builder::new()
                .prefix("gomend-it")
                .tempdir()
                .unwrap(),
        );
        crate::support::hear_signals();
        for name in ["home", "tmp"] {
            fs::create_dir(desk.path(name)).unwrap();
        }
        desk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.0.path().join(name)
    }

    /// gomend, or whatever starts it: the last of `before` is followed by gomend's own path.
    fn command(&self, before: &[&str], args: &[&str]) -> Command {
        let gomend = env!("CARGO_BIN_EXE_gomend");
        let words: Vec<&str> = before
            .iter()
            .copied()
            .chain([gomend])
            .chain(args.iter().copied())
            .collect();
        let mut command = Command::new(which::which(words[0]).unwrap());
        command
            .args(&words[1..])
            .env_clear()
            .env(
                "PATH",
                "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin",
            )
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("TERM", "xterm")
            .env("GOMEND_GO", goroot(LATEST).join("bin/go"))
            .current_dir(self.path("home"));
        command
    }

    /// Nothing is left: no file, and no process that has this desk in its environment.
    fn is_clean(&self) -> Result<(), String> {
        let tmp: Vec<_> = fs::read_dir(self.path("tmp"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        let processes = processes(self.0.path());
        if tmp.is_empty() && processes.is_empty() {
            return Ok(());
        }
        Err(format!("left behind: {tmp:?}, processes {processes:?}"))
    }

    /// The same once the kernel has ended what ends with its parent.
    fn becomes_clean(&self) {
        let began = Instant::now();
        while let Err(left) = self.is_clean() {
            assert!(began.elapsed() < DEADLINE, "{left}");
            std::thread::sleep(STEP);
        }
    }
}

/// Processes that were started with this path in their environment; zombies have none.
fn processes(path: &Path) -> Vec<String> {
    let path = path.to_str().unwrap();
    let all = fs::read_dir("/proc")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    all.filter(|process| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(path)
    })
    .map(|process| {
        let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
        format!("{} {}", process.display(), name.trim())
    })
    .collect()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

/// Every fault is recognised, as JSON, as `JUnit` and in figures; and nothing is left, also by a user
/// without any rights.
#[test]
fn every_fault_by_an_ordinary_user() {
    let desk = Desk::new();
    let junit = desk.path("home/junit.xml");
    let file = junit.to_str().unwrap().to_owned();
    let args = ["simulate", "all", "--json", "--junit", &file];
    let as_nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        for path in ["", "home", "tmp"] {
            std::os::unix::fs::chown(desk.path(path), Some(65534), Some(65534)).unwrap();
        }
    }
    let before: &[&str] = if is_root { &as_nobody } else { &[] };
    let output = desk.command(before, &args).output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
    let faults = json["faults"].as_array().unwrap();
    let of = |fault: &str| faults.iter().find(|one| one["fault"] == fault).unwrap();
    let missed: Vec<&Value> = faults
        .iter()
        .filter(|one| one["skipped"].is_null() && one["diagnosed"] != one["expected"])
        .collect();
    assert!(missed.is_empty(), "{missed:#?}");
    let shown = faults.iter().filter(|one| one["skipped"].is_null()).count();
    assert!(shown >= 100, "only {shown} were shown: {}", text(&output));
    for (layer, degree) in json["layers"].as_object().unwrap() {
        assert_eq!(degree["precision"], 1.0, "{layer}");
        assert_eq!(degree["recall"], 1.0, "{layer}");
    }
    // the figures are those of the servers: silence is seen where a resolver is silent
    assert!(of("dns-silent")["resolver_timeouts"].as_u64().unwrap() > 0);
    assert!(json["summary"]["retries"].as_u64().unwrap() > 0);
    assert_eq!(of("goproxy-off")["resolver_timeouts"], 0);
    assert_eq!(of("goproxy-off")["retries"], 0);
    for one in faults.iter().filter(|one| one["skipped"].is_null()) {
        let ms = |key: &str| {
            one[key]
                .as_u64()
                .unwrap_or_else(|| panic!("{key}: {one:#}"))
        };
        // rounded down, each
        let sum = ms("go_ms") + ms("verdict_ms");
        assert!(
            sum <= ms("elapsed_ms") && ms("elapsed_ms") <= sum + 1,
            "{one:#}"
        );
    }
    let median = json["summary"]["verdict_median_ms"].as_f64().unwrap();
    let p95 = json["summary"]["verdict_p95_ms"].as_f64().unwrap();
    assert!(0.0 < median && median <= p95);
    let xml = fs::read_to_string(&junit).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), faults.len());
    assert!(!xml.contains("<failure"), "{xml}");
    fs::remove_file(&junit).unwrap();
    desk.becomes_clean();
    let code = if shown == faults.len() { 0 } else { 4 };
    assert_eq!(output.status.code(), Some(code), "{}", text(&output));
}

/// Starts `simulate all` and waits until scenes are open.
fn busy(desk: &Desk, before: &[&str]) -> Child {
    let mut child = desk
        .command(before, &["simulate", "all"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while processes(&desk.path("tmp/gomend-lab")).len() < 4 {
        assert!(child.try_wait().unwrap().is_none(), "it ended before");
        assert!(began.elapsed() < DEADLINE);
        std::thread::sleep(STEP);
    }
    child
}

rows! {
    an_interrupt_in_the_middle_leaves_nothing = leaves_nothing;
    int: Signal::INT, Some(130);
    term: Signal::TERM, Some(130);
    kill: Signal::KILL, None;
}

fn leaves_nothing(signal: Signal, code: Option<i32>) {
    let desk = Desk::new();
    let mut child = busy(&desk, &[]);
    let pid = Pid::from_child(&child);
    kill_process(pid, signal).unwrap();
    let status = end_of(&mut child);
    assert_eq!(status.code(), code);
    desk.becomes_clean();
    if code.is_some() {
        let text = text(&child.wait_with_output().unwrap());
        let words = "interrupted: these are the faults so far";
        assert!(text.contains(words) && text.contains("layer"), "{text}");
    }
}

/// A machine that allows no namespaces: what needs none is shown, and one line says what is missing.
const CONFINED: &[&str] = &[
    "unshare",
    "-Ur",
    "sh",
    "-c",
    "echo 0 >/proc/sys/user/max_user_namespaces && exec \"$@\"",
    "sh",
];

#[test]
fn without_namespaces_it_says_what_cannot_be_shown() {
    let desk = Desk::new();
    let output = desk
        .command(CONFINED, &["simulate", "all", "--json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("only faults of files and settings can be shown here"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 2, "{said}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (skipped, shown): (Vec<&Value>, Vec<&Value>) = json["faults"]
        .as_array()
        .unwrap()
        .iter()
        .partition(|one| one["skipped"].is_string());
    assert!(shown.len() >= 5 && skipped.len() > 50, "{json:#}");
    assert!(
        shown.iter().all(|one| one["diagnosed"] == one["expected"]),
        "{shown:#?}"
    );
    let count = format!(
        "not shown: {} of {}",
        skipped.len(),
        skipped.len() + shown.len()
    );
    assert!(said.contains(&count), "{said}");
    // a share of nothing is none
    for (layer, degree) in json["layers"].as_object().unwrap() {
        assert!(
            degree["shown"] != 0 || degree["recall"].is_null(),
            "{layer}: {degree}"
        );
    }
    assert_eq!(output.status.code(), Some(4));
    desk.becomes_clean();
    let output = desk
        .command(CONFINED, &["simulate", "dns-typo"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("no private network can be made here"),
        "{}",
        text(&output)
    );
    desk.becomes_clean();
}

/// Also there, kill -9 leaves nothing.
#[test]
fn without_namespaces_a_kill_leaves_nothing() {
    let desk = Desk::new();
    let mut child = busy(&desk, CONFINED);
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::KILL).unwrap();
    end_of(&mut child);
    desk.becomes_clean();
}

/// A drill with this seed, up to the question.
fn drill(desk: &Desk) -> (Terminal, Vec<String>) {
    let mut terminal = Terminal::start(desk.command(&[], &["simulate", "--drill", "--seed", "7"]));
    terminal.wait_for("a drill with seed 7");
    terminal.wait_for("what is it?");
    terminal.wait_for("Enter  no idea");
    let screen = terminal.screen();
    let menu = screen.rsplit("what is it?").next().unwrap();
    let choices = menu
        .lines()
        .filter_map(|line| line.trim().split_once("  "))
        .filter(|(digit, _)| digit.len() == 1)
        .map(|(_, rest)| rest.split_whitespace().next().unwrap().to_owned())
        .collect();
    (terminal, choices)
}

#[test]
fn a_drill_lets_one_guess_before_it_tells() {
    let desk = Desk::new();
    let (mut terminal, choices) = drill(&desk);
    assert_eq!(choices.len(), 4, "{}", terminal.screen());
    let before = terminal.screen();
    assert!(before.contains("$ go "), "{before}");
    assert!(!before.contains("proof"), "told too early: {before}");
    terminal.press("\r");
    terminal.wait_for("it is this: ");
    terminal.wait_for("0 of 1 right");
    let told = terminal.screen();
    terminal.press("\r");
    assert_eq!(terminal.end().0, How::Code(0));
    let told = told.rsplit("it is this: ").next().unwrap();
    let right = choices
        .iter()
        .position(|cause| told.contains(&format!("({cause})")))
        .unwrap();

    let (mut terminal, again) = drill(&desk);
    assert_eq!(again, choices, "the same seed, the same question");
    terminal.press(&(right + 1).to_string());
    terminal.wait_for("gomend: right: ");
    terminal.wait_for("1 of 1 right");
    terminal.press("n");
    terminal.wait_for("what is it?");
    terminal.wait_for("Enter  no idea");
    terminal.press(crate::support::terminal::CTRL_C);
    assert_eq!(terminal.end().0, How::Code(0));
    desk.becomes_clean();
}

/// Whoever reads the question may press a key at once: keys are read one by one before it is there.
#[test]
fn a_drill_reads_keys_before_it_asks() {
    let desk = Desk::new();
    let mut terminal = Terminal::start(desk.command(&[], &["simulate", "--drill", "--seed", "7"]));
    let held = terminal.hold();
    let by_line = || {
        let modes = rustix::termios::tcgetattr(&held).unwrap().local_modes;
        modes.contains(rustix::termios::LocalModes::ICANON)
    };
    terminal.wait_for("a drill with seed 7");
    crate::support::event::wait_until("the scene is played", by_line);
    terminal.press("\x13"); // Ctrl-S: nothing is shown any more
    crate::support::event::wait_until("keys are read one by one", || !by_line());
    assert!(!terminal.screen().contains("what is it?"));
    terminal.press("\x11\x03"); // Ctrl-Q, and Ctrl-C
    assert_eq!(terminal.end().0, How::Code(0));
    desk.becomes_clean();
}

#[test]
fn a_drill_needs_a_terminal() {
    let desk = Desk::new();
    let output = desk
        .command(&[], &["simulate", "--drill"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output),
        "gomend: a drill needs a terminal: somebody has to guess\n"
    );
}
