//! How fast and how frugal the rules are: `cargo bench --bench rules`.
//!
//! The contract: 100 MiB/s over a large log, less than 32 MiB for 1 GiB, a 10 KiB log well
//! under the 15 ms that `explain` has.
#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

use std::io::{self, Read};
use std::time::{Duration, Instant};

use gomend::rules::{self, Context};

/// Lines of a build that goes well, of tests and compilers: what a large log is made of.
const ORDINARY: &str = "go: downloading github.com/prometheus/client_golang v1.17.0\n\
    #12 14.70 go: downloading google.golang.org/grpc v1.59.0\n\
    === RUN   TestServer/handles_requests\n\
    time=\"2024-01-01T00:00:00Z\" level=info msg=\"request served\" path=/api/v1/items status=200 duration=1.2ms\n\
    --- PASS: TestServer/handles_requests (0.00s)\n\
    ok  \texample.com/project/internal/server\t1.234s\n\
    ./main.go:10:2: undefined: frobnicate\n\
    2024-01-01T00:00:00.0000000Z compiling package 17 of 230, nothing to see here, move along please\n";

/// One failure, as it stands in such a log.
const FAILURE: &str = "go: git.corp.example/org/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\
    \tfatal: could not read Username for 'https://git.corp.example': terminal prompts disabled\n";

/// `size` bytes of ordinary lines, with a failure after every `every` repetitions.
struct Log {
    left: usize,
    every: usize,
    repetition: usize,
    at: usize,
}

impl Log {
    fn new(size: usize, every: usize) -> Self {
        Self {
            left: size,
            every,
            repetition: 0,
            at: 0,
        }
    }
}

impl Read for Log {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let failing = self.repetition % self.every == self.every - 1;
        let text = if failing { FAILURE } else { ORDINARY }.as_bytes();
        let length = buffer.len().min(text.len() - self.at).min(self.left);
        buffer[..length].copy_from_slice(&text[self.at..self.at + length]);
        self.at += length;
        self.left -= length;
        if self.at == text.len() {
            self.at = 0;
            self.repetition += 1;
        }
        Ok(length)
    }
}

/// Time on a processor that this process has had, where the system tells (Linux), else
/// time as such: other work on the machine doesn't count.
fn clock(start: Instant) -> Duration {
    let spent = std::fs::read_to_string("/proc/self/schedstat").ok();
    let spent = spent.and_then(|stat| stat.split(' ').next()?.parse().ok());
    spent.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Peak resident memory of this process in MiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kib| kib / 1024)
}

fn stream(name: &str, size: usize, every: usize) {
    let start = Instant::now();
    let before = clock(start);
    let evidence = rules::stream::scan(Log::new(size, every), &Context::default())
        .expect("the log is in memory");
    let time = clock(start).saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "sizes of logs")]
    let speed = size as f64 / (1024.0 * 1024.0) / time.as_secs_f64();
    println!(
        "{name}: {speed:.0} MiB/s, {} findings, peak {:?} MiB",
        evidence.findings.len(),
        peak()
    );
}

/// A log of 10 KiB in which a dozen commands failed, each for another reason.
fn dozen() -> String {
    let reports = include_str!("../tests/corpus/train.jsonl")
        .lines()
        .step_by(23);
    let texts = reports.filter_map(|line| {
        let record: serde_json::Value = serde_json::from_str(line).ok()?;
        let text = record["text"].as_str()?;
        (record["cause"] != "not-ours" && text.len() < 800).then(|| format!("{text}\n{ORDINARY}"))
    });
    let log: String = texts.take(12).collect();
    let missing = (10_usize << 10).saturating_sub(log.len()) / ORDINARY.len();
    log + &ORDINARY.repeat(missing)
}

fn main() {
    let small = ORDINARY.repeat(21) + FAILURE;
    let start = Instant::now();
    let before = clock(start);
    let findings = rules::scan(small.as_bytes(), &Context::default())
        .findings
        .len();
    println!(
        "first scan of {} KiB (patterns built): {:?}, {findings} finding(s)",
        small.len() / 1024,
        clock(start).saturating_sub(before)
    );
    let dozen = dozen();
    let before = clock(start);
    let findings = rules::scan(dozen.as_bytes(), &Context::default()).findings;
    println!(
        "first scan of {} KiB with a dozen failures: {:?}, {} findings",
        dozen.len() / 1024,
        clock(start).saturating_sub(before),
        findings.len()
    );
    let before = clock(start);
    for _ in 0..100 {
        std::hint::black_box(rules::scan(small.as_bytes(), &Context::default()));
    }
    println!(
        "each further scan: {:?}",
        (clock(start).saturating_sub(before)) / 100
    );
    stream("64 MiB, a failure every 1000 lines", 64 << 20, 125);
    stream("256 MiB, one failure in 100,000 lines", 256 << 20, 12_500);
    stream("1 GiB, one failure in 1,000,000 lines", 1 << 30, 125_000);
}
