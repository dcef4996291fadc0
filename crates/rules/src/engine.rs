//! The matcher: needles over the logical lines, patterns where one hit, context to
//! decide who speaks, rank to find the root.

use std::borrow::Cow;
use std::collections::HashMap;
use std::iter;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem;
use regex::bytes::Regex;

use super::nameserver::{self, Tally};
use super::pull::{self, Place, Pulled};
use super::structure::{self, Doc};
use super::unwrap::Line;
use super::wrap::Wrapping;
use super::{By, Context, GUESS, MODULE, ROOT, Rule, WEAK, all, lang, torn, trace, unwrap};
use gomend_core::cause::{Cause, Layer};
use gomend_core::evidence::{Evidence, Finding, Role, Side, Source, Target};
use gomend_core::mask;
use gomend_core::trigrams::Trigrams;

/// Lines looked at per rule: a log that repeats one failure a thousand times says
/// nothing new after that.
const MAX_HITS: usize = 64;
/// Findings kept.
const MAX_FINDINGS: usize = 32;
/// Texts below this many bytes are searched needle by needle.
pub(super) const SMALL: usize = 32 * 1024;
/// Translated phrases tried per rule and line.
const MAX_TRANSLATIONS: usize = 32;
/// ssh spreads one failure over this many lines.
const NEAR: usize = 10;
/// A quotation mark, a bracket or a word of git's may stand before the words of a rule.
const MAX_OPENING: usize = 12;
/// Lines below ssh's question in which its answer stands.
const ANSWERED_BELOW: usize = 6;
/// A pattern sees at most this much of a line on either side of the needle.
const MAX_PATTERN: usize = 16 * 1024;

/// A rule that matched, before ranking.
pub(super) struct Hit {
    pub(super) rule: &'static Rule,
    /// Its place in the table.
    index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) pulled: Pulled,
}

pub(super) fn scan(text: &[u8], context: &Context<'_>) -> Evidence {
    let mut tally = Tally::default();
    let mut found = candidates(text, context, false, &mut tally);
    found.extend(looked_up(tally));
    conclude(found, context)
}

/// What a DNS server's log says failed, as candidates.
pub(super) fn looked_up(tally: Tally) -> impl Iterator<Item = Candidate> {
    let lookups = tally.lookups().into_iter().take(MAX_FINDINGS);
    lookups.enumerate().map(|(at, lookup)| {
        let rule = nameserver::rule(lookup.outcome);
        let finding = Finding {
            rule: Cow::Borrowed(rule.id),
            suspects: rule.suspects.to_vec(),
            source: Source::Stderr,
            line: lookup.line,
            text: mask::line(&lookup.text),
            foreign: false,
            answer: None,
            times: lookup.times,
            target: Target {
                host: lookup.name,
                ..Target::default()
            },
        };
        Candidate {
            finding,
            weight: rule.weight,
            block: usize::MAX - at,
            quoted: false,
            // Behind whatever go itself says, in the tally's order.
            order: (usize::MAX, at),
        }
    })
}

/// Candidates of the reading of `text` that says most.
pub(super) fn candidates(
    text: &[u8],
    context: &Context<'_>,
    testing: bool,
    tally: &mut Tally,
) -> Vec<Candidate> {
    let served = nameserver::may_speak(text);
    let (lines, ambiguous) = unwrap::lines(text, Wrapping::Cut);
    let torn = torn::joined(&lines);
    let candidates = read(lines, context, testing, served.then_some(tally));
    let mut again = Tally::default();
    let mut read =
        |lines, context, testing| read(lines, context, testing, served.then_some(&mut again));
    if ambiguous {
        let folded = read(unwrap::lines(text, Wrapping::Folded).0, context, testing);
        if worth(&folded) > worth(&candidates) {
            return folded;
        }
    }
    let named = |found: &[Candidate]| {
        let mut hosts = found.iter().filter(|one| one.weight > GUESS);
        hosts.any(|one| one.finding.target.host.is_some())
    };
    let guessed = candidates.iter().all(|one| one.weight == GUESS);
    match torn {
        Some(joined) if !named(&candidates) => {
            let whole = read(joined, context, testing);
            let says_more = named(&whole) && worth(&whole) >= worth(&candidates);
            if guessed && !whole.is_empty() || says_more {
                whole
            } else {
                candidates
            }
        }
        _ => candidates,
    }
}

/// Adds what git's trace says where go hides it, and puts the root first. Elsewhere git's words
/// are in the text, and the trace also holds errors that go expects and gets by without.
pub(super) fn conclude(mut candidates: Vec<Candidate>, context: &Context<'_>) -> Evidence {
    let hides = |one: &Candidate| {
        one.weight <= WEAK
            || matches!(
                one.finding.cause(),
                Cause::InsecureProtocol | Cause::VcsStampingFailed
            )
    };
    let hidden = if candidates.is_empty() {
        Speaker::new(context).hides_errors
    } else {
        candidates.iter().all(hides)
    };
    if hidden && !context.trace.is_empty() {
        let mut traced = trace::candidates(context.trace);
        unmask(&mut candidates, &mut traced);
        candidates.extend(traced);
    }
    Evidence {
        findings: rank(candidates),
    }
}

/// go tries several protocols for a path that ends in `.git` and says only that none is
/// secure; the trace says why each failed. That one of them is refused doesn't tell a host
/// that is down from one that speaks plain HTTP, so it doesn't outrank go's own words. That
/// stamping failed says nothing beside git's reason.
fn unmask(said: &mut [Candidate], traced: &mut [Candidate]) {
    for masked in said {
        match masked.finding.cause() {
            Cause::InsecureProtocol => {
                for candidate in &mut *traced {
                    let target = &mut candidate.finding.target;
                    if target.module.is_none() {
                        target.module.clone_from(&masked.finding.target.module);
                        target.version.clone_from(&masked.finding.target.version);
                    }
                    if candidate.finding.cause().layer() == Layer::Network {
                        candidate.weight = WEAK;
                    }
                }
            }
            Cause::VcsStampingFailed if traced.iter().any(|one| one.weight > WEAK) => {
                masked.weight = WEAK;
            }
            _ => {}
        }
    }
}

/// The candidates in one reading of the text.
fn read(
    lines: Vec<Line>,
    context: &Context<'_>,
    testing: bool,
    tally: Option<&mut Tally>,
) -> Vec<Candidate> {
    let mut doc = Doc::new(lines, testing, command_of(context));
    if let Some(tally) = tally {
        for (line, mark) in doc.lines.iter().zip(&mut doc.marks) {
            mark.silent |= !mark.silent && tally.read(&line.text, line.number);
        }
    }
    let speaker = Speaker::new(context);
    hits(&doc)
        .into_iter()
        .filter(|hit| speaker.accepts(&doc, hit))
        .map(|hit| candidate(&doc, hit, Source::Stderr))
        .collect()
}

/// How much a reading says: the heaviest rule, and whether a host is known.
fn worth(candidates: &[Candidate]) -> Option<(u8, bool)> {
    candidates
        .iter()
        .map(|candidate| (candidate.weight, candidate.finding.target.host.is_some()))
        .max()
}

/// What go was told to do, if that is known.
pub(super) fn command_of<'a>(context: &Context<'a>) -> Option<&'a str> {
    let args = context.args?;
    // The one flag that may stand before the command: `-C DIR`, `-C=DIR`.
    let skipped = match args.first().map(String::as_str) {
        Some("-C" | "--C") => 2,
        _ => 0,
    };
    let mut args = args.iter().skip(skipped).map(String::as_str);
    args.find(|arg| !arg.starts_with('-'))
}

/// What the command alone says about who may speak.
struct Speaker {
    /// User code writes to the same stream: only what go's own lines introduce counts.
    strict: bool,
    /// The command prints its errors on stdout (`-json`).
    hides_errors: bool,
}

impl Speaker {
    fn new(context: &Context<'_>) -> Self {
        let args = context.args.unwrap_or_default();
        Self {
            strict: matches!(
                command_of(context),
                Some("run" | "test" | "tool" | "generate")
            ),
            hides_errors: args
                .iter()
                .any(|arg| arg.trim_start_matches('-').starts_with("json")),
        }
    }

    /// Is it go (or what go started to fetch) that says so?
    fn accepts(&self, doc: &Doc, hit: &Hit) -> bool {
        let answer = hit.rule.by == By::Server;
        if doc.is_silent(hit.line) || !answer && doc.is_proxied(hit.line, hit.column) {
            return false;
        }
        let text = doc.text(hit.line);
        let header = || doc.header(hit.line).is_some();
        if doc.is_remote(hit.line, matches!(hit.rule.by, By::Vcs | By::Clone)) {
            let own = match hit.rule.by {
                By::Go | By::Client | By::Nameserver => false,
                By::System => !unwrap::is_remote(text),
                By::Vcs | By::Clone => {
                    hit.rule.suspects[0] != Cause::DubiousOwnership || is_gos_own(doc, hit.line)
                }
                By::Server => true,
            };
            if !own {
                return false;
            }
        }
        let by_git = || !self.strict && speaks_vcs(text) && !doc.is_foreign(hit.line);
        let speaks = match hit.rule.by {
            By::Go => true,
            By::Client => is_fetch(doc, hit.line),
            // A copy that lost the command's line leaves the tool's words directly behind go's.
            By::Vcs => {
                header() || hit.rule.weight > WEAK && (by_git() || follows_module(text, hit.column))
            }
            By::Clone => header(),
            By::System => {
                is_go_path(text)
                    || structure::is_own(text)
                    || structure::names_module(text)
                    || header()
                    || by_git()
            }
            By::Server => doc.marks[hit.line].answers,
            By::Nameserver => false,
        };
        speaks && !is_overruled(doc, hit)
    }
}

/// What go says of a package that it has: no fetch failed.
const NO_FETCH: [&str; 16] = [
    "use of internal package",
    "use of vendored package",
    "import cycle not allowed",
    "build constraints exclude all Go files",
    "no Go files in",
    "no non-test Go files in",
    "no Go source files",
    "is a program, not an importable package",
    "found packages ",
    "not a main package",
    "not a known dependency",
    "no matching files found",
    "is not in std",
    "deprecated",
    "retracted",
    "cannot install ",
];

/// Whether a line of go's names a request that failed.
fn is_request(text: &str) -> bool {
    let asks = ["Get \"http", "Get http", "Head \"http"];
    asks.iter().any(|asks| text.contains(asks))
}

/// What stands in the line (or below it) takes the rule's words back.
fn is_overruled(doc: &Doc, hit: &Hit) -> bool {
    match hit.rule.id {
        // The person has answered the question.
        "ssh-authenticity" => {
            let end = (hit.line + ANSWERED_BELOW).min(doc.lines.len());
            (hit.line..end).any(|line| {
                doc.text(line).contains("Permanently added") || doc.text(line).contains("? yes")
            })
        }
        // Who may not push may well fetch.
        "git-http-unauthorized" if pushes(doc, hit.line) => true,
        // The proxy between another tool's git and its server writes such lines too.
        "git-access-log" => {
            let asked = hit
                .pulled
                .url
                .as_deref()
                .and_then(|url| url.splitn(4, '/').nth(3));
            let asked = asked.map(|path| path.trim_end_matches(".git"));
            let named = |line: &Line| {
                asked.is_some_and(|path| has_own(&line.text) && line.text.contains(path))
            };
            !doc.lines.iter().any(named)
        }
        // nobody answered: a program was missing
        "goproxy-is-a-website" => doc.text(hit.line).contains("exec: \""),
        "git-exit-128-bare" => structure::words(doc, hit.line).is_some(),
        "git-words-unknown" => structure::words(doc, hit.line).is_none(),
        // what became of the request is said, if not in known words: the page was never read
        "unrecognized-import-path" => is_request(doc.text(hit.line)),
        "go-fetch-unknown" | "go-module-unknown" => {
            let text = doc.text(hit.line);
            // Another fallback says more of these, and some are no fetch.
            !is_statement(doc, hit.line)
                || structure::command(text).is_some()
                || is_request(text)
                || NO_FETCH.iter().any(|words| text.contains(words))
        }
        // The frame around a command that failed: what the command said counts.
        _ => {
            matches!(hit.rule.by, By::Go | By::Client)
                && hit.rule.weight <= MODULE
                && structure::command(doc.text(hit.line)).is_some_and(|(from, _)| hit.column < from)
        }
    }
}

/// `$ git push` stands close above.
fn pushes(doc: &Doc, line: usize) -> bool {
    (line.saturating_sub(ANSWERED_BELOW)..line).any(|line| doc.text(line).contains("git push"))
}

/// Whether the refused repository is the one that go itself ran git in, or nobody knows where git ran.
fn is_gos_own(doc: &Doc, line: usize) -> bool {
    let text = doc.text(line);
    let named = text
        .split_once('\'')
        .and_then(|(_, rest)| rest.split_once('\''))
        .map(|(path, _)| path);
    !unwrap::is_remote(text) && doc.ran_in(line).is_none_or(|dir| named == Some(dir))
}

/// go begins the line, or the statement that the line belongs to.
fn is_statement(doc: &Doc, line: usize) -> bool {
    let text = doc.text(line);
    let above = line
        .checked_sub(1)
        .map_or("", |above| doc.text(above).trim_end());
    has_own(text)
        || structure::is_position(text)
        || structure::is_own(text)
        || text.starts_with("go ")
        || text.starts_with([' ', '\t'])
            && (has_own(above) || above.ends_with(" imports") || above.ends_with(" requires"))
        || names_version(text)
            && (line.saturating_sub(NEAR)..line).any(|line| {
                let above = doc.text(line);
                above.starts_with("go: ") || runs_go(above)
            })
}

/// `MODULE@v1.2.3: ` begins the line, with a path behind the host.
fn names_version(text: &str) -> bool {
    let module = text.split(": ").next().unwrap_or_default().split_once("@v");
    module.is_some_and(|(path, _)| path.contains('/') && structure::names_module(text))
}

/// `$ go build ./...`
fn runs_go(text: &str) -> bool {
    let run = text
        .trim_start()
        .trim_start_matches(['$', '#', '%', '>', '+'])
        .trim_start();
    [
        "go get",
        "go mod",
        "go build",
        "go install",
        "go list",
        "go test",
        "go run",
    ]
    .iter()
    .any(|command| run.starts_with(command))
}

/// git, ssh and the other tools begin their lines so.
fn starts_vcs(start: &str) -> bool {
    const STARTS: &[&str] = &[
        "fatal: ",
        "ssh: ",
        "abort: ",
        "svn: ",
        "bzr: ERROR",
        "git@",
        "xcrun: error: ",
        "Gitea: ",
        "GitLab: ",
        "ERROR: Repository",
        "ERROR: The project",
        "Connection closed by ",
        "Connection reset by ",
        "Received disconnect from ",
        "kex_exchange",
        "ssh_exchange",
        "usage: git ",
        "error: RPC",
        "error: cannot ",
        "error: unable ",
        "error: server certificate",
        "error: unknown ",
        "error: The requested URL",
        "error: pathspec",
        "error: no such ",
        "error: Could",
        "error: could",
        "error: object",
        "error: refs/",
        "error: gnutls",
        "error: inflate",
        "error: remote ",
        "error: invalid ",
        "error: index",
        "error: packfile",
        "error: File ",
        "error: bad ",
        "error: SSL",
        "error: insufficient",
        "error:0",
        "error:1",
    ];
    STARTS.iter().any(|word| start.starts_with(word)) || lang::leads(start)
}

/// git, ssh and the other tools begin or fill their lines so; Go programs don't.
fn speaks_vcs(text: &str) -> bool {
    const PHRASES: &[&str] = &[
        "fatal: ",
        "unable to access '",
        "RPC failed",
        "Permission denied (publickey",
        "Host key verification failed",
        "HOST IDENTIFICATION HAS CHANGED",
        "The authenticity of host '",
        "could not read Username",
        "could not read Password",
        "git-remote-http",
        "cannot run ssh",
        "]: errno=",
        "SSL routines:",
        "ssh: connect to host",
        "ssh: Could not resolve",
        "No supported authentication methods",
        "host key is not cached",
    ];
    const PROGRAMS: &[&str] = &[
        "dial tcp",
        "read tcp",
        "Get \"",
        "Post \"",
        "Head \"",
        "x509: ",
        "Error response from daemon",
        "curl: (",
    ];
    let start = text.trim_start_matches([' ', '\t', '"', '{', '`', '>', '\'']);
    let speaks = starts_vcs(start) || PHRASES.iter().any(|phrase| text.contains(phrase));
    speaks
        && (start.starts_with("fatal: unable to")
            || !PROGRAMS.iter().any(|word| text.contains(word)))
}

/// `go: MODULE@VERSION: ` and nothing else stands before `column`.
fn follows_module(text: &str, column: usize) -> bool {
    let Some(rest) = text.strip_prefix("go: ") else {
        return false;
    };
    let said = rest.find(": ").map(|at| at + "go: : ".len());
    names_version(rest) && said.is_some_and(|said| column <= said + MAX_OPENING)
}

/// Module fetching leaves these in a line that Go's HTTP client has failed in.
fn is_fetch(doc: &Doc, line: usize) -> bool {
    const MARKS: &[&str] = &[
        "/@v/",
        "/@latest",
        "go-get=1",
        "/sumdb/",
        "sum.golang.",
        "/lookup/",
        "unrecognized import path",
        "https fetch",
        "http fetch",
        "verifying ",
        "golang.org/toolchain",
        "proxy.golang.org",
        "goproxy",
        "api.bitbucket.org/2.0",
        "/p/go/source/checkout",
        "cannot find module providing",
        "cannot load ",
        "invalid version: ",
        "go.mod at revision",
        " has unexpected file ",
        "GOPROXY",
        "Go modules",
        "go modules",
        "go mod download",
        "go mod tidy",
        "go get ",
        "go install ",
        " invalid: should be v",
    ];
    let text = doc.text(line);
    MARKS.iter().any(|mark| text.contains(mark))
        || structure::is_own(text)
        || has_own(text)
        || structure::names_module(text)
        || (text.starts_with([' ', '\t'])
            && line > 0
            && has_own(doc.text(line - 1))
            && structure::names_module(text.trim_start()))
}

/// `go: ` at the beginning or behind another program's words.
fn has_own(text: &str) -> bool {
    text.match_indices("go: ")
        .any(|(at, _)| at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric())
}

/// Paths that belong to go: its caches, work directories and GOPATH.
fn is_go_path(text: &str) -> bool {
    const PATHS: &[&str] = &[
        "pkg/mod",
        r"pkg\mod",
        "go-build",
        "/go/src/",
        r"\go\src\",
        "/go/pkg",
        r"\go\pkg",
        "/go/bin",
        r"\go\bin",
        "cache/vcs",
        "cache/download",
        "/usr/local/go/",
        "GOPATH",
        "GOCACHE",
        "GOMODCACHE",
        "$WORK",
        "/pkg/tool/",
        "failed to solve: ",
        "go.mod",
        "go.sum",
        "module cache",
        "stat cache",
        "build cache",
        ".git/",
        r".git\",
    ];
    PATHS.iter().any(|path| text.contains(path)) || has_own(text)
}

/// What to look for, and for whom.
struct Needle {
    text: &'static str,
    /// The place of its rule in the table.
    rule: usize,
    /// The phrase that it is part of, if it is part of a translation.
    phrase: Option<&'static str>,
}

/// The needles of all rules, in the order of the tables.
struct Needles {
    all: Vec<Needle>,
    automaton: OnceLock<AhoCorasick>,
}

impl Needles {
    /// Where which needle stands. Building the automaton takes 6 ms: it is left for larger texts.
    fn find(&self, text: &str, mut found: impl FnMut(&Needle, usize)) {
        if text.len() < SMALL && self.automaton.get().is_none() {
            let trigrams = Trigrams::of(text.as_bytes());
            for needle in &self.all {
                if trigrams.may_hold(needle.text) {
                    memmem::find_iter(text.as_bytes(), needle.text)
                        .for_each(|at| found(needle, at));
                }
            }
            return;
        }
        let automaton = self.automaton.get_or_init(|| {
            let builder = AhoCorasick::builder()
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(self.all.iter().map(|needle| needle.text));
            builder.expect("the needles are short and few")
        });
        for hit in automaton.find_overlapping_iter(text) {
            found(&self.all[hit.pattern().as_usize()], hit.start());
        }
    }
}

/// Collected once per process.
fn needles() -> &'static Needles {
    static NEEDLES: OnceLock<Needles> = OnceLock::new();
    NEEDLES.get_or_init(|| {
        let rules = all().enumerate();
        let all = rules.filter(|(_, rule)| rule.by != By::Nameserver);
        let all = all.flat_map(|(index, rule)| {
            let own = iter::once(&rule.needle).chain(rule.also);
            let own = own.map(|&needle| (needle, None));
            let foreign = lang::phrases(rule.id).iter();
            let foreign = foreign.map(|phrase| (lang::needle(phrase), Some(*phrase)));
            own.chain(foreign).map(move |(text, phrase)| Needle {
                text,
                rule: index,
                phrase,
            })
        });
        Needles {
            all: all.collect(),
            automaton: OnceLock::new(),
        }
    })
}

/// Every needle of every rule over the joined lines.
pub(super) fn hits(doc: &Doc) -> Vec<Hit> {
    let mut joined = String::with_capacity(doc.lines.iter().map(|line| line.text.len() + 1).sum());
    let mut starts = Vec::with_capacity(doc.lines.len());
    for line in &doc.lines {
        starts.push(joined.len());
        joined.push_str(&line.text);
        joined.push('\n');
    }
    let rules: Vec<&'static Rule> = all().collect();
    // By rule and line: up to which column its pattern has looked (all of it once it
    // matched), and how many translations were tried.
    let mut looked: HashMap<(usize, usize), (usize, usize)> = HashMap::new();
    let mut count = vec![0_usize; rules.len()];
    let mut hits = Vec::new();
    needles().find(&joined, |needle, at| {
        let line = starts.partition_point(|start| *start <= at) - 1;
        let column = at - starts[line];
        let index = needle.rule;
        let (until, tried) = looked.get(&(index, line)).copied().unwrap_or_default();
        if column < until || tried > MAX_TRANSLATIONS || count[index] >= MAX_HITS {
            return;
        }
        let rule = rules[index];
        let Some(pulled) = pulled(index, rule, &doc.statement(line), column, needle.phrase) else {
            // Other phrases of the rule may still fit; its own pattern has seen all this.
            let next = if needle.phrase.is_none() {
                (column + MAX_PATTERN, tried)
            } else {
                (until, tried + 1)
            };
            looked.insert((index, line), next);
            return;
        };
        looked.insert((index, line), (usize::MAX, tried));
        count[index] += 1;
        hits.push(Hit {
            rule,
            index,
            line,
            column,
            pulled,
        });
    });
    // Table order settles ties.
    hits.sort_by_key(|hit| (hit.index, hit.line));
    hits
}

/// Applies a rule's pattern around the needle, or the translated phrase that it belongs to;
/// `None`: it doesn't match.
fn pulled(
    index: usize,
    rule: &'static Rule,
    text: &str,
    column: usize,
    phrase: Option<&str>,
) -> Option<Pulled> {
    let from = floor(text, column.saturating_sub(MAX_PATTERN));
    let to = floor(text, column + MAX_PATTERN);
    let text = &text[from..to];
    if let Some(phrase) = phrase {
        return lang::fits(phrase, text).then(Pulled::default);
    }
    if rule.pull.is_empty() {
        return Some(Pulled::default());
    }
    pattern(index, rule)
        .captures(text.as_bytes())
        .map(|captures| Pulled::new(&captures))
}

/// The largest character boundary not above `at`.
fn floor(text: &str, at: usize) -> usize {
    let at = at.min(text.len());
    (0..=at)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Compiled once per process, and only after the needle has hit.
fn pattern(index: usize, rule: &'static Rule) -> &'static Regex {
    static PATTERNS: OnceLock<Vec<OnceLock<Regex>>> = OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| all().map(|_| OnceLock::new()).collect());
    patterns[index].get_or_init(|| {
        pull::compile(rule.pull).expect("patterns of the shipped rules are tested to compile")
    })
}

/// A finding with what ranking needs.
pub(super) struct Candidate {
    pub(super) finding: Finding,
    pub(super) weight: u8,
    /// Lines of one failure share a block: git's command line, or the line itself.
    pub(super) block: usize,
    /// Somebody quotes the words in a sentence of their own.
    pub(super) quoted: bool,
    pub(super) order: (usize, usize),
}

impl Candidate {
    /// Counts lines from the beginning of a longer log.
    pub(super) fn shift(&mut self, lines: usize) {
        self.finding.line += lines;
        self.block += lines;
        self.order.0 += lines;
    }
}

pub(super) fn candidate(doc: &Doc, hit: Hit, source: Source) -> Candidate {
    let rule = hit.rule;
    let by_vcs = matches!(rule.by, By::Vcs | By::Clone);
    let text = doc.text(hit.line);
    let below_git = by_vcs || rule.by == By::System && !structure::is_own(text);
    let header = doc.header(hit.line).filter(|_| below_git);
    let block = header.unwrap_or(hit.line);
    let quoted = header.is_none() && is_quoted(text, hit.column);
    // A warning is not what ended the run.
    let weight = if is_warning(text) {
        rule.weight.min(WEAK)
    } else {
        rule.weight
    };
    let layer = rule.suspects[0].layer();
    let local = layer == Layer::Local
        && rule.suspects[0] != Cause::CacheCorrupt
        && rule.suspects[0] != Cause::GitConfigBroken
        || layer == Layer::Tool && !by_vcs;
    // ssh's own words: the URL that go was given may be another one (insteadOf)
    let by_ssh = by_vcs && {
        const STARTS: [&str; 4] = ["ssh: ", "kex_exchange", "ssh_exchange", "Connection "];
        let start = text.trim_start();
        STARTS.iter().any(|word| start.starts_with(word))
    };
    // What git said, where only its command line is recognised.
    let said = (rule.id == "git-words-unknown")
        .then(|| structure::words(doc, hit.line))
        .flatten()
        .unwrap_or(hit.line);
    let place = Place {
        doc,
        line: hit.line,
        column: hit.column,
        pulled: hit.pulled,
        role: if by_ssh { Role::VcsSsh } else { rule.role },
        by_vcs,
        answer: rule.by == By::Server,
        local,
    };
    let mut target = pull::target(&place);
    let mut suspects = rule.suspects.to_vec();
    if by_vcs && suspects[0] != Cause::HttpProxy && is_proxied_by_other(text, &target, layer) {
        suspects.insert(0, Cause::HttpProxy);
        target.role = Role::HttpProxy;
    }
    if matches!(
        rule.suspects[0],
        Cause::PrivateViaProxy
            | Cause::PrivateViaSumdb
            | Cause::GoproxyStatus
            | Cause::GoproxyBadResponse
    ) {
        target.side = Some(Side::Proxy);
    }
    if rule.role == Role::None && target.host.is_none() {
        target.role = Role::None;
    }
    if suspects[0] == Cause::AmbiguousImport {
        // The line names a package.
        target.module = pull::listed_module(doc, hit.line);
        target.version = None;
    }
    if rule.by == By::Server && target.role == Role::Sumdb {
        suspects.swap(0, 1);
    }
    let foreign = doc.is_remote(said, by_vcs);
    if foreign {
        target.named_by = doc.named_by(said, &target);
    }
    let finding = Finding {
        rule: Cow::Borrowed(rule.id),
        suspects,
        source,
        line: doc.lines[said].number,
        text: mask::line(doc.text(said)),
        foreign,
        answer: answer(&doc.statement(hit.line)),
        times: 1,
        target: masked(target),
    };
    Candidate {
        finding,
        weight,
        quoted,
        block,
        order: (hit.line, hit.column),
    }
}

/// What the server said, behind go's own words.
fn answer(statement: &str) -> Option<String> {
    let (_, words) = statement.split_once("server response:")?;
    let words = words.trim();
    (!words.is_empty()).then(|| mask::line(words))
}

/// git, ssh or go warns and goes on.
fn is_warning(text: &str) -> bool {
    const STARTS: [&str; 4] = ["warning: ", "Warning: ", "go: warning: ", "hint: "];
    let text = text.trim_start();
    STARTS.iter().any(|start| text.starts_with(start)) || lang::warns(text)
}

/// Somebody quotes what stands at `column` in a sentence of their own.
fn is_quoted(text: &str, column: usize) -> bool {
    let start = text.trim_start();
    let framed = structure::is_own(text)
        || structure::names_module(text)
        || starts_vcs(start)
        || start.starts_with(['{', '"', '`', '\'', '['])
        || start.len() < text.len();
    let before = &text[..floor(text, column)];
    let opens = before.rfind(['"', '`']).is_some_and(|at| {
        let quote = &before[at..=at];
        before[..at].ends_with([' ', '(']) && before.matches(quote).count() % 2 == 1
    });
    !framed && opens
}

/// curl could not connect, and to another host than the URL's: that is its HTTP proxy.
fn is_proxied_by_other(text: &str, target: &gomend_core::evidence::Target, layer: Layer) -> bool {
    let Some((_, rest)) = text.split_once("unable to access '") else {
        return false;
    };
    let asked = rest
        .split_once('\'')
        .and_then(|(url, _)| pull::address(url))
        .map(|address| address.host);
    layer == Layer::Network && target.host.is_some() && asked.is_some() && asked != target.host
}

pub(super) fn masked(mut target: gomend_core::evidence::Target) -> gomend_core::evidence::Target {
    target.host = target.host.map(|host| mask::host(&host));
    target.url = target.url.map(|url| mask::line(&url));
    target.module = target.module.map(|module| mask::line(&module));
    target.version = target.version.map(|version| mask::line(&version));
    target
}

/// Several lines of one failure may say the same, and only one of them to whom it happened.
fn name_host(candidates: &mut [Candidate], root: usize) {
    let first = &candidates[root];
    if first.finding.target.host.is_some() || first.finding.target.module.is_some() {
        return;
    }
    let (cause, (line, _)) = (first.finding.cause(), first.order);
    let named = candidates.iter().find_map(|other| {
        let near = other.block == first.block || other.order.0.abs_diff(line) <= NEAR;
        let same = near && other.finding.cause() == cause;
        let target = &other.finding.target;
        (same && target.host.is_some()).then(|| target.clone())
    });
    if let Some(named) = named {
        let target = &mut candidates[root].finding.target;
        (target.host, target.named_by) = (named.host, named.named_by);
        (target.role, target.scheme, target.port) = (named.role, named.scheme, named.port);
    }
}

/// The root first: the heaviest, of these the first; the others as they appear, without
/// what only follows from them.
fn rank(mut candidates: Vec<Candidate>) -> Vec<Finding> {
    candidates.sort_by_key(|candidate| (candidate.order, std::cmp::Reverse(candidate.weight)));
    let mut heaviest: HashMap<usize, u8> = HashMap::new();
    for candidate in &candidates {
        let weight = heaviest.entry(candidate.block).or_default();
        *weight = candidate.weight.max(*weight);
    }
    // What the run itself says outranks what somebody quotes.
    let said = candidates
        .iter()
        .any(|one| !one.quoted && one.weight > WEAK);
    let counts = |one: &Candidate| !(said && one.quoted);
    let Some(top) = candidates
        .iter()
        .filter(|candidate| counts(candidate))
        .map(|candidate| candidate.weight.min(ROOT))
        .max()
    else {
        return Vec::new();
    };
    let kept: Vec<bool> = candidates
        .iter()
        .map(|candidate| {
            candidate.weight == heaviest[&candidate.block]
                && (candidate.weight > WEAK || top <= WEAK)
        })
        .collect();
    let root = (0..candidates.len())
        .find(|at| {
            let candidate = &candidates[*at];
            kept[*at] && counts(candidate) && candidate.weight.min(ROOT) == top
        })
        .unwrap_or(0);
    name_host(&mut candidates, root);
    let mut findings: Vec<Finding> = Vec::new();
    let ordered =
        std::iter::once(root).chain((0..candidates.len()).filter(|at| *at != root && kept[*at]));
    for at in ordered {
        let finding = &candidates[at].finding;
        let known = findings.iter_mut().find(|other| {
            other.cause() == finding.cause()
                && (other.target.host == finding.target.host || finding.target.host.is_none())
                && (other.rule == finding.rule || !nameserver::is_rule(&finding.rule))
        });
        if let Some(known) = known {
            known.times += finding.times;
        } else if findings.len() < MAX_FINDINGS {
            findings.push(finding.clone());
        }
    }
    findings
}
