//! Feeds the rules with reports that were mutated at random, and checks what must hold for any
//! bytes: no panic, bounded time, nothing hidden in what is kept.
//!
//! Runs on stable Rust: mutations are guided by the corpus and the rules' own phrases, not by
//! coverage. A failing input is written to the current folder; the seed repeats a run.

use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, fs, panic};

use gomend::evidence::Evidence;
use gomend::mask;
use gomend::rules::{self, Context};

/// Longest input that is made.
const MAX_INPUT: usize = 64 * 1024;
/// Time that one input may take, whatever it holds.
const MAX_TIME: Duration = Duration::from_secs(1);

/// Splitmix64: enough to shuffle bytes, and the same on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        if end == 0 {
            0
        } else {
            usize::try_from(self.next() % end as u64).unwrap_or(0)
        }
    }
}

/// Pieces that logs are made of.
fn pieces() -> Vec<Vec<u8>> {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/corpus");
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    for file in ["train.jsonl", "own.jsonl", "blind.jsonl"] {
        let text = fs::read_to_string(format!("{corpus}/{file}")).unwrap_or_default();
        pieces.extend(text.lines().map(|line| line.as_bytes().to_vec()));
    }
    for rule in rules::all() {
        let texts = [rule.needle, rule.sample]
            .into_iter()
            .chain(rule.also.iter().copied());
        pieces.extend(texts.map(|text| text.as_bytes().to_vec()));
    }
    let glue: [&[u8]; 28] = [
        b"\n",
        b"\r\n",
        b"\r",
        b"\t",
        b" ",
        b"\\n\\t",
        b"\\\"",
        b"\x1b[31m",
        b"\x1b]0;x\x07",
        b"[0m",
        b"\x00",
        b"\xff\xfe",
        b"\xe2\x80\xae",
        b"{\"log\":\"",
        b"\"}\n",
        b"server response:",
        b"#12 3.4 ",
        b"app_1  | ",
        b"2024-01-01T00:00:00Z ",
        b"=== RUN   T\n",
        b"--- FAIL: T (0.0s)\n",
        b"FAIL\tm/x\t0.1s\n",
        b"panic: ",
        b"remote: ",
        b"&quot;",
        b"%0A",
        b"\xc2\xa0",
        b"://",
    ];
    pieces.extend(glue.iter().map(|piece| piece.to_vec()));
    pieces
}

fn input(random: &mut Random, pieces: &[Vec<u8>]) -> Vec<u8> {
    let mut text = Vec::new();
    for _ in 0..=random.below(12) {
        let piece = &pieces[random.below(pieces.len())];
        let times = if random.below(40) == 0 {
            1 + random.below(400)
        } else {
            1
        };
        for _ in 0..times {
            text.extend_from_slice(piece);
        }
        text.truncate(MAX_INPUT);
    }
    for _ in 0..random.below(24) {
        if text.is_empty() {
            break;
        }
        let at = random.below(text.len());
        match random.below(5) {
            0 => text[at] = (random.next() & 0xff) as u8,
            1 => {
                text.remove(at);
            }
            2 => text.insert(at, (random.next() & 0xff) as u8),
            3 => text.truncate(at),
            _ => {
                let end = (at + random.below(200)).min(text.len());
                let part = text[at..end].to_vec();
                let to = random.below(text.len());
                text.splice(to..to, part);
            }
        }
    }
    text
}

fn check(evidence: &Evidence) {
    assert!(
        evidence.findings.len() <= 32,
        "{} findings",
        evidence.findings.len()
    );
    for finding in &evidence.findings {
        assert!(!finding.suspects.is_empty(), "no suspects");
        assert!(
            !finding.text.chars().any(mask::is_hidden),
            "hidden characters in the text"
        );
        let target = &finding.target;
        for name in [&target.host, &target.url, &target.module, &target.version]
            .into_iter()
            .flatten()
        {
            assert!(
                !name.chars().any(mask::is_hidden),
                "hidden characters in the target"
            );
        }
        assert!(
            target
                .host
                .as_deref()
                .is_none_or(|host| !host.starts_with('-') && !host.contains([' ', '/', '@'])),
            "a host that is none"
        );
    }
}

/// Processor time of this process (Linux), else time as such: what else the machine does
/// doesn't count.
fn clock(start: Instant) -> Duration {
    let spent = fs::read_to_string("/proc/self/schedstat").ok();
    let spent = spent.and_then(|stat| stat.split(' ').next()?.parse().ok());
    spent.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

fn run(text: &[u8], trace: &[u8]) -> Duration {
    let start = Instant::now();
    let before = clock(start);
    check(&rules::scan(text, &Context { args: None, trace }));
    check(&rules::stream::scan(text, &Context::default()).expect("reading memory does not fail"));
    check(&rules::user::scan(text, &[]));
    let _ = rules::user::parse(
        &String::from_utf8_lossy(text),
        std::path::Path::new("rules.toml"),
    );
    clock(start).saturating_sub(before)
}

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1).map(|argument| argument.parse::<u64>());
    let (Some(Ok(seconds)), seed) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: gomend-fuzz SECONDS [SEED]");
        return ExitCode::from(2);
    };
    let seed = seed.and_then(Result::ok).unwrap_or(1);
    let (mut random, pieces) = (Random(seed), pieces());
    let (mut inputs, mut bytes, mut found, mut slowest) = (0_u64, 0_u64, 0_u64, Duration::ZERO);
    let end = Instant::now() + Duration::from_secs(seconds);
    panic::set_hook(Box::new(|_| {}));
    while Instant::now() < end {
        let text = input(&mut random, &pieces);
        let trace = if random.below(4) == 0 {
            input(&mut random, &pieces)
        } else {
            Vec::new()
        };
        let result = panic::catch_unwind(|| run(&text, &trace));
        let problem = match &result {
            Ok(time) if *time > MAX_TIME => Some(format!("took {time:?}")),
            Ok(_) => None,
            Err(reason) => Some(
                reason
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| reason.downcast_ref::<&str>().map(ToString::to_string))
                    .unwrap_or_default(),
            ),
        };
        if let Some(problem) = problem {
            let _ = fs::write("fuzz-failure.bin", &text);
            eprintln!("seed {seed}, input {inputs}: {problem}; the input is in fuzz-failure.bin");
            return ExitCode::FAILURE;
        }
        let time = result.unwrap_or_default();
        if time > slowest {
            slowest = time;
            let _ = fs::write("fuzz-slowest.bin", &text);
        }
        inputs += 1;
        bytes += text.len() as u64;
        found += u64::from(!rules::scan(&text, &Context::default()).findings.is_empty());
    }
    println!(
        "{inputs} inputs, {bytes} bytes, {found} with findings, slowest {slowest:?}, seed {seed}"
    );
    ExitCode::SUCCESS
}
