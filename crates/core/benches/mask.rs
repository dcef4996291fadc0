//! What the mask costs: `cargo bench -p gomend-core --bench mask`.
//!
//! The contract: a short report passes for the first time, patterns compiled and all, in less than
//! 1 ms. Each first use is a process of its own.
#![expect(clippy::print_stdout, reason = "the figures are what this is for")]

use std::hint::black_box;
use std::process::Command;
use std::time::Instant;

use gomend_core::mask;

/// A report as a person sees it.
const REPORT: &str = "\
gomend: git.corp.example: no credentials (https-no-credentials)
  what     go asked git for git.corp.example/team/lib@v1.2.0, git asked https://git.corp.example for a login, and has none
  said     fatal: could not read Username for 'https://git.corp.example': terminal prompts disabled
  checked  dns ok   connection ok   certificate ok
  proof    git: https://git.corp.example/team/lib/info/refs?service=git-upload-pack: 401 after 84 ms, TLS 1.3
           go: GOPRIVATE=git.corp.example (go env -w), netrc: no line for git.corp.example
  set      GOPROXY=https://proxy.golang.org,direct (default)  GOSUMDB=sum.golang.org (default)
  fix      1. Store a login for git.corp.example in git's credential helper   [store-credentials]
           2. Use ssh instead: git config --global url.\"ssh://git@git.corp.example/\".insteadOf https://git.corp.example/
  run      gomend fix store-credentials
";

/// A line of a log, as evidence is made of it.
const LINE: &str = "go: git.corp.example/team/lib@v1.2.0: invalid version: git ls-remote -q origin in /home/dev/go/pkg/mod/cache/vcs/0a1b2c: exit status 128:";

/// The same with something to mask.
const SECRETS: &str = "\
go: reading https://dev:hunter2@proxy.corp.example/git.corp.example/team/lib/@v/list: 403 Forbidden
Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl
GITHUB_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345
machine git.corp.example login dev password correct-horse
";

fn first(name: &str, text: &str) -> f64 {
    let started = Instant::now();
    black_box(match name {
        "line" => mask::line(text),
        _ => mask::page(text),
    });
    started.elapsed().as_secs_f64() * 1e3
}

fn main() {
    let cases = [("report", REPORT), ("line", LINE), ("secrets", SECRETS)];
    if let Ok(name) = std::env::var("MASK_FIRST") {
        let (name, text) = cases
            .iter()
            .find(|(known, _)| *known == name)
            .expect("a case");
        println!("{}", first(name, text));
        return;
    }
    let this = std::env::current_exe().expect("this program");
    for (name, text) in cases {
        let mut times: Vec<f64> = (0..21)
            .map(|_| {
                let output = Command::new(&this).env("MASK_FIRST", name).output();
                let text = String::from_utf8(output.expect("it starts").stdout);
                text.expect("a number").trim().parse().expect("a number")
            })
            .collect();
        times.sort_by(f64::total_cmp);
        let long = text.repeat((256 << 10) / text.len());
        black_box(mask::page(&long));
        let started = Instant::now();
        for _ in 0..8 {
            black_box(mask::page(black_box(&long)));
        }
        #[expect(clippy::cast_precision_loss, reason = "a few KiB")]
        let kib = (8 * long.len()) as f64 / 1024.0;
        let each = started.elapsed().as_secs_f64() * 1e6 / kib;
        println!(
            "{name:8} {:5} bytes   first use {:6.3} ms (fastest {:6.3})   then {each:7.2} µs/KiB",
            text.len(),
            times[times.len() / 2],
            times[0],
        );
    }
}
