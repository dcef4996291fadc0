//! What gomend costs: pass-through and supervision against the least that C needs for
//! the same, relay throughput, memory, and the time from go's exit to the diagnosis.
//!
//! `cargo bench --bench shim [-- ROUNDS]`; Linux, `cc`, and a Go in
//! `$GOMEND_TOOLCHAINS` (default target/toolchains; see tests/setup). No network.
//! Every variant runs once in every round, so that a busy machine hits all alike; a figure is
//! the median of the differences to go itself within a round.

#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

use std::ffi::OsString;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The least of a shim that executes: static glibc, one execve.
const EXEC: &str = r"#include <unistd.h>
extern char **environ;
int main(int c, char **v) { execve(TARGET, v, environ); return 127; }";

/// The least of a shim that relays stderr.
const RELAY: &str = r"#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
extern char **environ;
static char block[65536];
int main(int c, char **v) {
    int status, ends[2];
    if (pipe2(ends, O_CLOEXEC)) return 127;
    pid_t child = vfork();
    if (!child) { dup2(ends[1], 2); execve(TARGET, v, environ); _exit(127); }
    close(ends[1]);
    for (ssize_t n; (n = read(ends[0], block, sizeof block)) > 0;)
        for (ssize_t at = 0, w; at < n && (w = write(2, block + at, n - at)) > 0; at += w);
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}";

/// The tests' stand-in for go.
const PROBE: &str = include_str!("../tests/it/support/probe.c");

/// A failure whose probes have their answer at once.
const REFUSED: &str = "go: m.example/x@v1.0.0: Get \"http://127.0.0.1:1/m.example/x/@v/v1.0.0.info\": \
     dial tcp 127.0.0.1:1: connect: connection refused";

const VERSION: &str = "1.27.3";
const FLOOD: u64 = 1 << 30;

fn main() {
    let rounds = std::env::args()
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(100);
    let bench = Bench::new();
    println!("{:<28}{:>10}{:>10}{:>8}", "", "added ms", "median", "ratio");
    for args in [&["version"][..], &["list", "-m", "-f", "x", "all"]] {
        bench.against_floors(args, rounds);
    }
    bench.diagnosis(rounds);
    bench.throughput();
}

/// A folder with everything: shims, floors, a module.
struct Bench {
    folder: tempfile::TempDir,
    go: PathBuf,
}

impl Bench {
    fn new() -> Self {
        let toolchains = std::env::var_os("GOMEND_TOOLCHAINS").map_or_else(
            || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/toolchains"),
            PathBuf::from,
        );
        let go = toolchains.join(VERSION).join("go/bin/go");
        assert!(go.is_file(), "no {}: run tests/setup", go.display());
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bench = Self { folder, go };
        let install = ["install", "--shell", "none", "--dir"];
        let mut gomend = Command::new(env!("CARGO_BIN_EXE_gomend"));
        let installed = gomend.args(install).arg(bench.path("shims")).status();
        assert!(
            installed.is_ok_and(|status| status.success()),
            "gomend install failed"
        );
        bench.compile("exec", EXEC, &bench.go);
        bench.compile("relay", RELAY, &bench.go);
        fs::create_dir(bench.path("probe")).expect("a new folder");
        bench.compile("probe/go", PROBE, &bench.go);
        fs::create_dir(bench.path("module")).expect("a new folder");
        fs::write(
            bench.path("module/go.mod"),
            "module example.com/m\n\ngo 1.21\n",
        )
        .expect("a file");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn compile(&self, name: &str, source: &str, target: &Path) {
        let file = self.path("source.c");
        fs::write(&file, source).expect("a file");
        let define = format!("-DTARGET=\"{}\"", target.display());
        let flags = ["-O2", "-static", "-s", "-w", &define, "-o"];
        let compiled = Command::new("cc")
            .args(flags)
            .arg(self.path(name))
            .arg(&file)
            .status();
        assert!(
            compiled.is_ok_and(|status| status.success()),
            "cc can't compile {name}"
        );
    }

    fn command(&self, program: &Path, go: &Path) -> Command {
        let mut path = OsString::from(self.path("shims"));
        path.push(":");
        path.push(go);
        path.push(":/usr/bin:/bin");
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.folder.path());
        command
            .env("GOTOOLCHAIN", "local")
            .env("GOTELEMETRY", "off")
            .env("GOPROXY", "off");
        command
            .env("GOFLAGS", "-mod=mod")
            .current_dir(self.path("module"));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(self.path("stderr")).expect("a file")); // at /dev/null nothing is watched
        command
    }

    fn against_floors(&self, args: &[&str], rounds: usize) {
        let folder = self.go.parent().expect("bin");
        let programs = [
            ("go itself", self.go.clone()),
            ("C, execve", self.path("exec")),
            ("C, relay", self.path("relay")),
            ("gomend", self.path("shims/go")),
        ];
        let runs = programs.clone().map(|(_, program)| {
            move || {
                let mut command = self.command(&program, folder);
                command.args(args);
                elapsed(command)
            }
        });
        let times = paired(&runs, rounds);
        println!("go {} ({rounds} rounds)", args.join(" "));
        for (at, (name, _)) in programs.iter().enumerate() {
            let added = median(times.iter().map(|round| round[at] - round[0]));
            let ratio = median(times.iter().map(|round| round[at] / round[0]));
            let own = median(times.iter().map(|round| round[at]));
            println!("  {name:<26}{added:>+10.3}{own:>10.3}{ratio:>8.3}");
        }
    }

    /// A failed fetch that an editor's go meets: rules alone, a report, no word.
    fn diagnosis(&self, rounds: usize) {
        let run = |words: &'static str| {
            move || {
                let mut command = self.command(&self.path("shims/go"), &self.path("probe"));
                command
                    .arg("build")
                    .env("PROBE", format!("err {words};exit 1"));
                elapsed(command)
            }
        };
        let fetch = "go: m.example/x@v1.0.0: Get \"https://m.example/x/@v/v1.0.0.info\": dial tcp: \
                     lookup m.example on 192.0.2.1:53: no such host";
        let times = paired(&[run("x.go:1:1: undefined: x"), run(fetch)], rounds);
        let added = median(times.iter().map(|round| round[1] - round[0]));
        println!("from go's exit to the report, rules alone: {added:.1} ms");
        self.stages("in the silent voice", "auto", fetch, rounds);
        self.stages("with probes that answer at once", "log", REFUSED, rounds);
    }

    /// How long after go's last word gomend reached each stage (`src/timing.rs`).
    fn stages(&self, name: &str, mode: &str, words: &str, rounds: usize) {
        let marks = self.path("marks");
        let mut times: Vec<(String, Vec<f64>)> = Vec::new();
        for _ in 0..rounds {
            let _ = fs::remove_file(&marks); // of the round before
            let mut command = self.command(&self.path("shims/go"), &self.path("probe"));
            command
                .arg("build")
                .env(
                    "PROBE",
                    format!("now {};err {words};exit 1", marks.display()),
                )
                .env("GOMEND", mode)
                .env("_GOMEND_TIMINGS", &marks);
            command.stderr(fs::File::create(self.path("said")).expect("a file"));
            elapsed(command);
            let text = fs::read_to_string(&marks).expect("the probe marks its end");
            let marks: Vec<(&str, f64)> = text
                .lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(stage, time)| (stage, time.parse::<f64>().expect("nanoseconds") / 1e6))
                .collect();
            for &(stage, time) in &marks[1..] {
                let since = time - marks[0].1;
                match times.iter_mut().find(|(known, _)| known == stage) {
                    Some((_, all)) => all.push(since),
                    None => times.push((stage.to_owned(), vec![since])),
                }
            }
        }
        println!("{name}, milliseconds after go's last word:");
        for (stage, all) in times {
            println!("  {stage:<26}{:>10.1}", median(all.into_iter()));
        }
    }

    fn throughput(&self) {
        let (direct, _) = self.flood(&self.path("probe/go"));
        let (relayed, memory) = self.flood(&self.path("shims/go"));
        let share = 100.0 * relayed / direct;
        println!(
            "1 GiB through a pipe: {direct:.2} GiB/s direct, {relayed:.2} GiB/s relayed ({share:.0} %)"
        );
        println!("most memory of the shim: {memory} KiB");
    }

    /// GiB per second, and the most memory (proc(5), `VmHWM`) of the program that was started.
    fn flood(&self, program: &Path) -> (f64, u64) {
        let (mut reader, writer) = std::io::pipe().expect("a pipe");
        let mut command = self.command(program, &self.path("probe"));
        command
            .arg("build")
            .env("PROBE", format!("flood 2 {FLOOD}"));
        command
            .stdout(writer.try_clone().expect("a descriptor"))
            .stderr(writer);
        let began = Instant::now();
        let mut child = command.spawn().expect("a program");
        drop(command);
        let mut buffer = vec![0; 1 << 16];
        let (mut all, mut memory) = (0, 0);
        while let Ok(count @ 1..) = reader.read(&mut buffer) {
            all += count as u64;
            if memory == 0 && all > FLOOD / 10 * 9 {
                memory = most_memory(child.id());
            }
        }
        let seconds = began.elapsed().as_secs_f64();
        assert_eq!(all, FLOOD);
        let _ = child.wait(); // only its output is of interest
        (1.0 / seconds, memory)
    }
}

fn most_memory(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

/// Milliseconds of every variant in every round; the order turns from round to round.
fn paired<const N: usize>(runs: &[impl Fn() -> Duration; N], rounds: usize) -> Vec<[f64; N]> {
    const WARM_UP: usize = 3;
    let round = |round: usize| {
        let mut times = [0.0; N];
        for turn in 0..N {
            let at = (turn + round) % N;
            times[at] = runs[at]().as_secs_f64() * 1000.0;
        }
        times
    };
    (0..rounds + WARM_UP).map(round).skip(WARM_UP).collect()
}

fn elapsed(mut command: Command) -> Duration {
    let began = Instant::now();
    let status = command.status().expect("a program that can be started");
    let elapsed = began.elapsed();
    assert!(
        status.code().is_some_and(|code| code < 2),
        "{command:?}: {status}"
    );
    elapsed
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
