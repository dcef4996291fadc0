//! DNS servers' own logs (BIND's named, unbound, dnsmasq, `CoreDNS`, systemd-resolved and their
//! relatives): a line goes in, the name that could not be resolved and how comes out; over a
//! log, how often each was.
//!
//! Such a log says nothing of go. It is read because whoever looks for the reason of a failed
//! fetch is sent to it. Not handled: reverse lookups, and names below a search domain of a
//! cluster, which fail as a matter of course.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use aho_corasick::AhoCorasick;
use gomend_core::trigrams::Trigrams;
use memchr::memmem;
use regex::bytes::Regex;

use super::engine::SMALL;
use super::{By, by_id, prefix, pull, stream};

/// Names counted; a log of more says nothing new.
const MAX_NAMES: usize = 512;

/// How a lookup failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LookupOutcome {
    /// NXDOMAIN.
    NoSuchName,
    /// The server could not reach the one that it asks.
    Unreachable,
    /// SERVFAIL, or an answer that was not believed.
    Failed,
    /// REFUSED.
    Refused,
    /// Nobody answered.
    Timeout,
}

impl LookupOutcome {
    /// In the order in which they are looked for: the first whose words stand in the line.
    const ALL: [(Self, &'static [&'static str]); 5] = [
        (
            Self::NoSuchName,
            &[
                "nxdomain",
                "no such domain",
                "no such name",
                "name error",
                "non-existent domain",
            ],
        ),
        (
            Self::Unreachable,
            &[
                "connection refused",
                "network unreachable",
                "network is unreachable",
                "host unreachable",
                "no route to host",
                "no healthy upstream",
                "<no-servers>",
            ],
        ),
        (
            Self::Failed,
            &[
                "servfail",
                "server failure",
                "rcode-failure",
                "validation failure",
                "validation failed",
                "dnssec-failed",
                "broken trust chain",
                "no valid ",
                "lame server",
                "formerr",
                "unexpected rcode",
            ],
        ),
        (
            Self::Refused,
            &[
                "refused",
                "' denied",
                "recursion denied",
                "query denied",
                "recursive query from",
                "recursion requested but not available",
            ],
        ),
        (
            Self::Timeout,
            &[
                "timed out",
                "timeout",
                "no response",
                "attempts-max-reached",
                "maximum number of sends",
                "hung fetch",
                "maximum number of concurrent dns queries",
                "no reply",
            ],
        ),
    ];

    /// The rule that stands for it.
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::NoSuchName => "nameserver-no-such-name",
            Self::Unreachable => "nameserver-upstream-unreachable",
            Self::Failed => "nameserver-failed",
            Self::Refused => "nameserver-refused",
            Self::Timeout => "nameserver-timeout",
        }
    }
}

/// Programs that log as `PROGRAM[PID]` or begin their lines with `PROGRAM: `.
const PROGRAMS: [&str; 10] = [
    "named",
    "unbound",
    "dnsmasq",
    "systemd-resolved",
    "coredns",
    "pihole-FTL",
    "pdns_recursor",
    "pdns-recursor",
    "kresd",
    "dnscrypt-proxy",
];

/// What only such logs say, where the program's name is missing.
const MARKS: [&str; 8] = [
    "plugin/errors: ",
    "plugin/forward: ",
    "query-errors: ",
    "lame-servers: ",
    ": query (cache) '",
    "/IN': ",
    "query failed (",
    "resolution '",
];

/// A line of `CoreDNS`'s query log: `"A IN github.com. udp 28 false 512" SERVFAIL ...`
static QUERY_LOG: LazyLock<Regex> =
    LazyLock::new(|| compile(r#""[A-Z0-9]+ IN (?P<name>\S+?)\.? (?:udp|tcp) \d+ \S+ \d+" [A-Z]+"#));

/// Where each server writes the name, the surest first.
static NAMES: LazyLock<[Regex; 5]> = LazyLock::new(|| {
    [
        compile(
            r"'(?P<name>[\w.-]+?)\.?/(?:[A-Z0-9]+/IN|IN/[A-Z0-9]+)'|for (?P<name2>[\w.-]+?)\.?/IN/[A-Z0-9]+",
        ),
        compile(
            r"<(?P<name>[\w.-]+?)\.? (?:[A-Z0-9]+ IN|IN [A-Z0-9]+)>|question (?P<name2>[\w.-]+?)\.? IN ",
        ),
        compile(
            r"plugin/errors: \d+ (?P<name>[\w.-]+?)\.? [A-Z0-9]+: |\bquery\[[A-Z0-9]+\] (?P<name2>[\w.-]+) from",
        ),
        compile(
            r"#\d+ \((?P<name>[\w.-]+?)\.?\)|\b(?:reply|config|cached|forwarded) (?P<name2>[\w.-]+) (?:is|to) ",
        ),
        compile(r"(?:^|[\s'(<])(?P<name>(?:[A-Za-z0-9_-]+\.)+[A-Za-z]{2,})\.?(?:[\s'),:>/]|$)"),
    ]
});

fn compile(pattern: &str) -> Regex {
    pull::compile(pattern).expect("patterns of this file are constants and compile")
}

/// What a text must hold for any of its lines to be a DNS server's.
pub(super) fn marks() -> impl Iterator<Item = String> {
    let programs = PROGRAMS
        .iter()
        .flat_map(|program| ["[", ": ", "\t[", " ["].map(|behind| format!("{program}{behind}")));
    let marks = MARKS.iter().map(|mark| (*mark).to_owned());
    programs
        .chain(marks)
        .chain(std::iter::once(" IN ".to_owned()))
}

/// Whether `text` holds what DNS servers' logs are known by.
pub(super) fn may_speak(text: &[u8]) -> bool {
    static MARKS: OnceLock<AhoCorasick> = OnceLock::new();
    let is_marked = if text.len() < SMALL {
        let trigrams = Trigrams::of(text);
        let occurs = |mark: String| {
            trigrams.may_hold(&mark) && memmem::find(text, mark.as_bytes()).is_some()
        };
        marks().any(occurs)
    } else {
        let marks = MARKS.get_or_init(|| stream::automaton(marks()));
        marks.is_match(text)
    };
    is_marked || memchr::memchr(0, text).is_some() // UTF-16 is not looked into here
}

/// A DNS server wrote the line.
pub(super) fn is_log(text: &str) -> bool {
    MARKS.iter().any(|mark| text.contains(mark))
        || PROGRAMS.iter().any(|program| speaks(text, program))
        || text.contains(" IN ") && QUERY_LOG.is_match(text.as_bytes())
}

/// `PROGRAM[PID]` anywhere, `PROGRAM: ` at the beginning.
fn speaks(text: &str, program: &str) -> bool {
    text.match_indices(program).any(|(at, _)| {
        let whole = at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric();
        let behind = &text[at + program.len()..];
        let pid = behind
            .trim_start_matches(['\t', ' '])
            .strip_prefix('[')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        whole && (pid || at == 0 && behind.starts_with(": "))
    })
}

/// How a lookup failed, and of which name (none: the line names none); `None` for a line that
/// tells of no failure.
pub(super) fn failure(text: &str) -> Option<(LookupOutcome, Option<String>)> {
    const ORDINARY: [&str; 3] = [
        ".arpa",
        ".cluster.local",
        "mitigating potential dns violation",
    ];
    // unbound's limit of answers without a name is a failure of its own
    let lower = text.to_ascii_lowercase().replace("nxdomains", "");
    let words =
        |(_, words): &&(LookupOutcome, &[&str])| words.iter().any(|word| lower.contains(word));
    let (outcome, _) = LookupOutcome::ALL.iter().find(words)?;
    if ORDINARY.iter().any(|word| lower.contains(word)) {
        return None;
    }
    Some((*outcome, name(text)))
}

fn name(text: &str) -> Option<String> {
    let patterns = std::iter::once(&*QUERY_LOG).chain(NAMES.iter());
    patterns.into_iter().find_map(|pattern| {
        let found = pattern.captures_iter(text.as_bytes()).find_map(|captures| {
            let found = captures.name("name").or_else(|| captures.name("name2"))?;
            let name = String::from_utf8_lossy(found.as_bytes()).to_lowercase();
            let is_name = name.contains('.') && !is_address(&name) && !is_file(&name);
            is_name.then_some(name)
        });
        found.and_then(|name| pull::host_name(&name))
    })
}

fn is_address(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// `query.c`, `resolv.conf`: files that such lines name.
fn is_file(name: &str) -> bool {
    [".c", ".conf", ".log", ".service", ".go", ".json"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// One kind of failure of one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lookup {
    /// The name, lower case, without the final dot.
    pub(super) name: Option<String>,
    pub(super) outcome: LookupOutcome,
    /// How often.
    pub(super) times: usize,
    /// The first line that says it, counted from 1, and its text.
    pub(super) line: usize,
    pub(super) text: String,
}

/// Counts the failed lookups of a log.
#[derive(Debug, Default)]
pub(super) struct Tally {
    lookups: BTreeMap<(Option<String>, LookupOutcome), Lookup>,
    /// dnsmasq names an answer's question in the line before.
    asked: Option<String>,
}

impl Tally {
    /// Reads one line, number `line` of the log; false if no DNS server wrote it.
    pub(super) fn read(&mut self, text: &str, line: usize) -> bool {
        if !is_log(text) {
            return false;
        }
        if let Some((outcome, named)) = failure(text) {
            let named = named.or_else(|| {
                let answer = text.contains("reply error is");
                self.asked.clone().filter(|_| answer)
            });
            let known = self.lookups.len();
            let key = (named.clone(), outcome);
            if known < MAX_NAMES || self.lookups.contains_key(&key) {
                let lookup = self.lookups.entry(key).or_insert_with(|| Lookup {
                    name: named,
                    outcome,
                    times: 0,
                    line,
                    text: text.to_owned(),
                });
                lookup.times += 1;
            }
        } else if text.contains("query[") || text.contains("forwarded ") {
            self.asked = name(text);
        }
        true
    }

    /// Reads the lines of a log's bytes, the first of which is number `first`.
    pub(super) fn read_all(&mut self, bytes: &[u8], first: usize) {
        for (at, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
            let text = String::from_utf8_lossy(line);
            self.read(prefix::strip(text.trim_end_matches('\r')), first + at);
        }
    }

    /// What failed: names that a fetch asks for first, then the most frequent.
    pub(super) fn lookups(self) -> Vec<Lookup> {
        let mut all: Vec<Lookup> = self.lookups.into_values().collect();
        let named = all.iter().any(|lookup| lookup.name.is_some());
        all.retain(|lookup| lookup.name.is_some() || !named);
        all.sort_by_key(|lookup| {
            let fetched = lookup.name.as_deref().is_some_and(is_fetched_from);
            (!fetched, std::cmp::Reverse(lookup.times), lookup.line)
        });
        all
    }
}

/// Module proxies, checksum databases and forges, as far as their names tell.
fn is_fetched_from(name: &str) -> bool {
    const PARTS: [&str; 8] = [
        "golang.org",
        "goproxy",
        "github",
        "gitlab",
        "bitbucket",
        "gopkg.in",
        "git.",
        "googlesource",
    ];
    PARTS.iter().any(|part| name.contains(part))
}

/// The rule speaks of a DNS server's log.
pub(super) fn is_rule(id: &str) -> bool {
    by_id(id).is_some_and(|rule| rule.by == By::Nameserver)
}

/// The rule of an outcome.
pub(super) fn rule(outcome: LookupOutcome) -> &'static super::Rule {
    by_id(outcome.rule()).expect("every outcome has a rule in the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_outcomes_are_read() {
        use LookupOutcome::{Failed, NoSuchName, Refused, Timeout, Unreachable};
        for (text, outcome, name) in [
            (
                "named[1234]: client 192.168.1.100#54321: resolution 'example.com/A/IN' timeout",
                Timeout,
                Some("example.com"),
            ),
            (
                "Nov 12 09:14:02 ns1 named[812]: client @0x7f1c 10.1.2.3#40112 (proxy.golang.org): query (cache) 'proxy.golang.org/A/IN' denied",
                Refused,
                Some("proxy.golang.org"),
            ),
            (
                "29-Nov-2026 03:28:52.123 query-errors: info: client @0x7f 10.1.1.1#53 (github.com): query failed (SERVFAIL) for github.com/IN/A at query.c:7094",
                Failed,
                Some("github.com"),
            ),
            (
                "named[1]: connection refused resolving 'sum.golang.org/AAAA/IN': 10.0.0.2#53",
                Unreachable,
                Some("sum.golang.org"),
            ),
            (
                "named[1]: timed out resolving 'github.com/A/IN': 8.8.8.8#53",
                Timeout,
                Some("github.com"),
            ),
            (
                "named[9]: warning: recursive query from 203.0.113.7",
                Refused,
                None,
            ),
            (
                "unbound[77:0] error: SERVFAIL <proxy.golang.org. A IN>: all servers failed",
                Failed,
                Some("proxy.golang.org"),
            ),
            (
                "unbound[77:0] info: 127.0.0.1 git.corp.example. A IN NXDOMAIN 0.01 1 40",
                NoSuchName,
                Some("git.corp.example"),
            ),
            (
                "2025-05-21T11:51:58\tInformational\tunbound\t[14837:7] reply: 10.0.0.9 git.corp.example. AAAA IN SERVFAIL 0.052333 0 37\t",
                Failed,
                Some("git.corp.example"),
            ),
            (
                "dnsmasq[812]: reply git.corp.example is NXDOMAIN",
                NoSuchName,
                Some("git.corp.example"),
            ),
            (
                "plugin/errors: 2 proxy.golang.org. A: read udp 10.244.0.7:41234->10.0.0.2:53: i/o timeout",
                Timeout,
                Some("proxy.golang.org"),
            ),
            (
                "10.244.0.7:41234 - 12 \"A IN github.com. udp 28 false 512\" SERVFAIL qr,rd 28 2.0s",
                Failed,
                Some("github.com"),
            ),
            (
                "systemd-resolved[512]: DNSSEC validation failed for question github.com IN A: no-signature",
                Failed,
                Some("github.com"),
            ),
            (
                "systemd-resolved[512]: Transaction 4711 for <github.com IN A> on scope dns on eth0/* now complete with <attempts-max-reached>",
                Timeout,
                Some("github.com"),
            ),
        ] {
            assert!(is_log(text), "{text}");
            assert_eq!(
                failure(text),
                Some((outcome, name.map(str::to_owned))),
                "{text}"
            );
        }
    }

    #[test]
    fn other_lines_are_left_alone() {
        for text in [
            "go: m.example/x@v1.0.0: dial tcp: lookup m.example: i/o timeout",
            "a struct with an unnamed[1] field: timeout",
            "main.go:3:2: named: refused",
            "dial tcp: lookup db.internal: no such host",
        ] {
            assert!(!is_log(text), "{text}");
        }
        for text in [
            "named[1]: running",
            "10.0.0.7:1 - 2 \"A IN kubernetes.default.svc.cluster.local. udp 54 false 512\" NXDOMAIN qr 147 0.1s",
            "named[1]: client 10.0.0.1#5: query: github.com IN A + (10.0.0.2)",
        ] {
            assert!(is_log(text) && failure(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_name_is_counted_per_outcome() {
        let mut tally = Tally::default();
        let log = "dnsmasq[8]: query[A] github.com from 10.0.0.5\ndnsmasq[8]: forwarded github.com to 10.0.0.2\ndnsmasq[8]: reply error is SERVFAIL\ndnsmasq[8]: reply db.corp.example is NXDOMAIN\n".repeat(3);
        tally.read_all(log.as_bytes(), 1);
        let found = tally.lookups();
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_deref(), one.outcome, one.times, one.line))
            .collect();
        assert_eq!(
            shown,
            [
                (Some("github.com"), LookupOutcome::Failed, 3, 3),
                (Some("db.corp.example"), LookupOutcome::NoSuchName, 3, 4)
            ]
        );
    }
}
