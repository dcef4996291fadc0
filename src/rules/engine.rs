//! The matcher: needles over the logical lines, patterns where one hit, context to
//! decide who speaks, rank to find the root.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::OnceLock;

use memchr::memmem;
use regex::Regex;

use super::pull::{self, Place, Pulled};
use super::structure::{self, Doc};
use super::unwrap::Line;
use super::wrap::Wrapping;
use super::{By, Context, ROOT, Rule, WEAK, all, lang, trace, unwrap};
use crate::cause::Cause;
use crate::evidence::{Evidence, Finding, Role, Side, Source};
use crate::mask;

/// Lines looked at per rule: a log that repeats one failure a thousand times says
/// nothing new after that.
const MAX_HITS: usize = 64;
/// Findings kept.
const MAX_FINDINGS: usize = 32;
/// A pattern sees at most this much of a line on either side of the needle.
const MAX_PATTERN: usize = 16 * 1024;

/// A rule that matched, before ranking.
pub(super) struct Hit {
    pub(super) rule: &'static Rule,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) pulled: Pulled,
}

pub(super) fn scan(text: &[u8], context: &Context<'_>) -> Evidence {
    let (lines, ambiguous) = unwrap::lines(text, Wrapping::Cut);
    let mut candidates = read(lines, context);
    if ambiguous {
        let folded = read(unwrap::lines(text, Wrapping::Folded).0, context);
        if worth(&folded) > worth(&candidates) {
            candidates = folded;
        }
    }
    if !context.trace.is_empty() && (!candidates.is_empty() || Speaker::new(context).hides_errors) {
        candidates.extend(trace::candidates(context.trace));
    }
    Evidence {
        findings: rank(candidates),
    }
}

/// The candidates in one reading of the text.
fn read(lines: Vec<Line>, context: &Context<'_>) -> Vec<Candidate> {
    let doc = Doc::new(lines);
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
        let command = args
            .iter()
            .find(|arg| !arg.starts_with('-'))
            .map(String::as_str);
        Self {
            strict: matches!(command, Some("run" | "test" | "tool" | "generate")),
            hides_errors: args
                .iter()
                .any(|arg| arg.trim_start_matches('-').starts_with("json")),
        }
    }

    /// Is it go (or what go started to fetch) that says so?
    fn accepts(&self, doc: &Doc, hit: &Hit) -> bool {
        if doc.is_silent(hit.line) || doc.is_proxied(hit.line, hit.column) {
            return false;
        }
        let text = doc.text(hit.line);
        let header = || doc.header(hit.line).is_some();
        match hit.rule.by {
            By::Go => true,
            By::Client => is_fetch(doc, hit.line),
            By::Vcs => header() || !self.strict && speaks_vcs(text) && !doc.is_foreign(hit.line),
            By::System => is_go_path(text) || structure::is_own(text) || header(),
        }
    }
}

/// git, ssh and the other tools begin or fill their lines so.
fn speaks_vcs(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "fatal: ",
        "error: ",
        "error:",
        "ssh: ",
        "abort: ",
        "svn: ",
        "bzr: ERROR",
        "git@",
        "Gitea: ",
        "GitLab: ",
        "ERROR: Repository",
        "ERROR: The project",
        "kex_exchange",
        "ssh_exchange",
        "usage: git ",
    ];
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
    ];
    let start = text.trim_start_matches([' ', '\t', '"', '{', '`', '>', '\'']);
    !start.starts_with("Error response from daemon")
        && (STARTS.iter().any(|word| start.starts_with(word))
            || PHRASES.iter().any(|phrase| text.contains(phrase)))
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
        "invalid version: ",
        "go.mod at revision",
    ];
    let text = doc.text(line);
    MARKS.iter().any(|mark| text.contains(mark))
        || structure::is_own(text)
        || has_own(text)
        || names_module(text)
        || (text.starts_with([' ', '\t'])
            && line > 0
            && has_own(doc.text(line - 1))
            && names_module(text.trim_start()))
}

/// `go: ` at the beginning or behind another program's words.
fn has_own(text: &str) -> bool {
    text.match_indices("go: ")
        .any(|(at, _)| at == 0 || !text.as_bytes()[at - 1].is_ascii_alphanumeric())
}

/// `MODULE@VERSION: ` begins the line.
fn names_module(text: &str) -> bool {
    let Some((head, _)) = text.trim_start().split_once(": ") else {
        return false;
    };
    let Some((path, version)) = head.split_once('@') else {
        return false;
    };
    path.contains('.') && !version.is_empty() && !head.contains([' ', '\t'])
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
        "go.mod",
        "go.sum",
        ".git/",
        r".git\",
    ];
    PATHS.iter().any(|path| text.contains(path)) || has_own(text)
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
    let mut hits = Vec::new();
    for (index, rule) in all().enumerate() {
        let mut lines = BTreeSet::new();
        let foreign = lang::needles(rule.id);
        let needles = std::iter::once(rule.needle)
            .chain(rule.also.iter().copied())
            .map(|needle| (needle, false));
        for (needle, translated) in needles.chain(foreign.iter().map(|needle| (*needle, true))) {
            let finder = memmem::Finder::new(needle);
            for at in finder.find_iter(joined.as_bytes()) {
                let line = starts.partition_point(|start| *start <= at) - 1;
                if lines.len() >= MAX_HITS {
                    break;
                }
                if lines.contains(&line) {
                    continue;
                }
                let column = at - starts[line];
                let Some(pulled) = pulled(index, rule, &doc.statement(line), column, translated)
                else {
                    continue;
                };
                lines.insert(line);
                hits.push(Hit {
                    rule,
                    line,
                    column,
                    pulled,
                });
            }
        }
    }
    hits
}

/// Applies a rule's pattern around the needle; `None`: it doesn't match.
fn pulled(
    index: usize,
    rule: &'static Rule,
    text: &str,
    column: usize,
    translated: bool,
) -> Option<Pulled> {
    if rule.pull.is_empty() || translated {
        return Some(Pulled::default());
    }
    let from = floor(text, column.saturating_sub(MAX_PATTERN));
    let to = floor(text, column + MAX_PATTERN);
    pattern(index, rule)
        .captures(&text[from..to])
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
        Regex::new(rule.pull).expect("patterns of the shipped rules are tested to compile")
    })
}

/// A finding with what ranking needs.
pub(super) struct Candidate {
    pub(super) finding: Finding,
    pub(super) weight: u8,
    /// Lines of one failure share a block: git's command line, or the line itself.
    pub(super) block: usize,
    pub(super) order: (usize, usize),
}

pub(super) fn candidate(doc: &Doc, hit: Hit, source: Source) -> Candidate {
    let rule = hit.rule;
    let by_vcs = rule.by == By::Vcs;
    let block = if by_vcs {
        doc.header(hit.line).unwrap_or(hit.line)
    } else {
        hit.line
    };
    let layer = rule.suspects[0].layer();
    let local = layer == crate::cause::Layer::Local
        && rule.suspects[0] != Cause::CacheCorrupt
        && rule.suspects[0] != Cause::GitConfigBroken
        || layer == crate::cause::Layer::Tool && !by_vcs;
    let place = Place {
        doc,
        line: hit.line,
        column: hit.column,
        pulled: hit.pulled,
        role: rule.role,
        by_vcs,
        local,
    };
    let mut target = pull::target(&place);
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
    let finding = Finding {
        rule: Cow::Borrowed(rule.id),
        suspects: rule.suspects.to_vec(),
        source,
        line: doc.lines[hit.line].number,
        text: mask::line(doc.text(hit.line)),
        target: masked(target),
    };
    Candidate {
        finding,
        weight: rule.weight,
        block,
        order: (hit.line, hit.column),
    }
}

fn masked(mut target: crate::evidence::Target) -> crate::evidence::Target {
    target.url = target.url.map(|url| mask::line(&url));
    target.module = target.module.map(|module| mask::line(&module));
    target.version = target.version.map(|version| mask::line(&version));
    target
}

/// The root first: the heaviest, of these the first; the others as they appear, without
/// what only follows from them.
fn rank(mut candidates: Vec<Candidate>) -> Vec<Finding> {
    candidates.sort_by_key(|candidate| (candidate.order, std::cmp::Reverse(candidate.weight)));
    let heaviest_of = |block: usize| {
        candidates
            .iter()
            .filter(|other| other.block == block)
            .map(|other| other.weight)
            .max()
            .unwrap_or(0)
    };
    let Some(top) = candidates
        .iter()
        .map(|candidate| candidate.weight.min(ROOT))
        .max()
    else {
        return Vec::new();
    };
    let kept: Vec<bool> = candidates
        .iter()
        .map(|candidate| {
            candidate.weight == heaviest_of(candidate.block)
                && (candidate.weight > WEAK || top <= WEAK)
        })
        .collect();
    let root = (0..candidates.len())
        .find(|at| kept[*at] && candidates[*at].weight.min(ROOT) == top)
        .unwrap_or(0);
    let mut findings: Vec<Finding> = Vec::new();
    let ordered =
        std::iter::once(root).chain((0..candidates.len()).filter(|at| *at != root && kept[*at]));
    for at in ordered {
        let finding = &candidates[at].finding;
        let known = findings.iter().any(|other| {
            other.cause() == finding.cause()
                && (other.target.host == finding.target.host || finding.target.host.is_none())
        });
        if !known && findings.len() < MAX_FINDINGS {
            findings.push(finding.clone());
        }
    }
    findings
}
