//! The matcher: needles over the logical lines and patterns where one hit (`search`), context to
//! decide who speaks (`speaker`), rank to find the root.

mod search;
mod speaker;

use std::borrow::Cow;
use std::collections::HashMap;

use search::{Hit, floor};
use speaker::{Speaker, starts_vcs};

pub(super) use search::{SMALL, hits};

use super::nameserver::{self, Tally};
use super::pull::{self, Place};
use super::structure::{self, Doc};
use super::unwrap::Line;
use super::wrap::Wrapping;
use super::{By, Context, GUESS, ROOT, WEAK, lang, torn, trace, unwrap};
use gomend_core::cause::{Cause, Layer};
use gomend_core::evidence::{Evidence, Finding, Role, Side, Source, Target};
use gomend_core::mask;

/// Findings kept.
const MAX_FINDINGS: usize = 32;
/// ssh spreads one failure over this many lines.
const NEAR: usize = 10;

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
