//! Logs of any size: a reader goes in, evidence comes out, in constant memory.
//!
//! The log passes through a window; only where it holds one of the shim's needles is it
//! taken apart. What stands near a window's end is read again with the next one, so that a
//! failure is never judged by half of its lines. Not handled: a line longer than a window
//! counts as several, and what is new in a log that has repeated itself for 12 MiB may
//! be missed.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem;

use super::engine::{self, Candidate};
use super::nameserver::{self, Tally};
use super::{Context, needles};
use gomend_core::cause::Cause;
use gomend_core::evidence::Evidence;

/// Bytes read at a time.
const CHUNK: usize = 256 * 1024;
/// Bytes before and behind a line that are looked at to judge it.
const MARGIN: usize = 32 * 1024;
/// After so many windows (12 MiB) that showed no failure of a new kind ...
const STALE: usize = 48;
/// ... only each so many is read.
const SAMPLE: usize = 16;
/// Candidates kept; a log that repeats itself says nothing new.
const MAX_CANDIDATES: usize = 4096;

/// Reads a log to its end and names the failures in it, as [`super::scan`] does.
///
/// Needs about 2 MiB whatever the log's size. Errors are the reader's.
pub fn scan(mut reader: impl Read, context: &Context<'_>) -> io::Result<Evidence> {
    let mut window = Window::default();
    let mut end = false;
    while !end {
        end = window.fill(&mut reader)?;
        window.judge(context, end);
    }
    let mut candidates = window.candidates;
    candidates.extend(engine::looked_up(window.tally));
    Ok(engine::conclude(candidates, context))
}

#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    /// Up to here everything has been judged; what stands before is context.
    judged: usize,
    /// Lines of the log before the first byte.
    lines: usize,
    /// A test's output was open before the first byte.
    testing: bool,
    candidates: Vec<Candidate>,
    /// Causes and hosts seen so far.
    known: BTreeSet<(Cause, Option<String>)>,
    /// Windows read since the last new one.
    stale: usize,
    /// Windows that held a needle.
    suspicious: usize,
    /// What a DNS server's log says, counted to its end.
    tally: Tally,
}

impl Window {
    /// Reads one chunk more; true at the end of the log.
    fn fill(&mut self, reader: &mut impl Read) -> io::Result<bool> {
        let start = self.bytes.len();
        let mut chunk = reader.take(CHUNK as u64);
        chunk.read_to_end(&mut self.bytes)?;
        Ok(self.bytes.len() == start)
    }

    /// Judges what has enough text behind it, and forgets what is no longer context.
    fn judge(&mut self, context: &Context<'_>, end: bool) {
        let until = if end {
            self.bytes.len()
        } else {
            line_start(&self.bytes, self.bytes.len().saturating_sub(MARGIN))
        };
        if until <= self.judged && !end {
            return;
        }
        let judged = &self.bytes[self.judged..until];
        // One pass over what holds neither, which is nearly all of a log.
        let speaks = anything().is_match(judged);
        if speaks && !self.testing && nameserver::may_speak(judged) {
            let first = self.lines + count_lines(&self.bytes[..self.judged]) + 1;
            self.tally.read_all(judged, first);
        }
        if speaks && gate().is_match(judged) && (self.is_worth_reading() || end) {
            let (known, before) = (self.known.len(), self.candidates.len());
            let first = self.lines + count_lines(&self.bytes[..self.judged]);
            let last = self.lines + count_lines(&self.bytes[..until]);
            let near = self.near(until);
            let skipped = &self.bytes[..near.start];
            let testing = leaves_testing(skipped, self.testing);
            let lines = self.lines + count_lines(skipped);
            for mut candidate in
                engine::candidates(&self.bytes[near], context, testing, &mut Tally::default())
            {
                candidate.shift(lines);
                // Lines are numbered from 1.
                if (first + 1..=last).contains(&candidate.finding.line)
                    || end && candidate.finding.line > first
                {
                    self.note(candidate);
                }
            }
            if self.known.len() > known {
                self.stale = 0;
            } else if self.candidates.len() > before {
                self.stale += 1;
            }
        }
        self.judged = until;
        let keep = line_start(&self.bytes, until.saturating_sub(MARGIN));
        self.testing = leaves_testing(&self.bytes[..keep], self.testing);
        self.lines += count_lines(&self.bytes[..keep]);
        self.bytes.drain(..keep);
        self.judged -= keep;
    }
}

impl Window {
    /// Keeps a candidate, and what kinds of failure the log has shown.
    fn note(&mut self, candidate: Candidate) {
        let finding = &candidate.finding;
        self.known
            .insert((finding.cause(), finding.target.host.clone()));
        if self.candidates.len() < MAX_CANDIDATES {
            self.candidates.push(candidate);
        }
    }

    /// Where the bytes that are judged hold needles, with what is looked at around them.
    fn near(&self, until: usize) -> Range<usize> {
        let all = 0..self.bytes.len();
        if all.len() <= 4 * MARGIN {
            return all;
        }
        let mut hits = gate().find_iter(&self.bytes[self.judged..until]);
        let Some(first) = hits.next() else {
            return all;
        };
        let last = hits.last().unwrap_or(first);
        let start = (self.judged + first.start()).saturating_sub(MARGIN);
        let end = self.bytes.len().min(self.judged + last.end() + MARGIN);
        let end = memchr::memchr(b'\n', &self.bytes[end..]).map_or(all.end, |at| end + at + 1);
        line_start(&self.bytes, start)..end
    }

    /// A log that keeps repeating the same failures is only sampled from then on.
    fn is_worth_reading(&mut self) -> bool {
        self.suspicious += 1;
        self.stale < STALE || self.suspicious.is_multiple_of(SAMPLE)
    }
}

/// The beginning of the line that holds byte `at`.
fn line_start(bytes: &[u8], at: usize) -> usize {
    // A line longer than the margin is cut where it is.
    memchr::memrchr(b'\n', &bytes[..at]).map_or(at, |end| end + 1)
}

fn count_lines(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', bytes).count()
}

/// Both together.
fn anything() -> &'static AhoCorasick {
    static ANYTHING: OnceLock<AhoCorasick> = OnceLock::new();
    ANYTHING.get_or_init(|| {
        let marks = nameserver::marks().map(String::into_bytes);
        automaton(needles().map(<[u8]>::to_vec).chain(marks))
    })
}

/// Few and short patterns: small enough for the fast kind.
pub(super) fn automaton(patterns: impl Iterator<Item = impl AsRef<[u8]>>) -> AhoCorasick {
    let automaton = AhoCorasick::builder()
        .kind(Some(AhoCorasickKind::DFA))
        .build(patterns);
    automaton.expect("the patterns are short and few")
}

fn needles() -> impl Iterator<Item = &'static [u8]> {
    let needles = needles::NEEDLES.iter().copied();
    needles.filter(|needle| *needle != FALLBACK)
}

/// Stands in every path of the module cache: in a large log it says nothing.
const FALLBACK: &[u8] = b"@v";

/// The shim's needles, as one automaton.
fn gate() -> &'static AhoCorasick {
    static GATE: OnceLock<AhoCorasick> = OnceLock::new();
    GATE.get_or_init(|| automaton(needles()))
}

/// Whether a test's output is still open behind `bytes`.
fn leaves_testing(bytes: &[u8], before: bool) -> bool {
    const OPEN: [&[u8]; 2] = [b"=== RUN", b"--- FAIL"];
    const CLOSE: [&[u8]; 4] = [b"\nok  \t", b"\nFAIL\t", b"\ngo: ", b"\n$ "];
    let last = |words: &[&[u8]]| {
        words
            .iter()
            .filter_map(|word| memmem::rfind(bytes, word))
            .max()
    };
    if !before && OPEN.iter().all(|word| memmem::find(bytes, word).is_none()) {
        return false;
    }
    match (last(&OPEN), last(&CLOSE)) {
        (Some(open), Some(close)) => open > close,
        (open, close) => open.is_some() || before && close.is_none(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAILURE: &str = "go: m.example/x@v1.0.0: invalid version: git ls-remote -q origin in /go/pkg/mod/cache/vcs/18be: exit status 128:\n\tfatal: could not read Username for 'https://m.example': terminal prompts disabled\n";

    fn causes(log: &str) -> Vec<(Cause, usize)> {
        let evidence =
            scan(log.as_bytes(), &Context::default()).expect("reading memory does not fail");
        evidence
            .findings
            .iter()
            .map(|finding| (finding.cause(), finding.line))
            .collect()
    }

    #[test]
    fn a_failure_is_found_wherever_it_stands() {
        let line = "go: downloading example.com/some/module v1.2.3\n";
        for before in [
            0,
            1,
            MARGIN / line.len(),
            CHUNK / line.len() - 1,
            CHUNK / line.len(),
            3 * CHUNK / line.len(),
        ] {
            let log = line.repeat(before) + FAILURE + &line.repeat(CHUNK / line.len());
            assert_eq!(
                causes(&log),
                [(Cause::HttpsNoCredentials, before + 2)],
                "{before} lines before"
            );
        }
    }

    #[test]
    fn tests_stay_silent_across_windows() {
        let line = "    some output of a test that goes on and on\n";
        let log = format!(
            "=== RUN   TestX\n{}{FAILURE}--- FAIL: TestX (0.00s)\nFAIL\nFAIL\tm/x\t0.1s\n",
            line.repeat(2 * CHUNK / line.len())
        );
        // The test's own words are silent even where they look like go's.
        assert!(causes(&log.replace("go: m", "    go: m")).is_empty());
    }

    #[test]
    fn endless_lines_are_survived() {
        assert!(causes(&"x".repeat(5 * CHUNK)).is_empty());
    }
}
